//! The login of an instance by what somebody granted: its refresh token is used up with every access token, so the next one is safe
//! before anything is done with either. Must never use a refresh token that is known to be lost.

use super::Failure;
use super::grant::{Grant, GrantFile};
use super::login::{AHEAD, Inside, Login, Pass};
use super::oauth::{self, Denied, Issued};
use crate::model::secret::Secret;
use crate::model::settings::{Auth, OauthGrant};

impl Login {
    /// A pass of the grant; the one before as long as it lasts, where there is none to be had.
    pub(super) async fn by_grant(&self, inside: &mut Inside, grant: &OauthGrant) -> Result<Pass, Failure> {
        let now = self.clock.monotonic();
        if let Some(failure) = Self::is_quiet(inside, now) {
            return Self::last_resort(inside, now, failure);
        }
        match self.current(inside, grant).await {
            Ok((current, is_new)) => {
                inside.failed = None;
                self.remember(&current.refresh);
                self.remember(&current.access);
                let life = current.ends.duration_since(self.clock.now()).try_into().unwrap_or_default();
                let now = self.clock.monotonic();
                // One that was kept may have been taken back since: where it is refused, a new one is asked for at once.
                let pass = self.lasting(&current.access, now, life, is_new.then_some(now));
                inside.granted.access = Some(current.access);
                pass
            }
            Err(failure) => {
                let now = self.clock.monotonic();
                inside.failed = Some((now, failure.clone()));
                Self::last_resort(inside, now, failure)
            }
        }
    }

    /// The grant with an access token that can be used: as it is kept, else renewed; and whether it was given out just now.
    async fn current(&self, inside: &mut Inside, grant: &OauthGrant) -> Result<(Grant, bool), Failure> {
        let file = GrantFile::hold(&grant.file).await?;
        let mut kept = file.read()?;
        if let (Some((before, next)), Some(there)) = (&inside.granted.unkept, &kept) {
            // Unless somebody granted it anew in the meantime.
            if before.expose() == there.refresh.expose() {
                file.room()?.keep(next)?;
                kept = Some(next.clone());
            }
        }
        inside.granted.unkept = None;
        let Some(kept) = kept else {
            let words = format!("nobody has granted access yet: run `jirasyncd login {}`", self.instance);
            return Err(Failure::NotUs(words));
        };
        let is_spent = |spent: &Secret| spent.expose() == kept.access.expose();
        let lasts = self.clock.now() + AHEAD < kept.ends;
        if lasts && !inside.granted.spent.as_ref().is_some_and(is_spent) {
            return Ok((kept, false));
        }
        if let Some((dead, failure)) = &inside.granted.dead
            && dead.expose() == kept.refresh.expose()
        {
            return Err(failure.clone());
        }
        // Before the token is used up: afterwards it would be too late to find the disk full.
        let room = file.room()?;
        let asked = self.clock.now();
        let issued = self.refreshed(inside, grant, &kept.refresh).await?;
        let ends = jiff::SignedDuration::try_from(issued.life).ok().and_then(|life| asked.checked_add(life).ok());
        let next = Grant {
            refresh: issued.refresh.unwrap_or_else(|| kept.refresh.clone()),
            access: issued.access,
            ends: ends.unwrap_or(asked),
            granted: kept.granted,
        };
        if let Err(failure) = room.keep(&next) {
            inside.granted.unkept = Some((kept.refresh, next));
            return Err(failure);
        }
        Ok((next, true))
    }

    /// Uses a refresh token up. Where no answer comes it may be used again: Atlassian takes it for ten minutes more, also after a crash.
    async fn refreshed(&self, inside: &mut Inside, grant: &OauthGrant, refresh: &Secret) -> Result<Issued, Failure> {
        let mut issued = oauth::by_refresh(&*self.transport, self.kind, grant, refresh).await;
        let is_refused = |denied: &Denied| !denied.lost && matches!(denied.failure, Failure::NotUs(_));
        if issued.as_ref().is_err_and(is_refused)
            && self.reread(inside)
            && let Auth::Grant(grant) = &inside.auth.clone()
        {
            issued = oauth::by_refresh(&*self.transport, self.kind, grant, refresh).await;
        }
        issued.map_err(|Denied { failure, lost }| {
            let Failure::NotUs(words) = &failure else { return failure };
            if !lost {
                return failure;
            }
            let instance = &self.instance;
            let lost = Failure::NotUs(format!("the grant is lost, run `jirasyncd login {instance}`: {words}"));
            inside.granted.dead = Some((refresh.clone(), lost.clone()));
            lost
        })
    }
}
