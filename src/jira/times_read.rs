//! How an instance reads times in JQL. Must never be guessed: it is what was seen.

/// How an instance was seen to read times in JQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimesRead {
    /// By the millisecond, whatever the profile says.
    Exactly,
    /// In the time zone of the sync user's profile, as documented.
    InProfile,
    /// Neither: times are written 26 hours earlier than meant.
    Otherwise,
    /// There was no issue to try it on.
    Untried,
}

impl TimesRead {
    /// Whether times are written in the profile's zone.
    #[must_use]
    pub fn needs_zone(self) -> bool {
        match self {
            Self::InProfile | Self::Untried => true,
            Self::Exactly | Self::Otherwise => false,
        }
    }
}
