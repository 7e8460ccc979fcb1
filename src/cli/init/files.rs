//! Writing what was set up: the configuration, and a file for each token that nobody else may read, from its first moment on. Must never
//! write over a file unless told, nor leave half of the files behind.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::ask::InitError;
use crate::model::secret::Secret;

/// Who may read a token: its owner.
const SECRET_MODE: u32 = 0o600;
/// Who may look into its folder: the same.
const SECRET_FOLDER_MODE: u32 = 0o700;
/// Who may read the configuration.
const PLAIN_MODE: u32 = 0o644;

/// What may be written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overwrite {
    /// Nothing.
    Never,
    /// Files of these names.
    Asked,
}

/// Refuses where a file is that may not be written over.
pub(super) fn are_free<'p>(paths: impl IntoIterator<Item = &'p Path>, overwrite: Overwrite) -> Result<(), InitError> {
    for path in paths {
        if overwrite == Overwrite::Never && path.symlink_metadata().is_ok() {
            return Err(InitError::Exists { path: path.to_owned() });
        }
    }
    Ok(())
}

/// Makes the folder of the configuration, so that nobody answers for nothing.
pub(super) fn make_folder(config: &Path) -> Result<(), InitError> {
    let Some(folder) = config.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| InitError::Write { path: folder.to_owned(), source })
}

/// Writes the tokens, then the configuration. Where one fails, those that were new are taken away again.
pub(super) fn write(
    config: &Path,
    text: &str,
    secrets: &BTreeMap<PathBuf, Secret>,
    overwrite: Overwrite,
) -> Result<(), InitError> {
    let mut made: Vec<&Path> = Vec::new();
    let all = secrets.iter().map(|(path, secret)| (path.as_path(), secret.expose(), SECRET_MODE));
    for (path, content, mode) in all.chain([(config, text, PLAIN_MODE)]) {
        let written = folder_of(path, mode).and_then(|()| one(path, content.as_bytes(), mode, overwrite));
        match written {
            Ok(true) => made.push(path),
            Ok(false) => {}
            Err(source) => {
                // What cannot be taken away either is told by what failed first.
                made.iter().for_each(|path| drop(std::fs::remove_file(path)));
                let path = path.to_owned();
                let is_there = source.kind() == io::ErrorKind::AlreadyExists;
                return Err(if is_there { InitError::Exists { path } } else { InitError::Write { path, source } });
            }
        }
    }
    Ok(())
}

fn folder_of(path: &Path, mode: u32) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| mode == SECRET_MODE && !folder.is_dir()) else { return Ok(()) };
    DirBuilder::new().mode(SECRET_FOLDER_MODE).create(folder)
}

/// Says whether the file is new.
fn one(path: &Path, content: &[u8], mode: u32, overwrite: Overwrite) -> io::Result<bool> {
    let is_new = path.symlink_metadata().is_err();
    if overwrite == Overwrite::Never || is_new {
        filled(path, content, mode)?;
        return Ok(is_new);
    }
    // Beside it first: whoever reads meanwhile finds one or the other, and who may read the old one does not read the new one.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    filled(&beside, content, mode)?;
    std::fs::rename(&beside, path)?;
    Ok(false)
}

/// A file that was not there, made with its mode.
fn filled(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    if !content.ends_with(b"\n") {
        file.write_all(b"\n")?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn tokens_are_for_their_owner_and_nothing_is_written_over_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let (config, token) = (folder.path().join("j.toml"), folder.path().join("tokens/acme"));
        let secrets = |text: &str| BTreeMap::from([(token.clone(), Secret::new(text.to_owned()))]);
        write(&config, "a = 1\n", &secrets("one"), Overwrite::Never).unwrap();
        assert_eq!((mode(&token), mode(token.parent().unwrap())), (0o600, 0o700));
        let again = write(&config, "a = 2\n", &secrets("two"), Overwrite::Never);
        assert!(matches!(again, Err(InitError::Exists { .. })));
        assert_eq!(std::fs::read_to_string(&token).unwrap(), "one\n");
        // One that everybody could read is replaced by one that nobody else can.
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
        write(&config, "a = 2\n", &secrets("two"), Overwrite::Asked).unwrap();
        assert_eq!((mode(&token), std::fs::read_to_string(&config).unwrap().as_str()), (0o600, "a = 2\n"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_fails_leaves_no_token_behind() {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("tokens/acme");
        let secrets = BTreeMap::from([(token.clone(), Secret::new("one".to_owned()))]);
        let nowhere = folder.path().join("missing/j.toml");
        assert!(matches!(write(&nowhere, "a = 1\n", &secrets, Overwrite::Never), Err(InitError::Write { .. })));
        assert!(!token.exists());
        // A link that leads nowhere is a file of somebody's, too.
        let config = folder.path().join("j.toml");
        symlink(folder.path().join("gone"), &config).unwrap();
        assert!(are_free([config.as_path()], Overwrite::Never).is_err());
        assert!(write(&config, "a = 1\n", &secrets, Overwrite::Never).is_err() && !token.exists());
    }
}
