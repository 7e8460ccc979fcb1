//! The whole set-up at a terminal, from `init` to the first issue that crosses: typed in a terminal of its own (`tmux`), counted, and kept
//! as docs/setup.md, which `UPDATE=1` writes anew. Must never speak to a terminal server that it did not start.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use jirasyncd::simulator::{ProjectSetup, Setup};
use serde_json::json;

use super::cli_init::{empty_place, people_in_both};
use super::cli_world::{ACME_TOKEN, GLOBEX_TOKEN, Place, World};

/// The most answers that a set-up of two Jiras may need.
const MOST_ANSWERS: usize = 12;
/// How long a screen is waited for.
const WITHIN: Duration = Duration::from_secs(60);

/// A terminal with a shell in it, in a place.
pub(crate) struct Terminal {
    socket: PathBuf,
    keys: usize,
    answers: usize,
    frames: Vec<(String, String)>,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]);
    }
}

impl Terminal {
    /// `None`: there is no `tmux` here, which is said.
    pub(crate) fn open(place: &Place) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("skipped: `tmux` is not installed");
            return None;
        }
        let terminal = Self { socket: place.file("tmux"), keys: 0, answers: 0, frames: Vec::new() };
        let folder = PathBuf::from(env!("CARGO_BIN_EXE_jirasyncd")).parent().unwrap().to_owned();
        let path = format!("PATH={}:/usr/bin:/bin", folder.display());
        let started = terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "150",
            "-y",
            "60",
            "-c",
            place.folder.path().to_str().unwrap(),
            "env",
            "-i",
            &path,
            "TERM=screen",
            "NO_COLOR=1",
            "LANG=C.UTF-8",
            "PS1=$ ",
            "sh",
        ]);
        assert!(started.is_some(), "the terminal does not start");
        Some(terminal)
    }

    fn tmux(&self, words: &[&str]) -> Option<String> {
        let output = Command::new("tmux").env_remove("TMUX").arg("-S").arg(&self.socket).args(words).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// All that was shown so far.
    pub(crate) fn shown(&self) -> String {
        let text = self.tmux(&["capture-pane", "-p", "-S", "-"]).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// Waits until `part` stands behind what was there `before`.
    pub(crate) async fn wait(&self, before: usize, part: &str) {
        let begun = tokio::time::Instant::now();
        while !self.shown().get(before..).unwrap_or_default().contains(part) {
            assert!(begun.elapsed() < WITHIN, "`{part}` never came:\n{}", self.shown());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.keys += text.chars().count();
        if !text.is_empty() {
            self.tmux(&["send-keys", "-l", "--", text]).unwrap();
        }
    }

    pub(crate) fn enter(&mut self) {
        self.keys += 1;
        self.tmux(&["send-keys", "Enter"]).unwrap();
    }

    /// Answers one question, once it stands there.
    pub(crate) async fn answer(&mut self, question: &str, text: &str) {
        self.wait(0, question).await;
        self.type_in(text);
        if !text.is_empty() {
            // What a list shows of what was typed.
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        if question.starts_with("Which project of cloud") || question.starts_with("Who is who") {
            let shown = self.shown();
            let from = shown.rfind(question).map_or(0, |at| shown[..at].rfind('\n').map_or(0, |line| line + 1));
            self.frames.push((question.to_owned(), shown[from..].to_owned()));
        }
        self.answers += 1;
        self.enter();
    }

    /// Waits until the shell asks for the next command: what is typed before that stands where nobody typed it.
    async fn prompt(&self) {
        let begun = tokio::time::Instant::now();
        while self.shown().lines().last() != Some("$") {
            assert!(begun.elapsed() < WITHIN, "the prompt never came:\n{}", self.shown());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a command, and waits for its last words and its end.
    async fn command(&mut self, words: &str, until: &str) {
        self.prompt().await;
        let before = self.shown().len();
        self.type_in(words);
        self.enter();
        self.wait(before + words.len(), until).await;
        self.prompt().await;
    }
}

/// A few projects more, so that there is something to choose from.
fn more_projects(acme: &mut Setup, globex: &mut Setup) {
    people_in_both(acme, globex);
    for (setup, names) in
        [(acme, [("WEB", "Website"), ("HR", "People")]), (globex, [("OPS", "Operations"), ("LAB", "Laboratory")])]
    {
        for (nth, (key, name)) in names.into_iter().enumerate() {
            let project = ProjectSetup {
                key: key.into(),
                name: name.into(),
                id: 19_000 + u64::try_from(nth).unwrap(),
                ..setup.projects[0].clone()
            };
            setup.projects.push(project);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_takes_twelve_answers_at_most_and_is_recorded() {
    let world = World::with(more_projects).await;
    let place = empty_place();
    let Some(mut terminal) = Terminal::open(&place) else { return };
    let fields = json!({ "summary": "The printer is on fire", "priority": { "name": "High" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    terminal.wait(0, "$").await;
    let (acme, globex) = (world.acme.base_url(), world.globex.base_url());
    terminal.type_in("jirasyncd init --config jirasyncd.toml");
    terminal.enter();
    terminal.answer("Where is the first Jira?", &acme).await;
    terminal.answer("sync user?", "sync@acme.example").await;
    terminal.answer("the API token of the sync user?", ACME_TOKEN).await;
    terminal.answer("Where is the second?", &globex).await;
    terminal.answer("a personal access token of the sync user?", GLOBEX_TOKEN).await;
    terminal.answer("Is there another?", "").await;
    terminal.answer("Which project of cloud?", "supp").await;
    terminal.answer("Which project of data-center?", "eng").await;
    terminal.answer("Who is who?", "").await;
    terminal.answer("Map another person of cloud?", "").await;
    terminal.answer("Write it?", "").await;
    terminal.wait(0, "keeps all in step").await;
    assert_eq!([world.acme.issues().len(), world.globex.issues().len()], [1, 0], "it wrote to a Jira");
    terminal.command("jirasyncd check --config jirasyncd.toml", "0 errors").await;
    terminal.command("jirasyncd run --once --limit 1 --log warn --config jirasyncd.toml", "0 problems").await;
    assert_eq!(world.globex.issues().len(), 1, "{}", terminal.shown());
    assert_eq!(world.globex.issues()[0].fields["summary"], "The printer is on fire");
    terminal.command("jirasyncd pairs export sup-eng --config jirasyncd.toml", "ENG-1").await;
    let shown = terminal.shown();
    assert!(!shown.contains("canary"), "a token was shown");
    assert!(terminal.answers <= MOST_ANSWERS, "{} answers", terminal.answers);
    let typed = [acme.as_str(), &globex, ACME_TOKEN, GLOBEX_TOKEN, "sync@acme.example"];
    let pasted: usize = typed.iter().map(|text| text.chars().count()).sum();
    let counts =
        format!("{} answers and {} keystrokes, {pasted} of them addresses and tokens", terminal.answers, terminal.keys);
    println!("{counts}");
    let recording = recording(&terminal, &shown, &counts, [&acme, &globex]);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/setup.md");
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let whole = kept(&known, &recording);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, whole).unwrap();
    } else {
        assert_eq!(known, whole, "docs/setup.md is not what is shown: run this test with UPDATE=1");
    }
}

/// Whoever says no at the end has nothing: no file, and the code of what was not done.
#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_at_the_end_gets_no_file_and_the_code_of_what_was_not_done() {
    let world = World::with(more_projects).await;
    let place = empty_place();
    let Some(mut terminal) = Terminal::open(&place) else { return };
    terminal.wait(0, "$").await;
    terminal.type_in("jirasyncd init --config jirasyncd.toml");
    terminal.enter();
    terminal.answer("Where is the first Jira?", &world.acme.base_url()).await;
    terminal.answer("sync user?", "sync@acme.example").await;
    terminal.answer("the API token of the sync user?", ACME_TOKEN).await;
    terminal.answer("Where is the second?", &world.globex.base_url()).await;
    terminal.answer("a personal access token of the sync user?", GLOBEX_TOKEN).await;
    terminal.answer("Is there another?", "").await;
    terminal.answer("Which project of cloud?", "supp").await;
    terminal.answer("Which project of data-center?", "eng").await;
    terminal.answer("Who is who?", "").await;
    terminal.answer("Map another person of cloud?", "").await;
    terminal.answer("Write it?", "n").await;
    terminal.wait(0, "nothing was written").await;
    terminal.command("echo ended with $?", "ended with 1").await;
    assert!(!place.file("jirasyncd.toml").exists() && !place.file("tokens").exists());
}

/// What stands around the recording is written by hand.
const BEGIN: &str = "<!-- recorded: begin -->\n";
const END: &str = "<!-- recorded: end -->\n";

fn kept(known: &str, recording: &str) -> String {
    let (before, rest) = known.split_once(BEGIN).unwrap_or((known, ""));
    let behind = rest.split_once(END).map_or(rest, |(_, behind)| behind);
    format!("{before}{BEGIN}{recording}{END}{behind}")
}

/// The recording, without what differs from run to run.
fn recording(terminal: &Terminal, shown: &str, counts: &str, urls: [&str; 2]) -> String {
    let steady = |text: &str| -> String {
        text.replace(urls[1], "http://127.0.0.1:40002/jira").replace(urls[0], "http://127.0.0.1:40001")
    };
    let mut text = format!("{counts}.\n\n```text\n{}\n```\n", steady(shown));
    for (question, frame) in &terminal.frames {
        let _ = write!(text, "\nWhile `{question}` is answered:\n\n```text\n{}\n```\n", steady(frame));
    }
    text
}
