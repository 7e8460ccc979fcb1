//! What is internal to a service desk, on its way to another side. Must never let it stand where customers read, nor where nobody knows
//! whether they do.

use std::collections::BTreeMap;

use super::catalog::Catalog;
use super::ids::SideId;
use super::issue::Visibility;
use super::settings::{CommentSettings, RestrictedRow};

/// Why a comment that is internal to a service desk, or is to be, goes not where the configuration sends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// It is internal on this side, whose project is no service desk.
    NoDesk(SideId),
    /// Everybody reads it on this side, whose project is a service desk with customers.
    Open(SideId),
    /// It is to be internal on this side, where the sync user is no agent: what it writes is a customer's word.
    NoAgent(SideId),
    /// It is not known what the project of this side is, or whether the sync user is an agent there.
    Unknown(SideId),
}

impl RestrictedRow {
    /// Its two sides, each with those who read there.
    #[must_use]
    pub fn ends(&self) -> [(&SideId, &Visibility); 2] {
        [(&self.at, &self.visibility), (&self.with, &self.there)]
    }

    /// Whether it is about what is internal to a service desk.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.ends().into_iter().any(|(_, readers)| readers == &Visibility::Internal)
    }
}

impl CommentSettings {
    /// Whether comments of a side cross as internal ones, or land there as such.
    #[must_use]
    pub fn is_internal_on(&self, side: &SideId) -> bool {
        let mut ends = self.restricted.iter().flat_map(RestrictedRow::ends);
        self.internal || ends.any(|(at, readers)| at == side && readers == &Visibility::Internal)
    }

    /// Whether it must be known of a side's project if it is a service desk: of both ends of a row, and of whoever else gets in the open what
    /// everybody says on one of them, since customers there would read what it answers.
    #[must_use]
    pub fn asks_for_desk(&self, side: &SideId) -> bool {
        let mut ends = self.restricted.iter().filter(|row| row.is_internal()).flat_map(RestrictedRow::ends);
        let open = |at: &SideId, readers: &Visibility| {
            readers == &Visibility::Everybody && self.from.contains(at) && self.to.contains(side)
        };
        self.internal || ends.any(|(at, readers)| at == side || open(at, readers))
    }

    /// What keeps a comment of `origin`, for these readers, from going to `side`: nothing that is not about service desks.
    #[must_use]
    pub fn unfit(
        &self,
        origin: &SideId,
        readers: &Visibility,
        side: &SideId,
        catalogs: &BTreeMap<SideId, Catalog>,
    ) -> Option<Unfit> {
        let under = self.route(origin, readers, side)?;
        if readers != &Visibility::Internal && under != Visibility::Internal {
            return None;
        }
        let ends = [(side, &under), (origin, readers)];
        let unfit = ends.into_iter().find_map(|(end, readers)| {
            let is_desk = catalogs.get(end).and_then(|catalog| catalog.service_desk);
            match (readers, is_desk) {
                (Visibility::Internal, Some(false)) => Some(Unfit::NoDesk(end.clone())),
                (Visibility::Everybody, Some(true)) => Some(Unfit::Open(end.clone())),
                (Visibility::Internal | Visibility::Everybody, None) => Some(Unfit::Unknown(end.clone())),
                (Visibility::Internal, Some(true))
                | (Visibility::Everybody, Some(false))
                | (Visibility::Role(_) | Visibility::Group(_) | Visibility::Other, _) => None,
            }
        });
        if unfit.is_some() || under != Visibility::Internal {
            return unfit;
        }
        match catalogs.get(side).and_then(|catalog| catalog.desk_agent) {
            Some(true) => None,
            Some(false) => Some(Unfit::NoAgent(side.clone())),
            None => Some(Unfit::Unknown(side.clone())),
        }
    }

    /// Who is to read the copy, as [`CommentSettings::route`]; `None` also where [`CommentSettings::unfit`] keeps it back.
    #[must_use]
    pub fn fit_route(
        &self,
        origin: &SideId,
        readers: &Visibility,
        side: &SideId,
        catalogs: &BTreeMap<SideId, Catalog>,
    ) -> Option<Visibility> {
        let fits = self.unfit(origin, readers, side, catalogs).is_none();
        self.route(origin, readers, side).filter(|_| fits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn catalogs(desks: [Option<bool>; 2], agent: Option<bool>) -> BTreeMap<SideId, Catalog> {
        let catalog = |service_desk| Catalog { service_desk, desk_agent: agent, ..Catalog::default() };
        BTreeMap::from([(SideId::from("acme"), catalog(desks[0])), (SideId::from("globex"), catalog(desks[1]))])
    }

    fn settings(there: Visibility) -> CommentSettings {
        let row = RestrictedRow { at: "acme".into(), visibility: Visibility::Internal, with: "globex".into(), there };
        let both = BTreeSet::from([SideId::from("acme"), SideId::from("globex")]);
        CommentSettings { from: both.clone(), to: both, restricted: vec![row], ..CommentSettings::default() }
    }

    #[test]
    fn a_row_of_a_desk_goes_both_ways_only_where_both_projects_are_what_it_says() {
        let (acme, globex): (SideId, SideId) = ("acme".into(), "globex".into());
        let ways = |there: Visibility, catalogs: &BTreeMap<SideId, Catalog>| {
            let settings = settings(there.clone());
            [
                settings.fit_route(&acme, &Visibility::Internal, &globex, catalogs),
                settings.fit_route(&globex, &there, &acme, catalogs),
            ]
        };
        let role = Visibility::Role("Some".to_owned());
        for there in [Visibility::Everybody, role.clone()] {
            let known = catalogs([Some(true), Some(false)], Some(true));
            assert_eq!(ways(there.clone(), &known), [Some(there.clone()), Some(Visibility::Internal)]);
            for acme in [None, Some(false)] {
                assert_eq!(ways(there.clone(), &catalogs([acme, Some(false)], Some(true))), [None, None]);
            }
            for agent in [None, Some(false)] {
                let found = ways(there.clone(), &catalogs([Some(true), Some(false)], agent));
                assert_eq!(found, [Some(there.clone()), None], "what it writes there would be public");
            }
        }
        for globex in [None, Some(true)] {
            let catalogs = catalogs([Some(true), globex], Some(true));
            assert_eq!(ways(Visibility::Everybody, &catalogs), [None, None], "{globex:?}");
            assert_eq!(ways(role.clone(), &catalogs), [Some(role.clone()), Some(Visibility::Internal)], "{globex:?}");
        }
        let desks = catalogs([Some(true), Some(true)], Some(true));
        assert_eq!(ways(Visibility::Internal, &desks), [Some(Visibility::Internal), Some(Visibility::Internal)]);
    }

    #[test]
    fn what_is_no_matter_of_desks_needs_no_word_about_them() {
        let settings = settings(Visibility::Everybody);
        let (acme, globex): (SideId, SideId) = ("acme".into(), "globex".into());
        let unfit = |readers: &Visibility| settings.unfit(&acme, readers, &globex, &BTreeMap::new());
        assert_eq!(unfit(&Visibility::Everybody), None);
        assert_eq!(unfit(&Visibility::Role("Few".to_owned())), None);
        assert_eq!(unfit(&Visibility::Internal), Some(Unfit::Unknown(globex.clone())));
        assert!(settings.is_internal_on(&acme) && !settings.is_internal_on(&globex));
        assert!(settings.asks_for_desk(&acme) && settings.asks_for_desk(&globex));
        assert!(!settings.asks_for_desk(&"initech".into()));
        let mut settings = settings;
        settings.to.insert("initech".into());
        assert!(settings.asks_for_desk(&"initech".into()), "what everybody says at globex goes there, too");
    }
}
