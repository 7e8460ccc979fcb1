//! Who is who: people of one project and of another that may be one person. Pure. Must never take two accounts of one side for one
//! person, nor somebody for another on a name alone.

use std::collections::BTreeMap;

use super::alike::plain;
use super::ask::{Cells, SidePeople};
use crate::model::issue::Person;
use crate::model::settings::Kind;

/// Somebody who may be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapped {
    /// What the configuration writes for them: an e-mail or an account id on Cloud, a user name on Data Center.
    pub(super) cell: String,
    /// What they are called.
    pub(super) name: String,
    /// Their e-mail, where it is shown.
    pub(super) email: Option<String>,
}

impl Mapped {
    /// As the configuration of a side of that kind names them.
    pub(super) fn of(person: &Person, kind: Kind) -> Self {
        let account = person.account.to_string();
        let cell = match kind {
            Kind::Cloud => person.email.clone().unwrap_or(account),
            Kind::DataCenter => account,
        };
        Self { cell, name: person.display_name.clone(), email: person.email.clone() }
    }
}

/// Accounts that may be one person's, by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// By side, its place among the people there.
    pub(super) cells: BTreeMap<usize, usize>,
    /// They have one e-mail; else only one name.
    pub(super) by_email: bool,
}

impl Pair {
    /// As the configuration writes them.
    pub(super) fn written(&self, sides: &[SidePeople]) -> Cells {
        let cell = |(side, at): (&usize, &usize)| Some((*side, sides.get(*side)?.1.get(*at)?.cell.clone()));
        self.cells.iter().filter_map(cell).collect()
    }
}

/// Those with one e-mail first, then those who are only called alike. Each account stands in one of them at most.
pub(super) fn who_is_who(sides: &[Vec<Mapped>]) -> Vec<Pair> {
    let email = |person: &Mapped| person.email.as_ref().map(|email| email.to_lowercase());
    let mut found = by(sides, &[], email, true);
    // One name of one word is too little.
    let name = |person: &Mapped| Some(plain(&person.name)).filter(|name| name.contains(' '));
    let named = by(sides, &found, name, false);
    found.extend(named);
    found
}

fn by(sides: &[Vec<Mapped>], known: &[Pair], of: impl Fn(&Mapped) -> Option<String>, by_email: bool) -> Vec<Pair> {
    let mut all: BTreeMap<String, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (side, people) in sides.iter().enumerate() {
        for (at, person) in people.iter().enumerate() {
            if let Some(key) = of(person).filter(|key| !key.is_empty()) {
                all.entry(key).or_default().entry(side).or_default().push(at);
            }
        }
    }
    let is_free = |side: usize, at: usize| !known.iter().any(|pair| pair.cells.get(&side) == Some(&at));
    let only = |places: BTreeMap<usize, Vec<usize>>| -> Option<BTreeMap<usize, usize>> {
        // Where two accounts of a side fit, neither is surely meant.
        let cells = places.into_iter().filter_map(|(side, at)| match at.as_slice() {
            [at] if is_free(side, *at) => Some((side, *at)),
            _ => None,
        });
        Some(cells.collect::<BTreeMap<_, _>>()).filter(|cells| cells.len() > 1)
    };
    all.into_values().filter_map(only).map(|cells| Pair { cells, by_email }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(cell: &str, name: &str, email: Option<&str>) -> Mapped {
        Mapped { cell: cell.to_owned(), name: name.to_owned(), email: email.map(str::to_owned) }
    }

    #[test]
    fn an_email_says_who_somebody_is_and_a_name_only_proposes_it() {
        let acme = vec![
            somebody("jane@x.example", "Jane Roe", Some("jane@x.example")),
            somebody("5b10", "John Doe", None),
            somebody("5b11", "Kim", None),
        ];
        let globex = vec![
            somebody("jroe", "J. Roe", Some("Jane@X.example")),
            somebody("jdoe", "John Doe", Some("john@y.example")),
            somebody("kim", "Kim", None),
        ];
        let found = who_is_who(&[acme, globex]);
        assert_eq!(found[0], Pair { cells: BTreeMap::from([(0, 0), (1, 0)]), by_email: true });
        assert_eq!(found[1], Pair { cells: BTreeMap::from([(0, 1), (1, 1)]), by_email: false });
        assert_eq!(found.len(), 2, "one word is no name to go by");
    }

    #[test]
    fn of_two_accounts_neither_is_meant() {
        let acme = vec![somebody("a", "Jane Roe", Some("j@x.example"))];
        let globex =
            vec![somebody("b", "Jane Roe", Some("j@x.example")), somebody("c", "Jane Roe", Some("j@x.example"))];
        assert_eq!(who_is_who(&[acme, globex]), []);
    }

    #[test]
    fn the_cell_is_what_the_configuration_writes() {
        let person = Person { account: "jdoe".into(), display_name: "John".into(), email: Some("j@x.example".into()) };
        assert_eq!(Mapped::of(&person, Kind::Cloud).cell, "j@x.example");
        assert_eq!(Mapped::of(&person, Kind::DataCenter).cell, "jdoe");
        let hidden = Person { email: None, ..person };
        assert_eq!(Mapped::of(&hidden, Kind::Cloud).cell, "jdoe");
    }
}
