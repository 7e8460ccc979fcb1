//! One domain step: what runs inside one transaction, and how its failure is told. A step must never begin or end a
//! transaction itself, nor leave half of its work behind when it fails: the writer undoes it.

use crate::model::store::StoreError;

/// Why a step failed, before it is known what was attempted.
#[derive(Debug)]
pub(super) enum StepError {
    /// SQLite refused or failed.
    Sql(rusqlite::Error),
    /// The domain says no.
    Domain(StoreError),
}

impl From<rusqlite::Error> for StepError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Domain(error)
    }
}

impl StepError {
    /// The error as the caller of the store sees it.
    pub(super) fn during(self, attempt: &'static str) -> StoreError {
        match self {
            Self::Sql(source) => StoreError::Database { attempt, source: Box::new(source) },
            Self::Domain(error) => error,
        }
    }
}

/// What a step answers.
pub(super) type StepResult<T> = Result<T, StepError>;
