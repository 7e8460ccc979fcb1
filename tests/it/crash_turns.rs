//! What lies between two daemons in the stories of the crash ring: other accounts, a state that was lost, another configuration; and a
//! state that takes so many changes and no more, for starts that break off. Must never touch a state while a daemon has it.

use std::path::Path;
use std::sync::Arc;

use jirasyncd::app::StartError;
use jirasyncd::config::{self, SecretsWanted};
use jirasyncd::model::command::Ended;
use jirasyncd::simulator::Jira;
use jirasyncd::store::{Dependencies, SqliteStore};
use rusqlite::Connection;

use super::crash::Fuse;
use super::daemon_account::{accept, account, of_next};
use super::daemon_audit::sync_user;
pub(crate) use super::daemon_rebuild::keep_key;
use super::daemon_rebuild::{lose_files, rebuild};
use super::daemon_support::{Tokens, World, load};

/// Which daemon takes the place of which.
#[derive(Clone, Copy)]
pub(crate) enum Turn {
    /// One daemon lives through the story, and after its death another one of its kind.
    Nothing,
    /// None ran before.
    First,
    /// One died when its first write had reached a Jira.
    Death,
    /// One whose logins are of other accounts, which are accepted in the place of the sync users.
    Accounts,
    /// One whose state was lost, and made anew from its key and the marks.
    Rebuild,
    /// One that starts under another configuration.
    Configuration(fn() -> String),
    /// One that goes over to another configuration while it runs. It is for the story to say so.
    Reload(fn() -> String),
}

impl Turn {
    /// Whether something is done between the two.
    pub(crate) fn is_between(self) -> bool {
        matches!(self, Self::Accounts | Self::Rebuild | Self::Configuration(_))
    }
}

/// What is done while no daemon runs. What is late has landed then, and nothing breaks any more.
pub(crate) async fn turned(world: &mut World, (turn, config): (Turn, &str), key: Option<&Path>) {
    world.jiras.values().for_each(Jira::clear_faults);
    world.pass(30).await;
    match turn {
        Turn::Accounts => {
            world.config = load(&of_next(config), &world.state());
            let jiras: Vec<&str> = world.config.instances.keys().map(|instance| instance.as_str()).collect();
            for jira in jiras {
                let answer = accept(world, jira, &account(jira, sync_user(jira))).await;
                assert_eq!(answer.ended, Ended::Done, "{answer:?}");
            }
        }
        Turn::Rebuild => {
            lose_files(world);
            rebuild(world, key.unwrap()).await.unwrap();
        }
        Turn::Configuration(next) => world.config = load(&next(), &world.state()),
        Turn::Nothing | Turn::First | Turn::Death | Turn::Reload(_) => {}
    }
}

/// The file of a daemon's configuration says this from now on.
pub(crate) fn reads_again(world: &mut World, text: &str) {
    let text = text.replace("STATE", &world.state().display().to_string());
    let reread = move || config::load(&text, "test.toml", &Tokens, SecretsWanted::Yes);
    world.surroundings.reread = Some(Arc::new(reread));
}

/// The daemon dies when its first write has reached a Jira, and nothing is known of the answer.
pub(crate) async fn dies_in_a_write(world: &mut World, fuse: &Fuse) {
    fuse.set_at_requests(2);
    for _ in 0..10 {
        let dead = tokio::select! {
            biased;
            () = fuse.blown() => true,
            _ = world.interval() => false,
        };
        if dead {
            world.daemon = None;
            fuse.set(0);
            return;
        }
    }
    panic!("nothing was written");
}

/// A state of nobody's yet, where there is none: a first start that was broken off at once leaves it.
pub(crate) fn make_a_state(world: &World) {
    if world.state().exists() {
        return;
    }
    let (clock, entropy) = (Arc::clone(&world.surroundings.clock), Arc::clone(&world.surroundings.entropy));
    let needs = Dependencies { clock, entropy, instances: Default::default(), spawn: world.surroundings.spawn };
    drop(SqliteStore::open(&world.state(), needs).unwrap());
}

/// What is said to whoever changes more.
const OVER: &str = "this life is over";

/// Whoever opens the state from now on may change about so much of it: what would be changed after that is not, nor anything later. What
/// was committed until then stands, as when a process dies there.
pub(crate) fn take_only(state: &Path, changes: usize) {
    let connection = Connection::open(state).unwrap();
    let tables = names(&connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    for table in tables {
        for act in ["INSERT", "UPDATE", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER over_{table}_{act} BEFORE {act} ON {table} WHEN total_changes() >= {changes} \
                 BEGIN SELECT RAISE(ABORT, '{OVER}'); END"
            );
            connection.execute_batch(&trigger).unwrap();
        }
    }
}

/// It takes everything again.
pub(crate) fn take_all(state: &Path) {
    let connection = Connection::open(state).unwrap();
    for trigger in
        names(&connection, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'over\\_%' ESCAPE '\\'")
    {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
}

fn names(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

/// Whether a start failed at that, and at nothing else.
pub(crate) fn is_over(error: &StartError) -> bool {
    format!("{error:?}").contains(OVER)
}
