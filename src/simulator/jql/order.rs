//! Sorts issues by the keys of a [`BoundQuery`]. A stable sort: what the keys do not decide stays as it came, so a caller
//! that wants one answer every time passes issues in one order.

use std::cmp::Ordering;

use super::bind::{BoundKey, BoundQuery};
use super::{JqlIssue, JqlValue};

impl BoundQuery {
    /// Sorts by every key in turn; an issue without a value comes after all others (memory), reversed with `DESC`.
    pub fn sort<T: JqlIssue>(&self, issues: &mut Vec<T>) {
        if self.order.is_empty() {
            return;
        }
        let mut keyed: Vec<(Vec<Vec<JqlValue>>, T)> = std::mem::take(issues)
            .into_iter()
            .map(|issue| (self.order.iter().map(|key| issue.values(&key.field)).collect(), issue))
            .collect();
        keyed.sort_by(|(left, _), (right, _)| {
            let pairs = left.iter().zip(right);
            self.order
                .iter()
                .zip(pairs)
                .map(|(key, (left, right))| key.compare(left, right))
                .find(|found| found.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        issues.extend(keyed.into_iter().map(|(_, issue)| issue));
    }

    /// Whether the query says how to sort; else the site's own order counts (Cloud and Data Center: newest first).
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        !self.order.is_empty()
    }
}

impl BoundKey {
    fn compare(&self, left: &[JqlValue], right: &[JqlValue]) -> Ordering {
        let ordering = match (left.first(), right.first()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => self.values(left, right),
        };
        if self.descending { ordering.reverse() } else { ordering }
    }

    fn values(&self, left: &JqlValue, right: &JqlValue) -> Ordering {
        match (left, right) {
            (JqlValue::Text(left), JqlValue::Text(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
            (
                JqlValue::Named { label: left, rank: left_rank, .. },
                JqlValue::Named { label: right, rank: right_rank, .. },
            ) => left_rank.cmp(right_rank).then_with(|| left.to_lowercase().cmp(&right.to_lowercase())),
            (JqlValue::Key { id: left, .. }, JqlValue::Key { id: right, .. }) if self.by_id => left.cmp(right),
            (JqlValue::Key { key: left, .. }, JqlValue::Key { key: right, .. }) => {
                key_parts(left).cmp(&key_parts(right))
            }
            (JqlValue::Number(left), JqlValue::Number(right)) => left.total_cmp(right),
            (JqlValue::Time(left), JqlValue::Time(right)) => left.cmp(right),
            (JqlValue::Day(left), JqlValue::Day(right)) => left.cmp(right),
            _ => Ordering::Equal,
        }
    }
}

/// `ACME-12` as its project and its number.
pub(super) fn key_parts(key: &str) -> (&str, u64) {
    let (project, number) = key.rsplit_once('-').unwrap_or((key, ""));
    (project, number.parse().unwrap_or(0))
}
