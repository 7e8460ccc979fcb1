//! Tells an optimised build from which commit it was made (`jirasyncd --version`), where whoever builds it does not say so himself by
//! `JIRASYNCD_COMMIT`. Must never fail a build, nor name a commit for sources that were changed since, nor let a time or a machine in: two
//! builds of one commit are the same. Builds for tests name none, lest each commit build all of it anew.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=JIRASYNCD_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let (told, opt_level) = (std::env::var("JIRASYNCD_COMMIT").ok(), std::env::var("OPT_LEVEL").ok());
    if !is_looked_for(told.as_deref(), opt_level.as_deref()) {
        return;
    }
    for part in ["HEAD", "index", "packed-refs", "refs/heads"] {
        let path = Path::new(".git").join(part);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    if let Some(commit) = commit(git) {
        println!("cargo::rustc-env=JIRASYNCD_COMMIT={commit}");
    }
}

/// Whether the checkout is asked for its commit: nobody told one, and the build is for use.
pub(crate) fn is_looked_for(told: Option<&str>, opt_level: Option<&str>) -> bool {
    let is_told = told.is_some_and(|commit| !commit.trim().is_empty());
    !is_told && opt_level.is_some_and(|level| level != "0")
}

/// The commit of a checkout in which nothing was changed since. What git says is given by its words.
pub(crate) fn commit(git: impl Fn(&[&str]) -> Option<String>) -> Option<String> {
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changed| changed.is_empty());
    git(&["rev-parse", "HEAD"]).filter(|commit| is_clean && !commit.is_empty())
}

/// What git says; `None`: there is none, or this is no checkout.
fn git(words: &[&str]) -> Option<String> {
    let said = Command::new("git").args(words).output().ok().filter(|said| said.status.success())?;
    Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
