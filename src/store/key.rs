//! The key of a state in a file of its own: with it a state that is lost is made anew. Must never write over anything, never let others than its
//! owner read it, and never repeat what it holds.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::open::folder_of;
use crate::model::secret::Secret;
use crate::model::store::StateIdentity;

/// What such a file begins with. Then come the daemon's id and the key, in hex digits.
const FORM: &str = "jirasyncd-state-key-1";
/// Bytes of the largest file that is read for one.
const LARGEST: u64 = 1_024;

/// Why a key was not written or read. Nothing of it is in here.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Something is there already.
    #[error("there is {path:?} already: a key is written over nothing; name another file, or move this one away")]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// Others than its owner may read it.
    #[error(
        "{path:?} may be read by others (mode {mode:o}): `chmod 600` it; whoever holds the key can read and forge every mark"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no such file.
    #[error("{path:?} is no key of a state: name a file that `jirasyncd state key` wrote")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The disk or its rights.
    #[error("could not {attempt} {path:?}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Writes the key of a state to a file that its owner alone may read, and that nothing lies at yet.
///
/// # Errors
/// See [`KeyError`].
pub fn write_key(path: &Path, identity: &StateIdentity) -> Result<(), KeyError> {
    let failed = |attempt| move |source| KeyError::File { attempt, path: path.to_owned(), source };
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(KeyError::Exists { path: path.to_owned() });
        }
        Err(error) => return Err(failed("make")(error)),
    };
    let key: String = identity.seal_key.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = Secret::new(format!("{FORM} {} {key}\n", identity.daemon));
    let written = file.write_all(text.expose().as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a key would pass for a key until it is needed.
        drop(std::fs::remove_file(path));
        return Err(failed("write")(error));
    }
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed("write"))
}

/// Reads what [`write_key`] wrote.
///
/// # Errors
/// See [`KeyError`].
pub fn read_key(path: &Path) -> Result<StateIdentity, KeyError> {
    let failed = |source| KeyError::File { attempt: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(KeyError::NoKey { path: path.to_owned() });
    }
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    let text = Secret::new(text);
    parsed(text.expose()).ok_or_else(|| KeyError::NoKey { path: path.to_owned() })
}

fn parsed(text: &str) -> Option<StateIdentity> {
    let mut words = text.split_ascii_whitespace();
    let (form, daemon, key) = (words.next()?, words.next()?, words.next()?);
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|sign| sign.is_ascii_hexdigit());
    if form != FORM || !hex(daemon, 32) || !hex(key, 64) || words.next().is_some() {
        return None;
    }
    let mut seal_key = [0; 32];
    for (byte, at) in seal_key.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(key.get(at..at + 2)?, 16).ok()?;
    }
    Some(StateIdentity { daemon: daemon.to_owned(), seal_key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_nothing_repeats_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let identity = StateIdentity { daemon: "0f".repeat(16), seal_key: [0xa7; 32] };
        write_key(&path, &identity).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = read_key(&path).unwrap();
        assert_eq!((&read.daemon, read.seal_key), (&identity.daemon, identity.seal_key));
        assert!(matches!(write_key(&path, &identity), Err(KeyError::Exists { .. })));
        let text = std::fs::read_to_string(&path).unwrap();
        let mut said = format!("{read:?}");
        for wrong in
            [text.replace("-1 ", "-2 "), text.replace("a7a7", "xyxy"), format!("{text} more"), text.replace('7', "")]
        {
            std::fs::write(&path, wrong).unwrap();
            let error = read_key(&path).unwrap_err();
            assert!(matches!(error, KeyError::NoKey { .. }), "{error}");
            said += &format!("{error} {error:?}");
        }
        std::fs::write(&path, &text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = read_key(&path).unwrap_err();
        assert!(matches!(error, KeyError::Open { mode: 0o640, .. }), "{error}");
        said += &format!("{error} {error:?}");
        assert!(!said.contains("a7a7") && !said.contains("167, 167"), "{said}");
    }
}
