//! The three simulated Jiras on free loopback ports, for as long as the stage stands. It must never listen elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::audit::Observed;
use super::party::Party;
use crate::clock::{Clock, Entropy};
use crate::simulator::{Jira, serve};

/// Three Jiras that answer over HTTP.
pub(super) struct Stage {
    pub(super) jiras: BTreeMap<Party, Jira>,
    pub(super) urls: BTreeMap<Party, String>,
    _running: DropGuard,
}

impl Stage {
    /// Starts them.
    ///
    /// # Errors
    /// What the operating system says about a port.
    pub(super) async fn open(clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> io::Result<Self> {
        let cancel = CancellationToken::new();
        let (mut jiras, mut urls) = (BTreeMap::new(), BTreeMap::new());
        for party in Party::ALL {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let url = format!("http://{}", listener.local_addr()?);
            let jira = Jira::new(&party.setup(&url), Arc::clone(clock), Arc::clone(entropy));
            // Ends with the token; whoever still talks then is cut off with the process.
            drop(tokio::spawn(serve(jira.clone(), listener, cancel.clone())));
            jiras.insert(party, jira);
            urls.insert(party, url);
        }
        Ok(Self { jiras, urls, _running: cancel.drop_guard() })
    }

    /// A look at all of them from above.
    pub(super) fn observe(&self) -> Vec<Observed> {
        self.jiras.iter().map(|(party, jira)| Observed::of(*party, jira)).collect()
    }
}
