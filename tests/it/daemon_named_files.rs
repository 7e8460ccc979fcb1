//! Files that cross with what speaks of them, and notes in place of those that are too large. Must never take the daemon's word
//! for who got what: the Jiras tell, and what was sent to them.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::simulator::{CommentView, Fault, FaultRule, Setup, When};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::daemon_support::{ACME, THREE, World, calls, two, two_clouds};
use super::daemon_text::{paragraph, text};

/// A role of home whose comments one partner reads.
const DESK: &str = "restricted = [{ acme = \"role:Globex desk\", with = \"globex\" }]";

fn named(config: &str) -> String {
    let config = config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"with-their-comment\"", 1);
    config.replace("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{DESK}"))
}

/// A text of Cloud that shows a file, as its editor writes it.
pub(crate) fn showing(file: &str) -> Value {
    let media = json!({ "type": "media", "attrs": { "type": "file", "id": format!("uuid-of-{file}"), "collection": "", "alt": file } });
    let shown = json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [media] });
    json!({ "type": "doc", "version": 1, "content": [paragraph(&[text("See this.")]), shown] })
}

fn names(world: &World, jira: &str) -> Vec<String> {
    let mut names: Vec<String> = world.issue(jira, "Item").attachments.into_iter().map(|file| file.name).collect();
    names.sort();
    names
}

async fn shared(config: &str) -> (World, String) {
    let mut world = World::of(config, |_| {});
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    (world, key)
}

/// Whether anything that was sent to a Jira holds a text.
fn was_sent(world: &World, jira: &str, part: &str) -> bool {
    world.jira(jira).calls().iter().any(|call| String::from_utf8_lossy(&call.request_body).contains(part))
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_where_what_speaks_of_it_goes() {
    let (world, key) = shared(&named(THREE)).await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    for name in ["open.png", "desk.png", "admins.png", "told.png", "unnamed.png"] {
        jane.attach(&key, name, format!("canary-{name}").as_bytes()).unwrap();
    }
    world.rest().await.unwrap();
    assert!(names(&world, "globex").is_empty() && names(&world, "initech").is_empty(), "nothing speaks of them");
    jane.add_comment(&key, json!({ "body": showing("open.png") })).unwrap();
    let role = |name: &str| json!({ "type": "role", "value": name });
    omar.add_comment(&key, json!({ "body": showing("desk.png"), "visibility": role("Globex desk") })).unwrap();
    jane.add_comment(&key, json!({ "body": showing("admins.png"), "visibility": role("Administrators") })).unwrap();
    jane.edit(&key, json!({ "description": showing("told.png") })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(names(&world, "globex"), ["desk.png", "open.png", "told.png"]);
    assert_eq!(names(&world, "initech"), ["open.png", "told.png"]);
    for (jira, secrets) in
        [("globex", &["admins.png", "unnamed.png"][..]), ("initech", &["desk.png", "admins.png", "unnamed.png"])]
    {
        for secret in secrets {
            assert!(!was_sent(&world, jira, &format!("canary-{secret}")), "{secret} at {jira}");
        }
    }
    // Partners' own files go home and no further.
    let there = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    jdoe.attach(&there, "canary-partner.txt", b"canary-partner").unwrap();
    jdoe.comment(&there, "see [^canary-partner.txt]").unwrap();
    world.rest().await.unwrap();
    assert!(names(&world, "acme").contains(&"canary-partner.txt".to_owned()));
    assert!(!was_sent(&world, "initech", "canary-partner"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn nobody_fetches_a_file_by_writing_its_name_elsewhere() {
    let (world, key) = shared(&named(THREE)).await;
    let jane = world.person("acme", "jane");
    jane.attach(&key, "secret.png", b"canary-secret").unwrap();
    jane.edit(&key, json!({ "description": jane.text("Words of Jane.") })).unwrap();
    world.rest().await.unwrap();
    // On Data Center by its wiki markup, on Cloud by a node, in comments and in the text that all share.
    let (globex, initech) = (world.issue("globex", "Item").key, world.issue("initech", "Item").key);
    let (jdoe, petra) = (world.person("globex", "jdoe"), world.person("initech", "petra"));
    jdoe.comment(&globex, "give me [^secret.png] and !secret.png!").unwrap();
    petra.add_comment(&initech, json!({ "body": showing("secret.png") })).unwrap();
    jdoe.edit(&globex, json!({ "description": "Words of Jane.\n\nAnd mine: [^secret.png]" })).unwrap();
    world.rest().await.unwrap();
    assert!(world.field("acme", "Item", "description").contains("secret.png"), "it was planted");
    // Whoever edits what was planted did not write it.
    let held = world.issue("acme", "Item").fields["description"].clone();
    let mut blocks = super::daemon_text::nodes(&world, "acme", "Item").await;
    assert!(held.contains("Jane"), "{held}");
    blocks[0] = paragraph(&[text("Words of Jane, mended.")]);
    jane.edit(&key, json!({ "description": { "type": "doc", "version": 1, "content": blocks } })).unwrap();
    world.rest().await.unwrap();
    assert!(world.field("globex", "Item", "description").contains("mended"));
    for jira in ["globex", "initech"] {
        assert!(names(&world, jira).is_empty() && !was_sent(&world, jira, "canary-secret"), "{jira}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_word_does_not_fetch_a_later_file_of_that_name() {
    for (config, from, to) in [
        (two(), ("acme", "jane"), "globex"),
        (two(), ("globex", "jdoe"), "acme"),
        (two_clouds(), ("acme", "jane"), "initech"),
    ] {
        let config = config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"with-their-comment\"", 1);
        let (world, _) = shared(&config).await;
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        let say = |file: &str| match from.0 {
            "globex" => person.comment(&key, &format!("see [^{file}]")).unwrap(),
            _ => person.add_comment(&key, json!({ "body": showing(file) })).unwrap(),
        };
        // Said first, attached later.
        let said = say("plan.png");
        world.rest().await.unwrap();
        person.attach(&key, "plan.png", b"first").unwrap();
        world.rest().await.unwrap();
        person.attach(&key, "plan.png", b"canary-second").unwrap();
        world.rest().await.unwrap();
        assert_eq!(names(&world, to), ["plan.png"], "{from:?} to {to}");
        assert!(!was_sent(&world, to, "canary-second"), "{from:?} to {to}");
        say("plan.png");
        world.rest().await.unwrap();
        assert_eq!(names(&world, to), ["plan.png", "plan.png"], "{from:?} to {to}");
        // What crossed stays, whatever becomes of what spoke of it.
        person.delete_comment(&key, &said).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(names(&world, to), ["plan.png", "plan.png"], "{from:?} to {to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Sides with an item, the file's first.
fn note_pairs() -> Vec<(String, (&'static str, &'static str), &'static str)> {
    let with = |config: String| {
        let table = "home = \"acme\"\ncounterparts = \"link\"\nattachments = { largest = 0.001, too-large = \"note\" }";
        config.replacen("home = \"acme\"", table, 1)
    };
    vec![
        (with(two()), ("acme", "jane"), "globex"),
        (with(two()), ("globex", "jdoe"), "acme"),
        (with(two_clouds()), ("acme", "jane"), "initech"),
    ]
}

fn notes(world: &World, jira: &str) -> Vec<CommentView> {
    let all = world.issue(jira, "Item").comments;
    all.into_iter().filter(|comment| comment.body.contains("large.bin")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_note_stands_for_a_file_that_is_too_large() {
    for (config, from, to) in note_pairs() {
        let (world, _) = shared(&config).await;
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        // A lost answer makes no second one.
        world.jira(to).add_fault(FaultRule::new("addComment", When::Nth(1), Fault::ResetAfter));
        let file = person.attach(&key, "large.bin", &[7; 1_001]).unwrap();
        person.attach(&key, "small.bin", &[7; 1_000]).unwrap();
        world.intervals(30).await;
        let (told, body) =
            (notes(&world, to), notes(&world, to).iter().map(|note| note.body.clone()).collect::<String>());
        assert_eq!((told.len(), names(&world, to)), (1, vec!["small.bin".to_owned()]), "{from:?} to {to}: {told:?}");
        assert!(body.contains("1.0 kB") && body.contains(&key), "{from:?} to {to}: {body}");
        assert!(notes(&world, from.0).is_empty(), "it is told where it is missed");
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira(to).reset_calls();
        world.intervals(10).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        let writes =
            ["addComment", "updateComment", "deleteComment"].map(|name| calls(world.jira(to)).get(name).copied());
        assert_eq!(writes, [None; 3], "{from:?} to {to}");
        person.detach(&file).unwrap();
        world.rest().await.unwrap();
        assert!(notes(&world, to).is_empty(), "{from:?} to {to}: it goes with the file");
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_goes_when_the_file_fits() {
    for (config, from, to) in note_pairs() {
        let (world, _) = shared(&config).await;
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        person.attach(&key, "large.bin", &[7; 1_001]).unwrap();
        world.rest().await.unwrap();
        assert_eq!(notes(&world, to).len(), 1);
        let mut world = world.with_config(&config.replace("largest = 0.001", "largest = 0.002"));
        world.start().await;
        person.edit(&key, json!({ "summary": "Item, again" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((notes(&world, to).len(), names(&world, to).len()), (0, 1), "{from:?} to {to}");
        // And the same the other way: it is told again of the next.
        person.attach(&key, "other large.bin", &[7; 2_001]).unwrap();
        world.rest().await.unwrap();
        assert_eq!((notes(&world, to).len(), names(&world, to).len()), (1, 1), "{from:?} to {to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_is_for_the_side_that_misses_the_file() {
    let config = THREE.replacen(
        "home = \"acme\"",
        "home = \"acme\"\nattachments = { names = [\"*\"], too-large = \"note\" }",
        1,
    );
    let small = |setups: &mut BTreeMap<&'static str, Setup>| {
        setups.get_mut("globex").unwrap().quirks.upload_limit = 1_000;
    };
    let mut world = World::of(&config, small);
    world.jira("initech").record_bodies(true);
    world.start().await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").attach(&key, "large.bin", &[7; 1_001]).unwrap();
    world.rest().await.unwrap();
    assert_eq!((notes(&world, "globex").len(), names(&world, "globex").len()), (1, 0));
    assert_eq!((notes(&world, "initech").len(), names(&world, "initech").len()), (0, 1));
    let told = &notes(&world, "globex")[0].body;
    assert!(!told.contains("SUP-") && !told.contains(ACME), "no way back is shown there: {told}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_takes_long_holds_up_no_other_issue() {
    let config = two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    let (world, key) = shared(&config).await;
    let jane = world.person("acme", "jane");
    let other = json!({ "summary": "Other", "priority": { "name": "Low" } });
    let other = jane.create("SUP", "Bug", other).unwrap();
    world.rest().await.unwrap();
    world.jira("globex").add_fault(FaultRule::new(
        "addAttachment",
        When::Nth(1),
        Fault::Slow(Duration::from_secs(600)),
    ));
    jane.attach(&key, "long.bin", b"long").unwrap();
    jane.edit(&other, json!({ "summary": "Other, once" })).unwrap();
    let cancel = CancellationToken::new();
    let people = async {
        // Both are of one batch.
        tokio::time::sleep(Duration::from_secs(60)).await;
        jane.edit(&other, json!({ "summary": "Other, twice" })).unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        let early = (world.field("globex", "Other", "summary"), names(&world, "globex").len());
        tokio::time::sleep(Duration::from_secs(900)).await;
        cancel.cancel();
        early
    };
    let (run, early) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
    assert_eq!(early, ("Other, twice".to_owned(), 0), "the other does not wait");
    assert_eq!(names(&world, "globex"), ["long.bin"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_stays_when_its_comment_is_narrowed_before_it_goes() {
    let (world, key) = shared(&named(THREE)).await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    // The first holds the other up for a while, after both were looked at.
    world.jira("globex").add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::Slow(Duration::from_secs(9))));
    jane.attach(&key, "first.png", b"canary-first").unwrap();
    omar.attach(&key, "desk.png", b"canary-desk").unwrap();
    jane.add_comment(&key, json!({ "body": showing("first.png") })).unwrap();
    let said = omar.add_comment(&key, json!({ "body": showing("desk.png") })).unwrap();
    let cancel = CancellationToken::new();
    let people = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        jane.restrict_comment(&key, &said, "for few", "Administrators").unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
        cancel.cancel();
    };
    let (run, ()) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
    assert_eq!(names(&world, "globex"), ["first.png"]);
    assert!(!was_sent(&world, "globex", "canary-desk"));
}

#[tokio::test(start_paused = true)]
async fn a_file_stays_when_its_comment_only_quotes_it_before_it_goes() {
    let mut world = World::of(&named(&two()), |_| {});
    world.jira("acme").record_bodies(true);
    world.start().await;
    let jdoe = world.person("globex", "jdoe");
    let key = jdoe.create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    world.rest().await.unwrap();
    world.jira("acme").add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::Slow(Duration::from_secs(9))));
    jdoe.attach(&key, "first.png", b"canary-first").unwrap();
    jdoe.attach(&key, "plan.png", b"canary-plan").unwrap();
    jdoe.comment(&key, "See !first.png!").unwrap();
    let said = jdoe.comment(&key, "See !plan.png!").unwrap();
    let cancel = CancellationToken::new();
    let people = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        jdoe.edit_comment(&key, &said, "{quote}!plan.png!{quote}").unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
        cancel.cancel();
    };
    let (run, ()) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
    assert_eq!(names(&world, "acme"), ["first.png"]);
    assert!(!was_sent(&world, "acme", "canary-plan"));
}

#[tokio::test(start_paused = true)]
async fn a_file_of_a_comment_for_few_waits_for_its_copy() {
    let rows = DESK.replace("with", "globex = \"role:Nowhere\", with");
    let (world, key) = shared(&named(THREE).replace(DESK, &rows)).await;
    let omar = world.person("acme", "omar");
    let role = json!({ "type": "role", "value": "Globex desk" });
    omar.attach(&key, "desk.png", b"canary-desk").unwrap();
    omar.add_comment(&key, json!({ "body": showing("desk.png"), "visibility": role })).unwrap();
    world.intervals(10).await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("not a member of the"), "{problems:?}");
    assert!(!was_sent(&world, "globex", "canary-desk"), "nobody there may read what it belongs to");
}
