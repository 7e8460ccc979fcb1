//! The daemon's doors: health over TCP, health and status over the control socket, and how a command knocks at them. It must
//! never write to a Jira, and never show more than health to somebody who only reaches the port: it has no login yet.

mod ask;
mod escape;
mod hooks;
mod listen;
mod serve;
mod status;

use async_trait::async_trait;

pub use ask::{AskError, Health, ask_health, ask_status};
pub use escape::{escaped, escaped_json, escaped_lines};
pub use hooks::{Heard, HookAnswer, HookPath, HookReceiver, HookSink, PROBE_EVENT, Refused, probe, proof_of};
pub use listen::{BindError, Listeners, bind, control_socket, control_sockets};
pub use serve::serve;
pub use status::{HookStatus, InstanceStatus, ProblemStatus, Running, SHOWN_PROBLEMS, Status};

/// Who knows how the daemon is.
#[async_trait]
pub trait StatusSource: Send + Sync + 'static {
    /// All that `status` shows.
    ///
    /// # Errors
    /// The state could not answer, in words.
    async fn status(&self) -> Result<Status, String>;

    /// Whether the daemon does its work. Must answer at once, without asking a Jira.
    ///
    /// # Errors
    /// Why not, one reason per line. Shown to everybody who reaches the port: no names of issues or people.
    fn health(&self) -> Result<(), String>;
}
