//! The rows of docs/entities.md that are told to some alone, or in words of ours: comments for a role or group, notes that are internal to a
//! desk, notes in place of files, links to the counterparts, and a field that is composed of others. Each has items of its own. Must never
//! judge.

use jirasyncd::simulator::{CommentView, FieldSetup, FieldType, IssueView, Refusal, Setup};
use serde_json::json;

use super::daemon_audit::sync_user;
use super::daemon_support::World;
use super::entities_rows::{Place, Subject};
use super::everything_audit::{body, sorted};
use super::everything_people::find;
use super::everything_values::date;
use super::everything_world::{GROUPS, SIDES};

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Told {
    Restricted,
    Internal,
    Note,
    WayBack,
    Composed,
}

/// All of them, as the table shows them.
pub(crate) const TOLD: [Subject; 5] = [
    Subject::Told(Told::Restricted),
    Subject::Told(Told::Internal),
    Subject::Told(Told::Note),
    Subject::Told(Told::WayBack),
    Subject::Told(Told::Composed),
];

/// The items that come with a link to their counterparts, each made by an act of its own.
pub(crate) const LINKED: [&str; 5] = ["Linked-0", "Linked-1", "Linked-2", "Linked-3", "Linked-4"];
/// A file of more bytes is not copied.
const MOST_BYTES: usize = 1_000;
/// What a field is composed of: two others, and nothing where the first is empty.
const TEMPLATE: &str = "{% if due_date %}{{ due_date }}: {{ environment }}{% endif %}";

impl Told {
    /// What it is called in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Restricted => "comments restricted to a role or group",
            Self::Internal => "internal notes of a service desk",
            Self::Note => "notes in place of files too large for the other side",
            Self::WayBack => "remote links to the counterparts",
            Self::Composed => "composed fields (a template over several)",
        }
    }

    /// What a problem about it says.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Restricted | Self::Internal | Self::Note => &["comment"],
            Self::WayBack => &["link"],
            Self::Composed => &["reference"],
        }
    }

    /// The item that it is tried on.
    fn token(self) -> &'static str {
        match self {
            Self::Restricted => "Item",
            Self::Internal => "Other-0",
            Self::Note => "Other-1",
            Self::WayBack | Self::Composed => "Other-2",
        }
    }
}

/// The field that is composed on a side.
fn composed(column: usize) -> String {
    format!("customfield_{}", 21_300 + 10_000 * column)
}

/// Gives a side the field, makes its project a service desk, and whoever acts there and the sync user members of a group.
pub(crate) fn enrich(setup: &mut Setup, column: usize) {
    let side = &SIDES[column];
    let id = |name: &str| setup.users.iter().find(|user| user.name == name).map(|user| user.id.clone()).unwrap();
    let members = ["sync", side.people[side.role.1]].map(id);
    setup.group_members.insert(GROUPS[0].to_owned(), members.into());
    setup.fields.push(FieldSetup::new(&composed(column), "Reference", FieldType::Text));
    setup.projects[0].service_desk = true;
}

/// The row of the field that is composed on all sides but `from`.
pub(crate) fn row(columns: &[usize], from: usize) -> String {
    let others = columns.iter().filter(|column| **column != from);
    let cells: String = others.map(|column| format!("{} = \"{}\", ", SIDES[*column].jira, composed(*column))).collect();
    format!("reference = {{ {cells}template = \"{TEMPLATE}\" }}\n")
}

/// What a sync says of comments that not everybody may read: each has the same readers on every side.
pub(crate) fn comments(columns: &[usize]) -> String {
    let mut rows: Vec<String> = Vec::new();
    for (place, at) in columns.iter().enumerate() {
        for with in &columns[place + 1..] {
            let (at, with) = (SIDES[*at].jira, SIDES[*with].jira);
            let readers = [format!("role:{}", SIDES[0].role.0), format!("group:{}", GROUPS[0])];
            rows.extend(readers.map(|who| format!("{{ {at} = \"{who}\", {with} = \"{who}\", with = \"{with}\" }}")));
        }
    }
    format!("internal = \"as-internal\"\nrestricted = [ {} ]\n", rows.join(", "))
}

/// What a sync says of files that are too large, and of the counterparts.
pub(crate) const FILES_AND_LINKS: &str =
    "counterparts = \"link\"\nattachments = { largest = 0.001, too-large = \"note\" }";
/// What becomes of the links to an issue that is gone.
pub(crate) const LIFE: &str = "[sync.support.life]\ndeleted = \"unlink\"\n";

/// Makes the items of these rows that are there before anything is done.
pub(crate) fn make(world: &World, column: usize) {
    let side = &SIDES[column];
    let who = world.person(side.jira, side.people[0]);
    for token in ["Item", "Other-0", "Other-1", "Other-2"] {
        who.create(side.project, side.types[1], json!({ "summary": token })).unwrap();
    }
}

/// What the `number`-th file of somebody at a Jira is called.
fn file(number: usize, jira: &str) -> String {
    format!("f{number}by{jira}z.bin")
}

/// The comments of an issue that a row is about.
fn said(row: Told, issue: &IssueView) -> Vec<&CommentView> {
    let all = issue.comments.iter();
    match row {
        Told::Restricted => all.filter(|comment| comment.visibility.is_some()).collect(),
        Told::Internal => all.filter(|comment| comment.internal).collect(),
        Told::Note | Told::WayBack | Told::Composed => Vec::new(),
    }
}

/// The key of the issue at `from` that an item's issue leads to; at `from` itself its own, where it leads to all the others.
fn leads(world: &World, token: &str, column: usize, from: usize) -> Option<String> {
    let issue = find(world, SIDES[column].jira, token)?;
    let titles: Vec<&str> = issue.links.iter().map(|(title, _)| title.as_str()).collect();
    if column != from {
        let end = format!(" ({})", SIDES[from].jira);
        return titles.iter().find_map(|title| title.strip_suffix(end.as_str())).map(str::to_owned);
    }
    let others = SIDES.iter().enumerate().filter(|(other, _)| *other != from);
    let others = others.filter_map(|(_, side)| Some((find(world, side.jira, token)?.key, side.jira)));
    let others: Vec<String> = others.map(|(key, jira)| format!("{key} ({jira})")).collect();
    let leads_to_all = !others.is_empty() && others.iter().all(|other| titles.contains(&other.as_str()));
    leads_to_all.then(|| issue.key.clone())
}

/// The files of people at an issue, and those that notes there tell of.
fn files_and_notes(issue: &IssueView, jira: &str) -> String {
    let ours = sync_user(jira);
    let files = issue.attachments.iter().map(|file| {
        // None of these is to be copied.
        let copied = if file.author.as_deref() == Some(ours) { " copied" } else { "" };
        format!("{}{copied}", file.name)
    });
    let all: Vec<String> = (0..5).flat_map(|number| SIDES.iter().map(move |side| file(number, side.jira))).collect();
    let notes = issue.comments.iter().filter(|comment| comment.body.contains("is not copied here"));
    let told = notes.flat_map(|note| all.iter().filter(move |name| note.body.contains(name.as_str())).cloned());
    sorted(files.chain(told)).join(" | ")
}

/// What a side shows of a row, where `from` is the side whose fields are composed, and whose issues are led to.
pub(crate) fn shown(row: Told, world: &World, column: usize, from: usize) -> String {
    let jira = SIDES[column].jira;
    let issue = find(world, jira, row.token()).unwrap_or_else(|| panic!("no {} at {jira}", row.token()));
    match row {
        Told::Restricted | Told::Internal => {
            let told = said(row, &issue).into_iter().map(|comment| {
                let readers = comment.visibility.as_ref().map(|(kind, name)| format!("{kind} {name}: "));
                format!("{}{}", readers.unwrap_or_default(), body(&comment.body))
            });
            sorted(told).join(" | ")
        }
        Told::Note => files_and_notes(&issue, jira),
        Told::WayBack => {
            let led = LINKED.iter().filter_map(|token| Some(format!("{token} {}", leads(world, token, column, from)?)));
            led.collect::<Vec<_>>().join(" | ")
        }
        Told::Composed => {
            let field = |id: &str| issue.fields.get(id).map(|text| text.trim().to_owned()).unwrap_or_default();
            if column != from {
                return field(&composed(column));
            }
            let due = field("duedate");
            if due.is_empty() { due } else { format!("{due}: {}", field("environment")) }
        }
    }
}

/// Gives a row its `number`-th value.
pub(crate) fn put(row: Told, at: &Place<'_>, number: usize) -> Result<(), Refusal> {
    let (who, column, side) = (&at.who, at.column, &SIDES[at.column]);
    let text = format!("Words {number} by{}z", side.jira);
    let issue = at.other_issue(row.token());
    let key = issue.key.as_str();
    match row {
        Told::Restricted if number == 0 => {
            who.restricted_comment(key, &format!("{text} role"), side.role.0)?;
            who.group_comment(key, &format!("{text} group"), GROUPS[0]).map(drop)
        }
        Told::Internal if number == 0 => who.internal_comment(key, &text).map(drop),
        Told::Restricted | Told::Internal => said(row, &issue).into_iter().try_for_each(|comment| {
            let kind = comment.visibility.as_ref().map(|(kind, _)| format!(" {kind}")).unwrap_or_default();
            who.edit_comment(key, &comment.id.to_string(), &format!("{text}{kind}"))
        }),
        Told::Note => who.attach(key, &file(number, side.jira), &[b'x'; MOST_BYTES + 1]).map(drop),
        Told::WayBack => who.create(side.project, side.types[1], json!({ "summary": LINKED[number] })).map(drop),
        // Somebody writes over what is composed.
        Told::Composed if number == 3 => who.edit(key, json!({ composed(column): format!("Own {text}") })),
        Told::Composed => who.edit(key, json!({ "duedate": date(number + 1), "environment": who.text(&text) })),
    }
}

/// Takes it away, all of it: the links by deleting the issues that they lead to.
pub(crate) fn take(row: Told, at: &Place<'_>) -> Result<(), Refusal> {
    let (who, issue) = (&at.who, at.other_issue(row.token()));
    let key = issue.key.as_str();
    match row {
        Told::Restricted | Told::Internal => {
            said(row, &issue).into_iter().try_for_each(|comment| who.delete_comment(key, &comment.id.to_string()))
        }
        Told::Note => issue.attachments.iter().try_for_each(|file| who.detach(&file.id.to_string())),
        Told::WayBack => {
            let mut made = LINKED.iter().filter_map(|token| find(at.world, SIDES[at.column].jira, token));
            made.try_for_each(|made| who.delete(&made.key))
        }
        Told::Composed => who.edit(key, json!({ "duedate": null, "environment": null })),
    }
}
