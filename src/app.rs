//! The composition root: configuration to stores, clients and tasks. It must never decide anything about an issue.
