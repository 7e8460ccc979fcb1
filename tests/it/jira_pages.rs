//! Lists and searches of an instance that gives fewer rows than it is asked for: all of them are read all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::jira::{Want, WriteOutcome, connect};
use jirasyncd::model::ids::{EntryId, FieldId, IssueId};
use jirasyncd::model::settings::Kind;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When, presets};
use serde_json::json;

use super::bent::Bent;
use super::jira_support::{Bench, EPOCH, InProcess, cloud, server, set, settings, text, want};

/// Both kinds, no page of which holds more than 20.
fn capped() -> [Bench; 2] {
    let benches = [cloud(), server()];
    for bench in &benches {
        bench.jira.set_quirks(|quirks| (quirks.search_page_cap, quirks.list_page_cap) = (20, 20));
    }
    benches
}

async fn make(bench: &Bench, count: usize) -> BTreeSet<IssueId> {
    let mut made = BTreeSet::new();
    let numbers: Vec<usize> = (0..count).collect();
    for part in numbers.chunks(50) {
        let drafts: Vec<_> = part.iter().map(|number| bench.draft(&number.to_string())).collect();
        for outcome in bench.write.create(&drafts).await {
            let WriteOutcome::Done(created) = outcome else { panic!("{outcome:?}") };
            made.insert(created.id);
        }
    }
    made
}

#[tokio::test(start_paused = true)]
async fn issues_asked_for_by_their_ids_all_come_however_small_a_page_is() {
    for bench in capped() {
        bench.identity().await;
        let made = make(&bench, 130).await;
        let ids: Vec<IssueId> = made.iter().copied().collect();
        let read = bench.read.rows(&ids, &want(&["summary"])).await.unwrap();
        let came: BTreeSet<IssueId> = read.rows.iter().map(|row| row.id).collect();
        assert_eq!(came, made, "{:?}", bench.read.kind());
        assert_eq!(read.rows.len(), made.len(), "each once");
        let fresh = bench.read.issues(&ids, &want(&["summary"])).await;
        assert!(fresh.iter().all(Result::is_ok));
        let found = bench.read.matching(bench.project, "summary is not EMPTY", &ids).await.unwrap();
        assert_eq!(found, made);
        let since = bench.jira.server_time() - jiff::SignedDuration::from_hours(1);
        let ours = bench.read.created_by_us(Some(bench.project), since, &BTreeSet::new()).await.unwrap();
        let ours = jirasyncd::jira::made(&*bench.read, ours, |_| false).await.unwrap();
        assert_eq!(ours.iter().map(|row| row.id).collect::<BTreeSet<_>>(), made);
    }
}

/// A token that is not taken any more is no word about the issues that were asked for: taken for one, they would have left their sync.
#[tokio::test(start_paused = true)]
async fn a_lost_token_says_of_no_issue_that_it_is_gone() {
    let bench = cloud();
    bench.identity().await;
    let made = make(&bench, 2).await;
    let ids: Vec<IssueId> = made.iter().copied().collect();
    for asked in [&ids[..], &ids[..1]] {
        bench.jira.clear_faults();
        bench.jira.add_fault(FaultRule::new("search", When::Nth(1), Fault::EmptyPage));
        bench.jira.add_fault(FaultRule::new("search", When::Always, Fault::LostToken));
        let error = bench.read.matching(bench.project, "summary is not EMPTY", asked).await.unwrap_err();
        assert!(error.to_string().contains("the next page was refused, though the first was not"), "{error}");
    }
    bench.jira.clear_faults();
    assert_eq!(bench.read.matching(bench.project, "summary is not EMPTY", &ids).await.unwrap(), made);
}

/// Data Center counts more than it gives, at once or after some: nobody is told that the rest is not there.
#[tokio::test(start_paused = true)]
async fn row_046_fewer_rows_than_the_total_are_no_answer() {
    for kept in [0, 2] {
        let bench = server();
        bench.identity().await;
        let ids: Vec<IssueId> = make(&bench, 3).await.into_iter().collect();
        let since = bench.jira.server_time() - jiff::SignedDuration::from_hours(1);
        let bent = Bent::new(Arc::new(InProcess(bench.jira.clone()))).back(move |place, asked, said| {
            if place.ends_with("/rest/api/2/search") {
                let start = usize::try_from(asked["startAt"].as_u64().unwrap()).unwrap();
                said["issues"].as_array_mut().unwrap().truncate(kept.max(start) - start);
            }
        });
        let settings = settings(Kind::DataCenter, &bench.jira.base_url(), presets::SYNC_TOKEN);
        let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
        let entropy = Arc::new(SeededEntropy::new(1));
        let (read, _) = connect(&settings, Arc::new(bent), clock, entropy);
        read.identity().await.unwrap();
        let words = format!("an empty page at row {kept} of 3");
        let told = [
            read.rows(&ids, &want(&["summary"])).await.unwrap_err(),
            read.matching(bench.project, "summary is not EMPTY", &ids).await.unwrap_err(),
            read.created_by_us(Some(bench.project), since, &BTreeSet::new()).await.unwrap_err(),
        ];
        for error in told {
            assert!(error.to_string().contains(&words), "{kept}: {error}");
        }
    }
}

/// Data Center pages by the number of a row. What changes or goes meanwhile pulls those behind it forward, past the start of a last
/// page that is short.
#[tokio::test(start_paused = true)]
async fn what_moves_before_a_short_last_page_pushes_no_row_out() {
    for goes in [false, true] {
        let bench = server();
        bench.jira.set_quirks(|quirks| quirks.search_page_cap = 20);
        bench.jira.set_permission(bench.project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        bench.identity().await;
        let made: Vec<IssueId> = make(&bench, 45).await.into_iter().collect();
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
        let (mut found, mut page) = (BTreeSet::new(), None);
        for round in 0..20 {
            let got = bench.read.changes(&bench.projects(), None, &want(&["summary"]), page.as_deref()).await.unwrap();
            found.extend(got.rows.iter().map(|row| row.id));
            page = got.next;
            if page.is_none() {
                break;
            }
            for issue in made[..10].iter().filter(|_| round == 1) {
                if goes {
                    assert!(matches!(bench.write.delete(*issue).await, WriteOutcome::Done(())));
                } else {
                    bench.write.edit(&set(*issue, "summary", text("changed"), "t"), &Want::default()).await;
                }
            }
        }
        assert_eq!(page, None, "paging ends");
        let missing: Vec<&IssueId> = made[10..].iter().filter(|issue| !found.contains(issue)).collect();
        assert_eq!(missing, Vec::<&IssueId>::new(), "gone: {goes}");
    }
}

#[tokio::test(start_paused = true)]
async fn polls_bring_every_row_however_small_a_page_is() {
    for bench in capped() {
        bench.identity().await;
        let since = bench.jira.server_time();
        let made = make(&bench, 130).await;
        let (mut rows, mut times) = (BTreeSet::new(), BTreeSet::new());
        let mut page = None;
        for _ in 0..40 {
            let got =
                bench.read.changes(&bench.projects(), Some(since), &want(&["summary"]), page.as_deref()).await.unwrap();
            rows.extend(got.rows.into_iter().map(|row| row.id));
            page = got.next;
            if page.is_none() {
                break;
            }
        }
        assert_eq!((&rows, page), (&made, None));
        let mut page = None;
        for _ in 0..40 {
            let got = bench.read.touched(&bench.projects(), since, page.as_deref()).await.unwrap();
            times.extend(got.rows.into_iter().map(|(issue, _)| issue));
            page = got.next;
            if page.is_none() {
                break;
            }
        }
        assert_eq!((times, page), (made, None));
    }
}

#[tokio::test(start_paused = true)]
async fn histories_comments_and_worklogs_are_whole_however_small_a_page_is() {
    for bench in capped() {
        bench.identity().await;
        let issue = bench.create("0").await;
        let human = &bench.jira.people()[1];
        for number in 1..=150 {
            human.edit(issue.key.as_str(), json!({ "summary": number.to_string() })).unwrap();
        }
        for number in 0..45 {
            human.comment(issue.key.as_str(), &number.to_string()).unwrap();
            human.log_work(issue.key.as_str(), "2026-03-02T09:00:00.000+0000", 60, &number.to_string()).unwrap();
        }
        let texts = |entries: Vec<jirasyncd::model::issue::LogEntry>| -> Vec<String> {
            let items = entries.into_iter().flat_map(|entry| entry.items);
            items.filter(|item| item.field == FieldId::from("summary")).filter_map(|item| item.to_text).collect()
        };
        let all = bench.read.log_after(issue.id, EntryId(0)).await.unwrap();
        assert_eq!(texts(all.clone()), (1..=150).map(|number| number.to_string()).collect::<Vec<_>>());
        for known in [5, 60, 119, 120, 149] {
            let tail = bench.read.log_after(issue.id, all[known].id).await.unwrap();
            assert_eq!(tail, all[known + 1..], "after {known} on {:?}", bench.read.kind());
        }
        assert_eq!(bench.read.comments(issue.id).await.unwrap().len(), 45);
        assert_eq!(bench.read.worklogs(issue.id).await.unwrap().len(), 45);
        let catalog = bench.read.catalog(bench.project, &BTreeSet::new()).await.unwrap();
        bench.jira.set_quirks(|quirks| quirks.list_page_cap = 3);
        assert_eq!(bench.read.catalog(bench.project, &BTreeSet::new()).await.unwrap(), catalog);
    }
}
