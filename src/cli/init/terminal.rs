//! A person at a terminal: one line to type, or a list to choose from by typing a part of a name. Must never echo a token, nor let a
//! name from Jira act on the terminal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use inquire::error::InquireError;
use inquire::{Confirm, MultiSelect, Password, PasswordDisplayMode, Select, Text};

use super::ask::{About, Asker, Cells, InitError, Need, Network, SidePeople, Token};
use super::people::{Mapped, Pair};
use super::ways::{Asked, Way};
use crate::console::escaped;
use crate::jira::choices::OfferedProject;

/// Rows of a list that are shown at once.
const SHOWN: usize = 10;
/// What is typed in a list.
const TYPE: &str = "type a part of the name to find it; Enter takes it";

/// What nothing means where something is asked for to log in.
const OTHER: &str = "Enter alone: another way to log in";

/// Asks at the terminal of this process.
pub(super) struct AtTerminal;

/// One row of a list.
struct Choice {
    at: usize,
    label: String,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.label))
    }
}

fn choices(labels: impl IntoIterator<Item = String>) -> Vec<Choice> {
    labels.into_iter().enumerate().map(|(at, label)| Choice { at, label }).collect()
}

impl From<InquireError> for InitError {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::Stopped,
            InquireError::NotTTY => Self::NoTerminal,
            error @ (InquireError::InvalidConfiguration(_) | InquireError::IO(_) | InquireError::Custom(_)) => {
                Self::Terminal(error.to_string())
            }
        }
    }
}

impl Asker for AtTerminal {
    fn url(&mut self, nth: usize) -> Result<Option<String>, InitError> {
        let question = match nth {
            1 => "Where is the first Jira?",
            2 => "Where is the second?",
            _ => "Is there another? (Enter: no)",
        };
        loop {
            let typed =
                Text::new(question).with_help_message("its address in a browser; any page of it will do").prompt()?;
            let typed = typed.trim().to_owned();
            match (typed.is_empty(), nth > 2) {
                (true, true) => return Ok(None),
                (true, false) => {}
                (false, _) => return Ok(Some(typed)),
            }
        }
    }

    fn name(&mut self, _: &About, proposed: &str) -> Result<String, InitError> {
        // Its host says what it is called; whoever wants another name changes it in the file.
        Ok(proposed.to_owned())
    }

    fn network(&mut self, about: &About, need: &Need, known: &mut Network) -> Result<bool, InitError> {
        let called = &about.called;
        match need {
            Need::Nothing => Ok(false),
            Need::Authority => {
                let question = format!("{called}'s certificate is not trusted here. The PEM file of its authority?");
                known.ca_file = file(&question)?;
                Ok(known.ca_file.is_some())
            }
            Need::Certificate => {
                let question =
                    format!("{called} may ask for a certificate of this machine. Its PEM file? (Enter: none)");
                let Some(certificate) = file(&question)? else { return Ok(false) };
                let key = file("The PEM file of its key? (Enter: the same)")?;
                known.certificate = Some((certificate, key));
                Ok(true)
            }
            Need::Proxy(why) => {
                let question =
                    format!("{called} does not answer ({}). A proxy on the way? (Enter: none)", escaped(why));
                let help = "http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT";
                let url = Text::new(&question).with_help_message(help).prompt()?.trim().to_owned();
                if url.is_empty() {
                    return Ok(false);
                }
                let user = Text::new("The user there? (Enter: none)").prompt()?.trim().to_owned();
                let login = match user.as_str() {
                    "" => None,
                    user => loop {
                        if let Some(password) = hidden("The password there?", "")? {
                            break Some((user.to_owned(), password));
                        }
                    },
                };
                known.proxy = Some((url, login));
                Ok(true)
            }
        }
    }

    fn way(&mut self, about: &About, ways: &'static [Way], other: bool) -> Result<Option<Way>, InitError> {
        if !other {
            return Ok(None);
        }
        let question = format!("How does the sync user of {} log in?", about.called);
        let rows = choices(ways.iter().map(|way| way.told.to_owned()));
        let taken = Select::new(&question, rows).with_page_size(SHOWN).with_help_message(TYPE).prompt()?;
        Ok(ways.get(taken.at).copied())
    }

    fn gateway(&mut self, about: &About, proposed: Option<&str>) -> Result<String, InitError> {
        let question = format!("The gateway's URL for {}?", about.called);
        let asked = Text::new(&question).with_help_message("https://api.atlassian.com/ex/jira/CLOUD-ID");
        let asked = proposed.into_iter().fold(asked, Text::with_initial_value);
        Ok(asked.prompt()?.trim().to_owned())
    }

    fn plain(&mut self, about: &About, asked: &Asked) -> Result<String, InitError> {
        let question = format!("{}: {}?", about.called, asked.what);
        let help = format!("a user of its own that nobody works as; {OTHER}");
        Ok(Text::new(&question).with_help_message(&help).prompt()?.trim().to_owned())
    }

    fn secret(&mut self, about: &About, asked: &Asked) -> Result<Option<Token>, InitError> {
        hidden(&format!("{}: {}?", about.called, asked.what), &format!("; {OTHER}"))
    }

    fn beside(&self, _: &About, _: &str) -> Option<String> {
        None
    }

    fn pasted(&mut self) -> Result<String, InitError> {
        let question = "The address that the browser was sent to?";
        let help = "Enter alone, once its page says that jirasyncd has what it needs";
        Ok(Text::new(question).with_help_message(help).prompt()?.trim().to_owned())
    }

    fn project(&mut self, about: &About, offered: &[OfferedProject], proposed: usize) -> Result<usize, InitError> {
        let question = format!("Which project of {}?", about.called);
        let rows = choices(offered.iter().map(|project| format!("{}  {}", project.key, project.name)));
        let asked = Select::new(&question, rows).with_page_size(SHOWN).with_help_message(TYPE);
        Ok(asked.with_starting_cursor(proposed).prompt()?.at)
    }

    fn people(&mut self, sides: &[SidePeople], proposed: &[Pair]) -> Result<Vec<Cells>, InitError> {
        let mut rows: Vec<BTreeMap<usize, usize>> = Vec::new();
        if !proposed.is_empty() {
            let usual: Vec<usize> =
                proposed.iter().enumerate().filter(|(_, pair)| pair.by_email).map(|(at, _)| at).collect();
            let asked = MultiSelect::new(
                "Who is who? What is marked is taken.",
                choices(proposed.iter().map(|pair| shown(pair, sides))),
            )
            .with_default(&usual)
            .with_page_size(SHOWN)
            .with_formatter(&|taken| format!("{} taken", taken.len()))
            .with_help_message("type to find somebody; Space marks; Enter goes on");
            let taken = asked.prompt()?;
            rows.extend(taken.iter().filter_map(|choice| proposed.get(choice.at)).map(|pair| pair.cells.clone()));
        }
        while let Some(row) = another(sides, &rows)? {
            rows.push(row);
        }
        Ok(rows.into_iter().map(|cells| Pair { cells, by_email: true }.written(sides)).collect())
    }

    fn agreed(&mut self) -> Result<bool, InitError> {
        Ok(Confirm::new("Write it?").with_default(true).prompt()?)
    }

    fn asks_again(&self) -> bool {
        true
    }
}

fn file(question: &str) -> Result<Option<PathBuf>, InitError> {
    let typed = Text::new(question).prompt()?;
    Ok(Some(typed.trim()).filter(|typed| !typed.is_empty()).map(PathBuf::from))
}

/// Asks for what is not shown.
fn hidden(question: &str, more: &str) -> Result<Option<Token>, InitError> {
    let help = format!("it is not shown; or say where it lies: env:NAME, file:PATH, credential:NAME{more}");
    let asked = Password::new(question).with_help_message(&help).with_display_mode(PasswordDisplayMode::Hidden);
    let typed = asked.without_confirmation().prompt()?;
    Ok(Some(typed).filter(|typed| !typed.trim().is_empty()).map(Token::of))
}

fn label(person: &Mapped) -> String {
    match &person.email {
        Some(email) => format!("{} <{email}>", person.name),
        None => format!("{} ({})", person.name, person.cell),
    }
}

fn shown(pair: &Pair, sides: &[SidePeople]) -> String {
    let cell = |(side, at): (&usize, &usize)| {
        let (name, people) = sides.get(*side)?;
        Some(format!("{} of {name}", label(people.get(*at)?)))
    };
    let all: Vec<String> = pair.cells.iter().filter_map(cell).collect();
    format!("{}{}", all.join(" = "), if pair.by_email { "" } else { "  (only called alike)" })
}

/// Somebody of the first side, and who that is elsewhere. `None`: that is all.
fn another(sides: &[SidePeople], rows: &[BTreeMap<usize, usize>]) -> Result<Option<BTreeMap<usize, usize>>, InitError> {
    let free = |side: usize| -> Vec<usize> {
        let people = sides.get(side).map_or(0, |(_, people)| people.len());
        (0..people).filter(|at| !rows.iter().any(|row| row.get(&side) == Some(at))).collect()
    };
    if sides.len() < 2 || (0..sides.len()).any(|side| free(side).is_empty()) {
        return Ok(None);
    }
    let mut row = BTreeMap::new();
    for (side, (name, people)) in sides.iter().enumerate() {
        let free = free(side);
        let (none, question) = match (side, rows.is_empty()) {
            (0, true) => ("nobody: go on", format!("Map a person of {name} to one of another Jira?")),
            (0, false) => ("nobody else: go on", format!("Map another person of {name}?")),
            (1.., _) => ("nobody", format!("Who is that on {name}?")),
        };
        let labels = free.iter().filter_map(|at| people.get(*at)).map(label);
        let rows = choices(std::iter::once(none.to_owned()).chain(labels));
        let taken = Select::new(&question, rows).with_page_size(SHOWN).with_help_message(TYPE).prompt()?.at;
        match taken.checked_sub(1).and_then(|at| free.get(at)) {
            Some(at) => drop(row.insert(side, *at)),
            None if side == 0 => return Ok(None),
            None => {}
        }
    }
    // Somebody who is nobody elsewhere is no row.
    if row.len() > 1 { Ok(Some(row)) } else { another(sides, rows) }
}
