//! One item's cycle: observe, plan, apply, record, recover. Nothing but `engine::apply` may hold a `JiraWrite`.
