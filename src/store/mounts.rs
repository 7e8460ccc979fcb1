//! On what kind of file system a state lies, from what the system says of its mounts. Must never take a local disk for one of the network:
//! a daemon would not start.

use std::path::Path;

/// What the kernel calls file systems of the network on which SQLite's locks, or the memory that readers and the writer of a log share,
/// cannot be relied on: <https://www.sqlite.org/wal.html> ("all processes using a database must be on the same host computer").
const OF_THE_NETWORK: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "davfs",
    "fuse.sshfs",
    "fuse.davfs2",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.gcsfuse",
];

/// Whether two hosts may have it mounted, without locks that hold.
pub(super) fn is_of_the_network(kind: &str) -> bool {
    OF_THE_NETWORK.contains(&kind)
}

/// The kind of the file system that `folder` lies on, by the text of `/proc/self/mountinfo`: of the mounts that it lies below the deepest,
/// and of several at one place the last, which hides the others. `folder` is absolute and without links.
pub(super) fn file_system_of(mounts: &str, folder: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        // Mount, parent, device, root, place, options, any number of further fields, a dash, kind.
        let Some((fields, after)) = line.split_once(" - ") else { continue };
        let (Some(place), Some(kind)) = (fields.split(' ').nth(4), after.split(' ').next()) else { continue };
        let place = unescaped(place);
        let depth = Path::new(&place).components().count();
        if folder.starts_with(&place) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind.to_owned())
}

/// The kernel writes blanks and backslashes of a name as three octal digits.
fn unescaped(place: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(place.to_owned(), |place, (written, meant)| place.replace(written, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_102_the_deepest_mount_says_what_a_folder_lies_on() {
        let mounts = "30 21 0:40 / /var/lib rw,relatime shared:7 master:2 - xfs /dev/b rw\n\
                      31 30 0:41 / /var/lib/jirasyncd rw - nfs4 filer:/state rw,vers=4.2\n\
                      32 21 0:42 / /mnt/a\\040share rw - cifs //filer/share rw\n\
                      33 21 0:43 / /srv rw - nfs filer:/srv rw\n\
                      34 33 0:44 / /srv rw - ext4 /dev/c rw\n\
                      a line of another kind\n\
                      21 1 8:1 / / rw,relatime - ext4 /dev/root rw\n";
        let kind = |folder: &str| file_system_of(mounts, Path::new(folder));
        for (folder, expected) in [
            ("/var/lib/jirasyncd", "nfs4"),
            ("/var/lib/jirasyncd/deep", "nfs4"),
            ("/var/lib/jirasyncd-other", "xfs"),
            ("/mnt/a share", "cifs"),
            ("/srv/x", "ext4"),
            ("/home", "ext4"),
        ] {
            assert_eq!(kind(folder).as_deref(), Some(expected), "{folder}");
        }
        assert_eq!(file_system_of("", Path::new("/var")), None);
        for kind in ["nfs", "nfs4", "cifs", "fuse.sshfs"] {
            assert!(is_of_the_network(kind), "{kind}");
        }
        for kind in ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "9p", "virtiofs", "ext3"] {
            assert!(!is_of_the_network(kind), "{kind}");
        }
    }
}
