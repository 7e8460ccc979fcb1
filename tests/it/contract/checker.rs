//! Checks requests and answers against one contract. Must never change what it is shown, and never ask a server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use super::adf;
use super::document::{Contract, load};
use super::violation::{Violation, Wrong};

const CLOUD: Contract = Contract {
    file: "jira-cloud-platform-v3.json",
    errata: "errata-cloud-v3.json",
    beside: &["jira-software-cloud.json", "jsm-cloud.json"],
    close_objects: false,
};
const DATA_CENTER: Contract =
    Contract { file: "jira-dc-10.3-platform.json", errata: "errata-dc-10.3.json", beside: &[], close_objects: true };

/// Statuses that any operation may answer with (contracts/README.md, defect 6).
const ALWAYS: [u16; 6] = [401, 403, 404, 409, 410, 429];

/// Names that Jira takes and the documents do not declare: (path ending, parameter, why).
const TOLERATED: &[(&str, &str, &str)] = &[(
    "/api/2/issue/{issueIdOrKey}/transitions",
    "expand",
    "its description: \"Fields will only be returned if `expand=transitions.fields`\"",
)];

/// One contract, ready to be asked.
pub(crate) struct Checker {
    cloud: bool,
    operations: BTreeMap<(usize, String), Vec<Operation>>,
    registry: Registry<'static>,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

struct Operation {
    method: String,
    template: String,
    segments: Vec<String>,
    /// Which of the segments are placeholders.
    placeholders: Vec<bool>,
    definition: &'static Value,
}

impl Checker {
    /// The contract of Jira Cloud, REST v3; `None` when the shared data is absent (which was said).
    pub(crate) fn cloud() -> Option<&'static Self> {
        static LOADED: OnceLock<Option<Checker>> = OnceLock::new();
        LOADED.get_or_init(|| Self::load(&CLOUD)).as_ref()
    }

    /// The contract of Jira Data Center 10.3; `None` when the shared data is absent (which was said).
    pub(crate) fn data_center() -> Option<&'static Self> {
        static LOADED: OnceLock<Option<Checker>> = OnceLock::new();
        LOADED.get_or_init(|| Self::load(&DATA_CENTER)).as_ref()
    }

    fn load(contract: &Contract) -> Option<Self> {
        let urn = format!("urn:contract:{}", contract.file);
        // Loaded once for the life of the test binary.
        let document: &'static Value = Box::leak(Box::new(load(contract, &urn)?));
        let registry = Registry::new().draft(Draft::Draft4).add(urn, document).and_then(|building| building.prepare());
        let cloud = contract.file == CLOUD.file;
        let mut operations: BTreeMap<_, Vec<Operation>> = BTreeMap::new();
        for (template, methods) in document["paths"].as_object().expect("a contract has paths") {
            let methods = methods.as_object().expect("a path has methods");
            for (method, definition) in methods.iter().filter(|(method, _)| *method != "parameters") {
                let segments: Vec<String> = template.trim_start_matches('/').split('/').map(str::to_owned).collect();
                let shelf = shelf(cloud, &segments)
                    .map(String::as_str)
                    .filter(|name| !is_placeholder(name))
                    .unwrap_or_default();
                operations.entry((segments.len(), shelf.to_owned())).or_default().push(Operation {
                    method: method.to_uppercase(),
                    template: template.clone(),
                    placeholders: segments.iter().map(|segment| is_placeholder(segment)).collect(),
                    segments,
                    definition,
                });
            }
        }
        Some(Self {
            cloud,
            operations,
            registry: registry.expect("the contract is a resource"),
            compiled: Mutex::default(),
        })
    }

    /// Checks path, query, required parameters and body of a request. `path_and_query` as it is on the wire, below the
    /// server's context path; an empty body is none.
    pub(crate) fn check_request(&self, method: &str, path_and_query: &str, body: &[u8]) -> Vec<Violation> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let Some(path) = self.contract_path(path) else { return Vec::new() };
        let operation = match self.find(method, &path) {
            Ok(operation) => operation,
            Err(wrong) => return vec![wrong],
        };
        let mut report = Report { operation: operation.title(), violations: Vec::new() };
        self.check_query(operation, query, &mut report);
        self.check_request_body(operation, body, &mut report);
        if self.cloud && path_and_query.starts_with("/rest/api/3/") {
            report.adf(body);
        }
        report.violations
    }

    /// Checks status and body of an answer.
    pub(crate) fn check_response(&self, method: &str, path: &str, status: u16, body: &[u8]) -> Vec<Violation> {
        let wire = path.split('?').next().unwrap_or(path);
        let Some(path) = self.contract_path(wire) else { return Vec::new() };
        let operation = match self.find(method, &path) {
            Ok(operation) => operation,
            Err(_) if matches!(status, 404 | 405) || ALWAYS.contains(&status) => return Vec::new(),
            Err(wrong) => return vec![wrong],
        };
        let mut report = Report { operation: format!("{} -> {status}", operation.title()), violations: Vec::new() };
        let responses = &operation.definition["responses"];
        let declared = responses.get(status.to_string()).or_else(|| responses.get("default"));
        match declared {
            None if ALWAYS.contains(&status) || status >= 500 => self.check_error(status, body, &mut report),
            None => {
                let known: Vec<&String> = responses.as_object().into_iter().flatten().map(|(code, _)| code).collect();
                report.add(Wrong::Status, "status", format!("{status} is not among {known:?}: {}", text(body)));
            }
            // "The contents of the attachment", says its text, where its declaration has no body.
            Some(_) if status == 200 && operation.title().ends_with("/attachment/content/{id}") => {}
            Some(response) => self.check_answer(status, response, body, &mut report),
        }
        if self.cloud && wire.starts_with("/rest/api/3/") && status < 300 {
            report.adf(body);
        }
        report.violations
    }

    /// The path as the contract writes it; `None` for what it does not cover (webhook administration, files).
    fn contract_path(&self, path: &str) -> Option<String> {
        if path.starts_with("/rest/agile/") {
            return Some(if self.cloud { path.to_owned() } else { path.trim_start_matches("/rest").to_owned() });
        }
        // Data Center's own was not found (contracts/README.md).
        if path.starts_with("/rest/servicedeskapi/") {
            return self.cloud.then(|| path.to_owned());
        }
        let (api, rest) = match path.strip_prefix("/rest/api/")?.split_once('/') {
            Some((api, rest)) if matches!(api, "2" | "3" | "latest") => (api, rest),
            Some(_) | None => return Some(path.to_owned()),
        };
        if self.cloud {
            // Version 2 differs in rich text alone, which the document leaves untyped.
            return Some(format!("/rest/api/3/{rest}"));
        }
        Some(if api == "3" { path.to_owned() } else { format!("/api/2/{rest}") })
    }

    /// A literal segment beats a placeholder, the earlier segment counts more.
    fn find(&self, method: &str, path: &str) -> Result<&Operation, Violation> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let shelf = shelf(self.cloud, &segments).copied().unwrap_or_default();
        let shelves = [shelf, ""].map(|name| self.operations.get(&(segments.len(), name.to_owned())));
        let mut found: Vec<&Operation> =
            shelves.into_iter().flatten().flatten().filter(|operation| operation.is_at(&segments)).collect();
        let wrong = |wrong: Wrong, why: &str| Violation {
            wrong,
            operation: format!("{method} {path}"),
            place: "path".to_owned(),
            why: why.to_owned(),
        };
        found.sort_by(|one, other| one.placeholders.cmp(&other.placeholders));
        let Some(best) = found.first().map(|operation| operation.template.clone()) else {
            return Err(wrong(Wrong::Path, "the contract has no such path"));
        };
        let same = found.into_iter().find(|operation| operation.template == best && operation.method == method);
        same.ok_or_else(|| wrong(Wrong::Method, "the path has no such method"))
    }

    fn check_query(&self, operation: &Operation, query: &str, report: &mut Report) {
        let declared = parameters(operation.definition, "query");
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (name, value) in &given {
            let Some(parameter) = declared.iter().find(|parameter| parameter["name"] == json!(name)) else {
                let tolerated =
                    |(path, known, _): &&(&str, &str, &str)| operation.template.ends_with(path) && known == name;
                if !TOLERATED.iter().any(|known| tolerated(&known)) {
                    report.add(Wrong::QueryName, name, "the operation has no such query parameter".to_owned());
                }
                continue;
            };
            if let Some(why) = self.misread(name, value, &parameter["schema"]) {
                report.add(Wrong::QueryValue, name, why);
            }
        }
        for parameter in declared.iter().filter(|parameter| parameter["required"] == json!(true)) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !given.iter().any(|(given, _)| given == name) {
                report.add(Wrong::Missing, name, "the parameter is required".to_owned());
            }
        }
    }

    /// Why a query value is not of its type. Lists are taken apart at commas, as Jira does.
    fn misread(&self, name: &str, value: &str, schema: &Value) -> Option<String> {
        let wanted = schema["type"].as_str()?;
        let read = match wanted {
            "integer" => value.parse::<i64>().is_ok(),
            // Python clients write `True`, and Jira takes it: known of validateQuery, so only there.
            "boolean" if name == "validateQuery" => {
                value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
            }
            "boolean" => matches!(value, "true" | "false"),
            "array" => return value.split(',').find_map(|item| self.misread(name, item, &schema["items"])),
            _ => true,
        };
        (!read).then(|| format!("{value:?} is no {wanted}"))
    }

    fn check_request_body(&self, operation: &Operation, body: &[u8], report: &mut Report) {
        let declared = &operation.definition["requestBody"];
        if body.is_empty() {
            if declared["required"] == json!(true) {
                report.add(Wrong::Missing, "body", "the body is required".to_owned());
            }
            return;
        }
        let Some(content) = declared["content"].as_object() else {
            report.add(Wrong::Unexpected, "body", "the operation takes no body".to_owned());
            return;
        };
        if content.contains_key("multipart/form-data") {
            // Its parts are not taken apart here: the one that counts must be named `file`.
            if !text(body).contains("name=\"file\"") {
                report.add(Wrong::Missing, "file", "no part is named file".to_owned());
            }
            return;
        }
        match serde_json::from_slice(body) {
            Err(error) => report.add(Wrong::NotJson, "body", error.to_string()),
            Ok(value) => self.check_schema(schema_of(content), &value, report),
        }
    }

    fn check_answer(&self, status: u16, response: &Value, body: &[u8], report: &mut Report) {
        // Some refusals are declared with an example alone.
        let schema = response["content"].as_object().map(schema_of).filter(|schema| !schema.is_null());
        if body.is_empty() {
            let wanted = schema.filter(|schema| schema.as_object().is_some_and(|object| !object.is_empty()));
            if wanted.is_some() && status < 300 && status != 204 {
                report.add(Wrong::Missing, "body", "the answer has a body".to_owned());
            }
            return;
        }
        match schema {
            Some(schema) => match serde_json::from_slice(body) {
                Err(error) => report.add(Wrong::NotJson, "body", format!("{error}: {}", text(body))),
                Ok(value) => self.check_schema(schema, &value, report),
            },
            None if status < 300 => report.add(Wrong::Unexpected, "body", format!("none is declared: {}", text(body))),
            None => self.check_error(status, body, report),
        }
    }

    /// An error that has no schema of its own is an error collection (jira-facts.md section 17) where it is JSON.
    fn check_error(&self, status: u16, body: &[u8], report: &mut Report) {
        if body.is_empty() || matches!(status, 401 | 429) || status >= 500 {
            return;
        }
        match serde_json::from_slice(body) {
            Err(error) => report.add(Wrong::NotJson, "body", format!("{error}: {}", text(body))),
            Ok(value) => {
                let collection = json!({
                    "type": "object",
                    "properties": {
                        "errorMessages": { "type": "array", "items": { "type": "string" } },
                        "errors": { "type": "object", "additionalProperties": { "type": "string" } },
                        "status": { "type": "integer" },
                        "reasons": { "type": "array" },
                    },
                    "required": ["errorMessages", "errors"],
                    "additionalProperties": false,
                });
                self.check_schema(&collection, &value, report);
            }
        }
    }

    fn check_schema(&self, schema: &Value, value: &Value, report: &mut Report) {
        for error in self.validator(schema).iter_errors(value).take(5) {
            let place = format!("/body{}", error.instance_path());
            report.add(Wrong::Body, &place, adf::short(&error.to_string()));
        }
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().expect("no check panicked");
        let built = compiled.entry(schema.to_string()).or_insert_with(|| {
            let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(false);
            let built = options.with_registry(&self.registry).build(schema);
            Arc::new(built.unwrap_or_else(|error| panic!("{schema}: {error}")))
        });
        Arc::clone(built)
    }
}

impl Operation {
    fn title(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    fn is_at(&self, segments: &[&str]) -> bool {
        let parts = self.segments.iter().zip(&self.placeholders).zip(segments);
        let fits = |((part, open), segment): ((&String, &bool), &&str)| *open && !segment.is_empty() || part == segment;
        self.segments.len() == segments.len() && parts.into_iter().all(fits)
    }
}

/// The segment that says what a path is about (`issue`, `search`), by which operations are looked up: there are hundreds, and every
/// request of every test is held to one of them. `/rest/api/3/issue` on Cloud, `/api/2/issue` on Data Center.
fn shelf<S>(cloud: bool, segments: &[S]) -> Option<&S> {
    segments.get(if cloud { 3 } else { 2 })
}

fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{')
}

fn parameters<'a>(definition: &'a Value, place: &str) -> Vec<&'a Value> {
    definition["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == json!(place))
        .collect()
}

fn schema_of(content: &serde_json::Map<String, Value>) -> &Value {
    let json = content.get("application/json").or_else(|| content.values().next());
    json.and_then(|media| media.get("schema")).unwrap_or(&Value::Null)
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(200).collect()
}

struct Report {
    operation: String,
    violations: Vec<Violation>,
}

impl Report {
    fn add(&mut self, wrong: Wrong, place: &str, why: String) {
        self.violations.push(Violation { wrong, operation: self.operation.clone(), place: place.to_owned(), why });
    }

    fn adf(&mut self, body: &[u8]) {
        let Ok(value) = serde_json::from_slice(body) else { return };
        for (place, why) in adf::check(&value) {
            self.add(Wrong::Adf, &place, why);
        }
    }
}
