//! What the state tells of an item, of its writes, and of what left for a side, to whoever asks why. Must never change what it tells of, and
//! never give a value to whom none is promised.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{Milliseconds, decode, encode};
use super::step::StepResult;
use super::{SqliteStore, StoreError, journal, look};
use crate::model::hub::ItemState;
use crate::model::ids::{AccountId, IssueKey, ItemId, SideId, SyncId};
use crate::model::occasion::{Brought, Occasion};
use crate::model::operation::{Action, Intent, IntentState};
use crate::model::store::Claim;
use crate::model::trail::{Author, Left, ThingStage, ThingStep, Told, ToldAct};

/// The newest of an item's writes since a time, each by an index: those without an outcome yet, and so many of the others.
pub(super) const NEWEST: &str = "SELECT intent, state, searches, settled_ms, request FROM intents WHERE number IN (
        SELECT number FROM intents WHERE item = ?1 AND settled_ms IS NULL
        UNION ALL
        SELECT number FROM (SELECT number FROM intents WHERE item = ?1 AND settled_ms IS NOT NULL AND opened_ms >= ?3
            ORDER BY settled_ms DESC, number DESC LIMIT ?2)
    ) ORDER BY number";

/// What left for a side since a time, after one that was told already, by the index of that.
pub(super) const LEFT: &str =
    "SELECT intent, intents.state, searches, settled_ms, request, number, opened_ms, items.sync,
        (SELECT key FROM replicas WHERE replicas.item = intents.item AND replicas.side = intents.side)
    FROM intents CROSS JOIN items ON items.id = intents.item
    WHERE intents.side = ?1 AND (opened_ms, number) > (?2, ?3) AND (?4 IS NULL OR items.sync = ?4)
    ORDER BY opened_ms, number LIMIT ?5";

/// Who did the newest act of a side that is carried.
pub(super) const AUTHOR: &str =
    "SELECT number, author FROM acts WHERE item = ?1 AND side = ?2 AND field = ?3 AND act <= ?4
    ORDER BY act DESC LIMIT 1";

/// Where the next page of what left for a side begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    after: (i64, i64),
}

impl Page {
    /// The first page of what left since a time.
    #[must_use]
    pub fn since(since: Timestamp) -> Self {
        Self { after: (since.as_millisecond(), i64::MIN) }
    }
}

impl SqliteStore {
    /// What a claim of `item` would give, without taking it: for plans and explanations. Its fence allows nothing unless the
    /// caller holds the item.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn view(&self, item: ItemId, now: Timestamp) -> Result<Option<Claim>, StoreError> {
        self.read("look at an item", move |connection| look::claim(connection, item, now)).await
    }

    /// An item's writes since a time in the order they were decided on: all without an outcome yet, and at most so many of the others, the
    /// newest.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn told(&self, item: ItemId, since: Timestamp, most: usize) -> Result<Vec<Told>, StoreError> {
        self.read("list the writes of an item", move |connection| told(connection, item, since, most)).await
    }

    /// People's changes of an item that were taken in since a time, the newest, oldest first.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn acts_of(&self, item: ItemId, since: Timestamp, most: usize) -> Result<Vec<ToldAct>, StoreError> {
        self.read("list the changes of an item", move |connection| acts(connection, item, since, most)).await
    }

    /// What was written of the versions and components of a side since a time, of one sync or of all, oldest first.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn things_left_for(
        &self,
        side: &SideId,
        sync: Option<&SyncId>,
        since: Timestamp,
    ) -> Result<Vec<Left>, StoreError> {
        let (side, sync) = (side.clone(), sync.cloned());
        let step = move |connection: &Connection| things_left(connection, &side, sync.as_ref(), since);
        self.read("list what was written of versions and components", step).await
    }

    /// A page of what was written to the issues of a side, of one sync or of all, and where the next one begins; `None` when that was the last.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn left_for(
        &self,
        side: &SideId,
        sync: Option<&SyncId>,
        page: Page,
        limit: usize,
    ) -> Result<(Vec<Left>, Option<Page>), StoreError> {
        let (side, sync) = (side.clone(), sync.cloned());
        self.read("list what left for a side", move |connection| left(connection, &side, sync.as_ref(), page, limit))
            .await
    }
}

fn told(connection: &Connection, item: ItemId, since: Timestamp, most: usize) -> StepResult<Vec<Told>> {
    let known = look::item(connection, item)?;
    let mut statement = connection.prepare_cached(NEWEST)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![item, most, Milliseconds(since)], |row| {
        let settled: Option<Milliseconds> = row.get(3)?;
        Ok((journal::columns(row)?, settled.map(|settled| settled.0), row.get(4)?))
    })?;
    rows.map(|row| {
        let (columns, settled, request) = row?;
        let intent = journal::intent(columns)?;
        let authors = authors(connection, &intent, known.as_ref())?;
        Ok(Told { intent, authors, request, settled })
    })
    .collect()
}

fn acts(connection: &Connection, item: ItemId, since: Timestamp, most: usize) -> StepResult<Vec<ToldAct>> {
    let mut statement = connection.prepare_cached(
        "SELECT at_ms, side, author, field FROM acts WHERE item = ?1 AND at_ms >= ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![item, Milliseconds(since), most], |row| {
        let Milliseconds(at) = row.get(0)?;
        let author = Author { side: row.get(1)?, account: row.get(2)?, name: None };
        Ok(ToldAct { at, author, field: row.get(3)? })
    })?;
    let mut found: Vec<ToldAct> = rows.collect::<Result<_, _>>()?;
    found.reverse();
    Ok(found)
}

fn left(
    connection: &Connection,
    side: &SideId,
    sync: Option<&SyncId>,
    page: Page,
    limit: usize,
) -> StepResult<(Vec<Left>, Option<Page>)> {
    let mut statement = connection.prepare_cached(LEFT)?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![side, page.after.0, page.after.1, sync, most])?;
    let (mut found, mut last) = (Vec::new(), page);
    while let Some(row) = rows.next()? {
        let (settled, request, key): (Option<Milliseconds>, Option<String>, Option<IssueKey>) =
            (row.get(3)?, row.get(4)?, row.get(8)?);
        let sync: SyncId = row.get(7)?;
        last = Page { after: (row.get(6)?, row.get(5)?) };
        let intent = journal::intent(journal::columns(row)?)?;
        // The texts of an item are read only where its comments and files say whose they are.
        let action = &intent.operation.action;
        let says = action.original().is_some() || matches!(action, Action::AddFile { .. });
        let known = if says { look::item(connection, intent.item)? } else { None };
        found.push(Left {
            at: intent.opened,
            settled: settled.map(|settled| settled.0),
            sync,
            side: side.clone(),
            key,
            item: Some(intent.item),
            kind: intent.operation.action.kind().to_owned(),
            rules: intent.operation.action.rules(),
            authors: authors(connection, &intent, known.as_ref())?,
            brought: intent.brought.as_ref().map(Brought::words),
            operation: Some(intent.id),
            request,
            result: intent.state.result(),
        });
    }
    let next = (found.len() == limit).then_some(last);
    Ok((found, next))
}

/// Notes what is told of writes to versions and components.
pub(super) fn note(connection: &Connection, sync: &SyncId, steps: &[ThingStep]) -> StepResult<()> {
    for ThingStep { thing, side, at, stage } in steps {
        let at = Milliseconds(*at);
        match stage {
            ThingStage::Goes { kind, rules, authors } => {
                let (rules, authors) = (encode("rules", rules)?, encode("authors", authors)?);
                connection
                    .prepare_cached(
                        "INSERT INTO thing_writes (thing, sync, side, at_ms, kind, rules, authors) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![thing, sync, side, at, kind, rules, authors])?;
            }
            ThingStage::Ended { result, settled, request } => {
                connection
                    .prepare_cached(
                        "UPDATE thing_writes SET result = ?4, request = ?5, settled_ms = ?6
                         WHERE thing = ?1 AND side = ?2 AND at_ms = ?3 AND settled_ms IS NULL",
                    )?
                    .execute(params![thing, side, at, result, request, settled.map(Milliseconds)])?;
            }
        }
    }
    Ok(())
}

fn things_left(
    connection: &Connection,
    side: &SideId,
    sync: Option<&SyncId>,
    since: Timestamp,
) -> StepResult<Vec<Left>> {
    let mut statement = connection.prepare_cached(
        "SELECT at_ms, settled_ms, sync, kind, rules, authors, request, result FROM thing_writes
         WHERE side = ?1 AND at_ms >= ?2 AND (?3 IS NULL OR sync = ?3) ORDER BY at_ms, number",
    )?;
    let mut rows = statement.query(params![side, Milliseconds(since), sync])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (Milliseconds(at), settled): (_, Option<Milliseconds>) = (row.get(0)?, row.get(1)?);
        let (rules, authors): (String, String) = (row.get(4)?, row.get(5)?);
        let result: Option<String> = row.get(7)?;
        found.push(Left {
            at,
            settled: settled.map(|settled| settled.0),
            sync: row.get(2)?,
            side: side.clone(),
            key: None,
            item: None,
            kind: row.get(3)?,
            rules: decode(|| "the rules of a write".to_owned(), &rules)?,
            authors: decode(|| "the authors of a write".to_owned(), &authors)?,
            brought: None,
            operation: None,
            request: row.get(6)?,
            result: result.unwrap_or_else(|| IntentState::Open.result()),
        });
    }
    Ok(found)
}

fn lets_a_value_stand(occasion: &Occasion) -> bool {
    matches!(occasion, Occasion::Command { name, .. } if name == "resolve" || name == "problems resolve")
}

/// Whose acts a write carried: of each field the newest that came from elsewhere; of what people say whoever said it.
fn authors(connection: &Connection, intent: &Intent, item: Option<&ItemState>) -> StepResult<Vec<Author>> {
    let (action, to) = (&intent.operation.action, &intent.operation.side);
    if let Some((remark, side, id)) = action.original() {
        let records = item.map(|item| item.remarks(remark)).unwrap_or_default();
        let record = records.iter().find(|record| &record.side == side && &record.id == id);
        let pending = record.and_then(|record| record.pending.as_ref()).map(|pending| pending.author.clone());
        let name = record.and_then(|record| record.said.as_ref()).map(|said| said.author.clone()).or(pending);
        return Ok(vec![Author { side: side.clone(), account: None, name }]);
    }
    if let Action::AddFile { origin: side, file, .. } = action {
        let mut records = item.iter().flat_map(|item| &item.attachments);
        let record = records.find(|record| &record.side == side && &record.id == file);
        let account = record.and_then(|record| record.author.clone());
        return Ok(vec![Author { side: side.clone(), account, name: None }]);
    }
    // Who deleted something Jira does not say.
    if let Action::DeleteFile { taken: Some(side), .. }
    | Action::DeleteFile { origin: side, .. }
    | Action::DeleteIssue { with: side }
    | Action::EditOriginal { by: side, .. } = action
    {
        return Ok(vec![Author { side: side.clone(), account: None, name: None }]);
    }
    // What an operator let stand again is the operator's act, who stands with the reason: whoever acted last wrote another value.
    if intent.brought.as_ref().is_some_and(|brought| brought.by.iter().any(lets_a_value_stand)) {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(AUTHOR)?;
    let mut authors: Vec<Author> = Vec::new();
    for (field, acts) in action.carried() {
        let mut newest: Option<(i64, Author)> = None;
        for side in acts.sides().filter(|side| *side != to) {
            let number = acts.of(side).cast_signed();
            let found: Option<(i64, Option<AccountId>)> = statement
                .query_row(params![intent.item, side, field, number], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            if let Some((number, account)) = found.filter(|(number, _)| newest.as_ref().is_none_or(|(n, _)| n < number))
            {
                newest = Some((number, Author { side: side.clone(), account, name: None }));
            }
        }
        authors.extend(newest.map(|(_, author)| author).filter(|author| !authors.contains(author)));
    }
    Ok(authors)
}
