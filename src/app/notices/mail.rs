//! A notice by e-mail. Must never go over the network without TLS but to the loopback, and never say the login.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{Messenger, Unsent};
use crate::config::{MailSettings, MailTls};
use crate::console::escaped_lines;
use crate::model::notices::Notice;

/// How long one exchange with the mail server may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Whom the mails are from, beside the address.
const NAME: &str = "jirasyncd";

/// Mails notices.
#[derive(Debug)]
pub struct MailMessenger {
    settings: MailSettings,
    transport: Result<AsyncSmtpTransport<Tokio1Executor>, String>,
}

impl MailMessenger {
    /// Mails by these settings. What is wrong shows with the first notice.
    #[must_use]
    pub fn new(settings: MailSettings) -> Self {
        let transport = transport(&settings);
        Self { settings, transport }
    }

    fn message(&self, notice: &Notice) -> Result<Message, String> {
        let MailSettings { to, from, .. } = &self.settings;
        let address = |text: &String| text.parse::<Address>().map_err(|error| format!("`{text}`: {error}"));
        let from = address(from)?;
        let title = in_one_line(&notice.title);
        // The same at each try, so that one which comes twice is seen to be one.
        let id = format!("<notice-{}-{}@{}>", notice.number, notice.at.as_millisecond(), from.domain());
        let mut message = Message::builder()
            .from(Mailbox::new(Some(NAME.to_owned()), from))
            .subject(format!("jirasyncd: {title}"))
            .date(SystemTime::from(notice.at))
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        for one in to {
            message = message.to(Mailbox::new(None, address(one)?));
        }
        let text = format!("{title}\n\n{}\n", notice.text);
        message.body(escaped_lines(&text).into_owned()).map_err(|error| error.to_string())
    }
}

fn transport(settings: &MailSettings) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let encrypted = || TlsParameters::new(settings.host.clone()).map_err(|error| error.to_string());
    let tls = match settings.tls {
        MailTls::Whole => Tls::Wrapper(encrypted()?),
        MailTls::Started => Tls::Required(encrypted()?),
        MailTls::None => Tls::None,
    };
    // What is dangerous of it is the choice of TLS, which is made here.
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host);
    let builder = builder.port(settings.port).tls(tls).timeout(Some(PATIENCE));
    let login = settings.login.as_ref();
    let credentials = login.map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned()));
    Ok(match credentials {
        Some(credentials) => builder.credentials(credentials).build(),
        None => builder.build(),
    })
}

#[async_trait]
impl Messenger for MailMessenger {
    async fn tell(&self, notice: &Notice) -> Result<(), Unsent> {
        let transport = self.transport.as_ref().map_err(|why| Unsent { why: why.clone(), again: false })?;
        let message = self.message(notice).map_err(|why| Unsent { why, again: false })?;
        match transport.send(message).await {
            Ok(_) => Ok(()),
            // A refused login is asked for again only a few times, minutes apart.
            Err(error) => Err(Unsent { why: format!("the mail server: {error}"), again: !error.is_permanent() }),
        }
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
