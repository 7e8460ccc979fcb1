//! What things cost in REST calls, held against what was promised and against the table in `benches/README.md`, which is
//! exactly what is counted (`UPDATE=1` writes it anew). Must never loosen a limit without saying there what became dearer.

use std::path::Path;

use super::counted::{self, Row};

#[tokio::test(start_paused = true)]
async fn an_idle_daemon_sends_one_search_per_instance_and_interval() {
    for rows in [
        counted::scenarios::idle().await,
        counted::scenarios::idle_of_two_syncs().await,
        counted::scenarios::idle_of_many().await,
    ] {
        for row in rows {
            assert_eq!((row.intervals, row.polls.calls, row.work.calls), (1, 1, 0), "{row:?}");
        }
    }
}

/// Between these two the table of `benches/README.md` lies.
const BEGIN: &str = "<!-- counted by `cargo bench --bench calls` -->\n";
const END: &str = "<!-- end of what is counted -->\n";

#[tokio::test(start_paused = true)]
async fn every_limit_holds_and_the_published_figures_are_what_is_counted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the table's beginning");
    let (written, tail) = rest.split_once(END).expect("the table's end");
    let rows = counted::scenarios::all().await;
    let counted = counted::table(&rows);
    println!("{counted}");
    rows.iter().for_each(Row::hold);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{counted}{END}{tail}")).unwrap();
        return;
    }
    assert_eq!(written, counted, "UPDATE=1 writes the table anew; say why it changed");
}

#[tokio::test(start_paused = true)]
async fn recorded_issues_of_real_jiras_are_carried() {
    let Some(recorded) = counted::recorded_issues().await else { return };
    println!("{recorded}");
    assert_eq!((recorded.issues, recorded.copies), (55, 55), "{recorded}");
    assert_eq!(recorded.summaries, recorded.issues, "{recorded}");
}
