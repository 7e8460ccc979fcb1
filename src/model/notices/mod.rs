//! Which notice is due: what is seen now, held against what was told before. One per event, and no more than so many an hour; how many
//! were held back is told with the next. Pure. Must never take words of an issue in: what it is given are figures, names of the
//! configuration, and reasons.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{InstanceId, SyncId};

/// How long an instance answers no poll before that is told, where polls are not rarer than this.
const AWAY: SignedDuration = SignedDuration::from_mins(5);
/// How long it is waited that what an instance kept waiting is done, once it is back.
const CAUGHT_UP: SignedDuration = SignedDuration::from_mins(15);
/// How long before a token's end that is told: once at each, and once at its end.
const TOKEN: [SignedDuration; 3] =
    [SignedDuration::from_hours(14 * 24), SignedDuration::from_hours(3 * 24), SignedDuration::ZERO];
/// What the cap is counted over.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeLimits {
    /// Notices within an hour, at most.
    pub per_hour: u64,
    /// From so many problems on they pile up.
    pub problems: u64,
}

/// What is seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub now: Timestamp,
    /// Every instance of the configuration.
    pub instances: Vec<SeenInstance>,
    /// Every sync of the configuration, and why it does not go on or starts nothing new, if it is so.
    pub syncs: Vec<(SyncId, Option<String>)>,
    /// The problems that stand.
    pub problems: u64,
}

/// An instance as it is seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenInstance {
    /// Its name.
    pub id: InstanceId,
    /// When it last answered a poll; when the daemon was started, where it did not since.
    pub answered: Timestamp,
    /// Whether it answered one since the start.
    pub reached: bool,
    /// How often it is polled.
    pub poll: SignedDuration,
    /// Why it cannot be polled, in words.
    pub why: Option<String>,
    /// An operator paused it.
    pub held: bool,
    /// Writes since the start that were carried out in its syncs.
    pub done: u64,
    /// Items of its syncs that are due or worked on.
    pub busy: u64,
    /// When its token ends, where the configuration says so.
    pub expires: Option<Timestamp>,
    /// When the access ends that somebody granted, where that is known.
    pub grant_ends: Option<Timestamp>,
    /// When the client certificate ends that it is shown.
    pub certificate_ends: Option<Timestamp>,
    /// When the private authority ends that vouches for it.
    pub authority_ends: Option<Timestamp>,
    /// Since when no webhook came though issues change, where some came before.
    pub hooks_silent: Option<Timestamp>,
    /// When the last one came since the start.
    pub hooks_heard: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// An instance is out of reach, refuses, or is silent.
    InstanceAway,
    /// It is back, and what waited for it is done.
    InstanceBack,
    /// A sync does not go on, or starts nothing new.
    SyncStopped,
    /// It goes on.
    SyncGoesOn,
    /// A token ends soon, or has ended.
    TokenExpires,
    /// A client certificate or a private authority ends soon, or has ended.
    CertificateExpires,
    /// Webhooks of an instance come no more.
    WebhooksStopped,
    /// They come again.
    WebhooksBack,
    /// Problems pile up.
    ProblemsPileUp,
    /// They do no more.
    ProblemsFewer,
    /// Notices were held back, and there is room again.
    HeldBack,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// Its number in this state.
    pub number: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The instance or sync.
    pub about: Option<String>,
    /// In one line.
    pub title: String,
    /// In full.
    pub text: String,
    /// What was counted: what was caught up with, the problems, the notices that were held back.
    pub count: Option<u64>,
    /// Notices that were held back before it.
    pub held_back: u64,
}

/// What was told, and what is to be known for the next. Durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    away: BTreeMap<InstanceId, Away>,
    stopped: BTreeMap<SyncId, Timestamp>,
    /// The end of the token that was told, and how many of its times.
    tokens: BTreeMap<InstanceId, (Timestamp, usize)>,
    /// The same of client certificates, and of private authorities.
    certificates: BTreeMap<InstanceId, (Timestamp, usize)>,
    authorities: BTreeMap<InstanceId, (Timestamp, usize)>,
    /// Instances whose silent webhooks were told, and when.
    silent: BTreeMap<InstanceId, Timestamp>,
    /// How many problems were told.
    problems: Option<u64>,
    /// When notices went out, within an hour.
    sent: Vec<Timestamp>,
    held_back: u64,
    number: u64,
}

/// An instance whose absence was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Away {
    since: Timestamp,
    noticed: Timestamp,
    /// What was done when it was last seen to be away.
    done: u64,
    back: Option<Timestamp>,
}

/// A notice before it is numbered.
struct Draft {
    event: Event,
    about: Option<String>,
    title: String,
    text: String,
    count: Option<u64>,
}

impl Told {
    /// The notices that are due now. What is given is told: it is given once.
    pub fn due(&mut self, seen: &Seen, limits: NoticeLimits) -> Vec<Notice> {
        let mut drafts = Vec::new();
        self.away.retain(|id, _| seen.instances.iter().any(|instance| instance.id == *id));
        self.stopped.retain(|id, _| seen.syncs.iter().any(|(sync, _)| sync == id));
        let is_seen = |id: &InstanceId| seen.instances.iter().any(|instance| instance.id == *id);
        for told in [&mut self.tokens, &mut self.certificates, &mut self.authorities] {
            told.retain(|id, _| is_seen(id));
        }
        self.silent.retain(|id, _| is_seen(id));
        for instance in &seen.instances {
            drafts.extend(self.of_reach(instance, seen.now));
            drafts.extend(self.of_token(instance, seen.now));
            drafts.extend(self.of_certificate(instance, seen.now));
            drafts.extend(self.of_authority(instance, seen.now));
            drafts.extend(self.of_webhooks(instance, seen.now));
        }
        for (sync, why) in &seen.syncs {
            drafts.extend(self.of_sync(sync, why.as_deref(), seen.now));
        }
        drafts.extend(self.of_problems(seen.problems, limits.problems.max(1)));
        self.within_the_cap(drafts, seen.now, limits.per_hour.max(1))
    }

    fn of_reach(&mut self, instance: &SeenInstance, now: Timestamp) -> Option<Draft> {
        let id = &instance.id;
        let about = Some(id.to_string());
        let Some(away) = self.away.get_mut(id) else {
            let patience = AWAY.max(instance.poll.saturating_mul(3));
            if instance.held || now.duration_since(instance.answered) <= patience {
                return None;
            }
            let since = instance.answered;
            self.away.insert(id.clone(), Away { since, noticed: now, done: instance.done, back: None });
            let (title, why) = match &instance.why {
                Some(why) => (format!("instance `{id}` is out of reach"), why.clone()),
                None => (format!("instance `{id}` is silent"), "no poll ends".to_owned()),
            };
            let text = format!(
                "It has answered no poll since {since}: {why}\nChanges for it and from it wait, nothing is lost, and it is tried again by \
                 itself."
            );
            return Some(Draft { event: Event::InstanceAway, about, title, text, count: None });
        };
        let is_back = instance.reached && instance.answered >= away.noticed;
        if !is_back {
            away.done = instance.done;
            away.back = None;
            return None;
        }
        let back = *away.back.get_or_insert(instance.answered);
        if instance.busy > 0 && now.duration_since(back) < CAUGHT_UP {
            return None;
        }
        // Counters begin anew with the process.
        let count = instance.done.checked_sub(away.done).unwrap_or(instance.done);
        let (since, gone) = (away.since, in_words(back.duration_since(away.since)));
        self.away.remove(id);
        let writes = counted(count, "write");
        let rest = match instance.busy {
            0 => "nothing waits for it any more".to_owned(),
            busy => format!("{} of its syncs still wait", counted(busy, "item")),
        };
        let title = format!("instance `{id}` is back after {gone}, {writes} caught up");
        let text = format!(
            "It had answered no poll since {since} and answers again since {back}. {writes} in its syncs made up for it; {rest}."
        );
        Some(Draft { event: Event::InstanceBack, about, title, text, count: Some(count) })
    }

    /// The secret that the configuration names, or the grant: whichever ends first.
    fn of_token(&mut self, instance: &SeenInstance, now: Timestamp) -> Option<Draft> {
        let id = &instance.id;
        let expires = instance.expires.into_iter().chain(instance.grant_ends).min()?;
        let left = nearer(&mut self.tokens, id, expires, now)?;
        let (title, text) = if instance.grant_ends == Some(expires) {
            granted_words(id, expires, left)
        } else {
            token_words(id, expires, left)
        };
        Some(Draft { event: Event::TokenExpires, about: Some(id.to_string()), title, text, count: None })
    }

    /// What this machine shows. It and who vouches for the instance are told apart from the rest: one that nobody needs any more may be let end.
    fn of_certificate(&mut self, instance: &SeenInstance, now: Timestamp) -> Option<Draft> {
        let (id, ends) = (&instance.id, instance.certificate_ends?);
        let left = nearer(&mut self.certificates, id, ends, now)?;
        let (title, text) = certificate_words(id, ends, left);
        Some(Draft { event: Event::CertificateExpires, about: Some(id.to_string()), title, text, count: None })
    }

    fn of_authority(&mut self, instance: &SeenInstance, now: Timestamp) -> Option<Draft> {
        let (id, ends) = (&instance.id, instance.authority_ends?);
        let left = nearer(&mut self.authorities, id, ends, now)?;
        let (title, text) = authority_words(id, ends, left);
        Some(Draft { event: Event::CertificateExpires, about: Some(id.to_string()), title, text, count: None })
    }

    fn of_webhooks(&mut self, instance: &SeenInstance, now: Timestamp) -> Option<Draft> {
        let id = &instance.id;
        let about = Some(id.to_string());
        match (instance.hooks_silent, self.silent.get(id).copied()) {
            (Some(since), None) => {
                self.silent.insert(id.clone(), now);
                let title = format!("webhooks of instance `{id}` come no more");
                let text = format!(
                    "None came since {since}, though issues changed. Changes are seen by polls alone; nothing is lost. `jirasyncd webhooks verify` \
                     tries the way: look at the proxy before the receiver, and at the webhook in Jira."
                );
                Some(Draft { event: Event::WebhooksStopped, about, title, text, count: None })
            }
            // After a start it is not known yet that they are silent, so only one that came says that they are not.
            (None, Some(told)) if instance.hooks_heard.is_some_and(|heard| heard > told) => {
                self.silent.remove(id);
                let title = format!("webhooks of instance `{id}` come again");
                let text = format!("That they came no more was told at {told}.");
                Some(Draft { event: Event::WebhooksBack, about, title, text, count: None })
            }
            (Some(_) | None, Some(_)) | (None, None) => None,
        }
    }

    fn of_sync(&mut self, sync: &SyncId, why: Option<&str>, now: Timestamp) -> Option<Draft> {
        let about = Some(sync.to_string());
        match (why, self.stopped.get(sync).copied()) {
            (Some(why), None) => {
                self.stopped.insert(sync.clone(), now);
                let title = format!("sync `{sync}` stopped, or starts nothing new");
                let text = format!("{why}\n`jirasyncd status` tells what to do.");
                Some(Draft { event: Event::SyncStopped, about, title, text, count: None })
            }
            (None, Some(since)) => {
                self.stopped.remove(sync);
                let title = format!("sync `{sync}` goes on");
                let text = format!("It had stopped, or started nothing new, since {since}.");
                Some(Draft { event: Event::SyncGoesOn, about, title, text, count: None })
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn of_problems(&mut self, problems: u64, many: u64) -> Option<Draft> {
        let (event, title) = match self.problems {
            None if problems >= many => {
                (Event::ProblemsPileUp, format!("problems pile up: {problems} wait for a person"))
            }
            Some(told) if problems >= told.saturating_mul(2) => {
                (Event::ProblemsPileUp, format!("problems pile up: {problems} wait for a person, {told} did before"))
            }
            Some(_) if problems < many.div_ceil(2) => {
                (Event::ProblemsFewer, format!("problems are fewer again: {problems} wait for a person"))
            }
            None | Some(_) => return None,
        };
        self.problems = Some(problems).filter(|_| event == Event::ProblemsPileUp);
        let text = "`jirasyncd problems` lists them by cause, with what to do about each.".to_owned();
        Some(Draft { event, about: None, title, text, count: Some(problems) })
    }

    fn within_the_cap(&mut self, mut drafts: Vec<Draft>, now: Timestamp, per_hour: u64) -> Vec<Notice> {
        // What lies ahead was counted before the clock was set back.
        self.sent.retain(|at| *at <= now && now.duration_since(*at) < HOUR);
        if drafts.is_empty() && self.held_back > 0 {
            drafts.push(Draft {
                event: Event::HeldBack,
                about: None,
                title: "notices were held back".to_owned(),
                text: "`jirasyncd status` tells how it stands now.".to_owned(),
                count: Some(self.held_back),
            });
        }
        let mut notices = Vec::new();
        for draft in drafts {
            if u64::try_from(self.sent.len()).unwrap_or(u64::MAX) >= per_hour {
                self.held_back += u64::from(draft.event != Event::HeldBack);
                continue;
            }
            self.sent.push(now);
            self.number += 1;
            let held_back = std::mem::take(&mut self.held_back);
            let Draft { event, about, title, mut text, count } = draft;
            if held_back > 0 {
                text = format!("{text}\n{held_back} more were held back within the last hour.");
            }
            notices.push(Notice { number: self.number, at: now, event, about, title, text, count, held_back });
        }
        notices
    }
}

/// How much is left until an end of which the next time to tell it has come. It is told then.
fn nearer(
    told: &mut BTreeMap<InstanceId, (Timestamp, usize)>,
    id: &InstanceId,
    ends: Timestamp,
    now: Timestamp,
) -> Option<SignedDuration> {
    let left = ends.duration_since(now);
    let passed = TOKEN.iter().filter(|before| left <= **before).count();
    let before = told.get(id).filter(|(of, _)| *of == ends).map_or(0, |(_, told)| *told);
    if passed <= before {
        return None;
    }
    told.insert(id.clone(), (ends, passed));
    Some(left)
}

/// A secret that the configuration names ends at a time that it says.
fn token_words(id: &InstanceId, expires: Timestamp, left: SignedDuration) -> (String, String) {
    let title = if left.is_positive() {
        format!("the token of instance `{id}` expires in {}", in_words(left))
    } else {
        format!("the token of instance `{id}` has expired")
    };
    let text = format!(
        "It ends at {expires}, as the configuration says. Make a new one, put it where the old one lies, set `auth.expires` anew and \
         run `jirasyncd reload`; where it is named by `env:` or `credential:`, restart the daemon instead."
    );
    (title, text)
}

/// Access that somebody granted ends, used or not.
fn granted_words(id: &InstanceId, expires: Timestamp, left: SignedDuration) -> (String, String) {
    let title = if left.is_positive() {
        format!("the access that was granted to instance `{id}` ends in {}", in_words(left))
    } else {
        format!("the access that was granted to instance `{id}` has ended")
    };
    let text = format!(
        "It ends at {expires}, a year after it was granted, however often it is used. Run `jirasyncd login {id}` and have it granted anew; \
         the daemon goes on by itself."
    );
    (title, text)
}

/// The certificate ends that an instance is shown.
fn certificate_words(id: &InstanceId, ends: Timestamp, left: SignedDuration) -> (String, String) {
    let title = if left.is_positive() {
        format!("the client certificate for instance `{id}` ends in {}", in_words(left))
    } else {
        format!("the client certificate for instance `{id}` has ended")
    };
    let text = format!(
        "It ends at {ends}; then the instance takes no connection. Have a new one made, put it where `client-certificate` says and its key \
         where `client-key` does, and run `jirasyncd reload`."
    );
    (title, text)
}

/// The authority ends that vouches for an instance.
fn authority_words(id: &InstanceId, ends: Timestamp, left: SignedDuration) -> (String, String) {
    let title = if left.is_positive() {
        format!("the certificate authority of instance `{id}` ends in {}", in_words(left))
    } else {
        format!("the certificate authority of instance `{id}` has ended")
    };
    let text = format!(
        "It ends at {ends}; then what only it vouches for is not trusted. Put the authority's new certificate into the file that `ca-file` \
         names, beside the old one, and run `jirasyncd reload`."
    );
    (title, text)
}

/// A number of things.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A time in its largest unit, for people.
fn in_words(time: SignedDuration) -> String {
    let minutes = u64::try_from(time.as_mins()).unwrap_or_default();
    match minutes {
        0..=119 => counted(minutes, "minute"),
        120..=2_879 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1_440, "day"),
    }
}

#[cfg(test)]
mod tests;
