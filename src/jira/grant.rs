//! The file that a grant lies in: refresh token and access token of now. Must never be readable by others, lose the one token before
//! the other is safe, nor be written by two at once.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::Failure;
use crate::model::secret::Secret;
use crate::model::settings::{Auth, InstanceSettings, Kind};

/// So often another process is waited for that holds the file.
const TRIES: u32 = 300;
/// How long each time.
const EACH: Duration = Duration::from_millis(100);
/// Room that is made sure of before a refresh token is used up, in bytes: more than any two tokens take.
const ROOM: usize = 32 * 1024;

/// How long a grant lasts on Cloud, however often it is used (jira-facts 2). Of Data Center no end is known.
const CLOUD_LASTS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What somebody granted, as of now.
#[derive(Clone)]
pub(super) struct Grant {
    /// Gets the next access token, once.
    pub(super) refresh: Secret,
    /// What requests log in with.
    pub(super) access: Secret,
    /// When that ends.
    pub(super) ends: Timestamp,
    /// When somebody granted it.
    pub(super) granted: Timestamp,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    refresh_token: String,
    access_token: String,
    access_token_ends: Timestamp,
    granted: Timestamp,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.refresh_token.zeroize();
        self.access_token.zeroize();
    }
}

/// The part of it that is no secret.
#[derive(Deserialize)]
struct Since {
    granted: Timestamp,
}

/// When access that somebody granted ends, used or not; `None`: nobody knows, nothing was granted, or the login is another one.
#[must_use]
pub fn grant_ends(settings: &InstanceSettings) -> Option<Timestamp> {
    let Auth::Grant(grant) = &settings.auth else { return None };
    if settings.kind != Kind::Cloud {
        return None;
    }
    let bytes = Zeroizing::new(std::fs::read(&grant.file).ok()?);
    let since: Since = serde_json::from_slice(&bytes).ok()?;
    since.granted.checked_add(CLOUD_LASTS).ok()
}

/// The file, held by this process until it is dropped.
pub(super) struct GrantFile {
    path: PathBuf,
    _held: File,
}

/// A place for the next grant, with room in it.
pub(super) struct GrantRoom {
    path: PathBuf,
    new: PathBuf,
    file: File,
}

impl GrantFile {
    /// Holds the file, when whoever else does has ended.
    ///
    /// # Errors
    /// The folder cannot be written, or somebody holds it for half a minute.
    pub(super) async fn hold(path: &Path) -> Result<Self, Failure> {
        let beside = with(path, ".lock");
        let held = open(&beside).and_then(|held| give_to_the_owner(&held, path).map(|()| held));
        let held = held.map_err(|error| broken(path, &error))?;
        for _ in 0..TRIES {
            match held.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_path_buf(), _held: held }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(EACH).await,
                Err(TryLockError::Error(error)) => return Err(broken(path, &error)),
            }
        }
        Err(broken(path, &io::Error::other("another process holds it")))
    }

    /// What it holds; `None`: nobody has granted anything yet.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub(super) fn read(&self) -> Result<Option<Grant>, Failure> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(broken(&self.path, &error)),
        };
        // The error of the reading may repeat what it read.
        let written: Written = serde_json::from_slice(&bytes)
            .map_err(|_| broken(&self.path, &io::Error::other("it does not hold what was written there")))?;
        Ok(Some(Grant {
            refresh: Secret::new(written.refresh_token.clone()),
            access: Secret::new(written.access_token.clone()),
            ends: written.access_token_ends,
            granted: written.granted,
        }))
    }

    /// Makes sure that the next grant can be kept.
    ///
    /// # Errors
    /// The disk is full, or the folder cannot be written.
    pub(super) fn room(&self) -> Result<GrantRoom, Failure> {
        let new = with(&self.path, ".new");
        let made = || {
            let mut file = open(&new)?;
            give_to_the_owner(&file, &self.path)?;
            file.set_len(0)?;
            file.write_all(&[b' '; ROOM])?;
            file.sync_all()?;
            Ok(file)
        };
        let file = made().map_err(|error: io::Error| broken(&self.path, &error))?;
        Ok(GrantRoom { path: self.path.clone(), new, file })
    }
}

impl GrantRoom {
    /// Keeps a grant in the place of the one before: after this it is there also when the machine loses its power.
    ///
    /// # Errors
    /// It could not be written; the one before is still there.
    pub(super) fn keep(mut self, grant: &Grant) -> Result<(), Failure> {
        self.write(grant).map_err(|error| broken(&self.path, &error))
    }

    fn write(&mut self, grant: &Grant) -> io::Result<()> {
        let written = Written {
            refresh_token: grant.refresh.expose().to_owned(),
            access_token: grant.access.expose().to_owned(),
            access_token_ends: grant.ends,
            granted: grant.granted,
        };
        let bytes = Zeroizing::new(serde_json::to_vec(&written)?);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)?;
        self.file.set_len(bytes.len() as u64)?;
        self.file.sync_all()?;
        std::fs::rename(&self.new, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A file that only we can read, and whoever made it cannot have left open to others.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// A command that root runs must not take the file away from the daemon: it stays with whoever has it, or has the folder.
fn give_to_the_owner(file: &File, path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (wanted, there) = match std::fs::metadata(path) {
        Ok(kept) => (kept, true),
        Err(_) => (std::fs::metadata(folder)?, false),
    };
    let ours = file.metadata()?;
    if (ours.uid(), ours.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    match std::os::unix::fs::fchown(file, Some(wanted.uid()), Some(wanted.gid())) {
        // A folder that several may write to says nothing of who the daemon is.
        Err(_) if !there || ours.uid() == wanted.uid() => Ok(()),
        other => other,
    }
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure::Unreachable(format!("the login is kept in `{}`, and that failed: {error}", path.display()))
}
