//! From pairs of things to rows of a map: what hangs together on any of the sides is one row. Pure. Must never put one thing into two
//! rows: the configuration would not say what it means.

use std::collections::BTreeMap;

use super::alike::Why;

/// One row of a map: by side, in the order in which the sides were named, what each calls it. The first name is written by preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The names by side.
    pub(super) cells: BTreeMap<usize, Vec<String>>,
    /// The weakest reason that holds it together.
    pub(super) why: Why,
}

/// The rows of a map, and what found no place in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// The rows.
    pub(super) rows: Vec<Row>,
    /// What has no counterpart, with its side.
    pub(super) alone: Vec<(usize, String)>,
}

/// A thing of the first side, a thing of another, why they are one, and whether one of them only joins what is a pair already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// Its place on the first side.
    pub(super) first: usize,
    /// Its place on the other.
    pub(super) other: usize,
    /// Why.
    pub(super) why: Why,
}

impl From<(usize, usize, Why)> for Edge {
    fn from((first, other, why): (usize, usize, Why)) -> Self {
        Self { first, other, why }
    }
}

/// A name with what puts it before another in its cell: its best reason, then its place.
type Placed = (Option<Why>, usize, String);

/// The rows that come of what was found between the first side and each other. `names`: by side, in the order of each.
pub(super) fn rows(names: &[Vec<String>], edges: &[Vec<Edge>]) -> Rows {
    let starts: Vec<usize> = names
        .iter()
        .scan(0, |start, names| {
            let here = *start;
            *start += names.len();
            Some(here)
        })
        .collect();
    let count = names.iter().map(Vec::len).sum();
    // What each hangs on, and the best reason that holds it.
    let mut above: Vec<usize> = (0..count).collect();
    let mut best: Vec<Option<Why>> = vec![None; count];
    let mut weakest: BTreeMap<usize, Why> = BTreeMap::new();
    for (side, edges) in edges.iter().enumerate() {
        for edge in edges {
            let Some(start) = starts.get(side + 1) else { continue };
            let (left, right) = (edge.first, start + edge.other);
            for node in [left, right] {
                if let Some(best) = best.get_mut(node) {
                    *best = Some(best.map_or(edge.why, |why| why.min(edge.why)));
                }
            }
            let (left, right) = (top(&above, left), top(&above, right));
            let why =
                [left, right].iter().filter_map(|node| weakest.get(node)).fold(edge.why, |why, known| why.max(*known));
            if let Some(parent) = above.get_mut(left.max(right)) {
                *parent = left.min(right);
            }
            weakest.insert(left.min(right), why);
        }
    }
    let mut groups: BTreeMap<usize, BTreeMap<usize, Vec<Placed>>> = BTreeMap::new();
    let mut found = Rows::default();
    for (side, names) in names.iter().enumerate() {
        for (at, name) in names.iter().enumerate() {
            let node = starts.get(side).copied().unwrap_or_default() + at;
            match best.get(node).copied().flatten() {
                None => found.alone.push((side, name.clone())),
                why => {
                    let group = groups.entry(top(&above, node)).or_default();
                    group.entry(side).or_default().push((why, at, name.clone()));
                }
            }
        }
    }
    for (group, mut cells) in groups {
        cells.values_mut().for_each(|names| names.sort());
        let cells = cells.into_iter().map(|(side, names)| (side, names.into_iter().map(|(_, _, name)| name).collect()));
        found.rows.push(Row { cells: cells.collect(), why: weakest.get(&group).copied().unwrap_or(Why::Place) });
    }
    found
}

fn top(above: &[usize], mut node: usize) -> usize {
    while let Some(parent) = above.get(node).copied().filter(|parent| *parent != node) {
        node = parent;
    }
    node
}

/// Gives everything of two ordered lists that has no pair a place beside what stands next to it: between two pairs the left-over ones
/// of both sides are matched by their order; where only one side has some, they join the pair before, else the one behind.
pub(super) fn by_order(first: usize, other: usize, pairs: &[(usize, usize, Why)]) -> Vec<Edge> {
    let mut edges: Vec<Edge> = pairs.iter().copied().map(Edge::from).collect();
    if first == 0 || other == 0 {
        return edges;
    }
    // Pairs that cross others say nothing about an order: what stands next to them is told by the ones that do not.
    let mut anchors: Vec<(usize, usize)> = Vec::new();
    for (at, against, _) in pairs {
        if anchors.last().is_none_or(|(_, last)| last < against) {
            anchors.push((*at, *against));
        }
    }
    let is_free = |side: usize, at: usize| !pairs.iter().any(|(left, right, _)| [*left, *right].get(side) == Some(&at));
    for gap in 0..=anchors.len() {
        let before = gap.checked_sub(1).and_then(|gap| anchors.get(gap)).copied();
        let behind = anchors.get(gap).copied();
        let from = before.map_or((0, 0), |(left, right)| (left + 1, right + 1));
        let to = behind.unwrap_or((first, other));
        let left: Vec<usize> = (from.0..to.0).filter(|at| is_free(0, *at)).collect();
        let right: Vec<usize> = (from.1..to.1).filter(|at| is_free(1, *at)).collect();
        match (left.is_empty(), right.is_empty(), before.or(behind)) {
            (true, true, _) | (_, true, None) | (true, _, None) => {}
            (false, false, _) => edges.extend(scaled(&left, &right)),
            (false, true, Some((_, pair))) => {
                edges.extend(left.iter().map(|at| Edge { first: *at, other: pair, why: Why::Place }));
            }
            (true, false, Some((pair, _))) => {
                edges.extend(right.iter().map(|at| Edge { first: pair, other: *at, why: Why::Place }));
            }
        }
    }
    edges
}

/// The longer list laid along the shorter.
fn scaled(left: &[usize], right: &[usize]) -> Vec<Edge> {
    let longest = left.len().max(right.len());
    let at = |list: &[usize], step: usize| list.get(step * list.len() / longest).copied();
    (0..longest)
        .filter_map(|step| Some(Edge { first: at(left, step)?, other: at(right, step)?, why: Why::Place }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sides: &[&[&str]]) -> Vec<Vec<String>> {
        sides.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect()
    }

    pub(crate) fn shown(rows: &Rows) -> Vec<String> {
        let cells = |row: &Row| -> Vec<String> { row.cells.values().map(|names| names.join("+")).collect() };
        rows.rows.iter().map(|row| cells(row).join(" = ")).collect()
    }

    #[test]
    fn what_hangs_together_over_three_sides_is_one_row() {
        let names = names(&[&["a", "b", "c"], &["x", "y"], &["z"]]);
        let to_second = vec![Edge::from((0, 0, Why::Same)), Edge::from((1, 1, Why::Near))];
        let to_third = vec![Edge::from((1, 0, Why::Place)), Edge::from((0, 0, Why::Same))];
        let found = rows(&names, &[to_second, to_third]);
        assert_eq!(shown(&found), ["a+b = x+y = z"]);
        assert_eq!(found.rows[0].why, Why::Place);
        assert_eq!(found.alone, [(0, "c".to_owned())]);
    }

    #[test]
    fn the_better_reason_comes_first_in_a_cell() {
        let names = names(&[&["joins", "pair"], &["x"]]);
        let edges = vec![Edge::from((0, 0, Why::Place)), Edge::from((1, 0, Why::Same))];
        assert_eq!(shown(&rows(&names, &[edges])), ["pair+joins = x"]);
    }

    #[test]
    fn an_order_fills_what_no_name_tells() {
        let edges = |first, other, pairs: &[(usize, usize)]| -> Vec<(usize, usize)> {
            let pairs: Vec<(usize, usize, Why)> = pairs.iter().map(|(at, other)| (*at, *other, Why::Same)).collect();
            let mut all: Vec<(usize, usize)> =
                by_order(first, other, &pairs).into_iter().map(|edge| (edge.first, edge.other)).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(edges(5, 5, &[]), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
        assert_eq!(edges(5, 3, &[]), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]);
        assert_eq!(edges(2, 4, &[]), [(0, 0), (0, 1), (1, 2), (1, 3)]);
        // Blocker joins what comes next, Trivial what came before.
        assert_eq!(edges(3, 5, &[(0, 1), (1, 2), (2, 3)]), [(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)]);
        // Between two pairs those that are left over meet.
        assert_eq!(edges(3, 3, &[(0, 0), (2, 2)]), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(edges(0, 3, &[]), []);
        // A pair that crosses another is kept, and leads nothing else astray.
        assert_eq!(edges(2, 3, &[(0, 1), (1, 0)]), [(0, 1), (0, 2), (1, 0)]);
    }
}
