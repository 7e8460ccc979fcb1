//! Wiki markup within a block to inlines. Must never lose a character: what is no markup is text.

use crate::model::document::{Inline, Literal, Mark, Syntax};

/// Levels of nested marks that are followed.
const DEEPEST: usize = 16;

/// How a backslash is written where it would keep something from being markup.
pub(super) const BACKSLASH: &str = "&#92;";

/// Reads the text of one block; line ends are hard breaks.
pub(super) fn read(text: &str) -> Vec<Inline> {
    let mut reader = Reader { out: Vec::new(), word: String::new() };
    let chars: Vec<char> = text.chars().collect();
    reader.run(&chars, &[], 0);
    reader.out
}

struct Reader {
    out: Vec<Inline>,
    word: String,
}

impl Reader {
    fn flush(&mut self, marks: &[Mark]) {
        if !self.word.is_empty() {
            let mut marks = marks.to_vec();
            marks.sort();
            marks.dedup();
            self.out.push(Inline::Text(std::mem::take(&mut self.word), marks));
        }
    }

    fn run(&mut self, chars: &[char], marks: &[Mark], depth: usize) {
        let mut at = 0;
        while at < chars.len() {
            let taken = if depth < DEEPEST { self.markup(chars, at, marks, depth) } else { 0 };
            if taken > 0 {
                at += taken;
                continue;
            }
            if let Some(character) = chars.get(at) {
                self.word.push(*character);
            }
            at += 1;
        }
        self.flush(marks);
    }

    /// Reads the markup that begins at `at`, if any. Returns how many characters it took.
    fn markup(&mut self, chars: &[char], at: usize, marks: &[Mark], depth: usize) -> usize {
        let rest = chars.get(at..).unwrap_or_default();
        match rest {
            ['\n', ..] => {
                self.flush(marks);
                self.out.push(Inline::HardBreak);
                1
            }
            ['\\', '\\', ..] => {
                self.flush(marks);
                self.out.push(Inline::HardBreak);
                // A line end behind it is the same break.
                if rest.get(2) == Some(&'\n') { 3 } else { 2 }
            }
            ['\\', next, ..] if is_special(*next) => {
                self.word.push(*next);
                2
            }
            ['&', '#', '9', '2', ';', ..] => {
                self.word.push('\\');
                5
            }
            ['{', '{', ..] => self.between(rest, "{{", "}}", marks, |inner| Some((inner, Mark::Code))),
            ['{', sign, '}', ..] if mark_of(*sign).is_some() => {
                let fence: String = rest.iter().take(3).collect();
                let mark = mark_of(*sign);
                self.nested(rest, 3, &fence, marks, mark, depth)
            }
            ['{', ..] => self.braces(rest, marks, depth),
            ['[', ..] => self.brackets(rest, marks, depth),
            ['!', next, ..] if !next.is_whitespace() && starts_word(chars, at) => self.image(rest, marks),
            ['h', 't', 't', 'p', ..] if starts_word(chars, at) => self.address(rest, marks),
            [sign, next, ..] if mark_of(*sign).is_some() && !next.is_whitespace() && starts_word(chars, at) => {
                self.plain_mark(rest, *sign, marks, depth)
            }
            _ => 0,
        }
    }

    /// `*strong*` and its like: closed on the same line, before a character that does not go on a word.
    fn plain_mark(&mut self, rest: &[char], sign: char, marks: &[Mark], depth: usize) -> usize {
        let line = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let closes = |index: &usize| {
            rest.get(*index) == Some(&sign)
                && rest.get(index - 1).is_some_and(|before| !before.is_whitespace() && *before != '\\')
                && rest.get(index + 1).is_none_or(|after| !after.is_alphanumeric() && *after != sign)
        };
        let Some(end) = (2..line).find(closes) else { return 0 };
        let Some(mark) = mark_of(sign) else { return 0 };
        self.inner(rest.get(1..end).unwrap_or_default(), marks, mark, depth);
        end + 1
    }

    /// `{*}strong{*}`: marks within a word.
    fn nested(
        &mut self,
        rest: &[char],
        from: usize,
        fence: &str,
        marks: &[Mark],
        mark: Option<Mark>,
        depth: usize,
    ) -> usize {
        let fence: Vec<char> = fence.chars().collect();
        let (Some(end), Some(mark)) = (find_plain(rest, from, &fence), mark) else { return 0 };
        self.inner(rest.get(from..end).unwrap_or_default(), marks, mark, depth);
        end + fence.len()
    }

    fn inner(&mut self, inner: &[char], marks: &[Mark], mark: Mark, depth: usize) {
        self.flush(marks);
        let mut deeper = marks.to_vec();
        deeper.push(mark);
        self.run(inner, &deeper, depth + 1);
    }

    fn between(
        &mut self,
        rest: &[char],
        open: &str,
        close: &str,
        marks: &[Mark],
        make: impl Fn(String) -> Option<(String, Mark)>,
    ) -> usize {
        let close: Vec<char> = close.chars().collect();
        let from = open.chars().count();
        let Some(end) = find_plain(rest, from, &close).filter(|end| *end > from) else { return 0 };
        let inner: String = rest.get(from..end).unwrap_or_default().iter().collect();
        let Some((text, mark)) = make(unescape(&inner)) else { return 0 };
        self.flush(marks);
        let mut marks = marks.to_vec();
        marks.push(mark);
        marks.sort();
        self.out.push(Inline::Text(text.replace('\n', " "), marks));
        end + close.len()
    }

    /// `{color:…}` is a mark; any other macro is kept literally.
    fn braces(&mut self, rest: &[char], marks: &[Mark], depth: usize) -> usize {
        let Some(end) = find(rest, 1, &['}']).filter(|end| *end > 1 && *end < 200) else { return 0 };
        let name: String = rest.get(1..end).unwrap_or_default().iter().collect();
        if let Some(colour) = name.strip_prefix("color:") {
            let mark = Mark::Colour(colour.to_owned());
            return self.nested(rest, end + 1, "{color}", marks, Some(mark), depth);
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return 0;
        }
        let source: String = rest.get(..=end).unwrap_or_default().iter().collect();
        self.literal(marks, source.clone(), source);
        end + 1
    }

    /// `[text|address]`, `[address]`, `[~user]`, `[^file]`.
    fn brackets(&mut self, rest: &[char], marks: &[Mark], depth: usize) -> usize {
        let line = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let Some(end) = find_plain(rest, 1, &[']']).filter(|end| *end > 1 && *end < line) else { return 0 };
        let inside: String = rest.get(1..end).unwrap_or_default().iter().collect();
        if let Some(user) = inside.strip_prefix('~') {
            let plain = format!("@{}", user.trim_start_matches("accountid:"));
            self.literal(marks, format!("[{inside}]"), plain);
            return end + 1;
        }
        if let Some(file) = inside.strip_prefix('^') {
            self.literal(marks, format!("[{inside}]"), file.to_owned());
            return end + 1;
        }
        let (text, address) = inside.rsplit_once('|').unwrap_or((&inside, &inside));
        if !is_address(address) {
            return 0;
        }
        self.flush(marks);
        let mut deeper = marks.to_vec();
        deeper.push(Mark::Link(address.trim().to_owned()));
        if text == address {
            self.word = address.trim().to_owned();
            self.flush(&deeper);
        } else {
            let text: Vec<char> = text.chars().collect();
            self.run_link(&text, &deeper, depth);
        }
        end + 1
    }

    /// The text of a link holds marks but no links.
    fn run_link(&mut self, text: &[char], marks: &[Mark], depth: usize) {
        let before = self.out.len();
        self.run(text, marks, depth + 1);
        if self.out.len() == before {
            self.word = text.iter().collect();
            self.flush(marks);
        }
    }

    fn image(&mut self, rest: &[char], marks: &[Mark]) -> usize {
        let line = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let Some(end) = find(rest, 1, &['!']).filter(|end| *end > 1 && *end < line) else { return 0 };
        let inside: String = rest.get(1..end).unwrap_or_default().iter().collect();
        let name = inside.split('|').next().unwrap_or_default().to_owned();
        // Exclamation marks in running text name no file.
        if !name.contains('.') || name.contains(' ') {
            return 0;
        }
        self.literal(marks, format!("!{inside}!"), name);
        end + 1
    }

    fn address(&mut self, rest: &[char], marks: &[Mark]) -> usize {
        let whole: String = rest
            .iter()
            .take_while(|c| !c.is_whitespace() && !matches!(c, '|' | ']' | '[' | '{' | '}' | '"' | '<' | '>' | '\\'))
            .collect();
        let address = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_']);
        let names_host = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))
            .is_some_and(|host| !host.is_empty());
        if !names_host || marks.iter().any(|mark| matches!(mark, Mark::Link(_))) {
            return 0;
        }
        self.flush(marks);
        let mut deeper = marks.to_vec();
        deeper.push(Mark::Link(address.to_owned()));
        self.word = address.to_owned();
        self.flush(&deeper);
        address.chars().count()
    }

    fn literal(&mut self, marks: &[Mark], source: String, plain: String) {
        self.flush(marks);
        self.out.push(Inline::Unknown(Literal { syntax: Syntax::Wiki, source, plain }));
    }
}

fn find(chars: &[char], from: usize, needle: &[char]) -> Option<usize> {
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

fn starts_word(chars: &[char], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| chars.get(before))
        .is_none_or(|before| !before.is_alphanumeric() && *before != '\\')
}

fn is_address(text: &str) -> bool {
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

/// Whether a backslash before it makes it plain.
pub(super) fn is_special(sign: char) -> bool {
    matches!(sign, '*' | '_' | '-' | '+' | '^' | '~' | '{' | '}' | '[' | ']' | '!' | '|' | '#' | '\\' | '?' | 'h' | 'b')
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(character) = chars.next() {
        match chars.peek() {
            Some(next) if character == '\\' && matches!(next, '{' | '}' | '\\') => {}
            _ => out.push(character),
        }
    }
    out
}
