//! How often webhooks came without a valid signature: many within a minute are an alarm. Must never hold more than a few numbers, however
//! many come.

use jiff::{SignedDuration, Timestamp};

/// So many within a minute are no mistake of one sender any more.
const MANY: u64 = 30;
/// For so long an alarm is told after the last such minute.
const TOLD: SignedDuration = SignedDuration::from_hours(1);

pub(super) const FORGED_REMEDY: &str = "if `webhook-secret` was just changed, `jirasyncd webhooks renew` gives the sender the new one; else somebody knows the path: \
                                 `jirasyncd webhooks renew --new-path` gives it another, and see in the proxy before it where they come from";

/// Forged webhooks of one instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Forged {
    /// The minute in hand, and how many came in it.
    minute: (i64, u64),
    /// Since when too many came, and when the last of them did.
    alarm: Option<(Timestamp, Timestamp)>,
}

impl Forged {
    /// One came. Says whether the alarm begins with it.
    pub(super) fn came(&mut self, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(60);
        if self.minute.0 != minute {
            self.minute = (minute, 0);
        }
        self.minute.1 += 1;
        if self.minute.1 < MANY {
            return false;
        }
        let since = self.alarm.filter(|alarm| is_told(alarm, now)).map(|(since, _)| since);
        self.alarm = Some((since.unwrap_or(now), now));
        since.is_none()
    }

    /// The alarm, as long as it is told.
    pub(super) fn alarm_in_words(&self, now: Timestamp) -> Option<String> {
        let (since, _) = self.alarm.filter(|alarm| is_told(alarm, now))?;
        let since = since.strftime("%Y-%m-%d %H:%M");
        Some(format!(
            "{MANY} webhooks and more within a minute came without a valid signature, since {since} UTC: none of them was read"
        ))
    }
}

fn is_told((_, last): &(Timestamp, Timestamp), now: Timestamp) -> bool {
    now.duration_since(*last) < TOLD
}
