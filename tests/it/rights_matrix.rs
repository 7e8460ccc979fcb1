//! Each permission of the table taken from the sync user alone, on both kinds: what `check` says and what the running daemon's problem says.
//! `docs/permissions.md` shows it; `UPDATE=1` writes the page's table anew. Must never write a line that no run said.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jirasyncd::app::connect;
use jirasyncd::engine::{Demand, LastKnown, PermissionNeed, Severity, Survey, survey};
use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::right::{Function, Right};
use jirasyncd::model::settings::WhenDeleted;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{FieldSetup, FieldType, Holder, Person, Setup, SprintState};
use serde_json::{Value, json};

use super::daemon_support::{World, two};

const BEGIN: &str = "<!-- matrix: made by a test, UPDATE=1 writes it anew -->";
const END: &str = "<!-- end of the matrix -->";

/// Where the right is missing, its project, who works there, a type; and the same of the other side.
struct Side {
    jira: &'static str,
    kind: &'static str,
    project: &'static str,
    people: [&'static str; 2],
    issue_type: &'static str,
    /// The transitions that begin work and end it.
    begin: &'static str,
    end: &'static str,
}

/// The field of sprints.
const SPRINT: &str = "customfield_27001";

/// Whose acts cross, where only some do.
const TEAM: &str = "Team";
const ROLE: &str = "Crossing";

const ACME: Side = Side {
    jira: "acme",
    kind: "Cloud",
    project: "SUP",
    people: ["jane", "omar"],
    issue_type: "Bug",
    begin: "In Progress",
    end: "Done",
};
const GLOBEX: Side = Side {
    jira: "globex",
    kind: "Data Center",
    project: "ENG",
    people: ["jdoe", "mlopez"],
    issue_type: "Defect",
    begin: "Start work",
    end: "Close",
};

/// The permission, what it is needed for, and what somebody does on the other side that cannot be done without it.
type Case = (Right, Function, Deed);
type Deed = fn(&Told);

/// All that is synced, before the right is taken away.
struct Told<'w> {
    world: &'w World,
    here: &'static Side,
    there: &'static Side,
    /// Its key where the right is missing, and on the other side.
    here_key: String,
    key: String,
    other: String,
    comment: String,
    worklog: String,
    file: String,
    /// The copy, on the other side, of what somebody said where the right is missing.
    copy: String,
}

impl Told<'_> {
    fn person(&self) -> Person {
        self.world.person(self.there.jira, self.there.people[0])
    }

    fn edit(&self, fields: Value) {
        self.person().edit(&self.key, fields).unwrap();
    }

    /// The second of the people there, as a field takes them.
    fn second(&self) -> Value {
        let second = self.world.person(self.there.jira, self.there.people[1]);
        if self.there.kind == "Cloud" { json!({ "accountId": second.id() }) } else { json!({ "name": "mlopez" }) }
    }
}

/// Those about files, and all others, in the order of the functions.
fn cases() -> Vec<Case> {
    let (mut cases, files) = (other_cases(), cases_of_files());
    let at = cases.iter().position(|(_, function, _)| *function == Function::Watchers).unwrap();
    cases.splice(at..at, files);
    cases
}

fn cases_of_files() -> Vec<Case> {
    vec![
        (Right::CreateAttachments, Function::Attachments, |told| {
            told.person().attach(&told.key, "b.txt", b"second").unwrap();
        }),
        (Right::DeleteOwnAttachments, Function::Attachments, |told| told.person().detach(&told.file).unwrap()),
        (Right::AddComments, Function::Attachments, |told| {
            told.person().attach(&told.key, "large too.bin", &[7; LARGE]).unwrap();
        }),
        (Right::DeleteOwnComments, Function::Attachments, |told| {
            let issue = told.world.jira(told.there.jira).issue(&told.key).unwrap();
            let large = issue.attachments.iter().find(|file| file.name == "large.bin").unwrap();
            told.person().detach(&large.id.to_string()).unwrap();
        }),
        (Right::DeleteAllAttachments, Function::Attachments, |told| {
            let jira = told.world.jira(told.there.jira);
            jira.set_permission(told.there.project, "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
            let issue = jira.issue(&told.key).unwrap();
            let copy = issue.attachments.iter().find(|file| file.name == "of here.txt").unwrap();
            told.person().detach(&copy.id.to_string()).unwrap();
        }),
    ]
}

fn other_cases() -> Vec<Case> {
    vec![
        (Right::BrowseProjects, Function::Issues, |told| told.edit(json!({ "summary": "Item, changed" }))),
        (Right::CreateIssues, Function::Issues, |told| drop(create(told.world, told.there, "New"))),
        (Right::EditIssues, Function::Issues, |told| told.edit(json!({ "summary": "Item, changed" }))),
        (Right::TransitionIssues, Function::Statuses, |told| {
            told.person().transition(&told.key, told.there.begin).unwrap();
        }),
        (Right::ResolveIssues, Function::Statuses, end),
        (Right::CloseIssues, Function::Statuses, end),
        (Right::AssignIssues, Function::Assignee, assign),
        (Right::AssignableUser, Function::Assignee, assign),
        (Right::ModifyReporter, Function::Reporter, |told| told.edit(json!({ "reporter": told.second() }))),
        (Right::ScheduleIssues, Function::DueDate, |told| told.edit(json!({ "duedate": "2030-05-06" }))),
        (Right::ScheduleIssues, Function::Sprint, |told| told.edit(json!({ SPRINT: 1 }))),
        (Right::ResolveIssues, Function::FixVersions, |told| {
            for side in [told.here, told.there] {
                told.world.person(side.jira, side.people[0]).make_version(side.project, "9.1", json!({})).unwrap();
            }
            told.edit(json!({ "fixVersions": [{ "name": "9.1" }] }));
        }),
        (Right::AddComments, Function::Comments, |told| drop(told.person().comment(&told.key, "another").unwrap())),
        (Right::EditOwnComments, Function::Comments, |told| {
            told.person().edit_comment(&told.key, &told.comment, "said otherwise").unwrap();
        }),
        (Right::DeleteOwnComments, Function::Comments, |told| {
            told.person().delete_comment(&told.key, &told.comment).unwrap();
        }),
        (Right::EditAllComments, Function::PeoplesComments, |told| {
            told.world.jira(told.there.jira).set_permission(
                told.there.project,
                "EDIT_ALL_COMMENTS",
                &[Holder::LoggedIn],
            );
            let issue = told.world.jira(told.there.jira).issue(&told.key).unwrap();
            let copy = issue.comments.iter().find(|comment| comment.id.to_string() == told.copy).unwrap();
            told.person().edit_comment(&told.key, &told.copy, &format!("{}, and more", copy.body)).unwrap();
        }),
        (Right::ViewVotersAndWatchers, Function::Watchers, |told| {
            let person = told.world.person(told.here.jira, told.here.people[1]);
            person.watch(&told.here_key).unwrap();
            person.comment(&told.here_key, "I watch it").unwrap();
        }),
        (Right::ManageWatchers, Function::Watchers, |told| {
            told.world.person(told.there.jira, told.there.people[1]).watch(&told.key).unwrap();
        }),
        (Right::LinkIssues, Function::Links, |told| told.person().link(&told.key, "Blocks", &told.other).unwrap()),
        (Right::EditIssues, Function::WayBack, |told| drop(create(told.world, told.here, "New"))),
        (Right::LinkIssues, Function::WayBack, |told| drop(create(told.world, told.there, "New"))),
        (Right::WorkOnIssues, Function::Worklogs, |told| {
            told.person().log_work(&told.key, "2026-09-01T11:00:00.000+0000", 1_200, "more").unwrap();
        }),
        (Right::EditOwnWorklogs, Function::Worklogs, |told| {
            let change = json!({ "timeSpentSeconds": 1_800 });
            told.person().edit_worklog(&told.key, &told.worklog, change).unwrap();
        }),
        (Right::DeleteOwnWorklogs, Function::Worklogs, |told| {
            told.person().delete_worklog(&told.key, &told.worklog).unwrap();
        }),
        (Right::SetIssueSecurity, Function::SecurityLevels, |told| {
            told.edit(json!({ "security": { "name": "Staff" } }));
        }),
        (Right::AdministerProjects, Function::VersionsAndComponents, |told| {
            told.person().make_version(told.there.project, "9.0", json!({})).unwrap();
            told.edit(json!({ "fixVersions": [{ "name": "9.0" }] }));
        }),
        (Right::AdministerProjects, Function::SilentEdits, |told| told.edit(json!({ "summary": "Item, changed" }))),
        (Right::DeleteIssues, Function::Deletions, |told| told.person().delete(&told.key).unwrap()),
        (Right::ServiceDeskAgent, Function::ServiceDesk, |told| told.edit(json!({ "summary": "Item, changed" }))),
        (Right::BrowseUsers, Function::Circles, |told| drop(create(told.world, told.here, "New"))),
        (Right::AdministerProjects, Function::Circles, |told| drop(create(told.world, told.here, "New"))),
        (Right::BrowseUsers, Function::People, assign),
    ]
}

/// Takes the issue to its end.
fn end(told: &Told<'_>) {
    let person = told.person();
    person.transition(&told.key, told.there.begin).unwrap();
    person.transition(&told.key, told.there.end).unwrap();
}

/// Gives it to the second of the people there.
fn assign(told: &Told<'_>) {
    let second = told.world.person(told.there.jira, told.there.people[1]);
    told.person().assign(&told.key, Some(second.id())).unwrap();
}

/// Whether the right is asked for by the conditions of a workflow alone.
fn is_a_condition(case: &Case) -> bool {
    case.1 == Function::Statuses && case.0 != Right::TransitionIssues
}

/// Whether whoever was found once stays known without it: then it is missing from the beginning.
fn lacks_it_at_the_start(case: &Case) -> bool {
    case.1 == Function::People
}

/// Whether that kind asks for the right there: Data Center finds users by their names, and shows their groups to whoever is logged in.
fn is_asked(case: &Case, side: &Side) -> bool {
    case.0 != Right::BrowseUsers || side.kind == "Cloud"
}

/// How large a file is, in bytes, that is too large where notes stand for such files.
const LARGE: usize = 1_100_000;

/// The same where files are treated in a way of their own.
fn with_files(text: String, case: &Case) -> String {
    let files = match case {
        (Right::AddComments | Right::DeleteOwnComments, Function::Attachments, _) => NOTES,
        (Right::DeleteAllAttachments, ..) => BOTH,
        _ => return text,
    };
    text.replacen(FILES, files, 1)
}

/// How the configuration says that files cross; that notes stand for those that are too large; and that who deletes a copy deletes the original.
const FILES: &str = "attachments = \"both\"";
const NOTES: &str = "attachments = { largest = 1, too-large = \"note\" }";
const BOTH: &str = "attachments = { deleted = \"both\" }";

/// The same where only the acts of some people cross from a side.
fn with_circles(text: &str, case: &Case, side: &Side) -> String {
    if case.1 != Function::Circles {
        return text.to_owned();
    }
    let circle = if case.0 == Right::BrowseUsers { format!("group:{TEAM}") } else { format!("role:{ROLE}") };
    let project = format!("project = \"{}\"", side.project);
    assert!(text.contains(&project), "the side is written otherwise");
    text.replacen(&project, &format!("{project}, from = [\"{circle}\"]"), 1)
}

/// Everything that a permission of the table is needed for. `home` is where the other side is: only its levels count.
fn configuration(home: &str) -> String {
    let text = two()
        .replace("home = \"acme\"", &format!("home = \"{home}\"\nattachments = \"both\"\ncounterparts = \"link\"\nnotify = \"never\""))
        .replace("users = [ ", "users = [ { acme = \"omar@acme.example\", globex = \"mlopez\" }, ")
        .replace("assignee = \"both\"", "assignee = \"both\"\nreporter = \"both\"\nothers = { acme = \"Others\", globex = \"Others\", template = \"{{ keys }}\" }\nlinks = \"both\"\nwatchers = { on-unmapped = \"skip\" }")
        .replace("due-date = \"both\"", "due-date = \"both\"\nSprint = \"both\"\nfix-versions = { on-unmapped = \"create\" }\nsecurity = { values = [ { acme = \"Staff\", globex = \"Staff\" } ] }")
        .replace("unrestricted = \"both\"", "unrestricted = \"both\"\ncopies = \"flow-back\"");
    text + "\n[sync.support.worklogs]\nunrestricted = \"both\"\n\n[sync.support.life]\ndeleted = \"delete\"\n"
}

/// The world of a case, in which all people are in the team.
fn world(case: &Case, here: &Side, there: &Side) -> World {
    let mut text = with_circles(&with_files(configuration(there.jira), case), case, here);
    if lacks_it_at_the_start(case) {
        // Whoever makes an issue there is not found either.
        assert!(text.contains(REPORTER), "the configuration is written otherwise");
        text = text.replacen(REPORTER, "", 1);
    }
    world_with(&text, |setup| {
        in_the_team(setup);
        setup.projects[0].service_desk = case.1 == Function::ServiceDesk;
        if is_a_condition(case) {
            ask_for(setup, case.0);
        }
    })
}

const REPORTER: &str = "reporter = \"both\"\n";

/// The transition that ends work asks for the right, as in the workflow that Jira once had for all, and issues come to no status but the three:
/// where none stands nobody knows that no way leads on from there.
fn ask_for(setup: &mut Setup, right: Right) {
    let transitions = &mut setup.projects[0].transitions;
    transitions.retain(|transition| transition.to != "Backlog");
    for last in transitions.iter_mut().filter(|transition| ["Done", "Closed"].contains(&transition.to.as_str())) {
        last.needs.insert(right.key().to_owned());
    }
}

/// All people are in the team, and have the role whose acts cross.
fn in_the_team(setup: &mut Setup) {
    let people = setup.users.iter().map(|user| user.id.clone()).collect();
    setup.group_members.insert(TEAM.into(), people);
    setup.projects[0] = setup.projects[0].clone().member_group(ROLE, TEAM);
}

fn world_with(text: &str, more: impl Fn(&mut Setup)) -> World {
    World::of(text, |setups| {
        for setup in setups.values_mut() {
            more(setup);
            setup.fields.push(FieldSetup::new("customfield_27000", "Others", FieldType::Text));
            setup.fields.push(FieldSetup::new(SPRINT, "Sprint", FieldType::Sprint));
            let project = &mut setup.projects[0];
            project.sprints = vec![("Sprint 1".to_owned(), SprintState::Active)];
            project.security_levels = vec!["Staff".to_owned()];
            for key in ["DELETE_ALL_COMMENTS", "DELETE_ALL_ATTACHMENTS", "EDIT_ALL_WORKLOGS", "DELETE_ALL_WORKLOGS"] {
                project.permissions.remove(key);
            }
            let all_files = ["DELETE_ALL_ATTACHMENTS"].into_iter().filter(|_| text.contains(BOTH));
            for key in ["SET_ISSUE_SECURITY", "DELETE_ISSUES", "ADMINISTER_PROJECTS"].into_iter().chain(all_files) {
                project.permissions.insert(key.to_owned(), [Holder::LoggedIn].into());
            }
        }
    })
}

fn create(world: &World, side: &Side, summary: &str) -> String {
    let person = world.person(side.jira, side.people[0]);
    person.create(side.project, side.issue_type, json!({ "summary": summary })).unwrap()
}

/// What stands on both sides before.
async fn told<'w>(world: &'w World, here: &'static Side, there: &'static Side) -> Told<'w> {
    let (key, other) = (create(world, there, "Item"), create(world, there, "Other"));
    let person = world.person(there.jira, there.people[0]);
    let comment = person.comment(&key, "said before").unwrap();
    let worklog = person.log_work(&key, "2026-09-01T10:00:00.000+0000", 600, "done before").unwrap();
    let file = person.attach(&key, "a.txt", b"first").unwrap();
    let files = &world.config.syncs.values().next().unwrap().attachments;
    if files.largest.is_some() {
        person.attach(&key, "large.bin", &[7; LARGE]).unwrap();
    }
    world.rest().await.unwrap();
    let here_key = world.issue(here.jira, "Item").key;
    let other_person = world.person(here.jira, here.people[0]);
    other_person.comment(&here_key, "said here").unwrap();
    if files.deleted == WhenDeleted::Both {
        other_person.attach(&here_key, "of here.txt", b"theirs").unwrap();
    }
    world.rest().await.unwrap();
    let comments = world.jira(there.jira).issue(&key).unwrap().comments;
    let copy = comments.iter().find(|comment| comment.body.contains("said here")).unwrap().id.to_string();
    assert_eq!(world.problems().await, Vec::<String>::new(), "{}", here.jira);
    Told { world, here, there, here_key, key, other, comment, worklog, file, copy }
}

/// Everybody but the sync user holds it; of what is held by those who are assigned, nobody does.
fn take(world: &World, side: &Side, right: Right) {
    let jira = world.jira(side.jira);
    let sync = world.person(side.jira, "sync");
    if right == Right::BrowseUsers {
        jira.set_browses_users(sync.id(), false);
        return;
    }
    let people = jira.people();
    let others = people.iter().filter(|person| person.id() != sync.id());
    let others: Vec<Holder> = others.map(|person| Holder::User(person.id().to_owned())).collect();
    jira.set_permission(side.project, right.key(), if right == Right::AssignableUser { &[] } else { &others });
}

async fn checked(world: &World) -> Survey {
    let (connections, _) = connect(&world.config, &world.surroundings()).unwrap();
    survey(&connections, &world.config.syncs, true, &LastKnown::default()).await
}

/// What stands for a person, with its remedy.
async fn problems(world: &World, side: &Side) -> Vec<String> {
    let daemon = world.daemon();
    let stored = daemon.store().problems(100).await.unwrap();
    let of_items = stored.into_iter().map(|stored| format!("{} → {}", stored.problem.what, stored.problem.remedy));
    let instance = InstanceId::from(side.jira);
    let of_instance = daemon.engine().troubles(&instance).into_iter();
    let of_instance = of_instance.map(|(what, remedy)| format!("instance `{instance}`: {what} → {remedy}"));
    of_items.chain(of_instance).collect()
}

/// One line of the table: what `check` says and what the daemon says.
async fn line(case: &Case, here: &'static Side, there: &'static Side) -> Result<(String, String), String> {
    let (right, function, deed) = case;
    let mut world = world(case, here, there);
    if lacks_it_at_the_start(case) {
        take(&world, here, *right);
    }
    world.start().await;
    let told = told(&world, here, there).await;
    if is_a_condition(case) {
        // An issue stands in each status before the last one.
        told.person().transition(&told.other, there.begin).unwrap();
        world.rest().await.unwrap();
    }
    take(&world, here, *right);
    if let Some(wider) = right.wider() {
        // What stands in for it, if anything does.
        take(&world, here, wider);
    }
    let found = checked(&world).await;
    // A global permission is not one of the project.
    let of_project = |text: &str| right.is_global() || text.contains(&format!("`{}`", here.project));
    let says = |text: &str| text.contains(right.key()) && of_project(text);
    let is_wished = matches!(function, Function::SilentEdits | Function::ServiceDesk | Function::People);
    let finding = found.findings.iter().find(|finding| {
        let text = format!("{} → {}", finding.what, finding.remedy);
        let is_told = if is_a_condition(case) {
            // The other right is held, and is not asked for.
            let other = if *right == Right::ResolveIssues { Right::CloseIssues } else { Right::ResolveIssues };
            let of_status = finding.place.contains(here.jira) && finding.place.contains("status");
            text.contains("the sync user is offered no way there") && !text.contains(other.key()) && of_status
        } else {
            let of_function = text.starts_with(&format!("{function}:")) || text.contains("cannot be used");
            of_function && (finding.severity == Severity::Error || is_wished)
        };
        says(&text) && is_told
    });
    let silent = |said: String| format!("{right}, {function}, {}: {said}", here.kind);
    let finding = finding.ok_or_else(|| silent(format!("`check` says {:#?}", found.findings)))?;
    let of_check = format!("{} → {}", finding.what, finding.remedy);
    // What was seen to be held is believed for an hour.
    world.pass(3_700).await;
    deed(&told);
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(12).await;
    let all = problems(&world, here).await;
    // A note is written as a comment, and refused as one.
    let is_note = matches!((right, function), (Right::AddComments | Right::DeleteOwnComments, Function::Attachments));
    let function = if is_note { &Function::Comments } else { function };
    let named = all.iter().find(|text| says(text) && text.contains(function.name()) && text.contains(here.jira));
    let of_daemon = named.ok_or_else(|| silent(format!("the daemon says {all:#?}")))?.clone();
    if lacks_it_at_the_start(case) {
        let key = told.here_key.clone();
        is_mended(&mut world, here, &key).await.map_err(silent)?;
    }
    Ok((of_check, of_daemon))
}

/// The remedy helps: who is found by now is assigned after the next full check, though nobody changes anything.
async fn is_mended(world: &mut World, here: &Side, key: &str) -> Result<(), String> {
    let assignee = |world: &World| {
        let issues = world.jira(here.jira).issues();
        issues.iter().find(|issue| issue.key == key).and_then(|issue| issue.fields.get("assignee").cloned())
    };
    let before = assignee(world);
    world.jira(here.jira).set_browses_users(world.person(here.jira, "sync").id(), true);
    world.start().await;
    world.intervals(2).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(4).await;
    let after = assignee(world);
    if after == before || after.is_none() { Err(format!("assigned was {before:?}, and is {after:?}")) } else { Ok(()) }
}

/// Everything that a permission is needed for, each way of asking for it once: what is written otherwise, and how.
const WAYS: [(&str, &str); 7] = [
    (FILES, FILES),
    (FILES, NOTES),
    (FILES, BOTH),
    (FILES, "attachments = \"both\"\nversions = \"both\""),
    ("\nnotify = \"never\"", ""),
    ("copies = \"flow-back\"", "copies = \"flow-back\"\ninternal = \"as-internal\""),
    ("project = \"SUP\"", "project = \"SUP\", from = [\"group:Team\", \"role:Crossing\"]"),
];

/// What each function needs, as `check` lists it, in all configurations.
async fn needs() -> Vec<PermissionNeed> {
    let mut needs = Vec::new();
    for (written, otherwise) in WAYS {
        let text = configuration(ACME.jira);
        assert!(text.contains(written), "the configuration is written otherwise: {written}");
        let world = world_with(&text.replacen(written, otherwise, 1), |setup| {
            in_the_team(setup);
            setup.projects[0].service_desk = true;
        });
        needs.extend(checked(&world).await.permissions.into_iter().flat_map(|report| report.needs));
    }
    needs
}

/// The table of it.
fn functions(needs: &[PermissionNeed]) -> String {
    let mut rows = BTreeSet::new();
    for need in needs {
        let demand = match need.demand {
            Demand::Needed => "needed",
            Demand::Wished => "wished for",
            Demand::Useful => "used where it is held",
        };
        rows.insert((need.function, format!("{} | {} | {demand}", need.in_words(), need.for_what)));
    }
    let mut out = "| function | permission | to | |\n|---|---|---|---|\n".to_owned();
    for (function, row) in rows {
        writeln!(out, "| {function} | {row} |").unwrap();
    }
    out
}

/// What is said where each is missing.
async fn matrix() -> String {
    let (mut out, mut silent) = (String::new(), Vec::new());
    for case in cases() {
        writeln!(out, "### {}, for {}\n", case.0, case.1).unwrap();
        for (here, there) in [(&ACME, &GLOBEX), (&GLOBEX, &ACME)] {
            if !is_asked(&case, here) {
                writeln!(out, "- {}: not asked for there", here.kind).unwrap();
                continue;
            }
            match line(&case, here, there).await {
                Ok((of_check, of_daemon)) => {
                    writeln!(out, "- {}, `check`: {of_check}\n- {}, the daemon: {of_daemon}", here.kind, here.kind)
                        .unwrap();
                }
                Err(why) => silent.push(why),
            }
        }
        out.push('\n');
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
    out
}

#[tokio::test(start_paused = true)]
async fn each_permission_that_is_taken_away_is_named_by_check_and_by_the_daemon() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    let page = fs::read_to_string(&path).unwrap();
    let (from, to) = (page.find(BEGIN).unwrap() + BEGIN.len(), page.find(END).unwrap());
    let made = format!("\n\n{}\n{}", functions(&needs().await), matrix().await);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{}{made}{}", &page[..from], &page[to..])).unwrap();
        return;
    }
    assert_eq!(&page[from..to], made, "UPDATE=1 writes the matrix anew");
}

/// The table shows all that is ever asked for, and each row of it is tried.
#[tokio::test(start_paused = true)]
async fn the_table_lists_each_need_and_each_is_taken_away() {
    let needs = needs().await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/needs.rs");
    let source = fs::read_to_string(source).unwrap();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let texts = code.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| text.contains(' '));
    let (written, listed): (BTreeSet<&str>, BTreeSet<&str>) =
        (texts.collect(), needs.iter().map(|need| need.for_what).collect());
    assert_eq!(written, listed, "what `check` can ask for, and what the table lists");
    let tried: BTreeSet<(Function, &str)> =
        cases().iter().map(|(right, function, _)| (*function, right.key())).collect();
    let listed: BTreeSet<(Function, &str)> = needs.iter().map(|need| (need.function, need.key)).collect();
    let lacking: Vec<_> = listed.difference(&tried).collect();
    assert!(lacking.is_empty(), "nothing takes these away: {lacking:?}");
}

/// What `docs/permissions.md` says of the five: issues, their fields, statuses and comments go both ways, and what needs more is told.
#[tokio::test(start_paused = true)]
async fn with_five_rights_alone_issues_go_both_ways() {
    const FIVE: [Right; 5] =
        [Right::BrowseProjects, Right::CreateIssues, Right::EditIssues, Right::TransitionIssues, Right::AddComments];
    let config = two().replace("assignee = \"both\"\n", "").replace("due-date = \"both\"\n", "");
    let mut world = World::of(&config, |_| {});
    for side in [&ACME, &GLOBEX] {
        let projects = Right::ALL.into_iter().filter(|right| !right.is_global() && !FIVE.contains(right));
        projects.for_each(|right| take(&world, side, right));
    }
    let lacking = checked(&world).await.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    let lacking: BTreeSet<String> = lacking.map(|finding| finding.what).collect();
    assert!(lacking.len() == 4 && lacking.iter().all(|what| what.contains("_OWN_COMMENTS")), "{lacking:#?}");
    world.start().await;
    for (here, there) in [(&ACME, &GLOBEX), (&GLOBEX, &ACME)] {
        let key = create(&world, here, here.jira);
        world.rest().await.unwrap();
        let copy = world.issue(there.jira, here.jira).key;
        let (person, other) = (world.person(here.jira, here.people[0]), world.person(there.jira, there.people[0]));
        let said = person.comment(&key, "said here").unwrap();
        person.edit(&key, json!({ "labels": ["red"] })).unwrap();
        other.edit(&copy, json!({ "description": other.text("told there") })).unwrap();
        other.transition(&copy, there.begin).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", here.jira);
        let (left, right) = (world.jira(here.jira).issue(&key).unwrap(), world.jira(there.jira).issue(&copy).unwrap());
        assert_eq!(right.fields["labels"], "red", "{}", here.jira);
        assert!(left.fields["description"].contains("told there"), "{left:?}");
        assert_eq!(left.fields["status"], if here.jira == "acme" { "In Progress" } else { "Working" });
        assert_eq!((left.comments.len(), right.comments.len()), (1, 1), "{right:?}");
        // What needs more is told, and holds up nothing.
        person.edit_comment(&key, &said, "said otherwise").unwrap();
        person.edit(&key, json!({ "labels": ["red", "blue"] })).unwrap();
        world.intervals(6).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("a change of the copy of a comment"), "{problems:?}");
        assert!(world.field(there.jira, here.jira, "labels").contains("blue"), "{}", here.jira);
        person.delete_comment(&key, &said).unwrap();
        world.intervals(6).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("to delete the copy of a comment"), "{problems:?}");
        let_delete_own_comments(&world, there);
        world.pass(7_200).await;
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{}", here.jira);
        take(&world, there, Right::DeleteOwnComments);
    }
}

/// Gives back what the withdrawal of a copy needs.
fn let_delete_own_comments(world: &World, side: &Side) {
    world.jira(side.jira).set_permission(side.project, "DELETE_OWN_COMMENTS", &[Holder::LoggedIn]);
}
