//! The demo's configuration file: what somebody would write who runs these three Jiras. It must never name what only a
//! simulator knows.

use std::collections::BTreeMap;
use std::path::Path;

use super::party::Party;
use crate::simulator::presets::SYNC_TOKEN;

const TEMPLATE: &str = r#"[daemon]
state = "sqlite:@STATE@"
listen = "127.0.0.1:0"
poll = "1s"
sweep = "30 */5 * * * *"

[instance.acme]
kind = "cloud"
url = "@ACME@"
settle = "2s"
auth = { method = "api-token", user = "sync@acme.example", token = "env:DEMO_ACME_TOKEN" }

[instance.globex]
kind = "data-center"
url = "@GLOBEX@"
settle = "2s"
auth = { method = "bearer", token = "env:DEMO_GLOBEX_TOKEN" }

[instance.initech]
kind = "cloud"
url = "@INITECH@"
settle = "2s"
auth = { method = "api-token", user = "sync@initech.example", token = "env:DEMO_INITECH_TOKEN" }

[sync.demo]
home = "acme"
on-conflict = "newest"
side.acme = { instance = "acme", project = "SUP" }
side.globex = { instance = "globex", project = "ENG", sees = ["acme"], when = "labels = share-globex" }
side.initech = { instance = "initech", project = "OPS", sees = ["acme"], when = "labels = share-initech" }

[sync.demo.map]
issue-type = [
  { acme = "Bug", globex = "Defect", initech = "Fehler" },
  { acme = ["Task", "Story"], globex = "Task", initech = "Aufgabe" },
]
# globex has no way around Working, and initech none from Fertig back to Neu.
status = [
  { acme = ["To Do", "Backlog"], globex = "Open", initech = "Neu", path = { initech = ["In Arbeit", "Neu"] } },
  { acme = "In Progress", globex = "Working", initech = "In Arbeit", path = { globex = ["Open", "Working"] } },
  { acme = "Done", globex = "Closed", initech = "Fertig", path = { globex = ["Working", "Closed"] } },
]
priority = [
  { acme = ["Highest", "High"], globex = ["P1", "P2"], initech = "Hoch" },
  { acme = "Medium", globex = "P3", initech = "Mittel" },
  { acme = ["Low", "Lowest"], globex = ["P4", "P5"], initech = "Niedrig" },
]
users = [
  { acme = "jane@acme.example", globex = "jdoe", initech = "petra@initech.example" },
  { acme = "omar@acme.example", globex = "mlopez", initech = "juergen@initech.example" },
  { acme = "li@acme.example", globex = "kchan", initech = "anna@initech.example" },
]

[sync.demo.fields]
summary = "both"
description = "both"
assignee = "both"
status = { across = true }
priority = { across = true }
labels = { exclude = ["share-*"] }

[sync.demo.fields.severity]
acme = "Severity"
globex = "customfield_10110"
initech = "Schweregrad"
values = [
  { acme = "S1", globex = "Critical", initech = "Kritisch" },
  { acme = "S2", globex = "Major", initech = "Normal" },
  { acme = "S3", globex = "Minor", initech = "Gering" },
]

[sync.demo.comments]
unrestricted = "both"
"#;

/// The file, for three Jiras at these base URLs and a state below `state_dir`.
pub(super) fn text(urls: &BTreeMap<Party, String>, state_dir: &Path) -> String {
    let state = state_dir.join("state.db").display().to_string();
    let mut text = TEMPLATE.replace("@STATE@", &state.replace('\\', "\\\\").replace('"', "\\\""));
    for (party, url) in urls {
        text = text.replace(&format!("@{}@", party.name().to_uppercase()), url);
    }
    text
}

/// What the `env:` names stand for.
pub(super) fn secrets() -> BTreeMap<String, String> {
    let name = |party: Party| format!("DEMO_{}_TOKEN", party.name().to_uppercase());
    Party::ALL.into_iter().map(|party| (name(party), SYNC_TOKEN.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::topic::Topic;
    use super::*;

    fn parsed() -> toml::Table {
        let urls = Party::ALL.into_iter().map(|party| (party, format!("http://{}.invalid", party.name()))).collect();
        text(&urls, Path::new("/somewhere")).parse().unwrap()
    }

    #[test]
    fn nothing_is_left_of_the_template() {
        let text = parsed().to_string();
        assert!(!text.contains("\"@"), "{text}");
        for name in secrets().keys() {
            assert!(text.contains(&format!("env:{name}")), "{name}");
        }
    }

    #[test]
    fn the_auditor_has_the_same_rows() {
        let file = parsed();
        let sync = &file["sync"]["demo"];
        let tables = [
            (Topic::IssueType, &sync["map"]["issue-type"]),
            (Topic::Status, &sync["map"]["status"]),
            (Topic::Priority, &sync["map"]["priority"]),
            (Topic::Severity, &sync["fields"]["severity"]["values"]),
        ];
        for (topic, rows) in tables {
            for party in Party::ALL {
                let rows = rows.as_array().unwrap().iter().enumerate();
                let names = rows.flat_map(|(row, cells)| {
                    let cell = &cells[party.name()];
                    let list = cell.as_array().cloned().unwrap_or_else(|| vec![cell.clone()]);
                    list.into_iter().map(move |name| (row, name.as_str().unwrap().to_owned()))
                });
                let known = topic.names(party).into_iter().map(|(row, name)| (row, name.to_owned()));
                assert_eq!(names.collect::<Vec<_>>(), known.collect::<Vec<_>>(), "{topic:?} at {party:?}");
            }
        }
    }
}
