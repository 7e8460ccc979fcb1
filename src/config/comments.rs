//! The `comments` and `worklogs` tables of a sync. Must never let more cross than it says: what is restricted stays.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, context};

use super::keys;
use super::node::Cursor;
use super::problem::{Findings, listed};
use super::sides::Sides;
use crate::model::ids::SideId;
use crate::model::issue::Visibility;
use crate::model::remark::Remark;
use crate::model::settings::{CommentSettings, CopyEdits, RestrictedRow, SideSettings, WhenDeleted, WhenNarrowed};

/// What a template may name.
const KNOWN: [&str; 2] = ["author.name", "side"];
/// Steps that a template may take, as when it is used.
const FUEL: u64 = 10_000;

/// Reads the table; without one, comments that everybody may read cross, and logged work does not.
pub(super) fn read(
    sync: &Cursor<'_>,
    remark: Remark,
    settings: &[SideSettings],
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> CommentSettings {
    let (key, carried) = match remark {
        Remark::Comment => (&keys::COMMENTS, true),
        Remark::Worklog => (&keys::WORKLOGS, false),
    };
    let word = remark.word();
    let table = sync.get(key);
    let unrestricted = table.as_ref().and_then(|table| table.get(&keys::UNRESTRICTED));
    let (from, to) = match &unrestricted {
        Some(cursor) if cursor.text() == Some("skip") => (BTreeSet::new(), BTreeSet::new()),
        Some(cursor) if cursor.is_table() => (
            sides.set(cursor.get(&keys::COMMENTS_FROM).as_ref(), findings),
            sides.set(cursor.get(&keys::COMMENTS_TO).as_ref(), findings),
        ),
        None if !carried => (BTreeSet::new(), BTreeSet::new()),
        Some(_) | None => (sides.all(), sides.all()),
    };
    // Logged work for a role or group stays where it is.
    let of_comments = |key| table.as_ref().filter(|_| remark == Remark::Comment).and_then(|table| table.get(key));
    let chosen = |key| of_comments(key).and_then(|cursor| Some(cursor.text()?.to_owned()));
    let rows = of_comments(&keys::RESTRICTED);
    let rows = rows.map(|rows| restricted(&rows, settings, sides, findings)).unwrap_or_default();
    let internal = chosen(&keys::INTERNAL).as_deref() == Some("as-internal");
    let mut header = BTreeMap::new();
    let headers = table.as_ref().and_then(|table| table.get(&keys::HEADER));
    for entry in headers.iter().flat_map(Cursor::entries) {
        let Some(side) = sides.known(&entry, findings) else { continue };
        let Some(template) = entry.text().filter(|template| !template.trim().is_empty()) else { continue };
        if let Err(message) = try_out(template, &side, word) {
            let help = "it may name `{{ author.name }}` and `{{ side }}`, and must give one line";
            findings.error(&entry.spot, message, help);
        } else if !(internal || to.contains(&side) || rows.iter().any(|row| row.at == side || row.with == side)) {
            let message = format!("side `{side}` receives no {word}s, so its header is never used");
            findings.warning(&entry.key_spot, message, format!("take it out, or let {word}s reach that side"));
        }
        header.insert(side, template.to_owned());
    }
    let deleted = table.as_ref().and_then(|table| table.get(&keys::DELETED));
    let keep = deleted.as_ref().and_then(Cursor::text) == Some("keep");
    CommentSettings {
        from,
        to,
        header,
        deleted: if keep { WhenDeleted::Keep } else { WhenDeleted::Delete },
        restricted: rows,
        internal,
        narrowed: match chosen(&keys::NARROWED).as_deref() {
            Some("empty") => WhenNarrowed::Empty,
            Some(_) | None => WhenNarrowed::Delete,
        },
        copies: match chosen(&keys::COPY_EDITS).as_deref() {
            Some("flow-back") => CopyEdits::FlowBack,
            Some(_) | None => CopyEdits::Hold,
        },
    }
}

/// Reads the rows of restricted comments. What is wrong with one leaves it out.
fn restricted(
    rows: &Cursor<'_>,
    settings: &[SideSettings],
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> Vec<RestrictedRow> {
    let mut found: Vec<RestrictedRow> = Vec::new();
    for entry in rows.items().filter(Cursor::is_table) {
        let Some(row) = row(&entry, sides, findings) else { continue };
        let sees = settings.iter().find(|side| side.id == row.with).is_none_or(|side| side.sees.contains(&row.at));
        let twice = found.iter().any(|other| {
            let same_pair = (&other.at, &other.with) == (&row.at, &row.with);
            let turned = (&other.at, &other.with) == (&row.with, &row.at);
            (same_pair && (other.visibility == row.visibility || other.there == row.there))
                || (turned && (other.visibility == row.there || other.there == row.visibility))
        });
        if !sees {
            let message =
                format!("side `{}` does not see `{}`, so none of these comments could reach it", row.with, row.at);
            findings.error(&entry.spot, message, "let it see that side (`sees`), or take the row out");
        } else if twice {
            let message =
                format!("another row says already what these comments of `{}` and `{}` are", row.at, row.with);
            findings.error(&entry.spot, message, "keep one row per role or group of each of the two sides");
        } else {
            found.push(row);
        }
    }
    found
}

fn row(entry: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Option<RestrictedRow> {
    let with = entry.get(&keys::WITH)?;
    let with = sides.find(with.text()?, &with.spot, findings)?;
    let mut at: Option<(SideId, Visibility)> = None;
    let mut there = Visibility::Everybody;
    for cell in entry.entries().filter(|cell| cell.name != keys::WITH.name) {
        let side = sides.known(&cell, findings)?;
        let Some(readers) = cell.text().and_then(Visibility::parse) else {
            if let Some(text) = cell.text() {
                let help = "write `role:NAME` for a role of the project, `group:NAME`, or `internal` for a service desk's notes";
                findings.error(&cell.spot, format!("`{text}` is neither a role nor a group"), help);
            }
            return None;
        };
        if side == with {
            there = readers;
        } else if let Some((first, _)) = &at {
            let message = format!("the row names `{first}` and `{side}`, and is about two sides only");
            findings.error(&cell.key_spot, message, "write a row of its own for each pair of sides");
            return None;
        } else {
            at = Some((side, readers));
        }
    }
    let Some((at, visibility)) = at else {
        let help = "name the side where the comments are restricted: `{ SIDE = \"role:NAME\", with = \"OTHER\" }`";
        findings.error(&entry.spot, "the row does not say which comments it is about", help);
        return None;
    };
    Some(RestrictedRow { at, visibility, with, there })
}

/// Renders a template for somebody made up, as strictly as it will be for comments.
fn try_out(template: &str, side: &SideId, word: &str) -> Result<(), String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let why = |error: minijinja::Error| format!("the header does not work: {}", said(&error));
    let parsed = environment.template_from_str(template).map_err(why)?;
    let mut unknown: Vec<String> =
        parsed.undeclared_variables(true).into_iter().filter(|name| !KNOWN.contains(&name.as_str())).collect();
    unknown.sort();
    if !unknown.is_empty() {
        return Err(format!("the header names {}, which a {word} does not have", listed(&unknown)));
    }
    let values = context! { author => context! { name => "Jane Doe" }, side => side.as_str() };
    let line = parsed.render(values).map_err(why)?;
    if line.contains(['\n', '\r']) || line.trim().is_empty() {
        return Err("the header is not one line".to_owned());
    }
    Ok(())
}

fn said(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
