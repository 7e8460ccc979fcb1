//! Where words name an issue. Must never take for a key what stands within another word.

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Site;
use crate::model::ids::{IssueKey, SideId};

/// An issue that is named.
pub(super) struct Found {
    /// From where to where the naming reaches, in bytes: a key, or the whole address that it ends.
    pub(super) whole: (usize, usize),
    /// The side whose issue it is.
    pub(super) side: SideId,
    /// Its key.
    pub(super) key: IssueKey,
    /// What follows the key in the address.
    pub(super) rest: String,
}

/// The issues that some words name, in order. `side` is where the words were written: its own project goes before another
/// side's of the same name, unless an address says which, and none of a side that it does not see. `None`: whatever could be a
/// key of any side.
pub(super) fn find(words: &str, sites: &BTreeMap<SideId, Site>, side: Option<&SideId>) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    let sees = side.and_then(|side| sites.get(side)).map(|site| &site.sees);
    let knows = |owner: &SideId| side == Some(owner) || sees.is_none_or(|sees| sees.contains(owner));
    for (dash, _) in words.match_indices('-') {
        let Some((from, to)) = key_at(words, dash) else { continue };
        if out.last().is_some_and(|last| last.whole.1 > from) {
            continue;
        }
        let (Some(project), Some(key)) = (words.get(from..dash), words.get(from..to)) else { continue };
        let named: Vec<(&SideId, &Site)> =
            sites.iter().filter(|(owner, site)| site.is_called(project) && knows(owner)).collect();
        if named.is_empty() {
            continue;
        }
        let key = IssueKey::from(key);
        let in_address = named.iter().find_map(|(owner, site)| {
            let (begin, end) = address_around(words, from, to, &site.address)?;
            Some(Found {
                whole: (begin, end),
                side: (*owner).clone(),
                key: key.clone(),
                rest: words.get(to..end).unwrap_or_default().to_owned(),
            })
        });
        let bare = || {
            let own = named.iter().find(|(owner, _)| Some(*owner) == side).or(named.first())?;
            let free = !words.get(..from).is_some_and(|before| before.ends_with(['/', '=', '@', '.']));
            (free || side.is_none()).then(|| Found {
                whole: (from, to),
                side: own.0.clone(),
                key: key.clone(),
                rest: String::new(),
            })
        };
        out.extend(in_address.or_else(bare));
    }
    out
}

/// The key around a dash, if there is one: `PROJ-12` that is not part of a longer word.
fn key_at(words: &str, dash: usize) -> Option<(usize, usize)> {
    let (before, after) = (words.get(..dash)?, words.get(dash + 1..)?);
    let project = before.len() - before.trim_end_matches(|sign: char| is_of_project(sign)).len();
    let digits = after.len() - after.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
    let (from, to) = (dash - project, dash + 1 + digits);
    let begins = words.get(from..)?.starts_with(|sign: char| sign.is_ascii_uppercase());
    let apart = !words.get(..from)?.ends_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-'))
        && !words.get(to..)?.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_');
    (project > 1 && digits > 0 && begins && apart).then_some((from, to))
}

fn is_of_project(sign: char) -> bool {
    sign.is_ascii_uppercase() || sign.is_ascii_digit() || sign == '_'
}

/// The address of an issue that a key is the end of, with what follows the key.
fn address_around(words: &str, from: usize, to: usize, site: &str) -> Option<(usize, usize)> {
    if site.is_empty() {
        return None;
    }
    let before = words.get(..from)?.strip_suffix("/browse/")?;
    let begin = before.strip_suffix(site)?.len();
    let rest = words.get(to..)?;
    let tail = if rest.starts_with(['?', '#']) {
        rest.find(|sign: char| sign.is_whitespace() || matches!(sign, ')' | ']' | '|' | '"' | '>' | '<'))
            .unwrap_or(rest.len())
    } else {
        0
    };
    Some((begin, to + tail))
}

/// What a reader may not know of.
pub(super) struct Hidden<'a> {
    sites: Vec<&'a Site>,
    /// What it knows, and may be of the same name or address.
    known: Vec<&'a Site>,
    /// What it has before its eyes all the same: its own words.
    standing: BTreeSet<String>,
}

impl<'a> Hidden<'a> {
    /// The first sites, for somebody who knows the second.
    pub(super) fn new(sites: Vec<&'a Site>, known: Vec<&'a Site>) -> Self {
        Self { sites, known, standing: BTreeSet::new() }
    }

    /// Takes note of words that stand before the reader already.
    pub(super) fn stands(&mut self, words: &str) {
        let there: Vec<String> =
            self.places(words).into_iter().filter_map(|(from, to)| words.get(from..to).map(str::to_owned)).collect();
        self.standing.extend(there);
    }

    /// Whether some words name an issue or an address of these sites.
    pub(super) fn is_in(&self, words: &str) -> bool {
        self.places(words).into_iter().any(|(from, to)| !self.is_standing(words, from, to))
    }

    /// Takes out of some words what names an issue, or the address, of these sites.
    pub(super) fn scrub(&self, words: &mut String, instead: &str) {
        let places = self.places(words);
        let mut out = String::new();
        let mut reached = 0;
        for (from, to) in places {
            if from < reached || self.is_standing(words, from, to) {
                continue;
            }
            out.push_str(words.get(reached..from).unwrap_or_default());
            out.push_str(instead);
            reached = to;
        }
        if reached > 0 {
            out.push_str(words.get(reached..).unwrap_or_default());
            *words = out;
        }
    }

    fn is_standing(&self, words: &str, from: usize, to: usize) -> bool {
        words.get(from..to).is_some_and(|place| self.standing.contains(place))
    }

    /// Where words name them, in order; of those that begin together the longest first.
    fn places(&self, words: &str) -> Vec<(usize, usize)> {
        let mut places = Vec::new();
        if words.contains('-') {
            self.keys(words, &mut places);
        }
        if words.contains('.') || words.contains(':') || words.contains('/') {
            let lower = words.to_ascii_lowercase();
            let known = |site: &Site| self.known.iter().any(|known| known.address == site.address);
            for site in self.sites.iter().filter(|site| !site.address.is_empty() && !known(site)) {
                addresses(&lower, &site.address.to_ascii_lowercase(), &mut places);
            }
        }
        places.sort_unstable_by_key(|(from, to)| (*from, usize::MAX - to));
        places
    }

    /// Keys, also as parts of longer words like the name of a branch.
    fn keys(&self, words: &str, places: &mut Vec<(usize, usize)>) {
        for (dash, _) in words.match_indices('-') {
            let (before, after) = words.split_at(dash);
            let digits = after.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                continue;
            }
            let whole = before.get(before.trim_end_matches(is_of_project).len()..).unwrap_or_default();
            let names = self.sites.iter().flat_map(|site| site.names());
            for project in names.filter(|project| before.ends_with(*project)) {
                let from = dash - project.len();
                let within = before.get(..from).is_some_and(|ahead| ahead.ends_with(char::is_alphanumeric));
                if !within && !self.known.iter().any(|known| known.is_called(whole)) {
                    places.push((from, dash + 1 + digits));
                }
            }
        }
    }
}

/// Where an address stands, with or without how it is reached before it, and with the path behind it. Both in small letters.
fn addresses(words: &str, address: &str, places: &mut Vec<(usize, usize)>) {
    let host = address.split_once("://").map_or(address, |(_, host)| host);
    let mut reached = 0;
    for (at, _) in words.match_indices(host) {
        if at < reached {
            continue;
        }
        let (ahead, behind) = (words.get(..at).unwrap_or_default(), words.get(at + host.len()..).unwrap_or_default());
        // Another host's name that ends or begins like this one.
        let goes_on = |rest: &str| rest.starts_with(|sign: char| sign.is_alphanumeric() || sign == '-');
        let longer = goes_on(behind) || behind.strip_prefix('.').is_some_and(goes_on);
        if longer || ahead.ends_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '.' | '@')) {
            continue;
        }
        let scheme = ["https://", "http://"].into_iter().find(|scheme| ahead.ends_with(scheme));
        let end = behind.find(|sign: char| sign.is_whitespace() || matches!(sign, ')' | ']' | '|' | '"' | '>' | '<'));
        reached = at + host.len() + end.unwrap_or(behind.len());
        places.push((at - scheme.map_or(0, str::len), reached));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> BTreeMap<SideId, Site> {
        let sees: BTreeSet<SideId> = ["acme", "globex", "initech"].into_iter().map(SideId::from).collect();
        let site = |project: &str, address: &str| Site {
            project: project.to_owned(),
            now: None,
            address: address.to_owned(),
            sees: sees.clone(),
        };
        BTreeMap::from([
            ("acme".into(), site("ACME", "https://acme.example")),
            ("globex".into(), site("ACME", "https://globex.example/jira")),
            ("initech".into(), site("INI_2", "https://initech.example")),
        ])
    }

    fn shown(words: &str, side: &str) -> Vec<(String, String, String, String)> {
        let found = find(words, &sites(), Some(&side.into()));
        let text = |found: &Found| words[found.whole.0..found.whole.1].to_owned();
        found
            .iter()
            .map(|found| (text(found), found.side.to_string(), found.key.to_string(), found.rest.clone()))
            .collect()
    }

    fn row(text: &str, side: &str, key: &str, rest: &str) -> (String, String, String, String) {
        (text.to_owned(), side.to_owned(), key.to_owned(), rest.to_owned())
    }

    #[test]
    fn a_key_is_a_word_of_its_own() {
        assert_eq!(
            shown("see ACME-1, (ACME-22) and INI_2-3.", "acme"),
            [
                row("ACME-1", "acme", "ACME-1", ""),
                row("ACME-22", "acme", "ACME-22", ""),
                row("INI_2-3", "initech", "INI_2-3", "")
            ]
        );
        for none in ["XACME-1", "ACME-1b", "ACME-", "acme-1", "ACME-x", "a/ACME-1", "UTF-8", "9ACME-1", "-ACME-1"] {
            assert_eq!(shown(none, "acme"), [], "{none}");
        }
    }

    #[test]
    fn a_projects_name_on_two_sides_means_the_writers_own_unless_an_address_says_which() {
        assert_eq!(shown("ACME-1", "globex"), [row("ACME-1", "globex", "ACME-1", "")]);
        let words = "at https://globex.example/jira/browse/ACME-1?focusedCommentId=7 now";
        let address = "https://globex.example/jira/browse/ACME-1?focusedCommentId=7";
        assert_eq!(shown(words, "acme"), [row(address, "globex", "ACME-1", "?focusedCommentId=7")]);
        assert_eq!(shown("https://other.example/browse/ACME-1", "acme"), []);
    }

    #[test]
    fn what_may_not_be_known_is_taken_out() {
        let mut sites = sites();
        let other = Site { project: "A_INI_2".to_owned(), ..sites[&SideId::from("acme")].clone() };
        sites.insert("other".into(), other);
        let of = |side: &str| &sites[&SideId::from(side)];
        // Globex has a project of the same name as one that is known, and an address that is not.
        let mut hidden = Hidden::new(vec![of("initech"), of("globex")], vec![of("acme"), of("other")]);
        let scrubbed = |hidden: &Hidden<'_>, words: &str| {
            let mut words = words.to_owned();
            hidden.scrub(&mut words, "[issue]");
            words
        };
        for (words, wanted) in [
            (
                "INI_2-3 at https://initech.example/x/y (INI_2-4), ACME-1, INI_22-3",
                "[issue] at [issue] ([issue]), ACME-1, INI_22-3",
            ),
            (
                "fix-INI_2-3 INI_2-3_fix x_INI_2-3 XINI_2-3 A_INI_2-3",
                "fix-[issue] [issue]_fix x_[issue] XINI_2-3 A_INI_2-3",
            ),
            ("HTTP://Initech.example, initech.example/y, ainitech.example", "[issue] [issue] ainitech.example"),
            ("initech.example.org me@initech.example.", "initech.example.org me@initech.example."),
            ("İİ INI_2-3", "İİ [issue]"),
            ("INI_2-3https://initech.example/y z", "[issue][issue] z"),
            ("initech.example/a)initech.example/b", "[issue])[issue]"),
            ("nothing of it - at all.", "nothing of it - at all."),
            ("ACME-1 https://globex.example/jira/browse/ACME-1", "ACME-1 [issue]"),
        ] {
            assert_eq!(scrubbed(&hidden, words), wanted);
        }
        hidden.stands("INI_2-3");
        assert_eq!(scrubbed(&hidden, "INI_2-3 INI_2-33"), "INI_2-3 [issue]");
    }

    /// People write the key that a project has now, and old words the one before.
    #[test]
    fn a_project_goes_by_both_its_keys() {
        let mut sites = sites();
        sites.get_mut(&"initech".into()).unwrap().now = Some("NEW".to_owned());
        let found = find("NEW-3 and INI_2-3", &sites, Some(&"acme".into()));
        let found: Vec<_> = found.iter().map(|found| (found.side.as_str(), found.key.as_str())).collect();
        assert_eq!(found, [("initech", "NEW-3"), ("initech", "INI_2-3")]);
        let hidden = Hidden::new(vec![&sites[&SideId::from("initech")]], vec![&sites[&SideId::from("acme")]]);
        let mut words = "NEW-3, fix-NEW-3 INI_2-3 NEWS-3 ACME-1".to_owned();
        hidden.scrub(&mut words, "[issue]");
        assert_eq!(words, "[issue], fix-[issue] [issue] NEWS-3 ACME-1");
    }

    #[test]
    fn words_mean_no_issue_of_a_side_that_their_writer_does_not_see() {
        let mut sites = sites();
        sites.get_mut(&"acme".into()).unwrap().sees = BTreeSet::from(["globex".into()]);
        let found = find("INI_2-3 https://initech.example/browse/INI_2-4 ACME-1", &sites, Some(&"acme".into()));
        assert_eq!(found.iter().map(|found| found.key.as_str()).collect::<Vec<_>>(), ["ACME-1"]);
    }
}
