//! Whose acts cross from a side: circles of people that the configuration names. Must never take somebody whose membership is
//! not known for a member.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Some of an instance's people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circle {
    /// The members of a group, by its name.
    Group(String),
    /// Who has a role in the side's project, by its name: as themselves or by a group.
    Role(String),
    /// One account: its id on Cloud, its user name on Data Center.
    User(String),
}

impl Circle {
    /// From its form in the configuration: `group:NAME`, `role:NAME` or `user:ACCOUNT`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        match kind.trim() {
            "group" => Some(Self::Group(name.to_owned())),
            "role" => Some(Self::Role(name.to_owned())),
            "user" => Some(Self::User(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Role(name) => write!(f, "role:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
        }
    }
}

/// Whose acts cross from a side. With both lists empty everybody's do, and those of unknown authors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    /// Those of these people alone; empty: everybody's.
    pub from: BTreeSet<Circle>,
    /// Not those of these people.
    pub not_from: BTreeSet<Circle>,
}

impl Whose {
    /// Whether everybody's acts cross.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        self.from.is_empty() && self.not_from.is_empty()
    }

    /// All circles that have to be known.
    pub fn circles(&self) -> impl Iterator<Item = &Circle> {
        self.from.iter().chain(&self.not_from)
    }

    /// Whether the acts of somebody cross who is in the circles that `is_in` says.
    pub fn lets(&self, is_in: impl Fn(&Circle) -> bool) -> bool {
        !self.not_from.iter().any(&is_in) && (self.from.is_empty() || self.from.iter().any(&is_in))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_both_lists_stays() {
        let circle = |text| Circle::parse(text).unwrap();
        let whose = Whose {
            from: BTreeSet::from([circle("group:desk")]),
            not_from: BTreeSet::from([circle("user:eve"), circle("role:Guests")]),
        };
        assert!(whose.lets(|of| *of == circle("group:desk")));
        assert!(!whose.lets(|_| true));
        assert!(!whose.lets(|_| false));
        assert!(Whose { from: BTreeSet::new(), ..whose }.lets(|_| false));
        assert!(
            Circle::parse("desk").is_none() && Circle::parse("team:x").is_none() && Circle::parse("role: ").is_none()
        );
    }
}
