//! Writes to versions and components as lines for people: what `jirasyncd plan` prints. Must never leave one out.

use super::line::Line;
use super::render::rewritten_words;
use crate::model::things::{ProjectThing, Property, ThingWrite};

/// One write per line: `+` makes, `~` changes. `things`: what was known before.
#[must_use]
pub fn render_things(things: &[ProjectThing], writes: &[ThingWrite]) -> Vec<Line> {
    let line = |write: &ThingWrite| {
        let replica =
            things.iter().find(|thing| thing.id == write.id).and_then(|thing| thing.replicas.get(&write.side));
        let is_made = write.native.is_none();
        let held = |property: Property| replica.filter(|_| !is_made).map_or("", |replica| replica.value(property));
        let called = write.values.get(&Property::Name).filter(|_| is_made).map(|(name, _)| name.as_str());
        let told = write.values.iter().filter(|(property, _)| !is_made || **property != Property::Name);
        let changes = told.map(|(property, (new, _))| match (is_made, property.is_flag()) {
            (true, true) => Line::of(property.word()),
            (true, false) => Line::of(format!("{} ", property.word())).and(quoted(new)),
            (false, true) => Line::of(format!("{} -> ", property.word())).and(Line::comes(new.as_str())),
            (false, false) => Line::of(format!("{} ", property.word())).and(change(held(*property), new)),
        });
        let changes = Line::joined(changes, ", ");
        let (sign, deed) = if is_made { ('+', " is made") } else { ('~', "") };
        let colon = if changes.parts().is_empty() { "" } else { ": " };
        let name = called.unwrap_or_else(|| held(Property::Name));
        Line::of(format!("{sign} {} {} `{name}`{deed}{colon}", write.side, write.thing.word())).and(changes)
    };
    writes.iter().map(line).collect()
}

fn change(old: &str, new: &str) -> Line {
    if old.is_empty() || new.is_empty() { quoted(old).becomes(&quoted(new)) } else { rewritten_words(old, new) }
}

fn quoted(text: &str) -> Line {
    if text.is_empty() { Line::of("nothing") } else { Line::quoted(text) }
}
