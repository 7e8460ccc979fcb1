//! A line for people of what is planned, in which what goes and what comes stand apart from the words around them: so no colour rests on signs
//! that somebody may have typed. Pure. Must never hold a change that its text does not say.

use std::fmt;

/// Characters of a long value that are shown.
pub(super) const SHOWN: usize = 60;

/// Words of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// They stand there anyhow.
    Plain(String),
    /// They stood there, and go.
    Goes(String),
    /// They come.
    Comes(String),
}

impl Part {
    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Goes(text) | Self::Comes(text) => text,
        }
    }
}

/// A line, or a piece of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    parts: Vec<Part>,
    is_cut: bool,
}

impl Line {
    /// Words that stand there anyhow.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Plain(text.into())], is_cut: false }
    }

    /// Words that go.
    pub(super) fn goes(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Goes(text.into())], is_cut: false }
    }

    /// Words that come.
    pub(super) fn comes(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Comes(text.into())], is_cut: false }
    }

    /// A text in quotes and one line, cut to a length that fits a terminal.
    pub(super) fn quoted(text: &str) -> Self {
        let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_cut = line.chars().count() > SHOWN;
        if is_cut {
            line = line.chars().take(SHOWN - 1).collect();
            line.push('…');
        }
        Self { is_cut, ..Self::of(format!("\"{line}\"")) }
    }

    /// With another piece behind it.
    pub(super) fn and(mut self, piece: Self) -> Self {
        self.parts.extend(piece.parts);
        self.is_cut |= piece.is_cut;
        self
    }

    /// With words behind it that stand there anyhow.
    pub(super) fn then(self, text: impl Into<String>) -> Self {
        self.and(Self::of(text))
    }

    /// All of it goes, and the other comes in its place.
    pub(super) fn becomes(self, new: &Self) -> Self {
        let is_cut = self.is_cut || new.is_cut;
        let line = Self::goes(self.to_string()).then(" -> ").and(Self::comes(new.to_string()));
        Self { is_cut, ..line }
    }

    /// The same, with something left out that is not short.
    pub(super) fn cut(self, is_cut: bool) -> Self {
        Self { is_cut: self.is_cut || is_cut, ..self }
    }

    /// Pieces with a text between each two.
    pub(super) fn joined(pieces: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut whole = Self::default();
        for (at, piece) in pieces.into_iter().enumerate() {
            whole = if at == 0 { piece } else { whole.then(between).and(piece) };
        }
        whole
    }

    /// Its words, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What kind of line it is: the sign that it begins with.
    #[must_use]
    pub fn sign(&self) -> Option<char> {
        self.parts.first().and_then(|part| part.text().chars().next())
    }

    /// Whether it tells apart what goes and what comes.
    #[must_use]
    pub fn shows_a_change(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Plain(_)))
    }

    /// Whether a value in it is longer than what is shown of it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| f.write_str(part.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_goes_and_comes_and_whether_it_is_cut() {
        let line = Line::of("~ b SUP-1 priority: ").and(Line::quoted("High").becomes(&Line::quoted("Low")));
        assert_eq!(line.to_string(), "~ b SUP-1 priority: \"High\" -> \"Low\"");
        assert_eq!((line.sign(), line.shows_a_change(), line.is_cut()), (Some('~'), true, false));
        assert_eq!(
            line.parts()[1..],
            [Part::Goes("\"High\"".to_owned()), Part::Plain(" -> ".to_owned()), Part::Comes("\"Low\"".to_owned())]
        );
        // What people typed is no change, whatever it looks like.
        assert!(!Line::quoted("a -> b [-c-] +d").shows_a_change());
        assert!(!Line::quoted(&"x".repeat(SHOWN)).is_cut());
        let long = Line::quoted(&"x".repeat(SHOWN + 1));
        assert!(long.is_cut() && long.to_string().chars().count() == SHOWN + 2);
        assert!(Line::quoted("a").becomes(&long).is_cut() && Line::of("a").and(long).is_cut());
    }

    #[test]
    fn pieces_are_joined_with_a_text_between_them() {
        let pieces = [Line::comes("+a"), Line::goes("-b")];
        assert_eq!(Line::joined(pieces, " ").to_string(), "+a -b");
        assert_eq!(Line::joined([], " "), Line::default());
    }
}
