//! Holds the file against the table of keys: unknown and missing keys, wrong types, words that are none. Must never stop at
//! the first problem, and never let the text under an unknown key be shown: it may be a misspelt `token`.

use super::keys::{FILE, Form, Key, Named, Need, Shape};
use super::node::{Cursor, Node, Value};
use super::problem::{Findings, listed, suggest};
use super::secret;

/// Checks the whole file.
pub(super) fn check_file(top: &Cursor<'_>, findings: &mut Findings<'_>) {
    check(top, &FILE, findings);
}

fn check(cursor: &Cursor<'_>, shape: &Shape, findings: &mut Findings<'_>) {
    match (shape, &cursor.node.value) {
        (Shape::Text(form), Value::Text(text)) if text.trim().is_empty() => {
            findings.error(&cursor.spot, format!("{} is blank", called(cursor)), example(cursor, form));
        }
        (Shape::Number(most), Value::Number(number)) if !(*number > 0.0 && number <= most) => {
            let message = format!("{} is out of range", called(cursor));
            findings.error(&cursor.spot, message, format!("write a number above 0 and up to {most}"));
        }
        (Shape::Word(words), Value::Text(text)) if !words.contains(&text.as_str()) => {
            // Beside a token its own text may stand in the wrong place.
            let beside_token = cursor.spot.path.contains(".auth.");
            if beside_token {
                hide(cursor, findings);
            }
            let given = if beside_token { cursor.name } else { text };
            let message = format!("`{given}` is none of {}", listed(words));
            findings.error(&cursor.spot, message, suggest(text, words.iter().copied()));
        }
        (Shape::Text(_), Value::Text(_))
        | (Shape::Number(_), Value::Number(_))
        | (Shape::Flag, Value::Flag(_))
        | (Shape::Word(_), Value::Text(_)) => {}
        (Shape::List(inner), Value::List(_)) => {
            for item in cursor.items() {
                check(&item, inner, findings);
            }
        }
        (Shape::Table(keys), Value::Table(_)) => table(cursor, keys, None, findings),
        (Shape::Named(named), Value::Table(_)) => table(cursor, named.keys, Some(named), findings),
        (Shape::Either(shapes), _) => match shapes.iter().find(|shape| takes(shape, cursor.node)) {
            Some(shape) => check(cursor, shape, findings),
            None => mismatch(cursor, shape, findings),
        },
        _ => mismatch(cursor, shape, findings),
    }
}

fn takes(shape: &Shape, node: &Node) -> bool {
    match shape {
        Shape::Text(_) | Shape::Word(_) => matches!(node.value, Value::Text(_)),
        Shape::Number(_) => matches!(node.value, Value::Number(_)),
        Shape::Flag => matches!(node.value, Value::Flag(_)),
        Shape::List(_) => matches!(node.value, Value::List(_)),
        Shape::Table(_) | Shape::Named(_) => matches!(node.value, Value::Table(_)),
        Shape::Either(shapes) => shapes.iter().any(|shape| takes(shape, node)),
    }
}

fn mismatch(cursor: &Cursor<'_>, shape: &Shape, findings: &mut Findings<'_>) {
    hide(cursor, findings);
    let message = format!("{} takes {}, not {}", called(cursor), expected(shape), cursor.node.what());
    let rows = matches!(shape, Shape::List(Shape::Named(_)));
    let from_file = cursor.text().is_some_and(|text| text.starts_with("file:"));
    let help = match shape {
        Shape::Text(form) => example(cursor, form),
        _ if rows && from_file => "rows are not read from a file yet: write them here".to_owned(),
        Shape::List(_) => "put it between `[` and `]`".to_owned(),
        Shape::Number(_) | Shape::Flag | Shape::Word(_) | Shape::Table(_) | Shape::Named(_) | Shape::Either(_) => {
            format!("write {}", expected(shape))
        }
    };
    findings.error(&cursor.spot, message, help);
}

fn called(cursor: &Cursor<'_>) -> String {
    let last = cursor.spot.path.rsplit('.').next().unwrap_or_default();
    format!("`{}`", if cursor.name.is_empty() { last } else { cursor.name })
}

fn example(cursor: &Cursor<'_>, form: &Form) -> String {
    if cursor.name.is_empty() {
        format!("write {}: `\"{}\"`", form.what, form.example)
    } else {
        format!("write {}: `{} = \"{}\"`", form.what, cursor.name, form.example)
    }
}

fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Text(form) => format!("{} in quotes", form.what),
        Shape::Number(_) => "a number".to_owned(),
        Shape::Flag => "true or false".to_owned(),
        Shape::Word(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" or "),
        Shape::List(_) => "a list".to_owned(),
        Shape::Table(_) | Shape::Named(_) => "a table".to_owned(),
        Shape::Either(shapes) => shapes.iter().map(expected).collect::<Vec<_>>().join(" or "),
    }
}

fn table(cursor: &Cursor<'_>, keys: &[&Key], named: Option<&Named>, findings: &mut Findings<'_>) {
    for entry in cursor.entries() {
        match (keys.iter().find(|key| key.name == entry.name), named) {
            (Some(key), _) => check(&entry, &key.shape, findings),
            (None, Some(named)) => {
                if named.makes && !is_name(entry.name) {
                    let message = format!("`{}` cannot be the name of a {}", entry.name, named.what);
                    let help = "begin with a letter, and use letters, digits, `-` and `_`, at most 64";
                    findings.error(&entry.key_spot, message, help);
                }
                check(&entry, &named.rest, findings);
            }
            (None, None) => {
                hide(&entry, findings);
                let message = format!("unknown key `{}`", entry.name);
                findings.unknown(&entry.key_spot, message, suggest(entry.name, keys.iter().map(|key| key.name)));
            }
        }
    }
    for key in keys.iter().filter(|key| matches!(key.need, Need::Required) && cursor.get(key).is_none()) {
        let place = if cursor.spot.path.is_empty() { "the file".to_owned() } else { format!("`{}`", cursor.spot.path) };
        findings.error(&cursor.spot, format!("{place} has no `{}`", key.name), missing(key, &cursor.spot.path));
    }
}

/// What to write where a key is missing.
pub(super) fn missing(key: &Key, path: &str) -> String {
    let below = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
    match &key.shape {
        Shape::Text(form) => format!("write {}: `{} = \"{}\"`", form.what, key.name, form.example),
        Shape::Word(words) => format!("write `{} = \"{}\"`; it takes {}", key.name, words[0], listed(words)),
        Shape::Named(named) if named.what == "field" => format!("add `[{below}]` with `summary = \"both\"` in it"),
        Shape::Named(named) => format!("add `[{below}.NAME]` for each {}", named.what),
        Shape::Table(_) => format!("add a table `{below}`"),
        Shape::Number(_) | Shape::Flag | Shape::List(_) | Shape::Either(_) => {
            format!("add `{}`", key.name)
        }
    }
}

/// What [`super::keys::NAME_PATTERN`] says.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_')
}

/// Masks every value below that may be a secret and is no reference to one.
pub(super) fn hide(cursor: &Cursor<'_>, findings: &mut Findings<'_>) {
    let scalar = !matches!(cursor.node.value, Value::List(_) | Value::Table(_));
    if scalar && !cursor.text().is_some_and(secret::is_reference) && secret::may_lie_at(&cursor.spot.path) {
        findings.mask(cursor.node.span.clone());
    }
    for below in cursor.entries().chain(cursor.items()) {
        hide(&below, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::NAME_PATTERN;
    use super::is_name;

    #[test]
    fn the_pattern_of_the_schema_and_the_check_agree_on_the_length() {
        let most = 64;
        assert!(NAME_PATTERN.contains(&format!("{{0,{}}}", most - 1)));
        assert!(is_name(&"a".repeat(most)) && !is_name(&"a".repeat(most + 1)));
    }
}
