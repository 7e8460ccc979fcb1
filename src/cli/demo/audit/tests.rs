//! The auditor itself is audited: simulated Jiras with a sync done by hand, faithful and then with one violation of each kind
//! planted; each must be found, and the faithful one must be called clean. Nothing here knows the daemon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::super::party::{Party, RESTRICTED_ROLE, RESTRICTED_WORD, UNSHARED_WORD};
use super::*;
use crate::clock::{Clock, SeededEntropy, VirtualClock};
use crate::simulator::Person;

struct World {
    jiras: BTreeMap<Party, Jira>,
    start: Timestamp,
}

use Party::{Acme, Globex, Initech};

impl World {
    fn person(&self, party: Party, name: &str) -> Person {
        self.jiras[&party].person(name).unwrap()
    }

    fn audit(&self) -> Report {
        let sides: Vec<Observed> = self.jiras.iter().map(|(party, jira)| Observed::of(*party, jira)).collect();
        audit(&sides, self.start)
    }

    /// Later than anything that could count as the same time.
    async fn later(&self) {
        tokio::time::sleep(Duration::from_secs(20)).await;
    }

    /// That exactly this kind of violation is found, and in these words.
    #[track_caller]
    fn finds(&self, rule: Rule, words: &str) {
        let found = self.audit().findings;
        assert!(
            found.iter().any(|finding| finding.rule == rule && finding.what.contains(words)),
            "{rule:?} `{words}` is not in {found:#?}"
        );
    }

    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(self.audit().findings, Vec::new());
    }
}

/// SUP-1 is shared with both, SUP-2 with nobody, ENG-2 came from globex (SUP-3); all with faithful copies.
async fn world() -> World {
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at("2026-03-02T09:00:00Z".parse().unwrap()));
    let jira = |party: Party| {
        let setup = party.setup(&format!("http://{}.invalid", party.name()));
        (party, Jira::new(&setup, Arc::clone(&clock), Arc::new(SeededEntropy::new(1))))
    };
    let world = World { jiras: Party::ALL.into_iter().map(jira).collect(), start: clock.now() };
    let jane = world.person(Acme, "jane");
    let severity = |id: &str, value: &str| json!({ id: { "value": value } })[id].clone();
    jane.create(
        "SUP",
        "Story",
        json!({
            "summary": "[D-001] printer is slow", "description": "The printer is slow word0001", "priority": { "name": "High" },
            "labels": ["share-globex", "share-initech", "ui"], "customfield_10042": severity("a", "S1"),
        }),
    )
    .unwrap();
    jane.create("SUP", "Bug", json!({ "summary": format!("[D-002] {UNSHARED_WORD}") })).unwrap();
    let jdoe = world.person(Globex, "jdoe");
    world.later().await;
    let copy = json!({
        "summary": "[D-001] printer is slow", "description": "The printer is slow word0001", "labels": ["ui"],
    });
    let with = |field: &str, value: &str, priority: &str| {
        let mut fields = copy.clone();
        fields[field] = json!({ "value": value });
        fields["priority"] = json!({ "name": priority });
        fields
    };
    world.person(Globex, "sync").create("ENG", "Task", with("customfield_10110", "Critical", "P2")).unwrap();
    world.person(Initech, "sync").create("OPS", "Aufgabe", with("customfield_10077", "Kritisch", "Hoch")).unwrap();
    jdoe.create("ENG", "Defect", json!({ "summary": "[D-003] glxprivate" })).unwrap();
    world.person(Acme, "sync").create("SUP", "Bug", json!({ "summary": "[D-003] glxprivate" })).unwrap();
    jane.comment("SUP-1", "note0001 same here").unwrap();
    jdoe.comment("ENG-1", "note0002 glxprivate").unwrap();
    let omar = world.person(Acme, "omar");
    omar.restricted_comment("SUP-1", &format!("note0003 {RESTRICTED_WORD}"), RESTRICTED_ROLE).unwrap();
    jane.transition("SUP-1", "Done").unwrap();
    jane.assign("SUP-1", Some("li")).unwrap();
    world.later().await;
    world.person(Globex, "sync").comment("ENG-1", "Jane Roe (Acme):\n\nnote0001 same here").unwrap();
    world.person(Initech, "sync").comment("OPS-1", "note0001 same here").unwrap();
    world.person(Acme, "sync").comment("SUP-1", "note0002 glxprivate").unwrap();
    world.person(Globex, "sync").transition("ENG-1", "Start work").unwrap();
    world.person(Globex, "sync").transition("ENG-1", "Close").unwrap();
    world.person(Globex, "sync").assign("ENG-1", Some("kchan")).unwrap();
    world.person(Initech, "sync").transition("OPS-1", "Abschließen").unwrap();
    world.person(Initech, "sync").assign("OPS-1", Some("anna")).unwrap();
    world.later().await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_faithful_sync_is_clean() {
    let world = world().await;
    world.is_clean();
    let report = world.audit();
    assert_eq!((report.expected_issues, report.arrived_issues), (3, 3));
    assert_eq!(report.expected, report.arrived);
    assert!(report.expected > 20, "{}", report.expected);
    assert_eq!((report.edits, report.comments), (2, 3));
    assert_eq!(report.lag.longest, Duration::from_secs(20));
    assert!(report.lag.measured >= 9 && report.lag.average() > Duration::from_secs(10), "{:?}", report.lag);
}

#[tokio::test(start_paused = true)]
async fn an_empty_world_proves_nothing() {
    let report = audit(&[], Timestamp::UNIX_EPOCH);
    assert!(report.findings[0].what.contains("nothing was proven"));
}

#[tokio::test(start_paused = true)]
async fn a_missing_replica_value_or_comment_is_found() {
    let world = world().await;
    let jane = world.person(Acme, "jane");
    jane.create("SUP", "Bug", json!({ "summary": "[D-009] x", "labels": ["share-initech"] })).unwrap();
    jane.edit("SUP-1", json!({ "priority": { "name": "Lowest" } })).unwrap();
    jane.edit("SUP-1", json!({ "description": "word0009" })).unwrap();
    jane.edit("SUP-1", json!({ "summary": "[D-001] new words" })).unwrap();
    jane.assign("SUP-1", None).unwrap();
    jane.transition("SUP-1", "In Progress").unwrap();
    jane.update("SUP-1", json!({ "labels": [{ "add": "night" }, { "remove": "ui" }] })).unwrap();
    jane.comment("SUP-1", "note0009 lost").unwrap();
    world.finds(Rule::Arrives, "[D-009] from SUP-4 at acme has not arrived at initech");
    world.finds(Rule::Arrives, "ENG-1 at globex: priority is `Highest`, but should be `Low`");
    world.finds(
        Rule::Arrives,
        "OPS-1 at initech: description is `The printer is slow word0001`, but should be `word0009`",
    );
    world.finds(Rule::Arrives, "ENG-1 at globex: summary is");
    world.finds(Rule::Arrives, "ENG-1 at globex: assignee is `Li Wei`, but should be empty");
    world.finds(Rule::Arrives, "OPS-1 at initech: status is `Done`, but should be `In Progress`");
    world.finds(Rule::Arrives, "ENG-1 at globex: labels is `ui`, but should be with `night`");
    world.finds(Rule::Arrives, "note0009 from SUP-1 at acme, written 09:01:00.000, has not arrived at globex");
}

#[tokio::test(start_paused = true)]
async fn a_lost_comment_edit_is_found() {
    let world = world().await;
    let comment = world.jiras[&Acme].issue("SUP-1").unwrap().comments[0].id.to_string();
    world.person(Acme, "jane").edit_comment("SUP-1", &comment, "note0001 not here any more").unwrap();
    world.finds(Rule::Arrives, "note0001 from SUP-1 at acme, written 09:01:00.000, reads");
}

#[tokio::test(start_paused = true)]
async fn what_stands_twice_is_found() {
    let world = world().await;
    let copy = json!({ "summary": "[D-001] printer is slow", "labels": ["ui"] });
    world.person(Globex, "sync").create("ENG", "Task", copy).unwrap();
    world.finds(Rule::Once, "[D-001] from SUP-1 at acme stands 2 times at globex: ENG-1, ENG-3");
    world.person(Initech, "sync").comment("OPS-1", "note0001 same here").unwrap();
    world.finds(Rule::Once, "note0001 from SUP-1 at acme stands 2 times at initech");
    world.person(Acme, "sync").create("SUP", "Bug", json!({ "summary": "[D-077] out of nowhere" })).unwrap();
    world.finds(Rule::Once, "[D-077] was created by a person not once");
    world.person(Globex, "sync").comment("ENG-1", "hello").unwrap();
    world.finds(Rule::Once, "a comment that stands for nobody's: `hello`");
}

#[tokio::test(start_paused = true)]
async fn an_echo_is_found() {
    let world = world().await;
    let sync = world.person(Acme, "sync");
    sync.comment("SUP-1", "note0001 same here").unwrap();
    world.finds(Rule::NoEcho, "SUP-1 at acme: a copy of note0001, which was not written elsewhere");
    let sync = world.person(Initech, "sync");
    for priority in ["Niedrig", "Hoch"] {
        world.later().await;
        sync.edit("OPS-1", json!({ "priority": { "name": priority } })).unwrap();
    }
    world.finds(Rule::NoEcho, "OPS-1 at initech: priority went from `Highest` to `Low` and back, and nobody asked");
    world.finds(Rule::NoEcho, "priority was written 2 times by the sync user, but people's 1 acts explain only 1");
}

#[tokio::test(start_paused = true)]
async fn back_and_forth_is_no_echo_where_people_did_so() {
    let world = world().await;
    let (jane, globex, initech) =
        (world.person(Acme, "jane"), world.person(Globex, "sync"), world.person(Initech, "sync"));
    for (ours, g, i) in [("Low", "P4", "Niedrig"), ("High", "P2", "Hoch")] {
        jane.edit("SUP-1", json!({ "priority": { "name": ours } })).unwrap();
        world.later().await;
        globex.edit("ENG-1", json!({ "priority": { "name": g } })).unwrap();
        initech.edit("OPS-1", json!({ "priority": { "name": i } })).unwrap();
    }
    world.is_clean();
}

#[tokio::test(start_paused = true)]
async fn what_crossed_between_partners_is_found() {
    let world = world().await;
    let sync = world.person(Initech, "sync");
    sync.comment("OPS-1", "note0002 glxprivate").unwrap();
    world.finds(Rule::Apart, "note0002 from ENG-1 at globex is at initech");
    world.finds(Rule::Apart, "`glxprivate` is in its comments, which initech may not see");
    sync.edit("OPS-1", json!({ "customfield_10078": "seen by Kim Chan" })).unwrap();
    world.finds(Rule::Apart, "`kim chan` is in its field customfield_10078");
    sync.edit("OPS-1", json!({ "customfield_10078": null })).unwrap();
    world.finds(Rule::Apart, "`kim chan` is in its history");
    sync.update("OPS-1", json!({ "labels": [{ "add": "share-globex" }] })).unwrap();
    world.finds(Rule::Apart, "`globex` is in its field labels");
    let sync = world.person(Globex, "sync");
    sync.edit("ENG-1", json!({ "summary": "[D-001] itxprivate" })).unwrap();
    world.finds(Rule::Apart, "`itxprivate` is in its field summary, which globex may not see");
}

#[tokio::test(start_paused = true)]
async fn a_canary_in_a_property_or_in_metadata_is_found() {
    let world = world().await;
    let jira = &world.jiras[&Initech];
    send(jira, "PUT", "issue/OPS-1/properties/mark", &json!({ "from": "globex" })).await;
    world.finds(Rule::Apart, "`globex` is in its properties");
    let metadata = json!({ "type": "x", "description": "for Maria Lopez" });
    let edit = json!({ "fields": { "customfield_10078": "k" }, "historyMetadata": metadata });
    send(jira, "PUT", "issue/OPS-1", &edit).await;
    world.finds(Rule::Apart, "`maria lopez` is in its history's metadata");
}

#[tokio::test(start_paused = true)]
async fn restricted_and_unshared_things_elsewhere_are_found() {
    let world = world().await;
    world.person(Globex, "sync").comment("ENG-1", &format!("note0003 {RESTRICTED_WORD}")).unwrap();
    world.finds(Rule::Apart, "note0003 from SUP-1 at acme is at globex");
    world.finds(Rule::Apart, "`sealedword` is in its comments");
    world.person(Initech, "sync").create("OPS", "Fehler", json!({ "summary": "[D-002] x" })).unwrap();
    world.finds(Rule::Apart, "[D-002] from SUP-2 at acme has no business at initech, but is OPS-2 there");
    world.person(Initech, "sync").create("OPS", "Fehler", json!({ "summary": "[D-003] x" })).unwrap();
    world.finds(Rule::Apart, "[D-003] from ENG-2 at globex has no business at initech");
    world.person(Acme, "sync").comment("SUP-1", &format!("note0003 {RESTRICTED_WORD}")).unwrap();
    world.finds(Rule::Apart, "a restricted comment stands open beside itself");
}

#[tokio::test(start_paused = true)]
async fn at_the_same_time_either_value_will_do_but_no_third() {
    let world = world().await;
    let write = |party: Party, key: &str, priority: &str| {
        let name = if party == Acme { "jane" } else { "jdoe" };
        world.person(party, name).edit(key, json!({ "priority": { "name": priority } })).unwrap();
    };
    write(Acme, "SUP-1", "Low");
    tokio::time::sleep(Duration::from_secs(1)).await;
    write(Globex, "ENG-1", "P3");
    let carry = |party: Party, key: &str, priority: &str| {
        world.person(party, "sync").edit(key, json!({ "priority": { "name": priority } })).unwrap();
    };
    carry(Initech, "OPS-1", "Mittel");
    carry(Acme, "SUP-1", "Medium");
    world.is_clean();
    carry(Acme, "SUP-1", "Low");
    world.finds(Rule::Arrives, "ENG-1 at globex: priority is `Medium`, but `Low` at SUP-1 at acme");
    carry(Globex, "ENG-1", "P1");
    world.finds(Rule::Arrives, "ENG-1 at globex: priority is `Highest`, but should be `Low` or `Medium`");
}

#[tokio::test(start_paused = true)]
async fn a_partners_paragraph_stays_behind_when_home_edits_beside_it() {
    let world = world().await;
    let describe = |party: Party, name: &str, key: &str, text: &str| {
        world.person(party, name).edit(key, json!({ "description": text })).unwrap();
    };
    let first = "The printer is slow word0001";
    describe(Globex, "jdoe", "ENG-1", &format!("{first}\n\nword0002 glxprivate"));
    world.later().await;
    describe(Acme, "sync", "SUP-1", &format!("{first}\n\nword0002 glxprivate"));
    world.is_clean();
    world.later().await;
    describe(Acme, "jane", "SUP-1", &format!("{first}\n\nword0002 glxprivate\n\nword0003"));
    world.later().await;
    describe(Globex, "sync", "ENG-1", &format!("{first}\n\nword0002 glxprivate\n\nword0003"));
    world.finds(Rule::Arrives, "OPS-1 at initech: description");
    describe(Initech, "sync", "OPS-1", &format!("{first}\n\nword0003"));
    world.is_clean();
    describe(Initech, "sync", "OPS-1", &format!("{first}\n\nword0003\n\nmade up"));
    world.finds(Rule::Arrives, "OPS-1 at initech: description");
}

/// Seed 1 of the demo on a slow machine: two edits in a row by one partner, after the other partner's paragraph had arrived.
#[tokio::test(start_paused = true)]
async fn a_partners_edits_join_the_others_paragraph_at_home() {
    let world = world().await;
    let describe = |party: Party, name: &str, key: &str, text: &str| {
        world.person(party, name).edit(key, json!({ "description": text })).unwrap();
    };
    let first = "The printer is slow word0001";
    describe(Globex, "jdoe", "ENG-1", &format!("word0002 glxprivate\n\n{first}"));
    world.later().await;
    describe(Acme, "sync", "SUP-1", &format!("word0002 glxprivate\n\n{first}"));
    world.later().await;
    describe(Initech, "petra", "OPS-1", &format!("word0003 itxprivate\n\n{first}"));
    world.later().await;
    describe(Initech, "petra", "OPS-1", &format!("word0003 itxprivate\n\nword0004 itxprivate\n\n{first}"));
    let merged = format!("word0003 itxprivate\n\nword0004 itxprivate\n\nword0002 glxprivate\n\n{first}");
    describe(Acme, "sync", "SUP-1", &merged);
    world.is_clean();
    describe(Acme, "sync", "SUP-1", &format!("word0003 itxprivate\n\nword0002 glxprivate\n\n{first}"));
    world.finds(Rule::Arrives, "SUP-1 at acme: description");
}

#[tokio::test(start_paused = true)]
async fn a_lost_tag_is_found() {
    let world = world().await;
    world.person(Acme, "jane").edit("SUP-1", json!({ "summary": "no tag" })).unwrap();
    world.finds(Rule::Arrives, "SUP-1 at acme lost its tag");
}

#[tokio::test(start_paused = true)]
async fn writes_are_told_from_reads() {
    let world = world().await;
    let jira = &world.jiras[&Initech];
    assert_eq!(write_calls(jira), 0, "people are not counted");
    send(jira, "GET", "issue/OPS-1", &json!(null)).await;
    send(jira, "POST", "search/jql", &json!({ "jql": "project = OPS" })).await;
    assert_eq!((write_calls(jira), jira.total_calls()), (0, 2));
    send(jira, "PUT", "issue/OPS-1", &json!({ "fields": { "customfield_10078": "k" } })).await;
    assert_eq!(write_calls(jira), 1);
    assert_eq!(restless(Initech, 0, Duration::from_secs(4)), None);
    assert!(restless(Initech, 1, Duration::from_secs(4)).unwrap().what.contains("1 writes in 4 s"));
}

/// One request of initech's sync user.
async fn send(jira: &Jira, method: &str, path: &str, body: &serde_json::Value) {
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD.encode("sync@initech.example:sync-token");
    let request = http::Request::builder()
        .method(method)
        .uri(format!("/rest/api/3/{path}"))
        .header("authorization", format!("Basic {pair}"))
        .header("content-type", "application/json")
        .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
        .unwrap();
    let answer = jira.handle(request).await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}
