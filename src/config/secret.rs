//! Where secrets lie, and fetching them: `env:NAME`, `file:PATH`, `credential:NAME`. Must never repeat a secret or what may
//! be one: a token written into the file by mistake is masked wherever its line is shown.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use super::node::Cursor;
use super::problem::Findings;
use super::{Reading, SecretsWanted};
use crate::model::secret::Secret;

/// The directory that systemd puts credentials in.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The largest file that is read for a secret or a certificate, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// What the configuration asks of the world around it. Tests hand in their own, so that none has to set a variable.
pub trait Environment {
    /// A variable. `None`: not set, or not UTF-8.
    fn variable(&self, name: &str) -> Option<String>;

    /// A file's content and permissions.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, or is larger than a mebibyte.
    fn file(&self, path: &Path) -> io::Result<FileContent>;
}

/// A file as it was read.
pub struct FileContent {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits, as `chmod` takes them.
    pub mode: u32,
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnvironment;

impl Environment for SystemEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<FileContent> {
        // Asked before it is opened: opening a pipe would wait for somebody to write.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            bytes.zeroize();
            return Err(io::Error::other("it is larger than a mebibyte"));
        }
        Ok(FileContent { bytes, mode })
    }
}

enum Reference<'t> {
    Variable(&'t str),
    File(&'t str),
    Credential(&'t str),
}

fn reference(text: &str) -> Option<Reference<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    let plain = |extra: &str| {
        let known = |sign: char| sign.is_ascii_alphanumeric() || extra.contains(sign);
        !rest.is_empty() && rest.len() <= 255 && rest.chars().all(known) && rest.chars().any(|sign| sign != '.')
    };
    match scheme {
        "env" if plain("_") && !rest.starts_with(|sign: char| sign.is_ascii_digit()) => Some(Reference::Variable(rest)),
        "file" if !rest.trim().is_empty() && !rest.contains('\0') => Some(Reference::File(rest)),
        "credential" if plain("_-.") => Some(Reference::Credential(rest)),
        _ => None,
    }
}

/// Whether the text names a place of a secret, and may be shown.
pub(super) fn is_reference(text: &str) -> bool {
    reference(text).is_some()
}

/// Words that the key of a secret is made of.
const SECRET_WORDS: [&str; 5] = ["token", "password", "secret", "credential", "auth"];

/// Whether a key of that name may hold a secret.
pub(super) fn is_secret_word(key: &str) -> bool {
    let lower = key.to_lowercase();
    lower == "pat" || SECRET_WORDS.iter().any(|word| lower.contains(word))
}

/// Whether text at that path may be a secret written there by mistake: anywhere in an instance or in a table that nobody
/// knows, and under every key that is called so.
pub(super) fn may_lie_at(path: &str) -> bool {
    let mut parts = path.split(['.', '[']);
    let harmless = matches!(parts.next(), Some("daemon" | "sync"));
    !harmless || parts.any(is_secret_word)
}

/// Which signs a secret may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// Those that a header takes as they are.
    OfTokens,
    /// All but those that control: it is sent in another form.
    OfPasswords,
}

/// The token that the text at `cursor` names; an empty one where secrets are not wanted.
pub(super) fn resolve(reading: &Reading<'_>, cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Secret> {
    resolve_of(reading, cursor, Signs::OfTokens, findings)
}

/// The same of a secret that is made of such signs.
pub(super) fn resolve_of(
    reading: &Reading<'_>,
    cursor: &Cursor<'_>,
    signs: Signs,
    findings: &mut Findings<'_>,
) -> Option<Secret> {
    let text = cursor.text()?;
    let Some(reference) = reference(text) else {
        findings.mask(cursor.node.span.clone());
        let message = format!("`{}` names no place of a secret; a token itself is never written here", cursor.name);
        let help = "write `env:NAME`, `file:PATH` or `credential:NAME`; if this was a token, make a new one";
        findings.error(&cursor.spot, message, help);
        return None;
    };
    if reading.secrets == SecretsWanted::No {
        return Some(Secret::new(String::new()));
    }
    let found = match reference {
        Reference::Variable(name) => variable(reading, name),
        Reference::File(path) => file(reading, cursor, &reading.beside(path), findings),
        Reference::Credential(name) => match reading.environment.variable(CREDENTIALS_DIRECTORY) {
            Some(folder) => file(reading, cursor, &Path::new(&folder).join(name), findings),
            None => Err((
                format!("there is no credential `{name}`: ${CREDENTIALS_DIRECTORY} is not set"),
                format!("add `LoadCredential={name}:PATH` to the systemd unit; elsewhere use `env:` or `file:`"),
            )),
        },
    };
    match found.and_then(|text| clean(text, cursor.text().unwrap_or_default(), signs)) {
        Ok(secret) => Some(secret),
        Err((message, help)) => {
            findings.error(&cursor.spot, message, help);
            None
        }
    }
}

type Found<T> = Result<T, (String, String)>;

fn variable(reading: &Reading<'_>, name: &str) -> Found<String> {
    reading.environment.variable(name).ok_or_else(|| {
        let help = format!("set `{name}` where the daemon is started, or name another place");
        (format!("the environment variable `{name}` is not set, or is not UTF-8"), help)
    })
}

fn file(reading: &Reading<'_>, cursor: &Cursor<'_>, path: &Path, findings: &mut Findings<'_>) -> Found<String> {
    let shown = path.display();
    let content = reading.environment.file(path).map_err(|error| {
        (
            format!("the secret file `{shown}` cannot be read: {error}"),
            "create it, and let the daemon read it".to_owned(),
        )
    })?;
    check_mode(content.mode, path, cursor, findings);
    String::from_utf8(content.bytes).map_err(|error| {
        error.into_bytes().zeroize();
        (format!("the secret file `{shown}` is not UTF-8"), "write the token into it as plain text".to_owned())
    })
}

/// Who may read and write a file with a secret in it.
fn check_mode(mode: u32, path: &Path, cursor: &Cursor<'_>, findings: &mut Findings<'_>) {
    let shown = path.display();
    if mode & 0o002 != 0 {
        let message = format!("everybody may write the secret file `{shown}` (mode {mode:04o})");
        findings.error(&cursor.spot, message, format!("run `chmod 0600 {shown}`, and make a new token"));
    } else if mode & 0o004 != 0 {
        let message = format!("everybody may read the secret file `{shown}` (mode {mode:04o})");
        let help = format!("run `chmod 0600 {shown}`; Kubernetes mounts secrets so unless `defaultMode` is set");
        findings.warning(&cursor.spot, message, help);
    }
}

/// Without its trailing newline, and fit for being sent. `place` is the reference.
fn clean(mut text: String, place: &str, signs: Signs) -> Found<Secret> {
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    let (why, help) = if text.is_empty() {
        ("is empty", "put the token there")
    } else if signs == Signs::OfPasswords && text.chars().any(char::is_control) {
        ("holds line breaks or other signs that no password has", "put the password alone there, on one line")
    } else if signs == Signs::OfTokens && !text.chars().all(|sign| sign.is_ascii_graphic()) {
        ("holds white space or other signs that no token has", "put the token alone there, on one line")
    } else {
        return Ok(Secret::new(text));
    };
    text.zeroize();
    Err((format!("the secret at `{place}` {why}"), help.to_owned()))
}

/// A certificate file that can be read.
pub(super) fn certificate(reading: &Reading<'_>, cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<PathBuf> {
    let path = reading.beside(cursor.text()?);
    if reading.secrets == SecretsWanted::No {
        return Some(path);
    }
    let shown = path.display();
    let wrong = match reading.environment.file(&path) {
        Ok(content) if content.bytes.windows(22).any(|part| part == b"-----BEGIN CERTIFICATE") => None,
        Ok(_) => Some(format!("`{shown}` holds no certificate")),
        Err(error) => Some(format!("`{shown}` cannot be read: {error}")),
    };
    if let Some(message) = wrong {
        findings.error(&cursor.spot, message, "name a PEM file that begins with `-----BEGIN CERTIFICATE-----`");
        return None;
    }
    Some(path)
}

/// A file with a private key that can be read.
pub(super) fn private_key(reading: &Reading<'_>, cursor: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<PathBuf> {
    let path = reading.beside(cursor.text()?);
    if reading.secrets == SecretsWanted::No {
        return Some(path);
    }
    let shown = path.display();
    let wrong = match reading.environment.file(&path) {
        Ok(mut content) => {
            let is_key = String::from_utf8_lossy(&content.bytes).lines().any(|line| {
                line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY") && !line.contains("ENCRYPTED")
            });
            content.bytes.zeroize();
            if is_key {
                check_mode(content.mode, &path, cursor, findings);
            }
            (!is_key).then(|| format!("`{shown}` holds no private key that can be used"))
        }
        Err(error) => Some(format!("`{shown}` cannot be read: {error}")),
    };
    if let Some(message) = wrong {
        let help = "name a PEM file with `-----BEGIN PRIVATE KEY-----` in it, without a pass phrase";
        findings.error(&cursor.spot, message, help);
        return None;
    }
    Some(path)
}
