//! Every command that a page names is one that the program takes: its words go through the program's own parser. Must never run one.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;

use super::arguments::Arguments;

/// A command as it stands in a page, and whether it is a whole one: within a sentence only its beginning may be named.
struct Named {
    whole: bool,
    words: String,
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = folder.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut all: Vec<PathBuf> = pages.chain([root.join("README.md")]).collect();
    all.sort();
    all
}

/// The commands in blocks, with or without a prompt, and those between backticks.
fn commands(page: &str) -> Vec<Named> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            let line = line.trim();
            let words = line.strip_prefix("$ ").unwrap_or(line);
            if words.starts_with("jirasyncd ") {
                found.push(Named { whole: true, words: words.to_owned() });
            }
        } else {
            let code = line.split('`').skip(1).step_by(2).filter(|code| code.starts_with("jirasyncd "));
            found.extend(code.map(|code| Named { whole: false, words: code.to_owned() }));
        }
    }
    found
}

/// What the shell would hand over: without what is done with the output, without a remark behind, and with something in each place
/// that is left open.
fn words(command: &str) -> Vec<String> {
    let command = [" > ", " | ", " # ", "  "].iter().fold(command, |rest, end| rest.split(end).next().unwrap_or(rest));
    let left_open = |word: &str| match word {
        "N" | "NUMBER" => "3".to_owned(),
        "KEY" | "{key}" => "SUP-1".to_owned(),
        _ => filled(word),
    };
    command.split_whitespace().filter(|word| !matches!(*word, "..." | "…")).map(left_open).collect()
}

/// `{side}:{key}`: a number in each place, which is a name and a number too.
fn filled(word: &str) -> String {
    let (mut out, mut rest) = (String::new(), word);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, behind)) = after.split_once('}') else { break };
        // Right behind a word of ours it is more words, or none.
        let more = before.ends_with(char::is_alphabetic);
        out = if more { format!("{out}{before}") } else { format!("{out}{before}5") };
        rest = behind;
    }
    out + rest
}

/// Why the program does not take it.
fn refused(command: &Named) -> Option<String> {
    let error = Arguments::try_parse_from(words(&command.words)).err()?;
    let unfinished = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::TooFewValues
            | ErrorKind::WrongNumberOfValues
    ) || (error.kind() == ErrorKind::InvalidValue && error.to_string().contains("none was supplied"));
    let answers = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let is_taken = answers || (unfinished && !command.whole);
    (!is_taken).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

#[test]
fn every_command_of_the_pages_is_one_that_the_program_takes() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in pages() {
        let text = fs::read_to_string(&path).unwrap();
        for command in commands(&text) {
            count += 1;
            if let Some(why) = refused(&command) {
                let page = path.file_name().unwrap_or_default().display();
                wrong.push(format!("{page}: `{}`: {why}", command.words));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count > 200, "only {count} commands were found");
}

#[test]
fn what_the_program_does_not_take_is_seen() {
    let said = |whole: bool, words: &str| refused(&Named { whole, words: words.to_owned() }).is_some();
    for wrong in
        ["jirasyncd stats", "jirasyncd status --jsn", "jirasyncd confirm SYNC many", "jirasyncd state save FILE"]
    {
        assert!(said(false, wrong) && said(true, wrong), "{wrong}");
    }
    assert!(said(true, "jirasyncd confirm SYNC") && !said(false, "jirasyncd confirm SYNC"));
    assert!(!said(true, "jirasyncd configurations 3 > third.toml"));
    assert!(!said(true, "jirasyncd merge {sync} {side}:{key} {side}:{key}"));
}
