//! Whether what people wrote is there: each word of theirs is the final one, was replaced by somebody who had it before them, or is kept as
//! the loser of a conflict. Reads the histories that Jira shows, and the conflicts that the daemon tells. Must never take it for kept
//! because all sides agree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use jirasyncd::model::ids::SideId;
use jirasyncd::simulator::IssueView;
use serde_json::json;

use super::daemon_audit::{by_token, conflicts, sync_user};
use super::daemon_support::World;
use super::everything_lives::Fates;
use super::everything_world::{Custom, SIDES, Sight, world};

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

/// Whether a conflict is about what was done then: clocks of Jiras differ by what was measured, which is less.
pub(crate) fn is_same_moment(told: Timestamp, done: Timestamp) -> bool {
    told.duration_since(done).abs() <= SignedDuration::from_secs(2)
}

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
            for field in named(column, &WORDS, &CUSTOM_WORDS) {
                wrong.extend(judge_words(name, sides, (column, &field), (&conflicts, taken_out), &mut judged).err());
            }
        }
        let fields = CHOICES.len() + CUSTOM_CHOICES.len();
        let gone = fates.of(name).last;
        for place in 0..fields {
            wrong.extend(judge_choice(name, (sides, &gone), place, &conflicts, &mut judged).err());
        }
    }
    if wrong.is_empty() { Ok(judged) } else { Err(wrong.join("; ")) }
}

fn named(column: usize, own: &[&str], custom: &[Custom]) -> Vec<Named> {
    let own = own.iter().map(|field| Named { history: (*field).to_owned(), id: (*field).to_owned() });
    own.chain(custom.iter().map(|field| Named { history: field.name(), id: field.id(column) })).collect()
}

/// One item of a history: when, whether a person did it, from what, to what.
struct Step<'a> {
    at: Timestamp,
    by_person: bool,
    from: &'a str,
    to: &'a str,
}

fn steps<'a>(view: &'a IssueView, column: usize, field: &'a Named) -> impl Iterator<Item = Step<'a>> {
    view.history.iter().flat_map(move |entry| {
        let by_person = entry.author.as_deref() != Some(sync_user(SIDES[column].jira));
        let of_it = entry.items.iter().filter(move |item| item.0 == field.history);
        of_it.map(move |(_, from, to)| Step {
            at: entry.created,
            by_person,
            from: from.as_deref().unwrap_or_default(),
            to: to.as_deref().unwrap_or_default(),
        })
    })
}

/// The words of people in a text, as `c12byacmez`.
pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    let parts = text.split(|sign: char| !sign.is_ascii_alphanumeric());
    parts.filter(|part| part.starts_with('c') && part.ends_with('z') && part.contains("by")).collect()
}

fn judge_words(
    name: &str,
    sides: &Sides,
    (column, field): (usize, &Named),
    (conflicts, taken_out): (&[Kept], &BTreeSet<String>),
    judged: &mut Judged,
) -> Result<(), String> {
    let Some(view) = &sides[column] else { return Ok(()) };
    let all: Vec<Step<'_>> = steps(view, column, field).collect();
    let last = view.fields.get(&field.id).map_or("", String::as_str);
    let mut written: BTreeSet<&str> = BTreeSet::new();
    if view.creator.as_deref() != Some(sync_user(SIDES[column].jira)) {
        written.extend(words(all.first().map_or(last, |step| step.from)));
    }
    for step in all.iter().filter(|step| step.by_person) {
        written.extend(words(step.to).difference(&words(step.from)));
    }
    for word in written {
        judged.words += 1;
        if words(last).contains(word) || taken_out.contains(word) || replaced(sides, field, column, word) {
            continue;
        }
        if conflicts.iter().any(|(_, _, lost)| words(lost).contains(word)) {
            judged.conflicts += 1;
            continue;
        }
        return Err(format!(
            "{name} {}: `{word}` of {} is neither there (`{last}`), nor was it replaced, nor is it kept: {conflicts:?}",
            field.history, SIDES[column].jira
        ));
    }
    Ok(())
}

/// Whether a person took that word away, on whichever side they had it before them.
fn replaced(sides: &Sides, field: &Named, of: usize, word: &str) -> bool {
    sides.iter().enumerate().any(|(column, view)| {
        let fields = named(column, &WORDS, &CUSTOM_WORDS);
        let Some(there) = fields.iter().find(|there| there.history == field.history) else { return false };
        let Some(view) = view.as_ref().filter(|_| column == of || field.history != Custom::Secret.name()) else {
            return false;
        };
        steps(view, column, there)
            .any(|step| step.by_person && words(step.from).contains(word) && !words(step.to).contains(word))
    })
}

/// Who chose last has their choice, or it is kept.
fn judge_choice(
    name: &str,
    (sides, gone): (&Sides, &[Option<Box<IssueView>>; 3]),
    place: usize,
    conflicts: &[Kept],
    judged: &mut Judged,
) -> Result<(), String> {
    let mut last: Option<(Timestamp, usize, String)> = None;
    let mut shown = [const { String::new() }; 3];
    for (column, view) in sides.iter().enumerate() {
        let Some(view) = view else { continue };
        let fields = named(column, &CHOICES, &CUSTOM_CHOICES);
        for step in steps(view, column, &fields[place]) {
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
        steps(view, column, &fields[place]).any(|step| step.by_person && step.at >= at)
    });
    if later {
        return Ok(());
    }
    judged.choices += 1;
    let field = &named(column, &CHOICES, &CUSTOM_CHOICES)[place].history;
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
