//! What three Jiras must show when everybody has stopped: the same, once; and what nobody may find in what was sent. Must never
//! ask the daemon what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jirasyncd::model::ids::FieldName;
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::{Store as _, StoredProblem};
use jirasyncd::simulator::IssueView;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::daemon_audit::{by_token, shared, sync_user, token};
use super::daemon_support::World;
use super::everything_acts::{Act, Field, What};
use super::everything_derived::{derived, told_of};
use super::everything_lives::{Fated, Fates, Policies};
use super::everything_people::{People, Taken, Written, find};
use super::everything_world::{BUILT_IN, CUSTOM, Custom, EPIC_LINK, OUTSIDER, SIDES, Sight, beside, world};

/// Every item is on all sides and the same there, but for what people deleted.
pub(crate) fn equal(world: &World, audited: &Audited<'_>) -> Result<(), String> {
    let mut all = Vec::new();
    for side in &SIDES {
        let mut there = by_token(world, side.jira)?;
        there.retain(|_, view| view.project == side.project);
        all.push(there);
    }
    let names: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let mut gone: [BTreeSet<String>; 3] = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    for name in &names {
        for (column, side) in SIDES.iter().enumerate() {
            let there = all[column].contains_key(*name);
            // What is to be deleted, and cannot be, gets no links either (12001).
            if !there || audited.cannot_be_deleted(&all, name, column) {
                gone[column].insert((*name).clone());
            }
            if audited.is_expected(&all, name, column).is_some_and(|expected| expected != there) {
                if !there && audited.cannot_be_made(&all, name, column)
                    || there && audited.cannot_be_deleted(&all, name, column)
                {
                    continue;
                }
                let keys: Vec<_> = all.iter().map(|side| side.get(*name).map(|view| view.key.clone())).collect();
                let fated = audited.fates.of(name);
                return Err(format!("{name} at {}: {there}, it is {keys:?} after {fated:?}", side.jira));
            }
        }
    }
    for name in names {
        for (from, to) in (0..3).flat_map(|from| (0..3).map(move |to| (from, to))).filter(|(from, to)| from != to) {
            let (Some(one), Some(other)) = (all[from].get(name), all[to].get(name)) else { continue };
            // What is to be deleted is not written to.
            if [from, to].into_iter().any(|column| audited.cannot_be_deleted(&all, name, column)) {
                continue;
            }
            let excused = &gone[from] | &gone[to];
            let third = Some(3 - from - to).filter(|third| !all[*third].contains_key(name));
            let told = |field: &str| audited.is_told(name, field, [(from, &one.key), (to, &other.key)]);
            same((world, name), (from, one), (to, other), (&excused, third), told)?;
            derived((world, name), (from, one), (to, other))?;
            copied(name, (from, one), (to, other), audited)?;
        }
    }
    Ok(())
}

/// What is known of how it must end.
pub(crate) struct Audited<'a> {
    pub(crate) fates: &'a Fates,
    pub(crate) taken: &'a Taken,
    /// Whether people deleted a version or component: it is not made there again, so issues cannot hold it there (docs/entities.md).
    pub(crate) has_lost_stock: bool,
    pub(crate) policies: Option<Policies>,
    /// What the daemon says that stays as it is.
    pub(crate) problems: Vec<StoredProblem>,
}

impl Audited<'_> {
    /// Whether an item must be there; `None`: it may, or not.
    fn is_expected(&self, all: &[BTreeMap<String, IssueView>], name: &str, column: usize) -> Option<bool> {
        let fated = self.fates.of(name);
        if fated.deleted[column] {
            return (!fated.unknown[column]).then_some(false);
        }
        if fated.may_have_gone_along(column) {
            let surely = !fated.deleted.contains(&true) && !self.is_told_to_have_gone_along(all, name, column);
            return surely.then_some(true);
        }
        if !fated.deleted.contains(&true) {
            return Some(true);
        }
        if (0..SIDES.len()).all(|place| !fated.deleted[place] || fated.unknown[place]) {
            return None;
        }
        let rests = |place: usize| fated.deleted[place] && fated.left.iter().any(|(left, _)| *left == place);
        if self.policies.is_some_and(|policies| policies.stop)
            && ((0..SIDES.len()).any(rests) || self.is_unclear(&fated))
        {
            // It had left its sync before it went: whether that was read then decides what it means. Or nobody could ask that, and it is told.
            return None;
        }
        let ours = fated.was[column]?;
        Some(!(ours && self.policies.is_some_and(Policies::deletes)))
    }

    /// Whether it is told that a copy went with what people moved, which is back.
    fn is_told_to_have_gone_along(&self, all: &[BTreeMap<String, IssueView>], name: &str, column: usize) -> bool {
        let keys: Vec<&str> = all.iter().filter_map(|side| side.get(name)).map(|view| view.key.as_str()).collect();
        self.problems.iter().any(|stored| {
            stored.problem.side.as_str() == SIDES[column].jira
                && stored.problem.what.contains("was deleted by jirasyncd when an issue was gone that is there again")
                && stored.about.split(", ").any(|key| keys.contains(&key))
        })
    }

    /// Whether it is told that nobody knows whether an issue was in its sync still when it went.
    fn is_unclear(&self, fated: &Fated) -> bool {
        let keys: Vec<&str> = fated.last.iter().flatten().map(|view| view.key.as_str()).collect();
        self.problems.iter().any(|stored| {
            let what = &stored.problem.what;
            let unasked = what.contains("no search finds the issue that says whether it is still in the sync");
            (unasked || what.contains("or the sync user may not see it; nothing is written or deleted for it"))
                && stored.about.split(", ").any(|key| keys.contains(&key))
        })
    }

    /// How many comments, files and entries of logged work of an issue are told to stay where they are, since the acts of whoever made them do.
    pub(crate) fn told_to_stay(&self, column: usize, view: &IssueView) -> usize {
        let of_it = |stored: &&StoredProblem| {
            let is_there = stored.problem.side.as_str() == SIDES[column].jira;
            is_there && stored.about.split(", ").any(|key| key == view.key)
        };
        let counted = self.problems.iter().filter(of_it).filter_map(|stored| {
            let (things, _) = stored.problem.what.split_once(" of people whose acts stay here")?;
            things.split(' ').next()?.parse::<usize>().ok()
        });
        counted.max().unwrap_or(0)
    }

    /// What copies there say since people wrote into them, where Jira does not let that flow back: it is told of that copy, and stays.
    fn keeps_its_own(&self, view: &IssueView) -> Vec<String> {
        let is_told = |id: u64| {
            let copy = format!("comment {id} is a copy, and was changed here");
            self.problems.iter().any(|stored| {
                let of_issue = stored.about.split(", ").any(|key| key == view.key);
                let what = &stored.problem.what;
                of_issue && what.contains(&copy) && what.contains("cannot flow back")
            })
        };
        let told = view.comments.iter().filter(|comment| is_told(comment.id));
        told.map(|comment| body(&comment.body).to_owned()).collect()
    }

    /// Whether Jira does not let an issue be deleted that others are below, and that is told.
    fn cannot_be_deleted(&self, all: &[BTreeMap<String, IssueView>], name: &str, column: usize) -> bool {
        let Some(view) = all[column].get(name) else { return false };
        let has_any = all[column].values().any(|other| other.fields.get("parent") == Some(&view.key));
        let says_so = |what: &str| what.contains("refused to delete an issue") && what.contains("has subtasks");
        let of_it = |about: &str| about.split(", ").any(|key| key == view.key);
        has_any && self.problems.iter().any(|stored| of_it(&stored.about) && says_so(&stored.problem.what))
    }

    /// Whether an item cannot be made on a side, since what it is below on the others is gone there, or can have nothing below it (people
    /// converted it), and that is told.
    pub(crate) fn cannot_be_made(&self, all: &[BTreeMap<String, IssueView>], name: &str, column: usize) -> bool {
        let jira = SIDES[column].jira;
        let above = all.iter().filter_map(|side| {
            let above = side.get(name)?.fields.get("parent")?;
            side.iter().find(|(_, view)| &view.key == above).map(|(name, _)| name)
        });
        let orphan = above.into_iter().any(|above| !all[column].contains_key(above));
        let keys: Vec<&String> = all.iter().filter_map(|side| side.get(name)).map(|view| &view.key).collect();
        let is_of_it = |about: &str| about.split(", ").any(|key| keys.iter().any(|known| *known == key));
        self.problems.iter().any(|stored| {
            let what = &stored.problem.what;
            let no_place = what.contains("appropriate hierarchy") || what.contains("Given parent is a sub-task");
            let says_so = what.contains("no counterpart was created") && no_place
                || orphan && what.contains("a sub-task is not made without its parent");
            stored.problem.side.as_str() == jira && is_of_it(&stored.about) && says_so
        })
    }

    /// What no REST call does is told, and stays. So is what an issue cannot hold on one of the two sides since people deleted it there.
    pub(crate) fn is_told(&self, name: &str, field: &str, two: [(usize, &str); 2]) -> bool {
        let fields: &[&str] = match field {
            "issuetype" | "parent" if self.fates.of(name).converted => &["issue-type", "parent"],
            // Only a transition sets a resolution (docs/entities.md), and a request type is of one type of issue.
            "resolution" => &["resolution"],
            "request" => &["request"],
            "components" if self.has_lost_stock => &["components"],
            "fixVersions" if self.has_lost_stock => &["fix-versions"],
            "versions" if self.has_lost_stock => &["affects-versions"],
            _ => return false,
        };
        let says: &[&str] = match field {
            // Or its workflow takes it away with the status that was carried (9044).
            "resolution" => &["only a transition sets", "a workflow function changed"],
            "request" => &["request type"],
            "components" | "fixVersions" | "versions" => &["` is missing"],
            _ => &[""],
        };
        let is_of_one = matches!(field, "components" | "fixVersions" | "versions");
        let of_item = |stored: &StoredProblem| {
            let named = |(column, key): &(usize, &str)| {
                let is_there = !is_of_one || SIDES[*column].jira == stored.problem.side.as_str();
                is_there && stored.about.split(", ").any(|about| about == *key)
            };
            two.iter().any(named)
        };
        self.problems.iter().any(|stored| {
            let field = stored.problem.field.as_ref().map(FieldName::as_str);
            let is_of_field = field.is_some_and(|field| fields.contains(&field));
            of_item(stored) && is_of_field && says.iter().any(|says| stored.problem.what.contains(says))
        })
    }
}

/// Two issues of one item show the same, but for what leads to issues that one of the sides does not have.
pub(crate) fn same(
    (world, name): (&World, &str),
    (from, one): (usize, &IssueView),
    (to, other): (usize, &IssueView),
    (gone, third): (&BTreeSet<String>, Option<usize>),
    told: impl Fn(&str) -> bool,
) -> Result<(), String> {
    let (here, there) = (shown(world, from, one), shown(world, to, other));
    let known = |field: &str, text: &str| match field {
        "parent" => {
            if gone.contains(text) {
                String::new()
            } else {
                text.to_owned()
            }
        }
        "links" => {
            let leads = |link: &&str| link.rsplit(' ').next().is_none_or(|end| !gone.contains(end));
            text.split(", ").filter(leads).collect::<Vec<_>>().join(", ")
        }
        // What a side that is gone linked to may be shown still.
        "far" => {
            let end = third.map_or_else(String::new, |third| format!("({})", SIDES[third].jira));
            let is_of = |shown: &str| !end.is_empty() && shown.ends_with(&end);
            text.split(" | ").filter(|shown| !is_of(shown)).collect::<Vec<_>>().join(" | ")
        }
        _ => text.to_owned(),
    };
    for (field, value) in &here {
        if known(field, value) != known(field, &there[field]) && !told(field) {
            return Err(format!(
                "{name} {field}: {} {} `{value}`, {} {} `{}`",
                SIDES[from].jira, one.key, SIDES[to].jira, other.key, there[field]
            ));
        }
    }
    Ok(())
}

/// What people wrote on one side stands on the other, once, but for the copies that people deleted there.
fn copied(
    name: &str,
    (from, one): (usize, &IssueView),
    (to, other): (usize, &IssueView),
    audited: &Audited<'_>,
) -> Result<(), String> {
    let taken = audited.taken;
    let copies = |kind: &str, of: Vec<String>, found: Vec<String>| {
        if of == found {
            Ok(())
        } else {
            let (from, to) = (SIDES[from].jira, SIDES[to].jira);
            Err(format!("{name} {kind} of {from} {}: {of:?}, at {to} {}: {found:?}", one.key, other.key))
        }
    };
    let by = format!("by{}z", SIDES[from].jira);
    let originals = comments(one, from, None, audited.taken);
    let found = comments(other, to, Some(&by), audited.taken);
    let (wanted, found) = copies_kept((originals, found), (to, other), audited);
    copies("comments", wanted, found)?;
    let mut wanted = files(one, from, None);
    wanted.retain(|file| !taken.has_file(to, file));
    copies("files", wanted, files(other, to, Some(&by)))?;
    copies("work", worklogs(one, from, None), worklogs(other, to, Some(&by)))
}

/// Of what people said and of its copies in an issue what must be the same: without the copies that people deleted, or wrote into where that
/// flows back to nobody.
pub(crate) fn copies_kept(
    (mut wanted, mut found): (Vec<String>, Vec<String>),
    (to, other): (usize, &IssueView),
    audited: &Audited<'_>,
) -> (Vec<String>, Vec<String>) {
    let taken = audited.taken;
    // A copy into which people wrote stays where its original is deleted, and is told.
    let signs = |text: &str| SIDES.iter().map(|side| text.matches(&format!("by{}z", side.jira)).count()).sum::<usize>();
    let kept = audited.keeps_its_own(other);
    found.retain(|text| wanted.contains(text) || signs(text) < 2);
    // However often they wrote, it stands behind what the copy said.
    let is_kept = |text: &str| kept.iter().any(|own| own.strip_prefix(text).is_some_and(|more| more.starts_with(' ')));
    wanted.retain(|text| taken.has_comment(to, text) == Some(false) && !is_kept(text));
    found.retain(|text| taken.has_comment(to, text).is_some());
    (wanted, found)
}

/// Who wrote it: people, or (with the sign of the side that it is a copy from) the sync user.
fn is_wanted(author: Option<&str>, text: &str, column: usize, copy_of: Option<&str>) -> bool {
    let ours = author == Some(sync_user(SIDES[column].jira));
    copy_of.map_or(!ours, |sign| ours && is_of(text, sign))
}

/// Whether a text is of that side: who wrote into a copy signed after whoever wrote the original.
fn is_of(text: &str, sign: &str) -> bool {
    let last = text.trim_end().lines().last().unwrap_or_default();
    let signs = SIDES.iter().filter_map(|side| Some((last.find(&format!("by{}z", side.jira))?, side.jira)));
    match signs.min() {
        Some((_, first)) if sign.starts_with("by") => sign == format!("by{first}z"),
        Some(_) | None => text.contains(sign),
    }
}

/// The last line: what the author wrote, without the header of a copy.
pub(crate) fn body(text: &str) -> String {
    text.trim_end().lines().last().unwrap_or_default().to_owned()
}

pub(crate) fn sorted(found: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = found.collect();
    found.sort();
    found
}

/// The comments that people wrote there, or the copies of a side's. Who answers what is internal speaks to those who read that: no contract
/// says that the answer is internal, too, and it stays (`docs/promises.md`).
pub(crate) fn comments(view: &IssueView, column: usize, copy_of: Option<&str>, taken: &Taken) -> Vec<String> {
    let internal: BTreeSet<u64> =
        view.comments.iter().filter(|comment| comment.internal).map(|comment| comment.id).collect();
    let wanted = view.comments.iter().filter(|comment| {
        let among_them = comment.internal || comment.parent.is_some_and(|parent| internal.contains(&parent));
        // Also where the note that it answers is not there any more.
        let among_them = among_them || taken.is_among(&comment.body);
        is_wanted(comment.author.as_deref(), &comment.body, column, copy_of)
            && (copy_of.is_some() || comment.visibility.is_none() && !among_them)
    });
    sorted(wanted.map(|comment| body(&comment.body)))
}

/// The same of files.
pub(crate) fn files(view: &IssueView, column: usize, copy_of: Option<&str>) -> Vec<String> {
    let wanted = view.attachments.iter().filter(|file| is_wanted(file.author.as_deref(), &file.name, column, copy_of));
    sorted(wanted.map(|file| format!("{} {}", file.name, String::from_utf8_lossy(&file.content))))
}

/// The same of logged work.
pub(crate) fn worklogs(view: &IssueView, column: usize, copy_of: Option<&str>) -> Vec<String> {
    let wanted = view
        .worklogs
        .iter()
        .filter(|work| is_wanted(work.author.as_deref(), &work.comment, column, copy_of) && work.visibility.is_none());
    sorted(wanted.map(|work| format!("{} {} {}", work.started, work.seconds, body(&work.comment))))
}

/// What an issue shows, in words that are the same on every side.
pub(crate) fn shown(world: &World, column: usize, view: &IssueView) -> BTreeMap<String, String> {
    let jira = SIDES[column].jira;
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for field in BUILT_IN {
        let text = shared(jira, view, field);
        let text = match field {
            "assignee" => people(world, column, &text),
            "issuetype" if text == SIDES[column].types[3] => "sub-task".to_owned(),
            "labels" => words(&text),
            "versions" => words(&text),
            _ => text,
        };
        shown.insert(field.to_owned(), text);
    }
    for field in CUSTOM.into_iter().filter(|field| *field != Custom::Secret) {
        let text = view.fields.get(&field.id(column)).cloned().unwrap_or_default();
        let text = if matches!(field, Custom::Owner | Custom::Reviewers) {
            people(world, column, &text)
        } else if field == Custom::Effort {
            text.parse::<f64>().map_or(text, |number| number.to_string())
        } else if field == Custom::Start {
            instant(&text)
        } else if field.is_set() || matches!(field, Custom::Release | Custom::Region | Custom::Team) {
            words(&text)
        } else if field == Custom::Project {
            // Its name begins with its key.
            text.split(' ').next().unwrap_or_default().to_owned()
        } else {
            text
        };
        shown.insert(field.name(), text);
    }
    shown.extend(told_of(world, column, view));
    let above = view.fields.get(if column == 1 && !view.fields.contains_key("parent") { EPIC_LINK } else { "parent" });
    let above = above.and_then(|key| world.jira(jira).issue(key)).map(|issue| token(&issue));
    shown.insert("parent".to_owned(), above.unwrap_or_default());
    shown.insert("far".to_owned(), far_ends(column, view));
    let home = format!("{}-", SIDES[column].project);
    let links = view.issue_links.iter().filter(|link| link.other.starts_with(&home)).map(|link| {
        let other = world.jira(jira).issue(&link.other).map(|issue| token(&issue));
        // A type that reads the same both ways has no direction.
        let outward = link.outward && link.kind != "Relates";
        format!("{} {outward} {}", link.kind, other.unwrap_or_default())
    });
    shown.insert("links".to_owned(), sorted(links).join(", "));
    let watchers = world.jira(jira).watchers(&view.key);
    let places = SIDES[column].people.iter().enumerate().filter(|(_, name)| watchers.contains(**name));
    shown.insert("watchers".to_owned(), sorted(places.map(|(place, _)| place.to_string())).join(" "));
    shown
}

/// What an issue shows of links out of the sync, its own and what it says of its counterparts'.
fn far_ends(column: usize, view: &IssueView) -> String {
    let jira = SIDES[column].jira;
    let far = format!("{}-", beside("FAR", column));
    let own = view.issue_links.iter().filter(|link| link.other.starts_with(&far));
    let own = own.map(|link| format!("{} ({jira})", link.other));
    sorted(own.chain(view.links.iter().map(|(title, _)| title.clone()))).join(" | ")
}

/// No key of a project that may not be named, of a partner that may not be seen, or linked by somebody whose acts stay, was sent.
pub(crate) fn far_leaks(world: &World, sight: Sight) -> Result<(), String> {
    (0..SIDES.len()).try_for_each(|column| far_leaks_at(world, sight, column))
}

/// The same of what was sent to one side.
pub(crate) fn far_leaks_at(world: &World, sight: Sight, column: usize) -> Result<(), String> {
    let side = &SIDES[column];
    let mut shut: Vec<String> = Vec::new();
    for other in (0..3).filter(|other| *other != column) {
        shut.extend(["HID", "ATT"].map(|what| format!("{}-", beside(what, other))));
        if sight == Sight::Apart && column != 0 && other != 0 {
            shut.push(format!("{}-", SIDES[other].project));
            shut.push(format!("{}-", beside("FAR", other)));
        }
    }
    if sight == Sight::Apart && column != OUTSIDER.0 {
        let theirs = find(world, SIDES[OUTSIDER.0].jira, &format!("FAR-{}", OUTSIDER.1));
        shut.extend(theirs.map(|issue| issue.key));
    }
    for call in world.jira(side.jira).calls() {
        let sent = format!("{} {} {}", call.path, call.query, String::from_utf8_lossy(&call.request_body));
        // The signs of a sealed mark may look like the beginning of a key.
        let leak = shut.iter().find(|key| sent.contains(*key) && without_lots(&sent).contains(*key));
        if let Some(leak) = leak {
            return Err(format!("{leak} was sent to {}: {} {sent}", side.jira, call.method));
        }
    }
    Ok(())
}

/// People by their place.
pub(crate) fn people(world: &World, column: usize, text: &str) -> String {
    let side = &SIDES[column];
    let names = side.people.iter().enumerate().filter(|(_, name)| {
        let id = world.person(side.jira, name).id().to_owned();
        text.contains(&world.jira(side.jira).display_name(&id))
    });
    sorted(names.map(|(place, _)| place.to_string())).join(" ")
}

fn words(text: &str) -> String {
    let found = text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    sorted(found.map(str::to_owned)).join(" ")
}

fn instant(text: &str) -> String {
    let read = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).and_then(|parsed| parsed.to_timestamp());
    read.map_or_else(|_| text.to_owned(), |at| at.to_string())
}

/// The requests to a Jira that may change something, in order of their bytes, with what is drawn by lot left out.
pub(crate) fn requests(world: &World, jira: &str) -> Vec<String> {
    sorted(sent(world, jira).into_iter().map(|(request, _)| request))
}

/// The same without what repeats, byte for byte, a request that Jira refused, until it takes it. How often a refused write is tried
/// again depends on how often its issue is looked at, whoever is the reason (docs/promises.md); what it says was sent before, and
/// told Jira nothing. What is taken always counts, and so does the first time. `refused`: what stands refused since earlier.
pub(crate) fn news(world: &World, jira: &str, refused: &mut BTreeSet<String>) -> Vec<String> {
    sorted(without_repeats(sent(world, jira), refused).into_iter())
}

/// What a Jira took, or may have taken, one issue to a request: how many are made by one is a question of when they were looked at. What it
/// refused is left out: whether that is tried, and what it says then, depends on what is known already and is agreed at that moment, and so on
/// when an issue was looked at last, whoever was the reason (docs/promises.md). That it tells nothing of another partner is asked by itself.
/// That the sync user stops watching is left out for the same reason: it does when a look shows that what it wrote has made it watch, so once for
/// all that it wrote since the last one (docs/promises.md). What it wrote is compared.
pub(crate) fn taken_by(world: &World, jira: &str) -> Vec<String> {
    let counts = |(request, status): &(String, u16)| !(400..500).contains(status) && !stops_watching(jira, request);
    let sent = sent(world, jira).into_iter().filter(counts);
    sorted(sent.flat_map(|(request, _)| one_by_one(&request)))
}

/// Whether by a request the sync user stops watching: on Cloud it is named by its id there, on Data Center by its login name.
fn stops_watching(jira: &str, request: &str) -> bool {
    let named = [format!("accountId={} ", sync_user(jira)), "username=sync ".to_owned()];
    request.contains(" DELETE ") && request.contains("/watchers ") && named.iter().any(|name| request.contains(name))
}

fn one_by_one(request: &str) -> Vec<String> {
    let body = request
        .split_once("/issue/bulk  ")
        .and_then(|(head, body)| Some((head, serde_json::from_str::<Value>(body).ok()?)));
    let Some((head, updates)) = body.as_ref().and_then(|(head, body)| Some((head, body["issueUpdates"].as_array()?)))
    else {
        return vec![request.to_owned()];
    };
    updates.iter().map(|update| format!("{head}/issue  {update}")).collect()
}

fn without_repeats(sent: Vec<(String, u16)>, refused: &mut BTreeSet<String>) -> Vec<String> {
    let counts = |(request, status): (String, u16)| {
        let is_new = if (400..500).contains(&status) {
            refused.insert(request.clone())
        } else {
            refused.remove(&request);
            true
        };
        is_new.then_some(request)
    };
    sent.into_iter().filter_map(counts).collect()
}

/// Whether a request changes nothing.
pub(crate) fn reads(method: &str, path: &str) -> bool {
    method == "GET" || ["/jql", "/bulkfetch", "/search", "/approximate-count"].iter().any(|end| path.ends_with(end))
}

/// Each request that may change something, with the status of its answer, in the order in which they came.
fn sent(world: &World, jira: &str) -> Vec<(String, u16)> {
    let calls = world.jira(jira).calls();
    let writes = calls.iter().filter(|call| !reads(&call.method, &call.path));
    let told = writes.map(|call| {
        let body = String::from_utf8_lossy(&call.request_body);
        let query = without(&without(&call.query, "globalId=jirasyncd%3A", '%'), "globalId=jirasyncd:", ':');
        let body = with_items_for_keys(world, &without_lots(&body));
        (format!("{jira} {} {} {query} {body}", call.method, with_item_for_id(world, jira, &call.path)), call.status)
    });
    told.collect()
}

/// The id of an issue in a path as the item that it is of: in which order counterparts are made that are made in one moment rests on which of them
/// were looked at together (9089).
fn with_item_for_id(world: &World, jira: &str, path: &str) -> String {
    let id = |part: &str| part.parse::<u64>().ok();
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let place = parts.iter().position(|part| part == "issue").map(|place| place + 1);
    let Some((place, id)) = place.and_then(|place| Some((place, id(parts.get(place)?)?))) else {
        return path.to_owned();
    };
    if let Some(issue) = world.jira(jira).issues().iter().find(|issue| issue.id == id) {
        parts[place] = token(issue);
    }
    parts.join("/")
}

/// Home's keys as what they are of: how many issues home had before one rests on everybody's, and its key is told on purpose.
fn with_items_for_keys(world: &World, text: &str) -> String {
    let (jira, begins) = (world.jira(SIDES[0].jira), format!("{}-", SIDES[0].project));
    let mut parts = text.split(begins.as_str());
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.len() - part.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
        let of = jira.issue(&format!("{begins}{}", &part[..number])).map(|issue| token(&issue));
        told += &format!("{begins}{}", of.as_deref().unwrap_or(&part[..number]));
        told += &part[number..];
    }
    told
}

/// Ids that are drawn by lot are not what somebody did: a mark, which is sealed so that only the daemon can read it (its length
/// stays), an item's id by which Jira knows a remote link of ours, and the line between the parts of an upload.
fn without_lots(body: &str) -> String {
    let marks = without(body, "\"mark\":\"", '"');
    let marks = without(&marks, "\"globalId\":\"jirasyncd:", ':');
    // The number that Jira gave a link of home's: how many there are before it rests on the copies of everybody's.
    let marks = SIDES.iter().fold(marks, |text, side| without(&text, &format!(" signs:{}:", side.jira), '"'));
    without(&marks, "--jirasyncd-", '\r')
}

/// The text with whatever lies between a beginning and an end replaced by its length.
fn without(text: &str, begin: &str, end: char) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(begin) {
        let (before, lot) = rest.split_at(at + begin.len());
        let length = lot.find(end).unwrap_or(lot.len());
        left += &format!("{before}{length} signs");
        rest = &lot[length..];
    }
    left + rest
}

/// Nothing that a side may not know is in what was sent to it; nothing that any side may not know is in a problem, of whichever side, or in
/// the log: who reads those has no side. A problem may name the file, the version or the component that it is about, on a side that may know
/// it: else nobody could mend what it says; and it keeps both words that were given to one of those at once, where that side may know both.
pub(crate) async fn leaks(world: &World, written: &[Written], log: &str) -> Result<usize, String> {
    let mut shut = 0;
    for column in 0..SIDES.len() {
        shut += sent_leaks(world, written, column)?;
    }
    let secret = || written.iter().filter(|written| (0..3).any(|column| written.is_shut(column)));
    for problem in problems_ever(world).await {
        let said = format!("{problem:?}");
        let column = SIDES.iter().position(|side| side.jira == problem.side.as_str());
        if let Some(leak) = secret().find(|written| told_of_it(&said, written, column)) {
            return Err(format!("{leak:?} is in a problem: {said}"));
        }
    }
    match secret().find(|written| log.contains(&written.canary)) {
        Some(leak) => Err(format!("{leak:?} is in the log")),
        None => Ok(shut),
    }
}

/// What is told now, and what was told of items and is over: `explain` tells both.
async fn problems_ever(world: &World) -> Vec<Problem> {
    let store = world.daemon().store();
    let mut all: Vec<Problem> =
        store.problems(10_000).await.unwrap().into_iter().map(|stored| stored.problem).collect();
    for item in store.item_ids(None, 10_000).await.unwrap() {
        let over = store.past_problems(item, Timestamp::MIN, usize::MAX).await.unwrap();
        all.extend(over.into_iter().map(|past| past.problem));
    }
    all
}

/// Whether a problem of a side says more of what was written than its name, or names it where it may not be known.
fn told_of_it(said: &str, written: &Written, column: Option<usize>) -> bool {
    let canary = &written.canary;
    if !said.contains(canary) || column.is_none_or(|column| written.is_shut(column)) {
        return said.contains(canary);
    }
    if !written.is_stock() {
        let named = |said: String, number| said.replace(&format!("`f{number}-{canary}.txt`"), "");
        return (0..2).fold(said.to_owned(), named).contains(canary);
    }
    // Every second part is between quotes; what is said of a version or component begins with these words. What lost is kept nowhere
    // else.
    let keeps_what_lost = said.contains(", and neither knew: `");
    let is_name = |quoted: &str| keeps_what_lost || !quoted.starts_with("Words ") && !quoted.starts_with("Made");
    let parts = said.split('`').enumerate();
    parts.filter(|(place, part)| place % 2 == 0 || !is_name(part)).any(|(_, part)| part.contains(canary))
}

/// The same of what was sent to one side, taken or refused. Returns how much it may not know.
pub(crate) fn sent_leaks(world: &World, written: &[Written], column: usize) -> Result<usize, String> {
    let side = &SIDES[column];
    let secret: Vec<&Written> = written.iter().filter(|written| written.is_shut(column)).collect();
    for call in world.jira(side.jira).calls() {
        let sent = format!("{} {} {}", call.path, call.query, String::from_utf8_lossy(&call.request_body));
        // One search of the whole, most of which holds no such word at all.
        if !sent.contains("by") {
            continue;
        }
        if let Some(leak) = secret.iter().find(|written| sent.contains(&written.canary)) {
            return Err(format!("{leak:?} was sent to {}: {} {} {sent}", side.jira, call.status, call.method));
        }
    }
    Ok(secret.len())
}

/// A log that is kept.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        if std::env::var_os("JIRASYNCD_TELL").is_some() {
            println!("{}", String::from_utf8_lossy(bytes).trim_end());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn only_what_is_refused_again_is_no_news() {
    let mut refused = BTreeSet::new();
    let sent = |answers: &[(&str, u16)]| answers.iter().map(|(what, status)| ((*what).to_owned(), *status)).collect();
    let first =
        without_repeats(sent(&[("a", 403), ("b", 204), ("a", 403), ("b", 204), ("c", 500), ("c", 500)]), &mut refused);
    assert_eq!(first, ["a", "b", "b", "c", "c"]);
    let then = without_repeats(sent(&[("a", 403), ("d", 404), ("a", 204), ("a", 204), ("a", 403)]), &mut refused);
    assert_eq!(then, ["d", "a", "a", "a"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_side_keeps_back_is_in_no_problem_not_even_of_its_own() {
    let mut world = world(Sight::Apart);
    world.start().await;
    let mut people = People::new(Sight::Apart);
    let act = |number, what| Act { number, column: 0, who: 0, what, item: 0, pick: 162 };
    for act in [act(0, What::Create), act(1, What::Field(Field::Secret))] {
        assert!(people.act(&world, &act).unwrap(), "{act:?} was not done");
    }
    leaks(&world, &people.written, "").await.unwrap();
    let secret = people.written[1].canary.clone();
    let what = format!("the field could not be read: {secret}");
    let problem =
        Problem { side: "acme".into(), field: None, what, remedy: String::new(), operation: None, settles: false };
    let now = world.surroundings.clock.now();
    world.daemon().store().set_problems("SUP-1", &[problem], now).await.unwrap();
    let found = leaks(&world, &people.written, "").await.unwrap_err();
    assert!(found.contains("is in a problem") && found.contains(&secret), "{found}");
}
