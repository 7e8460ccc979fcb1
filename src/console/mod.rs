//! The daemon's doors: health and figures over TCP, health, status and commands over the control socket, and how a command knocks at
//! them. It must never write to a Jira, never name an issue or a person to somebody who only reaches the port (it has no login yet),
//! and never take a command from somebody whom the system does not name.

mod ask;
mod bound;
mod escape;
mod hooks;
mod listen;
mod metrics;
mod operator;
mod otlp;
mod serve;
mod status;
mod version;

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::model::command::{Answer, Command, Operator};

pub use ask::{AskError, Health, ask_command, ask_health, ask_status};
pub use escape::{escaped, escaped_json, escaped_lines};
pub use hooks::{Heard, HookAnswer, HookPath, HookReceiver, HookSink, PROBE_EVENT, Refused, probe, proof_of};
pub use listen::{BindError, Listeners, bind, control_socket, control_sockets};
pub use metrics::{InstanceMeasures, Measures, SideMeasures, metrics_document, metrics_page, seconds};
pub use operator::{operator, this_operator};
pub use otlp::{OTLP_CONTENT_TYPE, otlp_refused, otlp_request};
pub use serve::serve;
pub use status::{CreationStatus, HookStatus, InstanceStatus, ProblemStatus, Running, SHOWN_PROBLEMS, Status};
pub use version::{VERSION, commit, version};

/// What is asked for over the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The state that whoever asks means, as an absolute path: the daemon of another one must not take it.
    pub state: PathBuf,
    /// The command.
    pub command: Command,
}

/// Who knows how the daemon is, and takes commands.
#[async_trait]
pub trait StatusSource: Send + Sync + 'static {
    /// All that `status` shows.
    ///
    /// # Errors
    /// The state could not answer, in words.
    async fn status(&self) -> Result<Status, String>;

    /// Where its state is.
    fn state(&self) -> PathBuf;

    /// Carries a command out.
    ///
    /// # Errors
    /// The state could not answer, in words. Nothing was changed then.
    async fn command(&self, by: Operator, command: Command) -> Result<Answer, String>;

    /// Whether the daemon does its work. Must answer at once, without asking a Jira.
    ///
    /// # Errors
    /// Why not, one reason per line. Shown to everybody who reaches the port: no names of issues or people.
    fn health(&self) -> Result<(), String>;

    /// Whether it does all that it is there for: every instance was reached, and it is not about to stop. Must answer at once, without
    /// asking a Jira.
    ///
    /// # Errors
    /// Why not, one reason per line. Shown to everybody who reaches the port, too.
    fn readiness(&self) -> Result<(), String>;

    /// What `/metrics` tells.
    ///
    /// # Errors
    /// The state could not answer, in words.
    async fn measures(&self) -> Result<Measures, String>;
}
