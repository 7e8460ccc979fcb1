//! What it takes to do what a plan says: requests, time, and what Jira may send mails about. Must never promise to be all: a
//! status, and what follows a hop, is planned when an issue is there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::engine::{Connections, Preview};
use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::model::operation::Action;
use crate::model::settings::{Kind, SyncSettings};
use crate::model::start::Window;

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
    /// How long all of them take at the present rate, pace and hours, in seconds.
    pub seconds: f64,
    /// The syncs whose hours have not come yet, and when they come.
    pub opens: Vec<(SyncId, Timestamp)>,
    /// Requests a second that are sent now at most.
    pub rate: f64,
    /// The writes that Jira may send mails about; of issues that are made, each counts.
    pub mails: u64,
}

#[derive(Debug, Default)]
struct Counts {
    made: u64,
    /// What each sync makes here, as far as it does so at a pace or in some hours.
    paced: BTreeMap<SyncId, Paced>,
    looked_at: u64,
    fetched: u64,
    writes: u64,
    mails: u64,
}

/// What a sync makes, and how.
#[derive(Debug, Default)]
struct Paced {
    /// How long it takes, in seconds of its hours.
    seconds: f64,
    window: Option<Window>,
}

impl Paced {
    /// How long it is from now until all is made, in seconds.
    fn takes(&self, now: Timestamp) -> f64 {
        self.window.as_ref().map_or(self.seconds, |window| window.takes(now, self.seconds))
    }

    fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        self.window.as_ref().map(|window| window.opens(now)).filter(|opens| *opens > now)
    }
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
        for operation in plan.operations.iter().chain(preview.then.iter().flat_map(|then| &then.operations)) {
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
        let start = &sync.start;
        if start.per_hour.is_some() || start.window.is_some() {
            #[expect(clippy::cast_precision_loss, reason = "no such pace is ever set")]
            let each = start.per_hour.map_or(0.0, |an_hour| 3_600.0 / an_hour as f64);
            // A counterpart is made once, however many sides of an instance it is made on.
            for instance in made.into_iter().filter_map(on).collect::<BTreeSet<_>>() {
                let paced = self.0.entry(instance).or_default().paced.entry(sync.id.clone()).or_default();
                paced.seconds += each;
                paced.window.clone_from(&start.window);
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
    pub(super) fn costs(self, connections: &Connections, now: Timestamp) -> Vec<Cost> {
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
            // The syncs make what they make beside one another.
            let seconds = counts.paced.values().map(|paced| paced.takes(now)).fold(seconds, f64::max);
            let opens =
                counts.paced.iter().filter_map(|(sync, paced)| Some((sync.clone(), paced.opens(now)?))).collect();
            Some(Cost { instance, writes, reads, seconds, opens, rate, mails: counts.mails })
        });
        costs.collect()
    }
}
