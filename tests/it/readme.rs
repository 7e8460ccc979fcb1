//! Accounts for every command of the README and of the handbook: it is run here, run by `scripts/test`, or held against what it names. It must
//! never let a command pass that is not listed here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jirasyncd::simulator::ProjectSetup;
use serde_json::json;

use super::cli_world::{ACME_TOKEN, GLOBEX_TOKEN, Place, World, said};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The README, and the handbook that it points to.
fn both() -> String {
    format!("{}\n{}", text("README.md"), text("docs/handbook.md"))
}

/// Every line of every fenced block in `language`.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = None;
    for line in markdown.lines() {
        match (inside, line.strip_prefix("```")) {
            (Some(_), Some(_)) => inside = None,
            (None, Some(named)) => inside = Some(named.trim() == language),
            (Some(true), None) if !line.trim().is_empty() => found.push(line.trim().to_owned()),
            _ => {}
        }
    }
    found
}

/// How a command is accounted for; `Err` says why it cannot be.
fn account(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        // `scripts/test` runs it, with an end.
        ["cargo", "run", "--", "demo"] => {
            holds("scripts/test", "demo=(cargo run --locked --)")?;
            holds("scripts/test", "\"${demo[@]}\" demo --seconds")?;
            command_line(&["demo"])
        }
        // Needs ten minutes: `scripts/test long` runs it.
        ["cargo", "build", "--release"] => holds("scripts/test", "step release cargo build --release --locked"),
        // We are inside of it.
        ["scripts/test"] => holds(".ci/run", "exec scripts/test"),
        // Given below to every command that runs on the README's configuration.
        ["export", setting] => holds("docs/handbook.md", &format!("\n{setting}\n")),
        ["jirasyncd", rest @ ..] => command_line(rest),
        ["install", rest @ ..] => installed(rest),
        // Needs a running systemd: the units themselves are judged in `systemd.rs`.
        ["systemctl", "daemon-reload"] => Ok(()),
        ["systemctl", "enable", "--now", unit] => holds(&format!("systemd/{unit}"), "[Install]"),
        // The same: what it gives as the service's user is one of ours, or copies a file.
        ["systemd-run", rest @ ..] => match rest.iter().position(|word| !word.starts_with("--")) {
            Some(at) if rest[at] == "jirasyncd" => command_line(&rest[at + 1..]),
            Some(at) if rest[at] == "dd" => Ok(()),
            Some(_) | None => Err("it runs nothing that is known here".to_owned()),
        },
        // Needs a container engine: the files are read in `container.rs`.
        ["docker", "compose", "up", "--build", "--detach"] => holds("compose.yaml", "context: ."),
        ["docker", "compose", "exec", service, "jirasyncd", rest @ ..] => {
            holds("compose.yaml", &format!("\n  {service}:\n"))?;
            command_line(rest)
        }
        _ => Err("nobody accounts for it".to_owned()),
    }
}

fn holds(file: &str, part: &str) -> Result<(), String> {
    let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    if text.contains(part) { Ok(()) } else { Err(format!("{file} does not hold `{part}`")) }
}

/// `install` into a scratch root, with a stand-in for what is the user's own.
fn installed(words: &[&str]) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let paths: Vec<&str> =
        words.iter().copied().filter(|word| word.contains(char::is_alphabetic) && !word.starts_with('-')).collect();
    let Some((target, sources)) = paths.split_last() else { return Err("nothing is installed".to_owned()) };
    let inside = format!("{}{target}", scratch.path().display());
    let folder =
        if target.ends_with('/') { Path::new(&inside) } else { Path::new(&inside).parent().unwrap_or(Path::new("/")) };
    if !words.contains(&"-D") {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let mut command = Command::new("install");
    for word in words {
        if word == target {
            command.arg(&inside);
        } else if sources.contains(word) && word.starts_with("systemd/") {
            command.arg(root().join(word));
        } else if sources.contains(word) {
            let stand_in = scratch.path().join("stand-in");
            fs::write(&stand_in, "x").map_err(|error| error.to_string())?;
            command.arg(stand_in);
        } else {
            command.arg(word);
        }
    }
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn help(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jirasyncd"));
    let output = command.args(arguments).arg("--help").output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("`{}` is refused: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Holds a call of ours against the command's own help: the command exists, and so does each option.
fn command_line(words: &[&str]) -> Result<(), String> {
    if help(&[])?.trim().is_empty() {
        println!("skipped: this binary has no command line yet");
        return Ok(());
    }
    let Some(name) = words.first() else { return Err("no command".to_owned()) };
    let mut known = help(&[name])?;
    // Of a command with commands of its own, one of those may be meant.
    let listed = known.split_once("Commands:").map(|(_, listed)| listed.to_owned()).unwrap_or_default();
    if let Some(own) = words.get(1).filter(|own| listed.lines().any(|line| line.split(' ').nth(2) == Some(own))) {
        known = help(&[name, own])?;
    }
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let mut options = known.split(|c: char| c.is_whitespace() || c == ',' || c == '=');
        if !options.any(|word| word == *option) {
            return Err(format!("`{name}` has no option `{option}`"));
        }
    }
    Ok(())
}

#[test]
fn every_command_of_the_readme_is_accounted_for() {
    let commands = blocks(&both(), "sh");
    assert!(commands.len() > 10, "only {} commands were found", commands.len());
    let failures: Vec<String> =
        commands.iter().filter_map(|command| Some(format!("{command}: {}", account(command).err()?))).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    for command in [
        "curl example.org",
        "install -D missing-folder/",
        "systemctl enable --now other.service",
        "systemd-run --wait rm state.db",
    ] {
        assert!(account(command).is_err(), "`{command}` is let through");
    }
}

/// The configuration of the README as it stands, but for the addresses of the Jiras and of the daemon's own things.
#[tokio::test(flavor = "multi_thread")]
async fn its_own_commands_run_on_its_own_configuration() {
    let readme = both();
    let world = World::with(|acme, _| {
        let sandbox = ProjectSetup { key: "SAND".into(), id: 19_000, ..acme.projects[0].clone() };
        acme.projects.push(sandbox);
    })
    .await;
    let mut configuration = blocks(&readme, "toml").join("\n");
    for (part, by) in [
        ("https://acme.atlassian.net", world.acme.base_url()),
        ("https://jira.globex.example", world.globex.base_url()),
        ("sqlite:/var/lib/jirasyncd/state.db", "sqlite:state.db".to_owned()),
        ("127.0.0.1:8470", "127.0.0.1:0".to_owned()),
    ] {
        assert!(configuration.contains(part), "{part}");
        configuration = configuration.replace(part, &by);
    }
    // A probe asks a few hundred times, and waits for its turn each time.
    configuration = configuration.replace("auth = {", "rate = 200\nauth = {");
    let place = Place::new(&configuration);
    fs::write(place.file("acme-token"), ACME_TOKEN).unwrap();
    fs::write(place.file("globex-pat"), GLOBEX_TOKEN).unwrap();
    for summary in ["Printer", "Printer, again"] {
        let fields = json!({ "summary": summary, "labels": ["share-globex"], "priority": { "name": "Highest" } });
        world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    }
    let mut ran = Vec::new();
    for command in blocks(&readme, "sh") {
        let Some((words, _)) = command.strip_prefix("jirasyncd ").and_then(|rest| rest.split_once(" --config")) else {
            continue;
        };
        let mut words: Vec<&str> = words.split(' ').collect();
        if words == ["run"] {
            // The daemon itself goes on for ever: once is the same, with an end.
            words.push("--once");
        }
        let mut command = place.command(&words);
        command.env("CREDENTIALS_DIRECTORY", place.folder.path()).current_dir(place.folder.path());
        let said = said(command).await;
        // It is for a daemon that runs, as in `cli_reload.rs`; here none does.
        let code = i32::from(words == ["reload"]);
        assert_eq!(said.code, code, "{words:?}: {said:?}");
        ran.push(words.join(" "));
    }
    let before = [
        "check --offline",
        "check",
        "plan",
        "plan --item SUP-1",
        "plan --sync support",
        "plan --jql priority=Highest --on acme",
        "run --once",
        "status",
    ];
    let probe = ["probe acme --project SAND"];
    let after = ["pause support", "resume support", "merge support SUP-1 SUP-2 --dry-run"];
    let pairs = ["pair support SUP-1 ENG-1 --dry-run", "unpair support SUP-1 --dry-run"];
    let lists = [
        "create support SUP-1 --dry-run",
        "pairs export support",
        "problems",
        "problems retry --all",
        "problems dismiss --side globex --dry-run",
        "problems resolve SUP-1 --take globex --dry-run",
        "explain SUP-1",
        "audit --side globex --since 7d",
    ];
    let configuration = ["plan --from-now", "reload", "configurations"];
    let state = ["state backup state-backup.db", "state key state.key", "state check", "state compare"];
    let back = ["state restore state-backup.db", "state backup tried.db"];
    assert_eq!(
        ran,
        [&before[..], &probe[..], &after[..], &pairs[..], &lists[..], &configuration[..], &state[..], &back[..]]
            .concat()
    );
    assert_eq!(world.globex.issues().len(), 2, "not all crossed");
}

/// One screen more than the two commands: what is longer is a page of its own.
#[test]
fn the_readme_is_short() {
    assert!(text("README.md").lines().count() <= 75, "{} lines", text("README.md").lines().count());
}

#[test]
fn the_first_two_commands_do_all_the_set_up() {
    let commands = blocks(&text("README.md"), "sh");
    assert_eq!(commands[..2], ["cargo run -- demo", "scripts/test"]);
}

/// What a heading of a page is called by links, as the forges make it.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let plain = |sign: &char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | ' ');
    headings.map(|heading| heading.to_lowercase().chars().filter(plain).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let pages = pages.map(|name| format!("docs/{}", name.to_string_lossy())).filter(|name| name.ends_with(".md"));
    for name in pages.chain(["README.md", "benches/README.md", "CHANGELOG.md"].map(str::to_owned)) {
        let text = text(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            let target = if path.is_empty() { root().join(&name) } else { folder.join(path) };
            if path.starts_with("https://") {
                continue;
            }
            assert!(target.exists(), "{name}: {link} does not exist");
            if let Some(anchor) = anchor {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(there.iter().any(|known| known == anchor), "{name}: nothing is called {link}");
            }
        }
    }
}
