//! Every method of the client of both kinds against the simulated Jiras; each request and answer is held to its contract.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jirasyncd::jira::{Failure, Want, WriteOutcome, made};
use jirasyncd::model::ids::{AccountId, EntryId, FieldId, IssueId};
use jirasyncd::model::issue::{Named, NativeValue, Visibility};
use jirasyncd::model::operation::{NativeWrite, RemoteLink};
use jirasyncd::model::settings::Kind;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::jira_support::{Bench, bare, berlin, cloud, server, server_in, set, text, want, words};

fn both() -> [Bench; 2] {
    [cloud(), server()]
}

async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

fn fields<const N: usize>(pairs: [(&str, NativeValue); N]) -> BTreeMap<FieldId, NativeValue> {
    pairs.into_iter().map(|(field, value)| (FieldId::from(field), value)).collect()
}

fn named(name: &str) -> NativeValue {
    NativeValue::Named(Named { id: String::new(), name: name.into() })
}

fn name_of(value: &NativeValue) -> &str {
    if let NativeValue::Named(named) = value { &named.name } else { panic!("{value:?}") }
}

#[tokio::test(start_paused = true)]
async fn proves_who_we_are_and_measures_the_skew() {
    for (bench, account, zone) in
        [(cloud(), "5b10a2844c20165700ede21f", "Etc/UTC"), (server_in("Asia/Tokyo"), "sync", "Asia/Tokyo")]
    {
        let us = bench.identity().await;
        assert_eq!((us.account.as_str(), us.time_zone.as_str()), (account, zone));
        assert_eq!(us.base_url, bench.jira.base_url());
        assert_eq!(us.skew_ms, 0);
        assert!(us.display_name.starts_with("Sync ("), "{us:?}");
        assert!(!us.version.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn reads_what_a_project_offers() {
    for (bench, types, statuses, severity, email, account) in [
        (
            cloud(),
            vec!["Bug", "Task", "Story"],
            vec!["To Do", "Backlog", "In Progress", "Done"],
            "customfield_10042",
            "jane@acme.example",
            "5b10a2844c20165700ede21g",
        ),
        (
            server(),
            vec!["Defect", "Task"],
            vec!["Open", "Working", "Closed"],
            "customfield_10110",
            "JDoe@globex.example",
            "jdoe",
        ),
    ] {
        bench.identity().await;
        let people = [email, account, "nobody@nowhere.example", "nobody"].map(str::to_owned);
        let catalog = bench.read.catalog(bench.project, &BTreeSet::from(people)).await.unwrap();
        let names = |list: &[Named]| list.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&catalog.issue_types), types);
        assert_eq!(names(&catalog.statuses), statuses);
        assert_eq!(catalog.priorities.len(), 5);
        assert_eq!(catalog.fields[&FieldId::from(severity)], "Severity");
        assert_eq!(catalog.people.keys().collect::<Vec<_>>(), {
            let mut found = vec![email, account];
            found.sort_unstable();
            found
        });
        assert!(catalog.people.values().all(|person| person.account.as_str() == account), "{:?}", catalog.people);
        assert!(catalog.create_fields[types[0]].contains(&FieldId::from("summary")));
        assert!(catalog.sync_user.is_some());

        let allowed = bench.read.permissions(bench.project, &["CREATE_ISSUES", "SET_ISSUE_SECURITY"]).await.unwrap();
        assert!(allowed["CREATE_ISSUES"]);
        assert!(bench.read.assignable(bench.project, &AccountId::from(account)).await.unwrap());
        assert!(!bench.read.assignable(bench.project, &AccountId::from("nobody")).await.unwrap());
        let missing = bench.read.catalog("NOPE", &BTreeSet::new()).await.unwrap_err();
        assert_eq!(missing.failure, Failure::NotFound);
        assert!(missing.to_string().contains("NOPE"), "{missing}");
    }
}

#[tokio::test(start_paused = true)]
async fn creates_reads_edits_and_knows_its_own_entries() {
    for bench in both() {
        let us = bench.identity().await.account;
        let (severity, value) = match bench.read.kind() {
            Kind::Cloud => ("customfield_10042", "S2"),
            Kind::DataCenter => ("customfield_10110", "Major"),
        };
        let priority = if bench.read.kind() == Kind::Cloud { "High" } else { "P2" };
        let mut draft = bench.draft("Printer on fire");
        draft.fields.extend(fields([
            ("description", bench.rich("smoke")),
            ("labels", words(&["a", "b"])),
            ("priority", named(priority)),
            ("duedate", text("2026-04-01")),
            (severity, named(value)),
            ("assignee", NativeValue::Empty),
        ]));
        let WriteOutcome::Done(created) = bench.write.create(&[draft]).await.remove(0) else { panic!() };

        let all = want(&["summary", "description", "labels", "priority", "duedate", severity, "assignee", "status"]);
        let fresh = bench.one(created.id, &all).await;
        assert_eq!((fresh.id, &fresh.key), (created.id, &created.key));
        assert_eq!(fresh.project, bench.project);
        assert_eq!(fresh.issue_type.name, bench.issue_type);
        assert_eq!(fresh.mark.as_deref(), Some("sealed-Printer on fire"));
        assert_eq!(fresh.creator.as_ref().unwrap().account, us);
        assert_eq!(fresh.fields[&FieldId::from("description")], bench.rich("smoke"));
        assert_eq!(fresh.fields[&FieldId::from("labels")], words(&["a", "b"]));
        assert_eq!(name_of(&fresh.fields[&FieldId::from("priority")]), priority);
        assert_eq!(name_of(&fresh.fields[&FieldId::from(severity)]), value);
        assert_eq!(fresh.fields[&FieldId::from("duedate")], text("2026-04-01"));
        assert_eq!(fresh.fields[&FieldId::from("assignee")], NativeValue::Empty);
        assert!(fresh.log.is_empty() && fresh.log_whole && fresh.comments.complete && !fresh.restricted);

        advance(60).await;
        let mut edit = set(created.id, "summary", text("Printer still on fire"), "sealed-tag");
        let assignee = bench.jira.people()[1].id().to_owned();
        let person = bench.read.catalog(bench.project, &BTreeSet::new()).await.unwrap();
        assert!(person.people.is_empty());
        let account = if bench.read.kind() == Kind::Cloud { assignee.as_str() } else { "jdoe" };
        let add = NativeWrite::Words { add: vec!["c".into()], remove: vec!["a".into()] };
        edit.fields.insert("labels".into(), add);
        edit.fields.insert("description".into(), NativeWrite::Set(NativeValue::Empty));
        edit.fields.insert("assignee".into(), NativeWrite::Set(NativeValue::Person(somebody(account))));
        let WriteOutcome::Done(returned) = bench.write.edit(&edit, &all).await else { panic!() };
        let seen = bench.one(created.id, &all).await;
        match bench.read.kind() {
            Kind::Cloud => {
                let mut returned = returned.unwrap();
                // An edit does not give properties back.
                assert_eq!(returned.mark.take(), None);
                returned.mark.clone_from(&seen.mark);
                assert_eq!(returned, seen);
            }
            Kind::DataCenter => assert_eq!(returned, None),
        }
        assert_eq!(seen.fields[&FieldId::from("labels")], words(&["b", "c"]));
        assert_eq!(seen.fields[&FieldId::from("description")], NativeValue::Empty);
        let NativeValue::Person(person) = &seen.fields[&FieldId::from("assignee")] else { panic!() };
        assert_eq!(person.account.as_str(), account);
        let [entry] = seen.log.as_slice() else { panic!("{:?}", seen.log) };
        assert_eq!((entry.tag.as_deref(), entry.author.as_ref()), (Some("sealed-tag"), Some(&us)));
        let mut changed: Vec<&str> = entry.items.iter().map(|item| item.field.as_str()).collect();
        changed.sort_unstable();
        assert_eq!(changed, ["assignee", "description", "labels", "summary"]);
        let item = entry.items.iter().find(|item| item.field.as_str() == "summary").unwrap();
        assert_eq!(item.from_text.as_deref(), Some("Printer on fire"));
        assert_eq!(bench.read.log_after(created.id, EntryId(0)).await.unwrap(), seen.log);
        assert_eq!(bench.read.log_after(created.id, entry.id).await.unwrap(), []);
    }
}

fn somebody(account: &str) -> jirasyncd::model::issue::Person {
    jirasyncd::model::issue::Person { account: account.into(), display_name: String::new(), email: None }
}

#[tokio::test(start_paused = true)]
async fn a_bulk_create_tells_each_drafts_fate() {
    for bench in both() {
        bench.identity().await;
        let mut drafts: Vec<_> = (0..4).map(|number| bench.draft(&format!("issue {number}"))).collect();
        drafts[1].issue_type = "No such type".into();
        drafts[2].fields.insert("summary".into(), text(&"x".repeat(300)));
        bench.jira.reset_calls();
        let outcomes = bench.write.create(&drafts).await;
        assert_eq!(bench.jira.count("createIssues"), 1);
        let ids: Vec<Option<IssueId>> = outcomes
            .iter()
            .map(|outcome| if let WriteOutcome::Done(created) = outcome { Some(created.id) } else { None })
            .collect();
        assert_eq!(ids.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, true], "{outcomes:?}");
        let WriteOutcome::Refused(refusal) = &outcomes[2] else { panic!("{outcomes:?}") };
        assert!(refusal.fields.contains_key("summary"), "{refusal:?}");
        let last = bench.one(ids[3].unwrap(), &want(&["summary"])).await;
        assert_eq!(last.mark.as_deref(), Some("sealed-issue 3"));

        let none = bench.write.create(&drafts[1..3]).await;
        assert!(none.iter().all(|outcome| matches!(outcome, WriteOutcome::Refused(_))), "{none:?}");
        let many: Vec<_> = (0..51).map(|number| bench.draft(&format!("many {number}"))).collect();
        let outcomes = bench.write.create(&many).await;
        assert!(outcomes.len() == 51 && outcomes.iter().all(|outcome| matches!(outcome, WriteOutcome::Done(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn fresh_reads_keep_the_order_and_tell_what_is_missing() {
    for bench in both() {
        bench.identity().await;
        let (one, two) = (bench.create("one").await.id, bench.create("two").await.id);
        bench.jira.reset_calls();
        let ids = [two, IssueId(999_999), one, two];
        let read = bench.read.issues(&ids, &want(&["summary"])).await;
        let found: Vec<Result<IssueId, Failure>> =
            read.into_iter().map(|row| row.map(|row| row.id).map_err(|error| error.failure)).collect();
        assert_eq!(found, [Ok(two), Err(Failure::NotFound), Ok(one), Ok(two)]);
        let bulk = u64::from(bench.read.kind() == Kind::Cloud);
        let single = if bulk == 1 { 1 } else { 3 };
        assert_eq!((bench.jira.count("bulkFetchIssues"), bench.jira.count("getIssue")), (bulk, single));
    }
}

#[tokio::test(start_paused = true)]
async fn takes_a_transition_and_tags_it() {
    for (bench, name, to) in [(cloud(), "In Progress", "In Progress"), (server(), "Start work", "Working")] {
        bench.identity().await;
        let issue = bench.create("moves").await.id;
        let offers = bench.read.transitions(issue).await.unwrap();
        let mut asked = want(&["status"]);
        asked.transitions = true;
        assert_eq!(bench.one(issue, &asked).await.transitions.unwrap(), offers);
        let offer = offers.iter().find(|offer| offer.name == name).unwrap();
        assert_eq!(offer.to.name, to);
        assert_eq!(bench.write.transition(&offer.id, &bare(issue, "sealed-hop")).await, WriteOutcome::Done(()));
        let seen = bench.one(issue, &asked).await;
        assert_eq!(name_of(&seen.fields[&FieldId::from("status")]), to);
        assert_eq!(seen.log.last().unwrap().tag.as_deref(), Some("sealed-hop"));
        assert!(seen.log.last().unwrap().items.iter().any(|item| item.field.as_str() == "status"));
        let wrong = bench.write.transition("99999", &bare(issue, "t")).await;
        assert!(matches!(wrong, WriteOutcome::Refused(_) | WriteOutcome::InDoubt(_)), "{wrong:?}");
        assert_eq!(bench.write.transition("1", &bare(IssueId(999_999), "t")).await, WriteOutcome::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn comments_carry_marks_and_their_restriction() {
    for bench in both() {
        bench.identity().await;
        let created = bench.create("talks").await;
        let body = bench.rich("hello");
        let WriteOutcome::Done(ours) =
            bench.write.add_comment(created.id, &body, &Visibility::Everybody, "sealed-c").await
        else {
            panic!()
        };
        advance(5).await;
        let people = bench.jira.people();
        let human = people.iter().find(|person| ["5b10a2844c20165700ede21g", "JIRAUSER10102"].contains(&person.id()));
        let human = human.unwrap();
        human.comment(created.key.as_str(), "by a person").unwrap();
        advance(5).await;
        human.restricted_comment(created.key.as_str(), "secret", "Administrators").unwrap();
        for number in 0..120 {
            human.comment(created.key.as_str(), &format!("more {number}")).unwrap();
        }
        let all = bench.read.comments(created.id).await.unwrap();
        assert_eq!(all.len(), 123);
        assert_eq!((&all[0].id, &all[0].body), (&ours, &body));
        assert_eq!(
            all.iter().map(|comment| comment.visibility.clone()).skip(1).take(3).collect::<Vec<_>>(),
            [Visibility::Everybody, Visibility::Role("Administrators".into()), Visibility::Everybody]
        );
        assert_eq!(bench.read.comment_mark(created.id, &ours).await.unwrap().as_deref(), Some("sealed-c"));
        assert_eq!(bench.read.comment_mark(created.id, &all[1].id).await.unwrap(), None);
        // That there is none, the list of the names says alone.
        bench.jira.add_fault(FaultRule::new("getCommentProperty", When::Nth(1), Fault::Status(404)));
        let missing = bench.read.comment_mark(created.id, &ours).await.unwrap_err();
        assert!(matches!(missing.failure, Failure::Unreadable(_)), "{missing}");
        let inline = bench.one(created.id, &want(&["summary"])).await.comments;
        assert!(!inline.complete || inline.list == all);
    }
}

#[tokio::test(start_paused = true)]
async fn polls_page_by_page_in_order_of_update() {
    for bench in [berlin(), server_in("America/New_York")] {
        bench.identity().await;
        let early = bench.create("early").await;
        advance(3_600).await;
        let start = bench.jira.server_time();
        for part in 0..5 {
            let drafts: Vec<_> = (0..50).map(|number| bench.draft(&format!("{part}-{number}"))).collect();
            bench.write.create(&drafts).await;
            advance(60).await;
        }
        let (mut rows, mut page, mut requests) = (Vec::new(), None, 0);
        bench.jira.reset_calls();
        loop {
            let got =
                bench.read.changes(&bench.projects(), Some(start), &want(&["summary"]), page.as_deref()).await.unwrap();
            rows.extend(got.rows);
            requests += 1;
            page = got.next;
            if page.is_none() {
                break;
            }
        }
        assert_eq!((requests, bench.jira.count("search")), (3, 3));
        assert_eq!(rows.len(), 250, "the early one is not among them");
        assert!(rows.windows(2).all(|pair| (pair[0].updated, pair[0].id) < (pair[1].updated, pair[1].id)));
        assert!(rows.iter().all(|row| row.id != early.id));
        let everything = bench.read.changes(&bench.projects(), None, &want(&["summary"]), None).await.unwrap();
        assert_eq!(everything.rows[0].id, early.id);
        if bench.read.kind() == Kind::Cloud {
            assert_eq!(rows[0].mark.as_deref(), Some("sealed-0-0"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_changes_while_we_page_pushes_no_other_out() {
    for bench in both() {
        bench.identity().await;
        let mut made = Vec::new();
        for part in 0..5 {
            let drafts: Vec<_> = (0..50).map(|number| bench.draft(&format!("{part}-{number}"))).collect();
            made.extend(bench.write.create(&drafts).await);
            advance(60).await;
        }
        let mut ids: Vec<IssueId> = made
            .iter()
            .filter_map(|outcome| if let WriteOutcome::Done(created) = outcome { Some(created.id) } else { None })
            .collect();
        let (mut found, mut page, mut hurry) = (BTreeSet::new(), None, ids.clone());
        let changed = want(&["summary"]);
        for _ in 0..40 {
            let got = bench.read.changes(&bench.projects(), None, &changed, page.as_deref()).await.unwrap();
            found.extend(got.rows.iter().map(|row| row.id));
            page = got.next;
            if page.is_none() {
                break;
            }
            // The first ones change under our hands, while there are some left.
            for issue in hurry.drain(..hurry.len().min(7)).take(if found.len() > 150 { 0 } else { 7 }) {
                bench.write.edit(&set(issue, "summary", text("changed"), "t"), &Want::default()).await;
            }
        }
        assert_eq!(page, None, "paging ends");
        ids.retain(|id| !found.contains(id));
        assert_eq!(ids, [], "on {:?}", bench.read.kind());
    }
}

#[tokio::test(start_paused = true)]
async fn times_in_jql_are_learnt_by_trying() {
    for bench in [berlin(), server_in("Asia/Tokyo")] {
        bench.identity().await;
        bench.read.learn_time_form(bench.project).await.unwrap();
        let issue = bench.create("known").await;
        bench.read.learn_time_form(bench.project).await.unwrap();
        advance(10).await;
        let at = bench.one(issue.id, &Want::default()).await.updated;
        let ask = async |since| {
            bench.read.changes(&bench.projects(), Some(since), &Want::default(), None).await.unwrap().rows.len()
        };
        assert_eq!(ask(at).await, 1);
        assert_eq!(ask(at + jiff::SignedDuration::from_mins(3)).await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn scope_is_asked_apart_and_survives_an_issue_that_is_gone() {
    for bench in both() {
        bench.identity().await;
        let mut draft = bench.draft("in");
        draft.fields.insert("labels".into(), words(&["share-x"]));
        let WriteOutcome::Done(inside) = bench.write.create(&[draft]).await.remove(0) else { panic!() };
        let outside = bench.create("out").await;
        let ids = [outside.id, inside.id, IssueId(999_999)];
        let found = bench.read.matching(bench.project, "labels = share-x ORDER BY key", &ids).await.unwrap();
        assert_eq!(found, BTreeSet::from([inside.id]));
        let all = bench.read.matching(bench.project, "", &ids[..2]).await.unwrap();
        assert_eq!(all, BTreeSet::from([inside.id, outside.id]));
        for wrong in ["labels = ", "nosuchfield = 1"] {
            let refused = bench.read.matching(bench.project, wrong, &ids).await.unwrap_err();
            assert!(matches!(refused.failure, Failure::Refused(_)), "{wrong}: {refused}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn finds_what_we_created_by_its_marks() {
    for bench in both() {
        bench.identity().await;
        bench.create("before").await;
        advance(600).await;
        let since = bench.jira.server_time();
        let ours = bench.create("ours").await;
        let people = bench.jira.people();
        people[1].create(bench.project, bench.issue_type, json!({ "summary": "theirs" })).unwrap();
        let found = bench.read.created_by_us(Some(bench.project), since, &BTreeSet::new()).await.unwrap();
        let found = made(&*bench.read, found, |_| false).await.unwrap();
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [ours.id]);
        assert_eq!(found[0].mark.as_deref(), Some("sealed-ours"));
    }
}

#[tokio::test(start_paused = true)]
async fn row_088_a_long_history_is_never_taken_for_whole() {
    for bench in both() {
        bench.identity().await;
        let issue = bench.create("0").await;
        let human = &bench.jira.people()[1];
        for number in 1..=250 {
            human.edit(issue.key.as_str(), json!({ "summary": number.to_string() })).unwrap();
        }
        let other = bench.create("other").await;
        let read = bench.read.issues(&[issue.id, other.id], &want(&["summary"])).await;
        let snapshot = read[0].as_ref().unwrap();
        assert_eq!(snapshot.log_whole, bench.read.kind() == Kind::DataCenter);
        assert!(snapshot.log.windows(2).all(|pair| pair[0].id < pair[1].id));
        let all = bench.read.log_after(issue.id, EntryId(0)).await.unwrap();
        let texts: Vec<String> = all.iter().map(|entry| entry.items[0].to_text.clone().unwrap()).collect();
        assert_eq!(texts, (1..=250).map(|number: u32| number.to_string()).collect::<Vec<_>>());
        bench.jira.reset_calls();
        let tail = bench.read.log_after(issue.id, all[239].id).await.unwrap();
        assert_eq!(tail, all[240..]);
        assert!(bench.jira.total_calls() <= 2);
    }
}

/// A proxy that starts answers 404 for everything, also for what is still there.
#[tokio::test(start_paused = true)]
async fn what_is_not_found_counts_as_deleted_where_a_list_says_so_alone() {
    for bench in both() {
        let created = bench.create("one").await;
        let (global_id, url) = ("ours-1".to_owned(), "https://example.com/1".to_owned());
        let link = RemoteLink { global_id, url, title: "One".to_owned(), relationship: "is".to_owned() };
        assert_eq!(bench.write.link(created.id, &link).await, WriteOutcome::Done(()));
        let lie = |operation: &str| FaultRule::new(operation, When::Nth(1), Fault::Status(404));
        bench.jira.add_fault(lie("deleteRemoteIssueLinkByGlobalId"));
        assert_eq!(bench.write.unlink(created.id, "ours-1").await, WriteOutcome::NotFound);
        assert_eq!(bench.read.remote_addresses(created.id).await.unwrap(), ["https://example.com/1"]);
        for _ in 0..2 {
            assert_eq!(bench.write.unlink(created.id, "ours-1").await, WriteOutcome::Done(()));
        }
        bench.jira.add_fault(lie("getRemoteIssueLinks"));
        assert_eq!(bench.read.remote_addresses(created.id).await.unwrap_err().failure, Failure::NotFound);
        let body = bench.rich("hello");
        let outcome = bench.write.add_comment(created.id, &body, &Visibility::Everybody, "sealed-c").await;
        let WriteOutcome::Done(comment) = outcome else { panic!("{outcome:?}") };
        for operation in ["deleteIssueProperty", "deleteCommentProperty", "deleteIssue"] {
            bench.jira.add_fault(lie(operation));
        }
        assert_eq!(bench.write.unmark(created.id).await, WriteOutcome::NotFound);
        assert_eq!(bench.write.unmark_comment(created.id, &comment).await, WriteOutcome::NotFound);
        for _ in 0..2 {
            assert_eq!(bench.write.unmark(created.id).await, WriteOutcome::Done(()));
            assert_eq!(bench.write.unmark_comment(created.id, &comment).await, WriteOutcome::Done(()));
        }
        assert_eq!(bench.write.delete(created.id).await, WriteOutcome::NotFound);
        assert_eq!(bench.write.delete(created.id).await, WriteOutcome::Done(()));
    }
}

/// By the name alone a version is written as a label is, and refused.
#[tokio::test(start_paused = true)]
async fn nothing_is_written_whose_form_is_not_known() {
    for bench in both() {
        bench.jira.add_fault(FaultRule::new("getFields", When::Always, Fault::Status(404)));
        let people = bench.jira.people();
        let person = people.iter().find(|person| person.id() != "sync").unwrap();
        let kind = bench.issue_type;
        let key = person.create(bench.project, kind, json!({ "summary": "One" })).unwrap();
        let id = IssueId(bench.jira.issue(&key).unwrap().id);
        let mut edit = bare(id, "tag");
        let add = NativeWrite::Words { add: vec!["v1".into()], remove: Vec::new() };
        edit.fields.insert(FieldId::from("fixVersions"), add);
        let outcome = bench.write.edit(&edit, &Want::default()).await;
        assert!(matches!(outcome, WriteOutcome::NotSent { .. }), "{outcome:?}");
        let drafts = bench.write.create(&[bench.draft("two"), bench.draft("three")]).await;
        assert!(drafts.iter().all(|draft| matches!(draft, WriteOutcome::NotSent { .. })), "{drafts:?}");
        assert_eq!((bench.jira.count("editIssue"), bench.jira.count("createIssues")), (0, 0));
    }
}
