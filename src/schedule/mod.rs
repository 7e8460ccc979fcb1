//! When something is due: cron ticks, and how delays grow. What is due for which item lies in the state, not here, so that it
//! outlives the process. Must never do the work itself: it only says when.

pub mod cron;
mod growth;

pub use growth::growing;
