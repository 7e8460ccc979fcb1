//! What is told when, event by event, over an hour and over a restart.

use super::*;

const LIMITS: NoticeLimits = NoticeLimits { per_hour: 10, problems: 20 };

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

/// All is well at this minute.
fn well(minute: i64) -> Seen {
    Seen {
        now: at(minute),
        instances: vec![SeenInstance {
            id: "globex".into(),
            answered: at(minute),
            reached: true,
            poll: SignedDuration::from_secs(30),
            why: None,
            held: false,
            done: 0,
            busy: 0,
            expires: None,
            grant_ends: None,
            certificate_ends: None,
            authority_ends: None,
            hooks_silent: None,
            hooks_heard: None,
        }],
        syncs: vec![("support".into(), None)],
        problems: 0,
    }
}

fn changed(minute: i64, change: impl FnOnce(&mut SeenInstance)) -> Seen {
    let mut seen = well(minute);
    change(&mut seen.instances[0]);
    seen
}

fn events(notices: &[Notice]) -> Vec<Event> {
    notices.iter().map(|notice| notice.event).collect()
}

/// As after a restart: what is kept is all that is left.
fn kept(told: &Told) -> Told {
    serde_json::from_str(&serde_json::to_string(told).unwrap()).unwrap()
}

#[test]
fn an_absence_is_told_once_and_the_return_with_what_was_caught_up() {
    let mut told = Told::default();
    assert_eq!(told.due(&well(0), LIMITS), []);
    let gone = |minute, done| {
        changed(minute, |globex| {
            (globex.answered, globex.why, globex.done) = (at(0), Some("no connection in time".to_owned()), done);
        })
    };
    assert_eq!(told.due(&gone(5, 3), LIMITS), [], "not for a hiccup");
    let notices = told.due(&gone(6, 4), LIMITS);
    assert_eq!(events(&notices), [Event::InstanceAway]);
    assert_eq!(notices[0].title, "instance `globex` is out of reach");
    assert!(notices[0].text.contains("no connection in time"), "{}", notices[0].text);
    for minute in 7..40 {
        assert_eq!(told.due(&gone(minute, 5), LIMITS), []);
    }
    // Back, and at work: told when all is done.
    let back = |minute, done, busy| changed(minute, |globex| (globex.done, globex.busy) = (done, busy));
    assert_eq!(told.due(&back(42, 9, 3), LIMITS), []);
    let notices = told.due(&back(43, 22, 0), LIMITS);
    assert_eq!((events(&notices), notices[0].count), (vec![Event::InstanceBack], Some(17)));
    assert_eq!(notices[0].title, "instance `globex` is back after 42 minutes, 17 writes caught up");
    assert_eq!(told.due(&back(44, 23, 0), LIMITS), []);
}

#[test]
fn a_restart_repeats_nothing_and_is_no_return() {
    let mut told = Told::default();
    let gone = |minute, answered| {
        changed(minute, |globex| (globex.answered, globex.reached, globex.done) = (at(answered), false, 0))
    };
    assert_eq!(events(&told.due(&gone(10, 0), LIMITS)), [Event::InstanceAway]);
    let mut told = kept(&told);
    // The process was started at minute 12 and has not reached it either.
    for minute in 12..60 {
        assert_eq!(told.due(&gone(minute, 12), LIMITS), [], "minute {minute}");
    }
    let notices = told.due(&changed(60, |globex| globex.done = 2), LIMITS);
    assert_eq!((events(&notices), notices[0].count), (vec![Event::InstanceBack], Some(2)));
}

#[test]
fn one_that_an_operator_paused_or_that_is_polled_rarely_is_not_missed() {
    let mut told = Told::default();
    let paused = changed(100, |globex| (globex.answered, globex.held) = (at(0), true));
    let rare =
        |minute| changed(minute, |globex| (globex.answered, globex.poll) = (at(0), SignedDuration::from_mins(30)));
    assert_eq!(told.due(&paused, LIMITS), []);
    assert_eq!(told.due(&rare(89), LIMITS), []);
    let notices = told.due(&rare(91), LIMITS);
    assert_eq!(notices[0].title, "instance `globex` is silent");
}

#[test]
fn a_return_that_is_never_quiet_is_told_all_the_same() {
    let mut told = Told::default();
    told.due(&changed(10, |globex| globex.answered = at(0)), LIMITS);
    assert_eq!(told.due(&changed(11, |globex| globex.busy = 9), LIMITS), []);
    let notices = told.due(&changed(27, |globex| (globex.busy, globex.done) = (9, 400)), LIMITS);
    assert_eq!(notices[0].count, Some(400));
    assert!(notices[0].text.contains("9 items of its syncs still wait"), "{}", notices[0].text);
}

#[test]
fn a_token_is_told_two_weeks_before_three_days_before_and_at_its_end() {
    let mut told = Told::default();
    let mut days = Vec::new();
    for day in 0..40 {
        told = kept(&told);
        let seen = changed(day * 1_440, |globex| globex.expires = Some(at(30 * 1_440)));
        days.extend(told.due(&seen, LIMITS).into_iter().map(|notice| (day, notice.title)));
    }
    let title = |rest: &str| format!("the token of instance `globex` {rest}");
    assert_eq!(days, [(16, title("expires in 14 days")), (27, title("expires in 3 days")), (30, title("has expired"))]);
    let seen = changed(41 * 1_440, |globex| globex.expires = Some(at(42 * 1_440)));
    assert_eq!(told.due(&seen, LIMITS)[0].title, title("expires in 24 hours"), "another token");
}

#[test]
fn whichever_ends_first_is_told_a_secret_or_what_was_granted() {
    let days = |count: i64| Some(at(count * 1_440));
    let mut told = Told::default();
    let seen = changed(0, |globex| (globex.expires, globex.grant_ends) = (days(200), days(10)));
    let notice = &told.due(&seen, LIMITS)[0];
    assert_eq!(notice.title, "the access that was granted to instance `globex` ends in 10 days");
    assert!(notice.text.contains("`jirasyncd login globex`"), "{}", notice.text);
    assert_eq!(kept(&told).due(&seen, LIMITS), [], "once");
    let seen = changed(5 * 1_440, |globex| (globex.expires, globex.grant_ends) = (days(6), days(370)));
    assert_eq!(told.due(&seen, LIMITS)[0].title, "the token of instance `globex` expires in 24 hours");
    let seen = changed(371 * 1_440, |globex| (globex.expires, globex.grant_ends) = (None, days(370)));
    assert_eq!(told.due(&seen, LIMITS)[0].title, "the access that was granted to instance `globex` has ended");
}

#[test]
fn certificates_are_told_each_for_itself_and_beside_a_secret() {
    let days = |count: i64| Some(at(count * 1_440));
    let mut told = Told::default();
    // An authority that ended long ago and stays in the file hides nothing.
    let seen = |day: i64| {
        changed(day * 1_440, |globex| {
            (globex.expires, globex.certificate_ends, globex.authority_ends) = (days(2), days(20), days(-5));
        })
    };
    let titles = |notices: Vec<Notice>| notices.into_iter().map(|notice| notice.title).collect::<Vec<_>>();
    let first = [
        "the token of instance `globex` expires in 2 days",
        "the certificate authority of instance `globex` has ended",
    ];
    assert_eq!(titles(told.due(&seen(0), LIMITS)), first);
    let mut told = kept(&told);
    assert_eq!(titles(told.due(&seen(1), LIMITS)), Vec::<String>::new());
    assert_eq!(titles(told.due(&seen(2), LIMITS)), ["the token of instance `globex` has expired"]);
    let notices = told.due(&seen(6), LIMITS);
    assert_eq!(events(&notices), [Event::CertificateExpires]);
    assert_eq!(notices[0].title, "the client certificate for instance `globex` ends in 14 days");
    assert!(notices[0].text.contains("`client-key`"), "{}", notices[0].text);
    assert_eq!(titles(told.due(&seen(17), LIMITS)), ["the client certificate for instance `globex` ends in 3 days"]);
    assert_eq!(titles(told.due(&seen(21), LIMITS)), ["the client certificate for instance `globex` has ended"]);
}

#[test]
fn webhooks_that_come_no_more_are_told_once_and_that_they_come_again() {
    let mut told = Told::default();
    let silent = |minute| changed(minute, |globex| globex.hooks_silent = Some(at(1)));
    assert_eq!(events(&told.due(&silent(70), LIMITS)), [Event::WebhooksStopped]);
    assert_eq!(told.due(&silent(71), LIMITS), []);
    // Another process does not know yet, which is no return.
    let mut told = kept(&told);
    assert_eq!(told.due(&well(80), LIMITS), []);
    assert_eq!(told.due(&silent(150), LIMITS), []);
    let notices = told.due(&changed(200, |globex| globex.hooks_heard = Some(at(199))), LIMITS);
    assert_eq!(events(&notices), [Event::WebhooksBack]);
    assert_eq!(told.due(&well(201), LIMITS), []);
}

#[test]
fn a_sync_that_stops_is_told_and_that_it_goes_on() {
    let mut told = Told::default();
    let stopped =
        |minute| Seen { syncs: vec![("support".into(), Some("250 creations wait".to_owned()))], ..well(minute) };
    let notices = told.due(&stopped(0), LIMITS);
    assert_eq!(events(&notices), [Event::SyncStopped]);
    assert!(notices[0].text.starts_with("250 creations wait\n"));
    assert_eq!(kept(&told).due(&stopped(1), LIMITS), []);
    assert_eq!(events(&told.due(&well(2), LIMITS)), [Event::SyncGoesOn]);
    assert_eq!(told.due(&well(3), LIMITS), []);
}

#[test]
fn problems_are_told_when_they_pile_up_and_each_time_they_double() {
    let mut told = Told::default();
    let counts = [5, 19, 20, 25, 39, 40, 79, 30, 11, 10, 9, 3, 20];
    let told: Vec<(u64, Event)> = counts
        .into_iter()
        .enumerate()
        .flat_map(|(minute, problems)| {
            let seen = Seen { problems, ..well(i64::try_from(minute).unwrap()) };
            told.due(&seen, LIMITS).into_iter().map(move |notice| (problems, notice.event)).collect::<Vec<_>>()
        })
        .collect();
    use Event::{ProblemsFewer, ProblemsPileUp};
    assert_eq!(told, [(20, ProblemsPileUp), (40, ProblemsPileUp), (9, ProblemsFewer), (20, ProblemsPileUp)]);
}

#[test]
fn no_more_than_so_many_an_hour_and_the_next_one_tells_how_many_more() {
    let mut told = Told::default();
    let limits = NoticeLimits { per_hour: 2, ..LIMITS };
    let mut out = Vec::new();
    for minute in 0..60 {
        told = kept(&told);
        let why = (minute % 2 == 0).then(|| "held".to_owned());
        let seen = Seen { syncs: vec![("support".into(), why)], ..well(minute) };
        out.extend(told.due(&seen, limits));
    }
    assert_eq!(out.len(), 2, "{out:?}");
    let notices = told.due(&well(60), limits);
    assert_eq!(events(&notices), [Event::HeldBack], "one of the two is an hour old");
    assert_eq!((notices[0].held_back, notices[0].count, notices[0].number), (58, Some(58), 3));
    assert!(notices[0].text.contains("58 more were held back"), "{}", notices[0].text);
    assert_eq!(told.due(&well(300), limits), []);
    // With the next event, where there is one.
    let mut told = Told { held_back: 4, ..Told::default() };
    let notices = told.due(&Seen { problems: 30, ..well(0) }, limits);
    assert_eq!((events(&notices), notices[0].held_back), (vec![Event::ProblemsPileUp], 4));
}

#[test]
fn what_is_configured_no_more_is_forgotten() {
    let mut told = Told::default();
    told.due(&changed(10, |globex| globex.answered = at(0)), LIMITS);
    let none = Seen { instances: Vec::new(), syncs: Vec::new(), ..well(11) };
    assert_eq!(told.due(&none, LIMITS), []);
    assert_eq!(told.due(&well(12), LIMITS), [], "no return of what was gone from the file");
}
