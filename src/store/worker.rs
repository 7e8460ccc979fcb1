//! Who runs the steps: one thread that takes them from a channel and commits those that queue up in one transaction, or
//! the calling thread itself. Must never answer before the commit, and never let one failing step undo its neighbours.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::holder::named;
use super::lock::StateLock;
use super::step::StepResult;
use crate::model::store::StoreError;

/// Most steps in one transaction: bounds how long the first of them waits for its answer.
const MOST_IN_A_GROUP: usize = 128;

/// Where the store's work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spawn {
    /// On one writing and one reading thread; writes that queue up share a transaction.
    Thread,
    /// On the calling thread, at once: a simulated run repeats exactly, under a paused clock too.
    Inline,
}

/// A cause that several answers share.
type Cause = Arc<rusqlite::Error>;
/// Answers the caller, told whether the transaction was committed.
type Answer = Box<dyn FnOnce(Result<(), Cause>) + Send>;

/// What became of one step inside its transaction.
struct Done {
    succeeded: bool,
    answer: Answer,
}

/// One step with the way to its caller. Given no connection, it only answers why.
type Work = Box<dyn FnOnce(Result<&Connection, Cause>) -> Done + Send>;

/// A connection, and the lock on the state where it may write. The order of the fields matters: the lock goes last.
pub(super) struct Held {
    pub(super) connection: Connection,
    pub(super) _lock: Option<StateLock>,
}

/// Runs steps, one after the other.
pub(super) enum Worker {
    Inline(Mutex<Held>),
    Thread(ThreadWorker),
}

/// The channel to a thread, and the thread.
pub(super) struct ThreadWorker {
    /// `None` once the store is being dropped.
    queue: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a worker on `held`. A thread is named `name`.
    pub(super) fn start(spawn: Spawn, name: &str, held: Held) -> std::io::Result<Self> {
        if spawn == Spawn::Inline {
            return Ok(Self::Inline(Mutex::new(held)));
        }
        let (queue, work) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || serve(&held, &work))?;
        Ok(Self::Thread(ThreadWorker { queue: Some(queue), thread: Some(thread) }))
    }

    /// Runs one step in a transaction. It is durable when this returns, and it is done even if the caller stops waiting.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        attempt: &'static str,
        step: impl FnOnce(&Connection) -> StepResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => step(connection).map_err(|error| error.during(attempt)),
                Err(cause) => Err(database(attempt, cause)),
            };
            Done {
                succeeded: result.is_ok(),
                answer: Box::new(move |committed| {
                    let result = result.and_then(|value| match committed {
                        Ok(()) => Ok(value),
                        Err(cause) => Err(database(attempt, cause)),
                    });
                    // A caller that went away needs no answer; what it asked for is done all the same.
                    let _ = reply.send(result);
                }),
            }
        });
        match self {
            Self::Inline(held) => {
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                commit_group(&held.connection, work, || None);
            }
            Self::Thread(thread) => {
                // A send that fails drops the work, and with it the reply: told below.
                let _ = thread.queue.as_ref().map(|queue| queue.send(work));
            }
        }
        answer.await.unwrap_or(Err(StoreError::Database { attempt, source: "the state's worker has ended".into() }))
    }
}

impl Drop for ThreadWorker {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // What is queued is still done; then the connection is closed and the lock free when this returns.
            let _ = thread.join();
        }
    }
}

fn database(attempt: &'static str, cause: Cause) -> StoreError {
    StoreError::Database { attempt, source: Box::new(cause) }
}

fn serve(held: &Held, work: &Receiver<Work>) {
    while let Ok(first) = work.recv() {
        commit_group(&held.connection, first, || work.try_recv().ok());
    }
}

/// Runs `first` and what `more` gives in one transaction, commits, and answers all.
fn commit_group(connection: &Connection, first: Work, mut more: impl FnMut() -> Option<Work>) {
    // A connection that cannot write takes no write lock, so that a reader never waits for the writer.
    let read_only = connection.is_readonly(rusqlite::MAIN_DB).unwrap_or(false);
    if let Err(cause) = execute(connection, if read_only { "BEGIN" } else { "BEGIN IMMEDIATE" }) {
        let done = first(Err(Arc::new(named(connection, cause))));
        (done.answer)(Ok(()));
        return;
    }
    let mut answers = Vec::new();
    let mut next = Some(first);
    let mut outcome = Ok(());
    while let Some(work) = next {
        match one_step(connection, work) {
            Ok(answer) => answers.push(answer),
            Err((answer, cause)) => {
                answers.push(answer);
                outcome = Err(cause);
                break;
            }
        }
        // A reader's next step begins anew, so that it sees what was committed before it was asked.
        next = if read_only || answers.len() == MOST_IN_A_GROUP { None } else { more() };
    }
    if outcome.is_ok() {
        outcome = execute(connection, "COMMIT").map_err(Arc::new);
    }
    if outcome.is_err() && !connection.is_autocommit() {
        // If this fails too, the next BEGIN fails and says so.
        let _ = execute(connection, "ROLLBACK");
    }
    for answer in answers {
        answer(outcome.clone());
    }
}

/// One step in its own savepoint. `Err` when the whole transaction is lost, with the cause for the others.
fn one_step(connection: &Connection, work: Work) -> Result<Answer, (Answer, Cause)> {
    if let Err(cause) = execute(connection, "SAVEPOINT step") {
        let cause = Arc::new(cause);
        return Err((work(Err(Arc::clone(&cause))).answer, cause));
    }
    let done = work(Ok(connection));
    // SQLite undoes the whole transaction by itself when the disk is full or fails.
    let undone = connection.is_autocommit();
    let ended = if undone {
        Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
            Some("the transaction was undone by SQLite: the disk may be full or failing".to_owned()),
        ))
    } else if done.succeeded {
        execute(connection, "RELEASE step")
    } else {
        execute(connection, "ROLLBACK TO step").and_then(|()| execute(connection, "RELEASE step"))
    };
    match ended {
        Ok(()) => Ok(done.answer),
        Err(cause) => Err((done.answer, Arc::new(cause))),
    }
}

fn execute(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}
