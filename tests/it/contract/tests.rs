//! The checker itself: what is right passes, and each planted violation is found by its name.

use super::checker::Checker;
use super::violation::{Violation, Wrong};

#[track_caller]
fn none(violations: &[Violation]) {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[track_caller]
fn only(violations: &[Violation], wrong: Wrong, place: &str) {
    let found: Vec<(Wrong, &str)> = violations.iter().map(|one| (one.wrong, one.place.as_str())).collect();
    assert_eq!(found, [(wrong, place)], "{violations:?}");
}

#[test]
fn right_requests_of_cloud_pass() {
    let Some(cloud) = Checker::cloud() else { return };
    none(&cloud.check_request(
        "GET",
        "/rest/api/3/issue/ACME-1?expand=changelog&fields=summary,status&fields=labels",
        b"",
    ));
    none(&cloud.check_request("GET", "/rest/api/3/search/jql?jql=project%20%3D%20A&maxResults=50", b""));
    none(&cloud.check_request(
        "PUT",
        "/rest/api/3/issue/1?returnIssue=true",
        br#"{"fields":{"summary":"x","duedate":null}}"#,
    ));
    none(&cloud.check_request("PUT", "/rest/api/3/issue/1/properties/mark", br#"{"any":["thing",1]}"#));
    none(&cloud.check_request("POST", "/rest/api/3/issue/1/watchers", br#""5b10a""#));
    none(&cloud.check_request(
        "POST",
        "/rest/api/3/issue/1/attachments",
        b"--x\r\nContent-Disposition: form-data; name=\"file\"",
    ));
    none(&cloud.check_request("GET", "/rest/api/latest/serverInfo", b""));
    none(&cloud.check_request("GET", "/rest/jira-webhook/1.0/webhooks", b""));
}

#[test]
fn planted_violations_of_cloud_requests_are_found() {
    let Some(cloud) = Checker::cloud() else { return };
    let ask = |method, path, body: &str| cloud.check_request(method, path, body.as_bytes());
    only(&ask("GET", "/rest/api/3/isue/A-1", ""), Wrong::Path, "path");
    only(&ask("PATCH", "/rest/api/3/issue/A-1", ""), Wrong::Method, "path");
    only(&ask("GET", "/rest/api/3/search/jql?jql=x&startAt=0", ""), Wrong::QueryName, "startAt");
    only(&ask("GET", "/rest/api/3/search/jql?jql=x&maxResults=many", ""), Wrong::QueryValue, "maxResults");
    only(&ask("GET", "/rest/api/3/issue/A-1?updateHistory=True", ""), Wrong::QueryValue, "updateHistory");
    only(&ask("POST", "/rest/api/3/search/jql", r#"{"jql":"x","startAt":0}"#), Wrong::Body, "/body");
    only(&ask("POST", "/rest/api/3/issue/1/watchers", r#"{"accountId":"5b10a"}"#), Wrong::Body, "/body");
    only(&ask("POST", "/rest/api/3/issue/1/watchers", "5b10a"), Wrong::NotJson, "body");
    only(&ask("POST", "/rest/api/3/issue/1/comment", ""), Wrong::Missing, "body");
    only(&ask("GET", "/rest/api/3/issue/1", "{}"), Wrong::Unexpected, "body");
    only(&ask("GET", "/rest/api/3/attachment/content/1?redirect=yes", ""), Wrong::QueryValue, "redirect");
    only(&ask("GET", "/rest/api/3/issue/1/properties/", ""), Wrong::Path, "path");
    only(&ask("POST", "/rest/api/3/issue/1/attachments", "--x name=\"files\""), Wrong::Missing, "file");
    only(&ask("GET", "/rest/api/3/user/assignable/multiProjectSearch", ""), Wrong::Missing, "projectKeys");
    let plain = r#"{"fields":{"description":"plain"}}"#;
    only(&ask("PUT", "/rest/api/3/issue/1", plain), Wrong::Adf, "/fields/description");
    none(&ask("PUT", "/rest/api/2/issue/1", plain));
    let empty_text =
        r#"{"body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":""}]}]}}"#;
    let found = ask("POST", "/rest/api/3/issue/1/comment", empty_text);
    assert!(
        found.len() == 1 && found[0].wrong == Wrong::Adf && found[0].place.starts_with("/body/content"),
        "{found:?}"
    );
}

#[test]
fn answers_of_cloud() {
    let Some(cloud) = Checker::cloud() else { return };
    let answer = |method, path, status, body: &str| cloud.check_response(method, path, status, body.as_bytes());
    none(&answer(
        "GET",
        "/rest/api/3/search/jql",
        200,
        r#"{"issues":[{"id":"1"}],"isLast":true,"nextPageToken":null}"#,
    ));
    none(&answer("PUT", "/rest/api/3/issue/1", 204, ""));
    none(&answer("GET", "/rest/api/3/issue/1", 429, "slow down"));
    none(&answer("GET", "/rest/api/3/search", 410, r#"{"errorMessages":["gone"],"errors":{}}"#));
    let changelog = |item: &str| {
        format!(r#"{{"values":[{{"id":"1","created":"2021-01-17T12:34:00.000+0000","items":[{item}]}}],"total":1}}"#)
    };
    let nulls = changelog(r#"{"field":"status","fieldId":"status","from":null,"toString":"Done"}"#);
    none(&answer("GET", "/rest/api/3/issue/1/changelog", 200, &nulls));
    let invented = changelog(r#"{"field":"status","author":"me"}"#);
    only(&answer("GET", "/rest/api/3/issue/1/changelog", 200, &invented), Wrong::Body, "/body/values/0/items/0");
    only(&answer("GET", "/rest/api/3/search/jql", 200, r#"{"issues":[],"total":0}"#), Wrong::Body, "/body");
    only(&answer("GET", "/rest/api/3/issue/1", 200, r#"{"id":1}"#), Wrong::Body, "/body/id");
    only(&answer("GET", "/rest/api/3/issue/1", 418, ""), Wrong::Status, "status");
    only(&answer("GET", "/rest/api/3/issue/1", 200, ""), Wrong::Missing, "body");
    only(&answer("GET", "/rest/api/3/issue/1", 200, "<html>"), Wrong::NotJson, "body");
    only(
        &answer("GET", "/rest/api/3/issue/1", 404, r#"{"errorMessages":["no"],"errors":{},"code":1}"#),
        Wrong::Body,
        "/body",
    );
    let description = r#"{"id":"1","fields":{"description":"plain"}}"#;
    only(&answer("GET", "/rest/api/3/issue/1", 200, description), Wrong::Adf, "/fields/description");
}

#[test]
fn data_center_has_its_own_paths_and_bodies() {
    let Some(server) = Checker::data_center() else { return };
    let ask = |method, path, body: &str| server.check_request(method, path, body.as_bytes());
    none(&ask("GET", "/rest/api/2/search?jql=x&startAt=0&maxResults=50&validateQuery=True", ""));
    none(&ask("GET", "/rest/api/latest/issue/A-1?expand=changelog", ""));
    none(&ask("PUT", "/rest/api/2/issue/A-1", r#"{"fields":{"summary":"x","labels":["a"],"duedate":null}}"#));
    none(&ask("PUT", "/rest/api/2/issue/A-1/properties/mark", r#"{"written":true}"#));
    only(&ask("GET", "/rest/api/3/issue/A-1", ""), Wrong::Path, "path");
    only(&ask("POST", "/rest/api/2/search/jql", "{}"), Wrong::Path, "path");
    only(&ask("POST", "/rest/api/2/issue/bulkfetch", "{}"), Wrong::Method, "path");
    only(&ask("PUT", "/rest/api/2/issue/A-1?returnIssue=true", "{}"), Wrong::QueryName, "returnIssue");
    only(&ask("PUT", "/rest/api/2/issue/A-1", r#"{"field":{}}"#), Wrong::Body, "/body");

    let answer = |method, path, status, body: &str| server.check_response(method, path, status, body.as_bytes());
    none(&answer("GET", "/rest/api/2/project", 200, r#"[{"id":"1","key":"A"}]"#));
    none(&answer("GET", "/rest/api/2/issue/A-1", 200, r#"{"id":"1","fields":{"summary":"x"},"renderedFields":null}"#));
    only(&answer("GET", "/rest/api/2/project", 200, r#"{"id":"1"}"#), Wrong::Body, "/body");
    only(&answer("GET", "/rest/api/2/search", 200, r#"{"issues":[],"isLast":true}"#), Wrong::Body, "/body");
}
