//! The colours of a plan's lines: what comes is green, what goes is red. Must never let a text act on the terminal, change a word of it, or
//! colour what only looks like a change.

use anstyle::{AnsiColor, Style};

use crate::console::escaped;
use crate::plan::{Line, Part};

/// A line by the sign that it begins with; within one that changes something, what goes and what comes.
pub(super) fn painted(line: &Line) -> String {
    let colour = match line.sign() {
        Some('~' | '"') if line.shows_a_change() => return line.parts().iter().map(part).collect(),
        Some('+' | '"' | '&' | '@') => AnsiColor::Green,
        Some('-') => AnsiColor::Red,
        Some('>') => AnsiColor::Cyan,
        Some('!') => AnsiColor::Magenta,
        Some('?' | 'x') => AnsiColor::Yellow,
        _ => return escaped(&line.to_string()).into_owned(),
    };
    coloured(colour, &line.to_string())
}

fn part(part: &Part) -> String {
    match part {
        Part::Plain(text) => escaped(text).into_owned(),
        Part::Goes(text) => coloured(AnsiColor::Red, text),
        Part::Comes(text) => coloured(AnsiColor::Green, text),
    }
}

fn coloured(colour: AnsiColor, text: &str) -> String {
    let style: Style = colour.on_default();
    format!("{style}{}{style:#}", escaped(text))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::model::hub::ItemState;
    use crate::model::ids::{ItemId, SideId};
    use crate::model::issue::NativeValue;
    use crate::model::matching::Matched;
    use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation};
    use crate::model::value::Value;
    use crate::plan::{Hold, Plan, lines_of};

    /// How a plan that writes one field is painted.
    fn of_field(expects: Option<&str>, write: NativeWrite, wanted: &str) -> String {
        let line = |text: &str| Value::Line(text.to_owned());
        let (expects, wanted) = (expects.map(line), line(wanted));
        let write = FieldWrite { field: "f".into(), write, wanted, expects, acts: Default::default() };
        let action = Action::SetFields { fields: BTreeMap::from([("f".into(), write)]) };
        of(Plan { operations: vec![Operation { side: SideId::from("b"), action }], ..empty() })
    }

    fn empty() -> Plan {
        Plan {
            item: ItemState::new(ItemId(1), "s".into()),
            operations: Vec::new(),
            conflicts: Vec::new(),
            holds: Vec::new(),
            wanted: BTreeMap::new(),
            seen: Vec::new(),
            acts: Vec::new(),
            ways: Vec::new(),
            onward: BTreeMap::new(),
            goals: BTreeMap::new(),
            stuck: BTreeSet::new(),
            lacking: BTreeSet::new(),
            matched: Matched::default(),
        }
    }

    fn of(plan: Plan) -> String {
        lines_of(&plan).iter().map(painted).collect::<Vec<_>>().join("|")
    }

    fn set(text: &str) -> NativeWrite {
        NativeWrite::Set(NativeValue::Text(text.to_owned()))
    }

    const RED: &str = "\u{1b}[31m";
    const GREEN: &str = "\u{1b}[32m";
    const END: &str = "\u{1b}[0m";

    #[test]
    fn colours_say_what_comes_and_what_goes_and_leave_every_word() {
        let short = of_field(Some("High"), set("Low"), "Low");
        assert_eq!(short, format!("~ b f: {RED}\"High\"{END} -> {GREEN}\"Low\"{END}"));
        let words = NativeWrite::Words { add: vec!["a".to_owned()], remove: vec!["b".to_owned()] };
        assert_eq!(of_field(None, words, ""), format!("~ b f: {GREEN}+a{END} {RED}-b{END}"));
        let (old, new) = ("x ".repeat(40), format!("{}y", "x ".repeat(40)));
        let long = of_field(Some(&old), set(&new), &new);
        assert!(long.ends_with(&format!("x {GREEN}{{+y+}}{END}")), "{long}");
    }

    /// What people typed is in the colour of what it is part of, and none of it acts.
    #[test]
    fn what_only_looks_like_a_change_has_no_colour_of_its_own() {
        let typed = "[-a-] -> {+b+} \u{1b}[2J";
        let line = of_field(Some("c"), set(typed), typed);
        let said = "\"[-a-] -> {+b+} \\u{1b}[2J\"";
        assert_eq!(line, format!("~ b f: {RED}\"c\"{END} -> {GREEN}{said}{END}"));
        assert_eq!(of_field(None, set(typed), typed), format!("~ b f: {said}"));
    }

    /// What is not done is another sign, and another colour, than what is deleted.
    #[test]
    fn what_is_not_done_is_not_taken_for_what_is_deleted() {
        let action = Action::DeleteIssue { with: "a".into() };
        let operations = vec![Operation { side: "b".into(), action }];
        let (why, remedy) = ("it is deleted".to_owned(), "see".to_owned());
        let hold = Hold { side: "b".into(), field: None, why, remedy, settles: false };
        let said = of(Plan { operations, holds: vec![hold], ..empty() });
        let deleted = "- b is deleted: it is our copy, and the counterpart on a is gone";
        assert_eq!(said, format!("{RED}{deleted}{END}|\u{1b}[33mx b it is deleted (see){END}"));
    }
}
