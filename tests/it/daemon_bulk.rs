//! A backfill costs hardly more calls and time than what it needs, and dying on the way doubles nothing and costs little. In
//! simulated time, so exact. Must never loosen a limit: they are what was promised.

use super::bulk::{Load, bare, daemon};

fn is_long() -> bool {
    std::env::var_os("JIRASYNCD_LONG").is_some()
}

/// Ten thousand issues in the long run. In the short one the last request makes few.
fn load() -> Load {
    Load { issues: if is_long() { 10_000 } else { 409 }, rate: 1_000 }
}

#[tokio::test(start_paused = true)]
async fn a_backfill_takes_hardly_more_than_it_needs() {
    let load = load();
    let whole = daemon(load, 0, false).await;
    let beside = bare(load, whole.at_once, false).await;
    println!("{} needed\n{whole:#?}\n{beside:#?}", load.needed());
    assert!(whole.calls as f64 <= load.needed() as f64 * 1.1, "{} of {}: {whole:?}", whole.calls, load.needed());
    assert_eq!(beside.calls as usize, load.needed(), "the bare client does not send just what is needed");
    assert!(whole.took <= beside.took.mul_f64(1.2), "{:?}, bare {:?}", whole.took, beside.took);
    assert!(whole.at_once <= 26, "{} requests at once are more than was said", whole.at_once);
}

/// With few issues the starts are more than all that is in doubt: they are counted only in the long run.
#[tokio::test(start_paused = true)]
async fn a_backfill_that_dies_on_the_way_doubles_nothing_and_costs_little_more() {
    let load = Load { issues: if is_long() { 10_000 } else { 60 }, rate: 1_000 };
    let whole = daemon(load, 0, false).await;
    let killed = daemon(load, 5, false).await;
    println!("{whole:#?}\n{killed:#?}");
    assert!(killed.cut_off.iter().all(|cut_off| *cut_off > 0), "{killed:?}");
    let starts = if is_long() { 0 } else { killed.restart * killed.cut_off.len() as u64 };
    let extra = (killed.calls - starts).saturating_sub(whole.calls);
    let limit = killed.may_cost_more(load);
    assert!(extra <= limit, "{extra} of {limit} extra calls: {killed:?}");
}
