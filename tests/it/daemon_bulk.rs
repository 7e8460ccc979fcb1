//! A backfill costs hardly more calls and time than what it needs, and dying on the way doubles nothing and costs little. In
//! simulated time, so exact. Must never loosen a limit: they are what was promised.

use super::bulk::{Load, bare, daemon};

/// Ten thousand issues in the long run, as fast as a Jira may allow. Without any such limit the daemon is slower beside the bare client
/// (`benches/README.md`).
fn load() -> Load {
    let long = std::env::var_os("JIRASYNCD_LONG").is_some();
    if long { Load { issues: 10_000, rate: 100 } } else { Load { issues: 60, rate: 1_000 } }
}

#[tokio::test(start_paused = true)]
async fn a_backfill_takes_hardly_more_than_it_needs_and_little_more_when_it_dies_on_the_way() {
    let load = load();
    let whole = daemon(load, 0, false).await;
    let beside = bare(load, whole.at_once, false).await;
    let killed = daemon(load, 5, false).await;
    println!("{} needed\n{whole:#?}\n{beside:#?}\n{killed:#?}", load.needed());

    assert!(whole.calls as f64 <= load.needed() as f64 * 1.1, "{} of {}: {whole:?}", whole.calls, load.needed());
    assert_eq!(beside.calls as usize, load.needed(), "the bare client does not send just what is needed");
    assert!(whole.took <= beside.took.mul_f64(1.2), "{:?}, bare {:?}", whole.took, beside.took);

    assert!(killed.cut_off.iter().all(|cut_off| *cut_off > 0), "{killed:?}");
    let starts = killed.restart * killed.cut_off.len() as u64;
    let extra = (killed.calls - starts).saturating_sub(whole.calls);
    let limit = killed.may_cost_more(load);
    assert!(extra <= limit, "{extra} of {limit} extra calls: {killed:?}");
}
