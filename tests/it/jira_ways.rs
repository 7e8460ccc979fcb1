//! The ways to an instance over real sockets on the loopback: a client certificate, a proxy of each kind. Must never leave the
//! loopback, nor take an answer for one of the way that is tested when it came by another.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jirasyncd::jira::{ReqwestTransport, Transport as _, TransportError, TransportSetupError, Trouble};
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{ClientCertificate, NetworkSettings, ProxySettings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::jira_network::raw;

const LONG: Duration = Duration::from_secs(5);
const YES: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

pub(crate) fn pem(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/it/catalogue/certificates", name].iter().collect()
}

async fn ask(network: &NetworkSettings, url: &str) -> Result<http::Response<Bytes>, TransportError> {
    let request = http::Request::get(url).header("authorization", "Bearer s3cr3t").body(Bytes::new()).unwrap();
    ReqwestTransport::over(LONG, network).unwrap().send(request).await
}

/// A server that lets in whom the clients' authority vouches for, and the names that it read requests of.
fn for_clients_only() -> (String, Arc<Mutex<Vec<usize>>>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut authorities = rustls::RootCertStore::empty();
    authorities.add(CertificateDer::from_pem_file(pem("clients.pem")).unwrap()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider))
            .build()
            .unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(pem("good.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(pem("leaf.key")).unwrap(),
        )
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    std::thread::spawn(move || {
        let config = Arc::new(config);
        for stream in listener.incoming() {
            let (Ok(mut stream), Ok(mut tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else {
                return;
            };
            let mut secure = rustls::Stream::new(&mut tls, &mut stream);
            if secure.read(&mut [0; 4_096]).is_ok_and(|count| count > 0) {
                seen.lock().unwrap().push(secure.conn.peer_certificates().map_or(0, <[_]>::len));
                let _ = secure.write_all(YES);
                secure.conn.send_close_notify();
                let _ = secure.flush();
            }
        }
    });
    (url, shown)
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_configured() {
    let (url, shown) = for_clients_only();
    let with = |client_certificate: Option<ClientCertificate>| NetworkSettings {
        ca_file: Some(pem("ca.pem")),
        client_certificate,
        proxy: None,
    };
    let without = ask(&with(None), &url).await.unwrap_err();
    assert!(!without.to_string().contains("s3cr3t"), "{without}");
    assert!(shown.lock().unwrap().is_empty(), "no request of somebody unknown is read");
    let apart = ClientCertificate { certificate: pem("client.pem"), key: pem("client.key") };
    assert_eq!(ask(&with(Some(apart.clone())), &url).await.unwrap().status(), 200);
    // Both in one file.
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.pem");
    let text = ["client.key", "client.pem"].map(|name| std::fs::read_to_string(pem(name)).unwrap()).join("\n");
    std::fs::write(&both, text).unwrap();
    let one = ClientCertificate { certificate: both.clone(), key: both };
    assert_eq!(ask(&with(Some(one)), &url).await.unwrap().status(), 200);
    assert_eq!(*shown.lock().unwrap(), [1, 1]);
    // A certificate of others.
    let other = ClientCertificate { certificate: pem("good.pem"), key: pem("leaf.key") };
    assert!(ask(&with(Some(other)), &url).await.is_err());
    // The authority is still asked for: whom the client does not trust is told nothing.
    let distrusted = NetworkSettings { client_certificate: Some(apart), ..NetworkSettings::default() };
    assert_eq!(ask(&distrusted, &url).await.unwrap_err().trouble, Trouble::Tls);
    assert_eq!(shown.lock().unwrap().len(), 2);
}

#[test]
fn a_client_certificate_that_is_none_is_named() {
    let over = |certificate: PathBuf, key: PathBuf| {
        let client_certificate = Some(ClientCertificate { certificate, key });
        let network = NetworkSettings { client_certificate, ..NetworkSettings::default() };
        ReqwestTransport::over(LONG, &network).map(|_| ())
    };
    let error = over(pem("client.pem"), pem("missing.key")).unwrap_err();
    assert!(matches!(&error, TransportSetupError::ClientFile { path, .. } if path.ends_with("missing.key")), "{error}");
    let error = over(pem("client.pem"), pem("client.pem")).unwrap_err();
    assert!(matches!(error, TransportSetupError::ClientContent { .. }), "{error}");
    over(pem("client.pem"), pem("client.key")).unwrap();
}

/// What a proxy was asked: the first line or the target, and the login.
pub(crate) type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// An HTTP proxy that passes plain requests on, and tunnels.
async fn http_proxy() -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Asked = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let first = head.lines().next().unwrap_or_default().to_owned();
                let login = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("proxy-authorization").then(|| value.to_owned())
                });
                seen.lock().unwrap().push((first.clone(), login.unwrap_or_default()));
                if let Some(target) = first.strip_prefix("CONNECT ") {
                    let target = target.split(' ').next().unwrap_or_default();
                    let mut there = TcpStream::connect(target.replace("localhost", "127.0.0.1")).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
                } else {
                    let _ = stream.write_all(YES).await;
                }
            });
        }
    });
    (format!("http://{address}"), asked)
}

/// A SOCKS proxy that asks for a login and passes on to wherever it is told.
pub(crate) async fn socks_proxy() -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Asked = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move { socks(&mut stream, &seen).await });
        }
    });
    (address.to_string(), asked)
}

/// One client of the SOCKS proxy, as RFC 1928 and RFC 1929 have it.
async fn socks(stream: &mut TcpStream, seen: &Asked) -> Option<()> {
    async fn text(stream: &mut TcpStream) -> Option<String> {
        let mut bytes = vec![0; usize::from(stream.read_u8().await.ok()?)];
        stream.read_exact(&mut bytes).await.ok()?;
        String::from_utf8(bytes).ok()
    }
    assert_eq!(stream.read_u8().await.ok()?, 5);
    let mut methods = vec![0; usize::from(stream.read_u8().await.ok()?)];
    stream.read_exact(&mut methods).await.ok()?;
    let mut login = String::new();
    let method = if methods.contains(&2) { 2 } else { 0 };
    stream.write_all(&[5, method]).await.ok()?;
    if method == 2 {
        assert_eq!(stream.read_u8().await.ok()?, 1);
        login = format!("{}:{}", text(stream).await?, text(stream).await?);
        stream.write_all(&[1, 0]).await.ok()?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => {
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.ok()?;
            std::net::Ipv4Addr::from(bytes).to_string()
        }
        3 => text(stream).await?,
        other => panic!("address type {other}"),
    };
    let port = stream.read_u16().await.ok()?;
    seen.lock().unwrap().push((host.clone(), login));
    let mut there = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    tokio::io::copy_bidirectional(stream, &mut there).await.ok().map(drop)
}

fn through(url: &str, login: Option<(&str, &str)>, no_proxy: &[&str]) -> NetworkSettings {
    let login = login.map(|(user, password)| (user.to_owned(), Secret::new(password.to_owned())));
    let no_proxy = no_proxy.iter().map(|host| (*host).to_owned()).collect();
    let proxy = Some(ProxySettings { url: url.to_owned(), login, no_proxy });
    NetworkSettings { ca_file: Some(pem("ca.pem")), client_certificate: None, proxy }
}

#[tokio::test]
async fn an_http_proxy_is_logged_in_to_and_left_out_where_that_is_said() {
    let (proxy, asked) = http_proxy().await;
    let (direct, reached) = raw(YES.to_vec()).await;
    let network = through(&proxy, Some(("sync@acme", "p@ss: w/rd")), &["127.0.0.1", ".within.example"]);
    // A host that only the proxy could know.
    assert_eq!(ask(&network, "http://jira.example/rest").await.unwrap().status(), 200);
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "sync@acme:p@ss: w/rd");
    let plain = ("GET http://jira.example/rest HTTP/1.1".to_owned(), format!("Basic {basic}"));
    assert_eq!(*asked.lock().unwrap(), [plain]);
    assert_eq!(ask(&network, &direct).await.unwrap().status(), 200);
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 1, "not through the proxy");
    assert_eq!(asked.lock().unwrap().len(), 1);
    assert!(ask(&network, "http://jira.within.example/").await.is_err(), "nobody knows that host but the proxy");
    let shown = format!("{network:?} {:?}", ReqwestTransport::over(LONG, &network).unwrap());
    assert!(!shown.contains("w/rd") && !shown.contains(&basic) && !shown.contains("w%2Frd"), "{shown}");
}

#[tokio::test]
async fn a_tunnel_is_made_for_https_and_the_certificate_is_still_looked_at() {
    let (proxy, asked) = http_proxy().await;
    let (url, shown) = for_clients_only();
    let client = ClientCertificate { certificate: pem("client.pem"), key: pem("client.key") };
    let network = NetworkSettings { client_certificate: Some(client), ..through(&proxy, Some(("sync", "word")), &[]) };
    assert_eq!(ask(&network, &url).await.unwrap().status(), 200);
    let (first, login) = asked.lock().unwrap()[0].clone();
    assert!(first.starts_with("CONNECT localhost:") && login == "Basic c3luYzp3b3Jk", "{first} {login}");
    assert_eq!(*shown.lock().unwrap(), [1]);
    let distrusting = NetworkSettings { ca_file: None, ..network };
    assert_eq!(ask(&distrusting, &url).await.unwrap_err().trouble, Trouble::Tls);
}

/// What a server shows whose certificate is for `localhost`, and who asks for none.
pub(crate) fn for_everybody() -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(pem("good.pem")).unwrap()],
            PrivateKeyDer::from_pem_file(pem("leaf.key")).unwrap(),
        )
        .unwrap()
}

/// Before a proxy over TLS and behind it: one request goes in, and its answer comes back.
fn over_tls(to: String) -> String {
    let config = Arc::new(for_everybody());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), Ok(mut tls)) = (stream, rustls::ServerConnection::new(Arc::clone(&config))) else {
                return;
            };
            let mut secure = rustls::Stream::new(&mut tls, &mut stream);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if !secure.read(&mut byte).is_ok_and(|count| count == 1) {
                    break;
                }
                head.extend(byte);
            }
            let Ok(mut there) = std::net::TcpStream::connect(&to) else { return };
            let mut answer = Vec::new();
            if there.write_all(&head).and_then(|()| there.read_to_end(&mut answer)).is_ok() {
                let _ = secure.write_all(&answer);
                secure.conn.send_close_notify();
                let _ = secure.flush();
            }
        }
    });
    url
}

#[tokio::test]
async fn a_proxy_is_spoken_to_over_tls_where_its_url_says_so() {
    let (plain, asked) = http_proxy().await;
    let proxy = over_tls(plain.trim_start_matches("http://").to_owned());
    let network = through(&proxy, Some(("sync", "word")), &[]);
    assert_eq!(ask(&network, "http://jira.example/rest").await.unwrap().status(), 200);
    let wanted = ("GET http://jira.example/rest HTTP/1.1".to_owned(), "Basic c3luYzp3b3Jk".to_owned());
    assert_eq!(*asked.lock().unwrap(), [wanted]);
    let distrusting = NetworkSettings { ca_file: None, ..network };
    assert_eq!(ask(&distrusting, "http://jira.example/rest").await.unwrap_err().trouble, Trouble::Tls);
    assert_eq!(asked.lock().unwrap().len(), 1, "nothing was said to a proxy that is not trusted");
}

#[tokio::test]
async fn a_socks_proxy_looks_names_up_where_it_is_to() {
    let (proxy, asked) = socks_proxy().await;
    let (target, reached) = raw(YES.to_vec()).await;
    let port = target.rsplit(':').next().unwrap();
    let far = format!("http://jira.example:{port}/");
    let network = through(&format!("socks5h://{proxy}"), Some(("sync", "p@ss: w/rd")), &[]);
    assert_eq!(ask(&network, &far).await.unwrap().status(), 200);
    let near = format!("http://127.0.0.1:{port}/");
    let network = through(&format!("socks5://{proxy}"), None, &[]);
    assert_eq!(ask(&network, &near).await.unwrap().status(), 200);
    let wanted = [("jira.example", "sync:p@ss: w/rd"), ("127.0.0.1", "")];
    assert_eq!(*asked.lock().unwrap(), wanted.map(|(host, login)| (host.to_owned(), login.to_owned())));
    assert_eq!(reached.load(std::sync::atomic::Ordering::SeqCst), 2);
    // A proxy that is gone is told as such, without its login.
    let gone = through("socks5://127.0.0.1:1", Some(("sync", "p@ss: w/rd")), &[]);
    let error = ask(&gone, &near).await.unwrap_err();
    assert!(!error.trouble.may_have_arrived() && !error.to_string().contains("w/rd"), "{error}");
}
