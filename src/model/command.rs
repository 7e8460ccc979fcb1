//! What an operator may have done, and the memory of it. Must never hold what a Jira said but keys and counts, nor be changed
//! once it is recorded.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::configuration::Existing;
use super::hub::{Conflict, ItemState};
use super::ids::{AccountId, CauseId, InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use super::problem_filter::ProblemFilter;
use super::store::Dismissed;
use super::touched::Touched;

/// From this time on nothing is due by the clock: it waits for a pause to end. The year 9999.
pub const PARKED: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// So is this: it waits for an instance that is away for long. A day after [`PARKED`]. The end of either wakes both, since something may wait
/// for an operator and for an instance: what still waits is put aside again.
pub const AWAITED: Timestamp = Timestamp::constant(253_370_764_800 + 86_400, 0);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Changes wait from now on.
    Pause(Target),
    /// They go on.
    Resume(Target),
    /// Two issues are one: the first is kept in step, the other is let be.
    Merge {
        /// The sync.
        sync: SyncId,
        /// The key of the issue that is kept: `KEY`, or `SIDE:KEY`.
        keep: String,
        /// The key of the issue that is let be.
        drop: String,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// The daemon reads its configuration again, and goes over to it.
    Reload {
        /// Also where sides are left out that issues are kept in step on.
        confirm: bool,
        /// What becomes of issues that are in step.
        existing: Existing,
    },
    /// As many issues of a sync's burst as this may be created.
    Confirm {
        /// The sync.
        sync: SyncId,
        /// At most so many.
        most: u64,
    },
    /// Issues that exist are one item from now on.
    Pair {
        /// The sync.
        sync: SyncId,
        /// Their keys, `KEY` or `SIDE:KEY`; the first has the first word.
        keys: Vec<String>,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// An issue starts an item, whatever the scope of its side.
    Create {
        /// The sync.
        sync: SyncId,
        /// Its key, `KEY` or `SIDE:KEY`.
        key: String,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// An item ends: its issues are let be.
    Unpair {
        /// The sync.
        sync: SyncId,
        /// The key of one of its issues.
        key: String,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// Of a field that each side keeps its own value of, that of one side stands from now on.
    Resolve {
        /// The sync.
        sync: SyncId,
        /// The key of one of the item's issues, `KEY` or `SIDE:KEY`.
        key: String,
        /// The field, by its shared name.
        field: String,
        /// The side whose value stands.
        side: SideId,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// Values that lost a conflict stand again; of what each side keeps its own value of, that of one side stands.
    Take {
        /// Which conflicts and problems.
        filter: ProblemFilter,
        /// The side whose value stands, or the value.
        take: String,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// A sync is ended: nothing of it is carried any more.
    Detach {
        /// The sync.
        sync: SyncId,
        /// Whether our marks are taken away from its issues.
        strip_marks: bool,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// A sync that was ended goes on where it stood.
    Attach(SyncId),
    /// What was set aside, because the process panicked with it, is tried again.
    Retry,
    /// What these problems hold back is tried again now, and not when its time comes.
    RetryThese {
        /// Which problems.
        filter: ProblemFilter,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// These problems are told no more, until they change or come again; or they are told again.
    Dismiss {
        /// Which problems.
        filter: ProblemFilter,
        /// They are told again.
        undo: bool,
        /// Only shows what would be done.
        dry_run: bool,
    },
    /// The webhooks of an instance are taken at another secret path, and at the one before no more.
    NewHookPath(InstanceId),
    /// The account that an instance's login is of now is its sync user, in the place of another.
    AcceptAccount {
        /// The instance.
        instance: InstanceId,
        /// The account that was it until now: its id on Cloud, its user name on Data Center.
        instead_of: AccountId,
    },
    /// Something that a command has done by itself, past the daemon: it is only remembered.
    Remember(Elsewhere),
}

/// What a command does by itself, past the daemon, and says afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elsewhere {
    /// The webhook of an instance was registered.
    Registered(InstanceId),
    /// It was brought to what it should be.
    Renewed(InstanceId),
    /// It was removed.
    Unregistered(InstanceId),
    /// Somebody granted access to an instance.
    LoggedIn(InstanceId),
    /// The facts were tried in a project of an instance, with issues that were made there.
    Probed {
        /// The instance.
        instance: InstanceId,
        /// The project's key.
        project: String,
    },
    /// A backup took the place of the state: what stands before this in it is the backup's.
    Restored,
}

impl Elsewhere {
    fn name(&self) -> &'static str {
        match self {
            Self::Registered(_) => "webhooks register",
            Self::Renewed(_) => "webhooks renew",
            Self::Unregistered(_) => "webhooks remove",
            Self::LoggedIn(_) => "login",
            Self::Probed { .. } => "probe",
            Self::Restored => "state restore",
        }
    }
}

/// What was named, with the space before it.
impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(instance) | Self::Renewed(instance) | Self::Unregistered(instance) => {
                write!(f, " --instance {instance}")
            }
            Self::LoggedIn(instance) => write!(f, " {instance}"),
            Self::Probed { instance, project } => write!(f, " {instance} --project {project}"),
            Self::Restored => Ok(()),
        }
    }
}

impl Command {
    /// Its name, as it is typed.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Merge { .. } => "merge",
            Self::Confirm { .. } => "confirm",
            Self::Pair { .. } => "pair",
            Self::Unpair { .. } => "unpair",
            Self::Create { .. } => "create",
            Self::Resolve { .. } => "resolve",
            Self::Detach { .. } => "detach",
            Self::Attach(_) => "attach",
            Self::Retry => "retry",
            Self::RetryThese { .. } => "problems retry",
            Self::Dismiss { .. } => "problems dismiss",
            Self::Take { .. } => "problems resolve",
            Self::NewHookPath(_) => "webhooks renew",
            Self::AcceptAccount { .. } => "accept-account",
            Self::Reload { .. } => "reload",
            Self::Remember(elsewhere) => elsewhere.name(),
        }
    }

    /// The one sync that it is about, if it is about one.
    #[must_use]
    pub fn sync(&self) -> Option<&SyncId> {
        match self {
            Self::Merge { sync, .. }
            | Self::Confirm { sync, .. }
            | Self::Pair { sync, .. }
            | Self::Create { sync, .. }
            | Self::Unpair { sync, .. }
            | Self::Resolve { sync, .. }
            | Self::Detach { sync, .. }
            | Self::Attach(sync)
            | Self::Pause(Target::Sync(sync))
            | Self::Resume(Target::Sync(sync)) => Some(sync),
            Self::Pause(_)
            | Self::Resume(_)
            | Self::Reload { .. }
            | Self::Retry
            | Self::RetryThese { .. }
            | Self::Dismiss { .. }
            | Self::Take { .. }
            | Self::NewHookPath(_)
            | Self::Remember(_)
            | Self::AcceptAccount { .. } => None,
        }
    }

    /// Whether it names an issue by this key.
    #[must_use]
    pub fn names(&self, key: &IssueKey) -> bool {
        let is_it = |named: &String| named.rsplit(':').next() == Some(key.as_str());
        match self {
            Self::Merge { keep, drop, .. } => is_it(keep) || is_it(drop),
            Self::Pair { keys, .. } => keys.iter().any(is_it),
            Self::Create { key, .. } | Self::Unpair { key, .. } | Self::Resolve { key, .. } => is_it(key),
            Self::RetryThese { filter, .. } | Self::Dismiss { filter, .. } | Self::Take { filter, .. } => {
                filter.key.as_ref() == Some(key)
            }
            Self::Pause(_)
            | Self::Resume(_)
            | Self::Reload { .. }
            | Self::Confirm { .. }
            | Self::Detach { .. }
            | Self::Attach(_)
            | Self::Retry
            | Self::NewHookPath(_)
            | Self::Remember(_)
            | Self::AcceptAccount { .. } => false,
        }
    }

    /// Whether it is carried out by the state alone, without asking a Jira.
    #[must_use]
    pub fn needs_no_jira(&self) -> bool {
        matches!(
            self,
            Self::Pause(_)
                | Self::Resume(_)
                | Self::NewHookPath(_)
                | Self::Confirm { .. }
                | Self::Detach { .. }
                | Self::Attach(_)
                | Self::Retry
                | Self::RetryThese { .. }
                | Self::Dismiss { .. }
                | Self::Remember(_)
        )
    }

    /// Whether it only shows something: then nothing is recorded of it.
    #[must_use]
    pub fn only_shows(&self) -> bool {
        match self {
            Self::Merge { dry_run, .. }
            | Self::Pair { dry_run, .. }
            | Self::Create { dry_run, .. }
            | Self::Resolve { dry_run, .. }
            | Self::Detach { dry_run, .. }
            | Self::RetryThese { dry_run, .. }
            | Self::Dismiss { dry_run, .. }
            | Self::Take { dry_run, .. }
            | Self::Unpair { dry_run, .. } => *dry_run,
            Self::Pause(_)
            | Self::Resume(_)
            | Self::Attach(_)
            | Self::Retry
            | Self::NewHookPath(_)
            | Self::AcceptAccount { .. }
            | Self::Confirm { .. }
            | Self::Remember(_)
            | Self::Reload { .. } => false,
        }
    }
}

/// As it is typed.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let shown = if self.only_shows() { " --dry-run" } else { "" };
        match self {
            Self::Pause(target) | Self::Resume(target) => write!(f, "{}", target.argument()),
            Self::NewHookPath(instance) => write!(f, " --new-path --instance {instance}"),
            Self::Reload { confirm, existing } => {
                let confirm = if *confirm { " --confirm" } else { "" };
                write!(f, "{confirm}{}", if *existing == Existing::FromNow { " --from-now" } else { "" })
            }
            Self::Detach { sync, strip_marks, .. } => {
                write!(f, " {sync}{}{shown}", if *strip_marks { " --strip-marks" } else { "" })
            }
            Self::Attach(sync) => write!(f, " {sync}"),
            Self::Retry => Ok(()),
            Self::RetryThese { filter, .. } => write!(f, "{filter}{shown}"),
            Self::Dismiss { filter, undo, .. } => {
                write!(f, "{}{filter}{shown}", if *undo { " --undo" } else { "" })
            }
            // A value may be one that not everybody may see who is told of the command.
            Self::Take { filter, .. } => write!(f, "{filter} --take …{shown}"),
            Self::AcceptAccount { instance, instead_of } => write!(f, " {instance} --instead-of {instead_of}"),
            Self::Confirm { sync, most } => write!(f, " {sync} {most}"),
            Self::Remember(elsewhere) => write!(f, "{elsewhere}"),
            Self::Merge { sync, keep, drop, .. } => write!(f, " {sync} {keep} {drop}{shown}"),
            Self::Pair { sync, keys, .. } => write!(f, " {sync} {}{shown}", keys.join(" ")),
            Self::Resolve { sync, key, field, side, .. } => write!(f, " {sync} {key} {field} {side}{shown}"),
            Self::Unpair { sync, key, .. } | Self::Create { sync, key, .. } => write!(f, " {sync} {key}{shown}"),
        }
    }
}

/// What a pause is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// All syncs and instances.
    Everything,
    /// One sync.
    Sync(SyncId),
    /// One instance.
    Instance(InstanceId),
}

impl Target {
    /// How it is typed behind the command's name, with the space before it.
    #[must_use]
    pub fn argument(&self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::Sync(sync) => format!(" {sync}"),
            Self::Instance(instance) => format!(" --instance {instance}"),
        }
    }
}

/// In words.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Sync(sync) => write!(f, "sync `{sync}`"),
            Self::Instance(instance) => write!(f, "instance `{instance}`"),
        }
    }
}

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Operator {
    /// As the system knows it, whatever it is called.
    pub uid: u32,
    /// What it was called then, where that is known.
    pub name: Option<String>,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} (uid {})", self.uid),
            None => write!(f, "uid {}", self.uid),
        }
    }
}

/// That changes wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Which.
    pub target: Target,
    /// Since when, by our clock.
    pub since: Timestamp,
    /// Who said so.
    pub by: Operator,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It was done.
    Done,
    /// It was so already.
    Unchanged,
    /// It was only shown what would be done.
    Shown,
    /// It cannot be done; nothing was changed.
    Refused,
}

/// What is answered to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How it ended.
    pub ended: Ended,
    /// What was done or why not, for people, line by line.
    pub lines: Vec<String>,
    /// How many problems it is about, of a command about problems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<AboutProblems>,
    /// The items that it was about, of a command that chooses them by something else than their keys.
    #[serde(default, skip_serializing_if = "Touched::is_empty")]
    pub touched: Touched,
}

/// How many problems a command is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutProblems {
    /// Problems.
    pub problems: usize,
    /// Items that they are of.
    pub items: usize,
    /// Their causes.
    pub causes: Vec<CauseId>,
}

impl Answer {
    /// An answer.
    #[must_use]
    pub fn new(ended: Ended, lines: Vec<String>) -> Self {
        Self { ended, lines, about: None, touched: Touched::default() }
    }

    /// About these items too.
    #[must_use]
    pub fn touching(self, items: impl IntoIterator<Item = ItemId>) -> Self {
        Self { touched: Touched::of(items), ..self }
    }

    /// A refusal, with the reason and what to do.
    #[must_use]
    pub fn refused(why: impl Into<String>) -> Self {
        Self::new(Ended::Refused, vec![why.into()])
    }
}

/// A command that was given, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// When, by our clock.
    pub at: Timestamp,
    /// By whom.
    pub by: Operator,
    /// What was asked for.
    pub command: Command,
    /// What was answered.
    pub answer: Answer,
}

/// What a command changes in the state.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A pause begins.
    Pause(Pause),
    /// A pause ends. What waited for it is due now.
    EndPause(Target),
    /// Two issues or items become one.
    Merge(Box<MergeEffect>),
    /// Issues become an item, or join one.
    Pair(Box<PairEffect>),
    /// An item ends. It is held under this fence by whoever asks for it.
    Unpair(Box<ItemState>, u64),
    /// A note is kept under a name.
    Note(String, String),
    /// What is held back of these items since before now is tried again.
    AskAgain(Vec<ItemId>),
    /// These problems, by row, are told no more, or are told again. What changed since is told as ever.
    Dismiss(Vec<i64>, Option<Dismissed>),
    /// Nothing of a sync's items is to be told or done any more: their problems are over, and what waits to be created waits no longer.
    LetGo(SyncId),
    /// All items of a sync are looked at.
    TakeUp(SyncId),
}

/// What a merge changes in the state, all of it or nothing. The items that it names are held by whoever asks for it.
#[derive(Debug, Clone)]
pub struct MergeEffect {
    /// The item that is kept, as it is from now on; under this fence.
    pub kept: (ItemState, u64),
    /// The items whose issues are let be. `Some`: the fence of one that was an item until now; `None`: made for this.
    pub retired: Vec<(ItemState, Option<u64>)>,
    /// Values that do not stand any more, kept in full.
    pub conflicts: Vec<Conflict>,
    /// What is let be: (side, instance, issue), so that the problems about it are over.
    pub dropped: Vec<(SideId, InstanceId, IssueId)>,
}

/// What a pairing changes in the state, all of it or nothing.
#[derive(Debug, Clone)]
pub struct PairEffect {
    /// The item as it is from now on. One that was unpaired is taken up again.
    pub item: ItemState,
    /// The fence of an item that is kept in step already, held by whoever asks for it.
    pub fence: Option<u64>,
    /// Items that were unpaired, without the issues that go from them to the item.
    pub parted: Vec<ItemState>,
    /// Values that do not stand, kept in full.
    pub conflicts: Vec<Conflict>,
    /// The issues that join: the problems about them as second issues are over.
    pub joined: Vec<(InstanceId, IssueId)>,
}
