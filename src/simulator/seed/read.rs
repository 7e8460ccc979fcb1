//! A seed file -> its parts. It must never guess: what it does not know is refused, with the line.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, de};
use serde_json::Value;

use super::super::setup::{
    Category, Credential, FieldSetup, FieldType, Kind, ProjectSetup, StatusSetup, TransitionSetup, UserSetup,
};
use super::SeedError;

/// The parts of a seed.
#[derive(Debug, Default)]
pub(super) struct Seed {
    pub(super) users: Vec<UserSetup>,
    pub(super) priorities: Vec<String>,
    pub(super) resolutions: Vec<String>,
    pub(super) fields: Vec<FieldSetup>,
    pub(super) projects: Vec<ProjectSetup>,
    pub(super) issues: Vec<Value>,
    /// Changelog entries that name no issue.
    pub(super) entries: Vec<Value>,
}

/// Reads a file of any of the formats.
pub(super) fn read(text: &str, kind: Kind) -> Result<Seed, SeedError> {
    let start = text.trim_start();
    if start.is_empty() {
        return Err(SeedError { line: 1, reason: "the file is empty".into() });
    }
    let mut seed = Seed::default();
    if start.starts_with('[') {
        let records: Vec<Record> = serde_json::from_str(text).map_err(|error| at(&error))?;
        records.into_iter().for_each(|record| seed.add(record));
    } else if is_ours(text) {
        let file: File = serde_json::from_str(text).map_err(|error| at(&error))?;
        seed = file.into_seed(kind);
    } else {
        lines(text, &mut seed)?;
    }
    Ok(seed)
}

/// JSON lines. A record that was broken over several lines is one too.
fn lines(text: &str, seed: &mut Seed) -> Result<(), SeedError> {
    for record in serde_json::Deserializer::from_str(text).into_iter::<Record>() {
        seed.add(record.map_err(|error| at(&error))?);
    }
    Ok(())
}

fn at(error: &serde_json::Error) -> SeedError {
    let said = error.to_string();
    // The place is told apart from the reason.
    let reason = said.split(" at line ").next().unwrap_or_default().to_owned();
    SeedError { line: error.line().max(1), reason }
}

/// Whether the first value is an object of our own format: none of the shapes that Jiras give. Where it is broken, the reader of
/// records says at which line.
fn is_ours(text: &str) -> bool {
    let first = serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
    let Some(Ok(value)) = first else { return false };
    let recorded = ["items", "clauseNames", "schema", "data", "issue", "key"];
    !value.get("fields").is_some_and(Value::is_object) && recorded.iter().all(|part| value.get(part).is_none())
}

/// One record of a real Jira.
#[derive(Debug)]
enum Record {
    Issue(Value),
    Entry(Value),
    Field(FieldSetup),
}

impl Record {
    fn of(value: Value) -> Result<Self, String> {
        if value.get("fields").is_some_and(Value::is_object) {
            return issue(value).map(Self::Issue);
        }
        if value.get("items").is_some_and(Value::is_array) {
            return match value.get("created").and_then(Value::as_str).and_then(super::super::time::parse_stamp) {
                Some(_) => Ok(Self::Entry(value)),
                None => Err("a changelog entry without a time in `created`".into()),
            };
        }
        if value.get("clauseNames").is_some() || value.get("schema").is_some() {
            return field(&value).map(Self::Field);
        }
        // A row of a table that keeps what the API gave in one column.
        match value.get("data").or_else(|| value.get("issue")) {
            Some(Value::String(inner)) => {
                let inner = serde_json::from_str(inner).map_err(|error| format!("in the column: {error}"))?;
                Self::of(inner)
            }
            Some(inner) if inner.is_object() => Self::of(inner.clone()),
            _ => Err("neither an issue (`fields`), a changelog entry (`items`) nor a field (`schema`)".into()),
        }
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Seed {
    fn add(&mut self, record: Record) {
        match record {
            Record::Issue(issue) => self.issues.push(issue),
            Record::Entry(entry) => self.entries.push(entry),
            Record::Field(field) => self.fields.push(field),
        }
    }
}

/// Checks what an issue cannot do without.
fn issue(value: Value) -> Result<Value, String> {
    let key = value.get("key").and_then(Value::as_str);
    let project = super::learn::project_key(&value).filter(|_| value.pointer("/fields/project").is_some());
    let named = key.and_then(|key| key.rsplit_once('-')).is_some_and(|(_, number)| number.parse::<u64>().is_ok());
    if !named && (key.is_some() || project.is_none()) {
        return Err("an issue without a `key` like SUP-1 or a `fields.project`".into());
    }
    if !value.pointer("/fields/summary").is_some_and(Value::is_string) {
        return Err(format!("issue {} has no `summary`", key.unwrap_or("without a key")));
    }
    let times = ["/fields/created", "/fields/updated"].iter().filter_map(|at| value.pointer(at)).chain(
        value
            .pointer("/changelog/histories")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|entry| &entry["created"]),
    );
    for time in times.filter(|time| !time.is_null()) {
        if time.as_str().and_then(super::super::time::parse_stamp).is_none() {
            return Err(format!("issue {}: `{time}` is no time of a Jira", key.unwrap_or("without a key")));
        }
    }
    Ok(value)
}

/// A row of `GET field`. What our fields cannot hold is kept and given back as it comes.
fn field(row: &Value) -> Result<FieldSetup, String> {
    let part = |at: &str| row.pointer(at).and_then(Value::as_str).unwrap_or_default();
    if part("/id").is_empty() || part("/name").is_empty() {
        return Err("a field without an `id` or a `name`".into());
    }
    let custom = part("/schema/custom").rsplit(':').next().unwrap_or_default();
    let kind = match (part("/schema/type"), part("/schema/items"), custom) {
        ("string", _, "textarea") => FieldType::RichText,
        ("string", _, "textfield" | "url") => FieldType::Text,
        ("number", ..) => FieldType::Number,
        ("date", ..) => FieldType::Date,
        ("datetime", _, "datetime") => FieldType::DateTime,
        ("array", "string", "labels") => FieldType::Labels,
        ("array", "option", _) => FieldType::MultiSelect(Vec::new()),
        ("option", ..) => FieldType::Select(Vec::new()),
        ("user", ..) => FieldType::User,
        ("array", "user", _) => FieldType::Users,
        _ => FieldType::Opaque,
    };
    Ok(FieldSetup::new(part("/id"), part("/name"), kind))
}

/// Our own format.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    users: Vec<FileUser>,
    priorities: Vec<String>,
    resolutions: Vec<String>,
    fields: Vec<FileField>,
    projects: Vec<FileProject>,
    issues: Vec<FileIssue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FileUser {
    name: String,
    id: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    time_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileField {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: FileFieldType,
    #[serde(default)]
    options: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileFieldType {
    Text,
    RichText,
    Number,
    Date,
    DateTime,
    Labels,
    User,
    Users,
    Select,
    MultiSelect,
    Opaque,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileProject {
    key: String,
    name: Option<String>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    statuses: Vec<FileStatus>,
    #[serde(default)]
    transitions: Vec<FileTransition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStatus {
    name: String,
    category: FileCategory,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FileCategory {
    New,
    Indeterminate,
    Done,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTransition {
    name: String,
    #[serde(default)]
    from: Vec<String>,
    to: String,
}

#[derive(Debug)]
struct FileIssue(Value);

impl<'de> Deserialize<'de> for FileIssue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        issue(Value::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

impl File {
    fn into_seed(self, kind: Kind) -> Seed {
        Seed {
            users: self.users.into_iter().map(|user| user.setup(kind)).collect(),
            priorities: self.priorities,
            resolutions: self.resolutions,
            fields: self.fields.into_iter().map(FileField::setup).collect(),
            projects: self.projects.into_iter().zip(20_000..).map(|(project, id)| project.setup(id)).collect(),
            issues: self.issues.into_iter().map(|issue| issue.0).collect(),
            entries: Vec::new(),
        }
    }
}

impl FileUser {
    fn setup(self, kind: Kind) -> UserSetup {
        let email = self.email.unwrap_or_else(|| format!("{}@seed.example", self.name));
        let display = self.display_name.unwrap_or_else(|| self.name.clone());
        let mut user = UserSetup::new(self.id.as_ref().unwrap_or(&self.name), &self.name, &display, &email);
        if let Some(zone) = self.time_zone {
            user = user.zone(&zone);
        }
        let token = format!("{}-token", self.name);
        user.with(match kind {
            Kind::Cloud => Credential::ApiToken(token),
            Kind::DataCenter => Credential::Pat(token),
        })
    }
}

impl FileField {
    fn setup(self) -> FieldSetup {
        let kind = match self.kind {
            FileFieldType::Text => FieldType::Text,
            FileFieldType::RichText => FieldType::RichText,
            FileFieldType::Number => FieldType::Number,
            FileFieldType::Date => FieldType::Date,
            FileFieldType::DateTime => FieldType::DateTime,
            FileFieldType::Labels => FieldType::Labels,
            FileFieldType::User => FieldType::User,
            FileFieldType::Users => FieldType::Users,
            FileFieldType::Select => FieldType::Select(self.options),
            FileFieldType::MultiSelect => FieldType::MultiSelect(self.options),
            FileFieldType::Opaque => FieldType::Opaque,
        };
        FieldSetup::new(&self.id, &self.name, kind)
    }
}

impl FileProject {
    fn setup(self, id: u64) -> ProjectSetup {
        let name = self.name.unwrap_or_else(|| self.key.clone());
        let mut project = ProjectSetup::new(&self.key, id, &name);
        project.types = self.types.into_iter().map(|name| (name, false)).collect();
        project.statuses = self
            .statuses
            .into_iter()
            .map(|status| StatusSetup {
                name: status.name,
                category: match status.category {
                    FileCategory::New => Category::ToDo,
                    FileCategory::Indeterminate => Category::InProgress,
                    FileCategory::Done => Category::Done,
                },
                editable: true,
            })
            .collect();
        for edge in self.transitions {
            let from: Vec<&str> = edge.from.iter().map(String::as_str).collect();
            project = project.transition(TransitionSetup::new(&edge.name, &from, &edge.to));
        }
        project
    }
}
