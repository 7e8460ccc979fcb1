//! Issues that a text names, by key or by address. Each side's people read the key and the address of their own counterpart.
//! Must never show a side the key, the address or the name of an issue on a side that it does not see.
//!
//! What is agreed, and what is known of a side, names an issue by the side and the key that its author wrote. That reading
//! hangs on nothing but the settings and the keys that the projects have now, so a text does not seem edited because an issue in it got a
//! counterpart later.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::file_reference::FileThere;
use super::reference_words::{Found, Hidden, find};
use super::relation::Relatives;
use crate::model::catalog::Catalog;
use crate::model::document::{Block, Document, File, FilePlace, Inline, Mark};
use crate::model::ids::{IssueKey, SideId};
use crate::model::settings::SyncSettings;
use crate::text;

/// How an agreed text names an issue: followed by the side, a slash, the key and what follows it in the address.
const SCHEME: &str = "jirasyncd-issue:";

/// Stands for an issue that a side may not know of.
pub const HIDDEN: &str = "[issue]";

/// What texts can refer to: the sides' projects and addresses, and the items that hold the issues named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct References {
    pub(super) sites: BTreeMap<SideId, Site>,
    #[serde(with = "super::listed")]
    pairs: BTreeMap<(SideId, IssueKey), BTreeMap<SideId, IssueKey>>,
    own: BTreeMap<SideId, IssueKey>,
    pub(super) files: BTreeMap<SideId, Vec<FileThere>>,
    /// The items that values name.
    pub relatives: Relatives,
}

/// Where a side's issues are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Site {
    /// The key of its project, as the configuration has it.
    pub(super) project: String,
    /// The key that the project has now, where that is another one: people write both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) now: Option<String>,
    /// Its address, without a slash at the end. Empty: not read yet.
    pub(super) address: String,
    /// The other sides that it sees. What its people write means no issue of any other.
    pub(super) sees: BTreeSet<SideId>,
}

impl Site {
    /// The keys that its project goes by.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.project.as_str()).chain(self.now.as_deref())
    }

    /// Whether its project goes by this key.
    pub(super) fn is_called(&self, project: &str) -> bool {
        self.names().any(|name| name == project)
    }

    /// The keys that an issue goes by, if it is of this project; else the one that is given.
    fn keys_of(&self, key: &IssueKey) -> BTreeSet<IssueKey> {
        let mut keys = BTreeSet::from([key.clone()]);
        if let Some((project, number)) = key.as_str().rsplit_once('-')
            && self.is_called(project)
        {
            keys.extend(self.names().map(|name| IssueKey::new(format!("{name}-{number}"))));
        }
        keys
    }
}

/// A text that refers to nothing.
pub static NO_REFERENCES: References = References {
    sites: BTreeMap::new(),
    pairs: BTreeMap::new(),
    own: BTreeMap::new(),
    files: BTreeMap::new(),
    relatives: Relatives::NONE,
};

impl References {
    /// The sides of a sync, and the replicas of the item whose texts these are. No other item is known yet.
    #[must_use]
    pub fn new(sync: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>, own: BTreeMap<SideId, IssueKey>) -> Self {
        let site = |side: &crate::model::settings::SideSettings| {
            let address = catalogs.get(&side.id).map(|catalog| catalog.address.trim_end_matches('/').to_owned());
            let address = address.unwrap_or_default();
            (side.id.clone(), Site { project: side.project.clone(), now: None, address, sees: side.sees.clone() })
        };
        Self {
            sites: sync.sides.iter().map(site).collect(),
            pairs: BTreeMap::new(),
            own,
            files: BTreeMap::new(),
            relatives: Relatives::NONE,
        }
    }

    /// The key that a side's project has now, where that is not the one of the settings. To be said before anything is paired.
    pub fn also_called(&mut self, side: &SideId, key: String) {
        if let Some(site) = self.sites.get_mut(side) {
            site.now = Some(key);
        }
    }

    /// The replicas of one item.
    pub fn pair(&mut self, replicas: &BTreeMap<SideId, IssueKey>) {
        for (side, key) in replicas {
            let keys = self.sites.get(side).map_or_else(|| BTreeSet::from([key.clone()]), |site| site.keys_of(key));
            for key in keys {
                self.pairs.insert((side.clone(), key), replicas.clone());
            }
        }
    }

    /// All keys that the issues of these may be known by: a project may have another key than when its issues were last read.
    #[must_use]
    pub fn known_by(&self, keys: &BTreeSet<IssueKey>) -> BTreeSet<IssueKey> {
        keys.iter().flat_map(|key| self.sites.values().flat_map(move |site| site.keys_of(key))).collect()
    }

    /// Whether a key is of the project of a side, by whichever key that goes.
    #[must_use]
    pub fn is_of(&self, sync: &SyncSettings, side: &SideId, key: &IssueKey) -> bool {
        let Some((project, _)) = key.as_str().rsplit_once('-') else { return false };
        sync.side(side).is_some_and(|settings| settings.project == project)
            || self.sites.get(side).is_some_and(|site| site.is_called(project))
    }

    /// The same, with no counterpart known: each issue is called by the key that is said. A notice that an issue is gone means that one,
    /// and not the one on which it is read.
    #[must_use]
    pub fn as_said(&self) -> Self {
        Self { pairs: BTreeMap::new(), ..self.clone() }
    }

    /// The keys in an agreed text that may be those of a side's issues.
    #[must_use]
    pub fn mentioned(&self, document: &Document) -> BTreeSet<IssueKey> {
        let mut keys = BTreeSet::new();
        text::visit_words(&document.blocks, &mut |words| keys.extend(self.keys(words)));
        keys
    }

    /// The same of some words or their markup.
    pub fn keys(&self, words: &str) -> impl Iterator<Item = IssueKey> {
        self.keys_in(words, None).into_iter().map(|found| found.key)
    }

    /// The issues of any side that some words name; `side` is where they were written.
    pub(super) fn keys_in(&self, words: &str, side: Option<&SideId>) -> Vec<Found> {
        if self.sites.is_empty() || !words.contains('-') { Vec::new() } else { find(words, &self.sites, side) }
    }

    /// Names the issues in what a side holds by side and key.
    pub(super) fn neutral(&self, side: &SideId, blocks: &mut [Block]) {
        if self.sites.is_empty() {
            return;
        }
        self.neutral_files(side, blocks);
        text::change_blocks(blocks, &mut |block| {
            if let Block::Card { address, .. } = block
                && let Some(neutral) = self.neutral_address(side, address)
            {
                *address = neutral;
            }
        });
        text::change_runs(blocks, &mut |run| {
            if run.iter().any(|inline| self.names_an_issue(side, inline)) {
                *run = run.drain(..).flat_map(|inline| self.neutral_inline(side, inline)).collect();
            }
        });
    }

    fn names_an_issue(&self, side: &SideId, inline: &Inline) -> bool {
        match inline {
            Inline::Text(words, marks) => {
                words.contains('-') && !self.keys_in(words, Some(side)).is_empty()
                    || marks.iter().any(|mark| matches!(mark, Mark::Link(address) if may_name(address)))
            }
            Inline::Card(address) => may_name(address),
            Inline::HardBreak
            | Inline::Unknown(_)
            | Inline::Mention { .. }
            | Inline::Emoji { .. }
            | Inline::Date(_)
            | Inline::Status { .. }
            | Inline::File(_) => false,
        }
    }

    fn neutral_inline(&self, side: &SideId, inline: Inline) -> Vec<Inline> {
        match inline {
            Inline::Card(address) => {
                vec![Inline::Card(self.neutral_address(side, &address).unwrap_or(address))]
            }
            Inline::Text(words, mut marks) if marks.iter().any(|mark| matches!(mark, Mark::Link(_))) => {
                for mark in &mut marks {
                    if let Mark::Link(address) = mark
                        && let Some(neutral) = self.neutral_address(side, address)
                    {
                        *address = neutral;
                    }
                }
                vec![Inline::Text(words, marks)]
            }
            // Jira makes no links in code.
            Inline::Text(words, marks) if !marks.contains(&Mark::Code) => self.neutral_words(side, &words, &marks),
            Inline::Text(..)
            | Inline::HardBreak
            | Inline::Unknown(_)
            | Inline::Mention { .. }
            | Inline::Emoji { .. }
            | Inline::Date(_)
            | Inline::Status { .. }
            | Inline::File(_) => vec![inline],
        }
    }

    /// Words with the keys and addresses in them set apart.
    fn neutral_words(&self, side: &SideId, words: &str, marks: &[Mark]) -> Vec<Inline> {
        let mut out = Vec::new();
        let mut reached = 0;
        for found in self.keys_in(words, Some(side)) {
            // A key within an address that is none of ours.
            let (from, to) = found.whole;
            if from < reached {
                continue;
            }
            let mut linked = marks.to_vec();
            linked.push(Mark::Link(neutral_form(&found.side, &found.key, &found.rest)));
            linked.sort();
            out.push(Inline::Text(words.get(reached..from).unwrap_or_default().to_owned(), marks.to_vec()));
            out.push(Inline::Text(words.get(from..to).unwrap_or_default().to_owned(), linked));
            reached = to;
        }
        out.push(Inline::Text(words.get(reached..).unwrap_or_default().to_owned(), marks.to_vec()));
        out.retain(|inline| !matches!(inline, Inline::Text(words, _) if words.is_empty()));
        out
    }

    fn neutral_address(&self, side: &SideId, address: &str) -> Option<String> {
        // Only we name issues so: what a person wrote like it names none.
        if address.starts_with(SCHEME) {
            return Some(format!("x-{address}"));
        }
        let found = self.keys_in(address, Some(side)).into_iter().next()?;
        (found.whole == (0, address.len()) && address.contains("/browse/"))
            .then(|| neutral_form(&found.side, &found.key, &found.rest))
    }
}

/// For whom a text is written.
pub(super) struct Reader<'a> {
    pub(super) references: &'a References,
    pub(super) sync: &'a SyncSettings,
    pub(super) side: &'a SideId,
    /// Whether a key becomes a link there by itself, and files are known by name: wiki markup.
    pub(super) links_keys: bool,
    /// The ids of the media that it holds already.
    pub(super) owned: BTreeSet<String>,
    /// What it holds: what stands there already is no news to it.
    pub(super) held: &'a Document,
    /// What it may not know of, once that was asked.
    pub(super) hidden: OnceCell<Option<Hidden<'a>>>,
}

impl<'a> Reader<'a> {
    /// Puts a side's own keys and addresses in place of what the agreed text names, and takes out what it may not know of.
    pub(super) fn localise(&self, blocks: &mut [Block]) {
        if self.references.sites.is_empty() {
            return;
        }
        text::change_blocks(blocks, &mut |block| {
            if let Block::Card { address, .. } = block
                && let Some((side, key, rest)) = named(address)
            {
                match self.shown(&side, &key) {
                    Some((at, key)) => *address = self.address(at, key, if at == &side { &rest } else { "" }),
                    None => *block = Block::Paragraph(vec![Inline::Text(HIDDEN.to_owned(), Vec::new())]),
                }
            }
        });
        text::change_runs(blocks, &mut |run| {
            for inline in run.iter_mut() {
                self.local_inline(inline);
            }
        });
        self.local_files(blocks);
        if let Some(hidden) = self.hidden.get_or_init(|| self.what_is_hidden()) {
            without_ways(blocks, hidden);
            text::change_words(blocks, &mut |words| hidden.scrub(words, HIDDEN));
        }
    }

    fn local_inline(&self, inline: &mut Inline) {
        if let Inline::Card(address) = inline
            && let Some((side, key, rest)) = named(address)
        {
            match self.shown(&side, &key) {
                Some((at, key)) => *address = self.address(at, key, if at == &side { &rest } else { "" }),
                None => *inline = Inline::Text(HIDDEN.to_owned(), Vec::new()),
            }
        } else if let Inline::Text(words, marks) = inline
            && let Some(place) = marks.iter().position(|mark| matches!(mark, Mark::Link(to) if to.starts_with(SCHEME)))
            && let Some(Mark::Link(link)) = marks.get(place).cloned()
            && let Some((side, key, rest)) = named(&link)
        {
            let shows_key = *words == key.as_str();
            let shows_address = shows_address_of(words, &key);
            match self.shown(&side, &key) {
                Some((at, local)) => {
                    let address = self.address(at, local, if at == &side { &rest } else { "" });
                    if shows_key {
                        *words = local.to_string();
                    } else if shows_address {
                        words.clone_from(&address);
                    }
                    if (shows_key && at == self.side && self.links_keys) || address.is_empty() {
                        marks.remove(place);
                    } else if let Some(mark) = marks.get_mut(place) {
                        *mark = Mark::Link(address);
                    }
                }
                None => {
                    if shows_key || shows_address {
                        HIDDEN.clone_into(words);
                    }
                    marks.remove(place);
                }
            }
        }
    }

    /// Where the side's people look for an issue: their own counterpart, else the issue that was named if they see its side,
    /// else a counterpart that they see. `None`: they may not know of it.
    fn shown<'s>(&'s self, side: &'s SideId, key: &'s IssueKey) -> Option<(&'s SideId, &'s IssueKey)> {
        let group = self.references.pairs.get(&(side.clone(), key.clone()));
        let own = group.and_then(|group| group.get_key_value(self.side));
        let named = self.sees(side).then_some((side, key));
        own.or(named).or_else(|| group?.iter().find(|(other, _)| self.sees(other)))
    }

    /// The item's own replica on a side that the reader sees: its key and address.
    pub(super) fn own(&self, side: &SideId) -> Option<(String, String)> {
        let key = self.references.own.get(side).filter(|_| side != self.side && self.sees(side))?;
        let address = self.address(side, key, "");
        (!address.is_empty()).then(|| (key.to_string(), address))
    }

    fn sees(&self, side: &SideId) -> bool {
        side == self.side || self.sync.side(self.side).is_some_and(|settings| settings.sees.contains(side))
    }

    /// What follows the key, like the id of a comment, means something for the issue that was named and for no counterpart.
    fn address(&self, side: &SideId, key: &IssueKey, rest: &str) -> String {
        match self.references.sites.get(side) {
            Some(site) if !site.address.is_empty() => format!("{}/browse/{key}{rest}", site.address),
            Some(_) | None => String::new(),
        }
    }

    fn what_is_hidden(&self) -> Option<Hidden<'a>> {
        let sites = self.hidden_sites();
        if sites.is_empty() {
            return None;
        }
        let known = self.references.sites.iter().filter(|(side, _)| self.sees(side));
        let mut hidden = Hidden::new(sites, known.map(|(_, site)| site).collect());
        text::visit_words(&self.held.blocks, &mut |words| hidden.stands(words));
        Some(hidden)
    }

    /// The sites that the side does not see.
    fn hidden_sites(&self) -> Vec<&'a Site> {
        self.references.sites.iter().filter(|(side, _)| !self.sees(side)).map(|(_, site)| site).collect()
    }
}

/// Takes out links, cards and files whose address is on a site that their reader may not know of.
fn without_ways(blocks: &mut [Block], hidden: &Hidden<'_>) {
    let leads_there = |address: &str| hidden.is_in(address);
    let file_leads_there = |file: &mut File| {
        file.marks.retain(|mark| !leads_there(&mark.to_string()));
        matches!(&file.place, FilePlace::Address(address) if leads_there(address))
    };
    text::change_blocks(blocks, &mut |block| {
        let gone = if let Block::Card { address, .. } = block {
            leads_there(address)
        } else if let Block::Files { files, .. } = block {
            let before = files.len();
            files.retain_mut(|file| !file_leads_there(file));
            files.is_empty() && before > 0
        } else {
            false
        };
        if gone {
            *block = Block::Paragraph(vec![Inline::Text(HIDDEN.to_owned(), Vec::new())]);
        }
    });
    text::change_runs(blocks, &mut |run| {
        for inline in run {
            let gone = if let Inline::Text(_, marks) = inline {
                marks.retain(|mark| !matches!(mark, Mark::Link(address) if leads_there(address)));
                false
            } else if let Inline::Card(address) = inline {
                leads_there(address)
            } else if let Inline::File(file) = inline {
                file_leads_there(file)
            } else {
                false
            };
            if gone {
                *inline = Inline::Text(HIDDEN.to_owned(), Vec::new());
            }
        }
    });
}

/// Whether an address may be that of an issue.
fn may_name(address: &str) -> bool {
    address.contains("/browse/") || address.starts_with(SCHEME)
}

/// Whether a link's words are the address of the issue that it leads to, and not words of its author.
fn shows_address_of(words: &str, key: &IssueKey) -> bool {
    let behind = words.split_once("/browse/").and_then(|(_, behind)| behind.strip_prefix(key.as_str()));
    words.starts_with("http")
        && !words.contains(char::is_whitespace)
        && behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#']))
}

fn neutral_form(side: &SideId, key: &IssueKey, rest: &str) -> String {
    format!("{SCHEME}{side}/{key}{rest}")
}

/// The side, the key and the rest of what an agreed text names.
fn named(address: &str) -> Option<(SideId, IssueKey, String)> {
    let (side, rest) = address.strip_prefix(SCHEME)?.split_once('/')?;
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (key, rest) = rest.split_at(end);
    Some((side.into(), key.into(), rest.to_owned()))
}
