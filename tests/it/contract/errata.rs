//! Corrections of the contracts found while the simulator was checked, each with its evidence: the shared errata are data
//! that is given to us. Must never hold a correction whose only evidence is what the simulator does.

use serde_json::{Value, json};

/// The corrections of one document, in the shape of the shared errata.
pub(crate) fn found(file: &str) -> Value {
    if file.contains("cloud") { cloud() } else { data_center() }
}

fn cloud() -> Value {
    json!([{
        "pointer": "/paths/~1rest~1agile~11.0~1board~1{boardId}~1sprint/get/responses/200/content/application~1json/schema",
        "op": "add",
        "value": page(&json!({
            "type": "object", "required": ["id", "name", "state"], "properties": {
                "id": { "type": "integer" }, "name": { "type": "string" },
                "state": { "type": "string", "enum": ["active", "closed", "future"] },
            },
        })),
        "why": "no schema is declared",
        "evidence": "the operation's own example, and its words on the states",
    }, {
        "pointer": "/paths/~1rest~1api~13~1issue~1{issueIdOrKey}~1assignee/put/requestBody/content/application~1json/schema",
        "op": "replace",
        "value": assignee("accountId"),
        "why": "null is how an issue is unassigned",
        "evidence": "description of the same operation: \"null, the issue is set to unassigned\"",
    }])
}

/// A page of a list of Jira Software.
fn page(element: &Value) -> Value {
    json!({
        "type": "object", "required": ["startAt", "maxResults", "values"], "additionalProperties": false, "properties": {
            "startAt": { "type": "integer" }, "maxResults": { "type": "integer" }, "total": { "type": "integer" },
            "isLast": { "type": "boolean" }, "values": { "type": "array", "items": element },
        },
    })
}

/// `PUT assignee`: somebody, `"-1"` for the default, null for nobody.
fn assignee(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string", "nullable": true } }, "additionalProperties": false })
}

/// Data Center's no to a version or component that cannot be as it was asked for.
fn refused(operation: &str, what: &str) -> Value {
    json!({
        "pointer": format!("{operation}/responses/400"),
        "op": "add",
        "value": { "description": format!("Returned of {what}.") },
        "evidence": "`POST version` of the same document: 400 \"if the version could not be created\"; nothing listed is for a name that is taken. Cloud's document lists 400 of all four",
    })
}

/// What is suggested for a field in JQL.
fn suggestions() -> Value {
    json!({
        "pointer": "/components/schemas/AutoCompleteResultWrapper",
        "op": "replace",
        "value": {
            "type": "object", "required": ["results"], "properties": {
                "results": { "type": "array", "items": {
                    "type": "object", "required": ["value", "displayName"],
                    "properties": { "value": { "type": "string" }, "displayName": { "type": "string" } },
                } },
            },
        },
        "evidence": "Cloud's document of the same operation (`AutoCompleteSuggestions`); no property is declared here",
    })
}

fn data_center() -> Value {
    let list = |schema: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{schema}") } });
    let paged = |path: &str, schema: &str| {
        json!({
            "pointer": format!("/paths/~1agile~11.0~1board{path}/get/responses/200/content/application~1json/schema"),
            "op": "replace",
            "value": page(&json!({ "$ref": format!("#/components/schemas/{schema}") })),
            "evidence": "its own description: \"at the specified page of the results\"; declared as one bean. Cloud's answer is a page",
        })
    };
    let mut all = vec![
        paged("", "BoardBean"),
        paged("~1{boardId}~1sprint", "SprintBean"),
        json!({
            "pointer": "/paths/~1api~12~1statuscategory/get/responses/200/content/application~1json/schema",
            "op": "replace",
            "value": list("StatusCategoryJsonBean"),
            "evidence": "its own description: \"Returns a list of all Jira issue status categories\"",
        }),
        json!({
            "pointer": "/paths/~1api~12~1project~1{projectIdOrKey}~1role/get/responses/200/content",
            "op": "add",
            "value": { "application/json": { "schema": { "type": "object", "additionalProperties": { "type": "string" } } } },
            "evidence": "its own description: \"List of roles and URIs to full details\"; no schema is declared",
        }),
        json!({
            "pointer": "/paths/~1api~12~1user~1viewissue~1search/get/responses/200/content/application~1json/schema",
            "op": "replace",
            "value": list("UserBean"),
            "evidence": "its own description: \"Returns a list of active users\"; declared as one, as its siblings are",
        }),
        suggestions(),
        refused("/paths/~1api~12~1version~1{id}/put", "a version that could not be changed"),
        refused("/paths/~1api~12~1component/post", "a component that could not be created"),
        refused("/paths/~1api~12~1component~1{id}/put", "a component that could not be changed"),
        json!({
            "pointer": "/paths/~1api~12~1issue~1bulk/post/responses/400/content",
            "op": "add",
            "value": { "application/json": { "schema": { "$ref": "#/components/schemas/IssuesCreateResponse" } } },
            "evidence": "as Cloud declares it; no schema is declared here",
        }),
        json!({
            "pointer": "/paths/~1api~12~1issue~1{issueIdOrKey}~1assignee/put/requestBody/content/application~1json/schema",
            "op": "replace",
            "value": assignee("name"),
            "evidence": "description of the operation: null removes the assignee",
        }),
        json!({
            "pointer": "/components/schemas/FieldOperation",
            "op": "replace",
            "value": {
                "type": "object",
                "properties": { "add": {}, "remove": {}, "set": {}, "edit": {}, "copy": {} },
                "additionalProperties": false,
            },
            "evidence": "the example of IssueUpdateBean.update in the same document",
        }),
        json!({
            "pointer": "/components/schemas/IssueBean/properties/properties",
            "op": "replace",
            "value": { "type": "object" },
            "evidence": "the values are whatever was stored; declared as an object without names",
        }),
        json!({
            "pointer": "/paths/~1api~12~1user/get/parameters/-",
            "op": "add",
            "value": { "name": "expand", "in": "query", "schema": { "type": "string" } },
            "evidence": "its answer (UserBean) names what may be expanded: `expand` and `groups`, `applicationRoles`",
        }),
        json!({
            "pointer": "/components/schemas/SimpleListWrapperGroupJsonBean/properties/items",
            "op": "add",
            "value": { "type": "array", "items": { "$ref": "#/components/schemas/GroupJsonBean" } },
            "evidence": "Atlassian's example of GET user; a list wrapper without its list",
        }),
    ];
    all.extend(names());
    Value::Array(all)
}

/// Names that beans carry on the wire and the document leaves out; its server marks them as XML attributes or adds them
/// in a subclass.
fn names() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let names = [
        ("IssueBean", "expand", text.clone(), "every issue of Atlassian's own DC examples has it"),
        ("TransitionsMetaBean", "expand", text.clone(), "Atlassian's example of GET transitions"),
        ("PermissionJsonBean", "havePermission", json!({ "type": "boolean" }), "the document's own example"),
        (
            "PermissionJsonBean",
            "deprecatedKey",
            json!({ "type": "boolean" }),
            "Atlassian's example of GET mypermissions",
        ),
        ("RoleActorBean", "id", json!({ "type": "integer" }), "Atlassian's example of GET project role"),
        ("RoleActorBean", "displayName", text.clone(), "the same example"),
        ("RoleActorBean", "type", text.clone(), "the same example"),
        ("ProjectBean", "expand", text.clone(), "Atlassian's example of GET project"),
        ("ProjectBean", "projectTypeKey", text.clone(), "the same operation's declared query and examples"),
        ("ProjectBean", "lead", json!({ "type": "object" }), "the same example"),
        ("ProjectBean", "components", json!({ "type": "array" }), "the same example"),
        ("ProjectBean", "issueTypes", json!({ "type": "array" }), "the same example"),
        ("ProjectBean", "versions", json!({ "type": "array" }), "the same example"),
        ("ProjectBean", "roles", json!({ "type": "object" }), "the same example"),
        ("ProjectBean", "assigneeType", text, "the same example"),
    ];
    let erratum = |(schema, name, value, evidence): (&str, &str, Value, &str)| {
        json!({
            "pointer": format!("/components/schemas/{schema}/properties/{name}"),
            "op": "add", "value": value, "evidence": evidence,
        })
    };
    names.into_iter().map(erratum).collect()
}
