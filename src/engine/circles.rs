//! Who is in the circles that `from` and `not-from` name, asked when somebody acts and kept for a while. Must never take
//! somebody for a member whose membership could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError, RoleActors};
use crate::model::ids::{AccountId, InstanceId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::problem::Problem;
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::SideSettings;
use crate::model::store::StoreError;
use crate::model::whose::Circle;

/// How long what was read is believed: somebody who joins a group is heard after this at the latest.
const BELIEVED: Duration = Duration::from_secs(600);
/// How long after a first no another one is believed.
const SURE_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// What was refused, as it is kept: somebody's groups, and everybody's.
const GROUPS_OF: &str = "the groups of ";
const ALL_GROUPS: &str = "all groups";
/// How long after the last no the first one still counts.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Issues that a problem names; the others are counted.
const NAMED: usize = 10;
/// Issues whose makers' acts stay that are remembered per side.
const REMEMBERED: usize = 1_000;

/// What was read of an instance's groups and roles, and when, by our monotonic time. `None`: Jira does not show it.
#[derive(Default)]
pub(super) struct Circles {
    groups: BTreeMap<AccountId, (Duration, Option<BTreeSet<String>>)>,
    roles: BTreeMap<(String, String), (Duration, Option<RoleActors>)>,
    /// Whether the right was missing when groups were last asked for; and the roles, by project, where one was.
    no_groups: bool,
    no_roles: BTreeSet<(String, String)>,
    /// What Jira said no to, and when it did so first and last, as long as it did not say yes. `None`: not read from the state yet.
    refused: Option<Refusals>,
    /// What was told of them, by sync and side.
    told: BTreeMap<(SyncId, SideId), BTreeSet<Right>>,
}

/// What was refused, in words, and when first and last.
pub(super) type Refusals = BTreeMap<String, (Timestamp, Timestamp)>;

impl Circles {
    /// The rights that a side lacks to see who is in its circles, as they were last asked for.
    fn lacking(&self, side: &SideSettings) -> BTreeSet<Right> {
        let lacks = |circle: &Circle| match circle {
            Circle::User(_) => None,
            Circle::Group(_) => self.no_groups.then_some(Right::BrowseUsers),
            Circle::Role(role) if self.no_roles.contains(&(side.project.clone(), role.clone())) => {
                Some(Right::AdministerProjects)
            }
            // The groups that have the role are asked for.
            Circle::Role(_) => self.no_groups.then_some(Right::BrowseUsers),
        };
        side.whose.circles().filter_map(lacks).collect()
    }
}

/// Under what the problems of those whose acts stay on a side are kept, and those of what is not shown of its groups and roles.
#[must_use]
pub fn people_about(sync: &SyncId, side: &SideId) -> [String; 2] {
    [format!("staying {sync} {side}"), format!("groups and roles of {sync} {side}")]
}

/// Under what it is kept of which issues it was told that they stay on a side.
pub(super) fn staying_note(sync: &SyncId, side: &SideId) -> String {
    format!("staying of {sync} {side}")
}

/// Under what is kept what was refused of an instance's groups and roles: JSON, what it was and when it was refused first and last.
pub(super) fn refused_note(instance: &InstanceId) -> String {
    format!("circles refused {instance}")
}

impl Engine {
    /// Those of the people who did something in what was read whose acts stay there.
    pub(super) async fn outsiders_in(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
    ) -> Result<BTreeSet<AccountId>, JiraError> {
        let Some(settings) = sync.settings.parted(side) else { return Ok(BTreeSet::new()) };
        let mut accounts: BTreeSet<&AccountId> =
            snapshot.log.iter().filter_map(|entry| entry.author.as_ref()).collect();
        accounts.extend(snapshot.creator.as_ref().map(|creator| &creator.account));
        for comment in Remark::ALL.into_iter().flat_map(|remark| &snapshot.remarks(remark).list) {
            accounts.extend(comment.author.as_ref().map(|author| &author.account));
            accounts.extend(comment.changed_by.as_ref());
        }
        accounts.extend(snapshot.attachments.iter().flatten().filter_map(|file| file.author.as_ref()));
        accounts.retain(|account| !instance.is_us(Some(account)));
        let (mut outsiders, mut unclear) = (BTreeSet::new(), None);
        for account in accounts {
            match self.crosses(sync, settings, instance, account).await {
                Ok(true) => {}
                Ok(false) => drop(outsiders.insert(account.clone())),
                // The others are asked for all the same: each that is not told waits by itself, and not one behind the other.
                Err(error) => unclear = Some(error),
            }
        }
        unclear.map_or(Ok(outsiders), Err)
    }

    /// Whether what somebody does on a side crosses.
    pub(super) async fn crosses(
        &self,
        sync: &SyncRun,
        side: &SideSettings,
        instance: &Instance,
        account: &AccountId,
    ) -> Result<bool, JiraError> {
        let mut known = BTreeMap::new();
        for circle in side.whose.circles() {
            known.insert(circle, self.is_in(circle, &side.project, instance, account).await?);
        }
        self.tell_unseen(sync, side, instance).await;
        let unknown = |circle: &Circle| known.get(circle).copied().flatten().is_none();
        let is_in = |circle: &Circle| known.get(circle).copied().flatten().unwrap_or(false);
        Ok(!side.whose.not_from.iter().any(unknown) && side.whose.lets(is_in))
    }

    /// Whether an account is in a circle; `None`: Jira does not say.
    async fn is_in(
        &self,
        circle: &Circle,
        project: &str,
        instance: &Instance,
        account: &AccountId,
    ) -> Result<Option<bool>, JiraError> {
        match circle {
            // Neither kind tells two accounts or groups apart by capitals.
            Circle::User(name) => Ok(Some(account.as_str().eq_ignore_ascii_case(name))),
            Circle::Group(name) => {
                let groups = self.groups_of(instance, account).await?;
                Ok(groups.map(|groups| groups.iter().any(|group| group.eq_ignore_ascii_case(name))))
            }
            Circle::Role(name) => {
                let Some(actors) = self.role_actors(instance, project, name).await? else { return Ok(None) };
                if actors.accounts.contains(account) || actors.groups.is_empty() {
                    return Ok(Some(actors.accounts.contains(account)));
                }
                let groups = self.groups_of(instance, account).await?;
                Ok(groups.map(|groups| !groups.is_disjoint(&actors.groups)))
            }
        }
    }

    async fn groups_of(&self, instance: &Instance, account: &AccountId) -> Result<Option<BTreeSet<String>>, JiraError> {
        let now = self.clock.monotonic();
        if let Some((at, groups)) = instance.circles().groups.get(account)
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(groups.clone());
        }
        let answer = instance.patiently(instance.read.groups_of(account)).await;
        // Of an account that is gone there is nothing to see, whatever one may.
        let lacks = matches!(&answer, Err(error) if matches!(error.failure, Failure::Refused(_)));
        // Where the right is missing it is for all alike.
        let whose = if lacks { ALL_GROUPS.to_owned() } else { format!("{GROUPS_OF}{account}") };
        let groups = self.shown(instance, whose, answer).await?;
        let mut circles = instance.circles();
        circles.no_groups = lacks;
        circles.groups.insert(account.clone(), (now, groups.clone()));
        Ok(groups)
    }

    async fn role_actors(
        &self,
        instance: &Instance,
        project: &str,
        role: &str,
    ) -> Result<Option<RoleActors>, JiraError> {
        let now = self.clock.monotonic();
        let key = (project.to_owned(), role.to_owned());
        if let Some((at, actors)) = instance.circles().roles.get(&key)
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(actors.clone());
        }
        let answer = instance.patiently(instance.read.role_actors(project, role)).await;
        let lacks = matches!(&answer, Err(error) if is_a_no(&error.failure));
        let actors = self.shown(instance, format!("role {role} of {project}"), answer).await?;
        let mut circles = instance.circles();
        if lacks {
            circles.no_roles.insert(key.clone());
        } else {
            circles.no_roles.remove(&key);
        }
        circles.roles.insert(key, (now, actors.clone()));
        Ok(actors)
    }

    /// A no is an answer: then Jira does not show it. It says for good that somebody's acts stay, so one alone is none: a proxy that starts
    /// says the same. When it was said first is kept in the state, since a run may be over before it is asked again.
    async fn shown<T>(
        &self,
        instance: &Instance,
        what: String,
        answer: Result<Option<T>, JiraError>,
    ) -> Result<Option<T>, JiraError> {
        let mut refused = self.refused_before(instance).await;
        let error = match answer {
            Err(error) if is_a_no(&error.failure) => error,
            Ok(found) => {
                let before = refused.len();
                refused.retain(|known, _| *known != what && !(known == ALL_GROUPS && what.starts_with(GROUPS_OF)));
                if refused.len() < before {
                    self.keep_refused(instance, refused).await;
                }
                return Ok(found);
            }
            Err(error) => return Err(error),
        };
        let now = self.now();
        // What was refused long ago, or by a clock that went ahead, says nothing of today.
        refused.retain(|_, (_, last)| *last <= now && now.duration_since(*last) < FORGOTTEN_AFTER);
        let known = refused.entry(what).or_insert((now, now));
        known.1 = now;
        let sure = now.duration_since(known.0) >= SURE_AFTER;
        self.keep_refused(instance, refused).await;
        if sure {
            tracing::warn!(%error, "cannot see who is in a group or role: nobody is taken to be");
            return Ok(None);
        }
        let why = format!("{}; it is asked again before that is believed", error.failure);
        Err(JiraError { failure: Failure::Unreadable(why), ..error })
    }

    async fn refused_before(&self, instance: &Instance) -> Refusals {
        if let Some(refused) = &instance.circles().refused {
            return refused.clone();
        }
        let kept = match self.store.note(&refused_note(instance.id())).await {
            Ok(kept) => kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "could not read what was refused of groups and roles");
                Refusals::new()
            }
        };
        instance.circles().refused.get_or_insert(kept).clone()
    }

    async fn keep_refused(&self, instance: &Instance, refused: Refusals) {
        let kept = serde_json::to_string(&refused).unwrap_or_default();
        instance.circles().refused = Some(refused);
        if let Err(error) = self.store.set_note(&refused_note(instance.id()), &kept).await {
            tracing::warn!(%error, "could not keep what was refused of groups and roles");
        }
    }

    /// Says that the groups and roles of a side are not shown to us, and takes it back once they are.
    async fn tell_unseen(&self, sync: &SyncRun, side: &SideSettings, instance: &Instance) {
        let key = (sync.id().clone(), side.id.clone());
        let lacking = instance.circles().lacking(side);
        // The first time it may stand from before the start.
        if instance.circles().told.get(&key) == Some(&lacking) {
            return;
        }
        let rights: Vec<Right> = lacking.iter().copied().collect();
        let problem = Problem {
            side: side.id.clone(),
            field: None,
            what: "who is in the groups and roles that `from` and `not-from` name is not shown, so nobody is taken to be in them, \
                   and what people do stays here"
                .to_owned(),
            remedy: format!(
                "{}; it is asked for again within ten minutes, and with the issue's next change",
                needed(&sync.settings, &side.id, Function::Circles, &rights)
            ),
            operation: None,
            settles: false,
        };
        let problems: Vec<Problem> = if rights.is_empty() { Vec::new() } else { vec![problem] };
        let [_, about] = people_about(sync.id(), &side.id);
        match self.store.set_problems(&about, &problems, self.now()).await {
            Ok(()) => drop(instance.circles().told.insert(key, lacking)),
            Err(error) => tracing::warn!(%error, "could not tell that groups and roles are not shown"),
        }
    }

    /// Says that an issue is not carried since whoever made it is nobody whose acts cross.
    pub(super) async fn tell_stays(&self, sync: &SyncRun, side: &SideId, key: &str) -> Result<(), StoreError> {
        let name = staying_note(sync.id(), side);
        let note = self.store.note(&name).await?.unwrap_or_default();
        let mut keys: BTreeSet<String> = note.split_whitespace().map(str::to_owned).collect();
        if keys.len() >= REMEMBERED || !keys.insert(key.to_owned()) {
            return Ok(());
        }
        let all: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.store.set_note(&name, &all.join(" ")).await?;
        let named = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = all.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!("made by people whose acts stay here, so not carried: {named}{more}"),
            remedy: "let somebody make it again whose acts cross, or change `from` and `not-from`".to_owned(),
            operation: None,
            settles: false,
        };
        let [about, _] = people_about(sync.id(), side);
        self.store.set_problems(&about, &[problem], self.now()).await
    }
}

/// Anything else is asked again: a no says for good that somebody's acts stay.
fn is_a_no(failure: &Failure) -> bool {
    matches!(failure, Failure::NotFound)
        || matches!(failure, Failure::Refused(refusal) if matches!(refusal.status, 400 | 401 | 403))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jira::Refusal;

    #[test]
    fn only_a_no_that_says_so_is_one() {
        let refused = |status| is_a_no(&Failure::Refused(Refusal { status, ..Refusal::default() }));
        assert!([400, 401, 403].into_iter().all(refused) && is_a_no(&Failure::NotFound));
        assert!(![409, 412, 423].into_iter().any(refused) && !is_a_no(&Failure::Server(503)));
    }
}
