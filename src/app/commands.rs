//! Commands of operators: over the control socket to the daemon that runs, or on the state alone where none does, by the same code.
//! Must never carry one out without keeping who gave it.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::detach::{attach, detach};
use super::problems::{chosen, dismiss, items_of, retry as retry_these};
use super::{Daemon, StartError, Surroundings, connect, open};
use crate::config::Config;
use crate::console::HookPath;
use crate::engine::accept_account;
use crate::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator, Pause, Target};
use crate::model::ids::{InstanceId, SyncId};
use crate::model::start::{Phase, Standing};
use crate::model::store::{Dismissed, Store, StoreError};
use crate::model::suspects::Suspects;
use crate::store::OpenError;

/// What is answered where no daemon runs that could read anything again.
const NOBODY: &str = "no daemon answers for this state, and the next start reads the configuration; where one \
                      runs and `daemon.socket` is another now, send it SIGHUP";

/// What is answered where a daemon works as the account that is to be followed.
const STOP_FIRST: &str = "the daemon runs as the account before: stop it, then give this command again, then start it";

/// What a command comes to: the answer, and what it changes.
pub(super) type Decided = (Answer, Vec<Effect>);

/// Carries commands out where no daemon runs: on the state itself, under its lock, one after the other.
///
/// # Errors
/// The state cannot be opened, or an instance that is asked does not answer.
pub async fn commands_on_state(
    config: Config,
    surroundings: Surroundings,
    by: Operator,
    commands: Vec<Command>,
) -> Result<Vec<Answer>, StartError> {
    let path = &config.daemon.state;
    // A command never makes a state: whose it was would be a matter of chance.
    if !path.try_exists().unwrap_or(true) {
        return Err(OpenError::Missing { path: path.clone() }.into());
    }
    if commands.iter().any(|command| matches!(command, Command::Reload { .. })) {
        return Ok(vec![Answer::refused(NOBODY)]);
    }
    let mut answers = Vec::with_capacity(commands.len());
    if commands.iter().all(Command::needs_no_jira) {
        let store = open(&config, &surroundings)?;
        for command in commands {
            let now = surroundings.clock.now();
            let (answer, effects) = decide(&config, &store, &command, &by, now).await?;
            keep(&store, (command, by.clone(), now), &answer, &effects).await?;
            answers.push(answer);
        }
        return Ok(answers);
    }
    if commands.iter().all(|command| matches!(command, Command::AcceptAccount { .. })) {
        // The ends that write are thrown away before anything is asked.
        let (connections, _) = connect(&config, &surroundings)?;
        let store = open(&config, &surroundings)?;
        for command in commands {
            let Command::AcceptAccount { instance, instead_of } = &command else { continue };
            let now = surroundings.clock.now();
            let (answer, effects) = accept_account(&store, &connections, (instance, instead_of), now).await?;
            keep(&store, (command, by.clone(), now), &answer, &effects).await?;
            answers.push(answer);
        }
        return Ok(answers);
    }
    let (daemon, _) = Daemon::start(config, surroundings).await?;
    for command in commands {
        answers.push(daemon.command(by.clone(), command).await?);
    }
    Ok(answers)
}

impl Daemon {
    /// Carries a command out. One after the other: each is decided on what the one before left.
    ///
    /// # Errors
    /// The state could not answer; nothing was changed then.
    pub async fn command(&self, by: Operator, command: Command) -> Result<Answer, StoreError> {
        let _one_at_a_time = self.engine.commanding().await;
        if self.leaving.load(Ordering::Relaxed) {
            return Ok(Answer::refused("the daemon is going over to another configuration: try again in a moment"));
        }
        let now = self.surroundings.clock.now();
        tracing::info!(%by, %command, "an operator's command");
        let by_engine = self.by_engine(&command, &by, now).await;
        if let Some(answer) = by_engine {
            self.wake.notify_one();
            return answer;
        }
        if let Command::Reload { confirm, existing } = command {
            let answer = self.reload(confirm, existing).await?;
            keep(&*self.store, (command, by, now), &answer, &[]).await?;
            return Ok(answer);
        }
        let before = self.store.pauses().await?;
        let (answer, effects) = decide(&self.config, &*self.store, &command, &by, now).await?;
        let rotated = rotated_by(&command);
        let confirmed = if let Command::Confirm { sync, most } = &command {
            Some((sync.clone(), *most)).filter(|_| !effects.is_empty())
        } else {
            None
        };
        let retries = command == Command::Retry;
        let ends = effects.iter().any(|effect| matches!(effect, Effect::EndPause(_)));
        let ends_sync = effects.iter().any(|effect| matches!(effect, Effect::LetGo(_) | Effect::TakeUp(_)));
        self.end_parking(&effects);
        if !effects.is_empty() {
            self.end_waits(&command).await?;
        }
        if ends {
            // First here, then in the state: what is put aside in between is woken by the state's own step.
            let left = before.iter().filter(|pause| !ends_with(&effects, &pause.target));
            self.engine.hold(&left.cloned().collect::<Vec<_>>());
        }
        if let Err(error) = keep(&*self.store, (command, by, now), &answer, &effects).await {
            self.engine.hold(&before);
            if ends_sync {
                self.engine.recall_detached().await?;
            }
            return Err(error);
        }
        if !effects.is_empty() && !ends {
            self.engine.hold(&self.store.pauses().await?);
        }
        if ends_sync {
            self.engine.recall_detached().await?;
            self.strips.notify_one();
        }
        if retries {
            self.engine.try_suspects_again().await?;
        }
        if let Some((sync, most)) = confirmed {
            self.engine.confirm_creations(&sync, most);
            self.engine.pace_creations().await?;
        }
        if let Some(instance) = rotated {
            self.follow_hook_path(&instance).await?;
        }
        self.wake.notify_one();
        Ok(answer)
    }

    /// What is to be tried again is planned with nothing believed from before: that is forgotten first here, and then the state wakes it.
    async fn end_waits(&self, command: &Command) -> Result<(), StoreError> {
        let Command::RetryThese { filter, .. } = command else { return Ok(()) };
        let told = chosen(&self.config, &*self.store, filter).await?;
        self.engine.try_these_suspects_again(&items_of(&told));
        self.engine.doubt_refusals(&told).await
    }

    /// A sync that is taken up again is parked no more before the state wakes its items, as with a pause: who puts one aside after that
    /// sees that there is nothing to wait for.
    fn end_parking(&self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::TakeUp(sync) = effect {
                self.engine.attach(sync);
            }
        }
    }

    /// Carries out what asks Jiras and holds items meanwhile; `None`: nothing of the kind.
    async fn by_engine(&self, command: &Command, by: &Operator, now: Timestamp) -> Option<Result<Answer, StoreError>> {
        match command {
            Command::Merge { .. } => Some(self.engine.merge(command, by, now).await),
            Command::Pair { .. } | Command::Unpair { .. } | Command::Create { .. } | Command::Resolve { .. } => {
                Some(self.engine.pairing(command, by, now).await)
            }
            Command::Take { filter, take, dry_run } => {
                Some(self.engine.take_back((filter, take, *dry_run), (by, now)).await)
            }
            Command::Pause(_)
            | Command::Resume(_)
            | Command::NewHookPath(_)
            | Command::Remember(_)
            | Command::Confirm { .. }
            | Command::Detach { .. }
            | Command::Attach(_)
            | Command::Retry
            | Command::RetryThese { .. }
            | Command::Dismiss { .. }
            | Command::AcceptAccount { .. }
            | Command::Reload { .. } => None,
        }
    }
}

/// The instance whose webhooks are taken at another path from now on.
fn rotated_by(command: &Command) -> Option<InstanceId> {
    if let Command::NewHookPath(instance) = command { Some(instance.clone()) } else { None }
}

fn ends_with(effects: &[Effect], target: &Target) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::EndPause(ended) if ended == target))
}

/// Records a command with what it changes.
async fn keep(
    store: &dyn Store,
    (command, by, at): (Command, Operator, Timestamp),
    answer: &Answer,
    effects: &[Effect],
) -> Result<(), StoreError> {
    if command.only_shows() {
        return Ok(());
    }
    store.carry_out(&CommandRecord { at, by, command, answer: answer.clone() }, effects).await
}

async fn decide(
    config: &Config,
    store: &dyn Store,
    command: &Command,
    by: &Operator,
    now: Timestamp,
) -> Result<Decided, StoreError> {
    let pauses = store.pauses().await?;
    Ok(match command {
        Command::Pause(target) => pause(config, &pauses, target, by, now),
        Command::Resume(target) => resume(config, &pauses, target),
        Command::NewHookPath(instance) => new_hook_path(config, store, instance).await?,
        Command::Remember(_) => (Answer::new(Ended::Done, vec!["remembered".to_owned()]), Vec::new()),
        Command::Reload { .. } => (Answer::refused(NOBODY), Vec::new()),
        Command::AcceptAccount { .. } => (Answer::refused(STOP_FIRST), Vec::new()),
        Command::Detach { sync, strip_marks, dry_run } => {
            let (mut answer, mut effects) = detach(config, store, sync, *strip_marks, (by, now)).await?;
            if *dry_run && answer.ended == Ended::Done {
                answer.ended = Ended::Shown;
                effects.clear();
            }
            (answer, effects)
        }
        Command::Attach(sync) => attach(config, store, sync).await?,
        Command::Retry => retry(store).await?,
        Command::RetryThese { filter, dry_run } => retry_these((config, store), filter, *dry_run).await?,
        Command::Dismiss { filter, undo, dry_run } => {
            let dismissed = (!undo).then(|| Dismissed { at: now, by: by.clone() });
            dismiss((config, store), filter, dismissed, *dry_run).await?
        }
        Command::Confirm { sync, most } => confirm(config, store, sync, *most, now).await?,
        // They ask Jiras, and hold items meanwhile: the engine decides them.
        Command::Merge { .. }
        | Command::Pair { .. }
        | Command::Unpair { .. }
        | Command::Resolve { .. }
        | Command::Take { .. }
        | Command::Create { .. } => (Answer::refused("this needs the instances"), Vec::new()),
    })
}

/// What is set aside is tried again, by itself.
async fn retry(store: &dyn Store) -> Result<Decided, StoreError> {
    let mut suspects = Suspects::read(store.note(Suspects::NOTE).await?.as_deref());
    let items = suspects.try_again();
    if items.is_empty() {
        return Ok((Answer::new(Ended::Unchanged, vec!["nothing is set aside".to_owned()]), Vec::new()));
    }
    let line = format!("set aside until now, and tried again one by one: {} of the items", items.len());
    let answer = Answer::new(Ended::Done, vec![line]).touching(items);
    Ok((answer, vec![Effect::Note(Suspects::NOTE.to_owned(), suspects.text())]))
}

async fn new_hook_path(config: &Config, store: &dyn Store, instance: &InstanceId) -> Result<Decided, StoreError> {
    if let Some(unknown) = unknown(config, &Target::Instance(instance.clone())) {
        return Ok((Answer::refused(unknown), Vec::new()));
    }
    let note = HookPath::note(instance);
    let number = HookPath::number(store.note(&note).await?.as_deref()).saturating_add(1);
    let line = format!("{instance}: webhooks are taken at a new secret path, and at the one before no more");
    Ok((Answer::new(Ended::Done, vec![line]), vec![Effect::Note(note, number.to_string())]))
}

async fn confirm(
    config: &Config,
    store: &dyn Store,
    sync: &SyncId,
    most: u64,
    now: Timestamp,
) -> Result<Decided, StoreError> {
    if let Some(unknown) = unknown(config, &Target::Sync(sync.clone())) {
        return Ok((Answer::refused(unknown), Vec::new()));
    }
    let name = Standing::note(sync);
    let known = store.note(&name).await?.and_then(|known| serde_json::from_str::<Standing>(&known).ok());
    let standing = known.unwrap_or_else(|| Standing::counting(now));
    let waiting_now = store.waiting_creations(sync).await?;
    let waiting = u64::try_from(waiting_now.len()).unwrap_or(u64::MAX);
    if standing.phase == Phase::Open {
        let line = format!("no creation of sync `{sync}` waits for a word; nothing was changed");
        return Ok((Answer::new(Ended::Unchanged, vec![line]), Vec::new()));
    }
    if waiting > most {
        let line = format!(
            "{waiting} issues of sync `{sync}` wait to be created, which is more than {most}; nothing was changed: \
             `jirasyncd confirm {sync} {waiting}` lets them be created, `jirasyncd run --limit N` begins with N"
        );
        return Ok((Answer::refused(line), Vec::new()));
    }
    let (phase, confirmed) = (Phase::Counting, Some(most));
    let note = match serde_json::to_string(&Standing { phase, confirmed, ..standing }) {
        Ok(text) => Effect::Note(name, text),
        Err(error) => return Ok((Answer::refused(error.to_string()), Vec::new())),
    };
    let lines = vec![
        format!("up to {most} issues of sync `{sync}` may be created at once; {waiting} wait now"),
        "should there be more after all, none of them is created, and it is said again".to_owned(),
    ];
    let answer = Answer::new(Ended::Done, lines).touching(waiting_now.into_iter().map(|(item, _)| item));
    Ok((answer, vec![note]))
}

fn pause(config: &Config, pauses: &[Pause], target: &Target, by: &Operator, now: Timestamp) -> Decided {
    if let Some(unknown) = unknown(config, target) {
        return (Answer::refused(unknown), Vec::new());
    }
    if let Some(pause) = pauses.iter().find(|pause| &pause.target == target) {
        let line = format!("{target} is paused already, since {} by {}", pause.since, pause.by);
        return (Answer::new(Ended::Unchanged, vec![line]), Vec::new());
    }
    let what = match target {
        Target::Everything => "nothing is written anywhere, and no instance is asked".to_owned(),
        Target::Sync(_) => "its changes are still noticed, and wait".to_owned(),
        Target::Instance(_) => {
            "nothing is written to it and nothing asked of it; changes for it and from it wait, the other instances go on"
                .to_owned()
        }
    };
    let lines = vec![
        format!("{target} is paused: {what}"),
        format!("nothing is lost; `jirasyncd resume{}` goes on where it stood", target.argument()),
    ];
    let pause = Pause { target: target.clone(), since: now, by: by.clone() };
    (Answer::new(Ended::Done, lines), vec![Effect::Pause(pause)])
}

fn resume(config: &Config, pauses: &[Pause], target: &Target) -> Decided {
    let others: Vec<&Pause> = pauses.iter().filter(|pause| &pause.target != target).collect();
    if others.len() < pauses.len() {
        let mut lines = vec![format!("{target} goes on: what waited is looked at now")];
        lines.extend(others.iter().map(|pause| still(pause)));
        return (Answer::new(Ended::Done, lines), vec![Effect::EndPause(target.clone())]);
    }
    if let Some(unknown) = unknown(config, target) {
        return (Answer::refused(unknown), Vec::new());
    }
    let covers = |pause: &&&Pause| *target == Target::Everything || pause.target == Target::Everything;
    let mut lines: Vec<String> = others.iter().filter(covers).map(|pause| still(pause)).collect();
    if lines.is_empty() {
        let line = match target {
            Target::Everything => "nothing is paused".to_owned(),
            Target::Sync(_) | Target::Instance(_) => format!("{target} is not paused"),
        };
        return (Answer::new(Ended::Unchanged, vec![line]), Vec::new());
    }
    lines.insert(0, format!("{target} is not paused by itself, and nothing was changed"));
    (Answer::new(Ended::Refused, lines), Vec::new())
}

/// That something else is paused still, and how that is ended.
fn still(pause: &Pause) -> String {
    let Pause { target, since, by } = pause;
    format!("still paused: {target}, since {since} by {by}; `jirasyncd resume{}` ends that", target.argument())
}

/// That the configuration does not have what is named.
pub(super) fn unknown(config: &Config, target: &Target) -> Option<String> {
    let (word, name, known): (_, _, Vec<&str>) = match target {
        Target::Everything => return None,
        Target::Sync(name) if config.syncs.contains_key(name) => return None,
        Target::Instance(name) if config.instances.contains_key(name) => return None,
        Target::Sync(name) => ("sync", name.as_str(), config.syncs.keys().map(SyncId::as_str).collect()),
        Target::Instance(name) => {
            ("instance", name.as_str(), config.instances.keys().map(InstanceId::as_str).collect())
        }
    };
    Some(format!("there is no {word} `{name}`; there are: {}", known.join(", ")))
}

/// A path that means the same in every folder.
pub(super) fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
