//! What the facts are tried on: both ends of the daemon's own client, and issues of the probe's own. Must never write to an issue
//! that it did not make, and forgets none that it made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::watching::Record;
use super::{Found, Halt};
use crate::clock::Clock;
use crate::jira::{
    Created, Failure, Identity, IssueDraft, IssueEdit, JiraError, JiraRead, JiraWrite, Want, WriteOutcome,
};
use crate::model::catalog::Catalog;
use crate::model::ids::{FieldId, IssueId, IssueKey};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::operation::NativeWrite;
use crate::model::settings::Kind;

/// Issues that are made at the start: as many as Cloud makes in one request. Each fact takes one that is old by then.
const STOCK: usize = 50;
/// Between two changes whose times are compared: some databases of Jira keep whole seconds.
const APART: Duration = Duration::from_millis(1_100);
/// The longest that the index is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the index is left alone at first; then twice as long each time, up to the longest.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// Fields that every create screen demands and a probe gives, or that Jira fills.
const GIVEN: [&str; 4] = ["summary", "issuetype", "project", "reporter"];

/// What the facts are tried on.
pub(super) struct Bench {
    pub(super) read: Arc<dyn JiraRead>,
    pub(super) write: Arc<dyn JiraWrite>,
    /// The same instance, asked without a login.
    pub(super) nobody: Arc<dyn JiraRead>,
    pub(super) kind: Kind,
    pub(super) project: String,
    pub(super) identity: Identity,
    pub(super) settle: Duration,
    pub(super) record: Arc<Record>,
    /// When it began, by the server's clock.
    pub(super) since: Timestamp,
    issue_type: Result<String, String>,
    word: String,
    clock: Arc<dyn Clock>,
    inside: Mutex<Inside>,
    doubt: AtomicBool,
}

#[derive(Default)]
struct Inside {
    made: BTreeMap<IssueId, IssueKey>,
    stock: Vec<Created>,
    /// How many texts were made.
    count: u32,
    /// How many issues were made.
    created: usize,
}

/// What a bench is made of.
pub(super) struct Parts {
    pub(super) read: Arc<dyn JiraRead>,
    pub(super) write: Arc<dyn JiraWrite>,
    pub(super) nobody: Arc<dyn JiraRead>,
    pub(super) project: String,
    pub(super) issue_type: Option<String>,
    pub(super) settle: Duration,
    pub(super) record: Arc<Record>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) word: String,
}

/// An issue that nothing else touches, and its `updated`.
pub(super) struct Trial {
    pub(super) issue: IssueId,
    pub(super) before: Timestamp,
}

impl Bench {
    /// Logs in and looks at the project. Nothing is made yet.
    ///
    /// # Errors
    /// The instance refused, or is out of reach.
    pub(super) async fn new(parts: Parts) -> Result<Self, JiraError> {
        let identity = parts.read.identity().await?;
        let catalog = parts.read.catalog(&parts.project, &BTreeSet::new()).await?;
        let skew = SignedDuration::from_millis(identity.skew_ms);
        let since = parts.clock.now().checked_add(skew).unwrap_or(Timestamp::MIN);
        Ok(Self {
            kind: parts.read.kind(),
            issue_type: parts.issue_type.map_or_else(|| fitting(&catalog), Ok),
            read: parts.read,
            write: parts.write,
            nobody: parts.nobody,
            project: parts.project,
            identity,
            settle: parts.settle,
            record: parts.record,
            since,
            word: parts.word,
            clock: parts.clock,
            inside: Mutex::default(),
            doubt: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes some issues at once, so that what is tried with each need not wait by itself.
    pub(super) async fn fill(&self) {
        let Ok(drafts) = (0..STOCK).map(|_| self.draft()).collect::<Result<Vec<_>, _>>() else { return };
        let stock: Vec<Created> = self.create(&drafts).await.into_iter().filter_map(|made| made.ok()).collect();
        self.lock().stock = stock;
    }

    /// An issue of the probe's own, with a summary that no other has.
    pub(super) fn draft(&self) -> Result<IssueDraft, Halt> {
        let issue_type = self.issue_type.clone().map_err(Halt)?;
        let summary = NativeValue::Text(self.text("issue"));
        let fields = BTreeMap::from([(FieldId::from("summary"), summary)]);
        Ok(IssueDraft { project: self.project.clone(), issue_type, fields, mark: self.mark() })
    }

    /// A text that no other of the probe's is.
    pub(super) fn text(&self, what: &str) -> String {
        let mut inside = self.lock();
        inside.count += 1;
        format!("jirasyncd probe {} {what} {}", self.word, inside.count)
    }

    /// The mark of everything that this probe makes. No state of jirasyncd takes it for its own.
    pub(super) fn mark(&self) -> String {
        format!("probe-{}", self.word)
    }

    /// Creates issues, and remembers them.
    pub(super) async fn create(&self, drafts: &[IssueDraft]) -> Vec<Result<Created, Halt>> {
        let outcomes = self.write.create(drafts).await;
        let mut all = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            match &outcome {
                WriteOutcome::Done(created) => {
                    let mut inside = self.lock();
                    inside.created += 1;
                    inside.made.insert(created.id, created.key.clone());
                }
                WriteOutcome::InDoubt(_) => self.doubt.store(true, Ordering::Relaxed),
                WriteOutcome::Refused(_) | WriteOutcome::NotFound | WriteOutcome::NotSent { .. } => {}
            }
            all.push(done(outcome));
        }
        all
    }

    /// A fresh issue.
    pub(super) async fn issue(&self) -> Result<Created, Halt> {
        self.create(&[self.draft()?]).await.pop().unwrap_or_else(|| halt("nothing was answered to a creation"))
    }

    /// One of those that were made at the start.
    pub(super) async fn stocked(&self) -> Result<Created, Halt> {
        let stocked = self.lock().stock.pop();
        match stocked {
            Some(issue) => Ok(issue),
            None => self.issue().await,
        }
    }

    /// An issue whose `updated` lies so far back that a change now shows.
    pub(super) async fn trial(&self) -> Result<Trial, Halt> {
        let stocked = self.stocked().await?;
        self.again(stocked.id).await
    }

    /// The same with an issue that something was done to before.
    pub(super) async fn again(&self, issue: IssueId) -> Result<Trial, Halt> {
        let before = self.see(issue, &[]).await?.updated;
        let skew = SignedDuration::from_millis(self.read.skew_ms().unwrap_or_default());
        let now = self.clock.now().checked_add(skew).unwrap_or(Timestamp::MAX);
        let old = Duration::try_from(now.duration_since(before)).unwrap_or_default();
        tokio::time::sleep(APART.saturating_sub(old)).await;
        Ok(Trial { issue, before })
    }

    /// What an act did to `updated`.
    async fn moved(&self, trial: &Trial) -> Result<(bool, String), Halt> {
        let after = self.see(trial.issue, &[]).await?.updated;
        let seen = format!("`updated` was {} and is {after}", trial.before);
        Ok((after > trial.before, seen))
    }

    /// Holds if the act moved `updated`.
    pub(super) async fn moves(&self, trial: &Trial) -> Result<Found, Halt> {
        let (moved, seen) = self.moved(trial).await?;
        Ok(Found::when(moved, seen))
    }

    /// Holds if it did not.
    pub(super) async fn stays(&self, trial: &Trial) -> Result<Found, Halt> {
        let (moved, seen) = self.moved(trial).await?;
        Ok(Found::when(!moved, seen))
    }

    /// Reads an issue with these fields, past the index.
    pub(super) async fn see(&self, issue: IssueId, fields: &[&str]) -> Result<IssueSnapshot, Halt> {
        self.look(issue, &Want { fields: fields.iter().map(|field| FieldId::from(*field)).collect(), ..want() }).await
    }

    /// The same with whatever is wanted.
    pub(super) async fn look(&self, issue: IssueId, want: &Want) -> Result<IssueSnapshot, Halt> {
        let read = self.read.issues(&[issue], want).await.pop();
        Ok(read.unwrap_or_else(|| Err(self.nothing()))?)
    }

    /// Whether Jira says 404 of an issue.
    pub(super) async fn is_gone(&self, issue: IssueId) -> bool {
        let read = self.read.issues(&[issue], &want()).await.pop();
        matches!(read, Some(Err(JiraError { failure: Failure::NotFound, .. })))
    }

    fn nothing(&self) -> JiraError {
        let failure = Failure::Unreadable("nothing was answered".to_owned());
        JiraError { attempt: "reading an issue".to_owned(), instance: self.read.instance().clone(), failure }
    }

    /// Sets one field.
    pub(super) async fn set(
        &self,
        issue: IssueId,
        field: &str,
        value: NativeValue,
    ) -> WriteOutcome<Option<IssueSnapshot>> {
        self.edit(issue, field, NativeWrite::Set(value), false).await
    }

    /// Edits one field.
    pub(super) async fn edit(
        &self,
        issue: IssueId,
        field: &str,
        write: NativeWrite,
        silent: bool,
    ) -> WriteOutcome<Option<IssueSnapshot>> {
        let fields = BTreeMap::from([(FieldId::from(field), write)]);
        let want = Want { fields: fields.keys().cloned().collect(), ..want() };
        self.write.edit(&IssueEdit { issue, fields, tag: self.mark(), silent }, &want).await
    }

    /// Gives the issue another summary, and says which.
    pub(super) async fn rename(&self, issue: IssueId) -> Result<String, Halt> {
        let text = self.text("renamed");
        done(self.set(issue, "summary", NativeValue::Text(text.clone())).await)?;
        Ok(text)
    }

    /// Rich text of this kind.
    pub(super) fn rich(&self, text: &str) -> NativeValue {
        match self.kind {
            Kind::Cloud => NativeValue::Adf(serde_json::json!({
                "version": 1,
                "type": "doc",
                "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }],
            })),
            Kind::DataCenter => NativeValue::Wiki(text.to_owned()),
        }
    }

    /// The patience that the index is looked at with.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        Waiting { bench: self, began: self.clock.monotonic(), next: FIRST_LOOK }
    }

    /// How long the index is waited for: what the daemon waits, or what a person does.
    pub(super) fn patience(&self) -> Duration {
        self.settle.min(PATIENCE)
    }

    /// What was made and is still to be taken away. The issues of creations in doubt are looked for.
    pub(super) async fn left(&self) -> BTreeMap<IssueId, IssueKey> {
        let mut made = self.lock().made.clone();
        if self.doubt.load(Ordering::Relaxed) {
            let early = self.since.checked_sub(SignedDuration::from_mins(5)).unwrap_or(self.since);
            let found = match self.read.created_by_us(Some(&self.project), early, &BTreeSet::new()).await {
                Ok(found) => crate::jira::made(&*self.read, found, |_| false).await.unwrap_or_default(),
                Err(_) => Vec::new(),
            };
            let ours = found.into_iter().filter(|row| row.mark.as_ref() == Some(&self.mark()));
            made.extend(ours.map(|row| (row.id, row.key)));
        }
        made
    }

    /// How many issues were made.
    pub(super) fn made(&self) -> usize {
        self.lock().created
    }

    /// Whether it is not known what became of a creation.
    pub(super) fn doubts(&self) -> bool {
        self.doubt.load(Ordering::Relaxed)
    }

    /// It was taken away.
    pub(super) fn gone(&self, issue: IssueId) {
        self.lock().made.remove(&issue);
    }
}

/// Waits for what may not be there yet, longer each time.
pub(super) struct Waiting<'b> {
    bench: &'b Bench,
    began: Duration,
    next: Duration,
}

impl Waiting<'_> {
    /// How long it lasts, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.passed().as_secs_f64()
    }

    fn passed(&self) -> Duration {
        self.bench.clock.monotonic().saturating_sub(self.began)
    }

    /// Waits, and says whether to look again. Not once the patience is over.
    pub(super) async fn goes_on(&mut self) -> bool {
        if self.passed() >= self.bench.patience() {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST_LOOK);
        true
    }

    /// What is said where it never came: no fact, as long as the daemon would wait on.
    pub(super) fn over(&self, what: &str) -> Result<Found, Halt> {
        let seen = format!("{what} within {:.1} s", self.seconds());
        if self.bench.settle > PATIENCE {
            return halt(format!("{seen}; nothing longer is waited for here"));
        }
        Ok(Found::DoesNotHold(seen))
    }
}

/// A read of what every read brings.
pub(super) fn want() -> Want {
    Want::default()
}

/// What a write brought, or why it cannot be gone on.
pub(super) fn done<T>(outcome: WriteOutcome<T>) -> Result<T, Halt> {
    match outcome {
        WriteOutcome::Done(done) => Ok(done),
        WriteOutcome::Refused(refusal) => halt(format!("Jira refuses it: {refusal}")),
        WriteOutcome::NotFound => halt("Jira answers 404 to it: a right is missing?"),
        WriteOutcome::NotSent { why, .. } => halt(format!("it could not be sent: {why}")),
        WriteOutcome::InDoubt(why) => halt(format!("it is not known what became of it: {why}")),
    }
}

/// It cannot be tried.
pub(super) fn halt<T>(why: impl Into<String>) -> Result<T, Halt> {
    Err(Halt(why.into()))
}

/// An issue type that asks for nothing but a summary.
fn fitting(catalog: &Catalog) -> Result<String, String> {
    let mut asks = BTreeMap::new();
    for named in catalog.issue_types.iter().filter(|named| !catalog.sub_task_types.contains(&named.name)) {
        if !catalog.create_fields.contains_key(&named.name) {
            continue;
        }
        let required = catalog.required.get(&named.name).into_iter().flatten();
        let more: Vec<&str> =
            required.filter(|(id, _)| !GIVEN.contains(&id.as_str())).map(|(_, name)| name.as_str()).collect();
        asks.insert(named.name.clone(), more.join(", "));
    }
    let free = |name: &&String| asks.get(*name).is_some_and(String::is_empty);
    let usual = "Task".to_owned();
    if let Some(name) = std::iter::once(&usual).chain(asks.keys()).find(free) {
        return Ok(name.clone());
    }
    let said: Vec<String> = asks.iter().map(|(name, more)| format!("`{name}` demands {more}")).collect();
    Err(if said.is_empty() {
        "the sync user may create no issue there".to_owned()
    } else {
        format!("no issue can be made from a summary alone: {}", said.join("; "))
    })
}
