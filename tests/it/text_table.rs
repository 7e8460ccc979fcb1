//! What becomes of every node and mark of ADF on its way to wiki markup and back: the table in docs/text.md, made from what
//! the code does, with Atlassian's converter beside it. `UPDATE=1` writes it anew. Must never claim what was not tried.

use std::collections::BTreeSet;
use std::path::Path;

use jirasyncd::model::document::{Document, Syntax};
use jirasyncd::model::issue::NativeValue;
use jirasyncd::text::{Target, lift, read, same, write_for};
use serde_json::{Value, json};

use super::contract::document::shared;
use super::text_opinion::{Made, Verdict, answers, counted, differ, judge, reasons, theirs};

const BEGIN: &str = "<!-- table: made by a test, UPDATE=1 writes it anew -->";
const END: &str = "<!-- end of table -->";
const REMAKE: &str = "the inputs changed: scripts/second-opinion update asks theirs anew";

fn nobody(_: &str) -> Option<String> {
    None
}

fn words(word: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": word }] })
}

fn inline(node: &Value) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": "see " }, node, { "type": "text", "text": " there" }] })
}

fn marked(mark: &Value) -> Value {
    inline(&json!({ "type": "text", "text": "word", "marks": [mark] }))
}

fn on_paragraph(mark: &Value) -> Value {
    json!({ "type": "paragraph", "marks": [mark], "content": [{ "type": "text", "text": "word" }] })
}

/// One row: what it is about, an ADF block that holds it, and the markup that says it, if there is any.
struct Row(&'static str, Value, Option<&'static str>);

fn list(kind: &str) -> Value {
    json!({ "type": kind, "content": [{ "type": "listItem", "content": [words("one"), { "type": kind, "content": [
        { "type": "listItem", "content": [words("inner")] }] }] }] })
}

#[expect(clippy::too_many_lines, reason = "a table, row by row")]
fn nodes() -> Vec<Row> {
    let table = json!({ "type": "table", "content": [
        { "type": "tableRow", "content": [{ "type": "tableHeader", "content": [words("head")] }] },
        { "type": "tableRow", "content": [{ "type": "tableCell", "content": [words("cell")] }] }] });
    let picture = json!({ "type": "media", "attrs": { "type": "external", "url": "https://example.com/a.png" } });
    let file = json!({ "type": "media", "attrs": { "type": "file", "id": "1", "collection": "", "alt": "a.png" } });
    let column = |word: &str| json!({ "type": "layoutColumn", "attrs": { "width": 50 }, "content": [words(word)] });
    let extension = json!({ "extensionType": "com.example", "extensionKey": "chart" });
    let tasks = |kind: &str, content: Value| {
        json!({ "type": "taskList", "attrs": { "localId": "l" }, "content": [
            { "type": kind, "attrs": { "localId": "i", "state": "DONE" }, "content": [content] }] })
    };
    let plain = json!({ "type": "text", "text": "a thing" });
    vec![
        Row("doc, paragraph, text", words("word"), Some("word")),
        Row("heading", json!({ "type": "heading", "attrs": { "level": 2 }, "content": [plain] }), Some("h2. a thing")),
        Row("hardBreak", inline(&json!({ "type": "hardBreak" })), Some("see\nthere")),
        Row("rule", json!({ "type": "rule" }), Some("----")),
        Row("bulletList, listItem", list("bulletList"), Some("* one\n** inner")),
        Row("orderedList", list("orderedList"), Some("# one\n## inner")),
        Row(
            "orderedList from 5",
            json!({ "type": "orderedList", "attrs": { "order": 5 }, "content": [
            { "type": "listItem", "content": [words("five")] }] }),
            None,
        ),
        Row("taskList, taskItem", tasks("taskItem", plain.clone()), None),
        Row("blockTaskItem", tasks("blockTaskItem", words("a thing")), None),
        Row(
            "decisionList, decisionItem",
            json!({ "type": "decisionList", "attrs": { "localId": "l" }, "content": [
            { "type": "decisionItem", "attrs": { "localId": "i", "state": "DECIDED" }, "content": [plain] }] }),
            None,
        ),
        Row(
            "codeBlock",
            json!({ "type": "codeBlock", "attrs": { "language": "java" }, "content": [plain] }),
            Some("{code:java}\nint x;\n{code}"),
        ),
        Row("codeBlock with a title", words("word"), Some("{code:title=A.java|java}\nint x;\n{code}")),
        Row("{noformat}", json!({ "type": "codeBlock", "content": [plain] }), Some("{noformat}\nas it is\n{noformat}")),
        Row("blockquote", json!({ "type": "blockquote", "content": [words("said")] }), Some("{quote}\nsaid\n{quote}")),
        Row(
            "panel",
            json!({ "type": "panel", "attrs": { "panelType": "warning" }, "content": [words("mind")] }),
            Some("{panel:bgColor=#fffae6}\nmind\n{panel}"),
        ),
        Row(
            "panel, custom",
            json!({ "type": "panel", "attrs": { "panelType": "custom", "panelColor": "#fedec8" },
            "content": [words("mind")] }),
            Some("{panel:title=Mind|bgColor=#fedec8}\nit\n{panel}"),
        ),
        Row(
            "panel with an icon",
            json!({ "type": "panel", "attrs": { "panelType": "custom", "panelIcon": ":bee:" },
            "content": [words("mind")] }),
            None,
        ),
        Row("expand", json!({ "type": "expand", "attrs": { "title": "More" }, "content": [words("inner")] }), None),
        Row(
            "nestedExpand",
            json!({ "type": "table", "content": [{ "type": "tableRow", "content": [
            { "type": "tableCell", "content": [{ "type": "nestedExpand", "attrs": { "title": "More" },
            "content": [words("inner")] }] }] }] }),
            None,
        ),
        Row("table, tableRow, tableHeader, tableCell", table, Some("||head||\n|cell|")),
        Row(
            "tableCell with spans",
            json!({ "type": "table", "content": [{ "type": "tableRow", "content": [
            { "type": "tableCell", "attrs": { "colspan": 2 }, "content": [words("wide")] }] }] }),
            None,
        ),
        Row(
            "tableCell with a list",
            json!({ "type": "table", "content": [{ "type": "tableRow", "content": [
            { "type": "tableCell", "content": [list("bulletList")] }] }] }),
            Some("|* one\n* two|"),
        ),
        Row(
            "layoutSection, layoutColumn",
            json!({ "type": "layoutSection", "content": [column("left"), column("right")] }),
            None,
        ),
        Row(
            "mediaSingle, media by address",
            json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [picture] }),
            Some("!https://example.com/a.png!"),
        ),
        Row(
            "mediaSingle, media of the site, caption",
            json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
            file, { "type": "caption", "content": [plain] }] }),
            Some("!a.png|thumbnail!"),
        ),
        Row("mediaGroup", json!({ "type": "mediaGroup", "content": [file] }), Some("[^a.png]")),
        Row(
            "mediaInline",
            inline(&json!({ "type": "mediaInline", "attrs": { "id": "1", "collection": "", "alt": "a.png" } })),
            None,
        ),
        Row(
            "inlineCard",
            inline(&json!({ "type": "inlineCard", "attrs": { "url": "https://example.com/x" } })),
            Some("[https://example.com/x|https://example.com/x|smart-link]"),
        ),
        Row(
            "blockCard",
            json!({ "type": "blockCard", "attrs": { "url": "https://example.com/x" } }),
            Some("[https://example.com/x|https://example.com/x|smart-card]"),
        ),
        Row(
            "embedCard",
            json!({ "type": "embedCard", "attrs": { "url": "https://example.com/x", "layout": "center" } }),
            Some("[https://example.com/x|https://example.com/x|smart-embed]"),
        ),
        Row(
            "mention",
            inline(&json!({ "type": "mention", "attrs": { "id": "1", "text": "@Jane" } })),
            Some("see [~jane] there"),
        ),
        Row(
            "emoji",
            inline(
                &json!({ "type": "emoji", "attrs": { "shortName": ":check_mark:", "id": "atlassian-check_mark", "text": "✅" } }),
            ),
            Some("see (/) there"),
        ),
        Row(
            "emoji without a sign",
            inline(&json!({ "type": "emoji", "attrs": { "shortName": ":bee:", "id": "1f41d", "text": "🐝" } })),
            None,
        ),
        Row("date", inline(&json!({ "type": "date", "attrs": { "timestamp": "1700000000000" } })), None),
        Row("status", inline(&json!({ "type": "status", "attrs": { "text": "DONE", "color": "green" } })), None),
        Row("placeholder", inline(&json!({ "type": "placeholder", "attrs": { "text": "fill in" } })), None),
        Row("extension", json!({ "type": "extension", "attrs": extension }), None),
        Row(
            "bodiedExtension",
            json!({ "type": "bodiedExtension", "attrs": extension, "content": [words("inner")] }),
            None,
        ),
        Row("inlineExtension", inline(&json!({ "type": "inlineExtension", "attrs": extension })), None),
        Row("syncBlock", json!({ "type": "syncBlock", "attrs": { "resourceId": "r", "localId": "l" } }), None),
        Row(
            "bodiedSyncBlock",
            json!({ "type": "bodiedSyncBlock", "attrs": { "resourceId": "r", "localId": "l" }, "content": [words("inner")] }),
            None,
        ),
        Row("a macro that we do not know", words("word"), Some("{info}\nmind\n{info}")),
        Row("{anchor}", words("word"), Some("see {anchor:here} there")),
    ]
}

fn marks() -> Vec<Row> {
    let simple = |kind: &'static str, markup| Row(kind, marked(&json!({ "type": kind })), Some(markup));
    let with =
        |kind: &'static str, attrs: Value, markup| Row(kind, marked(&json!({ "type": kind, "attrs": attrs })), markup);
    let block =
        |kind: &'static str, attrs: Value| Row(kind, on_paragraph(&json!({ "type": kind, "attrs": attrs })), None);
    let wide = json!([{ "type": "breakout", "attrs": { "mode": "wide" } }]);
    let fragment = json!([{ "type": "fragment", "attrs": { "localId": "f" } }]);
    let media = |mark: Value| {
        json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [
        { "type": "media", "attrs": { "type": "external", "url": "https://example.com/a.png" }, "marks": [mark] }] })
    };
    vec![
        simple("strong", "see *word* there"),
        simple("em", "see _word_ there"),
        simple("strike", "see -word- there"),
        simple("underline", "see +word+ there"),
        simple("code", "see {{word}} there"),
        with("subsup", json!({ "type": "sub" }), Some("see ~word~ there, ^word^")),
        with("textColor", json!({ "color": "#ff5630" }), Some("see {color:red}word{color} there")),
        with("backgroundColor", json!({ "color": "#f8e6a0" }), None),
        with("link", json!({ "href": "https://example.com" }), Some("see [word|https://example.com] there")),
        Row(
            "link with a title",
            marked(&json!({ "type": "link", "attrs": { "href": "https://example.com", "title": "tip" } })),
            Some("[word|https://example.com|tip]"),
        ),
        with("annotation", json!({ "id": "1", "annotationType": "inlineComment" }), None),
        block("alignment", json!({ "align": "center" })),
        block("indentation", json!({ "level": 1 })),
        block("fontSize", json!({ "fontSize": "small" })),
        Row(
            "breakout",
            json!({ "type": "codeBlock", "marks": wide, "content": [{ "type": "text", "text": "x" }] }),
            None,
        ),
        Row(
            "fragment",
            json!({ "type": "table", "marks": fragment, "content": [{ "type": "tableRow", "content": [
            { "type": "tableCell", "content": [words("x")] }] }] }),
            None,
        ),
        Row("border", media(json!({ "type": "border", "attrs": { "size": 1, "color": "#091e4224" } })), None),
        Row("dataConsumer", media(json!({ "type": "dataConsumer", "attrs": { "sources": ["x"] } })), None),
        Row("??citation??", words("word"), Some("see ??word?? there")),
    ]
}

/// What ours makes of a row, and of its way there and back while nobody touches it.
fn ours(row: &Row) -> Made {
    let Row(name, node, markup) = row;
    let mut made = Made { again: Some(Verdict::Exact), ..Made::default() };
    let sources = [
        (!only_markup(row)).then(|| (NativeValue::Adf(doc(node)), Syntax::Adf, Syntax::Wiki)),
        markup.map(|markup| (NativeValue::Wiki(markup.to_owned()), Syntax::Wiki, Syntax::Adf)),
    ];
    for (held, own, other) in sources.into_iter().flatten() {
        let document = read(&held);
        let home = same(&read(&jirasyncd::text::write(&document, own)), &document);
        assert!(home, "{name}: comes back to its own site");
        let target = Target::new(other, &Document::default(), &nobody);
        let shown = read(&write_for(&document, &target));
        let (_, lifted) = lift(&shown, &shown, &document, &target);
        assert!(same(&lifted, &document), "{name}: what nobody touched comes back");
        let verdict = judge(&shown, &document);
        assert!(verdict < Verdict::Lost, "{name}: a word is lost");
        let there = if other == Syntax::Wiki { &mut made.as_wiki } else { &mut made.as_adf };
        *there = Some((verdict, shown));
    }
    made
}

fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(name: &str, ours: &Made, theirs: &Made) -> String {
    let word = |verdict: Option<Verdict>| verdict.map_or("–", Verdict::word);
    let both = ours.verdicts().into_iter().zip(theirs.verdicts());
    let cells: Vec<String> = both.map(|(ours, theirs)| format!("{} | {}", word(ours), word(theirs))).collect();
    format!("| {name} | {} |", cells.join(" | "))
}

#[test]
fn the_table_says_what_the_code_does() {
    let (answers, versions) = answers();
    let mut lines = vec![BEGIN.to_owned(), String::new()];
    let (mut rows, mut differing) = (Vec::new(), Vec::new());
    for (title, of) in [("Nodes", nodes()), ("Marks", marks())] {
        lines.push(format!(
            "| {title} | ADF → wiki | theirs | wiki → ADF | theirs | there and back, untouched | theirs |\n\
             | --- | --- | --- | --- | --- | --- | --- |"
        ));
        for row in &of {
            let answer = answers.get(row.0).unwrap_or_else(|| panic!("{}: {REMAKE}", row.0));
            assert_eq!(
                input(row),
                json!({ "name": answer["name"], "adf": answer["adf"], "wiki": answer["wiki"] }),
                "{REMAKE}"
            );
            let (ours, theirs) = (ours(row), theirs(answer));
            lines.push(line(row.0, &ours, &theirs));
            if differ(&ours, &theirs) {
                differing.push(row.0.to_owned());
            }
            rows.push((ours, theirs));
        }
        lines.push(String::new());
    }
    assert_eq!(rows.len(), answers.len(), "{REMAKE}");
    lines.extend(counted(&rows));
    lines.push(String::new());
    lines.extend(reasons(&differing));
    lines.push(String::new());
    lines.push(END.to_owned());
    let made = lines.join("\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/text.md");
    let text = std::fs::read_to_string(&path).unwrap();
    for (package, version) in versions.as_object().unwrap() {
        let told = format!("`{package}` {}", version.as_str().unwrap_or_default());
        assert!(words_of(&text).contains(&told), "docs/text.md does not say: {told}");
    }
    let (from, to) = (text.find(BEGIN).expect("the beginning"), text.find(END).expect("the end") + END.len());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{}{made}{}", &text[..from], &text[to..])).unwrap();
        return;
    }
    assert_eq!(&text[from..to], made, "UPDATE=1 writes the table anew");
}

#[test]
fn the_inputs_are_given_to_the_second_opinion() {
    let mut lines = String::new();
    for row in nodes().iter().chain(&marks()) {
        lines.push_str(&input(row).to_string());
        lines.push('\n');
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-opinion-inputs.jsonl"), lines).unwrap();
}

fn input(row: &Row) -> Value {
    let Row(name, node, markup) = row;
    json!({ "name": name, "adf": (!only_markup(row)).then(|| doc(node)), "wiki": markup })
}

/// Whether a row is about markup that no node of ADF stands for.
fn only_markup(row: &Row) -> bool {
    row.2.is_some() && row.1 == words("word") && row.0 != "doc, paragraph, text"
}

fn doc(node: &Value) -> Value {
    json!({ "type": "doc", "version": 1, "content": [node] })
}

#[test]
fn every_node_and_mark_of_the_schema_has_a_row() {
    let Some(folder) = shared() else {
        println!("skipped: no ADF schema: set JIRASYNCD_SHARED");
        return;
    };
    let schema = std::fs::read_to_string(folder.join("contracts/adf-schema-v1-full.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let kind =
        |definition: &Value| definition.pointer("/properties/type/enum/0").and_then(Value::as_str).map(str::to_owned);
    let wanted: BTreeSet<String> = schema["definitions"].as_object().unwrap().values().filter_map(kind).collect();
    let mut seen = BTreeSet::new();
    for Row(_, node, _) in nodes().iter().chain(&marks()) {
        walk(node, &mut seen);
    }
    seen.insert("doc".to_owned());
    let missing: Vec<&String> = wanted.difference(&seen).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    println!("{} nodes and marks have a row", wanted.len());
}

fn walk(value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            seen.extend(fields.get("type").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|inner| walk(inner, seen));
        }
        Value::Array(items) => items.iter().for_each(|inner| walk(inner, seen)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
