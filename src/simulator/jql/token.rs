//! Text -> tokens, each with the place that Jira's messages name. Must never give a keyword a meaning: a quoted one is
//! a name.

use super::problem::JqlSyntaxError;

/// Words that must be quoted to be a name or a value (Atlassian, "Advanced searching: reserved words").
const RESERVED: &str = "\
    abort access add after alias all alter and any as asc audit avg before begin between boolean break by byte catch \
    cf changed char character check checkpoint collate collation column commit connect continue count create current \
    date decimal declare decrement default defaults define delete delimiter desc difference distinct divide do \
    double drop else empty encoding end equals escape exclusive exec execute exists explain false fetch file field \
    first float for from function go goto grant greater group having identified if immediate in increment index \
    initial inner inout input insert int integer intersect intersection into is isempty isnull join last left less \
    like limit lock long max min minus mode modify modulo more multiply next noaudit not notin nowait null number \
    object of on option or order outer output power previous prior privileges public raise raw remainder rename \
    resource return returns revoke right row rowid rownum rows select session set share size sqrt start strict \
    string subtract sum synonym table then to trans transaction trigger true uid union unique update user validate \
    values view was when whenever where while with";

/// Characters that may only stand in a string.
const RESERVED_CHARACTERS: &str = "{}*/%+^$#@?;";
/// Characters that end a word.
const SPECIAL: &str = "()[],=!<>~&|\"'";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lexeme {
    Word(String),
    Quoted(String),
    /// One of `( ) [ ] , = != ! ~ !~ < <= > >= && || & |`.
    Symbol(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) lexeme: Lexeme,
    pub(super) place: Place,
}

/// Where a token starts, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    character: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "(line {}, character {})", self.line, self.character)
    }
}

impl Token {
    /// How messages quote it.
    pub(super) fn text(&self) -> &str {
        match &self.lexeme {
            Lexeme::Word(text) | Lexeme::Quoted(text) => text,
            Lexeme::Symbol(symbol) => symbol,
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(&self.lexeme, Lexeme::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.lexeme, Lexeme::Symbol(text) if text == symbol)
    }

    pub(super) fn is_reserved(&self) -> bool {
        matches!(&self.lexeme, Lexeme::Word(text) if RESERVED.split(' ').any(|reserved| reserved.eq_ignore_ascii_case(text)))
    }
}

/// Splits a query into tokens.
///
/// # Errors
/// A reserved character, a bad escape, or a string without its end, in Jira's words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, JqlSyntaxError> {
    let mut reader = Reader { characters: text.chars().collect(), at: 0, line: 1, line_start: 0 };
    let mut tokens = Vec::new();
    while let Some(character) = reader.peek() {
        let place = reader.place();
        if character.is_whitespace() {
            reader.advance();
            continue;
        }
        let lexeme = if matches!(character, '"' | '\'') {
            Lexeme::Quoted(reader.string(character, place)?)
        } else if let Some(symbol) = reader.symbol() {
            Lexeme::Symbol(symbol)
        } else {
            Lexeme::Word(reader.word()?)
        };
        tokens.push(Token { lexeme, place });
    }
    Ok(tokens)
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    line: usize,
    line_start: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn place(&self) -> Place {
        Place { line: self.line, character: self.at - self.line_start + 1 }
    }

    fn advance(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        if character == '\n' {
            self.line += 1;
            self.line_start = self.at;
        }
        Some(character)
    }

    fn symbol(&mut self) -> Option<&'static str> {
        const SYMBOLS: [&str; 17] =
            ["!=", "!~", "<=", ">=", "&&", "||", "&", "|", "(", ")", "[", "]", ",", "=", "!", "<", ">"];
        let found = SYMBOLS.into_iter().chain(["~"]).find(|symbol| {
            symbol.chars().enumerate().all(|(offset, wanted)| self.characters.get(self.at + offset) == Some(&wanted))
        })?;
        self.at += found.len();
        Some(found)
    }

    fn word(&mut self) -> Result<String, JqlSyntaxError> {
        let mut word = String::new();
        while let Some(character) = self.peek() {
            if character.is_whitespace() || SPECIAL.contains(character) {
                break;
            }
            let place = self.place();
            if RESERVED_CHARACTERS.contains(character) {
                return Err(JqlSyntaxError::new(format!(
                    "The character '{character}' is a reserved JQL character. You must enclose it in a string or use the \
                     escape '\\u{:04x}' instead. {place}",
                    u32::from(character)
                )));
            }
            self.advance();
            word.push(if character == '\\' { self.escape(place)? } else { character });
        }
        Ok(word)
    }

    fn string(&mut self, quote: char, place: Place) -> Result<String, JqlSyntaxError> {
        self.advance();
        let mut string = String::new();
        loop {
            let here = self.place();
            match self.advance() {
                None => {
                    return Err(JqlSyntaxError::new(format!(
                        "The quoted string '{string}' has not been completed. {place}"
                    )));
                }
                Some(end) if end == quote => return Ok(string),
                Some('\\') => string.push(self.escape(here)?),
                Some(character) => string.push(character),
            }
        }
    }

    fn escape(&mut self, place: Place) -> Result<char, JqlSyntaxError> {
        let mut written = String::from("\\");
        let character = self.advance().inspect(|&character| written.push(character));
        let meant = match character {
            Some('t') => Some('\t'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some(same @ ('"' | '\'' | '\\' | ' ')) => Some(same),
            Some('u') => {
                let digits: String = self.characters.iter().skip(self.at).take(4).collect();
                self.at += digits.chars().count();
                written.push_str(&digits);
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).filter(|_| digits.len() == 4)
            }
            Some(_) | None => None,
        };
        meant.ok_or_else(|| {
            JqlSyntaxError::new(format!(
                "'{written}' is an illegal JQL escape sequence. The valid escape sequences are \\', \\\", \\t, \\n, \\r, \
                 \\\\, '\\ ' and \\uXXXX. {place}"
            ))
        })
    }
}
