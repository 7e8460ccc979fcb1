//! Values that are composed of other values, from a template. Must never run unbounded, and never name what the receiving side
//! may not see: the caller hands in only what it may.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior};

use crate::model::value::Value;

/// Steps that a template may take: far more than any sensible one needs.
const FUEL: u64 = 10_000;

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
}

/// What a row is called in a template.
#[must_use]
pub fn variable(row: &str) -> String {
    row.chars().map(|sign| if sign.is_alphanumeric() { sign } else { '_' }).collect()
}

/// What a template names.
///
/// # Errors
/// It cannot be read; in words.
pub fn variables(template: &str) -> Result<BTreeSet<String>, String> {
    let environment = environment();
    let parsed = environment.template_from_str(template).map_err(|error| error.to_string())?;
    Ok(parsed.undeclared_variables(false).into_iter().collect())
}

/// Renders a template over these values.
///
/// # Errors
/// It names something that is not there, or runs too long; in words.
pub fn render(template: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let context = values.iter().map(|(name, value)| (name.clone(), minijinja::Value::from(value.clone())));
    let context = minijinja::Value::from(context.collect::<minijinja::value::Kwargs>());
    environment().render_str(template, context).map_err(|error| error.to_string())
}

/// A value in words.
#[must_use]
pub fn in_words(value: &Value) -> String {
    let plain = |name: &str| match name.strip_prefix(super::FOREIGN) {
        Some(foreign) => foreign.split_once(':').map_or(foreign, |(_, name)| name).to_owned(),
        None => name.to_owned(),
    };
    match value {
        Value::Empty => String::new(),
        Value::Line(text) | Value::Day(text) | Value::Number(text) | Value::Moment(text) => text.clone(),
        Value::Document(document) => crate::text::plain(document),
        Value::Choice(name) | Value::Person(name) => plain(name),
        Value::Words(words) => words.iter().map(|word| plain(word)).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_rendered_over_what_is_given_and_nothing_else() {
        let values = BTreeMap::from([("key".to_owned(), "SUP-1".to_owned()), ("due_date".to_owned(), String::new())]);
        assert_eq!(render("[{{ key }}] {{ due_date or 'open' }}", &values).as_deref(), Ok("[SUP-1] open"));
        assert!(render("{{ other }}", &values).is_err());
        assert!(render("{% for i in range(1000000) %}x{% endfor %}", &values).is_err());
        assert_eq!(variables("{{ key }} {{ due_date }}").unwrap().len(), 2);
        assert_eq!(variable("due-date"), "due_date");
    }
}
