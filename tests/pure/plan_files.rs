//! Files, as they are noted, copied and taken back. Must never delete a copy for anything but a read of both issues themselves.

use std::collections::BTreeMap;

use jirasyncd::model::hub::FileCopy;
use jirasyncd::model::ids::{AttachmentId, SideId};
use jirasyncd::model::issue::AttachmentSnapshot;
use jirasyncd::model::operation::{Action, Operation};
use jirasyncd::model::settings::ConflictPolicy;
use jirasyncd::plan::{Observation, Plan, plan};

use super::plan_world::{SOUND, World, side};

/// Two sides in step whose files cross, up to a thousand bytes.
fn world() -> World {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let rules = &mut world.sync.attachments;
    rules.from = sides.into_iter().collect();
    rules.to = rules.from.clone();
    world.catalogs.values_mut().for_each(|catalog| catalog.upload_limit = Some(1_000));
    world
}

fn file(world: &World, id: &str, size: u64) -> AttachmentSnapshot {
    AttachmentSnapshot {
        id: AttachmentId::new(id),
        name: "plan.pdf".to_owned(),
        size,
        mime: "application/pdf".to_owned(),
        author: Some("person-a".into()),
        created: world.item.replicas[&side(0)].updated,
    }
}

/// What is planned where both issues show these files.
fn made(world: &World, direct: bool, shown: [&[AttachmentSnapshot]; 2]) -> Plan {
    let seen = |on: usize| -> (SideId, Observation) {
        let mut read = world.observe(&side(on), direct).unwrap();
        read.snapshot.attachments = Some(shown[on].to_vec());
        (side(on), read)
    };
    let observed = BTreeMap::from([seen(0), seen(1)]);
    let offers = world.offers(&world.everywhere());
    plan(&world.input(&observed, &offers))
}

#[test]
fn a_file_is_copied_once_and_its_copy_goes_with_it() {
    let mut world = world();
    let here = [file(&world, "7", 10)];
    let plan = made(&world, true, [&here, &[]]);
    assert!(matches!(&plan.operations[..], [Operation { action: Action::AddFile { size: 10, .. }, .. }]), "{plan:?}");
    world.item = plan.item;
    let copy = FileCopy { id: AttachmentId::new("20"), name: "plan.pdf".to_owned(), gone: false, taken: false };
    world.item.attachments[0].copies.insert(side(1), copy);
    let mut there = [file(&world, "20", 10)];
    there[0].author = Some("sync".into());
    assert_eq!(made(&world, true, [&here, &there]).operations, []);
    let taken = Action::DeleteFile {
        origin: side(0),
        file: AttachmentId::new("7"),
        copy: AttachmentId::new("20"),
        taken: None,
    };
    assert_eq!(made(&world, true, [&[], &there]).operations, [Operation { side: side(1), action: taken }]);
    // An index may be behind, and what is gone there already is not deleted.
    assert_eq!(made(&world, false, [&[], &there]).operations, []);
    let plan = made(&world, true, [&[], &[]]);
    assert_eq!(plan.operations, []);
    assert!(plan.item.attachments[0].copies[&side(1)].gone);
}

/// A type narrows what crosses: also what is named, or spoken of.
#[test]
fn only_files_of_the_types_that_are_named_cross() {
    let cases: [(&[&str], &str, bool); 8] = [
        (&[], "application/pdf", true),
        (&["application/pdf"], "application/pdf", true),
        (&["Application/*"], "application/PDF; version=1.7", true),
        (&["image/*", "application/pdf"], "image/png", true),
        (&["image/*"], "application/pdf", false),
        (&["image/*"], "", false),
        (&["application/octet-stream"], "", true),
        (&["pdf"], "application/pdf", false),
    ];
    for (types, told, crosses) in cases {
        let mut world = world();
        world.sync.attachments.types = types.iter().map(|pattern| (*pattern).to_owned()).collect();
        world.sync.attachments.names = vec!["*.pdf".to_owned()];
        let mut here = [file(&world, "7", 10)];
        told.clone_into(&mut here[0].mime);
        assert_eq!(made(&world, true, [&here, &[]]).operations.len(), usize::from(crosses), "{types:?}, `{told}`");
    }
}

#[test]
fn one_that_is_too_large_is_told_with_what_would_help() {
    for (limit, largest, words) in [
        (None, None, "that Jira takes no files"),
        (Some(1_000), None, "it has 2000 bytes, and that Jira takes 1000"),
        (Some(5_000), Some(1_500), "more than `largest` allows"),
    ] {
        let mut world = world();
        world.catalogs.get_mut(&side(1)).unwrap().upload_limit = limit;
        world.sync.attachments.largest = largest;
        let here = [file(&world, "7", 2_000)];
        let plan = made(&world, true, [&here, &[]]);
        assert_eq!(plan.operations, []);
        assert!(
            matches!(&plan.holds[..], [hold] if hold.side == side(1) && hold.why.contains(words)),
            "{:?}",
            plan.holds
        );
    }
}
