//! Causality: how many acts of people on each side something contains, and whose acts may enter a value. Must never say of an act
//! that it is contained where it is not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, FieldName, SideId};

/// How many acts of people on each side are contained in something.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Acts(BTreeMap<SideId, u64>);

impl Acts {
    /// The number of acts of `side` contained.
    #[must_use]
    pub fn of(&self, side: &SideId) -> u64 {
        self.0.get(side).copied().unwrap_or(0)
    }

    /// Counts the acts of `side` up to and including `number` as contained.
    pub fn include(&mut self, side: &SideId, number: u64) {
        if number > self.of(side) {
            self.0.insert(side.clone(), number);
        }
    }

    /// Counts everything in `other` as contained too.
    pub fn join(&mut self, other: &Self) {
        for (side, number) in &other.0 {
            self.include(side, *number);
        }
    }

    /// Whether everything in `other` is contained.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.iter().all(|(side, number)| self.of(side) >= *number)
    }

    /// The part that `audience` may know of.
    #[must_use]
    pub fn seen_by(&self, audience: &Audience) -> Self {
        Self(self.0.iter().filter(|(side, _)| audience.0.contains(*side)).map(|(side, n)| (side.clone(), *n)).collect())
    }

    /// The sides with at least one act.
    pub fn sides(&self) -> impl Iterator<Item = &SideId> {
        self.0.iter().filter(|(_, number)| **number > 0).map(|(side, _)| side)
    }
}

/// An act of a person that was taken in, as it is remembered for `explain` and `audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenAct {
    /// The side.
    pub side: SideId,
    /// The field.
    pub field: FieldName,
    /// Its number among those of its side; `None` of one that stays there.
    pub number: Option<u64>,
    /// Who did it, where that is known.
    pub author: Option<AccountId>,
}

/// The sides whose acts may enter a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Audience(pub BTreeSet<SideId>);

impl Serialize for Audience {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names: Vec<&str> = self.0.iter().map(SideId::as_str).collect();
        serializer.serialize_str(&names.join(" "))
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(text.split_whitespace().map(SideId::from).collect()))
    }
}
