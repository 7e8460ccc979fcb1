//! Why an issue begins no item, for whoever asks about it by its key. Must only ask, and never decide: what begins is decided by
//! `engine::admit` alone.

use super::Engine;
use super::admit::matching;
use super::instance::Instance;
use super::sync_run::SyncRun;
use crate::jira::{Failure, Want};
use crate::model::ids::IssueKey;
use crate::model::settings::SideSettings;

impl Engine {
    /// What stands against an item that begins with an issue, a line for each side whose project the key is of.
    pub async fn why_not_begun(&self, key: &IssueKey) -> Vec<String> {
        let project = key.as_str().rsplit_once('-').map_or("", |(project, _)| project);
        let mut said = Vec::new();
        for sync in self.syncs.values() {
            for side in sync.settings.sides.iter().filter(|side| self.is_called(side, project)) {
                let Some(instance) = self.instances.get(&side.instance) else { continue };
                let why = self.stands_against(sync, side, instance, key).await;
                said.push(format!("sync {}, side {}: {why}", sync.id(), side.id));
            }
        }
        if said.is_empty() {
            said.push(format!("no side of a sync is the project `{project}`"));
        }
        said
    }

    async fn stands_against(&self, sync: &SyncRun, side: &SideSettings, instance: &Instance, key: &IssueKey) -> String {
        let read = instance.read.named(std::slice::from_ref(key), &Want::default()).await.pop();
        let row = match read {
            Some(Ok(row)) => row,
            Some(Err(error)) if error.failure == Failure::NotFound => {
                return format!("there is no {key} there, or the sync user may not see it");
            }
            Some(Err(error)) => return error.to_string(),
            None => return format!("nothing was answered about {key}"),
        };
        if row.project != side.project && instance.configured_key(&row.project).as_ref() != Some(&side.project) {
            return format!("it is {} by now, which is in no project of this side", row.key);
        }
        let creator = row.creator.as_ref().map(|creator| &creator.account);
        if instance.is_us(creator) {
            return "the sync user itself created it, and what it creates begins nothing".to_owned();
        }
        if sync.settings.start.is_former(&side.id, creator) {
            return "an account that another bridge wrote as created it (`former-sync-users`); `jirasyncd pair` joins it with its original".to_owned();
        }
        if side.on_demand {
            return "this side begins an item by `jirasyncd create` alone (`on-demand`)".to_owned();
        }
        if let Some(clause) = &side.jql {
            let recent = |_: &crate::model::ids::IssueId| !self.is_settled(instance, row.updated);
            match matching(instance, &side.project, clause, &[row.id], recent).await {
                Ok(found) if !found.contains(&row.id) => {
                    return format!("it does not match `jql` of this side: {clause}");
                }
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
        match (sync.settings.parted(&side.id), creator) {
            (Some(parted), Some(creator)) => match self.crosses(sync, parted, instance, creator).await {
                Ok(false) => "whoever created it is none of those whose issues cross (`from`, `not-from`)".to_owned(),
                Ok(true) => BEGINS.to_owned(),
                Err(error) => error.to_string(),
            },
            (Some(_), None) => {
                "Jira tells nobody as its creator, and only some people's issues cross from there".to_owned()
            }
            (None, _) => BEGINS.to_owned(),
        }
    }
}

/// Nothing stands against it.
const BEGINS: &str =
    "nothing stands against it there: it waits for a poll to show it, for what it names, or for its turn";
