//! What differs between two texts, word by word and in one line: what `plan` shows of a change of a long text. Pure. Must never show a
//! change as none.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::line::Line;

/// Words around a change that are shown.
const AROUND: usize = 4;
/// Words of one change that are shown.
const MOST_WORDS: usize = 24;
/// Changes that are shown.
const MOST_CHANGES: usize = 8;
/// Of longer texts only where they begin and cease to differ is looked for, in words: more would take seconds.
const LONG: usize = 4_000;

/// Old and new: `[-what goes-]`, `{+what comes+}`, and a few words around it.
pub(super) fn by_words(old: &str, new: &str) -> Line {
    let (was, now): (Vec<&str>, Vec<&str>) = (old.split_whitespace().collect(), new.split_whitespace().collect());
    let ops =
        if was.len() + now.len() > LONG { ends(&was, &now) } else { capture_diff_slices(Algorithm::Myers, &was, &now) };
    let changes = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).count();
    if changes == 0 {
        return Line::of("the same words, set otherwise");
    }
    let (mut pieces, mut shown) = (Vec::new(), 0);
    for (at, op) in ops.iter().enumerate() {
        let (gone, come) = (was.get(op.old_range()).unwrap_or_default(), now.get(op.new_range()).unwrap_or_default());
        if matches!(op, DiffOp::Equal { .. }) {
            pieces.push(around(gone, at == 0, at + 1 == ops.len() || shown == MOST_CHANGES));
            continue;
        }
        if shown == MOST_CHANGES {
            pieces.push(Line::of(format!("and {} more", changes - shown)).cut(true));
            break;
        }
        shown += 1;
        let gone = (!gone.is_empty()).then(|| Line::goes(format!("[-{}-]", cut(gone))).cut(gone.len() > MOST_WORDS));
        let come = (!come.is_empty()).then(|| Line::comes(format!("{{+{}+}}", cut(come))).cut(come.len() > MOST_WORDS));
        pieces.push(Line::joined(gone.into_iter().chain(come), ""));
    }
    Line::joined(pieces, " ")
}

/// The words before a change, after one, or between two.
fn around(words: &[&str], is_first: bool, is_last: bool) -> Line {
    let (before, behind) = (if is_last { 0 } else { AROUND }, if is_first { 0 } else { AROUND });
    if words.len() <= before + behind {
        return Line::of(words.join(" "));
    }
    let head = words.get(..behind).unwrap_or_default();
    let tail = words.get(words.len() - before..).unwrap_or_default();
    let mut parts: Vec<&str> = head.to_vec();
    parts.push("…");
    parts.extend(tail);
    Line::of(parts.join(" ")).cut(true)
}

fn cut(words: &[&str]) -> String {
    match words.get(..MOST_WORDS) {
        Some(first) if words.len() > MOST_WORDS => {
            format!("{} … ({} more words)", first.join(" "), words.len() - MOST_WORDS)
        }
        _ => words.join(" "),
    }
}

/// The middle that differs, as one change.
fn ends(was: &[&str], now: &[&str]) -> Vec<DiffOp> {
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(old, new)| old == new).count();
    let head = same(&mut was.iter().zip(now));
    let rest = was.len().min(now.len()) - head;
    let tail = same(&mut was.iter().rev().zip(now.iter().rev()).take(rest));
    let (old_len, new_len) = (was.len() - head - tail, now.len() - head - tail);
    let equal = |old_index, new_index, len| DiffOp::Equal { old_index, new_index, len };
    let mut ops = vec![equal(0, 0, head)];
    if old_len + new_len > 0 {
        ops.push(DiffOp::Replace { old_index: head, old_len, new_index: head, new_len });
    }
    ops.push(equal(head + old_len, head + new_len, tail));
    ops.retain(|op| !matches!(op, DiffOp::Equal { len: 0, .. }));
    ops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_words(old: &str, new: &str) -> String {
        super::by_words(old, new).to_string()
    }

    fn numbered(count: usize) -> String {
        (1..=count).map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_differs_is_shown_with_a_few_words_around_it() {
        let old = numbered(20);
        assert_eq!(by_words(&old, &old.replace(" 12 ", " twelve ")), "… 8 9 10 11 [-12-]{+twelve+} 13 14 15 16 …");
        assert_eq!(by_words(&old, &format!("{old} more")), "… 17 18 19 20 {+more+}");
        assert_eq!(by_words(&old, &old.replacen("1 2 ", "", 1)), "[-1 2-] 3 4 5 6 …");
        assert_eq!(by_words("a b c", "a x c"), "a [-b-]{+x+} c");
        let far = old.replace(" 3 ", " three ").replace(" 18 ", " ");
        assert_eq!(by_words(&old, &far), "1 2 [-3-]{+three+} 4 5 6 7 … 14 15 16 17 [-18-] 19 20");
    }

    #[test]
    fn no_change_is_shown_as_none_and_none_is_endless() {
        assert_eq!(by_words("a b", "a\n\nb"), "the same words, set otherwise");
        let new = numbered(100);
        assert!(by_words("", &new).ends_with("24 … (76 more words)+}"), "{}", by_words("", &new));
        let every_other: String =
            (1..=100).map(|number| if number % 2 == 0 { "x ".into() } else { format!("{number} ") }).collect();
        assert!(by_words(&new, &every_other).ends_with("17 and 42 more"), "{}", by_words(&new, &every_other));
        let long = numbered(3_000);
        let changed = long.replace(" 1500 ", " here ").replace(" 1600 ", " and here ");
        assert!(
            by_words(&long, &changed).starts_with("… 1496 1497 1498 1499 [-1500 1501"),
            "{}",
            by_words(&long, &changed)
        );
        assert_eq!(by_words(&long, &format!("{long} {long}")).matches("{+").count(), 1);
    }

    #[test]
    fn what_is_left_out_is_known_and_only_that() {
        let (few, many) = (numbered(6), numbered(20));
        let is_cut = |old: &str, new: &str| super::by_words(old, new).is_cut();
        assert!(!is_cut("a b c", "a x c") && !is_cut(&few, &few.replace('3', "three")));
        assert!(is_cut(&many, &many.replace(" 12 ", " twelve ")), "words around it");
        assert!(is_cut("", &numbered(MOST_WORDS + 1)) && !is_cut("", &numbered(MOST_WORDS)), "words of it");
    }
}
