//! Whether what people wrote is there: each word of theirs is the final one, was replaced by somebody who had it before them, or is kept as
//! the loser of a conflict. Reads the histories that Jira shows, and the conflicts that the daemon tells. Must never take it for kept
//! because all sides agree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jirasyncd::model::ids::SideId;
use jirasyncd::simulator::IssueView;
use serde_json::json;

use super::daemon_audit::{by_token, conflicts, sync_user};
use super::daemon_support::World;
use super::everything_lives::Fates;
use super::everything_world::{Custom, SIDES, Sight, world};
use super::written_texts::{Place, is_same_moment, missing};

/// The fields whose values hold a word that nobody else ever wrote.
const WORDS: [&str; 4] = ["summary", "description", "environment", "labels"];
const CUSTOM_WORDS: [Custom; 5] = [Custom::Site, Custom::Notes, Custom::Client, Custom::Tags, Custom::Secret];
/// Fields of one value each, of which many write the same.
const CHOICES: [&str; 3] = ["priority", "duedate", "assignee"];
const CUSTOM_CHOICES: [Custom; 6] =
    [Custom::Effort, Custom::Start, Custom::Target, Custom::Size, Custom::Region, Custom::Grade];

/// A field as it is called in histories and as its value is kept.
struct Named {
    history: String,
    id: String,
}

/// How many words and choices were judged.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) words: usize,
    pub(crate) choices: usize,
    pub(crate) conflicts: usize,
}

impl Judged {
    pub(crate) fn add(&mut self, more: Self) {
        self.words += more.words;
        self.choices += more.choices;
        self.conflicts += more.conflicts;
    }
}

/// What lost: on which side, when it was done there, and its field with the value.
type Kept = (SideId, Timestamp, String);

/// All of an item that is there on any side.
type Sides = [Option<IssueView>; 3];

/// Looks at every issue that still stands somewhere. `taken_out`: words that people took out of fields, also in issues that are gone.
/// What people chose in such an issue before it went is in its `fates`.
pub(crate) async fn nothing_lost(world: &World, taken_out: &BTreeSet<String>, fates: &Fates) -> Result<Judged, String> {
    let mut items: BTreeMap<String, Sides> = BTreeMap::new();
    for (column, side) in SIDES.iter().enumerate() {
        for (name, view) in by_token(world, side.jira)? {
            items.entry(name).or_default()[column] = Some(view);
        }
    }
    let (mut judged, mut wrong) = (Judged::default(), Vec::new());
    for (name, sides) in &items {
        let told = conflicts(world, sides.iter().flatten()).await;
        let conflicts: Vec<Kept> = told
            .into_iter()
            .map(|conflict| (conflict.loser, conflict.at, format!("{} Of: {:?}", conflict.field, conflict.lost)))
            .collect();
        for column in 0..SIDES.len() {
            for number in 0..WORDS.len() + CUSTOM_WORDS.len() {
                wrong.extend(judge_words(name, sides, (column, number), (&conflicts, taken_out), &mut judged).err());
            }
        }
        let fields = CHOICES.len() + CUSTOM_CHOICES.len();
        let gone = fates.of(name).last;
        for number in 0..fields {
            wrong.extend(judge_choice(name, (sides, &gone), number, &conflicts, &mut judged).err());
        }
    }
    if wrong.is_empty() { Ok(judged) } else { Err(wrong.join("; ")) }
}

fn named(column: usize, own: &[&str], custom: &[Custom]) -> Vec<Named> {
    let own = own.iter().map(|field| Named { history: (*field).to_owned(), id: (*field).to_owned() });
    own.chain(custom.iter().map(|field| Named { history: field.name(), id: field.id(column) })).collect()
}

fn place<'a>(view: &'a IssueView, column: usize, field: &'a Named) -> Place<'a> {
    Place { us: sync_user(SIDES[column].jira), view, history: &field.history, id: &field.id }
}

/// The words of people in a text, as `c12byacmez`.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    let parts = text.split(|sign: char| !sign.is_ascii_alphanumeric());
    parts.filter(|part| part.starts_with('c') && part.ends_with('z') && part.contains("by")).collect()
}

fn own(text: &str) -> BTreeSet<String> {
    words(text).into_iter().map(str::to_owned).collect()
}

fn judge_words(
    name: &str,
    sides: &Sides,
    (column, number): (usize, usize),
    (conflicts, taken_out): (&[Kept], &BTreeSet<String>),
    judged: &mut Judged,
) -> Result<(), String> {
    let fields = [0, 1, 2].map(|column| named(column, &WORDS, &CUSTOM_WORDS).swap_remove(number));
    let is_secret = fields[column].history == Custom::Secret.name();
    let Some(view) = &sides[column] else { return Ok(()) };
    let there = place(view, column, &fields[column]);
    // What is carried nowhere is taken out by nobody elsewhere.
    let all = sides.iter().enumerate().filter(|(other, _)| *other == column || !is_secret);
    let all = all.filter_map(|(other, view)| Some(place(view.as_ref()?, other, &fields[other])));
    let written = there.written(own);
    judged.words += written.len();
    for (_, word) in missing(there, &all.collect::<Vec<_>>(), written, own) {
        if taken_out.contains(&word) {
            continue;
        }
        if conflicts.iter().any(|(_, _, lost)| words(lost).contains(word.as_str())) {
            judged.conflicts += 1;
            continue;
        }
        return Err(format!(
            "{name} {}: `{word}` of {} is neither there (`{}`), nor was it replaced, nor is it kept: {conflicts:?}",
            fields[column].history,
            SIDES[column].jira,
            there.shown()
        ));
    }
    Ok(())
}

/// Who chose last has their choice, or it is kept.
fn judge_choice(
    name: &str,
    (sides, gone): (&Sides, &[Option<Box<IssueView>>; 3]),
    number: usize,
    conflicts: &[Kept],
    judged: &mut Judged,
) -> Result<(), String> {
    let mut last: Option<(Timestamp, usize, String)> = None;
    let mut shown = [const { String::new() }; 3];
    for (column, view) in sides.iter().enumerate() {
        let Some(view) = view else { continue };
        let fields = named(column, &CHOICES, &CUSTOM_CHOICES);
        for step in place(view, column, &fields[number]).steps() {
            step.to.clone_into(&mut shown[column]);
            if step.by_person && last.as_ref().is_none_or(|(at, _, _)| *at <= step.at) {
                last = Some((step.at, column, step.to.to_owned()));
            }
        }
    }
    let Some((at, column, chosen)) = last else { return Ok(()) };
    // Somebody chose later where the issue is gone since: what stands is theirs.
    let later = gone.iter().enumerate().any(|(column, view)| {
        let Some(view) = view.as_ref().filter(|_| sides[column].is_none()) else { return false };
        let fields = named(column, &CHOICES, &CUSTOM_CHOICES);
        place(view, column, &fields[number]).steps().any(|step| step.by_person && step.at >= at)
    });
    if later {
        return Ok(());
    }
    judged.choices += 1;
    let field = &named(column, &CHOICES, &CUSTOM_CHOICES)[number].history;
    let jira = SIDES[column].jira;
    if chosen == shown[column] {
        return Ok(());
    }
    // Of an earlier choice it says nothing of this one.
    let is_kept = |(side, told, lost): &Kept| side.as_str() == jira && is_of(lost, field) && is_same_moment(*told, at);
    if conflicts.iter().any(is_kept) {
        judged.conflicts += 1;
        return Ok(());
    }
    Err(format!("{name} {field}: `{chosen}` was chosen last, at {jira} ({at}), and {shown:?} are shown: {conflicts:?}"))
}

/// Whether a conflict is of that field, which the daemon calls otherwise than histories do.
fn is_of(lost: &str, field: &str) -> bool {
    let known = match field {
        "duedate" => "due-date",
        other => other,
    };
    lost.split(" Of: ").next() == Some(known)
}

/// What the sync user wrote over a person's word or choice is seen, and what a person replaced is no loss.
#[tokio::test(start_paused = true)]
async fn what_was_written_over_is_seen() {
    let (mut world, none, fates) = (world(Sight::Open), BTreeSet::new(), Fates::default());
    world.start().await;
    let fields = json!({ "summary": "Item-0 c0byacmez", "priority": { "name": "Medium" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let (jdoe, ours) = (world.person("globex", "jdoe"), world.person("globex", sync_user("globex")));
    let key = world.jira("globex").issues()[0].key.clone();
    jdoe.edit(&key, json!({ "summary": "Item-0 c1byglobexz", "duedate": "2026-05-01" })).unwrap();
    let judged = nothing_lost(&world, &none, &fates).await.unwrap();
    assert_eq!((judged.words, judged.choices, judged.conflicts), (2, 1, 0));
    ours.edit(&key, json!({ "summary": "Item-0 c2byacmez" })).unwrap();
    let why = nothing_lost(&world, &none, &fates).await.unwrap_err();
    assert!(why.contains("Item-0 summary: `c1byglobexz` of globex is neither there"), "{why}");
    jdoe.edit(&key, json!({ "summary": "Item-0 c1byglobexz" })).unwrap();
    jdoe.edit(&key, json!({ "summary": "Item-0 c3byglobexz" })).unwrap();
    nothing_lost(&world, &none, &fates).await.unwrap();
    ours.edit(&key, json!({ "duedate": "2026-06-01" })).unwrap();
    let why = nothing_lost(&world, &none, &fates).await.unwrap_err();
    assert!(why.contains("duedate: `2026-05-01") && why.contains("was chosen last, at globex"), "{why}");
}
