//! The integration tests, in one binary so that they link once.

mod clock;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod foreign_clients;
mod simulator_cloud;
mod simulator_data_center;
mod simulator_faults;
mod simulator_support;
