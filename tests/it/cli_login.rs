//! `jirasyncd login` against a simulated Jira on the loopback: the browser that comes by itself, the address that is pasted, and what
//! cannot be. Must never show what was granted.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::process::Stdio;

use jirasyncd::clock::{Clock as _, SystemClock};
use jirasyncd::jira::{ReqwestTransport, Transport as _};
use jirasyncd::simulator::{CLOUD_ID, Credential};

use super::cli_world::{ACME_TOKEN, Place, World, free_port};

/// A configuration whose first instance is granted access to, and where the browser is sent then.
fn place(world: &World, redirect: &str) -> Place {
    let acme = world.acme.base_url();
    let auth = format!(
        "gateway = \"{acme}/ex/jira/{CLOUD_ID}\"\n[instance.acme.auth]\nmethod = \"oauth\"\nclient-id = \"app\"\nclient-secret = \
         \"env:ACME_TOKEN\"\ntoken-url = \"{acme}/oauth/token\"\nauthorize-url = \"{acme}/authorize\"\nredirect-url = \"{redirect}\""
    );
    world.place_with(
        "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:ACME_TOKEN\" }",
        &auth,
    )
}

async fn world() -> World {
    World::with(|acme, _| {
        acme.users[0].credentials = vec![Credential::Client { id: "app".into(), secret: ACME_TOKEN.into() }];
    })
    .await
}

/// The address that somebody is to open, as it is told; `said` gets all that was.
pub(crate) fn address_in(told: &mut impl BufRead, said: &mut String) -> String {
    loop {
        let mut line = String::new();
        assert!(told.read_line(&mut line).unwrap() > 0, "{said}");
        said.push_str(&line);
        if line.starts_with("http") {
            return line.trim().to_owned();
        }
    }
}

/// Where somebody's browser is sent after he granted what is asked for at that address.
pub(crate) async fn granted(address: &str) -> String {
    let transport = ReqwestTransport::new(std::time::Duration::from_secs(10), None).unwrap();
    let request = http::Request::get(address).body(bytes::Bytes::new()).unwrap();
    let answer = transport.send(request).await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Has access granted, in a browser that comes by itself or is somewhere else. All that was said.
async fn log_in(place: &Place, redirect: &str, comes_by_itself: bool) -> String {
    let mut child = place
        .command(&["login", "acme"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let address = address_in(&mut told, &mut said);
    let back = granted(&address).await;
    assert!(back.starts_with(redirect), "{back}");
    if comes_by_itself {
        let transport = ReqwestTransport::new(std::time::Duration::from_secs(10), None).unwrap();
        let visit = |url: String| {
            let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
            transport.send(request)
        };
        // Somebody else's answer, then ours.
        let other = back.replace("state=", "state=x");
        assert_eq!(visit(other).await.unwrap().status(), 404);
        assert_eq!(visit(back).await.unwrap().status(), 200);
    } else {
        writeln!(typed, "what is this?\n{}\n{back}", back.replace("state=", "state=x")).unwrap();
    }
    let output = tokio::task::spawn_blocking(move || {
        told.read_to_string(&mut said).unwrap();
        (child.wait_with_output().unwrap(), said)
    });
    let (output, said) = output.await.unwrap();
    drop(typed);
    let all = format!("{}{said}", String::from_utf8(output.stdout).unwrap());
    assert!(output.status.success() && all.contains("acme: logged in as Sync (Acme)"), "{all}");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_granted_by_the_browser_or_by_what_is_pasted() {
    for comes_by_itself in [true, false] {
        let world = world().await;
        let redirect = if comes_by_itself {
            format!("http://127.0.0.1:{}/granted", free_port())
        } else {
            "https://sync.example/granted".to_owned()
        };
        let place = place(&world, &redirect);
        let before = place.run(&["check"]).await;
        assert!(before.all().contains("nobody has granted access yet: run `jirasyncd login acme`"), "{before:?}");
        let all = log_in(&place, &redirect, comes_by_itself).await;
        for secret in ["canary", "code-number", "access-token-number", "refresh-token-number"] {
            assert!(!all.contains(secret), "{all}");
        }
        let after = place.run(&["check"]).await;
        assert!(after.all().contains("as `Sync (Acme)`") && !after.all().contains("jirasyncd login"), "{after:?}");
        let ends = SystemClock::new().now() + jiff::SignedDuration::from_hours(24 * 365);
        assert!(after.all().contains(&format!(", granted until {}", ends.strftime("%Y-%m-%d"))), "{after:?}");
        // Once there is something that remembers it, it is known who granted access.
        assert!(!all.contains("audit"), "{all}");
        place.run(&["run", "--once"]).await.expect(0, &[]);
        log_in(&place, &redirect, comes_by_itself).await;
        let audit = place.run(&["audit", "--side", "acme", "--since", "1h"]).await;
        audit.expect(0, &["operator ", "`login acme`: done"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_granted_is_said() {
    let world = world().await;
    let place = place(&world, "https://sync.example/granted");
    place.run(&["login", "nobody"]).await.expect(2, &["there is no instance `nobody`"]);
    place.run(&["login", "globex"]).await.expect(2, &["`globex` does not log in by `oauth`"]);
    // Nobody types anything.
    place.run(&["login", "acme"]).await.expect(1, &["nobody said what was granted"]);
}
