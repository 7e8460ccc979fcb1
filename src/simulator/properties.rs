//! Entity properties of issues and comments: the limits that both kinds document. Must never touch `updated`.

use serde_json::Value;

use super::reply::Refusal;

/// Any non-empty JSON of at most 32,768 characters under a key of at most 255 (v3).
pub(crate) fn check(key: &str, value: &Value) -> Result<(), Refusal> {
    if key.is_empty() || key.chars().count() > 255 {
        return Err(Refusal::message(400, "The property key cannot be longer than 255 characters."));
    }
    if value.is_null() {
        return Err(Refusal::message(400, "The property value cannot be empty."));
    }
    if value.to_string().chars().count() > 32_768 {
        return Err(Refusal::message(400, "The property value cannot be longer than 32768 characters."));
    }
    Ok(())
}
