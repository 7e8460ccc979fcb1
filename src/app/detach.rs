//! Syncs that an operator ends, and takes up again. Must never end one without saying first what becomes of its issues, nor forget what
//! it knows of them.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::commands::{Decided, unknown};
use super::{Daemon, RunError};
use crate::config::Config;
use crate::model::command::{Answer, Effect, Ended, Operator, Target};
use crate::model::detach::Detached;
use crate::model::ids::{SideId, SyncId};
use crate::model::remark::Remark;
use crate::model::store::{Store, StoreError};
use crate::plan::tells_of_more;

/// Items read at once.
const AT_ONCE: usize = 500;
/// How long it is waited before marks are asked for again that could not be taken away.
const AGAIN: Duration = Duration::from_secs(60);

/// What a sync holds.
#[derive(Default)]
struct Held {
    items: u64,
    issues: u64,
    copies: u64,
    /// Issues that the configuration does not lead to any more.
    unknown: u64,
}

async fn held(config: &Config, store: &dyn Store, sync: &SyncId) -> Result<Held, StoreError> {
    let (mut held, mut after) = (Held::default(), None);
    loop {
        let ids = store.item_ids(after, AT_ONCE).await?;
        let Some(last) = ids.last().copied() else { return Ok(held) };
        after = Some(last);
        for id in ids {
            let Some(item) = store.item(id).await?.filter(|item| &item.sync == sync) else { continue };
            let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            held.items += 1;
            held.issues += count(item.replicas.len());
            let leads_to = |side: &SideId| config.syncs.get(sync).is_some_and(|sync| sync.side(side).is_some());
            held.unknown += count(item.replicas.keys().filter(|side| !leads_to(side)).count());
            held.copies += count(item.replicas.values().filter(|replica| replica.ours).count());
            for remark in Remark::ALL {
                held.copies += item.remarks(remark).iter().map(|record| count(record.copies.len())).sum::<u64>();
            }
        }
    }
}

/// Decides whether a sync is ended.
pub(super) async fn detach(
    config: &Config,
    store: &dyn Store,
    sync: &SyncId,
    strip: bool,
    (by, now): (&Operator, Timestamp),
) -> Result<Decided, StoreError> {
    if let Some(unknown) = unknown(config, &Target::Sync(sync.clone())) {
        return Ok((Answer::refused(unknown), Vec::new()));
    }
    let name = Detached::note(sync);
    let known = Detached::read(store.note(&name).await?.as_deref())?;
    if known.as_ref().is_some_and(|known| known.strip || !strip) {
        let line = format!("sync `{sync}` was ended before; `jirasyncd status` tells how far its marks are taken away");
        return Ok((Answer::new(Ended::Unchanged, vec![line]), Vec::new()));
    }
    let Held { items, issues, copies, unknown } = held(config, store, sync).await?;
    let mut lines = vec![
        format!(
            "sync `{sync}` ends: {issues} issues of {items} items are let be, and nothing is carried between them any more"
        ),
        "nothing in them is deleted; copies of issues, comments and files stay where they are".to_owned(),
    ];
    if strip {
        lines.push(format!(
            "our marks are taken away by and by, of {copies} issues, comments and logged work that we made; so are the remote links \
             to counterparts and what fields tell of them; what histories say of us stays"
        ));
        if unknown > 0 {
            lines.push(format!(
                "of {unknown} issues the configuration says no more where they lie: their marks stay, or are not known"
            ));
        }
        let rows = config.syncs.get(sync).into_iter().flat_map(|sync| sync.fields.values());
        for row in rows.filter(|row| tells_of_more(row)) {
            lines.push(format!("`{}` tells of more than counterparts: it is left as it is", row.name));
        }
        lines.push(
            "a field that holds another text by then than we wrote is left, too; `jirasyncd status` tells how many"
                .to_owned(),
        );
    } else {
        lines.push("our marks stay in them: `--strip-marks` takes them away, also later".to_owned());
    }
    lines.push(format!(
        "what is known of them is kept: `jirasyncd attach {sync}` goes on where it stood; until then the sync rests, also where the \
         configuration holds it"
    ));
    let detached = Detached { since: now, by: by.clone(), strip, stripped: false, refused: 0, left: 0, unknown: 0 };
    Ok((Answer::new(Ended::Done, lines), vec![Effect::Note(name, detached.text()?), Effect::LetGo(sync.clone())]))
}

/// Decides whether a sync that was ended goes on.
pub(super) async fn attach(config: &Config, store: &dyn Store, sync: &SyncId) -> Result<Decided, StoreError> {
    if let Some(unknown) = unknown(config, &Target::Sync(sync.clone())) {
        return Ok((Answer::refused(unknown), Vec::new()));
    }
    let name = Detached::note(sync);
    let Some(detached) = Detached::read(store.note(&name).await?.as_deref())? else {
        let line = format!("sync `{sync}` is not ended");
        return Ok((Answer::new(Ended::Unchanged, vec![line]), Vec::new()));
    };
    let mut lines = vec![format!(
        "sync `{sync}` goes on where it stood at {:.0}: what people changed since is carried by the usual rules",
        detached.since
    )];
    if detached.strip {
        lines.push("links and fields that tell of counterparts come back; copies that lost their mark are known by this state alone".to_owned());
    }
    Ok((Answer::new(Ended::Done, lines), vec![Effect::Note(name, String::new()), Effect::TakeUp(sync.clone())]))
}

impl Daemon {
    /// Takes marks away while there are any to be taken away.
    pub(super) async fn strip_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        while !cancel.is_cancelled() {
            match cancel.run_until_cancelled(self.engine.strip_marks()).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => tracing::error!(%error, "marks could not be taken away"),
                None => break,
            }
            let open = self.engine.detached().iter().any(|(_, detached)| detached.strip && !detached.stripped);
            tokio::select! {
                biased;
                () = self.strips.notified() => {}
                () = tokio::time::sleep(AGAIN), if open => {}
                () = cancel.cancelled() => {}
            }
        }
        Ok(())
    }
}
