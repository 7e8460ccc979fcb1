//! Logs and the names of their fields. It must never let a secret or a body through.
