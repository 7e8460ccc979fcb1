//! The work queue: keys, due times, priorities. It must never look inside the work it schedules.
