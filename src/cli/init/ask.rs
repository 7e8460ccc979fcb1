//! What is asked, and who answers: a person at a terminal, or a file. Must never show what was answered where a token was asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::people::{Mapped, Pair};
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
    pub(super) fn of(text: String) -> Self {
        let text = zeroize::Zeroizing::new(text);
        let plain = text.trim();
        if crate::config::names_a_place(plain) {
            Self::At(plain.to_owned())
        } else {
            Self::Itself(Secret::new(plain.to_owned()))
        }
    }
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

    /// The PEM file of a private certificate authority. `needed`: the certificate is not trusted without one.
    fn ca_file(&mut self, about: &About, needed: bool) -> Result<Option<PathBuf>, InitError>;

    /// Cloud: the sync user's e-mail.
    fn user(&mut self, about: &About) -> Result<String, InitError>;

    /// The sync user's token.
    fn token(&mut self, about: &About, what: &str) -> Result<Token, InitError>;

    /// A project, by its place among those that are offered.
    fn project(&mut self, about: &About, offered: &[OfferedProject], proposed: usize) -> Result<usize, InitError>;

    /// Who is who.
    fn people(&mut self, sides: &[SidePeople], proposed: &[Pair]) -> Result<Vec<Cells>, InitError>;

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
