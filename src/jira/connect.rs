//! The two ends of one instance. Must never send a request.

use std::sync::Arc;

use super::client::Client;
use super::login::LoginSources;
use super::transport::Transport;
use super::{JiraRead, JiraWrite, read, write};
use crate::clock::{Clock, Entropy};
use crate::model::settings::InstanceSettings;

/// The two ends of one instance. They share the login, the rate budget and what was learnt of the instance. No request is
/// sent yet; call [`JiraRead::identity`] first.
#[must_use]
pub fn connect(
    settings: &InstanceSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> (Arc<dyn JiraRead>, Arc<dyn JiraWrite>) {
    connect_with(settings, transport, clock, entropy, LoginSources::default())
}

/// The same with sources that the login is renewed from.
#[must_use]
pub fn connect_with(
    settings: &InstanceSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    sources: LoginSources,
) -> (Arc<dyn JiraRead>, Arc<dyn JiraWrite>) {
    let client = Arc::new(Client::new(settings, transport, clock, entropy, sources));
    (Arc::new(read::Reader(Arc::clone(&client))), Arc::new(write::Writer(client)))
}
