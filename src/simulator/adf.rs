//! The simulator's own reading of the Atlassian Document Format: which documents Cloud takes, how they look as wiki text,
//! and how wiki text becomes one. Written from Atlassian's schema; shares nothing with `text`.

use serde_json::{Value, json};

/// Node type, the node types it may contain ("" for none), whether it needs at least one, and its required attributes.
struct Rule {
    name: &'static str,
    children: &'static [&'static str],
    filled: bool,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const INLINE: &[&str] = &[
    "text",
    "hardBreak",
    "mention",
    "emoji",
    "date",
    "placeholder",
    "inlineCard",
    "status",
    "inlineExtension",
    "mediaInline",
];
const LIST_CHILDREN: &[&str] =
    &["paragraph", "bulletList", "orderedList", "taskList", "mediaSingle", "codeBlock", "extension"];
const BLOCKS: &[&str] = &[
    "paragraph",
    "panel",
    "blockquote",
    "orderedList",
    "bulletList",
    "rule",
    "heading",
    "codeBlock",
    "mediaGroup",
    "mediaSingle",
    "decisionList",
    "taskList",
    "table",
    "blockCard",
    "embedCard",
    "extension",
    "bodiedExtension",
    "expand",
    "layoutSection",
    "nestedExpand",
];
const QUOTED: &[&str] =
    &["paragraph", "orderedList", "bulletList", "codeBlock", "mediaSingle", "mediaGroup", "extension"];

const fn rule(
    name: &'static str,
    children: &'static [&'static str],
    filled: bool,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Rule {
    Rule { name, children, filled, required, optional }
}

const RULES: &[Rule] = &[
    rule("paragraph", INLINE, false, &[], &["localId"]),
    rule("heading", INLINE, false, &["level"], &["localId"]),
    rule("bulletList", &["listItem"], true, &[], &["localId"]),
    rule("orderedList", &["listItem"], true, &[], &["order", "localId"]),
    rule("listItem", LIST_CHILDREN, true, &[], &["localId"]),
    rule("codeBlock", &["text"], false, &[], &["language", "uniqueId", "localId", "wrap", "hideLineNumbers"]),
    rule("blockquote", QUOTED, true, &[], &["localId"]),
    rule(
        "panel",
        BLOCKS,
        true,
        &["panelType"],
        &["panelIcon", "panelIconId", "panelIconText", "panelColor", "localId"],
    ),
    rule("rule", &[], false, &[], &["localId"]),
    rule("hardBreak", &[], false, &[], &["text", "localId"]),
    rule("mention", &[], false, &["id"], &["localId", "text", "accessLevel", "userType"]),
    rule("emoji", &[], false, &["shortName"], &["id", "text", "localId"]),
    rule("date", &[], false, &["timestamp"], &["localId"]),
    rule("status", &[], false, &["text", "color"], &["localId", "style"]),
    rule("placeholder", &[], false, &["text"], &["localId"]),
    rule("inlineCard", &[], false, &[], &["url", "data", "localId"]),
    rule("blockCard", &[], false, &[], &["url", "data", "localId", "datasource", "width", "layout"]),
    rule("embedCard", &[], false, &["url", "layout"], &["width", "originalHeight", "originalWidth", "localId"]),
    rule("table", &["tableRow"], true, &[], &["displayMode", "isNumberColumnEnabled", "layout", "localId", "width"]),
    rule("tableRow", &["tableCell", "tableHeader"], false, &[], &["localId"]),
    rule("tableCell", BLOCKS, true, &[], &["colspan", "rowspan", "colwidth", "background", "localId", "valign"]),
    rule("tableHeader", BLOCKS, true, &[], &["colspan", "rowspan", "colwidth", "background", "localId", "valign"]),
    rule("taskList", &["taskItem", "taskList", "blockTaskItem"], true, &["localId"], &[]),
    rule("taskItem", INLINE, false, &["localId", "state"], &[]),
    rule("decisionList", &["decisionItem"], true, &["localId"], &[]),
    rule("decisionItem", INLINE, false, &["localId", "state"], &[]),
    rule("expand", BLOCKS, true, &[], &["title", "localId"]),
    rule("nestedExpand", BLOCKS, true, &[], &["title", "localId"]),
    rule("mediaSingle", &["media", "caption"], true, &[], &["localId", "width", "layout", "widthType"]),
    rule("mediaGroup", &["media"], true, &[], &[]),
    rule(
        "media",
        &[],
        false,
        &["type"],
        &["id", "alt", "collection", "height", "width", "occurrenceKey", "url", "localId"],
    ),
    rule(
        "mediaInline",
        &[],
        false,
        &["id", "collection"],
        &["type", "alt", "occurrenceKey", "width", "height", "data", "localId"],
    ),
    rule("caption", INLINE, false, &[], &["localId"]),
    rule("layoutSection", &["layoutColumn"], true, &[], &["localId"]),
    rule("layoutColumn", BLOCKS, true, &["width"], &["localId", "valign"]),
    rule("extension", &[], false, &["extensionKey", "extensionType"], &["parameters", "text", "layout", "localId"]),
    rule("inlineExtension", &[], false, &["extensionKey", "extensionType"], &["parameters", "text", "localId"]),
    rule(
        "bodiedExtension",
        BLOCKS,
        true,
        &["extensionKey", "extensionType"],
        &["parameters", "text", "layout", "localId"],
    ),
];

/// Marks that a text node may carry, with the attributes that each needs.
const MARKS: &[(&str, &[&str])] = &[
    ("strong", &[]),
    ("em", &[]),
    ("code", &[]),
    ("strike", &[]),
    ("underline", &[]),
    ("link", &["href"]),
    ("subsup", &["type"]),
    ("textColor", &["color"]),
    ("backgroundColor", &["color"]),
    ("annotation", &["id", "annotationType"]),
];

/// Whether Cloud takes this as a document; the reason when not.
pub(crate) fn check(document: &Value) -> Result<(), String> {
    let Some(node) = document.as_object() else { return Err("not an object".into()) };
    if node.get("type").and_then(Value::as_str) != Some("doc") || node.get("version").and_then(Value::as_u64) != Some(1)
    {
        return Err("not a doc of version 1".into());
    }
    if let Some(extra) = node.keys().find(|key| !["type", "version", "content"].contains(&key.as_str())) {
        return Err(format!("unexpected {extra}"));
    }
    let content = node.get("content").and_then(Value::as_array).ok_or("doc without content")?;
    content.iter().try_for_each(|child| check_node(child, BLOCKS, "doc"))
}

fn check_node(node: &Value, allowed: &[&str], parent: &str) -> Result<(), String> {
    let name = node.get("type").and_then(Value::as_str).ok_or("node without a type")?;
    if !allowed.contains(&name) {
        return Err(format!("{name} is not allowed in {parent}"));
    }
    let object = node.as_object().ok_or("node is not an object")?;
    let expected: &[&str] =
        if name == "text" { &["type", "text", "marks"] } else { &["type", "attrs", "content", "marks"] };
    if let Some(extra) = object.keys().find(|key| !expected.contains(&key.as_str())) {
        return Err(format!("unexpected {extra} in {name}"));
    }
    if name == "text" {
        return check_text(node, parent);
    }
    let rule = RULES.iter().find(|rule| rule.name == name).ok_or_else(|| format!("unknown node {name}"))?;
    check_attributes(node, rule)?;
    let content = node.get("content").map_or(Ok(&[][..]), |content| {
        content.as_array().map(Vec::as_slice).ok_or_else(|| format!("content of {name} is not an array"))
    })?;
    if rule.filled && content.is_empty() {
        return Err(format!("{name} is empty"));
    }
    content.iter().try_for_each(|child| check_node(child, rule.children, name))
}

fn check_attributes(node: &Value, rule: &Rule) -> Result<(), String> {
    let attributes = node.get("attrs").and_then(Value::as_object);
    for name in rule.required {
        if attributes.and_then(|attributes| attributes.get(*name)).is_none_or(Value::is_null) {
            return Err(format!("{} needs {name}", rule.name));
        }
    }
    if let Some(extra) = attributes.and_then(|attributes| {
        attributes.keys().find(|key| !is_known(rule.required, key) && !is_known(rule.optional, key))
    }) {
        return Err(format!("unexpected {extra} in {}", rule.name));
    }
    if rule.name == "heading"
        && !node.pointer("/attrs/level").and_then(Value::as_u64).is_some_and(|l| (1..=6).contains(&l))
    {
        return Err("heading level".into());
    }
    Ok(())
}

fn is_known(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}

fn check_text(node: &Value, parent: &str) -> Result<(), String> {
    if node.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err("empty text node".into());
    }
    let none = Vec::new();
    let marks = node.get("marks").and_then(Value::as_array).unwrap_or(&none);
    if parent == "codeBlock" && !marks.is_empty() {
        return Err("marks in a code block".into());
    }
    let names: Vec<&str> = marks.iter().filter_map(|mark| mark.get("type").and_then(Value::as_str)).collect();
    for mark in marks {
        let name = mark.get("type").and_then(Value::as_str).ok_or("mark without a type")?;
        let (_, required) =
            MARKS.iter().find(|(known, _)| *known == name).ok_or_else(|| format!("unknown mark {name}"))?;
        if required.iter().any(|attribute| mark.pointer(&format!("/attrs/{attribute}")).is_none()) {
            return Err(format!("mark {name} without its attributes"));
        }
    }
    if names.contains(&"code") && names.iter().any(|name| !["code", "link", "annotation"].contains(name)) {
        return Err("code stands alone".into());
    }
    Ok(())
}

/// Whether a document holds nothing to read; Cloud keeps such a description as null.
pub(crate) fn is_blank(document: &Value) -> bool {
    document.get("content").and_then(Value::as_array).is_none_or(|content| {
        content.iter().all(|node| {
            node.get("type").and_then(Value::as_str) == Some("paragraph")
                && node.get("content").and_then(Value::as_array).is_none_or(Vec::is_empty)
        })
    })
}

/// The document as wiki text, as changelog entries and REST v2 show it.
pub(crate) fn to_wiki(document: &Value) -> String {
    blocks(document, "").join("\n\n")
}

fn children(node: &Value) -> &[Value] {
    node.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn blocks(node: &Value, bullet: &str) -> Vec<String> {
    children(node).iter().map(|child| block(child, bullet)).collect()
}

fn block(node: &Value, bullet: &str) -> String {
    let attribute = |name: &str| node.pointer(&format!("/attrs/{name}"));
    match node.get("type").and_then(Value::as_str).unwrap_or_default() {
        "heading" => format!("h{}. {}", attribute("level").and_then(Value::as_u64).unwrap_or(1), inline(node)),
        "bulletList" => list(node, &format!("{bullet}*")),
        "orderedList" => list(node, &format!("{bullet}#")),
        "codeBlock" => {
            let language = attribute("language").and_then(Value::as_str).map(|l| format!(":{l}")).unwrap_or_default();
            format!("{{code{language}}}\n{}\n{{code}}", inline(node))
        }
        "blockquote" => format!("{{quote}}{}{{quote}}", blocks(node, "").join("\n\n")),
        "panel" => format!("{{panel}}\n{}\n{{panel}}", blocks(node, "").join("\n\n")),
        "rule" => "----".into(),
        "table" => children(node).iter().map(row).collect::<Vec<_>>().join("\n"),
        "paragraph" => inline(node),
        _ => blocks(node, bullet).join("\n\n"),
    }
}

fn list(node: &Value, bullet: &str) -> String {
    let items = children(node).iter().flat_map(|item| {
        children(item).iter().map(|child| {
            let text = block(child, bullet);
            // By the node, not by how the text begins: bold text begins with a star as well.
            let nested = matches!(child.get("type").and_then(Value::as_str), Some("bulletList" | "orderedList"));
            if nested { text } else { format!("{bullet} {text}") }
        })
    });
    items.collect::<Vec<_>>().join("\n")
}

fn row(node: &Value) -> String {
    let cells = children(node).iter().map(|cell| {
        let fence = if cell.get("type").and_then(Value::as_str) == Some("tableHeader") { "||" } else { "|" };
        format!("{fence}{}", blocks(cell, "").join("\n"))
    });
    format!("{}|", cells.collect::<String>())
}

fn inline(node: &Value) -> String {
    children(node).iter().map(span).collect()
}

fn span(node: &Value) -> String {
    let attribute = |name: &str| node.pointer(&format!("/attrs/{name}")).and_then(Value::as_str).unwrap_or_default();
    match node.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" => marked(node),
        "hardBreak" => "\n".into(),
        "mention" => format!("[~accountid:{}]", attribute("id")),
        "emoji" => attribute("shortName").into(),
        "inlineCard" => format!("[{}]", attribute("url")),
        "status" | "placeholder" => attribute("text").into(),
        _ => String::new(),
    }
}

fn marked(node: &Value) -> String {
    let mut text = node.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    for mark in node.get("marks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
        text = match mark.get("type").and_then(Value::as_str).unwrap_or_default() {
            "strong" => format!("*{text}*"),
            "em" => format!("_{text}_"),
            "code" => format!("{{{{{text}}}}}"),
            "strike" => format!("-{text}-"),
            "underline" => format!("+{text}+"),
            "link" => {
                format!("[{text}|{}]", mark.pointer("/attrs/href").and_then(Value::as_str).unwrap_or_default())
            }
            _ => text,
        };
    }
    text
}

/// Wiki text as a document, as far as REST v2 of Cloud needs it here: paragraphs and line breaks; marks stay literal.
pub(crate) fn from_wiki(text: &str) -> Value {
    let normal = text.replace("\r\n", "\n");
    let paragraphs = normal.split("\n\n").filter(|block| !block.trim().is_empty()).map(|block| {
        let mut content = Vec::new();
        for (index, line) in block.trim_matches('\n').split('\n').enumerate() {
            if index > 0 {
                content.push(json!({ "type": "hardBreak" }));
            }
            if !line.is_empty() {
                content.push(json!({ "type": "text", "text": line }));
            }
        }
        json!({ "type": "paragraph", "content": content })
    });
    json!({ "type": "doc", "version": 1, "content": paragraphs.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(content: Value) -> Value {
        json!({ "type": "doc", "version": 1, "content": content })
    }

    #[test]
    fn empty_text_nodes_and_strings_are_refused() {
        assert!(check(&json!("text")).is_err());
        assert!(check(&doc(json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "" }] }]))).is_err());
        assert!(check(&doc(json!([{ "type": "text", "text": "x" }]))).is_err());
        assert!(check(&doc(json!([{ "type": "bulletList", "content": [] }]))).is_err());
        assert!(check(&doc(json!([{ "type": "heading", "attrs": { "level": 7 } }]))).is_err());
        assert!(
            check(&doc(json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "x", "colour": 1 }] }])))
                .is_err()
        );
    }

    #[test]
    fn ordinary_documents_pass_and_become_wiki_text() {
        let document = doc(json!([
            { "type": "heading", "attrs": { "level": 2 }, "content": [{ "type": "text", "text": "Steps" }] },
            { "type": "bulletList", "content": [
                { "type": "listItem", "content": [
                    { "type": "paragraph", "content": [{ "type": "text", "text": "one", "marks": [{ "type": "strong" }] }] },
                    { "type": "orderedList", "content": [{ "type": "listItem", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "deep" }] }] }] }
                ] }
            ] },
            { "type": "codeBlock", "attrs": { "language": "rust" }, "content": [{ "type": "text", "text": "fn a() {}" }] }
        ]));
        assert_eq!(check(&document), Ok(()));
        assert_eq!(to_wiki(&document), "h2. Steps\n\n* *one*\n*# deep\n\n{code:rust}\nfn a() {}\n{code}");
    }

    #[test]
    fn wiki_text_round_trips_through_paragraphs_and_breaks() {
        let text = "one\ntwo\n\nthree";
        let document = from_wiki(text);
        assert_eq!(check(&document), Ok(()));
        assert_eq!(to_wiki(&document), text);
        assert!(is_blank(&from_wiki("")));
    }
}
