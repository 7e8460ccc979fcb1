//! Faults as switches: per operation, by probability or by count, seeded. Must never happen by default.

use std::time::Duration;

use crate::clock::Entropy;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// This status with an error collection; nothing takes effect (401, 403, 404, 409, …).
    Status(u16),
    /// This status, and yet the write took effect.
    StatusAfter(u16),
    /// 429; without `Retry-After` only `X-RateLimit-Reset` tells when to come back.
    RateLimited {
        /// Seconds in `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 500, 502, 503, …, perhaps with `Retry-After`.
    Unavailable {
        /// The status.
        status: u16,
        /// Seconds in `Retry-After`.
        retry_after: Option<u64>,
    },
    /// The connection breaks before anything takes effect.
    ResetBefore,
    /// The connection breaks after the write took effect.
    ResetAfter,
    /// The connection breaks, and the write takes effect this much later.
    LateWrite(Duration),
    /// The write takes effect; the answer breaks off half-way.
    Truncated,
    /// 200 with an HTML login page, as behind single sign-on.
    LoginPage,
    /// Answers as to an anonymous caller, with `X-Seraph-LoginReason`.
    Anonymous,
    /// Answers this much later.
    Slow(Duration),
    /// This search sees the index as it was this much earlier.
    IndexLag(Duration),
    /// This page of a search is empty, and a token leads on (Cloud).
    EmptyPage,
    /// The token of this page of a search is not known any more (Cloud).
    LostToken,
    /// The token that this page of a search gives leads back to it (Cloud).
    CircularPage,
}

impl Fault {
    /// A short name for records.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            // Counted by itself: it says that something is not there, and is no proof of it.
            Self::Status(404) => "not-found",
            Self::Status(_) => "status",
            Self::StatusAfter(_) => "status-after",
            Self::RateLimited { .. } => "rate-limited",
            Self::Unavailable { .. } => "unavailable",
            Self::ResetBefore => "reset-before",
            Self::ResetAfter => "reset-after",
            Self::LateWrite(_) => "late-write",
            Self::Truncated => "truncated",
            Self::LoginPage => "login-page",
            Self::Anonymous => "anonymous",
            Self::Slow(_) => "slow",
            Self::IndexLag(_) => "index-lag",
            Self::EmptyPage => "empty-page",
            Self::LostToken => "lost-token",
            Self::CircularPage => "circular-page",
        }
    }
}

/// When it goes wrong, counting the calls that a rule applies to.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// At every call.
    Always,
    /// At the n-th call, once; 1 is the next.
    Nth(u64),
    /// At every n-th call.
    EveryNth(u64),
    /// At this share of calls.
    Probability(f64),
}

/// One switch.
#[derive(Debug, Clone)]
pub struct FaultRule {
    /// Operation names as in [`super::Exchange::operation`]; empty: every operation.
    pub operations: Vec<String>,
    /// Only requests with these methods; empty: all.
    pub methods: Vec<String>,
    /// When.
    pub when: When,
    /// What.
    pub fault: Fault,
    seen: u64,
}

impl FaultRule {
    /// A fault on one operation (`createIssue`, `editIssue`, `search`, …) or, with `*`, on all.
    #[must_use]
    pub fn new(operation: &str, when: When, fault: Fault) -> Self {
        let operations = if operation == "*" { Vec::new() } else { vec![operation.to_owned()] };
        Self { operations, methods: Vec::new(), when, fault, seen: 0 }
    }

    /// A fault on every request with one of these methods.
    #[must_use]
    pub fn on_methods(methods: &[&str], when: When, fault: Fault) -> Self {
        let methods = methods.iter().map(|method| (*method).to_owned()).collect();
        Self { operations: Vec::new(), methods, when, fault, seen: 0 }
    }

    fn strikes(&mut self, operation: &str, method: &str, entropy: &dyn Entropy) -> bool {
        let named = self.operations.is_empty() || self.operations.iter().any(|name| name == operation);
        let by_method = self.methods.is_empty() || self.methods.iter().any(|name| name == method);
        if !named || !by_method {
            return false;
        }
        self.seen += 1;
        match self.when {
            When::Always => true,
            When::Nth(n) => self.seen == n,
            When::EveryNth(n) => n > 0 && self.seen.is_multiple_of(n),
            When::Probability(share) => entropy.unit() < share,
        }
    }
}

/// The first rule that strikes decides; every rule counts the call.
pub(crate) fn choose(rules: &mut [FaultRule], operation: &str, method: &str, entropy: &dyn Entropy) -> Option<Fault> {
    let mut chosen = None;
    for rule in rules {
        if rule.strikes(operation, method, entropy) && chosen.is_none() {
            chosen = Some(rule.fault.clone());
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededEntropy;

    #[test]
    fn the_nth_call_strikes_once() {
        let mut rules = [FaultRule::new("editIssue", When::Nth(2), Fault::ResetAfter)];
        let entropy = SeededEntropy::new(1);
        let mut call = |operation| choose(&mut rules, operation, "PUT", &entropy);
        assert_eq!(call("editIssue"), None);
        assert_eq!(call("getIssue"), None);
        assert_eq!(call("editIssue"), Some(Fault::ResetAfter));
        assert_eq!(call("editIssue"), None);
    }

    #[test]
    fn a_probability_repeats_from_its_seed() {
        let run = || {
            let mut rules = [FaultRule::new("*", When::Probability(0.5), Fault::ResetBefore)];
            let entropy = SeededEntropy::new(7);
            (0..64).map(|_| choose(&mut rules, "search", "GET", &entropy).is_some()).collect::<Vec<_>>()
        };
        let struck = run().iter().filter(|struck| **struck).count();
        assert!((10..54).contains(&struck), "{struck}");
        assert_eq!(run(), run());
    }
}
