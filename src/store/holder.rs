//! Who holds a state that is busy, as far as the system tells. Must never wait for anybody, nor fail where it is not told.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rusqlite::{Connection, Error, ErrorCode};

use super::lock::beside;

/// The locks that processes hold, on Linux.
const LOCKS: &str = "/proc/locks";
/// The byte of the log's shared memory that the one who writes holds.
const WRITER: u64 = 120;

/// The same error; of one that says that somebody else writes, with who that is.
pub(super) fn named(connection: &Connection, error: Error) -> Error {
    let Error::SqliteFailure(failure, words) = &error else { return error };
    if failure.code != ErrorCode::DatabaseBusy {
        return error;
    }
    let path = connection.path().filter(|path| !path.is_empty()).map(Path::new);
    let Some(holder) = path.and_then(holder) else { return error };
    let words = words.as_deref().unwrap_or("database is locked");
    let said = format!("{words} by {holder}: end what it does there, or wait for it");
    Error::SqliteFailure(*failure, Some(said))
}

/// The process that writes the state at `path`, with its name where that may be seen.
fn holder(path: &Path) -> Option<String> {
    let memory = std::fs::metadata(beside(path, "-shm")).ok()?.ino();
    let pid = writer(&std::fs::read_to_string(LOCKS).ok()?, memory)?;
    let mut holder = format!("process {pid}");
    if let Ok(name) = std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        let _ = write!(holder, " (`{}`)", name.trim_end().escape_debug());
    }
    Some(holder)
}

/// The process that has the writer's byte of a file for itself, as the system lists it:
/// `1: POSIX  ADVISORY  WRITE 4242 08:01:131090 120 120`.
fn writer(locks: &str, file: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Who waits for a lock is listed below it, with an arrow.
        let [_, _, _, "WRITE", pid, place, first, last] = words.as_slice() else { return None };
        let inode: u64 = place.rsplit(':').next()?.parse().ok()?;
        let last = if *last == "EOF" { u64::MAX } else { last.parse().ok()? };
        let held = inode == file && first.parse::<u64>().ok()? <= WRITER && WRITER <= last;
        // A process of another container has no number here.
        held.then(|| pid.parse().ok().filter(|pid| *pid > 0)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "\
1: POSIX  ADVISORY  READ  7 08:01:42 128 128
2: POSIX  ADVISORY  WRITE 8 08:01:41 120 120
3: POSIX  ADVISORY  WRITE 9 08:01:42 121 121
3: -> POSIX  ADVISORY  WRITE 10 08:01:42 120 120
4: POSIX  ADVISORY  WRITE -1 08:01:43 120 120
5: FLOCK  ADVISORY  WRITE 11 08:01:44 0 EOF
6: POSIX  ADVISORY  WRITE 4242 08:01:42 120 120
";

    #[test]
    fn the_writer_is_who_holds_its_byte_of_that_file() {
        assert_eq!(writer(LISTED, 42), Some(4242));
        assert_eq!(writer(LISTED, 41), Some(8));
        assert_eq!(writer(LISTED, 43), None, "a process of another container");
        assert_eq!(writer(LISTED, 44), Some(11));
        assert_eq!(writer(LISTED, 45), None);
        assert_eq!(writer("", 42), None);
    }
}
