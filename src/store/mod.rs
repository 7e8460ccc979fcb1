//! The durable state in SQLite behind `model::store::Store`. It must never be held open across a request to a Jira.
