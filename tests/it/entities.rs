//! Every field type and entity, in every direction, through every act: set, changed, cleared, changed on both sides at once, and
//! forbidden for a while. The table in docs/entities.md is made from this run (`UPDATE=1` writes it anew). Must never count what
//! was not tried, nor leave a cell empty without Jira's reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Holder, IssueView};

use super::daemon_support::World;
use super::entities_beside;
use super::entities_rows::{BESIDE, Place, Subject, all, make};
use super::entities_told::{self, LINKED, TOLD, Told};
use super::everything_people::find;
use super::everything_world::{SIDES, world_beside, world_of, world_of_levels, world_told};

/// From where to where.
struct Direction {
    name: &'static str,
    columns: &'static [usize],
    from: usize,
}

const DIRECTIONS: [Direction; 4] = [
    Direction { name: "Cloud → DC", columns: &[0, 1], from: 0 },
    Direction { name: "DC → Cloud", columns: &[0, 1], from: 1 },
    Direction { name: "Cloud → Cloud", columns: &[0, 2], from: 0 },
    Direction { name: "three sides", columns: &[0, 1, 2], from: 2 },
];

/// What is tried with each row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Act {
    Set,
    Edit,
    Conflict,
    Clear,
    Forbidden,
}

const ACTS: [(Act, &str); 5] = [
    (Act::Set, "set"),
    (Act::Edit, "edit"),
    (Act::Conflict, "conflict"),
    (Act::Clear, "clear or delete"),
    (Act::Forbidden, "permission missing"),
];

/// Why nothing of it is ever taken away.
pub(crate) fn never_cleared(subject: Subject) -> Option<&'static str> {
    impossible(subject, Act::Clear)
}

/// Why nothing of it ever becomes another.
pub(crate) fn never_edited(subject: Subject) -> Option<&'static str> {
    impossible(subject, Act::Edit)
}

/// Why Jira knows no such act.
fn impossible(subject: Subject, act: Act) -> Option<&'static str> {
    match (subject, act) {
        (Subject::Summary, Act::Clear) => Some("an issue has a summary: Jira answers 400 to an empty one"),
        (Subject::Type, Act::Clear) => Some("an issue always has a type"),
        (Subject::Status, Act::Clear) => Some("an issue is always in a status of its workflow"),
        (Subject::Remaining, Act::Clear) => Some("Jira counts no estimate as one of no time"),
        (Subject::SubTask, Act::Clear) => Some("a sub-task is never without a parent"),
        (Subject::Conversion, Act::Edit) => Some("an issue is a sub-task or it is none"),
        (Subject::Conversion, Act::Forbidden) => Some("nobody may convert an issue over REST, whatever they may else"),
        (Subject::Votes, Act::Conflict) => Some(READ_VOTES),
        (Subject::Project, Act::Clear) => Some("an issue is always in a project"),
        (Subject::Project, Act::Conflict) => Some("no edit over REST moves an issue, so its project is only read"),
        _ => None,
    }
}

/// Why the votes of two sides do not meet.
const READ_VOTES: &str = "one votes for oneself (`POST votes` takes no user), so a count is only read";

/// What is done in the browser, since no REST call does it: it is told there, and made good by whoever does it.
fn asks_for_hands(subject: Subject, act: Act, columns: &[usize]) -> Option<&'static str> {
    match (subject, act) {
        (Subject::SubTask, Act::Edit | Act::Conflict | Act::Forbidden) if columns.contains(&1) => {
            Some("Data Center takes a parent at creation alone: its REST API gives a sub-task no other one")
        }
        (Subject::Conversion, Act::Set | Act::Conflict | Act::Clear) => {
            Some("no REST call makes a sub-task of an issue, or an issue of a sub-task")
        }
        (Subject::Resolution, Act::Edit | Act::Conflict) => {
            Some("only a transition sets a resolution, and none is due where the status is the same")
        }
        (Subject::Version | Subject::Component, Act::Clear) => Some(
            "a deletion rewrites the issues of its project (`removeAndSwap`, `moveIssuesTo`), so nobody's is carried",
        ),
        (Subject::Level, Act::Conflict) => Some(
            "a security level says whom its own Jira shows an issue to (404 for everybody else): what people of another side than home \
             set keeps their issue apart until they take it away",
        ),
        _ => None,
    }
}

const TOKEN: &str = "Item";

/// One direction on its way.
struct Run<'a> {
    world: &'a World,
    direction: &'a Direction,
    rows: Vec<Subject>,
    found: &'a mut BTreeMap<(Subject, Act), Result<(), String>>,
}

impl Run<'_> {
    fn others(&self) -> Vec<usize> {
        self.direction.columns.iter().copied().filter(|column| *column != self.direction.from).collect()
    }

    fn view(&self, column: usize) -> IssueView {
        find(self.world, SIDES[column].jira, TOKEN).unwrap_or_else(|| panic!("no item at {}", SIDES[column].jira))
    }

    fn shown(&self, subject: Subject, column: usize) -> String {
        if BESIDE.contains(&subject) {
            return entities_beside::shown(subject, self.world, column, self.direction.from);
        }
        if let Subject::Told(row) = subject {
            return entities_told::shown(row, self.world, column, self.direction.from);
        }
        subject.shown(self.world, column, &self.view(column))
    }

    /// What no REST call does must be told; then people do it in the browser, as it is at the side `like`.
    async fn by_hand(&mut self, act: Act, rows: &[Subject], like: usize) {
        let mut done = false;
        for subject in rows {
            if asks_for_hands(*subject, act, self.direction.columns).is_none() {
                continue;
            }
            let wanted = self.shown(*subject, like);
            let problems = self.world.daemon().store().problems(1_000).await.unwrap();
            for column in self.direction.columns.iter().copied() {
                if self.shown(*subject, column) == wanted {
                    continue;
                }
                let told = problems.iter().any(|stored| subject.is_meant(&format!("{:?}", stored.problem)));
                let place = self.place(column);
                let hand = entities_beside::by_hand(*subject, &place, like, self.direction.from);
                drop(place);
                let result =
                    if told { hand.map_err(|refusal| format!("{refusal:?}")) } else { Err("nothing is told".into()) };
                self.note(*subject, act, result);
                done = true;
            }
        }
        if done {
            self.come_to_rest().await;
        }
    }

    fn place(&self, column: usize) -> Place<'_> {
        Place::new(self.world, column, TOKEN)
    }

    fn note(&mut self, subject: Subject, act: Act, result: Result<(), String>) {
        let known = self.found.entry((subject, act)).or_insert(Ok(()));
        if known.is_ok() {
            *known = result;
        }
    }

    /// Does something for each row that knows the act, and comes to rest.
    fn each(&mut self, act: Act, column: usize, rows: &[Subject], number: Option<usize>) {
        for subject in rows.iter().filter(|subject| impossible(**subject, act).is_none()) {
            let place = self.place(column);
            let done = number.map_or_else(|| subject.take(&place), |number| subject.put(&place, number));
            drop(place);
            self.note(*subject, act, done.map_err(|refusal| format!("{}: {refusal:?}", SIDES[column].jira)));
        }
    }

    async fn rest(&self) {
        self.come_to_rest().await;
        self.world.daemon().engine().sweep(None).await.unwrap();
        self.come_to_rest().await;
    }

    async fn come_to_rest(&self) {
        // What is linked to is deleted on the way.
        let rested = if self.rows.contains(&Subject::Told(Told::WayBack)) {
            self.world.rest_beside_what_is_gone().await
        } else {
            self.world.rest().await
        };
        rested.unwrap();
    }

    /// Whether all sides show the same.
    fn equal(&mut self, act: Act, rows: &[Subject], wants: impl Fn(Subject, &str) -> Result<(), String>) {
        for subject in rows.iter().filter(|subject| impossible(**subject, act).is_none()) {
            let here = self.shown(*subject, self.direction.from);
            let mut result = wants(*subject, &here);
            for column in self.others() {
                let there = self.shown(*subject, column);
                if here != there {
                    result = Err(format!("`{here}`, at {} `{there}`", SIDES[column].jira));
                }
            }
            self.note(*subject, act, result);
        }
    }

    async fn run(&mut self) {
        let (rows, from) = (self.rows.clone(), self.direction.from);
        self.each(Act::Set, from, &rows, Some(0));
        self.rest().await;
        self.by_hand(Act::Set, &rows, from).await;
        self.equal(Act::Set, &rows, |_, here| if here.is_empty() { Err("nothing is shown".into()) } else { Ok(()) });
        let before: BTreeMap<Subject, String> = rows.iter().map(|row| (*row, self.shown(*row, from))).collect();
        self.each(Act::Edit, from, &rows, Some(1));
        self.rest().await;
        self.by_hand(Act::Edit, &rows, from).await;
        self.equal(
            Act::Edit,
            &rows,
            |row, here| {
                if before[&row] == here { Err("it is as before".into()) } else { Ok(()) }
            },
        );
        self.conflict(&rows).await;
        self.forbidden(&rows).await;
        self.each(Act::Clear, from, &rows, None);
        // What was put beside it on another side is that side's to take away.
        let beside = [Subject::File, Subject::FarLink, Subject::Told(Told::Note)];
        let beside = beside.into_iter().filter(|row| rows.contains(row)).collect::<Vec<_>>();
        for column in self.others() {
            self.each(Act::Clear, column, &beside, None);
        }
        self.rest().await;
        self.by_hand(Act::Clear, &rows, from).await;
        self.equal(
            Act::Clear,
            &rows,
            |_, here| if here.is_empty() { Ok(()) } else { Err(format!("`{here}` is left")) },
        );
    }

    /// The security levels of the side that is home, which nothing else goes beside.
    async fn levels(&mut self) {
        let (rows, from) = ([Subject::Level], self.direction.from);
        self.each(Act::Set, from, &rows, Some(0));
        self.rest().await;
        self.equal(Act::Set, &rows, |_, here| if here.is_empty() { Err("nothing is shown".into()) } else { Ok(()) });
        let before: BTreeMap<Subject, String> = rows.iter().map(|row| (*row, self.shown(*row, from))).collect();
        self.each(Act::Edit, from, &rows, Some(1));
        self.rest().await;
        self.equal(
            Act::Edit,
            &rows,
            |row, here| if before[&row] == here { Err("it is as before".into()) } else { Ok(()) },
        );
        self.levels_meet(&rows).await;
        self.forbid(&["SET_ISSUE_SECURITY"], &[]);
        let written = self.waits(&rows, 1).await;
        self.allow(&["SET_ISSUE_SECURITY"]);
        self.world.pass(7_200).await;
        self.rest().await;
        self.arrived(&rows, &written);
        self.each(Act::Clear, from, &rows, None);
        self.rest().await;
        self.equal(
            Act::Clear,
            &rows,
            |_, here| if here.is_empty() { Ok(()) } else { Err(format!("`{here}` is left")) },
        );
    }

    /// Home's level becomes another one, and somebody elsewhere sets their own within the same poll: theirs is let be and told, until they
    /// take it away.
    async fn levels_meet(&mut self, rows: &[Subject]) {
        let (row, other) = (Subject::Level, *self.others().last().unwrap());
        self.each(Act::Conflict, self.direction.from, rows, Some(2));
        self.world.pass(3).await;
        self.each(Act::Conflict, other, rows, Some(3));
        let own = self.shown(row, other);
        self.rest().await;
        let (told, now) = (self.is_told(row, other).await, self.shown(row, other));
        let result = if told && now == own { Ok(()) } else { Err(format!("told: {told}; `{own}` became `{now}`")) };
        self.note(row, Act::Conflict, result);
        self.each(Act::Conflict, other, rows, None);
        self.rest().await;
        if self.is_told(row, other).await {
            self.note(row, Act::Conflict, Err("it is told still".into()));
        }
        self.equal(
            Act::Conflict,
            rows,
            |_, here| if here.is_empty() { Err("nothing is shown".into()) } else { Ok(()) },
        );
    }

    /// Whether a problem of a side is about a row.
    async fn is_told(&self, subject: Subject, column: usize) -> bool {
        let problems = self.world.daemon().store().problems(1_000).await.unwrap();
        let mut here = problems.iter().filter(|stored| stored.problem.side.as_str() == SIDES[column].jira);
        here.any(|stored| subject.is_meant(&format!("{:?}", stored.problem)))
    }

    /// What somebody wrote over a composed value stays and is told, unless it was composed anew after them; the next change of what it is
    /// composed of does that.
    async fn compose_anew(&mut self, other: usize) {
        let row = Subject::Told(Told::Composed);
        if self.shown(row, other) == self.shown(row, self.direction.from) {
            return;
        }
        let told = self.is_told(row, other).await;
        self.note(row, Act::Conflict, if told { Ok(()) } else { Err("nothing is told".into()) });
        self.each(Act::Conflict, self.direction.from, &[row], Some(5));
        self.rest().await;
    }

    /// Another value on two sides within one poll: the later one stands, or both where they can.
    async fn conflict(&mut self, rows: &[Subject]) {
        let other = *self.others().last().unwrap();
        self.each(Act::Conflict, self.direction.from, rows, Some(2));
        let first: BTreeMap<Subject, String> =
            rows.iter().map(|row| (*row, self.shown(*row, self.direction.from))).collect();
        self.world.pass(3).await;
        self.each(Act::Conflict, other, rows, Some(3));
        let later: BTreeMap<Subject, String> = rows.iter().map(|row| (*row, self.shown(*row, other))).collect();
        self.rest().await;
        self.by_hand(Act::Conflict, rows, other).await;
        if rows.contains(&Subject::Told(Told::Composed)) {
            self.compose_anew(other).await;
        }
        let first_in_order = self.direction.from.min(other) == self.direction.from;
        self.equal(Act::Conflict, rows, |row, here| {
            let parts = |text: &str| text.split(&[' ', '|', ',']).map(str::to_owned).collect::<BTreeSet<String>>();
            let stands = if let Subject::Told(Told::Composed) = row {
                later[&row] != here
            } else if let Subject::Told(Told::WayBack) = row {
                LINKED[2..4].iter().all(|token| here.contains(*token))
            } else if matches!(row, Subject::Comment | Subject::Work | Subject::Told(Told::Restricted | Told::Internal))
            {
                // What somebody writes into a copy yields to the original, and is kept.
                first[&row] == here
            } else if matches!(row, Subject::Version | Subject::Component) {
                // Jira says of no version when it was changed.
                (if first_in_order { &first } else { &later })[&row] == here
            } else if row.is_set() {
                parts(&first[&row]).union(&parts(&later[&row])).all(|part| parts(here).contains(part))
            } else {
                later[&row] == here
            };
            let told = format!("`{}`, then `{}` became `{here}`", first[&row], later[&row]);
            if stands { Ok(()) } else { Err(told) }
        });
    }

    /// The sync user may not write it for a while: it is told, it waits, and the rest goes on.
    async fn forbidden(&mut self, rows: &[Subject]) {
        // On Cloud the parent is on no screen: only the right to edit stands before it. So it is with what the issue cannot be without.
        let mut whole = vec![Subject::Type, Subject::Summary, Subject::Epic, Subject::SubTask];
        whole.retain(|row| rows.contains(row));
        let is_part = |row: &Subject| !whole.contains(row) && impossible(*row, Act::Forbidden).is_none();
        let parts: Vec<Subject> = rows.iter().copied().filter(is_part).collect();
        self.forbid(&PARTS, &["summary"]);
        let mut written = self.waits(&parts, 4).await;
        self.each(Act::Forbidden, self.direction.from, &[Subject::Summary], Some(4));
        let summary = (Subject::Summary, self.shown(Subject::Summary, self.direction.from));
        self.world.intervals(3).await;
        self.arrived(&[Subject::Summary], &[summary].into());
        self.allow(&PARTS);
        // What was refused is tried again ever more seldom.
        self.world.pass(7_200).await;
        self.rest().await;
        self.forbid(&["EDIT_ISSUES"], &[]);
        written.extend(self.waits(&whole, 5).await);
        self.allow(&["EDIT_ISSUES"]);
        self.world.pass(7_200).await;
        self.rest().await;
        self.by_hand(Act::Forbidden, rows, self.direction.from).await;
        self.arrived(rows, &written);
    }

    /// Only people may do these things on the other sides, and only these fields are on their screens.
    fn forbid(&self, rights: &[&str], screen: &[&str]) {
        for column in self.others() {
            let (jira, side) = (self.world.jira(SIDES[column].jira), &SIDES[column]);
            let people = side.people.map(|name| Holder::User(self.world.person(side.jira, name).id().to_owned()));
            rights.iter().for_each(|right| jira.set_permission(side.project, right, &people));
            jira.set_screen(side.project, screen);
        }
    }

    fn allow(&self, rights: &[&str]) {
        for column in self.others() {
            let (jira, project) = (self.world.jira(SIDES[column].jira), SIDES[column].project);
            for right in rights {
                let role = Holder::Role("Administrators".to_owned());
                let holder = if right.contains("_ALL_") { role } else { Holder::LoggedIn };
                jira.set_permission(project, right, &[holder]);
            }
            jira.set_screen(project, &[]);
        }
    }

    /// What is done now is written nowhere, and that is told. Gives what its author shows.
    async fn waits(&mut self, rows: &[Subject], number: usize) -> BTreeMap<Subject, String> {
        let others = self.others();
        let cells = || others.iter().flat_map(|column| rows.iter().map(move |row| (*column, *row)));
        let before: BTreeMap<(usize, Subject), String> =
            cells().map(|cell| (cell, self.shown(cell.1, cell.0))).collect();
        let stood = self.told().await;
        self.each(Act::Forbidden, self.direction.from, rows, Some(number));
        // Where a link leads to is shown once there is something, on all sides.
        let shown = rows.iter().filter(|row| **row != Subject::Told(Told::WayBack));
        let written = shown.map(|row| (*row, self.shown(*row, self.direction.from))).collect();
        self.world.intervals(6).await;
        // What stood there before tells nothing of this.
        let mut problems = self.world.daemon().store().problems(1_000).await.unwrap();
        problems.retain(|stored| !stood.contains(&format!("{:?}", stored.problem)));
        for (column, subject) in cells().collect::<Vec<_>>() {
            let jira = SIDES[column].jira;
            let mut here = problems.iter().filter(|stored| stored.problem.side.as_str() == jira);
            let told = here.any(|stored| subject.is_meant(&format!("{:?}", stored.problem)));
            let unwritten = self.shown(subject, column) == before[&(column, subject)];
            let what = if unwritten { "nothing is told" } else { "it was written all the same" };
            let said = || problems.iter().map(|stored| format!("{}: {}", stored.problem.side, stored.problem.what));
            let result = if told && unwritten {
                Ok(())
            } else {
                Err(format!("{jira}: {what}; told is {:?}", said().collect::<Vec<_>>()))
            };
            self.note(subject, Act::Forbidden, result);
        }
        written
    }

    /// The problems that are told now, each in full.
    async fn told(&self) -> BTreeSet<String> {
        let problems = self.world.daemon().store().problems(1_000).await.unwrap();
        problems.iter().map(|stored| format!("{:?}", stored.problem)).collect()
    }

    /// Whether all sides show what was written while it could not be carried: what was tried again is not what stood before.
    fn arrived(&mut self, rows: &[Subject], written: &BTreeMap<Subject, String>) {
        self.equal(Act::Forbidden, rows, |row, here| match written.get(&row) {
            Some(wanted) if wanted != here => Err(format!("`{wanted}` became `{here}`")),
            Some(_) | None => Ok(()),
        });
    }
}

/// The rights that each stand before one kind of thing.
const PARTS: [&str; 11] = [
    "ADMINISTER_PROJECTS",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "CREATE_ATTACHMENTS",
    "WORK_ON_ISSUES",
    "EDIT_OWN_WORKLOGS",
    "EDIT_ALL_WORKLOGS",
    "LINK_ISSUES",
    "MANAGE_WATCHERS",
];

/// What each row came to, by direction.
async fn tried() -> BTreeMap<(Subject, Act, usize), Result<(), String>> {
    let mut all_found = BTreeMap::new();
    for (place, direction) in DIRECTIONS.iter().enumerate() {
        let mut found = BTreeMap::new();
        let mut world = world_of(direction.columns);
        world.start().await;
        make(&world, direction.from, TOKEN);
        world.rest().await.unwrap();
        Run { world: &world, direction, rows: all(), found: &mut found }.run().await;
        let mut world = world_beside(direction.columns, direction.from);
        world.start().await;
        entities_beside::make(&world, direction.from);
        world.rest().await.unwrap();
        Run { world: &world, direction, rows: BESIDE.to_vec(), found: &mut found }.run().await;
        let mut world = world_told(direction.columns, direction.from);
        world.start().await;
        entities_told::make(&world, direction.from);
        world.rest().await.unwrap();
        Run { world: &world, direction, rows: TOLD.to_vec(), found: &mut found }.run().await;
        // Only home's level is carried: whoever sets it is home.
        let mut world = world_of_levels(direction.columns, direction.from);
        world.start().await;
        make(&world, direction.from, TOKEN);
        world.rest().await.unwrap();
        Run { world: &world, direction, rows: vec![Subject::Level], found: &mut found }.levels().await;
        all_found.extend(found.into_iter().map(|((subject, act), result)| ((subject, act, place), result)));
    }
    all_found
}

#[tokio::test(start_paused = true)]
async fn every_field_and_entity_goes_every_way_through_every_act() {
    let found = tried().await;
    let wrong: Vec<String> = found
        .iter()
        .filter_map(|((subject, act, place), result)| {
            let why = result.as_ref().err()?;
            Some(format!("{} ({}), {act:?}: {why}", subject.title(), DIRECTIONS[*place].name))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), found.len(), wrong.join("\n"));
    assert!(found.len() > 900, "only {} cells", found.len());
    let made = table(&found);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/entities.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "UPDATE=1 writes the table anew");
}

/// The page: per row how many of the acts passed in each direction, and in how many directions each act.
fn table(found: &BTreeMap<(Subject, Act, usize), Result<(), String>>) -> String {
    let mut page = HEAD.to_owned();
    let heads: Vec<&str> =
        DIRECTIONS.iter().map(|direction| direction.name).chain(ACTS.map(|(_, name)| name)).collect();
    page += &format!("| what | {} |\n| --- |{}\n", heads.join(" | "), " ---: |".repeat(heads.len()));
    let mut notes: Vec<&str> = Vec::new();
    for subject in all().into_iter().chain([Subject::Level]).chain(BESIDE).chain(TOLD) {
        let passed = |wanted: &dyn Fn(Act, usize) -> bool| {
            let cells = found.iter().filter(|((row, act, place), _)| *row == subject && wanted(*act, *place));
            let cells: Vec<bool> = cells.map(|(_, result)| result.is_ok()).collect();
            (cells.iter().filter(|ok| **ok).count(), cells.len())
        };
        let mut cells: Vec<String> = Vec::new();
        let mut noted = |why: &'static str| {
            let known = notes.iter().position(|note| *note == why);
            let number = known.unwrap_or_else(|| {
                notes.push(why);
                notes.len() - 1
            });
            format!("({})", number + 1)
        };
        let mut cell =
            |why: Option<&'static str>, hands: Option<&'static str>, (good, all): (usize, usize)| match (why, hands) {
                (Some(why), _) => noted(why),
                (None, Some(hands)) => format!("{good} of {all} {}", noted(hands)),
                (None, None) => format!("{good} of {all}"),
            };
        for place in 0..DIRECTIONS.len() {
            cells.push(cell(None, None, passed(&|_, there| there == place)));
        }
        for (act, _) in ACTS {
            cells.push(cell(
                impossible(subject, act),
                asks_for_hands(subject, act, &[0, 1, 2]),
                passed(&|done, _| done == act),
            ));
        }
        page += &format!("| {} | {} |\n", subject.title(), cells.join(" | "));
    }
    let good = found.values().filter(|result| result.is_ok()).count();
    page += &format!("\n{good} of {} passed. What Jira does not know:\n\n", found.len());
    for (number, note) in notes.iter().enumerate() {
        page += &format!("{}. {note}.\n", number + 1);
    }
    page
}

const HEAD: &str = "# What is carried, tried out

Made by a test (`tests/it/entities.rs`) from its own run against simulated Jiras: every field type and every entity, in each
direction, through each act. `UPDATE=1` writes it anew, and the test fails where this page is not what it found.

- *set*: one side gets a value or thing that it did not have; the others show the same.
- *edit*: another value, or one more of what comes in sets.
- *conflict*: both sides change it within one poll. The later value stands, or both where they stand side by side; what somebody
  wrote into a copy of a comment or worklog yields to the original; what somebody wrote over a composed field is told, and yields to the
  next change of what it is composed of. Jira does not tell when a version or component was changed: of two changes the one of the first
  side stands, and the other is told.
- *clear or delete*: it is taken away; the others show nothing of it.
- *permission missing*: the sync user may not write it, or it is on no screen: nothing of it is written, a problem names it, all
  else goes on, and it arrives once it is allowed.

A number behind a count says what no REST call does, or what is for the people there to do: it is told as a problem, and it passed if that
is so, and if all show the same once somebody did it in the browser.

Security levels are tried with each side as home, since only home's are carried. The links lead to the counterparts of an issue that is new
(*set*, *edit*, *permission missing*), of two that are made on two sides at once (*conflict*), and of one that is deleted (*clear or delete*,
with `life.deleted = \"unlink\"`). A priority and a reporter are cleared as a field configuration allows that requires neither.

Each row has fields of one type on all sides. What crosses between types is tried in `tests/it/daemon_composed.rs`, between Cloud and
Data Center and between two Clouds: set, edited on either side where the type can come back, cleared, and what the other type cannot hold.

";
