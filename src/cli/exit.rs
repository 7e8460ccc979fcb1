//! The exit codes: documented in docs/handbook.md, and asked for by systemd, cron and scripts. They must never change their meaning.

use std::process::ExitCode;

use serde::{Serialize, Serializer};

/// How a command ended. Later variants outweigh earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// Done with problems that a person should look at; or not done, since somebody said no or named what there is not; or this machine failed: the
    /// state, the disk, a port in use.
    Problems = 1,
    /// The configuration is wrong: starting again does not mend it.
    Configuration = 2,
    /// An instance refused or is out of reach.
    Instance = 3,
}

impl Exit {
    /// The number.
    pub(super) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}
