//! The configuration as every command takes it. It must never go on with one that is wrong.

use std::path::{Path, PathBuf};

use super::arguments::Common;
use super::output::Output;
use crate::config::{self, Config, Loaded, SecretsWanted, SystemEnvironment};

/// Reads the configuration and says its warnings on stderr.
///
/// # Errors
/// All that is wrong with it, as one [`config::Report`].
pub(super) fn load(common: &Common, secrets: SecretsWanted, output: &mut Output<'_>) -> anyhow::Result<Config> {
    let Loaded { config, warnings } = config::load_file(&common.config, &SystemEnvironment, secrets)?;
    if !warnings.is_empty() {
        output.rendered_note(&warnings.render(output.stderr_colour()))?;
    }
    Ok(config)
}

/// A path that means the same in every folder.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
