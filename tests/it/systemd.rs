//! Holds the units to systemd's own judgement: hardened below the threshold, free of mistakes, and told as promised. It
//! must never need root or a running systemd, and says so plainly where `systemd-analyze` is absent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Tenths of `systemd-analyze`'s exposure level that a service may have at most.
const THRESHOLD: u32 = 15;
const SERVICES: [&str; 2] = ["jirasyncd.service", "jirasyncd-once.service"];
const TIMER: &str = "jirasyncd-once.timer";

fn unit(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `None`, and a word about it, where the tool is absent.
fn analyze(arguments: &[&str], units: &[PathBuf]) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).args(units).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: systemd-analyze absent");
            None
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}

fn security(name: &str, text: &str) -> Option<bool> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let output = analyze(&["security", "--offline=true", &format!("--threshold={THRESHOLD}")], &[path])?;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Overall exposure level"), "{name} was not judged: {said}{output:?}");
    Some(output.status.success())
}

fn values<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn both_services_are_hardened_below_the_threshold() {
    for name in SERVICES {
        let Some(passes) = security(name, &unit(name)) else { return };
        assert!(passes, "{name} is more exposed than {THRESHOLD}/10 of a point");
    }
}

#[test]
fn a_stripped_unit_is_above_the_threshold() {
    for name in SERVICES {
        let text = unit(name);
        let kept: Vec<&str> = text.lines().take_while(|line| !line.starts_with("# Hardening")).collect();
        let Some(passes) = security(name, &kept.join("\n")) else { return };
        assert!(!passes, "{name} passes without its hardening, so the threshold proves nothing");
    }
}

#[test]
fn systemd_finds_no_mistake_in_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for name in SERVICES.into_iter().chain([TIMER]) {
        // The binary is not installed where tests run; any executable stands in for it.
        let text = unit(name).replace("/usr/local/bin/jirasyncd", "/bin/true").replace("Documentation=file://", "# ");
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        paths.push(path);
    }
    let Some(output) = analyze(&["verify", "--man=no"], &paths) else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("jirasyncd")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn the_units_keep_what_the_documents_promise() {
    for name in SERVICES {
        let text = unit(name);
        for (key, value) in [("DynamicUser", "yes"), ("StateDirectory", "jirasyncd"), ("RuntimeDirectory", "jirasyncd")]
        {
            assert_eq!(values(&text, key), [value], "{name}: {key}");
        }
        assert!(!values(&text, "LoadCredential").is_empty(), "{name}: no credential is loaded");
        let start = values(&text, "ExecStart")[0];
        assert!(start.starts_with("/usr/local/bin/jirasyncd run "), "{name}: {start}");
        assert!(start.ends_with(" --config /etc/jirasyncd/jirasyncd.toml"), "{name}: {start}");
        assert_eq!(start.contains(" --once "), name == "jirasyncd-once.service", "{name}: {start}");
    }
    let daemon = unit(SERVICES[0]);
    assert_eq!(values(&daemon, "Type"), ["notify"]);
    assert_eq!(values(&daemon, "WatchdogSec"), ["60s"]);
    let reload = "/usr/local/bin/jirasyncd reload --config /etc/jirasyncd/jirasyncd.toml";
    assert_eq!(values(&daemon, "ExecReload"), [reload]);
    assert!(values(&daemon, "RestrictAddressFamilies")[0].contains("AF_UNIX"), "readiness is told over a Unix socket");
    assert_eq!(values(&unit(TIMER), "OnCalendar"), ["*:0/5"]);
}
