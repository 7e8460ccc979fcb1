//! What the file says of logins and of the way to an instance: what is taken, and what is said where it is not. Must never hold a real
//! secret.

use std::path::Path;

use jirasyncd::config::{self, SecretsWanted};
use jirasyncd::model::settings::{Auth, InstanceSettings};

use super::config::{BASE, World, said};

const ACME: &str = "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:ACME_TOKEN\" }";
const GLOBEX: &str = "auth = { method = \"bearer\", token = \"credential:globex-pat\" }";
const GATEWAY: &str = "gateway = \"https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555\"";
/// Stands for a secret that somebody wrote in the wrong place.
const CANARY: &str = "canary-0123456789";

fn world() -> World {
    World::complete()
        .variable("GLOBEX_PASSWORD", "with space and Ä\n")
        .variable("SECRET", "s3cr3t-0123")
        .file("/tls/client.pem", b"-----BEGIN CERTIFICATE-----\n", 0o644)
        .file("/tls/client.key", b"-----BEGIN PRIVATE KEY-----\n", 0o600)
        .file("/tls/both.pem", b"-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n", 0o640)
        .file("/tls/locked.key", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0o600)
        .file("/tls/open.key", b"-----BEGIN PRIVATE KEY-----\n", 0o644)
        .file("/tls/wide-open.key", b"-----BEGIN PRIVATE KEY-----\n", 0o666)
}

/// The base file with the login of one instance replaced.
fn text(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from}");
    BASE.replace(from, to)
}

fn instance(name: &str, from: &str, to: &str) -> InstanceSettings {
    let loaded = config::load(&text(from, to), "jirasyncd.toml", &world(), SecretsWanted::Yes);
    let loaded = loaded.unwrap_or_else(|report| panic!("{to}\n{report}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    loaded.config.instances[&name.into()].clone()
}

#[test]
fn every_way_to_log_in_is_taken() {
    let globex = |to: &str| instance("globex", GLOBEX, to).auth;
    let acme = |to: &str| instance("acme", ACME, to);
    let basic = globex("auth = { method = \"basic\", user = \"sync\", password = \"env:GLOBEX_PASSWORD\" }");
    assert!(
        matches!(&basic, Auth::Basic { user, password } if user == "sync" && password.expose() == "with space and Ä"),
        "{basic:?}"
    );
    let client = "auth = { method = \"client-credentials\", client-id = \"app\", client-secret = \"env:SECRET\" }";
    let Auth::ClientCredentials(server) = globex(client) else { panic!() };
    assert_eq!(
        (server.id.as_str(), server.secret.expose(), server.token_url.as_str(), server.scope.as_deref()),
        ("app", "s3cr3t-0123", "https://jira.globex.example/jira/rest/oauth2/latest/token", Some("WRITE"))
    );
    let through = acme(&format!("{client}\n{GATEWAY}"));
    let Auth::ClientCredentials(cloud) = through.auth else { panic!() };
    assert_eq!((cloud.token_url.as_str(), cloud.scope), ("https://auth.atlassian.com/oauth/token", None));
    assert_eq!(through.url, "https://acme.atlassian.net", "people are sent there");
    let gateway = through.gateway.unwrap();
    assert_eq!(gateway, "https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555");
    let oauth = client.replace("client-credentials", "oauth");
    let Auth::Grant(server) = globex(&oauth) else { panic!() };
    assert_eq!(server.authorize_url, "https://jira.globex.example/jira/rest/oauth2/latest/authorize");
    assert_eq!(server.redirect_url, "http://127.0.0.1:8472/granted");
    assert_eq!(server.file, Path::new("/tmp/state.db.globex.grant"));
    let Auth::Grant(cloud) = acme(&format!("{oauth}\n{GATEWAY}")).auth else { panic!() };
    assert_eq!(cloud.authorize_url, "https://auth.atlassian.com/authorize");
    assert!(cloud.client.scope.unwrap().ends_with(" offline_access"));
    let chosen = client.replace(" }", ", token-url = \"http://localhost:9/t\", scope = \"READ\" }");
    let Auth::ClientCredentials(chosen) = globex(&chosen) else { panic!() };
    assert_eq!((chosen.token_url.as_str(), chosen.scope.as_deref()), ("http://localhost:9/t", Some("READ")));
    let service = acme(&format!("auth = {{ method = \"bearer\", token = \"env:SECRET\" }}\n{GATEWAY}"));
    assert!(matches!(service.auth, Auth::Bearer { .. }));
    let scoped = acme(&format!("{ACME}\n{}", GATEWAY.replace("555\"", "555/\"")));
    assert!(matches!(scoped.auth, Auth::ApiToken { .. }) && scoped.gateway == Some(gateway));
}

#[test]
fn every_way_to_an_instance_is_taken() {
    let network = |more: &str| instance("globex", GLOBEX, &format!("{GLOBEX}\n{more}")).network;
    let certificate = network("client-certificate = \"/tls/client.pem\"\nclient-key = \"/tls/client.key\"");
    let certificate = certificate.client_certificate.unwrap();
    assert_eq!(
        (certificate.certificate.as_path(), certificate.key.as_path()),
        (Path::new("/tls/client.pem"), Path::new("/tls/client.key"))
    );
    let both = network("client-certificate = \"/tls/both.pem\"").client_certificate.unwrap();
    assert_eq!(both.certificate, both.key);
    for url in ["http://proxy:3128", "https://proxy.example.org", "socks5://127.0.0.1:1080", "socks5h://[::1]:1080"] {
        let proxy = network(&format!("proxy = {{ url = \"{url}\" }}")).proxy.unwrap();
        assert_eq!((proxy.url.as_str(), proxy.login.is_none(), proxy.no_proxy.len()), (url, true, 0));
    }
    let whole = "proxy = { url = \"http://proxy:3128/\", user = \"me\", password = \"env:GLOBEX_PASSWORD\", no-proxy = [\".corp\", \
                 \"jira.example.org\", \"10.0.0.0/8\", \"::1\"] }";
    let proxy = network(whole).proxy.unwrap();
    let (user, password) = proxy.login.clone().unwrap();
    assert_eq!((proxy.url.as_str(), user.as_str(), password.expose()), ("http://proxy:3128", "me", "with space and Ä"));
    assert_eq!(proxy.no_proxy, [".corp", "jira.example.org", "10.0.0.0/8", "::1"]);
    assert!(!format!("{proxy:?}").contains("space"));
}

/// What is replaced, by what, and the beginning of what is said: place and message.
const WRONG: &[(&str, &str, &[&str])] = &[
    (GLOBEX, "auth = { method = \"bearer\" }", &["instance.globex.auth: `instance.globex.auth` has no `token`"]),
    (
        GLOBEX,
        "auth = { method = \"basic\", user = \"sync\" }",
        &["instance.globex.auth: `instance.globex.auth` has no `password`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"basic\", password = \"env:SECRET\" }",
        &["instance.globex.auth: `instance.globex.auth` has no `user`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"basic\", user = \"a:b\", password = \"env:SECRET\" }",
        &["instance.globex.auth.user: `user` holds a sign that Basic cannot carry"],
    ),
    (
        GLOBEX,
        "auth = { method = \"basic\", user = \"sync\", password = \"canary-0123456789\" }",
        &["instance.globex.auth.password: `password` names no place of a secret"],
    ),
    (
        GLOBEX,
        "auth = { method = \"basic\", user = \"sync\", password = \"env:SECRET\", token = \"env:SECRET\" }",
        &["instance.globex.auth.token: `basic` takes no `token`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\", client-id = \"canary-0123456789\" }",
        &["instance.globex.auth.client-id: `bearer` takes no `client-id`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"client-credentials\", client-secret = \"env:SECRET\" }",
        &["instance.globex.auth: `instance.globex.auth` has no `client-id`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"client-credentials\", client-id = \"app\" }",
        &["instance.globex.auth: `instance.globex.auth` has no `client-secret`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"client-credentials\", client-id = \"env:SECRET\", client-secret = \"canary-0123456789\" }",
        &["instance.globex.auth.client-secret: `client-secret` names no place of a secret"],
    ),
    (
        GLOBEX,
        "auth = { method = \"client-credentials\", client-id = \"app\", client-secret = \"env:SECRET\", token-url = \"http://auth.example/\" }",
        &["instance.globex.auth.token-url: no secret can be sent there"],
    ),
    (
        GLOBEX,
        "auth = { method = \"client-credentials\", client-id = \"app\", client-secret = \"env:SECRET\", token-url = \"https://me:canary-0123456789@auth.example/\" }",
        &["instance.globex.auth.token-url: no secret can be sent there"],
    ),
    (
        ACME,
        "auth = { method = \"client-credentials\", client-id = \"app\", client-secret = \"env:SECRET\" }",
        &["instance.acme.auth.method: Jira Cloud takes access tokens through its gateway only"],
    ),
    (
        ACME,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }",
        &["instance.acme.auth.method: Jira Cloud takes no personal access token"],
    ),
    (
        ACME,
        "auth = { method = \"basic\", user = \"sync\", password = \"env:SECRET\" }",
        &["instance.acme.auth.method: Jira Cloud takes no password"],
    ),
    (
        "https://acme.atlassian.net/",
        "https://api.atlassian.com/ex/jira/1",
        &["instance.acme.url: this is Atlassian's gateway, not a site that people open"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\ngateway = \"https://api.atlassian.com/ex/jira/1\"",
        &["instance.globex.gateway: a Data Center has no gateway"],
    ),
    (
        ACME,
        "auth = { method = \"api-token\", user = \"s@a.example\", token = \"env:SECRET\" }\ngateway = \"https://api.atlassian.com/\"",
        &["instance.acme.gateway: the gateway's URL does not name a site by its cloud id"],
    ),
    (
        ACME,
        "auth = { method = \"api-token\", user = \"s@a.example\", token = \"env:SECRET\" }\ngateway = \"http://api.atlassian.com/ex/jira/1\"",
        &["instance.acme.gateway: this is no gateway's URL"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nclient-key = \"/tls/client.key\"",
        &["instance.globex.client-key: a `client-key` is of no use without a `client-certificate`"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nclient-certificate = \"/tls/client.pem\"",
        &["instance.globex.client-certificate: `/tls/client.pem` holds no private key that can be used"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nclient-certificate = \"/tls/client.pem\"\nclient-key = \"/tls/locked.key\"",
        &["instance.globex.client-key: `/tls/locked.key` holds no private key that can be used"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nclient-certificate = \"/tls/client.pem\"\nclient-key = \"/tls/open.key\"",
        &["instance.globex.client-key: everybody may read the secret file `/tls/open.key` (mode 0644)"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nclient-certificate = \"/tls/client.pem\"\nclient-key = \"/tls/wide-open.key\"",
        &["instance.globex.client-key: everybody may write the secret file `/tls/wide-open.key` (mode 0666)"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"http://me:canary-0123456789@proxy:1\" }",
        &["instance.globex.proxy.url: the URL holds credentials"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"ftp://proxy:1\" }",
        &["instance.globex.proxy.url: this is no proxy's URL"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"http://proxy:1/path\" }",
        &["instance.globex.proxy.url: a proxy's URL has nothing behind its port"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"http://proxy:1\", user = \"me\" }",
        &["instance.globex.proxy.user: `user` and `password` go together"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"http://proxy:1\", user = \"me\", password = \"canary-0123456789\" }",
        &["instance.globex.proxy.password: `password` names no place of a secret"],
    ),
    (
        GLOBEX,
        "auth = { method = \"bearer\", token = \"env:SECRET\" }\nproxy = { url = \"http://proxy:1\", no-proxy = [\"10.0.0.0/33\", \"a b\"] }",
        &[
            "instance.globex.proxy.no-proxy[0]: `10.0.0.0/33` is no host and no network",
            "instance.globex.proxy.no-proxy[1]: `a b` is no host and no network",
        ],
    ),
];

#[test]
fn what_cannot_be_used_is_said_and_no_secret_with_it() {
    for (from, to, expected) in WRONG {
        let outcome = config::load(&text(from, to), "jirasyncd.toml", &world(), SecretsWanted::Yes);
        let warned = expected[0].contains("may read");
        assert_eq!(outcome.is_ok(), warned, "{to}");
        let report = outcome.map_or_else(|report| report, |loaded| loaded.warnings);
        let lines = said(&report);
        assert_eq!(lines.len(), expected.len(), "{to}\n{lines:#?}");
        for (line, expected) in lines.iter().zip(*expected) {
            let (_, place) = line.split_once(|sign: char| sign.is_ascii_digit()).unwrap();
            assert!(place.contains(expected), "{to}\n{line}");
        }
        let shown = format!("{} {} {report:?} {lines:?}", report.render(false), report.render(true));
        assert!(!shown.contains(CANARY) && !shown.contains("s3cr3t-0123"), "{to}\n{shown}");
    }
}

#[test]
fn a_secret_that_was_noted_in_a_comment_is_not_kept_with_the_text() {
    let to = "auth = { method = \"client-credentials\", client-id = \"app\", client-secret = \"env:SECRET\" } # s3cr3t-0123\nproxy = { \
              url = \"http://p:1\", user = \"me\", password = \"env:GLOBEX_PASSWORD\" } # with space and Ä";
    let loaded = config::load(&text(GLOBEX, to), "jirasyncd.toml", &world(), SecretsWanted::Yes).unwrap();
    let kept = &loaded.config.text;
    assert!(!kept.contains("s3cr3t-0123") && !kept.contains("with space and Ä") && kept.contains("# ***"), "{kept}");
}
