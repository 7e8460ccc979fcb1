//! A backfill costs hardly more calls and time than what it needs, and dying on the way doubles nothing and costs little. In
//! simulated time, so exact. Must never loosen a limit: they are what was promised.

use super::bulk::{Load, Sent, bare, daemon};

/// Ten thousand issues in the long run.
fn load() -> Load {
    Load { issues: if std::env::var_os("JIRASYNCD_LONG").is_some() { 10_000 } else { 200 } }
}

fn within(sent: &Sent, load: Load) {
    let limit = load.needed() as f64 * 1.1;
    assert!(sent.calls as f64 <= limit, "{} of {limit}: {sent:?}", sent.calls);
}

#[tokio::test(start_paused = true)]
async fn a_backfill_takes_hardly_more_than_it_needs() {
    let load = load();
    let sent = daemon(load, 0, false).await;
    let beside = bare(load, sent.at_once, false).await;
    println!("{} needed\n{sent:#?}\n{beside:#?}", load.needed());
    within(&sent, load);
    assert!(beside.calls as usize <= load.needed(), "{beside:?}");
    assert!(sent.took <= beside.took.mul_f64(1.2), "{:?}, bare {:?}", sent.took, beside.took);
}

#[tokio::test(start_paused = true)]
async fn a_backfill_that_dies_five_times_doubles_nothing_and_asks_little_again() {
    let load = load();
    let (whole, killed) = (daemon(load, 0, false).await, daemon(load, 5, false).await);
    println!("{whole:#?}\n{killed:#?}");
    let starts = killed.restart * killed.cut_off.len() as u64;
    let extra = (killed.calls - starts).saturating_sub(whole.calls);
    let limit = killed.cut_off.iter().map(|cut_off| cut_off + load.pages()).sum::<usize>();
    assert!(extra <= limit as u64, "{extra} of {limit} extra calls");
    assert!(killed.cut_off.iter().all(|cut_off| *cut_off > 0), "{killed:?}");
}
