//! Files from the one instance to the other, piece by piece. Must never hold a whole file, follow a redirect to where it was
//! not told to go, or call a file whole that is not as long as it was said to be.

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderValue, Method};
use serde::Deserialize;

use super::call::Call;
use super::client::{Client, NotDone, Written};
use super::transport::{Pieces, TransportError, Trouble};
use super::{FileDraft, JiraError, WriteOutcome, decode, wire};
use crate::model::ids::{AttachmentId, IssueId};
use crate::model::issue::AttachmentSnapshot;
use crate::model::settings::Kind;

/// `attachment/meta`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    enabled: bool,
    upload_limit: Option<u64>,
}

/// A file in `fields.attachment`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    id: wire::Id,
    #[serde(default)]
    filename: String,
    #[serde(default)]
    size: u64,
    mime_type: Option<String>,
    author: Option<wire::User>,
    created: wire::Stamp,
}

impl Row {
    /// The same in our words.
    pub(super) fn snapshot(self, decoder: decode::Decoder<'_>) -> AttachmentSnapshot {
        AttachmentSnapshot {
            id: AttachmentId::new(self.id.0),
            name: self.filename,
            size: self.size,
            mime: self.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            author: self.author.and_then(|user| decoder.person(user)).map(|person| person.account),
            created: self.created.0,
        }
    }
}

impl Client {
    /// The largest file that may be attached, in bytes; `None` where none may.
    pub(super) async fn upload_limit(&self) -> Result<Option<u64>, JiraError> {
        let call = Call::get("getAttachmentMeta", &["attachment", "meta"], "reading what may be attached");
        let limits: Limits = self.read(&call).await?;
        Ok(limits.enabled.then(|| limits.upload_limit.unwrap_or(u64::MAX)))
    }

    /// A file's bytes. They end with an error unless they are as many as was said.
    pub(super) async fn file(&self, file: &AttachmentId, name: &str, size: u64) -> Result<Pieces, JiraError> {
        let attempt = format!("reading attachment {file}");
        let call = match self.kind {
            // Without `redirect` the answer would be the address of another host.
            Kind::Cloud => Call::get("getAttachmentContent", &["attachment", "content", file.as_str()], attempt)
                .query("redirect", "false"),
            Kind::DataCenter => {
                Call::get("downloadAttachment", &["secure", "attachment", file.as_str(), name], attempt).outside()
            }
        };
        let pieces = self.download(&call).await.map_err(|failure| self.error(&call.attempt, failure))?;
        Ok(of_length(pieces, size))
    }

    /// Attaches a file, once.
    pub(super) async fn attach(&self, issue: IssueId, draft: &FileDraft, pieces: Pieces) -> WriteOutcome<AttachmentId> {
        let path = ["issue", &issue.to_string(), "attachments"];
        let attempt = format!("attaching `{}` to issue {issue}", draft.name);
        let call = Call::without_body("addAttachment", Method::POST, &path, attempt).on(issue);
        let boundary = format!("jirasyncd-{:032x}", self.random());
        let head = Bytes::from(head(&boundary, draft));
        let tail = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let length = head.len() as u64 + draft.size + tail.len() as u64;
        let one = |bytes: Bytes| futures_util::stream::once(async move { Ok(bytes) });
        let body: Pieces = one(head).chain(pieces).chain(one(tail)).boxed();
        let Ok(kind) = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}")) else {
            return NotDone::NotSent("no boundary could be made".to_owned(), 0).outcome();
        };
        match self.upload(&call, kind, length, body).await {
            Written::Yes(answer) => match decode::read::<Vec<wire::CreatedThing>>(&answer.body) {
                Ok(created) => match created.into_iter().next() {
                    Some(file) => WriteOutcome::Done(AttachmentId::new(file.id.0)),
                    None => WriteOutcome::InDoubt("the answer does not name what was attached".to_owned()),
                },
                Err(failure) => WriteOutcome::InDoubt(failure.to_string()),
            },
            Written::No(no) => no.outcome(),
        }
    }

    /// Deletes a file of ours. Whether one that is not found is gone, the next look at its issue tells.
    pub(super) async fn detach(&self, issue: IssueId, file: &AttachmentId) -> WriteOutcome<()> {
        let attempt = format!("deleting attachment {file} of issue {issue}");
        let call =
            Call::without_body("removeAttachment", Method::DELETE, &["attachment", file.as_str()], attempt).on(issue);
        match self.write(&call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }
}

/// What stands before the file's bytes. Names and types come from people: what could end a header is written by number, as
/// browsers do.
fn head(boundary: &str, draft: &FileDraft) -> String {
    let name = draft.name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "/+-._".contains(sign);
    let mime = if draft.mime.contains('/') && draft.mime.chars().all(plain) {
        draft.mime.as_str()
    } else {
        "application/octet-stream"
    };
    format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {mime}\r\n\r\n"
    )
}

/// The pieces, with an error where they are more, or at their end fewer, than was said.
fn of_length(pieces: Pieces, size: u64) -> Pieces {
    let wrong = move |count: u64| TransportError {
        trouble: Trouble::CutBody,
        detail: format!("the file is {count} bytes long or longer, and not {size} as was said"),
    };
    let end = futures_util::stream::once(async { None });
    let state = (0_u64, false);
    pieces
        .map(Some)
        .chain(end)
        .scan(state, move |(count, over), piece| {
            let next = match piece {
                _ if *over => None,
                Some(Ok(bytes)) => {
                    *count += bytes.len() as u64;
                    *over = *count > size;
                    Some(if *over { Err(wrong(*count)) } else { Ok(bytes) })
                }
                Some(Err(error)) => {
                    *over = true;
                    Some(Err(error))
                }
                None if *count < size => Some(Err(wrong(*count))),
                None => None,
            };
            std::future::ready(next)
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str], size: u64) -> Result<String, String> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece.as_bytes()))).collect();
        let whole = super::super::transport::gathered(of_length(futures_util::stream::iter(pieces).boxed(), size));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = runtime.block_on(whole).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(whole.to_vec()).unwrap())
    }

    #[test]
    fn a_file_is_as_long_as_was_said_or_an_error() {
        assert_eq!(said(&["ab", "c"], 3), Ok("abc".to_owned()));
        assert_eq!(said(&[], 0), Ok(String::new()));
        assert!(said(&["ab"], 3).unwrap_err().contains("not 3"));
        assert!(said(&["ab", "cd"], 3).unwrap_err().contains("not 3"));
    }

    #[test]
    fn row_077_a_name_cannot_end_its_header() {
        let draft = FileDraft { name: "a\"\r\nX: y".to_owned(), size: 1, mime: "text/html\r\nX: y".to_owned() };
        let head = head("b", &draft);
        assert_eq!(head.matches("\r\n").count(), 4, "{head}");
        assert!(
            head.contains("filename=\"a%22%0D%0AX: y\"") && head.contains("Content-Type: application/octet-stream")
        );
    }
}
