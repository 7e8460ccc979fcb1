//! Row 50: options that an administrator changes while the daemon runs, as a simulated Jira then answers. Must never answer in its place.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::clock::SeededEntropy;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::simulator::{FieldType, Jira, Setup, presets};
use serde_json::{Value, json};

use super::super::contract::watch::{Watch, watched};
use super::super::daemon_support::{GLOBEX, INITECH, World, two, two_clouds};
use super::super::jira_support::InProcess;

/// A partner's side: its host, a person there, its field of severities and what that offers.
struct Place {
    config: String,
    to: &'static str,
    host: &'static str,
    who: &'static str,
    field: &'static str,
    /// As `S1`, `S2` and `S3` are called there.
    options: [&'static str; 3],
}

const SEVERITY: &str = "customfield_10042";

/// A Data Center and a Cloud, whose severities are mapped one by one.
fn places() -> [Place; 2] {
    let rows = |config: String, to: &str, name: &str, options: [&str; 3]| {
        let values = ["S1", "S2", "S3"].iter().zip(options);
        let values: Vec<String> =
            values.map(|(ours, theirs)| format!("{{ acme = \"{ours}\", {to} = \"{theirs}\" }}")).collect();
        let row =
            format!("severity = {{ acme = \"Severity\", {to} = \"{name}\", values = [ {} ] }}", values.join(", "));
        config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1)
    };
    let (english, german) = (["Critical", "Major", "Minor"], ["Kritisch", "Normal", "Gering"]);
    [
        Place {
            config: rows(two(), "globex", "Severity", english),
            to: "globex",
            host: "jira.globex.example",
            who: "jdoe",
            field: "customfield_10110",
            options: english,
        },
        Place {
            config: rows(two_clouds(), "initech", "Schweregrad", german),
            to: "initech",
            host: "initech.example",
            who: "petra",
            field: "customfield_10077",
            options: german,
        },
    ]
}

impl Place {
    /// The partner's Jira with these options; they have the ids of those that they stand in the place of.
    fn setup(&self, options: &[&str]) -> Setup {
        let mut setup = if self.to == "globex" { presets::globex(GLOBEX) } else { presets::initech(INITECH) };
        offer(&mut setup, self.field, options);
        setup
    }
}

fn offer(setup: &mut Setup, field: &str, options: &[&str]) {
    let field = setup.fields.iter_mut().find(|known| known.id == field).unwrap();
    field.kind = FieldType::Select(options.iter().map(|option| (*option).to_owned()).collect());
}

/// A network where another Jira may come to answer for a host.
struct Succeeded {
    inner: Arc<dyn Transport>,
    host: &'static str,
    successor: Arc<Mutex<Option<Jira>>>,
}

#[async_trait]
impl Transport for Succeeded {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let successor = self.successor.lock().unwrap().clone();
        match successor.filter(|_| request.uri().host() == Some(self.host)) {
            Some(jira) => InProcess(jira).send(request).await,
            None => self.inner.send(request).await,
        }
    }
}

/// A started world with an issue of severity S1, and the place where a successor of the partner's Jira is put.
async fn world(place: &Place) -> (World, Arc<Mutex<Option<Jira>>>) {
    let mut world = World::without_daemon(&place.config);
    let successor = Arc::<Mutex<Option<Jira>>>::default();
    let (host, held) = (place.host, Arc::clone(&successor));
    world.bend(move |inner| Arc::new(Succeeded { inner, host, successor: Arc::clone(&held) }) as Arc<dyn Transport>);
    world.start().await;
    create(&world, "Item", "S1");
    world.rest().await.unwrap();
    assert_eq!(world.field(place.to, "Item", place.field), place.options[0]);
    (world, successor)
}

fn create(world: &World, summary: &str, severity: &str) {
    let fields = json!({ "summary": summary, "priority": { "name": "Low" }, SEVERITY: { "value": severity } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
}

/// An administrator changes the options of the partner's field: its Jira goes on with all that was written into it.
fn administer(world: &mut World, place: &Place, successor: &Mutex<Option<Jira>>, options: &[&str]) -> Watch {
    let clock = Arc::clone(&world.surroundings.clock);
    let jira = Jira::new(&place.setup(options), clock, Arc::new(SeededEntropy::new(7)));
    jira.put_back(&world.jira(place.to).back_up());
    let watch = watched(&jira);
    world.jiras.insert(place.to, jira.clone());
    *successor.lock().unwrap() = Some(jira);
    watch
}

fn edit(world: &World, jira: &str, who: &str, fields: Value) {
    let key = world.issue(jira, "Item").key;
    world.person(jira, who).edit(&key, fields).unwrap();
}

/// The third option is deleted, or it is called otherwise from now on; the daemon learnt it under its name.
#[tokio::test(start_paused = true)]
async fn row_050_an_option_that_is_deleted_or_renamed_meanwhile_is_let_be() {
    for place in places() {
        let [first, second, third] = place.options;
        for options in [vec![first, second], vec![first, second, "Cosmetic"]] {
            let (mut world, successor) = world(&place).await;
            let _watch = administer(&mut world, &place, &successor, &options);
            let said = format!("{} with {options:?}", place.to);
            edit(&world, "acme", "jane", json!({ SEVERITY: { "value": "S3" }, "summary": "Item, edited" }));
            world.intervals(60).await;
            let there = world.issue(place.to, "Item");
            assert_eq!(there.fields[place.field], first, "{said}: nothing near it is written");
            assert_eq!(there.fields["summary"], "Item, edited", "{said}: the rest goes on");
            assert_eq!(world.field("acme", "Item", SEVERITY), "S3", "{said}: it stays where it was said");
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains(third), "{said}: {problems:?}");
            let tried = world.jira(place.to).count("editIssue");
            assert!(tried <= 4, "{said}: it was tried {tried} times");
            edit(&world, "acme", "jane", json!({ SEVERITY: { "value": "S2" } }));
            world.rest().await.unwrap();
            assert_eq!(world.field(place.to, "Item", place.field), second, "{said}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{said}");
        }
    }
}

/// An option is disabled: it is told where it is said elsewhere, and let be; who holds it keeps it; enabled again, it is written.
#[tokio::test(start_paused = true)]
async fn row_050_an_option_that_is_disabled_is_let_be_until_it_is_enabled() {
    for place in places() {
        let (world, _) = world(&place).await;
        let _watch = watched(world.jira(place.to));
        let [first, _, third] = place.options;
        for option in [first, third] {
            world.jira(place.to).enable_option(place.field, option, false);
        }
        // What is held is no matter of what is offered.
        edit(&world, place.to, place.who, json!({ "summary": "Item, edited" }));
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{}", place.to);
        assert_eq!((world.field(place.to, "Item", place.field), world.problems().await), (first.to_owned(), vec![]));
        edit(&world, "acme", "jane", json!({ SEVERITY: { "value": "S3" }, "summary": "Item, again" }));
        world.intervals(60).await;
        let there = world.issue(place.to, "Item");
        assert_eq!(there.fields[place.field], first, "{}: nothing near it is written", place.to);
        assert_eq!(there.fields["summary"], "Item, again", "{}: the rest goes on", place.to);
        assert_eq!(world.field("acme", "Item", SEVERITY), "S3", "{}: it stays where it was said", place.to);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains(third), "{}: {problems:?}", place.to);
        let tried = world.jira(place.to).count("editIssue");
        assert!(tried <= 4, "{}: it was tried {tried} times", place.to);
        world.jira(place.to).enable_option(place.field, third, true);
        world.pass(4_000).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(place.to, "Item", place.field), third, "{}", place.to);
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", place.to);
    }
}

/// What an issue holds is called otherwise now: no row has that, and nobody's value is changed for it.
#[tokio::test(start_paused = true)]
async fn row_050_an_option_that_is_renamed_where_it_is_held_changes_nothing_elsewhere() {
    for place in places() {
        let (mut world, successor) = world(&place).await;
        let [first, second, third] = place.options;
        let _watch = administer(&mut world, &place, &successor, &["Cosmetic", second, third]);
        assert_eq!(world.field(place.to, "Item", place.field), "Cosmetic", "it holds the same option");
        edit(&world, place.to, place.who, json!({ "summary": "Item, edited" }));
        world.jira("acme").reset_calls();
        world.intervals(60).await;
        assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{}", place.to);
        assert_eq!(world.field("acme", "Item", SEVERITY), "S1", "{}", place.to);
        assert_eq!(world.field(place.to, "Item", place.field), "Cosmetic", "{} and not `{first}`", place.to);
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("Cosmetic")), "{}: {problems:?}", place.to);
        assert!(world.jira("acme").count("editIssue") <= 1, "{}: for the summary", place.to);
        // The other way it goes on as ever.
        edit(&world, "acme", "jane", json!({ SEVERITY: { "value": "S2" } }));
        world.rest().await.unwrap();
        assert_eq!(world.field(place.to, "Item", place.field), second, "{}", place.to);
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", place.to);
    }
}

/// Two options of one name are one value: which of them an issue holds is that side's own affair.
#[tokio::test(start_paused = true)]
async fn row_050_of_two_options_of_one_name_nobody_changes_the_one_into_the_other() {
    for place in places() {
        let [first, second, third] = place.options;
        let mut world = World::of(&place.config, |setups| {
            offer(setups.get_mut(place.to).unwrap(), place.field, &[first, second, third, third]);
        });
        world.start().await;
        create(&world, "Item", "S3");
        world.rest().await.unwrap();
        assert_eq!(world.field(place.to, "Item", place.field), third);
        let twin = world.jira(place.to).option_ids(place.field).pop().unwrap();
        for jira in world.jiras.values() {
            jira.reset_calls();
        }
        edit(&world, place.to, place.who, json!({ place.field: { "id": twin } }));
        world.intervals(20).await;
        let written = ["acme", place.to].map(|jira| world.jira(jira).count("editIssue"));
        assert_eq!(written, [0, 0], "{}", place.to);
        assert_eq!(world.field("acme", "Item", SEVERITY), "S3", "{}", place.to);
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", place.to);
    }
}
