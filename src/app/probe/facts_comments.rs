//! Facts about comments: their marks, who may read them, and what becomes of that when they are changed. Must never write a comment
//! to an issue that the probe did not make.

use std::collections::BTreeSet;

use super::bench::{Bench, done, halt};
use super::{Fact, Found, Halt, On};
use crate::jira::{Failure, JiraError, WriteOutcome};
use crate::model::ids::{CommentId, IssueId};
use crate::model::issue::{CommentSnapshot, Visibility};

const SUBJECT: &str = "Comments";

/// A role that every new project has.
const USUAL_ROLE: &str = "Administrators";

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "comments-carry-our-mark",
        subject: SUBJECT,
        says: "A new comment takes an entity property along.",
        on: On::Both,
        rests: "src/engine/recover.rs",
        simulator: "`Quirks::comment_properties_on_create`",
        daemon: "none: a comment without an answer is known by its author and text then",
        check: |bench| Box::pin(comments_carry_our_mark(bench)),
    },
    Fact {
        name: "lists-carry-properties",
        subject: SUBJECT,
        says: "`expand=properties` has the list of comments bring their properties.",
        on: On::DataCenter,
        rests: "src/jira/history.rs",
        simulator: "none: it always does",
        daemon: "leave service desks there out: what is internal could not be told from what is public",
        check: |bench| Box::pin(lists_carry_properties(bench)),
    },
    Fact {
        name: "a-changed-comment-keeps-its-mark",
        subject: SUBJECT,
        says: "A comment that is changed without `properties` keeps those that it has.",
        on: On::Both,
        rests: "src/jira/encode.rs",
        simulator: "none: it always does",
        daemon: "none: a copy that lost its mark is taken for somebody's own after a state is restored",
        check: |bench| Box::pin(a_changed_comment_keeps_its_mark(bench)),
    },
    Fact {
        name: "no-mark-is-said-to-be-none",
        subject: SUBJECT,
        says: "The list of a comment's properties says that our mark is not among them; that the mark is 404 does not say it.",
        on: On::Both,
        rests: "src/jira/named.rs",
        simulator: "none: it always does",
        daemon: "none: a comment of the sync user whose mark is not known stays in doubt, and is told",
        check: |bench| Box::pin(no_mark_is_said_to_be_none(bench)),
    },
    Fact {
        name: "comments-name-us",
        subject: SUBJECT,
        says: "A comment of ours names our account as its author.",
        on: On::Both,
        rests: "src/plan/comments.rs",
        simulator: "none: it always does",
        daemon: "none: it would be carried back as a person's",
        check: |bench| Box::pin(comments_name_us(bench)),
    },
    Fact {
        name: "a-changed-comment-is-later",
        subject: SUBJECT,
        says: "A comment's own `updated` moves when it is changed.",
        on: On::Both,
        rests: "src/plan/comments.rs",
        simulator: "none: it always does",
        daemon: "none: of two changes to one comment the wrong one could stand",
        check: |bench| Box::pin(a_changed_comment_is_later(bench)),
    },
    Fact {
        name: "restricted-comments-stay-so",
        subject: SUBJECT,
        says: "A comment for some readers keeps them when it is changed.",
        on: On::Both,
        rests: "src/plan/audiences.rs",
        simulator: "`ProjectSetup::member` gives the role that is tried",
        daemon: "leave `comments.restricted` out: a changed copy would be open",
        check: |bench| Box::pin(restricted_comments_stay_so(bench)),
    },
    Fact {
        name: "deleted-comments-are-gone",
        subject: SUBJECT,
        says: "A comment that was deleted is not there, and its second deletion is 404.",
        on: On::Both,
        rests: "src/engine/revisions.rs",
        simulator: "`ProjectSetup::permission` takes DELETE_OWN_COMMENTS away",
        daemon: "give the sync user DELETE_OWN_COMMENTS",
        check: |bench| Box::pin(deleted_comments_are_gone(bench)),
    },
    Fact {
        name: "internal-comments-are-internal",
        subject: SUBJECT,
        says: "`sd.public.comment` at its creation makes a comment internal to the service desk.",
        on: On::Desk,
        rests: "src/jira/encode.rs",
        simulator: "`ProjectSetup::service_desk`",
        daemon: "leave `comments.restricted` out there: nothing internal may be copied",
        check: |bench| Box::pin(internal_comments_are_internal(bench)),
    },
    Fact {
        name: "internal-comments-stay-so",
        subject: SUBJECT,
        says: "An internal comment that is changed without `properties` stays internal.",
        on: On::Desk,
        rests: "src/jira/encode.rs",
        simulator: "`ProjectSetup::service_desk`",
        daemon: "leave `comments.restricted` out there: a changed copy would be public",
        check: |bench| Box::pin(internal_comments_stay_so(bench)),
    },
];

async fn comment(bench: &Bench, readers: &Visibility) -> Result<(IssueId, CommentId), Halt> {
    let issue = bench.stocked().await?.id;
    let body = bench.rich(&bench.text("comment"));
    Ok((issue, done(bench.write.add_comment(issue, &body, readers, &bench.mark()).await)?))
}

async fn change(bench: &Bench, issue: IssueId, comment: &CommentId) -> Result<(), Halt> {
    let body = bench.rich(&bench.text("changed comment"));
    done(bench.write.edit_comment(issue, comment, &body, false).await)
}

async fn read(bench: &Bench, issue: IssueId, comment: &CommentId) -> Result<CommentSnapshot, Halt> {
    match bench.read.comment(issue, comment).await? {
        Some(comment) => Ok(comment),
        None => halt("the comment that was made is not shown to us"),
    }
}

async fn marked(bench: &Bench, issue: IssueId, comment: &CommentId) -> Result<Found, Halt> {
    let mark = bench.read.comment_mark(issue, comment).await?;
    Ok(Found::when(mark == Some(bench.mark()), format!("it shows {}", mark.as_deref().unwrap_or("none"))))
}

async fn comments_carry_our_mark(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    marked(bench, issue, &comment).await
}

async fn lists_carry_properties(bench: &Bench) -> Result<Found, Halt> {
    let (issue, _) = comment(bench, &Visibility::Everybody).await?;
    bench.read.comments(issue).await?;
    let Some(answer) = bench.record.newest(&format!("/issue/{issue}/comment")) else {
        return halt("no answer was kept");
    };
    let body = answer.json();
    let list: Vec<_> = body.get("comments").and_then(serde_json::Value::as_array).into_iter().flatten().collect();
    let has = |comment: &&&serde_json::Value| {
        comment.get("properties").and_then(serde_json::Value::as_array).is_some_and(|list| !list.is_empty())
    };
    let shows = list.iter().filter(has).count();
    Ok(Found::when(shows == list.len() && shows > 0, format!("{shows} of {} comments show theirs", list.len())))
}

async fn a_changed_comment_keeps_its_mark(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    if bench.read.comment_mark(issue, &comment).await?.is_none() {
        return halt("a new comment takes no mark along");
    }
    change(bench, issue, &comment).await?;
    marked(bench, issue, &comment).await
}

async fn no_mark_is_said_to_be_none(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    done(bench.write.unmark_comment(issue, &comment).await)?;
    match bench.read.comment_mark(issue, &comment).await {
        Ok(mark) => Ok(Found::when(mark.is_none(), format!("it shows {}", mark.as_deref().unwrap_or("none")))),
        Err(JiraError { failure: Failure::Unreadable(why), .. }) => Ok(Found::DoesNotHold(why)),
        Err(error) => Err(error.into()),
    }
}

async fn comments_name_us(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    let author = read(bench, issue, &comment).await?.author.map(|person| person.account);
    let name = author.as_ref().map_or("nobody", |author| author.as_str());
    Ok(Found::when(author.as_ref() == Some(&bench.identity.account), format!("it names `{name}`")))
}

async fn a_changed_comment_is_later(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    let before = read(bench, issue, &comment).await?.updated;
    bench.again(issue).await?;
    change(bench, issue, &comment).await?;
    let after = read(bench, issue, &comment).await?.updated;
    Ok(Found::when(after > before, format!("it was {before} and is {after}")))
}

/// Readers that we are among: a usual role, else a group of ours.
async fn some_readers(bench: &Bench) -> Result<Vec<Visibility>, Halt> {
    let mut readers = vec![Visibility::Role(USUAL_ROLE.to_owned())];
    let groups: BTreeSet<String> = bench.read.groups_of(&bench.identity.account).await?.unwrap_or_default();
    readers.extend(groups.into_iter().map(Visibility::Group));
    Ok(readers)
}

async fn restricted_comments_stay_so(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let body = bench.rich(&bench.text("restricted comment"));
    for readers in some_readers(bench).await? {
        let WriteOutcome::Done(comment) = bench.write.add_comment(issue, &body, &readers, &bench.mark()).await else {
            continue;
        };
        let before = read(bench, issue, &comment).await?.visibility;
        change(bench, issue, &comment).await?;
        let after = read(bench, issue, &comment).await?.visibility;
        return Ok(Found::when(before == readers && after == readers, format!("{before}, then {after}")));
    }
    halt(format!("the sync user is neither in the role `{USUAL_ROLE}` nor in a group that may be named"))
}

async fn deleted_comments_are_gone(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Everybody).await?;
    done(bench.write.delete_comment(issue, &comment).await)?;
    let there = bench.read.comment(issue, &comment).await?.is_some();
    let again = bench.write.delete_comment(issue, &comment).await;
    let word = if there { "it is still there" } else { "it is gone" };
    Ok(Found::when(!there && again == WriteOutcome::NotFound, format!("{word}; its second deletion: {again:?}")))
}

async fn internal_comments_are_internal(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Internal).await?;
    let readers = read(bench, issue, &comment).await?.visibility;
    Ok(Found::when(readers == Visibility::Internal, format!("it is for {readers}")))
}

async fn internal_comments_stay_so(bench: &Bench) -> Result<Found, Halt> {
    let (issue, comment) = comment(bench, &Visibility::Internal).await?;
    change(bench, issue, &comment).await?;
    let readers = read(bench, issue, &comment).await?.visibility;
    Ok(Found::when(readers == Visibility::Internal, format!("it is for {readers}")))
}
