//! Where a Jira is and how it is reached: its address, a private authority, a certificate of this machine, a proxy. Must never send more
//! than the question who answers there.

use std::path::Path;
use std::time::Duration;

use url::{Host, Url};

use super::ask::{About, Asker, InitError, Need, Network, Token};
use super::login::{Desk, Entered, MOST_TIMES};
use super::text::{DraftInstance, Keyed};
use crate::cli::output::Output;
use crate::cli::settings::absolute;
use crate::config::may_be_a_name;
use crate::jira::ReqwestTransport;
use crate::jira::choices::{FindError, FoundJira, find_gateway, find_jira};
use crate::model::secret::Secret;
use crate::model::settings::{Kind, NetworkSettings};

/// Time-out of the first question to an address.
const FIRST_TIMEOUT: Duration = Duration::from_secs(30);
/// What an instance is called while nobody logs in to it.
const NOBODY: &str = "not-called-anything-yet";

/// A Jira that answered, and how it is reached.
pub(super) struct Reached {
    /// It.
    pub(super) found: FoundJira,
    /// How it is reached.
    pub(super) network: Network,
    /// Cloud: Atlassian's gateway for it, where the site says what it is called there.
    pub(super) gateway: Option<String>,
}

impl Desk<'_> {
    /// A Jira at the address that is answered. `None`: there is no further one.
    pub(super) async fn find(
        &mut self,
        nth: usize,
        known: &[Entered],
        asker: &mut dyn Asker,
        output: &mut Output<'_>,
    ) -> anyhow::Result<Option<Reached>> {
        let about = About { nth, called: format!("Jira {nth}") };
        let mut times = 0;
        loop {
            times += 1;
            let Some(typed) = asker.url(nth)? else { return Ok(None) };
            let error = match self.look(&about, &typed, asker).await {
                Ok(Reached { found, .. })
                    if known.iter().any(|known| known.draft.url == found.url || known.base_url == found.base_url) =>
                {
                    let why = format!("the Jira at {} was named before", found.base_url);
                    InitError::Useless { name: about.question("url"), why }
                }
                Ok(reached) => return Ok(Some(reached)),
                Err(error) => error,
            };
            let may_be_mended = matches!(error, InitError::Find(_) | InitError::Useless { .. });
            if !may_be_mended || !asker.asks_again() || times == MOST_TIMES {
                return Err(error.into());
            }
            output.note(&error.to_string())?;
        }
    }

    async fn look(&mut self, about: &About, typed: &str, asker: &mut dyn Asker) -> Result<Reached, InitError> {
        let url = address(typed).map_err(|why| InitError::Useless { name: about.question("url"), why })?;
        let mut network = Network::default();
        asker.network(about, &Need::Nothing, &mut network)?;
        let mut asked = Vec::new();
        loop {
            let settings = self.network_settings(about, &url, &network)?;
            let transport = ReqwestTransport::over(FIRST_TIMEOUT, &settings)
                .map_err(|error| InitError::Useless { name: about.question("ca-file"), why: error.to_string() })?;
            let error = match find_jira(&url, &transport).await {
                Ok(found) => {
                    let gateway = match found.kind {
                        Kind::Cloud => find_gateway(&found.url, &transport).await,
                        Kind::DataCenter => None,
                    };
                    return Ok(Reached { found, network, gateway });
                }
                Err(error) => error,
            };
            let mut answered = false;
            for need in needs(&error, &network, !typed.contains("://")) {
                let kind = std::mem::discriminant(&need);
                if !asked.contains(&kind) {
                    asked.push(kind);
                    answered = asker.network(about, &need, &mut network)?;
                }
                if answered {
                    break;
                }
            }
            if !answered && network.proxy.is_some() {
                let why = format!("through it, {error}");
                return Err(InitError::Useless { name: about.question("proxy"), why });
            }
            if !answered {
                return Err(error.into());
            }
        }
    }

    /// How the instance is reached, read by whoever reads configurations: of one at this address that nobody logs in to.
    fn network_settings(&mut self, about: &About, url: &Url, network: &Network) -> Result<NetworkSettings, InitError> {
        if network.certificate.is_none() && network.proxy.is_none() {
            let ca_file = network.ca_file.as_deref().map(absolute);
            return Ok(NetworkSettings { ca_file, ..NetworkSettings::default() });
        }
        // A page of it may have been typed, which no configuration takes.
        let mut host = url.clone();
        host.set_path("");
        host.set_query(None);
        host.set_fragment(None);
        let before = self.secrets.clone();
        let (files, proxy) = self.written(NOBODY, network);
        let nobody = Token::Itself(Secret::new("nobody-logs-in".to_owned()));
        let draft = DraftInstance {
            name: NOBODY.to_owned(),
            kind: Kind::DataCenter,
            url: host.to_string(),
            gateway: None,
            auth: vec![("method", "bearer".to_owned()), ("token", self.kept(NOBODY, "token", nobody))],
            files,
            proxy,
            about: String::new(),
        };
        let read = self.settings(about, &draft);
        self.secrets = before;
        Ok(read?.network)
    }

    /// The keys of the configuration that name files, and those of `proxy`.
    pub(super) fn written(&mut self, called: &str, network: &Network) -> (Vec<Keyed>, Vec<Keyed>) {
        let shown = |file: &Path| absolute(file).display().to_string();
        let mut files: Vec<Keyed> = network.ca_file.iter().map(|file| ("ca-file", shown(file))).collect();
        if let Some((certificate, key)) = &network.certificate {
            files.push(("client-certificate", shown(certificate)));
            files.extend(key.iter().map(|key| ("client-key", shown(key))));
        }
        let mut proxy = Vec::new();
        if let Some((url, login)) = &network.proxy {
            proxy.push(("url", url.clone()));
            if let Some((user, password)) = login {
                proxy.push(("user", user.clone()));
                proxy.push(("password", self.kept(called, "proxy-password", password.clone())));
            }
        }
        (files, proxy)
    }
}

/// What an instance may need, by why it could not be asked. The likelier comes first.
fn needs(error: &FindError, network: &Network, assumed: bool) -> Vec<Need> {
    let FindError::Unreachable { source, .. } = error else { return Vec::new() };
    let mut needs = Vec::new();
    if error.is_about_certificates() {
        if network.ca_file.is_none() {
            needs.push(Need::Authority);
        }
        if network.certificate.is_none() {
            needs.push(Need::Certificate);
        }
    } else if network.proxy.is_none() {
        let why = source.to_string();
        let told = "`https://` was put before what was typed; type `http://` before it where there is no TLS";
        needs.push(Need::Proxy(if assumed { format!("{why}; {told}") } else { why }));
    }
    needs
}

/// What was typed, as an address: without a scheme it is `https`.
fn address(typed: &str) -> Result<Url, String> {
    let typed = typed.trim();
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).map_err(|error| format!("it is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it is no web address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds credentials: leave them out, how to log in is asked next".to_owned());
    }
    Ok(url)
}

/// Words that say of a host only what it does.
const COMMON: [&str; 10] =
    ["jira", "issues", "tracker", "www", "support", "helpdesk", "servicedesk", "tickets", "tasks", "projects"];

/// A name for an instance, by its host: `acme.atlassian.net` and `jira.acme.example` are both `acme`.
pub(super) fn proposed_name(found: &FoundJira, taken: &[&str]) -> String {
    let host = Url::parse(&found.url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let label = match host {
        Some(Host::Domain(name)) => {
            let labels: Vec<&str> = name.split('.').collect();
            let telling = labels.iter().take(labels.len().saturating_sub(1)).find(|label| !COMMON.contains(label));
            telling.map(|label| (*label).to_owned())
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => None,
    };
    let by_kind = match found.kind {
        Kind::Cloud => "cloud",
        Kind::DataCenter => "data-center",
    };
    let base = label.filter(|label| may_be_a_name(label)).unwrap_or_else(|| by_kind.to_owned());
    let mut name = base.clone();
    let mut nth = 2;
    while taken.contains(&name.as_str()) {
        name = format!("{base}-{nth}");
        nth += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_called_by_what_its_host_tells() {
        let name = |url: &str, taken: &[&str]| {
            let found = FoundJira {
                kind: Kind::DataCenter,
                url: url.to_owned(),
                version: String::new(),
                base_url: url.to_owned(),
            };
            proposed_name(&found, taken)
        };
        assert_eq!(name("https://acme.atlassian.net", &[]), "acme");
        assert_eq!(name("https://jira.globex.example/jira", &[]), "globex");
        assert_eq!(name("https://jira.globex.example", &["globex"]), "globex-2");
        assert_eq!(name("http://127.0.0.1:8080", &[]), "data-center");
        assert_eq!(name("http://localhost:8080", &["data-center"]), "data-center-2");
        // A word of the configuration's.
        assert_eq!(name("https://path.example", &[]), "data-center");
    }

    #[test]
    fn an_address_may_be_typed_without_its_scheme() {
        assert_eq!(address(" acme.atlassian.net ").unwrap().as_str(), "https://acme.atlassian.net/");
        assert_eq!(address("http://127.0.0.1:8080/jira").unwrap().as_str(), "http://127.0.0.1:8080/jira");
        assert!(address("https://me:canary@acme.example").unwrap_err().contains("credentials"));
        assert!(address("ftp://acme.example").is_err() && address("https://").is_err());
    }
}
