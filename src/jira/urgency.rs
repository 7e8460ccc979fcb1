//! How urgent what is being done is, for the gates on its way: what people just did goes before first copies, and those before full
//! checks. It is carried along by the task and not by arguments: every read on the way would need one. Must never hold anything up
//! by itself.

use crate::model::store::Urgency;

tokio::task_local! {
    static URGENCY: Urgency;
}

/// Does something whose requests are as urgent as this. Futures that are handed to others on the way are as urgent as theirs.
pub async fn as_urgent_as<T>(urgency: Urgency, work: impl Future<Output = T>) -> T {
    URGENCY.scope(urgency, work).await
}

/// How urgent what is being done is. What nobody said anything of is live.
pub(super) fn urgency() -> Urgency {
    URGENCY.try_with(|urgency| *urgency).unwrap_or(Urgency::Live)
}
