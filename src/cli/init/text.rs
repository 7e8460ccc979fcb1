//! The configuration as it is written: TOML with a comment at whatever a person should look at. It must never hold a secret, and never
//! a name from Jira that ends a line or a string.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::alike::Why;
use super::proposal::{Proposal, Side};
use super::proposal_fields::ProposedField;
use super::rows::{Row, Rows};
use crate::console::escaped;
use crate::model::ids::FieldId;
use crate::model::settings::Kind;

/// The keys of `auth` that say where a secret lies.
const SECRETS: [&str; 3] = ["token", "password", "client-secret"];

/// A key of the configuration and its value.
pub(super) type Keyed = (&'static str, String);

/// An instance as it is written.
#[derive(Debug, Clone)]
pub(super) struct DraftInstance {
    /// Its name.
    pub(super) name: String,
    /// Its kind.
    pub(super) kind: Kind,
    /// Its base URL.
    pub(super) url: String,
    /// Atlassian's gateway for its site.
    pub(super) gateway: Option<String>,
    /// How to log in: the keys of `auth`, `method` first, secrets by where they lie.
    pub(super) auth: Vec<Keyed>,
    /// How it is reached: keys that name files.
    pub(super) files: Vec<Keyed>,
    /// The keys of `proxy`.
    pub(super) proxy: Vec<Keyed>,
    /// Who the sync user is there.
    pub(super) about: String,
}

/// Accounts of one person, by side.
pub(super) type UserRow = BTreeMap<usize, String>;

/// All that is written.
#[derive(Debug)]
pub(super) struct Draft<'d> {
    /// Where the state lies.
    pub(super) state: String,
    /// The instances, in the order of the sides.
    pub(super) instances: &'d [DraftInstance],
    /// The sync's name.
    pub(super) sync: String,
    /// The sides.
    pub(super) sides: &'d [Side],
    /// The mapping.
    pub(super) proposal: &'d Proposal,
    /// People.
    pub(super) users: &'d [UserRow],
    /// People who are only called alike.
    pub(super) unsure: &'d [UserRow],
}

/// The file.
pub(super) fn text(draft: &Draft<'_>) -> String {
    let mut text = String::new();
    daemon(&mut text, draft);
    for instance in draft.instances {
        one_instance(&mut text, instance);
    }
    sides(&mut text, draft);
    maps(&mut text, draft);
    fields(&mut text, draft);
    rest(&mut text, draft);
    text
}

/// Where the state lies, alone.
pub(super) fn daemon_text(state: &str) -> String {
    format!("[daemon]\nstate = {}\n", quoted(state))
}

/// One instance alone.
pub(super) fn instance_text(instance: &DraftInstance) -> String {
    let mut text = String::new();
    one_instance(&mut text, instance);
    text
}

/// A line.
fn say(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn daemon(text: &mut String, draft: &Draft<'_>) {
    say(
        text,
        "# Made by `jirasyncd init`, from what the Jiras said of themselves. It is yours now: change it as you like. `jirasyncd check`",
    );
    say(
        text,
        "# says what is wrong in it, `jirasyncd plan` what a run would do. docs/configuration.md of the project explains every key that there is.",
    );
    say(text, "");
    say(text, "[daemon]");
    say(text, "# What the daemon knows. Keep it as safe as the tokens, and back it up: `jirasyncd state backup FILE`.");
    let _ = writeln!(text, "state = {}", quoted(&draft.state));
    say(text, "# Health and metrics.");
    say(text, "listen = \"127.0.0.1:8470\"");
    say(
        text,
        "# How often each Jira is asked what changed. With webhooks changes are seen at once: `jirasyncd webhooks`.",
    );
    say(text, "poll = \"30s\"");
}

fn one_instance(text: &mut String, instance: &DraftInstance) {
    let _ = writeln!(text, "\n# The sync user: {}. Nobody may work as it.", escaped(&instance.about));
    let _ = writeln!(text, "[instance.{}]", instance.name);
    let kind = match instance.kind {
        Kind::Cloud => "cloud",
        Kind::DataCenter => "data-center",
    };
    let _ = writeln!(text, "kind = \"{kind}\"\nurl = {}", quoted(&instance.url));
    if let Some(gateway) = &instance.gateway {
        let _ = writeln!(text, "gateway = {}", quoted(gateway));
    }
    let secret = instance.auth.iter().map(|(key, _)| *key).find(|key| SECRETS.contains(key)).unwrap_or("token");
    let _ = writeln!(
        text,
        "# The {secret} itself stands elsewhere: `file:PATH`, `env:NAME`, or `credential:NAME` of systemd."
    );
    // Who tells no day is told nothing in time.
    if secret == "token" && instance.auth.iter().all(|(key, _)| *key != "expires") {
        say(text, "# Does it end one day? With `expires = \"2027-03-01\"` in `auth` that is told two weeks before.");
    }
    let _ = writeln!(text, "auth = {{ {} }}", keys(&instance.auth));
    for (key, file) in &instance.files {
        let _ = writeln!(text, "{key} = {}", quoted(file));
    }
    if !instance.proxy.is_empty() {
        let _ = writeln!(text, "proxy = {{ {} }}", keys(&instance.proxy));
    }
}

fn keys(of: &[Keyed]) -> String {
    of.iter().map(|(key, value)| format!("{key} = {}", quoted(value))).collect::<Vec<_>>().join(", ")
}

fn sides(text: &mut String, draft: &Draft<'_>) {
    let _ = writeln!(text, "\n[sync.{}]", draft.sync);
    say(text, "# When people changed one field on two sides: newest | prefer SIDE | ask.");
    say(text, "on-conflict = \"newest\"");
    say(text, "# Of more issues that would be created at once than this none is, until `jirasyncd confirm` says so.");
    say(text, "most-creations = 100");
    say(
        text,
        "# `sees = [\"OTHER\"]` in a side says whose acts may reach it; left out, everybody's. `jql = \"…\"` says which of its issues start.",
    );
    for (side, instance) in draft.sides.iter().zip(draft.instances) {
        let (name, project) = (&side.name, quoted(&side.project));
        let _ = writeln!(text, "side.{name} = {{ instance = {}, project = {project} }}", quoted(&instance.name));
    }
}

fn maps(text: &mut String, draft: &Draft<'_>) {
    let (sides, proposal) = (draft.sides, draft.proposal);
    let _ = writeln!(text, "\n[sync.{}.map]", draft.sync);
    say(
        text,
        "# Rows: one thing, as each side calls it. Of several names the first is written, and all of them mean the row.",
    );
    map(text, "issue-type", sides, &proposal.types);
    if proposal.statuses.rows.is_empty() {
        say(text, "# No status of one side is one of another: statuses are not carried.");
    } else {
        say(
            text,
            "# Where a workflow has no direct way, `path = { SIDE = [\"…\", \"…\"] }` in a row names the statuses to pass.",
        );
    }
    map(text, "status", sides, &proposal.statuses);
    map(text, "priority", sides, &proposal.priorities);
    if !proposal.link_types.is_empty() {
        say(text, "# Types of links that are called differently; the others go by their names.");
        list(text, "link-type", sides, &proposal.link_types);
    }
    if draft.users.is_empty() && draft.unsure.is_empty() {
        say(text, "# Nobody was found on two sides by their e-mail. Rows go here, by e-mail, account id or user name:");
        let cells: Vec<String> = sides.iter().map(|side| format!("{} = \"…\"", side.name)).collect();
        let _ = writeln!(text, "# users = [ {{ {} }} ]", cells.join(", "));
        return;
    }
    say(text, "users = [");
    for row in draft.users {
        let _ = writeln!(text, "    {},", user_cells(row, sides));
    }
    if !draft.unsure.is_empty() {
        say(text, "    # Only called alike: take the sign away where it is one person.");
    }
    for row in draft.unsure {
        let _ = writeln!(text, "    # {},", escaped(&user_cells(row, sides)));
    }
    say(text, "]");
}

/// The rows of a map, and what is in none.
fn map(text: &mut String, key: &str, sides: &[Side], rows: &Rows) {
    if !rows.rows.is_empty() {
        list(text, key, sides, &rows.rows);
    }
    alone(text, "", sides, rows);
}

fn alone(text: &mut String, indent: &str, sides: &[Side], rows: &Rows) {
    for (at, side) in sides.iter().enumerate() {
        let here: Vec<String> =
            rows.alone.iter().filter(|(side, _)| *side == at).map(|(_, name)| quoted(name)).collect();
        if !here.is_empty() {
            let _ = writeln!(text, "{indent}# Without a counterpart, on {}: {}", side.name, escaped(&here.join(", ")));
        }
    }
}

fn list(text: &mut String, key: &str, sides: &[Side], rows: &[Row]) {
    // What holds for all of them is said once.
    let common = rows.first().map(|row| row.why).filter(|why| rows.iter().all(|row| row.why == *why));
    if let Some(why) = common.filter(|why| *why != Why::Same) {
        let _ = writeln!(text, "# All of them {}.", reason(why));
    }
    let _ = writeln!(text, "{key} = [");
    for row in rows {
        let remark = if common.is_some() { String::new() } else { remark(row.why) };
        let _ = writeln!(text, "    {},{remark}", row_cells(row, sides));
    }
    say(text, "]");
}

/// Why a row is one, where that is to be looked at.
fn reason(why: Why) -> &'static str {
    match why {
        Why::Same => "by one name",
        Why::Meaning => "by words for one thing: look whether they mean it here",
        Why::Near => "by names that are nearly one: look whether they mean it",
        Why::Place => "by their place: look whether that fits",
    }
}

fn remark(why: Why) -> String {
    if why == Why::Same { String::new() } else { format!("  # {}", reason(why)) }
}

fn row_cells(row: &Row, sides: &[Side]) -> String {
    let cell = |(side, names): (&usize, &Vec<String>)| {
        let all: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let written = if let [one] = all.as_slice() { one.clone() } else { format!("[{}]", all.join(", ")) };
        Some(format!("{} = {written}", sides.get(*side)?.name))
    };
    let cells: Vec<String> = row.cells.iter().filter_map(cell).collect();
    format!("{{ {} }}", cells.join(", "))
}

fn user_cells(row: &UserRow, sides: &[Side]) -> String {
    let cell = |(side, cell): (&usize, &String)| Some(format!("{} = {}", sides.get(*side)?.name, quoted(cell)));
    let cells: Vec<String> = row.iter().filter_map(cell).collect();
    format!("{{ {} }}", cells.join(", "))
}

/// Fields that every Jira has, in the order in which they are written: name, Jira's id, how they are carried, and whether they are.
const SYSTEM: &[(&str, &str, &str, bool)] = &[
    ("labels", "labels", "\"both\"", true),
    ("due-date", "duedate", "\"both\"", true),
    ("components", "components", "{ on-unmapped = \"skip\" }", true),
    ("fix-versions", "fixVersions", "{ on-unmapped = \"skip\" }", true),
    ("affects-versions", "versions", "{ on-unmapped = \"skip\" }", false),
    ("environment", "environment", "\"both\"", false),
];

fn fields(text: &mut String, draft: &Draft<'_>) {
    let _ = writeln!(text, "\n[sync.{}.fields]", draft.sync);
    say(
        text,
        "# \"both\" ways, \"skip\", or a table: `{ from = [\"SIDE\"] }` says whose changes count. What is not named stays where it is.",
    );
    say(text, "summary = \"both\"");
    say(text, "description = \"both\"");
    // Status and priority are carried by their maps.
    if draft.users.is_empty() {
        say(text, "# With rows in `map.users`:");
    }
    let off = if draft.users.is_empty() { "# " } else { "" };
    let _ = writeln!(text, "{off}assignee = {{ on-unmapped = \"clear\" }}");
    for (name, id, how, usual) in SYSTEM {
        if draft.proposal.system.contains(&FieldId::from(*id)) {
            let off = if *usual { "" } else { "# " };
            let _ = writeln!(text, "{off}{name} = {how}");
        }
    }
    say(text, "# What an issue lies below, and links between issues of this sync (Link Issues).");
    say(text, "parent = \"both\"");
    say(text, "links = \"both\"");
    for field in &draft.proposal.fields {
        custom(text, field, draft.sides);
    }
}

fn custom(text: &mut String, field: &ProposedField, sides: &[Side]) {
    let off = if field.sure { "" } else { "# " };
    if !field.sure {
        let _ = writeln!(
            text,
            "# `{}` is on several sides, and its options are called differently: look which are one.",
            field.name
        );
    } else if field.why != Why::Same {
        let _ = writeln!(text, "# Nearly one name: look whether it is one field.");
    }
    let cell = |(side, cell): (&usize, &String)| Some(format!("{} = {}", sides.get(*side)?.name, quoted(cell)));
    let cells: Vec<String> = field.cells.iter().filter_map(cell).collect();
    let cells = cells.join(", ");
    match &field.values {
        None => {
            let _ = writeln!(text, "{off}{} = {{ {cells} }}", field.name);
        }
        Some(values) => {
            let _ = writeln!(text, "{off}{} = {{ {cells}, values = [", field.name);
            for row in &values.rows {
                let _ = writeln!(text, "{off}    {},{}", escaped(&row_cells(row, sides)), remark(row.why));
            }
            alone(text, "    ", sides, values);
            let _ = writeln!(text, "{off}] }}");
        }
    }
}

fn rest(text: &mut String, draft: &Draft<'_>) {
    let sync = &draft.sync;
    let _ = writeln!(text, "\n[sync.{sync}.comments]");
    say(
        text,
        "# Comments that everybody may read. Those for a role or group, and internal ones of a service desk, stay where they are.",
    );
    say(text, "unrestricted = \"both\"");
    say(text, "# The first line of each copy: the sync user writes it, so it names the author.");
    let headers: Vec<String> =
        draft.sides.iter().map(|side| format!("{} = \"{{{{ author.name }}}} ({{{{ side }}}}):\"", side.name)).collect();
    let _ = writeln!(text, "header = {{ {} }}", headers.join(", "));
    let _ = writeln!(
        text,
        "\n# Files are carried with `attachments = \"both\"` below `[sync.{sync}]` (Create Attachments, Delete Own Attachments), logged work"
    );
    let _ = writeln!(text, "# with `worklogs = {{ unrestricted = \"both\" }}`. More stands in docs/configuration.md.");
}

/// A string of TOML on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut whole = String::with_capacity(text.len() + 2);
    whole.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => whole.extend(['\\', sign]),
            sign if sign.is_control() || is_bent(sign) => {
                let _ = write!(whole, "\\U{:08X}", u32::from(sign));
            }
            sign => whole.push(sign),
        }
    }
    whole.push('"');
    whole
}

/// Signs that turn a line round or part it where no one sees it.
fn is_bent(sign: char) -> bool {
    matches!(sign, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::proposal::propose;
    use super::super::proposal_tests::{field, named, side, statuses, types};
    use super::*;
    use crate::config::{Environment, FileContent, SecretsWanted, load};
    use crate::jira::choices::StatusCategory::{Done, ToDo};
    use crate::model::catalog::Shape;

    struct Nothing;

    impl Environment for Nothing {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }

        fn file(&self, _: &Path) -> std::io::Result<FileContent> {
            Err(std::io::Error::other("there is nothing"))
        }
    }

    fn instance(name: &str, kind: Kind) -> DraftInstance {
        DraftInstance {
            name: name.to_owned(),
            kind,
            url: format!("https://{name}.example"),
            gateway: None,
            auth: match kind {
                Kind::Cloud => vec![
                    ("method", "api-token".to_owned()),
                    ("user", "sync@acme.example".to_owned()),
                    ("token", format!("file:tokens/{name}")),
                ],
                Kind::DataCenter => {
                    vec![("method", "bearer".to_owned()), ("token", format!("file:tokens/{name}"))]
                }
            },
            files: Vec::new(),
            proxy: Vec::new(),
            about: format!("{name}\nand more"),
        }
    }

    /// Names that would end a string, a row or a line, if they could.
    #[test]
    fn whatever_things_are_called_the_file_can_be_read() {
        let evil = "a \"b\" \\ \n # [x] 'c' \u{202e} }";
        let (mut acme, mut globex) = (side("acme"), side("globex"));
        for side in [&mut acme, &mut globex] {
            side.parts.types = types(&[("Bug", 0), (evil, 0)]);
            side.parts.statuses = statuses(&[(evil, ToDo), ("Done", Done)]);
            side.parts.catalog.priorities = named(&[evil, "Low"]);
        }
        acme.parts.types.extend(types(&[("Epic", 1), ("odd \n one", 2)]));
        field(&mut acme, "customfield_1", evil, Shape::Option, &["x", evil]);
        field(&mut globex, "customfield_2", evil, Shape::Option, &["y", "z"]);
        let sides = [acme, globex];
        let proposal = propose(&sides);
        let instances = [instance("acme", Kind::Cloud), instance("globex", Kind::DataCenter)];
        let (users, unsure) = (
            [BTreeMap::from([(0, evil.to_owned()), (1, "jdoe".to_owned())])],
            [BTreeMap::from([(0, evil.to_owned())])],
        );
        let draft = Draft {
            state: "sqlite:state.db".to_owned(),
            instances: &instances,
            sync: "sup-eng".to_owned(),
            sides: &sides,
            proposal: &proposal,
            users: &users,
            unsure: &unsure,
        };
        let text = text(&draft);
        let loaded = load(&text, "x.toml", &Nothing, SecretsWanted::No);
        let config = loaded.unwrap_or_else(|report| panic!("{}\n{text}", report.render(false))).config;
        let sync = config.syncs.values().next().unwrap();
        assert_eq!(sync.issue_types.rows.len(), 2);
        assert!(sync.statuses.rows.iter().any(|row| row.names.values().flatten().any(|name| name == evil)), "{text}");
        assert_eq!(sync.users.rows.len(), 1, "who is only called alike is in a comment");
    }
}
