//! The daemon's doors: control socket, health, metrics, webhooks. It must never write to a Jira.
