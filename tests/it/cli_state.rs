//! `jirasyncd state` as an operator types it, beside a daemon and without one, and every state that no daemon may start on. Must never leave
//! a daemon behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Holder, ProjectSetup, When};
use serde_json::json;

use super::cli_operate::until;
use super::cli_world::{Place, Said, World, said};
use super::process_support::Running;

fn create(world: &World, summary: &str) -> String {
    let fields = json!({ "summary": summary, "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap()
}

/// What no request of a reading command is: everything that changes an issue, and all that is no known read.
fn writes(world: &World) -> Vec<String> {
    let reads = ["search/jql", "issue/bulkfetch", "changelog/bulkfetch", "search"];
    let calls = world.acme.calls().into_iter().chain(world.globex.calls());
    let writes = calls.filter(|call| {
        call.method != "GET" && !(call.method == "POST" && reads.iter().any(|read| call.path.ends_with(read)))
    });
    writes.map(|call| format!("{} {}", call.method, call.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_copied_beside_the_daemon_and_put_back_without_one() {
    let world = World::new().await;
    let place = world.place_with("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"1s\"");
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    let first = create(&world, "First");
    until("the first crosses", || world.globex.issues().len() == 1).await;
    let backup = place.file("backup.db");
    let file = backup.to_str().unwrap();
    place
        .run(&["state", "backup", file])
        .await
        .expect(0, &["1 item, schema 13", "acme", "polled to", "key of the marks"]);
    place.run(&["state", "backup", file]).await.expect(1, &["written over nothing"]);
    place.run(&["state", "check"]).await.expect(0, &["state.db is whole"]);
    place.run(&["state", "check", file]).await.expect(0, &["backup.db is whole"]);
    // What is not sealed is found, and no token is, while the daemon runs: in the state, its `-wal`, the backup.
    assert!(place.files_with(b"First").len() >= 2, "nothing was looked at");
    place.holds_no_token();
    place.run(&["state", "compare"]).await.expect(0, &["1  items", "2  issues of theirs"]);
    let held = format!("process {}", daemon.pid());
    place.run(&["state", "restore", file]).await.expect(1, &[&held, "stop that one first"]);

    // What the backup does not know of.
    create(&world, "Second");
    until("the second crosses", || world.globex.issues().len() == 2).await;
    let (ended, ..) = daemon.terminate(Duration::from_secs(20)).await;
    assert!(ended.success());
    let restored = place.run(&["state", "restore", file, "--json"]).await.expect(0, &[]).json();
    assert_eq!((&restored["items"], &restored["exit"]), (&json!(1), &json!(0)), "{restored}");
    let kept = restored["kept"].as_str().unwrap().to_owned();
    place.run(&["state", "check", &kept]).await.expect(0, &["is whole"]);
    place.run(&["state", "compare"]).await.expect(0, &["1  items"]);
    let told = place.run(&["run", "--once"]).await;
    assert!(told.stderr.contains("the state was put back from an older backup"), "{told:?}");
    place.run(&["run", "--once"]).await;
    assert_eq!((world.acme.issues().len(), world.globex.issues().len()), (2, 2), "something was doubled");
    // Until the next full check it stays told.
    let parts = ["2  items", "was put back from an older backup", ", settles by itself\n"];
    place.run(&["status"]).await.expect(1, &parts);
    place.run(&["problems"]).await.expect(1, &["was put back from an older backup", "), settles by itself\n"]);
    let json = place.run(&["problems", "--json"]).await.expect(1, &[]).json();
    assert_eq!(json["causes"].as_array().unwrap().last().unwrap()["settles"], true, "{json}");
    place.run(&["state", "restore", file]).await.expect(0, &["recovery mode", "before-restore-", "1 item"]);
    place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &["operator ", "`state restore`: done"]);
    let parts = ["\noperators\n", "`state restore` by ", ": a backup took the place of the state: "];
    place.run(&["explain", &first]).await.expect(0, &parts);
    let known = place.run(&["explain", &first, "--json"]).await.expect(0, &[]).json();
    assert_eq!(known["items"][0]["commands"][0]["command"], json!({ "remember": "restored" }), "{known}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_names_what_differs_and_writes_nothing() {
    let world = World::new().await;
    let place = world.place();
    for summary in ["As it was", "Deleted", "Unmarked", "Strange mark", "Edited"] {
        create(&world, summary);
    }
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let key = |summary: &str| {
        let found = world.globex.issues().into_iter().find(|issue| issue.fields["summary"] == summary);
        found.unwrap_or_else(|| panic!("{summary} did not cross")).key
    };
    let keys = ["Deleted", "Unmarked", "Strange mark", "Edited"].map(key);
    world.globex.set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
    let admin = world.globex.person("jdoe").unwrap();
    let property = |key: &str, value| world.globex.person("jdoe").unwrap().set_property(key, "jirasyncd", value);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let clean = place.run(&["state", "compare", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&clean["compared"]["issues"], &clean["compared"]["differ"]), (&json!(10), &json!([])), "{clean}");
    admin.delete(&keys[0]).unwrap();
    admin.delete_property(&keys[1], "jirasyncd").unwrap();
    property(&keys[2], json!({ "mark": "not-of-this-state" })).unwrap();
    admin.edit(&keys[3], json!({ "summary": "Edited twice" })).unwrap();
    let before = fs::read(place.file("state.db")).unwrap();
    for jira in [&world.acme, &world.globex] {
        jira.reset_calls();
    }
    let parts = [
        (&keys[0], "is not there, or not visible"),
        (&keys[1], "bears no mark"),
        (&keys[2], "its mark is not this state's"),
        (&keys[3], "changed since it was last taken in"),
    ]
    .map(|(key, how)| (format!("  {key} (sync support, side globex)"), how));
    let told = place.run(&["state", "compare"]).await.expect(1, &["5   items", "10  issues of theirs"]);
    for (issue, how) in &parts {
        let line = told.stdout.lines().find(|line| line.starts_with(issue.as_str()) && line.contains(how));
        assert!(line.is_some(), "{issue} {how}: {told:?}");
    }
    let told = place.run(&["state", "compare", "--json"]).await.expect(1, &[]).json();
    let counts = json!({ "newer": 1, "missing": 1, "unmarked": 1, "other-mark": 1 });
    assert_eq!(told["compared"]["counts"], counts, "{told}");
    assert!(world.globex.total_calls() > 0, "nothing was asked");
    assert_eq!(writes(&world), Vec::<String>::new());
    assert_eq!(fs::read(place.file("state.db")).unwrap(), before, "the state was changed");
    // The check of requests sees a write.
    place.run(&["run", "--once"]).await;
    assert_ne!(writes(&world), Vec::<String>::new());
    fs::write(place.file("state.db"), "Dear diary,\n").unwrap();
    place.run(&["state", "compare"]).await.expect(2, &["is not a state of jirasyncd"]);
}

/// The key of the copy at globex.
fn copy_of(world: &World, summary: &str) -> String {
    let found = world.globex.issues().into_iter().find(|issue| issue.fields["summary"] == summary);
    found.unwrap_or_else(|| panic!("{summary} did not cross")).key
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_finds_what_moves_no_time_and_says_by_what_it_compared() {
    let world = World::new().await;
    let place = world.place();
    let silent = create(&world, "Silent");
    create(&world, "As it was");
    let jane = world.acme.person("jane").unwrap();
    let comment = jane.comment(&silent, "Gone soon").unwrap();
    for _ in 0..3 {
        place.run(&["run", "--once"]).await.expect(0, &[]);
    }
    let clean = place.run(&["state", "compare", "--json"]).await.expect(0, &[]).json();
    let compared = &clean["compared"];
    assert_eq!((&compared["same"], &compared["same_by_time"]), (&json!(4), &json!(0)), "{clean}");
    jane.delete_comment(&silent, &comment).unwrap();
    let told = place.run(&["state", "compare"]).await.expect(0, &["3  are as the state knows them"]);
    let line = format!("  {silent} (sync support, side acme) shows something else than was last taken in");
    assert!(told.stdout.lines().any(|said| said.starts_with(&line)), "{told:?}");
    let told = place.run(&["state", "compare", "--json"]).await.expect(0, &[]).json();
    assert_eq!(told["compared"]["counts"], json!({ "silently": 1 }), "{told}");
    // Under another configuration it is not known what the issues showed by it, and that is said.
    let text = world.configuration().replace("description = \"both\"\n", "");
    fs::write(place.file("jirasyncd.toml"), text).unwrap();
    place.run(&["state", "compare"]).await.expect(0, &["4  of these by time, key and mark alone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_tells_what_came_back_went_back_or_was_moved() {
    let world = World::with(|_, globex| {
        let eng = globex.projects[0].clone();
        globex.projects.push(ProjectSetup { key: "OTH".into(), id: 19_000, name: "Other".into(), ..eng });
    })
    .await;
    let place = world.place();
    let originals = ["As it was", "Back", "Older", "Moved"].map(|summary| create(&world, summary));
    for _ in 0..2 {
        place.run(&["run", "--once"]).await.expect(0, &[]);
    }
    let [back, older, moved] = ["Back", "Older", "Moved"].map(|summary| copy_of(&world, summary));
    world.globex.set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
    let backup = world.globex.back_up();
    let person = world.globex.person("jdoe").unwrap();
    person.delete(&back).unwrap();
    person.edit(&older, json!({ "summary": "Older, edited" })).unwrap();
    world.acme.person("jane").unwrap().edit(&originals[1], json!({ "summary": "Back, edited" })).unwrap();
    for _ in 0..2 {
        place.run(&["run", "--once"]).await;
    }
    let told = place.run(&["state", "compare", "--json"]).await.expect(0, &[]).json();
    let compared = &told["compared"];
    assert_eq!((&compared["known_missing"], compared["counts"].get("missing")), (&json!(1), None), "{told}");
    place.run(&["state", "compare"]).await.expect(0, &["1  are missing, as the state knows"]);

    world.globex.put_back(&backup);
    person.move_to(&moved, "OTH").unwrap();
    let told = place.run(&["state", "compare"]).await.expect(1, &[]);
    for (key, how) in [(&back, "is there again"), (&older, "is older than"), (&moved, "has another key")] {
        let line = format!("  {key} (sync support, side globex) {how}");
        assert!(told.stdout.lines().any(|said| said.starts_with(&line)), "{line}: {told:?}");
    }
    let told = place.run(&["state", "compare", "--json"]).await.expect(1, &[]).json();
    for how in ["back", "older", "moved"] {
        assert_eq!(told["compared"]["counts"][how], 1, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_says_what_it_did_not_read() {
    let world = World::new().await;
    let place = world.place();
    for summary in ["One", "Two"] {
        create(&world, summary);
    }
    for _ in 0..2 {
        place.run(&["run", "--once"]).await.expect(0, &[]);
    }
    world.globex.add_fault(FaultRule::new("getIssue", When::Always, Fault::Status(400)));
    place.run(&["state", "compare"]).await.expect(3, &["2  could not be read", "globex: "]);
    let told = place.run(&["state", "compare", "--json"]).await.expect(3, &[]).json();
    let compared = &told["compared"];
    assert_eq!((&compared["unread"], &compared["same"]), (&json!(2), &json!(2)), "{told}");
    assert!(compared["errors"]["globex"].is_string() && compared["errors"]["acme"].is_null(), "{told}");
    world.globex.clear_faults();
    // Items of a sync that is not configured any more.
    fs::write(place.file("jirasyncd.toml"), world.configuration().replace("sync.support", "sync.other")).unwrap();
    let said = ["2  items of syncs that were ended or are not configured", "0  issues of theirs"];
    place.run(&["state", "compare"]).await.expect(0, &said);
}

/// What somebody names as a backup is spoken of as one, and not as the state.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_backup_is_named_and_changes_nothing() {
    let world = World::new().await;
    let place = world.place();
    place.run(&["run", "--once"]).await;
    let before = fs::read(place.file("state.db")).unwrap();
    fs::write(place.file("notes.txt"), "Dear diary,\n").unwrap();
    let (notes, nothing) =
        (place.file("notes.txt").display().to_string(), place.file("nothing.db").display().to_string());
    for command in ["restore", "check"] {
        for (file, why) in [(&notes, "it is no SQLite database"), (&nothing, "it is not there")] {
            let said = ["is no backup", why, "nothing was changed", "name a file that `jirasyncd state backup` wrote"];
            place.run(&["state", command, file]).await.expect(1, &said);
        }
    }
    assert_eq!(fs::read(place.file("state.db")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backup_of_another_daemon_is_refused_where_nobody_says_that_it_is_meant() {
    let world = World::new().await;
    let (staging, place, empty) = (world.place(), world.place(), world.place());
    for daemon in [&staging, &place] {
        daemon.run(&["run", "--once"]).await;
    }
    let backup = staging.file("backup.db");
    let file = backup.to_str().unwrap();
    staging.run(&["state", "backup", file]).await.expect(0, &[]);
    let before = fs::read(place.file("state.db")).unwrap();
    let said = ["is another daemon's", "nothing was changed", "--of-another"];
    place.run(&["state", "restore", file]).await.expect(1, &said);
    assert_eq!(fs::read(place.file("state.db")).unwrap(), before);
    place.run(&["state", "restore", file, "--of-another"]).await.expect(0, &["is kept as"]);
    empty.run(&["state", "restore", file]).await.expect(0, &["there was no state before"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_jira_is_not_compared() {
    let (world, other) = (World::new().await, World::new().await);
    let place = world.place();
    create(&world, "Item");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let text = world.configuration().replace(&world.globex.base_url(), &other.globex.base_url());
    fs::write(place.file("jirasyncd.toml"), text).unwrap();
    place.run(&["state", "compare"]).await.expect(2, &["globex", "another"]);
}

/// A state with one item, as `run --once` left it.
async fn kept(world: &World) -> Place {
    let place = world.place();
    create(world, "Item");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place
}

fn sql(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// A state that no daemon may start on: how it came to be, the exit code, and what is said.
type Bad = (&'static str, fn(&Path), i32, &'static str);

const BAD: &[Bad] = &[
    ("a text", |state| fs::write(state, "Dear diary,\n").unwrap(), 2, "is not a state of jirasyncd"),
    ("empty", |state| fs::write(state, "").unwrap(), 1, "it is empty, and a state never is"),
    (
        "another application's",
        |state| {
            fs::remove_file(state).unwrap();
            sql(state, "CREATE TABLE bookmarks (url TEXT)");
        },
        2,
        "a database of another program",
    ),
    ("of a newer schema", |state| sql(state, "PRAGMA user_version = 99"), 2, "made by a newer jirasyncd"),
    (
        "cut off",
        |state| {
            let whole = fs::read(state).unwrap();
            fs::write(state, &whole[..whole.len() / 2]).unwrap();
        },
        1,
        "it is cut off",
    ),
    (
        "holed",
        |state| {
            let mut holed = fs::read(state).unwrap();
            holed[4_096..].fill(0);
            fs::write(state, holed).unwrap();
        },
        1,
        "is damaged",
    ),
    ("gone", |state| fs::remove_file(state).unwrap(), 1, "the lock beside it says that there was one"),
    (
        "gone but for its log",
        |state| {
            fs::remove_file(state).unwrap();
            fs::remove_file(format!("{}.lock", state.display())).unwrap();
            fs::write(format!("{}-wal", state.display()), "frames").unwrap();
        },
        1,
        "`-wal` is still there",
    ),
    (
        "a folder",
        |state| {
            fs::remove_file(state).unwrap();
            fs::create_dir(state).unwrap();
        },
        2,
        "it is no file",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_daemon_starts_on_a_bad_state_nor_makes_another() {
    let world = World::new().await;
    let good = kept(&world).await;
    let whole = fs::read(good.file("state.db")).unwrap();
    let issues = || (world.acme.issues().len(), world.globex.issues().len());
    for (name, spoil, code, words) in BAD {
        let place = world.place();
        let state = place.file("state.db");
        fs::write(&state, &whole).unwrap();
        fs::write(place.file("state.db.lock"), "7\na state lies beside this\n").unwrap();
        spoil(&state);
        let read = || if state.is_file() { Some(fs::read(&state).unwrap()) } else { None };
        let before = read();
        let told = place.run(&["run", "--once"]).await;
        assert!(told.code == *code && told.all().contains(words), "{name}: {told:?}");
        let checked = place.run(&["state", "check"]).await;
        assert!(checked.code == 1 || checked.code == 2, "{name}: {checked:?}");
        assert_eq!(read(), before, "{name}: the state was changed");
        assert_eq!(issues(), (1, 1), "{name}: something was created");
        // Out of every one of them a backup leads, and nothing is doubled then.
        let backup = place.file("backup.db");
        fs::write(&backup, &whole).unwrap();
        place.run(&["state", "restore", backup.to_str().unwrap()]).await.expect(0, &["recovery mode"]);
        place.run(&["run", "--once"]).await.expect(0, &[]);
        assert_eq!(issues(), (1, 1), "{name}: something was doubled");
    }
}

/// The same command where no file may grow beyond `blocks` of 512 bytes: as on a disk that is full.
async fn on_a_full_disk(place: &Place, words: &[&str], blocks: u32) -> Said {
    let inner = place.command(words);
    let mut command = std::process::Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    command.arg("-c").arg(script).arg("sh").arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    said(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_written_anywhere() {
    let world = World::new().await;
    // No room for a new state: none is there afterwards, and the next start makes it.
    let empty = world.place();
    create(&world, "Item");
    on_a_full_disk(&empty, &["run", "--once"], 16).await.expect(1, &["state.db"]);
    assert!(!empty.file("state.db").exists(), "half a state was left");
    assert_eq!(world.globex.issues().len(), 0);
    empty.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(world.globex.issues().len(), 1);

    // No room for what comes: no write to a Jira without its intent.
    create(&world, "Second");
    let before = fs::read(empty.file("state.db")).unwrap();
    for jira in [&world.acme, &world.globex] {
        jira.reset_calls();
    }
    on_a_full_disk(&empty, &["run", "--once"], 8).await.expect(1, &["the state"]);
    assert_eq!((writes(&world), world.globex.issues().len()), (Vec::new(), 1));
    assert_eq!(fs::read(empty.file("state.db")).unwrap(), before);
    // Nor is half a backup left, under whatever name.
    let backup = empty.file("backup.db");
    on_a_full_disk(&empty, &["state", "backup", backup.to_str().unwrap()], 64).await.expect(1, &["backup.db"]);
    let left = fs::read_dir(empty.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("backup")).collect();
    assert!(left.is_empty(), "{left:?}");
    // With room again it goes on alone.
    empty.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!((world.acme.issues().len(), world.globex.issues().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_whose_log_was_lost_doubles_nothing() {
    let world = World::new().await;
    let place = world.place_with("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"1s\"");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    create(&world, "Item");
    until("it crosses", || world.globex.issues().len() == 1).await;
    let log = place.file("state.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0, "nothing was in the log");
    daemon.kill();
    // Whoever copied the main file alone.
    fs::remove_file(&log).unwrap();
    let _ = fs::remove_file(place.file("state.db-shm"));
    place.run(&["state", "check"]).await.expect(0, &["is whole"]);
    let told = place.run(&["run", "--once"]).await;
    assert!(told.stderr.contains("the state was put back from an older backup"), "{told:?}");
    place.run(&["run", "--once"]).await;
    assert_eq!((world.acme.issues().len(), world.globex.issues().len()), (1, 1), "something was doubled");
    place.run(&["status"]).await.expect(1, &["1  items", "was put back from an older backup"]);
}

/// The key goes to its file and nowhere else, and with it a state that is gone is made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_is_made_anew_from_its_key() {
    let world = World::new().await;
    let place = world.place();
    create(&world, "First");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let (file, state) = (place.file("state.key"), place.file("state.db"));
    let key = file.to_str().unwrap();
    let mut said = vec![place.run(&["state", "key", key]).await.expect(0, &["as safe as a token"])];
    said.push(place.run(&["state", "key", key]).await.expect(1, &["written over nothing"]));
    said.push(place.run(&["state", "rebuild", "--key", key]).await.expect(1, &["made anew only where none is"]));
    fs::remove_file(&state).unwrap();
    for call in [&world.acme, &world.globex] {
        call.reset_calls();
    }
    said.push(place.run(&["state", "rebuild", "--key", state.to_str().unwrap()]).await.expect(1, &["could not read"]));
    let rebuilt = place.run(&["state", "rebuild", "--key", key, "--json", "--log", "debug"]).await;
    assert_eq!(rebuilt.json()["rebuilt"]["items"], json!(1), "{rebuilt:?}");
    said.push(rebuilt);
    assert_eq!(writes(&world), Vec::<String>::new());
    said.push(place.run(&["status"]).await.expect(1, &["made anew from the marks"]));
    said.push(place.run(&["run", "--once", "--log", "debug"]).await);
    assert_eq!((world.acme.issues().len(), world.globex.issues().len()), (1, 1));
    let text = fs::read_to_string(&file).unwrap();
    let secret = text.split_whitespace().last().unwrap();
    assert_eq!(secret.len(), 64);
    for said in said {
        assert!(!said.all().contains(secret), "the key is in {said:?}");
    }
}
