//! What the daemon takes while large files cross: the real binary, its own peak as the system counts it. The Jiras are in the
//! process of the test. Must never call a file carried that was not compared.

use std::time::Duration;

use jirasyncd::simulator::{AttachmentView, Jira};
use serde_json::json;
use tokio::time::Instant;

use super::cli_world::{Place, World};
use super::process_support::Running;

/// What the daemon may take, whatever crosses.
const MOST_RESIDENT_KIB: u64 = 100_000_000 / 1_024;
/// What it may take more than before: a small part of what grew with the files would show at the shortest of them.
const MOST_GROWTH_KIB: u64 = 48 * 1_024;
const MIB: u64 = 1 << 20;

async fn world() -> (World, Place) {
    let world = World::with(|acme, globex| {
        for setup in [acme, globex] {
            setup.quirks.upload_limit = 4 << 30;
        }
    })
    .await;
    let mut text = world.configuration().replace("[sync.support]\n", "[sync.support]\nattachments = \"both\"\n");
    text = text.replace("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"2s\"");
    let place = Place::new(&text);
    (world, place)
}

/// Whose files go to whom.
#[derive(Clone, Copy)]
enum Way {
    ToDataCenter,
    ToCloud,
}

impl Way {
    fn from(self, world: &World) -> &Jira {
        match self {
            Self::ToDataCenter => &world.acme,
            Self::ToCloud => &world.globex,
        }
    }

    fn to(self, world: &World) -> &Jira {
        match self {
            Self::ToDataCenter => &world.globex,
            Self::ToCloud => &world.acme,
        }
    }

    /// Who attaches them, in which project, to issues of which type and priority.
    fn by(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::ToDataCenter => ("jane", "SUP", "Bug", "Highest"),
            Self::ToCloud => ("jdoe", "ENG", "Defect", "P1"),
        }
    }
}

fn copies(to: &Jira) -> Vec<AttachmentView> {
    to.issues().into_iter().flat_map(|issue| issue.attachments).collect()
}

/// Carries files of that many bytes, one to an issue, and gives the daemon's peak in KiB.
async fn carry(way: Way, files: &[u64], within: Duration) -> u64 {
    let (world, place) = world().await;
    let running = Running::start(&place, 0);
    running.ready().await;
    // Before there is any file: a transfer may begin as soon as there is.
    let before = running.memory_kib("VmHWM");
    let (from, to) = (way.from(&world), way.to(&world));
    let (who, project, kind, priority) = way.by();
    let person = from.person(who).unwrap();
    let mut names = Vec::new();
    for (number, length) in files.iter().enumerate() {
        let fields = json!({ "summary": format!("Item {number}"), "priority": { "name": priority } });
        let key = person.create(project, kind, fields).unwrap();
        let name = format!("large-{number}.bin");
        let id = person.attach_filled(&key, &name, *length).await.unwrap();
        names.push((name, from.file_hash(id.parse().unwrap()).unwrap()));
    }
    let began = Instant::now();
    while copies(to).len() < files.len() {
        assert!(began.elapsed() < within, "{:?}\n{}", copies(to), running.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let peak = running.memory_kib("VmHWM");
    println!("{files:?} bytes in {:?}: at most {peak} KiB, {before} KiB before", began.elapsed());
    assert!(before > 1_000, "nothing was measured");
    assert!(peak - before < MOST_GROWTH_KIB, "{before} KiB before, {peak} KiB then");
    let mut copied: Vec<(String, Vec<u8>)> =
        copies(to).into_iter().map(|file| (file.name, to.file_hash(file.id).unwrap())).collect();
    copied.sort();
    names.sort();
    assert_eq!(copied, names);
    running.terminate(Duration::from_secs(10)).await;
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_does_not_grow_the_daemon() {
    // A gibibyte takes long where the code is not optimised.
    let length = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1_024 * MIB } else { 200 * MIB };
    for way in [Way::ToDataCenter, Way::ToCloud] {
        let peak = carry(way, &[length], Duration::from_secs(600)).await;
        assert!(peak < MOST_RESIDENT_KIB, "{peak} KiB");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_large_files_at_once_do_not_grow_the_daemon() {
    let length = if std::env::var_os("JIRASYNCD_LONG").is_some() { 256 * MIB } else { 16 * MIB };
    let peak = carry(Way::ToDataCenter, &[length; 12], Duration::from_secs(600)).await;
    assert!(peak < MOST_RESIDENT_KIB, "{peak} KiB");
}
