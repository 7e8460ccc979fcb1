//! Every note of a state, each read as the program reads it: those of the stored databases of each released schema after the upgrade, and one
//! of each kind as an earlier version wrote it. Must never be satisfied with a note that the program takes for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::{configured, hooks, notices, sweep};
use crate::clock::{SeededEntropy, SystemClock};
use crate::console::HookPath;
use crate::engine::kept_notes::{Reader, json, readers, time, words};
use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::store::{Dependencies, Spawn, SqliteStore};

fn number(text: &str) -> Result<(), String> {
    text.parse::<i64>().map(drop).map_err(|error| error.to_string())
}

fn small_number(text: &str) -> Result<(), String> {
    text.parse::<u32>().map(drop).map_err(|error| error.to_string())
}

/// Every note that a state of the stored life may hold.
fn all_readers() -> BTreeMap<String, Reader> {
    let side = |name: &str, project| (SideId::from(name), InstanceId::from(name), project);
    let sides = [side("acme", "SUP"), side("globex", "ENG")];
    let mut all = readers(&SyncId::from("support"), &sides);
    all.extend([
        (configured::NAME.to_owned(), words as Reader),
        (configured::ASKS.to_owned(), words),
        (sweep::LAST.to_owned(), time),
        (sweep::TURN.to_owned(), small_number),
        (sweep::WANTED.to_owned(), words),
        (notices::NOTE.to_owned(), json::<notices::Kept>),
    ]);
    for (_, instance, _) in &sides {
        all.insert(configured::skew_note(instance), number);
        all.insert(HookPath::note(instance), small_number);
        all.insert(hooks::came_note(instance), time);
    }
    all
}

/// As `store::schema` writes it into the header.
const APPLICATION_ID: u32 = 0x4A53_5944;

/// The stored databases, each with its schema. Of each the quiet life's is the last.
fn stored() -> Vec<(usize, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/store/released");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let schema = |file: &Path| file.file_name()?.to_str()?.get(..4)?.parse::<usize>().ok();
    files.into_iter().map(|file| (schema(&file).unwrap(), file)).collect()
}

/// The notes of the stored database of a schema, upgraded by a start.
fn notes_of(version: usize, stored: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(&format!("BEGIN;\n{}\nCOMMIT;", std::fs::read_to_string(stored).unwrap())).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    drop(old);
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(7)));
    let dependencies = Dependencies { clock, entropy, instances: BTreeMap::default(), spawn: Spawn::Inline };
    drop(SqliteStore::open(&path, dependencies).unwrap());
    let upgraded = Connection::open(&path).unwrap();
    let mut statement = upgraded.prepare("SELECT name, value FROM notes").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn each_note_of_each_released_schema_is_read_after_the_upgrade() {
    let readers = all_readers();
    for (version, stored) in stored() {
        let notes = notes_of(version, &stored);
        assert!(notes.len() > 10, "schema {version}: {notes:?}");
        for (name, text) in notes {
            let reader = readers.get(&name).unwrap_or_else(|| panic!("schema {version}: nothing reads `{name}`"));
            assert_eq!(reader(&text), Ok(()), "schema {version}: `{name}`: {text}");
        }
    }
}

/// Notes that a quiet life leaves none of, as version 0.1 wrote them; by hand, and not to be changed: a state may hold them.
const WRITTEN: [(&str, &str); 22] = [
    ("circles refused acme", r#"{"all groups":["2026-03-02T09:30:15.25Z","2026-03-02T09:40:15.25Z"]}"#),
    ("suspects", r#"{"000000000000000000000000000000a1":2}"#),
    ("the state", "2026-03-02T09:30:15.25Z"),
    (
        "detached support",
        r#"{"since":"2026-03-02T09:30:15.25Z","by":{"uid":1000,"name":"alice"},"strip":true,"stripped":false,"refused":1,"left":0,"unknown":2}"#,
    ),
    ("emptied support", r#"[{"side":"acme","field":"labels","items":["000000000000000000000000000000a1"]}]"#),
    ("clauses of support", "acme by labels = share\n"),
    ("pairs withheld of support", "yes"),
    ("gone support/acme", r#"{"000000000000000000000000000000a1":"2026-03-02T09:30:15.25Z"}"#),
    ("staying of support acme", "SUP-1 SUP-2"),
    ("project SUP of acme unread since", "the beginning"),
    ("project ENG of globex unread since", "2026-03-02T09:30:15.25Z"),
    ("unshown by acme", r#"{"still":"SUP-1 was made at 2026-03-02T09:30:15Z","unlogged":null}"#),
    ("went back acme", r#"{"seen":"SUP-1 is older than it was","checks":1}"#),
    ("knew of acme", "2026-03-02T09:30:15.25Z"),
    ("former accounts of acme", r#"[{"account":"5b10","until":"2026-03-02T09:30:15.25Z"}]"#),
    ("webhook path of acme", "3"),
    ("webhooks of acme came", "2026-03-02T09:30:15.25Z"),
    ("configuration that asks", "f16c93603ecd6105"),
    ("sweep turn", "4"),
    ("sweep wanted", "acme globex"),
    (
        "notices",
        r#"{"told":{"away":{"acme":{"since":"2026-03-02T09:30:15Z","noticed":"2026-03-02T09:45:15Z","done":7,"back":null}},"stopped":{},
            "tokens":{"acme":["2026-04-01T00:00:00Z",1]},"problems":3,"sent":["2026-03-02T09:45:15Z"],"held_back":1,"number":4},
           "outbox":[{"way":"email","notice":{"number":4,"at":"2026-03-02T09:45:15Z","event":"instance-away","about":"acme","title":"t",
            "text":"x","count":null,"held-back":0},"tries":1,"next":"2026-03-02T09:50:15Z"}]}"#,
    ),
    ("creations of support", r#"{"phase":"stopped","since":"2026-03-02T09:30:15.25Z","confirmed":120,"asked":true}"#),
];

#[test]
fn each_kind_of_note_is_read_as_it_was_written() {
    let readers = all_readers();
    for (name, text) in WRITTEN {
        let reader = readers.get(name).unwrap_or_else(|| panic!("nothing reads `{name}`"));
        assert_eq!(reader(text), Ok(()), "`{name}`: {text}");
        // A reader that takes anything would hold nothing.
        assert!(!text.starts_with(['{', '[']) || reader(&text[..text.len() - 1]).is_err(), "`{name}`");
    }
    // Of each kind one is here, or in a stored database: the second side's are the first one's.
    let mut seen: BTreeSet<String> = WRITTEN.iter().map(|(name, _)| (*name).to_owned()).collect();
    seen.extend(stored().last().into_iter().flat_map(|(newest, file)| notes_of(*newest, file).into_keys()));
    let of_acme = readers.keys().filter(|name| !name.contains("globex"));
    let unseen: Vec<&String> = of_acme.filter(|name| !seen.contains(*name)).collect();
    assert_eq!(unseen, Vec::<&String>::new());
}
