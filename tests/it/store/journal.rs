//! Intents: durable before they are sent, never dropped, given with the claim as long as they may matter.

use jirasyncd::model::ids::OperationId;
use jirasyncd::model::operation::{IntentState, NO_COPY_THERE, NO_FILE_THERE};
use jirasyncd::model::store::{Store, StoreError, Urgency};

use super::in_every_mode;
use super::support::{World, at, id, intent, item, record};

const DAY: i64 = 86_400;

in_every_mode!(
    open_intents_come_with_the_claim,
    settled_intents_come_for_a_week,
    copies_that_were_given_up_come_for_ever,
    only_the_newest_settled_intents_come,
    a_late_landing_confirms_a_void_intent,
    searches_are_counted,
    an_unknown_intent_is_told,
    intents_need_the_lease_of_each_item,
);

impl World {
    /// Claims item 1 at `seconds`, and gives it back to be due at once.
    async fn intents_at(&self, seconds: i64) -> Vec<(u128, IntentState)> {
        let claim = self.claim_one(seconds).await;
        self.store.release(claim.item.id, claim.fence, Some(at(0)), 0).await.unwrap();
        claim.intents.into_iter().map(|intent| (intent.id.0, intent.state)).collect()
    }
}

async fn open_intents_come_with_the_claim(world: World) {
    world.begin(1, Urgency::Live).await;
    let claim = world.claim_one(0).await;
    assert!(claim.intents.is_empty());
    let (first, second) = (intent(9, id(1), 1), intent(3, id(1), 2));
    world.store.open_intents(claim.fence, &[first.clone(), second.clone()]).await.unwrap();
    assert_eq!(world.store.intent(first.id).await.unwrap(), Some(first.clone()));
    let answered = (second.id, IntentState::Answered);
    world.store.move_intents(&[(first.id, IntentState::InDoubt), answered.clone()]).await.unwrap();
    world.store.release(id(1), claim.fence, Some(at(0)), 0).await.unwrap();
    // Years later they still do: nobody knows yet what became of them.
    let seen = world.claim_one(4_000 * DAY).await.intents;
    let expected = [
        jirasyncd::model::operation::Intent { state: IntentState::InDoubt, ..first },
        jirasyncd::model::operation::Intent { state: IntentState::Answered, ..second },
    ];
    assert_eq!(seen, expected, "oldest first, with the state they are in now");
}

/// They may stand twice, whatever else became of the item since.
async fn copies_that_were_given_up_come_for_ever(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    let all: Vec<_> = (1..=64).map(|number| intent(number, id(1), 0)).collect();
    world.store.open_intents(fence, &all).await.unwrap();
    let given_up = [NO_COPY_THERE, NO_FILE_THERE].map(|why| IntentState::Void(why.to_owned()));
    world
        .store
        .move_intents(&[(OperationId(1), given_up[0].clone()), (OperationId(2), given_up[1].clone())])
        .await
        .unwrap();
    world.set(10);
    let rest: Vec<_> = (3..=64).map(|number| (OperationId(number), IntentState::Confirmed)).collect();
    world.store.move_intents(&rest).await.unwrap();
    world.store.release(id(1), fence, Some(at(0)), 0).await.unwrap();
    let seen = world.intents_at(20).await;
    assert_eq!((seen.len(), &seen[0].1, &seen[1].1), (52, &given_up[0], &given_up[1]), "{seen:?}");
    assert_eq!(world.intents_at(4_000 * DAY).await, [(1, given_up[0].clone()), (2, given_up[1].clone())]);
}

async fn settled_intents_come_for_a_week(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.open_intents(fence, &[intent(1, id(1), 0), intent(2, id(1), 0)]).await.unwrap();
    world.set(10);
    world.store.move_intents(&[(OperationId(1), IntentState::Confirmed)]).await.unwrap();
    let mut moved = record(item(1));
    moved.intents.push((OperationId(2), IntentState::Void("no such field".into())));
    world.set(20);
    world.store.record(&[(fence, moved)]).await.unwrap();
    world.store.release(id(1), fence, Some(at(0)), 0).await.unwrap();
    let void = IntentState::Void("no such field".into());
    assert_eq!(world.intents_at(7 * DAY).await, [(1, IntentState::Confirmed), (2, void.clone())]);
    assert_eq!(world.intents_at(7 * DAY + 15).await, [(2, void.clone())]);
    assert_eq!(world.intents_at(7 * DAY + 25).await, []);
    // By its id each is found for ever.
    assert_eq!(world.store.intent(OperationId(2)).await.unwrap().unwrap().state, void);
}

async fn only_the_newest_settled_intents_come(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    for number in 1..=60 {
        world.store.open_intents(fence, &[intent(number, id(1), 0)]).await.unwrap();
        if number > 1 {
            world.store.move_intents(&[(OperationId(number), IntentState::Confirmed)]).await.unwrap();
        }
    }
    world.store.release(id(1), fence, Some(at(0)), 0).await.unwrap();
    let numbers: Vec<u128> = world.intents_at(1).await.into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, std::iter::once(1).chain(11..=60).collect::<Vec<_>>(), "1 is open, 11 to 60 the newest 50");
}

async fn a_late_landing_confirms_a_void_intent(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.open_intents(fence, &[intent(1, id(1), 0)]).await.unwrap();
    for state in [IntentState::InDoubt, IntentState::Void("not found".into()), IntentState::Confirmed] {
        world.store.move_intents(&[(OperationId(1), state.clone())]).await.unwrap();
        assert_eq!(world.store.intent(OperationId(1)).await.unwrap().unwrap().state, state);
    }
}

async fn searches_are_counted(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.open_intents(fence, &[intent(1, id(1), 0)]).await.unwrap();
    world.store.count_search(OperationId(1)).await.unwrap();
    world.store.count_search(OperationId(1)).await.unwrap();
    assert_eq!(world.store.intent(OperationId(1)).await.unwrap().unwrap().searches, 2);
}

async fn an_unknown_intent_is_told(world: World) {
    world.begin(1, Urgency::Live).await;
    let fence = world.claim_one(0).await.fence;
    world.store.open_intents(fence, &[intent(1, id(1), 0)]).await.unwrap();
    let moves = [(OperationId(1), IntentState::Confirmed), (OperationId(404), IntentState::Confirmed)];
    let error = world.store.move_intents(&moves).await.unwrap_err();
    let StoreError::Database { source, .. } = error else { panic!("{error}") };
    assert!(source.to_string().contains("no intent 00000000000000000000000000000194"), "{source}");
    // All of it or nothing.
    assert_eq!(world.store.intent(OperationId(1)).await.unwrap().unwrap().state, IntentState::Open);
    assert!(world.store.count_search(OperationId(404)).await.is_err());
    assert_eq!(world.store.intent(OperationId(404)).await.unwrap(), None);
}

async fn intents_need_the_lease_of_each_item(world: World) {
    world.begin(1, Urgency::Live).await;
    world.begin(2, Urgency::Live).await;
    let fence = world.claim(0, 1).await[0].fence;
    let both = [intent(1, id(1), 0), intent(2, id(2), 0)];
    let error = world.store.open_intents(fence, &both).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced { item } if item == id(2)), "{error}");
    assert_eq!(world.store.intent(OperationId(1)).await.unwrap(), None, "half of it was kept");
}
