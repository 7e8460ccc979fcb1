//! Facts about logged work, links and watchers. Must never link to, or have anybody watch, what the probe did not make.

use std::collections::BTreeSet;

use super::bench::{Bench, done, halt};
use super::{Fact, Found, Halt, On};
use crate::model::ids::{EntryId, IssueId};
use crate::model::issue::{CommentSnapshot, IssueLink, NativeValue};
use crate::model::operation::{RemoteLink, counterpart};
use crate::model::remark::Spent;

const WORK: &str = "Logged work";
const LINKS: &str = "Links";
const WATCHERS: &str = "Watchers";

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "work-leaves-the-estimate",
        subject: WORK,
        says: "`adjustEstimate=leave` leaves the remaining estimate as it was.",
        on: On::Both,
        rests: "src/jira/worklogs.rs",
        simulator: "`Quirks::time_tracking`",
        daemon: "leave `worklogs` out: copies would use the estimate up",
        check: |bench| Box::pin(work_leaves_the_estimate(bench)),
    },
    Fact {
        name: "work-comes-back-as-sent",
        subject: WORK,
        says: "Work comes back with its beginning, its duration, and our account as its author.",
        on: On::Both,
        rests: "src/plan/comments.rs",
        simulator: "`Quirks::time_tracking`",
        daemon: "leave `worklogs` out",
        check: |bench| Box::pin(work_comes_back_as_sent(bench)),
    },
    Fact {
        name: "work-carries-our-mark",
        subject: WORK,
        says: "Work takes an entity property along, and the list brings it.",
        on: On::Cloud,
        rests: "src/engine/recover.rs",
        simulator: "`Quirks::time_tracking`",
        daemon: "none: work without an answer is known by its author, beginning and duration then, as on Data Center",
        check: |bench| Box::pin(work_carries_our_mark(bench)),
    },
    Fact {
        name: "a-link-made-twice-is-one",
        subject: LINKS,
        says: "A link that is there already is answered with a yes, and there is one.",
        on: On::Both,
        rests: "src/plan/relations.rs",
        simulator: "`Setup::link_types`",
        daemon: "leave `links` out of `fields`: a repeated write would double them",
        check: |bench| Box::pin(a_link_made_twice_is_one(bench)),
    },
    Fact {
        name: "links-read-as-written",
        subject: LINKS,
        says: "The issue that is written as `inwardIssue` shows the link as an outward one, the other as an inward one, under one id.",
        on: On::Both,
        rests: "src/jira/encode.rs",
        simulator: "`Setup::link_types`",
        daemon: "`map.link-type`: write `:inward` behind the type there, to turn it round",
        check: |bench| Box::pin(links_read_as_written(bench)),
    },
    Fact {
        name: "links-are-in-the-log",
        subject: LINKS,
        says: "A link that is made and one that is taken away each have an entry in the changelogs of both issues, with the other's key.",
        on: On::Both,
        rests: "src/plan/relations.rs",
        simulator: "`Quirks::logs_status_alone`",
        daemon: "none: links are compared by what stands, and nobody knows who took one away",
        check: |bench| Box::pin(links_are_in_the_log(bench)),
    },
    Fact {
        name: "remote-links-are-replaced",
        subject: LINKS,
        says: "A remote link with a `globalId` that is there already replaces it.",
        on: On::Both,
        rests: "src/plan/links.rs",
        simulator: "none: it always does",
        daemon: "`counterparts = \"none\"`: a repeated write would double them",
        check: |bench| Box::pin(remote_links_are_replaced(bench)),
    },
    Fact {
        name: "issues-can-be-watched",
        subject: WATCHERS,
        says: "`configuration` says whether issues can be watched, and they can.",
        on: On::Both,
        rests: "src/engine/watchers.rs",
        simulator: "`Quirks::watching`",
        daemon: "leave `watchers` out of `fields` of that side: it is told there until then, and nothing else waits for it",
        check: |bench| Box::pin(issues_can_be_watched(bench)),
    },
    Fact {
        name: "watching-twice-is-once",
        subject: WATCHERS,
        says: "Who watches already is made a watcher with a yes, and is listed once; and so with who does not.",
        on: On::Both,
        rests: "src/engine/watchers.rs",
        simulator: "`ProjectSetup::permission` takes MANAGE_WATCHERS away",
        daemon: "leave `watchers` out of `fields`, or give the sync user MANAGE_WATCHERS",
        check: |bench| Box::pin(watching_twice_is_once(bench)),
    },
    Fact {
        name: "who-writes-watches",
        subject: WATCHERS,
        says: "The sync user comes to watch what it makes.",
        on: On::Both,
        rests: "src/plan/watchers.rs",
        simulator: "`UserSetup::autowatch`",
        daemon: "none: `unwatch` has nothing to take away there",
        check: |bench| Box::pin(who_writes_watches(bench)),
    },
];

/// Some work.
pub(super) fn spent(bench: &Bench) -> Spent {
    let hour = jiff::SignedDuration::from_hours(1);
    Spent { started: bench.since.checked_sub(hour).unwrap_or(bench.since), seconds: 1_800 }
}

async fn log(bench: &Bench, issue: IssueId) -> Result<CommentSnapshot, Halt> {
    let body = bench.rich(&bench.text("work"));
    let made = done(bench.write.log_work(issue, spent(bench), &body, &bench.mark(), false).await)?;
    let list = bench.read.worklogs(issue).await?;
    list.into_iter().find(|work| work.id == made).map_or_else(|| halt("the work that was logged is not listed"), Ok)
}

async fn estimate(bench: &Bench, issue: IssueId) -> Result<NativeValue, Halt> {
    let read = bench.see(issue, &["timeestimate"]).await?;
    Ok(read.fields.into_values().next().unwrap_or(NativeValue::Empty))
}

async fn issues_can_be_watched(bench: &Bench) -> Result<Found, Halt> {
    Ok(match bench.read.is_watching_on().await? {
        true => Found::Holds("it is switched on".to_owned()),
        false => Found::DoesNotHold("`Allow users to watch issues` is off".to_owned()),
    })
}

async fn work_leaves_the_estimate(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    done(bench.set(issue, "timeestimate", NativeValue::Text("7200".to_owned())).await)?;
    let before = estimate(bench, issue).await?;
    log(bench, issue).await?;
    let after = estimate(bench, issue).await?;
    let word = |value: &NativeValue| {
        let NativeValue::Text(seconds) = value else { return "none".to_owned() };
        format!("{seconds} s")
    };
    let seen = format!("it was {} and is {}", word(&before), word(&after));
    Ok(Found::when(before == after && before != NativeValue::Empty, seen))
}

async fn work_comes_back_as_sent(bench: &Bench) -> Result<Found, Halt> {
    let work = log(bench, bench.stocked().await?.id).await?;
    let author = work.author.map(|person| person.account);
    let name = author.as_ref().map_or("nobody", |author| author.as_str());
    let seen = work.spent.map_or_else(String::new, |spent| format!("{} s from {}, ", spent.seconds, spent.started));
    let same = Spent::same(work.spent, Some(spent(bench))) && author.as_ref() == Some(&bench.identity.account);
    Ok(Found::when(same, format!("{seen}of `{name}`")))
}

async fn work_carries_our_mark(bench: &Bench) -> Result<Found, Halt> {
    let work = log(bench, bench.stocked().await?.id).await?;
    Ok(Found::when(work.mark == Some(bench.mark()), format!("it shows {}", work.mark.as_deref().unwrap_or("none"))))
}

/// The type of issue links that is tried.
pub(super) async fn link_type(bench: &Bench) -> Result<String, Halt> {
    let types = bench.read.link_types().await?;
    let directed = types.iter().find(|(_, words)| words.outward != words.inward);
    match directed.or(types.first()) {
        Some((name, _)) => Ok(name.clone()),
        None => halt("there is no type of issue links: linking is switched off"),
    }
}

async fn links_of(bench: &Bench, issue: IssueId) -> Result<BTreeSet<IssueLink>, Halt> {
    let read = bench.see(issue, &["issuelinks"]).await?;
    match read.fields.into_values().next() {
        Some(NativeValue::Links(links)) => Ok(links),
        Some(_) | None => Ok(BTreeSet::new()),
    }
}

async fn a_link_made_twice_is_one(bench: &Bench) -> Result<Found, Halt> {
    let kind = link_type(bench).await?;
    let (from, to) = (bench.stocked().await?.id, bench.stocked().await?.id);
    for _ in 0..2 {
        done(bench.write.add_issue_link(&kind, from, to).await)?;
    }
    let count = links_of(bench, from).await?.len();
    Ok(Found::when(count == 1, format!("{count} links by `{kind}`")))
}

async fn links_read_as_written(bench: &Bench) -> Result<Found, Halt> {
    let kind = link_type(bench).await?;
    let (from, to) = (bench.stocked().await?.id, bench.stocked().await?.id);
    done(bench.write.add_issue_link(&kind, from, to).await)?;
    let (there, back) = (links_of(bench, from).await?, links_of(bench, to).await?);
    let (Some(there), Some(back)) = (there.first(), back.first()) else {
        return Ok(Found::DoesNotHold("one of the two issues shows no link".to_owned()));
    };
    let right = there.outward && !back.outward && there.issue == to && back.issue == from && there.id == back.id;
    let word = |outward: bool| if outward { "outward" } else { "inward" };
    Ok(Found::when(right, format!("`{kind}` is {} there and {} here", word(there.outward), word(back.outward))))
}

async fn links_are_in_the_log(bench: &Bench) -> Result<Found, Halt> {
    let kind = link_type(bench).await?;
    let (from, to) = (bench.stocked().await?, bench.stocked().await?);
    done(bench.write.add_issue_link(&kind, from.id, to.id).await)?;
    let links = links_of(bench, from.id).await?;
    let Some(link) = links.first() else { return halt("the link that was made is not shown") };
    done(bench.write.delete_issue_link(from.id, &link.id).await)?;
    let (mut all, mut seen) = (true, Vec::new());
    for (here, there) in [(&from, &to), (&to, &from)] {
        let log = bench.read.log_after(here.id, EntryId(0)).await?;
        let items = || log.iter().flat_map(|entry| &entry.items);
        let came = items().filter(|item| item.to.as_deref() == Some(there.key.as_str())).count();
        let went = items().filter(|item| item.from.as_deref() == Some(there.key.as_str())).count();
        all &= came == 1 && went == 1;
        seen.push(format!("{came} entries of {} say that it came, {went} that it went", here.key));
    }
    Ok(Found::when(all, seen.join("; ")))
}

async fn remote_links_are_replaced(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let global_id = bench.text("link");
    for place in ["one", "two"] {
        let link = RemoteLink {
            global_id: global_id.clone(),
            url: format!("https://probe.example/{place}"),
            title: place.to_owned(),
            relationship: counterpart(),
        };
        done(bench.write.link(issue, &link).await)?;
    }
    let found = bench.read.remote_addresses(issue).await?;
    done(bench.write.unlink(issue, &global_id).await)?;
    let after = bench.read.remote_addresses(issue).await?.len();
    let right = found == ["https://probe.example/two"] && after == 0;
    Ok(Found::when(right, format!("{} after two writes, {after} after its removal", found.len())))
}

async fn watching_twice_is_once(bench: &Bench) -> Result<Found, Halt> {
    let (issue, us) = (bench.stocked().await?.id, &bench.identity.account);
    let mut seen = Vec::new();
    for _ in 0..2 {
        done(bench.write.watch(issue, us).await)?;
    }
    seen.push(bench.read.watchers(issue).await?.watched.by_us);
    for _ in 0..2 {
        done(bench.write.unwatch(issue, us).await)?;
    }
    let after = bench.read.watchers(issue).await?;
    seen.push(after.watched.by_us);
    let word = |by_us: &bool| if *by_us { "watching" } else { "not watching" };
    let words: Vec<&str> = seen.iter().map(word).collect();
    Ok(Found::when(seen == [true, false], format!("we were {}", words.join(", then "))))
}

async fn who_writes_watches(bench: &Bench) -> Result<Found, Halt> {
    let watchers = bench.read.watchers(bench.issue().await?.id).await?;
    Ok(Found::when(watchers.watched.by_us, format!("{} others watch", watchers.watched.others)))
}
