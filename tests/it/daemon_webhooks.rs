//! Webhooks and the whole daemon: simulated Jiras tell of what people do, the receiver checks it, and the daemon looks at once while
//! its polls are an hour apart. Must never let a body decide what is written: what happened is read off the Jiras.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jirasyncd::app::Daemon;
use jirasyncd::console::{HookPath, HookReceiver};
use jirasyncd::model::command::{Command, Operator};
use jirasyncd::model::ids::{InstanceId, IssueKey};
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Holder, HookWeather, Jira, Person};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::bent::Bent;
use super::daemon_support::{THREE, World};

const SECRET: &str = "sync-token";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const SIDES: [&str; 3] = ["acme", "globex", "initech"];

/// The usual three with webhooks, and polls an hour apart. The Clouds sign, the Data Center does not.
pub(crate) fn config() -> String {
    let webhooks = "poll = \"1h\"\n[daemon.webhooks]\npublic-url = \"https://hooks.example\"\n";
    let text = THREE.replace("poll = \"30s\"\n", webhooks);
    text.replace("kind = \"cloud\"\n", "kind = \"cloud\"\nwebhook-secret = \"env:TOKEN\"\n")
}

/// A world whose Jiras tell a daemon by webhooks.
pub(crate) struct Hooked {
    pub(crate) world: World,
    pub(crate) daemon: Arc<Daemon>,
    pub(crate) receiver: HookReceiver,
}

impl Hooked {
    /// After `before`, everything is in step and the webhooks are registered.
    pub(crate) async fn new(config: &str, before: impl FnOnce(&World)) -> Self {
        Self::of(World::new(config, |_| {}).await, before).await
    }

    /// The same over a world whose daemon is set up.
    pub(crate) async fn of(mut world: World, before: impl FnOnce(&World)) -> Self {
        before(&world);
        world.settle().await;
        register(&world).await;
        let daemon = world.daemon.take().unwrap();
        let receiver = daemon.hook_receiver().await.unwrap().expect("webhooks are taken");
        Self { world, daemon, receiver }
    }

    async fn url(&self, side: &str) -> String {
        let identity = self.daemon.store().identity().await.unwrap();
        format!("https://hooks.example/{}", HookPath::of(&identity, &InstanceId::from(side)).expose())
    }

    /// Brings what is due to the receiver.
    pub(crate) async fn pump(&self) {
        for jira in self.world.jiras.values() {
            for delivery in jira.webhooks_due() {
                let answer = self.receiver.handle(PEER, delivery.request.clone()).await;
                jira.webhook_answered(&delivery, Some(answer.status));
            }
        }
    }

    /// Lets the daemon run for so long while webhooks are delivered; `act` is done once it runs.
    pub(crate) async fn live(&self, seconds: u64, act: impl FnOnce(&World)) {
        let cancel = CancellationToken::new();
        let run = self.daemon.run(cancel.clone());
        let people = async {
            // The first poll comes at once.
            tokio::time::sleep(Duration::from_secs(3)).await;
            for jira in self.world.jiras.values() {
                jira.reset_calls();
            }
            act(&self.world);
            for _ in 0..seconds * 10 {
                self.pump().await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            cancel.cancel();
        };
        let (ran, ()) = tokio::join!(run, people);
        ran.unwrap();
    }

    /// Sends a body as an instance would, signed.
    pub(crate) async fn send(&self, side: &str, body: &Value) -> u16 {
        self.send_to(&self.url(side).await, body, None).await
    }

    /// The same under the name that Cloud gives a webhook, and keeps when it sends it again.
    pub(crate) async fn send_named(&self, side: &str, body: &Value, name: &str) -> u16 {
        self.send_to(&self.url(side).await, body, Some(name)).await
    }

    async fn send_to(&self, url: &str, body: &Value, name: Option<&str>) -> u16 {
        let mut request = http::Request::new(Bytes::from(body.to_string()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = url.parse().unwrap();
        let signed = signature(request.body());
        request.headers_mut().insert("x-hub-signature", signed.parse().unwrap());
        if let Some(name) = name {
            request.headers_mut().insert("x-atlassian-webhook-identifier", name.parse().unwrap());
        }
        self.receiver.handle(PEER, request).await.status
    }
}

/// Registers the webhooks of all sides of a world.
pub(crate) async fn register(world: &World) {
    let identity = world.daemon().store().identity().await.unwrap();
    for side in SIDES {
        let url = format!("https://hooks.example/{}", HookPath::of(&identity, &InstanceId::from(side)).expose());
        world.jira(side).register_webhook(&url, (side != "globex").then_some(SECRET));
    }
}

/// Brings what is due to the daemon of a world, which may die of it: then nothing is answered.
pub(crate) async fn deliver(world: &mut World) {
    let daemon = world.daemon.take().unwrap();
    let receiver = daemon.hook_receiver().await.unwrap().expect("webhooks are taken");
    for jira in world.jiras.values() {
        for delivery in jira.webhooks_due() {
            let answer = receiver.handle(PEER, delivery.request.clone()).await;
            jira.webhook_answered(&delivery, Some(answer.status));
        }
    }
    drop(receiver);
    world.daemon = Some(daemon);
}

fn signature(body: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, body);
    format!("sha256={}", tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Calls that look for changes.
fn polls(jira: &Jira) -> u64 {
    jira.calls().iter().filter(|call| call.operation == "search" && asks_since(call)).count() as u64
}

/// Whether a search asks what changed since some time.
fn asks_since(call: &jirasyncd::simulator::Exchange) -> bool {
    let said = format!("{} {}", call.query, String::from_utf8_lossy(&call.request_body));
    ["updated >=", "updated+%3E", "updated%20%3E"].iter().any(|part| said.contains(part))
}

pub(crate) fn shared(world: &World) {
    let labels = json!(["share-globex", "share-initech"]);
    world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Pump", "labels": labels })).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_edit_arrives_within_the_debounce_while_polls_are_an_hour_apart() {
    let hooked = Hooked::new(&config(), shared).await;
    for jira in hooked.world.jiras.values() {
        jira.record_bodies(true);
    }
    hooked
        .live(3, |world| {
            let key = world.issue("acme", "Pump").key;
            world.person("acme", "jane").edit(&key, json!({ "summary": "Pump leaks" })).unwrap();
        })
        .await;
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "summary"), "Pump leaks", "{side}");
        assert_eq!(polls(hooked.world.jira(side)), 0, "{side} was polled");
    }
    // And from the Data Center, whose webhooks are not signed.
    hooked
        .live(3, |world| {
            let key = world.issue("globex", "Pump").key;
            world.person("globex", "jdoe").comment(&key, "Seen in the hall").unwrap();
        })
        .await;
    let comments = hooked.world.issue("acme", "Pump").comments;
    assert!(comments.iter().any(|comment| comment.body.contains("Seen in the hall")), "{comments:?}");
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_is_new_starts_an_item_and_a_comment_edit_follows() {
    let hooked = Hooked::new(&config(), |_| {}).await;
    hooked.live(4, shared).await;
    assert_eq!(hooked.world.issues("globex", "Pump").len(), 1);
    assert_eq!(hooked.world.issues("initech", "Pump").len(), 1);
}

/// Bodies whose whole effect may be a read.
#[tokio::test(start_paused = true)]
async fn row_035_forged_doubled_and_foreign_bodies_cost_one_read_each_and_change_nothing() {
    let hooked = Hooked::new(&config(), shared).await;
    let issue = hooked.world.issue("acme", "Pump");
    let forged = json!({ "webhookEvent": "jira:issue_updated", "user": { "accountId": "nobody" },
        "issue": { "id": issue.id.to_string(), "fields": { "summary": "Forged", "project": { "key": "SUP" } } },
        "changelog": { "items": [{ "field": "summary", "toString": "Forged" }] } });
    let unknown = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "987654", "fields": { "project": { "key": "SUP" } } } });
    let foreign = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "987655", "fields": { "project": { "key": "ELSE" } } } });
    let deleted = json!({ "webhookEvent": "jira:issue_deleted", "issue": { "id": issue.id.to_string() } });
    let silent = json!({ "webhookEvent": "sprint_started", "sprint": { "id": 3 } });
    for (body, most) in [(&forged, 1), (&unknown, 1), (&foreign, 0), (&deleted, 1), (&silent, 0)] {
        hooked.live(0, |_| {}).await;
        for jira in hooked.world.jiras.values() {
            jira.reset_calls();
        }
        for _ in 0..50 {
            assert_eq!(hooked.send("acme", body).await, 204);
        }
        tokio::time::advance(Duration::from_secs(6)).await;
        let cancel = CancellationToken::new();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(8)).await;
            cancel.cancel();
        };
        let polled: u64 = 3;
        let (ran, ()) = tokio::join!(hooked.daemon.run(cancel.clone()), stop);
        ran.unwrap();
        let calls: u64 = hooked.world.jiras.values().map(Jira::total_calls).sum();
        assert!(calls <= polled + most, "{body}: {calls} calls");
    }
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "summary"), "Pump", "{side}");
    }
    assert_eq!(hooked.send("acme", &json!({ "no": "webhook" })).await, 400);
}

/// A burst of edits is one plan, and what never ends is looked at all the same.
#[tokio::test(start_paused = true)]
async fn a_burst_of_edits_is_looked_at_once_and_our_own_writes_are_not() {
    let hooked = Hooked::new(&config(), shared).await;
    hooked
        .live(6, |world| {
            let (key, jane) = (world.issue("acme", "Pump").key, world.person("acme", "jane"));
            for number in 0..20 {
                jane.edit(&key, json!({ "summary": format!("Pump {number}") })).unwrap();
            }
        })
        .await;
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "summary"), "Pump 19", "{side}");
    }
    let edits: u64 = ["globex", "initech"].iter().map(|side| hooked.world.jira(side).count("editIssue")).sum();
    assert_eq!(edits, 2, "one edit on each side");
    let waiting = hooked.daemon.store().waiting().await.unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
    // What the sync user did waits for no look; what anybody else did does.
    let sync_user = hooked.world.person("acme", "sync@acme.example");
    let issue = hooked.world.issue("acme", "Pump").id.to_string();
    for (account, waits) in [(sync_user.id(), 0), ("somebody", 1)] {
        let body =
            json!({ "webhookEvent": "jira:issue_updated", "user": { "accountId": account }, "issue": { "id": issue } });
        assert_eq!(hooked.send("acme", &body).await, 204);
        assert_eq!(hooked.daemon.store().waiting().await.unwrap().len(), waits, "{account}");
    }
    // Nothing that we wrote made us look again: the next minutes are quiet.
    hooked.live(60, |_| {}).await;
    for side in SIDES {
        let calls = super::daemon_support::calls(hooked.world.jira(side));
        assert!(calls.values().sum::<u64>() <= 2, "{side}: {calls:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_031_lost_doubled_late_and_overtaking_webhooks_lose_nothing() {
    let hooked = Hooked::new(&config(), shared).await;
    for jira in hooked.world.jiras.values() {
        jira.set_hook_weather(HookWeather { lose: 0.3, double: 0.4, delay: Duration::from_secs(40) });
    }
    for round in 0..6 {
        hooked
            .live(20, |world| {
                for (side, who) in [("acme", "jane"), ("globex", "jdoe")] {
                    let key = world.issue(side, "Pump").key;
                    world.person(side, who).comment(&key, &format!("Note {round} from {side}")).unwrap();
                }
                let key = world.issue("acme", "Pump").key;
                world.person("acme", "omar").edit(&key, json!({ "description": format!("Round {round}") })).unwrap();
            })
            .await;
    }
    // What was lost is found by polls; what is late is harmless.
    tokio::time::advance(Duration::from_secs(3_700)).await;
    hooked.live(120, |_| {}).await;
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "description"), "Round 5", "{side}");
    }
    let acme = hooked.world.issue("acme", "Pump").comments;
    let globex = hooked.world.issue("globex", "Pump").comments;
    assert_eq!((acme.len(), globex.len()), (12, 12), "{acme:?}\n{globex:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_told_outlives_the_daemon() {
    let mut hooked = Hooked::new(&config(), shared).await;
    let issue = hooked.world.issue("acme", "Pump");
    let body = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": issue.id.to_string() } });
    assert_eq!(hooked.send("acme", &body).await, 204);
    let Hooked { world, daemon, receiver } = hooked;
    drop(receiver);
    drop(daemon);
    hooked = {
        let mut world = world;
        world.start().await;
        let daemon = world.daemon.take().unwrap();
        let receiver = daemon.hook_receiver().await.unwrap().unwrap();
        Hooked { world, daemon, receiver }
    };
    let waiting = hooked.daemon.store().waiting().await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.issues).sum::<u64>(), 1, "{waiting:?}");
    hooked.live(5, |_| {}).await;
    assert!(hooked.daemon.store().waiting().await.unwrap().is_empty());
}

/// Jira has no way to write only where nothing changed: what a person wrote between our read and our write is gone from the issue.
#[tokio::test(start_paused = true)]
async fn what_our_write_ran_over_in_a_copy_is_kept_as_a_conflict() {
    let mut world = World::without_daemon(&config());
    let race: Arc<Mutex<Option<(Person, String, String)>>> = Arc::default();
    let in_between = Arc::clone(&race);
    world.bend(move |inner| {
        let race = Arc::clone(&in_between);
        Arc::new(Bent::new(inner).out(move |place, _| {
            let is_ours = place.starts_with("PUT jira.globex.example") && place.contains("/comment/");
            if let Some((person, key, copy)) = is_ours.then(|| race.lock().unwrap().take()).flatten() {
                person.edit_comment(&key, &copy, "I was here first").unwrap();
            }
        }))
    });
    world.start().await;
    let hooked = Hooked::of(world, shared).await;
    let jane = hooked.world.person("acme", "jane");
    let key = hooked.world.issue("acme", "Pump").key;
    let mut comment = String::new();
    hooked.live(4, |_| comment = jane.comment(&key, "First words").unwrap()).await;
    let there = hooked.world.issue("globex", "Pump");
    let copy = there.comments.iter().find(|comment| comment.body.contains("First words")).unwrap().id.to_string();
    hooked.world.jira("globex").set_permission("ENG", "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
    *race.lock().unwrap() = Some((hooked.world.person("globex", "jdoe"), there.key, copy));
    hooked.live(8, |_| jane.edit_comment(&key, &comment, "Second words").unwrap()).await;
    assert!(race.lock().unwrap().is_none(), "nothing was run over");
    let shown = &hooked.world.issue("globex", "Pump").comments;
    assert!(shown.iter().any(|comment| comment.body.contains("Second words")), "{shown:?}");
    let store = hooked.daemon.store();
    let item = store.items_by_key(&IssueKey::from(key.as_str())).await.unwrap()[0];
    let conflicts = store.conflicts(item).await.unwrap();
    let kept = conflicts.iter().filter(|conflict| format!("{:?}", conflict.lost).contains("I was here first")).count();
    assert_eq!(kept, 1, "{conflicts:?}");
}

/// A deletion need not move `updated`: then the webhook is the only word of it before the full check.
#[tokio::test(start_paused = true)]
async fn what_moves_no_updated_is_looked_at_when_a_webhook_tells_of_it() {
    for (from, who, to) in [("acme", "jane", "globex"), ("globex", "jdoe", "acme")] {
        let hooked = Hooked::new(&config(), shared).await;
        hooked.world.jira(from).set_quirks(|quirks| quirks.comment_delete_moves_updated = false);
        let person = hooked.world.person(from, who);
        let key = hooked.world.issue(from, "Pump").key;
        let mut comment = String::new();
        hooked.live(4, |_| comment = person.comment(&key, "Wrong issue").unwrap()).await;
        let shown = |jira: &str| hooked.world.issue(jira, "Pump").comments.len();
        assert_eq!((shown(from), shown(to)), (1, 1));
        tokio::time::advance(Duration::from_secs(600)).await;
        hooked.live(4, |_| person.delete_comment(&key, &comment).unwrap()).await;
        assert_eq!((shown(from), shown(to)), (0, 0), "{from} to {to}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_cannot_be_read_holds_up_no_other() {
    let mut world = World::without_daemon(&config());
    let bad: Arc<Mutex<String>> = Arc::default();
    let named = Arc::clone(&bad);
    world.bend(move |inner| {
        let named = Arc::clone(&named);
        Arc::new(Bent::new(inner).instead(move |place, asked| {
            let id = named.lock().unwrap();
            let many = asked["issueIdsOrKeys"].as_array().is_some_and(|ids| ids.iter().any(|one| one == id.as_str()));
            let hit = place.contains("acme.example") && (many || place.ends_with(&format!("/issue/{id}")));
            (!id.is_empty() && hit).then_some(500)
        }))
    });
    world.start().await;
    let hooked = Hooked::of(world, |world| {
        shared(world);
        let labels = json!(["share-globex"]);
        world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Valve", "labels": labels })).unwrap();
    })
    .await;
    *bad.lock().unwrap() = hooked.world.issue("acme", "Pump").id.to_string();
    hooked
        .live(20, |world| {
            for part in ["Pump", "Valve"] {
                let key = world.issue("acme", part).key;
                world.person("acme", "jane").edit(&key, json!({ "summary": format!("{part}, changed") })).unwrap();
            }
        })
        .await;
    assert_eq!(hooked.world.field("globex", "Valve", "summary"), "Valve, changed");
    let waiting = hooked.daemon.store().waiting().await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.issues).sum::<u64>(), 0, "{waiting:?}");
    bad.lock().unwrap().clear();
    hooked.live(200, |_| {}).await;
    assert_eq!(hooked.world.field("globex", "Pump", "summary"), "Pump, changed");
}

#[tokio::test(start_paused = true)]
async fn row_032_status_tells_when_the_last_webhook_came_and_that_none_told_of_a_change() {
    let hooked = Hooked::new(&config(), shared).await;
    let of_acme = async || hooked.daemon.status().await.unwrap().instances[0].webhooks.clone().unwrap();
    assert_eq!(of_acme().await.last, None);
    hooked
        .live(3, |world| {
            let key = world.issue("acme", "Pump").key;
            world.person("acme", "jane").edit(&key, json!({ "summary": "Pump told" })).unwrap();
        })
        .await;
    let told = of_acme().await;
    assert!(told.last.is_some() && told.taken >= 1 && told.unannounced == 0, "{told:?}");
    // From now on nothing comes. What changes in the same moment as something that was told would count as told.
    tokio::time::advance(Duration::from_secs(60)).await;
    hooked.world.jira("acme").set_hook_weather(HookWeather { lose: 1.0, ..HookWeather::default() });
    let key = hooked.world.issue("acme", "Pump").key;
    hooked.world.person("acme", "jane").edit(&key, json!({ "summary": "Pump untold" })).unwrap();
    hooked.live(3, |_| {}).await;
    assert_eq!(of_acme().await.unannounced, 0, "it may be late");
    tokio::time::advance(Duration::from_secs(17 * 60)).await;
    assert_eq!(of_acme().await.unannounced, 1);
}

/// On both kinds: that some came before is known over a restart.
#[tokio::test(start_paused = true)]
async fn webhooks_that_come_no_more_are_a_problem_until_one_comes() {
    for (side, person) in [("acme", "jane"), ("globex", "jdoe")] {
        let Hooked { mut world, daemon, receiver } = {
            let hooked = Hooked::new(&config(), shared).await;
            let key = hooked.world.issue(side, "Pump").key;
            let told = json!({ "summary": "Pump told" });
            hooked.live(3, |world| world.person(side, person).edit(&key, told).unwrap()).await;
            hooked
        };
        drop((receiver, daemon));
        world.start().await;
        let daemon = world.daemon.take().unwrap();
        let receiver = daemon.hook_receiver().await.unwrap().unwrap();
        let hooked = Hooked { world, daemon, receiver };
        let problems = async || {
            let stored = hooked.daemon.store().problems(100).await.unwrap();
            stored.into_iter().map(|stored| (stored.about, stored.problem.what)).collect::<Vec<_>>()
        };
        let key = hooked.world.issue(side, "Pump").key;
        hooked.world.jira(side).set_hook_weather(HookWeather { lose: 1.0, ..HookWeather::default() });
        for nth in 0..3 {
            tokio::time::advance(Duration::from_secs(20 * 60)).await;
            let untold = json!({ "summary": format!("Pump untold {nth}") });
            hooked.world.person(side, person).edit(&key, untold).unwrap();
            hooked.live(3, |_| {}).await;
            assert!(problems().await.is_empty(), "{side}, {nth}: {:?}", problems().await);
        }
        tokio::time::advance(Duration::from_secs(25 * 60)).await;
        hooked.live(3, |_| {}).await;
        let told = problems().await;
        assert_eq!(told.len(), 1, "{side}: {told:?}");
        assert_eq!(told[0].0, format!("instance {side}"));
        assert!(told[0].1.starts_with("no webhook came while issues changed, since 2026-"), "{told:?}");
        // Nothing is lost of what no webhook told.
        assert_eq!(hooked.world.field("acme", "Pump", "summary"), "Pump untold 2");
        assert_eq!(hooked.world.field("globex", "Pump", "summary"), "Pump untold 2");
        hooked.world.jira(side).set_hook_weather(HookWeather::default());
        let told = json!({ "summary": "Pump told again" });
        hooked.live(3, |world| world.person(side, person).edit(&key, told).unwrap()).await;
        hooked.live(3, |_| {}).await;
        assert!(problems().await.is_empty(), "{side}: {:?}", problems().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_path_that_leaked_is_given_up_from_one_moment_to_the_next() {
    let mut hooked = Hooked::new(&config(), |_| {}).await;
    let (acme, globex) = (InstanceId::from("acme"), hooked.url("globex").await);
    let body = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "999" } });
    assert_eq!(hooked.send("acme", &body).await, 204);
    let by = Operator { uid: 1000, name: None };
    let answer = hooked.daemon.command(by, Command::NewHookPath(acme.clone())).await.unwrap();
    let identity = hooked.daemon.store().identity().await.unwrap();
    let new = format!("https://hooks.example/{}", HookPath::numbered(&identity, &acme, 1).expose());
    assert!(!format!("{answer:?}").contains(&HookPath::numbered(&identity, &acme, 1).expose()), "{answer:?}");
    for restarted in [false, true] {
        assert_eq!(hooked.send("acme", &body).await, 404, "restarted: {restarted}");
        assert_eq!(hooked.send_to(&new, &body, None).await, 204);
        assert_eq!(hooked.send_to(&globex, &body, None).await, 204, "another's stays");
        hooked.receiver = hooked.daemon.hook_receiver().await.unwrap().unwrap();
    }
}
