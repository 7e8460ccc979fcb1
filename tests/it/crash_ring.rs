//! The exhaustive crash ring: a story is told once without harm, its effects are counted, and it is told again for each of them, with a
//! daemon that dies there; and again with one that dies once more while it recovers. In the end the Jiras must show what they show
//! without any death. Must never judge by the daemon's state: only by the Jiras, and by the problems that the daemon tells.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Jira, Setup};

use super::crash::{Fuse, fused_world};
use super::crash_picture::{missing, picture};
use super::crash_table;
use super::crash_turns::{
    Turn, dies_in_a_write, is_over, keep_key, make_a_state, reads_again, take_all, take_only, turned,
};
use super::daemon_pause::{give, writes};
use super::daemon_restored::{back_up, put_back};
use super::daemon_support::{World, load};
use super::daemon_webhooks::{deliver, register};

/// How a daemon hears of what people do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// It asks what changed.
    Polls,
    /// By the full check, besides.
    FullCheck,
    /// By webhooks, besides.
    Webhooks,
}

/// What holds between two words of an operator. Who is answered says neither of them again, whoever dies after that.
pub(crate) struct Span {
    /// The first word, after an interval: who dies in it has writes in doubt.
    pub(crate) begin: fn(&World) -> Command,
    /// What people do then.
    pub(crate) act: fn(&World),
    /// What must be true after some intervals. What is asked of the Jiras is counted from the first word on.
    pub(crate) holds: fn(&World),
    /// The last word.
    pub(crate) end: fn(&World) -> Command,
}

/// How far a story's span got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spanned {
    Not,
    Worked,
    Begun,
    /// What must be true was: the last word may have been carried out since.
    Held,
    Over,
}

/// A story: what people do, and what must be true in the end.
pub(crate) struct Scenario {
    pub(crate) config: String,
    /// What is changed of the Jiras before they start.
    pub(crate) setups: fn(&mut BTreeMap<&'static str, Setup>),
    /// Before the daemon starts for the first time.
    pub(crate) before: fn(&World),
    /// One after another while the daemon runs, at rest after each; nobody dies yet.
    pub(crate) then: &'static [fn(&World)],
    /// What is lost of the state: it is put back as it was before this.
    pub(crate) forgotten: Option<fn(&World)>,
    /// What people do last. The daemon then dies somewhere on the way.
    pub(crate) act: fn(&World),
    /// Which daemon takes the place of which.
    pub(crate) turn: Turn,
    /// What people do before it does, while none runs.
    pub(crate) after: fn(&World),
    /// What an operator says after that; who got no answer says it again.
    pub(crate) commands: fn(&World) -> Vec<Command>,
    /// Whether an operator who was answered says nothing again. Else all is said to each daemon.
    pub(crate) once: bool,
    /// What an operator has begun and ended.
    pub(crate) span: Option<Span>,
    /// How the daemon hears of it.
    pub(crate) found: By,
    /// Whether something is looked after for ever: then nothing is waited for that is due much later.
    pub(crate) lasts: bool,
    /// What the Jiras must show.
    pub(crate) holds: fn(&World),
    /// What each problem that is told holds, in their order; else there are none.
    pub(crate) says: &'static [&'static str],
}

impl Scenario {
    pub(crate) fn of(config: String) -> Self {
        Self {
            config,
            setups: |_| {},
            before: |_| {},
            then: &[],
            forgotten: None,
            act: |_| {},
            turn: Turn::Nothing,
            after: |_| {},
            commands: |_| Vec::new(),
            once: false,
            span: None,
            found: By::Polls,
            lasts: false,
            holds: |_| {},
            says: &[],
        }
    }

    /// Whether the daemon that may die is one that has to start first.
    fn is_of_a_start(&self) -> bool {
        self.forgotten.is_some() || !matches!(self.turn, Turn::Nothing | Turn::Reload(_))
    }
}

/// The tests of a file's scenarios, each named as the function that makes it.
macro_rules! deaths_in {
    ($($name:ident),* $(,)?) => {
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        mod deaths_in {
            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    super::super::crash_ring::ring(stringify!($name), &super::$name()).await;
                }
            )*
        }
    };
}
pub(crate) use deaths_in;

/// A story that is being told.
struct Life<'s> {
    scenario: &'s Scenario,
    world: World,
    fuse: Arc<Fuse>,
    commands: Vec<Command>,
    /// How many of them were answered.
    answered: usize,
    spanned: Spanned,
    /// Where the key of the state is, where that will be lost.
    key: Option<PathBuf>,
    /// Whether one daemon took the place of another.
    turned: bool,
}

/// Says where it happened when a test fails.
struct Telling<'t>(&'t str, &'t [usize]);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let deaths: Vec<String> = self.1.iter().map(ToString::to_string).collect();
            println!("{}: JIRASYNCD_DEATHS={}", self.0, deaths.join(","));
        }
    }
}

/// Says the same of a start that was broken off.
struct Broken<'b>(&'b str, usize);

impl Drop for Broken<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}: the start broke off after {} changes", self.0, self.1);
        }
    }
}

impl<'s> Life<'s> {
    /// Up to the moment from which on the daemon may die.
    async fn begin(scenario: &'s Scenario, is_watched: bool) -> Self {
        let mut world = World::of(&scenario.config, scenario.setups);
        if !is_watched {
            world.unwatched();
        }
        let fuse = fused_world(&mut world);
        fuse.be_thorough();
        (scenario.before)(&world);
        if let Turn::Reload(next) = scenario.turn {
            reads_again(&mut world, &next());
        }
        let is_first = matches!(scenario.turn, Turn::First);
        if !is_first {
            world.start().await;
            world.settle().await;
        }
        for step in scenario.then {
            step(&world);
            world.settle().await;
        }
        if scenario.found == By::Webhooks {
            register(&world).await;
        }
        if let Some(forgotten) = scenario.forgotten {
            let kept = back_up(&mut world).await;
            forgotten(&world);
            world.settle().await;
            put_back(&mut world, &kept);
        }
        let key = if matches!(scenario.turn, Turn::Rebuild) { Some(keep_key(&world).await) } else { None };
        (scenario.act)(&world);
        let commands = (scenario.commands)(&world);
        if matches!(scenario.turn, Turn::Death) {
            dies_in_a_write(&mut world, &fuse).await;
        } else if let Turn::Reload(next) = scenario.turn {
            world.config = load(&next(), &world.state());
        }
        Self { scenario, world, fuse, commands, answered: 0, spanned: Spanned::Not, key, turned: false }
    }

    /// The daemon of before works for an interval, if it does not die in it; then what comes between it and the next one.
    async fn turn(&mut self) {
        if self.turned || !self.scenario.turn.is_between() {
            return;
        }
        if self.world.daemon.is_some() {
            self.world.interval().await;
        }
        self.world.daemon = None;
        turned(&mut self.world, (self.scenario.turn, &self.scenario.config), self.key.as_deref()).await;
        (self.scenario.after)(&self.world);
        self.turned = true;
    }

    /// Says a word until it is taken.
    async fn say(&mut self, command: &Command, again: bool) {
        let mut answer = give(&self.world, command.clone()).await;
        if again && answer.ended == Ended::Refused {
            // What is in doubt is settled first.
            self.world.rest().await.unwrap();
            answer = give(&self.world, command.clone()).await;
        }
        assert_ne!(answer.ended, Ended::Refused, "{answer:?}");
        if let Some((next, _)) = self.world.daemon().succeed().await.unwrap() {
            self.world.daemon = Some(Arc::new(next));
        }
    }

    async fn command(&mut self, again: bool) {
        let said = if self.scenario.once { self.answered } else { 0 };
        for (number, command) in self.commands.clone().iter().enumerate().skip(said) {
            self.say(command, again).await;
            self.answered = number + 1;
        }
    }

    async fn span(&mut self, again: bool) {
        let Some(span) = &self.scenario.span else { return };
        if self.spanned == Spanned::Not {
            self.spanned = Spanned::Worked;
            self.world.interval().await;
        }
        if self.spanned == Spanned::Worked {
            self.say(&(span.begin)(&self.world), again).await;
            self.world.jiras.values().for_each(Jira::reset_calls);
            (span.act)(&self.world);
            self.spanned = Spanned::Begun;
        }
        if self.spanned == Spanned::Begun {
            self.world.intervals(3).await;
            (span.holds)(&self.world);
            self.spanned = Spanned::Held;
        }
        if self.spanned == Spanned::Held {
            self.say(&(span.end)(&self.world), again).await;
            self.spanned = Spanned::Over;
        }
    }

    /// Lives until everything is at rest.
    async fn live(&mut self, again: bool) {
        self.turn().await;
        if self.world.daemon.is_none() {
            self.world.start().await;
        }
        self.command(again).await;
        self.span(again).await;
        if self.scenario.found == By::Webhooks {
            deliver(&mut self.world).await;
        }
        if self.scenario.forgotten.is_some() || self.key.is_some() {
            // What is told of a backup is over once all was looked at after it.
            self.rest().await;
        }
        if self.scenario.found == By::FullCheck {
            self.world.daemon().engine().sweep(None).await.unwrap();
        }
        self.rest().await;
    }

    async fn rest(&self) {
        if self.scenario.lasts {
            self.world.intervals(3).await;
            self.world.settle().await;
        } else {
            self.world.rest().await.unwrap();
        }
    }

    /// Dies at these effects, each counted from the start before it. Gives how many effects there were after the last death, and how
    /// often it died: less often where it came to rest before.
    async fn die(&mut self, at: &[usize]) -> (usize, usize) {
        let mut deaths = 0;
        loop {
            self.fuse.set(at.get(deaths).copied().unwrap_or_default());
            let fuse = Arc::clone(&self.fuse);
            let dead = tokio::select! {
                biased;
                () = fuse.blown() => true,
                () = self.live(deaths > 0) => false,
            };
            if !dead {
                return (fuse.passed(), deaths);
            }
            self.world.daemon = None;
            deaths += 1;
        }
    }

    /// What the Jiras show, once that is as it should be and stays so.
    async fn end(&mut self) -> Vec<String> {
        self.fuse.set(0);
        let problems = self.world.problems().await;
        (self.scenario.holds)(&self.world);
        let says = self.scenario.says;
        let told =
            problems.len() == says.len() && problems.iter().zip(says).all(|(problem, part)| problem.contains(part));
        assert!(told, "{problems:?}, and not {says:?}");
        for jira in self.world.jiras.values() {
            jira.reset_calls();
        }
        self.world.intervals(2).await;
        for jira in self.world.jiras.keys() {
            assert_eq!(
                writes(&self.world, jira),
                BTreeMap::new(),
                "{jira}: something is written after all was at rest"
            );
        }
        picture(&self.world)
    }
}

/// Tells the story with these deaths, and holds it against the one without.
async fn tell(name: &str, scenario: &Scenario, whole: &[String], deaths: &[usize]) -> (usize, usize) {
    let _telling = Telling(name, deaths);
    // Holding requests to the contract takes most of the time.
    let mut life = Life::begin(scenario, is_long() && deaths.len() < 2).await;
    if is_asked() {
        life.fuse.tell();
    }
    let (effects, died) = life.die(deaths).await;
    compare(&life.end().await, whole);
    (effects, died)
}

/// Holds what is shown in the end against what is shown without a death.
fn compare(shown: &[String], whole: &[String]) {
    let (more, mut less) = (missing(shown, whole), missing(whole, shown));
    // An issue that is made later than its epic is made with it, and its history does not tell: what it shows in the end is a line of its own.
    less.retain(|line| !line.contains(": history: us made Epic Link "));
    assert!(more.is_empty() && less.is_empty(), "more than without a death: {more:#?}\nless: {less:#?}");
}

/// Tells the story once for each change that its start makes to the state, with a start that gets no further than that. Gives how many there
/// were. What a start commits by itself passes no fuse.
async fn broken_starts(name: &str, scenario: &Scenario, whole: &[String]) -> usize {
    let stride = if is_long() { 1 } else { 5 };
    for (broken, changes) in (0..).step_by(stride).enumerate() {
        let _told = Broken(name, changes);
        let mut life = Life::begin(scenario, false).await;
        life.turn().await;
        make_a_state(&life.world);
        take_only(&life.world.state(), changes);
        let started = life.world.try_start().await;
        life.world.daemon = None;
        take_all(&life.world.state());
        let Err(error) = started else { return broken };
        assert!(is_over(&error), "{error:?}");
        life.die(&[]).await;
        compare(&life.end().await, whole);
    }
    unreachable!("a start makes a number of changes")
}

/// Whether somebody repeats one life: its effects are printed.
fn is_asked() -> bool {
    std::env::var_os("JIRASYNCD_DEATHS").is_some()
}

fn is_long() -> bool {
    std::env::var_os("JIRASYNCD_LONG").is_some()
}

/// In an ordinary run a daemon dies about so often in each scenario, and half as often once more while it recovers.
const FEW: usize = 4;
/// In a long run it dies at every effect, and while it recovers from that at every so many-th of its effects, at one at least. The first of
/// them is another one for each first death.
const SECOND: usize = 61;

/// At which effects it dies again in a long run, of so many, after it died at `n`.
fn seconds(n: usize, after: usize) -> Vec<usize> {
    if after == 0 { Vec::new() } else { (1 + n * 23 % SECOND.min(after)..=after).step_by(SECOND).collect() }
}

/// A number of its own for each scenario.
fn shift(name: &str) -> usize {
    name.bytes().fold(7, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(byte.into()) % 10_007)
}

/// Tells a story with all its deaths.
pub(crate) async fn ring(name: &str, scenario: &Scenario) {
    let (effects, whole) = {
        let mut life = Life::begin(scenario, true).await;
        let (effects, _) = life.die(&[]).await;
        (effects, life.end().await)
    };
    assert!(effects > 8, "only {effects} effects were counted");
    if let Some(deaths) = std::env::var("JIRASYNCD_DEATHS").ok().filter(|deaths| !deaths.is_empty()) {
        let deaths: Vec<usize> = deaths.split(',').map(|death| death.parse().unwrap()).collect();
        let (after, died) = tell(name, scenario, &whole, &deaths).await;
        println!("{name}: {effects} effects; died {died} times, and {after} effects after that");
        return;
    }
    // Before and after a request, before and after a commit alternate: an odd stride meets all of them.
    let stride = if is_long() { 1 } else { (effects / FEW) | 1 };
    let (mut deaths, mut again) = (0, 0);
    for n in (1 + shift(name) % stride..=effects).step_by(stride) {
        let (after, died) = tell(name, scenario, &whole, &[n]).await;
        assert_eq!(died, 1, "there was no effect {n}: effects are not the same in each life");
        deaths += 1;
        let seconds = if is_long() {
            seconds(n, after)
        } else if deaths % 2 == 1 && after > 0 {
            vec![1 + (n * 7 + shift(name)) % after]
        } else {
            Vec::new()
        };
        for m in seconds {
            let (_, died) = tell(name, scenario, &whole, &[n, m]).await;
            assert_eq!(died, 2, "there was no effect {m} after a death at {n}");
            again += 1;
        }
    }
    let broken = if scenario.is_of_a_start() { broken_starts(name, scenario, &whole).await } else { 0 };
    println!("{name}: {effects} effects, {deaths} deaths, {again} deaths while recovering, {broken} broken starts");
    if std::env::var_os("UPDATE").is_some() {
        crash_table::write(name, [effects, deaths, again]);
    } else {
        crash_table::check(name, effects);
    }
}
