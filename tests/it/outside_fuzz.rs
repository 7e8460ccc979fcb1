//! Answers of Jiras and of what gives out tokens, webhooks, configurations, JQL and lists of pairs, made of recorded and made-up ones by a seeded generator, where no fuzzer is
//! at hand. Must never hold what its targets check: they are in `fuzz/outside.rs`.

use jirasyncd::cli::read_pair_list;
use jirasyncd::engine::is_like_a_mark;
use jirasyncd::jira::read_hook;
use jirasyncd::model::ids::IssueId;
use jirasyncd::model::settings::Kind;

use super::contract::document::shared;
use super::text_fuzz::search;
use super::text_properties::files;

#[path = "../../fuzz/outside.rs"]
mod outside;

/// What may stand anywhere in JSON.
const JSON: [&str; 20] = [
    "null",
    "{}",
    "[]",
    "[[[[[[[[",
    r#"{"a":{"a":{"a":"#,
    "-1",
    "1e400",
    "18446744073709551616",
    r#""""#,
    r#""\ud800""#,
    r#""id":"#,
    r#""issue":"#,
    r#""changelog":"#,
    r#""webhookEvent":"comment_created","#,
    r#""nextPageToken":"x","#,
    r#""isLast":false,"#,
    r#""total":5,"#,
    r#""startAt":"#,
    r#""updated":"9999-12-31T23:59:59.999+0000","#,
    "\u{202e}\u{0}\u{1b}[31m",
];

/// What may stand anywhere in an answer's headers, which begin behind the first NUL.
const HEADERS: [&str; 40] = [
    "\0",
    "\n",
    "\0Retry-After: 5\n",
    "\nRetry-After: 99999999999999999999\n",
    "\nRetry-After: -1\n",
    "\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\n",
    "\nRetry-After: 1e400\n",
    "\nRateLimit-Reason: jira-burst-based\n",
    "\nRateLimit-Reason: jira-quota-global-based\n",
    "\nRateLimit-Reason: jira-per-issue-on-write\n",
    "\nBeta-RateLimit: \"global\";r=10;t=3600\n",
    "\nBeta-RateLimit: \"x\";r=-1;t=99999999999999999999\n",
    "\nRateLimit: r=18446744073709551615;t=18446744073709551615\n",
    "\nX-RateLimit-Limit: 50\n",
    "\nX-RateLimit-Limit: NaN\n",
    "\nX-RateLimit-Remaining: 0\n",
    "\nX-RateLimit-Remaining: -inf\n",
    "\nX-RateLimit-Remaining: 1e308\n",
    "\nX-RateLimit-Reset: 2026-06-01T00:00:00Z\n",
    "\nX-RateLimit-Reset: 9999-12-31T23:59:59Z\n",
    "\nX-RateLimit-Reset: -009999-01-01T00:00:00Z\n",
    "\nX-RateLimit-FillRate: 5\n",
    "\nX-RateLimit-FillRate: 1e-300\n",
    "\nX-RateLimit-FillRate: inf\n",
    "\nX-RateLimit-Interval-Seconds: 1\n",
    "\nX-RateLimit-Interval-Seconds: 1e300\n",
    "\nX-RateLimit-NearLimit: true\n",
    "\nDate: Thu, 28 May 2026 20:26:40 GMT\n",
    "\nDate: Fri, 31 Dec 9999 23:59:59 GMT\n",
    "\nDate: Thu, 01 Jan 0001 00:00:00 GMT\n",
    "\nDate: 1780000000\n",
    "\nX-AUSERNAME: anonymous\n",
    "\nX-AUSERNAME: \u{202e}%00\n",
    "\nX-AACCOUNTID: 5b11\n",
    "\nX-Seraph-LoginReason: AUTHENTICATED_FAILED\n",
    "\nX-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x\n",
    "\nContent-Type: text/html\n",
    "\nContent-Length: 18446744073709551615\n",
    "\nLocation: https://user:pass@elsewhere.example/\u{1b}[2J\n",
    "\nX-AREQUESTID: a\u{7f}b\n",
];

/// What may stand anywhere in a configuration.
const TOML: [&str; 20] = [
    "\n[sync.s]\n",
    "[[",
    "]]",
    "= ",
    r#""both""#,
    r#""env:TOKEN""#,
    r#""file:x""#,
    r#"{ acme = "a" }"#,
    "-1",
    "99999999999999999999",
    r#""30s""#,
    r#""""#,
    "'''",
    r#"sees = ["acme"]"#,
    r#"when = "labels = x""#,
    r#"template = "{{ key }}{% for %}""#,
    "\u{202e}\u{1b}[31m",
    r#"url = "https://user:pass@acme.example""#,
    "\"\"\"",
    "\r",
];

/// What may stand anywhere in a list.
const LIST: [&str; 12] =
    ["\"", ",", ";", "\n", "\r\n", "SUP-1", "ENG-2", r#"[{"a":"SUP-1"}"#, "\u{feff}", "issue key", "urn", "\t"];

/// What may stand anywhere in JQL.
const JQL: [&str; 23] = [
    ")",
    "(",
    ") OR (",
    "1) or (a = 1",
    "\"",
    "'",
    "\\",
    " OR ",
    " and ",
    "NOT ",
    " order by created",
    "ORDER BY",
    "\norder\tby ",
    " in (",
    ", ",
    "~",
    "!=",
    "cf[10001]",
    "currentUser()",
    "-1d",
    "project = B",
    "\u{2019}\u{a0}\u{0}",
    "\n",
];

const CLAUSES: [&str; 5] = [
    "a = 1\nA",
    "labels = x OR summary ~ \"a b\"\nA",
    "(priority in (High, 'Low') AND not assignee is EMPTY) order by key\nSUP",
    "created >= \"2026-03-02 09:30\" AND status was Open\nA\" OR project = \"B",
    "summary ~ \"order by \\\" )\" or a = 1\nOR",
];

/// What would reach out of its parentheses, if a configuration might hold it.
const BREAKING_OUT: [&str; 3] = ["a = 1) or (a = 1\nA", "a = \"(\") OR (b = 1\nA", "a = 1 order by b) OR (c = 1\nA"];

/// What a Jira answers to one thing or another, after the byte that chooses the status.
const ANSWERS: [&str; 12] = [
    r#"0{"issues":[{"id":"10001","key":"A-1","fields":{"summary":"a","updated":"2026-03-02T09:30:00.000+0000","created":"2026-03-02T09:30:00.000+0000","project":{"key":"A","id":"1"},"issuetype":{"name":"Bug","id":"1"},"labels":["x"],"comment":{"comments":[{"id":"1","body":"a","created":"2026-03-02T09:30:00.000+0000","updated":"2026-03-02T09:30:00.000+0000"}],"total":1}},"changelog":{"histories":[{"id":"1","created":"2026-03-02T09:30:00.000+0000","items":[{"field":"summary","fieldId":"summary","fromString":"b","toString":"a"}]}],"total":1}}],"isLast":true,"total":1,"startAt":0,"maxResults":100}"#,
    r#"0{"accountId":"5b10","name":"sync","key":"sync","displayName":"Sync","timeZone":"Europe/Berlin","emailAddress":"a@b.c","active":true}"#,
    r#"0{"baseUrl":"https://acme.example","version":"10.3.0","versionNumbers":[10,3,0],"deploymentType":"Cloud","serverTime":"2026-03-02T09:30:00.000+0000"}"#,
    r#"0{"permissions":{"BROWSE_PROJECTS":{"havePermission":true}}}"#,
    r#"0{"comments":[{"id":"1","body":{"type":"doc","version":1,"content":[]},"author":{"accountId":"5b10"},"created":"2026-03-02T09:30:00.000+0000","updated":"2026-03-02T09:30:00.000+0000","properties":[{"key":"jirasyncd","value":{"mark":"x"}}],"visibility":{"type":"role","value":"Users"},"jsdPublic":false}],"total":1,"startAt":0,"maxResults":50}"#,
    r#"0{"worklogs":[{"id":"1","timeSpentSeconds":60,"started":"2026-03-02T09:30:00.000+0000","created":"2026-03-02T09:30:00.000+0000","updated":"2026-03-02T09:30:00.000+0000"}],"total":1}"#,
    r#"0{"transitions":[{"id":"11","name":"Go","to":{"name":"Open","id":"1"},"fields":{"resolution":{"required":true,"allowedValues":[{"id":"1","name":"Done"}]}}}]}"#,
    r#"0[{"id":"summary","name":"Summary","custom":false,"schema":{"type":"string","system":"summary"}},{"id":"customfield_1","name":"X","custom":true,"schema":{"type":"array","items":"option","custom":"x:multiselect","customId":1}}]"#,
    r#"0{"values":[{"id":1,"name":"1.0","projectId":1,"released":false,"state":"active"}],"isLast":true,"total":1,"startAt":0,"maxResults":50}"#,
    concat!(
        "0{\"watchingEnabled\":false}\0X-RateLimit-Limit: 50\nX-RateLimit-Remaining: 7\nX-RateLimit-FillRate: 5\n",
        "X-RateLimit-Interval-Seconds: 1\nDate: Thu, 28 May 2026 20:26:40 GMT\n"
    ),
    "\u{9}{}\0Retry-After: 5\nRateLimit-Reason: jira-burst-based\n",
    r#"0[{"id":71,"name":"jirasyncd-of-the-fuzzer","url":"https://sync.example/a","events":["jira:issue_created"],"enabled":true,"isSigned":true,"filters":{"issue-related-events-section":"project = A"}},{"self":"https://acme.example/rest/webhooks/1.0/webhook/72","name":"jirasyncd-of-the-fuzzer","url":"https://sync.example/b"}]"#,
];

/// What an endpoint answers that gives out tokens, after the byte that chooses the status.
const TOKENS: [&str; 3] = [
    r#"0{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r","scope":"WRITE"}"#,
    r#"0{"access_token":"a","expires_in":"60","refresh_token":"r"}"#,
    "\u{5}{}",
];

const HOOK: &str = r#"{"webhookEvent":"jira:issue_updated","timestamp":1,"issue":{"id":"1","key":"A-1","fields":{}},"user":{"accountId":"5b10"}}"#;

/// What may stand anywhere in a mark.
const MARKS: [&str; 10] = ["A", "_", "-", "=", "==", "+/", "\0", "AAAAAAAAAAAAAAAA", "\u{ff21}", " "];

const LISTS: [&str; 4] = [
    "acme,globex\nSUP-1,ENG-1\nSUP-2,ENG-2\n",
    "Local issue key;Remote issue key\r\nSUP-1;ENG-1\r\n",
    r#"[{"acme":"SUP-1","globex":"ENG-1"}]"#,
    r#"{"pairs":[["SUP-1","ENG-1"]]}"#,
];

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The recorded payloads, where they are at hand. Larger ones would only take longer.
fn recorded() -> Vec<Vec<u8>> {
    let Some(folder) = shared() else {
        println!("skipped: the recorded payloads are not at hand; only made-up ones are tried");
        return Vec::new();
    };
    let mut paths = Vec::new();
    files(&folder.join("recorded"), &mut paths);
    paths.sort();
    let all = paths.into_iter().filter_map(|path| std::fs::read(path).ok());
    all.filter(|content| content.starts_with(b"{") && content.len() < 20_000).collect()
}

#[test]
fn nothing_that_comes_from_outside_breaks_its_reader() {
    let recorded = recorded();
    let answered = recorded.iter().map(|content| [b"0".as_slice(), content].concat());
    let answers: Vec<Vec<u8>> = bytes(&ANSWERS).into_iter().chain(answered).collect();
    let hooks: Vec<Vec<u8>> = bytes(&[HOOK]).into_iter().chain(recorded).collect();
    let configs = [include_bytes!("../../config/example.toml").to_vec()];
    let tokens = bytes(&TOKENS);
    search(&JSON, &[("hook", outside::hook, &hooks, 4_000), ("tokens", outside::tokens, &tokens, 150)]);
    let of_answers: Vec<&str> = JSON.into_iter().chain(HEADERS).collect();
    search(&of_answers, &[("answers", outside::answers as fn(&[u8]), answers.as_slice(), 250)]);
    search(&TOML, &[("config", outside::config, &configs, 300)]);
    let clauses: Vec<Vec<u8>> = bytes(&CLAUSES).into_iter().chain(bytes(&BREAKING_OUT)).collect();
    search(&JQL, &[("jql", outside::jql, &clauses, 3_000)]);
    let marks: Vec<Vec<u8>> = vec![outside::true_mark().into_bytes(), vec![0; 60], Vec::new()];
    search(&MARKS, &[("mark", outside::mark, &marks, 4_000)]);
    search(&LIST, &[("pairs", outside::pairs, &bytes(&LISTS), 4_000)]);
}

/// Where the examples were not understood, nothing that is made of them would be.
#[test]
fn the_examples_are_understood() {
    let parts = [
        "key: IssueKey(\"A-1\")",
        "account: AccountId(\"5b10\")",
        "version: \"10.3.0\"",
        "BROWSE_PROJECTS",
        "CommentId(\"1\")",
        "CommentId(\"1\")",
        "\"Go\"",
        "customfield_1",
        "\"1.0\"",
        "false",
    ];
    for (example, part) in ANSWERS.into_iter().zip(parts) {
        let said = outside::said_of(example.as_bytes());
        let understood = said.split("Ok(").skip(1).any(|answer| answer.contains(part));
        assert!(understood, "`{part}` came of no call: {example}\n{said}");
    }
    // What the headers tell is taken in, and nothing else than what they tell.
    let told = outside::said_of(ANSWERS[9].as_bytes());
    assert!(told.contains("left: Some((7, 50))") && told.contains("full_in: Some("), "{told}");
    assert!(!outside::said_of(ANSWERS[8].as_bytes()).contains("left: Some"), "nothing was told of limits");
    let waits = outside::said_of(ANSWERS[10].as_bytes());
    assert!(waits.contains("NotSent") && waits.contains("status: \"429\""), "{waits}");
    // What was written counts as done where the answer can be understood, and a file came whole or was broken off.
    let made = outside::said_of(br#"0{"id":"7","key":"A-7"}"#);
    for part in ["Done(Created { id: IssueId(7)", "Done(CommentId(\"7\"))", "Done(())", "Done(SeenThing"] {
        assert!(made.contains(part), "`{part}` came of no write: {made}");
    }
    assert!(outside::said_of(br#"0[{"id":"7"}]"#).contains("Done(AttachmentId(\"7\"))"), "no file was attached");
    // Both webhooks of our name are found, and one of them is one too many.
    let hooks = outside::said_of(ANSWERS[11].as_bytes());
    assert_eq!(hooks.matches("RegisteredHook { id: \"71\"").count(), 2, "{hooks}");
    assert!(hooks.contains("id: \"72\"") && hooks.contains("Ok(2)"), "{hooks}");
    for example in [outside::true_mark(), "not ours".to_owned(), String::new()] {
        outside::mark(example.as_bytes());
    }
    assert!(is_like_a_mark(&outside::true_mark()));
    for granted in TOKENS[..2].iter().map(|granted| outside::said_of_tokens(granted.as_bytes())) {
        assert_eq!(granted.matches("Ok(Identity").count(), 10, "{granted}");
    }
    let refused = outside::said_of_tokens(TOKENS[2].as_bytes());
    assert!(refused.contains("***") && !refused.contains("Ok("), "{refused}");
    // A refusal gives the login back: the words are told, without it.
    let refused = outside::said_of(b"\x05{}");
    for words in ["Basic ***", "Bearer ***"] {
        assert!(refused.contains(words), "{refused}");
    }
    for kind in [Kind::Cloud, Kind::DataCenter] {
        assert_eq!(read_hook(kind, HOOK.as_bytes()).unwrap().issues, [IssueId(1)]);
    }
    for clause in CLAUSES {
        let (clause, project) = clause.split_once('\n').unwrap();
        let queries = outside::queries_of(project, clause);
        assert_eq!(queries.len(), 2, "`{clause}` is asked of neither kind");
        assert!(queries.iter().all(|query| query.starts_with("project in (\"")), "{queries:?}");
    }
    for clause in BREAKING_OUT {
        let (clause, project) = clause.split_once('\n').unwrap();
        assert_eq!(outside::queries_of(project, clause), Vec::<String>::new(), "no configuration may hold `{clause}`");
    }
    let (good, bad) = read_pair_list(LISTS[0], &["acme".into(), "globex".into()]).unwrap();
    assert_eq!((good.len(), bad.len()), (2, 0));
}

/// The methods of a trait, by its source.
fn methods<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let body = source.split_once(&format!("pub trait {name}:")).unwrap().1.split("\n}").next().unwrap();
    let begun = |line: &'a str| line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
    body.lines().filter_map(|line| begun(line.trim())?.split('(').next()).collect()
}

/// A question that is not asked here has an answer that nothing was tried on.
#[test]
fn whatever_a_jira_is_asked_or_told_is_among_the_answers() {
    let (source, target) = (include_str!("../../src/jira/mod.rs"), include_str!("../../fuzz/outside.rs"));
    for (name, called) in [("JiraRead", "read"), ("JiraWrite", "write")] {
        let methods = methods(source, name);
        assert!(methods.len() > 20, "{name}: {methods:?}");
        for method in methods {
            assert!(target.contains(&format!("{called}.{method}(")), "no answer is tried on `{name}::{method}`");
        }
    }
}
