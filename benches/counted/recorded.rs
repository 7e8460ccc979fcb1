//! The issues that real Jiras gave, played by a simulated Cloud, backfilled into a simulated Data Center: calls, bytes, texts
//! carried, problems. Where the recordings are not there it says so. Must never call a text carried that is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use jirasyncd::simulator::{IssueView, ProjectSetup, Setup};

use super::super::daemon_support::{THREE, World, two};
use super::{Meter, Sum};

/// Files of the recordings: issues of a Cloud site, and of a server.
const FILES: [&str; 2] = ["raw_jira_api_issues.jsonl", "raw_jira_api_issue_relationships.jsonl"];

/// What became of them.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    pub(crate) issues: usize,
    pub(crate) copies: usize,
    pub(crate) summaries: usize,
    /// There and carried.
    pub(crate) descriptions: (usize, usize),
    pub(crate) comments: (usize, usize),
    pub(crate) spent: Sum,
    /// Each with how often it stands.
    pub(crate) problems: BTreeMap<String, usize>,
}

impl fmt::Display for Recorded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issues, copies, summaries, descriptions, comments, spent, problems } = self;
        writeln!(
            out,
            "{issues} recorded issues, Cloud to Data Center: {copies} copies, {summaries} summaries the same, {} of {} \
             descriptions and {} of {} comments carried; {} calls, {} answer bytes; {} problems",
            descriptions.1,
            descriptions.0,
            comments.1,
            comments.0,
            spent.calls,
            spent.bytes,
            problems.values().sum::<usize>()
        )?;
        problems.iter().try_for_each(|(problem, count)| writeln!(out, "- {count} x {problem}"))
    }
}

/// The texts of the recordings; `None`, and a word about it, where they are not there.
fn read() -> Option<Vec<String>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("JIRASYNCD_SHARED").map_or_else(beside, PathBuf::from);
    let folder = folder.join("recorded/apache+incubator-devlake");
    let texts: Option<Vec<String>> = FILES.iter().map(|name| std::fs::read_to_string(folder.join(name)).ok()).collect();
    if texts.is_none() {
        println!("skipped: there are no recorded issues in {}", folder.display());
    }
    texts
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    names.into_iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// A sync for one recorded project: whatever its types, statuses and priorities are, they have a row.
fn sync_of(index: usize, project: &ProjectSetup, target: &str, setup: &Setup) -> String {
    let types = quoted(project.types.iter().map(|(name, _)| name.as_str()));
    let statuses = quoted(project.statuses.iter().map(|status| status.name.as_str()));
    let priorities = quoted(setup.priorities.iter().map(String::as_str));
    let key = &project.key;
    format!(
        "[sync.s{index}]\nhome = \"acme\"\nside.acme = {{ instance = \"acme\", project = \"{key}\" }}\nside.globex = {{ \
         instance = \"globex\", project = \"{target}\" }}\n[sync.s{index}.map]\nissue-type = [ {{ acme = [{types}], globex \
         = \"Task\" }} ]\nstatus = [ {{ acme = [{statuses}], globex = \"Open\" }} ]\npriority = [ {{ acme = \
         [{priorities}], globex = \"P3\" }} ]\n[sync.s{index}.fields]\nsummary = \"both\"\ndescription = \
         \"both\"\npriority = \"both\"\nlabels = \"both\"\ndue-date = \"both\"\nstatus = \"both\"\n[sync.s{index}.comments]\n\
         unrestricted = \"both\"\n"
    )
}

/// Plays the recordings and carries them over.
pub(crate) async fn recorded_issues() -> Option<Recorded> {
    let texts = read()?;
    let mut config = two().split_once("[sync.support]").unwrap().0.to_owned();
    let world = World::of(THREE, |setups| {
        let mut both = setups.iter_mut().filter(|(name, _)| **name != "initech").map(|(_, setup)| setup);
        let (acme, globex) = (both.next().unwrap(), both.next().unwrap());
        acme.projects.clear();
        acme.fields.clear();
        for text in &texts {
            acme.add_seed(text).unwrap();
        }
        let blueprint = globex.projects.remove(0);
        for (index, project) in acme.projects.iter().enumerate() {
            let target = format!("EN{}", char::from(b'A' + u8::try_from(index).unwrap()));
            let mut there = blueprint.clone();
            (there.key, there.name, there.id) = (target.clone(), target.clone(), blueprint.id + index as u64);
            globex.projects.push(there);
            config.push_str(&sync_of(index, project, &target, acme));
        }
    });
    let mut world = world.with_config(&config);
    world.start().await;
    let mut meter = Meter::start(&world);
    meter.rest(&world).await;
    let mut found = Recorded::default();
    for (polls, work) in meter.tallies.values() {
        found.spent.grow(Sum::default(), *polls);
        found.spent.grow(Sum::default(), *work);
    }
    let (here, there) = (world.jira("acme").issues(), world.jira("globex").issues());
    (found.issues, found.copies) = (here.len(), there.len());
    let summaries = |issues: &[IssueView]| {
        let mut all: Vec<String> = issues.iter().map(|issue| issue.fields["summary"].trim().to_owned()).collect();
        all.sort();
        all
    };
    let mut left = summaries(&there);
    for summary in summaries(&here) {
        if let Some(at) = left.iter().position(|other| *other == summary) {
            left.remove(at);
            found.summaries += 1;
        }
    }
    let described = |issues: &[IssueView]| {
        issues
            .iter()
            .filter(|issue| issue.fields.get("description").is_some_and(|text| !text.trim().is_empty()))
            .count()
    };
    found.descriptions = (described(&here), described(&there));
    let comments = |issues: &[IssueView]| issues.iter().map(|issue| issue.comments.len()).sum();
    found.comments = (comments(&here), comments(&there));
    for problem in world.problems().await {
        *found.problems.entry(problem).or_default() += 1;
    }
    Some(found)
}
