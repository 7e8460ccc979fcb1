//! Taking a grant: the address at which somebody gives it, and what his browser brings back. Must never keep one of somebody whom the
//! instance does not know, nor lose the one before for it.

use std::sync::Arc;

use super::grant::{Grant, GrantFile};
use super::login::LoginSources;
use super::transport::Transport;
use super::{Failure, Identity, JiraError, connect_with, oauth};
use crate::clock::{Clock, Entropy};
use crate::model::secret::Secret;
use crate::model::settings::{Auth, InstanceSettings, Kind, OauthGrant};

/// The address to be opened in a browser. `state` comes back with the code.
///
/// # Errors
/// `authorize-url` is none.
pub fn address_to_open(kind: Kind, grant: &OauthGrant, state: &str) -> Result<String, url::ParseError> {
    let mut url = url::Url::parse(&grant.authorize_url)?;
    {
        let mut query = url.query_pairs_mut();
        if kind == Kind::Cloud {
            query.append_pair("audience", "api.atlassian.com").append_pair("prompt", "consent");
        }
        query.append_pair("client_id", &grant.client.id);
        query.append_pair("redirect_uri", &grant.redirect_url);
        query.append_pair("response_type", "code").append_pair("state", state);
        if let Some(scope) = &grant.client.scope {
            query.append_pair("scope", scope);
        }
    }
    Ok(url.into())
}

/// The code in what a browser was sent to; `None`: it is an answer to another question.
#[must_use]
pub fn code_in(query: &str, state: &str) -> Option<Result<Secret, String>> {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    if value("state").as_deref() != Some(state) {
        return None;
    }
    match value("code").filter(|code| !code.is_empty()) {
        Some(code) => Some(Ok(Secret::new(code))),
        None => Some(Err(value("error_description").or_else(|| value("error")).unwrap_or_default())),
    }
}

/// Makes a grant of the code, looks whose it is, and keeps it.
///
/// # Errors
/// The code was not taken, the instance does not know who it is, or it cannot be kept. The grant before is still there.
pub async fn take_grant(
    settings: &InstanceSettings,
    grant: &OauthGrant,
    code: &Secret,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Identity, JiraError> {
    let attempt = "taking what was granted";
    let error = |failure| JiraError { attempt: attempt.to_owned(), instance: settings.id.clone(), failure };
    let file = GrantFile::hold(&grant.file).await.map_err(error)?;
    let room = file.room().map_err(error)?;
    let granted = clock.now();
    let issued = oauth::by_code(&*transport, settings.kind, grant, code).await.map_err(error)?;
    let Some(refresh) = issued.refresh else {
        let words = "the grant would end within an hour: `scope` must hold `offline_access` on Cloud";
        return Err(error(Failure::NotUs(words.to_owned())));
    };
    let as_granted = InstanceSettings { auth: Auth::Bearer { token: issued.access.clone() }, ..settings.clone() };
    let (read, _) = connect_with(&as_granted, transport, clock, entropy, LoginSources::default());
    let identity = read.identity().await?;
    let life = jiff::SignedDuration::try_from(issued.life).unwrap_or_default();
    let ends = granted.checked_add(life).unwrap_or(granted);
    room.keep(&Grant { refresh, access: issued.access, ends, granted }).map_err(error)?;
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_our_question_holds_a_code() {
        let code = |query: &str| code_in(query, "ours").map(|found| found.map(|code| code.expose().to_owned()));
        assert_eq!(code("code=a%2Bb&state=ours"), Some(Ok("a+b".into())));
        assert_eq!(code("code=a&state=theirs"), None);
        assert_eq!(code("code=a"), None);
        assert_eq!(code("state=ours&error=access_denied"), Some(Err("access_denied".into())));
        assert_eq!(code("state=ours"), Some(Err(String::new())));
    }
}
