//! The simulated Jira keeps every type of field as Atlassian documents it: what is written, what is read, what is logged, who may.

use std::collections::BTreeSet;

use jirasyncd::simulator::{FieldSetup, FieldType, Kind, ProjectSetup, Setup, SprintState, presets};
use serde_json::{Value, json};

use super::contract::watch::watched;
use super::simulator_support::{Answer, Client, start};

const CASCADE: &str = "customfield_21000";
const GROUPS: &str = "customfield_21001";
const RADIO: &str = "customfield_21002";

fn enrich(mut setup: Setup) -> Setup {
    let tree =
        vec![("Europe".to_owned(), vec!["France".to_owned(), "Spain".to_owned()]), ("Asia".to_owned(), Vec::new())];
    setup.fields.push(FieldSetup::new(CASCADE, "Region", FieldType::Cascade(tree)));
    setup.fields.push(FieldSetup::new(GROUPS, "Teams", FieldType::Groups));
    setup.fields.push(FieldSetup::new(RADIO, "Size", FieldType::Radio(vec!["S".to_owned(), "L".to_owned()])));
    setup.groups = vec!["red".to_owned(), "blue".to_owned()];
    let project = &mut setup.projects[0];
    project.components = vec!["Api".to_owned(), "Web".to_owned()];
    project.versions = vec!["1.0".to_owned(), "2.0".to_owned()];
    project.security_levels = vec!["Staff".to_owned()];
    setup
}

fn both() -> [(Client, &'static str, &'static str); 2] {
    let acme = start(&enrich(presets::acme("https://acme.example")));
    let globex = start(&enrich(presets::globex("https://jira.globex.example/jira")));
    [(Client::of(&acme, "sync"), "SUP", "Bug"), (Client::of(&globex, "sync"), "ENG", "Defect")]
}

async fn issue(client: &Client, project: &str, kind: &str, mut fields: Value) -> Answer {
    fields["project"] = json!({ "key": project });
    fields["issuetype"] = json!({ "name": kind });
    fields["summary"] = json!("x");
    client.post("issue", json!({ "fields": fields })).await
}

fn last_items(history: &Value) -> Vec<Value> {
    let entries = history["changelog"]["histories"].as_array().unwrap();
    let last = entries.iter().max_by_key(|entry| entry["id"].as_str().unwrap().parse::<u64>().unwrap()).unwrap();
    last["items"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn components_and_versions_are_the_projects_and_logged_one_by_one() {
    for (client, project, kind) in both() {
        let _watch = watched(&client.jira);
        let fields = json!({ "components": [{ "name": "Api" }], "fixVersions": [{ "name": "1.0" }] });
        let key = issue(&client, project, kind, fields).await.text("/key").to_owned();
        let path = format!("issue/{key}");
        let update =
            json!({ "update": { "components": [{ "add": { "name": "Web" } }, { "remove": { "name": "Api" } }] } });
        assert!(client.put(&path, update).await.status < 300);
        let read = client.get(&format!("{path}?expand=changelog")).await;
        assert_eq!(read.body["fields"]["components"].as_array().unwrap().len(), 1);
        assert_eq!(read.text("/fields/components/0/name"), "Web");
        let items = last_items(&read.body);
        assert_eq!(items.len(), 2, "{items:?}");
        assert_eq!((items[0]["field"].as_str(), items[0]["fromString"].as_str()), (Some("Component"), Some("Api")));
        assert!(items[0]["toString"].is_null() && items[1]["fromString"].is_null());
        let wrong = client.put(&path, json!({ "fields": { "fixVersions": [{ "name": "9" }] } })).await;
        assert_eq!((wrong.status, wrong.text("/errors/fixVersions")), (400, "Version name '9' is not valid"));
    }
}

#[tokio::test(start_paused = true)]
async fn only_who_administers_the_project_makes_components_and_versions() {
    for (client, project, kind) in both() {
        let _watch = watched(&client.jira);
        let id = client.get(&format!("project/{project}")).await.text("/id").parse::<u64>().unwrap();
        let version = json!({ "name": "3.0", "projectId": id });
        assert_eq!(client.post("version", version.clone()).await.status, 201);
        let again = client.post("version", version.clone()).await;
        assert!(again.status == 400 && again.text("/errors/name").contains("already exists"), "{again:?}");
        let component = json!({ "name": "Db", "project": project });
        assert_eq!(client.post("component", component.clone()).await.status, 201);
        let fields = json!({ "components": [{ "name": "Db" }], "versions": [{ "name": "3.0" }] });
        assert_eq!(issue(&client, project, kind, fields).await.status, 201);
        client.jira.set_permission(project, "ADMINISTER_PROJECTS", &[]);
        let cloud = client.jira.kind() == Kind::Cloud;
        let version = json!({ "name": "4.0", "projectId": id });
        assert_eq!(client.post("version", version).await.status, if cloud { 404 } else { 403 });
        assert_eq!(client.post("component", json!({ "name": "New", "project": project })).await.status, 403);
    }
}

/// Only a Jira that was restored from a backup gives an id again (reliability.md, row 107).
#[tokio::test(start_paused = true)]
async fn what_is_deleted_gives_its_id_to_nobody() {
    for (client, project, _) in both() {
        let _watch = watched(&client.jira);
        let id = client.get(&format!("project/{project}")).await.text("/id").parse::<u64>().unwrap();
        let who = client.jira.person("sync").unwrap();
        let component = client.post("component", json!({ "name": "Db", "project": project })).await;
        client.jira.remove_component(&who, project, "Db", None).unwrap();
        let again = client.post("component", json!({ "name": "Db", "project": project })).await;
        assert_ne!(again.text("/id"), component.text("/id"));
        let version = client.post("version", json!({ "name": "3.0", "projectId": id })).await;
        client.jira.remove_version(&who, project, "3.0", None).unwrap();
        let again = client.post("version", json!({ "name": "3.0", "projectId": id })).await;
        assert_ne!(again.text("/id"), version.text("/id"));
    }
}

#[tokio::test(start_paused = true)]
async fn other_types_read_as_they_are_written() {
    for (client, project, kind) in both() {
        let _watch = watched(&client.jira);
        let mut fields = json!({ "timetracking": { "originalEstimate": "1d 30m" }, "security": { "name": "Staff" } });
        fields[CASCADE] = json!({ "value": "Europe", "child": { "value": "Spain" } });
        fields[GROUPS] = json!([{ "name": "red" }, { "name": "blue" }]);
        fields[RADIO] = json!({ "value": "L" });
        let key = issue(&client, project, kind, fields).await.text("/key").to_owned();
        let path = format!("issue/{key}");
        let read = client.get(&path).await;
        assert_eq!(read.body["fields"]["timeoriginalestimate"], json!(30_600));
        assert_eq!(read.body["fields"]["timeestimate"], json!(30_600), "what is only estimated is what remains");
        assert_eq!(read.text("/fields/timetracking/originalEstimate"), "1d 30m");
        assert_eq!(read.text("/fields/security/name"), "Staff");
        assert_eq!(read.text(&format!("/fields/{CASCADE}/child/value")), "Spain");
        assert_eq!(read.text(&format!("/fields/{RADIO}/value")), "L");
        assert_eq!(read.body["fields"][GROUPS].as_array().unwrap().len(), 2);
        let edit = json!({ "fields": { "timetracking": { "remainingEstimate": "45m" } } });
        assert!(client.put(&path, edit).await.status < 300);
        let items = last_items(&client.get(&format!("{path}?expand=changelog")).await.body);
        assert_eq!((items[0]["field"].as_str(), items[0]["to"].as_str()), (Some("timeestimate"), Some("2700")));
        let wrong = client.put(&path, json!({ "fields": { "timetracking": { "remainingEstimate": "soon" } } })).await;
        assert!(wrong.status == 400 && wrong.text("/errors/timetracking").contains("soon"));
        let mut wrong = json!({});
        wrong[CASCADE] = json!({ "value": "Asia", "child": { "value": "Spain" } });
        assert_eq!(client.put(&path, json!({ "fields": wrong })).await.status, 400, "Spain is not below Asia");
        client.jira.set_permission(project, "SET_ISSUE_SECURITY", &[]);
        let level = client.put(&path, json!({ "fields": { "security": null } })).await;
        assert_eq!(level.status, 400, "only who may set security levels");
    }
}

const PICKER: &str = "customfield_21003";

#[tokio::test(start_paused = true)]
async fn a_project_picker_offers_and_takes_what_may_be_browsed() {
    let with = |mut setup: Setup| {
        setup.fields.push(FieldSetup::new(PICKER, "For project", FieldType::Project));
        let mut hidden = ProjectSetup::new("HID", 10_778, "Hidden");
        hidden.permissions.insert("BROWSE_PROJECTS".to_owned(), BTreeSet::new());
        setup.projects.extend([ProjectSetup::new("WEB", 10_777, "Web shop"), hidden]);
        start(&setup)
    };
    let acme = with(presets::acme("https://acme.example"));
    let globex = with(presets::globex("https://jira.globex.example/jira"));
    for (jira, project, kind) in [(acme, "SUP", "Bug"), (globex, "ENG", "Defect")] {
        let client = Client::of(&jira, "sync");
        let _watch = watched(&client.jira);
        let key = issue(&client, project, kind, json!({ PICKER: { "key": "WEB" } })).await.text("/key").to_owned();
        let path = format!("issue/{key}");
        let read = client.get(&path).await;
        let shown = ["id", "key", "name"].map(|part| read.text(&format!("/fields/{PICKER}/{part}")));
        assert_eq!(shown, ["10777", "WEB", "Web shop"]);
        let meta = client.get(&format!("{path}/editmeta")).await;
        let meta = &meta.body["fields"][PICKER];
        let custom = "com.atlassian.jira.plugin.system.customfieldtypes:project";
        assert_eq!((&meta["schema"]["type"], &meta["schema"]["custom"]), (&json!("project"), &json!(custom)));
        assert_eq!(meta["operations"], json!(["set"]));
        let offered: Vec<&str> =
            meta["allowedValues"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert_eq!(offered, [project, "WEB"], "no project that the user may not browse");
        // By its id, and logged with that and its name.
        let own = client.get(&format!("project/{project}")).await;
        assert!(client.put(&path, json!({ "fields": { PICKER: { "id": own.text("/id") } } })).await.status < 300);
        let items = last_items(&client.get(&format!("{path}?expand=changelog")).await.body);
        let logged = |part: &str| items[0][part].as_str().unwrap().to_owned();
        assert_eq!((logged("from"), logged("fromString")), ("10777".to_owned(), "Web shop".to_owned()));
        assert_eq!((logged("to"), logged("toString")), (own.text("/id").to_owned(), own.text("/name").to_owned()));
        for wrong in [json!({ "key": "NONE" }), json!({ "key": "HID" }), json!({ "id": "10778" })] {
            let answer = client.put(&path, json!({ "fields": { PICKER: wrong } })).await;
            assert_eq!(answer.status, 400, "what is not shown is not there: {answer:?}");
            assert!(answer.text(&format!("/errors/{PICKER}")).contains("No project"), "{answer:?}");
        }
        let bare = client.put(&path, json!({ "fields": { PICKER: "WEB" } })).await;
        assert_eq!(bare.status, 400, "a key alone is no project");
        assert!(client.put(&path, json!({ "fields": { PICKER: null } })).await.status < 300);
        assert!(client.get(&path).await.body["fields"][PICKER].is_null());
    }
}

const SPRINT: &str = "customfield_21010";
const REQUEST: &str = "customfield_21011";

fn with_sprints(mut setup: Setup, objects: bool) -> Setup {
    setup.fields.push(FieldSetup::new(SPRINT, "Sprint", FieldType::Sprint));
    setup.fields.push(FieldSetup::new(REQUEST, "Request Type", FieldType::RequestType));
    let kinds: Vec<String> = setup.projects[0].types.iter().map(|(name, _)| name.clone()).collect();
    setup.projects[0].service_desk = true;
    setup.projects[0].request_types =
        vec![("Ask us".to_owned(), kinds[0].clone()), ("Order & pay".to_owned(), kinds[1].clone())];
    setup.projects[0].sprints =
        [("Old", SprintState::Closed), ("Now, =[x]", SprintState::Active), ("Next", SprintState::Future)]
            .map(|(name, state)| (name.to_owned(), state))
            .into();
    setup.quirks.sprints_are_objects = objects;
    setup
}

#[tokio::test(start_paused = true)]
async fn sprints_are_read_as_lists_and_written_as_one_number() {
    let acme = start(&with_sprints(presets::acme("https://acme.example"), false));
    let globex = |objects| start(&with_sprints(presets::globex("https://jira.globex.example/jira"), objects));
    let (printed, objects) = (globex(false), globex(true));
    let all = [(acme, "SUP", "Bug", true), (printed, "ENG", "Defect", false), (objects, "ENG", "Defect", true)];
    for (jira, project, kind, objects) in all {
        let client = Client::of(&jira, "sync");
        let _watch = watched(&client.jira);
        let key = issue(&client, project, kind, json!({ SPRINT: 2 })).await.text("/key").to_owned();
        let path = format!("issue/{key}");
        let read = client.get(&path).await;
        let one = &read.body["fields"][SPRINT][0];
        if objects {
            assert_eq!(
                (one["id"].as_u64(), one["name"].as_str(), one["state"].as_str()),
                (Some(2), Some("Now, =[x]"), Some("active"))
            );
        } else {
            let text = one.as_str().unwrap();
            assert!(
                text.contains("Sprint@")
                    && text.contains("[id=2,")
                    && text.contains(",state=ACTIVE,name=Now, =[x],startDate="),
                "{text}"
            );
        }
        // One that is over stays in the list, and nothing is put into it.
        client.jira.set_sprint("Now, =[x]", SprintState::Closed);
        assert!(client.put(&path, json!({ "fields": { SPRINT: 3 } })).await.status < 300);
        let read = client.get(&format!("{path}?expand=changelog")).await;
        assert_eq!(read.body["fields"][SPRINT].as_array().unwrap().len(), 2);
        let item = &last_items(&read.body)[0];
        let says = ["from", "fromString", "to", "toString"].map(|part| item[part].as_str());
        assert_eq!(says, [Some("2"), Some("Now, =[x]"), Some("2, 3"), Some("Now, =[x], Next")]);
        for (wrong, why) in
            [(json!(1), "open sprints"), (json!("Next"), "Number value expected"), (json!(77), "does not exist")]
        {
            let refused = client.put(&path, json!({ "fields": { SPRINT: wrong } })).await;
            assert!(refused.status == 400 && refused.text(&format!("/errors/{SPRINT}")).contains(why), "{refused:?}");
        }
        assert!(client.put(&path, json!({ "fields": { SPRINT: null } })).await.status < 300);
        assert_eq!(client.get(&path).await.body["fields"][SPRINT].as_array().unwrap().len(), 1);
        // Which there are is told by Jira Software alone.
        let context = if client.jira.kind() == Kind::Cloud { "/rest/agile/1.0" } else { "/jira/rest/agile/1.0" };
        let agile = client.at(context);
        let boards = agile.get(&format!("board?projectKeyOrId={project}&type=scrum&startAt=0&maxResults=50")).await;
        let board = boards.body["values"][0]["id"].as_u64().unwrap();
        let open = agile.get(&format!("board/{board}/sprint?state=active,future&startAt=0&maxResults=50")).await;
        let names: Vec<&str> =
            open.body["values"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!((names, open.body["isLast"].as_bool()), (vec!["Next"], Some(true)));
    }
}

/// Atlassian's words: who adds issues to sprints, or removes them, needs Schedule Issues and Edit Issues.
#[tokio::test(start_paused = true)]
async fn only_who_may_schedule_issues_puts_them_into_sprints_or_takes_them_out() {
    let acme = start(&with_sprints(presets::acme("https://acme.example"), false));
    let globex = start(&with_sprints(presets::globex("https://jira.globex.example/jira"), false));
    for (jira, project, kind) in [(acme, "SUP", "Bug"), (globex, "ENG", "Defect")] {
        let client = Client::of(&jira, "sync");
        let _watch = watched(&client.jira);
        let key = issue(&client, project, kind, json!({ SPRINT: 2 })).await.text("/key").to_owned();
        let path = format!("issue/{key}");
        let shows = async || {
            let meta = client.get(&format!("{path}/editmeta")).await;
            meta.body["fields"].get(SPRINT).is_some()
        };
        assert!(shows().await, "{project}");
        client.jira.set_permission(project, "SCHEDULE_ISSUES", &[]);
        assert!(!shows().await, "{project}");
        for sprint in [json!(3), Value::Null] {
            let refused = client.put(&path, json!({ "fields": { SPRINT: sprint } })).await;
            let why = refused.text(&format!("/errors/{SPRINT}"));
            assert!(refused.status == 400 && why.contains("cannot be set"), "{refused:?}");
        }
        let refused = issue(&client, project, kind, json!({ SPRINT: 2 })).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        // Nothing else waits for it.
        assert!(client.put(&path, json!({ "fields": { "summary": "y" } })).await.status < 300);
        let read = client.get(&path).await;
        assert_eq!(read.body["fields"][SPRINT].as_array().unwrap().len(), 1);
    }
}

/// Atlassian's words: the field takes a text; on Data Center the keys of portal and type, which JQL's suggestions tell.
#[tokio::test(start_paused = true)]
async fn a_request_type_is_of_one_desk_and_one_issue_type_and_written_as_a_text() {
    let acme = start(&with_sprints(presets::acme("https://acme.example"), false));
    let globex = start(&with_sprints(presets::globex("https://jira.globex.example/jira"), false));
    for (jira, project, kind) in [(acme, "SUP", "Bug"), (globex, "ENG", "Defect")] {
        let client = Client::of(&jira, "sync");
        let _watch = watched(&client.jira);
        let cloud = client.jira.kind() == Kind::Cloud;
        let desk = client.at(if cloud { "/rest/servicedeskapi" } else { "/jira/rest/servicedeskapi" });
        let desks = desk.get("servicedesk?start=0&limit=50").await;
        assert_eq!((desks.text("/values/0/projectKey"), desks.body["isLastPage"].as_bool()), (project, Some(true)));
        let id = desks.text("/values/0/id").to_owned();
        let kinds = desk.get(&format!("servicedesk/{id}/requesttype?start=0&limit=1")).await;
        assert_eq!((kinds.text("/values/0/name"), kinds.body["isLastPage"].as_bool()), ("Ask us", Some(false)));
        assert_eq!(desk.get("servicedesk/999/requesttype").await.status, 404);
        let text = client.jira.request_type(project, "Ask us");
        if cloud {
            assert_eq!(kinds.text("/values/0/id"), text);
        } else {
            let number = REQUEST.trim_start_matches("customfield_");
            let told =
                client.get(&format!("jql/autocompletedata/suggestions?fieldName=cf[{number}]&fieldValue=order")).await;
            let key = client.jira.request_type(project, "Order & pay");
            assert_eq!(told.text("/results/0/value"), format!("\"{key}\""));
            assert!(told.text("/results/0/displayName").starts_with("<b>Order</b> &amp; pay ("));
            assert_eq!(told.body["results"].as_array().unwrap().len(), 1);
        }
        let issue = issue(&client, project, kind, json!({ REQUEST: text })).await;
        let path = format!("issue/{}", issue.text("/key"));
        assert_eq!(client.get(&path).await.text(&format!("/fields/{REQUEST}/requestType/name")), "Ask us");
        for (wrong, why) in [
            (json!({ "id": text }), "Operation value must be a string"),
            (json!(if cloud { "sup/ask-us" } else { "41" }), "is not valid"),
            (json!(client.jira.request_type(project, "Order & pay")), "is not valid for the issue type"),
        ] {
            let answer = client.put(&path, json!({ "fields": { REQUEST: wrong } })).await;
            assert_eq!(answer.status, 400);
            assert!(answer.text(&format!("/errors/{REQUEST}")).contains(why), "{:?}", answer.body);
        }
        // With the type that it is made as; and none at all.
        let other = client.jira.request_type(project, "Order & pay");
        let kinds = client.get(&format!("issue/createmeta/{project}/issuetypes")).await;
        let rows = kinds.body[if cloud { "issueTypes" } else { "values" }].as_array().unwrap().clone();
        let both = json!({ "fields": { REQUEST: other, "issuetype": { "id": rows[1]["id"] } } });
        assert!(client.put(&path, both).await.status < 300);
        assert!(client.put(&path, json!({ "fields": { REQUEST: null } })).await.status < 300);
        assert!(client.get(&path).await.body["fields"][REQUEST].is_null());
    }
}
