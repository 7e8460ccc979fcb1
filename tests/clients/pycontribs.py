"""Drives a Jira with PyPI's `jira`, a client that nobody here wrote, through the flows a sync relies on.

It starts nothing and invents nothing: where and as whom comes from the environment. The last line is `done: N steps`.

JIRA_URL, JIRA_KIND (cloud | data-center), JIRA_USER (an e-mail address; Cloud), JIRA_TOKEN, JIRA_PROJECT,
JIRA_ISSUE_TYPE, JIRA_API (2 | 3 | latest).
"""

import os
import sys

from jira import JIRA, JIRAError

env = os.environ
cloud = env["JIRA_KIND"] == "cloud"
project = env["JIRA_PROJECT"]
api = env.get("JIRA_API", "2")
steps = 0


def step(name, holds, seen=None):
    """Says what was tried; ends the run where it did not hold."""
    global steps
    if not holds:
        sys.exit(f"failed: {name}: {seen!r}")
    steps += 1
    print(f"ok: {name}")


def rich(text):
    if not (cloud and api == "3"):
        return text
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    return {"type": "doc", "version": 1, "content": [paragraph]}


def refused(call, status):
    try:
        call()
    except JIRAError as error:
        return error.status_code == status
    return False


options = {"server": env["JIRA_URL"], "rest_api_version": api}
if cloud:
    jira = JIRA(options=options, basic_auth=(env["JIRA_USER"], env["JIRA_TOKEN"]), max_retries=0)
else:
    jira = JIRA(options=options, token_auth=env["JIRA_TOKEN"], max_retries=0)

info = jira.server_info()
step("server info", info["deploymentType"] == ("Cloud" if cloud else "Server"), info)
step("the client itself sees the kind", jira._is_cloud == cloud)
me = jira.myself()
user = me["accountId"] if cloud else me["name"]
step("log in", bool(user), me)
step("current user", jira.current_user() == (me["accountId"] if cloud else me["name"]), jira.current_user())

fields = jira.fields()
step("fields", {"summary", "status", "labels"} <= {field["id"] for field in fields}, len(fields))
step("projects", project in [known.key for known in jira.projects()])
step("one project", jira.project(project).key == project)
step("statuses", len(jira.statuses()) > 2)
step("priorities", len(jira.priorities()) > 1)
if not cloud:  # The client knows the per-project operations on Data Center alone.
    kinds = jira.project_issue_types(project)
    kind = next(kind for kind in kinds if kind.name == env["JIRA_ISSUE_TYPE"])
    ids = [field.fieldId for field in jira.project_issue_fields(project, kind.id)]
    step("create fields", "summary" in ids, ids)

issue = jira.create_issue(
    project=project,
    summary="Printer on fire",
    description=rich("It burns."),
    issuetype={"name": env["JIRA_ISSUE_TYPE"]},
    labels=["hot"],
)
step("create, and read after it", issue.fields.summary == "Printer on fire", issue.raw)
issue.update(fields={"summary": "Printer was on fire"}, notify=False)
step("read right after an edit", issue.fields.summary == "Printer was on fire")
issue.update(update={"labels": [{"add": "wet"}, {"remove": "hot"}]})
step("add and remove labels", issue.fields.labels == ["wet"], issue.fields.labels)
issue.update(fields={"duedate": "2026-04-01"})
jira.assign_issue(issue.key, me["emailAddress"] if cloud else user)
issue = jira.issue(issue.key, expand="changelog,renderedFields")
histories = issue.changelog.histories
items = {item.field for history in histories for item in history.items}
step("changelog", {"summary", "labels", "duedate", "assignee"} <= items, items)
first = next(item for history in histories for item in history.items if item.field == "summary")
step("what it was", (first.fromString, first.toString) == ("Printer on fire", "Printer was on fire"))
step("assignee", getattr(issue.fields.assignee, "accountId" if cloud else "name") == user)

offered = jira.transitions(issue, expand="transitions.fields")
step("transitions", len(offered) > 0 and isinstance(offered[0]["id"], str), offered)
before = issue.fields.status.name
target = next(one for one in offered if one["to"]["name"] != before)
jira.transition_issue(issue, target["name"])
step("transition by name", jira.issue(issue.key).fields.status.name == target["to"]["name"])

comment = jira.add_comment(issue.key, rich("First."))
step("comment", comment.id in [one.id for one in jira.comments(issue.key)])
comment.update(body=rich("Second."))
body = jira.comment(issue.key, comment.id).raw["body"]
step("comment edited", "Second." in str(body), body)
comment.delete()
step("comment deleted", comment.id not in [one.id for one in jira.comments(issue.key)])

jql = f'project = {project} AND summary ~ "printer" ORDER BY updated DESC, key ASC'
found = jira.search_issues(jql, maxResults=10, fields="summary,status", expand="changelog")
step("search", issue.key in [one.key for one in found], found)
step("search with nothing found", len(jira.search_issues(f"project = {project} AND labels = nowhere")) == 0)
step("a query that is none", refused(lambda: jira.search_issues("project = = nothing"), 400))
if cloud:
    count = jira.approximate_issue_count(f"project = {project}")
    step("count", int(count if isinstance(count, int) else count["count"]) >= 1, count)
    every = jira.enhanced_search_issues(f"project = {project}", maxResults=False, fields="*all")
    step("search through all pages", issue.key in [one.key for one in every])
else:
    posted = jira.search_issues(jql, use_post=True)
    step("search by POST", issue.key in [one.key for one in posted])
    every = jira.search_issues(f"project = {project}", maxResults=False)
    step("search through all pages", len(every) == every.total)

jira.add_issue_property(issue.key, "mark", {"id": 7, "of": ["a", "b"]})
step("property", jira.issue_property(issue.key, "mark").value.id == 7)
step("property keys", "mark" in [one.key for one in jira.issue_properties(issue.key)])
jira.issue_property(issue.key, "mark").delete()
step("property deleted", refused(lambda: jira.issue_property(issue.key, "mark"), 404))

permissions = "BROWSE_PROJECTS,EDIT_ISSUES" if cloud else None
held = jira.my_permissions(projectKey=project, permissions=permissions)["permissions"]
step("permissions", held["BROWSE_PROJECTS"]["havePermission"] is True, held)

many = jira.create_issues(
    [{"project": {"key": project}, "summary": f"Number {number}", "issuetype": {"name": env["JIRA_ISSUE_TYPE"]}} for number in (1, 2)]
)
step("create two", [one["status"] for one in many] == ["Success", "Success"], many)
for one in many:
    one["issue"].delete()
step("delete", refused(lambda: jira.issue(many[0]["issue"].key), 404))
step("no such issue", refused(lambda: jira.issue(f"{project}-999999"), 404))
step("a field that is refused", refused(lambda: issue.update(fields={"summary": ""}), 400))
print(f"done: {steps} steps")
