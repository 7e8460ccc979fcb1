//! What the Jiras of a world must show once people and faults stopped: one replica per side, comments exactly once, equal
//! values, no echo. Must never ask the daemon what is true: only what it says stands open.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jirasyncd::model::hub::Conflict;
use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Exchange, IssueView};

use super::daemon_support::World;

/// The sync users' ids.
pub(crate) const SYNC_USERS: [(&str, &str); 3] =
    [("acme", "5b10a2844c20165700ede21f"), ("globex", "JIRAUSER10100"), ("initech", "60a1b2c3d4e5f60071c2d3e4")];

/// One thing, as each side calls it: acme, globex, initech.
const NAMES: [(&str, &[[&str; 3]]); 3] = [
    ("issuetype", &[["Bug", "Defect", "Fehler"], ["Task", "Task", "Aufgabe"]]),
    (
        "status",
        &[
            ["To Do", "Open", "Neu"],
            ["Backlog", "Open", "Neu"],
            ["In Progress", "Working", "In Arbeit"],
            ["Done", "Closed", "Fertig"],
        ],
    ),
    ("priority", &[["Highest", "P1", "Hoch"], ["Medium", "P3", "Mittel"], ["Low", "P4", "Niedrig"]]),
];

fn column(jira: &str) -> usize {
    SYNC_USERS.iter().position(|(name, _)| *name == jira).unwrap()
}

/// The sync user's id on a Jira.
pub(crate) fn sync_user(jira: &str) -> &'static str {
    SYNC_USERS[column(jira)].1
}

/// A value in words that mean the same on every side.
pub(crate) fn shared(jira: &str, view: &IssueView, field: &str) -> String {
    let text = view.fields.get(field).cloned().unwrap_or_default();
    let table = NAMES.iter().find(|(name, _)| *name == field);
    let row = table.and_then(|(_, rows)| rows.iter().find(|row| row[column(jira)] == text));
    match (field, row) {
        ("labels", _) => text.split(' ').filter(|word| !word.starts_with("share-")).collect::<Vec<_>>().join(" "),
        // Backlog and To Do are one status elsewhere.
        (_, Some(row)) => row[1].to_owned() + row[2],
        // Each Jira shows them in the order of its own ids.
        ("components" | "fixVersions", None) => {
            let mut names: Vec<&str> =
                text.split(|sign: char| !sign.is_alphanumeric()).filter(|name| !name.is_empty()).collect();
            names.sort_unstable();
            names.join(" ")
        }
        ("timeoriginalestimate" | "timeestimate", None) if text == "0" => String::new(),
        (_, None) => text,
    }
}

/// The elements of a set, in words that mean the same on every side.
pub(crate) fn elements(jira: &str, view: &IssueView, field: &str) -> BTreeSet<String> {
    words(&shared(jira, view, field))
}

fn words(text: &str) -> BTreeSet<String> {
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The elements of a set that people of this side put in or took out, by the issue's history.
pub(crate) fn touched(jira: &str, view: &IssueView, field: &str) -> BTreeSet<String> {
    let us = Some(sync_user(jira));
    let logged = match field {
        "components" => "Component",
        "fixVersions" => "Fix Version",
        _ => field,
    };
    let mut found = BTreeSet::new();
    // No entry says with what an issue was made.
    let is_theirs = view.creator.as_deref() != us;
    if is_theirs {
        found.extend(elements(jira, view, field));
    }
    for entry in view.history.iter().filter(|entry| is_theirs || entry.author.as_deref() != us) {
        for (_, from, to) in entry.items.iter().filter(|item| item.0 == logged) {
            let (from, to) = (words(from.as_deref().unwrap_or_default()), words(to.as_deref().unwrap_or_default()));
            found.extend(&from ^ &to);
        }
    }
    found
}

/// What asks by POST, and changes nothing.
const ASKS: [&str; 6] =
    ["search", "countIssues", "bulkFetchIssues", "getBulkChangelogs", "getCommentsByIds", "getChangeLogsByIds"];

/// Whether a request is there to change something, of whatever kind.
pub(crate) fn is_write(call: &Exchange) -> bool {
    call.method != "GET" && !ASKS.contains(&call.operation)
}

/// The first word of a summary: what no edit of these tests takes away.
pub(crate) fn token(view: &IssueView) -> String {
    let summary = view.fields.get("summary").cloned().unwrap_or_default();
    summary.split(' ').next().unwrap_or_default().to_owned()
}

/// What is compared: a field that no configuration carries is empty on both sides.
const FIELDS: [&str; 11] = [
    "summary",
    "description",
    "priority",
    "labels",
    "duedate",
    "status",
    "issuetype",
    "components",
    "fixVersions",
    "timeoriginalestimate",
    "timeestimate",
];

/// The issues of a Jira by their token, each of which must be there once.
pub(crate) fn by_token(world: &World, jira: &str) -> Result<BTreeMap<String, IssueView>, String> {
    let mut found: BTreeMap<String, IssueView> = BTreeMap::new();
    for view in world.jira(jira).issues() {
        let key = view.key.clone();
        if let Some(other) = found.insert(token(&view), view) {
            return Err(format!("{jira}: {key} and {} are the same item", other.key));
        }
    }
    Ok(found)
}

/// What the daemon tells that lost, of the items of these issues.
pub(crate) async fn conflicts(world: &World, issues: impl IntoIterator<Item = &IssueView>) -> Vec<Conflict> {
    let store = world.daemon().store();
    let (mut ids, mut told) = (BTreeSet::new(), Vec::new());
    for issue in issues {
        ids.extend(store.items_by_key(&IssueKey::new(issue.key.clone())).await.unwrap());
    }
    for id in ids {
        told.extend(store.conflicts(id).await.unwrap());
    }
    told
}

/// The entries of the sync user in an issue's history.
pub(crate) fn ours(jira: &str, view: &IssueView) -> usize {
    view.history.iter().filter(|entry| entry.author.as_deref() == Some(sync_user(jira))).count()
}

/// Issues that no way is known for, by Jira and key, each with what tells it.
pub(crate) type Stuck = BTreeMap<(String, String), String>;

/// Issues that the daemon says it knows no way for, as far as that is so: what a status leads on to is seen where an issue stands in it, so it is
/// true only where none of its type stands anywhere between, and where no single step leads there.
pub(crate) async fn stuck(world: &World) -> Stuck {
    let mut stuck = Stuck::new();
    for told in world.daemon().store().problems(10_000).await.unwrap() {
        let (jira, what) = (told.problem.side.as_str(), told.problem.what);
        let views = if world.jiras.contains_key(jira) { world.jira(jira).issues() } else { Vec::new() };
        let Some(view) = views.iter().find(|view| told.about.split(", ").any(|key| key == view.key)) else { continue };
        let Some(ends) = what.strip_prefix(&format!("no way is known from `{}` to `", view.fields["status"])) else {
            continue;
        };
        let is_between = |other: &IssueView| {
            let stands = &other.fields["status"];
            other.fields["issuetype"] == view.fields["issuetype"]
                && stands != &view.fields["status"]
                && stands.as_str() != ends.trim_end_matches('`')
        };
        // Nor is it so where one step leads there.
        let us = world.person(jira, sync_user(jira));
        let leads_there = |offered: &(String, String, String)| offered.2 == ends.trim_end_matches('`');
        let is_offered = us.transitions(&view.key).is_ok_and(|offered| offered.iter().any(leads_there));
        if !is_offered && !views.iter().any(is_between) {
            stuck.insert((jira.to_owned(), view.key.clone()), format!("{jira}: {what}"));
        }
    }
    stuck
}

/// Compares two sides that carry everything of each other.
pub(crate) fn compare(world: &World, left: &str, right: &str) -> Result<(), String> {
    compare_but_for(world, left, right, &Stuck::new())
}

/// The same, but for the status of issues that no way is known for.
pub(crate) fn compare_but_for(world: &World, left: &str, right: &str, stuck: &Stuck) -> Result<(), String> {
    let (lefts, rights) = (by_token(world, left)?, by_token(world, right)?);
    let (known, also) =
        (lefts.keys().cloned().collect::<BTreeSet<_>>(), rights.keys().cloned().collect::<BTreeSet<_>>());
    if known != also {
        return Err(format!("{left} has {known:?}, {right} has {also:?}"));
    }
    for (token, one) in &lefts {
        let two = &rights[token];
        for field in FIELDS {
            let (here, there) = (shared(left, one, field), shared(right, two, field));
            let is_stuck = |jira: &str, view: &IssueView| stuck.contains_key(&(jira.to_owned(), view.key.clone()));
            let may_differ = field == "status" && (is_stuck(left, one) || is_stuck(right, two));
            if here != there && !may_differ {
                return Err(format!("{token} {field}: {left} `{here}`, {right} `{there}`"));
            }
        }
        comments(left, one, right, two)?;
        comments(right, two, left, one)?;
    }
    Ok(())
}

/// Every comment of a person on one side is there once on the other.
pub(crate) fn comments(from: &str, one: &IssueView, to: &str, two: &IssueView) -> Result<(), String> {
    for comment in one.comments.iter().filter(|comment| comment.author.as_deref() != Some(sync_user(from))) {
        let copies = two.comments.iter().filter(|copy| {
            copy.author.as_deref() == Some(sync_user(to)) && copy.body.trim_end().ends_with(&comment.body)
        });
        let expected = usize::from(comment.visibility.is_none());
        if copies.count() != expected {
            let there: Vec<&str> = two.comments.iter().map(|comment| comment.body.as_str()).collect();
            return Err(format!("{} `{}` on {to} {}: {there:?}", one.key, comment.body, two.key));
        }
    }
    Ok(())
}

/// Every file of a person on one side is there once on the other, and no copy is left of one that is gone.
pub(crate) fn files(from: &str, one: &IssueView, to: &str, two: &IssueView) -> Result<(), String> {
    let shown = |view: &IssueView, ours: bool, jira: &str| {
        let of = view.attachments.iter().filter(|file| (file.author.as_deref() == Some(sync_user(jira))) == ours);
        let mut shown: Vec<(String, Vec<u8>)> = of.map(|file| (file.name.clone(), file.content.to_vec())).collect();
        shown.sort();
        shown
    };
    let written = shown(one, false, from);
    let copies = shown(two, true, to);
    // At home there are copies of other partners' files too.
    let missing = written.iter().filter(|file| copies.iter().filter(|copy| copy == file).count() != 1).count();
    let theirs = copies.iter().filter(|(name, _)| name.contains(&format!("from-{from}"))).count();
    if missing > 0 || theirs != written.len() {
        let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        return Err(format!("{} has files {:?}, {to} {:?}", one.key, names(&written), names(&copies)));
    }
    Ok(())
}

impl World {
    /// Intervals until nothing is worked on, open, waiting or left alone: also what was put off for long.
    pub(crate) async fn rest(&self) -> Result<(), String> {
        self.rest_but_for(None).await
    }

    /// The same where issues are gone: they are asked for again as long as they are, ever more seldom.
    pub(crate) async fn rest_beside_what_is_gone(&self) -> Result<(), String> {
        self.rest_but_for(Some(jiff::SignedDuration::from_mins(10))).await
    }

    /// What waits for longer than `beyond` counts as calm.
    async fn rest_but_for(&self, beyond: Option<jiff::SignedDuration>) -> Result<(), String> {
        let (mut quiet, mut last) = (0, String::new());
        for _ in 0..150 {
            let summary = self.interval().await;
            let now = self.surroundings.clock.now();
            let figures = self.daemon().store().figures(now).await.unwrap();
            let waits = self.daemon().store().next_due(jirasyncd::model::store::Urgency::Sweep).await.unwrap();
            let soon = waits.is_some_and(|due| beyond.is_none_or(|beyond| due.duration_since(now) <= beyond));
            let paused = self.daemon().engine().instances().any(|id| self.daemon().engine().paused(id).is_some());
            let calm = summary.items == 0 && figures.open_intents == 0 && !soon && !paused;
            last = format!("{summary:?}, {} open, waiting until: {waits:?}, paused: {paused}", figures.open_intents);
            quiet = if calm { quiet + 1 } else { 0 };
            if quiet == 2 {
                return Ok(());
            }
        }
        Err(format!("never at rest ({last}): {:?}; {}", self.problems().await, self.what_waits().await))
    }

    /// One of the items that are due some day, as far as a message holds it.
    async fn what_waits(&self) -> String {
        let ever = self.surroundings.clock.now() + jiff::SignedDuration::from_hours(24 * 365 * 100);
        let waiting = self.daemon().store().claim("nobody", ever, 1, jirasyncd::model::store::Urgency::Sweep).await;
        let mut said = String::from("waiting:");
        for claim in waiting.unwrap_or_default() {
            let jirasyncd::model::store::Claim { item, attempts, urgency, intents, problems, .. } = claim;
            said += &format!(" {} after {attempts} attempts, {urgency:?}: {intents:?}, {problems:?}", item.id);
            for (side, replica) in item.replicas {
                let (links, ends) = (replica.links, replica.ends);
                said += &format!("; {side} {} away {:?}, links {links:?}, ends {ends:?}", replica.key, replica.away);
            }
        }
        said
    }

    /// Some intervals, whatever becomes of them.
    pub(crate) async fn intervals(&self, count: usize) {
        for _ in 0..count {
            self.interval().await;
        }
    }

    /// Lets this much time pass without the daemon.
    pub(crate) async fn pass(&self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    /// Whether two sides show the same, with nothing standing open.
    pub(crate) async fn in_step(&self, left: &str, right: &str) -> Result<(), String> {
        compare(self, left, right)?;
        let problems = self.problems().await;
        if problems.is_empty() { Ok(()) } else { Err(format!("problems: {problems:?}")) }
    }
}
