//! A seed file -> its parts. It must never guess: what it does not know is refused, with the line.

use serde::Deserialize;
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
    let start = text.len() - text.trim_start().len();
    let mut seed = Seed::default();
    match text.get(start..).and_then(|text| text.chars().next()) {
        None => return Err(SeedError { line: 1, reason: "the file is empty".into() }),
        Some('[') => {
            for (line, value) in elements(text, start + 1)? {
                seed.add(Record::of(value).map_err(|reason| SeedError { line, reason })?);
            }
        }
        Some(_) if is_ours(text) => {
            let file: File = serde_json::from_str(text).map_err(|error| broken(&error, 1))?;
            for (index, value) in file.issues.iter().enumerate() {
                issue(value).map_err(|reason| SeedError { line: line_of_issue(text, index), reason })?;
            }
            seed = file.into_seed(kind);
        }
        Some(_) => lines(text, start, &mut seed)?,
    }
    Ok(seed)
}

/// JSON lines. A record that was broken over several lines is one too.
fn lines(text: &str, start: usize, seed: &mut Seed) -> Result<(), SeedError> {
    let mut at = start;
    while let Some((line, value, end)) = element(text, at)? {
        seed.add(Record::of(value).map_err(|reason| SeedError { line, reason })?);
        at = end;
    }
    Ok(())
}

/// The elements of an array whose bracket was opened before `at`, each with the line that it begins in.
fn elements(text: &str, mut at: usize) -> Result<Vec<(usize, Value)>, SeedError> {
    let mut elements = Vec::new();
    let next = |at: usize| text.get(at..).and_then(|rest| rest.trim_start().chars().next());
    let behind = |at: usize| text.len() - text.get(at..).unwrap_or_default().trim_start().len() + 1;
    if next(at) == Some(']') {
        return Ok(elements);
    }
    while let Some((line, value, end)) = element(text, at)? {
        elements.push((line, value));
        match next(end) {
            Some(',') => at = behind(end),
            Some(']') => return Ok(elements),
            _ => return Err(SeedError { line: line_at(text, end), reason: "expected `,` or `]`".into() }),
        }
    }
    Err(SeedError { line: line_at(text, text.len()), reason: "EOF while parsing a list".into() })
}

/// The value that begins behind `at`, with its line and its end; `None` where the text ends.
fn element(text: &str, at: usize) -> Result<Option<(usize, Value, usize)>, SeedError> {
    let rest = text.get(at..).unwrap_or_default();
    let begin = at + rest.len() - rest.trim_start().len();
    let line = line_at(text, begin);
    let mut stream = serde_json::Deserializer::from_str(text.get(begin..).unwrap_or_default()).into_iter::<Value>();
    match stream.next() {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some((line, value, begin + stream.byte_offset()))),
        Some(Err(error)) => Err(broken(&error, line)),
    }
}

/// The line of a byte, counted from 1.
fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

/// An error in a text that begins in line `first`.
fn broken(error: &serde_json::Error, first: usize) -> SeedError {
    let said = error.to_string();
    // The place is told apart from the reason.
    let reason = said.split(" at line ").next().unwrap_or_default().to_owned();
    SeedError { line: first - 1 + error.line().max(1), reason }
}

/// The line of an issue of our own format.
fn line_of_issue(text: &str, index: usize) -> usize {
    let starts = text.match_indices("\"issues\"").filter_map(|(at, name)| {
        let behind = text.get(at + name.len()..)?;
        let list = behind.trim_start().strip_prefix(':')?.trim_start().strip_prefix('[')?;
        elements(text, text.len() - list.len()).ok()?.get(index).map(|(line, _)| *line)
    });
    starts.last().unwrap_or(1)
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
            issue(&value)?;
            return Ok(Self::Issue(value));
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
fn issue(value: &Value) -> Result<(), String> {
    let key = value.get("key").and_then(Value::as_str);
    let project = super::learn::project_key(value).filter(|_| value.pointer("/fields/project").is_some());
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
    Ok(())
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
        ("string", _, "textfield") => FieldType::Text,
        ("string", _, "url") => FieldType::Url,
        ("number", ..) => FieldType::Number,
        ("date", ..) => FieldType::Date,
        ("datetime", _, "datetime") => FieldType::DateTime,
        ("array", "string", "labels") => FieldType::Labels,
        ("array", "option", _) => FieldType::MultiSelect(Vec::new()),
        ("option", ..) => FieldType::Select(Vec::new()),
        ("user", ..) => FieldType::User,
        ("array", "user", _) => FieldType::Users,
        ("version", ..) => FieldType::Version,
        ("array", "version", _) => FieldType::Versions,
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
    issues: Vec<Value>,
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

impl File {
    fn into_seed(self, kind: Kind) -> Seed {
        Seed {
            users: self.users.into_iter().map(|user| user.setup(kind)).collect(),
            priorities: self.priorities,
            resolutions: self.resolutions,
            fields: self.fields.into_iter().map(FileField::setup).collect(),
            projects: self.projects.into_iter().zip(20_000..).map(|(project, id)| project.setup(id)).collect(),
            issues: self.issues,
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
