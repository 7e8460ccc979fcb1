//! The log as systemd's journal takes it: each event a datagram of fields (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>). No library is
//! used: those there are go past the formatter, which counts repetitions and knows no secret. Must never lose an event that
//! the journal does not take: it goes to standard error then.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use tracing_subscriber::fmt::MakeWriter;

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";
/// Bytes of a value that are sent: a datagram has to fit into the socket's buffer.
const LONGEST: usize = 16 * 1024;

/// Whether standard error goes to the journal, as systemd says it (`JOURNAL_STREAM`: device and inode).
pub(crate) fn is_read_by_the_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Some((device, inode)) = stream.split_once(':') else { return false };
    let (Ok(device), Ok(inode)) = (device.parse(), inode.parse()) else { return false };
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|there| (there.dev(), there.ino()) == (device, inode))
}

/// Sends what a JSON formatter writes; `W` gets what the journal does not take.
pub(super) struct Journal<W> {
    socket: Arc<Option<UnixDatagram>>,
    other: W,
}

impl<W> Journal<W> {
    pub(super) fn at(socket: &Path, other: W) -> Self {
        let connected = UnixDatagram::unbound().and_then(|unbound| unbound.connect(socket).map(|()| unbound));
        Self { socket: Arc::new(connected.ok()), other }
    }
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Journal<W> {
    type Writer = Sending<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Sending { socket: Arc::clone(&self.socket), other: self.other.make_writer() }
    }
}

/// Sends whole events: the formatter hands each over in one piece.
pub(super) struct Sending<W> {
    socket: Arc<Option<UnixDatagram>>,
    other: W,
}

impl<W: Write> Write for Sending<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let sent = match (&*self.socket, serde_json::from_slice::<Map<String, Value>>(event)) {
            (Some(socket), Ok(fields)) => socket.send(&datagram(&fields)).is_ok(),
            _ => false,
        };
        if !sent {
            self.other.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.other.flush()
    }
}

/// An event's fields as the journal has them. What was said of the item stands under `ITEM_…`.
fn datagram(event: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::new();
    let level = event.get("level").and_then(Value::as_str).unwrap_or_default();
    let priority = match level {
        "ERROR" => "3",
        "WARN" => "4",
        "INFO" => "6",
        _ => "7",
    };
    put(&mut out, "PRIORITY", priority);
    put(&mut out, "SYSLOG_IDENTIFIER", env!("CARGO_PKG_NAME"));
    for (name, value) in event.iter().filter(|(name, _)| !matches!(name.as_str(), "timestamp" | "level" | "span")) {
        put(&mut out, &field(name), &plain(value));
    }
    let span = event.get("span").and_then(Value::as_object);
    for (name, value) in span.into_iter().flatten().filter(|(name, _)| *name != "name") {
        put(&mut out, &format!("ITEM_{}", field(name)), &plain(value));
    }
    out
}

/// A name as the journal takes it: capitals, digits and `_`, a letter first.
fn field(name: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() { sign.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(sign).collect();
    name.trim_start_matches(|sign: char| !sign.is_ascii_alphabetic()).chars().take(60).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The form that takes every value, whatever signs it has: the name, its length in bytes, the value.
fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    let end = value.floor_char_boundary(LONGEST);
    let value = value.get(..end).unwrap_or_default();
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::tests::Kept;
    use super::*;

    /// What a datagram says.
    fn read(mut bytes: &[u8]) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (name, rest) = bytes.split_at(end);
            let (length, rest) = rest[1..].split_at(8);
            let length = u64::from_le_bytes(length.try_into().unwrap()) as usize;
            fields.insert(String::from_utf8(name.into()).unwrap(), String::from_utf8(rest[..length].into()).unwrap());
            bytes = &rest[length + 1..];
        }
        fields
    }

    fn say(socket: &Path) -> Kept {
        let kept = Kept::default();
        let other = kept.clone();
        let journal = Journal::at(socket, move || other.clone());
        let layer =
            tracing_subscriber::fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(journal);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _item = tracing::info_span!("item", id = "1a2b", keys = "SUP-1").entered();
            tracing::warn!(side = "acme", issue.key = "SUP-1", "two\nlines");
        });
        kept
    }

    #[test]
    fn an_event_is_a_datagram_of_fields() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = UnixDatagram::bind(&path).unwrap();
        let other = say(&path);
        let mut bytes = vec![0; 4_096];
        let count = journal.recv(&mut bytes).unwrap();
        let fields = read(&bytes[..count]);
        let field = |name: &str| fields.get(name).map(String::as_str);
        assert_eq!((field("MESSAGE"), field("PRIORITY")), (Some("two\nlines"), Some("4")));
        assert_eq!((field("SIDE"), field("ISSUE_KEY"), field("ITEM_ID")), (Some("acme"), Some("SUP-1"), Some("1a2b")));
        assert_eq!(field("SYSLOG_IDENTIFIER"), Some("jirasyncd"));
        assert!(
            fields.keys().all(|name| name.bytes().all(|sign| sign.is_ascii_uppercase() || sign == b'_')),
            "{fields:?}"
        );
        assert!(other.0.lock().unwrap().is_empty());
    }

    #[test]
    fn what_the_journal_does_not_take_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let other = say(&folder.path().join("nobody"));
        assert!(String::from_utf8(other.0.lock().unwrap().clone()).unwrap().contains("two\\nlines"));
    }
}
