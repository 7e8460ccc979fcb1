//! Which build this is. Must never hold what differs from one build of the same commit to the next: no time, no machine.

use std::sync::LazyLock;

/// The release.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, where whoever built it said so in `JIRASYNCD_COMMIT`.
const COMMIT: Option<&str> = option_env!("JIRASYNCD_COMMIT");

/// How much of a commit is shown: enough to find it.
const SHOWN: usize = 12;

/// The beginning of the commit that it was built from, if that is known.
#[must_use]
pub fn commit() -> Option<&'static str> {
    shown(COMMIT?)
}

/// The release, and the commit where it is known: `0.1.0 (1f2e3d4c5b6a)`.
#[must_use]
pub fn version() -> &'static str {
    static WORDS: LazyLock<String> = LazyLock::new(|| in_words(commit()));
    &WORDS
}

fn in_words(commit: Option<&str>) -> String {
    commit.map_or_else(|| VERSION.to_owned(), |commit| format!("{VERSION} ({commit})"))
}

/// `None` for what is no commit: an empty build argument, say.
fn shown(commit: &str) -> Option<&str> {
    let commit = commit.trim();
    let is_one = commit.len() >= 7 && commit.bytes().all(|sign| sign.is_ascii_hexdigit());
    is_one.then(|| commit.get(..SHOWN).unwrap_or(commit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_shown_where_it_is_one() {
        assert_eq!(shown("1f2e3d4c5b6a79880011223344556677aabbccdd"), Some("1f2e3d4c5b6a"));
        assert_eq!(shown(" 1f2e3d4 \n"), Some("1f2e3d4"));
        for none in ["", "  ", "main", "1f2e", "unknown-commit"] {
            assert_eq!(shown(none), None, "{none:?}");
        }
        assert_eq!(in_words(Some("1f2e3d4")), format!("{VERSION} (1f2e3d4)"));
        assert_eq!(in_words(None), VERSION);
    }
}
