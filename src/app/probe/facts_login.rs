//! Facts about logins, clocks and limits. Must never try a wrong token: some Jiras lock an account for it.

use super::bench::{Bench, halt};
use super::{Fact, Found, Halt, On};

const SUBJECT: &str = "Login, clock and limits";

/// Rights that a sync needs everywhere.
const RIGHTS: [&str; 3] = ["BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES"];
/// How far the two times of one answer may be apart, in milliseconds: the header is cut to the second.
const APART_MS: i64 = 2_000;

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "answers-name-us",
        subject: SUBJECT,
        says: "Each answer says to whom it was given.",
        on: On::Both,
        rests: "src/jira/proof.rs",
        simulator: "`Fault::Anonymous` gives answers to nobody",
        daemon: "it believes no such answer: the instance is a problem until its answers name the sync user",
        check: |bench| Box::pin(answers_name_us(bench)),
    },
    Fact {
        name: "nobody-gets-nothing",
        subject: SUBJECT,
        says: "Who is not logged in is turned away, or his answer can be told from ours.",
        on: On::Both,
        rests: "src/jira/proof.rs",
        simulator: "`Fault::Anonymous`",
        daemon: "take anonymous users out of the project's permissions: a dead token would look like an empty project",
        check: |bench| Box::pin(nobody_gets_nothing(bench)),
    },
    Fact {
        name: "server-time-is-told",
        subject: SUBJECT,
        says: "`serverInfo` tells the server's time, and the header `Date` does not contradict it.",
        on: On::Both,
        rests: "src/jira/identity.rs",
        simulator: "`Setup::clock_skew` sets both; none sets them apart",
        daemon: "none: the header counts, which is cut to the second",
        check: |bench| Box::pin(std::future::ready(server_time_is_told(bench))),
    },
    Fact {
        name: "profile-has-a-zone",
        subject: SUBJECT,
        says: "The sync user's profile names a time zone that is known here.",
        on: On::Both,
        rests: "src/jira/jql.rs",
        simulator: "`UserSetup::zone`",
        daemon: "set the time zone in the sync user's profile: without it polls ask 26 hours back",
        check: |bench| Box::pin(std::future::ready(profile_has_a_zone(bench))),
    },
    Fact {
        name: "rights-are-told",
        subject: SUBJECT,
        says: "`mypermissions` tells what the sync user may do in the project.",
        on: On::Both,
        rests: "src/engine/rights.rs",
        simulator: "`ProjectSetup::permission`",
        daemon: "give the sync user these rights; `jirasyncd check` lists what each project needs",
        check: |bench| Box::pin(rights_are_told(bench)),
    },
    Fact {
        name: "limits-are-told",
        subject: SUBJECT,
        says: "Answers tell what is left of the limits.",
        on: On::Both,
        rests: "src/jira/budget.rs",
        simulator: "`Setup::limits`",
        daemon: "`instance.NAME.rate`, which is all that holds requests back where nothing is told",
        check: |bench| Box::pin(std::future::ready(limits_are_told(bench))),
    },
];

async fn answers_name_us(bench: &Bench) -> Result<Found, Halt> {
    bench.see(bench.stocked().await?.id, &[]).await?;
    let answers: Vec<_> =
        bench.record.answers().into_iter().filter(|answer| !answer.asked.ends_with("/serverInfo")).collect();
    let names = |header: &str| answers.iter().filter(|answer| answer.header(header).is_some()).count();
    let (named, all) = (names("x-aaccountid").max(names("x-ausername")), answers.len());
    Ok(Found::when(named == all, format!("{named} of {all} answers did; we are `{}`", bench.identity.account)))
}

async fn nobody_gets_nothing(bench: &Bench) -> Result<Found, Halt> {
    let projects = std::iter::once(bench.project.clone()).collect();
    let asked = bench.nobody.changes(&projects, None, &super::bench::want(), None).await;
    Ok(match asked {
        Ok(page) => Found::DoesNotHold(format!("{} issues were shown to nobody, as if it were us", page.rows.len())),
        Err(error) => Found::Holds(error.failure.to_string()),
    })
}

fn server_time_is_told(bench: &Bench) -> Result<Found, Halt> {
    let Some(answer) = bench.record.newest("/serverInfo") else { return halt("`serverInfo` was not asked") };
    let told = answer.json().get("serverTime").and_then(serde_json::Value::as_str).map(str::to_owned);
    let Some(told) = told else { return Ok(Found::DoesNotHold("there is no `serverTime`".to_owned())) };
    let date =
        answer.header("date").and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    let Some(date) = date else { return halt("there is no header `Date` to hold it against") };
    let Ok(told) = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &told) else {
        return Ok(Found::DoesNotHold(format!("`{told}` is no time")));
    };
    let apart = (told.as_millisecond() - date.as_millisecond()).abs();
    let seen = format!("they are {apart} ms apart; that clock is {} ms ahead of ours", bench.identity.skew_ms);
    Ok(Found::when(apart <= APART_MS, seen))
}

fn profile_has_a_zone(bench: &Bench) -> Result<Found, Halt> {
    let zone = &bench.identity.time_zone;
    Ok(Found::when(jiff::tz::TimeZone::get(zone).is_ok(), format!("it is `{zone}`")))
}

async fn rights_are_told(bench: &Bench) -> Result<Found, Halt> {
    let rights = bench.read.permissions(&bench.project, &RIGHTS).await?;
    let lacks: Vec<&str> = rights.iter().filter(|(_, has)| !**has).map(|(right, _)| right.as_str()).collect();
    let seen = if lacks.is_empty() {
        RIGHTS.join(", ")
    } else {
        format!("it says that these are missing: {}", lacks.join(", "))
    };
    Ok(Found::when(lacks.is_empty(), seen))
}

fn limits_are_told(bench: &Bench) -> Result<Found, Halt> {
    let mut names: Vec<String> = Vec::new();
    for answer in bench.record.answers() {
        for name in answer.headers.keys().map(http::HeaderName::as_str) {
            let limit = name.starts_with("x-ratelimit") || name.starts_with("beta-ratelimit");
            if limit && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    if names.is_empty() {
        return halt("no answer told a limit: there is none, or it is far away");
    }
    Ok(Found::Holds(names.join(", ")))
}
