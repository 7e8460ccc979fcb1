//! Reads a contract from the shared folder, corrects it by its errata and makes JSON Schema of it.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// The folder of shared data, by `JIRASYNCD_SHARED` or beside the checkout. `None` says so plainly.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let folder = PathBuf::from(std::env::var("JIRASYNCD_SHARED").unwrap_or_else(|_| beside.to_owned()));
    let there = folder.join("contracts").is_dir();
    if !there {
        eprintln!("skipped: shared data absent ({})", folder.display());
    }
    there.then_some(folder)
}

/// Which way a schema is read: the document has one for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contract {
    pub(crate) file: &'static str,
    pub(crate) errata: &'static str,
    /// The documents of other products on the same site.
    pub(crate) beside: &'static [&'static str],
    /// Data Center's document never says `additionalProperties: false`, its server does.
    pub(crate) close_objects: bool,
}

/// Loads a contract, errata applied, examples dropped, `nullable` rewritten, references made absolute to `urn`.
pub(crate) fn load(contract: &Contract, urn: &str) -> Option<Value> {
    let folder = shared()?.join("contracts");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let mut document = read(contract.file);
    for beside in contract.beside {
        // Its schemas go by names of their own: some of the site's are called alike and are others.
        let place = "#/components/schemas/";
        let text = read(beside).to_string().replace(place, &format!("{place}{beside}:"));
        let more: Value = serde_json::from_str(&text).expect("a contract is JSON");
        let paths = document["paths"].as_object_mut().expect("a contract has paths");
        let more_paths = more["paths"].as_object().expect("a contract has paths").clone();
        paths.extend(more_paths.into_iter().filter(|(path, methods)| {
            let board = path.starts_with("/rest/agile/1.0/board") && !methods.to_string().contains("\"$ref\"");
            board || path.starts_with("/rest/servicedeskapi/servicedesk")
        }));
        let schemas = more["components"]["schemas"].as_object().expect("a contract has schemas").clone();
        let known = document["components"]["schemas"].as_object_mut().expect("a contract has schemas");
        known.extend(schemas.into_iter().map(|(name, schema)| (format!("{beside}:{name}"), schema)));
    }
    correct(&mut document, &read(contract.errata)["errata"]);
    correct(&mut document, &super::errata::found(contract.file));
    rewrite(&mut document, urn, contract.close_objects, false);
    Some(document)
}

/// Applies errata: `pointer`, `op` (add, replace, remove), `value`.
pub(crate) fn correct(document: &mut Value, errata: &Value) {
    for erratum in errata.as_array().expect("errata are a list") {
        let pointer = erratum["pointer"].as_str().expect("an erratum has a pointer");
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a parent");
        let name = name.replace("~1", "/").replace("~0", "~");
        let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("the document has no {parent}"));
        if let (Some(list), "-", Some("add")) = (parent.as_array_mut(), name.as_str(), erratum["op"].as_str()) {
            list.push(erratum["value"].clone());
            continue;
        }
        let parent = parent.as_object_mut().unwrap_or_else(|| panic!("{pointer} is not in an object"));
        match erratum["op"].as_str() {
            Some("remove") => drop(parent.remove(&name)),
            Some("add" | "replace") => drop(parent.insert(name, erratum["value"].clone())),
            other => panic!("{pointer}: unknown op {other:?}"),
        }
    }
}

/// OpenAPI 3.0 -> JSON Schema draft 4. `names`: the keys of this object are names of properties, not keywords.
pub(crate) fn rewrite(value: &mut Value, urn: &str, close: bool, names: bool) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(|item| rewrite(item, urn, close, false));
    }
    let Value::Object(object) = value else { return };
    if !names {
        object.remove("example");
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && reference.starts_with('#')
        {
            reference.insert_str(0, urn);
        }
    }
    for (key, inner) in object.iter_mut() {
        rewrite(inner, urn, close, !names && key == "properties");
    }
    if names {
        return;
    }
    if close && is_closable(object) {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    if object.remove("nullable") == Some(json!(true)) {
        let inner = Value::Object(std::mem::take(object));
        *value = nullable(inner);
    }
}

/// An object of named properties that leaves open whether there are others.
fn is_closable(object: &Map<String, Value>) -> bool {
    let named = object.get("properties").and_then(Value::as_object).is_some_and(|names| !names.is_empty());
    named && object.get("type") == Some(&json!("object")) && !object.contains_key("additionalProperties")
}

fn nullable(schema: Value) -> Value {
    if schema
        .as_object()
        .is_some_and(|object| object.is_empty() || !(object.contains_key("type") || object.contains_key("$ref")))
    {
        return schema;
    }
    json!({ "anyOf": [schema, { "type": "null" }] })
}
