//! The list of facts itself: described once, with places that exist, and a page that is made from it (`UPDATE=1` writes it anew).
//! Must never let a fact name a file, a switch or a key that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jirasyncd::app::{facts, facts_document};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The words in backticks that begin like this.
fn quoted<'t>(text: &'t str, begins: &str) -> Vec<&'t str> {
    text.split('`').skip(1).step_by(2).filter_map(|word| word.strip_prefix(begins)).collect()
}

#[test]
fn each_fact_has_a_name_of_its_own_and_names_what_there_is() {
    let facts = facts();
    assert!(facts.len() >= 25, "{}", facts.len());
    let names: BTreeSet<&str> = facts.iter().map(|fact| fact.name).collect();
    assert_eq!(names.len(), facts.len(), "two facts of one name");
    let quirks = fs::read_to_string(root().join("src/simulator/quirks.rs")).unwrap();
    let keys = fs::read_to_string(root().join("config/example.toml")).unwrap();
    for fact in facts {
        assert!(root().join(fact.rests).is_file(), "{}: {} does not exist", fact.name, fact.rests);
        for quirk in quoted(fact.simulator, "Quirks::") {
            assert!(quirks.contains(&format!("    pub {quirk}:")), "{}: there is no quirk {quirk}", fact.name);
        }
        for key in quoted(fact.daemon, "instance.NAME.").into_iter().chain(quoted(fact.daemon, "daemon.")) {
            assert!(keys.contains(key), "{}: there is no key {key}", fact.name);
        }
        assert!(fact.says.ends_with('.') && !fact.daemon.is_empty() && !fact.simulator.is_empty(), "{}", fact.name);
    }
}

/// What no probe tries stands on the page alone.
#[test]
fn what_is_not_tried_names_what_there_is_and_what_tries_it() {
    let page = facts_document();
    let (_, untried) = page.split_once("\n## Webhooks: not tried\n").unwrap();
    assert!(untried.contains("`jirasyncd webhooks verify`"), "{untried}");
    let after = |begins: &str| -> Vec<String> {
        untried.lines().filter_map(|line| line.strip_prefix(begins)).map(str::to_owned).collect()
    };
    let (names, places) = (after("- `"), after("  - rests on it: "));
    assert!(names.len() >= 3 && places.len() == names.len(), "{untried}");
    let (hooks, of_others) = untried.split_once("\n## What is not the probe's own: not tried\n").unwrap();
    assert!(hooks.contains("webhooks-are-signed-as-they-come"), "{hooks}");
    for rests in
        ["renamed.rs", "things.rs", "sprints.rs", "requests.rs", "parents.rs", "levels.rs", "circles.rs", "absence.rs"]
    {
        assert!(of_others.contains(&format!("/{rests}`")), "nothing says what {rests} rests on");
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "two of one name");
    for place in places.iter().flat_map(|place| quoted(place, "")) {
        assert!(root().join(place).is_file(), "{place} does not exist");
    }
    let tried: BTreeSet<&str> = facts().iter().map(|fact| fact.name).collect();
    let weather = fs::read_to_string(root().join("src/simulator/hooks/mod.rs")).unwrap();
    let keys = fs::read_to_string(root().join("config/example.toml")).unwrap();
    for name in names.iter().filter_map(|name| name.split('`').next()) {
        assert!(!tried.contains(name), "{name} is tried");
    }
    for switch in after("  - simulator: ").iter().flat_map(|said| quoted(said, "HookWeather::")) {
        assert!(weather.contains(&format!("    pub {switch}:")), "there is no switch {switch}");
    }
    for key in after("  - daemon: ").iter().flat_map(|said| quoted(said, "instance.NAME.")) {
        assert!(keys.contains(key), "there is no key {key}");
    }
}

#[test]
fn the_page_is_the_list() {
    let (path, page) = (root().join("docs/contract-facts.md"), facts_document());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == page, "docs/contract-facts.md is not the list: `UPDATE=1` writes it anew");
}
