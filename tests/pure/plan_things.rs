//! Versions and components taken in and planned, by `plan` alone: what no simulated Jira does. Must never send anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jirasyncd::model::ids::{SideId, ThingId};
use jirasyncd::model::operation::Thing;
use jirasyncd::model::settings::{ConflictPolicy, SyncSettings};
use jirasyncd::model::things::{ProjectThing, Property, SeenThing, ThingSettings};
use jirasyncd::plan::{
    ThingRules, ThingsSeen, called, mark_done, mark_sent, render_things, take_in, take_made, thing_writes,
};

use super::plan_world;

/// Home and two partners that do not see each other.
fn three() -> SyncSettings {
    let sides = ["acme", "globex", "initech"].map(SideId::new);
    let mut sync = plan_world::settings(&sides, ConflictPolicy::Newest);
    for (at, partner) in sides.iter().enumerate().skip(1) {
        sync.sides[at].sees = BTreeSet::from([sides[0].clone(), partner.clone()]);
    }
    let everybody: BTreeSet<SideId> = sides.into_iter().collect();
    let carry = BTreeSet::from([Property::Description]);
    let things = ThingSettings { from: everybody.clone(), to: everybody, carry, every: Duration::from_secs(300) };
    sync.things.insert(Thing::Component, things);
    sync
}

fn seen(native: &str, name: &str) -> SeenThing {
    SeenThing { native: native.to_owned(), values: [(Property::Name, name.to_owned())].into() }
}

/// The same with a description.
fn said(native: &str, name: &str, words: &str) -> SeenThing {
    let mut thing = seen(native, name);
    thing.values.insert(Property::Description, words.to_owned());
    thing
}

struct Looks<'a> {
    rules: ThingRules<'a>,
    things: Vec<ProjectThing>,
    now: Timestamp,
    ids: u128,
}

impl Looks<'_> {
    /// Takes the lists in, an hour after those before; says what is to be written then, each as its side and name.
    fn look(&mut self, lists: [&[SeenThing]; 3]) -> Vec<(String, String)> {
        self.now += SignedDuration::from_hours(1);
        let sides = ["acme", "globex", "initech"].map(SideId::new);
        let lists = sides.iter().cloned().zip(lists.map(<[SeenThing]>::to_vec)).collect();
        let settle = sides.into_iter().map(|side| (side, SignedDuration::from_secs(60))).collect();
        let made = BTreeMap::new();
        let seen = ThingsSeen { lists: &lists, made: &made, settle: &settle, now: self.now };
        let ids = &mut self.ids;
        self.things = take_in(self.rules, &self.things, &seen, &mut || {
            *ids += 1;
            ThingId(*ids)
        });
        let writes = thing_writes(self.rules, &self.things, &self.read());
        let name = |values: &BTreeMap<Property, (String, _)>| {
            values.get(&Property::Name).map_or_else(String::new, |(name, _): &(String, _)| name.clone())
        };
        writes.iter().map(|write| (write.side.to_string(), name(&write.values))).collect()
    }

    fn read(&self) -> BTreeSet<SideId> {
        self.rules.settings.sides().cloned().collect()
    }

    /// Sends all that is due. `id`: under which Jira makes it; `None`: it makes it and does not answer.
    fn send(&mut self, id: Option<&str>) {
        for write in thing_writes(self.rules, &self.things, &self.read()) {
            let thing = self.things.iter_mut().find(|thing| thing.id == write.id).unwrap();
            mark_sent(thing, &write, self.now);
            if let Some(id) = id {
                let answer = SeenThing { native: id.to_owned(), values: write.plain() };
                mark_done(self.rules, thing, &write, Some(&answer), self.now);
            }
        }
    }
}

/// A Jira that was restored from a backup gives ids again that what was made since then had (reliability.md, row 107). What a partner
/// named is made at home under such an id: it is no rename of what had that id before, and reaches no other partner.
#[test]
fn an_id_that_is_given_again_makes_no_rename_of_what_a_partner_named() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    for (seen_gone, answered) in [(true, true), (true, false), (false, true), (false, false)] {
        let case = format!("seen gone: {seen_gone}, answered: {answered}");
        let rules = ThingRules { sync, thing: Thing::Component, settings };
        let now: Timestamp = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        let (home, globexs, initechs) = (seen("7", "Home"), seen("1", "Home"), seen("2", "canary-initech"));
        let due = looks.look([std::slice::from_ref(&home), &[], &[]]);
        assert_eq!(due.len(), 2, "{case}: {due:?}");
        looks.send(Some("1"));
        let both = std::slice::from_ref(&globexs);
        assert_eq!(looks.look([std::slice::from_ref(&home), both, &[seen("1", "Home")]]), [], "{case}");
        // Home's is gone, and a partner makes another.
        let at_initech = [seen("1", "Home"), initechs];
        if seen_gone {
            for _ in 0..2 {
                looks.look([&[], both, &[seen("1", "Home")]]);
            }
            assert_eq!(
                looks.look([&[], both, &at_initech]),
                [("acme".to_owned(), "canary-initech".to_owned())],
                "{case}"
            );
        } else {
            let due = looks.look([std::slice::from_ref(&home), both, &at_initech]);
            assert_eq!(due, [("acme".to_owned(), "canary-initech".to_owned())], "{case}");
        }
        looks.send(answered.then_some("7"));
        for _ in 0..3 {
            let due = looks.look([&[seen("7", "canary-initech")], both, &at_initech]);
            assert_eq!(due, [], "{case}");
        }
        // It is initech's from then on, also where it is renamed, and home's own is not made again.
        let renamed = looks.look([&[seen("7", "canary-home")], both, &at_initech]);
        assert_eq!(renamed, [("initech".to_owned(), "canary-home".to_owned())], "{case}");
    }
}

/// What a partner called home's thing was sent to home, nobody answered, and home could not be read until long after no write lands any
/// more: it is ours still, and no word of home's people that the other partner is to hear. Once home was seen without it, the same name is
/// people's.
#[test]
fn a_name_that_was_sent_and_is_first_seen_long_after_goes_to_nobody_else() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let rules = ThingRules { sync, thing: Thing::Component, settings };
    for seen_without in [false, true] {
        let now: Timestamp = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        let (home, partners) = (seen("7", "Home"), seen("1", "Home"));
        looks.look([std::slice::from_ref(&home), &[], &[]]);
        looks.send(Some("1"));
        let both = std::slice::from_ref(&partners);
        assert_eq!(looks.look([std::slice::from_ref(&home), both, both]), []);
        let renamed = seen("1", "canary-initech");
        let initechs = std::slice::from_ref(&renamed);
        let due = looks.look([std::slice::from_ref(&home), both, initechs]);
        assert_eq!(due, [("acme".to_owned(), "canary-initech".to_owned())]);
        looks.send(None);
        if seen_without {
            // It is sent again, and was so once more before somebody there renamed it.
            assert_eq!(looks.look([std::slice::from_ref(&home), both, initechs]).len(), 1);
        }
        let due = looks.look([&[seen("7", "canary-initech")], both, initechs]);
        let heard = [("globex".to_owned(), "canary-initech".to_owned())];
        assert_eq!(due, if seen_without { &heard[..] } else { &[] }, "seen without it: {seen_without}");
    }
}

/// Two that were sent without an answer and say the same but for their names: each is the one of its name, and none takes the other's;
/// nor is one that was renamed since told from another that is like it.
#[test]
fn what_was_sent_without_an_answer_is_no_other_that_was() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let said = |native: &str, name: &str| said(native, name, "The same");
    let begin = || Looks {
        rules: ThingRules { sync, thing: Thing::Component, settings },
        things: Vec::new(),
        now: "2026-11-27T08:00:00Z".parse().unwrap(),
        ids: 0,
    };
    let at_globex = |looks: &Looks<'_>| -> Vec<(String, Option<String>)> {
        let held = looks.things.iter().map(|thing| {
            let replica = thing.replicas.get(&SideId::new("globex"));
            (thing.word.clone(), replica.and_then(|replica| replica.native.clone()))
        });
        held.collect()
    };
    let ours = [said("1", "A"), said("2", "B")];
    for landed in [[said("7", "A")].as_slice(), &[said("7", "B")], &[said("7", "A"), said("8", "B")]] {
        let mut looks = begin();
        looks.look([&ours, &[], &[]]);
        looks.send(None);
        looks.look([&ours, landed, &[]]);
        let found: Vec<_> = at_globex(&looks).into_iter().filter_map(|(word, native)| Some((word, native?))).collect();
        let wanted: Vec<_> =
            landed.iter().map(|one| (one.value(Property::Name).to_owned(), one.native.clone())).collect();
        assert_eq!(found, wanted, "{landed:?}");
    }
    // Renamed meanwhile: of two alike nobody can say which, of one it is clear.
    let mut looks = begin();
    looks.look([&ours, &[], &[]]);
    looks.send(None);
    looks.look([&ours, &[said("7", "C")], &[]]);
    assert!(at_globex(&looks).iter().all(|(word, native)| native.is_none() || word == "C"), "{:?}", at_globex(&looks));
    let mut looks = begin();
    looks.look([&ours[..1], &[], &[]]);
    looks.send(None);
    looks.look([&ours[..1], &[said("7", "C")], &[]]);
    assert_eq!(at_globex(&looks), [("A".to_owned(), Some("7".to_owned()))]);
}

/// One was sent to a partner without an answer, and renamed at home; another one got its name and was sent there, too, and landed. It is the one
/// that says what was sent with it: the first does not take its words, and is made by its own name.
#[test]
fn of_two_that_were_sent_by_one_name_each_is_what_it_says() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let rules = ThingRules { sync, thing: Thing::Component, settings };
    let mut looks = Looks { rules, things: Vec::new(), now: "2026-11-27T08:00:00Z".parse().unwrap(), ids: 0 };
    looks.look([&[said("1", "A", "The first")], &[], &[]]);
    looks.send(None);
    let home = [said("1", "B", "The first"), said("2", "A", "The second")];
    looks.now -= SignedDuration::from_hours(1);
    looks.look([&home, &[], &[]]);
    looks.send(None);
    looks.now -= SignedDuration::from_hours(1);
    let due = looks.look([&home, &[said("7", "A", "The second")], &[]]);
    let at_globex = looks.things.iter().map(|thing| thing.replicas[&SideId::new("globex")].native.as_deref());
    assert_eq!(at_globex.collect::<Vec<_>>(), [None, Some("7")], "{due:?}");
    assert!(due.iter().all(|(side, _)| side != "acme"), "home's stay as they are: {due:?}");
}

/// Home's was sent to a partner without an answer, and renamed meanwhile: it may land yet by the name that was sent, so none is made for an issue
/// by the other one. Once it cannot land any more it is made.
#[test]
fn no_second_one_is_made_by_a_new_name_while_what_was_sent_may_land() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let rules = ThingRules { sync, thing: Thing::Component, settings };
    let mut looks = Looks { rules, things: Vec::new(), now: "2026-11-27T08:00:00Z".parse().unwrap(), ids: 0 };
    looks.look([&[said("1", "A", "Words")], &[], &[]]);
    looks.send(None);
    let (home, initech) = ([said("1", "C", "Words")], [said("7", "A", "Words")]);
    let names = |looks: &Looks<'_>| -> Vec<Option<String>> {
        let called = called(looks.rules, &looks.things);
        called.values().flat_map(|called| called.by_word.values().cloned()).collect()
    };
    looks.now -= SignedDuration::from_hours(1);
    assert_eq!(looks.look([&home, &[], &initech]), [("initech".to_owned(), "C".to_owned())]);
    assert_eq!(names(&looks), [Some("C".to_owned()), None, Some("A".to_owned())]);
    let due = looks.look([&home, &[], &initech]);
    assert_eq!(due, ["initech", "globex"].map(|side| (side.to_owned(), "C".to_owned())));
    assert_eq!(names(&looks), [Some("C".to_owned()), Some("C".to_owned()), Some("A".to_owned())]);
    // By the name that was sent it may be made: Jira takes no second one.
    looks.send(None);
    looks.now -= SignedDuration::from_hours(1);
    looks.look([&home, &[], &initech]);
    assert_eq!(names(&looks)[1], Some("C".to_owned()));
}

/// Home's was sent to a partner without an answer, and never arrived; one of that name is made there meanwhile, for an issue or by
/// hand, that says nothing. It is the one, and gets home's words: nobody took them away. It may be renamed before the lists are read, too,
/// where it is known what was made for the issue; and what was sent first is one too many if it lands then.
#[test]
fn what_was_made_by_the_name_of_one_in_doubt_is_filled_in_and_emptied_by_nobody() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let home = said("1", "A", "Words");
    let globex = SideId::new("globex");
    let begin = || {
        let rules = ThingRules { sync, thing: Thing::Component, settings };
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        looks.look([std::slice::from_ref(&home), &[], &[]]);
        looks.send(None);
        looks
    };
    let at_initech = said("2", "A", "Words");
    let sides = |one: SeenThing| [vec![home.clone()], vec![one], vec![at_initech.clone()]];
    let words = |looks: &Looks<'_>| -> Vec<(String, BTreeMap<Property, String>)> {
        let writes = thing_writes(looks.rules, &looks.things, &looks.read());
        writes.iter().map(|write| (write.side.to_string(), write.plain())).collect()
    };
    let filled = || ("globex".to_owned(), BTreeMap::from([(Property::Description, "Words".to_owned())]));
    for (there, due) in [
        (said("7", "A", "Words"), vec![]),
        (seen("7", "A"), vec![filled()]),
        // Whoever made it says something else: that is their word, as ever.
        (said("7", "A", "Theirs"), vec![("acme".to_owned(), [(Property::Description, "Theirs".to_owned())].into())]),
    ] {
        let mut looks = begin();
        let [home, there, initech] = sides(there);
        looks.look([&home, &there, &initech]);
        assert_eq!(words(&looks), due, "{there:?}");
    }
    // It was made for an issue, and that was answered.
    let mut looks = begin();
    let paired = take_made(looks.rules, &looks.things, &globex, (&seen("7", "A"), looks.now)).unwrap();
    assert_eq!(paired.id, looks.things[0].id);
    looks.things = vec![paired];
    let [home, there, initech] = sides(seen("7", "B"));
    looks.look([&home, &there, &initech]);
    let renamed = ("acme".to_owned(), BTreeMap::from([(Property::Name, "B".to_owned())]));
    assert_eq!(words(&looks), [renamed, filled()]);
    looks.send(Some("never"));
    let home = [said("1", "B", "Words")];
    looks.look([&home, &[said("7", "B", "Words"), said("8", "A", "Words")], &initech]);
    assert_eq!(words(&looks), []);
    assert_eq!(looks.things.iter().filter(|thing| thing.late).count(), 1);
}

/// What was sent without an answer was given up and sent again; then it is renamed where it was made, and one turns up there by the name
/// of before. It is what landed late if anything of it is as it was sent. Else people made it, and it crosses as theirs: but for those
/// who may not know whose name that was.
#[test]
fn one_by_a_name_that_was_given_up_is_peoples_where_nothing_else_is_as_it_was_sent() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    // The side where it is made, the one that does not answer, what is made, and what turns up; whether an earlier release gave it up.
    let cases = [
        (0, 1, "Words", said("8", "A", "Words"), false, true),
        (0, 1, "Words", said("8", "a", "Theirs"), false, false),
        (0, 1, "Words", seen("8", "A"), false, false),
        (0, 1, "Words", said("8", "A", "Theirs"), true, true),
        // It bears no mark: somebody may have described it.
        (0, 1, "", said("8", "A", "Theirs"), false, true),
        // Another partner would hear the name.
        (1, 0, "Words", said("8", "A", "Theirs"), false, true),
    ];
    // Nor does it count for how long nobody could look.
    let cases = [0, 30].into_iter().flat_map(|hours| cases.clone().map(|case| (hours, case)));
    for (hours, (from, to, words, turned_up, earlier, is_late)) in cases {
        let case = format!("{from} to {to}, `{words}`, {turned_up:?}, earlier: {earlier}, after {hours} hours");
        let rules = ThingRules { sync, thing: Thing::Component, settings };
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        let mut lists = [const { Vec::new() }; 3];
        lists[from] = vec![said("1", "A", words)];
        looks.look([&lists[0], &lists[1], &lists[2]]);
        looks.send(None);
        if from == 0 {
            lists[2] = vec![said("7", "A", words)];
        }
        let due = looks.look([&lists[0], &lists[1], &lists[2]]);
        assert_eq!(due.len(), 1, "{case}: {due:?}");
        looks.send(Some("7"));
        if earlier {
            looks.things.iter_mut().for_each(|thing| thing.given_up_as.clear());
        }
        let name = turned_up.value(Property::Name).to_owned();
        lists[to] = vec![said("7", "B", words), turned_up];
        looks.now += SignedDuration::from_hours(hours);
        let due = looks.look([&lists[0], &lists[1], &lists[2]]);
        let side = ["acme", "globex"][from].to_owned();
        let mut wanted = vec![(side.clone(), "B".to_owned())];
        wanted.extend((!is_late).then_some((side, name)));
        assert_eq!(due, wanted, "{case}");
        assert_eq!(looks.things.iter().any(|thing| thing.late), is_late, "{case}");
    }
}

/// What people do to one that was made without an answer, before the lists are read again. Its name or all else tells that it is the one; what
/// has neither is another one, and it is made again under its name.
#[test]
fn what_people_change_of_one_in_doubt_is_theirs_as_long_as_it_can_be_known() {
    let mut sync = three();
    let mut settings = sync.things.remove(&Thing::Component).unwrap();
    settings.carry.insert(Property::ReleaseDate);
    sync.things.insert(Thing::Version, settings);
    let sync = &sync;
    let rules = ThingRules { sync, thing: Thing::Version, settings: sync.things.get(&Thing::Version).unwrap() };
    let said = |native: &str, name: &str, words: &str, day: &str| {
        let mut thing = said(native, name, words);
        thing.values.insert(Property::ReleaseDate, day.to_owned());
        thing
    };
    let to =
        |side: &str, property: Property, value: &str| (side.to_owned(), BTreeMap::from([(property, value.to_owned())]));
    let home = said("1", "A", "Words", "2026-12-01");
    let whole = |side: &str, seen: &SeenThing| (side.to_owned(), seen.values.clone());
    let there = |name: &str, words: &str, day: &str| said("7", name, words, day);
    let changed = |name: &str, words: &str, day: &str| {
        let other = there(name, words, day);
        vec![whole("acme", &other), whole("globex", &home)]
    };
    let cases = [
        (there("A", "Words", "2026-12-01"), vec![]),
        (there("B", "Words", "2026-12-01"), vec![to("acme", Property::Name, "B")]),
        (there("A", "Theirs", "2026-12-01"), vec![to("acme", Property::Description, "Theirs")]),
        (there("A", "Words", "2026-12-24"), vec![to("acme", Property::ReleaseDate, "2026-12-24")]),
        (there("A", "", "2026-12-01"), vec![to("acme", Property::Description, "")]),
        // Nobody knows whether it ever said that.
        (
            there("A", "", ""),
            vec![("globex".to_owned(), {
                let mut values = home.values.clone();
                values.remove(&Property::Name);
                values
            })],
        ),
        (there("B", "Theirs", "2026-12-01"), changed("B", "Theirs", "2026-12-01")),
        (there("B", "Words", "2026-12-24"), changed("B", "Words", "2026-12-24")),
    ];
    for (there, due) in cases {
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        let at_initech = [said("2", "A", "Words", "2026-12-01")];
        looks.look([std::slice::from_ref(&home), &[], &at_initech]);
        looks.send(None);
        looks.look([std::slice::from_ref(&home), std::slice::from_ref(&there), &at_initech]);
        let writes = thing_writes(looks.rules, &looks.things, &looks.read());
        let mut writes: Vec<_> = writes.iter().map(|write| (write.side.to_string(), write.plain())).collect();
        writes.sort();
        assert_eq!(writes, due, "{there:?}");
    }
}

/// What others of the project say, too, does not tell one that was sent without an answer from one that people made: theirs is not taken
/// for it under another name. Where a partner would hear of it that does not see whose words it may hold, it is.
#[test]
fn what_others_say_too_makes_no_rename_of_what_people_made() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let due_where = |from: usize, to: usize, first: &str, globex: &str| {
        let rules = ThingRules { sync, thing: Thing::Component, settings };
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
        let before = [vec![said("1", "A", first)], vec![said("2", "A", globex)], vec![said("3", "A", first)]];
        let mut lists = before.clone();
        lists[from].push(said("5", "B", "As always"));
        looks.look([&before[0], &before[1], &before[2]]);
        looks.look([&lists[0], &lists[1], &lists[2]]);
        looks.send(None);
        lists[to].push(said("7", "C", "As always"));
        let mut due = looks.look([&lists[0], &lists[1], &lists[2]]);
        due.sort();
        due
    };
    let due = |from: usize, to: usize, first: &str| due_where(from, to, first, first);
    let wanted = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(side, name)| ((*side).to_owned(), (*name).to_owned())).collect()
    };
    // Home's, which both partners get: sent again to both, since nothing came of it; and home gets theirs.
    assert_eq!(due(0, 1, "As always"), wanted(&[("acme", "C"), ("globex", "B"), ("initech", "B")]));
    // It is renamed at home, and then at the other, which gets it under its first name until that stands at home.
    assert_eq!(due(0, 1, "Otherwise"), wanted(&[("acme", "C"), ("initech", "B")]));
    // A partner's, sent home, and the other partner says it, too: what home's people make is theirs.
    assert_eq!(due(2, 0, "As always"), wanted(&[("acme", "B"), ("globex", "C"), ("initech", "C")]));
    // Else that one hears nothing of what may be the partner's words.
    assert_eq!(due(2, 0, "Otherwise"), wanted(&[("initech", "C")]));
    assert_eq!(due_where(2, 0, "As always", "Never"), wanted(&[("globex", ""), ("initech", "C")]));
}

/// What is printed says what is made, and of what changes what it was.
#[test]
fn each_write_is_said_with_what_it_changes() {
    let sync = &three();
    let settings = sync.things.get(&Thing::Component).unwrap();
    let rules = ThingRules { sync, thing: Thing::Component, settings };
    let now = "2026-11-27T08:00:00Z".parse().unwrap();
    let mut looks = Looks { rules, things: Vec::new(), now, ids: 0 };
    let lines = |looks: &Looks<'_>| -> Vec<String> {
        let writes = thing_writes(looks.rules, &looks.things, &looks.read());
        render_things(&looks.things, &writes).iter().map(ToString::to_string).collect()
    };
    let (one, two) = (seen("1", "One"), seen("2", "Two"));
    looks.look([&[one.clone(), two.clone()], &[], &[]]);
    let made = lines(&looks);
    assert_eq!(made.len(), 4);
    assert!(made.contains(&"+ globex component `One` is made".to_owned()), "{made:?}");
    let there = [seen("1", "One"), seen("2", "Two")];
    looks.look([&there, &there, &there]);
    looks.look([&[one, seen("2", "Other")], &there, &there]);
    let renamed = lines(&looks);
    assert_eq!(renamed.len(), 2);
    assert!(renamed[0].starts_with("~ globex component `Two`: name \"Two\" -> \"Other\""), "{renamed:?}");
}
