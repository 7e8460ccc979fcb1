//! The keys of notices: a part of the one table of keys. Must never be doubled.

use super::keys::{Form, Key, Shape, default, form, optional, required};

static WHERE: Form =
    form("a URL, or where one lies", "env:JIRASYNCD_NOTICES", Some("^(https?://|(env|file|credential):.)"));
static SERVER: Form = form("a mail server", "smtps://mail.example.org", Some("^smtps?://"));
static MAILBOX: Form = form("an e-mail address", "ops@example.org", None);
static LIES: Form = form("where a secret lies", "env:SMTP_PASSWORD", Some("^(env|file|credential):."));
static DATE: Form = form("a date", "2027-03-01", Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));

pub(super) static NOTICE_WEBHOOK: Key = optional(
    "webhook",
    Shape::Text(&WHERE),
    "Where each notice is posted as JSON: a URL (https; http only for an address within your own network), or `env:NAME`, `file:PATH`, `credential:NAME` where it is a secret.",
);
pub(super) static MAIL_TO: Key = required(
    "to",
    Shape::Either(&[Shape::Text(&MAILBOX), Shape::List(&Shape::Text(&MAILBOX))]),
    "Who gets the mails: an address, or a list.",
);
pub(super) static MAIL_FROM: Key = required("from", Shape::Text(&MAILBOX), "The address that they come from.");
pub(super) static MAIL_SMTP: Key = required(
    "smtp",
    Shape::Text(&SERVER),
    "The mail server: `smtps://HOST` (TLS, port 465) or `smtp://HOST` (STARTTLS, port 587; without TLS on the loopback only). `HOST:PORT` for another port.",
);
pub(super) static MAIL_USER: Key =
    optional("user", Shape::Text(&MAILBOX), "Whom to log in as at the mail server. Left out: without a login.");
pub(super) static MAIL_PASSWORD: Key = optional(
    "password",
    Shape::Text(&LIES),
    "Where that user's password lies: `env:NAME`, `file:PATH` or `credential:NAME`.",
);
pub(super) static NOTICE_EMAIL: Key = optional(
    "email",
    Shape::Table(&[&MAIL_TO, &MAIL_FROM, &MAIL_SMTP, &MAIL_USER, &MAIL_PASSWORD]),
    "Whom each notice is sent to by e-mail.",
);
pub(super) static NOTICES_PER_HOUR: Key = default(
    "per-hour",
    Shape::Number(1_000.0),
    "10",
    "Notices within an hour at most. Of more it is told how many were held back.",
);
pub(super) static NOTICE_PROBLEMS: Key = default(
    "problems",
    Shape::Number(1_000_000.0),
    "20",
    "From so many standing problems on it is told that they pile up, and again each time they double.",
);
pub(super) static NOTICES: Key = optional(
    "notices",
    Shape::Table(&[&NOTICE_WEBHOOK, &NOTICE_EMAIL, &NOTICES_PER_HOUR, &NOTICE_PROBLEMS]),
    "Tells by webhook and e-mail when something wants somebody: an instance away or back, a sync that stopped, a token that expires, problems that pile up. Left out: nothing is sent.",
);
pub(super) static EXPIRES: Key = optional(
    "expires",
    Shape::Text(&DATE),
    "The day on which the token ends: Jira does not tell. Notices remind of it two weeks and three days before.",
);
