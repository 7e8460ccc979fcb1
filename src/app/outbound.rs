//! The HTTP client of what is no Jira: a notice's webhook, a collector of figures. Must never follow a redirect, send anything twice, or say
//! a URL: it may be a secret.

use std::error::Error as StdError;
use std::time::Duration;

/// One that waits so long for an answer. `direct`: it asks no proxy, since what goes to an address of one's own network in the open would be
/// told to that.
///
/// # Errors
/// In words: what it takes is missing on this machine.
pub(super) fn client(patience: Duration, direct: bool) -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder();
    let client = if direct { client.no_proxy() } else { client };
    let client = client
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("jirasyncd/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| last_cause(&error).unwrap_or_else(|| "no client could be made".to_owned()))
}

/// The last cause, which says most and holds no URL.
pub(super) fn last_cause(error: &reqwest::Error) -> Option<String> {
    let mut last: Option<&dyn StdError> = error.source();
    while let Some(cause) = last.and_then(StdError::source) {
        last = Some(cause);
    }
    last.map(ToString::to_string)
}
