//! One Jira instance, read and written over REST. It must never decide what should be written.
