//! What one partner does for itself changes no byte that is sent to another: lives are played twice, with and without its acts. Must never
//! judge by what the daemon keeps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::simulator::{Fault, FaultRule, When};

use super::daemon_everything::{FEW, LONGEST_WAIT, MANY, takes_names};
use super::daemon_support::World;
use super::everything_acts::{Act, Field, Talk, Thing, Tie, What};
use super::everything_audit::{far_leaks_at, reads, sent_leaks, taken_by};
use super::everything_carried::{Carried, Compared, is_all_sent, seen};
use super::everything_lives::{Fate, Policies};
use super::everything_people::{People, is_made_by};
use super::everything_stock::Stock;
use super::everything_world::{SIDES, Sight, world_apart};
use super::random_life::{Dice, seeds};

/// The same with and without a partner's acts. These were the auditor's: home's keys count everybody's copies, so a reference composed of one
/// is compared as the item that it names.
const FOUND_BESIDE: [u64; 2] = [4005, 4009];

/// The same where issues have no life: what home's people wrote into a text that the partner had emptied was put before what
/// stood at the other partner, as if they had added to it.
const FOUND_PRIVATE: [u64; 1] = [2039];

/// What one partner does for itself, such that nobody else's act meets it. To what it made, which home alone has besides: everything, but
/// for a tie to what others have, which their own acts meet. To what home made: not what two sides may do alike, since whoever
/// does it second does nothing at all then.
fn is_private(act: &Act, owners: &[usize], remaining: bool) -> bool {
    let owner = |item: usize| owners.get(item).copied();
    let is_own = owner(act.item) == Some(act.column);
    let other = act.pick / 4 % owners.len().max(1);
    match act.what {
        // Jira takes what is logged from the time that remains, and from what remains then at home takes the next of home's.
        What::Thing(Thing::Log | Thing::RestrictedLog | Thing::EditLog | Thing::DeleteLog) => is_own || !remaining,
        What::Create | What::Thing(_) => true,
        What::Field(field) => {
            is_own
                || matches!(
                    field,
                    Field::Summary | Field::Text | Field::Label | Field::Secret | Field::Level | Field::Short
                )
        }
        What::Talk(talk) => is_own || !matches!(talk, Talk::Answer),
        // Who votes there is carried to nobody, and so is who watches; where that is carried, each side's people make one of theirs watch
        // who is nobody's elsewhere (`People::each_watches_alone`).
        What::Tie(Tie::Watch | Tie::Unwatch | Tie::Vote | Tie::Unvote) => true,
        // What leads out of the sync is told to home alone.
        What::Tie(Tie::Link) => act.pick / 2 % 4 < 2 || is_own && owner(other) == Some(act.column),
        What::Tie(Tie::Unlink | Tie::Under) => is_own,
        What::Fate(Fate::Retype | Fate::Convert) => is_own,
        What::Fate(fate) => fate != Fate::Leave,
        What::Stock(stock) => stock != Stock::Use || is_own,
    }
}

/// Who acts for itself in a seed's life: one partner or the other, so that what is sent is compared on Data Center and on Cloud.
fn acts_apart(seed: u64) -> usize {
    2 - (seed / 2 % 2) as usize
}

/// What breaks at the partner that acts for itself, in every third life: its own Jira alone, in both worlds. What breaks at the other one, or
/// at home, breaks at another call in each of the two worlds, and what is tried again then is not the same by construction; what may be
/// sent there at all is judged by the leak tests, which have faults everywhere.
fn breaks(world: &World, seed: u64, apart: usize) {
    let faults = [
        Fault::StatusAfter(502),
        Fault::RateLimited { retry_after: Some(3) },
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Truncated,
        Fault::Slow(Duration::from_secs(5)),
    ];
    if seed % 3 == 1 {
        let fault = faults[seed as usize / 3 % faults.len()].clone();
        world.jira(SIDES[apart].jira).add_fault(FaultRule::new("*", When::Probability(0.2), fault));
    }
}

/// Everything that is sent to change something at the one partner, while a script is played with or without the other's acts.
async fn sent_to_other(script: &Script, with_apart: bool) -> Result<Vec<Vec<String>>, String> {
    let (policies, carried) = (script.policies, script.carried);
    let mut world = world_apart(policies, script.remaining, carried);
    let (apart, other) = (script.apart, 3 - script.apart);
    if script.is_bent {
        let bent = Arc::new(Bent { home: SIDES[0].jira, other: SIDES[other].jira, last: Mutex::default() });
        world.bend(move |inner| Arc::new(BentNet(inner, Arc::clone(&bent))) as Arc<dyn Transport>);
    }
    let jira = SIDES[other].jira;
    world.jira(jira).record_bodies(true);
    world.start().await;
    breaks(&world, script.seed, apart);
    let mut people = if carried.levels { People::with_levels(&Arc::default()) } else { People::new(Sight::Apart) };
    (people.takes_names, people.left_out) = (script.takes_names, Some(apart));
    people.flows = policies.is_some_and(|policies| policies.flows);
    people.moves_take_copies = policies.is_some_and(Policies::deletes_what_is_moved);
    (people.each_watches_alone, people.notes) = (carried.watchers, carried.notes);
    let told = std::env::var_os("JIRASYNCD_TELL").is_some();
    let mut sent = Vec::new();
    for step in &script.steps {
        for act in step {
            if act.column == apart && !with_apart {
                people.leave_out(act);
            } else {
                let done = people.act(&world, act)?;
                if told {
                    println!("{} {done} {act:?}", world.surroundings.clock.now());
                }
            }
            world.pass(3).await;
        }
        world.intervals(6).await;
        // When what was refused meanwhile is tried again is drawn by lot.
        let refuses = |act: &Act| matches!(act.what, What::Fate(Fate::Hide | Fate::Lock | Fate::Archive));
        if step.iter().any(refuses) {
            world.pass(LONGEST_WAIT).await;
            world.intervals(6).await;
        }
        if script.is_swept {
            world.daemon().engine().sweep(None).await.unwrap();
            world.intervals(3).await;
        }
        for call in world.jira(jira).calls().iter().filter(|call| told && call.method != "GET") {
            let body = String::from_utf8_lossy(&call.request_body);
            println!("{} {} {} {} {body}", call.at, call.status, call.method, call.path);
        }
        sent.push(compared(&world, &people, script)?);
        world.jira(jira).reset_calls();
    }
    if !script.is_swept {
        world.pass(LONGEST_WAIT).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(6).await;
        sent.push(compared(&world, &people, script)?);
        let mut all: Vec<String> = sent.into_iter().flatten().collect();
        all.sort();
        return Ok(vec![all]);
    }
    Ok(sent)
}

/// What the other partner was written since this was asked last, and what its people see of what is carried besides.
fn compared(world: &World, people: &People, script: &Script) -> Result<Vec<String>, String> {
    let other = 3 - script.apart;
    // Whatever was refused, and is not compared, says nothing of that partner's either. Nor does anything name an issue of its, as both lives
    // would alike: of what home shares it has counterparts in either.
    sent_leaks(world, &people.written, other)?;
    far_leaks_at(world, Sight::Apart, other)?;
    let mut compared = taken_by(world, SIDES[other].jira);
    if script.carried.is_more() {
        compared.extend(seen(world, other));
    }
    Ok(compared)
}

/// What is played twice, with and without a partner.
struct Script {
    seed: u64,
    /// The partner that acts for itself.
    apart: usize,
    /// Whether the time that remains is carried.
    remaining: bool,
    /// What is carried besides.
    carried: Carried,
    steps: Vec<Vec<Act>>,
    policies: Option<Policies>,
    /// Whether people give a version the name of one that they renamed.
    takes_names: bool,
    /// Whether there is a full check with every step. What moves no time of change (a comment that is deleted) is found by it, or when the
    /// issue is read for another reason: so not even when it is found rests on a partner. Without, all that was sent is compared at the end.
    is_swept: bool,
    /// Whether what is written to home, of the partner that acts for itself as well, shows at the other one.
    is_bent: bool,
}

/// Whose writes show at whom, by the names of their Jiras; and what was written to that one last.
struct Bent {
    home: &'static str,
    other: &'static str,
    last: Mutex<Option<http::Request<Bytes>>>,
}

/// A network that tells a partner of what home is written: what the partner was written last comes once more. It says nothing new, so
/// that only its being there is to be noticed.
struct BentNet(Arc<dyn Transport>, Arc<Bent>);

#[async_trait]
impl Transport for BentNet {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let goes_to = |jira: &str| request.uri().host().is_some_and(|host| host.contains(jira));
        if goes_to(self.1.other) && request.method() == http::Method::PUT {
            *self.1.last.lock().unwrap() = Some(request.clone());
        }
        let shows = goes_to(self.1.home) && !reads(request.method().as_str(), request.uri().path());
        let again = self.1.last.lock().unwrap().clone().filter(|_| shows);
        if let Some(again) = again {
            drop(self.0.send(again).await);
        }
        self.0.send(request).await
    }
}

/// What is done with home's issues as a whole may rest on what a partner did to them, or shows it to others. Where what left its clause
/// rests, what home archived waits once its clause is asked again, and a copy of a partner's comment has it asked (docs/promises.md).
fn is_beside(act: &Act, stops: bool) -> bool {
    let rests = |fate| match fate {
        Fate::Archive => stops,
        Fate::Leave | Fate::Hide | Fate::Lock | Fate::Dismiss => false,
        Fate::Delete | Fate::Move | Fate::Clone | Fate::Retype | Fate::Convert => true,
    };
    act.column == 0 && matches!(act.what, What::Fate(fate) if rests(fate))
}

/// What of one is not in the other, as often.
fn lacking(one: &[String], other: &[String]) -> Vec<String> {
    let mut left = other.to_vec();
    let mut lacks = |request: &&String| match left.iter().position(|known| known == *request) {
        Some(place) => {
            left.swap_remove(place);
            false
        }
        None => true,
    };
    one.iter().filter(|request| lacks(request)).cloned().collect()
}

/// What somebody of a partner who may change what others made does to a copy of ours. Home has copies of what either partner wrote.
fn of_copies(dice: &Dice, number: usize, items: usize) -> Act {
    let copies = [What::Talk(Talk::DeleteCopy), What::Talk(Talk::EditCopy), What::Thing(Thing::DetachCopy)];
    let act = Act { column: 1 + dice.below(2), ..Act::any(dice, number, items) };
    Act { what: dice.one(&copies), who: SIDES[act.column].role.1, ..act }
}

/// An answer names whom it answers: at what home made, that may be the partner, and the answer is an act about it. A vote moves no time of
/// change: together with which other change home's is sent rests on who has the issue looked at (docs/promises.md).
fn tells_of_others(act: &Act, owners: &[usize]) -> bool {
    match act.what {
        What::Talk(Talk::Answer) => owners.get(act.item) == Some(&0),
        What::Tie(Tie::Vote | Tie::Unvote) => act.column == 0,
        What::Create
        | What::Field(_)
        | What::Talk(_)
        | What::Thing(_)
        | What::Tie(_)
        | What::Fate(_)
        | What::Stock(_) => false,
    }
}

/// Plays a seed's script with and without a partner: what is sent to the other is the same.
pub(crate) async fn isolation(seed: u64, lives: bool) -> Result<Compared, String> {
    compare(&script(seed, lives)).await
}

/// What a seed stands for.
fn script(seed: u64, lives: bool) -> Script {
    // A status crosses, so none is set for what is gone.
    let policies = lives.then(|| Policies { deleted: [0, 1, 3, 4][seed as usize % 4], ..Policies::of(seed / 8 * 8) });
    let dice = Dice::new(seed);
    let (apart, remaining) = (acts_apart(seed), seed / 4 % 2 == 1);
    let carried = Carried::of(seed, lives, apart);
    let (mut steps, mut number, mut owners) = (Vec::new(), 0, Vec::new());
    while steps.len() < 14 {
        let mut step = Vec::new();
        while step.len() < 6 {
            let items = owners.len();
            let kind = if lives && items >= 3 { dice.below(14) } else { 14 };
            let act = match kind {
                0..3 => Act::fate(&dice, number, items),
                3 | 4 => Act::stock(&dice, number, items),
                5 | 6 => of_copies(&dice, number, items),
                _ => Act::any(&dice, number, items),
            };
            let act = carried.instead(act);
            if act.column == apart && !is_private(&act, &owners, remaining)
                || tells_of_others(&act, &owners)
                || is_beside(&act, policies.is_some_and(|policies| policies.stop))
            {
                continue;
            }
            number += 1;
            if is_made_by(&act) {
                owners.push(act.column);
            }
            step.push(act);
        }
        steps.push(step);
    }
    let (takes_names, is_swept) = (takes_names(seed), seed % 5 != 4);
    Script { seed, apart, remaining, carried, steps, policies, takes_names, is_swept, is_bent: false }
}

async fn compare(script: &Script) -> Result<Compared, String> {
    let apart = script.apart;
    let with = sent_to_other(script, true).await?;
    let without = sent_to_other(script, false).await?;
    for (place, (with, without)) in with.iter().zip(&without).enumerate() {
        if with != without {
            let after = if script.is_swept { &script.steps[place..=place] } else { &script.steps };
            let (only_with, only_without) = (lacking(with, without), lacking(without, with));
            return Err(format!(
                "after {after:#?}\nonly with {}'s acts: {only_with:#?}\nonly without: {only_without:#?}",
                SIDES[apart].jira
            ));
        }
    }
    Ok(Compared::of(&with, SIDES[3 - apart].jira))
}

#[tokio::test(start_paused = true)]
async fn what_a_partner_does_for_itself_changes_no_byte_sent_to_another() {
    isolated(seeds(FEW, MANY), false).await;
}

/// Two whole worlds for each seed: in long runs, and where seeds are asked for.
#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_a_partners_issues_changes_no_byte_sent_to_another() {
    isolated(seeds(0, MANY), true).await;
}

#[tokio::test(start_paused = true)]
async fn seeds_that_failed_once_change_no_byte_sent_to_another() {
    let long = std::env::var_os("JIRASYNCD_LONG").is_some();
    let found = |seeds: &[u64]| if long { seeds.to_vec() } else { Vec::new() };
    isolated(found(&FOUND_BESIDE), true).await;
    isolated(found(&FOUND_PRIVATE), false).await;
}

/// The comparison is worth something: where what is carried to home for one partner has a request to the other follow, it says so.
#[tokio::test(start_paused = true)]
async fn a_request_that_goes_by_a_partners_act_is_seen() {
    let why = compare(&Script { is_bent: true, ..script(6, false) }).await.unwrap_err();
    let (with, without) = why.split_once("only without: ").unwrap();
    let (_, with) = with.split_once("only with ").unwrap();
    assert!(with.contains(" PUT ") && without == "[]", "{why}");
}

async fn isolated(seeds: Vec<u64>, lives: bool) {
    if seeds.is_empty() {
        println!("skipped: two whole worlds for each seed; `scripts/test long` runs them, and JIRASYNCD_SEED=FROM-TO");
    }
    let (mut sum, mut wrong) = (Compared::default(), Vec::new());
    for seed in &seeds {
        match isolation(*seed, lives).await {
            Ok(compared) => sum.add(compared),
            Err(why) => wrong.push(format!("JIRASYNCD_SEED={seed}: {why}")),
        }
    }
    println!("{} lives with and without a partner", seeds.len());
    sum.print();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), seeds.len(), wrong.join("\n"));
    // One life alone may end with little to say.
    assert!(seeds.len() < 3 || sum.sent > 10, "hardly anything was sent");
    let carried: Vec<Carried> = seeds.iter().map(|seed| Carried::of(*seed, lives, acts_apart(*seed))).collect();
    is_all_sent(&carried, sum);
}
