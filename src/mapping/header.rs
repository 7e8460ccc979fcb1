//! The first line of a copied comment, from the receiving side's template. Must never run unbounded, and never name what
//! the receiving side may not see: the caller hands in only what it may.

use minijinja::{Environment, UndefinedBehavior, context};

use crate::model::ids::SideId;

/// Steps that a template may take: far more than any sensible one needs.
const FUEL: u64 = 10_000;

/// The header when none is configured.
pub const DEFAULT_HEADER: &str = "{{ author.name }} ({{ side }}):";

/// Renders the header of a comment by `author` written on `side`.
///
/// # Errors
/// The template names something that is not there, or runs too long; in words.
pub fn render(template: &str, author: &str, side: &SideId) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let values = context! { author => context! { name => author }, side => side.as_str() };
    environment.render_str(template, values).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_author_and_side_and_nothing_unknown() {
        assert_eq!(render(DEFAULT_HEADER, "Jane", &"acme".into()).as_deref(), Ok("Jane (acme):"));
        assert!(render("{{ author.email }}", "Jane", &"acme".into()).is_err());
        assert!(render("{% for i in range(1000000) %}x{% endfor %}", "Jane", &"acme".into()).is_err());
    }
}
