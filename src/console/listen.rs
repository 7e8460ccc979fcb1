//! Where the daemon can be reached: the port and the control socket, bound before anything else begins. It must never take
//! a socket away from a daemon that lives, nor delete what is no socket.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::config::DaemonSettings;

/// The socket's name in its folder.
const NAME: &str = "control.sock";
/// Where systemd and the container image make the folder for it.
const USUAL: &str = "/run/jirasyncd/control.sock";
/// The owner and its group may use it: who may speak to the daemon is who may write this file.
const MODE: u32 = 0o660;
/// How long a daemon has to take a connection before its socket counts as one that is in use all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why the daemon cannot be reached where it should be.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The control socket.
    #[error("cannot listen on the control socket {path:?}")]
    Socket {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The bound doors. Dropped, they are closed and the socket's file is removed.
#[derive(Debug)]
pub struct Listeners {
    pub(super) tcp: TcpListener,
    pub(super) unix: UnixListener,
    pub(super) file: Arc<SocketFile>,
    path: PathBuf,
}

impl Listeners {
    /// The address that is listened on: with the port that the system chose, where 0 was asked for.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The same doors a second time: who knocks while nobody answers at the others waits, and is not turned away.
    ///
    /// # Errors
    /// The system has no room for them.
    pub fn again(&self) -> io::Result<Self> {
        let tcp = self.tcp.as_fd().try_clone_to_owned()?;
        let unix = self.unix.as_fd().try_clone_to_owned()?;
        Ok(Self {
            tcp: TcpListener::from_std(tcp.into())?,
            unix: UnixListener::from_std(unix.into())?,
            file: Arc::clone(&self.file),
            path: self.path.clone(),
        })
    }

    /// The same at other places: what is there already is kept open.
    ///
    /// # Errors
    /// A new place is in use or cannot be made.
    pub async fn moved(&self, address: SocketAddr, socket: &Path) -> Result<Self, BindError> {
        let failed = |source| BindError::Socket { path: socket.to_owned(), source };
        let mut doors = self.again().map_err(failed)?;
        let same = |bound: SocketAddr| bound == address || (address.port() == 0 && bound.ip() == address.ip());
        if !self.address().is_ok_and(same) {
            let bound = TcpListener::bind(address).await;
            doors.tcp = bound.map_err(|source| BindError::Listen { address, source })?;
        }
        if self.path != socket {
            make_room(socket).await.map_err(failed)?;
            let (unix, file) = bind_socket(socket).map_err(failed)?;
            (doors.unix, doors.file) = (unix, Arc::new(file));
            socket.clone_into(&mut doors.path);
        }
        Ok(doors)
    }
}

/// The file of our socket, as long as it is ours.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // By now another daemon may have put its own there.
        if fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Where the daemon's control socket is: where the configuration says, else in the folder that systemd made for us, else
/// beside the state.
#[must_use]
pub fn control_socket(daemon: &DaemonSettings) -> PathBuf {
    socket_in(daemon, std::env::var_os("RUNTIME_DIRECTORY").as_deref())
}

/// Where a command should look for a daemon of this configuration, the likeliest first. A command that a person starts
/// does not know the folder that systemd made. What answers there may be another daemon: compare its state.
#[must_use]
pub fn control_sockets(daemon: &DaemonSettings) -> Vec<PathBuf> {
    let mut found = vec![control_socket(daemon)];
    if daemon.socket.is_none() {
        found.extend([socket_in(daemon, None), PathBuf::from(USUAL)]);
        found.dedup();
    }
    found
}

fn socket_in(daemon: &DaemonSettings, runtime: Option<&OsStr>) -> PathBuf {
    if let Some(socket) = &daemon.socket {
        return socket.clone();
    }
    // systemd lists several folders with colons between them.
    let first = runtime.and_then(OsStr::to_str).and_then(|folders| folders.split(':').next());
    match first.filter(|folder| !folder.is_empty()) {
        Some(folder) => Path::new(folder).join(NAME),
        None => daemon.state.with_file_name(NAME),
    }
}

/// Binds the port and the control socket (mode 0660). The socket of a daemon that died is replaced.
///
/// # Errors
/// One of them is in use or cannot be made; then neither is bound.
pub async fn bind(address: SocketAddr, socket: &Path) -> Result<Listeners, BindError> {
    let failed = |source| BindError::Socket { path: socket.to_owned(), source };
    make_room(socket).await.map_err(failed)?;
    let tcp = TcpListener::bind(address).await.map_err(|source| BindError::Listen { address, source })?;
    let (unix, file) = bind_socket(socket).map_err(failed)?;
    Ok(Listeners { tcp, unix, file: Arc::new(file), path: socket.to_owned() })
}

/// Whether a socket may be put there.
async fn make_room(path: &Path) -> io::Result<()> {
    let file = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !file.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is something else, which was left as it is"));
    }
    match tokio::time::timeout(PATIENCE, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        Ok(_) | Err(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "a daemon that runs answers on it")),
    }
}

/// Made under another name and then moved, so that nobody can connect before the mode is set, and a dead one's is replaced.
fn bind_socket(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    if fs::symlink_metadata(&draft).is_ok_and(|file| file.file_type().is_socket()) {
        fs::remove_file(&draft)?;
    }
    let unix = UnixListener::bind(&draft)?;
    fs::set_permissions(&draft, Permissions::from_mode(MODE))?;
    fs::rename(&draft, path)?;
    let file = fs::symlink_metadata(path)?;
    Ok((unix, SocketFile { path: path.to_owned(), identity: (file.dev(), file.ino()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon(socket: Option<&str>) -> DaemonSettings {
        DaemonSettings {
            state: "/var/lib/x/state.db".into(),
            listen: ([127, 0, 0, 1], 0).into(),
            poll: Duration::from_secs(30),
            sweep: String::new(),
            socket: socket.map(PathBuf::from),
            unknown_copies: crate::model::settings::UnknownCopies::Hold,
            webhooks: None,
        }
    }

    #[test]
    fn the_socket_is_where_it_is_named_else_at_runtime_else_beside_the_state() {
        let named = daemon(Some("/run/a.sock"));
        assert_eq!(socket_in(&named, Some(OsStr::new("/run/b"))), Path::new("/run/a.sock"));
        assert_eq!(control_sockets(&named), [Path::new("/run/a.sock")]);
        let free = daemon(None);
        assert_eq!(socket_in(&free, Some(OsStr::new("/run/b:/run/c"))), Path::new("/run/b/control.sock"));
        assert_eq!(socket_in(&free, Some(OsStr::new(""))), Path::new("/var/lib/x/control.sock"));
        assert_eq!(socket_in(&free, None), Path::new("/var/lib/x/control.sock"));
    }
}
