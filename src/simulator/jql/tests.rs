//! Tests of the simulated JQL against a small site of five issues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

struct Site {
    zone: &'static str,
    user: Option<&'static str>,
    id_as_key: bool,
}

const SITE: Site = Site { zone: "UTC", user: Some("u-anna"), id_as_key: false };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

impl JqlSite for Site {
    fn now(&self) -> Timestamp {
        at("2026-03-11T10:00:30Z")
    }
    fn zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }
    fn current_user(&self) -> Option<String> {
        self.user.map(str::to_owned)
    }
    fn custom_fields(&self, name: CustomName<'_>) -> Vec<CustomField> {
        let all = [
            (10001, "Story Points", FieldKind::Number),
            (10002, "Team", FieldKind::Named),
            (10003, "Team", FieldKind::Named),
        ];
        let wanted = |number: u64, known: &str| match name {
            CustomName::Number(asked) => asked == number,
            CustomName::Name(asked) => asked.eq_ignore_ascii_case(known),
        };
        all.into_iter()
            .filter(|(number, known, _)| wanted(*number, known))
            .map(|(number, _, kind)| CustomField { id: format!("customfield_{number}"), kind })
            .collect()
    }
    fn find(&self, field: &str, literal: &str) -> Option<Found> {
        let known: &[(&[&str], &str, Option<i64>)] = match field {
            "project" => &[(&["ACME", "Acme Works"], "10000", None), (&["ZED"], "10001", None)],
            "status" => &[(&["To Do"], "1", None), (&["In Progress"], "3", None), (&["Done"], "5", None)],
            "priority" => &[(&["High"], "2", Some(4)), (&["Medium"], "3", Some(3)), (&["Low"], "4", Some(2))],
            "assignee" | "reporter" => &[(&["anna"], "u-anna", None), (&["ben"], "u-ben", None)],
            "customfield_10002" => &[(&["Red"], "r", None)],
            "customfield_10003" => &[(&["Red"], "r", None), (&["Blue"], "b", None)],
            "key" => &[(&["ACME-1", "OLD-1"], "100", None), (&["ACME-2"], "101", None), (&["ACME-10"], "102", None)],
            _ => &[],
        };
        let (_, id, rank) = known
            .iter()
            .find(|(names, id, _)| *id == literal || names.iter().any(|n| n.eq_ignore_ascii_case(literal)))?;
        Some(Found { ids: vec![(*id).to_owned()], rank: *rank })
    }
    fn sorts_id_as_key(&self) -> bool {
        self.id_as_key
    }
}

#[derive(Default)]
struct Issue(BTreeMap<&'static str, Vec<JqlValue>>);

impl JqlIssue for Issue {
    fn values(&self, field: &str) -> Vec<JqlValue> {
        self.0.get(field).cloned().unwrap_or_default()
    }
}

fn named(id: &str, label: &str, rank: Option<i64>) -> Vec<JqlValue> {
    vec![JqlValue::Named { id: id.into(), label: label.into(), rank }]
}

fn texts(values: &[&str]) -> Vec<JqlValue> {
    values.iter().map(|text| JqlValue::Text((*text).into())).collect()
}

fn issues() -> Vec<Issue> {
    let base = |id: u64, key: &str, status: &str, updated: &str| {
        let mut issue = Issue::default();
        issue.0.insert("key", vec![JqlValue::Key { id, key: key.into() }]);
        let project = if key.starts_with("ZED") { "10001" } else { "10000" };
        issue.0.insert("project", named(project, "", None));
        issue.0.insert("status", named(status, status, None));
        issue.0.insert("updated", vec![JqlValue::Time(at(updated))]);
        issue
    };
    let mut one = base(100, "ACME-1", "1", "2026-03-11T09:00:00Z");
    one.0.insert("assignee", named("u-anna", "Anna", None));
    one.0.insert("changed status", named("u-anna", "Anna", None));
    one.0.insert("labels", texts(&["red", "Blue"]));
    one.0.insert("summary", texts(&["The printer, upstairs, is broken"]));
    one.0.insert("priority", named("2", "High", Some(4)));
    one.0.insert("duedate", vec![JqlValue::Day("2026-03-11".parse().unwrap())]);
    let mut two = base(101, "ACME-2", "3", "2026-03-11T09:59:45.500Z");
    two.0.insert("assignee", named("u-ben", "Ben", None));
    two.0.insert("labels", texts(&["green"]));
    two.0.insert("summary", texts(&["Broken screen (printed twice)"]));
    two.0.insert("priority", named("4", "Low", Some(2)));
    two.0.insert("duedate", vec![JqlValue::Day("2026-03-12".parse().unwrap())]);
    two.0.insert("customfield_10001", vec![JqlValue::Number(5.0)]);
    let mut ten = base(102, "ACME-10", "3", "2026-03-10T23:30:00Z");
    ten.0.insert("customfield_10003", named("r", "Red", None));
    ten.0.insert("customfield_10001", vec![JqlValue::Number(0.5)]);
    let mut four = base(99, "ZED-4", "5", "2026-03-01T00:00:00Z");
    four.0.insert("changed status", named("u-ben", "Ben", None));
    vec![one, two, ten, four]
}

fn ask(site: &Site, text: &str) -> Result<Vec<String>, Vec<JqlProblem>> {
    let query = parse(text, Dialect::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let bound = query.bind(site)?;
    let mut found: Vec<Issue> = issues().into_iter().filter(|issue| bound.matches(issue)).collect();
    bound.sort(&mut found);
    let key = |issue: &Issue| {
        let values = issue.values("key");
        let JqlValue::Key { key, .. } = &values[0] else { panic!("{values:?}") };
        key.clone()
    };
    Ok(found.iter().map(key).collect())
}

#[track_caller]
fn finds(text: &str, expected: &str) {
    assert_eq!(ask(&SITE, text).map(|keys| keys.join(" ")), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let problems = ask(&SITE, text).expect_err(text);
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, [message], "{text}");
}

#[track_caller]
fn syntax(text: &str, message: &str) {
    let error = parse(text, Dialect::default()).expect_err(text).message;
    assert_eq!(error, format!("Error in the JQL Query: {message}"), "{text}");
}

#[test]
fn equality_lists_and_logic() {
    finds("project = ACME", "ACME-1 ACME-2 ACME-10");
    finds("project = 'acme works' AND status != Done", "ACME-1 ACME-2 ACME-10");
    finds("project = 10001", "ZED-4");
    finds("status in ('To Do', Done)", "ACME-1 ZED-4");
    finds("status not in ('To Do', Done)", "ACME-2 ACME-10");
    finds("project = ZED or status = 3 and assignee = ben", "ACME-2 ZED-4");
    finds("(project = ZED or status = 3) and assignee is empty", "ACME-10 ZED-4");
    finds("project = ACME && !(status = 3) || project = ZED", "ACME-1 ZED-4");
}

#[test]
fn emptiness_is_neither_equal_nor_different() {
    finds("assignee is EMPTY", "ACME-10 ZED-4");
    finds("assignee is not null", "ACME-1 ACME-2");
    finds("assignee = empty", "ACME-10 ZED-4");
    finds("assignee != anna", "ACME-2");
    finds("not assignee = anna", "ACME-2");
    finds("not (assignee = anna or status = Done)", "ACME-2");
    finds("assignee in (anna, EMPTY)", "ACME-1 ACME-10 ZED-4");
    finds("assignee not in (anna, EMPTY)", "ACME-2");
}

#[test]
fn labels_without_case_and_as_a_set() {
    finds("labels = BLUE", "ACME-1");
    finds("labels != red", "ACME-2");
    finds("labels in (green, blue)", "ACME-1 ACME-2");
}

#[test]
fn text_by_words_phrases_and_wildcards() {
    finds("summary ~ 'broken printer'", "ACME-1");
    finds("summary ~ broken", "ACME-1 ACME-2");
    finds("summary ~ print", "");
    finds("summary ~ 'print*'", "ACME-1 ACME-2");
    finds(r#"summary ~ "\"printer upstairs\"""#, "ACME-1");
    finds(r#"summary ~ "\"upstairs printer\"""#, "");
    finds("summary !~ printer", "ACME-2");
}

#[test]
fn keys_and_ids() {
    finds("key = acme-10", "ACME-10");
    finds("issuekey in (OLD-1, ACME-2)", "ACME-1 ACME-2");
    finds("id = 101", "ACME-2");
    finds("id > 100 order by id", "ACME-2 ACME-10");
    finds("key >= ACME-2", "ACME-2 ACME-10");
}

#[test]
fn ranks_numbers_and_custom_fields() {
    finds("priority > Low", "ACME-1");
    finds("priority >= Low order by priority", "ACME-1 ACME-2");
    finds("cf[10001] < 1", "ACME-10");
    finds("'story points' = 5.0", "ACME-2");
    finds("Team = red", "ACME-10");
}

#[test]
fn dates_have_the_precision_of_a_minute_and_the_zone_of_the_account() {
    finds("updated >= '2026-03-11 09:59'", "ACME-2");
    finds("updated = '2026/03/11 09:59'", "ACME-2");
    finds("updated > '2026-03-11 09:59' and updated <= '2026-03-11 10:00'", "ACME-2");
    finds("updated <= '2026-03-11 09:59'", "ACME-1 ACME-10 ZED-4");
    finds("updated >= 2026-03-11", "ACME-1 ACME-2");
    finds("updated >= -1m", "ACME-2");
    finds("updated >= '-1h 5m'", "ACME-1 ACME-2");
    finds("updated < -1d", "ZED-4");
    let berlin = Site { zone: "Europe/Berlin", ..SITE };
    assert_eq!(ask(&berlin, "updated >= '2026-03-11 10:59'").unwrap(), ["ACME-2"]);
    assert_eq!(ask(&berlin, "updated >= '2026-03-11'").unwrap(), ["ACME-1", "ACME-2", "ACME-10"]);
    assert_eq!(ask(&berlin, "updated >= startOfDay()").unwrap(), ["ACME-1", "ACME-2", "ACME-10"]);
}

#[test]
fn epochs_are_exact_and_unquoted() {
    let epoch = at("2026-03-11T09:59:45.500Z").as_millisecond();
    finds(&format!("updated >= {epoch}"), "ACME-2");
    finds(&format!("updated > {epoch}"), "");
    let problems = ask(&SITE, &format!("updated > '{epoch}'")).unwrap_err();
    assert_eq!(problems[0].kind, ProblemKind::BadValue);
}

#[test]
fn days_are_compared_as_days() {
    finds("due = 2026-03-11", "ACME-1");
    finds("duedate <= now()", "ACME-1");
    finds("due > endOfDay()", "ACME-2");
    finds("due >= startOfDay(1) and due < startOfDay('+2d')", "ACME-2");
    finds("due is empty", "ACME-10 ZED-4");
}

#[test]
fn functions_of_the_calendar() {
    finds("updated >= startOfMonth()", "ACME-1 ACME-2 ACME-10 ZED-4");
    finds("updated >= startOfWeek()", "ACME-1 ACME-2 ACME-10");
    finds("updated > endOfYear(-1)", "ACME-1 ACME-2 ACME-10 ZED-4");
    finds("updated <= endOfDay('-1d')", "ACME-10 ZED-4");
    finds("assignee = currentUser()", "ACME-1");
    finds("assignee in (currentUser(), ben)", "ACME-1 ACME-2");
    let nobody = Site { user: None, ..SITE };
    assert_eq!(ask(&nobody, "assignee = currentUser()").unwrap(), [""; 0]);
}

#[test]
fn who_changed_a_field_is_asked_of_some() {
    finds("status changed", "ACME-1 ZED-4");
    finds("Status CHANGED BY anna", "ACME-1");
    finds("status changed by currentUser() or priority changed by currentUser()", "ACME-1");
    finds("(status changed by ben) and project = ZED", "ZED-4");
    for unknown in ["summary changed", "labels changed by anna", "not status changed", "status changed by nobody"] {
        assert!(ask(&SITE, unknown).is_err(), "{unknown}");
    }
    assert!(parse("status changed by", Dialect::default()).is_err());
}

#[test]
fn order_by_several_keys() {
    finds("project is not empty order by status desc, key desc", "ZED-4 ACME-10 ACME-2 ACME-1");
    finds("order by updated asc", "ZED-4 ACME-10 ACME-1 ACME-2");
    finds("order by updated", "ACME-2 ACME-1 ACME-10 ZED-4");
    finds("order by key", "ACME-1 ACME-2 ACME-10 ZED-4");
    finds("order by id", "ZED-4 ACME-1 ACME-2 ACME-10");
    finds("order by assignee, id desc", "ACME-1 ACME-2 ACME-10 ZED-4");
    let as_key = Site { id_as_key: true, ..SITE };
    assert_eq!(ask(&as_key, "order by id").unwrap(), ["ACME-1", "ACME-2", "ACME-10", "ZED-4"]);
}

#[test]
fn unknown_names_are_told_from_bad_values() {
    let unknown = "Field 'colour' does not exist or you do not have permission to view it.";
    refused("colour = red", unknown);
    refused("project = ACME order by colour", unknown);
    refused("cf[999] = 1", "Field 'cf[999]' does not exist or you do not have permission to view it.");
    refused("project = NOPE", "The value 'NOPE' does not exist for the field 'project'.");
    refused("key = NOPE-1", "An issue with key 'NOPE-1' does not exist for field 'key'.");
    refused("id in (101, 555)", "A value with ID '555' does not exist for the field 'id'.");
    refused("assignee = nobodyKnows()", "Unable to find JQL function 'nobodyKnows()'.");
    refused("order by text", "Not able to sort using field 'text'.");
    refused("project ~ ACME", "The operator '~' is not supported by the 'project' field.");
    refused("summary = x", "The operator '=' is not supported by the 'summary' field.");
    refused("status > Done", "The operator '>' is not supported by the 'status' field.");
    refused("updated > empty", "The operator '>' does not support searching for EMPTY in the 'updated' field.");
    let names = ask(&SITE, "project = NOPE and status = nix and foo = 1").unwrap_err();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(JqlProblem::is_unknown_name));
    let date = ask(&SITE, "updated > yesterday").unwrap_err();
    assert!(date[0].message.starts_with("Date value 'yesterday' for field 'updated' is invalid."));
    assert!(!date[0].is_unknown_name());
}

#[test]
fn syntax_errors_in_jiras_words() {
    let operators =
        "The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'.";
    syntax("project", &format!("Expecting operator before the end of the query. {operators}"));
    syntax("project ACME", &format!("Expecting operator but got 'ACME'. {operators} (line 1, character 9)"));
    syntax("project =", "Expecting either a value, list or function before the end of the query.");
    syntax(
        "project = ,",
        "Expecting either a value, list or function but got ','. You must surround ',' in quotation marks to use it as a value. (line 1, character 11)",
    );
    syntax("project = ACME status = Done", "Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 16)");
    syntax("project = ACME and", "Expecting a field name at the end of the query.");
    syntax("(project = ACME", "Expecting ')' before the end of the query.");
    syntax("project = 'ACME", "The quoted string 'ACME' has not been completed. (line 1, character 11)");
    syntax(
        "project = A@B",
        "The character '@' is a reserved JQL character. You must enclose it in a string or use the escape '\\u0040' instead. (line 1, character 12)",
    );
    syntax(
        "project =\n select",
        "'select' is a reserved JQL word. You must surround it in quotation marks to use it in a query. (line 2, character 2)",
    );
    syntax("order updated", "Expecting 'BY' but got 'updated'. (line 1, character 7)");
    syntax(
        "project = ACME order by key up",
        "Expecting either 'ASC', 'DESC' or ',' but got 'up'. (line 1, character 29)",
    );
    let escape = parse(r"summary ~ 'a\qb'", Dialect::default()).unwrap_err().message;
    assert!(escape.starts_with(r"Error in the JQL Query: '\q' is an illegal JQL escape sequence."), "{escape}");
    let deep = format!("{}project = ACME{}", "(".repeat(5000), ")".repeat(5000));
    assert!(parse(&deep, Dialect::default()).is_err());
}

#[test]
fn escapes_are_read() {
    finds(r"project = '\u0041CM\u0045'", "ACME-1 ACME-2 ACME-10");
    finds(r"status = To\ Do", "ACME-1");
}

#[test]
fn boundedness_and_bare_words() {
    let cloud = Dialect { bare_words: true };
    assert!(!parse("order by key", cloud).unwrap().is_bounded());
    assert!(!parse("", cloud).unwrap().is_bounded());
    assert_eq!(parse("order by key, id desc", cloud).unwrap().sort_fields(), 2);
    assert!(parse("printer broken", cloud).unwrap().is_bounded());
    assert_eq!(parse("printer broken", cloud), parse("text ~ 'printer broken'", cloud));
    assert!(parse("printer broken", Dialect::default()).is_err());
    assert!(parse("project = = x", cloud).is_err());
}
