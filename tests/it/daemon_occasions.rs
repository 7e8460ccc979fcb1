//! What brought an issue up is kept with what was written for it, and whose act it was. Must never take another occasion for the one that came
//! first.

use jirasyncd::console::HookSink as _;
use jirasyncd::model::command::Operator;
use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::occasion::{Again, Brought, Occasion};
use jirasyncd::model::operation::Action;
use jirasyncd::model::store::Store as _;
use jirasyncd::model::trail::{Left, Told};
use jirasyncd::simulator::{Fault, FaultRule, When};
use jirasyncd::store::{Page, SqliteStore};
use serde_json::json;

use super::daemon_pairs::{create, pair, quiet};
use super::daemon_restored::carrying;
use super::daemon_support::{World, two};
use super::daemon_versions::{self, BOTH, none};
use super::daemon_webhooks::{Hooked, config, shared};

/// The writes to the issue of one side, oldest first.
async fn told(world: &World, side: &str, part: &str) -> Vec<Told> {
    let store = SqliteStore::read_only(&world.state()).unwrap();
    let items = store.items_by_key(&world.issue(side, part).key.as_str().into()).await.unwrap();
    let told = store.told(items[0], jiff::Timestamp::MIN, usize::MAX).await.unwrap();
    told.into_iter().filter(|told| told.intent.operation.side.as_str() == side).collect()
}

/// What brought the newest edit of one side.
async fn edited(world: &World, side: &str, part: &str) -> Told {
    let mut edits = told(world, side, part).await;
    edits.retain(|told| matches!(told.intent.operation.action, Action::SetFields { .. }));
    edits.pop().expect("nothing was edited")
}

fn once(by: Occasion) -> Option<Brought> {
    Some(Brought { by: vec![by], reasons: 1, again: None })
}

async fn one() -> World {
    let world = World::new(&two(), |_| {}).await;
    world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Pump" })).unwrap();
    world.settle().await;
    world
}

fn edit(world: &World, side: &str, who: &str, summary: &str) {
    let key = world.issue(side, "Pump").key;
    world.person(side, who).edit(&key, json!({ "summary": summary })).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_what_it_was_and_whoever_did_it_is_named() {
    let world = one().await;
    let made = told(&world, "globex", "Pump").await.remove(0);
    assert!(matches!(made.intent.operation.action, Action::Create { .. }), "{made:?}");
    assert_eq!(made.intent.brought, once(Occasion::FirstReading("acme".into())));
    edit(&world, "acme", "jane", "Pump leaks");
    world.jira("globex").record_bodies(true);
    world.settle().await;
    let there = edited(&world, "globex", "Pump").await;
    assert_eq!(there.intent.brought, once(Occasion::Poll("acme".into())));
    let jane = world.person("acme", "jane").id().to_owned();
    let authors: Vec<_> = there.authors.iter().map(|who| (who.side.as_str(), who.account.as_ref())).collect();
    assert_eq!(authors, [("acme", Some(&jane.as_str().into()))]);
    let calls = world.jira("globex").calls();
    let named = calls.iter().filter_map(|call| call.response_headers.get("x-arequestid")?.to_str().ok());
    assert!(named.into_iter().any(|name| Some(name) == there.request.as_deref()), "{there:?}");
    // And the other way, from the side that is polled as well.
    edit(&world, "globex", "jdoe", "Pump holds");
    world.settle().await;
    let here = edited(&world, "acme", "Pump").await;
    assert_eq!(here.intent.brought, once(Occasion::Poll("globex".into())));
    assert_eq!(here.authors[0].account, Some("jdoe".into()));
}

#[tokio::test(start_paused = true)]
async fn a_webhook_is_named_as_its_jira_names_it() {
    let hooked = Hooked::new(&config(), shared).await;
    hooked.live(3, |world| edit(world, "acme", "jane", "Pump leaks")).await;
    let brought = edited(&hooked.world, "globex", "Pump").await.intent.brought.unwrap();
    let [Occasion::Webhook { instance, id: Some(id) }] = brought.by.as_slice() else { panic!("{brought:?}") };
    assert_eq!((instance, id.is_empty()), (&InstanceId::from("acme"), false));
    // Data Center gives its webhooks no name.
    hooked.live(3, |world| edit(world, "globex", "jdoe", "Pump holds")).await;
    let brought = edited(&hooked.world, "acme", "Pump").await.intent.brought.unwrap();
    assert_eq!(brought.by, [Occasion::Webhook { instance: "globex".into(), id: None }]);
}

#[tokio::test(start_paused = true)]
async fn what_only_the_full_check_finds_came_by_it() {
    let world = one().await;
    let key = world.issue("acme", "Pump").key;
    world.jira("acme").set_quirks(|quirks| quirks.comment_moves_updated = false);
    world.person("acme", "jane").comment(&key, "Seen in the hall").unwrap();
    world.settle().await;
    let comments = async || {
        let mut told = told(&world, "globex", "Pump").await;
        told.retain(|told| matches!(told.intent.operation.action, Action::AddComment { .. }));
        told
    };
    assert_eq!(comments().await, []);
    world.daemon().engine().sweep(None).await.unwrap();
    world.daemon().engine().work().await.unwrap();
    let copied = comments().await.remove(0);
    assert_eq!(copied.intent.brought, once(Occasion::FullCheck));
    assert_eq!(copied.authors[0].words(), "Jane Roe on acme");
}

#[tokio::test(start_paused = true)]
async fn a_command_is_named_with_whoever_gave_it() {
    let world = World::new(&quiet(&two()), |_| {}).await;
    let ours = create(&world, "acme", json!({ "summary": "Pump" }));
    let theirs = create(&world, "globex", json!({ "summary": "Of globex: the Pump" }));
    world.settle().await;
    let answer = world.daemon().command(root(), pair(&[&ours, &theirs])).await.unwrap();
    world.daemon().engine().work().await.unwrap();
    let there = edited(&world, "globex", "Pump").await;
    assert_eq!(there.intent.brought, once(Occasion::Command { name: "pair".into(), by: root() }), "{answer:?}");
}

fn root() -> Operator {
    Operator { uid: 0, name: Some("root".into()) }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_keeps_what_brought_it() {
    let world = one().await;
    edit(&world, "acme", "jane", "Pump leaks");
    let refused = Fault::Unavailable { status: 503, retry_after: None };
    world.jira("globex").add_fault(FaultRule::new("editIssue", When::Nth(1), refused));
    world.settle().await;
    world.settle().await;
    let mut edits = told(&world, "globex", "Pump").await;
    edits.retain(|told| matches!(told.intent.operation.action, Action::SetFields { .. }));
    let brought: Vec<_> = edits.into_iter().map(|told| told.intent.brought.unwrap()).collect();
    let poll = Occasion::Poll("acme".into());
    assert_eq!(brought[0], Brought { by: vec![poll.clone()], reasons: 1, again: None });
    let again = Brought { by: vec![poll], reasons: 1, again: Some(Again::Time) };
    assert_eq!(brought.last(), Some(&again), "{brought:?}");
}

#[tokio::test(start_paused = true)]
async fn what_left_for_a_side_is_told_page_by_page_and_without_a_value() {
    let world = one().await;
    let key = world.issue("acme", "Pump").key;
    for number in 0..5 {
        edit(&world, "acme", "jane", &format!("Pump {number}"));
        world.person("acme", "jane").comment(&key, "Seen in the hall").unwrap();
        world.settle().await;
    }
    let store = SqliteStore::read_only(&world.state()).unwrap();
    let (mut all, mut page): (Vec<Left>, _) = (Vec::new(), Some(Page::since(jiff::Timestamp::MIN)));
    while let Some(from) = page {
        let (left, next) = store.left_for(&"globex".into(), None, from, 2).await.unwrap();
        assert!(left.len() <= 2);
        all.extend(left);
        page = next;
    }
    let kinds = |kind: &str| all.iter().filter(|left| left.kind == kind).count();
    assert_eq!((kinds("create"), kinds("edit"), kinds("comment-add")), (1, 5, 5), "{all:?}");
    assert!(all.is_sorted_by_key(|left| left.at));
    let edit = all.iter().find(|left| left.kind == "edit").unwrap();
    assert_eq!((edit.rules.as_slice(), edit.result.as_str()), (&["summary".to_owned()][..], "done"));
    let said = serde_json::to_string(&all).unwrap();
    assert!(!said.contains("Pump") && !said.contains("hall"), "{said}");
    let since = Page::since(jiff::Timestamp::MIN);
    assert_eq!(store.left_for(&"globex".into(), Some(&"elsewhere".into()), since, 9).await.unwrap().0, []);
    let late = Page::since(all[3].at);
    assert_eq!(store.left_for(&"globex".into(), None, late, 1).await.unwrap().0[0].at, all[3].at);
    // What an instance says of itself is not taken for more than a name.
    let body = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "1" } }).to_string();
    world.daemon().hear(&"acme".into(), body.as_bytes(), Some(&"x".repeat(9_999))).await;
    let waiting = world.daemon().store().announced(&"acme".into(), jiff::Timestamp::MAX, 9).await.unwrap();
    assert!(waiting.iter().all(|told| told.hook.as_ref().is_none_or(|hook| hook.len() <= 64)), "{waiting:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_written_of_a_version_is_told_without_its_words() {
    let mut world = daemon_versions::world(&two(), BOTH, none());
    world.start().await;
    world.settle().await;
    let more = json!({ "description": "walnut" });
    world.person("acme", "jane").make_version("SUP", "1.0", more).unwrap();
    world.settle().await;
    world.jira("globex").add_fault(FaultRule::new("updateVersion", When::Nth(1), Fault::Status(400)));
    world.person("acme", "jane").change_version("SUP", "1.0", json!({ "released": true })).unwrap();
    world.settle().await;
    let store = SqliteStore::read_only(&world.state()).unwrap();
    let all = store.things_left_for(&"globex".into(), None, jiff::Timestamp::MIN).await.unwrap();
    let (made, changed) = (&all[0], &all[1]);
    assert_eq!((made.kind.as_str(), made.result.as_str()), ("version-add", "done"), "{all:?}");
    assert_eq!(made.rules, ["versions.name", "versions.description"]);
    assert_eq!((made.authors[0].words(), made.settled.is_some()), ("somebody on acme".to_owned(), true));
    assert!(made.request.as_ref().is_some_and(|request| request != changed.request.as_ref().unwrap()), "{all:?}");
    assert_eq!((changed.kind.as_str(), changed.result.as_str()), ("version-edit", "not done"), "{all:?}");
    assert_eq!(changed.rules, ["versions.released"]);
    assert!(!serde_json::to_string(&all).unwrap().contains("walnut"));
    assert_eq!(store.things_left_for(&"acme".into(), None, jiff::Timestamp::MIN).await.unwrap(), []);
    assert_eq!(store.things_left_for(&"globex".into(), None, jiff::Timestamp::MAX).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn who_attached_a_file_and_who_made_a_link_is_told() {
    let world = World::new(&carrying(&two()), |_| {}).await;
    let jane = world.person("acme", "jane");
    let keys = ["Pump", "Hall"].map(|summary| jane.create("SUP", "Bug", json!({ "summary": summary })).unwrap());
    world.settle().await;
    jane.attach(&keys[0], "plan.txt", b"walnut").unwrap();
    jane.link(&keys[0], "Blocks", &keys[1]).unwrap();
    world.settle().await;
    let store = SqliteStore::read_only(&world.state()).unwrap();
    let page = Page::since(jiff::Timestamp::MIN);
    let (left, _) = store.left_for(&"globex".into(), None, page, 100).await.unwrap();
    for (kind, rule) in [("file-add", "attachments"), ("link-add", "links")] {
        let one = left.iter().find(|left| left.kind == kind).unwrap_or_else(|| panic!("{left:?}"));
        assert_eq!(one.rules, [rule]);
        let authors: Vec<_> = one.authors.iter().map(|who| (who.side.as_str(), who.account.as_ref())).collect();
        assert_eq!(authors, [("acme", Some(&jane.id().into()))], "{one:?}");
    }
}
