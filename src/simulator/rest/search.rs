//! Search: Cloud's `search/jql` with its opaque token, Data Center's `search` with startAt and total.

use serde_json::{Value, json};

use super::super::permissions;
use super::super::query;
use super::super::render::Wanted;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{BadPage, OpenSearch, State};
use super::super::time;
use super::{Call, strings};
use std::collections::BTreeSet;
use std::time::Duration;

/// The words of Cloud's 410 for the old search (sec).
const GONE: &str = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";

/// What a client asks of `search/jql`.
#[derive(Default)]
struct Asked {
    jql: String,
    token: Option<String>,
    size: Option<u64>,
    wanted: Wanted,
    reconcile: Vec<u64>,
}

/// `GET search/jql`
pub(crate) fn cloud_get(state: &mut State, call: &Call) -> Answer {
    let reconcile = call.list("reconcileIssues").iter().map(|id| id.parse()).collect::<Result<Vec<u64>, _>>();
    let asked = Asked {
        jql: call.query("jql").unwrap_or_default().to_owned(),
        token: call.query("nextPageToken").map(str::to_owned),
        size: call.number("maxResults")?,
        wanted: call.wanted(None),
        reconcile: reconcile.map_err(|_| Refusal::message(400, "reconcileIssues must be issue ids."))?,
    };
    cloud(state, call, &asked)
}

/// `POST search/jql`: the body allows no other names (v3).
pub(crate) fn cloud_post(state: &mut State, call: &Call) -> Answer {
    const KNOWN: [&str; 8] =
        ["expand", "fields", "fieldsByKeys", "jql", "maxResults", "nextPageToken", "properties", "reconcileIssues"];
    let body = call.body.as_object().ok_or_else(|| {
        Refusal::message(400, "Invalid request payload. Refer to the REST API documentation and try again.")
    })?;
    if let Some(unknown) = body.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Refusal::message(400, format!("Invalid request payload: unknown property {unknown}")));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let fields = strings(body.get("fields"));
    let asked = Asked {
        jql: text("jql").unwrap_or_default(),
        token: text("nextPageToken"),
        size: body.get("maxResults").and_then(Value::as_u64),
        wanted: Wanted {
            fields: (!fields.is_empty()).then_some(fields),
            expand: strings(body.get("expand")),
            properties: strings(body.get("properties")),
            changelog_cap: 100,
        },
        reconcile: body
            .get("reconcileIssues")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect(),
    };
    cloud(state, call, &asked)
}

fn cloud(state: &mut State, call: &Call, asked: &Asked) -> Answer {
    let size = asked.size.unwrap_or(50);
    if size == 0 || size > 5_000 {
        return Err(Refusal::message(400, "maxResults must be between 1 and 5000."));
    }
    if asked.reconcile.len() > 50 {
        return Err(Refusal::message(400, "At most 50 issues can be reconciled."));
    }
    if asked.wanted.properties.len() > 5 {
        return Err(Refusal::message(400, "At most 5 properties can be asked for."));
    }
    // "trimmed when many fields": 5,000 only where nothing but ids is asked.
    let plain =
        asked.wanted.fields.as_ref().is_none_or(|fields| fields.iter().all(|field| field == "id" || field == "key"));
    let size =
        if plain && asked.wanted.expand.is_empty() { size } else { size.min(100).min(state.quirks.search_page_cap) };
    let (given, mut ids) = match &asked.token {
        Some(_) if state.bad_page == Some(BadPage::Lost) => return Err(Refusal::message(400, LOST)),
        Some(token) => resume(state, call, token, asked)?,
        None => (0, query::run(state, call.user.as_deref(), &asked.jql, &reconciled(asked))?),
    };
    let size = if state.bad_page == Some(BadPage::Empty) { 0 } else { size };
    let circle = (state.bad_page == Some(BadPage::Circle)).then(|| ids.clone());
    let rest = ids.split_off(ids.len().min(usize::try_from(size).unwrap_or(usize::MAX)));
    let fresh = reconciled(asked);
    let view = call.view(state);
    let issues: Vec<Value> = ids
        .iter()
        .filter_map(|id| if fresh.contains(id) { state.issues.get(id) } else { state.indexed(*id) })
        .filter(|issue| permissions::sees(state, issue, call.user.as_deref()))
        .map(|issue| view.issue(issue, &asked.wanted))
        .collect();
    let mut body = json!({ "issues": issues, "isLast": rest.is_empty() });
    if !rest.is_empty() {
        let given = given + if circle.is_some() { 0 } else { ids.len() };
        body["nextPageToken"] = json!(suspend(state, &asked.jql, given, circle.unwrap_or(rest)));
    }
    Ok(Reply::ok(body))
}

fn reconciled(asked: &Asked) -> BTreeSet<u64> {
    asked.reconcile.iter().copied().collect()
}

/// Keeps the rest of a search under a token that lives for seven days.
fn suspend(state: &mut State, jql: &str, given: usize, rest: Vec<u64>) -> String {
    state.last_search += 1;
    let token = format!("Ch{:08x}SIM", state.last_search);
    let now = state.now;
    state.searches.retain(|_, search| search.expires > now);
    while state.searches.len() >= 1_000 {
        state.searches.pop_first();
    }
    let expires = time::after(now, Duration::from_hours(7 * 24));
    state.searches.insert(token.clone(), OpenSearch { given, jql: jql.to_owned(), rest, expires });
    token
}

/// A token may be used again: the same page comes back. Says how many rows were given before it, too.
fn resume(state: &State, call: &Call, token: &str, asked: &Asked) -> Result<(usize, Vec<u64>), Refusal> {
    match state.searches.get(token) {
        Some(search) if search.expires > state.now && (search.jql == asked.jql || asked.jql.is_empty()) => {
            if !state.quirks.pages_shift {
                return Ok((search.given, search.rest.clone()));
            }
            let found = query::run(state, call.user.as_deref(), &search.jql, &reconciled(asked))?;
            Ok((search.given, found.into_iter().skip(search.given).collect()))
        }
        _ => Err(Refusal::message(400, LOST)),
    }
}

/// What is said of a token that is not known.
const LOST: &str = "The provided next page token is invalid or expired.";

/// `POST search/approximate-count` (Cloud)
pub(crate) fn count(state: &mut State, call: &Call) -> Answer {
    let jql = call.body.get("jql").and_then(Value::as_str).unwrap_or_default();
    let found = query::run(state, call.user.as_deref(), jql, &BTreeSet::new())?;
    Ok(Reply::ok(json!({ "count": found.len() })))
}

/// `GET search`: 410 on Cloud.
pub(crate) fn old_get(state: &mut State, call: &Call) -> Answer {
    if state.is_cloud() {
        return Err(Refusal::message(410, GONE));
    }
    let start = call.number("startAt")?.unwrap_or(0);
    let size = call.number("maxResults")?;
    let strict = call.flag("validateQuery").unwrap_or(true);
    server(state, call, call.query("jql").unwrap_or_default(), start, size, strict, &call.wanted(Some("*navigable")))
}

/// `POST search`: 410 on Cloud.
pub(crate) fn old_post(state: &mut State, call: &Call) -> Answer {
    if state.is_cloud() {
        return Err(Refusal::message(410, GONE));
    }
    let number = |name: &str| call.body.get(name).and_then(Value::as_u64);
    let fields = strings(call.body.get("fields"));
    let wanted = Wanted {
        fields: Some(if fields.is_empty() { vec!["*navigable".to_owned()] } else { fields }),
        expand: strings(call.body.get("expand")),
        properties: Vec::new(),
        changelog_cap: usize::MAX,
    };
    let strict = call.body.get("validateQuery").and_then(Value::as_bool).unwrap_or(true);
    let jql = call.body.get("jql").and_then(Value::as_str).unwrap_or_default();
    server(state, call, jql, number("startAt").unwrap_or(0), number("maxResults"), strict, &wanted)
}

fn server(
    state: &State,
    call: &Call,
    jql: &str,
    start: u64,
    size: Option<u64>,
    strict: bool,
    wanted: &Wanted,
) -> Answer {
    let size = size.unwrap_or(50).min(state.quirks.search_page_cap);
    if start + size > state.quirks.search_window {
        return Err(Refusal::message(
            400,
            format!("Search limit exceeded: startAt + maxResults must not exceed {}.", state.quirks.search_window),
        ));
    }
    let (found, warnings) = match query::run(state, call.user.as_deref(), jql, &BTreeSet::new()) {
        Ok(found) => (found, Vec::new()),
        Err(refusal) if !strict => (Vec::new(), refusal.messages),
        Err(refusal) => return Err(refusal),
    };
    let view = call.view(state);
    let page = found
        .iter()
        .skip(usize::try_from(start).unwrap_or(usize::MAX))
        .take(usize::try_from(size).unwrap_or(usize::MAX));
    let issues: Vec<Value> =
        page.filter_map(|id| state.issues.get(id)).map(|issue| view.issue(issue, wanted)).collect();
    let mut body = json!({
        "expand": "names,schema", "startAt": start, "maxResults": size, "total": found.len(), "issues": issues,
    });
    if !warnings.is_empty() {
        body["warningMessages"] = json!(warnings);
    }
    Ok(Reply::ok(body))
}
