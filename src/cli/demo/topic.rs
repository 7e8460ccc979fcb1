//! The fields that the demo's sync carries, and what each side calls them and their values: the same rows as the demo's
//! configuration, so that an auditor compares in one vocabulary. It must never ask the daemon's mapping.

use super::party::{Party, SHARE_PREFIX};

/// A field that crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    Summary,
    Description,
    IssueType,
    Status,
    Priority,
    Assignee,
    Labels,
    Severity,
}

/// A value in the shared vocabulary; `None` is empty.
pub(super) type Shared = Option<String>;

/// One thing, as acme, globex and initech call it.
type Row = [&'static [&'static str]; 3];

const ISSUE_TYPES: &[Row] = &[[&["Bug"], &["Defect"], &["Fehler"]], [&["Task", "Story"], &["Task"], &["Aufgabe"]]];
const STATUSES: &[Row] = &[
    [&["To Do", "Backlog"], &["Open"], &["Neu"]],
    [&["In Progress"], &["Working"], &["In Arbeit"]],
    [&["Done"], &["Closed"], &["Fertig"]],
];
const PRIORITIES: &[Row] = &[
    [&["Highest", "High"], &["P1", "P2"], &["Hoch"]],
    [&["Medium"], &["P3"], &["Mittel"]],
    [&["Low", "Lowest"], &["P4", "P5"], &["Niedrig"]],
];
/// By display name, as a view from above shows them.
const USERS: &[Row] = &[
    [&["Jane Roe"], &["John Doe"], &["Petra Müller"]],
    [&["Omar Haddad"], &["Maria Lopez"], &["Jürgen Groß"]],
    [&["Li Wei"], &["Kim Chan"], &["Anna Schäfer"]],
];
const SEVERITIES: &[Row] =
    &[[&["S1"], &["Critical"], &["Kritisch"]], [&["S2"], &["Major"], &["Normal"]], [&["S3"], &["Minor"], &["Gering"]]];

impl Topic {
    pub(super) const ALL: [Self; 8] = [
        Self::Summary,
        Self::Description,
        Self::IssueType,
        Self::Status,
        Self::Priority,
        Self::Assignee,
        Self::Labels,
        Self::Severity,
    ];

    /// The field's id on a side.
    pub(super) fn field(self, party: Party) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Description => "description",
            Self::IssueType => "issuetype",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Assignee => "assignee",
            Self::Labels => "labels",
            Self::Severity => ["customfield_10042", "customfield_10110", "customfield_10077"][party.index()],
        }
    }

    /// The field's name in changelog entries of a side.
    pub(super) fn logged_as(self, party: Party) -> &'static str {
        match self {
            Self::Severity => ["Severity", "Severity", "Schweregrad"][party.index()],
            Self::Summary
            | Self::Description
            | Self::IssueType
            | Self::Status
            | Self::Priority
            | Self::Assignee
            | Self::Labels => self.field(party),
        }
    }

    /// What the configuration calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::IssueType => "issue type",
            Self::Severity => "severity",
            Self::Summary | Self::Description | Self::Status | Self::Priority | Self::Assignee | Self::Labels => {
                self.field(Party::Acme)
            }
        }
    }

    fn rows(self) -> &'static [Row] {
        match self {
            Self::IssueType => ISSUE_TYPES,
            Self::Status => STATUSES,
            Self::Priority => PRIORITIES,
            Self::Assignee => USERS,
            Self::Severity => SEVERITIES,
            Self::Summary | Self::Description | Self::Labels => &[],
        }
    }

    /// Every name that a side has for values of this field, with the number of its row.
    #[cfg(test)]
    pub(super) fn names(self, party: Party) -> Vec<(usize, &'static str)> {
        let rows = self.rows().iter().enumerate();
        rows.flat_map(|(row, names)| names[party.index()].iter().map(move |name| (row, *name))).collect()
    }

    /// Whether the bare value passes between partners who do not see each other.
    pub(super) fn across(self) -> bool {
        matches!(self, Self::Status | Self::Priority)
    }

    /// How many changelog entries one act may make on another side: closing takes two hops.
    pub(super) fn hops(self) -> usize {
        if self == Self::Status { 2 } else { 1 }
    }

    /// Whether what `by` does to this field may reach `party`.
    pub(super) fn reaches(self, party: Party, by: Party) -> bool {
        self.across() || party.sees(by)
    }

    /// A side's value in the shared vocabulary. What no row names stands for itself, and so never equals another side's.
    pub(super) fn shared(self, party: Party, value: Option<&str>) -> Shared {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        match self {
            Self::Summary => Some(value.split_whitespace().collect::<Vec<_>>().join(" ")),
            Self::Description => Some(paragraphs(value).join("\n")),
            Self::Labels => {
                let mut words: Vec<&str> =
                    value.split_whitespace().filter(|word| !word.starts_with(SHARE_PREFIX)).collect();
                words.sort_unstable();
                (!words.is_empty()).then(|| words.join(" "))
            }
            Self::IssueType | Self::Status | Self::Priority | Self::Assignee | Self::Severity => {
                let row = self.rows().iter().find(|row| row[party.index()].contains(&value));
                Some(row.map_or_else(|| format!("?{}:{value}", party.name()), |row| row[0][0].to_owned()))
            }
        }
    }
}

/// The paragraphs of a text, white space evened out. People in the demo write one line per paragraph.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}
