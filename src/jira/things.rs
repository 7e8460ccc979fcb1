//! Versions and components of a project: listed, made and changed. Must never send a property that is not to be changed, nor `null`
//! for a day: no contract of Atlassian's takes one.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::client::{Client, NotDone, Written};
use super::{JiraError, Refusal, WriteOutcome, decode, wire};
use crate::model::operation::Thing;
use crate::model::things::{Property, SeenThing, ThingValues};

impl Client {
    /// All versions, or components, of a project. The lists without pages hold all of them, archived ones too.
    pub(super) async fn list_things(&self, project: &str, thing: Thing) -> Result<Vec<SeenThing>, JiraError> {
        let attempt = format!("reading the {}s of project {project}", thing.word());
        let (endpoint, last) = match thing {
            Thing::Version => ("getProjectVersions", "versions"),
            Thing::Component => ("getProjectComponents", "components"),
        };
        let list: Vec<wire::ProjectThing> =
            self.read(&Call::get(endpoint, &["project", project, last], attempt)).await?;
        Ok(list.into_iter().map(|read| seen(thing, read)).collect())
    }

    /// Makes one. `POST version` takes the project's number, `POST component` its key.
    pub(super) async fn post_thing(
        &self,
        project: &str,
        thing: Thing,
        values: &ThingValues,
    ) -> WriteOutcome<SeenThing> {
        let name = values.get(&Property::Name).map_or("", String::as_str);
        let attempt = format!("making the {} `{name}` in project {project}", thing.word());
        let mut body = body_of(values);
        let (endpoint, path) = match thing {
            Thing::Version => ("createVersion", "version"),
            Thing::Component => ("createComponent", "component"),
        };
        match thing {
            Thing::Version => match self.project_number(project).await {
                Ok(id) => body.insert("projectId".to_owned(), json!(id)),
                Err(error) => return WriteOutcome::NotSent { why: error.to_string(), wait_ms: 60_000 },
            },
            Thing::Component => body.insert("project".to_owned(), json!(project)),
        };
        match self.write(&Call::with_body(endpoint, Method::POST, &[path], Value::Object(body), attempt)).await {
            Written::Yes(answer) => match decode::read::<wire::ProjectThing>(&answer.body) {
                Ok(read) => WriteOutcome::Done(seen(thing, read)),
                Err(failure) => WriteOutcome::InDoubt(failure.to_string()),
            },
            // Cloud says so of a version where the right to administer the project is missing.
            Written::No(NotDone::NotFound) => WriteOutcome::Refused(Refusal {
                status: 404,
                messages: vec![format!("project {project} is not there, or may not be administered")],
                ..Refusal::default()
            }),
            Written::No(no) => no.outcome(),
        }
    }

    /// Changes one. Data Center's document shows no body in the answer to a version.
    pub(super) async fn put_thing(
        &self,
        thing: Thing,
        native: &str,
        values: &ThingValues,
    ) -> WriteOutcome<Option<SeenThing>> {
        let attempt = format!("changing the {} {native}", thing.word());
        let (endpoint, path) = match thing {
            Thing::Version => ("updateVersion", "version"),
            Thing::Component => ("updateComponent", "component"),
        };
        let body = Value::Object(body_of(values));
        match self.write(&Call::with_body(endpoint, Method::PUT, &[path, native], body, attempt)).await {
            Written::Yes(answer) => {
                let read = decode::read::<wire::ProjectThing>(&answer.body).ok();
                WriteOutcome::Done(read.map(|read| seen(thing, read)).filter(|seen| seen.native == native))
            }
            Written::No(no) => no.outcome(),
        }
    }
}

fn body_of(values: &ThingValues) -> Map<String, Value> {
    let key = |property: &Property| match property {
        Property::Name => "name",
        Property::Description => "description",
        Property::StartDate => "startDate",
        Property::ReleaseDate => "releaseDate",
        Property::Released => "released",
        Property::Archived => "archived",
    };
    let word = |property: &Property, value: &str| {
        if property.is_flag() { json!(value == "true") } else { json!(value) }
    };
    values.iter().map(|(property, value)| (key(property).to_owned(), word(property, value))).collect()
}

fn seen(thing: Thing, read: wire::ProjectThing) -> SeenThing {
    let text = |text: Option<String>| text.unwrap_or_default();
    // Data Center's document calls days instants; what it sends begins with the day.
    let day = |day: Option<String>| day.map(|day| day.chars().take(10).collect()).unwrap_or_default();
    let flag = |flag: Option<bool>| flag.unwrap_or(false).to_string();
    let mut values =
        BTreeMap::from([(Property::Name, text(read.name)), (Property::Description, text(read.description))]);
    if thing == Thing::Version {
        values.extend([
            (Property::StartDate, day(read.start_date)),
            (Property::ReleaseDate, day(read.release_date)),
            (Property::Released, flag(read.released)),
            (Property::Archived, flag(read.archived)),
        ]);
    }
    SeenThing { native: read.id.0, values }
}
