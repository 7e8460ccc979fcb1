//! `jirasyncd check` on permissions: what is missing, what is held without need, for one issue only, and the letters to administrators. Must
//! never reach past the binary, but to simulated Jiras.

use jirasyncd::simulator::Holder;
use serde_json::json;

use super::cli_world::{Place, World};
use super::jira_ways::pem;

/// Takes all from the sync users that `check` says nobody needs. What is held by everybody is held by nobody then.
pub(crate) async fn take_what_nobody_needs(world: &World, place: &Place) {
    let json = place.run(&["check", "--json"]).await.json();
    for report in json["permissions"].as_array().unwrap() {
        let jira = if report["instance"] == "acme" { &world.acme } else { &world.globex };
        for excess in report["excess"].as_array().unwrap() {
            jira.set_permission(report["project"].as_str().unwrap(), excess["key"].as_str().unwrap(), &[]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_without_need_is_a_warning_and_administration_one_of_its_own() {
    let world = World::new().await;
    let place = world.place();
    let parts = [
        "warning: sync.support.side.globex: the sync user holds more in project `ENG` of instance `globex` than any sync needs: ",
        "Move Issues (MOVE_ISSUES)",
        "the sync user administers: it holds Administer Projects (ADMINISTER_PROJECTS) in project `ENG`",
        "0 errors, 4 warnings",
    ];
    let said = place.run(&["check"]).await.expect(0, &parts);
    let held: Vec<&str> = said.stdout.lines().filter(|line| line.contains("holds more in project `ENG`")).collect();
    // What is needed is no excess.
    for needed in ["BROWSE_PROJECTS", "EDIT_ISSUES", "ADD_COMMENTS", "CREATE_ISSUES", "TRANSITION_ISSUES", "ADMINISTER"]
    {
        assert!(held.len() == 1 && !held[0].contains(&format!("({needed})")), "{needed}: {held:?}");
    }
    // Whoever wants no mails at all wants the right to leave them out.
    let quiet = world.place_with("home = \"acme\"", "home = \"acme\"\nnotify = \"never\"");
    let said = quiet.run(&["check"]).await.expect(0, &["silent edits", "0 errors, 2 warnings"]);
    assert!(!said.stdout.contains("administers"), "{said:?}");
    world.globex.set_permission("ENG", "ADMINISTER_PROJECTS", &[]);
    let parts =
        ["warning: ", "silent edits: the sync user lacks Administer Projects (ADMINISTER_PROJECTS) in project `ENG`"];
    quiet.run(&["check"]).await.expect(0, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_delete_everybodys_comments_lacks_nothing_to_delete_its_own() {
    let world = World::new().await;
    let place = world.place();
    world.globex.set_permission("ENG", "DELETE_OWN_COMMENTS", &[]);
    let said = place.run(&["check"]).await.expect(0, &[]);
    let held = said.stdout.lines().find(|line| line.contains("holds more in project `ENG`")).unwrap();
    assert!(!held.contains("DELETE_ALL_COMMENTS") && held.contains("DELETE_ALL_ATTACHMENTS"), "{held}");
    world.globex.set_permission("ENG", "DELETE_ALL_COMMENTS", &[]);
    place.run(&["check"]).await.expect(2, &["the sync user lacks Delete Own Comments (DELETE_OWN_COMMENTS)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_deletes_originals_needs_to_delete_everybodys() {
    let world = World::new().await;
    let told = "home = \"acme\"\nattachments = { deleted = \"both\" }";
    let place = world.place_with("home = \"acme\"", told);
    for (jira, project, instance) in [(&world.acme, "SUP", "acme"), (&world.globex, "ENG", "globex")] {
        jira.set_permission(project, "DELETE_ALL_ATTACHMENTS", &[]);
        let needed = format!(
            "attachments: the sync user lacks Delete All Attachments (DELETE_ALL_ATTACHMENTS) in project `{project}` of instance `{instance}`"
        );
        place.run(&["check"]).await.expect(2, &[&needed, "delete attachments whose copies people delete"]);
        jira.set_permission(project, "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
    }
}

/// Labels are made by being written, and no option of a select can be: neither asks for administration.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_makes_versions_or_components_needs_to_administer() {
    let world = World::new().await;
    let with = |rows: &str| world.place_with("summary = \"both\"", &format!("summary = \"both\"\n{rows}"));
    let select = "severity = { acme = \"Severity\", globex = \"Severity\", on-unmapped = \"create\", values = [ { acme = \"S1\", globex = \"Critical\" } ] }";
    let written = with(&format!("labels = {{ on-unmapped = \"create\" }}\n{select}"));
    for (jira, project, instance) in [(&world.acme, "SUP", "acme"), (&world.globex, "ENG", "globex")] {
        jira.set_permission(project, "ADMINISTER_PROJECTS", &[]);
        let said = written.run(&["check"]).await.expect(0, &["0 errors"]);
        assert!(!said.all().contains("make versions and components"), "{said:?}");
        for row in ["components", "fix-versions", "affects-versions"] {
            let lacks = format!(
                "the sync user lacks Administer Projects (ADMINISTER_PROJECTS) in project `{project}` of instance `{instance}`"
            );
            let made = with(&format!("{row} = {{ on-unmapped = \"create\" }}"));
            made.run(&["check"]).await.expect(2, &[&lacks, "make versions and components"]);
        }
        jira.set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_issues_reporter_holds_is_found_with_a_sample() {
    let world = World::new().await;
    let place = world.place();
    world.globex.set_permission("ENG", "EDIT_ISSUES", &[Holder::Reporter]);
    let said = place.run(&["check"]).await;
    assert_eq!(said.code, 0, "there is no issue to ask about: {said:?}");
    let key = world.globex.person("jdoe").unwrap().create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    let what = format!(
        "issues: the sync user holds Edit Issues (EDIT_ISSUES) in project `ENG` of instance `globex`, but not for its issue {key}"
    );
    place.run(&["check"]).await.expect(2, &[&what, &format!("MISSING for {key}"), "only the issue's reporter"]);
    let json = place.run(&["check", "--json"]).await.json();
    let report = json["permissions"].as_array().unwrap().iter().find(|report| report["project"] == "ENG").unwrap();
    let need = report["needs"].as_array().unwrap().iter().find(|need| need["key"] == "EDIT_ISSUES").unwrap();
    assert_eq!((&need["held"], &need["held_for_sample"]), (&json!(true), &json!(false)), "{json}");
    assert_eq!(report["sample"], key, "{json}");
    let parts = ["Edit Issues (EDIT_ISSUES), which it holds in the project but not for"];
    place.run(&["check", "--fix-list"]).await.expect(2, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_hidden_is_told_with_what_issues_need() {
    let world = World::new().await;
    world.globex.set_permission("ENG", "BROWSE_PROJECTS", &[]);
    let place = world.place();
    let parts = ["project `ENG` of instance `globex` cannot be used", "Browse Projects (BROWSE_PROJECTS)", "not shown"];
    place.run(&["check"]).await.expect(2, &parts);
    place.run(&["check", "--fix-list"]).await.expect(2, &["in project ENG: Browse Projects (BROWSE_PROJECTS)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_jira_gets_a_letter_of_its_own() {
    let world = World::new().await;
    world.globex.set_permission("ENG", "ADD_COMMENTS", &[]);
    world.acme.set_permission("SUP", "CREATE_ISSUES", &[]);
    let place = world.place();
    let said = place.run(&["check", "--fix-list"]).await.expect(2, &[
        "the account \"Sync (Globex)\" (sync)",
        "- in project ENG: Add Comments (ADD_COMMENTS)\n    for comments: to copy comments\n    by a Jira administrator",
        "- in project SUP: Create Issues (CREATE_ISSUES)\n    for issues: to create counterparts\n",
        "Please take from it what it does not need",
    ]);
    assert!(!said.stdout.contains("findings"), "{said:?}");
    let json = place.run(&["check", "--fix-list", "--json"]).await.expect(2, &[]).json();
    let letters = json["fix_list"].as_array().unwrap();
    assert_eq!(letters.len(), 2, "{json}");
    for (letter, (own, other)) in letters.iter().zip([("SUP", "ENG"), ("ENG", "SUP")]) {
        let text = letter["text"].as_str().unwrap();
        assert!(text.contains(own) && !text.contains(other), "{text}");
    }
    world.acme.set_permission("SUP", "CREATE_ISSUES", &[Holder::LoggedIn]);
    world.globex.set_permission("ENG", "ADD_COMMENTS", &[Holder::LoggedIn]);
    take_what_nobody_needs(&world, &place).await;
    place.run(&["check", "--fix-list"]).await.expect(0, &["nothing is to be asked for"]);
    place.run(&["check", "--fix-list", "--offline"]).await.expect(2, &["--offline"]);
}

/// What no letter asks for is not passed over beside an exit code of 2: a slip of the pen is for whoever wrote it, and of a name that nothing
/// is like an administrator is asked.
#[tokio::test(flavor = "multi_thread")]
async fn errors_that_no_letter_holds_are_counted_and_names_that_are_not_there_are_asked_for() {
    let world = World::new().await;
    take_what_nobody_needs(&world, &world.place()).await;
    let slip = world.place_with("globex = \"Closed\"", "globex = \"Closd\"");
    let said = slip.run(&["check", "--fix-list"]).await.expect(2, &[]);
    assert_eq!(said.stdout, "1 error is for whoever runs jirasyncd: `jirasyncd check`\n", "{said:?}");
    for (part, by, asked, other) in [
        ("acme = \"Done\"", "acme = \"Zzz\"", "- there is no status `Zzz` for project SUP: make it", "ENG"),
        ("globex = \"Closed\"", "globex = \"Zzz\"", "- there is no status `Zzz` for project ENG: make it", "SUP"),
        // Like what another row names, and like what differs in a number alone.
        ("globex = \"P1\"", "globex = \"P9\"", "- there is no priority `P9` in all of this Jira: let a Jira", "SUP"),
        ("globex = \"Closed\"", "globex = \"Opem\"", "- there is no status `Opem` for project ENG: make it", "SUP"),
    ] {
        let said = world.place_with(part, by).run(&["check", "--fix-list"]).await.expect(2, &[asked]);
        let unasked = [other, "whoever runs jirasyncd", "nothing is to be asked for"];
        assert!(unasked.iter().all(|text| !said.stdout.contains(text)), "{said:?}");
    }
}

/// What is missing is asked for where it is made: an option with the field that it belongs to, as that very Jira shows it and never as the row
/// is called, and what all of a Jira has in common of its administrators. Nothing of the other Jira is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_is_asked_for_where_it_is_made() {
    let world = World::with(|_, globex| globex.fields[0].name = "Impact".into()).await;
    let rows = "summary = \"both\"
links = \"both\"
priority = { on-unmapped = { acme = \"Low\", globex = \"P3\" } }
resolution = { values = [ { acme = \"Won't Do\", globex = \"Won't Fix\" } ] }
acmes-severity = { acme = \"Severity\", globex = \"Impact\", values = [ { acme = \"S1\", globex = \"Critical\" } ] }";
    let types = "[sync.support.map]\nlink-type = [ { acme = \"Blocks\", globex = \"Duplicate\" } ]";
    let whole = world.configuration().replace("summary = \"both\"", rows).replace("[sync.support.map]", types);
    take_what_nobody_needs(&world, &Place::new(&whole)).await;
    Place::new(&whole).run(&["check", "--fix-list"]).await.expect(0, &["nothing is to be asked for"]);
    let of_all = |thing: &str| {
        format!(
            "- there is no {thing} `Zzz` in all of this Jira: let a Jira administrator make it, or say what it is called\n"
        )
    };
    let option = |field: &str, project: &str| {
        format!("- the field {field} has no option `Zzz` for project {project}: make it, or say what it is called\n")
    };
    let acmes = [("S1", option("`Severity` (customfield_10042)", "SUP")), ("Highest", of_all("priority"))];
    let globexs = [("Critical", option("`Impact` (customfield_10110)", "ENG")), ("P1", of_all("priority"))];
    let more_of_acme =
        [("Low", "priority"), ("Blocks", "link type"), ("Won't Do", "resolution"), ("Severity", "field")];
    let more_of_globex =
        [("P3", "priority"), ("Duplicate", "link type"), ("Won't Fix", "resolution"), ("Impact", "field")];
    for (instance, first, more, foreign) in [
        ("acme", acmes, more_of_acme, ["ENG", "Impact", "customfield_10110", "globex", "Globex"]),
        ("globex", globexs, more_of_globex, ["SUP", "Severity", "customfield_10042", "acme", "Acme"]),
    ] {
        let more = more.into_iter().map(|(name, thing)| (name, of_all(thing)));
        for (name, asked) in first.into_iter().chain(more) {
            let cell = format!("{instance} = \"{name}\"");
            assert_eq!(whole.matches(&cell).count(), 1, "{cell}");
            let place = Place::new(&whole.replace(&cell, &format!("{instance} = \"Zzz\"")));
            let json = place.run(&["check", "--fix-list", "--json"]).await.expect(2, &[]).json();
            let letters = json["fix_list"].as_array().unwrap();
            assert_eq!((letters.len(), &letters[0]["instance"]), (1, &json!(instance)), "{json}");
            let text = letters[0]["text"].as_str().unwrap();
            let (_, asks) = text.split_once("or say that it is to stay as it is:\n").unwrap();
            assert_eq!(asks, asked, "{text}");
            assert!(foreign.iter().all(|word| !text.contains(word)), "{text}");
        }
    }
}

/// Whom a mapping may assign is named in the letter, also where others may be assigned.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_names_the_people_to_whom_nobody_can_assign() {
    let world = World::new().await;
    let text = world
        .configuration()
        .replace("users = [ ", "users = [ { acme = \"omar@acme.example\", globex = \"mlopez\" }, ")
        .replace("summary = \"both\"", "summary = \"both\"\nassignee = \"both\"");
    let place = Place::new(&text);
    for (jira, project, first, [one, other]) in [
        (&world.acme, "SUP", "jane", ["jane@acme.example", "omar@acme.example"]),
        (&world.globex, "ENG", "jdoe", ["jdoe", "mlopez"]),
    ] {
        let held_by = |holders: &[Holder]| jira.set_permission(project, "ASSIGNABLE_USER", holders);
        let line =
            |names: &str| format!("- in project {project}: Assignable User (ASSIGNABLE_USER), to {names}\n    by ");
        let said = place.run(&["check", "--fix-list"]).await.expect(0, &[]);
        assert!(!said.stdout.contains("ASSIGNABLE_USER"), "{said:?}");
        held_by(&[Holder::User(jira.person(first).unwrap().id().to_owned())]);
        let some = line(&format!("`{other}`"));
        place.run(&["check", "--fix-list"]).await.expect(0, &["since issues cannot be assigned to them", &some]);
        held_by(&[]);
        let all = line(&format!("`{one}`, `{other}`"));
        let said = place.run(&["check", "--fix-list"]).await.expect(2, &[&all]);
        assert!(!said.stdout.contains("since it lacks them"), "it is not the sync user's: {said:?}");
        held_by(&[Holder::LoggedIn]);
    }
}

/// Nobody is asked to give what the configuration only wishes for as if it were needed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_wished_for_is_asked_for_as_such() {
    let world = World::new().await;
    let quiet = world.place_with("home = \"acme\"", "home = \"acme\"\nnotify = \"never\"");
    for (jira, project) in [(&world.acme, "SUP"), (&world.globex, "ENG")] {
        jira.set_permission(project, "ADMINISTER_PROJECTS", &[]);
        let line = format!(
            "Nice to have, and it works without:\n- in project {project}: Administer Projects (ADMINISTER_PROJECTS)\n    for silent edits: "
        );
        let said = quiet.run(&["check", "--fix-list"]).await.expect(0, &[&line]);
        assert!(!said.stdout.contains("since it lacks them"), "{said:?}");
        // What is needed does not go among it.
        jira.set_permission(project, "CREATE_ISSUES", &[]);
        let needed = format!("since it lacks them:\n- in project {project}: Create Issues (CREATE_ISSUES)\n");
        quiet.run(&["check", "--fix-list"]).await.expect(2, &[&needed, &line]);
        jira.set_permission(project, "CREATE_ISSUES", &[Holder::LoggedIn]);
    }
}

/// A global permission is one of all of a Jira.
#[tokio::test(flavor = "multi_thread")]
async fn a_global_permission_is_told_of_the_instance_and_not_of_a_project() {
    let world = World::new().await;
    let sync = world.acme.person("sync").unwrap();
    world.acme.set_browses_users(sync.id(), false);
    let what =
        "the user map: the sync user lacks Browse Users and Groups (USER_PICKER) on instance `acme`, which it needs";
    let said = world.place().run(&["check"]).await.expect(0, &[what]);
    assert!(!said.stdout.contains("(USER_PICKER) in project"), "{said:?}");
    let line = "- in all of this Jira: Browse Users and Groups (USER_PICKER)\n    for the user map: ";
    world.place().run(&["check", "--fix-list"]).await.expect(0, &[line]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_person_is_a_warning() {
    let world = World::new().await;
    let sync = world.globex.person("sync").unwrap();
    let jdoe = world.globex.person("jdoe").unwrap();
    let key = jdoe.create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    let what = format!("{key} in project `ENG` of instance `globex` is assigned to the sync user");
    let said = world.place().run(&["check"]).await;
    assert!(!said.stdout.contains(&what), "{said:?}");
    jdoe.assign(&key, Some(sync.id())).unwrap();
    world.place().run(&["check"]).await.expect(0, &[&what]);
    // The letter says what to do, there and here, and asks the other Jira for nothing of the kind.
    let sign = format!("- {what}");
    let parts = [
        "That should be an account which nobody works with.",
        &sign,
        "make a personal access token of it",
        "- in project ENG: Browse Projects (BROWSE_PROJECTS), Create Issues (CREATE_ISSUES), Edit Issues (EDIT_ISSUES)",
        "under [instance.globex], he lets `auth` name the new account",
        "`jirasyncd accept-account globex --instead-of sync`",
        "He runs `jirasyncd check`",
        "If it stays that account, please take from it what it does not need",
    ];
    let said = world.place().run(&["check", "--fix-list"]).await.expect(0, &parts);
    assert_eq!(said.stdout.matches("accept-account").count(), 1, "{said:?}");
    let json = world.place().run(&["check", "--json"]).await.json();
    let reports = json["permissions"].as_array().unwrap().iter();
    let signs: usize = reports.map(|report| report["signs"].as_array().unwrap().len()).sum();
    assert_eq!(signs, 1, "{json}");
    let named = world.place_with("globex = \"jdoe\" } ]", "globex = \"sync\" } ]\n");
    named.run(&["check"]).await.expect(0, &["the user map names the sync user of instance `globex`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_made_issues_without_our_mark_is_a_warning() {
    let world = World::new().await;
    let place = world.place();
    world.acme.person("jane").unwrap().create("SUP", "Bug", json!({ "summary": "Item" })).unwrap();
    place.run(&["run", "--once"]).await.expect(1, &["created ENG-1"]);
    let said = place.run(&["check"]).await.expect(0, &[]);
    assert!(!said.stdout.contains("bears no mark"), "what it copied itself: {said:?}");
    let key = world.globex.person("sync").unwrap().create("ENG", "Defect", json!({ "summary": "By hand" })).unwrap();
    let what = format!(
        "warning: sync.support.side.globex: {key} in project `ENG` of instance `globex` was created by the sync user and bears no mark"
    );
    place.run(&["check"]).await.expect(0, &[&what, "an account that nobody works with"]);
}

/// What jirasyncd does itself bears its tag; what a person does with its account does not, whoever made the issue.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_changed_issues_without_our_tag_is_a_warning() {
    let world = World::new().await;
    let more = "globex = \"P1\" }, { acme = \"High\", globex = \"P2\" }";
    let text = world.configuration().replace("globex = \"P1\" }", more);
    let place = Place::new(
        &text
            .replace("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"")
            .replace("summary = \"both\"", "summary = \"both\"\nlinks = \"both\""),
    );
    let jane = world.acme.person("jane").unwrap();
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Highest" } })).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &["created ENG-1"]);
    jane.edit(&key, json!({ "priority": { "name": "High" } })).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &["ENG-1: set priority"]);
    // Entries that can bear no tag are no sign of anybody.
    let other = jane.create("SUP", "Bug", json!({ "summary": "Other", "priority": { "name": "High" } })).unwrap();
    jane.attach(&key, "plan.txt", b"words").unwrap();
    jane.link(&key, "Relates", &other).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &["ENG-1: copied attachment", "linked to"]);
    let said = place.run(&["check"]).await.expect(0, &[]);
    assert!(!said.stdout.contains("not by jirasyncd"), "what it changed itself: {said:?}");
    for (jira, instance, project, who) in
        [(&world.acme, "acme", "SUP", "jane"), (&world.globex, "globex", "ENG", "jdoe")]
    {
        let (key, somebody) = (format!("{project}-1"), jira.person(who).unwrap());
        jira.person("sync").unwrap().assign(&key, Some(somebody.id())).unwrap();
        let what = format!(
            "warning: sync.support.side.{instance}: {key} in project `{project}` of instance `{instance}` was changed by the sync user and \
             not by jirasyncd"
        );
        place.run(&["check"]).await.expect(0, &[&what, "an account that nobody works with"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_desk_wants_an_agent() {
    let world = World::with(|acme, _| {
        acme.projects[0].service_desk = true;
        acme.projects[0].permissions.remove("SERVICEDESK_AGENT");
    })
    .await;
    let parts = [
        "warning: sync.support.side.acme: the service desk: the sync user lacks Service Desk Agent (SERVICEDESK_AGENT)",
        "a Jira administrator (agent licence), with a project administrator (role Service Desk Team)",
        "Hint: Jira does not say whether the licence or the role is missing.",
        "access to Jira Service Management",
        "who has the role Service Desk Team",
    ];
    world.place().run(&["check"]).await.expect(0, &parts);
    let parts =
        ["Service Desk Agent (SERVICEDESK_AGENT)\n    for ", "    Jira does not say whether the licence or the role"];
    world.place().run(&["check", "--fix-list"]).await.expect(0, &parts);
    let internal = world.place_with("unrestricted = \"both\"", "unrestricted = \"both\"\ninternal = \"as-internal\"");
    let said = internal.run(&["check"]).await;
    assert!(said.stdout.contains("error: sync.support.side.acme: the service desk"), "{said:?}");
}

/// A new account is no agent yet, so the letter that asks for one says what makes it one: where there is a service desk, and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_for_a_service_desk_is_to_be_made_an_agent() {
    let world = World::with(|acme, _| acme.projects[0].service_desk = true).await;
    for (jira, who, project, issue_type) in
        [(&world.acme, "jane", "SUP", "Bug"), (&world.globex, "jdoe", "ENG", "Defect")]
    {
        let (person, sync) = (jira.person(who).unwrap(), jira.person("sync").unwrap());
        let key = person.create(project, issue_type, json!({ "summary": "Item" })).unwrap();
        person.assign(&key, Some(sync.id())).unwrap();
    }
    let line = "- in project SUP: Service Desk Agent (SERVICEDESK_AGENT)\n    by a Jira administrator (agent licence), with a project \
                administrator (role Service Desk Team)\n    To be an agent of that service desk it needs both: the licence, ";
    let internal = "unrestricted = \"both\"\ninternal = \"as-internal\"";
    for (place, is_needed) in [(world.place(), false), (world.place_with("unrestricted = \"both\"", internal), true)] {
        let json = place.run(&["check", "--fix-list", "--json"]).await.json();
        let letters = json["fix_list"].as_array().unwrap();
        assert_eq!((letters.len(), &letters[0]["instance"]), (2, &json!("acme")), "{json}");
        let [desk, other] = [0, 1].map(|at| letters[at]["text"].as_str().unwrap());
        // The account that is there is an agent, so this is said of the new one alone.
        assert_eq!(desk.matches("Service Desk Team").count(), 2, "{desk}");
        let (needed, wished) = desk.split_once("\nNice to have, and it works without:\n").unwrap_or((desk, ""));
        assert_eq!((needed.contains(line), wished.contains(line)), (is_needed, !is_needed), "{desk}");
        assert!(other.contains("Please make another account") && !other.contains("agent"), "{other}");
    }
}

/// A row that would lay a desk's notes open to its customers, or names notes where there is no desk, is told before anything is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_desk_is_held_against_what_the_projects_are() {
    let row = "restricted = [{ acme = \"internal\", with = \"globex\" }]";
    let no_desk =
        "a row is about internal comments of side `acme`, and project `SUP` of instance `acme` is no service desk";
    let open = "a row shares internal comments with everybody on side `globex`, and project `ENG` of instance `globex` is a service desk";
    for (acme_is, globex_is, told) in [
        (false, false, vec![no_desk]),
        (true, true, vec![open]),
        (false, true, vec![no_desk, open]),
        (true, false, vec![]),
    ] {
        let world = World::with(|acme, globex| {
            acme.projects[0].service_desk = acme_is;
            globex.projects[0].service_desk = globex_is;
        })
        .await;
        let place = world.place_with("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{row}"));
        let said = place.run(&["check"]).await;
        let place = "error: sync.support.comments.restricted: ";
        for what in [no_desk, open] {
            assert_eq!(said.all().contains(&format!("{place}{what}")), told.contains(&what), "{said:?}");
        }
    }
    // The notes of the desk need an agent, and only there.
    let world = World::with(|acme, _| {
        acme.projects[0].service_desk = true;
        acme.projects[0].permissions.remove("SERVICEDESK_AGENT");
    })
    .await;
    let place = world.place_with("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{row}"));
    let said = place.run(&["check"]).await;
    assert!(said.stdout.contains("error: sync.support.side.acme: the service desk"), "{said:?}");
}

/// One Jira that two instances lead to: a copy of an issue would be made beside it.
#[tokio::test(flavor = "multi_thread")]
async fn one_jira_under_two_addresses_is_told() {
    let world = World::new().await;
    let other = world.acme.base_url().replace("127.0.0.1", "localhost");
    let auth = "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:ACME_TOKEN\" }";
    let text = world
        .configuration()
        .replace("kind = \"data-center\"", "kind = \"cloud\"")
        .replace(&world.globex.base_url(), &other)
        .replace("auth = { method = \"bearer\", token = \"env:GLOBEX_TOKEN\" }", auth)
        .replace("project = \"ENG\"", "project = \"SUP\"");
    let place = Place::new(&text);
    let what = format!(
        "project `SUP` of instance `globex` is that of side `acme`: both instances are the Jira at {}",
        world.acme.base_url()
    );
    place.run(&["check"]).await.expect(2, &[&what]);
    place.run(&["run", "--once"]).await.expect(2, &[&what]);
    assert!(world.acme.issues().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_ends_is_warned_of() {
    let world = World::new().await;
    let token = "token = \"env:ACME_TOKEN\"";
    let place = world.place_with(token, &format!("{token}, expires = \"2026-01-05\""));
    let said = "warning: instance.acme.auth: its secret has ended on 2026-01-05, by `auth.expires`";
    place.run(&["check"]).await.expect(0, &[said, "put it where `auth` of the instance says"]);
    place.run(&["run", "--once"]).await;
    let shown = ["its secret has ended on 2026-01-05", "acme  token until 2026-01-05"];
    place.run(&["status"]).await.expect(1, &shown);
    let status = place.run(&["status", "--json"]).await.expect(1, &[]).json();
    assert_eq!(status["instances"][0]["expires"], "2026-01-05T00:00:00Z", "{status}");
    assert!(
        status["instances"][1]["expires"].is_null() && status["instances"][0]["granted_until"].is_null(),
        "{status}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_is_warned_of() {
    let world = World::new().await;
    let login = "token = \"env:ACME_TOKEN\" }";
    let file = pem("expired.pem");
    let place = world.place_with(login, &format!("{login}\nca-file = \"{}\"", file.display()));
    let said = "warning: instance.acme.ca-file: the certificate authority of `ca-file` has ended on 2020-01-02";
    place.run(&["check"]).await.expect(0, &[said, "beside the old one", ", certificate authority until 2020-01-02"]);
    place.run(&["run", "--once"]).await;
    let shown = ["the certificate authority of `ca-file` has ended", "acme  certificate authority until 2020-01-02"];
    place.run(&["status"]).await.expect(1, &shown);
}
