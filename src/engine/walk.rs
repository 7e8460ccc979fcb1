//! A walk through what changed from some time on, oldest first, in slices. Must never say that all before a time was given unless no
//! row can have slipped through: rows move while they are paged, and an index may be behind the rows that it names.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use crate::jira::{JiraError, ReadRows, Trail};
use crate::model::ids::IssueId;
use crate::model::settings::Kind;

/// Rows after which a slice ends and the next begins with a search of its own: far within Data Center's window of 10,000, and what
/// is read again after a crash.
const SLICE: usize = 1_000;
/// A slice ends no sooner than so far behind its beginning: JQL counts in minutes, and the next begins where it ended.
const STEP: SignedDuration = SignedDuration::from_mins(3);

/// Where a walk stands.
pub(super) struct Walk<'a> {
    instance: &'a Arc<Instance>,
    projects: &'a std::collections::BTreeSet<String>,
    /// Where the slice begins.
    from: Option<Timestamp>,
    page: Option<String>,
    /// The server's time when it began.
    begun: Timestamp,
    /// Pages of the slice.
    pages: usize,
    met: Trail,
    /// The newest `updated` of all.
    newest: Option<Timestamp>,
    /// The newest `updated` that the index surely had when the slice was asked for.
    sure: Option<Timestamp>,
    /// More changed within a few minutes than the window holds: these are gone through by their ids.
    crowd: Option<Crowd>,
}

/// What changed from where the slice begins until then; without an end: all that changed since.
#[derive(Clone, Copy)]
struct Crowd {
    until: Option<Timestamp>,
    after: Option<IssueId>,
}

/// One page, and what is behind us with it.
pub(super) struct Step {
    pub(super) read: ReadRows,
    /// All that was changed until then was given.
    pub(super) reached: Option<Timestamp>,
    pub(super) is_last: bool,
    /// Pages asked for.
    pub(super) pages: usize,
}

impl<'a> Walk<'a> {
    /// A walk from `from` on; `None`: from the beginning.
    pub(super) fn from(
        instance: &'a Arc<Instance>,
        projects: &'a std::collections::BTreeSet<String>,
        from: Option<Timestamp>,
    ) -> Self {
        let (begun, met) = (instance.server_now(), Trail::default());
        Self { instance, projects, from, page: None, begun, pages: 0, met, newest: None, sure: None, crowd: None }
    }

    /// The next page. Where a slice of several pages ends, what slipped through is looked for and comes along.
    ///
    /// # Errors
    /// The instance did not answer, or its pages lead nowhere. What was given stays given.
    pub(super) async fn step(&mut self) -> Result<Step, JiraError> {
        if let (Some(crowd), Some(from)) = (self.crowd, self.from) {
            return self.step_in_a_crowd(crowd, from).await;
        }
        let instance = self.instance;
        let found = instance.read.changes(self.projects, self.from, &instance.want, self.page.as_deref()).await?;
        self.pages += 1;
        let mut step = Step {
            read: ReadRows { rows: found.rows, unread: found.unread },
            reached: None,
            is_last: found.next.is_none() && !found.cut,
            pages: 1,
        };
        self.note(&step.read);
        let leads_on = self.met.leads_on(issues(&step.read));
        let moved_on = self.sure.is_some_and(|sure| self.from.is_none_or(|from| sure.duration_since(from) >= STEP));
        let ends = step.is_last || moved_on && (found.cut || self.met.len() >= SLICE);
        if !ends {
            if found.cut && self.from.is_some() {
                let crowd = Crowd { until: self.end_of_a_crowd(), after: None };
                (self.crowd, self.page, self.met) = (Some(crowd), None, Trail::default());
                return Ok(step);
            }
            if !leads_on || found.cut {
                let failure = if found.cut { crate::jira::beyond() } else { self.met.lost() };
                let (attempt, id) = ("asking what changed".to_owned(), instance.id().clone());
                return Err(JiraError { attempt, instance: id, failure });
            }
            self.page = found.next;
            return Ok(step);
        }
        let until = self.sure.filter(|_| !step.is_last);
        if self.pages > 1 {
            step.pages += self.look_back(&mut step.read, until).await?;
        }
        step.reached = until.or_else(|| self.newest.map(|newest| newest.min(self.begun)));
        if until.is_some() {
            self.from = until;
            (self.page, self.pages, self.met) = (None, 0, Trail::default());
            self.begun = instance.server_now();
        }
        Ok(step)
    }

    /// Until when a crowd is gone through by its ids: all of that the index surely has, and the cursor moves there. Where even that is too
    /// fresh, the crowd has no end: while the window holds less than a few minutes (or less than two days, where the sync user's time zone is
    /// not known and a query asks for so much), nothing else would ever lead past it.
    fn end_of_a_crowd(&self) -> Option<Timestamp> {
        let until = self.from?.checked_add(STEP).ok()?;
        (until < self.certain()).then_some(until)
    }

    /// A row that changes meanwhile leaves a crowd that ends, and comes with a later slice. It stays in one without an end, and what is
    /// made meanwhile comes behind: such a crowd is the last slice.
    async fn step_in_a_crowd(&mut self, crowd: Crowd, from: Timestamp) -> Result<Step, JiraError> {
        let instance = self.instance;
        let found = instance.read.crowd(self.projects, (from, crowd.until), crowd.after, &instance.want).await?;
        let mut step =
            Step { read: ReadRows { rows: found.rows, unread: found.unread }, reached: None, is_last: false, pages: 1 };
        self.note(&step.read);
        let last = issues(&step.read).max();
        if found.next.is_none() {
            let Some(until) = crowd.until else {
                step.is_last = true;
                step.reached = self.newest.map(|newest| newest.min(self.begun));
                return Ok(step);
            };
            step.reached = Some(until);
            (self.from, self.crowd) = (Some(until), None);
            (self.page, self.pages, self.met) = (None, 0, Trail::default());
            self.begun = instance.server_now();
        } else if last > crowd.after && step.read.rows.is_sorted_by_key(|row| row.id) {
            self.crowd = Some(Crowd { after: last, ..crowd });
        } else {
            let (attempt, id) = ("asking what changed".to_owned(), instance.id().clone());
            return Err(JiraError { attempt, instance: id, failure: crate::jira::beyond() });
        }
        Ok(step)
    }

    /// Cloud's pages cannot be held to each other as Data Center's are: what left the slice while it was read may have pulled
    /// another row over the edge of a page. So the slice's ids are asked for, and those that did not come are read.
    async fn look_back(&mut self, read: &mut ReadRows, until: Option<Timestamp>) -> Result<usize, JiraError> {
        if self.instance.read.kind() == Kind::DataCenter {
            return Ok(0);
        }
        let listed = self.instance.read.listed(self.projects, self.from, until).await?;
        let slipped: Vec<IssueId> = listed.into_iter().filter(|issue| !self.met.has_met(*issue)).collect();
        if slipped.is_empty() {
            return Ok(1);
        }
        let more = self.instance.read.rows(&slipped, &self.instance.want).await?;
        self.note(&more);
        read.rows.extend(more.rows);
        read.unread.extend(more.unread);
        Ok(2)
    }

    /// What the index surely had when the slice was asked for.
    fn certain(&self) -> Timestamp {
        let lag = SignedDuration::try_from(self.instance.settings.settle).unwrap_or(SignedDuration::MAX);
        self.begun.saturating_sub(lag).unwrap_or(Timestamp::MIN)
    }

    /// A row may be newer than the place that it stands at: Data Center sorts by its index and loads the rows from its database.
    /// So what is fresher than the index may lag says nothing about how far we are.
    fn note(&mut self, read: &ReadRows) {
        let certain = self.certain();
        let times = read.rows.iter().map(|row| row.updated).chain(read.unread.iter().filter_map(|row| row.updated));
        for updated in times {
            self.newest = self.newest.max(Some(updated));
            if updated < certain {
                self.sure = self.sure.max(Some(updated));
            }
        }
    }
}

fn issues(read: &ReadRows) -> impl Iterator<Item = IssueId> {
    read.rows.iter().map(|row| row.id).chain(read.unread.iter().filter_map(|row| row.issue))
}
