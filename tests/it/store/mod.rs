//! The state's promises, held against every way of running it: a file with threads, a file inline, memory.

mod copies;
mod figures;
mod inbox;
mod journal;
mod opening;
mod queue;
mod random;
mod recording;
mod released;
mod released_copies;
mod released_daemon;
mod released_desk;
mod released_rows;
mod scale;
mod support;

/// Runs each named contract in every mode.
macro_rules! in_every_mode {
    ($($contract:ident),* $(,)?) => {
        mod with_threads {
            $(#[tokio::test]
            async fn $contract() {
                super::$contract(super::World::on_file(jirasyncd::store::Spawn::Thread)).await;
            })*
        }
        mod inline {
            $(#[tokio::test(start_paused = true)]
            async fn $contract() {
                super::$contract(super::World::on_file(jirasyncd::store::Spawn::Inline)).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test(start_paused = true)]
            async fn $contract() {
                super::$contract(super::World::in_memory()).await;
            })*
        }
    };
}
use in_every_mode;
