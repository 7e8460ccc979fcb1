//! What the daemon tells about itself at its doors, and the commands that it takes there. Must never hold up the work.

use std::path::PathBuf;

use async_trait::async_trait;

use super::commands::absolute;
use super::{Daemon, StartError};
use crate::console::{
    BindError, InstanceStatus, Listeners, Measures, Running, Status, StatusSource, bind, control_socket, version,
};
use crate::model::command::{Answer, Command, Operator};
use crate::model::start::CreationFigures;
use crate::model::store::StoreError;

impl From<BindError> for StartError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Listen { address, source } => Self::Listen { address, source },
            BindError::Socket { path, source } => Self::Socket { path, source },
        }
    }
}

impl Daemon {
    /// Binds the port and the control socket: for a daemon that stays, not for one round.
    ///
    /// # Errors
    /// One of them is in use or cannot be made.
    pub async fn open_doors(&self) -> Result<Listeners, StartError> {
        Ok(bind(self.config.daemon.listen, &control_socket(&self.config.daemon)).await?)
    }

    /// The same for a daemon that takes the place of another one: doors that are open already are kept open.
    ///
    /// # Errors
    /// As [`Self::open_doors`].
    pub async fn keep_doors(&self, open: &Listeners) -> Result<Listeners, StartError> {
        let socket = control_socket(&self.config.daemon);
        Ok(open.moved(self.config.daemon.listen, &socket).await?)
    }

    /// How it is.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn status(&self) -> Result<Status, StoreError> {
        let now = self.surroundings.clock.now();
        let mut status = Status::of_state(&*self.store, &self.config.daemon.state, &self.config.instances, now).await?;
        status.running = Some(Running { version: version().to_owned(), pid: std::process::id(), since: self.since });
        for creations in &mut status.creations {
            let CreationFigures { sync, queued, .. } = &creations.figures;
            creations.pace = self.engine.creation_pace(sync, *queued);
        }
        status.instances.iter_mut().for_each(|instance| self.add_what_it_saw(instance));
        Ok(status)
    }

    /// Adds to what the state knows of an instance what this process saw.
    pub(super) fn add_what_it_saw(&self, instance: &mut InstanceStatus) {
        let record = self.poll_record(&instance.name);
        instance.paused = self.engine.paused(&instance.name);
        instance.polled_at = record.last_good;
        instance.last_error = record.error;
        instance.untagged = self.engine.is_untagged(&instance.name);
        instance.webhooks = self.hook_status(&instance.name);
        instance.budget = self.engine.budget(&instance.name);
        instance.ends = self.login_ends(&instance.name);
    }
}

#[async_trait]
impl StatusSource for Daemon {
    async fn status(&self) -> Result<Status, String> {
        Self::status(self).await.map_err(|error| error.to_string())
    }

    fn state(&self) -> PathBuf {
        absolute(&self.config.daemon.state)
    }

    async fn command(&self, by: Operator, command: Command) -> Result<Answer, String> {
        Self::command(self, by, command).await.map_err(|error| error.to_string())
    }

    fn health(&self) -> Result<(), String> {
        self.is_alive()
    }

    fn readiness(&self) -> Result<(), String> {
        self.is_ready()
    }

    async fn measures(&self) -> Result<Measures, String> {
        Self::measures(self).await.map_err(|error| error.to_string())
    }
}
