//! What people write where an issue is meant: its key, or the address that a browser shows. Must never take a number for a key: Jira
//! would take it for an id.

use super::ids::IssueKey;

/// The key in a text that is one: `SUP-1`, `sup-1`, `https://acme.example/browse/SUP-1?focusedId=7`.
#[must_use]
pub fn key_in(text: &str) -> Option<IssueKey> {
    let text = text.trim();
    let key = match text.split_once("/browse/") {
        Some((place, rest)) if place.starts_with("https://") || place.starts_with("http://") => {
            rest.split(['?', '#', '/']).next().unwrap_or_default()
        }
        Some(_) => return None,
        None => text,
    };
    let (project, number) = key.rsplit_once('-')?;
    let of_project = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits =
        project.bytes().all(of_project) && project.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
    let is_number = !number.is_empty() && number.len() < 19 && number.bytes().all(|byte| byte.is_ascii_digit());
    (fits && is_number).then(|| IssueKey::new(key.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_addresses_are_read_and_nothing_else() {
        for (text, key) in [
            ("SUP-1", "SUP-1"),
            (" sup-12 ", "SUP-12"),
            ("A_B2-3", "A_B2-3"),
            ("https://acme.example/jira/browse/ENG-7", "ENG-7"),
            ("http://acme.example/browse/ENG-7?focusedId=1#x", "ENG-7"),
        ] {
            assert_eq!(key_in(text), Some(IssueKey::from(key)), "{text}");
        }
        for text in
            ["", "10001", "SUP", "SUP-", "-1", "1A-2", "SUP-1 and more", "../x-1", "ftp://x/browse/SUP-1", "SUP-x1"]
        {
            assert_eq!(key_in(text), None, "{text}");
        }
    }
}
