"""PyPI's jira820 (a fake Server 8.20 by others) on a loopback port, whose number is printed.

With `bare` as it is. Else behind a front that adds the doors which every Jira has and it lacks: a login and `X-AUSERNAME`, `POST search`,
issues by their ids and with the transitions on offer, `createmeta` of one issue type, `mypermissions`, and issue properties. And whoever changes a status by a token of their own
is its author: jira820 knows one user. What is in its answers stays its own: `updated` has days and no time, and its changelog has statuses alone.
"""

import os
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from jira820 import make_app
from jira820 import jql
from jira820.config import load_config
from jira820.serialize import iid
from jira820.store import JiraError, Store
from starlette.middleware.base import BaseHTTPMiddleware

# Whose token each is: the sync user's, and a person's.
WHO = {f"Bearer {os.environ['JIRA_TOKEN']}": "admin", f"Bearer {os.environ['JIRA_PERSON_TOKEN']}": "jdoe"}
SCREEN = {"summary": "Summary", "issuetype": "Issue Type", "description": "Description", "labels": "Labels", "priority": "Priority"}

# Without its seed, which is a project full of issues. `JIRA820_DATE` is its day, for ever.
store = Store(load_config(), seed=False)
store.users["admin"] = {"name": "admin", "displayName": "Administrator"}
store.users["jdoe"] = {"name": "jdoe", "displayName": "J. Doe"}
inner = make_app(store=store)
properties: dict = {}


def key_of(name: str) -> str:
    """The key of an issue that is named by its id or its key."""
    return next((key for key in store.issues if iid(key) == name), name)


def shown(key: str, fields: str, expand: str, wanted: str, base: str) -> dict:
    issue = store.serializer.issue_res(store.issues[key], base, fields, expand)
    mine = properties.get(key, {})
    names = [name for name in wanted.split(",") if name in mine]
    if "transitions" in expand:
        issue["transitions"] = store.workflow.available_transitions(store.serializer, store.issues[key]["statusName"], True)
    return {**issue, "properties": {name: mine[name] for name in names}} if wanted else issue


front = FastAPI()


@front.post("/rest/api/2/search")
async def search(request: Request):
    asked = await request.json()
    keys = jql.filter_keys(store, asked.get("jql", ""))
    start, most = asked.get("startAt", 0), asked.get("maxResults", 50)
    fields, expand = ",".join(asked.get("fields", [])), ",".join(asked.get("expand", []))
    page = [shown(key, fields, expand, "", str(request.base_url)) for key in keys[start : start + most]]
    return {"startAt": start, "maxResults": most, "total": len(keys), "issues": page}


@front.get("/rest/api/2/issue/{name}")
async def issue(name: str, request: Request):
    key, query = key_of(name), request.query_params
    if key not in store.issues:
        return JSONResponse({"errorMessages": ["Issue Does Not Exist"], "errors": {}}, 404)
    return shown(key, query.get("fields", ""), query.get("expand", ""), query.get("properties", ""), str(request.base_url))


@front.post("/rest/api/2/issue")
async def create(request: Request):
    asked = await request.json()
    made = store.create_issue(asked.get("fields", {}))
    properties[made["key"]] = {one["key"]: one["value"] for one in asked.get("properties", [])}
    return JSONResponse(made, 201)


@front.post("/rest/api/2/issue/{name}/transitions")
async def hop(name: str, request: Request):
    key, asked = key_of(name), await request.json()
    try:
        store.transition_issue(key, str(asked["transition"]["id"]), fields=asked.get("fields"), update=asked.get("update"))
    except JiraError as error:
        return JSONResponse(error.body(), error.status_code)
    store.issues[key]["changelog"][-1]["author"] = request.scope["who"]
    return Response(status_code=204)


@front.get("/rest/api/2/issue/createmeta/{project}/issuetypes/{kind}")
async def screen(project: str, kind: str):
    rows = [
        {"fieldId": field, "name": name, "required": field in ("summary", "issuetype"), "hasDefaultValue": False}
        for field, name in SCREEN.items()
    ]
    return {"values": rows, "startAt": 0, "maxResults": len(rows), "total": len(rows), "isLast": True}



@front.get("/rest/api/2/mypermissions")
async def rights():
    names = os.environ["JIRA_RIGHTS"].split(",")
    return {"permissions": {name: {"key": name, "havePermission": True} for name in names}}


class Doors(BaseHTTPMiddleware):
    """Turns away who has no login, names who has one, and finds issues by their ids."""

    async def dispatch(self, request, call_next):
        who = WHO.get(request.headers.get("authorization"))
        if who is None:
            return JSONResponse({"errorMessages": ["Log in"], "errors": {}}, 401, headers={"X-AUSERNAME": "anonymous"})
        request.scope["who"] = who
        parts = request.scope["path"].split("/")
        if parts[1:5] == ["rest", "api", "2", "issue"] and len(parts) > 5 and parts[5].isdigit():
            parts[5] = key_of(parts[5])
            request.scope["path"] = "/".join(parts)
        answer = await call_next(request)
        answer.headers["X-AUSERNAME"] = who
        return answer


front.mount("/", inner)
front.add_middleware(Doors)

listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
app = inner if sys.argv[1:] == ["bare"] else front
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
