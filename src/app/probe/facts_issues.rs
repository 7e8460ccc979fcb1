//! Facts about issues: making, editing, reading and deleting them, and what the changelog tells. Must never edit an issue that the
//! probe did not make.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Bench, done, halt};
use super::{Fact, Found, Halt, On};
use crate::jira::{Failure, IssueDraft, IssueEdit, JiraError, Want, WriteOutcome};
use crate::model::ids::{EntryId, IssueId};
use crate::model::issue::{LogEntry, NativeValue, TransitionOffer};
use crate::model::operation::NativeWrite;

const SUBJECT: &str = "Issues and their history";

/// Longer than any summary may be.
const TOO_LONG: usize = 300;
/// The name of the property that our marks stand in.
const PROPERTY: &str = "jirasyncd";
/// A transition that no workflow has.
const NO_TRANSITION: &str = "999999999";

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "created-with-our-mark",
        subject: SUBJECT,
        says: "A creation takes an entity property along, and a read shows it.",
        on: On::Both,
        rests: "src/engine/seal.rs",
        simulator: "none: it always does",
        daemon: "none: a creation without an answer could not be told from none, and would be made twice",
        check: |bench| Box::pin(created_with_our_mark(bench)),
    },
    Fact {
        name: "marks-can-be-taken-away",
        subject: SUBJECT,
        says: "A property can be read by itself, and taken away.",
        on: On::Both,
        rests: "src/app/detach.rs",
        simulator: "none: it always can",
        daemon: "none: `detach --strip-marks` leaves them",
        check: |bench| Box::pin(marks_can_be_taken_away(bench)),
    },
    Fact {
        name: "many-are-made-in-order",
        subject: SUBJECT,
        says: "Issues that are made together are answered in the order in which they were asked for.",
        on: On::Both,
        rests: "src/jira/write.rs",
        simulator: "none: it always does",
        daemon: "none: an original could be paired with another's copy",
        check: |bench| Box::pin(many_are_made_in_order(bench)),
    },
    Fact {
        name: "many-are-made-in-part",
        subject: SUBJECT,
        says: "Where one of them is refused, the others are made, and the answer says which was refused.",
        on: On::Both,
        rests: "src/jira/write.rs",
        simulator: "none: it always does",
        daemon: "none: all of them are in doubt then, and looked for by their marks",
        check: |bench| Box::pin(many_are_made_in_part(bench)),
    },
    Fact {
        name: "what-is-gone-is-404",
        subject: SUBJECT,
        says: "A deleted issue is 404, alone and among others, and so is its second deletion.",
        on: On::Both,
        rests: "src/engine/absence.rs",
        simulator: "`ProjectSetup::permission` forbids the deletion",
        daemon: "`life.deleted`: give the sync user DELETE_ISSUES where copies are to be deleted",
        check: |bench| Box::pin(what_is_gone_is_404(bench)),
    },
    Fact {
        name: "id-and-key-stay",
        subject: SUBJECT,
        says: "An edit leaves id, key and `created` of an issue as they were.",
        on: On::Both,
        rests: "src/engine/observe.rs",
        simulator: "none: they always stay",
        daemon: "none: the issue would count as another one",
        check: |bench| Box::pin(id_and_key_stay(bench)),
    },
    Fact {
        name: "times-have-milliseconds",
        subject: SUBJECT,
        says: "`updated` is written `2021-01-17T12:34:00.000+0000`.",
        on: On::Both,
        rests: "src/jira/wire.rs",
        simulator: "none: they always are",
        daemon: "none: other forms with an offset are read, too",
        check: |bench| Box::pin(times_have_milliseconds(bench)),
    },
    Fact {
        name: "edits-are-in-the-log",
        subject: SUBJECT,
        says: "Each edit has an entry in the changelog, with the value after it.",
        on: On::Both,
        rests: "src/engine/learn.rs",
        simulator: "`Quirks::logs_status_alone`",
        daemon: "none: `status` says that the side does not show its changes, since nobody knows who made one",
        check: |bench| Box::pin(edits_are_in_the_log(bench)),
    },
    Fact {
        name: "the-log-names-us",
        subject: SUBJECT,
        says: "The entry of our own edit carries our account.",
        on: On::Both,
        rests: "src/plan/whose.rs",
        simulator: "`Quirks::logs_status_alone`",
        daemon: "`instance.NAME.former-sync-users` where the entry names another account of jirasyncd",
        check: |bench| Box::pin(the_log_names_us(bench)),
    },
    Fact {
        name: "the-log-keeps-our-tag",
        subject: SUBJECT,
        says: "`historyMetadata` of an edit comes back with its entry.",
        on: On::Both,
        rests: "src/engine/traces.rs",
        simulator: "`Quirks::keeps_history_metadata`",
        daemon: "none: our own entries are known by author, field and value then",
        check: |bench| Box::pin(the_log_keeps_our_tag(bench)),
    },
    Fact {
        name: "transitions-keep-our-tag",
        subject: SUBJECT,
        says: "`historyMetadata` of a transition comes back with its entry.",
        on: On::Both,
        rests: "src/engine/traces.rs",
        simulator: "`Quirks::keeps_history_metadata`",
        daemon: "none: our own entries are known by author, field and value then",
        check: |bench| Box::pin(transitions_keep_our_tag(bench)),
    },
    Fact {
        name: "creations-are-not-in-the-log",
        subject: SUBJECT,
        says: "The values that an issue is made with are no entry of the changelog.",
        on: On::Both,
        rests: "src/plan/fold.rs",
        simulator: "none: they never are",
        daemon: "none: what an issue was made with would count as edits by whoever made it",
        check: |bench| Box::pin(creations_are_not_in_the_log(bench)),
    },
    Fact {
        name: "edits-give-the-issue-back",
        subject: SUBJECT,
        says: "`returnIssue=true` gives the issue as it is after the edit, with its log.",
        on: On::Cloud,
        rests: "src/jira/write.rs",
        simulator: "none: it always does",
        daemon: "none: the issue is read by itself then, one request more",
        check: |bench| Box::pin(edits_give_the_issue_back(bench)),
    },
    Fact {
        name: "edits-may-be-silent",
        subject: SUBJECT,
        says: "`notifyUsers=false` is allowed, and the edit is made.",
        on: On::Both,
        rests: "src/engine/mails.rs",
        simulator: "`Setup::administrators`, `Quirks::notify_without_right_drops_edit`",
        daemon: "`notify = \"all\"`, or give the sync user ADMINISTER_PROJECTS",
        check: |bench| Box::pin(edits_may_be_silent(bench)),
    },
    Fact {
        name: "words-come-one-by-one",
        subject: SUBJECT,
        says: "Labels are added and removed one by one, and the others stay.",
        on: On::Both,
        rests: "src/jira/encode.rs",
        simulator: "`Jira::set_screen` leaves labels out",
        daemon: "leave `labels` out of `fields`, or put them on the project's screens",
        check: |bench| Box::pin(words_come_one_by_one(bench)),
    },
    Fact {
        name: "texts-come-back-as-sent",
        subject: SUBJECT,
        says: "A description comes back as it was sent.",
        on: On::Both,
        rests: "src/plan/check.rs",
        simulator: "`Jira::set_screen` leaves the description out",
        daemon: "leave `description` out of `fields`, or put it on the project's screens",
        check: |bench| Box::pin(texts_come_back_as_sent(bench)),
    },
    Fact {
        name: "a-no-names-its-field",
        subject: SUBJECT,
        says: "An edit that is refused (400) names the field, and changes nothing.",
        on: On::Both,
        rests: "src/engine/outcome.rs",
        simulator: "none: it always does",
        daemon: "none: the whole edit fails then, not the field alone",
        check: |bench| Box::pin(a_no_names_its_field(bench)),
    },
    Fact {
        name: "transitions-lead-where-they-say",
        subject: SUBJECT,
        says: "The transitions that are offered name the status that they lead to, and lead there.",
        on: On::Both,
        rests: "src/plan/status.rs",
        simulator: "`ProjectSetup::permission` takes TRANSITION_ISSUES away",
        daemon: "leave `status` out of `fields`, or give the sync user TRANSITION_ISSUES",
        check: |bench| Box::pin(transitions_lead_where_they_say(bench)),
    },
    Fact {
        name: "wrong-transitions-change-nothing",
        subject: SUBJECT,
        says: "A transition that is not offered is refused (400; Data Center: 500), and changes nothing.",
        on: On::Both,
        rests: "src/engine/recover.rs",
        simulator: "none: they never do",
        daemon: "none: the issue is read before a transition is sent again",
        check: |bench| Box::pin(wrong_transitions_change_nothing(bench)),
    },
];

async fn created_with_our_mark(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?;
    let read = bench.look(issue.id, &Want { mark: true, ..Want::default() }).await?;
    Ok(Found::when(
        read.mark == Some(bench.mark()),
        format!("{} shows {}", issue.key, read.mark.as_deref().unwrap_or("none")),
    ))
}

async fn marks_can_be_taken_away(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let before = bench.read.issue_property(issue, PROPERTY).await?.is_some();
    done(bench.write.unmark(issue).await)?;
    let after = bench.read.issue_property(issue, PROPERTY).await?.is_some();
    let word = |there: bool| if there { "there" } else { "not there" };
    Ok(Found::when(before && !after, format!("it was {}, and is {}", word(before), word(after))))
}

fn summary(draft: &IssueDraft) -> Option<&NativeValue> {
    draft.fields.values().next()
}

async fn many_are_made_in_order(bench: &Bench) -> Result<Found, Halt> {
    let drafts = [bench.draft()?, bench.draft()?, bench.draft()?];
    for (draft, made) in drafts.iter().zip(bench.create(&drafts).await) {
        let made = made?;
        let read = bench.see(made.id, &["summary"]).await?;
        if read.fields.values().next() != summary(draft) {
            return Ok(Found::DoesNotHold(format!("{} has the summary of another", made.key)));
        }
    }
    Ok(Found::Holds(format!("{} issues", drafts.len())))
}

async fn many_are_made_in_part(bench: &Bench) -> Result<Found, Halt> {
    let refused = IssueDraft { issue_type: "No such type".to_owned(), ..bench.draft()? };
    let drafts = [refused, bench.draft()?];
    let mut outcomes = bench.create(&drafts).await.into_iter();
    let (first, second) = (outcomes.next(), outcomes.next());
    Ok(match (first, second) {
        (Some(Err(no)), Some(Ok(made))) => Found::Holds(format!("{} was made; of the other: {}", made.key, no.0)),
        (Some(Ok(made)), _) => Found::DoesNotHold(format!("{} was made, of a type that is not there", made.key)),
        (_, Some(Err(no))) => Found::DoesNotHold(format!("neither was made: {}", no.0)),
        (_, _) => Found::DoesNotHold("the answer does not tell".to_owned()),
    })
}

async fn what_is_gone_is_404(bench: &Bench) -> Result<Found, Halt> {
    let (stays, gone) = (bench.stocked().await?.id, bench.issue().await?);
    done(bench.write.delete(gone.id).await)?;
    let mut reads = bench.read.issues(&[gone.id, stays], &Want::default()).await.into_iter();
    let (first, second) = (reads.next(), reads.next());
    let missed = matches!(first, Some(Err(JiraError { failure: Failure::NotFound, .. })));
    let again = bench.write.delete(gone.id).await;
    let status = bench.record.newest(&format!("/issue/{}", gone.id)).map_or(0, |answer| answer.status);
    if missed {
        bench.gone(gone.id);
    }
    let words = if missed { "404" } else { "there" };
    let seen = format!("{} is {words}; its second deletion is answered with {status}", gone.key);
    Ok(Found::when(missed && matches!(second, Some(Ok(_))) && again == WriteOutcome::NotFound, seen))
}

async fn id_and_key_stay(bench: &Bench) -> Result<Found, Halt> {
    let made = bench.stocked().await?;
    let before = bench.see(made.id, &[]).await?;
    bench.rename(made.id).await?;
    let mut named = bench.read.named(std::slice::from_ref(&made.key), &Want::default()).await;
    let Some(after) = named.pop() else { return halt("nothing was answered") };
    let after = after?;
    let same = (before.id, &before.key, before.created) == (after.id, &after.key, after.created);
    let seen = format!(
        "{} {} of {}, then {} {} of {}",
        before.id, before.key, before.created, after.id, after.key, after.created
    );
    Ok(Found::when(same, seen))
}

async fn times_have_milliseconds(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    bench.see(issue, &[]).await?;
    let Some(answer) = bench.record.newest(&format!("/issue/{issue}")) else { return halt("no answer was kept") };
    let body = answer.json();
    let told = body.pointer("/fields/updated").and_then(serde_json::Value::as_str).unwrap_or_default();
    let form: String = told.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect();
    let usual = matches!(form.as_str(), "0000-00-00T00:00:00.000+0000" | "0000-00-00T00:00:00.000-0000");
    Ok(Found::when(usual, format!("`{told}`")))
}

/// The entries of the changelog that show an edit of ours, which is made now. And the edit.
async fn logged(bench: &Bench) -> Result<(Vec<LogEntry>, String), Halt> {
    let issue = bench.stocked().await?.id;
    let text = bench.rename(issue).await?;
    let mut log = bench.read.log_after(issue, EntryId(0)).await?;
    log.retain(|entry| entry.items.iter().any(|item| item.to_text.as_ref() == Some(&text)));
    Ok((log, text))
}

async fn edits_are_in_the_log(bench: &Bench) -> Result<Found, Halt> {
    let (log, text) = logged(bench).await?;
    Ok(Found::when(log.len() == 1, format!("{} entries show `{text}`", log.len())))
}

async fn the_log_names_us(bench: &Bench) -> Result<Found, Halt> {
    let (log, _) = logged(bench).await?;
    let Some(entry) = log.first() else { return halt("the edit is not in the changelog") };
    let author = entry.author.as_ref().map_or("nobody", |author| author.as_str());
    Ok(Found::when(author == bench.identity.account.as_str(), format!("it names `{author}`")))
}

async fn the_log_keeps_our_tag(bench: &Bench) -> Result<Found, Halt> {
    let (log, _) = logged(bench).await?;
    let Some(entry) = log.first() else { return halt("the edit is not in the changelog") };
    Ok(Found::when(entry.tag == Some(bench.mark()), format!("it shows {}", entry.tag.as_deref().unwrap_or("none"))))
}

async fn transitions_keep_our_tag(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let (offer, _) = way_on(bench, issue).await?;
    done(bench.write.transition(&offer.id, &bare(bench, issue)).await)?;
    let log = bench.read.log_after(issue, EntryId(0)).await?;
    let shows = |entry: &&LogEntry| entry.items.iter().any(|item| item.field.as_str() == "status");
    let Some(entry) = log.iter().find(shows) else { return halt("the transition is not in the changelog") };
    Ok(Found::when(entry.tag == Some(bench.mark()), format!("it shows {}", entry.tag.as_deref().unwrap_or("none"))))
}

async fn creations_are_not_in_the_log(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?;
    let log = bench.read.log_after(issue.id, EntryId(0)).await?;
    let items = log.iter().flat_map(|entry| &entry.items);
    let count = items.filter(|item| item.field.as_str() == "summary").count();
    let seen = format!("{} has {} entries, {count} of them of its summary", issue.key, log.len());
    Ok(Found::when(count == 0, seen))
}

async fn edits_give_the_issue_back(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let text = NativeValue::Text(bench.text("given back"));
    let given = done(bench.set(issue, "summary", text.clone()).await)?;
    Ok(match given {
        Some(row) => {
            Found::when(row.fields.values().any(|value| *value == text), format!("{} came with the answer", row.key))
        }
        None => Found::DoesNotHold("the answer holds no issue that could be checked by".to_owned()),
    })
}

async fn edits_may_be_silent(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let text = NativeValue::Text(bench.text("silent"));
    match bench.edit(issue, "summary", NativeWrite::Set(text.clone()), true).await {
        WriteOutcome::Done(_) => {
            let read = bench.see(issue, &["summary"]).await?;
            let made = read.fields.values().any(|value| *value == text);
            Ok(Found::when(made, if made { "the edit was made" } else { "Jira said yes and did not make the edit" }))
        }
        WriteOutcome::Refused(refusal) => Ok(Found::DoesNotHold(refusal.to_string())),
        other @ (WriteOutcome::NotFound | WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
            done(other)?;
            halt("nothing was told")
        }
    }
}

async fn words_come_one_by_one(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let words = |words: &[&str]| words.iter().map(|word| format!("probe-{word}")).collect::<Vec<_>>();
    let one = NativeWrite::Words { add: words(&["one", "two"]), remove: Vec::new() };
    done(bench.edit(issue, "labels", one, false).await)?;
    let two = NativeWrite::Words { add: words(&["three"]), remove: words(&["one"]) };
    done(bench.edit(issue, "labels", two, false).await)?;
    let read = bench.see(issue, &["labels"]).await?;
    let expected: BTreeSet<String> = words(&["two", "three"]).into_iter().collect();
    let seen = match read.fields.values().next() {
        Some(NativeValue::Words(found)) => found.clone(),
        _ => BTreeSet::new(),
    };
    let listed: Vec<&str> = seen.iter().map(String::as_str).collect();
    Ok(Found::when(seen == expected, format!("after one, two; then three and not one: {}", listed.join(", "))))
}

async fn texts_come_back_as_sent(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let text = bench.rich(&bench.text("text"));
    done(bench.set(issue, "description", text.clone()).await)?;
    let read = bench.see(issue, &["description"]).await?;
    let same = read.fields.values().any(|value| *value == text);
    Ok(Found::when(same, if same { "one paragraph".to_owned() } else { format!("{:?}", read.fields.values().next()) }))
}

async fn a_no_names_its_field(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let before = bench.see(issue, &["summary"]).await?.fields;
    let outcome = bench.set(issue, "summary", NativeValue::Text("x".repeat(TOO_LONG))).await;
    let same = bench.see(issue, &["summary"]).await?.fields == before;
    match outcome {
        WriteOutcome::Refused(refusal) => {
            let names = refusal.fields.contains_key("summary");
            Ok(Found::when(names && same && refusal.status == 400, refusal.to_string()))
        }
        WriteOutcome::Done(_) => Ok(Found::DoesNotHold(format!("a summary of {TOO_LONG} characters was taken"))),
        other @ (WriteOutcome::NotFound | WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
            done(other)?;
            halt("nothing was told")
        }
    }
}

async fn status(bench: &Bench, issue: IssueId) -> Result<String, Halt> {
    let read = bench.see(issue, &["status"]).await?;
    match read.fields.values().next() {
        Some(NativeValue::Named(named)) => Ok(named.id.clone()),
        Some(_) | None => halt("the issue shows no status"),
    }
}

/// An edit of nothing, for a transition.
pub(super) fn bare(bench: &Bench, issue: IssueId) -> IssueEdit {
    IssueEdit { issue, fields: BTreeMap::new(), tag: bench.mark(), silent: false }
}

/// A transition that leads to another status and asks for nothing, and how many are offered.
async fn way_on(bench: &Bench, issue: IssueId) -> Result<(TransitionOffer, usize), Halt> {
    let now = status(bench, issue).await?;
    let offers = bench.read.transitions(issue).await?;
    let count = offers.len();
    match offers.into_iter().find(|offer| offer.required.is_empty() && offer.to.id != now) {
        Some(offer) => Ok((offer, count)),
        None => halt(format!("of {count} transitions none leads on without fields")),
    }
}

async fn transitions_lead_where_they_say(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let (offer, count) = way_on(bench, issue).await?;
    done(bench.write.transition(&offer.id, &bare(bench, issue)).await)?;
    let after = status(bench, issue).await?;
    let seen = format!("`{}` leads to `{}`; {count} are offered", offer.name, offer.to.name);
    Ok(Found::when(after == offer.to.id, seen))
}

async fn wrong_transitions_change_nothing(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let before = status(bench, issue).await?;
    let outcome = bench.write.transition(NO_TRANSITION, &bare(bench, issue)).await;
    let same = status(bench, issue).await? == before;
    Ok(match outcome {
        WriteOutcome::Refused(refusal) => Found::when(same, refusal.to_string()),
        WriteOutcome::InDoubt(why) => Found::when(same, why),
        WriteOutcome::NotFound => Found::when(same, "404"),
        WriteOutcome::Done(()) => Found::DoesNotHold("it was taken".to_owned()),
        WriteOutcome::NotSent { why, .. } => return halt(why),
    })
}
