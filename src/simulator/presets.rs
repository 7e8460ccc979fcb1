//! Three ready Jiras for the demo and the tests: `acme` and `initech` on Cloud, `globex` on Data Center. Names, ids,
//! workflows, priorities and languages differ on purpose. Each has a sync user `sync@NAME.example`.

use serde_json::json;

use super::setup::{Category, Credential, FieldSetup, FieldType, ProjectSetup, Setup, TransitionSetup, UserSetup};

/// API token or personal access token of the sync user of each preset.
pub const SYNC_TOKEN: &str = "sync-token";

/// A person of a Cloud preset: account id, login, display name, address, zone. The API token is `NAME-token`.
fn cloud_person(site: &str, id: &str, name: &str, display: &str, zone: &str) -> UserSetup {
    let email = format!("{name}@{site}.example");
    UserSetup::new(id, name, display, &email).zone(zone).with(Credential::ApiToken(format!("{name}-token")))
}

/// A person of a Data Center preset. The personal access token is `NAME-token`, the password `NAME-password`.
fn server_person(site: &str, id: &str, name: &str, display: &str, zone: &str) -> UserSetup {
    UserSetup::new(id, name, display, &format!("{name}@{site}.example"))
        .zone(zone)
        .with(Credential::Pat(format!("{name}-token")))
        .with(Credential::Password(format!("{name}-password")))
}

/// Cloud, English, project `SUP`: Backlog, To Do, In Progress, Done, every status reachable from every other.
#[must_use]
pub fn acme(base_url: &str) -> Setup {
    let mut setup = Setup::cloud(base_url);
    setup.users = vec![
        cloud_person("acme", "5b10a2844c20165700ede21f", "sync", "Sync (Acme)", "Etc/UTC"),
        cloud_person("acme", "5b10a2844c20165700ede21g", "jane", "Jane Roe", "America/New_York"),
        cloud_person("acme", "5b10ac8d82e05b22cc7d4ef5", "omar", "Omar Haddad", "Europe/London"),
        cloud_person("acme", "712020:0f8b1f1c-7f0e-4f6b-9d6d-0a1b2c3d4e5f", "li", "Li Wei", "Asia/Shanghai"),
        cloud_person("acme", "712020:aa8b1f1c-7f0e-4f6b-9d6d-0a1b2c3d4e60", "nora", "Nora Berg", "Europe/Oslo"),
    ];
    setup.priorities = names(&["Highest", "High", "Medium", "Low", "Lowest"]);
    setup.resolutions = names(&["Done", "Won't Do", "Duplicate"]);
    setup.fields = vec![
        FieldSetup::new("customfield_10042", "Severity", FieldType::Select(names(&["S1", "S2", "S3"]))),
        FieldSetup::new("customfield_10050", "Customer", FieldType::Text),
        FieldSetup::new("customfield_10016", "Story point estimate", FieldType::Number),
    ];
    let mut project = ProjectSetup::new("SUP", 10_000, "Support")
        .types(&["Bug", "Task", "Story"])
        .status("To Do", Category::ToDo)
        .status("Backlog", Category::ToDo)
        .status("In Progress", Category::InProgress)
        .status("Done", Category::Done)
        .member("Administrators", "5b10a2844c20165700ede21f")
        .member("Administrators", "5b10a2844c20165700ede21g")
        .member("Globex desk", "5b10a2844c20165700ede21f")
        .member("Globex desk", "5b10ac8d82e05b22cc7d4ef5");
    for (to, resolution) in [
        ("To Do", json!(null)),
        ("Backlog", json!(null)),
        ("In Progress", json!(null)),
        ("Done", json!({ "name": "Done" })),
    ] {
        project = project.transition(TransitionSetup::new(to, &[], to).sets("resolution", resolution));
    }
    setup.projects = vec![project];
    setup
}

/// Data Center, English, project `ENG`: Open -> Working -> Closed, no way around Working; closing asks for a resolution.
#[must_use]
pub fn globex(base_url: &str) -> Setup {
    let mut setup = Setup::data_center(base_url);
    setup.users = vec![
        server_person("globex", "JIRAUSER10100", "sync", "Sync (Globex)", "Etc/UTC"),
        server_person("globex", "JIRAUSER10101", "jdoe", "John Doe", "America/Chicago"),
        server_person("globex", "JIRAUSER10102", "mlopez", "Maria Lopez", "Europe/Madrid"),
        server_person("globex", "JIRAUSER10103", "kchan", "Kim Chan", "Asia/Tokyo"),
    ];
    setup.priorities = names(&["P1", "P2", "P3", "P4", "P5"]);
    setup.resolutions = names(&["Fixed", "Won't Fix", "Duplicate", "Cannot Reproduce"]);
    setup.fields = vec![
        FieldSetup::new("customfield_10110", "Severity", FieldType::Select(names(&["Critical", "Major", "Minor"]))),
        FieldSetup::new("customfield_10111", "Customer name", FieldType::Text),
    ];
    setup.projects = vec![
        ProjectSetup::new("ENG", 10_100, "Engineering")
            .types(&["Defect", "Task"])
            .status("Open", Category::ToDo)
            .status("Working", Category::InProgress)
            .status("Closed", Category::Done)
            .member("Administrators", "JIRAUSER10100")
            .member("Administrators", "JIRAUSER10102")
            .transition(TransitionSetup::new("Start work", &["Open"], "Working"))
            .transition(TransitionSetup::new("Stop work", &["Working"], "Open"))
            .transition(
                TransitionSetup::new("Close", &["Working"], "Closed")
                    .screen("resolution", false)
                    .sets("resolution", json!({ "name": "Fixed" })),
            )
            .transition(TransitionSetup::new("Reopen", &["Closed"], "Open").sets("resolution", json!(null))),
    ];
    setup
}

/// Cloud, German, project `OPS`: Neu, In Arbeit, Fertig; types Fehler and Aufgabe; three priorities.
#[must_use]
pub fn initech(base_url: &str) -> Setup {
    let mut setup = Setup::cloud(base_url);
    setup.quirks.site_time_zone = "Europe/Berlin".into();
    setup.users = vec![
        cloud_person("initech", "60a1b2c3d4e5f60071c2d3e4", "sync", "Abgleich (Initech)", "Europe/Berlin"),
        cloud_person("initech", "60a1b2c3d4e5f60071c2d3e5", "petra", "Petra Müller", "Europe/Berlin"),
        cloud_person("initech", "60a1b2c3d4e5f60071c2d3e6", "juergen", "Jürgen Groß", "Europe/Vienna"),
        cloud_person("initech", "60a1b2c3d4e5f60071c2d3e7", "anna", "Anna Schäfer", "Europe/Zurich"),
    ];
    setup.priorities = names(&["Hoch", "Mittel", "Niedrig"]);
    setup.resolutions = names(&["Erledigt", "Abgelehnt"]);
    setup.fields = vec![
        FieldSetup::new(
            "customfield_10077",
            "Schweregrad",
            FieldType::Select(names(&["Kritisch", "Normal", "Gering"])),
        ),
        FieldSetup::new("customfield_10078", "Kunde", FieldType::Text),
    ];
    setup.projects = vec![
        ProjectSetup::new("OPS", 10_200, "Betrieb")
            .types(&["Fehler", "Aufgabe"])
            .status("Neu", Category::ToDo)
            .status("In Arbeit", Category::InProgress)
            .status("Fertig", Category::Done)
            .member("Administrators", "60a1b2c3d4e5f60071c2d3e4")
            .member("Administrators", "60a1b2c3d4e5f60071c2d3e5")
            .transition(
                TransitionSetup::new("Anfangen", &["Neu", "Fertig"], "In Arbeit").sets("resolution", json!(null)),
            )
            .transition(TransitionSetup::new("Zurückstellen", &["In Arbeit"], "Neu"))
            .transition(
                TransitionSetup::new("Abschließen", &["In Arbeit", "Neu"], "Fertig")
                    .sets("resolution", json!({ "name": "Erledigt" })),
            ),
    ];
    setup
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
