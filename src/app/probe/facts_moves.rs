//! Facts about `updated`: what moves it, and what does not. Each is tried on an issue that nothing else touches. Must never take the
//! probe's own preparation for what moved it.

use super::bench::{Bench, Trial, done, halt};
use super::facts_issues::bare;
use super::facts_work::{link_type, spent};
use super::{Fact, Found, Halt, On, facts_files};
use crate::model::issue::Visibility;

const SUBJECT: &str = "What moves `updated`";

/// What follows where a change does not move `updated`: only webhooks and full checks show it.
const UNSEEN: &str = "`daemon.webhooks`, and a more frequent `daemon.sweep`: no poll shows that change";

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "an-edit-moves-it",
        subject: SUBJECT,
        says: "An edit moves `updated`.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "`Quirks::updated_by_day`",
        daemon: UNSEEN,
        check: |bench| Box::pin(an_edit_moves_it(bench)),
    },
    Fact {
        name: "a-transition-moves-it",
        subject: SUBJECT,
        says: "A transition moves `updated`.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "`Quirks::updated_by_day`",
        daemon: UNSEEN,
        check: |bench| Box::pin(a_transition_moves_it(bench)),
    },
    Fact {
        name: "a-comment-moves-it",
        subject: SUBJECT,
        says: "A new comment moves `updated`.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "`Quirks::comment_moves_updated`",
        daemon: UNSEEN,
        check: |bench| Box::pin(a_comment_moves_it(bench)),
    },
    Fact {
        name: "a-changed-comment-moves-it",
        subject: SUBJECT,
        says: "A comment that is changed moves `updated`.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "`Quirks::comment_moves_updated`",
        daemon: UNSEEN,
        check: |bench| Box::pin(a_changed_comment_moves_it(bench)),
    },
    Fact {
        name: "a-deleted-comment-does-not",
        subject: SUBJECT,
        says: "A comment that is deleted leaves `updated` as it was.",
        on: On::Both,
        rests: "src/engine/sweep.rs",
        simulator: "`Quirks::comment_delete_moves_updated`",
        daemon: "none: the next poll shows it then, and not only the next full check (`daemon.sweep`)",
        check: |bench| Box::pin(a_deleted_comment_does_not(bench)),
    },
    Fact {
        name: "a-file-moves-it",
        subject: SUBJECT,
        says: "A new attachment moves `updated`.",
        on: On::Both,
        rests: "src/engine/detect.rs",
        simulator: "`Quirks::updated_by_day`, `Quirks::attachments`",
        daemon: UNSEEN,
        check: |bench| Box::pin(a_file_moves_it(bench)),
    },
    Fact {
        name: "a-link-moves-both-ends",
        subject: SUBJECT,
        says: "A new link moves `updated` of both issues.",
        on: On::Both,
        rests: "src/engine/relations.rs",
        simulator: "`Quirks::updated_by_day`, `Setup::link_types`",
        daemon: UNSEEN,
        check: |bench| Box::pin(a_link_moves_both_ends(bench)),
    },
    Fact {
        name: "work-moves-it",
        subject: SUBJECT,
        says: "Work that is logged moves `updated`.",
        on: On::Both,
        rests: "src/engine/worklogs.rs",
        simulator: "`Quirks::updated_by_day`, `Quirks::time_tracking`",
        daemon: UNSEEN,
        check: |bench| Box::pin(work_moves_it(bench)),
    },
    Fact {
        name: "a-watcher-does-not",
        subject: SUBJECT,
        says: "Who comes to watch an issue, or no longer does, leaves `updated` as it was.",
        on: On::Both,
        rests: "src/engine/watchers.rs",
        simulator: "none: it never does",
        daemon: "none: watchers are carried with the next poll then, and not only with the next change or full check",
        check: |bench| Box::pin(a_watcher_does_not(bench)),
    },
    Fact {
        name: "a-property-does-not",
        subject: SUBJECT,
        says: "An entity property leaves `updated` as it was.",
        on: On::Both,
        rests: "src/app/detach.rs",
        simulator: "none: it never does",
        daemon: "none: each mark that is taken away has its issue read once more",
        check: |bench| Box::pin(a_property_does_not(bench)),
    },
];

async fn an_edit_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    bench.rename(trial.issue).await?;
    bench.moves(&trial).await
}

async fn a_transition_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    let offers = bench.read.transitions(trial.issue).await?;
    let Some(offer) = offers.into_iter().rev().find(|offer| offer.required.is_empty()) else {
        return halt("no transition is offered that asks for nothing");
    };
    done(bench.write.transition(&offer.id, &bare(bench, trial.issue)).await)?;
    bench.moves(&trial).await
}

async fn comment(bench: &Bench, trial: &Trial) -> Result<crate::model::ids::CommentId, Halt> {
    let body = bench.rich(&bench.text("comment"));
    done(bench.write.add_comment(trial.issue, &body, &Visibility::Everybody, &bench.mark()).await)
}

async fn a_comment_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    comment(bench, &trial).await?;
    bench.moves(&trial).await
}

async fn a_changed_comment_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let first = bench.trial().await?;
    let comment = comment(bench, &first).await?;
    let trial = bench.again(first.issue).await?;
    let body = bench.rich(&bench.text("changed comment"));
    done(bench.write.edit_comment(trial.issue, &comment, &body, false).await)?;
    bench.moves(&trial).await
}

async fn a_deleted_comment_does_not(bench: &Bench) -> Result<Found, Halt> {
    let first = bench.trial().await?;
    let comment = comment(bench, &first).await?;
    let trial = bench.again(first.issue).await?;
    done(bench.write.delete_comment(trial.issue, &comment).await)?;
    bench.stays(&trial).await
}

async fn a_file_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    facts_files::attach(bench, trial.issue, "probe.txt", b"a file of a probe").await?;
    bench.moves(&trial).await
}

async fn a_link_moves_both_ends(bench: &Bench) -> Result<Found, Halt> {
    let kind = link_type(bench).await?;
    let (from, to) = (bench.trial().await?, bench.trial().await?);
    done(bench.write.add_issue_link(&kind, from.issue, to.issue).await)?;
    let (first, second) = (bench.moves(&from).await?, bench.moves(&to).await?);
    Ok(match (first, second) {
        (Found::Holds(one), Found::Holds(other)) => Found::Holds(format!("{one}; {other}")),
        (Found::DoesNotHold(seen), _) => Found::DoesNotHold(format!("at the outward end {seen}")),
        (_, Found::DoesNotHold(seen)) => Found::DoesNotHold(format!("at the inward end {seen}")),
    })
}

async fn work_moves_it(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    let body = bench.rich(&bench.text("work"));
    done(bench.write.log_work(trial.issue, spent(bench), &body, &bench.mark(), false).await)?;
    bench.moves(&trial).await
}

async fn a_watcher_does_not(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    done(bench.write.unwatch(trial.issue, &bench.identity.account).await)?;
    done(bench.write.watch(trial.issue, &bench.identity.account).await)?;
    bench.stays(&trial).await
}

async fn a_property_does_not(bench: &Bench) -> Result<Found, Halt> {
    let trial = bench.trial().await?;
    done(bench.write.unmark(trial.issue).await)?;
    bench.stays(&trial).await
}
