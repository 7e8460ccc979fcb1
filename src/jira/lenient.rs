//! JSON as Jira sends it, not only as it should be. Must never change what is well formed.

use std::borrow::Cow;

/// The escape of the sign that stands for what is no character.
const REPLACEMENT: &[u8] = b"\\ufffd";

/// JSON in which halves of characters (`\ud83d` without its other half), which older Jiras cut off and keep, are `U+FFFD`: a
/// whole page of issues would be unreadable for one of them.
pub(super) fn whole_characters(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(sign) = json.get(at) {
        if *sign != b'\\' {
            at += 1;
            continue;
        }
        let Some(unit) = escape(json, at) else {
            // Any other escape takes two signs, so that `\\ud83d` is no escape of a character.
            at += 2;
            continue;
        };
        let low = |unit: u16| (0xdc00..=0xdfff).contains(&unit);
        if (0xd800..=0xdbff).contains(&unit) && escape(json, at + 6).is_some_and(low) {
            at += 12;
            continue;
        }
        if (0xd800..=0xdfff).contains(&unit) {
            out.extend_from_slice(json.get(kept..at).unwrap_or_default());
            out.extend_from_slice(REPLACEMENT);
            kept = at + 6;
        }
        at += 6;
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(json.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// The number of a `\u` escape that begins at `at`.
fn escape(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_replaced_and_nothing_else_is_changed() {
        for (json, whole) in [
            (r#"["a\ud83d b"]"#, r#"["a\ufffd b"]"#),
            (r#"["\udE00\uD83D\uDE00\ud83d"]"#, r#"["\ufffd\uD83D\uDE00\ufffd"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\\ud83d \u00e4 \n \ud83"]"#, r#"["\\ud83d \u00e4 \n \ud83"]"#),
            (r#"["\\\ud83d"]"#, r#"["\\\ufffd"]"#),
        ] {
            assert_eq!(whole_characters(json.as_bytes()), whole.as_bytes(), "{json}");
        }
        assert!(matches!(whole_characters(br#""\ud83d\ude00""#), Cow::Borrowed(_)));
    }
}
