//! A file of what plans were made from: a line that says what it is, and a line of JSON for each item. Must never write over a file that is
//! there, and never give a file with people's words to other users of the machine.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::preview::names;
use crate::console::version;
use crate::plan::{Plan, SavedInput, Violation, redacted};

/// The format that is written, and read.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Head {
    /// The format.
    jirasyncd_plans: u32,
    /// Which program wrote it.
    program: String,
    /// Whether other words stand for people's.
    redacted: bool,
    /// How many lines follow.
    items: usize,
}

/// What becomes of people's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Others stand for them.
    Replaced,
    /// They stay.
    Kept,
}

/// One plan that was made again.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The keys of its issues, by side.
    pub names: String,
    /// The plan.
    pub plan: Plan,
    /// What follows it once the issues are there that it makes, if it makes any.
    pub then: Option<Plan>,
    /// The rules of its own that it breaks.
    pub violations: Vec<Violation>,
}

/// A file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlansError {
    /// There is one already.
    #[error("there is a file {0:?} already: name another one, or take it away")]
    Exists(PathBuf),
    /// The file system refused.
    #[error("could not write {path:?}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file system refused.
    #[error("could not read {path:?}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It is something else.
    #[error("{0:?} does not begin as a file of `plan --save-input` does")]
    NotOne(PathBuf),
    /// It is of another release.
    #[error(
        "{path:?} was written by jirasyncd {program} in the format {format}, and this one reads {FORMAT}: read it with that release"
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Who wrote it.
        program: String,
        /// How.
        format: u32,
    },
    /// Its end is not there.
    #[error("{path:?} holds {found} of {items} items: it is cut off; copy it again, or have it written again")]
    Short {
        /// The file.
        path: PathBuf,
        /// How many are there.
        found: usize,
        /// How many were written.
        items: usize,
    },
    /// A line is not what it should be; the last one of a file that is cut off.
    #[error(
        "line {line} of {path:?} is not the input of a plan: the file is damaged, or of another release ({program})"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Which, from 1 on.
        line: usize,
        /// Who wrote it.
        program: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

/// Writes the inputs to a new file that its owner alone may read.
///
/// # Errors
/// The file is there, or cannot be written.
pub fn save_inputs(path: &Path, inputs: &[&SavedInput], words: Words) -> Result<(), SavedPlansError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            return SavedPlansError::Exists(path.to_owned());
        }
        SavedPlansError::Write { path: path.to_owned(), source }
    })?;
    let mut file = BufWriter::new(file);
    let mut write = || -> io::Result<()> {
        let is_redacted = words == Words::Replaced;
        let program = version().to_owned();
        let head = Head { jirasyncd_plans: FORMAT, program, redacted: is_redacted, items: inputs.len() };
        writeln!(file, "{}", serde_json::to_string(&head)?)?;
        for input in inputs {
            let line = if is_redacted { redacted(input)? } else { serde_json::to_string(input)? };
            writeln!(file, "{line}")?;
        }
        file.flush()
    };
    write().map_err(|source| SavedPlansError::Write { path: path.to_owned(), source })
}

/// Plans again what a file holds.
///
/// # Errors
/// It cannot be read, or is none of ours.
pub fn replay(path: &Path) -> Result<Vec<Replayed>, SavedPlansError> {
    let unread = |source| SavedPlansError::Read { path: path.to_owned(), source };
    let mut lines = BufReader::new(std::fs::File::open(path).map_err(unread)?).lines();
    let first = lines.next().transpose().map_err(unread)?.unwrap_or_default();
    let head: Head = serde_json::from_str(&first).map_err(|_| SavedPlansError::NotOne(path.to_owned()))?;
    let Head { jirasyncd_plans: format, program, items, .. } = head;
    if format != FORMAT {
        return Err(SavedPlansError::OtherFormat { path: path.to_owned(), program, format });
    }
    let replayed = |(number, line): (usize, io::Result<String>)| {
        let line = line.map_err(unread)?;
        let input: SavedInput = serde_json::from_str(&line).map_err(|source| SavedPlansError::Line {
            path: path.to_owned(),
            line: number + 2,
            program: program.clone(),
            source,
        })?;
        let (plan, then, violations) = input.replay();
        Ok(Replayed { names: names(input.item()), plan, then, violations })
    };
    let all = lines.enumerate().map(replayed).collect::<Result<Vec<_>, _>>()?;
    if all.len() < items {
        return Err(SavedPlansError::Short { path: path.to_owned(), found: all.len(), items });
    }
    Ok(all)
}
