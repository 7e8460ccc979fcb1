//! The JSON schema of the file, for editors, made from the same table of keys that the check goes by. Must never know a key
//! of its own.

use serde_json::{Map, Value, json};

use super::keys::{FILE, Key, NAME_PATTERN, Named, Need, Shape};

/// The schema, as it is kept in `config/jirasyncd.schema.json`.
#[must_use]
pub fn json_schema() -> Value {
    let mut schema = of(&FILE);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("jirasyncd configuration");
    schema
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Text(form) => {
            let mut schema = json!({ "type": "string", "minLength": 1, "examples": [form.example] });
            if let Some(pattern) = form.pattern {
                schema["pattern"] = json!(pattern);
            }
            schema
        }
        Shape::Number(most) => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": most }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::List(inner) => json!({ "type": "array", "items": of(inner) }),
        Shape::Table(keys) => table(keys, None),
        Shape::Named(named) => table(named.keys, Some(named)),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(of).collect::<Vec<_>>() }),
    }
}

fn table(keys: &[&Key], named: Option<&Named>) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        keys.iter().filter(|key| matches!(key.need, Need::Required)).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object" });
    if !properties.is_empty() {
        schema["properties"] = Value::Object(properties);
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = named.map_or(json!(false), |named| of(&named.rest));
    if named.is_some_and(|named| named.makes) {
        schema["propertyNames"] = json!({ "pattern": NAME_PATTERN });
    }
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = of(&key.shape);
    schema["description"] = json!(key.doc);
    if let Need::Default(text) = key.need {
        schema["default"] = match key.shape {
            Shape::Number(_) => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
            Shape::Flag => json!(text == "true"),
            Shape::Text(_) | Shape::Word(_) | Shape::List(_) | Shape::Table(_) | Shape::Named(_) | Shape::Either(_) => {
                json!(text)
            }
        };
    }
    schema
}
