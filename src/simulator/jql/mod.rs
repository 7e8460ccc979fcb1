//! JQL for the simulated Jira: text -> [`Query`] -> [`BoundQuery`], which tests and sorts issues. It knows nothing of
//! how a simulated Jira keeps its data (the site and the issues come in as [`JqlSite`] and [`JqlIssue`]) and must never
//! import anything of the crate.
//!
//! ```text
//! let query = jql::parse(text, Dialect { bare_words: cloud })?;       // a syntax error is always 400
//! if cloud && !query.is_bounded() { 400 }
//! match query.bind(&site) {
//!     Err(problems) => 400, or on Cloud 200 and no issues if all `problems` are `is_unknown_name()`
//!     Ok(bound) => { issues.retain(|issue| bound.matches(issue)); bound.sort(&mut issues); }
//! }
//! ```

mod bind;
mod evaluate;
mod order;
mod parse;
mod problem;
mod syntax;
mod time;
mod token;
mod words;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use bind::BoundQuery;
pub(crate) use bind::CHANGED;
pub use parse::{Dialect, parse};
pub use problem::{JqlProblem, JqlSyntaxError, ProblemKind};
pub use syntax::Query;

/// One value of a field of an issue, as JQL sees it. A field without a value has an empty list, never an empty text.
#[derive(Debug, Clone, PartialEq)]
pub enum JqlValue {
    /// Free text (summary, description, comments) or a label.
    Text(String),
    /// Something the site keeps a list of: project, status, priority, user, option, version, component.
    Named {
        /// Its identity, the same that [`JqlSite::find`] gives.
        id: String,
        /// What it is sorted by when it has no rank.
        label: String,
        /// Its place in the site's own order, the more important the higher (priority); `None` sorts by label.
        rank: Option<i64>,
    },
    /// The issue itself.
    Key {
        /// The numeric id.
        id: u64,
        /// The current key, `ACME-12`.
        key: String,
    },
    /// A number field.
    Number(f64),
    /// A date with a time, to the millisecond.
    Time(Timestamp),
    /// A date alone.
    Day(Date),
}

/// What a field can be asked. It decides which operators are allowed and how operands are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// `~` and `!~` alone; values are [`JqlValue::Text`].
    Text,
    /// Any word, unchecked, compared without case; values are [`JqlValue::Text`].
    Label,
    /// Looked up by [`JqlSite::find`]; values are [`JqlValue::Named`].
    Named,
    /// As `Named`, and `<`, `>` by rank (priority, versions).
    Ranked,
    /// The issue: keys and ids; values are [`JqlValue::Key`].
    Key,
    /// Values are [`JqlValue::Number`].
    Number,
    /// Values are [`JqlValue::Time`].
    Time,
    /// Values are [`JqlValue::Day`].
    Day,
}

/// How a query names a custom field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomName<'a> {
    /// `cf[10001]`
    Number(u64),
    /// `"Story Points"`: any of the field's clause names, compared without case.
    Name(&'a str),
}

/// A field of this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// What [`JqlIssue::values`] is asked for, `customfield_10001`.
    pub id: String,
    /// What it can be asked.
    pub kind: FieldKind,
}

/// What a site knows under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The ids of everything that goes by it (names need not be unique).
    pub ids: Vec<String>,
    /// Its rank, as in [`JqlValue::Named`].
    pub rank: Option<i64>,
}

/// The Jira that a query is asked of, as the calling account sees it.
pub trait JqlSite {
    /// The server's clock.
    fn now(&self) -> Timestamp;
    /// The time zone of the calling account's profile: date literals are read in it (jira-facts.md section 3).
    fn zone(&self) -> TimeZone;
    /// The id of the calling account; `None` is anonymous.
    fn current_user(&self) -> Option<String>;
    /// The custom fields that go by a name; names are not unique.
    fn custom_fields(&self, name: CustomName<'_>) -> Vec<CustomField>;
    /// Looks a literal up: the value of a `Named` or `Ranked` field by id, key or name without case, or (field `key`) an
    /// issue by any key that it ever had or by id; the answer to that holds its numeric id. `None`: this site has none.
    fn find(&self, field: &str, literal: &str) -> Option<Found>;
    /// Whether unquoted epoch milliseconds are a date (measured on Cloud, believed of Data Center).
    fn reads_epoch(&self) -> bool {
        true
    }
    /// Whether a local time that comes twice is the later of the two.
    fn repeated_hour_is_later(&self) -> bool {
        false
    }
    /// Whether `ORDER BY id` sorts by key (project, then number) instead of by the numeric id: not known of the real
    /// ones, so it is a switch.
    fn sorts_id_as_key(&self) -> bool {
        false
    }
}

/// An issue that a query is tested on.
pub trait JqlIssue {
    /// The values of a field, empty when it has none. `field` is one of `key`, `project`, `summary`, `description`,
    /// `text` (everything searchable), `status`, `statuscategory`, `priority`, `issuetype`, `assignee`, `reporter`,
    /// `creator`, `labels`, `created`, `updated`, `duedate`, `resolved`, `resolution`, `parent`, `environment`,
    /// `comment`, `fixversion`, `affectedversion`, `component`, `level`, `watcher` or the id of a custom field.
    fn values(&self, field: &str) -> Vec<JqlValue>;
}

impl<T: JqlIssue + ?Sized> JqlIssue for &T {
    fn values(&self, field: &str) -> Vec<JqlValue> {
        (**self).values(field)
    }
}

#[cfg(test)]
mod tests;
