//! Who plays in the demo: the three Jiras, who works there, who sees whom, and the words that betray where a text was
//! written. It must never hold state.

use crate::simulator::{Setup, presets};

/// A side of the demo's sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    /// Cloud, English; the home.
    Acme,
    /// Data Center, English.
    Globex,
    /// Cloud, German.
    Initech,
}

/// Stands in every issue of acme that is never shared.
pub(super) const UNSHARED_WORD: &str = "hermitword";

/// Stands in every restricted comment.
pub(super) const RESTRICTED_WORD: &str = "sealedword";

/// The project role of acme whose members read restricted comments.
pub(super) const RESTRICTED_ROLE: &str = "Globex desk";

/// Labels of this kind decide who gets an issue; they never cross.
pub(super) const SHARE_PREFIX: &str = "share-";

impl Party {
    pub(super) const ALL: [Self; 3] = [Self::Acme, Self::Globex, Self::Initech];

    /// Where it stands in tables of three.
    pub(super) fn index(self) -> usize {
        match self {
            Self::Acme => 0,
            Self::Globex => 1,
            Self::Initech => 2,
        }
    }

    pub(super) fn name(self) -> &'static str {
        ["acme", "globex", "initech"][self.index()]
    }

    pub(super) fn project(self) -> &'static str {
        ["SUP", "ENG", "OPS"][self.index()]
    }

    /// Issue types that people create there.
    pub(super) fn issue_types(self) -> &'static [&'static str] {
        [&["Bug", "Task", "Story"][..], &["Defect", "Task"], &["Fehler", "Aufgabe"]][self.index()]
    }

    /// Login names of those who work there. The first three have counterparts on the other sides, in this order.
    pub(super) fn people(self) -> &'static [&'static str] {
        [&["jane", "omar", "li", "nora"][..], &["jdoe", "mlopez", "kchan"], &["petra", "juergen", "anna"]][self.index()]
    }

    /// Whether acts of `other` may reach this side. Partners do not see each other.
    pub(super) fn sees(self, other: Self) -> bool {
        self == other || self == Self::Acme || other == Self::Acme
    }

    /// The label at home that gives an issue a replica on this side.
    pub(super) fn share_label(self) -> Option<&'static str> {
        [None, Some("share-globex"), Some("share-initech")][self.index()]
    }

    /// Stands in every text that somebody writes on this side; acme's texts are for everybody.
    pub(super) fn canary(self) -> Option<&'static str> {
        [None, Some("glxprivate"), Some("itxprivate")][self.index()]
    }

    /// What a side that may not see this one must never hold anywhere, in lower case.
    pub(super) fn private_words(self) -> &'static [&'static str] {
        [
            &[][..],
            &["glxprivate", "globex", "john doe", "maria lopez", "kim chan", "jdoe", "mlopez", "kchan"],
            &["itxprivate", "initech", "petra müller", "jürgen groß", "anna schäfer", "juergen"],
        ][self.index()]
    }

    /// The Jira of this side.
    pub(super) fn setup(self, base_url: &str) -> Setup {
        match self {
            Self::Acme => presets::acme(base_url),
            Self::Globex => presets::globex(base_url),
            Self::Initech => presets::initech(base_url),
        }
    }
}
