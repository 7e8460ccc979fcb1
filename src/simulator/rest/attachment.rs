//! Files of an issue. Never unpacked, never changed. Names are not unique, and are kept as they were sent.

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream};
use serde_json::{Value, json};

use super::super::content::{Content, Spool};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Attachment, Entry, Issue, Item, State};
use super::super::{change, permissions};
use super::{Call, Upload};

/// Files in one upload (Cloud's v3 document).
const MOST_FILES: usize = 60;

/// A file as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Content,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) enum Received {
    /// As it came.
    Whole(Bytes),
    /// The files of an upload that was read on its way in, and the length of it all; `None`: nobody can read it.
    Files(Option<Vec<Sent>>, u64),
}

/// `GET attachment/meta`
pub(crate) fn settings(state: &mut State, _: &Call) -> Answer {
    Ok(Reply::ok(json!({ "enabled": state.quirks.attachments, "uploadLimit": state.quirks.upload_limit })))
}

/// `POST issue/{}/attachments`: multipart, parts named `file`, 200 with a list.
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    let upload = call.upload.as_ref().ok_or_else(|| Refusal::message(415, "Unsupported Media Type"))?;
    // Without the header the request may come from a page that somebody was lured to [v3, dc].
    if !upload.token {
        return Err(Refusal::message(403, "XSRF check failed"));
    }
    if !state.quirks.attachments
        || !permissions::holds(state, &project, Some(&issue), call.user.as_deref(), "CREATE_ATTACHMENTS")
    {
        return Err(Refusal::message(403, "You do not have permission to create attachments for this issue."));
    }
    let files = parts(upload)?;
    if files.is_empty() {
        return Err(Refusal::message(400, "No file was sent in a part named 'file'."));
    }
    let limit = state.quirks.upload_limit;
    if files.len() > MOST_FILES || files.iter().any(|file| file.content.len() > limit) {
        // Data Center says 404 when over the size limit [dc].
        let status = if state.is_cloud() { 413 } else { 404 };
        return Err(Refusal::message(status, "The file exceeds its maximum permitted size."));
    }
    let mut issue = Issue::clone(&issue);
    let added: Vec<Attachment> = files.into_iter().map(|file| keep(state, &mut issue, call, file)).collect();
    state.store(issue);
    let view = call.view(state);
    let shown: Vec<Value> = added.iter().map(|file| view.attachment(file)).collect();
    Ok(Reply::ok(Value::Array(shown)))
}

/// Keeps a file, with its changelog entry.
fn keep(state: &mut State, issue: &mut Issue, call: &Call, file: Sent) -> Attachment {
    state.last_attachment += 1;
    let attachment = Attachment {
        id: state.last_attachment,
        name: file.name,
        mime: file.mime,
        author: call.user.clone(),
        created: state.now,
        content: file.content,
    };
    state.attachments.insert(attachment.id, issue.id);
    issue.attachments.push(attachment.clone());
    log(state, issue, call, (None, Some(&attachment)));
    attachment
}

/// Attachments are in the changelog under `Attachment`, by id and name.
fn log(state: &mut State, issue: &mut Issue, call: &Call, (from, to): (Option<&Attachment>, Option<&Attachment>)) {
    let id = |file: Option<&Attachment>| file.map(|file| file.id.to_string());
    let name = |file: Option<&Attachment>| file.map(|file| file.name.clone());
    let item = Item {
        field: "Attachment".to_owned(),
        field_type: "jira",
        field_id: Some("attachment".to_owned()),
        from: id(from),
        from_string: name(from),
        to: id(to),
        to_string: name(to),
    };
    let entry = Entry {
        id: state.next_entry(),
        author: call.user.clone(),
        created: state.now,
        items: vec![item],
        metadata: None,
    };
    issue.history.push(entry);
    issue.updated = state.now;
}

fn parts(upload: &Upload) -> Result<Vec<Sent>, Refusal> {
    let bad = || Refusal::message(400, "The multipart body cannot be read.");
    let boundary =
        multer::parse_boundary(&upload.content_type).map_err(|_| Refusal::message(415, "Unsupported Media Type"))?;
    let whole = match &upload.body {
        Received::Whole(whole) => whole.clone(),
        Received::Files(files, _) => return files.clone().ok_or_else(bad),
    };
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(whole) });
    // The body is here in full and stays in memory: nothing is waited for.
    files_of(stream, boundary, u64::MAX).now_or_never().and_then(Result::ok).ok_or_else(bad)
}

/// The files in a multipart body; those that are longer than `in_memory` go to the disk as they come.
///
/// # Errors
/// The body is not what it says, broke off, or the disk takes no more.
pub(crate) async fn files_of<S, E>(stream: S, boundary: String, in_memory: u64) -> Result<Vec<Sent>, multer::Error>
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let disk = |error: std::io::Error| multer::Error::StreamReadFailed(error.into());
    let mut form = multer::Multipart::new(stream, boundary);
    let mut files = Vec::new();
    while let Some(mut field) = form.next_field().await? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or("file").to_owned();
        let mime = field.content_type().map_or("application/octet-stream", |mime| mime.essence_str()).to_owned();
        let mut spool = Spool::up_to(in_memory);
        while let Some(piece) = field.chunk().await? {
            spool.take(&piece).await.map_err(disk)?;
        }
        files.push(Sent { name, mime, content: spool.end().await.map_err(disk)? });
    }
    Ok(files)
}
fn located(state: &State, call: &Call) -> Result<(Issue, Attachment), Refusal> {
    let id = call.parameter(0);
    let missing = || Refusal::message(404, format!("The attachment with id '{id}' does not exist"));
    let number: u64 = id.parse().map_err(|_| missing())?;
    let issue = state.attachments.get(&number).and_then(|issue| state.issues.get(issue)).ok_or_else(missing)?;
    if !permissions::sees(state, issue, call.user.as_deref()) {
        return Err(missing());
    }
    let found = issue.attachments.iter().find(|file| file.id == number).cloned().ok_or_else(missing)?;
    Ok((Issue::clone(issue), found))
}

/// `GET attachment/{}`: here the id is a number (v3).
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    let (_, file) = located(state, call)?;
    let mut body = call.view(state).attachment(&file);
    if state.is_cloud() {
        body["id"] = json!(file.id);
    }
    Ok(Reply::ok(body))
}

/// `DELETE attachment/{}`
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let (mut issue, file) = located(state, call)?;
    let project = change::project_of(state, &issue)?;
    let user = call.user.as_deref();
    let holds = |key: &str| permissions::holds(state, &project, Some(&issue), user, key);
    if !(holds("DELETE_ALL_ATTACHMENTS") || file.author.as_deref() == user && holds("DELETE_OWN_ATTACHMENTS")) {
        return Err(Refusal::message(403, "You do not have permission to delete this attachment."));
    }
    issue.attachments.retain(|kept| kept.id != file.id);
    state.attachments.remove(&file.id);
    log(state, &mut issue, call, (Some(&file), None));
    state.store(issue);
    Ok(Reply::empty(204))
}

/// `GET attachment/content/{}` (Cloud): the bytes with `redirect=false`; else 303 to the media store, on another host.
pub(crate) fn content(state: &mut State, call: &Call) -> Answer {
    let (_, file) = located(state, call)?;
    if call.flag("redirect") == Some(false) {
        return Ok(Reply::file(&file.mime, file.content));
    }
    Ok(Reply::see_other(format!("https://api.media.atlassian.com/file/{}/binary?token=simulated", file.id)))
}

/// `GET /secure/attachment/{}/{}` (Data Center), outside the REST API, with the same login.
pub(crate) fn download(state: &mut State, call: &Call) -> Answer {
    let (_, file) = located(state, call)?;
    Ok(Reply::file(&file.mime, file.content))
}
