//! What should be written, decided from data alone. It must never do I/O, read a clock or draw randomness.

pub mod input;

pub use input::{By, Hold, Observation, Plan, PlanInput, Step, Wanted};
