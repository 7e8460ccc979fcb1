//! How near two names are: the same, the same thing by another word, or nearly written alike. Pure. Must never take two names for one
//! that only share a beginning: `High` is not `Highest`.

/// Why two things are taken for one. Later variants are weaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// They have one name.
    Same,
    /// Their names are two words for one thing.
    Meaning,
    /// Their names are nearly one.
    Near,
    /// They stand at one place of their order, or are of one kind.
    Place,
}

/// From here on two spellings are taken for one.
const NEAR: f64 = 0.92;
/// A shorter word says too little to be found in another name.
const TELLING: usize = 4;

/// Words for one thing: what Jira calls it as it comes, and what people often rename that to.
const MEANINGS: &[&[&str]] = &[
    &["bug", "defect", "error", "fault", "fehler", "erreur", "anomalie"],
    &["task", "aufgabe", "tache", "tarea"],
    &["story", "user story"],
    &["sub task", "subtask", "unteraufgabe", "teilaufgabe", "sous tache"],
    &["improvement", "enhancement", "verbesserung"],
    &["feature", "new feature", "neue funktion"],
    &["incident", "storung"],
    &["to do", "todo", "open", "new", "offen", "neu", "zu erledigen"],
    &["in progress", "working", "in arbeit", "en cours"],
    &["in review", "review", "in prufung"],
    &["done", "closed", "fertig", "erledigt", "geschlossen", "termine"],
    &["resolved", "gelost"],
    &["medium", "normal", "mittel"],
    &["high", "hoch", "major"],
    &["low", "niedrig", "minor"],
    &["severity", "schweregrad"],
    &["customer", "kunde", "client"],
    &["story points", "story point estimate"],
];

/// Lower case, without accents of Latin letters, words parted by one space.
pub(super) fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for sign in name.chars().flat_map(char::to_lowercase) {
        let sign = match sign {
            'ä' | 'à' | 'á' | 'â' => 'a',
            'ö' | 'ò' | 'ó' | 'ô' => 'o',
            'ü' | 'ù' | 'ú' | 'û' => 'u',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            sign => sign,
        };
        if sign.is_alphanumeric() {
            text.push(sign);
        } else if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Why two names are taken for one, and how well that fits, from 0 to 1.
pub(super) fn alike(left: &str, right: &str) -> Option<(Why, f64)> {
    let (left, right) = (plain(left), plain(right));
    if left.is_empty() || right.is_empty() {
        return None;
    }
    if left == right {
        return Some((Why::Same, 1.0));
    }
    if MEANINGS.iter().any(|words| words.contains(&left.as_str()) && words.contains(&right.as_str())) {
        return Some((Why::Meaning, 0.99));
    }
    // Who counts (`Level 1`, `Level 2`) means different things by nearly one name.
    if numbers(&left) != numbers(&right) {
        return None;
    }
    if holds(&left, &right) || holds(&right, &left) {
        return Some((Why::Near, NEAR));
    }
    // A plural is the same thing, a superlative is not.
    let begins = (left.starts_with(&right) || right.starts_with(&left)) && left.len().abs_diff(right.len()) > 1;
    let score = strsim::jaro_winkler(&left, &right);
    (score >= NEAR && !begins).then_some((Why::Near, score))
}

fn numbers(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| word.chars().any(|sign| sign.is_ascii_digit())).collect()
}

/// Whether all words of `part` stand in `whole`, and one of them tells something.
fn holds(whole: &str, part: &str) -> bool {
    let words: Vec<&str> = whole.split(' ').collect();
    part.split(' ').all(|word| words.contains(&word)) && part.split(' ').any(|word| word.chars().count() >= TELLING)
}

/// Pairs what is alike, the best first, each thing once. `weakest`: what is weaker is no pair.
pub(super) fn pairs(left: &[&str], right: &[&str], weakest: Why) -> Vec<(usize, usize, Why)> {
    let mut all: Vec<(Why, f64, usize, usize)> = Vec::new();
    for (at, name) in left.iter().enumerate() {
        for (other, against) in right.iter().enumerate() {
            if let Some((why, score)) = alike(name, against).filter(|(why, _)| *why <= weakest) {
                all.push((why, score, at, other));
            }
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut taken: Vec<(usize, usize, Why)> = Vec::new();
    for (why, _, at, other) in all {
        if !taken.iter().any(|(left, right, _)| *left == at || *right == other) {
            taken.push((at, other, why));
        }
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(left: &str, right: &str) -> Option<Why> {
        let there = alike(left, right).map(|(why, _)| why);
        assert_eq!(there, alike(right, left).map(|(why, _)| why), "it holds both ways");
        there
    }

    #[test]
    fn names_are_the_same_mean_the_same_or_are_near() {
        assert_eq!(why("In Progress", "in-progress"), Some(Why::Same));
        assert_eq!(why("Bug", "Defect"), Some(Why::Meaning));
        assert_eq!(why("Störung", "Incident"), Some(Why::Meaning));
        assert_eq!(why("Customer", "Customer name"), Some(Why::Near));
        assert_eq!(why("Affected system", "Affected systems"), Some(Why::Near));
        assert_eq!(why("Enviroment", "Environment"), Some(Why::Near));
        for (left, right) in
            [("High", "Highest"), ("P1", "P2"), ("S1", "S2"), ("Open", "Closed"), ("Task", ""), ("Bug", "Task")]
        {
            assert_eq!(why(left, right), None, "{left} and {right}");
        }
        assert_eq!(why("Support level 1", "Support level 2"), None);
    }

    #[test]
    fn each_is_paired_once_and_the_best_first() {
        let found = pairs(&["Customer name", "Customer", "Team"], &["Customer", "Region"], Why::Near);
        assert_eq!(found, [(1, 0, Why::Same)]);
        assert_eq!(pairs(&["Bug", "Task"], &["Task", "Defect"], Why::Same), [(1, 0, Why::Same)]);
        assert_eq!(pairs(&["Bug", "Task"], &["Task", "Defect"], Why::Near).len(), 2);
    }
}
