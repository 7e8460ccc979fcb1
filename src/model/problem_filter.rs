//! Which problems a command is about. Must never be about more than was asked for: each thing that is said narrows it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::cause::cause_of;
use super::ids::{CauseId, FieldName, IssueKey, ItemId, SideId};
use super::store::StoredProblem;

/// What is said of the problems that are meant; nothing said: all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemFilter {
    /// They name this issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IssueKey>,
    /// They are on this side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<SideId>,
    /// They are this field's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
    /// They or their remedies say this, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// They have this cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseId>,
}

impl ProblemFilter {
    /// Whether a problem is one of those that are meant. `of_key`: the items with an issue that goes by the key, however it is written in
    /// what is told of them.
    #[must_use]
    pub fn is_about(&self, stored: &StoredProblem, of_key: &BTreeSet<ItemId>) -> bool {
        let problem = &stored.problem;
        let says = |text: &String| {
            let text = text.to_lowercase();
            [&problem.what, &problem.remedy, &stored.about].into_iter().any(|said| said.to_lowercase().contains(&text))
        };
        let names = |key: &IssueKey| {
            let words = stored.about.split(|sign: char| !sign.is_alphanumeric() && sign != '-' && sign != '_');
            let is_of_it = stored.item.is_some_and(|item| of_key.contains(&item));
            is_of_it || words.into_iter().any(|word| word == key.as_str())
        };
        self.key.as_ref().is_none_or(names)
            && self.side.as_ref().is_none_or(|side| &problem.side == side)
            && self.field.as_ref().is_none_or(|field| problem.field.as_ref() == Some(field))
            && self.matching.as_ref().is_none_or(says)
            && self.cause.as_ref().is_none_or(|cause| &cause_of(problem) == cause)
    }
}

/// As it is typed behind a command's name, with the space before it; `--all` where nothing is said.
impl fmt::Display for ProblemFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, side, field, matching, cause } = self;
        if *self == Self::default() {
            return f.write_str(" --all");
        }
        if let Some(key) = key {
            write!(f, " {key}")?;
        }
        if let Some(side) = side {
            write!(f, " --side {side}")?;
        }
        if let Some(field) = field {
            write!(f, " --field {field}")?;
        }
        if let Some(text) = matching {
            write!(f, " --matching {text:?}")?;
        }
        cause.as_ref().map_or(Ok(()), |cause| write!(f, " --cause {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::problem::Problem;

    fn stored() -> StoredProblem {
        let (what, remedy) = ("status 403: No Edit Issues".to_owned(), "grant it".to_owned());
        let problem = Problem {
            side: "globex".into(),
            field: Some("priority".into()),
            what,
            remedy,
            operation: None,
            settles: false,
        };
        let (about, since) = ("SUP-12, ENG-1".to_owned(), jiff::Timestamp::UNIX_EPOCH);
        StoredProblem { number: 1, item: None, about, problem, since, times: 1, dismissed: None }
    }

    #[test]
    fn each_thing_that_is_said_narrows_it() {
        let (stored, none) = (stored(), BTreeSet::new());
        let all = ProblemFilter {
            key: Some("SUP-12".into()),
            side: Some("globex".into()),
            field: Some("priority".into()),
            matching: Some("no edit".to_owned()),
            cause: Some(cause_of(&stored.problem)),
        };
        assert!(ProblemFilter::default().is_about(&stored, &none) && all.is_about(&stored, &none));
        let others = [
            ProblemFilter { key: Some("SUP-1".into()), ..all.clone() },
            ProblemFilter { side: Some("acme".into()), ..all.clone() },
            ProblemFilter { field: Some("summary".into()), ..all.clone() },
            ProblemFilter { matching: Some("no browse".to_owned()), ..all.clone() },
            ProblemFilter { cause: Some("00000000".into()), ..all.clone() },
        ];
        for other in others {
            assert!(!other.is_about(&stored, &none), "{other}");
        }
        // By another key of its item; but not what another filter leaves out.
        let (item, stored) = (ItemId(7), StoredProblem { item: Some(ItemId(7)), ..stored });
        let by_other_key = ProblemFilter { key: Some("NEW-12".into()), ..all.clone() };
        assert!(by_other_key.is_about(&stored, &[item].into()) && !by_other_key.is_about(&stored, &none));
        let elsewhere = ProblemFilter { side: Some("acme".into()), ..by_other_key };
        assert!(!elsewhere.is_about(&stored, &[item].into()));
        assert_eq!(ProblemFilter::default().to_string(), " --all");
        let typed = all.to_string();
        assert!(typed.starts_with(" SUP-12 --side globex --field priority --matching \"no edit\" --cause "), "{typed}");
    }
}
