//! Every bug of `jirasyncd::planted` in worlds whose auditors have to see it, and the same seeds without it. `scripts/test planted`
//! runs it, and `UPDATE=1` writes what it found to `docs/proof.md`. `JIRASYNCD_BUG=A,B` tries only these, `JIRASYNCD_WORLD=a,b` tries
//! them in other worlds than the table's, and `JIRASYNCD_SEEDS=n` in at most so many seeds. Must never count a seed as caught that fails
//! without the bug as well.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jirasyncd::planted::{Bug, plant};
use tracing_subscriber::layer::SubscriberExt as _;

use super::daemon_everything::{Plot, live};
use super::daemon_private_acts::isolation;
use super::daemon_random::{Weather, try_seed};
use super::everything_people::Ledger;
use super::everything_world::Sight;
use super::many_sides;
use super::planted_proof::{self, Caught, MOST};
use super::planted_worlds as small;
use super::random_life::seeds;
use super::untagged_world::untagged;

/// A world, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    Faults,
    Webhooks,
    Losses,
    Open,
    Apart,
    Lives,
    Levels,
    LevelsLives,
    Beside,
    BesideLives,
    Pair,
    Calm,
    Hollow,
    Missing,
    Late,
    Hooks,
    Creations,
    Outages,
    LateIndex,
    TwoHolders,
    Desks,
    Across,
    Texts,
    Untagged,
    ManySides,
    ManySidesLate,
}

const WORLDS: [(World, &str); 26] = [
    (World::Faults, "faults"),
    (World::Webhooks, "webhooks"),
    (World::Losses, "losses"),
    (World::Open, "open"),
    (World::Apart, "apart"),
    (World::Lives, "lives"),
    (World::Levels, "levels"),
    (World::LevelsLives, "levels-lives"),
    (World::Beside, "beside"),
    (World::BesideLives, "beside-lives"),
    (World::Pair, "pair"),
    (World::Calm, "calm"),
    (World::Hollow, "hollow"),
    (World::Missing, "missing"),
    (World::Late, "late"),
    (World::Hooks, "hooks"),
    (World::Creations, "creations"),
    (World::Outages, "outages"),
    (World::LateIndex, "late-index"),
    (World::TwoHolders, "two-holders"),
    (World::Desks, "desks"),
    (World::Across, "across"),
    (World::Texts, "texts"),
    (World::Untagged, "untagged"),
    (World::ManySides, "many-sides"),
    (World::ManySidesLate, "many-sides-late"),
];

impl World {
    fn name(self) -> &'static str {
        WORLDS.iter().find(|(world, _)| *world == self).unwrap().1
    }

    async fn live(self, seed: u64) -> Result<(), String> {
        let plot = |sight, lives| Plot { sight, ledger: None, lives, seldom: false };
        match self {
            Self::Faults => try_seed(seed, Weather::Faults).await.map(drop),
            Self::Webhooks => try_seed(seed, Weather::Webhooks).await.map(drop),
            Self::Losses => try_seed(seed, Weather::Losses).await.map(drop),
            Self::Open => live(seed, plot(Sight::Open, false)).await.map(drop),
            Self::Apart => live(seed, plot(Sight::Apart, false)).await.map(drop),
            Self::Lives => live(seed, plot(Sight::Open, true)).await.map(drop),
            Self::Levels => watched(seed, false).await,
            Self::LevelsLives => watched(seed, true).await,
            Self::Beside => isolation(seed, false).await.map(drop),
            Self::BesideLives => isolation(seed, true).await.map(drop),
            Self::Pair => small::pair(seed).await,
            Self::Calm => small::calm(seed).await,
            Self::Hollow => small::hollow(seed).await,
            Self::Missing => small::missing(seed).await,
            Self::Late => small::late(seed).await,
            Self::Hooks => small::hooks(seed).await,
            Self::Creations => small::creations(seed).await,
            Self::Outages => small::outages(seed).await,
            Self::LateIndex => small::late_index(seed).await,
            Self::TwoHolders => small::two_holders(seed).await,
            Self::Desks => small::desks(seed).await,
            Self::Across => small::across(seed).await,
            Self::Texts => small::texts(seed).await,
            Self::Untagged => untagged(seed).await,
            Self::ManySides => many_sides::once(seed, false).await,
            Self::ManySidesLate => many_sides::once(seed, true).await,
        }
    }
}

/// The world where one of home's levels is carried.
async fn watched(seed: u64, lives: bool) -> Result<(), String> {
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    live(seed, Plot { sight: Sight::Apart, ledger: Some(Arc::clone(&ledger)), lives, seldom: false }).await?;
    let ledger = ledger.lock().unwrap();
    ledger.seen.first().map_or(Ok(()), |seen| Err(format!("seen by everybody: {seen}")))
}

/// The world in which a bug is sought.
fn world_of(bug: Bug) -> World {
    match bug {
        Bug::BaseOnDecision
        | Bug::HopMovesBase
        | Bug::BlindRetry
        | Bug::NoMark
        | Bug::CommentMarkNotRead
        | Bug::LagBoundIgnored
        | Bug::OursTakenForNew
        | Bug::RefusedForEver => World::Pair,
        Bug::TagIgnored
        | Bug::AuthorOnly
        | Bug::ValueOnly
        | Bug::EchoTakenAsEdit
        | Bug::EqualityBeforeEntries
        | Bug::VerifySkipped
        | Bug::CheckAfterSkipped
        | Bug::LoserDropped
        | Bug::SetsAsSet => World::Calm,
        Bug::CursorEarly => World::Outages,
        Bug::MarkNotRead | Bug::JournalAfterSend => World::Creations,
        Bug::NoOverlap => World::LateIndex,
        Bug::PageEndBelieved | Bug::AnonymousBelieved => World::Hollow,
        Bug::HookBodyBelieved => World::Hooks,
        Bug::LeaseFenceIgnored => World::TwoHolders,
        Bug::DeleteOnOne404 => World::Missing,
        Bug::CopyTakenForOriginal => World::Late,
        Bug::PropertyOnCommentPut | Bug::DeleteUnderPartialListing | Bug::NarrowedStays => World::Desks,
        Bug::AcrossCarriesAuthor => World::Across,
        Bug::PlaceholderFlowsBack => World::Texts,
        Bug::OriginForgotten | Bug::CheckSkipped => World::Faults,
        Bug::RestrictedCrosses => World::Apart,
        Bug::LevelIgnored => World::Levels,
    }
}

/// What is planted to see a bug.
fn planted_for(bug: Bug) -> Vec<Bug> {
    // What these do in the Jiras is seen where the second look does not stop it.
    let is_stopped = matches!(bug, Bug::SetsAsSet | Bug::NarrowedStays | Bug::OursTakenForNew | Bug::OriginForgotten);
    if bug == Bug::CheckSkipped {
        // It only stops what another bug brings.
        vec![Bug::CheckSkipped, Bug::OriginForgotten]
    } else if is_stopped {
        vec![bug, Bug::CheckSkipped]
    } else {
        vec![bug]
    }
}

/// Bytes of stack: without optimisation these worlds lead deeper than the 2 MiB that threads have, some bugs deeper still.
const STACK: usize = 8 << 20;

/// What an auditor says where a side shows what it must not see.
const LEAKED: &str = " shows what ";

/// What is wrong with a seed as the proof of a bug that is planted along with another one, which made it fail for that reason.
fn rests_on_the_other(bug: Bug, world: World, seed: u64, why: &str) -> Option<String> {
    if planted_for(bug).len() == 1 {
        return None;
    }
    if bug != Bug::CheckSkipped {
        let alone = live_with(&[bug], world, seed);
        return alone.is_ok().then(|| "passes where the second look is not left out".to_owned());
    }
    // What it lets through must have come to be shown, and by its lack alone.
    let alone = live_with(&[Bug::OriginForgotten], world, seed).err().unwrap_or_default();
    let leaks = (why.contains(LEAKED), alone.contains(LEAKED));
    (leaks != (true, false)).then(|| format!("fails for the other bug, too: {alone}"))
}

/// Lives one seed with these bugs planted.
fn live_with(bugs: &[Bug], world: World, seed: u64) -> Result<(), String> {
    plant(bugs);
    let told = std::env::var_os("JIRASYNCD_TELL").is_some();
    let targets = tracing_subscriber::filter::Targets::new().with_target("jirasyncd", tracing::Level::DEBUG);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_test_writer();
    let _guard =
        told.then(|| tracing::subscriber::set_default(tracing_subscriber::registry().with(targets).with(layer)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(world.live(seed))));
    // What is dropped now may still ask.
    drop(runtime);
    plant(&[]);
    ended.unwrap_or_else(|panic| Err(words(&*panic)))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// Tries a bug in a world, seed by seed.
fn seek(bug: Bug, world: World, most: u64) -> Result<Caught, String> {
    for seed in 0..most {
        let Err(why) = live_with(&planted_for(bug), world, seed) else {
            println!("{bug:?} {} seed {seed}: passed", world.name());
            continue;
        };
        println!("{bug:?} {} seed {seed}: caught: {}", world.name(), why.get(..600).unwrap_or(&why));
        if let Err(why) = live_with(&[], world, seed) {
            println!("{bug:?} {} seed {seed}: fails without it, too: {why}", world.name());
            continue;
        }
        if let Some(wrong) = rests_on_the_other(bug, world, seed, &why) {
            println!("{bug:?} {} seed {seed}: {wrong}", world.name());
            continue;
        }
        return Ok(Caught { world: world.name(), seeds: seed + 1, why });
    }
    Err(format!("{bug:?} was not caught in {most} seeds of {}", world.name()))
}

fn asked(name: &str) -> Option<Vec<String>> {
    std::env::var(name).ok().map(|text| text.split(',').map(str::to_owned).collect())
}

#[test]
fn every_planted_bug_is_caught_within_a_thousand_seeds() {
    let most = asked("JIRASYNCD_SEEDS").map_or(MOST - 1, |seeds| seeds[0].parse().unwrap());
    let (only, worlds) = (asked("JIRASYNCD_BUG"), asked("JIRASYNCD_WORLD"));
    let mut bugs = Bug::ALL.to_vec();
    bugs.retain(|bug| only.as_ref().is_none_or(|only| only.contains(&format!("{bug:?}"))));
    let worlds: Option<Vec<World>> = worlds.as_ref().map(|names| {
        let named =
            |name: &String| WORLDS.iter().find(|(_, known)| known == name).unwrap_or_else(|| panic!("{name}")).0;
        names.iter().map(named).collect()
    });
    let tried = |bug: Bug| worlds.clone().unwrap_or_else(|| vec![world_of(bug)]);
    let (next, found, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    // Two threads, each with worlds of its own: what is planted is planted for one thread.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let spawned = thread.spawn_scoped(scope, || {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for world in tried(*bug) {
                        match seek(*bug, world, most) {
                            Ok(caught) => drop(found.lock().unwrap().insert(*bug, caught)),
                            Err(why) => wrong.lock().unwrap().push(why),
                        }
                    }
                }
            });
            spawned.unwrap();
        }
    });
    let (found, wrong) = (found.into_inner().unwrap(), wrong.into_inner().unwrap());
    for (bug, caught) in &found {
        println!("{bug:?}: {} seeds of {}", caught.seeds, caught.world);
    }
    if std::env::var_os("UPDATE").is_some() && only.is_none() && worlds.is_none() {
        planted_proof::write(&found);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), bugs.len(), wrong.join("\n"));
}

/// A world that fails by itself would catch everything.
#[test]
fn the_small_worlds_pass_without_bugs() {
    let mut small = vec![
        World::Pair,
        World::Outages,
        World::LateIndex,
        World::TwoHolders,
        World::Desks,
        World::Across,
        World::Texts,
        World::Untagged,
    ];
    small.retain(|world| asked("JIRASYNCD_WORLD").is_none_or(|names| names.iter().any(|name| name == world.name())));
    let lives = move || {
        for world in small {
            for seed in seeds(3, 200) {
                assert_eq!(live_with(&[], world, seed), Ok(()), "seed {seed} of {}", world.name());
                println!("{} seed {seed}: passed", world.name());
            }
        }
    };
    std::thread::Builder::new().stack_size(STACK).spawn(lives).unwrap().join().unwrap();
}
