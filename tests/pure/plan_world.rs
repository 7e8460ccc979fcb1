//! A tiny world to plan in: replicas with values and logs, people who edit them, and a loop that carries plans out the way
//! the daemon does, with faults. It has no Jira, no text conversion and no store. Must never help the planner: it attributes
//! log entries by who really made them.

#![allow(clippy::wildcard_enum_match_arm, reason = "what this world does not play is one case")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jirasyncd::model::catalog::{Catalog, Workflow};
use jirasyncd::model::document::Syntax;
use jirasyncd::model::hub::{Conflict, ItemState, Replica, WrittenCopy};
use jirasyncd::model::ids::{
    AccountId, CommentId, EntryId, FieldId, FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId,
};
use jirasyncd::model::issue::{
    CommentSnapshot, Comments, IssueSnapshot, LogEntry, LogItem, Named, NativeValue, Person, ScreenField,
    TransitionOffer, Visibility,
};
use jirasyncd::model::operation::{Action, Intent, IntentEvent, IntentState, NativeWrite, Operation};
use jirasyncd::model::settings::{
    CommentSettings, ConflictPolicy, CopyEdits, FieldKind, FieldRow, Kind, OnUnmapped, Row, SideEffects, SideSettings,
    SyncSettings, Table, WhenDeleted, WhenNarrowed,
};
use jirasyncd::model::value::Value;
use jirasyncd::plan::{By, Observation, Plan, PlanInput, Step, Wanted, check, plan};
use jirasyncd::text;

/// Nothing is said of watchers here.
static NO_WATCHERS: BTreeMap<SideId, jirasyncd::model::issue::Watchers> = BTreeMap::new();
/// No brake is on.
static NOTHING_BRAKED: BTreeSet<(SideId, FieldName)> = BTreeSet::new();

/// The daemon that a world runs: the sound one, or one with a bug planted around the planner.
#[derive(Clone, Copy)]
pub(crate) struct Rig {
    pub(crate) plan: fn(&PlanInput<'_>) -> Plan,
    /// Every plan is looked over by `plan::check`.
    pub(crate) checked: bool,
    /// What was not read since it changed is not written to.
    pub(crate) verifies: bool,
    /// What was created is found again by its mark.
    pub(crate) marks: bool,
}

/// The daemon without a bug.
pub(crate) const SOUND: Rig = Rig { plan, checked: true, verifies: true, marks: true };

pub(crate) const STATUSES: [&str; 3] = ["To Do", "Doing", "Done"];
pub(crate) const PRIORITIES: [&str; 4] = ["High", "Medium", "Low", "Local"];

/// Everybody's paragraph, between fixed lines.
const TEMPLATE: [&str; 13] = ["top", "a: 0", "1", "b: 0", "2", "c: 0", "3", "d: 0", "4", "e: 0", "5", "f: 0", "end"];

/// How many sides a world may have.
pub(crate) const MOST_SIDES: usize = 6;

/// Plans that may be made until nothing is left to do, whatever happened before.
const MOST_ROUNDS: usize = 200;

pub(crate) fn side(index: usize) -> SideId {
    SideId::new(["a", "b", "c", "d", "e", "f"][index])
}

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It happens, and the answer comes.
    Done,
    /// It happens, and the daemon dies before it hears of it.
    Unheard,
    /// It does not happen, and the daemon does not learn that.
    Lost,
    /// It does not happen now but some time later, when nobody counts on it any more.
    Late,
    /// A person edits the same field right before it, after the verify.
    Raced,
}

/// One issue as it really is.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    id: IssueId,
    key: IssueKey,
    created: Timestamp,
    issue_type: Named,
    pub(crate) fields: BTreeMap<FieldId, NativeValue>,
    pub(crate) log: Vec<(LogEntry, By)>,
    pub(crate) comments: Vec<CommentSnapshot>,
    /// The operation that made a comment, as the property that Jira keeps.
    marks: BTreeMap<CommentId, OperationId>,
    /// Whether it has a security level.
    restricted: bool,
    /// The links to elsewhere, by global id.
    pub(crate) links: BTreeMap<String, String>,
}

/// A write that reaches Jira later than anybody expects.
#[derive(Debug, Clone)]
struct Zombie {
    id: OperationId,
    operation: Operation,
}

pub(crate) struct World {
    pub(crate) sync: SyncSettings,
    pub(crate) catalogs: BTreeMap<SideId, Catalog>,
    pub(crate) workflows: BTreeMap<SideId, Workflow>,
    skews: BTreeMap<SideId, i64>,
    pub(crate) belongs: BTreeSet<SideId>,
    /// All issues that exist per side: more than one is a duplicate.
    pub(crate) issues: BTreeMap<SideId, Vec<Issue>>,
    pub(crate) item: ItemState,
    pub(crate) intents: Vec<Intent>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) holds: Vec<jirasyncd::plan::Hold>,
    /// Every write that took effect, in order.
    pub(crate) sent: Vec<Operation>,
    /// What people did: side, field, the value after it, when.
    pub(crate) deeds: Vec<(SideId, String, NativeValue, i64)>,
    /// What each summary descends from.
    pub(crate) ancestors: BTreeMap<String, BTreeSet<String>>,
    pub(crate) now: i64,
    /// Setting a summary on this side makes a function of the workflow set the priority, as us, in the same entry.
    pub(crate) meddling: Option<SideId>,
    /// No side gives our tags back.
    pub(crate) untagged: bool,
    /// This side stores summaries in another form than they were sent.
    pub(crate) shouting: Option<SideId>,
    /// Statuses, by a side's own names, that only others are offered.
    pub(crate) closed: BTreeSet<String>,
    zombies: Vec<Zombie>,
    /// Whether people who act now are some whose acts stay on their side.
    pub(crate) outside: bool,
    /// Comments that their authors deleted.
    pub(crate) deleted: Vec<(SideId, CommentId)>,
    /// What people wrote into copies: the side, the copy, the words. What a late write of ours ran over is not among them.
    pub(crate) scribbles: Vec<(SideId, CommentId, String)>,
    /// Copies that people deleted: the side, and what they said.
    pub(crate) dropped: Vec<(SideId, String)>,
    rig: Rig,
    /// Plans made since it was told to settle.
    rounds: usize,
    next: u64,
    entry: u64,
}

fn time(now: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + now).unwrap()
}

fn named(name: &str) -> NativeValue {
    NativeValue::Named(Named { id: format!("id-{name}"), name: name.to_owned() })
}

/// What the screen before a status asks for: priority before the last one.
fn asked(to: &str) -> Vec<ScreenField> {
    if to.ends_with("Done") {
        vec![ScreenField { id: "priority".into(), name: "Priority".to_owned() }]
    } else {
        Vec::new()
    }
}

fn on(side: &SideId, name: &str) -> String {
    format!("{side} {name}")
}

fn table(sides: &[SideId], names: &[&str]) -> Table {
    let row = |name: &&str| Row {
        shared: on(&sides[0], name),
        names: sides.iter().map(|side| (side.clone(), vec![on(side, name)])).collect(),
        path: BTreeMap::new(),
    };
    Table { rows: names.iter().map(row).collect() }
}

fn rows(sides: &[SideId]) -> BTreeMap<FieldName, FieldRow> {
    let row = |name: &str, field: &str, kind: FieldKind| FieldRow {
        name: name.into(),
        kind,
        sides: sides.iter().map(|side| (side.clone(), FieldId::from(field))).collect(),
        from: sides.iter().cloned().collect(),
        across: false,
        exclude: vec!["private-*".to_owned()],
        values: Table::default(),
        on_unmapped: OnUnmapped::Leave,
        composed: None,
        default: BTreeMap::new(),
        not_synced: BTreeMap::new(),
        initial: jirasyncd::model::initial::Initial::First,
    };
    let all = [
        row("issue-type", "issuetype", FieldKind::IssueType),
        row("summary", "summary", FieldKind::Line),
        row("description", "description", FieldKind::Document),
        row("priority", "priority", FieldKind::Choice),
        row("labels", "labels", FieldKind::Words),
        row("due", "duedate", FieldKind::Day),
        row("status", "status", FieldKind::Status),
    ];
    all.into_iter().map(|row| (row.name.clone(), row)).collect()
}

pub(crate) fn settings(sides: &[SideId], policy: ConflictPolicy) -> SyncSettings {
    let one = |id: &SideId| SideSettings {
        id: id.clone(),
        instance: InstanceId::new(id.as_str()),
        project: id.as_str().to_uppercase(),
        jql: None,
        when: None,
        on_demand: false,
        sees: sides.iter().cloned().collect(),
        side_effects: SideEffects::Accept,
        whose: jirasyncd::model::whose::Whose::default(),
    };
    SyncSettings {
        attachments: jirasyncd::model::settings::AttachmentSettings::default(),
        life: jirasyncd::model::settings::LifeSettings::default(),
        things: BTreeMap::new(),
        pairing: Vec::new(),
        start: jirasyncd::model::start::StartSettings::default(),
        id: "s".into(),
        home: Some(sides[0].clone()),
        on_conflict: policy,
        sides: sides.iter().map(one).collect(),
        issue_types: table(sides, &["Bug"]),
        statuses: table(sides, &STATUSES),
        // `Local` has a row on the first side only.
        priorities: {
            let mut table = table(sides, &PRIORITIES);
            table.rows[3].names.retain(|side, _| side == &sides[0]);
            table
        },
        users: Table::default(),
        fields: rows(sides),
        comments: CommentSettings {
            from: sides.iter().cloned().collect(),
            to: sides.iter().cloned().collect(),
            header: BTreeMap::new(),
            deleted: WhenDeleted::Delete,
            restricted: Vec::new(),
            internal: false,
            narrowed: WhenNarrowed::Delete,
            copies: CopyEdits::Hold,
        },
        worklogs: CommentSettings::default(),
        links: true,
        unwatch: false,
        notify: jirasyncd::model::settings::Notify::default(),
        link_types: Table::default(),
    }
}

/// How somebody changes a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revision {
    /// The author changes it.
    Edit,
    /// The author lets only some read it.
    Restrict,
    /// The author deletes it.
    Delete,
    /// A person on another side writes into the copy.
    EditCopy,
    /// A person on another side deletes the copy.
    DeleteCopy,
}

/// What an issue of the world can be asked to become by a person. `value` picks among the field's possible values.
pub(crate) const FIELDS: [&str; 6] = ["summary", "priority", "labels", "description", "status", "duedate"];

impl World {
    /// A world with one issue, made by a person on the first of `sides`.
    pub(crate) fn new(sides: &[SideId], policy: ConflictPolicy, rig: Rig) -> Self {
        Self::with(settings(sides, policy), &sides[0], rig)
    }

    pub(crate) fn with(sync: SyncSettings, origin: &SideId, rig: Rig) -> Self {
        let mut world = Self {
            catalogs: BTreeMap::new(),
            workflows: BTreeMap::new(),
            skews: BTreeMap::new(),
            belongs: sync.side_ids().cloned().collect(),
            issues: BTreeMap::new(),
            item: ItemState::new(ItemId(1), sync.id.clone()),
            intents: Vec::new(),
            conflicts: Vec::new(),
            holds: Vec::new(),
            sent: Vec::new(),
            deeds: Vec::new(),
            ancestors: BTreeMap::new(),
            now: 0,
            meddling: None,
            untagged: false,
            shouting: None,
            closed: BTreeSet::new(),
            zombies: Vec::new(),
            outside: false,
            deleted: Vec::new(),
            scribbles: Vec::new(),
            dropped: Vec::new(),
            rig,
            rounds: 0,
            next: 1,
            entry: 1,
            sync,
        };
        let mut names: Vec<SideId> = world.sync.side_ids().cloned().collect();
        names.sort();
        for side in world.sync.side_ids().cloned().collect::<Vec<_>>() {
            let index = names.iter().position(|name| name == &side).unwrap_or(0);
            let kind = if index % 2 == 0 { Kind::Cloud } else { Kind::DataCenter };
            let all = |words: &[&str]| {
                words.iter().map(|w| Named { id: format!("id-{}", on(&side, w)), name: on(&side, w) }).collect()
            };
            let catalog = Catalog {
                kind: Some(kind),
                issue_types: all(&["Bug"]),
                statuses: all(&STATUSES),
                priorities: all(&PRIORITIES),
                sync_user: Some(AccountId::new("sync")),
                address: format!("https://{side}.example"),
                ..Catalog::default()
            };
            let mut workflow = Workflow::default();
            for (at, from) in STATUSES.iter().enumerate() {
                let to = STATUSES[(at + 1) % STATUSES.len()];
                workflow.learn(&on(&side, "Bug"), &on(&side, from), &on(&side, to));
            }
            world.catalogs.insert(side.clone(), catalog);
            world.workflows.insert(side.clone(), workflow);
        }
        let template = text::from_plain(&TEMPLATE.join("\n\n"));
        let fields = BTreeMap::from([
            ("summary".into(), NativeValue::Text("s0".to_owned())),
            ("description".into(), text::write(&template, world.syntax(origin))),
            ("priority".into(), named(&on(origin, "Medium"))),
        ]);
        world.ancestors.insert("s0".to_owned(), BTreeSet::new());
        let issue = world.add_issue(origin, on(origin, "Bug"), fields);
        let replica = world.bind(origin, issue, false);
        world.item.replicas.insert(origin.clone(), replica);
        world.item.belongs = world.belongs.clone();
        world
    }

    fn kind(&self, side: &SideId) -> Kind {
        self.catalogs[side].kind.unwrap()
    }

    pub(crate) fn syntax(&self, side: &SideId) -> Syntax {
        if self.kind(side) == Kind::Cloud { Syntax::Adf } else { Syntax::Wiki }
    }

    fn add_issue(&mut self, side: &SideId, issue_type: String, mut fields: BTreeMap<FieldId, NativeValue>) -> IssueId {
        let id = IssueId(self.next);
        self.next += 1;
        fields.entry("status".into()).or_insert_with(|| named(&on(side, STATUSES[0])));
        let issue = Issue {
            id,
            key: IssueKey::new(format!(
                "{}-{}",
                side.as_str().to_uppercase(),
                self.issues.get(side).map_or(0, Vec::len) + 1
            )),
            created: time(self.now),
            issue_type: Named { id: String::new(), name: issue_type },
            fields,
            log: Vec::new(),
            comments: Vec::new(),
            marks: BTreeMap::new(),
            restricted: false,
            links: BTreeMap::new(),
        };
        self.issues.entry(side.clone()).or_default().push(issue);
        id
    }

    fn bind(&self, side: &SideId, id: IssueId, ours: bool) -> Replica {
        let issue = self.issues[side].iter().find(|issue| issue.id == id).unwrap();
        Replica { ours, ..Replica::unread(id, issue.key.clone(), issue.created) }
    }

    /// The issue that the item holds on a side, or the first there.
    pub(crate) fn issue(&self, side: &SideId) -> Option<&Issue> {
        let id = self.item.replicas.get(side).map(|replica| replica.issue);
        let list = self.issues.get(side)?;
        list.iter().find(|issue| Some(issue.id) == id).or(list.first())
    }

    pub(crate) fn held(&self, side: &SideId, field: &str) -> NativeValue {
        let value = self.issue(side).and_then(|issue| issue.fields.get(&FieldId::from(field)).cloned());
        value.unwrap_or(NativeValue::Empty)
    }

    /// What a side holds of a field, in shared words.
    pub(crate) fn shared(&self, side: &SideId, field: &str) -> Value {
        let row = self.sync.fields.values().find(|row| row.sides.get(side) == Some(&FieldId::from(field))).unwrap();
        let place = jirasyncd::mapping::Place {
            sync: &self.sync,
            row,
            side,
            catalog: &self.catalogs[side],
            references: &jirasyncd::mapping::NO_REFERENCES,
            origin: None,
            held: None,
        };
        jirasyncd::mapping::inbound(&place, &self.held(side, field)).unwrap()
    }

    fn log_item(field: &FieldId, from: &NativeValue, to: &NativeValue) -> LogItem {
        let text = |value: &NativeValue| match value {
            NativeValue::Empty => None,
            NativeValue::Text(text) => Some(text.clone()),
            NativeValue::Wiki(text) => Some(text.clone()),
            NativeValue::Adf(_) => Some(text::plain(&text::read(value))),
            NativeValue::Named(named) => Some(named.name.clone()),
            NativeValue::Words(words) => Some(words.iter().cloned().collect::<Vec<_>>().join(" ")),
            NativeValue::Person(person) => Some(person.display_name.clone()),
            NativeValue::Links(_) | NativeValue::Parent(_) => None,
            NativeValue::Other(other) => Some(other.to_string()),
        };
        let id = |value: &NativeValue| match value {
            NativeValue::Named(named) => Some(named.id.clone()),
            NativeValue::Person(person) => Some(person.account.to_string()),
            NativeValue::Empty
            | NativeValue::Text(_)
            | NativeValue::Wiki(_)
            | NativeValue::Adf(_)
            | NativeValue::Words(_)
            | NativeValue::Links(_)
            | NativeValue::Parent(_)
            | NativeValue::Other(_) => None,
        };
        LogItem { field: field.clone(), from: id(from), from_text: text(from), to: id(to), to_text: text(to) }
    }

    /// Changes an issue's fields in one entry. Values that stand already make no item; no item makes no entry.
    fn change(&mut self, side: &SideId, id: IssueId, by: By, values: Vec<(FieldId, NativeValue)>) -> bool {
        let position = self.issues[side].iter().position(|issue| issue.id == id).unwrap();
        let mut items = Vec::new();
        for (field, value) in values {
            let before = self.issues[side][position].fields.get(&field).cloned().unwrap_or(NativeValue::Empty);
            if before == value
                || matches!((&before, &value), (NativeValue::Empty, NativeValue::Words(w)) if w.is_empty())
            {
                continue;
            }
            items.push(Self::log_item(&field, &before, &value));
            self.issues.get_mut(side).unwrap()[position].fields.insert(field, value);
        }
        if items.is_empty() {
            return false;
        }
        let author = if by == By::Person { self.person(side) } else { "sync".to_owned() };
        let by = if self.untagged && matches!(by, By::Us(_)) { By::SyncUser } else { by };
        let tag = if let By::Us(operation) = by { Some(operation.to_string()) } else { None };
        let entry = LogEntry {
            id: EntryId(self.entry),
            created: time(self.now),
            author: Some(AccountId::new(author)),
            tag,
            items,
        };
        self.entry += 1;
        self.issues.get_mut(side).unwrap()[position].log.push((entry, by));
        true
    }

    /// A person (or something that acts as the sync user) sets a field. Says whether that changed anything.
    pub(crate) fn set(&mut self, side: &SideId, field: &str, value: NativeValue, by: By) -> bool {
        let Some(id) = self.issue(side).map(|issue| issue.id) else { return false };
        let before = self.held(side, field);
        self.now += 1000;
        if !self.change(side, id, by, vec![(field.into(), value.clone())]) {
            return false;
        }
        if by == By::Person {
            self.deeds.push((side.clone(), field.to_owned(), value.clone(), self.now));
            if let (NativeValue::Text(before), NativeValue::Text(after), "summary") = (&before, &value, field) {
                let before = before.to_lowercase();
                let mut ancestors = self.ancestors.get(&before).cloned().unwrap_or_default();
                ancestors.insert(before);
                self.ancestors.insert(after.to_lowercase(), ancestors);
            }
        }
        true
    }

    /// The value that the `pick`-th kind of edit gives a field now. Summaries and words are new ones; choices come from few.
    pub(crate) fn value(&mut self, side: &SideId, field: &str, pick: usize) -> NativeValue {
        self.next += 1;
        let fresh = format!("{side}{}", self.next);
        match field {
            "summary" => NativeValue::Text(format!("sum-{fresh}")),
            "priority" => named(&on(side, PRIORITIES[pick % 3])),
            "status" => named(&on(side, STATUSES[pick % 3])),
            "duedate" if pick.is_multiple_of(3) => NativeValue::Empty,
            "duedate" => NativeValue::Text(format!("2026-01-{:02}", 1 + pick % 3)),
            "labels" => {
                let mut words =
                    if let NativeValue::Words(words) = self.held(side, field) { words } else { BTreeSet::new() };
                words.insert(if pick == 0 { format!("private-{fresh}") } else { format!("w-{fresh}") });
                NativeValue::Words(words)
            }
            "description" => {
                // Everybody edits a paragraph of their own, between fixed lines, so that edits never touch each other.
                let own = if self.outside { "e" } else { side.as_str() };
                let text = text::plain(&text::read(&self.held(side, field)));
                let mut parts: Vec<String> = text.split("\n\n").filter(|p| !p.is_empty()).map(str::to_owned).collect();
                for part in &mut parts {
                    if part.starts_with(&format!("{own}: ")) {
                        *part = format!("{own}: {fresh}");
                    }
                }
                text::write(&text::from_plain(&parts.join("\n\n")), self.syntax(side))
            }
            other => panic!("no such field: {other}"),
        }
    }

    /// Takes in the issues of another world with the same sides, as if both had been one all along.
    pub(crate) fn meet(&mut self, other: &Self) {
        self.issues.extend(other.issues.clone());
        self.belongs.extend(other.belongs.clone());
        self.now = self.now.max(other.now);
        self.next = self.next.max(other.next);
        self.entry = self.entry.max(other.entry);
    }

    /// Sets the time and the names of new values to what belongs to the `step`-th step of a script.
    pub(crate) fn at(&mut self, step: usize) {
        self.now = (step as i64 + 1) * 1_000_000;
        self.next = (step as u64 + 1) * 1_000_000;
    }

    fn person(&self, side: &SideId) -> String {
        format!("{}-{side}", if self.outside { "outside" } else { "person" })
    }

    pub(crate) fn comment(&mut self, side: &SideId, restricted: bool) {
        self.now += 1000;
        let syntax = self.syntax(side);
        self.next += 1;
        let id = CommentId::new(format!("c{}", self.next));
        let body = text::write(&text::from_plain(&format!("said {id} on {side}")), syntax);
        let author =
            Person { account: AccountId::new(self.person(side)), display_name: format!("P {side}"), email: None };
        let comment = CommentSnapshot {
            id,
            author: Some(author),
            created: time(self.now),
            updated: time(self.now),
            body,
            changed_by: Some(AccountId::new(self.person(side))),
            visibility: if restricted { Visibility::Other } else { Visibility::Everybody },
            answers_lost: false,
            parent: None,
            spent: None,
            mark: None,
        };
        if let Some(issue) = self.issues.get_mut(side).and_then(|list| list.first_mut()) {
            issue.comments.push(comment);
        }
    }

    /// Somebody gives an issue a security level, or takes it away.
    pub(crate) fn level(&mut self, side: &SideId, restricted: bool) {
        if let Some(issue) = self.issues.get_mut(side).and_then(|list| list.first_mut()) {
            issue.restricted = restricted;
        }
    }

    /// Somebody changes a comment: on their own side, or a copy of ours.
    pub(crate) fn revise(&mut self, side: &SideId, pick: usize, what: Revision) {
        self.now += 1000;
        self.next += 1;
        let (now, mark) = (time(self.now), self.next);
        let syntax = self.syntax(side);
        let originals = matches!(what, Revision::Edit | Revision::Restrict | Revision::Delete);
        let Some(issue) = self.issues.get_mut(side).and_then(|list| list.first_mut()) else { return };
        let is_it = |comment: &CommentSnapshot| comment.id.as_str().starts_with(if originals { 'c' } else { 'k' });
        let found: Vec<usize> =
            issue.comments.iter().enumerate().filter(|(_, comment)| is_it(comment)).map(|(index, _)| index).collect();
        let Some(index) = found.get(pick % found.len().max(1)).copied() else { return };
        let comment = &mut issue.comments[index];
        comment.updated = now;
        comment.changed_by = Some(AccountId::new(format!("person-{side}")));
        let text = text::plain(&text::read(&comment.body));
        match what {
            Revision::Edit => {
                let said = format!("said {} on {side}, edit {mark}", comment.id);
                comment.body = text::write(&text::from_plain(&said), syntax);
            }
            Revision::Restrict => comment.visibility = Visibility::Other,
            Revision::Delete => {
                self.deleted.push((side.clone(), comment.id.clone()));
                issue.comments.remove(index);
            }
            Revision::EditCopy => {
                let scribble = format!("scribble {mark}");
                comment.body = text::write(&text::from_plain(&format!("{text}\n\n{scribble}")), syntax);
                self.scribbles.push((side.clone(), comment.id.clone(), scribble));
            }
            Revision::DeleteCopy => {
                self.dropped.push((side.clone(), text));
                issue.comments.remove(index);
            }
        }
    }

    pub(crate) fn observe(&self, side: &SideId, again: bool) -> Option<Observation> {
        let replica = self.item.replicas.get(side)?;
        let issue = self.issues.get(side)?.iter().find(|issue| issue.id == replica.issue)?;
        let steps = issue.log.iter().filter(|(entry, _)| entry.id > replica.entry);
        let steps = steps.map(|(entry, by)| Step { entry: entry.clone(), by: *by }).collect();
        let log: Vec<LogEntry> = issue.log.iter().map(|(entry, _)| entry.clone()).collect();
        let snapshot = IssueSnapshot {
            service_desk: None,
            attachments: None,
            watched: None,
            worklogs: Comments::default(),
            id: issue.id,
            key: issue.key.clone(),
            project: side.as_str().to_uppercase(),
            created: issue.created,
            updated: log.last().map_or(issue.created, |entry| entry.created),
            creator: Some(Person {
                account: AccountId::new(format!("person-{side}")),
                display_name: format!("P {side}"),
                email: None,
            }),
            issue_type: issue.issue_type.clone(),
            restricted: issue.restricted,
            level: None,
            tells_level: true,
            fields: issue.fields.clone(),
            ids: BTreeMap::new(),
            comments: Comments { list: issue.comments.clone(), complete: true },
            log,
            log_whole: true,
            mark: None,
            transitions: None,
        };
        Some(Observation {
            snapshot,
            steps,
            direct: again,
            again,
            outsiders: [AccountId::new(format!("outside-{side}"))].into(),
        })
    }

    /// What is offered where a read was just made.
    pub(crate) fn offers(&self, sides: &BTreeSet<SideId>) -> BTreeMap<SideId, Vec<TransitionOffer>> {
        let mut offers = BTreeMap::new();
        for side in self.item.replicas.keys().filter(|side| sides.contains(side)) {
            let NativeValue::Named(now) = self.held(side, "status") else { continue };
            let issue_type = on(side, "Bug");
            let to = self.workflows[side].from(&issue_type, &now.name).filter(|to| !self.closed.contains(*to));
            let list = to.map(|to| TransitionOffer {
                id: format!("to {to}"),
                name: format!("to {to}"),
                to: Named { id: format!("id-{to}"), name: to.to_owned() },
                required: asked(to),
                shows: BTreeSet::new(),
            });
            offers.insert(side.clone(), list.collect());
        }
        offers
    }

    /// Plans on what is seen of `sides`, without taking anything over.
    pub(crate) fn think(&self, sides: &BTreeSet<SideId>, again: bool) -> Plan {
        let observed: BTreeMap<SideId, Observation> =
            sides.iter().filter_map(|side| Some((side.clone(), self.observe(side, again)?))).collect();
        (self.rig.plan)(&self.input(&observed, &self.offers(sides)))
    }

    pub(crate) fn input<'a>(
        &'a self,
        observed: &'a BTreeMap<SideId, Observation>,
        offers: &'a BTreeMap<SideId, Vec<TransitionOffer>>,
    ) -> PlanInput<'a> {
        PlanInput {
            sync: &self.sync,
            catalogs: &self.catalogs,
            workflows: &self.workflows,
            skews: &self.skews,
            item: &self.item,
            observed,
            intents: &self.intents,
            belongs: &self.belongs,
            offers,
            watchers: &NO_WATCHERS,
            references: &jirasyncd::mapping::NO_REFERENCES,
            accepted: jirasyncd::model::configuration::Accepted::default(),
            braked: &NOTHING_BRAKED,
        }
    }

    /// Looks at `sides`, plans, checks the plan and takes its knowledge over. The plan's writes are not carried out.
    pub(crate) fn look(&mut self, sides: &BTreeSet<SideId>) -> Result<Plan, String> {
        self.look_as(sides, false)
    }

    fn look_as(&mut self, sides: &BTreeSet<SideId>, again: bool) -> Result<Plan, String> {
        let observed: BTreeMap<SideId, Observation> =
            sides.iter().filter_map(|side| Some((side.clone(), self.observe(side, again)?))).collect();
        let offers = self.offers(sides);
        let plan = (self.rig.plan)(&self.input(&observed, &offers));
        self.rounds += 1;
        let violations = check(&self.input(&observed, &offers), &plan);
        if let Some(violation) = violations.first().filter(|_| self.rig.checked) {
            return Err(format!("P10: {violation}"));
        }
        self.conflicts.extend(plan.conflicts.iter().cloned());
        self.holds.clone_from(&plan.holds);
        self.item = plan.item.clone();
        for seen in &plan.seen {
            self.move_intent(*seen, &IntentEvent::Seen);
        }
        // After a direct read an edit or hop holds no more doubt.
        let open: Vec<(OperationId, IntentState)> = self
            .intents
            .iter()
            .filter(|intent| observed.contains_key(&intent.operation.side))
            .filter(|intent| matches!(intent.operation.action, Action::SetFields { .. } | Action::Transition { .. }))
            .map(|intent| (intent.id, intent.state.clone()))
            .collect();
        for (id, state) in open {
            match state {
                IntentState::Answered => self.move_intent(id, &IntentEvent::Seen),
                IntentState::Open | IntentState::InDoubt => {
                    self.move_intent(id, &IntentEvent::Refused("not there".to_owned()));
                }
                IntentState::Confirmed | IntentState::Void(_) => {}
            }
        }
        self.judge_revisions(&observed.keys().cloned().collect());
        if plan.wanted.values().any(|wanted| wanted.contains(&Wanted::FreshRead)) {
            if again {
                return Err("a fresh read is wanted after a fresh read".to_owned());
            }
            return self.look_as(sides, true);
        }
        // What is to be written over is read first, and then planned anew.
        let overwritten = plan.operations.iter().filter(|operation| {
            matches!(operation.action, Action::SetFields { .. } | Action::Transition { .. })
                && self.rig.verifies
                && !observed.contains_key(&operation.side)
                && self.is_stale(&operation.side)
        });
        let unread: BTreeSet<SideId> = overwritten.map(|operation| operation.side.clone()).collect();
        let more = !plan.wanted.is_empty() || !unread.is_empty();
        if more && !again {
            let sides = sides.iter().chain(plan.wanted.keys()).chain(&unread).cloned().collect();
            return self.look_as(&sides, true);
        }
        Ok(plan)
    }

    fn move_intent(&mut self, id: OperationId, event: &IntentEvent) {
        let intent = self.intents.iter_mut().find(|intent| intent.id == id).unwrap();
        intent.state = intent.state.next(event).unwrap();
    }

    /// Resolves what is in doubt about creates and comments by looking for the mark.
    pub(crate) fn recover(&mut self) {
        let open: Vec<Intent> = self.intents.iter().filter(|intent| !intent.state.is_settled()).cloned().collect();
        for intent in open {
            let side = intent.operation.side.clone();
            match &intent.operation.action {
                Action::Create { .. } if !self.item.replicas.contains_key(&side) => {
                    let late = self.zombies.iter().any(|zombie| zombie.id == intent.id);
                    let found = self.issues.get(&side).and_then(|list| list.first()).map(|issue| issue.id);
                    match found.filter(|_| self.rig.marks) {
                        Some(id) => {
                            self.move_intent(intent.id, &IntentEvent::AnsweredYes);
                            let replica = self.bind(&side, id, true);
                            self.item.replicas.insert(side, replica);
                        }
                        // The lag bound is longer than any request lives: what is given up never lands.
                        None if !late => self.move_intent(intent.id, &IntentEvent::Refused("not found".to_owned())),
                        None => {}
                    }
                }
                Action::AddComment { origin, comment, .. } => {
                    let late = self.zombies.iter().any(|zombie| zombie.id == intent.id);
                    let marks = self.issue(&side).map(|issue| issue.marks.clone()).unwrap_or_default();
                    match marks.iter().find(|(_, id)| **id == intent.id) {
                        Some((copy, _)) => {
                            self.move_intent(intent.id, &IntentEvent::Seen);
                            self.copied(&side, origin, comment, copy);
                        }
                        None if !late => self.move_intent(intent.id, &IntentEvent::Refused("not found".to_owned())),
                        None => {}
                    }
                }
                // Another one was made meanwhile: the audit will count them.
                Action::Create { .. } if intent.state != IntentState::Answered => {
                    self.move_intent(intent.id, &IntentEvent::Refused("there is another".to_owned()));
                }
                Action::Create { .. } if self.item.replicas[&side].observed => {
                    self.move_intent(intent.id, &IntentEvent::Seen);
                }
                _ => {}
            }
        }
    }

    fn copied(&mut self, side: &SideId, origin: &SideId, comment: &CommentId, copy: &CommentId) {
        let of_copy = |intent: &&Intent| {
            matches!(&intent.operation.action, Action::AddComment { origin: o, comment: c, .. } if o == origin && c == comment)
                && &intent.operation.side == side
        };
        let written = self.intents.iter().rfind(of_copy).and_then(|intent| match &intent.operation.action {
            Action::AddComment { wanted, edits, .. } => {
                Some(WrittenCopy { body: wanted.clone(), edits: *edits, spent: None })
            }
            _ => None,
        });
        let records = self.item.comments.iter_mut();
        for record in records.filter(|record| &record.side == origin && &record.id == comment) {
            record.copies.insert(side.clone(), copy.clone());
            record.written.extend(written.clone().map(|written| (side.clone(), written)));
        }
    }

    fn comment_at(&mut self, side: &SideId, id: &CommentId) -> Option<&mut CommentSnapshot> {
        let issue = self.issues.get_mut(side)?.first_mut()?;
        issue.comments.iter_mut().find(|comment| &comment.id == id)
    }

    /// Notes what was done to a copy.
    fn revised(&mut self, operation: &Operation) {
        let side = &operation.side;
        if let Action::Link { to, key, .. } = &operation.action {
            self.item.replicas.get_mut(side).unwrap().links.insert(to.clone(), key.clone());
        }
        let (Action::EditComment { origin, comment, .. } | Action::DeleteComment { origin, comment, .. }) =
            &operation.action
        else {
            return;
        };
        let mut records = self.item.comments.iter_mut();
        let Some(record) = records.find(|record| &record.side == origin && &record.id == comment) else { return };
        record.strayed.remove(side);
        if let Action::EditComment { wanted, edits, .. } = &operation.action {
            record.written.insert(side.clone(), WrittenCopy { body: wanted.clone(), edits: *edits, spent: None });
        } else {
            record.copies.remove(side);
            record.written.remove(side);
        }
    }

    /// A read tells what became of changes to copies.
    fn judge_revisions(&mut self, sides: &BTreeSet<SideId>) {
        let open = self.intents.iter().filter(|intent| {
            let revises = matches!(
                intent.operation.action,
                Action::EditComment { .. } | Action::DeleteComment { .. } | Action::Link { .. }
            );
            revises && !intent.state.is_settled() && sides.contains(&intent.operation.side)
        });
        for intent in open.cloned().collect::<Vec<_>>() {
            let side = intent.operation.side.clone();
            let stands =
                |world: &mut Self, copy: &CommentId| world.comment_at(&side, copy).map(|there| text::read(&there.body));
            let done = match &intent.operation.action {
                Action::EditComment { copy, wanted, .. } => {
                    stands(self, copy).is_some_and(|stands| text::same(&stands, wanted))
                }
                Action::DeleteComment { copy, .. } => stands(self, copy).is_none(),
                _ => false,
            };
            if done {
                self.move_intent(intent.id, &IntentEvent::Seen);
                self.revised(&intent.operation);
            } else {
                self.move_intent(intent.id, &IntentEvent::Refused("not there".to_owned()));
            }
        }
    }

    /// What a write does to the issue, and the id it makes.
    fn effect(&mut self, id: OperationId, operation: &Operation) {
        let side = operation.side.clone();
        self.now += 1;
        match &operation.action {
            Action::Create { issue_type, fields, .. } => {
                let mut values: BTreeMap<FieldId, NativeValue> = BTreeMap::new();
                for write in fields.values() {
                    values.insert(write.field.clone(), self.stored(&side, &NativeValue::Empty, write));
                }
                // Jira has a default of its own.
                values.entry("priority".into()).or_insert_with(|| named(&on(&side, "Low")));
                self.add_issue(&side, issue_type.clone(), values);
            }
            Action::SetFields { fields } => {
                let Some(issue) = self.issue(&side).map(|issue| issue.id) else { return };
                let mut values = Vec::new();
                for write in fields.values() {
                    let before = self.held(&side, write.field.as_str());
                    values.push((write.field.clone(), self.stored(&side, &before, write)));
                }
                if self.meddling.as_ref() == Some(&side) && values.iter().any(|(f, _)| f.as_str() == "summary") {
                    values.retain(|(field, _)| field.as_str() != "priority");
                    values.push(("priority".into(), named(&on(&side, "High"))));
                }
                self.change(&side, issue, By::Us(id), values);
            }
            Action::Transition { from, to, fields, .. } => {
                let Some(issue) = self.issue(&side).map(|issue| issue.id) else { return };
                let NativeValue::Named(now) = self.held(&side, "status") else { return };
                // A transition is offered in one status only: elsewhere Jira refuses it.
                let given = |field: &FieldId| fields.values().any(|write| &write.field == field);
                if &now.name == from && asked(to).iter().all(|field| given(&field.id)) {
                    let mut values = vec![("status".into(), named(to))];
                    for write in fields.values() {
                        let before = self.held(&side, write.field.as_str());
                        values.push((write.field.clone(), self.stored(&side, &before, write)));
                    }
                    self.change(&side, issue, By::Us(id), values);
                }
            }
            Action::AddComment { body, .. } => {
                self.next += 1;
                // A Jira's own count: what happens elsewhere does not enter.
                let count = self.issue(&side).map_or(0, |issue| issue.marks.len());
                let (copy, now) = (CommentId::new(format!("k-{side}-{count}")), time(self.now));
                let author = Person { account: AccountId::new("sync"), display_name: "Sync".to_owned(), email: None };
                if let Some(issue) = self.issues.get_mut(&side).and_then(|list| list.first_mut()) {
                    issue.marks.insert(copy.clone(), id);
                    issue.comments.push(CommentSnapshot {
                        id: copy,
                        author: Some(author),
                        created: now,
                        updated: now,
                        body: body.clone(),
                        changed_by: Some(AccountId::new("sync")),
                        visibility: Visibility::Everybody,
                        answers_lost: false,
                        parent: None,
                        spent: None,
                        mark: None,
                    });
                }
            }
            Action::EditComment { copy, body, .. } => {
                let now = time(self.now);
                if let Some(there) = self.comment_at(&side, copy) {
                    there.body = body.clone();
                    there.updated = now;
                    there.changed_by = Some(AccountId::new("sync"));
                }
            }
            // What is written into copies stays there in this world.
            Action::Offer { .. } | Action::EditOriginal { .. } => {}
            Action::Link { link, .. } => {
                let issue = self.issues.get_mut(&side).and_then(|list| list.first_mut());
                issue.map(|issue| issue.links.insert(link.global_id.clone(), link.title.clone()));
            }
            Action::DeleteComment { copy, .. } => {
                if let Some(issue) = self.issues.get_mut(&side).and_then(|list| list.first_mut()) {
                    issue.comments.retain(|comment| &comment.id != copy);
                }
            }
            _ => unreachable!("this world carries no files and no issue links, and nothing in it goes"),
        }
        self.sent.push(operation.clone());
    }

    fn stored(
        &self,
        side: &SideId,
        before: &NativeValue,
        write: &jirasyncd::model::operation::FieldWrite,
    ) -> NativeValue {
        match &write.write {
            NativeWrite::Set(NativeValue::Text(text))
                if self.shouting.as_ref() == Some(side) && write.field.as_str() == "summary" =>
            {
                NativeValue::Text(text.to_uppercase())
            }
            NativeWrite::Set(NativeValue::Named(name)) => named(&name.name),
            NativeWrite::Set(value) => value.clone(),
            NativeWrite::Words { add, remove } => {
                let mut words = if let NativeValue::Words(words) = before { words.clone() } else { BTreeSet::new() };
                words.retain(|word| !remove.contains(word));
                words.extend(add.iter().cloned());
                if words.is_empty() { NativeValue::Empty } else { NativeValue::Words(words) }
            }
        }
    }

    /// Late writes land now.
    pub(crate) fn land(&mut self) {
        for zombie in std::mem::take(&mut self.zombies) {
            // Comments have no history: what such a write ran over cannot be kept, as `docs/promises.md` says.
            if let Action::EditComment { copy, .. } | Action::DeleteComment { copy, .. } = &zombie.operation.action {
                self.scribbles.retain(|(side, id, _)| side != &zombie.operation.side || id != copy);
            }
            self.effect(zombie.id, &zombie.operation);
        }
    }

    /// Whether anything happened on a side that the record does not know.
    fn is_stale(&self, side: &SideId) -> bool {
        let (Some(replica), Some(issue)) = (self.item.replicas.get(side), self.issue(side)) else { return false };
        issue.log.last().is_some_and(|(entry, _)| entry.id > replica.entry)
    }

    /// Carries one write out. `false`: the daemon died, or must look again first.
    fn send(&mut self, operation: &Operation, fate: Fate) -> bool {
        let side = operation.side.clone();
        let comment = operation.action.is_beside_the_fields();
        if !comment && self.rig.verifies && self.is_stale(&side) {
            return false;
        }
        self.next += 1;
        let id = OperationId(u128::from(self.next));
        self.intents.push(Intent {
            id,
            item: self.item.id,
            issue: self.item.replicas.get(&side).map(|replica| replica.issue),
            operation: operation.clone(),
            state: IntentState::Open,
            opened: time(self.now),
            opened_there: None,
            silent: false,
            searches: 0,
            brought: None,
        });
        match fate {
            Fate::Lost => return false,
            Fate::Late => {
                self.zombies.push(Zombie { id, operation: operation.clone() });
                return false;
            }
            Fate::Raced => {
                if let Action::SetFields { fields } = &operation.action
                    && let Some(write) = fields.values().next()
                {
                    let field = write.field.to_string();
                    let value = self.value(&side, &field, id.0 as usize);
                    self.set(&side, &field, value, By::Person);
                }
            }
            Fate::Done | Fate::Unheard => {}
        }
        self.effect(id, operation);
        if fate == Fate::Unheard {
            return false;
        }
        self.move_intent(id, &IntentEvent::AnsweredYes);
        match &operation.action {
            Action::Create { .. } => {
                let issue = self.issues[&side].last().unwrap().id;
                let replica = self.bind(&side, issue, true);
                self.item.replicas.insert(side, replica);
            }
            Action::AddComment { origin, comment, .. } => {
                let marks = &self.issue(&side).unwrap().marks;
                let copy = marks.iter().find(|(_, mark)| **mark == id).unwrap().0.clone();
                self.move_intent(id, &IntentEvent::Seen);
                self.copied(&side, origin, comment, &copy);
            }
            Action::EditComment { .. } | Action::DeleteComment { .. } | Action::Link { .. } | Action::Offer { .. } => {
                self.move_intent(id, &IntentEvent::Seen);
                self.revised(operation);
            }
            Action::SetFields { .. } | Action::Transition { .. } | Action::EditOriginal { .. } => {}
            _ => unreachable!("this world carries no files and no issue links, and nothing in it goes"),
        }
        true
    }

    /// One cycle of the daemon: recover, look at `sides`, write what the plan says. Each side's writes go on until one
    /// fails; `fate` decides for each write.
    pub(crate) fn cycle(&mut self, sides: &BTreeSet<SideId>, fate: &mut dyn FnMut() -> Fate) -> Result<bool, String> {
        self.recover();
        let plan = self.look(sides)?;
        let mut blocked: BTreeSet<SideId> = BTreeSet::new();
        for operation in &plan.operations {
            // A hop waits until the edit before it was looked at.
            if blocked.contains(&operation.side) {
                continue;
            }
            if !self.send(operation, fate()) || !operation.action.is_beside_the_fields() {
                blocked.insert(operation.side.clone());
            }
        }
        Ok(!plan.operations.is_empty())
    }

    pub(crate) fn everywhere(&self) -> BTreeSet<SideId> {
        self.sync.side_ids().cloned().collect()
    }

    /// Cycles without faults until nothing is planned any more.
    pub(crate) fn settle(&mut self) -> Result<(), String> {
        self.land();
        let sides = self.everywhere();
        self.rounds = 0;
        while self.rounds < MOST_ROUNDS {
            let open = self.intents.iter().any(|intent| !intent.state.is_settled());
            let busy = self.cycle(&sides, &mut || Fate::Done)?;
            if !busy && !open {
                return Ok(());
            }
        }
        let open: Vec<_> = self.intents.iter().filter(|intent| !intent.state.is_settled()).collect();
        let planned = self.think(&sides, false).operations;
        Err(format!("P3: not quiet after {MOST_ROUNDS} plans; still planned: {planned:?}; open: {open:?}"))
    }
}
