//! The accounts that were an instance's sync user before another took their place. Must never hold a name or an address: an account's id
//! is all that is known of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, InstanceId};
use super::store::StoreError;

/// An account that was the sync user until an operator said that another one is it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerAccount {
    /// Its id on Cloud, its user name on Data Center.
    pub account: AccountId,
    /// When the operator said so, by our clock.
    pub until: Timestamp,
}

/// Those of an instance, the one that was followed last at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerAccounts(pub Vec<FormerAccount>);

impl FormerAccounts {
    /// Under what they are kept.
    #[must_use]
    pub fn note(instance: &InstanceId) -> String {
        format!("former accounts of {instance}")
    }

    /// Reads what is kept. Of most instances nothing is.
    ///
    /// # Errors
    /// There is a note, and it says nothing: without it what we wrote would be taken for people's words.
    pub fn read(note: Option<&str>) -> Result<Self, StoreError> {
        note.filter(|note| !note.is_empty())
            .map_or_else(|| Ok(Self::default()), |note| serde_json::from_str(note).map_err(unreadable))
    }

    /// The text under which they are kept.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(unreadable)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an account is one of them.
    #[must_use]
    pub fn holds(&self, account: &AccountId) -> bool {
        self.0.iter().any(|former| &former.account == account)
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = &AccountId> {
        self.0.iter().map(|former| &former.account)
    }

    /// Those that still were the sync user at some time from `since` on.
    #[must_use]
    pub fn since(&self, since: Timestamp) -> BTreeSet<AccountId> {
        self.0.iter().filter(|former| former.until >= since).map(|former| former.account.clone()).collect()
    }

    /// `new` takes the place of `old`. Whoever takes a place is in it, also where they had left it before.
    #[must_use]
    pub fn followed(mut self, old: AccountId, new: &AccountId, until: Timestamp) -> Self {
        self.0.retain(|former| former.account != old && &former.account != new);
        self.0.push(FormerAccount { account: old, until });
        self
    }
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unreadable { what: "which accounts were the sync user before".to_owned(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_a_place_is_not_former() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (one, two) = (AccountId::from("one"), AccountId::from("two"));
        let first = FormerAccounts::default().followed(one.clone(), &two, at(10));
        assert!(first.holds(&one) && !first.holds(&two));
        assert_eq!((first.since(at(10)).len(), first.since(at(11)).len()), (1, 0));
        let back = FormerAccounts::read(Some(&first.text().unwrap())).unwrap().followed(two.clone(), &one, at(20));
        assert!(back.holds(&two) && !back.holds(&one), "{back:?}");
        assert_eq!(FormerAccounts::read(None).unwrap(), FormerAccounts::default());
        assert!(FormerAccounts::read(Some("[")).is_err(), "it was taken for nobody");
    }
}
