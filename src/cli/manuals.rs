//! `jirasyncd completions` and `jirasyncd man`: what shells and `man` read, made from what can be typed, so that it is never behind. It must
//! never need a configuration, a state or an instance.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::arguments::{Arguments, Completions, Man};
use super::exit::Exit;
use super::output::Output;

/// Prints the completions of one shell.
pub(super) fn completions(wanted: &Completions, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let shell: Shell = wanted.shell;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "jirasyncd", &mut script);
    output.rendered(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Prints the page of `jirasyncd` itself, or writes one for each command into a folder.
pub(super) fn man(wanted: &Man, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let command = Arguments::command();
    let Some(folder) = &wanted.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        output.rendered(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    let written = clap_mangen::generate_to(command.disable_help_subcommand(true), folder);
    written.map_err(|error| {
        let words =
            format!("the manual pages cannot be written into `{}`: {error}; make that folder first", folder.display());
        io::Error::new(error.kind(), words)
    })?;
    Ok(Exit::Done)
}
