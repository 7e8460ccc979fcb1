//! The integration tests, in one binary so that they link once.

mod clock;
#[cfg(test)]
mod contract;
