//! [`Query`] + [`JqlSite`] -> [`BoundQuery`]: every name looked up, every date resolved, `NOT` pushed down to the terms.
//! All problems are reported, not the first alone. Must never look at an issue.

use super::problem::{JqlProblem, ProblemKind};
use super::syntax::{Clause, FieldName, Operand, Operator, OrderKey, Query};
use super::time::{Moment, TimeFrame};
use super::words::TextPattern;
use super::{CustomField, CustomName, FieldKind, JqlSite};

/// A query whose names are looked up and whose dates are resolved: ready to test issues.
#[derive(Debug, Clone)]
pub struct BoundQuery {
    pub(super) clause: Option<Bound>,
    pub(super) order: Vec<BoundKey>,
}

#[derive(Debug, Clone)]
pub(super) enum Bound {
    All(Vec<Self>),
    Any(Vec<Self>),
    Term { fields: Vec<String>, test: Test, negated: bool },
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Empty,
    Contains(TextPattern),
    Among { wanted: Vec<Wanted>, or_empty: bool },
    Compare { operator: Operator, with: Wanted },
}

#[derive(Debug, Clone)]
pub(super) enum Wanted {
    Word(String),
    Named { ids: Vec<String>, rank: Option<i64> },
    Id(u64),
    Key { project: String, number: u64 },
    Number(f64),
    Moment(Moment),
}

#[derive(Debug, Clone)]
pub(super) struct BoundKey {
    pub(super) field: String,
    pub(super) descending: bool,
    pub(super) by_id: bool,
}

/// The fields every Jira has: the names they go by, ours first; what they can be asked; whether their own order is
/// descending (Atlassian: "by default the field's own sorting order"; which ones: memory).
const SYSTEM: &[(&[&str], FieldKind, bool)] = &[
    (&["key", "issuekey", "issue", "id"], FieldKind::Key, false),
    (&["project"], FieldKind::Named, false),
    (&["summary"], FieldKind::Text, false),
    (&["description"], FieldKind::Text, false),
    (&["environment"], FieldKind::Text, false),
    (&["comment"], FieldKind::Text, false),
    (&["text"], FieldKind::Text, false),
    (&["status"], FieldKind::Named, false),
    (&["statuscategory"], FieldKind::Named, false),
    (&["priority"], FieldKind::Ranked, true),
    (&["issuetype", "type"], FieldKind::Named, false),
    (&["assignee"], FieldKind::Named, false),
    (&["reporter"], FieldKind::Named, false),
    (&["creator"], FieldKind::Named, false),
    (&["watcher"], FieldKind::Named, false),
    (&["labels"], FieldKind::Label, false),
    (&["created", "createddate"], FieldKind::Time, true),
    (&["updated", "updateddate"], FieldKind::Time, true),
    (&["resolved", "resolutiondate"], FieldKind::Time, true),
    (&["duedate", "due"], FieldKind::Day, false),
    (&["resolution"], FieldKind::Named, false),
    (&["parent"], FieldKind::Key, false),
    (&["fixversion"], FieldKind::Ranked, false),
    (&["affectedversion"], FieldKind::Ranked, false),
    (&["component"], FieldKind::Named, false),
    (&["level"], FieldKind::Named, false),
];

/// The fields whose history can be asked (Atlassian, "Advanced search reference: operators", CHANGED).
const KEPT_HISTORY: [&str; 6] = ["assignee", "fixversion", "priority", "reporter", "resolution", "status"];

/// The field of an issue that holds who changed another one.
pub(crate) const CHANGED: &str = "changed ";

impl Query {
    /// Looks everything up.
    ///
    /// # Errors
    /// Every unknown name and every unreadable value, in the order they are written.
    pub fn bind(&self, site: &dyn JqlSite) -> Result<BoundQuery, Vec<JqlProblem>> {
        let frame = TimeFrame {
            now: site.now(),
            zone: site.zone(),
            reads_epoch: site.reads_epoch(),
            later: site.repeated_hour_is_later(),
        };
        let mut binder = Binder { site, frame, problems: Vec::new() };
        let clause = self.clause.as_ref().and_then(|clause| binder.clause(clause, false));
        let order = self.order.iter().filter_map(|key| binder.order(key)).collect();
        if binder.problems.is_empty() { Ok(BoundQuery { clause, order }) } else { Err(binder.problems) }
    }
}

struct Binder<'a> {
    site: &'a dyn JqlSite,
    frame: TimeFrame,
    problems: Vec<JqlProblem>,
}

/// A field that was looked up, and the name it was written by.
struct Field {
    name: String,
    ids: Vec<String>,
    kind: FieldKind,
}

impl Binder<'_> {
    fn clause(&mut self, clause: &Clause, negated: bool) -> Option<Bound> {
        match clause {
            Clause::And(parts) => Some(group(self.clauses(parts, negated), !negated)),
            Clause::Or(parts) => Some(group(self.clauses(parts, negated), negated)),
            Clause::Not(inner) => self.clause(inner, !negated),
            Clause::Term { field, operator, operand } => {
                if negated && *operator == Operator::Changed {
                    self.problems.push(JqlProblem::operator("not changed", &field.to_string()));
                    return None;
                }
                let operator = if negated { operator.opposite() } else { *operator };
                self.term(field, operator, operand).map_err(|problem| self.problems.push(problem)).ok().flatten()
            }
        }
    }

    fn clauses(&mut self, parts: &[Clause], negated: bool) -> Vec<Bound> {
        parts.iter().filter_map(|part| self.clause(part, negated)).collect()
    }

    /// `None`: a problem was noted already.
    fn term(&mut self, name: &FieldName, operator: Operator, operand: &Operand) -> Result<Option<Bound>, JqlProblem> {
        let field = self.field(name)?;
        if operator == Operator::Changed {
            return self.changed(&field, operand).map(Some);
        }
        let unsupported = || JqlProblem::operator(operator.text(), &field.name);
        let negated = operator.negates();
        let test = match operand {
            Operand::Empty if operator.compares() || operator.searches() || operator.is_list() => {
                return Err(JqlProblem::emptiness(operator.text(), &field.name));
            }
            Operand::Empty => Test::Empty,
            _ if matches!(operator, Operator::Is | Operator::IsNot) => return Err(unsupported()),
            _ if operator.searches() != (field.kind == FieldKind::Text) => return Err(unsupported()),
            Operand::Literal { text, .. } if operator.searches() => Test::Contains(TextPattern::new(text)),
            _ if operator.searches() => return Err(unsupported()),
            Operand::List(values) if operator.is_list() => self.among(&field, values),
            Operand::List(_) => return Err(unsupported()),
            Operand::Literal { .. } | Operand::Function { .. } if operator.compares() => {
                if matches!(field.kind, FieldKind::Named | FieldKind::Label) {
                    return Err(unsupported());
                }
                let Some(with) = self.value(&field, operand, true)? else { return Ok(None) };
                Test::Compare { operator, with }
            }
            Operand::Literal { .. } | Operand::Function { .. } => self.among(&field, std::slice::from_ref(operand)),
        };
        // A comparison is turned round by its operator, never by a flag.
        Ok(Some(Bound::Term { fields: field.ids, test, negated }))
    }

    fn changed(&mut self, field: &Field, by: &Operand) -> Result<Bound, JqlProblem> {
        let kept = field.ids.first().filter(|id| KEPT_HISTORY.contains(&id.as_str()));
        let id = kept.ok_or_else(|| JqlProblem::operator(Operator::Changed.text(), &field.name))?;
        let fields = vec![format!("{CHANGED}{id}")];
        if *by == Operand::Empty {
            return Ok(Bound::Term { fields, test: Test::Empty, negated: true });
        }
        let who = Field { name: field.name.clone(), ids: vec!["assignee".to_owned()], kind: FieldKind::Named };
        let test = self.among(&who, std::slice::from_ref(by));
        Ok(Bound::Term { fields, test, negated: false })
    }

    fn among(&mut self, field: &Field, values: &[Operand]) -> Test {
        let mut wanted = Vec::new();
        let mut or_empty = false;
        for value in values {
            if *value == Operand::Empty {
                or_empty = true;
                continue;
            }
            match self.value(field, value, false) {
                Ok(found) => wanted.extend(found),
                Err(problem) => self.problems.push(problem),
            }
        }
        Test::Among { wanted, or_empty }
    }

    /// `Ok(None)`: a value that nothing has, as `currentUser()` of nobody.
    fn value(&self, field: &Field, operand: &Operand, compared: bool) -> Result<Option<Wanted>, JqlProblem> {
        match operand {
            Operand::Function { name, arguments } => self.function(field, name, arguments),
            Operand::Literal { text, quoted } => self.literal(field, text, *quoted, compared).map(Some),
            Operand::Empty | Operand::List(_) => Err(JqlProblem::value(&field.name, "")),
        }
    }

    fn literal(&self, field: &Field, text: &str, quoted: bool, compared: bool) -> Result<Wanted, JqlProblem> {
        match field.kind {
            FieldKind::Text | FieldKind::Label => Ok(Wanted::Word(text.to_lowercase())),
            FieldKind::Named | FieldKind::Ranked => field
                .ids
                .iter()
                .find_map(|id| self.site.find(id, text))
                .map(|found| Wanted::Named { ids: found.ids, rank: found.rank })
                .ok_or_else(|| JqlProblem::value(&field.name, text)),
            FieldKind::Key => self.issue(field, text, compared),
            FieldKind::Number => {
                text.trim().parse().map(Wanted::Number).map_err(|_| JqlProblem::number(&field.name, text))
            }
            FieldKind::Time | FieldKind::Day => {
                self.frame.literal(text, quoted).map(Wanted::Moment).ok_or_else(|| JqlProblem::date(&field.name, text))
            }
        }
    }

    /// A compared key or id need not exist (its issue may have been deleted while somebody pages by it).
    fn issue(&self, field: &Field, text: &str, compared: bool) -> Result<Wanted, JqlProblem> {
        let unknown = || JqlProblem::issue(&field.name, text);
        if compared {
            if let Ok(id) = text.parse() {
                return Ok(Wanted::Id(id));
            }
            let (project, number) = text.rsplit_once('-').ok_or_else(unknown)?;
            let number = number.parse().map_err(|_| unknown())?;
            return Ok(Wanted::Key { project: project.to_uppercase(), number });
        }
        let found = self.site.find("key", text).ok_or_else(unknown)?;
        found.ids.first().and_then(|id| id.parse().ok()).map(Wanted::Id).ok_or_else(unknown)
    }

    fn function(&self, field: &Field, name: &str, arguments: &[String]) -> Result<Option<Wanted>, JqlProblem> {
        let misplaced = || JqlProblem {
            kind: ProblemKind::BadValue,
            message: format!("A value provided by the function '{name}' is invalid for the field '{}'.", field.name),
        };
        if name.eq_ignore_ascii_case("currentUser") {
            if field.kind != FieldKind::Named {
                return Err(misplaced());
            }
            return Ok(self.site.current_user().map(|id| Wanted::Named { ids: vec![id], rank: None }));
        }
        match self.frame.function(name, arguments) {
            None => Err(JqlProblem::function(name)),
            Some(_) if !matches!(field.kind, FieldKind::Time | FieldKind::Day) => Err(misplaced()),
            Some(Err(argument)) => Err(JqlProblem::argument(name, &argument)),
            Some(Ok(moment)) => Ok(Some(Wanted::Moment(moment))),
        }
    }

    fn field(&self, name: &FieldName) -> Result<Field, JqlProblem> {
        let custom = match name {
            FieldName::Custom(number) => self.site.custom_fields(CustomName::Number(*number)),
            FieldName::Name(text) => {
                if let Some((names, kind, _)) = system(text) {
                    let ids = names.iter().take(1).map(|id| (*id).to_owned()).collect();
                    return Ok(Field { name: text.clone(), ids, kind: *kind });
                }
                self.site.custom_fields(CustomName::Name(text))
            }
        };
        let Some(first) = custom.first() else { return Err(JqlProblem::field(&name.to_string())) };
        let kind = first.kind;
        let same = |field: &&CustomField| field.kind == kind;
        let ids = custom.iter().filter(same).map(|field| field.id.clone()).collect();
        Ok(Field { name: name.to_string(), ids, kind })
    }

    fn order(&mut self, key: &OrderKey) -> Option<BoundKey> {
        let written = key.field.to_string();
        let field = match self.field(&key.field) {
            Ok(field) if !matches!(field.ids.first().map(String::as_str), None | Some("text" | "comment")) => field,
            Ok(_) => {
                self.problems.push(JqlProblem::sort(&written));
                return None;
            }
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let own = system(&written).is_some_and(|(_, _, descending)| *descending);
        let by_id = written.eq_ignore_ascii_case("id") && !self.site.sorts_id_as_key();
        let field = field.ids.into_iter().next()?;
        Some(BoundKey { field, descending: key.descending.unwrap_or(own), by_id })
    }
}

fn group(parts: Vec<Bound>, all: bool) -> Bound {
    if all { Bound::All(parts) } else { Bound::Any(parts) }
}

fn system(name: &str) -> Option<&'static (&'static [&'static str], FieldKind, bool)> {
    SYSTEM.iter().find(|(names, _, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}
