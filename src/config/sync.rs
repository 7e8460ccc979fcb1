//! The `[sync.NAME]` tables. Must never give out a sync that names something the file does not have.

use super::node::Cursor;
use super::problem::Findings;
use super::sides::{self, Sides};
use super::time::default_of;
use super::{attachments, comments, fields, keys, life, pairing, rows, start, things};
use crate::model::ids::SyncId;
use crate::model::remark::Remark;
use crate::model::settings::{ConflictPolicy, FieldKind, Notify, SyncSettings};

/// Reads all syncs, in the file's order.
pub(super) fn read(top: &Cursor<'_>, findings: &mut Findings<'_>) -> Vec<SyncSettings> {
    let Some(all) = top.get(&keys::SYNC) else { return Vec::new() };
    all.entries().filter(Cursor::is_table).map(|table| sync(top, &table, findings)).collect()
}

fn sync(top: &Cursor<'_>, table: &Cursor<'_>, findings: &mut Findings<'_>) -> SyncSettings {
    let home_name = table.get(&keys::HOME).and_then(|cursor| cursor.text());
    let names = Sides::named(table, home_name);
    let home = sides::home(table, &names, findings);
    let settings = sides::read(top, table, &names, home_name, findings);
    sides::warn_alone(table, &settings, findings);
    let attachments = attachments::read(table, &settings, &names, findings);
    let worklogs = comments::read(table, Remark::Worklog, &settings, &names, findings);
    let comments = comments::read(table, Remark::Comment, &settings, &names, findings);
    let map = table.get(&keys::MAP);
    let list = |key| map.as_ref().and_then(|map| map.get(key));
    let (issue_type, status, priority, users) =
        (list(&keys::MAP_ISSUE_TYPE), list(&keys::MAP_STATUS), list(&keys::MAP_PRIORITY), list(&keys::MAP_USERS));
    let statuses = rows::read(status.as_ref(), &names, findings);
    let mut settings = SyncSettings {
        id: SyncId::new(table.name),
        home,
        on_conflict: on_conflict(table, &names, findings),
        start: start::read(table, &settings, findings),
        sides: settings,
        issue_types: rows::read(issue_type.as_ref(), &names, findings),
        priorities: rows::read(priority.as_ref(), &names, findings),
        link_types: rows::read(list(&keys::MAP_LINK_TYPE).as_ref(), &names, findings),
        users: rows::read(users.as_ref(), &names, findings),
        fields: std::collections::BTreeMap::new(),
        comments,
        worklogs,
        attachments,
        life: life::read(table, &statuses, findings),
        things: std::collections::BTreeMap::new(),
        pairing: pairing::read(table, &names, findings),
        statuses,
        links: table.get(&keys::COUNTERPARTS).as_ref().and_then(Cursor::text) == Some("link"),
        unwatch: false,
        notify: match table.get(&keys::NOTIFY).as_ref().and_then(Cursor::text) {
            Some("always") => Notify::Always,
            Some("never") => Notify::Never,
            _ => Notify::Changes,
        },
    };
    settings.fields = fields::read(table, &settings, &names, findings);
    attachments::check(table, &settings, findings);
    settings.things = things::read(table, &settings, &names, findings);
    let carried = settings.fields.values().any(|row| row.kind == FieldKind::Watchers);
    settings.unwatch = table.get(&keys::UNWATCH).and_then(|cursor| cursor.flag()).unwrap_or(carried);
    settings
}

fn on_conflict(table: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> ConflictPolicy {
    let cursor = table.get(&keys::ON_CONFLICT);
    let text = match &cursor {
        Some(cursor) => cursor.text().unwrap_or_default(),
        None => default_of(&keys::ON_CONFLICT),
    };
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next(), &cursor) {
        (Some("newest"), None, _, _) => ConflictPolicy::Newest,
        (Some("ask"), None, _, _) => ConflictPolicy::Ask,
        (Some("prefer"), Some(side), None, Some(cursor)) => {
            sides.find(side, &cursor.spot, findings).map_or(ConflictPolicy::Newest, ConflictPolicy::Prefer)
        }
        (Some(_), _, _, Some(cursor)) => {
            let message = format!("`{text}` is none of `newest`, `ask`, `prefer SIDE`");
            let side = sides.order().next().map_or("SIDE", |side| side.as_str());
            findings.error(&cursor.spot, message, format!("write `newest`, `ask`, or `prefer {side}`"));
            ConflictPolicy::Newest
        }
        // Blank, or no text: said already.
        _ => ConflictPolicy::Newest,
    }
}
