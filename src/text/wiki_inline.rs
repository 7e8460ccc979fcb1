//! Wiki markup within a block to inlines. Must never lose a character: what is no markup is text. Takes time linear in the
//! text: what was searched for in vain is not searched for again.

use super::marked::{STATUS, read_status};
use super::wiki_emoji;
use crate::model::document::{Inline, Mark};

/// Levels of nested marks that are followed.
const DEEPEST: usize = 12;

/// Reads the text of one block; line ends are hard breaks.
pub(super) fn read(text: &str) -> Vec<Inline> {
    let mut reader = Reader { out: Vec::new(), word: String::new() };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let chars: Vec<char> = text.chars().filter(|sign| *sign != '\0').collect();
    reader.run(&chars, &[], 0);
    super::normal::joined(&reader.out)
}

pub(super) struct Reader {
    pub(super) out: Vec<Inline>,
    pub(super) word: String,
}

/// The next places of what closes marks, as far as they were looked for: a search is never made twice.
#[derive(Default)]
pub(super) struct Found(Vec<(String, usize, Option<usize>)>);

impl Found {
    /// The next place from `from` on, by `search`.
    pub(super) fn next(&mut self, what: &str, from: usize, search: impl FnOnce() -> Option<usize>) -> Option<usize> {
        if let Some((_, searched, found)) = self.0.iter_mut().find(|(name, _, _)| name == what) {
            if *searched <= from && found.is_none_or(|found| found >= from) {
                return *found;
            }
            *searched = from;
            *found = search();
            return *found;
        }
        let found = search();
        self.0.push((what.to_owned(), from, found));
        found
    }

    /// The end of the line that `from` is in.
    pub(super) fn line(&mut self, chars: &[char], from: usize) -> usize {
        self.next("\n", from, || find(chars, from, &['\n'])).unwrap_or(chars.len())
    }

    /// The next place of a needle that no backslash keeps from being markup.
    pub(super) fn plain(&mut self, chars: &[char], from: usize, needle: &str) -> Option<usize> {
        self.next(needle, from, || {
            let needle: Vec<char> = needle.chars().collect();
            find_plain(chars, from, &needle)
        })
    }
}

/// Where a reader stands.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) chars: &'a [char],
    pub(super) at: usize,
    pub(super) marks: &'a [Mark],
    pub(super) depth: usize,
}

impl<'a> Spot<'a> {
    pub(super) fn rest(&self) -> &'a [char] {
        self.chars.get(self.at..).unwrap_or_default()
    }

    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.chars.get(from..to).unwrap_or_default().iter().collect()
    }
}

impl Reader {
    pub(super) fn flush(&mut self, marks: &[Mark]) {
        if !self.word.is_empty() {
            let mut marks = marks.to_vec();
            marks.sort();
            marks.dedup();
            self.out.push(Inline::Text(std::mem::take(&mut self.word), marks));
        }
    }

    pub(super) fn push(&mut self, marks: &[Mark], inline: Inline) {
        self.flush(marks);
        self.out.push(inline);
    }

    pub(super) fn run(&mut self, chars: &[char], marks: &[Mark], depth: usize) {
        let mut at = 0;
        let mut found = Found::default();
        while let Some(character) = chars.get(at) {
            let taken = self.markup(Spot { chars, at, marks, depth }, &mut found);
            if taken == 0 {
                self.word.push(*character);
            }
            at += taken.max(1);
        }
        self.flush(marks);
    }

    /// Reads the markup that begins at the spot, if any. Returns how many characters it took.
    fn markup(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let rest = spot.rest();
        match rest {
            ['\n', ..] => {
                self.push(spot.marks, Inline::HardBreak);
                1
            }
            ['\\', '\\', ..] if !breaks_line(spot) => {
                self.word.push_str("\\\\");
                2
            }
            ['\\', '\\', ..] => {
                self.push(spot.marks, Inline::HardBreak);
                // A line end behind it is the same break.
                if rest.get(2) == Some(&'\n') { 3 } else { 2 }
            }
            ['\\', next, ..] if is_special(*next) => {
                self.word.push(*next);
                2
            }
            ['&', '#', ..] => self.entity(rest),
            _ if spot.depth >= DEEPEST => 0,
            ['{', '{', '{', '}', ..] => self.fenced_code(spot, found),
            ['{', '{', ..] => self.code(spot, found),
            ['{', sign, '}', ..] if mark_of(*sign).is_some() => {
                let fence: String = rest.iter().take(3).collect();
                self.fenced(spot, found, 3, &fence, mark_of(*sign))
            }
            ['{', ..] => self.braces(spot, found),
            ['[', ..] => self.brackets(spot, found),
            ['!', next, ..] if !next.is_whitespace() && starts_word(spot) => self.image(spot, found),
            ['?', '?', next, ..] if !next.is_whitespace() && starts_word(spot) => self.citation(spot, found),
            ['h', 't', 't', 'p', ..] if starts_word(spot) => self.address(spot),
            ['(' | ':' | ';', ..] if starts_word(spot) => match wiki_emoji::read(rest) {
                Some((emoji, taken)) => {
                    self.push(spot.marks, emoji);
                    taken
                }
                None => 0,
            },
            ['-', '-', '-', ..] if stands_apart(spot, 3) => self.dash('—'),
            ['-', '-', ..] if stands_apart(spot, 2) => self.dash('–'),
            [sign, ..] if *sign == STATUS.0 => self.status(spot, found),
            [sign, next, ..]
                if mark_of(*sign).is_some() && !next.is_whitespace() && next != sign && starts_word(spot) =>
            {
                self.plain_mark(spot, found, *sign)
            }
            _ => 0,
        }
    }

    /// `&#92;`: a character by its number.
    fn entity(&mut self, rest: &[char]) -> usize {
        let digits: String = rest.iter().skip(2).take(7).take_while(|sign| sign.is_ascii_digit()).collect();
        let closed = rest.get(2 + digits.len()) == Some(&';');
        let character = digits.parse().ok().and_then(char::from_u32).filter(|sign| closed && !sign.is_control());
        let Some(character) = character else { return 0 };
        self.word.push(character);
        digits.len() + 3
    }

    /// `*strong*` and its like: closed on the same line, before a character that does not go on a word.
    fn plain_mark(&mut self, spot: Spot<'_>, found: &mut Found, sign: char) -> usize {
        let line = found.line(spot.chars, spot.at);
        let closes = |index: &usize| {
            spot.chars.get(*index) == Some(&sign)
                && spot
                    .chars
                    .get(index - 1)
                    .is_some_and(|before| !before.is_whitespace() && *before != '\\' && *before != sign)
                && spot.chars.get(index + 1).is_none_or(|after| !after.is_alphanumeric())
        };
        let from = spot.at + 2;
        // Where nothing closes it, the end of the line stands for that, so that the line is searched once.
        let end =
            found.next(&sign.to_string(), from, || (from..line).find(closes).or(Some(line))).filter(|end| *end < line);
        let (Some(end), Some(mark)) = (end, mark_of(sign)) else { return 0 };
        self.inner(spot, spot.at + 1, end, mark);
        end + 1 - spot.at
    }

    /// `??a citation??`.
    fn citation(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let line = found.line(spot.chars, spot.at);
        let end = found.plain(spot.chars, spot.at + 3, "??").filter(|end| *end < line);
        let Some(end) = end else { return 0 };
        self.inner(spot, spot.at + 2, end, Mark::Citation);
        end + 2 - spot.at
    }

    /// `{*}strong{*}`: marks within a word, and `{color:…}`.
    pub(super) fn fenced(
        &mut self,
        spot: Spot<'_>,
        found: &mut Found,
        length: usize,
        fence: &str,
        mark: Option<Mark>,
    ) -> usize {
        let from = spot.at + length;
        let (Some(end), Some(mark)) = (found.plain(spot.chars, from, fence), mark) else { return 0 };
        self.inner(spot, from, end, mark);
        end + fence.chars().count() - spot.at
    }

    fn inner(&mut self, spot: Spot<'_>, from: usize, to: usize, mark: Mark) {
        self.flush(spot.marks);
        let mut deeper = spot.marks.to_vec();
        deeper.push(mark);
        self.run(spot.chars.get(from..to).unwrap_or_default(), &deeper, spot.depth + 1);
    }

    /// `{{monospaced}}`, where no word goes on before or behind it.
    fn code(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let from = spot.at + 2;
        // A third closing brace belongs to the text.
        let behind = |end: usize| if spot.chars.get(end + 2) == Some(&'}') { end + 1 } else { end };
        let closes = |end: &usize| {
            let blank =
                end.checked_sub(1).and_then(|last| spot.chars.get(last)).is_none_or(|last| last.is_whitespace());
            !blank && spot.chars.get(behind(*end) + 2).is_none_or(|after| !after.is_alphanumeric())
        };
        let search = || {
            let mut at = from;
            loop {
                let end = find_plain(spot.chars, at, &['}', '}'])?;
                if closes(&end) {
                    return Some(end);
                }
                at = behind(end) + 2;
            }
        };
        let opens = starts_word(spot) && spot.chars.get(from).is_some_and(|next| !next.is_whitespace());
        let end = opens.then(|| found.next("{{", from, search)).flatten().filter(|end| *end > from);
        let Some(end) = end else {
            // Behind a brace no macro begins.
            self.word.push_str("{{");
            return 2;
        };
        self.monospaced(spot, from, behind(end));
        behind(end) + 2 - spot.at
    }

    /// `{{{}monospaced{}}}`: within a word too.
    fn fenced_code(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let from = spot.at + 4;
        let Some(end) = found.plain(spot.chars, from, "{}}}").filter(|end| *end > from) else { return 0 };
        self.monospaced(spot, from, end);
        end + 4 - spot.at
    }

    fn monospaced(&mut self, spot: Spot<'_>, from: usize, to: usize) {
        let inner = unescape(spot.chars.get(from..to).unwrap_or_default());
        self.flush(spot.marks);
        let mut marks = spot.marks.to_vec();
        marks.push(Mark::Code);
        self.word = inner.replace('\n', " ");
        self.flush(&marks);
    }

    /// Two or three hyphens between blanks are shown as a dash.
    fn dash(&mut self, shown: char) -> usize {
        self.word.push(shown);
        if shown == '—' { 3 } else { 2 }
    }

    /// A status in the signs that stand for it.
    fn status(&mut self, spot: Spot<'_>, found: &mut Found) -> usize {
        let line = found.line(spot.chars, spot.at);
        let close = STATUS.1.to_string();
        let Some(end) = found.plain(spot.chars, spot.at, &close).filter(|end| *end < line) else { return 0 };
        let text = unescape(spot.chars.get(spot.at..=end).unwrap_or_default());
        match read_status(&text, spot.marks) {
            Some(status) => {
                self.push(spot.marks, status);
                end + 1 - spot.at
            }
            None => 0,
        }
    }
}

pub(super) fn find(chars: &[char], from: usize, needle: &[char]) -> Option<usize> {
    (from..chars.len()).find(|at| chars.get(*at..).is_some_and(|rest| rest.starts_with(needle)))
}

/// The same, but for what a backslash keeps from being markup.
fn find_plain(chars: &[char], from: usize, needle: &[char]) -> Option<usize> {
    let mut at = from;
    while let Some(sign) = chars.get(at) {
        if chars.get(at..).is_some_and(|rest| rest.starts_with(needle)) {
            return Some(at);
        }
        at += if *sign == '\\' && chars.get(at + 1).is_some_and(|next| is_special(*next)) { 2 } else { 1 };
    }
    None
}

/// Whether two backslashes are a line break: not behind or before another one in the same word, as in `\\server\share`.
fn breaks_line(spot: Spot<'_>) -> bool {
    let before = spot.at.checked_sub(1).and_then(|before| spot.chars.get(before));
    let word = spot.rest().iter().skip(2).take_while(|sign| !sign.is_whitespace());
    before != Some(&'\\') && !word.into_iter().any(|sign| *sign == '\\')
}

/// Whether that many characters stand between blanks or the ends of the text.
fn stands_apart(spot: Spot<'_>, length: usize) -> bool {
    let before = spot.at.checked_sub(1).and_then(|before| spot.chars.get(before));
    let blank = |sign: Option<&char>| sign.is_none_or(|sign| sign.is_whitespace());
    blank(before) && blank(spot.rest().get(length))
}

pub(super) fn starts_word(spot: Spot<'_>) -> bool {
    let before = spot.at.checked_sub(1).and_then(|before| spot.chars.get(before));
    // Behind two backslashes a line or a text begins.
    let broken = spot.at.checked_sub(2).and_then(|before| spot.chars.get(before)) == Some(&'\\');
    before.is_none_or(|before| !before.is_alphanumeric() && (*before != '\\' || broken))
}

/// Whether a text is an address that a link may have.
pub(super) fn is_address(text: &str) -> bool {
    let text = text.trim();
    let schemes = ["http://", "https://", "mailto:", "ftp://", "ftps://", "file:", "tel:", "#"];
    !text.contains([' ', '\\']) && schemes.iter().any(|scheme| text.starts_with(scheme) && text.len() > scheme.len())
}

/// The mark that a sign stands for.
pub(super) fn mark_of(sign: char) -> Option<Mark> {
    match sign {
        '*' => Some(Mark::Strong),
        '_' => Some(Mark::Emphasis),
        '-' => Some(Mark::Strike),
        '+' => Some(Mark::Underline),
        '^' => Some(Mark::Superscript),
        '~' => Some(Mark::Subscript),
        _ => None,
    }
}

/// Whether a backslash before it makes it plain, and is not shown itself: the signs that Jira has in its list. Of two
/// backslashes the second keeps nothing from being markup.
pub(super) fn is_special(sign: char) -> bool {
    "*_-+^~{}[]()!|#\\?%@".contains(sign)
}

/// Text in which backslashes keep signs from being markup, and characters are written by number.
pub(super) fn unescape(chars: &[char]) -> String {
    let mut reader = Reader { out: Vec::new(), word: String::new() };
    let mut at = 0;
    while let Some(sign) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or_default();
        let taken = match rest {
            ['\\', next @ ('{' | '}' | '\\' | '|'), ..] => {
                reader.word.push(*next);
                2
            }
            ['&', '#', ..] => reader.entity(rest),
            _ => 0,
        };
        if taken == 0 {
            reader.word.push(*sign);
        }
        at += taken.max(1);
    }
    reader.word
}
