//! Whether what people wrote into a field of text is there: each word of theirs is shown, was taken out by somebody who had it before them, or
//! is kept as the loser of a conflict. Reads what a Jira shows, and conflicts as they are told. Must never take it for kept because all
//! sides agree, nor because something was told of another field or of another moment.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use jirasyncd::model::hub::Conflict;
use jirasyncd::model::value::Value;
use jirasyncd::simulator::IssueView;
use serde_json::{Value as Json, json};

use super::daemon_audit::{conflicts, sync_user};
use super::daemon_support::{World, two};

/// The fields of text of worlds where each line is written once.
pub(crate) const TEXTS: [&str; 2] = ["summary", "description"];

/// What is looked for in a text. It must be the same in every dialect, and no two acts of people may write the same one.
pub(crate) type Words = fn(&str) -> BTreeSet<String>;

/// A field of an issue on one side.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// As whom the daemon writes there.
    pub(crate) us: &'a str,
    pub(crate) view: &'a IssueView,
    /// What histories call the field, and under what its value is.
    pub(crate) history: &'a str,
    pub(crate) id: &'a str,
}

/// One item of a history: when, whether a person did it, from what, to what.
pub(crate) struct Step<'a> {
    pub(crate) at: Timestamp,
    pub(crate) by_person: bool,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn steps(self) -> impl Iterator<Item = Step<'a>> {
        self.view.history.iter().flat_map(move |entry| {
            let by_person = entry.author.as_deref() != Some(self.us);
            let of_it = entry.items.iter().filter(move |item| item.0 == self.history);
            of_it.map(move |(_, from, to)| Step {
                at: entry.created,
                by_person,
                from: from.as_deref().unwrap_or_default(),
                to: to.as_deref().unwrap_or_default(),
            })
        })
    }

    pub(crate) fn shown(self) -> &'a str {
        self.view.fields.get(self.id).map_or("", String::as_str)
    }

    /// What people wrote there, and when. No entry tells what an issue was made with: that is what stood there before the first one.
    pub(crate) fn written(self, words: Words) -> BTreeSet<(Timestamp, String)> {
        let mut written = BTreeSet::new();
        if self.view.creator.as_deref() != Some(self.us) {
            let first = self.steps().next().map_or(self.shown(), |step| step.from);
            written.extend(words(first).into_iter().map(|word| (self.view.created, word)));
        }
        for step in self.steps().filter(|step| step.by_person) {
            written.extend((&words(step.to) - &words(step.from)).into_iter().map(|word| (step.at, word)));
        }
        written
    }

    /// Whether a person took a word out there, having it before them.
    fn was_taken_out(self, word: &str, words: Words) -> bool {
        self.steps().any(|step| step.by_person && words(step.from).contains(word) && !words(step.to).contains(word))
    }
}

/// Of what people `written` at a place, what is not shown there, and was taken out by nobody in any of `all` these places.
pub(crate) fn missing(
    place: Place<'_>,
    all: &[Place<'_>],
    written: BTreeSet<(Timestamp, String)>,
    words: Words,
) -> Vec<(Timestamp, String)> {
    let shown = words(place.shown());
    let is_there = |word: &str| shown.contains(word) || all.iter().any(|other| other.was_taken_out(word, words));
    written.into_iter().filter(|(_, word)| !is_there(word)).collect()
}

/// Whether a conflict is about what was done then. A clock is measured by an answer, which some worlds hold back for five seconds: by as
/// much what is told of another's moment may be wrong (4005).
pub(crate) fn is_same_moment(told: Timestamp, done: Timestamp) -> bool {
    told.duration_since(done).abs() <= SignedDuration::from_secs(6)
}

/// The lines of a text without its signs, of which dialects have others. Where every line has a number of its own, two that were
/// written at once are never merged into one.
pub(crate) fn lines(text: &str) -> BTreeSet<String> {
    let bare = |line: &str| {
        let words = line.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(bare).filter(|line| !line.is_empty()).collect()
}

/// The lines of what lost.
fn lines_of(lost: &Value) -> BTreeSet<String> {
    match lost {
        Value::Line(text) => lines(text),
        Value::Document(document) => lines(&jirasyncd::text::plain(document)),
        Value::Empty
        | Value::Choice(_)
        | Value::Words(_)
        | Value::Person(_)
        | Value::Day(_)
        | Value::Number(_)
        | Value::Moment(_) => BTreeSet::new(),
    }
}

/// Each line that people wrote into a field of text of an item, on any of its sides, each with its sync user, at its creation, too, is there (as
/// the whole or merged with what others wrote), was replaced by somebody who had it before them, or lost in one of these `conflicts`.
pub(crate) fn text_kept(
    token: &str,
    field: &str,
    sides: &[(&str, &IssueView)],
    conflicts: &[Conflict],
) -> Result<(), String> {
    let places: Vec<Place<'_>> = sides.iter().map(|(us, view)| Place { us, view, history: field, id: field }).collect();
    for place in &places {
        for (at, line) in missing(*place, &places, place.written(lines), lines) {
            let is_kept = |told: &Conflict| {
                told.field.as_str() == field && is_same_moment(told.at, at) && lines_of(&told.lost).contains(&line)
            };
            if !conflicts.iter().any(is_kept) {
                return Err(format!(
                    "{token} {field}: `{line}` of {} ({at}) is not there (`{}`), nobody replaced it, nor is it kept: {conflicts:?}; {:?}",
                    place.view.key,
                    place.shown(),
                    place.view.history
                ));
            }
        }
    }
    Ok(())
}

/// Two sides that carry both, of which one writes wiki text, with an item of acme's.
async fn lived() -> World {
    let world = World::new(&two(), |_| {}).await;
    let text = "Text 0 {of} [jane] a_b\n\nMore 0";
    let fields = json!({ "summary": "Item 0", "description": text, "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world
}

async fn told(world: &World) -> Vec<Conflict> {
    conflicts(world, &["acme", "globex"].map(|jira| world.issue(jira, "Item"))).await
}

fn judged(world: &World, field: &str, told: &[Conflict]) -> Result<(), String> {
    let views = ["acme", "globex"].map(|jira| (sync_user(jira), world.issue(jira, "Item")));
    let sides: Vec<(&str, &IssueView)> = views.iter().map(|(us, view)| (*us, view)).collect();
    text_kept("Item", field, &sides, told)
}

fn writes(world: &World, jira: &str, who: &str, fields: Json) {
    world.person(jira, who).edit(&world.issue(jira, "Item").key, fields).unwrap();
}

/// The daemon's account writes it on both sides: they agree.
fn written_over(world: &World, fields: &Json) {
    for jira in ["acme", "globex"] {
        writes(world, jira, sync_user(jira), fields.clone());
    }
}

/// What the daemon writes over is seen, at the creation, too; what a person replaced, or what is written back, is no loss.
#[tokio::test(start_paused = true)]
async fn a_text_that_was_written_over_is_seen() {
    let world = lived().await;
    type Text = fn(usize) -> String;
    let texts: [(&str, Text, &str); 2] = [
        ("summary", |number| format!("Item {number}"), "Item"),
        ("description", |number| format!("Text {number} {{of}} [jane] a_b\n\nMore {number}"), "More"),
    ];
    for (field, text, begins) in texts {
        let seen = |line: &str| {
            let why = judged(&world, field, &[]).unwrap_err();
            assert!(why.starts_with(&format!("Item {field}: `{line}")) && why.contains("is not there"), "{why}");
        };
        assert_eq!(judged(&world, field, &[]), Ok(()));
        written_over(&world, &json!({ field: "Item of ours" }));
        seen(&format!("{begins} 0"));
        writes(&world, "acme", "jane", json!({ field: text(0) }));
        assert_eq!(judged(&world, field, &[]), Ok(()));
        for number in [1, 12] {
            writes(&world, "globex", "jdoe", json!({ field: text(number) }));
        }
        assert!(judged(&world, field, &[]).is_ok(), "what people replaced is no loss");
        written_over(&world, &json!({ field: text(0) }));
        seen(&format!("{begins} 12"));
        writes(&world, "globex", "jdoe", json!({ field: text(12) }));
        assert_eq!(judged(&world, field, &[]), Ok(()));
    }
}

/// Of what two wrote at once into other blocks each is asked for by itself.
#[tokio::test(start_paused = true)]
async fn a_block_that_is_gone_is_seen_beside_the_one_it_was_merged_with() {
    let world = lived().await;
    let description = |text: &str| json!({ "description": text });
    writes(&world, "acme", "jane", description("Text 1 {of} [jane] a_b\n\nMore 0"));
    writes(&world, "globex", "jdoe", description("Text 0 \\{of\\} \\[jane\\] a_b\n\nMore 2"));
    world.rest().await.unwrap();
    let told = told(&world).await;
    assert_eq!((told.len(), judged(&world, "description", &told)), (0, Ok(())));
    for (left, gone) in [("Text 1 of jane a b", "`More 2` of ENG-1"), ("More 2", "`Text 1 of jane a b` of SUP-1")] {
        written_over(&world, &description(left));
        let why = judged(&world, "description", &told).unwrap_err();
        assert!(why.contains(gone), "{why}");
    }
}

/// Of what two wrote into one block at once one loses. It is kept where that is told of it; what is told of another field, or of another
/// moment, keeps nothing.
#[tokio::test(start_paused = true)]
async fn what_lost_is_kept_where_it_is_told_of_that_field_and_moment() {
    let world = lived().await;
    for (number, field) in TEXTS.into_iter().enumerate() {
        writes(&world, "acme", "jane", json!({ field: format!("Item {number}1") }));
        world.pass(7).await;
        writes(&world, "globex", "jdoe", json!({ field: format!("Item {number}2") }));
        world.rest().await.unwrap();
        let told = told(&world).await;
        assert_eq!(judged(&world, field, &told), Ok(()));
        let bent = |bend: fn(&mut Conflict)| {
            let mut bent = told.clone();
            bent.iter_mut().for_each(bend);
            judged(&world, field, &bent).unwrap_err()
        };
        let whys = [
            judged(&world, field, &[]).unwrap_err(),
            bent(|told| told.at += SignedDuration::from_secs(60)),
            bent(|told| told.field = "environment".into()),
            bent(|told| told.lost = told.kept.clone()),
        ];
        let lost = format!("`Item {number}1` of SUP-1");
        assert!(whys.iter().all(|why| why.contains(&lost)), "{whys:?}");
    }
}
