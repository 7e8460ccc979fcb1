//! Random worlds of three to six sides, on three Jiras or on one each, which all see each other or only home, under every fault of the
//! simulator: what lands late and what an index shows late stays below what an instance is said to need (`settle`), or goes beyond it; then
//! each duplicate must have been told. One seed in a hundred runs twice, and both runs ask and answer the same. Must never judge by the
//! daemon's state, nor let a duplicate pass that nobody was told of.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::simulator::{
    Fault, FaultRule, IssueView, Jira, Limits, ProjectSetup, Setup, TransitionSetup, When, presets,
};
use serde_json::json;

use super::daemon_audit::{sync_user, token as token_of};
use super::daemon_support::{THREE, World};
use super::everything_world::{PRIORITIES, STATUSES};
use super::fault_counts::{FaultCounts, Troubles};
use super::many_sides_audit::{is_a_functions, judge};
use super::many_sides_people::{Act, Ledger, Scene};
use super::random_life::{A_LONG_RUN, Life, is_lived_twice, seeds, told, told_by_webhooks};

/// Of an ordinary run: three, four and five sides on three Jiras, and six sides on six; the third and the last of these see home alone. And one
/// that found something (docs/proof.md); and two in which functions set priorities: what they took away comes back, or counts. And one in which a
/// person's link was taken away for one of ours.
const FEW: [u64; 9] = [0, 2, 3, 34, 39, 13042, 15, 26, 22054];
/// Where things land too late: the first, and those that found something (docs/proof.md). An ordinary run lives so many of them, and
/// `scripts/test` others in its three minutes; a long one lives all.
const BEYOND_FEW: usize = 4;
const BEYOND: [u64; 13] = [0, 4, 6, 8, 18, 19, 24, 86, 159, 2018, 13020, 13070, 22000];
const MANY: u64 = 500;
/// What happens at least in each life.
const ACTS: usize = 60;

/// A side: its Jira, its project, its people, a type there.
pub(crate) struct Place {
    pub(crate) jira: &'static str,
    project: &'static str,
    people: &'static [&'static str],
    kind: &'static str,
}

const fn place(
    jira: &'static str,
    project: &'static str,
    people: &'static [&'static str],
    kind: &'static str,
) -> Place {
    Place { jira, project, people, kind }
}

pub(crate) const PLACES: [Place; 6] = [
    place("acme", "SUP", &["jane", "omar", "li"], "Bug"),
    place("globex", "ENG", &["jdoe", "mlopez", "kchan"], "Defect"),
    place("initech", "OPS", &["petra", "juergen", "anna"], "Fehler"),
    place("acme", "TWO", &["jane", "omar", "li"], "Bug"),
    place("globex", "ENB", &["jdoe", "mlopez", "kchan"], "Defect"),
    place("initech", "OPB", &["petra", "juergen", "anna"], "Fehler"),
];

/// The same as the last three of them, each on a Jira of its own: what it is called, its address, whose people and words it has.
const OWN: [(Place, &str, &str); 3] = [
    (place("umbra", "SUP", &["jane", "omar", "li"], "Bug"), "https://umbra.example", "acme"),
    (place("hooli", "ENG", &["jdoe", "mlopez", "kchan"], "Defect"), "https://jira.hooli.example", "globex"),
    (place("wayne", "OPS", &["petra", "juergen", "anna"], "Fehler"), "https://wayne.example", "initech"),
];

/// What a seed is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    pub(crate) sides: usize,
    /// Partners see home and nobody else.
    pub(crate) apart: bool,
    /// What lands late lands later than an instance is said to need.
    pub(crate) beyond: bool,
    /// Each side has a Jira of its own; otherwise the last three share those of the first.
    pub(crate) spread: bool,
    /// `side-effects` of all sides, where a function of some workflows gives the first priority to what is begun.
    pub(crate) effects: Option<&'static str>,
}

/// The statuses whose transitions have that function. Home's workflow has none.
const BEGUN: [&str; 2] = ["Working", "In Arbeit"];

impl Plot {
    fn of(seed: u64, beyond: bool) -> Self {
        // By the tens, that the number of sides and who sees whom go with both; those of the seeds that found something stay as they were.
        let spread = matches!(seed / 10 % 10, 3 | 4 | 6 | 7 | 9);
        let sides = match seed % 5 {
            0 => 3 + seed / 10 % 4,
            more => 2 + more,
        };
        // Of the seed itself, so that no other life becomes another one by it; scattered, so that every kind of life is among them.
        let scattered = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let effects = match scattered % 10 {
            1 => Some("count"),
            6 => Some("restore"),
            _ => None,
        };
        let effects = effects.filter(|_| !beyond);
        Self { sides: sides as usize, apart: seed % 2 == 1, beyond, spread, effects }
    }

    /// Whether a side's workflow has the function.
    fn has_functions(self, side: usize) -> bool {
        self.effects.is_some() && !side.is_multiple_of(3)
    }

    fn place(self, side: usize) -> &'static Place {
        match side.checked_sub(3) {
            Some(own) if self.spread => &OWN[own].0,
            _ => &PLACES[side],
        }
    }

    fn places(self) -> impl Iterator<Item = &'static Place> {
        (0..self.sides).map(move |side| self.place(side))
    }

    /// As whom the daemon writes at a side.
    pub(crate) fn sync_user(self, side: usize) -> &'static str {
        sync_user(PLACES[side].jira)
    }

    /// Whether what is written at one side may be shown at the other.
    pub(crate) fn shows(self, from: usize, to: usize) -> bool {
        !self.apart || from == to || from == 0 || to == 0
    }

    /// The issues of a side.
    pub(crate) fn issues(self, world: &World, side: usize) -> Vec<IssueView> {
        let place = self.place(side);
        let all = world.jira(place.jira).issues();
        all.into_iter().filter(|issue| issue.project == place.project).collect()
    }

    fn config(self) -> String {
        let own = OWN.iter().filter(|_| self.spread).map(|(place, url, like)| instance_like(place.jira, url, like));
        let instances = THREE.split_once("[sync.support]").unwrap().0.to_owned() + &own.collect::<String>();
        let is_used = |table: &&str| {
            let name = table.trim().strip_prefix("[instance.").and_then(|rest| rest.split_once(']'));
            name.is_none_or(|(name, _)| self.places().any(|place| place.jira == name))
        };
        let head: Vec<&str> = instances.split("\n\n").filter(is_used).collect();
        let files = if self.apart { "{ names = [\"*\"] }" } else { "\"both\"" };
        let mut text = format!("{}\n[sync.all]\nhome = \"s0\"\nattachments = {files}\n", head.join("\n\n"));
        for (number, place) in self.places().enumerate() {
            let sees = format!(", sees = [\"s0\"], when = \"labels = share-s{number}\"");
            let sees = if self.apart && number > 0 { &sees } else { "" };
            let effects = self.effects.map(|word| format!(", side-effects = \"{word}\"")).unwrap_or_default();
            text += &format!(
                "side.s{number} = {{ instance = \"{}\", project = \"{}\"{sees}{effects} }}\n",
                place.jira, place.project
            );
        }
        text += &self.map();
        let status = if self.apart { "{ across = true }" } else { "\"both\"" };
        text += &format!("[sync.all.fields]\nstatus = {status}\nlabels = {{ exclude = [\"share-*\"] }}\n");
        for field in ["summary", "description", "due-date", "priority", "links"] {
            text += &format!("{field} = \"both\"\n");
        }
        text + "[sync.all.comments]\nunrestricted = \"both\"\n[sync.all.worklogs]\nunrestricted = \"both\"\n"
    }

    /// What the sides call a type, and each priority and status.
    fn map(self) -> String {
        let row = |name: &dyn Fn(usize) -> String| {
            (0..self.sides).map(|side| format!("s{side} = {}", name(side))).collect::<Vec<_>>().join(", ")
        };
        let quoted = |name: &str| format!("\"{name}\"");
        let types = row(&|side| quoted(self.place(side).kind));
        let priorities: Vec<String> =
            PRIORITIES.iter().map(|names| format!("{{ {} }}", row(&|side| quoted(names[side % 3])))).collect();
        let statuses: Vec<String> = (0..STATUSES[0].len())
            .map(|status| {
                let name = |side: usize| match STATUSES[side % 3][status] {
                    // Both are one status elsewhere.
                    "To Do" => "[\"To Do\", \"Backlog\"]".to_owned(),
                    name => quoted(name),
                };
                let ways = (1..self.sides).step_by(3).map(|side| format!("s{side} = [\"Working\", \"Closed\"]"));
                let path = format!(", path = {{ {} }}", ways.collect::<Vec<_>>().join(", "));
                format!("{{ {}{} }}", row(&name), if status == 2 { path.as_str() } else { "" })
            })
            .collect();
        format!(
            "[sync.all.map]\nissue-type = [ {{ {types} }} ]\npriority = [ {} ]\nstatus = [ {} ]\n",
            priorities.join(", "),
            statuses.join(", ")
        )
    }

    pub(crate) fn world(self) -> World {
        World::of(&self.config(), |setups| {
            for (place, url, like) in OWN.iter().take(self.sides.saturating_sub(3)).filter(|_| self.spread) {
                setups.insert(place.jira, alike(like, url));
            }
            // Every status can be reached from every other, so that nobody is told of a way that is missing.
            for (jira, setup) in setups.iter_mut() {
                let way = match *jira {
                    "globex" | "hooli" => TransitionSetup::new("Resume", &["Closed"], "Working"),
                    "initech" | "wayne" => TransitionSetup::new("Wieder öffnen", &["Fertig"], "Neu"),
                    _ => continue,
                };
                setup.projects[0].transitions.push(way);
                if self.effects.is_some() {
                    let first = setup.priorities[0].clone();
                    let begins = setup.projects[0].transitions.iter_mut();
                    for edge in begins.filter(|edge| BEGUN.contains(&edge.to.as_str())) {
                        edge.sets.insert("priority".to_owned(), json!({ "name": first }));
                    }
                }
            }
            for place in PLACES[3..].iter().filter(|_| !self.spread) {
                let setup = setups.get_mut(place.jira).unwrap();
                let first = setup.projects[0].clone();
                let (key, name) = (place.project.to_owned(), place.project.to_owned());
                setup.projects.push(ProjectSetup { key, name, id: 10_501, ..first });
            }
            // Faults say when there is too much; a limit of its own would only slow the run.
            setups.values_mut().for_each(|setup| setup.limits = Limits::off());
        })
    }
}

/// A Jira that is set up as another is, at its own address.
fn alike(like: &str, url: &str) -> Setup {
    match like {
        "acme" => presets::acme(url),
        "globex" => presets::globex(url),
        _ => presets::initech(url),
    }
}

/// The table of an instance that is set up as another is: as on Cloud, one account may be in two Jiras.
fn instance_like(jira: &str, url: &str, like: &str) -> String {
    let tables = THREE.split("\n\n").find(|table| table.starts_with(&format!("[instance.{like}]"))).unwrap();
    let lines = tables.lines().skip(1).map(|line| match line.starts_with("url") {
        true => format!("url = \"{url}\""),
        false => line.to_owned(),
    });
    format!("[instance.{jira}]\n{}\n\n", lines.collect::<Vec<_>>().join("\n"))
}

struct Sides {
    plot: Plot,
    life: Life,
    acts: usize,
    ledger: Ledger,
}

/// What came of a seed.
struct Lived {
    acts: usize,
    deaths: usize,
    effects: usize,
    counts: FaultCounts,
    /// How often each thing was done.
    done: BTreeMap<Act, usize>,
    /// Digests of all that was asked and answered, one a Jira.
    trace: Vec<[u8; 32]>,
    /// How many duplicates were told.
    duplicates: usize,
}

impl Sides {
    async fn new(seed: u64, plot: Plot) -> Self {
        let mut world = plot.world();
        if seed / 2 % 2 == 1 {
            told_by_webhooks(&mut world, 0.2);
        }
        let life = Life::new(seed, world).await;
        let longest = if plot.beyond { 100 } else { 40 };
        for jira in life.world.jiras.values() {
            jira.set_index_lag(Duration::from_secs(life.dice.below(longest) as u64));
        }
        Self { plot, life, acts: 0, ledger: Ledger::default() }
    }

    /// Somebody does something somewhere.
    fn act(&mut self) {
        let (side, dice) = (self.life.dice.below(self.plot.sides), &self.life.dice);
        let place = self.plot.place(side);
        let (jira, who) = (self.life.world.jira(place.jira), dice.one(place.people));
        let number = self.acts;
        self.acts += 1;
        let issues = self.plot.issues(&self.life.world, side);
        if issues.len() < 2 || dice.below(10) == 0 {
            let shared: Vec<String> = (1..self.plot.sides)
                .filter(|_| side == 0 && dice.below(3) > 0)
                .map(|partner| format!("share-s{partner}"))
                .collect();
            let fields = json!({ "summary": format!("Item-{number} from-s{side}"), "labels": shared,
                "priority": { "name": PRIORITIES[dice.below(3)][side % 3] },
                "description": format!("Text {number} from-s{side}") });
            jira.person(who).unwrap().create(place.project, place.kind, fields).unwrap();
            *self.ledger.done.entry(Act::Create).or_default() += 1;
            return;
        }
        let (issue, act) = (&issues[dice.below(issues.len())], Act::any(dice));
        let scene = Scene { jira, who, side, issue, issues: &issues, dice, number };
        let done = self.ledger.change(&scene, act);
        done.unwrap_or_else(|refusal| panic!("{act:?} {number} of {}: {refusal:?}", issue.key));
    }

    /// How many duplicates were told.
    async fn run(&mut self) -> Result<usize, String> {
        let jiras: Vec<&'static str> = self.life.world.jiras.keys().copied().collect();
        let mut steps = 0;
        while steps < 16 || self.acts < ACTS || self.plot.issues(&self.life.world, 0).len() < 5 {
            steps += 1;
            for _ in 0..self.life.dice.below(6) {
                self.act();
                self.life.world.pass(self.life.dice.below(7) as u64).await;
            }
            self.life.bad_weather(&jiras);
            if self.plot.beyond && self.life.dice.below(2) == 0 {
                let late = Fault::LateWrite(Duration::from_secs(90 + self.life.dice.below(400) as u64));
                let jira = self.life.dice.one(&jiras);
                self.life.world.jira(jira).add_fault(FaultRule::new("*", When::Probability(0.3), late));
            }
            self.life.live().await;
        }
        self.life.calm().await;
        // What is still on its way lands, and is looked after.
        self.life.world.pass(600).await;
        self.life.world.rest().await?;
        self.life.world.pass(86_400).await;
        self.life.world.daemon().engine().sweep(None).await.map_err(|error| error.to_string())?;
        self.life.world.rest().await?;
        let duplicates = judge(&self.life.world, self.plot, &self.ledger).await?;
        self.is_quiet().await?;
        if let Some(effects) = self.plot.effects {
            self.effects_follow(effects).await?;
            self.is_quiet().await?;
        }
        Ok(duplicates)
    }

    /// Somebody begins a new issue at home, and our hops set off the functions of partners: what these take away comes back, or counts as
    /// their side's word for whoever sees that side.
    async fn effects_follow(&self, effects: &str) -> Result<(), String> {
        let (world, plot, home) = (&self.life.world, self.plot, self.plot.place(0));
        let person = world.jira(home.jira).person(home.people[0]).unwrap();
        let token = format!("Item-{}", self.acts);
        let shared: Vec<String> = (1..plot.sides).map(|partner| format!("share-s{partner}")).collect();
        let fields = json!({ "summary": format!("{token} from-s0"), "labels": shared, "priority": { "name": PRIORITIES[2][0] } });
        let key = person.create(home.project, home.kind, fields).unwrap();
        world.rest().await?;
        person.transition(&key, STATUSES[0][1]).unwrap();
        world.rest().await?;
        for side in 0..plot.sides {
            let issue = plot.issues(world, side).into_iter().find(|issue| token_of(issue) == token);
            let issue = issue.ok_or_else(|| format!("{token} never reached s{side}"))?;
            let ran = issue.history.iter().any(|entry| is_a_functions(entry, plot.sync_user(side)));
            if ran != plot.has_functions(side) {
                return Err(format!("a function ran at s{side}: {ran}; {:?}", issue.history));
            }
            let counts = effects == "count" && (side == 0 || !plot.apart || plot.has_functions(side));
            let wanted = PRIORITIES[if counts { 0 } else { 2 }][side % 3];
            if issue.fields.get("priority").is_none_or(|shown| shown != wanted) {
                return Err(format!("{token} of s{side} is not {wanted} under {effects}: {:?}", issue.history));
            }
        }
        Ok(())
    }

    async fn is_quiet(&self) -> Result<(), String> {
        let world = &self.life.world;
        world.jiras.values().for_each(Jira::reset_calls);
        world.intervals(3).await;
        for (name, jira) in &world.jiras {
            let is_write = |call: &&jirasyncd::simulator::Exchange| {
                call.method != "GET"
                    && !call.path.contains("search")
                    && !call.operation.starts_with("bulk")
                    && !call.operation.starts_with("getBulk")
            };
            if let Some(call) = jira.calls().iter().find(is_write) {
                return Err(format!("{name} is written to after quiet: {} {}", call.method, call.path));
            }
        }
        Ok(())
    }
}

async fn live(seed: u64, beyond: bool) -> Result<Lived, String> {
    let plot = Plot::of(seed, beyond);
    let mut sides = Sides::new(seed, plot).await;
    let _told = told(&sides.life.world);
    let duplicates = sides.run().await.map_err(|why| format!("{plot:?}: {why}"))?;
    let jiras = &sides.life.world.jiras;
    Ok(Lived {
        acts: sides.acts,
        deaths: sides.life.deaths,
        effects: sides.life.effects(),
        counts: sides.life.struck(),
        done: sides.ledger.done,
        trace: jiras.values().map(Jira::trace).collect(),
        duplicates,
    })
}

/// One seed, and nothing but what was wrong with it.
#[cfg(feature = "planted-bugs")]
pub(crate) async fn once(seed: u64, beyond: bool) -> Result<(), String> {
    live(seed, beyond).await.map(drop)
}

async fn try_seeds(seeds: Vec<u64>, beyond: bool) {
    let (mut wrong, mut counts, count) = (Vec::new(), FaultCounts::default(), seeds.len());
    let (mut acts, mut deaths, mut effects, mut duplicates) = (0, 0, 0, 0);
    let mut done: BTreeMap<Act, usize> = BTreeMap::new();
    for seed in seeds {
        match live(seed, beyond).await {
            Ok(lived) => {
                acts += lived.acts;
                deaths += lived.deaths;
                effects += lived.effects;
                duplicates += lived.duplicates;
                counts.add(lived.counts);
                lived.done.into_iter().for_each(|(act, times)| *done.entry(act).or_default() += times);
                if is_lived_twice(seed) {
                    let again = live(seed, beyond).await.map(|lived| lived.trace);
                    if again.as_ref() != Ok(&lived.trace) {
                        wrong.push(format!("JIRASYNCD_SEED={seed}: run twice, it is not the same: {again:?}"));
                    }
                }
            }
            Err(why) => wrong.push(format!("JIRASYNCD_SEED={seed}: {why}")),
        }
    }
    let each = effects / count.max(1);
    println!("{count} seeds, {acts} acts, {deaths} deaths, {each} effects a seed, {duplicates} duplicates told");
    for (act, times) in &done {
        println!("  act {act:?}: {times}");
    }
    print!("{counts}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(acts >= ACTS * count && each >= 300, "hardly anything happened");
    if count >= A_LONG_RUN {
        assert_eq!(Act::never_done(&done), [], "an act that nobody does proves nothing");
        assert_eq!(
            counts.never_struck(Troubles { rare: true, webhooks: true }),
            Vec::<&str>::new(),
            "a fault that never strikes proves nothing"
        );
    }
    assert!(!beyond || count < 50 || duplicates > 0, "nothing landed too late");
}

#[tokio::test(start_paused = true)]
async fn however_many_sides_there_are_nothing_is_lost_doubled_or_leaked() {
    let asked = seeds(0, MANY);
    try_seeds(if asked.is_empty() { FEW.to_vec() } else { asked }, false).await;
}

#[tokio::test(start_paused = true)]
async fn what_lands_too_late_is_told() {
    let asked = seeds(0, MANY);
    let few = if std::env::var_os("JIRASYNCD_LONG").is_some() { BEYOND.len() } else { BEYOND_FEW };
    try_seeds(if asked.is_empty() { BEYOND[..few].to_vec() } else { asked }, true).await;
}
