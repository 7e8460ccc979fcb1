//! Facts about attachments. Must never attach a file to an issue that the probe did not make.

use bytes::Bytes;
use futures_util::StreamExt as _;

use super::bench::{Bench, done, halt};
use super::{Fact, Found, Halt, On};
use crate::jira::{FileDraft, Pieces, Want};
use crate::model::ids::{AttachmentId, EntryId, IssueId};
use crate::model::issue::AttachmentSnapshot;

const SUBJECT: &str = "Attachments";

/// Signs that a text would not survive.
const CONTENT: &[u8] = b"a file\x00of\r\na probe\xff\xfe";

pub(super) const FACTS: &[Fact] = &[
    Fact {
        name: "the-largest-file-is-told",
        subject: SUBJECT,
        says: "`attachment/meta` tells how large a file may be.",
        on: On::Both,
        rests: "src/plan/attachments.rs",
        simulator: "`Quirks::attachments`, `Quirks::upload_limit`",
        daemon: "leave `attachments` out: none may be attached there",
        check: |bench| Box::pin(the_largest_file_is_told(bench)),
    },
    Fact {
        name: "files-come-back-as-sent",
        subject: SUBJECT,
        says: "A file comes back byte by byte, without being sent on to another host.",
        on: On::Both,
        rests: "src/jira/files.rs",
        simulator: "`Quirks::attachments`",
        daemon: "leave `attachments` out, or have the proxy serve files itself: no login is sent to another host",
        check: |bench| Box::pin(files_come_back_as_sent(bench)),
    },
    Fact {
        name: "files-name-us",
        subject: SUBJECT,
        says: "A file of ours names our account as its author, and keeps its name.",
        on: On::Both,
        rests: "src/engine/match_files.rs",
        simulator: "none: it always does",
        daemon: "none: it would be carried back as a person's",
        check: |bench| Box::pin(files_name_us(bench)),
    },
    Fact {
        name: "names-may-come-twice",
        subject: SUBJECT,
        says: "A file of a name that is there already stands beside the other.",
        on: On::Both,
        rests: "src/engine/match_files.rs",
        simulator: "none: it always does",
        daemon: "none: the first of the two would be missing",
        check: |bench| Box::pin(names_may_come_twice(bench)),
    },
    Fact {
        name: "our-files-can-be-deleted",
        subject: SUBJECT,
        says: "A file of ours can be deleted.",
        on: On::Both,
        rests: "src/plan/attachments.rs",
        simulator: "`ProjectSetup::permission` takes DELETE_OWN_ATTACHMENTS away",
        daemon: "give the sync user DELETE_OWN_ATTACHMENTS",
        check: |bench| Box::pin(our_files_can_be_deleted(bench)),
    },
    Fact {
        name: "files-are-in-the-log",
        subject: SUBJECT,
        says: "A file that comes and one that goes each have an entry in the changelog, with its id.",
        on: On::Both,
        rests: "src/engine/files.rs",
        simulator: "`Quirks::logs_status_alone`",
        daemon: "`attachments.deleted = \"keep\"` or `\"delete\"`: with `\"both\"` nobody could tell who took a copy away",
        check: |bench| Box::pin(files_are_in_the_log(bench)),
    },
];

/// Attaches a file.
pub(super) async fn attach(bench: &Bench, issue: IssueId, name: &str, content: &[u8]) -> Result<AttachmentId, Halt> {
    let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let draft = FileDraft { name: name.to_owned(), size, mime: "application/octet-stream".to_owned() };
    let bytes = Bytes::copy_from_slice(content);
    let pieces: Pieces = futures_util::stream::once(async move { Ok(bytes) }).boxed();
    done(bench.write.attach(issue, &draft, pieces).await)
}

async fn files(bench: &Bench, issue: IssueId) -> Result<Vec<AttachmentSnapshot>, Halt> {
    let read = bench.look(issue, &Want { attachments: true, ..Want::default() }).await?;
    read.attachments.map_or_else(|| halt("the issue shows no field for attachments"), Ok)
}

async fn the_largest_file_is_told(bench: &Bench) -> Result<Found, Halt> {
    Ok(match bench.read.upload_limit().await? {
        Some(u64::MAX) => Found::DoesNotHold("files may be attached, but no limit is told".to_owned()),
        Some(limit) => Found::Holds(format!("{limit} bytes")),
        None => Found::DoesNotHold("no files may be attached".to_owned()),
    })
}

async fn files_come_back_as_sent(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let file = attach(bench, issue, "probe.bin", CONTENT).await?;
    let size = u64::try_from(CONTENT.len()).unwrap_or(u64::MAX);
    let mut pieces = bench.read.file(&file, "probe.bin", size).await?;
    let mut content = Vec::new();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => content.extend_from_slice(&piece),
            Err(error) => return Ok(Found::DoesNotHold(error.to_string())),
        }
    }
    Ok(Found::when(content == CONTENT, format!("{} of {size} bytes came", content.len())))
}

async fn files_name_us(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let file = attach(bench, issue, "probe, ours.bin", CONTENT).await?;
    let Some(found) = files(bench, issue).await?.into_iter().find(|found| found.id == file) else {
        return Ok(Found::DoesNotHold("the file is not among those of the issue".to_owned()));
    };
    let author = found.author.as_ref().map_or("nobody", |author| author.as_str());
    let ours = author == bench.identity.account.as_str() && found.name == "probe, ours.bin";
    Ok(Found::when(ours, format!("`{}` of `{author}`", found.name)))
}

async fn names_may_come_twice(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let one = attach(bench, issue, "probe.bin", b"one").await?;
    let two = attach(bench, issue, "probe.bin", b"two").await?;
    let count = files(bench, issue).await?.iter().filter(|file| file.id == one || file.id == two).count();
    Ok(Found::when(one != two && count == 2, format!("{count} of 2 are there")))
}

async fn our_files_can_be_deleted(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let file = attach(bench, issue, "probe.bin", CONTENT).await?;
    done(bench.write.detach(issue, &file).await)?;
    let there = files(bench, issue).await?.iter().any(|found| found.id == file);
    Ok(Found::when(!there, if there { "it is still there" } else { "it is gone" }))
}

async fn files_are_in_the_log(bench: &Bench) -> Result<Found, Halt> {
    let issue = bench.stocked().await?.id;
    let file = attach(bench, issue, "probe, logged.bin", CONTENT).await?;
    done(bench.write.detach(issue, &file).await)?;
    let log = bench.read.log_after(issue, EntryId(0)).await?;
    let items = || log.iter().flat_map(|entry| &entry.items).filter(|item| item.field.as_str() == "attachment");
    let came = items().filter(|item| item.to.as_deref() == Some(file.as_str())).count();
    let went = items().filter(|item| item.from.as_deref() == Some(file.as_str())).count();
    Ok(Found::when(came == 1 && went == 1, format!("{came} entries say that it came, {went} that it went")))
}
