//! Text search, much simpler than Lucene's: words without case, a phrase in quotes, `*` and `?` in a word, all of them
//! wanted. No stemming. Must never match a part of a word that was not asked with a wildcard.

/// What a `~` looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPattern {
    phrases: Vec<Vec<String>>,
}

impl TextPattern {
    pub(super) fn new(text: &str) -> Self {
        let mut phrases = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            if index % 2 == 1 {
                phrases.push(words(part, false));
            } else {
                let joined = |word: &str| !matches!(word, "AND" | "OR" | "NOT");
                phrases.extend(part.split_whitespace().filter(|word| joined(word)).map(|word| words(word, true)));
            }
        }
        phrases.retain(|phrase| !phrase.is_empty());
        Self { phrases }
    }

    /// Whether every word and phrase is somewhere in `texts`.
    pub(super) fn is_in<'a>(&self, texts: impl Iterator<Item = &'a str>) -> bool {
        let texts: Vec<Vec<String>> = texts.map(|text| words(text, false)).collect();
        !self.phrases.is_empty()
            && self.phrases.iter().all(|phrase| {
                texts.iter().any(|text| {
                    text.windows(phrase.len()).any(|window| {
                        window.iter().zip(phrase).all(|(word, wanted)| matches(word.as_bytes(), wanted.as_bytes()))
                    })
                })
            })
    }
}

fn words(text: &str, wildcards: bool) -> Vec<String> {
    let inside =
        |character: char| character.is_alphanumeric() || character == '_' || (wildcards && "*?".contains(character));
    text.split(|character| !inside(character)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// `?` stands for one byte, `*` for any number of them.
fn matches(word: &[u8], pattern: &[u8]) -> bool {
    match (pattern.split_first(), word.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=word.len()).any(|skip| matches(&word[skip..], rest)),
        (Some((b'?', rest)), Some((_, tail))) => matches(tail, rest),
        (Some((wanted, rest)), Some((found, tail))) => wanted == found && matches(tail, rest),
        (None, Some(_)) | (Some(_), None) => false,
    }
}
