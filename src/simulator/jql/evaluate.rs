//! Tests an issue against a [`BoundQuery`]. Pure; must never look anything up.

use std::cmp::Ordering;

use super::bind::{Bound, BoundQuery, Test, Wanted};
use super::order::key_parts;
use super::syntax::Operator;
use super::time::minute;
use super::{JqlIssue, JqlValue};

impl BoundQuery {
    /// Whether the issue is found by the query.
    #[must_use]
    pub fn matches(&self, issue: &dyn JqlIssue) -> bool {
        self.clause.as_ref().is_none_or(|clause| clause.matches(issue))
    }
}

impl Bound {
    fn matches(&self, issue: &dyn JqlIssue) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(issue)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(issue)),
            Self::Term { fields, test, negated } => {
                let holds = |field: &String| test.holds(&issue.values(field), *negated);
                if *negated { fields.iter().all(holds) } else { fields.iter().any(holds) }
            }
        }
    }
}

impl Test {
    /// A negated test never finds an issue without a value (Atlassian: "!= will not match a field that has no value"),
    /// but for `is not EMPTY`, which says just that.
    fn holds(&self, values: &[JqlValue], negated: bool) -> bool {
        match self {
            Self::Empty => values.is_empty() != negated,
            Self::Contains(pattern) => {
                if negated && values.is_empty() {
                    return false;
                }
                pattern.is_in(values.iter().filter_map(text)) != negated
            }
            Self::Among { wanted, or_empty } => {
                if values.is_empty() {
                    return *or_empty && !negated;
                }
                values.iter().any(|value| wanted.iter().any(|wanted| wanted.is(value))) != negated
            }
            Self::Compare { operator, with } => {
                values.iter().filter_map(|value| with.compared_to(value)).any(|ordering| agrees(*operator, ordering))
            }
        }
    }
}

fn text(value: &JqlValue) -> Option<&str> {
    if let JqlValue::Text(text) = value { Some(text) } else { None }
}

fn agrees(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        Operator::GreaterOrEqual => ordering.is_ge(),
        Operator::Equals
        | Operator::NotEquals
        | Operator::Contains
        | Operator::NotContains
        | Operator::In
        | Operator::NotIn
        | Operator::Is
        | Operator::IsNot
        | Operator::Changed => false,
    }
}

impl Wanted {
    fn is(&self, value: &JqlValue) -> bool {
        match (self, value) {
            (Self::Word(wanted), JqlValue::Text(text)) => text.to_lowercase() == *wanted,
            (Self::Named { ids, .. }, JqlValue::Named { id, .. }) => ids.contains(id),
            (Self::Id(wanted), JqlValue::Key { id, .. }) => wanted == id,
            (Self::Moment(moment), JqlValue::Time(at)) if !moment.exact => minute(moment.at) == minute(*at),
            (wanted, value) => wanted.compared_to(value).is_some_and(Ordering::is_eq),
        }
    }

    /// How the issue's value lies to the wanted one; `None` when they cannot be compared.
    fn compared_to(&self, value: &JqlValue) -> Option<Ordering> {
        match (self, value) {
            (Self::Named { rank: Some(wanted), .. }, JqlValue::Named { rank: Some(rank), .. }) => {
                Some(rank.cmp(wanted))
            }
            (Self::Id(wanted), JqlValue::Key { id, .. }) => Some(id.cmp(wanted)),
            (Self::Key { project, number }, JqlValue::Key { key, .. }) => {
                let (of, found) = key_parts(key);
                (of == project).then(|| found.cmp(number))
            }
            (Self::Number(wanted), JqlValue::Number(number)) => number.partial_cmp(wanted),
            (Self::Moment(moment), JqlValue::Time(at)) => Some(at.cmp(&moment.at)),
            (Self::Moment(moment), JqlValue::Day(day)) => Some(day.cmp(&moment.day)),
            _ => None,
        }
    }
}
