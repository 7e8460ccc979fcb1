//! Random sequences of hints, claims, releases and crashes: no hint is lost, and no item is held twice.

use std::collections::BTreeMap;

use jirasyncd::model::store::{Store, StoreError, Urgency};
use proptest::prelude::*;

use super::support::{World, at, id, polled};

const ITEMS: u64 = 4;

#[derive(Debug, Clone)]
enum Happening {
    Hint(u64),
    Sweep(u64),
    Claim(usize),
    ClaimThis(u64),
    Release { number: u64, due_in: Option<i64> },
    ReleaseWithOldFence(u64),
    Crash,
    Wait(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let number = 1..=ITEMS;
    prop_oneof![
        4 => number.clone().prop_map(Happening::Hint),
        1 => number.clone().prop_map(Happening::Sweep),
        3 => (1..4_usize).prop_map(Happening::Claim),
        1 => number.clone().prop_map(Happening::ClaimThis),
        4 => (number.clone(), prop::option::of(0..100_i64))
            .prop_map(|(number, due_in)| Happening::Release { number, due_in }),
        1 => number.prop_map(Happening::ReleaseWithOldFence),
        1 => Just(Happening::Crash),
        2 => (1..60_i64).prop_map(Happening::Wait),
    ]
}

/// What must be true of one item, kept by the plainest means.
#[derive(Debug, Default, Clone)]
struct Expected {
    /// Something happened that no claim has taken in: by when it must be possible to claim it.
    wanted_by: Option<i64>,
    held: bool,
    fence: u64,
}

struct Model {
    world: World,
    items: BTreeMap<u64, Expected>,
    now: i64,
}

impl Model {
    async fn new() -> Self {
        let world = World::in_memory();
        for number in 1..=ITEMS {
            world.begin(number, Urgency::Backfill).await;
        }
        let item = Expected { wanted_by: Some(0), ..Expected::default() };
        Self { world, items: (1..=ITEMS).map(|number| (number, item.clone())).collect(), now: 0 }
    }

    fn want(&mut self, number: u64, by: i64) {
        let item = self.items.get_mut(&number).unwrap();
        item.wanted_by = Some(item.wanted_by.map_or(by, |other| other.min(by)));
    }

    fn took(&mut self, claims: &[jirasyncd::model::store::Claim]) {
        for claim in claims {
            let item = self.items.get_mut(&u64::try_from(claim.item.id.0).unwrap()).unwrap();
            assert!(!item.held, "claimed twice: {:?}", claim.item.id);
            assert_eq!(claim.fence, item.fence + 1, "each claim has its own fence");
            *item = Expected { wanted_by: None, held: true, fence: claim.fence };
        }
    }

    fn due(&self) -> Vec<u64> {
        let due = |item: &Expected| !item.held && item.wanted_by.is_some_and(|by| by <= self.now);
        self.items.iter().filter(|(_, item)| due(item)).map(|(number, _)| *number).collect()
    }

    async fn step(&mut self, happening: &Happening) {
        match happening {
            Happening::Hint(number) => {
                self.world.hint(*number, self.now).await;
                self.want(*number, self.now);
            }
            Happening::Sweep(number) => {
                let due = at(self.now);
                self.world.store.queue_items(&[id(*number)], Urgency::Sweep, due, &polled()).await.unwrap();
                self.want(*number, self.now);
            }
            Happening::Claim(limit) => {
                let due = self.due().len();
                let claims = self.world.claim(self.now, *limit).await;
                // One claim gives one urgency only, and never nothing where something is due.
                assert_eq!(claims.is_empty(), due.min(*limit) == 0, "something due was not given, or given too early");
                assert!(claims.len() <= due.min(*limit), "more was given than is due");
                assert!(claims.windows(2).all(|pair| pair[0].urgency == pair[1].urgency), "{claims:?}");
                self.took(&claims);
            }
            Happening::ClaimThis(number) => {
                let free = !self.items[number].held;
                let claims = self.world.store.claim_these("me", at(self.now), &[id(*number)]).await.unwrap();
                assert_eq!(claims.len(), usize::from(free));
                self.took(&claims);
            }
            Happening::Release { number, due_in } => self.release(*number, *due_in).await,
            Happening::ReleaseWithOldFence(number) => {
                let old = self.items[number].fence.wrapping_sub(1);
                let result = self.world.store.release(id(*number), old, None, 0).await;
                assert!(matches!(result, Err(StoreError::Fenced { .. })));
            }
            Happening::Crash => {
                self.world.set(self.now);
                self.world.store.free_all().await.unwrap();
                for number in 1..=ITEMS {
                    if self.items[&number].held {
                        self.items.get_mut(&number).unwrap().held = false;
                        self.want(number, self.now);
                    }
                }
            }
            Happening::Wait(seconds) => self.now += seconds,
        }
        let next = self.items.values().filter(|item| !item.held).filter_map(|item| item.wanted_by).min();
        assert_eq!(self.world.store.next_due(Urgency::Sweep).await.unwrap(), next.map(at));
    }

    async fn release(&mut self, number: u64, due_in: Option<i64>) {
        let Expected { held, fence, .. } = self.items[&number];
        let due = due_in.map(|seconds| self.now + seconds);
        let result = self.world.store.release(id(number), fence, due.map(at), 0).await;
        assert_eq!(result.is_ok(), held, "{result:?}");
        if held {
            self.items.get_mut(&number).unwrap().held = false;
            if let Some(due) = due {
                self.want(number, due);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_hint_is_lost_and_no_item_is_held_twice(happenings in prop::collection::vec(happening(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new().await;
            for happening in &happenings {
                model.step(happening).await;
            }
        });
    }
}
