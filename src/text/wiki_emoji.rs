//! The small pictures that wiki markup has signs for. Must never make a picture of what stands within a word.

use crate::model::document::Inline;

/// Sign, name, character.
const EMOJI: &[(&str, &str, &str)] = &[
    ("(/)", ":check_mark:", "✅"),
    ("(x)", ":cross_mark:", "❌"),
    ("(!)", ":warning:", "⚠"),
    ("(?)", ":question:", "❓"),
    ("(+)", ":plus:", "➕"),
    ("(-)", ":minus:", "➖"),
    ("(i)", ":info:", "ℹ"),
    ("(y)", ":thumbsup:", "👍"),
    ("(n)", ":thumbsdown:", "👎"),
    ("(on)", ":light_bulb_on:", "💡"),
    ("(off)", ":light_bulb_off:", "🌑"),
    ("(*)", ":yellow_star:", "⭐"),
    ("(*y)", ":yellow_star:", "⭐"),
    ("(*r)", ":red_star:", "🌟"),
    ("(*g)", ":green_star:", "🌟"),
    ("(*b)", ":blue_star:", "🌟"),
    (":)", ":slight_smile:", "🙂"),
    (":(", ":disappointed:", "😞"),
    (":P", ":stuck_out_tongue:", "😛"),
    (":D", ":smiley:", "😃"),
    (";)", ":wink:", "😉"),
    ("(flag)", ":flag_on:", "🚩"),
    ("(flagoff)", ":flag_off:", "🏳"),
    // Written the first way, read in these too.
    (":-)", ":slight_smile:", "🙂"),
    (":-(", ":disappointed:", "😞"),
    (":-P", ":stuck_out_tongue:", "😛"),
    (":p", ":stuck_out_tongue:", "😛"),
    (":-p", ":stuck_out_tongue:", "😛"),
    (":-D", ":smiley:", "😃"),
    (";-)", ":wink:", "😉"),
];

/// The picture whose sign begins a text, and how many characters the sign has.
pub(super) fn read(rest: &[char]) -> Option<(Inline, usize)> {
    EMOJI.iter().find_map(|(sign, name, text)| {
        let signs = sign.chars();
        let length = signs.clone().count();
        let stands = signs.zip(rest).filter(|(sign, found)| sign == *found).count() == length
            && rest.get(length).is_none_or(|after| !after.is_alphanumeric());
        let emoji = Inline::Emoji { name: (*name).to_owned(), text: Some((*text).to_owned()), id: None };
        stands.then_some((emoji, length))
    })
}

/// The sign of a picture.
pub(super) fn sign(name: &str) -> Option<&'static str> {
    EMOJI.iter().find(|(_, known, _)| *known == name).map(|(sign, _, _)| *sign)
}
