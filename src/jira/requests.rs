//! Request types of a project's service desk, and what is written for each. Must never take the type of another desk for one of
//! this, and never choose between two of one name.
//!
//! Cloud takes the type's id. Data Center takes `portal-key/request-type-key` (jira-facts 16), and its service desk API tells
//! neither key: JQL's suggestions for the field do ("where the right operand is a selected Lucene value from the auto-complete
//! suggestion list", documentation of JQL's `Customer Request Type`).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::call::Call;
use super::client::Client;
use super::pages::SoFar;
use super::{Failure, JiraError, wire};
use crate::model::catalog::RequestType;
use crate::model::ids::FieldId;
use crate::model::settings::Kind;

/// Rows on one page: its documentation's default.
const PAGE: usize = 50;

impl Client {
    /// The request types of a project's service desk, by names that only one of them has.
    pub(super) async fn request_types(&self, project: &str, field: &FieldId) -> Result<Vec<RequestType>, JiraError> {
        let desks: Vec<wire::Desk> =
            self.desk_list("getServiceDesks", &["servicedesk"], "reading the service desks").await?;
        let Some(desk) = desks.into_iter().find(|desk| desk.project_key == project) else { return Ok(Vec::new()) };
        let attempt = format!("reading the request types of project {project}");
        let path = ["servicedesk", &desk.id.0, "requesttype"];
        let found: Vec<wire::RequestType> = self.desk_list("getRequestTypes", &path, &attempt).await?;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for kind in &found {
            *times.entry(kind.name.clone()).or_default() += 1;
        }
        let only: Vec<wire::RequestType> = found.into_iter().filter(|kind| times.get(&kind.name) == Some(&1)).collect();
        let keys = match self.kind {
            Kind::Cloud => only.iter().map(|kind| (kind.name.clone(), kind.id.0.clone())).collect(),
            Kind::DataCenter => self.request_keys(&desk, field, &only).await?,
        };
        let kind = |kind: wire::RequestType| RequestType {
            key: keys.get(&kind.name).cloned(),
            name: kind.name,
            issue_type: kind.issue_type_id.map(|id| id.0),
        };
        Ok(only.into_iter().map(kind).collect())
    }

    /// What Data Center takes for each of them, as far as its suggestions tell. They are few at a time: what is not among the
    /// first is asked for by its name.
    async fn request_keys(
        &self,
        desk: &wire::Desk,
        field: &FieldId,
        kinds: &[wire::RequestType],
    ) -> Result<BTreeMap<String, String>, JiraError> {
        let mut keys = self.suggested(desk, field, kinds, "").await?;
        for kind in kinds {
            if !keys.contains_key(&kind.name) {
                keys.extend(self.suggested(desk, field, kinds, &kind.name).await?);
            }
        }
        Ok(keys)
    }

    async fn suggested(
        &self,
        desk: &wire::Desk,
        field: &FieldId,
        kinds: &[wire::RequestType],
        begin: &str,
    ) -> Result<BTreeMap<String, String>, JiraError> {
        let number = field.as_str().strip_prefix("customfield_").unwrap_or_default();
        let attempt = format!("looking for the keys of the request types of project {}", desk.project_key);
        let path = ["jql", "autocompletedata", "suggestions"];
        let call = Call::get("getFieldAutoCompleteForQueryString", &path, attempt)
            .query("fieldName", format!("cf[{number}]"))
            .query("fieldValue", begin);
        let answer: wire::Suggestions = match self.read(&call).await {
            Ok(answer) => answer,
            Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound, .. }) => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for suggestion in answer.results {
            if let Some((name, key)) = meant(&suggestion, desk, kinds) {
                found.entry(name).or_default().push(key);
            }
        }
        // Of two that are called alike neither is surely meant.
        Ok(found
            .into_iter()
            .filter(|(_, keys)| keys.len() == 1)
            .flat_map(|(name, keys)| Some((name, keys.into_iter().next()?)))
            .collect())
    }

    /// A list of Jira Service Management. Where it is refused or not there, it is empty: without a desk there are no request types.
    async fn desk_list<Row: DeserializeOwned>(
        &self,
        endpoint: &'static str,
        path: &[&str],
        attempt: &str,
    ) -> Result<Vec<Row>, JiraError> {
        let path: Vec<&str> = ["rest", "servicedeskapi"].into_iter().chain(path.iter().copied()).collect();
        let (mut all, mut so_far) = (Vec::new(), SoFar::of("rows of a service desk"));
        loop {
            let call = Call::get(endpoint, &path, attempt).outside();
            let call = call.query("start", all.len().to_string()).query("limit", PAGE.to_string());
            let page: wire::DeskPage<Row> = match self.read(&call).await {
                Ok(page) => page,
                Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound | Failure::NotJira(_), .. }) => {
                    return Ok(all);
                }
                Err(error) => return Err(error),
            };
            let count = page.values.len();
            all.extend(page.values);
            if page.is_last_page || count == 0 {
                return Ok(all);
            }
            so_far.take(count).map_err(|failure| self.error(attempt, failure))?;
        }
    }
}

/// The request type of this desk that a suggestion is about, and its key. Which desk's it is, is told by what stands behind the
/// name; where nothing does, by the portal's key, which is the project's of the time when it was made.
fn meant(suggestion: &wire::Suggestion, desk: &wire::Desk, kinds: &[wire::RequestType]) -> Option<(String, String)> {
    let key = suggestion.value.trim_matches('"');
    let (portal, _) = key.split_once('/')?;
    let shown = without_tags(&suggestion.display_name);
    let is_ours = |kind: &&wire::RequestType| match shown.strip_prefix(kind.name.as_str()) {
        Some("") => portal.eq_ignore_ascii_case(&desk.project_key),
        Some(rest) => {
            let place = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            place.is_some_and(|place| place == desk.project_name || place == desk.project_key)
        }
        None => false,
    };
    let kind = kinds.iter().find(is_ours)?;
    Some((kind.name.clone(), key.to_owned()))
}

/// What a suggestion reads like: what was asked for is marked in it.
fn without_tags(text: &str) -> String {
    let plain = text.replace("<b>", "").replace("</b>", "");
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_is_of_this_desk_or_of_none() {
        let desk: wire::Desk = serde_json::from_value(serde_json::json!({
            "id": "3", "projectKey": "ENG", "projectName": "Engineering (all)"
        }))
        .unwrap();
        let kinds: Vec<wire::RequestType> = serde_json::from_value(serde_json::json!([
            { "id": "1", "name": "Ask" }, { "id": "2", "name": "Ask & wait" }
        ]))
        .unwrap();
        let meant = |value: &str, display_name: &str| {
            let suggestion = wire::Suggestion { value: value.to_owned(), display_name: display_name.to_owned() };
            meant(&suggestion, &desk, &kinds).map(|(name, key)| format!("{name}: {key}")).unwrap_or_default()
        };
        assert_eq!(meant("\"old/a1\"", "<b>As</b>k (Engineering (all))"), "Ask: old/a1");
        assert_eq!(meant("eng/b2", "Ask &amp; wait (ENG)"), "Ask & wait: eng/b2");
        assert_eq!(meant("eng/a1", "Ask"), "Ask: eng/a1");
        // Another desk's, whose name is not told, and what is no key.
        assert_eq!(meant("eng/a1", "Ask (Operations)"), "");
        assert_eq!(meant("ops/a1", "Ask"), "");
        assert_eq!(meant("a1", "Ask"), "");
    }
}
