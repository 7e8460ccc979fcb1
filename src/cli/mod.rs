//! The commands: one file each, text or JSON output, exit codes. It must never hold logic that another front end would need.
