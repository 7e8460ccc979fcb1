//! Ways in which a file, its name or its size could get to where nobody gave it, by words that are old, quoted, or for few. Must
//! never take the daemon's word for who got what: the Jiras tell, and what was sent to them.

use std::collections::BTreeMap;

use jirasyncd::simulator::Setup;
use serde_json::{Value, json};

use super::daemon_support::{World, two, two_clouds};
use super::daemon_text::{paragraph, text};

/// Files cross with what speaks of them, and notes tell of those above 1000 bytes.
fn with(config: &str, attachments: &str, comments: &str) -> String {
    let table = format!("home = \"acme\"\nattachments = {attachments}");
    let config = config.replacen("home = \"acme\"", &table, 1);
    config.replace("unrestricted = \"both\"", comments)
}

const WITH_COMMENT: &str = "{ which = \"with-their-comment\", largest = 0.001, too-large = \"note\" }";
const BOTH: &str = "unrestricted = \"both\"";

/// A world with an item. On globex John has a role of his own, which the sync user is not in.
async fn shared(config: &str, desks: bool) -> World {
    let mut world = World::of(config, |setups: &mut BTreeMap<&'static str, Setup>| {
        for (name, setup) in setups.iter_mut() {
            let mut project = setup.projects[0].clone();
            project.service_desk = desks;
            setup.projects[0] = if *name == "globex" { project.member("Board", "JIRAUSER10101") } else { project };
        }
    });
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world
}

fn names(world: &World, jira: &str) -> Vec<String> {
    let mut names: Vec<String> = world.issue(jira, "Item").attachments.into_iter().map(|file| file.name).collect();
    names.sort();
    names
}

fn was_sent(world: &World, jira: &str, part: &str) -> bool {
    world.jira(jira).calls().iter().any(|call| String::from_utf8_lossy(&call.request_body).contains(part))
}

fn notes(world: &World, jira: &str) -> usize {
    let all = world.issue(jira, "Item").comments;
    all.iter().filter(|comment| comment.body.contains("is not copied here")).count()
}

fn media(file: &str) -> Value {
    let media = json!({ "type": "media", "attrs": { "type": "file", "id": format!("uuid-of-{file}"), "collection": "", "alt": file } });
    json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [media] })
}

fn document(blocks: &[Value]) -> Value {
    json!({ "type": "doc", "version": 1, "content": blocks })
}

async fn settle(world: &World) {
    world.rest().await.unwrap();
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_word_that_meant_a_file_fetches_no_other_when_that_is_deleted() {
    for (config, from, to) in [
        (two(), ("globex", "jdoe"), "acme"),
        (two(), ("acme", "jane"), "globex"),
        (two_clouds(), ("acme", "jane"), "initech"),
    ] {
        let world = shared(&with(&config, "\"with-their-comment\"", BOTH), false).await;
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        let file = person.attach(&key, "offer.pdf", b"canary-meant").unwrap();
        let body = document(&[paragraph(&[text("See this.")]), media("offer.pdf")]);
        let body = if from.0 == "globex" { json!("see [^offer.pdf]") } else { body };
        person.add_comment(&key, json!({ "body": body })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(names(&world, to), ["offer.pdf"], "{from:?} to {to}");
        person.attach(&key, "offer.pdf", b"canary-inside").unwrap();
        world.rest().await.unwrap();
        person.detach(&file).unwrap();
        settle(&world).await;
        assert!(names(&world, to).is_empty(), "{from:?} to {to}");
        assert!(!was_sent(&world, to, "canary-inside"), "{from:?} to {to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_that_comes_back_means_the_file_that_it_meant() {
    let world = shared(&with(&two(), "\"with-their-comment\"", BOTH), false).await;
    let key = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    jdoe.attach(&key, "offer.pdf", b"canary-meant").unwrap();
    let said = jdoe.comment(&key, "see [^offer.pdf]").unwrap();
    world.rest().await.unwrap();
    jdoe.attach(&key, "offer.pdf", b"canary-inside").unwrap();
    world.rest().await.unwrap();
    // The sync user does not see it for a while.
    jdoe.restrict_comment(&key, &said, "see [^offer.pdf]", "Board").unwrap();
    settle(&world).await;
    assert!(world.issue("acme", "Item").comments.is_empty());
    jdoe.open_comment(&key, &said, "see [^offer.pdf]").unwrap();
    settle(&world).await;
    // Its copy is made with the next read of its issue.
    jdoe.edit(&key, json!({ "summary": "Item, again" })).unwrap();
    settle(&world).await;
    assert_eq!(world.issue("acme", "Item").comments.len(), 1);
    assert_eq!(names(&world, "acme"), ["offer.pdf"]);
    assert!(!was_sent(&world, "acme", "canary-inside"));
}

#[tokio::test(start_paused = true)]
async fn a_note_goes_when_its_file_may_not_cross_any_more() {
    for act in ["restrict", "hide", "delete", "edit", "skip", "problem", "names"] {
        let config = with(&two(), WITH_COMMENT, BOTH);
        let world = shared(&config, false).await;
        let key = world.issue("globex", "Item").key;
        let (jdoe, mlopez) = (world.person("globex", "jdoe"), world.person("globex", "mlopez"));
        let hides = act == "hide";
        let author = if hides { &jdoe } else { &mlopez };
        author.attach(&key, "large.bin", &[7; 1_001]).unwrap();
        let said = author.comment(&key, "see [^large.bin]").unwrap();
        world.rest().await.unwrap();
        assert_eq!((notes(&world, "acme"), world.problems().await), (1, Vec::new()), "{act}");
        let table = match act {
            "skip" => "\"skip\"".to_owned(),
            "problem" => WITH_COMMENT.replace("\"note\"", "\"problem\""),
            "names" => WITH_COMMENT.replace("which = \"with-their-comment\"", "names = [\"x*\"]"),
            _ => WITH_COMMENT.to_owned(),
        };
        match act {
            "restrict" => author.restrict_comment(&key, &said, "see [^large.bin]", "Administrators").unwrap(),
            "hide" => author.restrict_comment(&key, &said, "see [^large.bin]", "Board").unwrap(),
            "delete" => author.delete_comment(&key, &said).unwrap(),
            "edit" => author.edit_comment(&key, &said, "see nothing").unwrap(),
            _ => {}
        }
        let world = if table == WITH_COMMENT {
            world
        } else {
            let mut world = world.with_config(&with(&two(), &table, BOTH));
            world.start().await;
            world.person("globex", "jdoe").edit(&key, json!({ "summary": "Item, again" })).unwrap();
            world
        };
        settle(&world).await;
        assert_eq!(notes(&world, "acme"), 0, "{act}");
        assert_eq!(world.problems().await.len(), usize::from(act == "problem"), "{act}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_note_is_no_more_open_than_what_speaks_of_the_file() {
    let rows = "unrestricted = \"both\"\nrestricted = [{ globex = \"role:Administrators\", acme = \"role:Globex desk\", with = \"acme\" }]";
    let world = shared(&with(&two(), WITH_COMMENT, rows), false).await;
    let key = world.issue("globex", "Item").key;
    let mlopez = world.person("globex", "mlopez");
    mlopez.attach(&key, "large.bin", &[7; 1_001]).unwrap();
    let few = mlopez.restricted_comment(&key, "see [^large.bin]", "Administrators").unwrap();
    settle(&world).await;
    let problems = world.problems().await;
    assert_eq!(world.issue("acme", "Item").comments.len(), 1, "the comment itself crossed");
    assert_eq!(notes(&world, "acme"), 0);
    assert!(problems.len() == 1 && problems[0].contains("`large.bin` of globex is not copied"), "{problems:?}");
    // What is said to everybody is told to everybody, and no longer than it is.
    let open = mlopez.comment(&key, "see [^large.bin]").unwrap();
    settle(&world).await;
    assert_eq!((notes(&world, "acme"), world.problems().await), (1, Vec::new()));
    mlopez.delete_comment(&key, &open).unwrap();
    settle(&world).await;
    assert_eq!((notes(&world, "acme"), world.problems().await.len()), (0, 1));
    mlopez.delete_comment(&key, &few).unwrap();
    settle(&world).await;
    assert_eq!((notes(&world, "acme"), world.problems().await), (0, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn an_internal_comment_alone_fetches_no_file() {
    let rows = "unrestricted = \"both\"\ninternal = \"as-internal\"";
    let world = shared(&with(&two(), WITH_COMMENT, rows), true).await;
    let key = world.issue("globex", "Item").key;
    let jdoe = world.person("globex", "jdoe");
    jdoe.attach(&key, "small.bin", b"canary-small").unwrap();
    jdoe.attach(&key, "large.bin", &[7; 1_001]).unwrap();
    jdoe.internal_comment(&key, "see [^small.bin] and [^large.bin]").unwrap();
    settle(&world).await;
    assert_eq!(world.issue("acme", "Item").comments.len(), 1, "the comment itself crossed, and no note");
    assert!(names(&world, "acme").is_empty() && !was_sent(&world, "acme", "canary-small"));
    let problems = world.problems().await;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("only internal comments speak of it")), "{problems:?}");
    jdoe.comment(&key, "see [^small.bin] and [^large.bin]").unwrap();
    settle(&world).await;
    assert_eq!((names(&world, "acme"), notes(&world, "acme")), (vec!["small.bin".to_owned()], 1));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_note_goes_also_where_no_comments_are_carried() {
    for (config, from, to) in [
        (two(), ("globex", "jdoe"), "acme"),
        (two(), ("acme", "jane"), "globex"),
        (two_clouds(), ("acme", "jane"), "initech"),
    ] {
        for act in ["detach", "skip"] {
            let skipped = "unrestricted = \"skip\"";
            let table = "{ largest = 0.001, too-large = \"note\" }";
            // On Data Center the comments that come with a service desk's issue do not count.
            let world = shared(&with(&config, table, skipped), true).await;
            let key = world.issue(from.0, "Item").key;
            let person = world.person(from.0, from.1);
            person.comment(&key, "Words that stay.").unwrap();
            let file = person.attach(&key, "large.bin", &[7; 1_001]).unwrap();
            settle(&world).await;
            assert_eq!((notes(&world, to), world.problems().await), (1, Vec::new()), "{from:?} to {to}");
            let world = if act == "detach" {
                person.detach(&file).unwrap();
                world
            } else {
                let mut world = world.with_config(&with(&config, "\"skip\"", skipped));
                world.start().await;
                world.person(from.0, from.1).edit(&key, json!({ "summary": "Item, again" })).unwrap();
                world
            };
            settle(&world).await;
            assert_eq!((notes(&world, to), world.problems().await), (0, Vec::new()), "{act}, {from:?} to {to}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_quotes_fetches_no_file() {
    for (config, from, to) in [
        (two(), ("globex", "jdoe"), "acme"),
        (two(), ("acme", "jane"), "globex"),
        (two_clouds(), ("acme", "jane"), "initech"),
    ] {
        let world = shared(&with(&config, "\"with-their-comment\"", BOTH), false).await;
        let key = world.issue(from.0, "Item").key;
        let person = world.person(from.0, from.1);
        for name in ["prices.png", "costs.png", "plan.png"] {
            person.attach(&key, name, format!("canary-{name}").as_bytes()).unwrap();
        }
        let quote = |blocks: &[Value]| json!({ "type": "blockquote", "content": blocks });
        let item = json!({ "type": "listItem", "content": [paragraph(&[text("x")]), media("costs.png")] });
        let list = json!({ "type": "bulletList", "content": [item] });
        let quoted = [quote(&[paragraph(&[text("Is this current?")]), media("prices.png")]), quote(&[list])];
        let blocks = [quoted[0].clone(), quoted[1].clone(), paragraph(&[text("No.")])];
        let wiki = "bq. is [^prices.png] current?\n\n{quote}\n* !prices.png!\n* [^costs.png]\n{quote}\n\nNo.";
        let body = if from.0 == "globex" { json!(wiki) } else { document(&blocks) };
        person.add_comment(&key, json!({ "body": body })).unwrap();
        person.edit(&key, json!({ "description": body })).unwrap();
        world.rest().await.unwrap();
        assert!(names(&world, to).is_empty() && !was_sent(&world, to, "canary"), "{from:?} to {to}");
        let body = if from.0 == "globex" {
            json!(format!("{wiki} See [^plan.png]."))
        } else {
            document(&[quoted[0].clone(), media("plan.png")])
        };
        person.add_comment(&key, json!({ "body": body })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(names(&world, to), ["plan.png"], "{from:?} to {to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
