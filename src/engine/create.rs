//! A person says that an issue starts an item, whatever its side's scope. Must never start one from an issue that the sync user made (but for
//! one that its sync let go of and that somebody moved here), nor from one that an item holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pair::Decision;
use super::pair_find::names;
use super::recover::replica_of;
use super::scope::joined;
use super::{Engine, SyncRun};
use crate::model::command::{Answer, Effect, Ended, PairEffect};
use crate::model::hub::Replica;
use crate::model::ids::SideId;
use crate::model::settings::WhenLeft;
use crate::model::store::StoreError;
use crate::plan::{alone, would_tell};

impl Engine {
    /// Decides whether an issue starts an item by command.
    pub(super) async fn decide_create(&self, sync: &Arc<SyncRun>, named: &str) -> Result<Decision, StoreError> {
        let issue = match self.find_issue(sync, named).await? {
            Ok(issue) => issue,
            Err(why) => return Ok(Decision::refused(why)),
        };
        let key = &issue.key;
        let Some(row) = &issue.row else {
            let held = issue.held.as_ref().map(names).unwrap_or_default();
            return Ok(Decision::unchanged(format!("{key} is kept in step already: {held}")));
        };
        let (mut parted, mut keeps) = (Vec::new(), BTreeSet::new());
        if let Some(was) = &issue.held {
            if !was.is_unpaired() {
                return Ok(Decision::refused(format!(
                    "{key} was merged into another issue before, and is let be since"
                )));
            }
            let others: BTreeSet<SideId> = sync.settings.side_ids().cloned().collect();
            if let Some((origin, other)) = would_tell(&sync.settings, was, &issue.side, &others) {
                return Ok(Decision::refused(format!(
                    "people of {origin} wrote into {key} while it was in step with theirs, and {other} may not see that"
                )));
            }
            let mut was = was.clone();
            was.replicas.remove(&issue.side);
            keeps.extend(was.replicas.values().map(|replica| replica.key.to_string()));
            parted.push(was);
        }
        let is_ours = issue.instance.is_us(row.creator.as_ref().map(|creator| &creator.account));
        if is_ours && !self.is_let_go(sync, &issue.instance, row).await? {
            return Ok(Decision::refused(format!(
                "the sync user made {key}: it starts no item, but may be paired with another"
            )));
        }
        let stops = sync.settings.life.left == WhenLeft::Stop;
        let clause = sync.side(&issue.side).and_then(|side| side.jql.clone()).filter(|_| stops);
        if let Some(clause) = clause {
            let settings = sync.side(&issue.side).map(|side| side.project.clone()).unwrap_or_default();
            let found = issue.instance.patiently(issue.instance.read.matching(&settings, &clause, &[row.id])).await;
            if !found.is_ok_and(|found| found.contains(&row.id)) {
                return Ok(Decision::refused(format!(
                    "{key} does not match `jql` of its side, and with `life.left = \"stop\"` nothing is carried of what does not match"
                )));
            }
        }
        let mut item = alone(self.new_item(), &sync.settings, None);
        let scope = joined(&sync.settings, &issue.side, false);
        item.replicas.insert(issue.side.clone(), Replica { ours: false, scope, ..replica_of(row) });
        self.rows.take(issue.instance.id(), row.id);
        let mut lines =
            vec![format!("{key} ({}) starts an item: it is carried to every side where it belongs", issue.side)];
        if !keeps.is_empty() {
            let keeps: Vec<String> = keeps.into_iter().collect();
            lines.push(format!("{} stays alone; another counterpart is made for {key}", keeps.join(", ")));
        }
        lines.extend(self.says_whose(sync, &issue));
        let joined = vec![(issue.instance.id().clone(), row.id)];
        let effect = PairEffect { item, fence: None, parted, conflicts: Vec::new(), joined };
        let answer = Answer::new(Ended::Done, lines);
        Ok(Decision { answer, effect: Some(Effect::Pair(Box::new(effect))), held: Vec::new() })
    }
}
