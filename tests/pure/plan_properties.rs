//! What the planner must hold for two to six sides, whatever people and faults do (P1 to P11 and four more).
//! Each property is a function of a rig, so that `planted` can show that it catches bugs.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::hub::{Audience, Conflict};
use jirasyncd::model::ids::{FieldId, FieldName, SideId};
use jirasyncd::model::issue::{CommentSnapshot, NativeValue, Visibility};
use jirasyncd::model::operation::{Action, NativeWrite, Operation};
use jirasyncd::model::settings::{ConflictPolicy, SideEffects};
use jirasyncd::model::value::Value;
use jirasyncd::model::whose::Circle;
use jirasyncd::plan::{By, render};
use proptest::prelude::*;

use crate::plan_world::{FIELDS, Fate, MOST_SIDES, Revision, Rig, SOUND, STATUSES, World, settings, side};

/// One thing that happens to the world.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// A person edits a field.
    Edit { side: usize, field: usize, pick: usize },
    /// A person changes a choice and takes it back at once.
    Waver { side: usize, field: usize, pick: usize },
    /// Something changes a field as the sync user.
    Meddle { side: usize, field: usize, pick: usize },
    /// A person comments.
    Comment { side: usize, restricted: bool },
    /// Somebody changes, restricts or deletes a comment or a copy.
    Revise { side: usize, pick: usize, what: Revision },
    /// Somebody gives an issue a security level, or takes it away.
    Level { side: usize, restricted: bool },
    /// The daemon looks at some sides and writes.
    Cycle { mask: u8, fates: Vec<Fate> },
    /// Writes that were given up land.
    Land,
}

fn sides(count: usize) -> Vec<SideId> {
    (0..count).map(side).collect()
}

fn mask_of(world: &World, mask: u8) -> BTreeSet<SideId> {
    let order = world.everywhere();
    order.into_iter().enumerate().filter(|(index, _)| mask & (1 << index) != 0).map(|(_, side)| side).collect()
}

/// Does what a script says.
pub(crate) fn play(world: &mut World, count: usize, script: &[Move]) -> Result<(), String> {
    for step in script {
        match step {
            Move::Edit { side: at, field, pick } => {
                let (at, field) = (side(at % count), FIELDS[field % FIELDS.len()]);
                let value = world.value(&at, field, *pick);
                world.set(&at, field, value, By::Person);
            }
            Move::Waver { side: at, field, pick } => {
                let (at, field) = (side(at % count), ["priority", "status", "duedate"][field % 3]);
                let (before, value) = (world.held(&at, field), world.value(&at, field, *pick));
                if world.set(&at, field, value, By::Person) {
                    world.set(&at, field, before, By::Person);
                }
            }
            Move::Meddle { side: at, field, pick } => {
                let (at, field) = (side(at % count), ["priority", "status"][field % 2]);
                let value = world.value(&at, field, *pick);
                world.set(&at, field, value, By::SyncUser);
            }
            Move::Comment { side: at, restricted } => {
                let at = side(at % count);
                world.comment(&at, *restricted);
            }
            Move::Revise { side: at, pick, what } => world.revise(&side(at % count), *pick, *what),
            Move::Level { side: at, restricted } => world.level(&side(at % count), *restricted),
            Move::Cycle { mask, fates } => {
                let mut fates = fates.iter().copied();
                world.cycle(&mask_of(world, *mask), &mut || fates.next().unwrap_or(Fate::Done))?;
            }
            Move::Land => world.land(),
        }
    }
    Ok(())
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Everything is where it belongs, once, and nothing a person wrote is gone.
pub(crate) fn audit(world: &World) -> Result<(), String> {
    for side in world.everywhere() {
        let count = world.issues.get(&side).map_or(0, Vec::len);
        ensure(count == 1, || format!("P9: {count} issues on {side}"))?;
        let replica = world.item.replicas.get(&side).ok_or_else(|| format!("P9: {side} is not bound"))?;
        for (name, base) in &replica.bases {
            let row = &world.sync.fields[name];
            let field = &row.sides[&side];
            if field.as_str() == "issuetype" {
                continue;
            }
            let shown = world.shared(&side, field.as_str());
            let held = base.value.clone().unwrap_or(Value::Empty);
            ensure(jirasyncd::mapping::same(&shown, &held), || {
                format!("P3: {side}'s base of {name}: {held:?}, shown {shown:?}")
            })?;
        }
    }
    for side in world.everywhere() {
        let sees = world.sync.side(&side).map_or(0, |settings| settings.sees.iter().filter(|to| *to != &side).count());
        let shown = world.issue(&side).map_or(0, |issue| issue.links.len());
        ensure(shown == sees, || format!("P3: {side} links to {shown} counterparts and sees {sees}"))?;
    }
    agreement(world)?;
    comments(world)?;
    nothing_lost(world)
}

/// All sides show the same, but for what is held with a reason.
fn agreement(world: &World) -> Result<(), String> {
    for field in FIELDS {
        let name = if field == "duedate" { "due" } else { field };
        let held = |side: &SideId| world.holds.iter().any(|hold| &hold.side == side && hold.field == Some(name.into()));
        let values: BTreeMap<SideId, Value> =
            world.everywhere().into_iter().filter(|s| !held(s)).map(|s| (s.clone(), world.shared(&s, field))).collect();
        let first = values.values().next();
        for (side, value) in &values {
            let same = first.is_none_or(|first| jirasyncd::mapping::same(first, value));
            ensure(same, || format!("P3: {name} differs without a hold: {values:?} (see {side})"))?;
        }
    }
    Ok(())
}

fn comments(world: &World) -> Result<(), String> {
    for from in world.everywhere() {
        let written = world.issue(&from).map(|issue| issue.comments.clone()).unwrap_or_default();
        for comment in written.iter().filter(|comment| comment.id.as_str().starts_with('c')) {
            let said = format!("said {} on {from}", comment.id);
            for to in world.everywhere().into_iter().filter(|to| to != &from) {
                let list = &world.issue(&to).unwrap().comments;
                let copies: Vec<_> = list.iter().filter(|copy| copy_text(&copy.body).contains(&said)).collect();
                let dropped =
                    world.dropped.iter().any(|(side, text)| side == &to && format!("{text}\n").contains(&said));
                let scribbled = copies.iter().any(|copy| world.scribbles.iter().any(|(_, id, _)| id == &copy.id));
                let wanted = usize::from(!dropped && (comment.visibility == Visibility::Everybody || scribbled));
                let count = copies.len();
                ensure(count == wanted, || format!("P9: {count} copies of {said} on {to}, not {wanted}"))?;
                let now = copy_text(&comment.body);
                let is_current = |copy: &&CommentSnapshot| copy_text(&copy.body).ends_with(&format!("\n{now}"));
                let current = scribbled || copies.iter().all(is_current);
                ensure(current, || format!("P3: the copy of {said} on {to} is {copies:?}, not {now}"))?;
            }
        }
    }
    for (from, id) in &world.deleted {
        let said = format!("said {id} on {from}");
        for to in world.everywhere() {
            let scribbled = |copy: &&CommentSnapshot| world.scribbles.iter().any(|(_, id, _)| id == &copy.id);
            let list = &world.issue(&to).unwrap().comments;
            let left = list.iter().filter(|copy| copy_text(&copy.body).contains(&said)).find(|copy| !scribbled(copy));
            ensure(left.is_none(), || format!("P9: {said} was deleted, and {left:?} is left on {to}"))?;
        }
    }
    scribbles(world)
}

/// What a person wrote into a copy stands there, or is kept as a conflict, unless another person changed or deleted it.
fn scribbles(world: &World) -> Result<(), String> {
    for (side, id, scribble) in &world.scribbles {
        let there = world.issue(side).and_then(|issue| issue.comments.iter().find(|copy| &copy.id == id).cloned());
        let stands = there.as_ref().is_none_or(|copy| copy_text(&copy.body).contains(scribble));
        let lost = |conflict: &Conflict| match &conflict.lost {
            Value::Document(document) => jirasyncd::text::plain(document).contains(scribble),
            Value::Empty
            | Value::Line(_)
            | Value::Choice(_)
            | Value::Words(_)
            | Value::Person(_)
            | Value::Number(_)
            | Value::Moment(_)
            | Value::Day(_) => false,
        };
        let kept = world.conflicts.iter().any(lost);
        ensure(stands || kept, || format!("P2: `{scribble}` in a copy on {side} is gone"))?;
        let dropped = world.dropped.iter().any(|(at, text)| at == side && text.contains(scribble.as_str()));
        ensure(there.is_some() || kept || dropped, || format!("P2: the copy with `{scribble}` on {side} was deleted"))?;
    }
    Ok(())
}

fn copy_text(body: &NativeValue) -> String {
    format!("{}\n", jirasyncd::text::plain(&jirasyncd::text::read(body)))
}

/// P6 for each kind of field.
fn nothing_lost(world: &World) -> Result<(), String> {
    let mut kept: BTreeSet<String> = BTreeSet::new();
    let line = |value: &Value| if let Value::Line(text) = value { Some(text.to_lowercase()) } else { None };
    let lost = world.conflicts.iter().filter_map(|conflict| line(&conflict.lost));
    let shown = world.everywhere().into_iter().filter_map(|side| line(&world.shared(&side, "summary")));
    for text in lost.chain(shown) {
        kept.extend(world.ancestors.get(&text).cloned().unwrap_or_default());
        kept.insert(text);
    }
    for (side, field, value, _) in &world.deeds {
        match (field.as_str(), value) {
            ("summary", NativeValue::Text(text)) => {
                ensure(kept.contains(&text.to_lowercase()), || format!("P6: {text} of {side} is lost"))?;
            }
            ("labels", NativeValue::Words(words)) => {
                for word in words.iter().filter(|word| !word.starts_with("private-")) {
                    for other in world.everywhere() {
                        let holds =
                            matches!(world.held(&other, "labels"), NativeValue::Words(held) if held.contains(word));
                        ensure(holds, || format!("P6: the word {word} of {side} is not on {other}"))?;
                    }
                }
            }
            _ => {}
        }
    }
    for side in world.everywhere() {
        if let NativeValue::Words(words) = world.held(&side, "labels") {
            let foreign =
                words.iter().find(|w| w.starts_with("private-") && !w.starts_with(&format!("private-{side}")));
            ensure(foreign.is_none(), || format!("P8: {foreign:?} came to {side}"))?;
        }
    }
    texts_kept(world)
}

/// Everybody edits a paragraph of their own: the last version of each is everywhere.
fn texts_kept(world: &World) -> Result<(), String> {
    let mut last: BTreeMap<SideId, String> = BTreeMap::new();
    for (side, field, value, _) in &world.deeds {
        if field == "description" {
            let text = jirasyncd::text::plain(&jirasyncd::text::read(value));
            let own = text.split("\n\n").find(|part| part.starts_with(&format!("{side}: "))).map(str::to_owned);
            last.extend(own.map(|own| (side.clone(), own)));
        }
    }
    for (author, own) in &last {
        for side in world.everywhere() {
            let text = copy_text(&world.held(&side, "description"));
            let recorded = world.conflicts.iter().any(|conflict| {
                matches!(&conflict.lost, Value::Document(lost) if jirasyncd::text::plain(lost).contains(own.as_str()))
            });
            ensure(text.contains(own.as_str()) || recorded, || {
                format!("P6: {author}'s paragraph `{own}` is not on {side}: {text:?}")
            })?;
        }
    }
    Ok(())
}

/// The newest act on each scalar field stands everywhere: so it cannot matter when we looked.
pub(crate) fn newest_stands(world: &World) -> Result<(), String> {
    ["summary", "priority", "status", "duedate"].into_iter().try_for_each(|field| newest_stands_of(world, field))
}

/// The same of one field.
fn newest_stands_of(world: &World, field: &str) -> Result<(), String> {
    let newest = world.deeds.iter().filter(|(_, of, ..)| of == field).max_by_key(|(.., at)| *at);
    let Some((author, _, value, _)) = newest else { return Ok(()) };
    let row = world.sync.fields.values().find(|row| row.sides[author].as_str() == field).unwrap();
    let place = jirasyncd::mapping::Place {
        sync: &world.sync,
        row,
        side: author,
        catalog: &world.catalogs[author],
        references: &jirasyncd::mapping::NO_REFERENCES,
        origin: None,
        held: None,
    };
    let wanted = jirasyncd::mapping::inbound(&place, value).unwrap();
    for side in world.everywhere() {
        let shown = world.shared(&side, field);
        ensure(shown == wanted, || format!("look: {side} shows {shown:?} of {field}, the newest act is {wanted:?}"))?;
    }
    Ok(())
}

/// P3, P5, P6, P7, P8, P9, P10: whatever happens, it settles, with everything where it belongs.
pub(crate) fn survives(rig: Rig, count: usize, script: &[Move]) -> Result<(), String> {
    survives_under(rig, &vec![SideEffects::Accept; count], script)
}

/// The same, where each side has a setting of its own for what is done there as the sync user.
fn survives_under(rig: Rig, effects: &[SideEffects], script: &[Move]) -> Result<(), String> {
    let mut world = World::with(with_effects(effects), &side(0), rig);
    play(&mut world, effects.len(), script)?;
    world.settle()?;
    audit(&world)?;
    quiet(&mut world)
}

/// So many sides, and what each makes of what is done there as the sync user.
fn with_effects(effects: &[SideEffects]) -> jirasyncd::model::settings::SyncSettings {
    let mut sync = settings(&sides(effects.len()), ConflictPolicy::Newest);
    for (side, effect) in sync.sides.iter_mut().zip(effects) {
        side.side_effects = *effect;
    }
    sync
}

/// P11: after whatever people did, a priority that the sync user gives stands where its side's setting says: there alone, nowhere or
/// everywhere. A person's, given afterwards, stands everywhere whatever the setting.
fn effects_follow(rig: Rig, effects: &[SideEffects], at: usize, pick: usize, script: &[Move]) -> Result<(), String> {
    let mut world = World::with(with_effects(effects), &side(0), rig);
    play(&mut world, effects.len(), script)?;
    world.settle()?;
    let (at, setting) = (side(at % effects.len()), effects[at % effects.len()]);
    let before = world.shared(&at, "priority");
    let value = world.value(&at, "priority", pick);
    if !world.set(&at, "priority", value, By::SyncUser) {
        return Ok(());
    }
    let given = world.shared(&at, "priority");
    world.settle()?;
    for one in world.everywhere() {
        let stands = match setting {
            SideEffects::Accept => one == at,
            SideEffects::Restore => false,
            SideEffects::Count => true,
        };
        let (shown, wanted) = (world.shared(&one, "priority"), if stands { &given } else { &before });
        ensure(&shown == wanted, || {
            format!("P11: {setting:?} at {at}: {one} shows {shown:?} of {given:?} over {before:?}")
        })?;
    }
    let untold = setting == SideEffects::Accept && world.holds.is_empty();
    ensure(!untold, || format!("P11: nobody is told what the sync user did at {at}"))?;
    let next = world.value(&at, "priority", pick + 1);
    world.set(&at, "priority", next, By::Person);
    world.settle()?;
    audit(&world)?;
    newest_stands_of(&world, "priority")?;
    quiet(&mut world)
}

/// The same, and the final values are the newest acts, as if nothing had ever failed and however often we looked.
pub(crate) fn ends_with_the_newest(rig: Rig, count: usize, script: &[Move]) -> Result<(), String> {
    let mut world = World::new(&sides(count), ConflictPolicy::Newest, rig);
    play(&mut world, count, script)?;
    world.settle()?;
    audit(&world)?;
    newest_stands(&world)
}

/// P1: in step means an empty plan.
fn quiet(world: &mut World) -> Result<(), String> {
    let (sent, conflicts) = (world.sent.len(), world.conflicts.len());
    let plan = world.look(&world.everywhere())?;
    ensure(plan.operations.is_empty() && plan.wanted.is_empty() && plan.acts.is_empty(), || {
        format!("P1: in step, and yet: {}", render(&plan))
    })?;
    ensure(plan.item == world.item, || "P1: looking changes what is known".to_owned())?;
    ensure(world.sent.len() == sent && world.conflicts.len() == conflicts, || "P1: looking did something".to_owned())
}

/// P2: the same input gives the same plan, in whatever order things are listed.
pub(crate) fn repeats(rig: Rig, count: usize, script: &[Move]) -> Result<(), String> {
    let mut world = World::new(&sides(count), ConflictPolicy::Newest, rig);
    play(&mut world, count, script)?;
    world.recover();
    let one = world.think(&world.everywhere(), false);
    world.intents.reverse();
    let two = world.think(&world.everywhere(), false);
    ensure(one == two, || "P2: the order of the journal changed the plan".to_owned())
}

/// P4: the order in which sides are listed changes nothing but the order of writes. `turned` is another order.
fn mirrors(rig: Rig, count: usize, script: &[Move], prefer: Option<usize>, turned: &[usize]) -> Result<(), String> {
    let policy = prefer.map_or(ConflictPolicy::Newest, |index| ConflictPolicy::Prefer(side(index % count)));
    let straight = settings(&sides(count), policy);
    let mut mirrored = straight.clone();
    mirrored.sides.sort_by_key(|settings| turned.iter().position(|index| side(*index) == settings.id));
    let mut one = World::with(straight, &side(0), rig);
    let mut two = World::with(mirrored, &side(0), rig);
    for step in script {
        play(&mut one, count, std::slice::from_ref(step))?;
        play(&mut two, count, std::slice::from_ref(step))?;
        let (left, right) = (one.think(&one.everywhere(), false), two.think(&two.everywhere(), false));
        let sorted = |operations: &[Operation]| {
            let mut list: Vec<String> = operations.iter().map(sent_bytes).collect();
            list.sort();
            list
        };
        let (left, right) = (sorted(&left.operations), sorted(&right.operations));
        ensure(left == right, || format!("P4: {left:#?} against {right:#?}"))?;
    }
    one.settle()?;
    two.settle()?;
    for side in one.everywhere() {
        for field in FIELDS {
            let (left, right) = (one.held(&side, field), two.held(&side, field));
            ensure(left == right, || format!("P4: {side} holds {left:?} or {right:?} of {field}"))?;
        }
    }
    Ok(())
}

/// What of a write reaches the wire.
fn sent_bytes(operation: &Operation) -> String {
    let fields = |fields: &BTreeMap<_, jirasyncd::model::operation::FieldWrite>| {
        fields.values().map(|write| format!("{} {:?}; ", write.field, write.write)).collect::<String>()
    };
    let side = &operation.side;
    match &operation.action {
        Action::Create { issue_type, fields: list, .. } => format!("{side} create {issue_type}: {}", fields(list)),
        Action::SetFields { fields: list } => format!("{side} set: {}", fields(list)),
        Action::Transition { transition, .. } => format!("{side} hop {transition}"),
        Action::AddComment { body, .. } => format!("{side} say {body:?}"),
        Action::EditOriginal { body, .. } => format!("{side} say originally {body:?}"),
        Action::EditComment { copy, body, .. } => format!("{side} copy {copy} says {body:?}"),
        Action::DeleteComment { copy, .. } => format!("{side} copy {copy} goes"),
        Action::Offer { name, .. } => format!("{side} makes {name}"),
        Action::Link { link, .. } => format!("{side} links {link:?}"),
        Action::ShowEnd { shown, .. } => format!("{side} shows {shown:?}"),
        Action::HideEnd { global_id, .. } => format!("{side} hides {global_id}"),
        Action::Unlink { to, .. } => format!("{side} unlinks {to}"),
        Action::DeleteIssue { .. } => format!("{side} goes"),
        Action::AddFile { name, .. } => format!("{side} attaches {name}"),
        Action::DeleteFile { copy, .. } => format!("{side} deletes {copy}"),
        Action::AddWatcher { watcher } => format!("{side} is watched by {}", watcher.account),
        Action::RemoveWatcher { watcher } => format!("{side} is no longer watched by {}", watcher.account),
        Action::StopWatching { .. } => format!("{side} is no longer watched by us"),
        Action::AddIssueLink { link } => format!("{side} links to {}", link.key),
        Action::DeleteIssueLink { link, .. } => format!("{side} no longer links to {}", link.key),
    }
}

/// P7: one edit costs one write per other side, and nothing comes back.
pub(crate) fn no_echo(rig: Rig, count: usize, at: usize, field: usize, pick: usize) -> Result<(), String> {
    let mut world = World::new(&sides(count), ConflictPolicy::Newest, rig);
    world.settle()?;
    world.sent.clear();
    let (at, field) = (side(at % count), FIELDS[field % FIELDS.len()]);
    let value = world.value(&at, field, pick + 1);
    let changed = world.set(&at, field, value, By::Person);
    world.settle()?;
    let hops = if world.shared(&at, "status") == Value::Choice(format!("a {}", STATUSES[2])) { 2 } else { 1 };
    let each = if field == "status" { hops } else { 1 };
    let wanted = if changed { (count - 1) * each } else { 0 };
    ensure(world.sent.len() == wanted, || format!("P7: {} writes for one edit, not {wanted}", world.sent.len()))?;
    ensure(world.conflicts.is_empty(), || "P7: a conflict with ourselves".to_owned())?;
    quiet(&mut world)
}

/// P8: a side whose acts do not count changes nothing elsewhere, and a field is not touched where no row carries it.
pub(crate) fn read_only(rig: Rig, count: usize, script: &[Move]) -> Result<(), String> {
    let mut sync = settings(&sides(count), ConflictPolicy::Newest);
    for name in ["summary", "priority"] {
        sync.fields.get_mut(&name.into()).unwrap().from = BTreeSet::from([side(0)]);
    }
    sync.fields.get_mut(&"labels".into()).unwrap().sides.remove(&side(1));
    let mut world = World::with(sync, &side(0), rig);
    play(&mut world, count, script)?;
    world.settle()?;
    let own: BTreeSet<String> = world
        .deeds
        .iter()
        .filter(|(at, field, ..)| *at == side(0) && field == "summary")
        .map(|(_, _, value, _)| format!("{value:?}"))
        .chain([format!("{:?}", NativeValue::Text("s0".to_owned()))])
        .collect();
    for operation in &world.sent {
        let (Action::SetFields { fields } | Action::Create { fields, .. }) = &operation.action else { continue };
        for (name, write) in fields {
            ensure(name.as_str() != "labels" || operation.side != side(1), || {
                "P8: labels were written where no row is".to_owned()
            })?;
            if let ("summary", NativeWrite::Set(value)) = (name.as_str(), &write.write) {
                ensure(own.contains(&format!("{value:?}")), || {
                    format!("P8: {value:?} came from a side that only receives")
                })?;
            }
        }
    }
    Ok(())
}

/// Three sides, `a` at home, partners that do not see each other.
fn partners(policy: ConflictPolicy) -> jirasyncd::model::settings::SyncSettings {
    let mut sync = settings(&sides(3), policy);
    for index in [1, 2] {
        sync.sides[index].sees = BTreeSet::from([side(0), side(index)]);
    }
    sync
}

/// Isolation: what is sent to `b` is the same, byte for byte, with and without what `c` does, if home is looked at alike. What
/// `c` does may bring the look at home forward, and with it the moment when `b` hears of home's own acts: never what it hears.
pub(crate) fn isolates(rig: Rig, script: &[Move], begun_by: usize) -> Result<(), String> {
    // Whoever looks at `c` looks at home too.
    let alike: Vec<Move> = script.iter().cloned().map(with_home).collect();
    let told = with_and_without(rig, &alike, begun_by, |world| {
        world.sent.iter().filter(|operation| operation.side == side(1)).map(sent_bytes).collect::<Vec<String>>()
    })?;
    ensure(told[0] == told[1], || format!("isolation: with {:#?}, without {:#?}", told[0], told[1]))?;
    // A copy that a person of `b` writes into, or deletes, is there at that moment or not, as home was looked at before: that would
    // be another act.
    let on_copies = |step: &Move| matches!(step, Move::Revise { side, what: Revision::EditCopy | Revision::DeleteCopy, .. } if side % 3 == 1);
    let script = if script.iter().any(on_copies) { alike.as_slice() } else { script };
    let shown = with_and_without(rig, script, begun_by, |world| {
        let fields = FIELDS.map(|field| format!("{field}: {:?}", world.held(&side(1), field)));
        let comments = world.issue(&side(1)).map(|issue| issue.comments.clone()).unwrap_or_default();
        let comments: BTreeSet<String> = comments.iter().map(|comment| copy_text(&comment.body)).collect();
        (fields, comments)
    })?;
    ensure(shown[0] == shown[1], || format!("isolation: in the end with {:#?}, without {:#?}", shown[0], shown[1]))
}

fn with_home(mut step: Move) -> Move {
    if let Move::Cycle { mask, .. } = &mut step
        && *mask & 4 != 0
    {
        *mask |= 1;
    }
    step
}

/// What is sent to `b` is the same, byte for byte, with and without what people on `a` do whose acts stay there, if `a` is looked at
/// before and after each of their acts: the log does not say what each of two people did to a text between two looks.
pub(crate) fn keeps_outsiders_apart(rig: Rig, script: &[(Move, bool)], begun_by: usize) -> Result<(), String> {
    let run = |with: bool| -> Result<(Vec<String>, NativeValue), String> {
        let mut sync = settings(&sides(2), ConflictPolicy::Newest);
        sync.sides[0].whose.from.extend(Circle::parse("group:team"));
        let mut world = World::with(sync, &side(begun_by % 2), rig);
        world.settle()?;
        for (index, (step, outside)) in script.iter().enumerate() {
            world.at(index);
            let acts = matches!(step, Move::Edit { side, .. } | Move::Comment { side, .. } if side % 2 == 0);
            let field = if let Move::Edit { field, .. } = step { Some(FIELDS[field % 6]) } else { None };
            if field.is_some_and(|field| !["summary", "labels", "description"].contains(&field)) {
                continue;
            }
            world.outside = *outside && acts;
            if world.outside {
                world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done)?;
            }
            if with || !world.outside {
                play(&mut world, 2, std::slice::from_ref(step))?;
            }
            if world.outside {
                world.outside = false;
                world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done)?;
            }
        }
        world.at(script.len());
        world.settle()?;
        quiet(&mut world)?;
        let told = world.sent.iter().filter(|operation| operation.side == side(1)).map(sent_bytes).collect();
        Ok((told, world.held(&side(0), "labels")))
    };
    let ((with, kept), (without, bare)) = (run(true)?, run(false)?);
    ensure(with == without, || format!("outsiders: with {with:#?}, without {without:#?}"))?;
    // Nothing that they added was taken away.
    let words = |value: &NativeValue| if let NativeValue::Words(words) = value { words.len() } else { 0 };
    let is_theirs = |(step, outside): &&(Move, bool)| {
        *outside && matches!(step, Move::Edit { side, field, .. } if side % 2 == 0 && FIELDS[field % 6] == "labels")
    };
    let added = script.iter().filter(is_theirs).count();
    ensure(words(&kept) == words(&bare) + added, || format!("outsiders: {kept:?} is left of {added} and {bare:?}"))
}

/// What there is to say of a world in the end, once with what `c` does and once without.
fn with_and_without<T>(rig: Rig, script: &[Move], begun_by: usize, say: fn(&World) -> T) -> Result<[T; 2], String> {
    let private = |step: &Move| match step {
        Move::Edit { side, .. }
        | Move::Waver { side, .. }
        | Move::Meddle { side, .. }
        | Move::Comment { side, .. }
        | Move::Revise { side, .. }
        | Move::Level { side, .. } => side % 3 == 2,
        Move::Cycle { .. } | Move::Land => false,
    };
    let run = |with: bool| -> Result<T, String> {
        let mut world = World::with(partners(ConflictPolicy::Newest), &side(begun_by % 2), rig);
        world.settle()?;
        for (index, step) in script.iter().enumerate() {
            // Everything happens at its time, whoever else does what, under names that do not depend on that either.
            world.at(index);
            // Equal values by chance would be an edit in one run and none in the other: only fresh values are used.
            let fresh = !matches!(step, Move::Waver { .. } | Move::Meddle { .. })
                && !matches!(step, Move::Edit { field, .. } if !["summary", "labels", "description"].contains(&FIELDS[field % 6]));
            if fresh && (with || !private(step)) {
                play(&mut world, 3, std::slice::from_ref(step))?;
            }
        }
        world.at(script.len());
        world.settle()?;
        Ok(say(&world))
    };
    Ok([run(true)?, run(false)?])
}

/// Nobody who acts after everything settled is ever in conflict, also where a side cannot hold a value.
pub(crate) fn in_turn(rig: Rig, count: usize, script: &[(usize, usize, usize)]) -> Result<(), String> {
    let mut world = World::new(&sides(count), ConflictPolicy::Newest, rig);
    // The second side's workflow has no way out of its second status, and its `Local` priority has no row anywhere.
    let stuck = format!("b {}", STATUSES[1]);
    world.workflows.get_mut(&side(1)).unwrap().ways.get_mut("b Bug").unwrap().remove(&stuck);
    world.settle()?;
    for (at, field, pick) in script {
        let (at, field) = (side(at % count), ["summary", "priority", "labels", "status", "duedate"][field % 5]);
        let value = if field == "priority" && *pick == 3 {
            NativeValue::Named(jirasyncd::model::issue::Named { id: String::new(), name: format!("{at} Local") })
        } else {
            world.value(&at, field, *pick)
        };
        world.set(&at, field, value, By::Person);
        world.settle()?;
        ensure(world.conflicts.is_empty(), || format!("acknowledged: a false conflict {:?}", world.conflicts))?;
    }
    agreement(&world)
}

/// People act first, then we look: in whatever order and however often, the end is the same.
pub(crate) fn looks_alike(
    rig: Rig,
    count: usize,
    acts: &[(usize, usize, usize)],
    looks: &[u8],
    policy: &ConflictPolicy,
) -> Result<(), String> {
    let mut ends = Vec::new();
    for looks in [looks, &[]] {
        let mut world = World::new(&sides(count), policy.clone(), rig);
        world.settle()?;
        for (at, field, pick) in acts {
            let (at, field) = (side(at % count), ["priority", "status", "duedate", "summary"][field % 4]);
            let value = world.value(&at, field, *pick);
            world.set(&at, field, value, By::Person);
        }
        for mask in looks {
            world.cycle(&mask_of(&world, *mask), &mut || Fate::Done)?;
        }
        world.settle()?;
        let end: BTreeMap<(SideId, &str), NativeValue> = world
            .everywhere()
            .into_iter()
            .flat_map(|side| ["priority", "status", "duedate", "summary"].map(|field| (side.clone(), field)))
            .map(|(side, field)| ((side.clone(), field), world.held(&side, field)))
            .collect();
        ends.push(end);
    }
    ensure(ends[0] == ends[1], || format!("look: {:#?} or, all at once, {:#?}", ends[0], ends[1]))
}

/// Without races nothing is written over what was not seen: what is not fresh is looked at first.
pub(crate) fn nothing_overwritten(rig: Rig, count: usize, script: &[Move]) -> Result<(), String> {
    let mut world = World::new(&sides(count), ConflictPolicy::Newest, rig);
    play(&mut world, count, script)?;
    world.settle()?;
    let overwritten = world.conflicts.iter().find(|conflict| conflict.overwritten_by.is_some());
    ensure(overwritten.is_none(), || format!("verify: we overwrote {overwritten:?}"))
}

/// A summary that Jira stores in another form than we sent is no text normalisation: it is said, and not fought over.
pub(crate) fn stored_otherwise(rig: Rig) -> Result<(), String> {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, rig);
    world.settle()?;
    world.shouting = Some(side(1));
    let value = world.value(&side(0), "summary", 0);
    world.set(&side(0), "summary", value, By::Person);
    world.settle()?;
    let said = world.holds.iter().any(|hold| hold.side == side(1) && hold.field == Some("summary".into()));
    ensure(said, || "stored: the difference is not said".to_owned())?;
    let home = world.deeds.len();
    ensure(home == 1 && world.conflicts.is_empty(), || "stored: our own loss came back".to_owned())
}

#[test]
fn row_081_a_summary_that_jira_stores_in_another_form_is_said_and_let_be() {
    assert_eq!(stored_otherwise(SOUND), Ok(()));
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        5 => Just(Fate::Done),
        1 => Just(Fate::Unheard),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Late),
        1 => Just(Fate::Raced),
    ]
}

fn count() -> impl Strategy<Value = usize> {
    2..=MOST_SIDES
}

fn edit() -> impl Strategy<Value = Move> {
    (0..MOST_SIDES, 0..6_usize, 0..4_usize).prop_map(|(side, field, pick)| Move::Edit { side, field, pick })
}

fn looks() -> impl Strategy<Value = Move> {
    any::<u8>().prop_map(|mask| Move::Cycle { mask, fates: Vec::new() })
}

fn comment() -> impl Strategy<Value = Move> {
    (0..MOST_SIDES, prop::bool::weighted(0.2)).prop_map(|(side, restricted)| Move::Comment { side, restricted })
}

fn revise() -> impl Strategy<Value = Move> {
    let what = prop::sample::select(vec![
        Revision::Edit,
        Revision::Edit,
        Revision::Edit,
        Revision::Restrict,
        Revision::Delete,
        Revision::EditCopy,
        Revision::DeleteCopy,
    ]);
    (0..MOST_SIDES, 0..4_usize, what).prop_map(|(side, pick, what)| Move::Revise { side, pick, what })
}

fn cycle() -> impl Strategy<Value = Move> {
    (any::<u8>(), prop::collection::vec(fate(), 0..6)).prop_map(|(mask, fates)| Move::Cycle { mask, fates })
}

fn waver() -> impl Strategy<Value = Move> {
    (0..MOST_SIDES, 0..3_usize, 0..4_usize).prop_map(|(side, field, pick)| Move::Waver { side, field, pick })
}

fn meddle() -> impl Strategy<Value = Move> {
    (0..MOST_SIDES, 0..2_usize, 0..4_usize).prop_map(|(side, field, pick)| Move::Meddle { side, field, pick })
}

/// People and faults.
pub(crate) fn honest() -> impl Strategy<Value = Vec<Move>> {
    let step =
        prop_oneof![12 => edit(), 4 => waver(), 2 => comment(), 2 => revise(), 12 => cycle(), 2 => Just(Move::Land)];
    prop::collection::vec(step, 0..30)
}

/// People who edit fields, and faults.
pub(crate) fn busy() -> impl Strategy<Value = Vec<Move>> {
    let step = prop_oneof![6 => edit(), 2 => waver(), 6 => cycle(), 1 => Just(Move::Land)];
    prop::collection::vec(step, 0..30)
}

/// People, faults, and others who act as the sync user.
fn wild() -> impl Strategy<Value = Vec<Move>> {
    let step =
        prop_oneof![6 => edit(), 2 => waver(), 1 => comment(), 6 => cycle(), 1 => Just(Move::Land), 2 => meddle()];
    prop::collection::vec(step, 0..30)
}

/// People without faults.
pub(crate) fn calm() -> impl Strategy<Value = Vec<Move>> {
    let cycle = any::<u8>().prop_map(|mask| Move::Cycle { mask, fates: Vec::new() });
    let step = prop_oneof![4 => edit(), 1 => comment(), 3 => cycle];
    prop::collection::vec(step, 0..20)
}

/// The same, with what a partner may do apart: rewriting comments, and putting its issue under a security level.
pub(crate) fn apart() -> impl Strategy<Value = Vec<Move>> {
    let cycle = looks();
    let level = any::<bool>().prop_map(|restricted| Move::Level { side: 2, restricted });
    let step = prop_oneof![4 => edit(), 2 => comment(), 2 => revise(), 1 => level, 3 => cycle];
    prop::collection::vec(step, 0..20)
}

pub(crate) fn triples() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((0..MOST_SIDES, 0..5_usize, 0..4_usize), 0..10)
}

/// What each of two to six sides makes of what is done there as the sync user.
fn effects() -> impl Strategy<Value = Vec<SideEffects>> {
    let one = prop::sample::select(vec![SideEffects::Accept, SideEffects::Restore, SideEffects::Count]);
    prop::collection::vec(one, MOST_SIDES)
}

/// Few enough for every run of the tests; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(64)
}

fn pass(result: Result<(), String>) -> Result<(), TestCaseError> {
    result.map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p1_p3_p6_p8_p9_p10_it_settles_with_everything_in_place(effects in effects(), script in wild()) {
        pass(survives_under(SOUND, &effects, &script))?;
    }

    #[test]
    fn p11_what_the_sync_user_does_follows_the_setting(
        effects in effects(),
        at in 0..MOST_SIDES,
        pick in 0..4_usize,
        script in calm(),
    ) {
        pass(effects_follow(SOUND, &effects, at, pick, &script))?;
    }

    #[test]
    fn p5_faults_do_not_change_the_end_nor_does_when_we_looked(count in count(), script in honest()) {
        pass(ends_with_the_newest(SOUND, count, &script))?;
    }

    #[test]
    fn without_a_race_nothing_is_overwritten(count in count(), script in calm()) {
        pass(nothing_overwritten(SOUND, count, &script))?;
    }

    #[test]
    fn p2_the_same_input_gives_the_same_plan(count in count(), script in wild()) {
        pass(repeats(SOUND, count, &script))?;
    }

    #[test]
    fn p4_permuted_sides_mirror_the_plan(
        count in count(),
        script in calm(),
        prefer in prop::option::of(0..MOST_SIDES),
        turned in Just((0..MOST_SIDES).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        pass(mirrors(SOUND, count, &script, prefer, &turned))?;
    }

    #[test]
    fn p7_our_own_write_never_plans_an_echo(count in count(), at in 0..MOST_SIDES, field in 0..6_usize, pick in 0..3_usize) {
        pass(no_echo(SOUND, count, at, field, pick))?;
    }

    #[test]
    fn p8_a_side_that_only_receives_changes_nothing(count in count(), script in wild()) {
        pass(read_only(SOUND, count, &script))?;
    }

    #[test]
    fn isolation_a_partners_private_acts_change_no_byte(script in apart(), begun_by in 0..2_usize) {
        pass(isolates(SOUND, &script, begun_by))?;
    }

    #[test]
    fn what_people_do_whose_acts_stay_changes_no_byte(
        script in prop::collection::vec((prop_oneof![4 => edit(), 2 => comment(), 2 => looks()], any::<bool>()), 0..16),
        begun_by in 0..2_usize,
    ) {
        pass(keeps_outsiders_apart(SOUND, &script, begun_by))?;
    }

    #[test]
    fn a_side_that_acknowledged_is_never_in_false_conflict(count in count(), script in triples()) {
        pass(in_turn(SOUND, count, &script))?;
    }

    #[test]
    fn final_scalars_do_not_depend_on_when_we_looked(
        count in count(),
        acts in triples(),
        looks in prop::collection::vec(any::<u8>(), 0..8),
        policy in prop_oneof![
            Just(ConflictPolicy::Newest),
            (0..2_usize).prop_map(|index| ConflictPolicy::Prefer(side(index))),
            Just(ConflictPolicy::Ask),
        ],
    ) {
        pass(looks_alike(SOUND, count, &acts, &looks, &policy))?;
    }
}

/// Found by the property above when `c` alone was looked at: its text goes over what was just read at home, which showed what home
/// had done meanwhile, sooner than it would have been seen otherwise. `b` hears the same of it.
#[test]
fn a_partners_text_brings_forward_when_but_not_what_the_other_hears() {
    let edit = |side, field, pick| Move::Edit { side, field, pick };
    let look = |mask| Move::Cycle { mask, fates: Vec::new() };
    isolates(SOUND, &[edit(0, 3, 0), edit(2, 3, 0), look(4), edit(0, 2, 1), look(32)], 0).unwrap();
    let comment = Move::Comment { side: 0, restricted: false };
    isolates(SOUND, &[edit(0, 3, 0), edit(2, 3, 0), comment, look(252)], 0).unwrap();
}

/// Found by the property above: `c` brought the look at home forward, so the copy of home's comment stood at `b` when somebody wrote into it
/// there, and did not without `c`. Who acts on a copy acts in one world alone, and the end differs by their own act.
#[test]
fn a_partners_edit_beside_a_changed_copy_changes_nothing_for_the_other() {
    let edit = |side, field, pick| Move::Edit { side, field, pick };
    let look = |mask| Move::Cycle { mask, fates: Vec::new() };
    let comment = Move::Comment { side: 3, restricted: false };
    let scribble = Move::Revise { side: 4, pick: 0, what: Revision::EditCopy };
    isolates(SOUND, &[edit(2, 2, 1), look(68), comment, edit(1, 2, 0), look(174), scribble], 0).unwrap();
}

/// Found by the property above: a comment that was heard of but not copied yet stays where it is once the issue has a level.
#[test]
fn what_was_heard_before_the_security_level_is_not_passed_on() {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world.comment(&side(1), false);
    world.cycle(&BTreeSet::from([side(1)]), &mut || Fate::Lost).unwrap();
    world.level(&side(1), true);
    world.settle().unwrap();
    let copies = |world: &World| world.issue(&side(0)).unwrap().comments.len();
    assert_eq!(copies(&world), 0, "it was passed on");
    world.level(&side(1), false);
    world.settle().unwrap();
    assert_eq!(copies(&world), 1, "nobody hears of it any more");
}

/// A person sets the priority to something else and back while our write is on its way: that is an act, and the newest.
/// Found by the property above: what was known by equality alone must stay known when its author acted again.
#[test]
fn what_was_glimpsed_before_a_later_act_stays_known() {
    let acts = [(1, 4, 2), (1, 4, 1), (4, 4, 0), (4, 4, 2)];
    looks_alike(SOUND, 5, &acts, &[176], &ConflictPolicy::Prefer(side(1))).unwrap();
}

#[test]
fn a_persons_entry_that_restores_the_last_seen_value_is_never_dropped() {
    restored_value_counts(SOUND).unwrap();
}

pub(crate) fn restored_value_counts(rig: Rig) -> Result<(), String> {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, rig);
    world.settle()?;
    let before = world.held(&side(1), "priority");
    let high = world.value(&side(0), "priority", 0);
    world.set(&side(0), "priority", high, By::Person);
    let low = world.value(&side(1), "priority", 2);
    world.set(&side(1), "priority", low, By::Person);
    world.set(&side(1), "priority", before.clone(), By::Person);
    world.settle()?;
    ensure(world.held(&side(1), "priority") == before, || "the restored value was overwritten".to_owned())?;
    newest_stands(&world)
}

/// Under each setting what the sync user's account does untagged is never taken for a person's, and ends quietly.
#[test]
fn row_057_side_effects_follow_the_setting() {
    for (setting, at_home, there) in [
        (SideEffects::Accept, "a Medium", "b High"),
        (SideEffects::Restore, "a Medium", "b Medium"),
        (SideEffects::Count, "a High", "b High"),
    ] {
        let mut sync = settings(&sides(2), ConflictPolicy::Newest);
        for side in &mut sync.sides {
            side.side_effects = setting;
        }
        let mut world = World::with(sync, &side(0), SOUND);
        world.settle().unwrap();
        let value = world.value(&side(1), "priority", 0);
        world.set(&side(1), "priority", value, By::SyncUser);
        world.settle().unwrap();
        let name = |value: NativeValue| if let NativeValue::Named(named) = value { named.name } else { String::new() };
        assert_eq!(name(world.held(&side(0), "priority")), at_home, "{setting:?}");
        assert_eq!(name(world.held(&side(1), "priority")), there, "{setting:?}");
        assert_eq!(world.holds.is_empty(), setting != SideEffects::Accept, "{setting:?}");
    }
}

/// A workflow function that sets another field under our tag is a side effect, not our write and not a person's.
#[test]
fn row_055_a_post_function_in_our_own_entry_is_a_side_effect() {
    let mut world = World::new(&sides(3), ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world.meddling = Some(side(1));
    let value = world.value(&side(0), "summary", 0);
    world.set(&side(0), "summary", value, By::Person);
    world.settle().unwrap();
    assert_eq!(world.shared(&side(0), "priority"), Value::Choice("a Medium".to_owned()));
    assert_eq!(world.shared(&side(1), "priority"), Value::Choice("a High".to_owned()));
    assert!(world.holds.iter().any(|hold| hold.side == side(1) && hold.field == Some("priority".into())));
    audit(&world).unwrap();
}

/// What to make of it is for the side's setting to say, as of what bears no tag.
#[test]
fn a_post_function_in_our_own_entry_follows_the_setting() {
    for (setting, elsewhere, there) in [
        (SideEffects::Accept, "a Medium", "a High"),
        (SideEffects::Restore, "a Medium", "a Medium"),
        (SideEffects::Count, "a High", "a High"),
    ] {
        let mut world = World::with(with_effects(&[setting; 3]), &side(0), SOUND);
        world.settle().unwrap();
        world.meddling = Some(side(1));
        let value = world.value(&side(0), "summary", 0);
        world.set(&side(0), "summary", value, By::Person);
        world.settle().unwrap();
        for (at, wanted) in [(0, elsewhere), (1, there), (2, elsewhere)] {
            let shown = world.shared(&side(at), "priority");
            assert_eq!(shown, Value::Choice(wanted.to_owned()), "{setting:?} at {at}");
        }
        assert_eq!(world.holds.is_empty(), setting != SideEffects::Accept, "{setting:?}: {:?}", world.holds);
        // Restored once: what is set there again without anybody's word stands, and is told.
        let value = world.value(&side(0), "summary", 1);
        world.set(&side(0), "summary", value, By::Person);
        world.settle().unwrap();
        let stands = world.shared(&side(1), "priority") == Value::Choice("a High".to_owned());
        assert!(stands, "{setting:?}");
        assert_eq!(world.holds.is_empty(), setting == SideEffects::Count, "{setting:?}: {:?}", world.holds);
        quiet(&mut world).unwrap();
    }
}

/// It ran because of what one partner did: counted as home's word it would tell the other one that something was done there. What home itself
/// did both may know of, so what a function of a partner's adds to that counts for home.
#[test]
fn a_post_function_tells_no_partner_of_anothers_act() {
    let mut sync = partners(ConflictPolicy::Newest);
    sync.sides.iter_mut().for_each(|side| side.side_effects = SideEffects::Count);
    let priorities = |world: &World| [0, 1, 2].map(|at| world.shared(&side(at), "priority"));
    let named = |names: [&str; 3]| names.map(|name| Value::Choice(format!("a {name}")));
    let cases = [(1, 0, ["High", "Medium", "Medium"]), (0, 1, ["High", "High", "Medium"])];
    for ((by, at, wanted), untagged) in cases.into_iter().flat_map(|case| [(case, false), (case, true)]) {
        let mut world = World::with(sync.clone(), &side(0), SOUND);
        world.settle().unwrap();
        world.untagged = untagged;
        world.meddling = Some(side(at));
        let value = world.value(&side(by), "summary", 0);
        world.set(&side(by), "summary", value, By::Person);
        world.settle().unwrap();
        assert_eq!(priorities(&world), named(wanted), "{by} changed, a function ran on {at}, without tags: {untagged}");
        assert_eq!(world.holds.iter().any(|hold| hold.side == side(at)), at == 0, "{:?}", world.holds);
        // Whatever a person says there later is for both.
        let value = world.value(&side(0), "priority", 2);
        world.set(&side(0), "priority", value, By::Person);
        world.settle().unwrap();
        assert_eq!(priorities(&world), named(["Low"; 3]));
        quiet(&mut world).unwrap();
    }
}

/// A row that gets another name while a write of it is under way: what it wrote is ours still, and no function's.
#[test]
fn what_we_wrote_is_ours_though_its_row_was_called_otherwise_then() {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let value = world.value(&side(0), "duedate", 1);
    world.set(&side(0), "duedate", value, By::Person);
    let everywhere = world.everywhere();
    assert!(world.cycle(&everywhere, &mut || Fate::Done).unwrap());
    let (old, new) = (FieldName::from("due"), FieldName::from("deadline"));
    let mut row = world.sync.fields.remove(&old).unwrap();
    row.name = new.clone();
    world.sync.fields.insert(new.clone(), row);
    world.settle().unwrap();
    let base = &world.item.replicas[&side(1)].bases[&new];
    assert_eq!(base.side_effect, None);
    assert_eq!(world.shared(&side(0), "duedate"), world.shared(&side(1), "duedate"));
    quiet(&mut world).unwrap();
}

/// A label whose write lands after people took it away, and after another one came, is taken away again: it is nobody's word, and no side
/// effect either.
#[test]
fn a_label_that_lands_late_beside_another_is_taken_away_again() {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, SOUND);
    let words = |words: &[&str]| NativeValue::Words(words.iter().map(|word| (*word).to_owned()).collect());
    world.settle().unwrap();
    world.set(&side(0), "labels", words(&["early"]), By::Person);
    world.settle().unwrap();
    let late = world.intents.iter().rfind(|intent| intent.operation.side == side(1)).unwrap().id;
    for step in [NativeValue::Empty, words(&["new"])] {
        world.set(&side(0), "labels", step, By::Person);
        world.settle().unwrap();
    }
    world.set(&side(1), "labels", words(&["early", "new"]), By::Us(late));
    world.settle().unwrap();
    assert_eq!((world.held(&side(0), "labels"), world.held(&side(1), "labels")), (words(&["new"]), words(&["new"])));
    assert!(world.holds.is_empty(), "{:?}", world.holds);
    // Another word than it wrote is a side effect, as ever.
    world.set(&side(1), "labels", words(&["early", "new", "other"]), By::Us(late));
    world.settle().unwrap();
    assert!(world.holds.iter().any(|hold| hold.field == Some("labels".into())), "{:?}", world.holds);
    assert_eq!(world.held(&side(0), "labels"), words(&["new"]));
}

/// A partner's paragraph that stands in the text at home does not go to the other partner with an edit at home.
#[test]
fn an_edit_at_home_carries_no_private_paragraph_along() {
    let mut world = World::with(partners(ConflictPolicy::Newest), &side(0), SOUND);
    world.settle().unwrap();
    for at in [2, 0] {
        let value = world.value(&side(at), "description", 0);
        world.set(&side(at), "description", value, By::Person);
        let words = world.value(&side(at), "labels", 1);
        world.set(&side(at), "labels", words, By::Person);
        world.settle().unwrap();
    }
    let home = copy_text(&world.held(&side(0), "description"));
    let partner = copy_text(&world.held(&side(1), "description"));
    assert!(home.contains("c: c"), "{home}");
    assert!(partner.contains("a: a") && !partner.contains("c: c"), "{partner}");
    let words = format!("{:?}", world.held(&side(1), "labels"));
    assert!(words.contains("w-a") && !words.contains("w-c"), "{words}");
}

/// Once a partner emptied the text, whoever writes one at home writes the whole: the other partner holds just that, as if nobody had
/// emptied it, with what home could not have shown of the text before.
#[test]
fn a_text_that_is_written_at_home_after_a_partner_emptied_it_is_whole_elsewhere() {
    let paragraph =
        |text: &str| serde_json::json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    let media = serde_json::json!({ "type": "mediaSingle", "content": [{ "type": "media", "attrs": { "id": "m", "type": "file", "collection": "" } }] });
    let adf = |content: &[serde_json::Value]| {
        NativeValue::Adf(serde_json::json!({ "type": "doc", "version": 1, "content": content }))
    };
    let wiki = |text: &str| NativeValue::Wiki(text.to_owned());
    // The partner who empties it is `c`; `a` and `c` are Clouds, `b` is a Data Center.
    let written = |(home, partner): (usize, usize), before: &NativeValue, new: NativeValue, emptied: bool| {
        let mut sync = settings(&sides(3), ConflictPolicy::Newest);
        sync.home = Some(side(home));
        for index in [partner, 2] {
            sync.sides[index].sees = BTreeSet::from([side(home), side(index)]);
        }
        let mut world = World::with(sync, &side(home), SOUND);
        world.settle().unwrap();
        world.set(&side(partner), "description", before.clone(), By::Person);
        world.settle().unwrap();
        if emptied {
            world.set(&side(2), "description", NativeValue::Empty, By::Person);
            world.settle().unwrap();
            assert_eq!(copy_text(&world.held(&side(home), "description")).trim(), "");
        }
        world.set(&side(home), "description", new, By::Person);
        world.settle().unwrap();
        let audience = Audience(BTreeSet::from([side(home), side(partner)]));
        assert!(world.conflicts.iter().all(|conflict| conflict.audience != audience), "{:?}", world.conflicts);
        world.held(&side(partner), "description")
    };
    for before in ["one", "one\n\ntwo", "one\n\ntwo\n\nthree", "one\n\n{chart:x}\n\ntwo", "{chart:x}"] {
        let written = |emptied| written((0, 1), &wiki(before), adf(&[paragraph("new"), paragraph("more")]), emptied);
        assert_eq!(written(true), written(false), "{before}");
        assert_eq!(written(true), wiki("new\n\nmore"), "{before}");
    }
    // Home shows a label for it, and puts something in the place of that.
    for before in [[paragraph("one"), media.clone()], [media, paragraph("one")]] {
        let before = adf(&before);
        let written = |emptied| written((1, 0), &before, wiki("new\n\nmore"), emptied);
        assert_eq!(written(true), written(false), "{before:?}");
        assert!(format!("{:?}", written(true)).contains("mediaSingle"), "{before:?}");
    }
}

/// What a function of the workflow took away at home is agreed all the same: what somebody writes there then is added to it,
/// whether a partner had a word in that text before or not.
#[test]
fn a_text_that_a_function_emptied_at_home_is_added_to_whoever_wrote_it_before() {
    let written = |by_partner: bool| {
        let mut world = World::with(partners(ConflictPolicy::Newest), &side(0), SOUND);
        world.settle().unwrap();
        let text = |text: &str| {
            let paragraph = serde_json::json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
            NativeValue::Adf(serde_json::json!({ "type": "doc", "version": 1, "content": [paragraph] }))
        };
        if by_partner {
            world.set(&side(2), "description", text("private"), By::Person);
            world.settle().unwrap();
        }
        for (value, by) in [(text("one"), By::Person), (NativeValue::Empty, By::SyncUser), (text("new"), By::Person)] {
            world.set(&side(0), "description", value, by);
            world.settle().unwrap();
        }
        copy_text(&world.held(&side(1), "description"))
    };
    assert_eq!(written(true), "new\n\none\n");
    assert_eq!(written(false), "new\n\none\n");
}

/// What wiki markup cannot hold is not there on that side, and an edit beside it there does not take it away elsewhere.
#[test]
fn an_edit_beside_what_a_side_cannot_hold_takes_nothing_away() {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let paragraph =
        |text: &str| serde_json::json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    let media = serde_json::json!({ "type": "mediaSingle", "content": [{ "type": "media", "attrs": { "id": "m", "type": "file", "collection": "" } }] });
    let content = [paragraph("one"), media, paragraph("two")];
    let adf = serde_json::json!({ "type": "doc", "version": 1, "content": content });
    world.set(&side(0), "description", NativeValue::Adf(adf), By::Person);
    world.settle().unwrap();
    let there = copy_text(&world.held(&side(1), "description"));
    assert!(there.contains("one") && there.contains("two"), "{there}");
    world.set(&side(1), "description", NativeValue::Wiki(there.trim().replace("two", "2")), By::Person);
    world.settle().unwrap();
    let home = format!("{:?}", world.held(&side(0), "description"));
    assert!(home.contains("mediaSingle") && home.contains("one") && home.contains("\"2\""), "{home}");
}

/// Under `ask` the two in dispute keep their own, the others follow the newest, and equal values resolve it.
#[test]
fn ask_keeps_both_until_they_are_equal() {
    let mut world = World::new(&sides(3), ConflictPolicy::Ask, SOUND);
    world.settle().unwrap();
    for at in [0, 1] {
        let value = world.value(&side(at), "summary", 0);
        world.set(&side(at), "summary", value, By::Person);
    }
    world.settle().unwrap();
    let (one, two, three) =
        (world.held(&side(0), "summary"), world.held(&side(1), "summary"), world.held(&side(2), "summary"));
    assert_ne!(one, two);
    assert_eq!(two, three, "the third follows the newest");
    assert_eq!(world.conflicts.len(), 1);
    assert!(world.holds.iter().any(|hold| hold.side == side(0)));
    world.set(&side(0), "summary", two.clone(), By::Person);
    world.settle().unwrap();
    assert!(world.holds.is_empty(), "{:?}", world.holds);
    let audience = Audience(sides(3).into_iter().collect());
    assert!(world.item.hub[&"summary".into()][&audience].asking.is_empty());
}

/// The rendering names every write, conflict and hold.
#[test]
fn the_rendering_says_what_is_planned() {
    let mut world = World::new(&sides(2), ConflictPolicy::Newest, SOUND);
    let text = render(&world.think(&world.everywhere(), false));
    assert!(text.contains("+ b create `b Bug`") && text.contains("summary: \"s0\""), "{text}");
    world.settle().unwrap();
    let value = world.value(&side(0), "status", 2);
    world.set(&side(0), "status", value, By::Person);
    let text = render(&world.think(&world.everywhere(), false));
    assert!(text.contains("status: `b To Do` -> `b Doing` -> `b Done`\n"), "{text}");
    let local = NativeValue::Named(jirasyncd::model::issue::Named { id: String::new(), name: "a Local".to_owned() });
    world.set(&side(0), "priority", local, By::Person);
    let text = render(&world.think(&world.everywhere(), false));
    assert!(text.contains("x b B-") && text.contains("has no counterpart"), "{text}");
    let json = serde_json::to_value(world.think(&world.everywhere(), false)).unwrap();
    assert!(json["holds"][0]["remedy"].is_string());
    let _ = FieldId::from("status");
}
