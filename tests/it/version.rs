//! What `jirasyncd --version` says, and what the build script puts into it. Must never build anything, nor take a commit for known that may be
//! another one.

#[path = "../../build.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "only what it decides is looked at; what it says is for cargo")]
mod build;

use std::process::Command;

const COMMIT: &str = "1f2e3d4c5b6a79880011223344556677aabbccdd";

/// What the binary of these tests says, with this in its environment.
fn said(environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jirasyncd"));
    let said = command.env_clear().envs(environment.iter().copied()).arg("--version").output().unwrap();
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

#[test]
fn the_version_is_the_release_and_the_commit_where_it_is_known() {
    let told = said(&[]);
    assert_eq!(told, format!("jirasyncd {}\n", jirasyncd::console::version()));
    let rest = told.strip_prefix(&format!("jirasyncd {}", env!("CARGO_PKG_VERSION"))).unwrap();
    let commit = rest.trim_end().strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    let is_commit =
        |commit: &str| (7..=12).contains(&commit.len()) && commit.bytes().all(|sign| sign.is_ascii_hexdigit());
    assert!(rest == "\n" || commit.is_some_and(is_commit), "{told:?}");
    assert_eq!(commit, jirasyncd::console::commit());
    // It is built in, and nothing of where or when it is asked.
    let elsewhere = said(&[("JIRASYNCD_COMMIT", COMMIT), ("SOURCE_DATE_EPOCH", "1"), ("TZ", "Asia/Tokyo")]);
    assert_eq!(elsewhere, told);
}

/// Whoever builds it says which commit it is of; else the checkout does, for a build that is for use.
#[test]
fn the_checkout_is_asked_where_nobody_tells_the_commit_of_an_optimised_build() {
    let looked_for = [
        (None, Some("3"), true),
        (Some(""), Some("3"), true),
        (Some(" \n"), Some("s"), true),
        (Some(COMMIT), Some("3"), false),
        (None, Some("0"), false),
        (None, None, false),
    ];
    for (told, level, wanted) in looked_for {
        assert_eq!(build::is_looked_for(told, level), wanted, "{told:?} {level:?}");
    }
}

/// A commit is named for its own sources alone, and the same one each time.
#[test]
fn a_commit_is_named_only_where_nothing_was_changed_since() {
    let checkout = |changed: Option<&'static str>, head: Option<&'static str>| {
        let git = move |words: &[&str]| {
            let said = if words.contains(&"status") { changed } else { head };
            said.map(str::to_owned)
        };
        build::commit(git)
    };
    assert_eq!(checkout(Some(""), Some(COMMIT)).as_deref(), Some(COMMIT));
    assert_eq!(checkout(Some(""), Some(COMMIT)), checkout(Some(""), Some(COMMIT)));
    assert_eq!(checkout(Some(" M src/main.rs"), Some(COMMIT)), None);
    assert_eq!(checkout(None, Some(COMMIT)), None, "no git, or no checkout");
    assert_eq!(checkout(Some(""), None), None);
    assert_eq!(checkout(Some(""), Some("")), None);
}

/// Two builds of one commit differ in nothing that the build script brings: it asks for nothing but these, and for no time.
#[test]
fn what_is_built_in_rests_on_the_commit_alone() {
    let source = include_str!("../../build.rs");
    let asked: Vec<&str> =
        source.split("env::var(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect();
    assert_eq!(asked, ["JIRASYNCD_COMMIT", "OPT_LEVEL"]);
    let given: Vec<&str> =
        source.split("rustc-env=").skip(1).map(|rest| rest.split('=').next().unwrap_or_default()).collect();
    assert_eq!(given, ["JIRASYNCD_COMMIT"]);
    for other in ["SystemTime", "Instant", "hostname", "env::vars", "env!", "var_os"] {
        assert!(!source.contains(other), "{other}");
    }
    // Nor does the version itself say more than these two.
    let version = include_str!("../../src/console/version.rs");
    assert!(!version.contains("SystemTime") && version.matches("env!(").count() == 2, "a release and a commit");
}
