//! What one change of each entity costs in REST calls, beside what Jira's API asks for at least: a table of `benches/README.md`,
//! which is exactly what is counted (`UPDATE=1` writes it anew). Must never count polls, nor leave a call without its reason.

use std::path::Path;

use super::counted::Meter;
use super::daemon_support::World;
use super::entities_rows::{Place, Subject, make};
use super::everything_world::{Custom, SIDES, world_of, world_of_levels};

const TOKEN: &str = "Item";

/// One of each kind that is written in a way of its own.
const SUBJECTS: [Subject; 13] = [
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
];

/// What is done, by the number that it puts; none takes all of it away.
const ACTS: [(&str, Option<usize>); 3] = [("set", Some(0)), ("edit", Some(1)), ("clear", None)];

/// Where it is more than one write, why.
fn why(subject: Subject) -> &'static str {
    const READ: &str = "a read right before, as Jira has no compare-and-set";
    if matches!(subject, Subject::Comment) {
        "the copies there are read; an edit: the original and its copy too; a first comment: `unwatch`; deletions only the full check finds"
    } else if subject == Subject::Work {
        "the issue and its original are read right before"
    } else if subject == Subject::File {
        "the content is fetched from its author's side; a deletion is one write per file, after a read"
    } else if subject == Subject::Link {
        "one write per link; taken away after a read"
    } else if subject == Subject::FarLink {
        "one write per link, and no read"
    } else if subject == Subject::Assignee {
        "the same read, and once a day whether that person may be assigned"
    } else if subject == Subject::Status {
        "a read right before, which brings the transitions on offer"
    } else if subject == Subject::Level {
        "a read right before, and one after where the answer does not show it, since all else waits for it; home is read before one is taken away"
    } else {
        READ
    }
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
            let possible = number.is_some() || !matches!(subject, Subject::Summary | Subject::Status);
            if !possible {
                cells.push("-".to_owned());
                continue;
            }
            let mut meter = Meter::start(world);
            number.map_or_else(|| subject.take(&place), |number| subject.put(&place, number)).unwrap();
            drop(place);
            meter.rest(world).await;
            if subject == Subject::Comment && number.is_none() {
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
        lines += &format!("| {what} | {kind} | {} | {} | {why} |\n", cells.join(" | "), own.join(", "));
    }
    lines
}

/// Between these two the table of `benches/README.md` lies.
const BEGIN: &str = "<!-- counted per entity -->\n";
const END: &str = "<!-- end of what is counted per entity -->\n";

#[tokio::test(start_paused = true)]
async fn each_entity_costs_what_is_published() {
    let mut lines = String::from(
        "| what | to | set | edit | clear | its author's side | where it is more than one |\n| --- | --- | ---: | ---: | ---: | --- | --- |\n",
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
