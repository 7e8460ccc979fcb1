//! The first line of a copied comment, from the receiving side's template. Must never run unbounded, never name what the receiving side may
//! not see (the caller hands in only what it may), and never let what somebody is called be more than words in that line.

use std::borrow::Cow;

use minijinja::{Environment, UndefinedBehavior, context};

use crate::model::ids::SideId;

/// Steps that a template may take: far more than any sensible one needs.
const FUEL: u64 = 10_000;

/// The header when none is configured.
pub const DEFAULT_HEADER: &str = "{{ author.name }} ({{ side }}):";

/// Renders the header of a comment by `author` written on `side`.
///
/// # Errors
/// The template names something that is not there, or runs too long; in words.
pub fn render(template: &str, author: &str, side: &SideId) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let author = in_one_line(author);
    let values = context! { author => context! { name => author }, side => side.as_str() };
    environment.render_str(template, values).map_err(|error| error.to_string())
}

/// A name as it stands in a line of somebody else's text: what ends a line, acts on a terminal or turns the text round is a space.
#[must_use]
pub fn in_one_line(name: &str) -> Cow<'_, str> {
    let acts = |sign: char| {
        let turns = matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        sign.is_control() || turns || matches!(sign, '\u{2028}' | '\u{2029}')
    };
    if !name.contains(acts) {
        return Cow::Borrowed(name);
    }
    let words: Vec<&str> = name.split(acts).map(str::trim).filter(|word| !word.is_empty()).collect();
    Cow::Owned(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_author_and_side_and_nothing_unknown() {
        assert_eq!(render(DEFAULT_HEADER, "Jane", &"acme".into()).as_deref(), Ok("Jane (acme):"));
        assert!(render("{{ author.email }}", "Jane", &"acme".into()).is_err());
        assert!(render("{% for i in range(1000000) %}x{% endfor %}", "Jane", &"acme".into()).is_err());
    }

    #[test]
    fn a_name_is_words_in_one_line() {
        let name = "Ja\u{1b}[2Jne\r\n\r\n(acme):\u{2028}\u{202e}yes\u{7}";
        assert_eq!(render(DEFAULT_HEADER, name, &"acme".into()).as_deref(), Ok("Ja [2Jne (acme): yes (acme):"));
        assert!(matches!(in_one_line("Zoë  O'Neil"), Cow::Borrowed("Zoë  O'Neil")));
    }
}
