//! What a Jira offers to somebody who sets a configuration up: which kind it is, its projects, its people, and what a project is made
//! of. Must never send anything but a GET, nor a token to an address where no Jira answered.

mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use super::call::Call;
use super::client::Client;
use super::decode::Decoder;
use super::fields::FieldList;
use super::login::LoginSources;
use super::read::Reader;
use super::transport::{Transport, TransportError, Trouble};
use super::{Failure, Identity, JiraError, JiraRead};
use crate::clock::{Clock, Entropy};
use crate::model::catalog::{Catalog, LinkWords};
use crate::model::issue::Person;
use crate::model::settings::{InstanceSettings, Kind};

/// Rows on one page of a list: both kinds take no more.
const PAGE: usize = 1_000;
/// Cloud's projects on one page.
const PROJECT_PAGE: usize = 100;
/// Pages of one list that are read at most.
const MOST_PAGES: usize = 100;
/// Where Atlassian's gateway has its sites.
const GATEWAY: &str = "https://api.atlassian.com/ex/jira/";
/// Addresses that are tried for one that was typed.
const MOST_TRIES: usize = 6;

/// A Jira that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundJira {
    /// Which of the two products.
    pub kind: Kind,
    /// Its base URL, without what was typed behind it and without a slash at the end.
    pub url: String,
    /// Its version.
    pub version: String,
    /// What it calls itself: one Jira may answer at several addresses.
    pub base_url: String,
}

/// Why no Jira was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nobody answers.
    #[error("asking {url} who it is failed: {source}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// The cause.
        source: TransportError,
    },
    /// What answers is no Jira.
    #[error("no Jira answers at {url} ({why})")]
    NotJira {
        /// What was asked.
        url: String,
        /// What it said.
        why: String,
    },
}

impl FindError {
    /// Whether it failed for a certificate that this machine does not trust.
    #[must_use]
    pub fn is_about_certificates(&self) -> bool {
        // What answers in the clear is no matter of certificates.
        matches!(self, Self::Unreachable { source, .. } if source.trouble == Trouble::Tls && !source.detail.contains("corrupt message"))
    }
}

/// Asks an address, and those that it lies below, for a Jira: a page of it may have been typed. Nobody logs in.
///
/// # Errors
/// Nobody answers, or no Jira.
pub async fn find_jira(typed: &url::Url, transport: &dyn Transport) -> Result<FoundJira, FindError> {
    let mut first = None;
    for base in bases(typed) {
        match greet(&base, transport).await {
            Ok(found) => return Ok(found),
            Err(error @ FindError::Unreachable { .. }) => return Err(error),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or_else(|| FindError::NotJira { url: typed.to_string(), why: "it has no path".to_owned() }))
}

/// The address, and each that it lies below, the longest first.
fn bases(typed: &url::Url) -> Vec<String> {
    let mut base = typed.clone();
    base.set_query(None);
    base.set_fragment(None);
    let mut found = vec![base.as_str().trim_end_matches('/').to_owned()];
    while found.len() < MOST_TRIES {
        let popped = base.path_segments_mut().map(|mut segments| {
            segments.pop_if_empty().pop();
        });
        let shorter = base.as_str().trim_end_matches('/').to_owned();
        if popped.is_err() || found.last() == Some(&shorter) {
            break;
        }
        found.push(shorter);
    }
    // What is typed from deep within a Jira is mostly below its host.
    let mut host = typed.clone();
    host.set_path("");
    host.set_query(None);
    host.set_fragment(None);
    let host = host.as_str().trim_end_matches('/').to_owned();
    if !found.contains(&host) {
        found.push(host);
    }
    found
}

/// Atlassian's gateway for a site of Cloud, by the id that the site is known by there. `None`: it does not say.
///
/// What a site answers at `_edge/tenant_info` is in no contract, though Atlassian's own support pages point there.
pub async fn find_gateway(site: &str, transport: &dyn Transport) -> Option<String> {
    let answer = transport.send(asking(&format!("{site}/_edge/tenant_info"))?).await.ok()?;
    let told: wire::Tenant =
        answer.status().is_success().then(|| serde_json::from_slice(answer.body()).ok()).flatten()?;
    let id = told.cloud_id?;
    let is_id = !id.is_empty() && id.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-');
    is_id.then(|| format!("{GATEWAY}{id}"))
}

/// A question that nobody logs in for. `None`: it is no URL.
fn asking(uri: &str) -> Option<http::Request<Bytes>> {
    let mut request = http::Request::new(Bytes::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri.parse().ok()?;
    request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    Some(request)
}

async fn greet(base: &str, transport: &dyn Transport) -> Result<FoundJira, FindError> {
    let not_jira = |why: String| FindError::NotJira { url: base.to_owned(), why };
    // Both kinds answer there, and everybody.
    let request = asking(&format!("{base}/rest/api/2/serverInfo")).ok_or_else(|| not_jira("no URL".to_owned()))?;
    let sent = transport.send(request).await;
    let answer = sent.map_err(|source| FindError::Unreachable { url: base.to_owned(), source })?;
    let status = answer.status();
    if let Some(to) = answer.headers().get(http::header::LOCATION).filter(|_| status.is_redirection()) {
        return Err(not_jira(format!("it leads to {}", to.to_str().unwrap_or("elsewhere"))));
    }
    if !status.is_success() {
        return Err(not_jira(format!("status {}", status.as_u16())));
    }
    let greeting: wire::Greeting =
        serde_json::from_slice(answer.body()).map_err(|_| not_jira("its answer is no `serverInfo`".to_owned()))?;
    let Some(version) = greeting.version else { return Err(not_jira("its answer names no version".to_owned())) };
    let is_cloud = greeting.deployment_type.as_deref() == Some("Cloud");
    let kind = if is_cloud { Kind::Cloud } else { Kind::DataCenter };
    let base_url = greeting.base_url.map(|url| url.trim_end_matches('/').to_owned()).unwrap_or_else(|| base.to_owned());
    Ok(FoundJira { kind, url: base.to_owned(), version, base_url })
}

/// A project that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedProject {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub name: String,
}

/// An issue type of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedType {
    /// What it is called.
    pub name: String,
    /// Below 0: a sub-task. Above 0: an epic, or what lies above epics.
    pub level: i64,
}

/// What kind of a status it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusCategory {
    /// Work has not begun.
    ToDo,
    /// Work goes on.
    InProgress,
    /// Work is over.
    Done,
}

/// A status of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedStatus {
    /// What it is called.
    pub name: String,
    /// Its kind.
    pub category: StatusCategory,
}

/// What a project is made of.
#[derive(Debug, Clone, Default)]
pub struct OfferedParts {
    /// Its issue types.
    pub types: Vec<OfferedType>,
    /// Its statuses, in the order of its workflows as far as Jira tells.
    pub statuses: Vec<OfferedStatus>,
    /// The priorities of the instance, the most urgent first, the fields and what they offer.
    pub catalog: Catalog,
    /// The types of issue links, and how they read.
    pub link_types: Vec<(String, LinkWords)>,
}

/// One instance, asked for what may be chosen there.
pub struct Choices {
    client: Arc<Client>,
    read: Reader,
}

impl Choices {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(
        settings: &InstanceSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let client = Arc::new(Client::new(settings, transport, clock, entropy, LoginSources::default()));
        Self { read: Reader(Arc::clone(&client)), client }
    }

    /// Who the login is. Must be called before anything else is asked.
    ///
    /// # Errors
    /// The instance refused, or is out of reach.
    pub async fn identity(&self) -> Result<Identity, JiraError> {
        self.read.identity().await
    }

    /// The projects that the sync user may browse, by their keys.
    ///
    /// # Errors
    /// The instance refused, or is out of reach.
    pub async fn projects(&self) -> Result<Vec<OfferedProject>, JiraError> {
        let attempt = "reading the projects";
        let mut found = Vec::new();
        match self.client.kind {
            Kind::DataCenter => {
                let listed: Vec<wire::ListedProject> =
                    self.client.read(&Call::get("getAllProjects", &["project"], attempt)).await?;
                found.extend(listed);
            }
            Kind::Cloud => {
                for _ in 0..MOST_PAGES {
                    let call = Call::get("searchProjects", &["project", "search"], attempt)
                        .query("startAt", found.len().to_string())
                        .query("maxResults", PROJECT_PAGE.to_string());
                    let page: wire::ProjectPage = self.client.read(&call).await?;
                    let count = page.values.len();
                    found.extend(page.values);
                    if count == 0 || page.is_last.unwrap_or(true) {
                        break;
                    }
                }
            }
        }
        let mut found: Vec<OfferedProject> =
            found.into_iter().map(|project| OfferedProject { key: project.key, name: project.name }).collect();
        found.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(found)
    }

    /// The people who may be assigned issues of a project. None where the sync user may not see that.
    ///
    /// # Errors
    /// The instance is out of reach, or its answer cannot be read.
    pub async fn people(&self, project: &str) -> Result<Vec<Person>, JiraError> {
        let attempt = format!("reading the people of project {project}");
        let mut found: Vec<wire::Candidate> = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut call = Call::get("findAssignableUsers", &["user", "assignable", "search"], &attempt)
                .query("project", project)
                .query("maxResults", PAGE.to_string());
            if self.client.kind == Kind::Cloud {
                call = call.query("startAt", found.len().to_string());
            }
            let page: Vec<wire::Candidate> = match self.client.read(&call).await {
                Ok(page) => page,
                Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound, .. }) => Vec::new(),
                Err(error) => return Err(error),
            };
            let count = page.len();
            found.extend(page);
            // Cloud cuts pages where it leaves people out; Data Center has one page alone.
            if count == 0 || self.client.kind == Kind::DataCenter {
                break;
            }
        }
        let us = self.client.account().map(|account| account.id);
        let fields = FieldList::default();
        let decoder = Decoder { kind: self.client.kind, fields: &fields };
        let is_person = |candidate: &wire::Candidate| {
            candidate.active != Some(false)
                && candidate.account_type.as_deref().is_none_or(|account_type| account_type == "atlassian")
        };
        let people = found.into_iter().filter(is_person).filter_map(|candidate| decoder.person(candidate.user));
        let mut seen = BTreeSet::new();
        Ok(people
            .filter(|person| us.as_ref() != Some(&person.account) && seen.insert(person.account.clone()))
            .collect())
    }

    /// What a project is made of.
    ///
    /// # Errors
    /// The instance refused, or is out of reach.
    pub async fn parts(&self, project: &str) -> Result<OfferedParts, JiraError> {
        let attempt = format!("reading the issue types of project {project}");
        let kinds: wire::ProjectTypes =
            self.client.read(&Call::get("getProject", &["project", project], attempt)).await?;
        let attempt = format!("reading the statuses of project {project}");
        let flows: Vec<wire::TypeWithCategories> =
            self.client.read(&Call::get("getAllStatuses", &["project", project, "statuses"], attempt)).await?;
        Ok(OfferedParts {
            types: kinds.issue_types.into_iter().map(offered_type).collect(),
            statuses: offered_statuses(flows),
            catalog: self.read.catalog(project, &BTreeSet::new()).await?,
            link_types: self.read.link_types().await?,
        })
    }
}

/// Data Center tells sub-tasks alone apart; its epics have a type of that name.
fn offered_type(kind: wire::LevelledType) -> OfferedType {
    let guessed = if kind.sub_task { -1 } else { i64::from(kind.name.eq_ignore_ascii_case("epic")) };
    OfferedType { level: kind.hierarchy_level.unwrap_or(guessed), name: kind.name }
}

fn offered_statuses(flows: Vec<wire::TypeWithCategories>) -> Vec<OfferedStatus> {
    let mut found: Vec<OfferedStatus> = Vec::new();
    for status in flows.into_iter().flat_map(|flow| flow.statuses) {
        let key = status.status_category.and_then(|category| category.key);
        let category = match key.as_deref() {
            Some("new") => StatusCategory::ToDo,
            Some("done") => StatusCategory::Done,
            Some(_) | None => StatusCategory::InProgress,
        };
        if !found.iter().any(|known| known.name == status.name) {
            found.push(OfferedStatus { name: status.name, category });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_jira_leads_to_it() {
        let tried = |typed: &str| bases(&url::Url::parse(typed).unwrap());
        assert_eq!(tried("https://acme.example"), ["https://acme.example"]);
        assert_eq!(
            tried("https://acme.example/jira/browse/SUP-1?x=1#y"),
            [
                "https://acme.example/jira/browse/SUP-1",
                "https://acme.example/jira/browse",
                "https://acme.example/jira",
                "https://acme.example"
            ]
        );
        let deep = tried("https://acme.example/1/2/3/4/5/6/7/8/9");
        assert_eq!((deep.len(), deep.last().unwrap().as_str()), (MOST_TRIES + 1, "https://acme.example"));
    }

    #[test]
    fn an_epic_of_data_center_goes_by_its_name() {
        let level = |name: &str, sub_task, hierarchy_level| {
            offered_type(wire::LevelledType { name: name.to_owned(), sub_task, hierarchy_level }).level
        };
        assert_eq!((level("Epic", false, None), level("Bug", false, None), level("Part", true, None)), (1, 0, -1));
        assert_eq!(level("Initiative", false, Some(2)), 2);
    }
}
