//! How often each fault of the simulator struck, and what: the sum over the Jiras of a world; what befell webhooks; and where the daemon
//! died. Must never count a fault that was switched on and met nothing.

use std::collections::BTreeMap;
use std::fmt;

use jirasyncd::simulator::Jira;

use super::crash::Place;

/// By fault and entity.
#[derive(Default, Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultCounts(BTreeMap<(&'static str, &'static str), u64>);

/// What a request is about, by its operation; or a webhook, by its event.
fn entity(operation: &'static str) -> &'static str {
    match operation {
        // Where the daemon died is a place, and not what it was about.
        place if place.contains(' ') => place,
        name if name.starts_with("jira:issue_") => "issue",
        name if name.starts_with("issue_property") => "issue property",
        "search" | "countIssues" => "search",
        "bulkFetchIssues" | "getIssue" => "issue read",
        "createIssue" | "createIssues" => "issue created",
        "editIssue" | "assignIssue" => "issue edited",
        "deleteIssue" => "issue deleted",
        "doTransition" | "getTransitions" => "transition",
        name if name.contains("orklog") => "worklog",
        name if name.contains("omment") => "comment",
        name if name.contains("ttachment") => "attachment",
        name if name.contains("Property") => "issue property",
        name if name.contains("Link") || name.starts_with("issuelink") || name == "linkIssues" => "link",
        name if name.contains("Watcher") => "watcher",
        name if name.contains("Vote") => "vote",
        name if name.contains("Version") || name.contains("Component") || name.contains("Sprint") => "project thing",
        name if name.to_lowercase().contains("user") => "user",
        name if name.contains("hangelogs") || name.contains("ChangeLogs") => "changelog",
        _ => "settings",
    }
}

/// The faults that any random weather sets, by name.
const COMMON: [&str; 12] = [
    "status",
    "not-found",
    "status-after",
    "rate-limited",
    "unavailable",
    "reset-before",
    "reset-after",
    "late-write",
    "truncated",
    "login-page",
    "slow",
    "index-lag",
];
/// Those that bad weather sets besides.
const RARE: [&str; 4] = ["anonymous", "empty-page", "lost-token", "circular-page"];
/// What befalls webhooks, where there are any.
const OF_WEBHOOKS: [&str; 4] = ["webhook-lost", "webhook-doubled", "webhook-delayed", "webhook-reordered"];
/// The daemon dies.
const DEATH: &str = "death";

/// What a person or the daemon may write: a write that goes wrong is about one of these.
const WRITTEN: [&str; 10] = [
    "attachment",
    "comment",
    "issue created",
    "issue deleted",
    "issue edited",
    "link",
    "project thing",
    "transition",
    "watcher",
    "worklog",
];
/// What is only read.
const READ: [&str; 4] = ["issue read", "search", "settings", "user"];

/// All that a fault can be about in these worlds: whatever is asked, unless what goes wrong is a write, a page of a search, or on its way to
/// the daemon. A property alone is written by pairing and detaching, and a history is asked for alone where it is long: neither is done there.
fn may_be_about(fault: &str) -> Vec<&'static str> {
    match fault {
        "index-lag" | "empty-page" | "lost-token" | "circular-page" => vec!["search"],
        "late-write" => WRITTEN.to_vec(),
        "webhook-lost" | "webhook-doubled" | "webhook-delayed" | "webhook-reordered" => {
            vec!["attachment", "comment", "issue", "link", "worklog"]
        }
        DEATH => Place::ALL.iter().map(|place| place.name()).collect(),
        _ => [&WRITTEN[..], &READ].concat(),
    }
}

/// What may go wrong in a world.
#[derive(Clone, Copy)]
pub(crate) struct Troubles {
    /// Also what only bad weather brings.
    pub(crate) rare: bool,
    pub(crate) webhooks: bool,
}

impl Troubles {
    fn names(self) -> Vec<&'static str> {
        let mut names = COMMON.to_vec();
        names.extend(RARE.into_iter().filter(|_| self.rare));
        names.extend(OF_WEBHOOKS.into_iter().filter(|_| self.webhooks));
        names
    }
}

impl FaultCounts {
    pub(crate) fn of<'a>(jiras: impl Iterator<Item = &'a Jira>) -> Self {
        let mut sum = Self::default();
        for ((fault, operation), times) in jiras.flat_map(Jira::faults_struck) {
            *sum.0.entry((fault, entity(operation))).or_default() += times;
        }
        sum
    }

    pub(crate) fn add(&mut self, more: Self) {
        for (what, times) in more.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// Adds where the daemon died.
    pub(crate) fn with_deaths(mut self, deaths: &BTreeMap<Place, u64>) -> Self {
        for (place, times) in deaths {
            *self.0.entry((DEATH, entity(place.name()))).or_default() += times;
        }
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What met nothing, of all that may go wrong; and the places where the daemon never died.
    pub(crate) fn never_struck(&self, of: Troubles) -> Vec<&'static str> {
        let has = |fault: &&'static str| self.0.keys().any(|(name, _)| name == fault);
        let died = |place: &Place| self.0.contains_key(&(DEATH, place.name()));
        let faults = of.names().into_iter().filter(|fault| !has(fault));
        faults.chain(Place::ALL.iter().filter(|place| !died(place)).map(|place| place.name())).collect()
    }
}

/// A line a fault: how often it struck, and what; also what it may strike and never did.
impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Troubles { rare: true, webhooks: true }.names().into_iter();
        for fault in all.chain([DEATH]) {
            let mut of_it: BTreeMap<&str, u64> = may_be_about(fault).into_iter().map(|entity| (entity, 0)).collect();
            of_it.extend(
                self.0.iter().filter(|((name, _), _)| *name == fault).map(|((_, entity), times)| (*entity, *times)),
            );
            let sum: u64 = of_it.values().sum();
            let parts: Vec<String> = of_it.iter().map(|(entity, times)| format!("{entity} {times}")).collect();
            writeln!(f, "  {fault}: {sum} ({})", parts.join(", "))?;
        }
        Ok(())
    }
}

#[test]
fn each_fault_that_met_nothing_is_named() {
    let all = Troubles { rare: true, webhooks: true };
    let nothing = FaultCounts::default().never_struck(all);
    assert_eq!(nothing.len(), 24, "{nothing:?}");
    let struck = |name: &'static str| ((name, "issue"), 1);
    let faults: BTreeMap<_, _> = all.names().into_iter().filter(|name| *name != "webhook-lost").map(struck).collect();
    let deaths = BTreeMap::from([(Place::BeforeRequest, 1), (Place::AfterRequest, 2), (Place::AfterCommit, 3)]);
    let counts = FaultCounts(faults).with_deaths(&deaths);
    assert_eq!(counts.never_struck(all), ["webhook-lost", "before a commit"]);
    assert_eq!(counts.never_struck(Troubles { rare: false, webhooks: false }), ["before a commit"]);
    let told = counts.to_string();
    let lost = "  webhook-lost: 0 (attachment 0, comment 0, issue 0, link 0, worklog 0)\n";
    assert!(
        told.contains(&format!("{lost}  webhook-doubled: 1 (attachment 0, comment 0, issue 1, link 0, worklog 0)")),
        "{told}"
    );
    assert!(told.contains("  index-lag: 1 (issue 1, search 0)\n"), "{told}");
    let deaths = "after a commit 3, after a request 2, before a commit 0, before a request 1";
    assert!(told.ends_with(&format!("  death: 6 ({deaths})\n")), "{told}");
}
