//! Links between issues in shared words. An element of the value belongs to the item at the outward end and names the other item
//! by its id, so that each link is part of one value only. Must never take a link to an issue that is no item of the sync into a
//! value: it is nobody's business but its own Jira's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Place;
use super::table::FOREIGN;
use crate::model::hub::There;
use crate::model::ids::{IssueId, IssueKey, ItemId, SideId};
use crate::model::issue::{Above, IssueLink};

/// What follows a type's name in a cell where the direction is turned round, and where it is not.
const INWARD: &str = ":inward";
const OUTWARD: &str = ":outward";

/// The items that an item's values name, and whose issues they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Relatives {
    pub(super) items: BTreeMap<ItemId, BTreeMap<SideId, There>>,
    #[serde(with = "super::listed")]
    at: BTreeMap<(SideId, IssueId), ItemId>,
    #[serde(with = "super::listed")]
    under: BTreeMap<(SideId, IssueKey), ItemId>,
}

impl Relatives {
    /// Nobody.
    pub(super) const NONE: Self = Self { items: BTreeMap::new(), at: BTreeMap::new(), under: BTreeMap::new() };

    /// An item with its replicas.
    pub fn add(&mut self, item: ItemId, replicas: BTreeMap<SideId, There>) {
        for (side, there) in &replicas {
            self.at.insert((side.clone(), there.issue), item);
            self.under.insert((side.clone(), there.key.clone()), item);
        }
        self.items.insert(item, replicas);
    }

    /// The item that a side's issue stands for.
    #[must_use]
    pub fn item(&self, side: &SideId, issue: IssueId) -> Option<ItemId> {
        self.at.get(&(side.clone(), issue)).copied()
    }

    /// The item of the issue above another: by its id, or by its key where that is all there is.
    #[must_use]
    pub fn above(&self, side: &SideId, above: &Above) -> Option<ItemId> {
        match above.issue {
            Some(issue) => self.item(side, issue),
            None => self.under.get(&(side.clone(), above.key.clone())).copied(),
        }
    }

    /// Takes in what an item's issue on a side is called now, and was called before.
    pub fn is_called(&mut self, item: ItemId, side: &SideId, key: IssueKey, once: BTreeSet<IssueKey>) {
        if let Some(there) = self.items.get_mut(&item).and_then(|replicas| replicas.get_mut(side)) {
            there.elsewhere = Some(key).filter(|key| key != &there.key);
            there.once = once;
        }
    }

    /// An item's replica on a side.
    #[must_use]
    pub fn there(&self, item: ItemId, side: &SideId) -> Option<&There> {
        self.items.get(&item)?.get(side)
    }
}

/// Why a link cannot be made on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlinkable {
    /// The side has no type for it; this is what it is called elsewhere.
    NoType(String),
    /// The other item has no counterpart there.
    NotThere(ItemId),
    /// The other issue is not there now, or not visible.
    Gone(IssueKey),
    /// The other issue has a security level.
    Restricted(IssueKey),
}

/// A cell of the table of link types: the type's name, and whether its direction is the row's.
#[must_use]
pub fn link_cell(cell: &str) -> (&str, bool) {
    match (cell.strip_suffix(INWARD), cell.strip_suffix(OUTWARD)) {
        (Some(name), _) => (name, false),
        (None, Some(name)) => (name, true),
        (None, None) => (cell, true),
    }
}

/// The item and the shared type that an element names.
#[must_use]
pub fn element_parts(element: &str) -> Option<(ItemId, &str)> {
    let (item, kind) = element.split_once(' ')?;
    Some((item.parse().ok()?, kind))
}

/// The shared name of a side's type, and whether its direction is the same. A type that no row has goes by its own name.
fn shared_type(place: &Place<'_>, name: &str) -> Option<(String, bool)> {
    let table = &place.sync.link_types;
    for row in &table.rows {
        let cells = row.names.get(place.side).into_iter().flatten().map(|cell| link_cell(cell));
        if let Some((_, same)) = cells.into_iter().find(|(known, _)| *known == name) {
            return Some((row.shared.clone(), same));
        }
    }
    let taken = table.rows.iter().any(|row| link_cell(&row.shared).0 == name);
    (!taken).then(|| (name.to_owned(), true))
}

/// What the side calls a shared type, and whether its direction is the same.
fn native_type(place: &Place<'_>, shared: &str) -> Option<(String, bool)> {
    let table = &place.sync.link_types;
    let found = match table.rows.iter().find(|row| row.shared == shared) {
        Some(row) => row.names.get(place.side)?.first().map(|cell| link_cell(cell)),
        None => {
            let cells = table.rows.iter().filter_map(|row| row.names.get(place.side)).flatten();
            let taken = cells.map(|cell| link_cell(cell)).any(|(name, _)| name == shared);
            (!taken).then_some((shared, true))
        }
    };
    let offered = &place.catalog.link_types;
    let (name, same) = found.filter(|(name, _)| offered.is_empty() || offered.iter().any(|known| known == name))?;
    Some((name.to_owned(), same))
}

/// The elements that an issue's links stand for, each with the links that do.
#[must_use]
pub fn shared_links<'l>(place: &Place<'_>, links: &'l BTreeSet<IssueLink>) -> BTreeMap<String, Vec<&'l IssueLink>> {
    let mut found: BTreeMap<String, Vec<&IssueLink>> = BTreeMap::new();
    for link in links {
        let Some((shared, _)) = shared_type(place, &link.kind).filter(|(_, same)| *same == link.outward) else {
            continue;
        };
        if let Some(item) = place.references.relatives.item(place.side, link.issue) {
            found.entry(format!("{item} {shared}")).or_default().push(link);
        }
    }
    found
}

/// The issues of links that would be elements if their issues were items of the sync, and may become so.
#[must_use]
pub fn strange_links(place: &Place<'_>, links: &BTreeSet<IssueLink>) -> BTreeSet<IssueId> {
    let ours = |link: &&IssueLink| {
        place.references.is_of(place.sync, place.side, &link.key)
            && place.references.relatives.item(place.side, link.issue).is_none()
            && shared_type(place, &link.kind).is_some_and(|(_, same)| same == link.outward)
    };
    links.iter().filter(ours).map(|link| link.issue).collect()
}

/// The links to issues that are no items of the sync, in projects of that Jira whose keys may be shown elsewhere. Of both
/// directions: the other end has no part in this.
#[must_use]
pub fn far_links<'l>(place: &Place<'_>, links: &'l BTreeSet<IssueLink>) -> Vec<&'l IssueLink> {
    let far = |link: &&IssueLink| {
        may_be_named(place, &link.key) && place.references.relatives.item(place.side, link.issue).is_none()
    };
    links.iter().filter(far).collect()
}

/// Whether an issue is in a project of that Jira whose keys may be shown elsewhere.
#[must_use]
pub fn may_be_named(place: &Place<'_>, key: &IssueKey) -> bool {
    let projects = place.row.not_synced.get(place.side);
    let project = key.as_str().rsplit_once('-').map(|(project, _)| project);
    projects.zip(project).is_some_and(|(projects, project)| projects.contains(project))
}

/// How a link of another side's type reads on a side, in that side's own words. `None`: it has no such type, or none that the
/// two share.
#[must_use]
pub fn link_words(from: &Place<'_>, place: &Place<'_>, kind: &str, outward: bool) -> Option<String> {
    let (shared, same) = shared_type(from, kind)?;
    let (name, same_here) = native_type(place, &shared)?;
    let words = place.catalog.link_words.get(&name)?;
    let reads_outward = (outward == same) == same_here;
    let words = if reads_outward { &words.outward } else { &words.inward };
    Some(words.clone()).filter(|words| !words.is_empty())
}

/// The link that stands for an element on the side, without an id.
///
/// # Errors
/// It cannot be made there.
pub fn native_link(place: &Place<'_>, element: &str) -> Result<IssueLink, Unlinkable> {
    let (item, shared) = element_parts(element).ok_or_else(|| Unlinkable::NoType(element.to_owned()))?;
    let relatives = &place.references.relatives;
    let there = relatives.there(item, place.side).ok_or(Unlinkable::NotThere(item))?;
    let at_home = place.sync.home.as_ref().and_then(|home| relatives.there(item, home));
    if there.restricted || at_home.is_some_and(|home| home.restricted) {
        return Err(Unlinkable::Restricted(there.key.clone()));
    }
    if there.gone {
        return Err(Unlinkable::Gone(there.key.clone()));
    }
    let (kind, same) = native_type(place, shared).ok_or_else(|| Unlinkable::NoType(link_cell(shared).0.to_owned()))?;
    Ok(IssueLink { id: String::new(), kind, outward: same, issue: there.issue, key: there.key.clone() })
}

/// Why an issue cannot be put below another on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parentless {
    /// The item above has no counterpart there.
    NotThere(ItemId),
    /// The issue above is not there now, or not visible.
    Gone,
    /// The issue above has a security level.
    Restricted,
    /// The issue above is no item of the sync.
    Stranger,
}

/// The shared word for the issue above: its item's id, or, of one that is no item's, a word that no other side has.
#[must_use]
pub fn shared_parent(place: &Place<'_>, above: &Above) -> String {
    match (place.references.relatives.above(place.side, above), above.issue) {
        (Some(item), _) => item.to_string(),
        (None, Some(issue)) => format!("{FOREIGN}{}:{issue}", place.side),
        (None, None) => format!("{FOREIGN}{}:{}", place.side, above.key),
    }
}

/// The item that the shared word for an issue above names.
#[must_use]
pub fn parent_item(shared: &str) -> Option<ItemId> {
    shared.parse().ok()
}

/// The counterpart of the issue above.
///
/// # Errors
/// There is none there to be named.
pub fn native_parent(place: &Place<'_>, shared: &str) -> Result<Above, Parentless> {
    let item = parent_item(shared).ok_or(Parentless::Stranger)?;
    let relatives = &place.references.relatives;
    let there = relatives.there(item, place.side).ok_or(Parentless::NotThere(item))?;
    let at_home = place.sync.home.as_ref().and_then(|home| relatives.there(item, home));
    if there.restricted || at_home.is_some_and(|home| home.restricted) {
        return Err(Parentless::Restricted);
    }
    if there.gone {
        return Err(Parentless::Gone);
    }
    Ok(Above { issue: Some(there.issue), key: there.key.clone() })
}
