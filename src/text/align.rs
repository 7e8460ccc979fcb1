//! Which elements of two sequences are the same. Must never pair two that differ, nor take more time than a multiple of what
//! is in them.

use std::collections::BTreeMap;

/// More pairs than this are not compared one by one.
const MOST_PAIRS: usize = 1 << 20;

/// For each element of `base` its partner in `other`: in order, as many as can be found.
pub(crate) fn partners<T: Ord>(base: &[T], other: &[T]) -> Vec<Option<usize>> {
    let lead = base.iter().zip(other).take_while(|(left, right)| left == right).count();
    let (inner_base, inner_other) = (base.get(lead..).unwrap_or_default(), other.get(lead..).unwrap_or_default());
    let tail = inner_base.iter().rev().zip(inner_other.iter().rev()).take_while(|(left, right)| left == right).count();
    let inner_base = inner_base.get(..inner_base.len() - tail).unwrap_or_default();
    let inner_other = inner_other.get(..inner_other.len() - tail).unwrap_or_default();
    let within = if inner_base.len().saturating_mul(inner_other.len()) <= MOST_PAIRS {
        longest(inner_base, inner_other)
    } else {
        unique(inner_base, inner_other)
    };
    let mut out: Vec<Option<usize>> = (0..lead).map(Some).collect();
    out.extend(within.into_iter().map(|partner| partner.map(|at| at + lead)));
    out.extend((other.len() - tail..other.len()).map(Some));
    out
}

/// By a longest common subsequence.
fn longest<T: PartialEq>(base: &[T], other: &[T]) -> Vec<Option<usize>> {
    let (rows, columns) = (base.len(), other.len());
    let width = columns + 1;
    let mut lengths = vec![0_u32; (rows + 1) * width];
    let at = |lengths: &[u32], row: usize, column: usize| lengths.get(row * width + column).copied().unwrap_or(0);
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let length = if base.get(row) == other.get(column) {
                at(&lengths, row + 1, column + 1) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row * width + column) {
                *cell = length;
            }
        }
    }
    let mut partners = vec![None; rows];
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        let equal = base.get(row) == other.get(column);
        if equal && at(&lengths, row, column) == at(&lengths, row + 1, column + 1) + 1 {
            if let Some(partner) = partners.get_mut(row) {
                *partner = Some(column);
            }
            (row, column) = (row + 1, column + 1);
        } else if at(&lengths, row + 1, column) >= at(&lengths, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    partners
}

/// By the elements that stand once in each: the longest chain of them that stands in the same order in both.
fn unique<T: Ord>(base: &[T], other: &[T]) -> Vec<Option<usize>> {
    let (in_base, in_other) = (places(base), places(other));
    let place = |element: &T| {
        let once = in_base.get(element).is_some_and(|found| found.is_some());
        if once { in_other.get(element).copied().flatten() } else { None }
    };
    let candidates: Vec<Option<usize>> = base.iter().map(place).collect();
    // The ends of the chains of each length, by patience.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; base.len()];
    for (index, place) in candidates.iter().enumerate() {
        let Some(place) = place else { continue };
        let length = ends.partition_point(|(end, _)| end < place);
        if let (Some(link), Some(shorter)) = (before.get_mut(index), length.checked_sub(1)) {
            *link = ends.get(shorter).map(|(_, index)| *index);
        }
        match ends.get_mut(length) {
            Some(end) => *end = (*place, index),
            None => ends.push((*place, index)),
        }
    }
    let mut out = vec![None; base.len()];
    let mut next = ends.last().map(|(_, index)| *index);
    while let Some(index) = next {
        if let (Some(slot), Some(place)) = (out.get_mut(index), candidates.get(index)) {
            *slot = *place;
        }
        next = before.get(index).copied().flatten();
    }
    out
}

/// Where each element stands; `None` for those that stand there more than once.
fn places<T: Ord>(list: &[T]) -> BTreeMap<&T, Option<usize>> {
    let mut places = BTreeMap::new();
    for (index, element) in list.iter().enumerate() {
        places.entry(element).and_modify(|place| *place = None).or_insert(Some(index));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_in_order_and_long_sequences_are_paired_too() {
        assert_eq!(partners(&["a", "b", "c"], &["a", "x", "c"]), [Some(0), None, Some(2)]);
        let long: Vec<usize> = (0..3_000).collect();
        let mut other = long.clone();
        other.swap(0, 2_999);
        let found = partners(&long, &other);
        assert!(found.iter().flatten().count() > 2_990);
        assert!(found.iter().enumerate().all(|(at, partner)| partner.is_none_or(|to| long[at] == other[to])));
    }
}
