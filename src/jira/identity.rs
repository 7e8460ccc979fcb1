//! Who we are on an instance, how its clock differs from ours, and how it reads times. Must never take one account for another.

use jiff::Timestamp;

use super::call::Call;
use super::client::{Account, Answer, Client};
use super::decode::Decoder;
use super::fields::FieldList;
use super::proof::Needs;
use super::search::{Ask, Search};
use super::{Failure, Identity, JiraError, TimesRead, Want, jql, retry, wire};
use crate::model::settings::Kind;

impl Client {
    pub(super) async fn identity(&self) -> Result<Identity, JiraError> {
        let mut call = Call::get("getServerInfo", &["serverInfo"], "asking who the server is");
        call.needs = Needs::Nobody;
        let (server, answer): (wire::ServerInfo, _) = self.read_with_answer(&call).await.map_err(no_api_there)?;
        self.check_kind(&server, &call)?;
        let attempt = "asking who we are";
        let me: wire::User = self.read(&Call::get("getCurrentUser", &["myself"], attempt)).await?;
        let zone_name = me.time_zone.clone().unwrap_or_default();
        let fields = FieldList::default();
        let person = Decoder { kind: self.kind, fields: &fields }.person(me);
        let person = person.ok_or_else(|| self.error(attempt, Failure::Unreadable("nobody is named".into())))?;
        let known = self.account().map(|account| account.id);
        if let Some(known) = known.filter(|known| known != &person.account) {
            let words = format!("we were `{known}` and are now `{}`", person.account);
            return Err(self.error(attempt, Failure::NotUs(words)));
        }
        let zone = jiff::tz::TimeZone::get(&zone_name).ok();
        self.set_account(Account { id: person.account.clone(), zone });
        let skew_ms = skew(&answer, server.server_time);
        self.set_skew(skew_ms);
        Ok(Identity {
            account: person.account,
            display_name: person.display_name,
            time_zone: zone_name,
            base_url: server.base_url.unwrap_or_default(),
            version: server.version.unwrap_or_default(),
            skew_ms,
        })
    }

    fn check_kind(&self, server: &wire::ServerInfo, call: &Call) -> Result<(), JiraError> {
        let is_cloud = server.deployment_type.as_deref() == Some("Cloud");
        if server.deployment_type.is_none() || is_cloud == (self.kind == Kind::Cloud) {
            return Ok(());
        }
        let is = if is_cloud { "a Cloud site" } else { "a Data Center" };
        let words = format!("this is {is}: correct the instance's `kind`");
        Err(self.error(&call.attempt, Failure::NotJira(words)))
    }

    /// Tries both forms around the newest issue of the project: each must find it just before its `updated` and not well after.
    pub(super) async fn learn_time_form(&self, project: &str) -> Result<TimesRead, JiraError> {
        let attempt = "trying how times are read in JQL";
        let scope = jql::projects(std::iter::once(project));
        let want = Want::default();
        let newest = Search {
            jql: format!("{scope} ORDER BY updated DESC"),
            ask: Ask::Rows(&want),
            page: None,
            fresh: &[],
            attempt: attempt.to_owned(),
        };
        let Some(known) = self.rows(&newest, &want).await?.rows.into_iter().next() else {
            return Ok(TimesRead::Untried);
        };
        let after = known.updated.checked_add(jiff::SignedDuration::from_mins(3)).unwrap_or(Timestamp::MAX);
        let in_profile = self.account().and_then(|account| account.zone).map(jql::TimeForm::Minutes);
        let forms = [(Some(jql::TimeForm::Epoch), TimesRead::Exactly), (in_profile, TimesRead::InProfile)];
        for (form, read) in forms.into_iter().filter_map(|(form, read)| Some((form?, read))) {
            let finds = async |at: Timestamp| {
                let clause = format!("{scope} AND {} AND updated >= {}", jql::ids(&[known.id]), form.at_or_before(at));
                match self.search_ids(clause, &[], attempt).await {
                    Ok(found) => Ok(Some(!found.is_empty())),
                    // Milliseconds are documented nowhere, so a server may break over them instead of refusing them. What else
                    // breaks it fails the next question, too.
                    Err(JiraError { failure: Failure::Refused(_) | Failure::Server(500), .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            };
            if finds(known.updated).await? == Some(true) && finds(after).await? == Some(false) {
                self.set_time_form(form);
                return Ok(read);
            }
        }
        self.set_time_form(jql::TimeForm::Wide);
        Ok(TimesRead::Otherwise)
    }

    pub(super) async fn zone_now(&self) -> Result<Option<String>, JiraError> {
        match self.time_form() {
            // By what these write, every zone finds all that is meant.
            jql::TimeForm::Epoch | jql::TimeForm::Wide => return Ok(None),
            jql::TimeForm::Minutes(_) => {}
        }
        let attempt = "asking for the time zone of our profile";
        let me: wire::User = self.read(&Call::get("getCurrentUser", &["myself"], attempt)).await?;
        let name = me.time_zone.unwrap_or_default();
        let zone = jiff::tz::TimeZone::get(&name).ok();
        if let Some(account) = self.account().filter(|account| account.zone != zone) {
            self.set_account(Account { zone, ..account });
            self.forget_time_form();
        }
        Ok(Some(name))
    }
}

/// `serverInfo` is open to everybody, so where it is missing there is no Jira API at all.
fn no_api_there(error: JiraError) -> JiraError {
    if error.failure != Failure::NotFound {
        return error;
    }
    let words = "nothing answers below `/rest/api` there: correct the instance's `url` (its context path?)";
    JiraError { failure: Failure::NotJira(words.to_owned()), ..error }
}

/// Server time minus ours. `serverTime` has milliseconds; it is believed as far as the `Date` header, which has seconds, does
/// not contradict it.
fn skew(answer: &Answer, told: Option<wire::Stamp>) -> i64 {
    let middle = answer.middle_ms;
    let date = answer.headers.get("date").and_then(|value| value.to_str().ok()).and_then(retry::http_date);
    // A header is cut to the second: half a second later is the best guess.
    let by_date = date.map(|date| date.as_millisecond() + 500 - middle);
    let by_body = told.map(|told| told.0.as_millisecond() - middle);
    match (by_date, by_body) {
        (Some(date), Some(body)) if (date - body).abs() <= 2_000 => body,
        (Some(date), _) => date,
        (None, body) => body.unwrap_or(0),
    }
}
