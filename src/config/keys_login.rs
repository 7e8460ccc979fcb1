//! The keys of logins and of the way to an instance: a part of the one table of keys. Must never be doubled.

use super::keys::{Form, Key, SECRET, Shape, default, form, optional, required};

static ACCOUNT: Form = form("the sync user's e-mail", "sync@acme.example", None);
static PASSWORD_AT: Form = form("where a secret lies", "env:GLOBEX_PASSWORD", Some("^(env|file|credential):."));
static CLIENT: Form = form("an application's id", "aBcD1234", None);
static TOKEN_AT: Form = form("a URL", "https://auth.atlassian.com/oauth/token", Some("^https?://"));
static AUTHORIZE_AT: Form = form("a URL", "https://auth.atlassian.com/authorize", Some("^https?://"));
static REDIRECT_AT: Form = form("a URL", "http://127.0.0.1:8472/granted", Some("^https?://"));
static SCOPES: Form = form("scopes, with spaces between them", "read:jira-work write:jira-work", None);
static GATEWAY_URL: Form = form(
    "the gateway's URL for the site",
    "https://api.atlassian.com/ex/jira/11111111-2222-3333-4444-555555555555",
    Some("^https?://.+/ex/jira/."),
);
static PROXY_AT: Form = form("a proxy's URL", "http://proxy.example.org:3128", Some("^(https?|socks5h?)://"));
static PROXY_USER_NAME: Form = form("a user of the proxy", "jirasyncd", None);
static NOT_BY_PROXY: Form = form("a host, a domain or a network", "localhost", None);

pub(super) static METHOD: Key = required(
    "method",
    Shape::Word(&["api-token", "bearer", "basic", "client-credentials", "oauth"]),
    "`api-token` for Cloud (with `user`), `bearer` for Data Center (a personal access token) and for a service account's token through `gateway`, `basic` for old Data Centers (`user` and `password`), `client-credentials` for an OAuth 2.0 application (`client-id` and `client-secret`), `oauth` for one that somebody grants access to by `jirasyncd login`.",
);
pub(super) static USER: Key = optional(
    "user",
    Shape::Text(&ACCOUNT),
    "With `api-token`: the sync user's e-mail. With `basic`: its login name. Required there, and nowhere else.",
);
pub(super) static TOKEN: Key = optional(
    "token",
    Shape::Text(&SECRET),
    "With `api-token` and `bearer`, where the token lies: `env:NAME`, `file:PATH` or `credential:NAME` (systemd). Never the token itself.",
);
pub(super) static PASSWORD: Key =
    optional("password", Shape::Text(&PASSWORD_AT), "With `basic`, where the password lies: as with `token`.");
pub(super) static CLIENT_ID: Key =
    optional("client-id", Shape::Text(&CLIENT), "With `client-credentials` and `oauth`: the application's id.");
pub(super) static CLIENT_SECRET: Key = optional(
    "client-secret",
    Shape::Text(&SECRET),
    "With `client-credentials` and `oauth`, where the application's secret lies: as with `token`.",
);
pub(super) static TOKEN_URL: Key = optional(
    "token-url",
    Shape::Text(&TOKEN_AT),
    "With `client-credentials` and `oauth`: where access tokens are given out. Left out: Atlassian's for Cloud, `URL/rest/oauth2/latest/token` for Data Center.",
);
pub(super) static SCOPE: Key = optional(
    "scope",
    Shape::Text(&SCOPES),
    "With `client-credentials` and `oauth`: what to ask for. Left out: on Data Center `WRITE`; on Cloud what the application has, with `oauth` to read and write issues.",
);
pub(super) static AUTHORIZE_URL: Key = optional(
    "authorize-url",
    Shape::Text(&AUTHORIZE_AT),
    "With `oauth`: where somebody grants access. Left out: Atlassian's for Cloud, `URL/rest/oauth2/latest/authorize` for Data Center.",
);
pub(super) static REDIRECT_URL: Key = default(
    "redirect-url",
    Shape::Text(&REDIRECT_AT),
    "http://127.0.0.1:8472/granted",
    "With `oauth`: where the browser is sent when access was granted, as the application is registered. On the loopback `jirasyncd login` listens there.",
);
pub(super) static AUTH: Key = required(
    "auth",
    Shape::Table(&[
        &METHOD,
        &USER,
        &TOKEN,
        &PASSWORD,
        &CLIENT_ID,
        &CLIENT_SECRET,
        &TOKEN_URL,
        &SCOPE,
        &AUTHORIZE_URL,
        &REDIRECT_URL,
        &super::keys_notices::EXPIRES,
    ]),
    "How the sync user logs in. Nobody works as it.",
);
static AUTHORITY: Form = form("a path", "/etc/jirasyncd/authority.pem", None);
static CERTIFICATE: Form = form("a path", "/etc/jirasyncd/client.pem", None);
static CERTIFICATE_KEY: Form = form("a path", "/etc/jirasyncd/client-key.pem", None);
pub(super) static GATEWAY: Key = optional(
    "gateway",
    Shape::Text(&GATEWAY_URL),
    "Cloud: Atlassian's gateway, by the site's cloud id, which `URL/_edge/tenant_info` tells. Scoped tokens, service accounts and OAuth 2.0 are taken there only.",
);
pub(super) static CA_FILE: Key = optional(
    "ca-file",
    Shape::Text(&AUTHORITY),
    "PEM file of a private certificate authority, on top of the system's.",
);
pub(super) static CLIENT_CERTIFICATE: Key = optional(
    "client-certificate",
    Shape::Text(&CERTIFICATE),
    "PEM file of the certificate that this machine shows to the instance.",
);
pub(super) static CLIENT_KEY: Key = optional(
    "client-key",
    Shape::Text(&CERTIFICATE_KEY),
    "PEM file of that certificate's key. Left out: it is in the same file.",
);
pub(super) static PROXY_URL: Key = required(
    "url",
    Shape::Text(&PROXY_AT),
    "`http://`, `https://`, `socks5://` or `socks5h://` (the proxy looks names up), host and port. Never with credentials.",
);
pub(super) static PROXY_USER: Key =
    optional("user", Shape::Text(&PROXY_USER_NAME), "Whom to log in as at the proxy. Left out: without a login.");
pub(super) static PROXY_PASSWORD: Key = optional(
    "password",
    Shape::Text(&SECRET),
    "Where that user's password lies: `env:NAME`, `file:PATH` or `credential:NAME`.",
);
pub(super) static NO_PROXY: Key = optional(
    "no-proxy",
    Shape::List(&Shape::Text(&NOT_BY_PROXY)),
    "What is reached without it: hosts, domains with all below them, addresses and networks.",
);
pub(super) static PROXY: Key = optional(
    "proxy",
    Shape::Table(&[&PROXY_URL, &PROXY_USER, &PROXY_PASSWORD, &NO_PROXY]),
    "Through whom the instance is reached. Left out: as `HTTPS_PROXY` and `NO_PROXY` say.",
);
