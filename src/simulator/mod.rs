//! A Jira to rehearse against. It follows Atlassian's documents, never our client, and shares no code with it.
//!
//! [`Setup`] describes one, [`Jira`] runs it: over HTTP by [`serve`](fn@serve), in process by [`Jira::handle`]. People are
//! [`Person`]s, faults are [`FaultRule`]s, and every request is an [`Exchange`] that tests can count and check.

mod adf;
mod arrange;
mod audit;
mod auth;
mod backup;
mod build;
mod change;
mod comments;
mod content;
mod faults;
mod fields;
mod hooks;
mod jira;
pub mod jql;
mod life;
mod limits;
mod mails;
mod migrate;
mod oauth;
mod observe;
mod outcome;
mod parents;
mod people;
mod permissions;
pub mod presets;
mod properties;
mod query;
mod quirks;
mod render;
mod render_people;
mod render_screens;
mod reply;
mod requests;
mod rest;
mod retire;
mod seed;
mod serve;
mod setup;
mod sprints;
mod state;
mod time;
mod values;
mod workflow;
mod worklogs;

pub use audit::{AttachmentView, CommentView, EntryView, IssueView, LinkView, WorklogView};
pub use backup::Backup;
pub use faults::{Fault, FaultRule, When};
pub use hooks::{Delivery, HookWeather};
pub use jira::{Broken, Jira};
pub use limits::{Bucket, Limits};
pub use oauth::CLOUD_ID;
pub use observe::{Count, Exchange};
pub use people::Person;
pub use quirks::Quirks;
pub use reply::Refusal;
pub use seed::{SeedError, Seeded};
pub use serve::serve;
pub use setup::{
    Category, Credential, FieldSetup, FieldType, Holder, Kind, ProjectSetup, Setup, SprintState, StatusSetup,
    TransitionSetup, UserSetup,
};
