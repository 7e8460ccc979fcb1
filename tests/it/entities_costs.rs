//! What one change of each entity costs in REST calls, beside what Jira's API asks for at least: a table of `benches/README.md`,
//! which is exactly what is counted (`UPDATE=1` writes it anew). Must never count polls, nor leave a call without its reason.

#![allow(clippy::wildcard_enum_match_arm, reason = "most rows are counted in one way")]

use std::path::Path;
use std::time::Duration;

use jirasyncd::simulator::Refusal;

use super::counted::Meter;
use super::daemon_support::{World, calls};
use super::entities::{never_cleared, never_edited};
use super::entities_beside;
use super::entities_rows::{BESIDE, Place, Subject, all, make};
use super::entities_told::{self, TOLD, Told};
use super::everything_world::{SIDES, world_beside, world_of, world_of_levels, world_told};

const TOKEN: &str = "Item";

/// What is done to a thing.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// It is given its value of that number.
    Put(usize),
    /// All of it is taken away.
    Take,
}

impl Deed {
    fn happen(self, subject: Subject, at: &Place<'_>) -> Result<(), Refusal> {
        match self {
            Self::Put(number) => subject.put(at, number),
            Self::Take => subject.take(at),
        }
    }
}

/// Set, edit and clear; none where Jira knows no such act.
fn deeds(subject: Subject) -> [Option<Deed>; 3] {
    // Whoever makes an issue has reported it, and made it in its project: the first value is there already. That project is called otherwise
    // once another issue is made in it.
    let [set, edit] = if subject == Subject::Project {
        [2, 1]
    } else if subject == Subject::Reporter {
        [1, 2]
    } else {
        [0, 1]
    };
    let edit = never_edited(subject).is_none().then_some(Deed::Put(edit));
    let clear = never_cleared(subject).is_none().then_some(Deed::Take);
    [Some(Deed::Put(set)), edit, clear]
}

/// Where it is more than one write, why.
const WHY: [(Subject, &str); 21] = [
    (
        Subject::Comment,
        "the copies there are read; an edit: the original and its copy too; a first comment: `unwatch`; deletions only the full check finds",
    ),
    (
        Subject::Work,
        "the issue and its original are read right before; logging changes the remaining estimate, which is carried, too; Cloud's answer to that may be of before the worklog's edit, which is then sent once more",
    ),
    (Subject::File, "a deletion is one write per file, after a read"),
    (Subject::Link, "one write per link; taken away after a read"),
    (Subject::FarLink, "one write per link, and no read"),
    (
        Subject::Watchers,
        "one write per watcher, after a read of who watches; only the full check finds who came or went; that the last one left is believed once Jira says that watching is on",
    ),
    (Subject::Assignee, "the same read, and once a day whether that person may be assigned"),
    (Subject::Status, "a read right before, which brings the transitions on offer"),
    (
        Subject::Level,
        "a read right before, and one after where the answer does not show it, since all else waits for it; home is read before one is taken away",
    ),
    (
        Subject::Resolution,
        "a read right before each hop; an edit is told, since no hop is due where the status is the same",
    ),
    (Subject::EpicName, "set is the making of an epic; else a read right before"),
    (
        Subject::Project,
        "it comes with an issue that is made; that the project is called otherwise only the full check finds, and all its issues are written, each after a read",
    ),
    (
        Subject::SubTask,
        "set is the making of an issue; else a read right before; Data Center takes no other parent, so that is told there",
    ),
    (Subject::Conversion, "two issues at once; no REST call does it, so it is told"),
    (Subject::Votes, "a read right before; only the full check finds who voted"),
    (
        Subject::Version,
        "beyond the lists that are read by the clock; the project's number is read before one is made; a deletion is told",
    ),
    (Subject::Component, "beyond the lists that are read by the clock; a deletion is told"),
    (
        Subject::Told(Told::Restricted),
        "two comments at once, one for a role and one for a group; each as any other: the copies there are read; an edit: the original and its copy too; a first comment: `unwatch`; deletions only the full check finds",
    ),
    (
        Subject::Told(Told::Internal),
        "as any other comment; and what is to be internal is written only where it is known, of this hour, that the project is a service desk and the sync user an agent there",
    ),
    (
        Subject::Told(Told::Note),
        "a note is a comment of ours: the copies there are read, and the first has `unwatch`; taken away after a read of both issues, one write per note",
    ),
    (
        Subject::Told(Told::WayBack),
        "it comes with an issue that is made; one write per link, on both sides, and no read; taken away with an issue that is gone, which only the full check finds: it is asked for twice, whether the project can be read, and whether its Jira was put back",
    ),
];

fn why(subject: Subject) -> &'static str {
    let own = WHY.iter().find(|(of, _)| *of == subject);
    own.map_or("a read right before, as Jira has no compare-and-set", |(_, why)| why)
}

/// What Jira's API asks for at least, on both sides together.
fn least(subject: Subject) -> &'static str {
    match subject {
        // What a file holds is in no answer but its own.
        Subject::File => "2, 2, 1",
        // What no REST call does costs none.
        Subject::Conversion => "-, -, -",
        Subject::Resolution => "1, -, 1",
        Subject::Version | Subject::Component => "1, 1, -",
        // Another name of the project is written to each issue that shows it.
        Subject::Project => "1, 8, -",
        // A comment for a role, and one for a group.
        Subject::Told(Told::Restricted) => "2, 2, 2",
        // The issue, and a link on each side.
        Subject::Told(Told::WayBack) => "3, 3, 1",
        _ => "1, 1, 1",
    }
}

/// What is written to an issue that has a security level.
const UNDER: [Subject; 2] = [Subject::Summary, Subject::Comment];

/// Half minutes in which a list that is read every minute is read four times, whatever happens.
const HALF_MINUTES: usize = 8;

/// What the two sides were asked while the projects' lists were looked at whenever it was time, and nobody polled.
async fn asked_by_lists(world: &World, sides: [usize; 2]) -> [u64; 2] {
    world.jiras.values().for_each(jirasyncd::simulator::Jira::reset_calls);
    let engine = world.daemon().engine();
    for _ in 0..HALF_MINUTES {
        tokio::time::advance(Duration::from_secs(30)).await;
        while engine.look_at_things().await.unwrap() > 0 {}
        while !engine.work().await.unwrap().items.is_empty() {}
    }
    sides.map(|side| calls(world.jira(SIDES[side].jira)).values().sum())
}

/// Does it, and counts what it costs at both sides, the one where it arrives first.
async fn cost(world: &World, (from, to): (usize, usize), subject: Subject, deed: Deed) -> [u64; 2] {
    let place = Place::new(world, from, TOKEN);
    let sides = [to, from];
    if matches!(subject, Subject::Version | Subject::Component) {
        deed.happen(subject, &place).unwrap();
        drop(place);
        let asked = asked_by_lists(world, sides).await;
        let idle = asked_by_lists(world, sides).await;
        return [asked[0].saturating_sub(idle[0]), asked[1].saturating_sub(idle[1])];
    }
    let mut meter = Meter::start(world);
    deed.happen(subject, &place).unwrap();
    drop(place);
    meter.rest(world).await;
    // What moves no time of change is found by the full check alone.
    let is_unseen = match subject {
        Subject::Comment | Subject::Told(Told::Restricted | Told::Internal | Told::WayBack) => {
            matches!(deed, Deed::Take)
        }
        Subject::Project => matches!(deed, Deed::Put(1)),
        Subject::Watchers | Subject::Votes => true,
        _ => false,
    };
    if is_unseen {
        world.daemon().engine().sweep(None).await.unwrap();
        meter.rest(world).await;
        // An issue counts as gone once it is missed again a minute later.
        for _ in 0..usize::from(subject == Subject::Told(Told::WayBack)) * 2 {
            meter.rest(world).await;
        }
    }
    println!("{} {deed:?}: {:?}", subject.title(), sides.map(|side| calls(world.jira(SIDES[side].jira))));
    sides.map(|side| meter.beyond_polls(SIDES[side].jira))
}

/// What no REST call does is done in the browser, so that what comes next begins in step.
async fn by_hand(world: &World, (from, to): (usize, usize), subject: Subject) {
    let shown = |column: usize| entities_beside::shown(subject, world, column, from);
    if shown(from) != shown(to) {
        entities_beside::by_hand(subject, &Place::new(world, to, TOKEN), from, from).unwrap();
    }
    world.rest().await.unwrap();
    assert_eq!(shown(from), shown(to), "{}", subject.title());
}

/// The lines of some rows.
async fn costs(world: &World, (from, to): (usize, usize), subjects: &[Subject], where_it_is: &str) -> String {
    let mut lines = String::new();
    for subject in subjects.iter().copied() {
        let why = if where_it_is.is_empty() {
            why(subject)
        } else {
            "both issues are read right before, one write at a time"
        };
        let mut cells = Vec::new();
        let mut own = Vec::new();
        for deed in deeds(subject) {
            let Some(deed) = deed else {
                cells.push("-".to_owned());
                continue;
            };
            let [there, here] = cost(world, (from, to), subject, deed).await;
            if BESIDE.contains(&subject) {
                by_hand(world, (from, to), subject).await;
            }
            if let Subject::Told(row) = subject {
                world.rest_beside_what_is_gone().await.unwrap();
                let [here, there] = [from, to].map(|column| entities_told::shown(row, world, column, from));
                assert_eq!(here, there, "{} {deed:?}", subject.title());
            }
            cells.push(there.to_string());
            own.push(here.to_string());
        }
        let kind = ["Cloud", "Data Center", "Cloud"][to];
        let what = format!("{}{where_it_is}", subject.title());
        let least = least(subject);
        lines += &format!("| {what} | {kind} | {} | {} | {least} | {why} |\n", cells.join(" | "), own.join(", "));
    }
    lines
}

/// So many rows are counted in one world (of one issue, with items of their own, told in words of ours): within its first hour, so that
/// nothing falls upon them that is asked by the clock alone.
const TOGETHER: [usize; 3] = [10, 2, 3];

/// Between these two the table of `benches/README.md` lies.
const BEGIN: &str = "<!-- counted per entity -->\n";
const END: &str = "<!-- end of what is counted per entity -->\n";

#[tokio::test(start_paused = true)]
async fn each_entity_costs_what_is_published() {
    let mut lines = String::from(
        "| what | to | set | edit | clear | its author's side | least | where it is more |\n| --- | --- | ---: | ---: | ---: | --- | --- | --- |\n",
    );
    for (from, to) in [(0, 1), (1, 0)] {
        let (columns, rows) = ([from.min(to), from.max(to)], all());
        for together in rows.chunks(TOGETHER[0]) {
            let mut world = world_of(&columns);
            world.start().await;
            make(&world, from, TOKEN);
            world.rest().await.unwrap();
            lines += &costs(&world, (from, to), together, "").await;
        }
        for together in BESIDE.chunks(TOGETHER[1]) {
            let mut world = world_beside(&columns, from);
            world.start().await;
            entities_beside::make(&world, from);
            world.rest().await.unwrap();
            lines += &costs(&world, (from, to), together, "").await;
        }
        for together in TOLD.chunks(TOGETHER[2]) {
            let mut world = world_told(&columns, from);
            world.start().await;
            entities_told::make(&world, from);
            world.rest().await.unwrap();
            lines += &costs(&world, (from, to), together, "").await;
        }
    }
    for to in [1, 2] {
        let mut world = world_of_levels(&[0, to], 0);
        world.start().await;
        make(&world, 0, TOKEN);
        world.rest().await.unwrap();
        lines += &costs(&world, (0, to), &[Subject::Level], "").await;
        Subject::Level.put(&Place::new(&world, 0, TOKEN), 0).unwrap();
        world.rest().await.unwrap();
        lines += &costs(&world, (0, to), &UNDER, ", under a level").await;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the table's beginning");
    let (written, tail) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{lines}{END}{tail}")).unwrap();
        return;
    }
    assert_eq!(written, lines, "UPDATE=1 writes the table anew; say why it changed");
}
