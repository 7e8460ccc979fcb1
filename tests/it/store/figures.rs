//! What the state tells of itself: who it is, figures, notes, ways, lists of items.

use jirasyncd::model::hub::{Absence, Away};
use jirasyncd::model::operation::IntentState;
use jirasyncd::model::store::{Cursor, Store, Urgency};

use super::in_every_mode;
use super::support::{World, at, conflict, id, intent, item, problem, record};

in_every_mode!(
    the_identity_is_made_once,
    figures_count,
    what_waits_for_an_issue_that_is_gone_is_not_open,
    notes_are_kept,
    ways_are_kept_per_project,
    items_are_listed_in_order,
    a_view_takes_nothing,
    a_sound_state_has_nothing_to_tell,
);

async fn the_identity_is_made_once(world: World) {
    let first = world.store.identity().await.unwrap();
    assert_eq!(first.daemon.len(), 32);
    assert!(first.daemon.chars().all(|digit| digit.is_ascii_hexdigit()));
    assert_ne!(first.seal_key, [0; 32]);
    let again = world.store.identity().await.unwrap();
    assert_eq!((&again.daemon, again.seal_key), (&first.daemon, first.seal_key));
    let shown = format!("{first:?}");
    assert!(!shown.contains("seal_key"), "{shown}");
}

async fn figures_count(world: World) {
    for number in 1..=5 {
        world.begin(number, Urgency::Backfill).await;
    }
    let claims = world.claim(0, 3).await;
    world.store.release(claims[0].item.id, claims[0].fence, Some(at(50)), 0).await.unwrap();
    let (held, fence) = (claims[1].item.id, claims[1].fence);
    world.store.open_intents(fence, &[intent(1, held, 0), intent(2, held, 0)]).await.unwrap();
    let mut told = record(item(2));
    told.intents.push((intent(1, held, 0).id, IntentState::Confirmed));
    told.conflicts = vec![conflict("a"), conflict("b")];
    told.problems = Some(vec![problem("p")]);
    world.store.record(&[(fence, told)]).await.unwrap();
    world.store.set_problems("sync one", &[problem("q")], at(0)).await.unwrap();
    let cursor = Some(Cursor { updated: at(9) });
    world.store.queue_hints(&"globex".into(), &[], &[], cursor, at(0)).await.unwrap();
    let figures = world.store.figures(at(0)).await.unwrap();
    assert_eq!((figures.items, figures.due, figures.claimed), (5, 2, 2));
    assert_eq!((figures.open_intents, figures.conflicts, figures.problems), (1, 2, 2));
    assert_eq!(figures.cursors, [("globex".into(), at(9))]);
    assert_eq!(world.store.figures(at(50)).await.unwrap().due, 3);
}

/// Of what was written to an issue that is gone, nobody waits to hear.
async fn what_waits_for_an_issue_that_is_gone_is_not_open(world: World) {
    world.begin(1, Urgency::Live).await;
    let claim = world.claim(0, 1).await.remove(0);
    let mut intents = [intent(1, id(1), 0), intent(2, id(1), 0)];
    intents[1].operation.side = "a".into();
    world.store.open_intents(claim.fence, &intents).await.unwrap();
    let moved = || Absence::Moved("OLD".to_owned());
    let ways = [
        (Absence::Missing, None, 2),
        (Absence::Missing, Some(at(5)), 1),
        (moved(), Some(at(5)), 2),
        (Absence::DeletedByUs, Some(at(5)), 1),
        (moved(), None, 2),
    ];
    for (how, confirmed, open) in ways {
        let mut told = record(item(1));
        let replica = told.item.replicas.get_mut(&"a".into()).unwrap();
        let since = at(1);
        replica.away = Some(Away { how, since, confirmed, moved_on: false, doubted: false, key: None });
        world.store.record(&[(claim.fence, told)]).await.unwrap();
        assert_eq!(world.store.figures(at(9)).await.unwrap().open_intents, open, "{confirmed:?}");
    }
}

async fn notes_are_kept(world: World) {
    assert_eq!(world.store.note("sweep").await.unwrap(), None);
    world.store.set_note("sweep", "1").await.unwrap();
    world.store.set_note("sweep", "2").await.unwrap();
    assert_eq!(world.store.note("sweep").await.unwrap().as_deref(), Some("2"));
}

async fn ways_are_kept_per_project(world: World) {
    let way = |from: &str, to: &str| ("Bug".to_owned(), from.to_owned(), to.to_owned());
    let (acme, globex) = ("acme".into(), "globex".into());
    world.store.learn_ways(&acme, "SUP", &[way("Open", "Done"), way("Open", "Closed")]).await.unwrap();
    world.store.learn_ways(&acme, "SUP", &[way("Open", "Done"), way("Done", "Open")]).await.unwrap();
    world.store.learn_ways(&globex, "SUP", &[way("Open", "Elsewhere")]).await.unwrap();
    let learnt = world.store.workflow(&acme, "SUP").await.unwrap();
    assert_eq!(learnt.from("Bug", "Open").collect::<Vec<_>>(), ["Closed", "Done"]);
    assert_eq!(learnt.from("Bug", "Done").collect::<Vec<_>>(), ["Open"]);
    assert_eq!(world.store.workflow(&acme, "OPS").await.unwrap().ways.len(), 0);
}

async fn items_are_listed_in_order(world: World) {
    for number in [300, 2, 1, 256] {
        world.begin(number, Urgency::Live).await;
    }
    let page = async |after, limit| world.store.item_ids(after, limit).await.unwrap();
    assert_eq!(page(None, 3).await, [id(1), id(2), id(256)]);
    assert_eq!(page(Some(id(256)), 3).await, [id(300)]);
    assert_eq!(page(Some(id(300)), 3).await, []);
    assert_eq!(world.store.item(id(5)).await.unwrap(), None);
}

async fn a_view_takes_nothing(world: World) {
    world.begin(1, Urgency::Live).await;
    assert_eq!(world.store.view(id(1), at(0)).await.unwrap().unwrap().item, item(1));
    assert!(world.store.view(id(2), at(0)).await.unwrap().is_none());
    assert_eq!(world.claimed(0, 10).await, [id(1)]);
}

async fn a_sound_state_has_nothing_to_tell(world: World) {
    world.begin(1, Urgency::Live).await;
    assert_eq!(world.store.check().await, Vec::<String>::new());
}
