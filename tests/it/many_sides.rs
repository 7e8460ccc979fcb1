//! Random worlds of two to six sides, on three Jiras or on one each, which all see each other or only home, under every fault of the simulator: what lands late and
//! what an index shows late stays below what an instance is said to need (`settle`), or goes beyond it; then each duplicate must have
//! been told. One seed in a hundred runs twice, and both runs ask and answer the same. Must never judge by the daemon's state, nor let a
//! duplicate pass that nobody was told of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, IssueView, Jira, Limits, Person, ProjectSetup, Setup, When, presets};
use serde_json::json;

use super::daemon_audit::{summaries_kept, sync_user, token as token_of};
use super::daemon_support::{THREE, World};
use super::fault_counts::{FaultCounts, Troubles};
use super::random_life::{A_LONG_RUN, Life, is_lived_twice, seeds, told};

/// Of an ordinary run: with four, five and six sides on three Jiras, and six sides on six, which see each other, or home alone.
const FEW: [u64; 5] = [0, 1, 2, 34, 39];
/// Where things land too late, of an ordinary run: the first, and those that found something (docs/proof.md).
const BEYOND: [u64; 6] = [0, 4, 24, 86, 159, 2018];
const MANY: u64 = 500;

/// A side: its Jira, its project, its people, a type there.
struct Place {
    jira: &'static str,
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

const PLACES: [Place; 6] = [
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
struct Plot {
    sides: usize,
    /// Partners see home and nobody else.
    apart: bool,
    /// What lands late lands later than an instance is said to need.
    beyond: bool,
    /// Each side has a Jira of its own; otherwise the last three share those of the first.
    spread: bool,
}

impl Plot {
    fn of(seed: u64, beyond: bool) -> Self {
        // By the tens, that the number of sides and who sees whom go with both; those of the seeds that found something stay as they were.
        let spread = matches!(seed / 10 % 10, 3 | 4 | 6 | 7 | 9);
        Self { sides: 2 + (seed % 5) as usize, apart: seed % 2 == 1, beyond, spread }
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
    fn sync_user(self, side: usize) -> &'static str {
        sync_user(PLACES[side].jira)
    }

    /// Whether what is written at one side may be shown at the other.
    fn shows(self, from: usize, to: usize) -> bool {
        !self.apart || from == to || from == 0 || to == 0
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
            text += &format!(
                "side.s{number} = {{ instance = \"{}\", project = \"{}\"{sees} }}\n",
                place.jira, place.project
            );
        }
        let types: Vec<String> =
            self.places().enumerate().map(|(number, place)| format!("s{number} = \"{}\"", place.kind)).collect();
        text += &format!("[sync.all.map]\nissue-type = [ {{ {} }} ]\n", types.join(", "));
        text += "[sync.all.fields]\nsummary = \"both\"\ndescription = \"both\"\ndue-date = \"both\"\n";
        text += "labels = { exclude = [\"share-*\"] }\n";
        text + "[sync.all.comments]\nunrestricted = \"both\"\n[sync.all.worklogs]\nunrestricted = \"both\"\n"
    }

    fn world(self) -> World {
        World::of(&self.config(), |setups| {
            for (place, url, like) in OWN.iter().take(self.sides.saturating_sub(3)).filter(|_| self.spread) {
                setups.insert(place.jira, alike(like, url));
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

/// What one person wrote that is no value: it must be wherever it may be shown, once.
struct Written {
    token: String,
    /// The issue that it was written to.
    key: String,
    from: usize,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Comment,
    File,
    Work,
}

/// How often something that a person wrote is shown by an issue.
fn times(issue: &IssueView, what: What, number: usize) -> usize {
    let word = format!("word-{number}-");
    match what {
        What::Comment => issue.comments.iter().filter(|comment| comment.body.contains(&word)).count(),
        What::File => issue.attachments.iter().filter(|file| file.name.starts_with(&word)).count(),
        What::Work => issue.worklogs.iter().filter(|work| work.seconds == seconds(number)).count(),
    }
}

/// Time that nobody else logged.
fn seconds(number: usize) -> u64 {
    60 * (1 + number as u64)
}

struct Sides {
    plot: Plot,
    life: Life,
    acts: usize,
    /// By the number of the act.
    written: BTreeMap<usize, Written>,
}

/// What came of a seed.
struct Lived {
    acts: usize,
    deaths: usize,
    effects: usize,
    counts: FaultCounts,
    /// Digests of all that was asked and answered, one a Jira.
    trace: Vec<[u8; 32]>,
    /// How many duplicates were told.
    duplicates: usize,
}

impl Sides {
    async fn new(seed: u64, plot: Plot) -> Self {
        let life = Life::new(seed, plot.world()).await;
        let longest = if plot.beyond { 100 } else { 40 };
        for jira in life.world.jiras.values() {
            jira.set_index_lag(Duration::from_secs(life.dice.below(longest) as u64));
        }
        Self { plot, life, acts: 0, written: BTreeMap::new() }
    }

    /// The issues of a place.
    fn issues(&self, side: usize) -> Vec<IssueView> {
        let place = self.plot.place(side);
        let all = self.life.world.jira(place.jira).issues();
        all.into_iter().filter(|issue| issue.project == place.project).collect()
    }

    /// Somebody does something somewhere.
    fn act(&mut self) {
        let side = self.life.dice.below(self.plot.sides);
        let place = self.plot.place(side);
        let who = self.life.world.person(place.jira, self.life.dice.one(place.people));
        let number = self.acts;
        self.acts += 1;
        let issues = self.issues(side);
        let canary = format!("from-s{side}");
        if issues.len() < 2 || self.life.dice.below(7) == 0 {
            let shared: Vec<String> = (1..self.plot.sides)
                .filter(|_| side == 0 && self.life.dice.below(3) > 0)
                .map(|partner| format!("share-s{partner}"))
                .collect();
            let fields = json!({ "summary": format!("Item-{number} {canary}"), "labels": shared,
                "description": format!("Text {number} {canary}") });
            who.create(place.project, place.kind, fields).unwrap();
            return;
        }
        let issue = &issues[self.life.dice.below(issues.len())];
        self.change(&who, side, issue, number);
    }

    fn change(&mut self, who: &Person, side: usize, issue: &IssueView, number: usize) {
        let (key, dice) = (&issue.key, &self.life.dice);
        let canary = format!("from-s{side}");
        let word = format!("word-{number}-");
        let mut wrote = None;
        let done = match dice.below(9) {
            0 | 1 => who.edit(key, json!({ "summary": format!("{} {number} {canary}", token_of(issue)) })),
            2 => who.edit(key, json!({ "description": format!("Text {number} {canary}") })),
            3 => who.edit(key, json!({ "duedate": format!("2026-05-{:02}", 1 + dice.below(28)) })),
            4 => who.update(
                key,
                json!({ "labels": [{ "add": format!("{}-{canary}", dice.one(&["red", "blue", "green"])) }] }),
            ),
            5 => {
                wrote = Some(What::File);
                who.attach(key, &format!("{word}{canary}.txt"), format!("File {number} {canary}").as_bytes()).map(drop)
            }
            6 => {
                wrote = Some(What::Work);
                who.log_work(key, "2026-03-10T08:30:00.000+0000", seconds(number), &format!("{word} {canary}"))
                    .map(drop)
            }
            _ => {
                wrote = Some(What::Comment);
                who.comment(key, &format!("{word} {canary}")).map(drop)
            }
        };
        done.unwrap_or_else(|refusal| panic!("{key}: {refusal:?}"));
        if let Some(what) = wrote {
            self.written.insert(number, Written { token: token_of(issue), key: key.clone(), from: side, what });
        }
    }

    async fn run(&mut self) -> Result<usize, String> {
        let jiras: Vec<&'static str> = self.life.world.jiras.keys().copied().collect();
        let mut steps = 0;
        while steps < 16 || self.acts < 40 || self.issues(0).len() < 5 {
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
        self.life.heal();
        // What is still on its way lands, and is looked after.
        self.life.world.pass(600).await;
        self.life.world.rest().await?;
        self.life.world.pass(86_400).await;
        self.life.world.daemon().engine().sweep(None).await.map_err(|error| error.to_string())?;
        self.life.world.rest().await?;
        self.judge().await
    }

    /// What the Jiras show; how many duplicates were told.
    async fn judge(&self) -> Result<usize, String> {
        let told = self.life.world.problems().await;
        let mut duplicates = told.iter().filter(|told| told.contains("is a duplicate of")).count();
        let mut all: Vec<BTreeMap<String, IssueView>> = Vec::new();
        for side in 0..self.plot.sides {
            all.push(self.by_token(side, &told)?);
        }
        for (token, home) in &all[0] {
            for (side, there) in all.iter().enumerate().skip(1) {
                let shared = !self.plot.apart || has_label(home, &format!("share-s{side}"));
                match there.get(token) {
                    None if shared => {
                        let there: Vec<String> = self
                            .issues(side)
                            .iter()
                            .map(|issue| format!("{} {}", issue.key, token_of(issue)))
                            .collect();
                        return Err(format!(
                            "{token}, at home {}, has no counterpart at s{side}, which has {there:?}; problems: {told:?}",
                            home.key
                        ));
                    }
                    None => {}
                    Some(there) => self.judge_values(token, &all, (home, there), side, &told).await?,
                }
            }
        }
        for (side, there) in all.iter().enumerate().skip(1) {
            if let Some(lone) = there.keys().find(|token| !all[0].contains_key(*token)) {
                return Err(format!("{lone} of s{side} never reached home; problems: {told:?}"));
            }
            self.judge_sight(side, there)?;
        }
        for (number, written) in &self.written {
            duplicates += self.judge_written(*number, written, &all, &told)?;
        }
        self.is_quiet().await?;
        Ok(duplicates)
    }

    /// The issues of a side by their token, without those that were told to be duplicates; no other one is there twice.
    fn by_token(&self, side: usize, told: &[String]) -> Result<BTreeMap<String, IssueView>, String> {
        let mut found: BTreeMap<String, IssueView> = BTreeMap::new();
        for issue in self.issues(side) {
            if is_duplicate(side, &issue.key, told) {
                if self.plot.beyond {
                    continue;
                }
                return Err(format!("{} is a duplicate, though nothing was late: {told:?}", issue.key));
            }
            let key = issue.key.clone();
            if let Some(other) = found.insert(token_of(&issue), issue) {
                return Err(format!(
                    "s{side}: {key} and {} are the same item, and nobody was told: {told:?}",
                    other.key
                ));
            }
        }
        Ok(found)
    }

    /// What was written once is shown once, wherever it may be shown, and nowhere else. How many were told to be there twice.
    fn judge_written(
        &self,
        number: usize,
        written: &Written,
        all: &[BTreeMap<String, IssueView>],
        told: &[String],
    ) -> Result<usize, String> {
        let mut twice = 0;
        if is_duplicate(written.from, &written.key, told) {
            // Nothing of an issue that was told to be a duplicate is carried.
            return Ok(0);
        }
        for (side, issues) in all.iter().enumerate() {
            let Some(issue) = issues.get(&written.token) else { continue };
            let expected = usize::from(self.plot.shows(written.from, side));
            let shown = times(issue, written.what, number);
            if shown == expected {
                continue;
            }
            let (begins, of) = (format!("s{side}: "), format!(" of {} is a duplicate", issue.key));
            let is_told = told.iter().any(|told| told.starts_with(&begins) && told.contains(&of));
            if self.plot.beyond && shown > expected && expected == 1 && is_told {
                twice += 1;
                continue;
            }
            return Err(format!(
                "{:?} {number} of s{} is {shown} times at s{side} {}: {told:?}",
                written.what, written.from, issue.key
            ));
        }
        Ok(twice)
    }

    /// Nothing of one partner is at another.
    fn judge_sight(&self, side: usize, issues: &BTreeMap<String, IssueView>) -> Result<(), String> {
        let hidden: Vec<String> = (0..self.plot.sides)
            .filter(|from| !self.plot.shows(*from, side))
            .map(|from| format!("from-s{from}"))
            .collect();
        for issue in issues.values() {
            let shown = format!("{issue:?}");
            if let Some(leak) = hidden.iter().find(|canary| shown.contains(*canary)) {
                return Err(format!("{} of s{side} shows what is {leak}: {shown}", issue.key));
            }
        }
        Ok(())
    }

    /// Where no other partner had a hand in it, both show the same; and what somebody wrote is there, was replaced or is in a conflict.
    async fn judge_values(
        &self,
        token: &str,
        all: &[BTreeMap<String, IssueView>],
        (home, there): (&IssueView, &IssueView),
        side: usize,
        told: &[String],
    ) -> Result<(), String> {
        let others = all.iter().enumerate().filter(|(other, _)| self.plot.apart && ![0, side].contains(other));
        let is_mixed = others.filter_map(|(other, issues)| Some((other, issues.get(token)?))).any(|(other, issue)| {
            let is_person = |author: Option<&str>| author != Some(self.plot.sync_user(other));
            is_person(issue.creator.as_deref()) || issue.history.iter().any(|entry| is_person(entry.author.as_deref()))
        });
        for field in ["summary", "description", "duedate", "labels"] {
            let (here, far) = (shown(home, field), shown(there, field));
            if !is_mixed && here != far {
                return Err(format!(
                    "{token} {field}: home {here:?}, s{side} {far:?}; problems: {told:?}; home {:?}; there {:?}",
                    home.history, there.history
                ));
            }
        }
        let sides =
            all.iter().enumerate().filter_map(|(side, issues)| Some((self.plot.sync_user(side), issues.get(token)?)));
        summaries_kept(&self.life.world, token, &sides.collect::<Vec<_>>()).await
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

/// Whether an issue was told to be a duplicate of another one.
fn is_duplicate(side: usize, key: &str, told: &[String]) -> bool {
    told.iter().any(|told| told.contains(&format!("s{side}: {key} is a duplicate of")))
}

fn has_label(issue: &IssueView, label: &str) -> bool {
    issue.fields.get("labels").is_some_and(|labels| labels.split(' ').any(|found| found == label))
}

/// A value as all sides show it.
fn shown(issue: &IssueView, field: &str) -> BTreeSet<String> {
    let text = issue.fields.get(field).cloned().unwrap_or_default();
    if field != "labels" {
        return [text].into();
    }
    text.split(' ').filter(|label| !label.is_empty() && !label.starts_with("share-")).map(str::to_owned).collect()
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
        trace: jiras.values().map(Jira::trace).collect(),
        duplicates,
    })
}

async fn try_seeds(seeds: Vec<u64>, beyond: bool) {
    let (mut wrong, mut counts, count) = (Vec::new(), FaultCounts::default(), seeds.len());
    let (mut acts, mut deaths, mut effects, mut duplicates) = (0, 0, 0, 0);
    for seed in seeds {
        match live(seed, beyond).await {
            Ok(lived) => {
                acts += lived.acts;
                deaths += lived.deaths;
                effects += lived.effects;
                duplicates += lived.duplicates;
                counts.add(lived.counts);
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
    print!("{counts}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(acts >= 40 * count && each >= 300, "hardly anything happened");
    if count >= A_LONG_RUN {
        assert_eq!(
            counts.never_struck(Troubles { rare: true, webhooks: false }),
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
    try_seeds(if asked.is_empty() { BEYOND.to_vec() } else { asked }, true).await;
}
