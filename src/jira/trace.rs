//! What Jira calls a request, by which its administrators and Atlassian's support find it in their logs. It is carried along by the task and
//! not by answers: every write on the way would need it. Must never be believed for anything.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;

use crate::model::occasion::short_name;

/// Cloud's name for it, and Data Center's.
const HEADERS: [&str; 2] = ["atl-traceid", "x-arequestid"];

/// The names that were heard.
type Heard = Arc<Mutex<Vec<String>>>;

tokio::task_local! {
    static HEARD: Heard;
}

/// Does something, and gives what Jira called the one write that it sent. `None`: Jira did not say, or there were several.
pub async fn traced<T>(work: impl Future<Output = T>) -> (T, Option<String>) {
    let heard = Heard::default();
    let done = HEARD.scope(Arc::clone(&heard), work).await;
    let names = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    let one = <[String; 1]>::try_from(names).ok().map(|[name]| name);
    (done, one)
}

/// Takes note of the answer to a write.
pub(super) fn note(headers: &HeaderMap) {
    let name = HEADERS.iter().find_map(|name| short_name(headers.get(*name)?.to_str().ok()?));
    if let Some(name) = name {
        // Where nobody asked nothing is kept.
        let _ = HEARD.try_with(|heard| heard.lock().unwrap_or_else(PoisonError::into_inner).push(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), http::HeaderValue::from_static(value))])
    }

    #[tokio::test]
    async fn one_write_has_a_name_and_several_have_none() {
        let (_, name) = traced(async { note(&answer("x-arequestid", "633x1204x2")) }).await;
        assert_eq!(name.as_deref(), Some("633x1204x2"));
        let (_, name) = traced(async { note(&answer("date", "today")) }).await;
        assert_eq!(name, None);
        let both = async {
            note(&answer("atl-traceid", "a"));
            note(&answer("atl-traceid", "b"));
        };
        assert_eq!(traced(both).await.1, None);
        note(&answer("atl-traceid", "nobody asked"));
    }
}
