//! Answers from a file, TOML or JSON, for where no terminal is. Must never take what it does not know for an answer: a slip in a name
//! would be a question unanswered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::ask::{About, Asker, Cells, InitError, SidePeople, Token};
use super::people::Pair;
use crate::jira::choices::OfferedProject;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    instances: Vec<OneInstance>,
    #[serde(default)]
    users: Users,
    #[serde(default = "yes")]
    write: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OneInstance {
    url: Option<String>,
    name: Option<String>,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    token: Option<secrecy::SecretString>,
    project: Option<String>,
}

/// Who is who: as proposed, nobody, or rows.
#[derive(Deserialize)]
#[serde(untagged)]
enum Users {
    Word(UsersWord),
    Rows(Vec<BTreeMap<String, String>>),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum UsersWord {
    Proposed,
    None,
}

impl Default for Users {
    fn default() -> Self {
        Self::Word(UsersWord::Proposed)
    }
}

/// The answers of a file.
pub(super) struct FromFile {
    path: PathBuf,
    answers: Answers,
}

impl FromFile {
    /// Reads the file. JSON where its name says so.
    pub(super) fn read(path: &Path) -> Result<Self, InitError> {
        let wrong = |why: String| InitError::Answers { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let text = Zeroizing::new(text);
        let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let answers: Answers = if is_json {
            serde_json::from_str(&text)
                .map_err(|error| wrong(format!("line {}: {}", error.line(), told(&error.to_string()))))?
        } else {
            toml::from_str(&text).map_err(|error| wrong(placed(&text, &error)))?
        };
        Ok(Self { path: path.to_owned(), answers })
    }

    fn missing(&self, name: String, what: &str) -> InitError {
        InitError::Missing { path: self.path.clone(), name, what: what.to_owned() }
    }

    fn instance(&self, about: &About) -> Option<&OneInstance> {
        self.answers.instances.get(about.nth.checked_sub(1)?)
    }

    fn needed(
        &self,
        about: &About,
        key: &str,
        what: &str,
        of: fn(&OneInstance) -> Option<&str>,
    ) -> Result<String, InitError> {
        let answer = self.instance(about).and_then(of).map(str::trim).filter(|answer| !answer.is_empty());
        answer.map(str::to_owned).ok_or_else(|| self.missing(about.question(key), what))
    }
}

/// What is wrong and in which line, without showing that.
fn placed(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("line {line}: {}", told(error.message()))
}

/// What a parser says, without a value that it did not expect: that may be a token.
fn told(message: &str) -> &str {
    if message.starts_with("invalid type") || message.starts_with("invalid value") {
        "a value of another kind stands there than is expected"
    } else {
        message
    }
}

impl Asker for FromFile {
    fn url(&mut self, nth: usize) -> Result<Option<String>, InitError> {
        let about = About { nth, called: String::new() };
        if nth > 2 && self.instance(&about).is_none() {
            return Ok(None);
        }
        self.needed(&about, "url", "where that Jira is", |instance| instance.url.as_deref()).map(Some)
    }

    fn name(&mut self, about: &About, proposed: &str) -> Result<String, InitError> {
        let name = self.instance(about).and_then(|instance| instance.name.clone());
        let name = name.unwrap_or_else(|| proposed.to_owned());
        if crate::config::may_be_a_name(&name) {
            return Ok(name);
        }
        let why = format!(
            "`{name}` cannot be a name: letters, digits, `-` and `_`, a letter first, and no word of the configuration's"
        );
        Err(InitError::Useless { name: about.question("name"), why })
    }

    fn ca_file(&mut self, about: &About, needed: bool) -> Result<Option<PathBuf>, InitError> {
        let file = self.instance(about).and_then(|instance| instance.ca_file.clone());
        if file.is_none() && needed {
            let what = "the certificate there is not trusted; the PEM file of its authority";
            return Err(self.missing(about.question("ca-file"), what));
        }
        Ok(file)
    }

    fn user(&mut self, about: &About) -> Result<String, InitError> {
        self.needed(about, "user", "the e-mail that the sync user logs in with", |instance| instance.user.as_deref())
    }

    fn token(&mut self, about: &About, what: &str) -> Result<Token, InitError> {
        let what = format!("{what}, or where it lies (`env:NAME`, `file:PATH`)");
        let token =
            self.needed(about, "token", &what, |instance| instance.token.as_ref().map(|token| token.expose_secret()));
        token.map(Token::of)
    }

    fn project(&mut self, about: &About, offered: &[OfferedProject], _: usize) -> Result<usize, InitError> {
        let key =
            self.needed(about, "project", "the project that is kept in step", |instance| instance.project.as_deref())?;
        let found = offered.iter().position(|project| project.key.eq_ignore_ascii_case(&key));
        found.ok_or_else(|| {
            let near =
                offered.iter().map(|project| (strsim::jaro_winkler(&key.to_uppercase(), &project.key), &project.key));
            let near = near.max_by(|left, right| left.0.total_cmp(&right.0));
            let near = near.map_or_else(String::new, |(_, key)| format!("; did you mean `{key}`?"));
            let why = format!("the sync user of `{}` sees no project `{key}`{near}", about.called);
            InitError::Useless { name: about.question("project"), why }
        })
    }

    fn people(&mut self, sides: &[SidePeople], proposed: &[Pair]) -> Result<Vec<Cells>, InitError> {
        match &self.answers.users {
            Users::Word(UsersWord::None) => Ok(Vec::new()),
            Users::Word(UsersWord::Proposed) => {
                Ok(proposed.iter().filter(|pair| pair.by_email).map(|pair| pair.written(sides)).collect())
            }
            Users::Rows(rows) => {
                let row = |(at, row): (usize, &BTreeMap<String, String>)| {
                    let cell = |(name, cell): (&String, &String)| {
                        let side = sides.iter().position(|(side, _)| side == name);
                        let why = || format!("there is no instance `{name}`");
                        let useless = || InitError::Useless { name: format!("users[{}]", at + 1), why: why() };
                        Ok((side.ok_or_else(useless)?, cell.clone()))
                    };
                    row.iter().map(cell).collect::<Result<Cells, InitError>>()
                };
                rows.iter().enumerate().map(row).collect()
            }
        }
    }

    fn agreed(&mut self) -> Result<bool, InitError> {
        Ok(self.answers.write)
    }

    fn asks_again(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<FromFile, InitError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        FromFile::read(&path)
    }

    fn about(nth: usize) -> About {
        About { nth, called: "acme".to_owned() }
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "[[instances]]\nurl = \"https://a.example\"\ntoken = \"env:A\"\n";
        let json = r#"{ "instances": [ { "url": "https://a.example", "token": "env:A" } ] }"#;
        for (name, text) in [("a.toml", toml), ("a.json", json)] {
            let mut answers = read(name, text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(answers.url(1).unwrap().unwrap(), "https://a.example");
            assert!(matches!(answers.token(&about(1), "").unwrap(), Token::At(place) if place == "env:A"));
            let error = answers.url(2).unwrap_err().to_string();
            assert!(error.contains("have no `instances[2].url`"), "{error}");
            let error = answers.project(&about(1), &[], 0).unwrap_err().to_string();
            assert!(error.contains("have no `instances[1].project`: the project"), "{error}");
        }
    }

    #[test]
    fn a_slip_is_told_with_its_line_and_no_token() {
        let Err(error) = read("a.toml", "[[instances]]\nurl = \"x\"\ntokn = \"canary-123\"\n") else {
            panic!("it was read")
        };
        let error = error.to_string();
        assert!(error.contains("line 3: unknown field `tokn`") && !error.contains("canary"), "{error}");
        let Err(error) = read("a.toml", "[[instances]]\ntoken = \"canary-123\n") else { panic!("it was read") };
        assert!(!error.to_string().contains("canary"), "{error}");
        let Err(error) = read("a.json", r#"{ "instances": [ { "token": ["canary-123"] } ] }"#) else {
            panic!("it was read")
        };
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
