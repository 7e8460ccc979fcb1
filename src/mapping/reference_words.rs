//! Where words name an issue. Must never take for a key what stands within another word.

use std::collections::BTreeMap;

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
/// side's of the same name, unless an address says which. `None`: whatever could be a key of any side.
pub(super) fn find(words: &str, sites: &BTreeMap<SideId, Site>, side: Option<&SideId>) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    for (dash, _) in words.match_indices('-') {
        let Some((from, to)) = key_at(words, dash) else { continue };
        if out.last().is_some_and(|last| last.whole.1 > from) {
            continue;
        }
        let (Some(project), Some(key)) = (words.get(from..dash), words.get(from..to)) else { continue };
        let named: Vec<(&SideId, &Site)> = sites.iter().filter(|(_, site)| site.project == project).collect();
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

/// Whether some words name an issue or an address of these sites.
pub(super) fn names(words: &str, sites: &[&Site]) -> bool {
    let named = |site: &&Site| {
        !site.address.is_empty() && words.contains(&site.address) || key_of(words, &site.project).is_some()
    };
    sites.iter().any(named)
}

/// Takes out of some words what names an issue, or the address, of a site that their reader may not know of.
pub(super) fn scrub(words: &mut String, hidden: &[&Site], instead: &str) {
    for site in hidden {
        if !site.address.is_empty() && words.contains(&site.address) {
            *words = without_addresses(words, &site.address, instead);
        }
        while let Some((from, to)) = key_of(words, &site.project) {
            words.replace_range(from..to, instead);
        }
    }
}

fn without_addresses(words: &str, address: &str, instead: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find(address) {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(instead);
        let behind = rest.get(at + address.len()..).unwrap_or_default();
        let end = behind.find(|sign: char| sign.is_whitespace() || matches!(sign, ')' | ']' | '|' | '"' | '>' | '<'));
        rest = behind.get(end.unwrap_or(behind.len())..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The first key of a project in some words.
fn key_of(words: &str, project: &str) -> Option<(usize, usize)> {
    let dashes = words.match_indices('-').map(|(dash, _)| dash);
    let mut keys = dashes.filter_map(|dash| key_at(words, dash).map(|key| (dash, key)));
    keys.find(|(dash, (from, _))| words.get(*from..*dash) == Some(project)).map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> BTreeMap<SideId, Site> {
        let site = |project: &str, address: &str| Site { project: project.to_owned(), address: address.to_owned() };
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
        let sites = sites();
        let hidden = [&sites[&"initech".into()]];
        let mut words = "INI_2-3 at https://initech.example/x/y (INI_2-4), ACME-1, INI_22-3".to_owned();
        scrub(&mut words, &hidden, "[issue]");
        assert_eq!(words, "[issue] at [issue] ([issue]), ACME-1, INI_22-3");
    }
}
