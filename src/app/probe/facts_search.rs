//! Facts about the search: how late it shows, how it reads times, where it ends. Must never conclude from a list what others write
//! into the project meanwhile.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::bench::{Bench, halt};
use super::{Fact, Found, Halt, On, refused_with};
use crate::jira::{Want, made};
use crate::model::settings::Kind;

const SUBJECT: &str = "Search";

/// Later than any literal of an issue's minute.
const LATER: SignedDuration = SignedDuration::from_mins(3);
/// Pages of a list that are read at most.
const PAGES: usize = 20;

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "named-ids-are-never-late",
        subject: SUBJECT,
        says: "A search that names ids (`reconcileIssues`) finds them right after they were made.",
        on: On::Cloud,
        rests: "src/jira/search.rs",
        simulator: "none: it always does",
        daemon: "none: an issue that a search misses is asked for again after `settle`",
        check: |bench| Box::pin(named_ids_are_never_late(bench)),
    },
    Fact {
        name: "new-issues-are-found",
        subject: SUBJECT,
        says: "A search finds what was made no later than after `settle`.",
        on: On::Both,
        rests: "src/engine/recover.rs",
        simulator: "`Quirks::index_lag`",
        daemon: "`instance.NAME.settle`: set it higher than what was seen",
        check: |bench| Box::pin(new_issues_are_found(bench)),
    },
    Fact {
        name: "our-creations-are-found",
        subject: SUBJECT,
        says: "`creator = currentUser()` finds what we made, with its mark.",
        on: On::Both,
        rests: "src/engine/recover.rs",
        simulator: "`Quirks::index_lag`",
        daemon: "none: a creation without an answer stays in doubt, and is told",
        check: |bench| Box::pin(our_creations_are_found(bench)),
    },
    Fact {
        name: "rows-come-in-order",
        subject: SUBJECT,
        says: "`ORDER BY updated ASC` gives the rows in that order.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "none: it always does",
        daemon: "none: a poll could pass over a change",
        check: |bench| Box::pin(rows_come_in_order(bench)),
    },
    Fact {
        name: "a-search-tells-its-end",
        subject: SUBJECT,
        says: "The last page says that it is the last: by `isLast` or a missing token on Cloud, by `total` on Data Center.",
        on: On::Both,
        rests: "src/jira/search.rs",
        simulator: "`Fault::EmptyPage`, `Fault::CircularPage`",
        daemon: "none: a list without an end is no list, and the poll fails",
        check: |bench| Box::pin(a_search_tells_its_end(bench)),
    },
    Fact {
        name: "unknown-projects-are-refused",
        subject: SUBJECT,
        says: "A search in a project that is not there answers 400.",
        on: On::Both,
        rests: "src/engine/absence.rs",
        simulator: "`Quirks::unknown_names_are_empty`",
        daemon: "none: before an issue counts as gone the project itself is read",
        check: |bench| Box::pin(unknown_projects_are_refused(bench)),
    },
    Fact {
        name: "times-by-the-millisecond",
        subject: SUBJECT,
        says: "JQL takes milliseconds since 1970 for a time.",
        on: On::Both,
        rests: "src/jira/identity.rs",
        simulator: "`Quirks::epoch_in_jql`",
        daemon: "none: times are written in the profile's zone then, cut to the minute",
        check: |bench| Box::pin(times_by_the_millisecond(bench)),
    },
    Fact {
        name: "times-in-the-profiles-zone",
        subject: SUBJECT,
        says: "JQL reads `\"yyyy-MM-dd HH:mm\"` in the time zone of the sync user's profile.",
        on: On::Both,
        rests: "src/jira/jql.rs",
        simulator: "`Quirks::jql_time_zone`",
        daemon: "none: where neither form is read as meant, polls ask 26 hours back",
        check: |bench| Box::pin(times_in_the_profiles_zone(bench)),
    },
];

fn only(project: &str) -> BTreeSet<String> {
    BTreeSet::from([project.to_owned()])
}

async fn named_ids_are_never_late(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.issue().await?;
    let found = bench.read.matching(&bench.project, "", &[issue.id]).await?;
    Ok(Found::when(
        found.contains(&issue.id),
        format!("{} was {}", issue.key, if found.is_empty() { "missed" } else { "found" }),
    ))
}

async fn new_issues_are_found(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.issue().await?;
    let mut waiting = bench.waiting();
    loop {
        let found = bench.read.listed(&only(&bench.project), Some(bench.since), None).await?;
        if found.contains(&issue.id) {
            let settle = bench.settle.as_secs();
            return Ok(Found::Holds(format!(
                "{} was found after {:.1} s; `settle` is {settle} s",
                issue.key,
                waiting.seconds()
            )));
        }
        if !waiting.goes_on().await {
            return waiting.over(&format!("{} was not found", issue.key));
        }
    }
}

async fn our_creations_are_found(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.issue().await?;
    let mut waiting = bench.waiting();
    loop {
        let found = bench.read.created_by_us(Some(&bench.project), bench.since, &BTreeSet::new()).await?;
        let found = made(&*bench.read, found, |_| false).await?;
        if let Some(row) = found.into_iter().find(|row| row.id == issue.id) {
            let marked = row.mark.as_ref() == Some(&bench.mark());
            let seen = format!("{} was found {} its mark", issue.key, if marked { "with" } else { "without" });
            return Ok(Found::when(marked, seen));
        }
        if !waiting.goes_on().await {
            return waiting.over(&format!("{} was not found", issue.key));
        }
    }
}

async fn rows_come_in_order(bench: &Bench) -> Result<Found, Halt> {
    let projects = only(&bench.project);
    let (mut times, mut page): (Vec<Timestamp>, Option<String>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let read = bench.read.changes(&projects, Some(bench.since), &Want::default(), page.as_deref()).await?;
        times.extend(read.rows.iter().map(|row| row.updated));
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    if times.len() < 2 {
        return halt("the search shows fewer than two issues yet");
    }
    Ok(Found::when(times.is_sorted(), format!("{} rows", times.len())))
}

async fn a_search_tells_its_end(bench: &Bench) -> Result<Found, Halt> {
    bench.read.touched(&only(&bench.project), bench.since, None).await?;
    let path = match bench.kind {
        Kind::Cloud => "/search/jql",
        Kind::DataCenter => "/search",
    };
    let Some(answer) = bench.record.newest(path) else { return halt("no answer was kept") };
    let body = answer.json();
    let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    let tells = match bench.kind {
        Kind::Cloud => has("isLast") || has("nextPageToken"),
        Kind::DataCenter => has("total"),
    };
    let names: Vec<&str> = body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    Ok(Found::when(tells, format!("a page holds {}", names.join(", "))))
}

async fn unknown_projects_are_refused(bench: &Bench) -> Result<Found, Halt> {
    match bench.read.touched(&only("ZZNOSUCHPROJECT"), bench.since, None).await {
        Ok(page) => Ok(Found::DoesNotHold(format!("it answers 200 with {} issues", page.rows.len()))),
        Err(error) => match refused_with(&error) {
            Some(status) => Ok(Found::when(status == 400, error.failure.to_string())),
            None => Err(error.into()),
        },
    }
}

/// Whether a search finds an issue before its time, and not after it.
async fn reads_times(bench: &Bench, form: impl Fn(Timestamp) -> String) -> Result<Found, Halt> {
    let issue = bench.stocked().await?;
    let updated = bench.see(issue.id, &[]).await?.updated;
    let mut found = Vec::new();
    let mut waiting = bench.waiting();
    // The index may not have it yet.
    while !bench.read.matching(&bench.project, "", &[issue.id]).await?.contains(&issue.id) {
        if !waiting.goes_on().await {
            return halt("the search does not show the issue yet");
        }
    }
    for at in [updated, updated.checked_add(LATER).unwrap_or(updated)] {
        let jql = format!("updated >= {}", form(at));
        match bench.read.matching(&bench.project, &jql, &[issue.id]).await {
            Ok(ids) => found.push(!ids.is_empty()),
            Err(error) if refused_with(&error).is_some() => return Ok(Found::DoesNotHold(error.failure.to_string())),
            Err(error) => return Err(error.into()),
        }
    }
    let word = |found: &bool| if *found { "finds it" } else { "does not find it" };
    let words: Vec<&str> = found.iter().map(word).collect();
    let seen = format!("by its own time, then by one three minutes later, the search {}", words.join(", then "));
    Ok(Found::when(found == [true, false], seen))
}

async fn times_by_the_millisecond(bench: &Bench) -> Result<Found, Halt> {
    reads_times(bench, |at| at.as_millisecond().to_string()).await
}

async fn times_in_the_profiles_zone(bench: &Bench) -> Result<Found, Halt> {
    let Ok(zone) = jiff::tz::TimeZone::get(&bench.identity.time_zone) else { return halt("the profile has no zone") };
    reads_times(bench, move |at| at.to_zoned(zone.clone()).strftime("\"%Y-%m-%d %H:%M\"").to_string()).await
}
