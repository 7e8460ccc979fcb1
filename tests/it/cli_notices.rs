//! The running program as an operator's other tools meet it: notices to a mail server over TLS, figures over HTTP. Must never take a mail
//! server for trusted that is not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::clock::{Clock as _, SystemClock};
use jirasyncd::jira::{ReqwestTransport, Transport as _};

use super::cli_world::{Place, World, free_port};
use super::jira_ways::{for_everybody, pem};

/// How long something is waited for.
const WITHIN: Duration = Duration::from_secs(60);

/// What a mail server was told, line by line.
type Told = Arc<Mutex<Vec<String>>>;

/// A mail server that is spoken to over TLS from the first byte on. Its certificate is for `localhost`.
fn mail_server() -> (u16, Told) {
    let config = Arc::new(for_everybody());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Told::default();
    let heard = Arc::clone(&told);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), Ok(tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else { return };
            let mut secure = BufReader::new(rustls::StreamOwned::new(tls, stream));
            let (mut within, mut line) = (false, String::new());
            let mut say = secure.get_mut().write_all(b"220 test\r\n").is_ok();
            while say && secure.read_line(&mut line).is_ok_and(|count| count > 0) {
                let words = line.trim_end().to_owned();
                line.clear();
                let answer: &[u8] = match words.as_str() {
                    "." => b"250 ok\r\n",
                    "DATA" => b"354 go on\r\n",
                    "QUIT" => b"221 bye\r\n",
                    _ if within => b"",
                    _ => b"250 ok\r\n",
                };
                within = words == "DATA" || within && words != ".";
                heard.lock().unwrap().push(words);
                say = secure.get_mut().write_all(answer).is_ok();
            }
        }
    });
    (port, told)
}

/// A configuration with a token that ends tomorrow, which is worth a notice.
fn place(world: &World, listen: u16, mail: u16) -> Place {
    let tomorrow = (SystemClock::new().now() + jiff::SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string();
    let place = world
        .place_with("token = \"env:ACME_TOKEN\"", &format!("token = \"env:ACME_TOKEN\", expires = \"{tomorrow}\""));
    let file = place.file("jirasyncd.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", &format!("127.0.0.1:{listen}"));
    let notices = format!(
        "\n[notices]\nemail = {{ to = \"ops@acme.example\", from = \"sync@acme.example\", smtp = \"smtps://localhost:{mail}\" }}\n"
    );
    std::fs::write(&file, text + &notices).unwrap();
    place
}

/// The program, running, until dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, with these authorities to trust.
fn started(place: &Place, authority: &str) -> Running {
    let mut command = place.command(&["run"]);
    command.env("SSL_CERT_FILE", pem(authority)).stdin(Stdio::null()).stdout(Stdio::null());
    Running(command.stderr(std::fs::File::create(place.file("said")).unwrap()).spawn().unwrap())
}

fn stopped(mut running: Running) {
    let told = std::process::Command::new("kill").arg(running.0.id().to_string()).status().unwrap();
    assert!(told.success() && running.0.wait().unwrap().success(), "it did not end in peace");
}

/// Waits until something is so, and tells what stands when it does not come.
async fn until(what: &str, place: &Place, is_so: impl AsyncFn() -> bool) {
    let begun = tokio::time::Instant::now();
    while !is_so().await {
        let said = std::fs::read_to_string(place.file("said")).unwrap_or_default();
        assert!(begun.elapsed() < WITHIN, "{what}:\n{said}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_served_and_notices_sent_over_tls() {
    let world = World::new().await;
    let (listen, (mail, told)) = (free_port(), mail_server());
    let here = place(&world, listen, mail);
    let child = started(&here, "ca.pem");
    let transport = ReqwestTransport::new(Duration::from_secs(10), None).unwrap();
    let figures = async || {
        let asked = http::Request::get(format!("http://127.0.0.1:{listen}/metrics")).body(bytes::Bytes::new()).unwrap();
        let answer = transport.send(asked).await.ok()?;
        String::from_utf8(answer.into_body().to_vec()).ok()
    };
    let shows = async || figures().await.is_some_and(|text| text.contains("jirasyncd_calls_total{"));
    until("no figures", &here, shows).await;
    let text = figures().await.unwrap();
    assert!(text.contains("jirasyncd_build_info{") && !text.contains("canary"), "{text}");
    until("no mail", &here, async || told.lock().unwrap().iter().any(|line| line == ".")).await;
    let lines = told.lock().unwrap().clone();
    assert!(lines.iter().any(|line| line.starts_with("RCPT TO:<ops@acme.example>")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("Subject:") && line.contains("acme")), "{lines:?}");
    stopped(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_not_trusted_is_told_nothing() {
    let world = World::new().await;
    let (listen, (mail, told)) = (free_port(), mail_server());
    let here = place(&world, listen, mail);
    let child = started(&here, "clients.pem");
    let said = async || std::fs::read_to_string(here.file("said")).is_ok_and(|text| text.contains("the mail server"));
    until("no word of the mail server", &here, said).await;
    assert_eq!(*told.lock().unwrap(), Vec::<String>::new());
    stopped(child);
}
