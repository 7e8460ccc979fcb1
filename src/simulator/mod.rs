//! A Jira to rehearse against. It follows Atlassian's documents, never our client, and shares no code with it.

pub mod jql;
