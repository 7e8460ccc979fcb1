//! Two simulated Jiras on the loopback, a configuration for them, and the binary run against it. Whatever is run here is
//! searched for the tokens: none may ever be printed.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jirasyncd::clock::{SeededEntropy, SystemClock};
use jirasyncd::simulator::{Credential, Jira, Setup, presets, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The sync users' tokens: words that mean nothing else.
pub(crate) const ACME_TOKEN: &str = "canary-acme-0c7f2e";
pub(crate) const GLOBEX_TOKEN: &str = "canary-globex-b81d44";

/// A port of the loopback that nothing listens on. Below those that a system hands out by itself (Linux: from 32768), so no other
/// test that asks for any port gets it in the meantime; and apart from what another process of these tests asks for.
pub(crate) fn free_port() -> u16 {
    static ASKED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    for _ in 0..1000 {
        let nth = ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let port = u16::try_from(20_000 + (std::process::id() * 7 + nth) % 12_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("a thousand ports are all in use");
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Everything on stdout as one JSON value.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The exit code, and parts of what was said.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for part in parts {
            assert!(self.all().contains(part), "`{part}` is not in:\n{}", self.all());
        }
        self
    }
}

/// A folder with `jirasyncd.toml` in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("jirasyncd.toml"), configuration).unwrap();
        Self { folder }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with these arguments and this configuration, in an otherwise empty environment.
    pub(crate) fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jirasyncd"));
        command
            .env_clear()
            .env("ACME_TOKEN", ACME_TOKEN)
            .env("GLOBEX_TOKEN", GLOBEX_TOKEN)
            .args(words)
            .arg("--config")
            .arg(self.file("jirasyncd.toml"));
        command
    }

    /// The files here whose bytes hold these.
    pub(crate) fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        files.filter(|path| std::fs::read(path).unwrap().windows(bytes.len()).any(|part| part == bytes)).collect()
    }

    /// No file here holds a token: neither the state, nor its `-wal`, nor a backup of it, nor a log; and not as it is sent either.
    #[track_caller]
    pub(crate) fn holds_no_token(&self) {
        let sent = BASE64.encode(format!("sync@acme.example:{ACME_TOKEN}"));
        for token in [ACME_TOKEN, GLOBEX_TOKEN, &sent] {
            let files = self.files_with(token.as_bytes());
            assert!(files.is_empty(), "a token is in {files:?}");
        }
    }

    pub(crate) async fn run(&self, words: &[&str]) -> Said {
        said(self.command(words)).await
    }
}

/// Runs a command to its end. No token may be in what it says.
pub(crate) async fn said(command: std::process::Command) -> Said {
    let mut command = assert_cmd::Command::from_std(command);
    command.timeout(std::time::Duration::from_secs(60));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = Said {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!said.all().contains("canary"), "a token was printed: {said:?}");
    said
}

/// Two Jiras that answer, until dropped.
pub(crate) struct World {
    pub(crate) acme: Jira,
    pub(crate) globex: Jira,
    cancel: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// The presets, changed before they start.
    pub(crate) async fn with(change: impl FnOnce(&mut Setup, &mut Setup)) -> Self {
        let cancel = CancellationToken::new();
        let listeners =
            [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
        let urls = [0, 1].map(|index: usize| format!("http://{}", listeners[index].local_addr().unwrap()));
        let mut setups = [presets::acme(&urls[0]), presets::globex(&format!("{}/jira", urls[1]))];
        setups[0].users[0].credentials = vec![Credential::ApiToken(ACME_TOKEN.into())];
        setups[1].users[0].credentials = vec![Credential::Pat(GLOBEX_TOKEN.into())];
        let [acme, globex] = &mut setups;
        change(acme, globex);
        let [acme, globex] =
            setups.map(|setup| Jira::new(&setup, Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(1))));
        for (jira, listener) in [&acme, &globex].into_iter().zip(listeners) {
            tokio::spawn(serve(jira.clone(), listener, cancel.clone()));
        }
        Self { acme, globex, cancel }
    }

    /// A configuration that fits, its state in the folder beside it, its port chosen by the system.
    pub(crate) fn configuration(&self) -> String {
        configuration(&self.acme.base_url(), &self.globex.base_url())
    }

    pub(crate) fn place(&self) -> Place {
        Place::new(&self.configuration())
    }

    /// The configuration with one part replaced.
    pub(crate) fn place_with(&self, part: &str, by: &str) -> Place {
        let text = self.configuration();
        assert!(text.contains(part), "{part}");
        Place::new(&text.replace(part, by))
    }
}

pub(crate) fn configuration(acme: &str, globex: &str) -> String {
    format!(
        r#"[daemon]
state = "sqlite:state.db"
listen = "127.0.0.1:0"

[instance.acme]
kind = "cloud"
url = "{acme}"
auth = {{ method = "api-token", user = "sync@acme.example", token = "env:ACME_TOKEN" }}

[instance.globex]
kind = "data-center"
url = "{globex}"
auth = {{ method = "bearer", token = "env:GLOBEX_TOKEN" }}

[sync.support]
home = "acme"
side.acme = {{ instance = "acme", project = "SUP" }}
side.globex = {{ instance = "globex", project = "ENG", sees = ["acme"] }}

[sync.support.map]
issue-type = [ {{ acme = "Bug", globex = "Defect" }}, {{ acme = ["Task", "Story"], globex = "Task" }} ]
status = [ {{ acme = ["To Do", "Backlog"], globex = "Open" }}, {{ acme = "Done", globex = "Closed" }} ]
priority = [ {{ acme = "Highest", globex = "P1" }} ]
users = [ {{ acme = "jane@acme.example", globex = "jdoe" }} ]

[sync.support.fields]
summary = "both"
description = "both"

[sync.support.comments]
unrestricted = "both"
"#
    )
}
