//! Which operation a method and a path mean, on which kind. Literal paths stand before templates.

use super::super::reply::Answer;
use super::super::setup::Kind;
use super::super::state::State;
use super::{
    Call, agile, attachment, comment, desk, issue, issue_link, meta, property, remote, search, thing, transition, user,
    watcher, webhook, worklog,
};

/// One operation.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    /// Named after Atlassian's operationId, the same on both kinds; faults and counts go by it.
    pub(crate) name: &'static str,
    /// None: both.
    kind: Option<Kind>,
    /// Answers anonymous callers too.
    pub(crate) open: bool,
    pub(crate) run: fn(&mut State, &Call) -> Answer,
}

const CLOUD: Option<Kind> = Some(Kind::Cloud);
const SERVER: Option<Kind> = Some(Kind::DataCenter);

const fn route(
    method: &'static str,
    path: &'static str,
    name: &'static str,
    kind: Option<Kind>,
    open: bool,
    run: fn(&mut State, &Call) -> Answer,
) -> Route {
    Route { method, path, name, kind, open, run }
}

const ROUTES: &[Route] = &[
    route("GET", "serverInfo", "getServerInfo", None, true, meta::server_info),
    route("GET", "myself", "getCurrentUser", None, false, user::myself),
    route("GET", "mypermissions", "getMyPermissions", None, true, meta::my_permissions),
    route("GET", "project", "getAllProjects", None, true, meta::projects),
    route("GET", "project/search", "searchProjects", CLOUD, true, meta::project_search),
    route("GET", "project/{}", "getProject", None, true, meta::project),
    route("GET", "project/{}/statuses", "getAllStatuses", None, true, meta::project_statuses),
    route("GET", "project/{}/permissionscheme", "getAssignedPermissionScheme", None, false, meta::project_scheme),
    route("GET", "project/{}/role", "getProjectRoles", None, false, meta::project_roles),
    route("GET", "project/{}/role/{}", "getProjectRole", None, false, meta::project_role),
    route("GET", "project/{}/components", "getProjectComponents", None, true, thing::components),
    route("GET", "project/{}/versions", "getProjectVersions", None, true, thing::versions),
    route("POST", "component", "createComponent", None, false, thing::create_component),
    route("POST", "version", "createVersion", None, false, thing::create_version),
    route("PUT", "component/{}", "updateComponent", None, false, thing::update_component),
    route("PUT", "version/{}", "updateVersion", None, false, thing::update_version),
    route("GET", "permissionscheme", "getAllPermissionSchemes", None, false, meta::schemes),
    route("GET", "permissionscheme/{}", "getPermissionScheme", None, false, meta::scheme),
    route("GET", "field", "getFields", None, true, meta::fields),
    route("GET", "issuetype", "getIssueAllTypes", None, true, meta::issue_types),
    route("GET", "status", "getStatuses", None, true, meta::statuses),
    route("GET", "status/{}", "getStatus", None, true, meta::status),
    route("GET", "statuscategory", "getStatusCategories", None, true, meta::status_categories),
    route("GET", "priority", "getPriorities", None, true, meta::priorities),
    route("GET", "resolution", "getResolutions", None, true, meta::resolutions),
    route("GET", "issue/createmeta/{}/issuetypes", "getCreateIssueMetaIssueTypes", None, false, meta::create_types),
    route(
        "GET",
        "issue/createmeta/{}/issuetypes/{}",
        "getCreateIssueMetaIssueTypeId",
        None,
        false,
        meta::create_fields,
    ),
    route("GET", "search/jql", "search", CLOUD, true, search::cloud_get),
    route("POST", "search/jql", "search", CLOUD, true, search::cloud_post),
    route("POST", "search/approximate-count", "countIssues", CLOUD, true, search::count),
    route("GET", "search", "search", None, true, search::old_get),
    route("POST", "search", "search", None, true, search::old_post),
    route("POST", "issue", "createIssue", None, false, issue::insert),
    route("POST", "issue/bulk", "createIssues", None, false, issue::insert_many),
    route("POST", "issue/bulkfetch", "bulkFetchIssues", CLOUD, true, issue::bulk_fetch),
    route("POST", "changelog/bulkfetch", "getBulkChangelogs", CLOUD, true, issue::bulk_changelogs),
    route("POST", "comment/list", "getCommentsByIds", CLOUD, true, comment::by_ids),
    route("GET", "issue/{}", "getIssue", None, true, issue::get),
    route("PUT", "issue/{}", "editIssue", None, false, issue::edit),
    route("DELETE", "issue/{}", "deleteIssue", None, false, issue::delete),
    route("GET", "issue/{}/editmeta", "getEditIssueMeta", None, true, issue::editmeta),
    route("PUT", "issue/{}/assignee", "assignIssue", None, false, issue::assign),
    route("GET", "issue/{}/changelog", "getChangeLogs", CLOUD, true, issue::changelog),
    route("POST", "issue/{}/changelog/list", "getChangeLogsByIds", CLOUD, true, issue::changelog_by_ids),
    route("GET", "issue/{}/transitions", "getTransitions", None, true, transition::list),
    route("POST", "issue/{}/transitions", "doTransition", None, false, transition::take),
    route("GET", "issue/{}/comment", "getComments", None, true, comment::list),
    route("POST", "issue/{}/comment", "addComment", None, false, comment::add),
    route("GET", "issue/{}/comment/{}", "getComment", None, true, comment::get),
    route("PUT", "issue/{}/comment/{}", "updateComment", None, false, comment::edit),
    route("DELETE", "issue/{}/comment/{}", "deleteComment", None, false, comment::remove),
    route("GET", "issue/{}/worklog", "getIssueWorklog", None, true, worklog::list),
    route("POST", "issue/{}/worklog", "addWorklog", None, false, worklog::add),
    route("GET", "issue/{}/worklog/{}", "getWorklog", None, true, worklog::get),
    route("PUT", "issue/{}/worklog/{}", "updateWorklog", None, false, worklog::edit),
    route("DELETE", "issue/{}/worklog/{}", "deleteWorklog", None, false, worklog::remove),
    route(
        "DELETE",
        "issue/{}/worklog/{}/properties/{}",
        "deleteWorklogProperty",
        CLOUD,
        false,
        worklog::remove_property,
    ),
    route("GET", "issue/{}/watchers", "getIssueWatchers", None, true, watcher::list),
    route("POST", "issue/{}/watchers", "addWatcher", None, false, watcher::add),
    route("DELETE", "issue/{}/watchers", "removeWatcher", None, false, watcher::remove),
    route("GET", "issue/{}/votes", "getVotes", None, true, watcher::votes),
    route("POST", "issue/{}/votes", "addVote", None, false, watcher::vote),
    route("DELETE", "issue/{}/votes", "removeVote", None, false, watcher::unvote),
    route("GET", "comment/{}/properties", "getCommentPropertyKeys", None, true, property::comment_keys),
    route("GET", "comment/{}/properties/{}", "getCommentProperty", None, true, property::comment_get),
    route("PUT", "comment/{}/properties/{}", "setCommentProperty", None, false, property::comment_set),
    route("DELETE", "comment/{}/properties/{}", "deleteCommentProperty", None, false, property::comment_delete),
    route("GET", "issue/{}/properties", "getIssuePropertyKeys", None, true, property::issue_keys),
    route("GET", "issue/{}/properties/{}", "getIssueProperty", None, true, property::issue_get),
    route("PUT", "issue/{}/properties/{}", "setIssueProperty", None, false, property::issue_set),
    route("DELETE", "issue/{}/properties/{}", "deleteIssueProperty", None, false, property::issue_delete),
    route("GET", "issue/{}/remotelink", "getRemoteIssueLinks", None, true, remote::list),
    route("POST", "issue/{}/remotelink", "createOrUpdateRemoteIssueLink", None, false, remote::set),
    route("DELETE", "issue/{}/remotelink", "deleteRemoteIssueLinkByGlobalId", None, false, remote::remove),
    route("GET", "issueLinkType", "getIssueLinkTypes", None, true, issue_link::types),
    route("POST", "issueLink", "linkIssues", None, false, issue_link::add),
    route("GET", "issueLink/{}", "getIssueLink", None, true, issue_link::get),
    route("DELETE", "issueLink/{}", "deleteIssueLink", None, false, issue_link::remove),
    route("GET", "configuration", "getConfiguration", None, false, meta::configuration),
    route("GET", "attachment/meta", "getAttachmentMeta", None, false, attachment::settings),
    route("GET", "attachment/content/{}", "getAttachmentContent", CLOUD, true, attachment::content),
    route("GET", "attachment/{}", "getAttachment", None, true, attachment::get),
    route("DELETE", "attachment/{}", "removeAttachment", None, false, attachment::remove),
    route("POST", "issue/{}/attachments", "addAttachment", None, false, attachment::add),
    route("POST", "webhook", "registerDynamicWebhooks", CLOUD, false, webhook::dynamic),
    route(
        "GET",
        "jql/autocompletedata/suggestions",
        "getFieldAutoCompleteForQueryString",
        SERVER,
        true,
        desk::suggestions,
    ),
    route("GET", "user", "getUser", None, false, user::get),
    route("GET", "user/search", "findUsers", None, true, user::search),
    route("GET", "users/search", "getAllUsers", CLOUD, false, user::all),
    route("GET", "user/list", "getAllUsers", SERVER, false, user::all),
    route("GET", "user/bulk", "bulkGetUsers", CLOUD, false, user::bulk),
    route("GET", "user/viewissue/search", "findUsersWithBrowsePermission", None, false, user::viewers),
    route("GET", "user/assignable/search", "findAssignableUsers", None, false, user::assignable),
];

/// Paths outside the platform's REST API: the boards of Jira Software, the files of Data Center.
const OUTSIDE: &[Route] = &[
    route("GET", "rest/agile/1.0/board", "getAllBoards", None, true, agile::boards),
    route("GET", "rest/agile/1.0/board/{}/sprint", "getAllSprints", None, true, agile::sprints),
    route("GET", "rest/servicedeskapi/servicedesk", "getServiceDesks", None, false, desk::list),
    route("GET", "rest/servicedeskapi/servicedesk/{}/requesttype", "getRequestTypes", None, false, desk::request_types),
    // Data Center answers the first path before version 10 alone; here it is one of 10 [jjs].
    route("GET", "rest/webhooks/1.0/webhook", "listWebhooks", CLOUD, false, webhook::list),
    route("POST", "rest/webhooks/1.0/webhook", "registerWebhook", CLOUD, false, webhook::add),
    route("PUT", "rest/webhooks/1.0/webhook/{}", "updateWebhook", CLOUD, false, webhook::edit),
    route("DELETE", "rest/webhooks/1.0/webhook/{}", "removeWebhook", CLOUD, false, webhook::remove),
    route("GET", "rest/jira-webhook/1.0/webhooks", "listWebhooks", SERVER, false, webhook::list),
    route("POST", "rest/jira-webhook/1.0/webhooks", "registerWebhook", SERVER, false, webhook::add),
    route("PUT", "rest/jira-webhook/1.0/webhooks/{}", "updateWebhook", SERVER, false, webhook::edit),
    route("DELETE", "rest/jira-webhook/1.0/webhooks/{}", "removeWebhook", SERVER, false, webhook::remove),
    route("GET", "secure/attachment/{}/{}", "downloadAttachment", SERVER, true, attachment::download),
];

/// The operation of a path outside the platform's REST API.
pub(crate) fn find_outside(kind: Kind, method: &str, path: &str) -> Found {
    found(OUTSIDE, kind, method, path)
}

/// What a lookup found.
pub(crate) enum Found {
    /// An operation and what its placeholders hold.
    Route(Route, Vec<String>),
    /// The path exists with other methods.
    OtherMethod,
    /// There is no such path.
    Nothing,
}

/// Finds the operation of a method and a path below `/rest/api/N/`.
pub(crate) fn find(kind: Kind, method: &str, path: &str) -> Found {
    found(ROUTES, kind, method, path)
}

fn found(routes: &[Route], kind: Kind, method: &str, path: &str) -> Found {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut result = Found::Nothing;
    for route in routes.iter().filter(|route| route.kind.is_none_or(|only| only == kind)) {
        let Some(parameters) = matches(route.path, &segments) else { continue };
        if route.method == method {
            return Found::Route(*route, parameters);
        }
        result = Found::OtherMethod;
    }
    result
}

fn matches(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut rest = segments.iter();
    for part in pattern.split('/') {
        let segment = rest.next()?;
        if part == "{}" {
            parameters.push(decode(segment));
        } else if part != *segment {
            return None;
        }
    }
    rest.next().is_none().then_some(parameters)
}

/// Undoes percent-encoding of one path segment.
fn decode(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let pair: Vec<u8> = rest.by_ref().take(2).collect();
        let code = std::str::from_utf8(&pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_segments_win_and_placeholders_are_decoded() {
        let name = |found: Found| match found {
            Found::Route(route, parameters) => format!("{} {parameters:?}", route.name),
            Found::OtherMethod => "405".into(),
            Found::Nothing => "404".into(),
        };
        assert_eq!(name(find(Kind::Cloud, "POST", "issue/bulkfetch")), "bulkFetchIssues []");
        assert_eq!(name(find(Kind::DataCenter, "POST", "issue/bulkfetch")), "405");
        assert_eq!(
            name(find(Kind::Cloud, "GET", "issue/SUP-1/properties/a%2Fb")),
            r#"getIssueProperty ["SUP-1", "a/b"]"#
        );
        assert_eq!(name(find(Kind::DataCenter, "GET", "search/jql")), "404");
    }
}
