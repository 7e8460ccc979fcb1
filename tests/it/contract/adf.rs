//! Documents inside of bodies: Cloud v3 carries rich text as ADF, and only as ADF.

use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::document::shared;

/// The fields that are rich text on every site.
const RICH: [&str; 2] = ["description", "environment"];

fn schema() -> Option<&'static Validator> {
    static SCHEMA: OnceLock<Option<Validator>> = OnceLock::new();
    let built = SCHEMA.get_or_init(|| {
        let text =
            std::fs::read_to_string(shared()?.join("contracts/adf-schema-v1-full.json")).expect("the ADF schema");
        let schema = serde_json::from_str(&text).expect("the ADF schema is JSON");
        let built = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(false).build(&schema);
        Some(built.expect("the ADF schema compiles"))
    });
    built.as_ref()
}

/// Finds every ADF document in a body and says where one is wrong, as (pointer, why).
pub(crate) fn check(body: &Value) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    walk(body, String::new(), &mut wrong);
    wrong
}

fn walk(value: &Value, pointer: String, wrong: &mut Vec<(String, String)>) {
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            walk(item, format!("{pointer}/{index}"), wrong);
        }
    }
    let Value::Object(object) = value else { return };
    if object.get("type").and_then(Value::as_str) == Some("doc") && object.contains_key("version") {
        if let Some(error) = schema().and_then(|schema| schema.iter_errors(value).next()) {
            wrong.push((format!("{pointer}{}", error.instance_path()), short(&error.to_string())));
        }
        return;
    }
    for (name, inner) in object {
        if name == "fields" {
            for field in RICH {
                if inner.get(field).is_some_and(Value::is_string) {
                    wrong.push((format!("{pointer}/fields/{field}"), "plain text where v3 wants ADF".to_owned()));
                }
            }
        }
        walk(inner, format!("{pointer}/{name}"), wrong);
    }
}

/// A message of the validator without the whole instance in it.
pub(crate) fn short(message: &str) -> String {
    if message.chars().count() <= 300 {
        return message.to_owned();
    }
    let (start, end): (String, String) = (
        message.chars().take(120).collect(),
        message.chars().rev().take(160).collect::<Vec<_>>().into_iter().rev().collect(),
    );
    format!("{start} … {end}")
}
