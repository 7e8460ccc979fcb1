//! What it takes to do what a plan says: requests, time, and what Jira may send mails about. Must never promise to be all: what follows
//! a creation or a hop is planned when that is done.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Connections, Preview};
use crate::model::ids::{InstanceId, SideId};
use crate::model::operation::Action;
use crate::model::settings::{Kind, SyncSettings};

/// Issues made by one request (jira-facts 5), and read by one on Cloud (jira-facts 4). Data Center reads each by itself.
const MADE_AT_ONCE: u64 = 50;
const READ_AT_ONCE: u64 = 100;

/// What is asked of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The instance.
    pub instance: InstanceId,
    /// The requests that write.
    pub writes: u64,
    /// Those that read right before, and the files that are fetched.
    pub reads: u64,
    /// How long all of them take at the present rate and pace, in seconds.
    pub seconds: f64,
    /// Requests a second that are sent now at most.
    pub rate: f64,
    /// The writes that Jira may send mails about; of issues that are made, each counts.
    pub mails: u64,
}

#[derive(Debug, Default)]
struct Counts {
    made: u64,
    /// How long the paces of the syncs let what is made take, in seconds.
    paced: f64,
    looked_at: u64,
    fetched: u64,
    writes: u64,
    mails: u64,
}

/// What was counted so far.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<InstanceId, Counts>);

impl Tally {
    /// Counts what a run would do with one item.
    pub(super) fn add(&mut self, sync: &SyncSettings, preview: &Preview) {
        let Some(plan) = &preview.plan else { return };
        let on = |side: &SideId| sync.side(side).map(|settings| settings.instance.clone());
        let (mut looked_at, mut made) = (BTreeSet::new(), BTreeSet::new());
        for operation in &plan.operations {
            let Some(instance) = on(&operation.side) else { continue };
            let counts = self.0.entry(instance).or_default();
            if matches!(operation.action, Action::Create { .. }) {
                counts.made += 1;
                made.insert(&operation.side);
                continue;
            }
            // A hop, and those that are known to follow it.
            let hop = matches!(operation.action, Action::Transition { .. });
            let onward = plan.onward.get(&operation.side).filter(|_| hop).map_or(0, Vec::len);
            counts.writes += 1 + onward as u64;
            // What changes the issue itself is held against a read; the rest stands beside it.
            if !operation.action.is_beside_the_fields() {
                looked_at.insert(&operation.side);
            }
            if let Action::AddFile { origin, .. } = &operation.action
                && let Some(instance) = on(origin)
            {
                self.0.entry(instance).or_default().fetched += 1;
            }
        }
        // A counterpart is made once, however many sides it is made on.
        if let Some(an_hour) = sync.start.per_hour {
            for instance in made.into_iter().filter_map(on) {
                #[expect(clippy::cast_precision_loss, reason = "no such pace is ever set")]
                let each = 3_600.0 / an_hour as f64;
                self.0.entry(instance).or_default().paced += each;
            }
        }
        for instance in looked_at.into_iter().filter_map(on) {
            self.0.entry(instance).or_default().looked_at += 1;
        }
        for (side, mails) in &preview.mails {
            if let Some(instance) = on(side) {
                self.0.entry(instance).or_default().mails += mails;
            }
        }
    }

    /// What that is for each instance.
    pub(super) fn costs(self, connections: &Connections) -> Vec<Cost> {
        let costs = self.0.into_iter().filter_map(|(instance, counts)| {
            let connection = connections.get(&instance)?;
            let writes = counts.writes + counts.made.div_ceil(MADE_AT_ONCE);
            let looks = match connection.settings.kind {
                Kind::Cloud => counts.looked_at.div_ceil(READ_AT_ONCE),
                Kind::DataCenter => counts.looked_at,
            };
            let reads = looks + counts.fetched;
            let rate = connection.read.budget().rate;
            #[expect(clippy::cast_precision_loss, reason = "no such number of requests is ever sent")]
            let seconds = if rate > 0.0 { (writes + reads) as f64 / rate } else { 0.0 };
            let seconds = seconds.max(counts.paced);
            Some(Cost { instance, writes, reads, seconds, rate, mails: counts.mails })
        });
        costs.collect()
    }
}
