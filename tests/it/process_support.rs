//! The real binary as a child of the test: started, waited for, told to stop, killed. Must never signal a process that it did
//! not start, nor leave one behind.

use std::fs::File;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::Instant;

use super::cli_world::Place;

/// How long a daemon is given to say that it is ready, on a machine that does other things too.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How often a child is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A daemon that was started.
pub(crate) struct Running {
    child: Child,
    told: UnixDatagram,
    began: Instant,
    log: std::path::PathBuf,
}

impl Running {
    /// Starts `run` in a place, its log in a file there. Does not wait for it.
    pub(crate) fn start(place: &Place, number: usize) -> Self {
        let (socket, log) = (place.file(&format!("notify-{number}")), place.file(&format!("log-{number}")));
        let told = UnixDatagram::bind(&socket).unwrap();
        let mut command = place.command(&["run"]);
        command.env("JIRASYNCD_LOG_FORMAT", "text").env("NOTIFY_SOCKET", &socket).stderr(File::create(&log).unwrap());
        let began = Instant::now();
        Self { child: command.spawn().unwrap(), told, began, log }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it says `READY=1`. Returns how long that took since it was started.
    pub(crate) async fn ready(&self) -> Duration {
        let mut buffer = [0; 512];
        let heard = tokio::time::timeout(READY_WITHIN, self.told.recv(&mut buffer)).await;
        let length = heard.unwrap_or_else(|_| panic!("never ready:\n{}", self.log())).unwrap();
        let took = self.began.elapsed();
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(said.starts_with("READY=1"), "{said}");
        took
    }

    /// Kills it as a power cut would (SIGKILL), and waits until it is gone. Says whether it was alive until then.
    pub(crate) fn kill(mut self) -> bool {
        let alive = self.child.try_wait().unwrap().is_none();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        alive
    }

    /// Tells it to stop (SIGTERM). Returns how it ended, how long that took, and what it had logged.
    pub(crate) async fn terminate(mut self, within: Duration) -> (ExitStatus, Duration, String) {
        let told = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(told.success(), "it was gone already:\n{}", self.log());
        let began = Instant::now();
        while began.elapsed() < within {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed(), self.log());
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("still there {within:?} after it was told to stop:\n{}", self.log());
    }

    /// A figure of `/proc/PID/status`, in KiB.
    pub(crate) fn memory_kib(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find(|line| line.split(':').next() == Some(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
