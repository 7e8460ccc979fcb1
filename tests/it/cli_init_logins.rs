//! `jirasyncd init` by every way to log in, and through what may lie on the way to an instance. Must never show a secret, nor write one
//! into the configuration.

use std::io::{BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use jirasyncd::jira::{ReqwestTransport, Transport as _};
use jirasyncd::simulator::{CLOUD_ID, Credential};

use super::cli_init::{empty_place, init};
use super::cli_init_terminal::Terminal;
use super::cli_login::{address_in, granted};
use super::cli_world::{ACME_TOKEN, GLOBEX_TOKEN, Place, World, free_port};
use super::jira_ways::socks_proxy;

/// Two Jiras that take nothing but these.
async fn world(acme_takes: Credential, globex_takes: Credential) -> World {
    World::with(|acme, globex| {
        acme.users[0].credentials = vec![acme_takes];
        globex.users[0].credentials = vec![globex_takes];
    })
    .await
}

fn client(secret: &str) -> Credential {
    Credential::Client { id: "app".into(), secret: secret.into() }
}

/// Answers for both, with these lines about how to log in.
fn answers(world: &World, acme: &str, globex: &str) -> String {
    format!(
        "[[instances]]\nname = \"acme\"\nurl = \"{}\"\nproject = \"SUP\"\n{acme}\n\n[[instances]]\nname = \"globex\"\nurl = \
         \"{}\"\nproject = \"ENG\"\n{globex}\n",
        world.acme.base_url(),
        world.globex.base_url()
    )
}

/// As it is usual on Data Center.
fn bearer() -> String {
    format!("token = \"{GLOBEX_TOKEN}\"")
}

/// What was set up works, and no secret stands in it.
async fn is_taken(place: &Place, secret: &str, holds: &[&str]) {
    let text = std::fs::read_to_string(place.file("jirasyncd.toml")).unwrap_or_default();
    assert!(!text.contains("canary"), "a secret is in the configuration: {text}");
    for part in holds {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    let mode = std::fs::metadata(place.file(secret)).map(|file| file.permissions().mode() & 0o7777).ok();
    assert_eq!(mode, Some(0o600), "{secret}");
    place.run(&["check"]).await.expect(0, &["0 errors"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_log_in_can_be_set_up() {
    let token = |secret: &str| format!("user = \"sync@acme.example\"\ntoken = \"{secret}\"");
    let scoped = Credential::ScopedToken(ACME_TOKEN.into());
    let account = format!("login = \"service-account\"\ntoken = \"{ACME_TOKEN}\"\nexpires = \"2027-03-01\"");
    let until = "method = \"bearer\", token = \"file:tokens/acme\", expires = \"2027-03-01\"";
    let by_client =
        |secret: &str| format!("login = \"client-credentials\"\nclient-id = \"app\"\nclient-secret = \"{secret}\"");
    let cloud = [
        (
            scoped.clone(),
            format!("login = \"scoped-token\"\n{}", token(ACME_TOKEN)),
            "tokens/acme",
            "method = \"api-token\"",
        ),
        (scoped, account, "tokens/acme", until),
        (client(ACME_TOKEN), by_client(ACME_TOKEN), "tokens/acme.client-secret", "method = \"client-credentials\""),
    ];
    for (takes, lines, secret, method) in cloud {
        let world = world(takes, Credential::Pat(GLOBEX_TOKEN.into())).await;
        let place = empty_place();
        let acme = world.acme.base_url();
        let gateway = format!("gateway = \"{acme}/ex/jira/{CLOUD_ID}\"\n");
        let lines =
            if method.contains("client") { format!("{lines}\ntoken-url = \"{acme}/oauth/token\"") } else { lines };
        init(&place, &answers(&world, &format!("{gateway}{lines}"), &bearer()), &[])
            .await
            .expect(0, &["acme: logged in as Sync (Acme)"]);
        is_taken(&place, secret, &[method, gateway.trim()]).await;
    }
    let basic = format!("login = \"basic\"\nuser = \"sync\"\npassword = \"{GLOBEX_TOKEN}\"");
    let data_center = [
        (
            Credential::Password(GLOBEX_TOKEN.into()),
            basic,
            "tokens/globex.password",
            "method = \"basic\", user = \"sync\"",
        ),
        (
            client(GLOBEX_TOKEN),
            by_client(GLOBEX_TOKEN),
            "tokens/globex.client-secret",
            "method = \"client-credentials\"",
        ),
    ];
    for (takes, lines, secret, method) in data_center {
        let world = world(Credential::ApiToken(ACME_TOKEN.into()), takes).await;
        let place = empty_place();
        init(&place, &answers(&world, &token(ACME_TOKEN), &lines), &[]).await.expect(0, &["globex: logged in as Sync"]);
        is_taken(&place, secret, &[method]).await;
    }
}

/// Without a word of it the site itself says where its gateway is; and a way that a Jira does not have is told with those that it has.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_way_is_told() {
    let world = world(Credential::ApiToken(ACME_TOKEN.into()), Credential::Pat(GLOBEX_TOKEN.into())).await;
    let place = empty_place();
    let told = answers(&world, "login = \"basic\"\n", &bearer());
    let ways = ["`instances[1].login` is of no use: `basic` is no way to log in there", "`service-account`"];
    init(&place, &told, &[]).await.expect(2, &ways);
    let told = answers(&world, "login = \"client-credentials\"\nclient-id = \"app\"", &bearer());
    init(&place, &told, &[]).await.expect(2, &["no `instances[1].client-secret`: the application's client secret"]);
    let told = answers(&world, "proxy-user = \"me\"", &bearer());
    init(&place, &told, &[]).await.expect(2, &["no `instances[1].proxy-password`"]);
    let told = answers(&world, "proxy = \"gopher://x\"", &bearer());
    init(&place, &told, &[]).await.expect(2, &["`instances[1].proxy` is of no use: this is no proxy's URL"]);
    let transport = ReqwestTransport::new(Duration::from_secs(10), None).unwrap();
    // Left out, it would be sent to the site itself.
    let told = answers(
        &world,
        &format!("gateway = \"https://api.atlassian.com/ex/jira/x\"\nuser = \"a@b.example\"\ntoken = \"{ACME_TOKEN}\""),
        &bearer(),
    );
    let asked = ["`instances[1].gateway` is of no use: the way to log in is `api-token`, which does not ask for it"];
    init(&place, &told, &[]).await.expect(2, &asked);
    let told = answers(&world, "user = \"a@b.example\"\ntoken = \"env:\"", &bearer());
    init(&place, &told, &[]).await.expect(2, &["`instances[1].token` is of no use"]);
    let usual = format!("user = \"sync@acme.example\"\ntoken = \"{ACME_TOKEN}\"");
    let told = answers(&world, &format!("{usual}\nproxy = \"http://127.0.0.1:9\""), &bearer());
    init(&place, &told, &[])
        .await
        .expect(2, &["`instances[1].proxy` is of no use: through it, asking http://127.0.0.1"]);
    let people = |users: &str| format!("users = {users}\n{}", answers(&world, &usual, &bearer()));
    init(&place, &people("[ { acme = \"jane@acme.example\" } ]"), &[])
        .await
        .expect(2, &["`users[1]` is of no use: it names nobody"]);
    init(&place, &people("\"everybody\""), &[]).await.expect(2, &["`users` is \"proposed\", \"none\", or rows"]);
    let (acme, globex) = (world.acme.base_url(), world.globex.base_url());
    let again = answers(&world, &usual, &usual).replace(&globex, &acme.replace("127.0.0.1", "localhost"));
    init(&place, &again, &[]).await.expect(2, &[&format!("the Jira at {acme} was named before")]);
    let found = jirasyncd::jira::choices::find_gateway(&acme, &transport);
    assert_eq!(found.await, Some(format!("https://api.atlassian.com/ex/jira/{CLOUD_ID}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_gone_through_from_the_first_question_on() {
    let world = world(Credential::ApiToken(ACME_TOKEN.into()), Credential::Pat(GLOBEX_TOKEN.into())).await;
    let (proxy, asked) = socks_proxy().await;
    let acme = format!(
        "user = \"sync@acme.example\"\ntoken = \"{ACME_TOKEN}\"\nproxy = \"socks5://{proxy}\"\nproxy-user = \"me\"\nproxy-password = \
         \"canary-at-the-proxy\""
    );
    let place = empty_place();
    let base = format!("url = \"{}", world.acme.base_url());
    let told = answers(&world, &acme, &bearer()).replacen(&base, &format!("{base}/browse/SUP-1?focused=true#top"), 1);
    init(&place, &told, &[]).await.expect(0, &["logged in as Sync (Acme)"]);
    let told = asked.lock().unwrap().clone();
    assert!(!told.is_empty() && told.iter().all(|(_, login)| login.contains("me")), "{told:?}");
    is_taken(&place, "tokens/acme.proxy-password", &["proxy = { url = ", "user = \"me\""]).await;
    assert!(asked.lock().unwrap().len() > told.len(), "`check` went past the proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_granted_while_it_is_set_up() {
    let world = world(client(ACME_TOKEN), Credential::Pat(GLOBEX_TOKEN.into())).await;
    let place = empty_place();
    let (acme, redirect) = (world.acme.base_url(), format!("http://127.0.0.1:{}/granted", free_port()));
    let oauth = format!(
        "login = \"oauth\"\nclient-id = \"app\"\nclient-secret = \"{ACME_TOKEN}\"\ngateway = \"{acme}/ex/jira/{CLOUD_ID}\"\ntoken-url = \
         \"{acme}/oauth/token\"\nauthorize-url = \"{acme}/authorize\"\nredirect-url = \"{redirect}\""
    );
    std::fs::write(place.file("answers.toml"), answers(&world, &oauth, &bearer())).unwrap();
    let mut child = place
        .command(&["init", "--answers", place.file("answers.toml").to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let address = address_in(&mut told, &mut said);
    let back = granted(&address).await;
    let transport = ReqwestTransport::new(Duration::from_secs(10), None).unwrap();
    let visit = transport.send(http::Request::get(back).body(bytes::Bytes::new()).unwrap());
    assert_eq!(visit.await.unwrap().status(), 200);
    let output = tokio::task::spawn_blocking(move || {
        told.read_to_string(&mut said).unwrap();
        (child.wait_with_output().unwrap(), said)
    });
    let (output, said) = output.await.unwrap();
    let all = format!("{}{said}", String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success() && all.contains("acme: logged in as Sync (Acme)"), "{all}");
    for secret in ["canary", "code-number", "access-token-number", "refresh-token-number"] {
        assert!(!all.contains(secret), "{all}");
    }
    is_taken(&place, "tokens/acme.client-secret", &["method = \"oauth\"", "redirect-url = "]).await;
    // Another grant would take the place of this one.
    std::fs::remove_file(place.file("jirasyncd.toml")).unwrap();
    let told = std::fs::read_to_string(place.file("answers.toml")).unwrap();
    init(&place, &told, &[]).await.expect(2, &["state.db.acme.grant` already", "--overwrite"]);
    let shown = format!("write = false\n{told}");
    init(&place, &shown, &["--overwrite"])
        .await
        .expect(2, &["`write` is of no use: what somebody grants is kept at once"]);
}

/// At a terminal nothing is asked for it but an empty answer: the others are listed then, and somebody is sent to a browser from there.
#[tokio::test(flavor = "multi_thread")]
async fn another_way_is_chosen_at_a_terminal() {
    let world = world(Credential::ApiToken(ACME_TOKEN.into()), client(GLOBEX_TOKEN)).await;
    let place = empty_place();
    let Some(mut terminal) = Terminal::open(&place) else { return };
    terminal.wait(0, "$").await;
    terminal.type_in("jirasyncd init --config jirasyncd.toml");
    terminal.enter();
    terminal.answer("Where is the first Jira?", &world.acme.base_url()).await;
    terminal.answer("the e-mail of the sync user?", "sync@acme.example").await;
    terminal.answer("the API token of the sync user?", ACME_TOKEN).await;
    terminal.answer("Where is the second?", &world.globex.base_url()).await;
    terminal.answer("a personal access token of the sync user?", "").await;
    terminal.answer("How does the sync user of data-center log in?", "browser").await;
    terminal.answer("the application's client id?", "app").await;
    terminal.answer("the application's client secret?", GLOBEX_TOKEN).await;
    terminal.wait(0, "The address that the browser was sent to?").await;
    let shown = terminal.shown();
    let (_, address) = shown.split_once("grant access:").unwrap();
    let (address, _) = address.split_once("? The address").unwrap();
    let address: String = address.chars().filter(|sign| !sign.is_whitespace()).collect();
    let back = granted(&address).await;
    assert!(back.starts_with("http://127.0.0.1:8472/granted?"), "{back}");
    terminal.answer("The address that the browser was sent to?", &back).await;
    terminal.answer("Is there another?", "").await;
    terminal.answer("Which project of cloud?", "supp").await;
    terminal.answer("Which project of data-center?", "eng").await;
    terminal.answer("Map a person of cloud to one of another Jira?", "").await;
    terminal.answer("Write it?", "").await;
    terminal.wait(0, "keeps all in step").await;
    assert!(!terminal.shown().contains("canary"), "a secret was shown");
    is_taken(&place, "tokens/data-center.client-secret", &["method = \"oauth\", client-id = \"app\""]).await;
}
