//! `docs/configuration.md`: each key of the configuration, made from the schema, so that no key is without its row. `UPDATE=1`
//! writes it anew. What stands there is written where the key is (`src/config/keys*.rs`), and nowhere else.

use std::fs;
use std::path::Path;

use serde_json::Value;

const HEAD: &str = "# Configuration

Each key of the configuration, made from the schema by a test (`tests/it/configuration_page.rs`). The same with comments, as one
file: [config/example.toml](../config/example.toml). For editors: [config/jirasyncd.schema.json](../config/jirasyncd.schema.json).

The file is TOML. It is the one that `--config` names, else `JIRASYNCD_CONFIG`, else `/etc/jirasyncd/jirasyncd.toml`. A key that
nobody knows is an error, and so is each value that does not fit; all of them are told at once, with their lines.
`jirasyncd check --offline` reads the file alone, `jirasyncd check` asks the instances too, `jirasyncd plan` shows what it would do,
and `jirasyncd reload` has a running daemon go over to it. What each message means stands in [messages.md](messages.md).

Names in capitals are yours: `NAME` of an instance or sync, `SIDE` of a side, `FIELD` of a row. A secret is never written here:
it is named by `env:NAME`, `file:PATH` or `credential:NAME`.
";

/// A table of the file: where it stands, what it is, and its schema.
struct Table<'s> {
    path: String,
    about: String,
    schema: &'s Value,
}

fn page(schema: &Value) -> String {
    let mut tables = Vec::new();
    collect(schema, "", "", &mut tables);
    let mut page = HEAD.to_owned();
    for table in &tables {
        let (heading, about) = (heading(&table.path), &table.about);
        page.push_str(&format!("\n## {heading}\n\n"));
        if !about.is_empty() {
            page.push_str(&format!("{about}\n\n"));
        }
        page.push_str("| key | takes | left out | what it is |\n| --- | --- | --- | --- |\n");
        let required = table.schema["required"].as_array();
        for (name, key) in table.schema["properties"].as_object().into_iter().flatten() {
            let must = required.is_some_and(|all| all.iter().any(|one| one == name));
            let path = below(&table.path, name);
            page.push_str(&format!(
                "| `{name}` | {} | {} | {} |\n",
                takes(key, &path),
                left_out(key, must),
                cell(key["description"].as_str().unwrap_or_default())
            ));
        }
        let rest = &table.schema["additionalProperties"];
        if rest.is_object() {
            let name = yours(&table.path);
            let path = below(&table.path, name);
            page.push_str(&format!("| `{name}` | {} | | one per name |\n", takes(rest, &path)));
        }
    }
    page
}

fn heading(path: &str) -> String {
    if path.is_empty() { "The whole file".to_owned() } else { format!("`{path}`") }
}

/// Each table that has keys of its own, where it stands first.
fn collect<'s>(schema: &'s Value, path: &str, about: &str, tables: &mut Vec<Table<'s>>) {
    if schema["properties"].is_object() {
        tables.push(Table { path: path.to_owned(), about: about.to_owned(), schema });
    }
    for (name, key) in schema["properties"].as_object().into_iter().flatten() {
        collect(key, &below(path, name), key["description"].as_str().unwrap_or_default(), tables);
    }
    if schema["additionalProperties"].is_object() {
        collect(&schema["additionalProperties"], &below(path, yours(path)), about, tables);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], path, about, tables);
    }
    for one in schema["anyOf"].as_array().into_iter().flatten() {
        collect(one, path, about, tables);
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What the names that the user chooses stand for.
fn yours(path: &str) -> &'static str {
    match path {
        "instance" | "sync" => "NAME",
        _ if path.ends_with(".fields") => "FIELD",
        _ => "SIDE",
    }
}

fn takes(schema: &Value, path: &str) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(shapes) = schema["anyOf"].as_array() {
        return shapes.iter().map(|shape| takes(shape, path)).collect::<Vec<_>>().join(", or ");
    }
    match schema["type"].as_str().unwrap_or_default() {
        "string" => match schema["examples"][0].as_str() {
            Some(example) => format!("text, as `\"{}\"`", cell(example)),
            None => "text".to_owned(),
        },
        "number" => format!("a number, at most {}", schema["maximum"].as_f64().unwrap_or_default()),
        "boolean" => "`true`, `false`".to_owned(),
        "array" => format!("a list; each: {}", takes(&schema["items"], path)),
        "object" if schema["properties"].is_object() => format!("a [table](#{})", anchor(path)),
        _ => format!(
            "a table: `{}` = {}",
            yours(path),
            takes(&schema["additionalProperties"], &below(path, yours(path)))
        ),
    }
}

/// As the forges make it of a heading.
fn anchor(path: &str) -> String {
    heading(path).to_lowercase().chars().filter(|sign| sign.is_alphanumeric() || *sign == '-' || *sign == '_').collect()
}

fn left_out(schema: &Value, must: bool) -> String {
    match &schema["default"] {
        _ if must => "must be there".to_owned(),
        Value::Null => "may be".to_owned(),
        Value::String(text) => format!("`\"{}\"`", cell(text)),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => format!("`{other}`"),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn schema() -> Value {
    jirasyncd::config::json_schema()
}

#[test]
fn the_page_is_what_the_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = page(&schema());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(page == there, "docs/configuration.md is not what the schema says: run this with UPDATE=1");
}

#[test]
fn every_key_is_described() {
    let whole = schema();
    let mut tables = Vec::new();
    collect(&whole, "", "", &mut tables);
    assert!(tables.len() > 15, "only {} tables were found", tables.len());
    for table in tables {
        for (name, key) in table.schema["properties"].as_object().into_iter().flatten() {
            let words = key["description"].as_str().unwrap_or_default().split_whitespace().count();
            assert!(words >= 3, "`{}` says too little of itself", below(&table.path, name));
        }
    }
}

/// Links within the page lead to one of its headings.
#[test]
fn tables_that_are_named_are_there() {
    let page = page(&schema());
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| anchor(heading.trim_matches('`')))
        .collect();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.iter().any(|heading| heading == link), "there is no `{link}`");
    }
}
