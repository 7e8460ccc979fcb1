//! Everything that an issue carries, one row each: how somebody sets it, and what a side shows of it. Must never judge.

use jirasyncd::simulator::{IssueView, Person, Refusal};
use serde_json::{Value, json};

use super::daemon_support::World;
use super::entities_beside;
use super::entities_told::{self, Told};
use super::everything_audit::{comments, files, shown, worklogs};
use super::everything_people::Taken;
use super::everything_people::{far, find};
use super::everything_values::{date, element, step};
use super::everything_world::{
    BOARD, COMPONENTS, CUSTOM, Custom, EPIC_LINK, EPIC_NAME, INSIDE, LEVEL, PRIORITIES, SECRET, SIDES, STATUSES, STORY,
    VERSIONS,
};

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Subject {
    Type,
    Summary,
    Description,
    Environment,
    Priority,
    Labels,
    Assignee,
    Reporter,
    Due,
    Status,
    Components,
    FixVersions,
    AffectsVersions,
    Estimate,
    Remaining,
    Custom(Custom),
    Comment,
    File,
    Work,
    Link,
    FarLink,
    Epic,
    Watchers,
    /// Only home's crosses, and all else under it: so it is tried by itself.
    Level,
    SubTask,
    Conversion,
    Votes,
    Resolution,
    EpicName,
    Request,
    Project,
    Version,
    Component,
    /// What is told in words of ours, or to some readers alone, see `entities_told`.
    Told(Told),
}

/// The rows with items of their own, see `entities_beside`.
pub(crate) const BESIDE: [Subject; 9] = [
    Subject::Resolution,
    Subject::EpicName,
    Subject::Request,
    Subject::Project,
    Subject::SubTask,
    Subject::Conversion,
    Subject::Votes,
    Subject::Version,
    Subject::Component,
];

/// All rows of one issue, as the table shows them.
pub(crate) fn all() -> Vec<Subject> {
    use Subject::{
        AffectsVersions, Assignee, Comment, Components, Description, Due, Environment, Epic, Estimate, FarLink, File,
        FixVersions, Labels, Link, Priority, Remaining, Reporter, Status, Summary, Type, Watchers, Work,
    };
    let fields = [
        Type,
        Summary,
        Description,
        Environment,
        Priority,
        Labels,
        Assignee,
        Reporter,
        Due,
        Status,
        Components,
        FixVersions,
        AffectsVersions,
        Estimate,
        Remaining,
    ];
    let custom = CUSTOM.into_iter().filter(|field| *field != Custom::Secret).map(Subject::Custom);
    fields.into_iter().chain(custom).chain([Comment, File, Work, Link, FarLink, Epic, Watchers]).collect()
}

impl Subject {
    /// What it is called in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Type => "issue type",
            Self::Summary => "summary",
            Self::Description => "description (rich text)",
            Self::Environment => "environment (rich text)",
            Self::Priority => "priority",
            Self::Labels => "labels",
            Self::Assignee => "assignee",
            Self::Reporter => "reporter",
            Self::Due => "due date",
            Self::Status => "status",
            Self::Components => "components",
            Self::FixVersions => "fix versions",
            Self::AffectsVersions => "affects versions",
            Self::Estimate => "original estimate",
            Self::Remaining => "remaining estimate",
            Self::Custom(field) => field.title(),
            Self::Comment => "comments",
            Self::File => "attachments",
            Self::Work => "worklogs",
            Self::Link => "issue links",
            Self::FarLink => "issue links out of the sync",
            Self::Epic => "parent: an epic",
            Self::Watchers => "watchers",
            Self::Level => "security level",
            Self::SubTask => "sub-task: its parent",
            Self::Conversion => "sub-task: an issue that becomes one",
            Self::Votes => "votes, as a number",
            Self::Resolution => "resolution",
            Self::EpicName => "epic name",
            Self::Request => "request type",
            Self::Project => "project, read",
            Self::Version => "versions of a project",
            Self::Component => "components of a project",
            Self::Told(row) => row.title(),
        }
    }

    /// Its field on a side, as a screen names it; none of what is no field.
    pub(crate) fn field(self, column: usize) -> Option<String> {
        let name = match self {
            Self::Type => "issuetype",
            Self::Summary => "summary",
            Self::Description => "description",
            Self::Environment => "environment",
            Self::Priority => "priority",
            Self::Labels => "labels",
            Self::Assignee => "assignee",
            Self::Reporter => "reporter",
            Self::Due => "duedate",
            Self::Components => "components",
            Self::FixVersions => "fixVersions",
            Self::AffectsVersions => "versions",
            Self::Estimate | Self::Remaining => "timetracking",
            Self::Custom(field) => return Some(field.id(column)),
            Self::Epic if column == 1 => EPIC_LINK,
            Self::Epic => "parent",
            Self::Level => "security",
            Self::Status | Self::Comment | Self::File | Self::Work | Self::Link | Self::FarLink | Self::Watchers => {
                return None;
            }
            Self::SubTask
            | Self::Conversion
            | Self::Votes
            | Self::Resolution
            | Self::EpicName
            | Self::Request
            | Self::Project
            | Self::Version
            | Self::Component
            | Self::Told(_) => return None,
        };
        Some(name.to_owned())
    }

    /// Whether a problem, as it is kept, is about it.
    pub(crate) fn is_meant(self, problem: &str) -> bool {
        let words: &[&str] = match self {
            Self::Type => &["type"],
            Self::Due => &["due-date"],
            Self::FixVersions => &["fix-versions"],
            Self::AffectsVersions => &["affects-versions"],
            Self::Estimate => &["original-estimate"],
            Self::Remaining => &["remaining-estimate"],
            Self::Custom(field) => return problem.contains(&field.name()),
            Self::Comment => &["comment"],
            Self::File => &["attach", "file"],
            Self::Work => &["work"],
            Self::Link | Self::FarLink => &["link"],
            Self::Epic | Self::SubTask => &["parent"],
            Self::Conversion => &["sub-task"],
            Self::Votes => &["popularity"],
            Self::Resolution => &["resolution", "status", "transition"],
            Self::EpicName => &["epic-name"],
            Self::Request => &["request"],
            Self::Project => &["origin"],
            Self::Version => &["version"],
            Self::Component => &["component"],
            Self::Told(row) => row.words(),
            Self::Watchers => &["watch"],
            Self::Status => &["status", "transition"],
            Self::Summary
            | Self::Description
            | Self::Environment
            | Self::Priority
            | Self::Labels
            | Self::Assignee
            | Self::Reporter
            | Self::Level
            | Self::Components => return problem.contains(&self.field(0).unwrap_or_default()),
        };
        words.iter().any(|word| problem.contains(word))
    }

    /// Whether what two people do at once stands side by side.
    pub(crate) fn is_set(self) -> bool {
        if let Self::Custom(field) = self {
            return field.is_set();
        }
        matches!(
            self,
            Self::Labels
                | Self::Components
                | Self::FixVersions
                | Self::AffectsVersions
                | Self::File
                | Self::Link
                | Self::FarLink
                | Self::Watchers
                | Self::Told(Told::Note)
        )
    }

    /// What a side shows of it, in words that are the same on every side.
    pub(crate) fn shown(self, world: &World, column: usize, view: &IssueView) -> String {
        let both = |own: Vec<String>, copies: Vec<String>| {
            let mut all = [own, copies].concat();
            all.sort();
            all.join(" | ")
        };
        let field = |name: &str| shown(world, column, view).get(name).cloned().unwrap_or_default();
        match self {
            Self::Custom(custom) => field(&custom.name()),
            Self::Reporter => super::everything_audit::people(world, column, &raw(view, "reporter")),
            Self::Remaining => raw(view, "timeestimate"),
            Self::Estimate => field("timeoriginalestimate"),
            Self::Comment => {
                let taken = Taken::default();
                both(comments(view, column, None, &taken), comments(view, column, Some("Words"), &taken))
            }
            Self::File => both(files(view, column, None), files(view, column, Some("f-"))),
            Self::Work => both(worklogs(view, column, None), worklogs(view, column, Some("Words"))),
            Self::Link => field("links"),
            Self::FarLink => field("far"),
            Self::Epic => field("parent"),
            Self::Watchers => field("watchers"),
            Self::Status => field("status"),
            Self::SubTask
            | Self::Conversion
            | Self::Votes
            | Self::Resolution
            | Self::EpicName
            | Self::Request
            | Self::Project
            | Self::Version
            | Self::Component
            | Self::Told(_) => String::new(),
            // What the row of the levels' world says.
            Self::Level => match (column, raw(view, "security").as_str()) {
                (0, level) => level.to_owned(),
                (_, INSIDE) => LEVEL.to_owned(),
                (_, LEVEL) => SECRET.to_owned(),
                (_, other) => other.to_owned(),
            },
            Self::Type
            | Self::Summary
            | Self::Description
            | Self::Environment
            | Self::Priority
            | Self::Labels
            | Self::Assignee
            | Self::Due
            | Self::Components
            | Self::FixVersions
            | Self::AffectsVersions => field(&self.field(column).unwrap_or_default()),
        }
    }

    /// Gives it its `number`-th value, as the person at that place.
    pub(crate) fn put(self, at: &Place<'_>, number: usize) -> Result<(), Refusal> {
        let (who, key, column) = (&at.who, at.key.as_str(), at.column);
        let text = format!("Words {number} by{}z", SIDES[column].jira);
        let person = SIDES[column].people[number % 3];
        // There are three of each: the fifth act takes one away.
        let verb = if number > 3 { "remove" } else { "add" };
        match self {
            Self::Type => {
                let types = SIDES[column].types;
                let name = [types[1], types[0], types[1], STORY, types[1], types[0]][number];
                who.edit(key, json!({ "issuetype": { "name": name } }))
            }
            Self::Summary => who.edit(key, json!({ "summary": format!("{} {text}", at.token) })),
            Self::Description | Self::Environment => {
                who.edit(key, json!({ self.field(column).unwrap_or_default(): who.text(&text) }))
            }
            Self::Priority => who.edit(key, json!({ "priority": { "name": PRIORITIES[number % 3][column] } })),
            Self::Labels => who.update(key, step("labels", verb, &json!(format!("word-{}", number % 3)))),
            Self::Assignee => who.assign(key, Some(person)),
            Self::Reporter => who.edit(key, json!({ "reporter": element(Custom::Owner, column, number, "") })),
            Self::Due => who.edit(key, json!({ "duedate": date(number + 1) })),
            Self::Status => who.transition(key, STATUSES[column][(number + 1) % 3]),
            Self::Components => who.update(key, step("components", verb, &json!({ "name": COMPONENTS[number % 3] }))),
            Self::FixVersions => who.update(key, step("fixVersions", verb, &json!({ "name": VERSIONS[number % 3] }))),
            Self::AffectsVersions => who.update(key, step("versions", verb, &json!({ "name": VERSIONS[number % 3] }))),
            Self::Estimate => at.tracking("originalEstimate", &json!(format!("{}h", number + 1))),
            Self::Remaining => at.tracking("remainingEstimate", &json!(format!("{}h", number + 2))),
            Self::Custom(Custom::Notes) => who.edit(key, json!({ Custom::Notes.id(column): who.text(&text) })),
            Self::Custom(field) if field.is_set() => who.update(
                key,
                step(&field.id(column), verb, &element(field, column, number, &format!("t{}", number % 3))),
            ),
            Self::Custom(field) => {
                who.edit(key, json!({ field.id(column): element(field, column, number, &format!("t{number}")) }))
            }
            Self::Comment => match at.issue().comments.first() {
                Some(first) if number > 0 => who.edit_comment(key, &first.id.to_string(), &text),
                _ => who.comment(key, &text).map(drop),
            },
            Self::File => {
                who.attach(key, &format!("f-{number}by{}z.txt", SIDES[column].jira), text.as_bytes()).map(drop)
            }
            Self::Work => match at.issue().worklogs.first() {
                Some(first) if number > 0 => {
                    let work = json!({ "timeSpentSeconds": 600 * (number + 1), "comment": who.text(&text) });
                    who.edit_worklog(key, &first.id.to_string(), work)
                }
                _ => {
                    // With the estimate left alone: it is a row of its own.
                    let work = json!({ "started": "2026-03-10T08:30:00.250+0100", "timeSpentSeconds": 600,
                        "comment": who.text(&text) });
                    who.add_worklog(key, work).map(drop)
                }
            },
            Self::Level => {
                let names = if column == 0 { [LEVEL, SECRET, BOARD] } else { [INSIDE, LEVEL, BOARD] };
                who.edit(key, json!({ "security": { "name": names[[0, 1, 0, 2][number]] } }))
            }
            Self::Link | Self::FarLink if number > 3 => who.unlink(at.links(self == Self::FarLink)[0]),
            Self::FarLink => who.link(key, "Blocks", &far(at.world, column, "FAR", number % 3)),
            Self::Link => who.link(key, "Blocks", &at.other(&format!("Other-{}", number % 3))),
            Self::Epic => {
                let epic = at.other(&format!("Epic-{}", number % 3));
                let value = if column == 1 { json!(epic) } else { json!({ "key": epic }) };
                who.edit(key, json!({ self.field(column).unwrap_or_default(): value }))
            }
            Self::SubTask
            | Self::Conversion
            | Self::Votes
            | Self::Resolution
            | Self::EpicName
            | Self::Request
            | Self::Project
            | Self::Version
            | Self::Component => entities_beside::put(self, at, number),
            Self::Told(row) => entities_told::put(row, at, number),
            // Whoever makes it or comments on it watches anyway.
            Self::Watchers => match number {
                1 | 4 => who.remove_watcher(key, SIDES[column].people[2]),
                3 => who.add_watcher(key, SIDES[column].people[0]),
                _ => who.add_watcher(key, SIDES[column].people[2]),
            },
        }
    }

    /// Takes it away, all of it.
    pub(crate) fn take(self, at: &Place<'_>) -> Result<(), Refusal> {
        let (who, key, column) = (&at.who, at.key.as_str(), at.column);
        let issue = at.issue();
        match self {
            Self::Comment => issue.comments.iter().try_for_each(|own| who.delete_comment(key, &own.id.to_string())),
            Self::File => issue.attachments.iter().try_for_each(|own| who.detach(&own.id.to_string())),
            Self::Work => issue.worklogs.iter().try_for_each(|own| who.delete_worklog(key, &own.id.to_string())),
            Self::Link | Self::FarLink => {
                at.links(self == Self::FarLink).into_iter().try_for_each(|link| who.unlink(link))
            }
            Self::Watchers => {
                let watching = at.world.jira(SIDES[column].jira).watchers(key);
                let people = SIDES[column].people.iter().filter(|name| watching.contains(**name));
                people.into_iter().try_for_each(|name| who.remove_watcher(key, name))
            }
            Self::Assignee => who.assign(key, None),
            Self::Epic if column != 1 => who.update(key, json!({ "parent": [{ "set": { "none": true } }] })),
            Self::Estimate => at.tracking("originalEstimate", &Value::Null),
            Self::Remaining => at.tracking("remainingEstimate", &json!("0m")),
            Self::SubTask
            | Self::Conversion
            | Self::Votes
            | Self::Resolution
            | Self::EpicName
            | Self::Request
            | Self::Project
            | Self::Version
            | Self::Component => entities_beside::take(self, at),
            Self::Told(row) => entities_told::take(row, at),
            Self::Type
            | Self::Summary
            | Self::Description
            | Self::Environment
            | Self::Priority
            | Self::Labels
            | Self::Reporter
            | Self::Due
            | Self::Status
            | Self::Components
            | Self::FixVersions
            | Self::AffectsVersions
            | Self::Custom(_)
            | Self::Level
            | Self::Epic => {
                let nothing = if self.is_set() { json!([]) } else { Value::Null };
                who.edit(key, json!({ self.field(column).unwrap_or_default(): nothing }))
            }
        }
    }
}

fn raw(view: &IssueView, field: &str) -> String {
    view.fields.get(field).cloned().unwrap_or_default()
}

/// Somebody at the item of these rows.
pub(crate) struct Place<'a> {
    pub(crate) world: &'a World,
    pub(crate) column: usize,
    pub(crate) who: Person,
    pub(crate) key: String,
    pub(crate) token: &'static str,
}

impl<'a> Place<'a> {
    /// The person at a side who may change what others made.
    pub(crate) fn new(world: &'a World, column: usize, token: &'static str) -> Self {
        let side = &SIDES[column];
        let key = find(world, side.jira, token).unwrap_or_else(|| panic!("no {token} at {}", side.jira)).key;
        Self { world, column, who: world.person(side.jira, side.people[side.role.1]), key, token }
    }

    fn issue(&self) -> IssueView {
        self.world.jira(SIDES[self.column].jira).issue(&self.key).unwrap()
    }

    /// The ids of its links to other items, or of those out of the sync.
    fn links(&self, far: bool) -> Vec<u64> {
        let home = format!("{}-", SIDES[self.column].project);
        let links = self.issue().issue_links.into_iter().filter(|link| link.other.starts_with(&home) != far);
        links.map(|link| link.id).collect()
    }

    pub(crate) fn other(&self, token: &str) -> String {
        self.other_issue(token).key
    }

    pub(crate) fn other_issue(&self, token: &str) -> IssueView {
        find(self.world, SIDES[self.column].jira, token).unwrap_or_else(|| panic!("no {token}"))
    }

    /// One of the two estimates, with the other as it is: Jira takes both at once.
    fn tracking(&self, name: &str, value: &Value) -> Result<(), Refusal> {
        let issue = self.issue();
        let seconds = |field: &str| raw(&issue, field).parse::<u64>().ok().map(|seconds| format!("{}m", seconds / 60));
        let mut tracking = json!({});
        for (other, field) in [("originalEstimate", "timeoriginalestimate"), ("remainingEstimate", "timeestimate")] {
            if let Some(left) = seconds(field) {
                tracking[other] = json!(left);
            }
        }
        tracking[name] = value.clone();
        self.who.edit(&self.key, json!({ "timetracking": tracking }))
    }
}

/// Makes the item, three epics and three issues to link to, at a side.
pub(crate) fn make(world: &World, column: usize, token: &str) {
    let side = &SIDES[column];
    let who = world.person(side.jira, side.people[0]);
    for number in 0..3 {
        let mut epic = json!({ "summary": format!("Epic-{number}") });
        if column == 1 {
            epic[EPIC_NAME] = json!(format!("Epic-{number}"));
        }
        who.create(side.project, side.types[2], epic).unwrap();
        who.create(side.project, side.types[1], json!({ "summary": format!("Other-{number}") })).unwrap();
    }
    who.create(side.project, side.types[0], json!({ "summary": token })).unwrap();
}
