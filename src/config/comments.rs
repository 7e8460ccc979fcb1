//! The `comments` and `worklogs` tables of a sync. Must never let more cross than it says: what is restricted stays.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, context};

use super::keys;
use super::node::Cursor;
use super::problem::{Findings, listed};
use super::sides::Sides;
use crate::model::ids::SideId;
use crate::model::remark::Remark;
use crate::model::settings::{CommentSettings, WhenDeleted};

/// What a template may name.
const KNOWN: [&str; 2] = ["author.name", "side"];
/// Steps that a template may take, as when it is used.
const FUEL: u64 = 10_000;

/// Reads the table; without one, comments that everybody may read cross, and logged work does not.
pub(super) fn read(sync: &Cursor<'_>, remark: Remark, sides: &Sides, findings: &mut Findings<'_>) -> CommentSettings {
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
    let mut header = BTreeMap::new();
    let headers = table.as_ref().and_then(|table| table.get(&keys::HEADER));
    for entry in headers.iter().flat_map(Cursor::entries) {
        let Some(side) = sides.known(&entry, findings) else { continue };
        let Some(template) = entry.text().filter(|template| !template.trim().is_empty()) else { continue };
        if let Err(message) = try_out(template, &side, word) {
            let help = "it may name `{{ author.name }}` and `{{ side }}`, and must give one line";
            findings.error(&entry.spot, message, help);
        } else if !to.contains(&side) {
            let message = format!("side `{side}` receives no {word}s, so its header is never used");
            findings.warning(&entry.key_spot, message, format!("take it out, or let {word}s reach that side"));
        }
        header.insert(side, template.to_owned());
    }
    let deleted = table.as_ref().and_then(|table| table.get(&keys::DELETED));
    let keep = deleted.as_ref().and_then(Cursor::text) == Some("keep");
    CommentSettings { from, to, header, deleted: if keep { WhenDeleted::Keep } else { WhenDeleted::Delete } }
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
