//! `jirasyncd plan`: what is chosen of it, and what it says that a run will ask of each Jira. Must never reach past the binary, but to
//! simulated Jiras.

use jirasyncd::clock::{Clock as _, SystemClock};
use jirasyncd::simulator::{Fault, FaultRule, Holder, Jira, Setup, When};
use serde_json::{Value, json};

use super::cli_world::{Place, World};

/// Two issues in step, both changed at home since.
async fn changed(world: &World, place: &Place) -> [String; 2] {
    let jane = world.acme.person("jane").unwrap();
    let create = |summary| {
        let fields = json!({ "summary": summary, "priority": { "name": "Highest" } });
        jane.create("SUP", "Bug", fields).unwrap()
    };
    let keys = ["First", "Second"].map(create);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    for key in &keys {
        jane.edit(key, json!({ "summary": format!("{key} again") })).unwrap();
    }
    jane.update(&keys[0], json!({ "labels": [{ "add": "chosen" }] })).unwrap();
    keys
}

/// The requests to a Jira that changed something, and mails that it was not asked to leave out.
fn written(jira: &Jira) -> (u64, u64) {
    let calls = jira.calls();
    let writes = calls
        .iter()
        .filter(|call| call.method != "GET" && !call.path.contains("/search") && !call.path.contains("bulkfetch"));
    let (mut writing, mut loud) = (0, 0);
    for call in writes {
        writing += 1;
        loud += u64::from(!call.query.contains("notifyUsers=false"));
    }
    (writing, loud)
}

fn cost<'a>(json: &'a Value, instance: &str) -> &'a Value {
    json["costs"].as_array().unwrap().iter().find(|cost| cost["instance"] == instance).unwrap()
}

/// Of a long text, whose beginning says nothing of what changed behind it, the words that differ are shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_far_behind_in_a_long_text_is_shown_by_its_words() {
    let world = World::new().await;
    let place = world.place();
    let jane = world.acme.person("jane").unwrap();
    let words = |last: &str| {
        let words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        json!({ "summary": format!("{words} {last} sixteen"), "priority": { "name": "Highest" } })
    };
    let key = jane.create("SUP", "Bug", words("fifteen")).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.edit(&key, words("otherwise")).unwrap();
    let line = "~ globex ENG-1 summary: … eleven twelve thirteen fourteen [-fifteen-]{+otherwise+} sixteen\n";
    let said = place.run(&["plan"]).await.expect(0, &[line]);
    assert!(!said.all().contains('\u{1b}'), "no colours where no terminal is: {said:?}");
}

/// Of a comment, too; and where something is left out it is said where it stands in full.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_far_behind_in_a_comment_is_shown_by_its_words() {
    const CUT: &str = "\nLong values are cut here; `--json` gives them in full.\n";
    let world = World::new().await;
    let place = world.place();
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": "First", "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    let words = |last: &str| {
        format!("one two three four five six seven eight nine ten eleven twelve thirteen fourteen {last} sixteen")
    };
    let comment = jane.comment(&key, &words("fifteen")).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.edit(&key, json!({ "summary": "Second" })).unwrap();
    let said = place.run(&["plan"]).await.expect(0, &["~ globex ENG-1 summary: \"First\" -> \"Second\"\n"]);
    assert!(!said.all().contains(CUT), "nothing is cut: {said:?}");
    jane.edit_comment(&key, &comment, &words("otherwise")).unwrap();
    let line = " becomes: … eleven twelve thirteen fourteen [-fifteen-]{+otherwise+} sixteen\n";
    place.run(&["plan"]).await.expect(0, &[line, CUT]);
    let json = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
    let wanted = json["items"][0]["plan"]["operations"].to_string();
    assert!(wanted.contains("one two three") && wanted.contains("otherwise sixteen"), "{json:#}");
}

/// What stops a sync is told with what to do, on the terminal and in JSON.
#[tokio::test(flavor = "multi_thread")]
async fn what_stops_a_sync_is_told_with_its_remedy() {
    let world = World::new().await;
    let place = world.place();
    let fields = json!({ "summary": "First", "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    // A state that is new finds a copy that it cannot have made.
    for ending in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(place.file(&format!("state.db{ending}")));
    }
    let what = "? sync support, side globex: no counterpart is created in this sync: ";
    let remedy = "stop the daemon and restore the state from a backup, ";
    place.run(&["plan"]).await.expect(1, &[what, &format!(" ({remedy}"), "1 sync stopped"]);
    let json = place.run(&["plan", "--json"]).await.expect(1, &[]).json();
    let stopped = &json["stopped"][0];
    assert!(stopped["remedy"].as_str().is_some_and(|said| said.starts_with(remedy)), "{stopped}");
    assert!(stopped["why"].as_str().is_some_and(|said| !said.contains(remedy)), "{stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_says_of_requests_and_mails_is_what_a_run_sends() {
    for notify in ["always", "never"] {
        let world = World::new().await;
        let place = world.place_with("home = \"acme\"", &format!("home = \"acme\"\nnotify = \"{notify}\""));
        changed(&world, &place).await;
        let json = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
        let cost = cost(&json, "globex");
        let mails = if notify == "never" { 0 } else { 2 };
        assert_eq!((&cost["writes"], &cost["mails"], &cost["reads"]), (&json!(2), &json!(mails), &json!(2)), "{json}");
        let part = if notify == "never" { "no mails" } else { "mails about 2 of the changes" };
        let parts = ["instance globex: at least 4 requests (2 writing), less than a second at ", part];
        place.run(&["plan"]).await.expect(0, &parts);
        world.globex.reset_calls();
        place.run(&["run", "--once"]).await.expect(0, &[]);
        assert_eq!(written(&world.globex), (2, mails), "{notify}");
        let after = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
        assert_eq!(after["costs"], json!([]), "nothing is left to do");
    }
}

/// Who copies for the first time asks what crosses: what people said and attached is shown and counted with the creation that it follows.
#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_creation_is_planned_with_it() {
    let world = World::new().await;
    let carried = "[sync.support.comments]\nunrestricted = \"both\"\n";
    let files = format!("{carried}\n[sync.support.attachments]\nlargest = 1\n");
    let shown = "home = \"acme\"\ncounterparts = \"link\"";
    let text = world.configuration().replace(carried, &files).replace("home = \"acme\"", shown);
    let place = Place::new(&text);
    let jane = world.acme.person("jane").unwrap();
    let key = jane.create("SUP", "Bug", json!({ "summary": "First", "priority": { "name": "Highest" } })).unwrap();
    jane.comment(&key, "said in the open").unwrap();
    jane.restricted_comment(&key, "said among few", "Administrators").unwrap();
    jane.attach(&key, "small.txt", b"three words here").unwrap();
    jane.attach(&key, "large.bin", &[7; 1_100_000]).unwrap();
    let parts = [
        "acme SUP-1:\n+ globex create `Defect`",
        "\nthen:\n",
        "\n& globex ENG-? file `small.txt` of acme is attached (16 bytes)\n",
        "of acme: \"Jane Roe (acme): said in the open\"",
        "\nx globex ENG-? `large.bin` of acme is not copied",
        "\n@ globex ENG-? links to SUP-1 (acme)\n",
        "\n@ acme SUP-1 links to ENG-? (globex)\n",
        "\n> globex ENG-? status: `Open`, by the transitions that are offered then\n",
        "the status of 1 issue follows the creation, by what is offered there, and is not counted",
        ", 1 issue created, ",
    ];
    let said = place.run(&["plan"]).await.expect(1, &parts);
    assert!(!said.all().contains("among few"), "{said:?}");
    let json = place.run(&["plan", "--json"]).await.expect(1, &[]).json();
    let following = json["totals"]["following"].as_u64().unwrap();
    assert_eq!(
        json["items"][0]["then"].as_array().unwrap().len() as u64,
        following + 2,
        "a line each, the status, and the hold"
    );
    let planned = ["acme", "globex"].map(|instance| cost(&json, instance)["writes"].as_u64().unwrap());
    for jira in [&world.acme, &world.globex] {
        jira.reset_calls();
    }
    place.run(&["run", "--once"]).await.expect(1, &["1 problem\n"]);
    assert_eq!([written(&world.acme).0, written(&world.globex).0], planned, "{json:#}");
    assert_eq!(cost(&json, "globex")["mails"], 3, "the issue, what was said, and the file: {json:#}");
    let after = place.run(&["plan", "--json"]).await.expect(1, &[]).json();
    assert_eq!((&after["totals"]["following"], &after["costs"]), (&json!(0), &json!([])), "{after:#}");
}

/// Nothing is written to a side that cannot be read, so that a plan neither shows nor counts it.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_to_an_issue_that_is_gone_is_not_planned() {
    let world = World::new().await;
    let place = world.place();
    changed(&world, &place).await;
    world.globex.set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
    world.globex.person("jdoe").unwrap().delete("ENG-2").unwrap();
    let said = place.run(&["plan"]).await.expect(3, &["~ globex ENG-1 summary", "side globex could not be read"]);
    assert!(!said.stdout.contains("~ globex ENG-2"), "{said:?}");
    let json = place.run(&["plan", "--json"]).await.expect(3, &[]).json();
    assert_eq!(cost(&json, "globex")["writes"], 1, "{json}");
    world.globex.reset_calls();
    place.run(&["run", "--once"]).await.expect(1, &[]);
    assert_eq!(written(&world.globex).0, 1);
}

/// That nothing is planned of an instance which does not answer is no sign that nothing is to be done.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_does_not_answer_is_named() {
    let world = World::new().await;
    let place = world.place();
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["plan"]).await.expect(0, &["0 changes"]);
    let fault = FaultRule::new("*", When::Probability(1.0), Fault::Status(503));
    world.globex.add_fault(fault);
    for words in [vec!["plan"], vec!["plan", "--item", "SUP-1"], vec!["plan", "--sync", "support"]] {
        place.run(&words).await.expect(3, &["? instance globex does not answer, so what changed there is not planned"]);
    }
    let json = place.run(&["plan", "--json"]).await.expect(3, &[]).json();
    assert!(json["not_asked"]["globex"].as_str().is_some_and(|why| why.contains("503")), "{json}");
    assert_eq!(json["totals"]["instances_not_asked"], 1, "{json}");
    world.globex.clear_faults();
    let address = format!("{}/browse/SUP-1", world.acme.base_url());
    place.run(&["plan", "--item", &address]).await.expect(0, &["0 changes"]);
}

/// What is created waits for the hours of its sync, and the time that is told goes by them.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_created_in_some_hours_only_is_said_to_take_until_then() {
    let world = World::new().await;
    let now = SystemClock::new().now().to_zoned(jiff::tz::TimeZone::UTC);
    let hour =
        |hours: i64| now.checked_add(jiff::SignedDuration::from_hours(hours)).unwrap().strftime("%H:%M").to_string();
    let backfill = format!("home = \"acme\"\nbackfill = {{ per-hour = 1, window = \"{}-{} UTC\" }}", hour(2), hour(4));
    let place = world.place_with("home = \"acme\"", &backfill);
    let jane = world.acme.person("jane").unwrap();
    for summary in ["One", "Two", "Three"] {
        jane.create("SUP", "Bug", json!({ "summary": summary, "priority": { "name": "Highest" } })).unwrap();
    }
    let json = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
    let cost = cost(&json, "globex");
    // Two of them in the two hours of a day, the third an hour after these begin again.
    let hours = cost["seconds"].as_f64().unwrap() / 3_600.0;
    assert!((26.9..27.1).contains(&hours), "{json}");
    let opens = cost["opens"]["support"].as_str().unwrap().to_owned();
    assert!(opens.parse::<jiff::Timestamp>().unwrap() > now.timestamp(), "{json}");
    let waits = format!("; what sync support creates waits for its hours, from {opens} on\n");
    place.run(&["plan"]).await.expect(0, &[", 27.0 hours at ", &waits]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_shown_with_all_of_its_way() {
    let world = World::new().await;
    let row = "globex = \"Closed\", path = { globex = [\"Working\", \"Closed\"] } }";
    let text = world.configuration().replace("globex = \"Closed\" }", row);
    let place = Place::new(&text.replace("summary = \"both\"", "summary = \"both\"\nstatus = \"both\""));
    let [first, _] = changed(&world, &place).await;
    let jane = world.acme.person("jane").unwrap();
    jane.transition(&first, "In Progress").unwrap();
    jane.transition(&first, "Done").unwrap();
    let json = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
    assert_eq!(cost(&json, "globex")["writes"], 4, "two edits and two hops: {json}");
    place.run(&["plan"]).await.expect(0, &["> globex ENG-1 status: `Open` -> `Working` -> `Closed`\n"]);
    world.globex.reset_calls();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(written(&world.globex).0, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_issue_that_no_item_has_it_is_said_what_stands_against_one() {
    let world = World::new().await;
    let place = world.place_with("project = \"SUP\" }", "project = \"SUP\", jql = \"labels = shared\" }");
    let told = async |key: &str, why: &str| {
        let why = format!("? no item has an issue {key}: {why}\n");
        place.run(&["plan", "--item", key]).await.expect(0, &[&why]);
    };
    let by = |who: &str, label: &str| {
        let fields = json!({ "summary": "Item", "priority": { "name": "Highest" }, "labels": [label] });
        world.acme.person(who).unwrap().create("SUP", "Bug", fields).unwrap()
    };
    let other = by("jane", "other");
    told(&other, "sync support, side acme: it does not match `jql` of this side: labels = shared").await;
    told("SUP-99", "sync support, side acme: there is no SUP-99 there, or the sync user may not see it").await;
    told("FOO-1", "no side of a sync is the project `FOO`").await;
    let ours = by("sync", "shared");
    let why = "sync support, side acme: the sync user itself created it, and what it creates begins nothing";
    told(&ours, why).await;
    let json = place.run(&["plan", "--item", "FOO-1", "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["not_begun"]["FOO-1"], json!(["no side of a sync is the project `FOO`"]), "{json}");
    let shared = by("jane", "shared");
    place.run(&["plan", "--item", &shared]).await.expect(0, &["+ globex create `Defect`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_of_what_was_chosen() {
    let world = World::new().await;
    let place = world.place();
    let [first, second] = changed(&world, &place).await;
    let names = |json: &Value| -> Vec<String> {
        json["items"].as_array().unwrap().iter().map(|item| item["names"].as_str().unwrap().to_owned()).collect()
    };
    let json = async |words: &[&str]| place.run(&[&["plan", "--json"], words].concat()).await.expect(0, &[]).json();
    for words in [&[][..], &["--sync", "support"], &["--jql", "summary ~ again", "--on", "acme"]] {
        assert_eq!(names(&json(words).await).len(), 2, "{words:?}");
    }
    let one = json(&["--jql", "labels = chosen", "--on", "acme"]).await;
    assert!(names(&one).len() == 1 && names(&one)[0].contains(&first), "{one}");
    assert_eq!(cost(&one, "globex")["writes"], 1, "{one}");
    let none = json(&["--jql", "labels = chosen", "--on", "globex"]).await;
    assert_eq!((names(&none), &none["costs"]), (Vec::new(), &json!([])), "{none}");
    let other = json(&["--item", &second]).await;
    assert!(names(&other).len() == 1 && names(&other)[0].contains(&second), "{other}");
    // What is not there is told with what is.
    place.run(&["plan", "--sync", "supprt"]).await.expect(1, &["there is no sync `supprt`", "`support`"]);
    let words = ["plan", "--jql", "labels = chosen", "--on", "initech"];
    place.run(&words).await.expect(1, &["there is no instance `initech`", "`acme`, `globex`"]);
    place.run(&["plan", "--jql", "labels = chosen"]).await.expect(2, &["--on"]);
    let parts = ["instance `acme` refuses the JQL `nosuch = 1`", "try it in that Jira's search"];
    place.run(&["plan", "--jql", "nosuch = 1", "--on", "acme"]).await.expect(1, &parts);
    let parts_there = ["instance `globex` refuses the JQL `nosuch = 1`", "try it in that Jira's search"];
    place.run(&["plan", "--jql", "nosuch = 1", "--on", "globex"]).await.expect(1, &parts_there);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["plan", "--jql", "nosuch = 1", "--on", "acme"]).await.expect(1, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_one_sync_tells_nothing_of_another() {
    let second = |setup: &mut Setup, key: &str| {
        let mut project = setup.projects[0].clone();
        (project.key, project.name) = (key.to_owned(), format!("Second {key}"));
        setup.projects.push(project);
    };
    let world = World::with(|acme, globex| {
        second(acme, "SUX");
        second(globex, "ENX");
    })
    .await;
    let text = world.configuration();
    let (_, sync) = text.split_once("[sync.support]").unwrap();
    let other = format!("[sync.support]{sync}").replace("sync.support", "sync.second");
    let other = other.replace("\"SUP\"", "\"SUX\"").replace("\"ENG\"", "\"ENX\"");
    let place = Place::new(&format!("{text}\n{other}"));
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" } });
    let [key, other] = ["SUP", "SUX"].map(|project| jane.create(project, "Bug", fields.clone()).unwrap());
    let json = async |words: &[&str]| place.run(&[&["plan", "--json"], words].concat()).await.expect(0, &[]).json();
    assert_eq!(cost(&json(&[]).await, "globex")["writes"], 1, "both in one request");
    for (sync, own, others) in [("support", &key, &other), ("second", &other, &key)] {
        let shown = json(&["--sync", sync]).await;
        assert!(shown["items"].as_array().unwrap().len() == 1, "{shown}");
        assert!(shown.to_string().contains(own) && !shown.to_string().contains(others), "{shown}");
    }
    // A comment stands beside the issue, so nothing is read for it; it is written once.
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.comment(&key, "Words").unwrap();
    let shown = json(&[]).await;
    let asked = cost(&shown, "globex");
    assert_eq!((&asked["writes"], &asked["reads"], &asked["mails"]), (&json!(1), &json!(0), &json!(1)), "{shown}");
}
