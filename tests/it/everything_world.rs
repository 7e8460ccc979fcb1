//! Three Jiras whose issues hold everything that is carried, and the configuration that carries it. Must never act in them.

use jirasyncd::simulator::{FieldSetup, FieldType, Holder, Limits, ProjectSetup, Setup, SprintState, TransitionSetup};

use super::daemon_support::{THREE, World};
use super::entities_beside;
use super::entities_told;
use super::everything_carried::Carried;
use super::everything_derived;
use super::everything_lives::Policies;

/// One side: the Jira, its project, its people (the same place is the same person), its types (Bug, Task, Epic, Sub-task), a role
/// in which the sync user and the person at that place are.
pub(crate) struct Side {
    pub(crate) jira: &'static str,
    pub(crate) project: &'static str,
    pub(crate) people: [&'static str; 3],
    pub(crate) types: [&'static str; 4],
    pub(crate) role: (&'static str, usize),
}

pub(crate) const SIDES: [Side; 3] = [
    Side {
        jira: "acme",
        project: "SUP",
        people: ["jane", "omar", "li"],
        types: ["Bug", "Task", "Epic", "Subtask"],
        role: ("Administrators", 0),
    },
    Side {
        jira: "globex",
        project: "ENG",
        people: ["jdoe", "mlopez", "kchan"],
        types: ["Defect", "Task", "Epic", "Sub-task"],
        role: ("Administrators", 1),
    },
    Side {
        jira: "initech",
        project: "OPS",
        people: ["petra", "juergen", "anna"],
        types: ["Fehler", "Aufgabe", "Epic", "Unteraufgabe"],
        role: ("Administrators", 0),
    },
];
/// A project beside the one that is synced, whose keys may be shown elsewhere (FAR), or may not (HID).
pub(crate) fn beside(what: &str, column: usize) -> String {
    format!("{what}{}", SIDES[column].jira.chars().next().unwrap().to_ascii_uppercase())
}

/// The role of acme whose comments are for globex, and who of its people is in it.
pub(crate) const DESK: (&str, usize) = ("Globex desk", 1);
/// Where `from` holds: the one of globex whose acts stay there.
pub(crate) const OUTSIDER: (usize, usize) = (1, 2);
pub(crate) const TEAM: &str = "Crossing";
/// Who watches, but on the side where `from` holds: nobody signs for it, so none of its people's would cross.
pub(crate) const WATCHED: &str = "watchers = { from = [\"acme\", \"initech\"], on-unmapped = \"skip\" }\n";

pub(crate) const PRIORITIES: [[&str; 3]; 3] =
    [["Highest", "P1", "Hoch"], ["Medium", "P3", "Mittel"], ["Low", "P4", "Niedrig"]];
pub(crate) const STATUSES: [&[&str]; 3] =
    [&["To Do", "In Progress", "Done"], &["Open", "Working", "Closed"], &["Neu", "In Arbeit", "Fertig"]];
pub(crate) const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];
pub(crate) const COMPONENTS: [&str; 3] = ["Api", "Web", "Db"];
pub(crate) const OPTIONS: [&str; 3] = ["Linux", "Mac", "Windows"];
pub(crate) const GROUPS: [&str; 3] = ["red", "blue", "green"];
/// The keys of projects that every side has, each under a name of its own, and in which nothing is done.
pub(crate) const PICKED: [&str; 3] = ["ONE", "TWO", "TRE"];
/// A type that is called the same everywhere.
pub(crate) const STORY: &str = "Story";
pub(crate) const LEVEL: &str = "Staff";
/// A level of home that has no row.
pub(crate) const SECRET: &str = "Secret";
/// What a partner calls home's level where a row has it. Only those in the role see what has it.
pub(crate) const INSIDE: &str = "Inside";
/// The row for one of home's levels ([`LEVEL`], [`INSIDE`]).
pub(crate) const LEVELED: &str =
    "security = { values = [ { acme = \"Staff\", globex = \"Inside\", initech = \"Inside\" } ] }\n";
/// A level that is called the same everywhere, where all levels have a row.
pub(crate) const BOARD: &str = "Board";
/// The label that takes an issue out of the clauses of the world where issues have a life.
pub(crate) const PARKED: &str = "share-parked";
pub(crate) const EPIC_LINK: &str = "customfield_10100";
pub(crate) const EPIC_NAME: &str = "customfield_10101";

/// A custom field that every side has under the same name and another id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Custom {
    Effort,
    Start,
    Target,
    Platforms,
    Size,
    Checks,
    Region,
    Site,
    Owner,
    Reviewers,
    Team,
    Teams,
    Notes,
    Client,
    Tags,
    Release,
    Releases,
    Grade,
    Sprint,
    /// The one that no configuration carries.
    Secret,
    Project,
}

/// All of them, the secret one last.
pub(crate) const CUSTOM: [Custom; 21] = [
    Custom::Effort,
    Custom::Start,
    Custom::Target,
    Custom::Platforms,
    Custom::Size,
    Custom::Checks,
    Custom::Region,
    Custom::Site,
    Custom::Owner,
    Custom::Reviewers,
    Custom::Team,
    Custom::Teams,
    Custom::Notes,
    Custom::Client,
    Custom::Tags,
    Custom::Release,
    Custom::Releases,
    Custom::Grade,
    Custom::Sprint,
    Custom::Project,
    Custom::Secret,
];

impl Custom {
    /// What it is called on every side, prefixed so that it is not one of the presets' names.
    pub(crate) fn name(self) -> String {
        format!("All {self:?}")
    }

    /// What kind of field it is, as Jira's administrators call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Effort => "number",
            Self::Start => "date and time",
            Self::Target => "date",
            Self::Platforms => "select, several choices",
            Self::Size => "radio buttons",
            Self::Checks => "checkboxes",
            Self::Region => "cascading select",
            Self::Site => "URL",
            Self::Owner => "user picker",
            Self::Reviewers => "user picker, several users",
            Self::Team => "group picker",
            Self::Teams => "group picker, several groups",
            Self::Notes => "text, several lines",
            Self::Client | Self::Secret => "text, one line",
            Self::Tags => "labels (custom field)",
            Self::Release => "version picker, one version",
            Self::Releases => "version picker, several versions",
            Self::Grade => "select, one choice",
            Self::Sprint => "sprint",
            Self::Project => "project picker",
        }
    }

    pub(crate) fn id(self, column: usize) -> String {
        format!("customfield_{}", 21_000 + 10_000 * column + self as usize)
    }

    fn kind(self) -> FieldType {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        match self {
            Self::Effort => FieldType::Number,
            Self::Start => FieldType::DateTime,
            Self::Target => FieldType::Date,
            Self::Platforms => FieldType::MultiSelect(names(&OPTIONS)),
            Self::Size => FieldType::Radio(names(&OPTIONS)),
            Self::Checks => FieldType::Checkboxes(names(&OPTIONS)),
            Self::Region => FieldType::Cascade(
                OPTIONS.iter().map(|name| ((*name).to_owned(), names(&["North", "South"]))).collect(),
            ),
            Self::Site => FieldType::Url,
            Self::Owner => FieldType::User,
            Self::Reviewers => FieldType::Users,
            Self::Team => FieldType::Group,
            Self::Teams => FieldType::Groups,
            Self::Notes => FieldType::RichText,
            Self::Client | Self::Secret => FieldType::Text,
            Self::Tags => FieldType::Labels,
            Self::Release => FieldType::Version,
            Self::Releases => FieldType::Versions,
            Self::Grade => FieldType::Select(names(&OPTIONS)),
            Self::Sprint => FieldType::Sprint,
            Self::Project => FieldType::Project,
        }
    }

    /// Whether its elements come and go each on its own.
    pub(crate) fn is_set(self) -> bool {
        matches!(self, Self::Platforms | Self::Checks | Self::Reviewers | Self::Teams | Self::Tags | Self::Releases)
    }
}

/// The built-in fields that are compared.
pub(crate) const BUILT_IN: [&str; 14] = [
    "summary",
    "description",
    "environment",
    "priority",
    "labels",
    "assignee",
    "duedate",
    "status",
    "issuetype",
    "components",
    "fixVersions",
    "versions",
    "timeoriginalestimate",
    "timeestimate",
];

/// Who sees whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sight {
    /// Three sides that hold everything of each other.
    Open,
    /// Home and two partners that do not see each other, one with `from`, and a role's comments for one of them.
    Apart,
}

fn config(sight: Sight) -> String {
    config_of(sight, &CUSTOM)
}

/// The same with only some of the custom fields.
fn config_of(sight: Sight, custom: &[Custom]) -> String {
    let mut text = THREE.to_owned();
    if sight == Sight::Open {
        for partner in ["globex", "initech"] {
            text = text.replace(&format!(", sees = [\"acme\"], when = \"labels = share-{partner}\""), "");
        }
        text = text.replace("status = { across = true }", "status = \"both\"");
    } else {
        text = text.replace("project = \"ENG\"", &format!("project = \"ENG\", from = [\"group:{TEAM}\"]"));
    }
    let types = "issue-type = [ { acme = \"Story\", globex = \"Story\", initech = \"Story\" },
        { acme = \"Epic\", globex = \"Epic\", initech = \"Epic\" },
        { acme = \"Subtask\", globex = \"Sub-task\", initech = \"Unteraufgabe\" },
        ";
    let users =
        "users = [ { acme = \"omar@acme.example\", globex = \"mlopez\", initech = \"juergen@initech.example\" },
        { acme = \"li@acme.example\", globex = \"kchan\", initech = \"anna@initech.example\" },
        ";
    let mut rows = "summary = \"both\"\nenvironment = \"both\"\ncomponents = \"both\"\nfix-versions = { on-unmapped = \"create\" }\n\
        affects-versions = \"both\"\noriginal-estimate = \"both\"\nparent = \"both\"\n"
        .to_owned();
    let far: Vec<String> =
        (0..3).map(|column| format!("{} = [\"{}\"]", SIDES[column].jira, beside("FAR", column))).collect();
    rows += &format!("links = {{ not-synced = {{ {} }} }}\n", far.join(", "));
    // Nobody signs for who watches, so the configuration warns of watchers beside `from`: some lives carry them there (`WATCHED`).
    if sight == Sight::Open {
        rows += "watchers = { on-unmapped = \"skip\" }\n";
    }
    for custom in custom.iter().filter(|custom| **custom != Custom::Secret) {
        rows += &format!("\"{}\" = \"both\"\n", custom.name());
    }
    let files = if sight == Sight::Open { "\"both\"" } else { "{ names = [\"*\"] }" };
    text = text.replacen("home = \"acme\"", &format!("home = \"acme\"\nattachments = {files}"), 1);
    text = text.replacen("issue-type = [ ", types, 1).replacen("users = [ ", users, 1);
    text = text.replacen("summary = \"both\"\n", &rows, 1);
    if sight == Sight::Apart {
        text += &format!("restricted = [ {{ acme = \"role:{}\", with = \"globex\" }} ]\n", DESK.0);
    }
    text + "[sync.support.worklogs]\nunrestricted = \"both\"\n"
}

fn enrich(setup: &mut Setup, column: usize) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let side = &SIDES[column];
    setup.fields.extend(CUSTOM.iter().map(|field| FieldSetup::new(&field.id(column), &field.name(), field.kind())));
    if column == 1 {
        setup.fields.push(FieldSetup::new(EPIC_LINK, "Epic Link", FieldType::EpicLink));
        setup.fields.push(FieldSetup::new(EPIC_NAME, "Epic Name", FieldType::EpicName));
    }
    setup.groups.extend(names(&GROUPS));
    let id = |name: &str| setup.users.iter().find(|user| user.name == name).map(|user| user.id.clone()).unwrap();
    let team = side.people.iter().enumerate().filter(|(place, _)| (column, *place) != OUTSIDER);
    let team = team.map(|(_, name)| id(name)).collect();
    setup.group_members.insert(TEAM.to_owned(), team);
    let project: &mut ProjectSetup = &mut setup.projects[0];
    project.types.retain(|(name, _)| name != STORY);
    let types = [(side.types[2], false), (side.types[3], true), (STORY, false)];
    project.types.extend(types.map(|(name, sub_task)| (name.to_owned(), sub_task)));
    // The same names under other numbers on each side.
    let sprints = (0..3).map(|place| format!("Sprint {}", 1 + (place + column) % 3));
    project.sprints = sprints.map(|name| (name, SprintState::Future)).collect();
    project.components = names(&COMPONENTS);
    project.versions = names(&VERSIONS);
    project.security_levels = names(&[LEVEL, if column == 0 { SECRET } else { INSIDE }]);
    project.level_members.insert(INSIDE.to_owned(), [Holder::Role(side.role.0.to_owned())].into());
    project.service_desk = column != 2;
    // Every status can be reached from every other, so that nobody is told of a way that is missing.
    if column == 1 {
        project.transitions.push(TransitionSetup::new("Resume", &["Closed"], "Working"));
    } else if column == 2 {
        project.transitions.push(TransitionSetup::new("Wieder öffnen", &["Fertig"], "Neu"));
    }
    for key in ["SET_ISSUE_SECURITY", "DELETE_ISSUES"] {
        project.permissions.insert(key.to_owned(), [Holder::LoggedIn].into());
    }
    let mut other = project.clone();
    (other.components, other.versions, other.sprints) = (Vec::new(), Vec::new(), Vec::new());
    for (number, what) in ["FAR", "HID", "ATT"].into_iter().enumerate() {
        let key = beside(what, column);
        setup.projects.push(ProjectSetup { name: key.clone(), key, id: 11_000 + number as u64, ..other.clone() });
    }
    for (number, key) in PICKED.into_iter().enumerate() {
        let name = format!("{key} {}", ["works", "yard", "Werk"][column]);
        setup.projects.push(ProjectSetup { name, key: key.to_owned(), id: 11_010 + number as u64, ..other.clone() });
    }
    // Faults say when there is too much; a limit of its own would only slow the run.
    setup.limits = Limits::off();
}

/// What a configuration says of issues that are not where they were, and, where nothing else says which issues join, clauses that
/// an issue can leave.
fn with_lives(config: &str, policies: Policies) -> String {
    let mut text = config.to_owned();
    if !text.contains("when = ") {
        let clause = format!("jql = \"labels is EMPTY OR labels != {PARKED}\", instance = ");
        for side in &SIDES {
            let begin = format!("side.{} = {{ ", side.jira);
            text = text.replace(&format!("{begin}instance = "), &format!("{begin}{clause}"));
        }
    }
    text = text.replacen("[sync.support]\n", &format!("[sync.support]\n{}", entities_beside::THINGS), 1);
    if policies.flows {
        text = text.replacen("unrestricted = \"both\"\n", "unrestricted = \"both\"\ncopies = \"flow-back\"\n", 1);
    }
    text + &policies.table()
}

/// The world, its daemon not started, where issues have a life.
pub(crate) fn world_of_lives(sight: Sight, policies: Policies) -> World {
    filled(&with_lives(&full(sight), policies))
}

/// The world, its daemon not started.
pub(crate) fn world(sight: Sight) -> World {
    filled(&full(sight))
}

/// Home and two partners that do not see each other, perhaps without the time that remains, with what a life carries besides.
pub(crate) fn world_apart(policies: Option<Policies>, remaining: bool, carried: Carried) -> World {
    let text = full(Sight::Apart);
    let text = policies.map_or_else(|| text.clone(), |policies| with_lives(&text, policies));
    let text = if remaining { text } else { text.replacen("remaining-estimate = \"both\"\n", "", 1) };
    prepared_with(&carried.config(&text), |setup, column| {
        everything_derived::enrich(setup, column);
        carried.enrich(setup, column);
    })
}

/// Home and two partners that do not see each other, where who watches is carried as well.
pub(crate) fn world_watched() -> World {
    filled(&with_watchers(&full(Sight::Apart)))
}

fn with_watchers(config: &str) -> String {
    config.replacen("summary = \"both\"\n", &format!("summary = \"both\"\n{WATCHED}"), 1)
}

/// Home and two partners that do not see each other, and a row for one of home's security levels; perhaps with who watches.
pub(crate) fn world_with_levels(policies: Option<Policies>, watched: bool) -> World {
    let row = format!("summary = \"both\"\n{LEVELED}");
    let config = full(Sight::Apart).replacen("summary = \"both\"\n", &row, 1);
    let config = if watched { with_watchers(&config) } else { config };
    filled(&policies.map_or_else(|| config.clone(), |policies| with_lives(&config, policies)))
}

/// The same with only some sides, which hold everything of each other.
pub(crate) fn world_of(columns: &[usize]) -> World {
    let absent = SIDES.iter().enumerate().filter(|(column, _)| !columns.contains(column));
    let all = config(Sight::Open).replacen(
        "summary = \"both\"\n",
        "summary = \"both\"\nreporter = \"both\"\nremaining-estimate = \"both\"\n",
        1,
    );
    prepared(&absent.fold(all, |text, (_, side)| without_side(&text, side.jira)))
}

/// The same without custom fields, and with what is more than a value of one issue; some of it is only read from the side `from`.
pub(crate) fn world_beside(columns: &[usize], from: usize) -> World {
    let absent = SIDES.iter().enumerate().filter(|(column, _)| !columns.contains(column));
    let rows = format!("summary = \"both\"\n{}", entities_beside::rows(from));
    let things = format!("[sync.support]\n{}", entities_beside::THINGS);
    let all = config_of(Sight::Open, &[]).replacen("summary = \"both\"\n", &rows, 1);
    let all = all.replacen("[sync.support]\n", &things, 1);
    let config = absent.fold(all, |text, (_, side)| without_side(&text, side.jira));
    prepared_with(&config, entities_beside::enrich)
}

/// The same without custom fields, and with what is told to some alone or in words of ours; a field is composed on all sides but `from`.
pub(crate) fn world_told(columns: &[usize], from: usize) -> World {
    let absent = SIDES.iter().enumerate().filter(|(column, _)| !columns.contains(column));
    let config = absent.fold(config_of(Sight::Open, &[]), |text, (_, side)| without_side(&text, side.jira));
    let config = config.replacen("attachments = \"both\"", entities_told::FILES_AND_LINKS, 1);
    let rows = format!("summary = \"both\"\n{}", entities_told::row(columns, from));
    let config = config.replacen("summary = \"both\"\n", &rows, 1);
    let open = "[sync.support.comments]\nunrestricted = \"both\"\n";
    let config = config.replacen(open, &format!("{open}{}", entities_told::comments(columns)), 1);
    prepared_with(&format!("{config}{}", entities_told::LIFE), entities_told::enrich)
}

/// The same with rows for all the security levels of the side `home`, whose are carried.
pub(crate) fn world_of_levels(columns: &[usize], home: usize) -> World {
    let absent = SIDES.iter().enumerate().filter(|(column, _)| !columns.contains(column));
    let names = [[LEVEL, INSIDE], [SECRET, LEVEL], [BOARD, BOARD]];
    let names =
        names.map(|[acme, other]| format!("{{ acme = \"{acme}\", globex = \"{other}\", initech = \"{other}\" }}"));
    let row = format!("summary = \"both\"\nsecurity = {{ values = [ {} ] }}\n", names.join(", "));
    let all = config(Sight::Open).replacen("summary = \"both\"\n", &row, 1);
    let all = all.replacen("home = \"acme\"", &format!("home = \"{}\"", SIDES[home].jira), 1);
    let config = absent.fold(all, |text, (_, side)| without_side(&text, side.jira));
    prepared_with(&config, |setup, _| setup.projects[0].security_levels.push(BOARD.to_owned()))
}

/// All that can be carried, also what the tables of docs/entities.md have worlds of their own for.
fn full(sight: Sight) -> String {
    let rows = format!("summary = \"both\"\n{}", everything_derived::rows(sight));
    config(sight).replacen("summary = \"both\"\n", &rows, 1)
}

fn filled(config: &str) -> World {
    prepared_with(config, everything_derived::enrich)
}

fn prepared(config: &str) -> World {
    prepared_with(config, |_, _| {})
}

fn prepared_with(config: &str, more: impl Fn(&mut Setup, usize)) -> World {
    World::of(config, |setups| {
        for (column, side) in SIDES.iter().enumerate() {
            let setup = setups.get_mut(side.jira).unwrap();
            enrich(setup, column);
            more(setup, column);
        }
    })
}

/// A configuration without a side: its instance, its line, its cell of every table.
fn without_side(text: &str, side: &str) -> String {
    let instance = format!("[instance.{side}]");
    let begin = text.find(&instance).unwrap();
    let end = begin + text[begin..].find("\n\n").unwrap();
    let text = format!("{}{}", &text[..begin], &text[end..]).replace(
        ", path = { globex = [\"Working\", \"Closed\"] }",
        match side {
            "globex" => "",
            _ => ", path = { globex = [\"Working\", \"Closed\"] }",
        },
    );
    let lines = text.lines().filter(|line| !line.starts_with(&format!("side.{side} ")));
    let mut text = lines.collect::<Vec<_>>().join("\n") + "\n";
    let column = SIDES.iter().position(|other| other.jira == side).unwrap();
    text = text.replace(&format!(", {side} = [\"{}\"]", beside("FAR", column)), "");
    let cell = format!(", {side} = \"");
    while let Some(at) = text.find(&cell) {
        let end = at + cell.len() + text[at + cell.len()..].find('"').unwrap() + 1;
        text.replace_range(at..end, "");
    }
    text
}
