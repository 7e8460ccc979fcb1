//! Answers from a file, TOML or JSON, for where no terminal is. Must never take what it does not know for an answer: a slip in a name
//! would be a question unanswered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::ask::{About, Asker, Cells, InitError, Need, Network, SidePeople, Token};
use super::people::Pair;
use super::ways::{Asked, Way};
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
    client_certificate: Option<PathBuf>,
    client_key: Option<PathBuf>,
    proxy: Option<String>,
    proxy_user: Option<String>,
    proxy_password: Option<secrecy::SecretString>,
    login: Option<String>,
    gateway: Option<String>,
    user: Option<String>,
    token: Option<secrecy::SecretString>,
    password: Option<secrecy::SecretString>,
    client_id: Option<String>,
    client_secret: Option<secrecy::SecretString>,
    token_url: Option<String>,
    scope: Option<String>,
    authorize_url: Option<String>,
    redirect_url: Option<String>,
    expires: Option<String>,
    project: Option<String>,
}

impl OneInstance {
    /// An answer that may be shown, by its key.
    fn plain(&self, key: &str) -> Option<&str> {
        let answer = match key {
            "user" => &self.user,
            "client-id" => &self.client_id,
            "token-url" => &self.token_url,
            "scope" => &self.scope,
            "authorize-url" => &self.authorize_url,
            "redirect-url" => &self.redirect_url,
            "expires" => &self.expires,
            _ => return None,
        };
        answer.as_deref()
    }

    /// What is answered of how to log in, whatever the way.
    fn of_logins(&self) -> Vec<&'static str> {
        let answered = ["user", "token", "password", "client-id", "client-secret"];
        let is_there = |key: &&str| self.plain(key).is_some() || self.secret(key).is_some();
        answered.into_iter().filter(is_there).chain(self.gateway.as_ref().map(|_| "gateway")).collect()
    }

    /// One that may not.
    fn secret(&self, key: &str) -> Option<&str> {
        let answer = match key {
            "token" => &self.token,
            "password" => &self.password,
            "client-secret" => &self.client_secret,
            _ => return None,
        };
        answer.as_ref().map(|secret| secret.expose_secret())
    }
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
        of: impl for<'i> Fn(&'i OneInstance) -> Option<&'i str>,
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
    if message.contains("untagged enum Users") {
        "`users` is \"proposed\", \"none\", or rows of an account by instance"
    } else if message.starts_with("invalid type") || message.starts_with("invalid value") {
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

    fn network(&mut self, about: &About, need: &Need, known: &mut Network) -> Result<bool, InitError> {
        let Some(instance) = self.instance(about) else { return Ok(false) };
        if *need == Need::Authority && known.ca_file.is_none() {
            let what = "the certificate there is not trusted; the PEM file of its authority";
            return Err(self.missing(about.question("ca-file"), what));
        }
        if *need != Need::Nothing {
            return Ok(false);
        }
        let lacks = |has: bool, key: &str, what: &str| {
            if has { Ok(()) } else { Err(self.missing(about.question(key), what)) }
        };
        lacks(
            instance.client_key.is_none() || instance.client_certificate.is_some(),
            "client-certificate",
            "the certificate that `client-key` belongs to",
        )?;
        let (user, password) = (instance.proxy_user.clone(), instance.proxy_password.as_ref());
        lacks(user.is_none() || password.is_some(), "proxy-password", "the password of `proxy-user`")?;
        lacks(user.is_some() || password.is_none(), "proxy-user", "whose password `proxy-password` is")?;
        lacks(user.is_none() || instance.proxy.is_some(), "proxy", "the proxy that `proxy-user` logs in to")?;
        let login = user.zip(password.map(|password| Token::of(password.expose_secret().to_owned())));
        *known = Network {
            ca_file: instance.ca_file.clone(),
            certificate: instance.client_certificate.clone().map(|file| (file, instance.client_key.clone())),
            proxy: instance.proxy.clone().map(|url| (url, login)),
        };
        Ok(true)
    }

    fn way(&mut self, about: &About, ways: &'static [Way], _: bool) -> Result<Option<Way>, InitError> {
        let Some(instance) = self.instance(about) else { return Ok(None) };
        let way = match instance.login.as_deref() {
            None => ways.first().copied(),
            Some(name) => Some(ways.iter().find(|way| way.name == name).copied().ok_or_else(|| {
                let all: Vec<String> = ways.iter().map(|way| format!("`{}`", way.name)).collect();
                let why = format!("`{name}` is no way to log in there: there are {}", all.join(", "));
                InitError::Useless { name: about.question("login"), why }
            })?),
        };
        let Some(way) = way else { return Ok(None) };
        // A token that was meant for the gateway must not be sent to the site because a word is missing.
        let asks = |key: &str| way.asks.iter().any(|asked| asked.key == key) || (key == "gateway" && way.gateway);
        if let Some(key) = instance.of_logins().into_iter().find(|key| !asks(key)) {
            let why = format!("the way to log in is `{}`, which does not ask for it: `login` names another", way.name);
            return Err(InitError::Useless { name: about.question(key), why });
        }
        Ok(Some(way))
    }

    fn gateway(&mut self, about: &About, proposed: Option<&str>) -> Result<String, InitError> {
        match (self.instance(about).and_then(|instance| instance.gateway.clone()), proposed) {
            (Some(url), _) => Ok(url),
            (None, Some(url)) => Ok(url.to_owned()),
            (None, None) => {
                let what = "the gateway's URL for the site: `https://api.atlassian.com/ex/jira/CLOUD-ID`";
                Err(self.missing(about.question("gateway"), what))
            }
        }
    }

    fn plain(&mut self, about: &About, asked: &Asked) -> Result<String, InitError> {
        self.needed(about, asked.key, asked.what, |instance| instance.plain(asked.key))
    }

    fn secret(&mut self, about: &About, asked: &Asked) -> Result<Option<Token>, InitError> {
        let what = format!("{}, or where it lies (`env:NAME`, `file:PATH`)", asked.what);
        let token = self.needed(about, asked.key, &what, |instance| instance.secret(asked.key));
        token.map(Token::of).map(Some)
    }

    fn beside(&self, about: &About, key: &str) -> Option<String> {
        self.instance(about)?.plain(key).map(str::to_owned)
    }

    fn pasted(&mut self) -> Result<String, InitError> {
        Err(InitError::NoTerminal)
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
                    if row.len() < 2 {
                        let why = "it names nobody on a second instance".to_owned();
                        return Err(InitError::Useless { name: format!("users[{}]", at + 1), why });
                    }
                    row.iter().map(cell).collect::<Result<Cells, InitError>>()
                };
                rows.iter().enumerate().map(row).collect()
            }
        }
    }

    fn only_shows(&self) -> bool {
        !self.answers.write
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
    use super::super::ways::usual;
    use super::*;
    use crate::model::settings::Kind;

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
            let token = answers.secret(&about(1), &usual(Kind::DataCenter).asks[0]).unwrap();
            assert!(matches!(token, Some(Token::At(place)) if place == "env:A"));
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
