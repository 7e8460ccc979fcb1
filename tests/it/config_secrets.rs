//! Secrets of the configuration: where they are found, what is wrong with them, and that none is ever repeated. Must never
//! hold a real one.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jirasyncd::config::{self, Environment, Loaded, Report, SecretsWanted, SystemEnvironment};

use crate::config::{BASE, World};

/// Stands for a token, and looks like one.
const CANARY: &str = "ATATT3xFfGF0canary-9f8e7d6c";

fn load(text: &str, world: &World) -> Result<Loaded, Report> {
    config::load(text, "jirasyncd.toml", world, SecretsWanted::Yes)
}

/// The file that takes the first token from elsewhere.
fn with_token(token: &str) -> String {
    BASE.replace("\"env:ACME_TOKEN\"", token)
}

fn token(loaded: &Loaded) -> &str {
    loaded.config.instances[&"acme".into()].auth.secret().expose()
}

fn messages(outcome: Result<Loaded, Report>) -> Vec<String> {
    let report = outcome.map_or_else(|report| report, |loaded| loaded.warnings);
    report.errors.iter().chain(&report.warnings).map(|problem| problem.message.clone()).collect()
}

#[test]
fn secrets_are_found_where_the_file_says() {
    let world = World::complete()
        .file("/run/credentials/acme.token", b"from-credential\r\n", 0o400)
        .file("/secrets/acme", b"from-file\n\n", 0o440)
        .file("relative", b"from-beside", 0o400);
    for (place, expected) in [
        ("env:ACME_TOKEN", "t1"),
        ("credential:acme.token", "from-credential"),
        ("file:/secrets/acme", "from-file"),
        ("file:relative", "from-beside"),
    ] {
        let loaded = load(&with_token(&format!("\"{place}\"")), &world).unwrap_or_else(|report| panic!("{report}"));
        assert_eq!(token(&loaded), expected);
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    }
}

#[test]
fn what_is_wrong_with_a_secret_is_said() {
    let world = World::complete()
        .variable("EMPTY", "\n")
        .variable("TWO_LINES", "one\ntwo")
        .file("/open", b"x", 0o644)
        .file("/wide-open", b"x", 0o602)
        .file("/group", b"x", 0o660)
        .file("/latin", b"\xff", 0o600);
    let said = |token: &str| messages(load(&with_token(&format!("\"{token}\"")), &world));
    assert_eq!(said("env:EMPTY"), ["the secret at `env:EMPTY` is empty"]);
    assert_eq!(
        said("env:TWO_LINES"),
        ["the secret at `env:TWO_LINES` holds white space or other signs that no token has"]
    );
    assert_eq!(said("env:NONE"), ["the environment variable `NONE` is not set, or is not UTF-8"]);
    assert_eq!(said("file:/open"), ["everybody may read the secret file `/open` (mode 0644)"]);
    assert_eq!(said("file:/wide-open"), ["everybody may write the secret file `/wide-open` (mode 0602)"]);
    assert!(said("file:/group").is_empty());
    assert_eq!(said("file:/latin"), ["the secret file `/latin` is not UTF-8"]);
    assert!(load(&with_token("\"file:/open\""), &world).is_ok());
    assert!(load(&with_token("\"file:/wide-open\""), &world).is_err());
    let bare = World::default().variable("ACME_TOKEN", "t");
    assert_eq!(messages(load(BASE, &bare)), ["there is no credential `globex-pat`: $CREDENTIALS_DIRECTORY is not set"]);
    for odd in
        ["env:", "env:A-B", "env:1A", "file:", "credential:../x", "credential:a/b", "credential:..", "vault:x", "x"]
    {
        assert_eq!(said(odd).len(), 1, "{odd}");
        assert!(said(odd)[0].contains("names no place of a secret"), "{odd}");
    }
}

#[test]
fn without_secrets_only_the_places_are_checked() {
    let loaded = config::load(BASE, "c", &World::default(), SecretsWanted::No).unwrap();
    assert_eq!(token(&loaded), "");
    assert!(config::load(&with_token("\"literal\""), "c", &World::default(), SecretsWanted::No).is_err());
}

/// Texts with a token of somebody's in a place where it may land by mistake.
fn mistakes() -> Vec<String> {
    let auth = "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:ACME_TOKEN\" }";
    let place = |new: &str| {
        assert_eq!(BASE.matches(auth).count(), 1);
        BASE.replace(auth, new)
    };
    [
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"CANARY\" }",
        "auth = { method = \"api-tokn\", user = \"sync@acme.example\", token = \"CANARY\" }",
        "auth = { method = \"bearer\", token = \"CANARY\" }",
        "auth = { method = \"CANARY\", user = \"sync@acme.example\", token = \"env:ACME_TOKEN\" }",
        "auth = { method = \"api-token\", user = \"CANARY\", token = \"sync@acme.example\" }",
        "auth = { method = \"api-token\", user = \"CANARY\", token = \"env:ACME_TOKEN\" }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", tokn = \"CANARY\" }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = [\"CANARY\"] }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = { value = \"CANARY\" } }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"\"\"\nCANARY\"\"\" }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:CANARY\" }",
        "auth = \"CANARY\"",
        "auth = [\"CANARY\"]",
        "token = \"CANARY\"",
        "passwrd = \"CANARY\"",
        "key.below = [{ deep = \"CANARY\" }]",
        "auth.token = \"CANARY\"",
        // No TOML at all.
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = CANARY }",
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"CANARY }",
        "auth = { method = \"api-token\" user = \"sync@acme.example\", token = \"CANARY\" }",
        "token = CANARY",
        "token CANARY",
        "token = \"\"\"\nCANARY\n\"\" }",
        "token =\nCANARY",
        "pat = 'CANARY",
        "tokn = CANARY",
        "CANARY",
        "[CANARY",
        "auth = { token = \"CANARY\"",
    ]
    .iter()
    .map(|new| place(&new.replace("CANARY", CANARY)))
    .chain([
        BASE.replace("https://acme", &format!("https://me:{CANARY}@acme")),
        BASE.replace("https://acme", &format!("http://{CANARY}@acme")),
        BASE.replace("https://acme", &format!("http//{CANARY}@acme")),
        BASE.replace("sqlite:/tmp/state.db", &format!("postgres://me:{CANARY}@host/db")),
        BASE.replace("[instance.acme]", "[instances.acme]").replace("env:ACME_TOKEN", CANARY),
        BASE.replace("[daemon]", &format!("[daemon]\npassword = \"{CANARY}\"")),
    ])
    .collect()
}

#[test]
fn no_message_repeats_a_token() {
    for text in mistakes() {
        let report = match load(&text, &World::complete()) {
            Ok(loaded) => panic!("it loads:\n{text}\n{loaded:?}"),
            Err(report) => report,
        };
        let shown = format!(
            "{}\n{}\n{report:?}\n{report:#?}\n{}",
            report.render(false),
            report.render(true),
            serde_json::to_string(&report).unwrap()
        );
        assert!(!shown.contains(CANARY) && !shown.contains("canary"), "{text}\n{shown}");
    }
}

#[test]
fn a_token_that_is_used_is_not_shown_either() {
    let world = World::complete().variable("ACME_TOKEN", CANARY).file("/open", CANARY.as_bytes(), 0o644);
    let loaded = load(BASE, &world).unwrap();
    assert_eq!(token(&loaded), CANARY);
    assert!(!format!("{loaded:?}").contains("canary"));
    let broken = BASE.replace("home = \"acme\"", "home = \"nobody\"");
    assert!(!format!("{:?}", load(&broken, &world)).contains("canary"));
    let spaced = World::complete().variable("ACME_TOKEN", &format!("{CANARY} {CANARY}"));
    let report = load(BASE, &spaced).unwrap_err();
    assert!(!format!("{report:?}{report}").contains("canary"));
}

#[test]
fn the_real_environment_reads_regular_files_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "x\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let content = SystemEnvironment.file(&path).unwrap();
    assert_eq!((content.bytes.as_slice(), content.mode), (b"x\n".as_slice(), 0o640));
    let refused = |path: &Path| SystemEnvironment.file(path).err().map(|error| error.to_string());
    assert_eq!(refused(folder.path()).as_deref(), Some("it is not a regular file"));
    assert_eq!(refused(Path::new("/dev/zero")).as_deref(), Some("it is not a regular file"));
    assert!(refused(&folder.path().join("none")).is_some());
    std::fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
    assert_eq!(refused(&path).as_deref(), Some("it is larger than a mebibyte"));
    assert_eq!(SystemEnvironment.variable("CARGO_MANIFEST_DIR").is_some(), std::env::var("CARGO_MANIFEST_DIR").is_ok());
}
