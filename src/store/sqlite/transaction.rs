//! Write transactions, of which writers that meet share one.
//!
//! A commit costs about as much as the few statements before it. So a writer that finds others of its process waiting for
//! the connection leaves its changes in the open transaction and waits; the last of them commits for all. Each of them still
//! has all or nothing: what one changed is undone by itself where it fails, in a savepoint, and no writer returns before the
//! commit has succeeded. Readers wait until it has: nothing is seen that may yet be undone.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::{Connection, ffi};

/// After this many writers a transaction is committed even if more wait: other processes wait for it too.
const MOST_TOGETHER: usize = 32;

/// Within a write transaction: statements that change anything take this.
pub(super) struct Transaction<'c>(&'c Connection);

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

/// The connection of a process, with the transaction that its writers share.
pub(super) struct Shared {
    state: Mutex<State>,
    /// A transaction was committed or rolled back.
    settled: Condvar,
    /// Writers that wait for the connection. One that is counted here takes the transaction over where one is open.
    waiting: AtomicUsize,
}

struct State {
    connection: Connection,
    open: Option<Together>,
}

/// An open transaction.
#[derive(Clone, Default)]
struct Together {
    /// How many writers have changes in it.
    writers: usize,
    outcome: Arc<OnceLock<Outcome>>,
}

/// How a transaction ended; for an error, what SQLite said.
type Outcome = Result<(), (ffi::Error, Option<String>)>;

impl Shared {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            state: Mutex::new(State {
                connection,
                open: None,
            }),
            settled: Condvar::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Runs `work` with the connection, while no transaction is open.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let state = self.lock();
        let mut state = self
            .settled
            .wait_while(state, |state| state.open.is_some())
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut state.connection)
    }

    /// Runs `work` in a write transaction. Returns when it is committed.
    ///
    /// # Errors
    /// The work failed or the transaction could not be begun or committed; then nothing was changed.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let state = self.lock();
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let mut turn = Turn {
            shared: self,
            state: Some(state),
        };
        let done = turn.state().work(work);
        let Some(open) = turn.state().open.clone() else {
            // Nothing is open: it could not be begun, or this was its only writer and failed.
            turn.end();
            return done;
        };
        if self.waiting.load(Ordering::Acquire) == 0 || open.writers >= MOST_TOGETHER {
            turn.state().commit();
            turn.end();
        } else {
            turn.leave_to_the_next(&open, done.is_ok());
        }
        let value = done?;
        let outcome = open.outcome.get().cloned();
        outcome
            .unwrap_or_else(|| Err(interrupted()))
            .map_err(|(error, message)| rusqlite::Error::SqliteFailure(error, message))?;
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic within a transaction rolled it back (`Turn`); the connection itself is sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One writer's work, in the open transaction or in a new one. Where it fails, nothing of it is left.
    fn work<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = &self.connection;
        let Some(open) = &mut self.open else {
            // The write lock is taken before the first read.
            run(connection, "BEGIN IMMEDIATE")?;
            self.open = Some(Together {
                writers: 1,
                ..Together::default()
            });
            let done = work(&Transaction(connection));
            if let Err(error) = &done {
                self.roll_back(facts(error));
            }
            return done;
        };
        run(connection, "SAVEPOINT writer")?;
        open.writers += 1;
        let done = work(&Transaction(connection)).and_then(|value| {
            run(connection, "RELEASE writer")?;
            Ok(value)
        });
        if let Err(error) = &done
            && connection
                .execute_batch("ROLLBACK TO writer; RELEASE writer")
                .is_err()
        {
            // SQLite has rolled the whole transaction back, which it does where the disk is full or memory is short.
            self.roll_back(facts(error));
        }
        done
    }

    fn commit(&mut self) {
        let committed = run(&self.connection, "COMMIT");
        match committed {
            Ok(()) => {
                if let Some(open) = self.open.take() {
                    let _ = open.outcome.set(Ok(()));
                }
            }
            Err(error) => self.roll_back(facts(&error)),
        }
    }

    /// Ends the open transaction without its changes; `error` is what its writers are told.
    fn roll_back(&mut self, error: (ffi::Error, Option<String>)) {
        if !self.connection.is_autocommit() {
            let _ = run(&self.connection, "ROLLBACK");
        }
        if let Some(open) = self.open.take() {
            let _ = open.outcome.set(Err(error));
        }
    }
}

/// A writer's time with the connection. Where its work panics, the transaction is rolled back for all that share it.
struct Turn<'s> {
    shared: &'s Shared,
    state: Option<MutexGuard<'s, State>>,
}

impl<'s> Turn<'s> {
    fn state(&mut self) -> &mut State {
        self.state
            .as_mut()
            .expect("it has its turn until it ends it")
    }

    /// Ends it with no transaction open.
    fn end(&mut self) {
        self.state = None;
        self.shared.settled.notify_all();
    }

    /// Ends it with the transaction open: a writer that waits for the connection takes it over. Where `with_changes`, returns
    /// when it is settled.
    fn leave_to_the_next(&mut self, open: &Together, with_changes: bool) {
        let state = self.state.take();
        if let (Some(state), true) = (state, with_changes) {
            let settled = self
                .shared
                .settled
                .wait_while(state, |_| open.outcome.get().is_none());
            drop(settled);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(mut state) = self.state.take() {
            state.roll_back(interrupted());
            drop(state);
            self.shared.settled.notify_all();
        }
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn facts(error: &rusqlite::Error) -> (ffi::Error, Option<String>) {
    match error {
        rusqlite::Error::SqliteFailure(error, message) => (*error, message.clone()),
        other => (interrupted().0, Some(other.to_string())),
    }
}

/// What the writers of a transaction are told when one of them panicked. It may pass when it is tried again.
fn interrupted() -> (ffi::Error, Option<String>) {
    let message = "another change of the same transaction was interrupted";
    (ffi::Error::new(ffi::SQLITE_BUSY), Some(message.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        shared: Shared,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let connection = Connection::open(folder.path().join("db")).unwrap();
            connection
                .execute_batch(
                    "PRAGMA journal_mode = WAL; CREATE TABLE t (name TEXT UNIQUE NOT NULL)",
                )
                .unwrap();
            Self {
                shared: Shared::new(connection),
                folder,
            }
        }

        /// What another process sees.
        fn names(&self) -> Vec<String> {
            let other = Connection::open(self.folder.path().join("db")).unwrap();
            let mut statement = other.prepare("SELECT name FROM t ORDER BY name").unwrap();
            let names = statement.query_map([], |row| row.get(0)).unwrap();
            names.collect::<rusqlite::Result<_>>().unwrap()
        }

        /// The second writer comes while the first one is in the middle of its work. Returns what each of them returned.
        fn meet<T: Send>(
            &self,
            second: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
        ) -> (
            rusqlite::Result<()>,
            std::thread::Result<rusqlite::Result<T>>,
        ) {
            let (began, begins) = mpsc::channel();
            std::thread::scope(|scope| {
                let first = scope.spawn(move || {
                    self.shared.write(|transaction| {
                        insert(transaction, "first")?;
                        began.send(()).unwrap();
                        while self.shared.waiting.load(Ordering::Acquire) == 0 {
                            std::thread::yield_now();
                        }
                        Ok(())
                    })
                });
                begins.recv().unwrap();
                let second = catch_unwind(AssertUnwindSafe(|| self.shared.write(second)));
                (first.join().unwrap(), second)
            })
        }
    }

    fn insert(connection: &Connection, name: &str) -> rusqlite::Result<()> {
        connection
            .execute("INSERT INTO t VALUES (?1)", [name])
            .map(|_| ())
    }

    #[test]
    fn writers_that_meet_share_a_commit_and_return_after_it() {
        let place = Place::new();
        let (first, second) = place.meet(|transaction| {
            insert(transaction, "second")?;
            Ok(place.names())
        });
        first.unwrap();
        let seen = second.unwrap().unwrap();
        assert!(
            seen.is_empty(),
            "the first has not been committed: {seen:?}"
        );
        assert_eq!(place.names(), ["first", "second"]);
    }

    #[test]
    fn a_writer_that_fails_undoes_its_own_changes_alone() {
        let place = Place::new();
        let (first, second) = place.meet(|transaction| {
            insert(transaction, "second")?;
            insert(transaction, "first")
        });
        first.unwrap();
        assert!(second.unwrap().is_err());
        assert_eq!(place.names(), ["first"]);
    }

    #[test]
    fn a_writer_that_panics_takes_the_transaction_with_it_and_the_others_are_told() {
        let place = Place::new();
        let (first, second) = place.meet(|transaction| -> rusqlite::Result<()> {
            insert(transaction, "second")?;
            panic!("a bug");
        });
        assert!(first.is_err() && second.is_err());
        assert!(place.names().is_empty());
        place
            .shared
            .write(|transaction| insert(transaction, "third"))
            .unwrap();
        assert_eq!(place.names(), ["third"]);
    }

    #[test]
    fn a_writer_alone_has_all_or_nothing() {
        let place = Place::new();
        let failed = place.shared.write(|transaction| {
            insert(transaction, "one")?;
            insert(transaction, "one")
        });
        assert!(failed.is_err() && place.names().is_empty());
        place
            .shared
            .write(|transaction| insert(transaction, "one"))
            .unwrap();
        assert_eq!(place.names(), ["one"]);
    }
}
