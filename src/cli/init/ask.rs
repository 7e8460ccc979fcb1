//! What is asked, and who answers: a person at a terminal, or a file. Must never show what was answered where a secret was asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::people::{Mapped, Pair};
use super::ways::{Asked, Way};
use crate::cli::exit::Exit;
use crate::jira::choices::OfferedProject;
use crate::model::secret::Secret;

/// Which Jira a question is about.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// Its number, from 1.
    pub(super) nth: usize,
    /// What it is called meanwhile.
    pub(super) called: String,
}

impl About {
    /// The name of a question about it, as a file of answers has it.
    pub(super) fn question(&self, key: &str) -> String {
        format!("instances[{}].{key}", self.nth)
    }
}

/// What was answered where a token was asked for.
#[derive(Debug, Clone)]
pub(super) enum Token {
    /// Where it lies: `env:NAME`, `file:PATH`, `credential:NAME`.
    At(String),
    /// The token.
    Itself(Secret),
}

impl Token {
    /// What was typed: a place, or the secret itself. One that begins as a place does and names none is taken for none either: it is told when
    /// the configuration is read.
    pub(super) fn of(text: String) -> Self {
        let text = zeroize::Zeroizing::new(text);
        let plain = text.trim();
        let begins = ["env:", "file:", "credential:"].into_iter().any(|word| plain.starts_with(word));
        if begins || crate::config::names_a_place(plain) {
            Self::At(plain.to_owned())
        } else {
            Self::Itself(Secret::new(plain.to_owned()))
        }
    }
}

/// What an instance needs to be reached, by all appearances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing yet: whoever knows says so.
    Nothing,
    /// The PEM file of a private certificate authority.
    Authority,
    /// A certificate of this machine.
    Certificate,
    /// A proxy: nobody answers, for this reason.
    Proxy(String),
}

/// How an instance is reached beside its URL.
#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    /// PEM file of a private certificate authority.
    pub(super) ca_file: Option<PathBuf>,
    /// PEM files of this machine's certificate, and of its key where that is another one.
    pub(super) certificate: Option<(PathBuf, Option<PathBuf>)>,
    /// The proxy's URL, and user and password there.
    pub(super) proxy: Option<(String, Option<(String, Token)>)>,
}

/// The people of a side, and what the side is called.
pub(super) type SidePeople = (String, Vec<Mapped>);

/// Accounts of one person: by side, what the configuration writes.
pub(super) type Cells = BTreeMap<usize, String>;

/// Answers questions.
pub(super) trait Asker {
    /// The address of a Jira; `None`: there is no further one.
    fn url(&mut self, nth: usize) -> Result<Option<String>, InitError>;

    /// What the instance is called.
    fn name(&mut self, about: &About, proposed: &str) -> Result<String, InitError>;

    /// Adds to how the instance is reached, for what it needs by all appearances. Says whether there was anything to add.
    fn network(&mut self, about: &About, need: &Need, known: &mut Network) -> Result<bool, InitError>;

    /// The way to log in. `None`: the usual one.
    fn way(&mut self, about: &About, ways: &'static [Way], other: bool) -> Result<Option<Way>, InitError>;

    /// The gateway's URL for the site.
    fn gateway(&mut self, about: &About, proposed: Option<&str>) -> Result<String, InitError>;

    /// What a way to log in asks. Nothing: another way is meant.
    fn plain(&mut self, about: &About, asked: &Asked) -> Result<String, InitError>;

    /// The same of what must not be shown. `None`: another way is meant.
    fn secret(&mut self, about: &About, asked: &Asked) -> Result<Option<Token>, InitError>;

    /// What was said beside it.
    fn beside(&self, about: &About, key: &str) -> Option<String>;

    /// Where the browser was sent, as somebody pastes it. Nothing: it came here by itself.
    fn pasted(&mut self) -> Result<String, InitError>;

    /// A project, by its place among those that are offered.
    fn project(&mut self, about: &About, offered: &[OfferedProject], proposed: usize) -> Result<usize, InitError>;

    /// Who is who.
    fn people(&mut self, sides: &[SidePeople], proposed: &[Pair]) -> Result<Vec<Cells>, InitError>;

    /// Whether nothing is to be written in any case.
    fn only_shows(&self) -> bool {
        false
    }

    /// Whether what was shown is to be written.
    fn agreed(&mut self) -> Result<bool, InitError>;

    /// Whether a question may be asked again where the answer was of no use.
    fn asks_again(&self) -> bool;
}

/// Why nothing was set up. Nothing was written to any Jira.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum InitError {
    /// There is a file already.
    #[error("there is `{}` already, and it is not overwritten", path.display())]
    Exists {
        /// It.
        path: PathBuf,
    },
    /// A file or folder cannot be made.
    #[error("could not write `{}`: {source}", path.display())]
    Write {
        /// It.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The answers cannot be read.
    #[error("the answers in `{}` cannot be read: {why}", path.display())]
    Answers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// An answer is missing.
    #[error("the answers in `{}` have no `{name}`: {what}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The question's name.
        name: String,
        /// What it asks.
        what: String,
    },
    /// An answer is of no use.
    #[error("`{name}` is of no use: {why}")]
    Useless {
        /// The question's name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// There is nobody to be asked.
    #[error("there is no terminal to ask at")]
    NoTerminal,
    /// Whoever was asked stopped.
    #[error("stopped: nothing was written")]
    Stopped,
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Terminal(String),
    /// There is no Jira where one should be.
    #[error(transparent)]
    Find(#[from] crate::jira::choices::FindError),
    /// A Jira has nothing to choose from.
    #[error("the sync user of `{instance}` sees no project there")]
    NoProject {
        /// Its name.
        instance: String,
    },
}

impl InitError {
    /// The exit code, and what to do.
    pub(in crate::cli) fn judged(&self) -> (Exit, Option<&'static str>) {
        match self {
            Self::Exists { .. } => {
                (Exit::Configuration, Some("name another file with `--config`, or say `--overwrite`"))
            }
            Self::Write { .. } => (Exit::Problems, Some("name a place that you may write to with `--config`")),
            Self::Answers { .. } | Self::Missing { .. } | Self::Useless { .. } => {
                (Exit::Configuration, Some("docs/setup.md shows a whole file of answers"))
            }
            Self::NoTerminal => {
                (Exit::Configuration, Some("answer with `--answers FILE`; docs/setup.md shows a whole one"))
            }
            Self::Stopped | Self::Terminal(_) => (Exit::Problems, None),
            Self::Find(_) => (
                Exit::Instance,
                Some(
                    "name Jira's base URL, context path included; see that it is up, and that this machine may reach it",
                ),
            ),
            Self::NoProject { .. } => (Exit::Instance, Some("let the sync user browse the project (Browse Projects)")),
        }
    }
}
