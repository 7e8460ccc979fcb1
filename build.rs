//! Tells an optimised build from which commit it was made (`jirasyncd --version`), where whoever builds it does not say so himself by
//! `JIRASYNCD_COMMIT`. Must never fail a build, nor name a commit for sources that were changed since; builds for tests name none, lest each
//! commit build all of it anew.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=JIRASYNCD_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let is_told = std::env::var("JIRASYNCD_COMMIT").is_ok_and(|commit| !commit.trim().is_empty());
    let is_optimised = std::env::var("OPT_LEVEL").is_ok_and(|level| level != "0");
    if is_told || !is_optimised {
        return;
    }
    for part in ["HEAD", "index", "packed-refs", "refs/heads"] {
        let path = Path::new(".git").join(part);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changed| changed.is_empty());
    if let Some(commit) = git(&["rev-parse", "HEAD"]).filter(|commit| is_clean && !commit.is_empty()) {
        println!("cargo::rustc-env=JIRASYNCD_COMMIT={commit}");
    }
}

/// What git says; `None`: there is none, or this is no checkout.
fn git(words: &[&str]) -> Option<String> {
    let said = Command::new("git").args(words).output().ok().filter(|said| said.status.success())?;
    Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
