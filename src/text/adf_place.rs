//! What ADF allows where, as its schema has it. Must never allow more than the schema does.

use serde_json::Value as Json;

/// Where a block stands: containers take fewer kinds of blocks than the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Document,
    Item,
    Quote,
    Panel,
    Cell,
    Expand,
    NestedExpand,
    Column,
}

const ITEM: &[&str] = &["paragraph", "bulletList", "orderedList", "taskList", "mediaSingle", "codeBlock", "extension"];
const QUOTE: &[&str] =
    &["paragraph", "orderedList", "bulletList", "codeBlock", "mediaSingle", "mediaGroup", "extension"];
const PANEL: &[&str] = &[
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "blockCard",
    "mediaGroup",
    "mediaSingle",
    "codeBlock",
    "taskList",
    "rule",
    "decisionList",
    "extension",
];
const CELL: &[&str] = &["panel", "blockquote", "embedCard", "nestedExpand"];
const EXPAND: &[&str] = &["panel", "blockquote", "embedCard", "nestedExpand", "table"];
const NESTED: &[&str] = &[
    "paragraph",
    "heading",
    "mediaSingle",
    "mediaGroup",
    "codeBlock",
    "bulletList",
    "orderedList",
    "taskList",
    "decisionList",
    "rule",
    "panel",
    "blockquote",
    "extension",
];
const COLUMN: &[&str] = &["panel", "blockquote", "embedCard", "table", "expand", "bodiedExtension"];
const ROOT: &[&str] = &[
    "panel",
    "blockquote",
    "embedCard",
    "table",
    "expand",
    "bodiedExtension",
    "layoutSection",
    "syncBlock",
    "bodiedSyncBlock",
];

/// Whether a node of that type may stand there.
pub(super) fn fits(inside: Inside, kind: &str) -> bool {
    match inside {
        Inside::Item => ITEM.contains(&kind),
        Inside::Quote => QUOTE.contains(&kind),
        Inside::Panel => PANEL.contains(&kind),
        Inside::NestedExpand => NESTED.contains(&kind),
        Inside::Cell => PANEL.contains(&kind) || CELL.contains(&kind),
        Inside::Expand => PANEL.contains(&kind) || EXPAND.contains(&kind),
        Inside::Column => PANEL.contains(&kind) || COLUMN.contains(&kind),
        Inside::Document => PANEL.contains(&kind) || ROOT.contains(&kind),
    }
}

/// The block marks of a node that may stand there. Alignment and indentation exclude each other.
pub(super) fn marks(inside: Inside, node: &str, marks: &[Json]) -> Vec<Json> {
    let mut out: Vec<Json> = Vec::new();
    for mark in marks {
        let kind = mark.get("type").and_then(Json::as_str).unwrap_or_default();
        let text = |name: &str| mark.pointer(&format!("/attrs/{name}")).and_then(Json::as_str).unwrap_or_default();
        let wide = matches!(inside, Inside::Document | Inside::Column);
        let fits = match (node, kind) {
            ("paragraph", "fontSize") => {
                matches!(
                    inside,
                    Inside::Document | Inside::Item | Inside::Panel | Inside::Expand | Inside::NestedExpand
                ) && text("fontSize") == "small"
            }
            ("paragraph" | "heading", "alignment") => {
                (wide || inside == Inside::Cell) && matches!(text("align"), "center" | "end")
            }
            ("paragraph" | "heading", "indentation") => {
                let level = mark.pointer("/attrs/level").and_then(Json::as_u64).unwrap_or_default();
                (wide || (inside == Inside::Cell && node == "heading")) && (1..=6).contains(&level)
            }
            ("codeBlock" | "expand" | "layoutSection", "breakout") => {
                inside == Inside::Document && matches!(text("mode"), "wide" | "full-width")
            }
            ("table", "fragment") => !text("localId").is_empty(),
            ("mediaSingle", "link") => mark.pointer("/attrs/href").is_some_and(Json::is_string),
            _ => false,
        };
        let excluded = matches!(kind, "alignment" | "indentation" | "fontSize") && !out.is_empty();
        if fits && !excluded {
            out.push(mark.clone());
        }
    }
    out
}

/// The attributes that a node may have besides those that the tree names.
pub(super) fn attribute_fits(node: &str, name: &str, value: &Json) -> bool {
    let one_of = |names: &[&str]| value.as_str().is_some_and(|value| names.contains(&value));
    let small = ["wide", "full-width", "center", "wrap-right", "wrap-left", "align-end", "align-start"];
    match (node, name) {
        ("codeBlock", "wrap" | "hideLineNumbers") | ("table", "isNumberColumnEnabled") => value.is_boolean(),
        ("table", "displayMode") => one_of(&["default", "fixed"]),
        ("table", "layout") => one_of(&small) && !one_of(&["wrap-right", "wrap-left"]) || one_of(&["default"]),
        ("table", "width") | ("cell", "colspan" | "rowspan") => value.is_number(),
        ("cell", "colwidth") => value.as_array().is_some_and(|list| list.iter().all(Json::is_number)),
        ("cell", "background") | ("panel", "panelIcon" | "panelIconId" | "panelIconText" | "panelColor") => {
            value.is_string()
        }
        ("cell" | "column", "valign") => one_of(&["top", "middle", "bottom"]),
        ("column", "width") => value.as_f64().is_some_and(|width| (0.0..=100.0).contains(&width)),
        ("embedCard" | "mediaSingle", "layout") => one_of(&small),
        ("embedCard", "width") => value.as_f64().is_some_and(|width| (0.0..=100.0).contains(&width)),
        ("embedCard", "originalHeight" | "originalWidth") => value.is_number(),
        ("media", "width" | "height") => value.is_number(),
        _ => false,
    }
}
