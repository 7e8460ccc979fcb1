//! Polls of an instance whose pages move, end early, come empty or lead nowhere, and whose times are read in another zone than we
//! think: whatever was changed arrives.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Holder, Jira, When};
use serde_json::json;

use super::bent::Bent;
use super::daemon_support::{World, two};

fn old_issues(jira: &Jira, project: &str, kind: &str, count: usize) {
    let jane = jira.people().into_iter().nth(1).unwrap();
    for index in 0..count {
        jane.create(project, kind, json!({ "summary": format!("Old-{index:03} of many") })).unwrap();
    }
}

/// Many issues at home from yesterday, twenty on a page, and no daemon yet.
async fn yesterday(count: usize) -> World {
    let world = World::without_daemon(&two());
    let acme = world.jira("acme");
    acme.set_quirks(|quirks| quirks.search_page_cap = 20);
    old_issues(acme, "SUP", "Bug", count);
    world.pass(86_400).await;
    world
}

/// Where pages move: a Jira, its project, a type, somebody, a priority, the end of a search's path, and the Jira on the other side.
type Moving = [&'static str; 7];

#[tokio::test(start_paused = true)]
async fn row_045_what_slips_over_the_edge_of_a_page_is_read_all_the_same() {
    const CLOUD: Moving = ["acme", "SUP", "Bug", "jane", "Low", "/search/jql", "globex"];
    const SERVER: Moving = ["globex", "ENG", "Defect", "jdoe", "P4", "/rest/api/2/search", "acme"];
    for [here, project, kind, somebody, low, search, other] in [CLOUD, SERVER] {
        let mut world = World::without_daemon(&two());
        // Data Center's pages are numbers of rows, and so always move; this is for Cloud's tokens.
        world.jira(here).set_quirks(|quirks| (quirks.search_page_cap, quirks.pages_shift) = (20, true));
        old_issues(world.jira(here), project, kind, 70);
        world.pass(86_400).await;
        let first = world.issue(here, "Old-000").key;
        let (person, pages) = (world.person(here, somebody), Arc::new(AtomicUsize::new(0)));
        let host: http::Uri = world.jira(here).base_url().parse().unwrap();
        let (host, counted) = (host.host().unwrap().to_owned(), Arc::clone(&pages));
        // After the first page somebody changes an issue that stood on it: it moves to the end, and all others up by one.
        world.bend(move |inner| {
            let (person, first, pages) = (person.clone(), first.clone(), Arc::clone(&counted));
            let host = host.clone();
            Arc::new(Bent::new(inner).back(move |place, asked, _| {
                let is_poll = place.contains(&host)
                    && place.ends_with(search)
                    && asked["jql"].as_str().unwrap().contains("ORDER BY updated ASC");
                if is_poll && pages.fetch_add(1, Ordering::Relaxed) == 0 {
                    person.edit(&first, json!({ "priority": { "name": low } })).unwrap();
                }
            }))
        });
        world.start().await;
        world.rest().await.unwrap();
        assert!(pages.load(Ordering::Relaxed) > 3, "{here}: no pages that could move");
        assert_eq!(world.issues(other, "Old-").len(), 70, "{here}");
        assert_eq!(world.in_step("acme", "globex").await, Ok(()), "{here}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_044_a_token_that_is_lost_and_pages_that_lead_in_a_circle_cost_a_poll_and_no_row() {
    for fault in [Fault::LostToken, Fault::CircularPage, Fault::EmptyPage] {
        let mut world = yesterday(70).await;
        world.start().await;
        world.jira("acme").add_fault(FaultRule::new("search", When::Probability(1.0), fault.clone()));
        if fault == Fault::EmptyPage {
            // Empty for a while, and then what stands behind: all in one poll.
            world.jira("acme").clear_faults();
            for nth in 1..6 {
                world.jira("acme").add_fault(FaultRule::new("search", When::Nth(nth), fault.clone()));
            }
        }
        world.intervals(3).await;
        if fault != Fault::EmptyPage {
            let problems = world.problems().await;
            assert!(!problems.is_empty(), "{fault:?} is told");
            world.jira("acme").clear_faults();
        }
        world.rest().await.unwrap();
        assert_eq!(world.issues("globex", "Old-").len(), 70, "{fault:?}");
        assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn row_046_an_empty_page_proves_nothing_about_those_behind_it() {
    let mut world = yesterday(60).await;
    world.jira("acme").set_quirks(|quirks| quirks.search_page_cap = 1_000);
    world.start().await;
    world.rest().await.unwrap();
    // More than fifty known rows of late: only ids and times are asked for.
    let jane = world.person("acme", "jane");
    for view in world.issues("acme", "Old-") {
        jane.edit(&view.key, json!({ "labels": ["crowd"] })).unwrap();
    }
    world.settle().await;
    jane.create("SUP", "Bug", json!({ "summary": "Behind it" })).unwrap();
    world.jira("acme").add_fault(FaultRule::new("search", When::Nth(1), Fault::EmptyPage));
    world.intervals(1).await;
    assert_eq!(world.issues("globex", "Behind it").len(), 1);
}

/// Data Center says how many rows there are and gives none, or one less: no issue is gone by that, and none is passed over.
#[tokio::test(start_paused = true)]
async fn row_046_fewer_rows_than_the_total_delete_nothing() {
    for all in [true, false] {
        let mut world = World::without_daemon(&format!("{}\n[sync.support.life]\ndeleted = \"delete\"\n", two()));
        for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
            world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        }
        let (on, bent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (is_on, count) = (Arc::clone(&on), Arc::clone(&bent));
        world.bend(move |inner| {
            let (is_on, count) = (Arc::clone(&is_on), Arc::clone(&count));
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if is_on.load(Ordering::Relaxed) && place.contains("globex") && place.ends_with("/rest/api/2/search") {
                    let rows = said["issues"].as_array_mut().unwrap();
                    count.fetch_add(usize::from(!rows.is_empty()), Ordering::Relaxed);
                    rows.truncate(if all { 0 } else { rows.len().saturating_sub(1) });
                }
            }))
        });
        world.start().await;
        let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
        let made = |summary: &str| json!({ "summary": summary, "priority": { "name": "Low" } });
        for summary in ["Item of home", "Another of home"] {
            jane.create("SUP", "Bug", made(summary)).unwrap();
        }
        for summary in ["Item of theirs", "Another of theirs"] {
            jdoe.create("ENG", "Defect", json!({ "summary": summary })).unwrap();
        }
        world.rest().await.unwrap();
        assert_eq!((world.issues("acme", " of ").len(), world.issues("globex", " of ").len()), (4, 4));
        on.store(true, Ordering::Relaxed);
        let key = world.issue("globex", "Item of home").key;
        jdoe.edit(&key, json!({ "summary": "Item of home, changed" })).unwrap();
        jdoe.create("ENG", "Defect", json!({ "summary": "New of theirs" })).unwrap();
        // Twice, and long enough apart for an absence to be believed.
        for _ in 0..2 {
            world.daemon().engine().sweep(None).await.unwrap();
            world.intervals(12).await;
        }
        assert!(bent.load(Ordering::Relaxed) > 3, "{all}: no search was answered so");
        let problems = world.problems().await;
        assert!(problems.iter().any(|told| told.contains("an empty page at row")), "{all}: {problems:?}");
        on.store(false, Ordering::Relaxed);
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        for jira in ["acme", "globex"] {
            assert_eq!(world.jira(jira).count("deleteIssue"), 0, "{all}: {jira}");
            assert_eq!(world.issues(jira, " of ").len(), 5, "{all}: {jira}");
        }
        assert_eq!(world.field("acme", "Item of home", "summary"), "Item of home, changed");
        let summaries = |jira: &str| {
            let all = world.issues(jira, " of ").into_iter().map(|view| view.fields["summary"].clone());
            all.collect::<BTreeSet<String>>()
        };
        assert_eq!(summaries("acme"), summaries("globex"), "{all}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// People's rows are queued page by page, before those behind them are known: when all are, the cursor stands where the newest does.
#[tokio::test(start_paused = true)]
async fn the_cursor_moves_on_with_a_crowd_of_peoples_edits() {
    let mut world = yesterday(250).await;
    world.start().await;
    world.rest().await.unwrap();
    let jane = world.person("acme", "jane");
    for label in ["crowd", "again"] {
        for view in world.issues("acme", "Old-") {
            jane.edit(&view.key, json!({ "labels": [label] })).unwrap();
            tokio::time::advance(std::time::Duration::from_millis(20)).await;
        }
        let newest = world.issues("acme", "Old-").iter().map(|view| view.updated).max().unwrap();
        world.intervals(1).await;
        let cursor = world.daemon().store().cursor(&"acme".into()).await.unwrap().unwrap();
        assert!(cursor.updated >= newest, "{label}: {} before {newest}", cursor.updated);
        world.rest().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn more_rows_of_late_than_a_data_centers_window_holds_do_not_stop_its_polls() {
    let world = World::new(&two(), |_| {}).await;
    let globex = world.jira("globex");
    globex.set_quirks(|quirks| (quirks.search_page_cap, quirks.search_window) = (20, 100));
    for part in 0..8 {
        for index in 0..15 {
            let summary = format!("New-{part}-{index:02} of many");
            world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": summary })).unwrap();
        }
        world.intervals(2).await;
    }
    world.rest().await.unwrap();
    assert_eq!(world.issues("acme", "New-").len(), 120);
    world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Afterwards" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("acme", "Afterwards").len(), 1);
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

/// A Data Center that takes no milliseconds, its sync user at home in a zone.
fn zoned(zone: &str) -> World {
    let zone = zone.to_owned();
    let world = World::of(&two(), move |setups| {
        let globex = setups.get_mut("globex").unwrap();
        globex.quirks.epoch_in_jql = false;
        for user in &mut globex.users {
            user.time_zone.clone_from(&zone);
        }
    });
    old_issues(world.jira("globex"), "ENG", "Defect", 1);
    world
}

#[tokio::test(start_paused = true)]
async fn in_the_hour_that_comes_twice_nothing_is_passed_over() {
    for later in [false, true] {
        let mut world = zoned("Europe/Berlin");
        world.jira("globex").set_quirks(|quirks| quirks.repeated_hour_is_later = later);
        let until: jiff::Timestamp = "2026-10-24T23:55:00Z".parse().unwrap();
        let now = world.jira("globex").server_time();
        world.pass(u64::try_from(until.duration_since(now).as_secs()).unwrap()).await;
        world.start().await;
        world.settle().await;
        let jdoe = world.person("globex", "jdoe");
        // At 0:30 UTC it is 2:30 for the first time, at 1:30 for the second.
        for quarter in 0..16 {
            jdoe.create("ENG", "Defect", json!({ "summary": format!("Night-{quarter:02}") })).unwrap();
            world.interval().await;
            world.interval().await;
            assert_eq!(world.issues("acme", &format!("Night-{quarter:02}")).len(), 1, "later: {later}");
            world.pass(840).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_041_a_profile_whose_time_zone_changes_hides_nothing_for_long() {
    for restart in [false, true] {
        let mut world = zoned("Etc/UTC");
        world.start().await;
        world.settle().await;
        let (globex, jdoe) = (world.jira("globex").clone(), world.person("globex", "jdoe"));
        let sync = globex.people().remove(0).id().to_owned();
        globex.set_time_zone(&sync, "America/New_York");
        jdoe.create("ENG", "Defect", json!({ "summary": "Hidden at first" })).unwrap();
        world.intervals(4).await;
        if restart {
            world.daemon = None;
            world.pass(40_000).await;
            jdoe.create("ENG", "Defect", json!({ "summary": "Later" })).unwrap();
            world.start().await;
            world.intervals(3).await;
        } else {
            for _ in 0..13 {
                world.pass(270).await;
                world.interval().await;
            }
            jdoe.create("ENG", "Defect", json!({ "summary": "Later" })).unwrap();
            world.intervals(3).await;
        }
        world.rest().await.unwrap();
        assert_eq!(world.issues("acme", "Hidden at first").len(), 1, "restart: {restart}");
        assert_eq!(world.issues("acme", "Later").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn where_times_are_read_otherwise_it_is_told_and_nothing_is_missed() {
    let mut world = zoned("Etc/UTC");
    world.jira("globex").set_quirks(|quirks| quirks.jql_time_zone = Some("Pacific/Kiritimati".into()));
    world.start().await;
    world.settle().await;
    world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Far away" })).unwrap();
    world.intervals(2).await;
    assert_eq!(world.issues("acme", "Far away").len(), 1);
    let problems = world.problems().await;
    assert!(problems.iter().any(|told| told.contains("times in searches are read neither")), "{problems:?}");
    // It may have been an index that lagged at the start, or somebody mended the profile: that is seen while the daemon runs.
    world.jira("globex").set_quirks(|quirks| quirks.jql_time_zone = None);
    world.pass(600).await;
    world.intervals(3).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
    world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "And nearer" })).unwrap();
    world.intervals(2).await;
    assert_eq!(world.issues("acme", "And nearer").len(), 1);
}

/// A bulk import: more issues of one minute than a search's window holds, and nothing in their times to go on by.
#[tokio::test(start_paused = true)]
async fn more_rows_of_one_minute_than_a_data_centers_window_holds_are_gone_through_by_their_ids() {
    let config = two().replacen("[sync.support]\n", "[sync.support]\nmost-creations = 1000\n", 1);
    let mut world = World::new(&config, |_| {}).await;
    world.settle().await;
    world.daemon = None;
    let globex = world.jira("globex").clone();
    globex.set_quirks(|quirks| (quirks.search_page_cap, quirks.search_window) = (20, 100));
    let import = |world: &World, part: &str| {
        for index in 0..150 {
            let summary = format!("{part}-{index:03} of many");
            world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": summary })).unwrap();
        }
    };
    import(&world, "Imported");
    world.pass(600).await;
    world.start().await;
    world.settle().await;
    world.intervals(10).await;
    assert_eq!(world.issues("acme", "Imported-").len(), 150, "{:?}", world.problems().await);
    // While it runs: what is fresher than the index may lag waits until it is not.
    import(&world, "Another");
    world.intervals(20).await;
    assert_eq!(world.issues("acme", "Another-").len(), 150, "{:?}", world.problems().await);
    world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Afterwards" })).unwrap();
    world.intervals(4).await;
    assert_eq!(world.issues("acme", "Afterwards").len(), 1);
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}
