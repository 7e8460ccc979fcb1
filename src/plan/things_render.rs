//! Writes to versions and components as lines for people: what `jirasyncd plan` prints. Must never leave one out.

use crate::model::things::{ProjectThing, Property, ThingWrite};

/// One write per line: `+` makes, `~` changes. `things`: what was known before.
#[must_use]
pub fn render_things(things: &[ProjectThing], writes: &[ThingWrite]) -> Vec<String> {
    let line = |write: &ThingWrite| {
        let replica =
            things.iter().find(|thing| thing.id == write.id).and_then(|thing| thing.replicas.get(&write.side));
        let is_made = write.native.is_none();
        let held = |property: Property| replica.filter(|_| !is_made).map_or("", |replica| replica.value(property));
        let called = write.values.get(&Property::Name).filter(|_| is_made).map(|(name, _)| name.as_str());
        let told = write.values.iter().filter(|(property, _)| !is_made || **property != Property::Name);
        let changes = told.map(|(property, (new, _))| match (is_made, property.is_flag()) {
            (true, true) => property.word().to_owned(),
            (true, false) => format!("{} {}", property.word(), quoted(new)),
            (false, true) => format!("{} -> {new}", property.word()),
            (false, false) => format!("{} {} -> {}", property.word(), quoted(held(*property)), quoted(new)),
        });
        let changes = changes.collect::<Vec<_>>().join(", ");
        let (sign, deed) = if is_made { ('+', " is made") } else { ('~', "") };
        let colon = if changes.is_empty() { "" } else { ": " };
        let name = called.unwrap_or_else(|| held(Property::Name));
        format!("{sign} {} {} `{name}`{deed}{colon}{changes}", write.side, write.thing.word())
    };
    writes.iter().map(line).collect()
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { super::render::quoted(text) }
}
