//! What the Jiras show in the end, in words that do not depend on when something was done, nor in which order: two lives of one story
//! are compared by it. Must never look into the daemon's state.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::simulator::IssueView;

use super::daemon_account::is_us;
use super::daemon_support::World;

/// All that is shown, line by line, in an order of its own.
pub(crate) fn picture(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    let names = Names::of(world);
    for (jira, at) in &world.jiras {
        for issue in at.issues() {
            lines.extend(shown(world, jira, &issue, &names));
        }
        for project in ["SUP", "ENG", "OPS"] {
            for (kind, things) in [("version", at.versions(project)), ("component", at.components(project))] {
                lines.extend(things.iter().map(|thing| {
                    let said = |name: &str| thing.get(name).map(ToString::to_string).unwrap_or_default();
                    let said = ["name", "description", "startDate", "releaseDate", "released", "archived"].map(said);
                    format!("{jira} {project}: {kind} {}", said.join(" "))
                }));
            }
        }
    }
    lines.sort();
    lines
}

/// The lines of one that the other has not, each as often as it has it more.
pub(crate) fn missing<'l>(of: &'l [String], from: &[String]) -> Vec<&'l String> {
    let mut left: BTreeMap<&String, usize> = BTreeMap::new();
    for line in from {
        *left.entry(line).or_default() += 1;
    }
    of.iter()
        .filter(|line| left.get_mut(line).is_none_or(|count| std::mem::replace(count, count.saturating_sub(1)) == 0))
        .collect()
}

/// Keys depend on what was created first; summaries do not.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(world: &World) -> Self {
        let all = world.jiras.iter().flat_map(|(jira, at)| at.issues().into_iter().map(move |issue| (*jira, issue)));
        let mut names: Vec<(String, String)> = all
            .map(|(jira, issue)| {
                let summary = issue.fields.get("summary").cloned().unwrap_or_default();
                (issue.key, format!("<{summary} at {jira}>"))
            })
            .collect();
        // The longest first: `SUP-1` begins `SUP-10`.
        names.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
        Self(names)
    }

    fn say(&self, text: &str) -> String {
        let text = labelled(text);
        self.0.iter().fold(text, |text, (key, name)| text.replace(key.as_str(), name))
    }
}

/// A text that was written before the file that it names shows a label in its place, as docs/text.md says: that depends on what came first.
fn labelled(text: &str) -> String {
    let mut parts = text.split("\\[file: ");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        said += &format!("[^{}", part.replacen("\\]", "]", 1));
    }
    said
}

/// What depends on when something was done.
const TIMES: [&str; 6] =
    ["created", "updated", "resolutiondate", "statuscategorychangedate", "lastViewed", "workratio"];

/// What the sync user is called, and the account that may take its place; and by whom an issue is watched then.
const OUR_NAMES: [&str; 2] = ["Sync (", "Next"];
const OUR_LOGINS: [&str; 2] = ["sync", "next"];

fn who(jira: &str, id: Option<&String>) -> String {
    match id {
        Some(id) if is_us(jira, Some(id)) => "us".to_owned(),
        Some(id) => id.clone(),
        None => "nobody".to_owned(),
    }
}

/// An unordered list in one order.
fn sorted(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}

fn shown(world: &World, jira: &str, issue: &IssueView, names: &Names) -> Vec<String> {
    let head = names.say(&issue.key);
    let mut lines = vec![format!("project {} creator {}", issue.project, who(jira, issue.creator.as_ref()))];
    for (field, value) in issue.fields.iter().filter(|(field, _)| !TIMES.contains(&field.as_str())) {
        let value = match field.as_str() {
            "labels" | "components" | "fixVersions" | "versions" => sorted(value),
            "reporter" if OUR_NAMES.iter().any(|name| value.starts_with(name)) => "us".to_owned(),
            _ => value.clone(),
        };
        lines.push(format!("{field} {value}"));
    }
    lines.extend(issue.properties.keys().map(|name| format!("property {name}")));
    lines.extend(issue.links.iter().map(|(title, address)| format!("remote link {title} {address}")));
    for link in &issue.issue_links {
        let way = if link.outward { "to" } else { "from" };
        lines.push(format!("link {} {way} {}", link.kind, link.other));
    }
    for file in &issue.attachments {
        let content = String::from_utf8_lossy(&file.content);
        lines.push(format!("file {} by {}: {content}", file.name, who(jira, file.author.as_ref())));
    }
    for comment in &issue.comments {
        let by = who(jira, comment.author.as_ref());
        let (readers, marks) = (&comment.visibility, comment.properties.keys().collect::<Vec<_>>());
        lines.push(format!(
            "comment by {by} for {readers:?}, internal {}, {marks:?}: {}",
            comment.internal, comment.body
        ));
    }
    for work in &issue.worklogs {
        let by = who(jira, work.author.as_ref());
        lines.push(format!("work by {by} at {} for {} s: {}", work.started, work.seconds, work.comment));
    }
    for entry in &issue.history {
        for (field, _, to) in &entry.items {
            let by = who(jira, entry.author.as_ref());
            // The sums between depend on what was logged first, and two pieces of work have no order.
            let to = to.as_deref().filter(|_| field != "timespent");
            lines.push(format!("history: {by} made {field} {:?}", to.map(sorted)));
        }
    }
    let us = |name: String| if OUR_LOGINS.contains(&name.as_str()) { "us".to_owned() } else { name };
    let watchers: BTreeSet<String> = world.jira(jira).watchers(&issue.key).into_iter().map(us).collect();
    lines.extend(watchers.into_iter().map(|name| format!("watched by {name}")));
    lines.iter().map(|line| format!("{jira} {head}: {}", names.say(line))).collect()
}
