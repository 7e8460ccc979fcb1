//! What comes in at our own doors, made of true and made-up pieces by a seeded generator, where no fuzzer is at hand: what signs a webhook, what
//! a browser brings back, the file of a key, saved plans, and requests at the control socket. Must never hold what its targets check: they are
//! in `fuzz/doors.rs`.

use jirasyncd::app::{Chosen, Words, preview_with_inputs, save_inputs};
use jirasyncd::console::Request;
use jirasyncd::jira::code_in;
use jirasyncd::model::command::{Command, Target};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::plan::SavedInput;
use jirasyncd::store::read_key;
use serde_json::json;

use super::daemon_restored::{ACME, carrying, create, edit, say};
use super::daemon_support::{World, two};
use super::text_fuzz::search;

#[path = "../../fuzz/doors.rs"]
mod doors;

const SIGNING: [&str; 14] = [
    "\n",
    "\n\n",
    "sha256=",
    "SHA256=",
    "sha1=",
    "none=",
    "=",
    "00",
    "A4771C39",
    doors::SIGNATURE,
    doors::SIGNED,
    ", ",
    "\u{e9}",
    "\0",
];

const BROUGHT: [&str; 16] = [
    "code=",
    "state=",
    "&",
    "=",
    "%",
    "%00",
    "%zz",
    "+",
    "%26state%3Dours",
    "error=access_denied",
    "error_description=",
    "\n",
    "ours",
    "theirs",
    "\u{202e}",
    ";",
];

const OF_A_KEY: [&str; 12] = [
    "jirasyncd-state-key-1",
    "jirasyncd-state-key-2",
    " ",
    "\n",
    "\r\n",
    "0123456789abcdef0123456789abcdef",
    "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    "g",
    "-f",
    "+f",
    "\u{ff10}",
    "\0",
];

const OF_PLANS: [&str; 24] = [
    "\n",
    "null",
    "{}",
    "[]",
    "-1",
    "1e400",
    "18446744073709551616",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"-009999-01-02T00:00:00Z\"",
    "\"items\":",
    "\"jirasyncd-plans\":2,",
    "\"acme\":",
    "\"globex\":",
    "\"acme\"",
    "\"globex\"",
    "\"home\":\"nobody\",",
    "\"bases\":{},",
    "\"replicas\":{},",
    "\"sides\":[],",
    "\"both\"",
    "\"ask\"",
    "[[[[[[[[",
    "\"\\ud800\"",
    "\u{202e}\u{0}",
];

const OF_COMMANDS: [&str; 20] = [
    "null",
    "{}",
    "[]",
    "\"pause\":",
    "\"everything\"",
    "\"sync\":",
    "\"instance\":\"acme\"",
    "\"dry_run\":",
    "true",
    "\"filter\":{},",
    "\"retry\"",
    "-1",
    "18446744073709551616",
    "\"state\":\"/elsewhere\",",
    "\"command\":",
    "[[[[[[[[",
    "\u{202e}\u{1b}[2J",
    "\r\n\r\n",
    "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /command HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
];

fn key_file() -> String {
    format!("jirasyncd-state-key-1 {} {}\n", "0f".repeat(16), "a7".repeat(32))
}

/// Requests that are carried out.
fn requests() -> Vec<Vec<u8>> {
    let (sync, filter) = (|| "support".into(), ProblemFilter::default);
    let commands = [
        Command::Pause(Target::Everything),
        Command::Resume(Target::Instance("acme".into())),
        Command::Pair { sync: sync(), keys: vec!["SUP-1".into(), "globex:ENG-1".into()], dry_run: true },
        Command::Take { filter: filter(), take: "acme".into(), dry_run: false },
        Command::Dismiss { filter: filter(), undo: true, dry_run: false },
        Command::Detach { sync: sync(), strip_marks: true, dry_run: false },
        Command::Retry,
    ];
    let of = |command| Request { state: doors::STATE.into(), command };
    commands.map(|command| serde_json::to_vec(&of(command)).unwrap()).into()
}

#[test]
fn nothing_that_comes_in_at_our_doors_breaks_its_reader() {
    let signed = format!("{}\n\n{}", doors::SIGNATURE, doors::SIGNED).into_bytes();
    search(&SIGNING, &[("signature", doors::signature, &[signed], 3_000)]);
    let brought: Vec<Vec<u8>> = [
        "code=a%2Bb&state=ours\nours",
        "state=ours&error=access_denied&error_description=No\nours",
        "code=x&code=y&state=theirs&state=ours\nours",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    search(&BROUGHT, &[("granted", doors::granted, &brought, 8_000)]);
    search(&OF_A_KEY, &[("key", doors::key, &[key_file().into_bytes()], 1_500)]);
    search(&OF_COMMANDS, &[("command", doors::command, &requests(), 300)]);
}

/// Where the examples were not understood, nothing that is made of them would be.
#[test]
fn the_examples_of_our_doors_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, key_file()).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(read_key(&file).unwrap().seal_key, [0xa7; 32]);
    assert_eq!(code_in("code=a%2Bb&state=ours", "ours").unwrap().unwrap().expose(), "a+b");
    // Whether they are taken the targets themselves hold against what they say.
    doors::signature(format!("{}\n\n{}", doors::SIGNATURE, doors::SIGNED).as_bytes());
    for request in requests() {
        let asked: Request = serde_json::from_slice(&request).unwrap();
        assert_eq!(asked.state, std::path::Path::new(doors::STATE));
        doors::command(&request);
    }
}

/// What plans are made from where much has happened, as it is saved.
async fn saved() -> Vec<Vec<u8>> {
    let mut world = World::new(&carrying(&two()), |_| {}).await;
    create(&world, ACME, "First");
    create(&world, ACME, "Second");
    world.settle().await;
    say(&world, ACME, "First", "Early");
    edit(&world, ACME, "Second", json!({ "summary": "Second, edited" }));
    world.pass(60).await;
    world.daemon = None;
    let (config, here) = (world.config.clone(), world.surroundings());
    let planned = preview_with_inputs(config, here, Chosen::All, Existing::ReMap).await.unwrap();
    let inputs: Vec<&SavedInput> = planned.items.iter().filter_map(|item| item.input.as_deref()).collect();
    assert!(inputs.len() >= 2, "{} inputs", inputs.len());
    let file = world.state().with_extension("plans");
    let save = |words, inputs: &[&SavedInput]| {
        save_inputs(&file, inputs, words).unwrap();
        let content = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        content
    };
    vec![save(Words::Kept, &inputs), save(Words::Replaced, &inputs[..1])]
}

#[tokio::test(start_paused = true)]
async fn no_file_of_saved_plans_breaks_its_reader() {
    let saved = saved().await;
    for whole in &saved {
        doors::plans(whole);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("whole.plans");
        std::fs::write(&file, whole).unwrap();
        let replayed = jirasyncd::app::replay(&file).unwrap();
        assert!(!replayed.is_empty() && replayed.iter().any(|plan| !plan.plan.operations.is_empty()), "{replayed:?}");
    }
    search(&OF_PLANS, &[("plans", doors::plans, &saved, 600)]);
}
