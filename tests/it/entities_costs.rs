//! What one change of each entity costs in REST calls, beside what Jira's API asks for at least: a table of `benches/README.md`,
//! which is exactly what is counted (`UPDATE=1` writes it anew). Must never count polls, nor leave a call without its reason.

use std::path::Path;

use super::counted::Meter;
use super::daemon_support::World;
use super::entities::never_cleared;
use super::entities_rows::{Place, Subject, make};
use super::everything_world::{Custom, SIDES, world_of, world_of_levels};

const TOKEN: &str = "Item";

/// One of each kind that is written in a way of its own.
const SUBJECTS: [Subject; 14] = [
    Subject::Summary,
    Subject::Description,
    Subject::Labels,
    Subject::Assignee,
    Subject::FixVersions,
    Subject::Custom(Custom::Grade),
    Subject::Status,
    Subject::Epic,
    Subject::Comment,
    Subject::Work,
    Subject::File,
    Subject::Link,
    Subject::FarLink,
    Subject::Watchers,
];

/// What is done, by the number that it puts; none takes all of it away.
const ACTS: [(&str, Option<usize>); 3] = [("set", Some(0)), ("edit", Some(1)), ("clear", None)];

/// Where it is more than one write, why.
const WHY: [(Subject, &str); 9] = [
    (
        Subject::Comment,
        "the copies there are read; an edit: the original and its copy too; a first comment: `unwatch`; deletions only the full check finds",
    ),
    (Subject::Work, "the issue and its original are read right before"),
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
];

fn why(subject: Subject) -> &'static str {
    let own = WHY.iter().find(|(of, _)| *of == subject);
    own.map_or("a read right before, as Jira has no compare-and-set", |(_, why)| why)
}

/// What Jira's API asks for at least, on both sides together.
fn least(subject: Subject) -> &'static str {
    // What a file holds is in no answer but its own.
    if subject == Subject::File { "2, 2, 1" } else { "1, 1, 1" }
}

/// What is written to an issue that has a security level.
const UNDER: [Subject; 2] = [Subject::Summary, Subject::Comment];

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
        for (_, number) in ACTS {
            let place = Place::new(world, from, TOKEN);
            if number.is_none() && never_cleared(subject).is_some() {
                cells.push("-".to_owned());
                continue;
            }
            let mut meter = Meter::start(world);
            number.map_or_else(|| subject.take(&place), |number| subject.put(&place, number)).unwrap();
            drop(place);
            meter.rest(world).await;
            // What moves no time of change is found by the full check alone.
            if subject == Subject::Comment && number.is_none() || subject == Subject::Watchers {
                world.daemon().engine().sweep(None).await.unwrap();
                meter.rest(world).await;
            }
            let calls = meter.beyond_polls(SIDES[to].jira);
            let asked = [to, from].map(|side| super::daemon_support::calls(world.jira(SIDES[side].jira)));
            println!("{} {number:?}: {calls} {asked:?}", subject.title());
            cells.push(calls.to_string());
            own.push(meter.beyond_polls(SIDES[from].jira).to_string());
        }
        let kind = ["Cloud", "Data Center", "Cloud"][to];
        let what = format!("{}{where_it_is}", subject.title());
        let least = least(subject);
        lines += &format!("| {what} | {kind} | {} | {} | {least} | {why} |\n", cells.join(" | "), own.join(", "));
    }
    lines
}

/// Between these two the table of `benches/README.md` lies.
const BEGIN: &str = "<!-- counted per entity -->\n";
const END: &str = "<!-- end of what is counted per entity -->\n";

#[tokio::test(start_paused = true)]
async fn each_entity_costs_what_is_published() {
    let mut lines = String::from(
        "| what | to | set | edit | clear | its author's side | least | where it is more |\n| --- | --- | ---: | ---: | ---: | --- | --- | --- |\n",
    );
    for (from, to) in [(0, 1), (1, 0)] {
        let mut world = world_of(&[from.min(to), from.max(to)]);
        world.start().await;
        make(&world, from, TOKEN);
        world.rest().await.unwrap();
        lines += &costs(&world, (from, to), &SUBJECTS, "").await;
    }
    for to in [1, 2] {
        let mut world = world_of_levels(&[0, to]);
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
