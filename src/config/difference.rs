//! What one version of the file says otherwise than another. Must never fail on a file: what cannot be read says nothing.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::model::ids::{SideId, SyncId};

/// What a side says of which of its issues begin an item.
const BEGIN: [&str; 4] = ["former-sync-users", "from", "not-from", "scope"];

/// What `daemon` says of the process alone, and of no issue.
const OF_THE_PROCESS: [&str; 3] = ["listen", "socket", "state"];

/// What is another in `now` than in `before`, a line each: the key, and what it was and is. Elements of lists are compared as they
/// are, wherever they stand.
#[must_use]
pub fn differences(before: &str, now: &str) -> Vec<String> {
    that_differs(parsed(before), parsed(now))
}

/// Those of them that concern a sync: what is said of it, of the instances where it has sides in either file, and of how the daemon goes
/// about all of them.
#[must_use]
pub fn differences_of(sync: &SyncId, before: &str, now: &str) -> Vec<String> {
    let sides = [before, now].into_iter().flat_map(sides_named);
    let sides = sides.filter(|((of, _), _)| of == sync);
    let instances: BTreeSet<String> = sides.map(|(_, (instance, _))| instance).collect();
    let concerns = |part: &str, name: &str| match part {
        "sync" => name == sync.as_str(),
        "instance" => instances.contains(name),
        "daemon" => !OF_THE_PROCESS.contains(&name),
        _ => false,
    };
    that_differs(what_concerns(&parsed(before), concerns), what_concerns(&parsed(now), concerns))
}

/// What of the tables of a file is meant: by the table, and the key in it.
fn what_concerns(file: &Table, is_meant: impl Fn(&str, &str) -> bool) -> Table {
    let mut found = Table::new();
    for (part, table) in file {
        let named = table.as_table().into_iter().flatten().filter(|(name, _)| is_meant(part, name));
        let named: Table = named.map(|(name, value)| (name.clone(), value.clone())).collect();
        if !named.is_empty() {
            found.insert(part.clone(), Value::Table(named));
        }
    }
    found
}

fn that_differs(before: Table, now: Table) -> Vec<String> {
    let (before, now) = (flat(before), flat(now));
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let mut lines = Vec::new();
    for key in keys {
        match (before.get(key), now.get(key)) {
            (Some(before), Some(now)) if before == now => {}
            (Some(Value::Array(before)), Some(Value::Array(now))) => {
                let gone = before.iter().filter(|element| !now.contains(element));
                let new = now.iter().filter(|element| !before.contains(element));
                let (gone, new): (Vec<_>, Vec<_>) = (gone.collect(), new.collect());
                if gone.is_empty() && new.is_empty() {
                    lines.push(format!("{key}: in another order"));
                }
                lines.extend(gone.iter().map(|element| format!("{key}: without {element}")));
                lines.extend(new.iter().map(|element| format!("{key}: with {element}")));
            }
            (Some(before), Some(now)) => lines.push(format!("{key}: {now} instead of {before}")),
            (None, Some(now)) => lines.push(format!("{key}: {now}, which is new")),
            (Some(before), None) => lines.push(format!("{key}: is gone; it was {before}")),
            (None, None) => {}
        }
    }
    lines
}

/// Where the sides of each sync are that a file names: instance and project.
#[must_use]
pub fn sides_named(text: &str) -> BTreeMap<(SyncId, SideId), (String, String)> {
    let word = |side: &Value, key: &str| side.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let place = |side: Value| (word(&side, "instance"), word(&side, "project"));
    sides(text).into_iter().map(|(named, side)| (named, place(side))).collect()
}

/// The sides that the file names now and did not name before, or said something else of whose issues begin an item there. Another `jql`
/// is not among that: it is known with what was read.
#[must_use]
pub fn sides_to_read(before: &str, now: &str) -> BTreeSet<(SyncId, SideId)> {
    let before = sides(before);
    let is_other = |was: &Value, is: &Value| BEGIN.iter().any(|key| was.get(key) != is.get(key));
    let to_read = sides(now).into_iter().filter(|(named, is)| before.get(named).is_none_or(|was| is_other(was, is)));
    to_read.map(|(named, _)| named).collect()
}

/// What a file says of each side.
fn sides(text: &str) -> BTreeMap<(SyncId, SideId), Value> {
    let table = parsed(text);
    let syncs = table.get("sync").and_then(Value::as_table);
    let mut named = BTreeMap::new();
    for (sync, of_sync) in syncs.into_iter().flatten() {
        for (side, of_side) in of_sync.get("side").and_then(Value::as_table).into_iter().flatten() {
            named.insert((sync.as_str().into(), side.as_str().into()), of_side.clone());
        }
    }
    named
}

/// The syncs that the file names now and did not name before, or said something else of.
#[must_use]
pub fn syncs_changed(before: &str, now: &str) -> BTreeSet<SyncId> {
    let (before, now) = (parsed(before), parsed(now));
    let sync = |table: &Table, name: &str| table.get("sync").and_then(|syncs| syncs.get(name)).cloned();
    let named = now.get("sync").and_then(Value::as_table).into_iter().flatten();
    named.filter(|(name, is)| sync(&before, name).as_ref() != Some(is)).map(|(name, _)| name.as_str().into()).collect()
}

fn parsed(text: &str) -> Table {
    text.parse().unwrap_or_default()
}

/// Every value by its path.
fn flat(table: Table) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    gather(&mut found, "", table);
    found
}

fn gather(found: &mut BTreeMap<String, Value>, above: &str, table: Table) {
    for (key, value) in table {
        let path = if above.is_empty() { key } else { format!("{above}.{key}") };
        match value.as_table() {
            Some(below) if !below.is_empty() => gather(found, &path, below.clone()),
            Some(_) | None => drop(found.insert(path, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "[sync.s]\nhome = \"a\"\nside.a = { project = \"A\" }\nside.b = { project = \"B\" }\n\
                          map.status = [ { a = \"Open\", b = \"Neu\" }, { a = \"Done\", b = \"Fertig\" } ]\n";

    #[test]
    fn every_key_that_differs_is_told_with_what_it_was_and_is() {
        let now = BEFORE
            .replace("home = \"a\"", "home = \"b\"")
            .replace("{ a = \"Done\", b = \"Fertig\" }", "{ a = \"Done\", b = \"Zu\" }")
            .replace("side.b = { project = \"B\" }", "side.c = { project = \"C\" }");
        let lines = differences(BEFORE, &now);
        assert_eq!(
            lines,
            [
                "sync.s.home: \"b\" instead of \"a\"",
                "sync.s.map.status: without { a = \"Done\", b = \"Fertig\" }",
                "sync.s.map.status: with { a = \"Done\", b = \"Zu\" }",
                "sync.s.side.b.project: is gone; it was \"B\"",
                "sync.s.side.c.project: \"C\", which is new",
            ]
        );
        assert!(differences(BEFORE, &format!("# a comment\n{BEFORE}")).is_empty());
    }

    #[test]
    fn a_sync_is_concerned_by_itself_its_instances_and_the_pace_of_the_daemon() {
        let before = "[daemon]\nlisten = \"127.0.0.1:1\"\npoll = \"30s\"\n[notices]\nproblems = 20\n[instance.x]\nrate = 1\n\
                      [instance.y]\nrate = 2\n[sync.s]\nhome = \"a\"\nside.a = { instance = \"x\" }\n\
                      [sync.t]\nhome = \"b\"\nside.b = { instance = \"y\" }\n";
        let of = |sync: &str, now: &str| differences_of(&sync.into(), before, now);
        let now = before.replace("30s", "1min").replace(":1\"", ":2\"").replace("problems = 20", "problems = 30");
        let now =
            now.replace("rate = 1", "rate = 3").replace("rate = 2", "rate = 4").replace("home = \"a\"", "home = \"c\"");
        let poll = "daemon.poll: \"1min\" instead of \"30s\"";
        assert_eq!(differences(before, &now).len(), 6);
        assert_eq!(of("s", &now), [poll, "instance.x.rate: 3 instead of 1", "sync.s.home: \"c\" instead of \"a\""]);
        assert_eq!(of("t", &now), [poll, "instance.y.rate: 4 instead of 2"]);
        assert!(of("s", &format!("# a comment\n{before}")).is_empty());
        assert!(of("s", &before.replace(":1\"", ":2\"").replace("home = \"b\"", "home = \"c\"")).is_empty());
        // One that is left out, and an instance that it is moved to.
        let out = before.split("[sync.t]").next().unwrap();
        assert_eq!(
            of("t", out),
            ["sync.t.home: is gone; it was \"b\"", "sync.t.side.b.instance: is gone; it was \"y\""]
        );
        let moved = before.replace("instance = \"x\"", "instance = \"y\"").replace("rate = 2", "rate = 4");
        assert_eq!(
            of("s", &moved),
            ["instance.y.rate: 4 instead of 2", "sync.s.side.a.instance: \"y\" instead of \"x\""]
        );
    }

    #[test]
    fn the_sides_of_a_file_are_found() {
        let all = sides_named(BEFORE).into_iter();
        let named: Vec<String> = all.map(|((sync, side), (_, project))| format!("{sync} {side} {project}")).collect();
        assert_eq!(named, ["s a A", "s b B"]);
        assert!(sides_named("= no file").is_empty());
    }

    #[test]
    fn a_side_is_to_be_read_that_is_new_or_whose_issues_may_begin_where_they_did_not() {
        let told = |now: &str| -> Vec<String> {
            sides_to_read(BEFORE, now).into_iter().map(|(sync, side)| format!("{sync} {side}")).collect()
        };
        let with = |more: &str| BEFORE.replace("{ project = \"B\" }", &format!("{{ project = \"B\"{more} }}"));
        for more in [
            "from = [\"group:all\"]",
            "not-from = [\"group:some\"]",
            "scope = \"on-demand\"",
            "former-sync-users = [\"bridge\"]",
        ] {
            assert_eq!(told(&with(&format!(", {more}"))), ["s b"], "{more}");
        }
        assert!(told(&with(", jql = \"labels = shared\"")).is_empty());
        assert_eq!(told(&format!("{BEFORE}side.c = {{ project = \"C\" }}\n")), ["s c"]);
        assert!(told(BEFORE).is_empty());
    }
}
