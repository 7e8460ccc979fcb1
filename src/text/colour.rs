//! Colours in the one form that ADF takes. Must never guess: a name that is none gives no colour.

/// The names that wiki markup is written with.
const NAMES: &[(&str, &str)] = &[
    ("black", "#000000"),
    ("white", "#ffffff"),
    ("red", "#ff0000"),
    ("green", "#008000"),
    ("blue", "#0000ff"),
    ("yellow", "#ffff00"),
    ("orange", "#ffa500"),
    ("purple", "#800080"),
    ("gray", "#808080"),
    ("grey", "#808080"),
    ("silver", "#c0c0c0"),
    ("maroon", "#800000"),
    ("olive", "#808000"),
    ("lime", "#00ff00"),
    ("aqua", "#00ffff"),
    ("cyan", "#00ffff"),
    ("teal", "#008080"),
    ("navy", "#000080"),
    ("fuchsia", "#ff00ff"),
    ("magenta", "#ff00ff"),
    ("brown", "#a52a2a"),
    ("pink", "#ffc0cb"),
    ("darkgreen", "#006400"),
    ("darkblue", "#00008b"),
    ("darkred", "#8b0000"),
    ("lightgrey", "#d3d3d3"),
    ("lightgray", "#d3d3d3"),
];

/// `#rrggbb` of a colour.
pub(super) fn hex(colour: &str) -> Option<String> {
    let colour = colour.trim();
    if let Some(digits) = colour.strip_prefix('#') {
        let all = digits.chars().all(|digit| digit.is_ascii_hexdigit());
        return match digits.len() {
            6 if all => Some(colour.to_owned()),
            3 if all => Some(format!("#{}", digits.chars().flat_map(|digit| [digit, digit]).collect::<String>())),
            _ => None,
        };
    }
    let lower = colour.to_ascii_lowercase();
    if let Some(parts) = lower.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
        let parts: Option<Vec<u8>> = parts.split(',').map(|part| part.trim().parse().ok()).collect();
        let [red, green, blue] = parts?.try_into().ok()?;
        return Some(format!("#{red:02x}{green:02x}{blue:02x}"));
    }
    NAMES.iter().find(|(name, _)| *name == lower).map(|(_, hex)| (*hex).to_owned())
}
