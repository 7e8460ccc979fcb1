//! Which items the issues belong to that an item's texts name. Must never leave out one that is known: a text would name it
//! otherwise for the one plan than for the next.

use std::collections::BTreeSet;

use super::Engine;
use super::work::Work;
use crate::mapping::References;
use crate::model::document::Document;
use crate::model::ids::IssueKey;
use crate::model::issue::NativeValue;
use crate::model::store::StoreError;
use crate::model::value::Value;

impl Engine {
    /// Looks up what the texts of items name, as they are agreed and as they were just read.
    pub(super) async fn refer(&self, works: &mut [Work]) -> Result<(), StoreError> {
        for work in works.iter_mut().filter(|work| !work.over && work.plan.is_none()) {
            let own = work.item.replicas.iter().map(|(side, replica)| (side.clone(), replica.key.clone())).collect();
            let mut references = References::new(&work.sync.settings, &work.sync.catalogs(), own);
            self.know_keys(&work.sync.settings, &mut references);
            let keys: Vec<IssueKey> = references.known_by(&mentioned(work, &references)).into_iter().collect();
            if !keys.is_empty() {
                for replicas in self.store.counterparts(&work.item.sync, &keys).await? {
                    references.pair(&replicas);
                }
            }
            references.attach(&work.item.attachments);
            self.relate(work, &mut references).await?;
            work.references = references;
        }
        Ok(())
    }
}

fn mentioned(work: &Work, references: &References) -> BTreeSet<IssueKey> {
    let mut keys = BTreeSet::new();
    let mut hear = |document: &Document| keys.extend(references.mentioned(document));
    let agreed = work.item.hub.values().flat_map(|audiences| audiences.values()).map(|agreed| &agreed.value);
    for value in agreed {
        if let Value::Document(document) = value {
            hear(document);
        }
    }
    for comment in work.item.comments.iter().chain(&work.item.worklogs) {
        let said = comment.said.as_ref().map(|said| &said.body);
        let pending = comment.pending.as_ref().map(|pending| &pending.body);
        said.into_iter().chain(pending).for_each(&mut hear);
    }
    for read in work.reads.values() {
        let remarks = read.snapshot.comments.list.iter().chain(&read.snapshot.worklogs.list);
        let comments = remarks.map(|comment| &comment.body);
        let natives = read.snapshot.fields.values().chain(comments);
        for native in natives {
            match native {
                NativeValue::Wiki(words) | NativeValue::Text(words) => keys.extend(references.keys(words)),
                NativeValue::Adf(node) => hear_node(node, references, &mut keys),
                NativeValue::Empty
                | NativeValue::Named(_)
                | NativeValue::Words(_)
                | NativeValue::Person(_)
                | NativeValue::Links(_)
                | NativeValue::Parent(_)
                | NativeValue::Other(_) => {}
            }
        }
    }
    keys
}

fn hear_node(node: &serde_json::Value, references: &References, keys: &mut BTreeSet<IssueKey>) {
    match node {
        serde_json::Value::String(words) => keys.extend(references.keys(words)),
        serde_json::Value::Array(nodes) => nodes.iter().for_each(|node| hear_node(node, references, keys)),
        serde_json::Value::Object(fields) => fields.values().for_each(|node| hear_node(node, references, keys)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}
