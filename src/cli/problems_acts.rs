//! What is done with problems, by filter: `problems retry`, `problems dismiss` and `problems resolve`. Must never take no filter for all of them.

use clap::Args;

use super::arguments::{Agree, Common};
use super::command::{agreed, carry_out};
use super::exit::Exit;
use super::output::Output;
use super::problems::Which;
use crate::model::command::Command;
use crate::model::problem_filter::ProblemFilter;

/// Which problems, where something is done with them.
#[derive(Debug, Args)]
pub(super) struct These {
    #[command(flatten)]
    which: Which,
    /// All of them.
    #[arg(long, conflicts_with_all = FILTERS, required_unless_present_any = FILTERS)]
    all: bool,
}

/// What says which problems are meant.
const FILTERS: [&str; 5] = ["key", "side", "field", "matching", "cause"];

impl These {
    fn filter(&self) -> ProblemFilter {
        self.which.filter()
    }
}

/// How it is done.
#[derive(Debug, Args)]
pub(super) struct HowDone {
    /// Only shows which problems that is about.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of `problems retry`.
#[derive(Debug, Args)]
pub(super) struct Retry {
    #[command(flatten)]
    these: These,
    #[command(flatten)]
    pub(super) done: HowDone,
}

impl Retry {
    /// Has it done.
    pub(super) fn run(&self, common: &Common, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let command = Command::RetryThese { filter: self.these.filter(), dry_run: self.done.dry_run };
        Ok(carry_out(common, command, output)?.0)
    }
}

/// The arguments of `problems dismiss`.
#[derive(Debug, Args)]
pub(super) struct Dismiss {
    #[command(flatten)]
    these: These,
    /// Shows those again that were dismissed.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    pub(super) done: HowDone,
}

impl Dismiss {
    /// Has it done.
    pub(super) fn run(&self, common: &Common, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let (filter, undo, dry_run) = (self.these.filter(), self.undo, self.done.dry_run);
        Ok(carry_out(common, Command::Dismiss { filter, undo, dry_run }, output)?.0)
    }
}

/// The arguments of `problems resolve`.
#[derive(Debug, Args)]
pub(super) struct Settle {
    #[command(flatten)]
    these: These,
    /// The side whose value stands from now on; or the value itself, as it is typed. What stood is kept as a conflict.
    #[arg(long, value_name = "SIDE|VALUE")]
    take: String,
    #[command(flatten)]
    pub(super) agree: Agree,
}

impl Settle {
    /// Shows what it would do, asks, and has it done.
    pub(super) fn run(&self, common: &Common, output: &mut Output<'_>) -> anyhow::Result<Exit> {
        let (filter, take) = (self.these.filter(), &self.take);
        let command = |dry_run| Command::Take { filter: filter.clone(), take: take.clone(), dry_run };
        agreed(common, &self.agree, command, output)
    }
}
