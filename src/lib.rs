//! jirasyncd keeps issues in step across several Jira instances, in both directions.
//!
//! The map of the house, lowest layer first; a file imports only from lower layers and its own folder:
//! `model`, `clock`, `planted` (0) < `merge`, `text`, `mapping` (1) < `plan`, `config`, `store`, `jira`, `schedule` (2)
//! < `engine` (3) < `console` (4) < `app`, `telemetry` (5) < `cli` (6). `simulator` stands apart.
//! `model`, `merge`, `text`, `mapping` and `plan` are pure: no I/O, no clock, no randomness.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod engine;
pub mod jira;
pub mod mapping;
pub mod merge;
pub mod model;
pub mod plan;
pub mod planted;
pub mod schedule;
#[cfg(feature = "simulator")]
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod text;
