//! How domain values stand in columns. Must never lose anything on the way there and back, but the fraction of a
//! millisecond of a time.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::step::StepError;
use crate::model::ids::{
    AccountId, FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId, ThingId,
};
use crate::model::occasion::{Again, Brought, Occasion};
use crate::model::store::{StoreError, Urgency};

macro_rules! text_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.as_str().to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str().map(Self::from)
            }
        }
    )*};
}

text_column!(AccountId, FieldName, InstanceId, IssueKey, SideId, SyncId);

macro_rules! random_column {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                // Big end first: the order of the bytes is the order of the ids.
                Ok(ToSqlOutput::from(self.0.to_be_bytes().to_vec()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let bytes = value.as_blob()?;
                let sized = bytes.try_into().map_err(|_| FromSqlError::InvalidBlobSize {
                    expected_size: 16,
                    blob_size: bytes.len(),
                })?;
                Ok(Self(u128::from_be_bytes(sized)))
            }
        }
    )*};
}

random_column!(ItemId, OperationId, ThingId);

impl ToSql for IssueId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // The same bits with a sign: SQLite knows no unsigned integers, and identity is all that is asked of them.
        Ok(ToSqlOutput::from(self.0.cast_signed()))
    }
}

impl FromSql for IssueId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|number| Self(number.cast_unsigned()))
    }
}

/// Every urgency, the most urgent first: the order of the numbers in the column.
pub(super) const URGENCIES: [Urgency; 3] = [Urgency::Live, Urgency::Backfill, Urgency::Sweep];

impl ToSql for Urgency {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number: i64 = match self {
            Self::Live => 0,
            Self::Backfill => 1,
            Self::Sweep => 2,
        };
        Ok(ToSqlOutput::from(number))
    }
}

impl FromSql for Urgency {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let index = usize::try_from(number).map_err(|_| FromSqlError::OutOfRange(number))?;
        URGENCIES.get(index).copied().ok_or(FromSqlError::OutOfRange(number))
    }
}

/// A time in a column, in milliseconds since 1970. The fraction is cut off, so a stored due time is never later than
/// the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Milliseconds(pub(super) Timestamp);

impl ToSql for Milliseconds {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_millisecond()))
    }
}

impl FromSql for Milliseconds {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Timestamp::from_millisecond(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

/// What brought an item up, as its three columns say it. What cannot be read any more holds nothing up: then nobody knows.
pub(super) fn brought(occasion: Option<String>, reasons: i64, again: i64) -> Option<Brought> {
    let by: Vec<Occasion> = serde_json::from_str(&format!("[{}]", occasion?)).ok()?;
    let again = usize::try_from(again - 1).ok().and_then(|index| Again::ALL.get(index)).copied();
    Some(Brought { by, reasons: u32::try_from(reasons).unwrap_or(u32::MAX), again })
}

/// A value as JSON text.
pub(super) fn encode<T: Serialize>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable {
        what: format!("{what}, about to be written,"),
        why: error.to_string(),
    })
}

/// A value from JSON text. `what` names it for people.
pub(super) fn decode<T: DeserializeOwned>(what: impl Fn() -> String, text: &str) -> Result<T, StepError> {
    serde_json::from_str(text)
        .map_err(|error| StepError::Domain(StoreError::Unreadable { what: what(), why: error.to_string() }))
}
