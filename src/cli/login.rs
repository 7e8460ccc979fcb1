//! `jirasyncd login`: has somebody grant the daemon access to an instance, in his browser. It must never listen beyond this machine,
//! take a code that belongs to another question, nor show what it was given.

use std::io::{self, BufRead as _};
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::{Host, Url};

use super::arguments::Common;
use super::command::remember;
use super::exit::Exit;
use super::output::Output;
use super::settings::load;
use super::small_runtime;
use crate::app::{StartError, Surroundings};
use crate::clock::{Clock, Entropy};
use crate::config::SecretsWanted;
use crate::engine::SetupError;
use crate::jira::{Identity, address_to_open, code_in, take_grant};
use crate::model::command::Elsewhere;
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;
use crate::model::settings::{Auth, InstanceSettings, OauthGrant};

/// The longest request of a browser that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// How long a browser that somebody says has come is waited for.
const WAIT: std::time::Duration = std::time::Duration::from_secs(3);

/// The arguments of `login`.
#[derive(Debug, Args)]
pub(super) struct Login {
    /// The instance, as the configuration calls it; its `method` is `oauth`.
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// Prints JSON at the end; the address to open goes to stderr.
    #[arg(long)]
    pub(super) json: bool,
}

/// Nobody can grant anything.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLogin {
    /// There is no such instance.
    #[error("there is no instance `{0}` in the configuration")]
    Instance(String),
    /// It logs in another way.
    #[error("`{0}` does not log in by `oauth`: its secret stands where `auth` says, and nobody has to grant anything")]
    OtherMethod(String),
    /// Where somebody would be asked is no address.
    #[error("`authorize-url` of `{0}` is no URL")]
    Authorize(String),
    /// The browser brought a no.
    #[error("access was not granted: {0}")]
    Denied(String),
    /// Neither the browser nor a person brought anything.
    #[error(
        "nobody said what was granted: paste the address that the browser was sent to, or let it reach this machine"
    )]
    Nothing,
}

/// The result as JSON.
#[derive(Serialize)]
struct Said<'s> {
    exit: Exit,
    instance: &'s str,
    account: &'s str,
    display_name: &'s str,
}

/// Shows the address, waits for what comes back, and keeps what was granted.
pub(super) fn run(common: &Common, wanted: &Login, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::Yes, output)?;
    let name = &wanted.instance;
    let settings = config.instances.get(&InstanceId::from(name.as_str()));
    let settings = settings.ok_or_else(|| NoLogin::Instance(name.clone()))?;
    let Auth::Grant(grant) = &settings.auth else { return Err(NoLogin::OtherMethod(name.clone()).into()) };
    let surroundings = Surroundings::of_this_machine();
    let identity = small_runtime()?.block_on(log_in(settings, grant, &surroundings, output))?;
    remember(common, &config, Elsewhere::LoggedIn(settings.id.clone()), output)?;
    let exit = Exit::Done;
    if output.json_wanted() {
        let (account, display_name) = (identity.account.as_str(), identity.display_name.as_str());
        output.json(&Said { exit, instance: name, account, display_name })?;
    } else {
        output.line(&format!("{name}: logged in as {} ({})", identity.display_name, identity.account))?;
        output.line("a daemon that runs goes on by itself within some minutes; `jirasyncd reload` has it do so now")?;
    }
    Ok(exit)
}

/// Has somebody grant access: the address to open is told, and what the browser brings back comes by itself or is typed.
///
/// # Errors
/// Nothing was granted, or the instance did not take it.
pub(super) async fn log_in(
    settings: &InstanceSettings,
    grant: &OauthGrant,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
) -> anyhow::Result<Identity> {
    let state = format!("{:032x}", surroundings.entropy.next_u128());
    let listener = match local(&grant.redirect_url) {
        Some(local) => TcpListener::bind(local).await.ok(),
        None => None,
    };
    tell_address(settings, grant, &state, output)?;
    output.note("Then paste the whole address that the browser was sent to, if nothing happens here by itself.")?;
    let code = code(listener, &grant.redirect_url, &state).await?;
    take(settings, grant, surroundings, &code).await
}

/// The same where the terminal belongs to somebody else, who asks there what the browser was sent to; nothing: it should have come by itself.
///
/// # Errors
/// As [`log_in`]; or asking failed.
pub(super) async fn log_in_asking(
    settings: &InstanceSettings,
    grant: &OauthGrant,
    surroundings: &Surroundings,
    output: &mut Output<'_>,
    ask: &mut dyn FnMut() -> anyhow::Result<String>,
) -> anyhow::Result<Identity> {
    let state = format!("{:032x}", surroundings.entropy.next_u128());
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let visits = visits(&grant.redirect_url, &state, stopped);
    tell_address(settings, grant, &state, output)?;
    let code = loop {
        let typed = ask()?;
        let query = match typed.split_once('?') {
            Some((_, query)) => Some(query.to_owned()),
            // It may be on its way still.
            None => visits.recv_timeout(WAIT).ok(),
        };
        match query.as_deref().map(|query| code_in(query, &state)) {
            Some(Some(Ok(code))) => break code,
            Some(Some(Err(why))) => return Err(NoLogin::Denied(why).into()),
            Some(None) | None => output.note("That is no answer to what was asked, and none came by itself.")?,
        }
    };
    drop(stop);
    take(settings, grant, surroundings, &code).await
}

/// What a browser brings while this thread waits for somebody at the terminal. Ends with `stopped`.
fn visits(
    redirect: &str,
    state: &str,
    stopped: tokio::sync::oneshot::Receiver<()>,
) -> std::sync::mpsc::Receiver<String> {
    let (send, receive) = std::sync::mpsc::channel();
    let path = Url::parse(redirect).map(|url| url.path().to_owned()).unwrap_or_default();
    if let (Some(local), Ok(runtime)) = (local(redirect), small_runtime()) {
        let state = state.to_owned();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::bind(local).await else { return };
                tokio::select! {
                    query = visited(&listener, &path, &state) => drop(send.send(query)),
                    _ = stopped => {}
                }
            });
        });
    }
    receive
}

fn tell_address(
    settings: &InstanceSettings,
    grant: &OauthGrant,
    state: &str,
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    let address =
        address_to_open(settings.kind, grant, state).map_err(|_| NoLogin::Authorize(settings.id.to_string()))?;
    output
        .note(&format!("Open this address in a browser, as the sync user of `{}`, and grant access:", settings.id))?;
    output.note(&address)?;
    Ok(())
}

async fn take(
    settings: &InstanceSettings,
    grant: &OauthGrant,
    surroundings: &Surroundings,
    code: &Secret,
) -> anyhow::Result<Identity> {
    let transport = (surroundings.transports)(settings)
        .map_err(|source| StartError::Transport { instance: settings.id.clone(), source })?;
    let clock: Arc<dyn Clock> = Arc::clone(&surroundings.clock);
    let entropy: Arc<dyn Entropy> = Arc::clone(&surroundings.entropy);
    let identity = take_grant(settings, grant, code, transport, clock, entropy).await;
    identity.map_err(|error| StartError::from(SetupError::Jira(vec![error])).into())
}

/// Where to listen for the browser; `None`: it is sent to another machine.
fn local(redirect: &str) -> Option<SocketAddr> {
    let url = Url::parse(redirect).ok().filter(|url| url.scheme() == "http")?;
    let port = url.port_or_known_default()?;
    let ip = match url.host()? {
        Host::Domain("localhost") => [127, 0, 0, 1].into(),
        Host::Ipv4(ip) if ip.is_loopback() => ip.into(),
        Host::Ipv6(ip) if ip.is_loopback() => ip.into(),
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// What somebody's browser was sent to: it comes by itself, or is pasted.
async fn code(listener: Option<TcpListener>, redirect: &str, state: &str) -> Result<Secret, NoLogin> {
    let mut pasted = pasted();
    let path = Url::parse(redirect).map(|url| url.path().to_owned()).unwrap_or_default();
    let mut typing = true;
    loop {
        let query = match (&listener, typing) {
            (Some(listener), true) => tokio::select! {
                query = visited(listener, &path, state) => Some(query),
                line = pasted.recv() => line,
            },
            (Some(listener), false) => Some(visited(listener, &path, state).await),
            (None, true) => pasted.recv().await,
            (None, false) => return Err(NoLogin::Nothing),
        };
        match query.as_deref().map(|query| code_in(query, state)) {
            Some(Some(Ok(code))) => return Ok(code),
            Some(Some(Err(why))) => return Err(NoLogin::Denied(why)),
            // Something else was pasted: a further line may be right.
            Some(None) => {}
            None => typing = false,
        }
    }
}

/// The queries of the addresses that are typed, until there is nothing more.
fn pasted() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel(1);
    // A thread of its own: a line that nobody types would keep the process from ending.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let query = line.trim().split_once('?').map(|(_, query)| query.to_owned());
            if query.is_some_and(|query| send.blocking_send(query).is_err()) {
                return;
            }
        }
    });
    receive
}

/// The query with which a browser comes with the answer to our question. Whoever else comes is sent away.
async fn visited(listener: &TcpListener, path: &str, state: &str) -> String {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let target = requested(&mut stream).await.unwrap_or_default();
        let (there, query) = target.split_once('?').unwrap_or((target.as_str(), ""));
        let ours = there == path && code_in(query, state).is_some();
        let (status, words) = if ours {
            ("200 OK", "jirasyncd has what it needs. You can close this page.")
        } else {
            ("404 Not Found", "This is not what jirasyncd waits for.")
        };
        let length = words.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{words}"
        );
        // Whether the browser shows it does not matter.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        if ours {
            return query.to_owned();
        }
    }
}

/// What a browser asks for.
async fn requested(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let count = stream.read(&mut part).await.ok().filter(|count| *count > 0)?;
        head.extend_from_slice(part.get(..count)?);
        if head.len() > LONGEST {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("GET ")?.split(' ').next()?;
    Some(target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_this_machine_alone() {
        let at = |url: &str| local(url).map(|address| address.to_string());
        assert_eq!(at("http://127.0.0.1:8472/granted").as_deref(), Some("127.0.0.1:8472"));
        assert_eq!(at("http://localhost:8472/").as_deref(), Some("127.0.0.1:8472"));
        assert_eq!(at("http://[::1]:8472/").as_deref(), Some("[::1]:8472"));
        for elsewhere in ["https://127.0.0.1:8472/", "http://10.0.0.1:8472/", "https://sync.example/granted", "x"] {
            assert_eq!(at(elsewhere), None, "{elsewhere}");
        }
    }
}
