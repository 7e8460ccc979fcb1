//! Another account, or a new id of the same one, in the place of an instance's sync user. Must never believe an operator about who the
//! login is of: the instance itself says it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::last_known::LastKnown;
use super::setup::{Connection, SetupError, account_at, in_words, known_as};
use crate::model::account::FormerAccounts;
use crate::model::command::{Answer, Effect, Ended};
use crate::model::ids::{AccountId, InstanceId};
use crate::model::store::Store;

/// What it comes to that the login of an instance is of another account now than `instead_of`: the answer, and what is kept.
///
/// # Errors
/// The instance does not say whose login it is, or the state could not answer.
pub async fn accept_account(
    store: &dyn Store,
    connections: &BTreeMap<InstanceId, Connection>,
    (instance, instead_of): (&InstanceId, &AccountId),
    now: Timestamp,
) -> Result<(Answer, Vec<Effect>), SetupError> {
    let Some(connection) = connections.get(instance) else {
        let known: Vec<&str> = connections.keys().map(InstanceId::as_str).collect();
        return Ok(refused(format!("there is no instance `{instance}`; there are: {}", known.join(", "))));
    };
    let identity = connection.read.identity().await.map_err(|error| SetupError::Jira(vec![error]))?;
    let is = &identity.account;
    let Some(kept) = store.note(&known_as(instance)).await? else {
        let why = format!("no daemon has worked on `{instance}` with this state: there is no account to follow");
        return Ok(refused(why));
    };
    let Some(was) = account_at(&kept, &identity) else {
        let why = format!(
            "instance `{instance}` was {kept}, and is now {}: this is another Jira, whose issues are not those that the state knows",
            in_words(&identity)
        );
        return Ok(refused(why));
    };
    let former = FormerAccounts::read(store.note(&FormerAccounts::note(instance)).await?.as_deref())?;
    if was == is.as_str() {
        let line = if former.holds(instead_of) {
            format!("`{is}` stands in the place of `{instead_of}` at `{instance}` already; nothing was changed")
        } else {
            format!(
                "the login of `{instance}` is of `{is}`, as the state knows it: name the other account's token in `auth` first"
            )
        };
        let ended = if former.holds(instead_of) { Ended::Unchanged } else { Ended::Refused };
        return Ok((Answer::new(ended, vec![line]), Vec::new()));
    }
    if was != instead_of.as_str() {
        let why =
            format!("the sync user of `{instance}` was `{was}` until now, not `{instead_of}`; nothing was changed");
        return Ok(refused(why));
    }
    let former = former.followed(instead_of.clone(), is, now);
    let mut effects = vec![
        Effect::Note(known_as(instance), in_words(&identity)),
        Effect::Note(FormerAccounts::note(instance), former.text()?),
    ];
    effects.extend(LastKnown::followed(store, instance, &identity).await?);
    let lines = vec![
        format!(
            "`{is}` ({}) is the sync user of `{instance}` from now on, in the place of `{instead_of}`",
            identity.display_name
        ),
        format!(
            "what `{instead_of}` wrote stays ours: it is taken for nobody's word, and nothing of it is made again. Nobody may work as it: what \
             it does from now on is not carried"
        ),
        format!(
            "its comments, logged work and files are changed and deleted as `{is}` from now on: where the permissions Edit All and Delete All \
             Comments, Worklogs and Attachments are missing, each that has to be is a problem in `jirasyncd status`"
        ),
    ];
    Ok((Answer::new(Ended::Done, lines), effects))
}

fn refused(why: String) -> (Answer, Vec<Effect>) {
    (Answer::refused(why), Vec::new())
}
