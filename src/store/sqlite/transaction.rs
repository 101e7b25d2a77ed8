//! Write transactions, of which writers that meet share one.
//!
//! A commit costs about as much as the few statements before it. So what each slot of a worker writes on its own, as the end
//! of a run, waits in a line while the connection is busy; the writer that gets the connection next writes all that is in the line in
//! one transaction. Where one of them fails, which is rare, all of it is undone and each is written once more in a transaction
//! of its own: a savepoint for each would cost copies of the pages that they change. So every writer has all or nothing, fails
//! by itself, and returns after the commit. No transaction is left open for another thread to go on with: while it waited for
//! a processor, all other processes would wait for the database.

use std::any::Any;
use std::collections::VecDeque;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::Connection;

/// At most this many writers share a transaction: other processes wait for it too.
const MOST_TOGETHER: usize = 32;

/// Within a write transaction: statements that change anything take this.
pub(super) struct Transaction<'c>(&'c Connection);

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

/// The connection of a process.
pub(super) struct Shared {
    connection: Mutex<Connection>,
    line: Mutex<Line>,
}

/// The writers that wait.
#[derive(Default)]
struct Line {
    /// The oldest first.
    waiting: VecDeque<Box<dyn Waiting>>,
    /// Somebody is writing for the line, or is about to.
    moves: bool,
}

impl Shared {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            line: Mutex::default(),
        }
    }

    /// The connection, where no other thread has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.connection.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The connection.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        lock(&self.connection)
    }

    /// Runs `work` with the connection.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        work(&mut lock(&self.connection))
    }

    /// Runs `work` in a write transaction of its own.
    ///
    /// # Errors
    /// The work failed or the transaction could not be begun or committed; then nothing was changed.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = lock(&self.connection);
        let open = Open::begin(&connection)?;
        let value = work(&Transaction(&connection))?;
        open.commit()?;
        Ok(value)
    }

    /// Runs `work` in a write transaction that it shares with what other threads pass to this at the same time. Any of
    /// these threads may run it, and once more where the transaction was rolled back.
    ///
    /// # Errors
    /// The work failed or the transaction could not be begun or committed; then nothing of it was changed.
    pub(super) fn write_together<T: Send + 'static>(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let place = Arc::new(Place::default());
        let mut line = lock(&self.line);
        line.waiting.push_back(Box::new(Writer {
            work,
            done: None,
            place: Arc::clone(&place),
        }));
        let first = !std::mem::replace(&mut line.moves, true);
        drop(line);
        if !first && let Some(outcome) = place.wait() {
            return outcome.unwrap_or_else(|panic| resume_unwind(panic));
        }
        // The first writer in the line writes for those that are in it when it gets the connection.
        let connection = lock(&self.connection);
        let mut line = lock(&self.line);
        let together = line.waiting.len().min(MOST_TOGETHER);
        let writers = line.waiting.drain(..together).collect();
        drop(line);
        write_all(&connection, writers);
        drop(connection);
        let mut line = lock(&self.line);
        match line.waiting.front() {
            Some(next) => next.is_first(),
            None => line.moves = false,
        }
        drop(line);
        let outcome = place.wait().expect("the first in the line was written");
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Writes all of these, and tells each how it ended.
fn write_all(connection: &Connection, mut writers: Vec<Box<dyn Waiting>>) {
    match write_in_one(connection, &mut writers) {
        Ok(true) => {
            for writer in writers {
                writer.settle(Ok(()));
            }
        }
        Ok(false) => {
            for mut writer in writers {
                let written = write_one(connection, &mut *writer);
                writer.settle(written);
            }
        }
        Err(error) => {
            for writer in writers {
                writer.settle(Err(same(&error)));
            }
        }
    }
}

/// Writes several in one transaction. False: there is only one, or one of them failed, and nothing was changed.
///
/// # Errors
/// No transaction could be begun: the database is busy, say, and each would wait for it once more.
fn write_in_one(
    connection: &Connection,
    writers: &mut [Box<dyn Waiting>],
) -> rusqlite::Result<bool> {
    if writers.len() < 2 {
        return Ok(false);
    }
    let open = Open::begin(connection)?;
    let mut in_turn = writers.iter_mut();
    let all_succeed = in_turn.all(|writer| writer.work(&Transaction(connection)));
    Ok(all_succeed && open.commit().is_ok())
}

fn write_one(connection: &Connection, writer: &mut dyn Waiting) -> rusqlite::Result<()> {
    let open = Open::begin(connection)?;
    if writer.work(&Transaction(connection)) {
        open.commit()?;
    }
    Ok(())
}

/// How a writer's work ended: with a panic, an error or a value.
type Outcome<T> = Result<rusqlite::Result<T>, Box<dyn Any + Send>>;

/// Where a thread waits for what it has put into the line.
struct Place<T> {
    news: Mutex<Option<News<T>>>,
    changed: Condvar,
}

enum News<T> {
    /// It is the first in the line: the next to write is its own thread.
    First,
    Settled(Outcome<T>),
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self {
            news: Mutex::new(None),
            changed: Condvar::new(),
        }
    }
}

impl<T> Place<T> {
    /// Returns the outcome, or `None` where its thread is to write.
    fn wait(&self) -> Option<Outcome<T>> {
        let mut news = self
            .changed
            .wait_while(lock(&self.news), |news| news.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        match news.take() {
            Some(News::Settled(outcome)) => Some(outcome),
            Some(News::First) | None => None,
        }
    }

    fn tell(&self, news: News<T>) {
        *lock(&self.news) = Some(news);
        self.changed.notify_one();
    }
}

/// A writer in the line.
struct Writer<T, W> {
    work: W,
    /// How its work ended last, which is not committed yet.
    done: Option<Outcome<T>>,
    place: Arc<Place<T>>,
}

trait Waiting: Send {
    /// Tells its thread that it is to write now.
    fn is_first(&self);

    /// Runs its work. False: what it has changed is to be undone.
    fn work(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Tells its thread how it ended, after its transaction was committed or was not.
    fn settle(self: Box<Self>, written: rusqlite::Result<()>);
}

impl<T, W> Waiting for Writer<T, W>
where
    T: Send,
    W: Fn(&Transaction<'_>) -> rusqlite::Result<T> + Send,
{
    fn is_first(&self) {
        self.place.tell(News::First);
    }

    fn work(&mut self, transaction: &Transaction<'_>) -> bool {
        // A panic is its own thread's, not that of the one that happens to run it.
        let done = catch_unwind(AssertUnwindSafe(|| {
            let value = (self.work)(transaction)?;
            // SQLite ends the whole transaction where the disk is full, say. What others write must not follow it alone.
            match transaction.is_autocommit() {
                true => Err(failure(rusqlite::ffi::SQLITE_ABORT_ROLLBACK, None)),
                false => Ok(value),
            }
        }));
        let keep = matches!(done, Ok(Ok(_)));
        self.done = Some(done);
        keep
    }

    fn settle(self: Box<Self>, written: rusqlite::Result<()>) {
        let outcome = match (self.done, written) {
            (Some(Ok(Ok(_))) | None, Err(error)) => Ok(Err(error)),
            (Some(done), _) => done,
            (None, Ok(())) => Ok(Err(rusqlite::Error::InvalidQuery)),
        };
        self.place.tell(News::Settled(outcome));
    }
}

/// The error for another of the writers that it concerns.
fn same(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(error, message) => {
            rusqlite::Error::SqliteFailure(*error, message.clone())
        }
        other => failure(rusqlite::ffi::SQLITE_ERROR, Some(other.to_string())),
    }
}

fn failure(code: i32, message: Option<String>) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), message)
}

/// An open transaction, rolled back when it is dropped.
struct Open<'c>(&'c Connection);

impl<'c> Open<'c> {
    /// The write lock is taken before the first read.
    fn begin(connection: &'c Connection) -> rusqlite::Result<Self> {
        run(connection, "BEGIN IMMEDIATE")?;
        Ok(Self(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        run(self.0, "COMMIT")
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        // After a commit none is open; SQLite itself rolls back where the disk is full or memory is short.
        if !self.0.is_autocommit() {
            let _ = run(self.0, "ROLLBACK");
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic within a transaction rolls it back; what is behind these is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Database {
        folder: tempfile::TempDir,
        shared: Shared,
    }

    impl Database {
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
            names(self.folder.path())
        }

        /// Several writers come while somebody else has the connection. Returns what each of them returned, in their order.
        fn meet(
            &self,
            writers: Vec<fn(&Transaction<'_>) -> rusqlite::Result<()>>,
        ) -> Vec<std::thread::Result<rusqlite::Result<()>>> {
            let (began, begins) = mpsc::channel();
            let (end, ended) = mpsc::channel::<()>();
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    self.shared.with(|_| {
                        began.send(()).unwrap();
                        ended.recv().unwrap();
                    });
                });
                begins.recv().unwrap();
                let threads: Vec<_> = writers
                    .into_iter()
                    .enumerate()
                    .map(|(index, writer)| {
                        let thread = scope.spawn(move || {
                            catch_unwind(AssertUnwindSafe(|| self.shared.write_together(writer)))
                        });
                        while lock(&self.shared.line).waiting.len() <= index {
                            std::thread::yield_now();
                        }
                        thread
                    })
                    .collect();
                end.send(()).unwrap();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            })
        }
    }

    fn names(folder: &std::path::Path) -> Vec<String> {
        let other = Connection::open(folder.join("db")).unwrap();
        let mut statement = other.prepare("SELECT name FROM t ORDER BY name").unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.collect::<rusqlite::Result<_>>().unwrap()
    }

    fn insert(connection: &Connection, name: &str) -> rusqlite::Result<()> {
        connection
            .execute("INSERT INTO t VALUES (?1)", [name])
            .map(|_| ())
    }

    /// The folder of the database that a transaction is on.
    fn folder(connection: &Connection) -> std::path::PathBuf {
        let path = std::path::PathBuf::from(connection.path().unwrap());
        path.parent().unwrap().to_owned()
    }

    #[test]
    fn writers_that_meet_share_a_commit_and_return_after_it() {
        let database = Database::new();
        let done = database.meet(vec![
            |transaction| insert(transaction, "first"),
            |transaction| {
                let seen = names(&folder(transaction));
                assert!(seen.is_empty(), "the first is committed already: {seen:?}");
                insert(transaction, "second")
            },
            |transaction| {
                let seen = names(&folder(transaction));
                assert!(seen.is_empty(), "the first is committed already: {seen:?}");
                insert(transaction, "third")
            },
        ]);
        assert!(done.into_iter().all(|done| done.unwrap().is_ok()));
        assert_eq!(database.names(), ["first", "second", "third"]);
    }

    #[test]
    fn a_writer_that_fails_undoes_its_own_changes_alone() {
        let database = Database::new();
        let done = database.meet(vec![
            |transaction| insert(transaction, "first"),
            |transaction| {
                insert(transaction, "second")?;
                insert(transaction, "first")
            },
            |transaction| insert(transaction, "third"),
        ]);
        let ended: Vec<bool> = done.into_iter().map(|done| done.unwrap().is_ok()).collect();
        assert_eq!(ended, [true, false, true]);
        assert_eq!(database.names(), ["first", "third"]);
    }

    #[test]
    fn a_panic_is_that_of_its_own_thread_and_undoes_its_own_changes_alone() {
        let database = Database::new();
        let done = database.meet(vec![
            |transaction| insert(transaction, "first"),
            |transaction| {
                insert(transaction, "second")?;
                panic!("a bug");
            },
            |transaction| insert(transaction, "third"),
        ]);
        let ended: Vec<Option<bool>> = done
            .into_iter()
            .map(|done| done.ok().map(|done| done.is_ok()))
            .collect();
        assert_eq!(ended, [Some(true), None, Some(true)]);
        assert_eq!(database.names(), ["first", "third"]);
    }

    #[test]
    fn a_writer_that_loses_the_whole_transaction_loses_it_for_itself_alone() {
        let database = Database::new();
        let done = database.meet(vec![
            |transaction| insert(transaction, "first"),
            |transaction| transaction.execute_batch("ROLLBACK"),
            |transaction| insert(transaction, "third"),
        ]);
        let ended: Vec<bool> = done.into_iter().map(|done| done.unwrap().is_ok()).collect();
        assert_eq!(ended, [true, false, true]);
        assert_eq!(database.names(), ["first", "third"]);
        database
            .shared
            .write_together(|transaction| insert(transaction, "fourth"))
            .unwrap();
        assert_eq!(database.names(), ["first", "fourth", "third"]);
    }

    #[test]
    fn a_writer_alone_has_all_or_nothing() {
        let database = Database::new();
        let failed = database.shared.write(|transaction| {
            insert(transaction, "one")?;
            insert(transaction, "one")
        });
        assert!(failed.is_err() && database.names().is_empty());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            database
                .shared
                .write(|transaction| -> rusqlite::Result<()> {
                    insert(transaction, "one")?;
                    panic!("a bug");
                })
        }));
        assert!(panicked.is_err() && database.names().is_empty());
        database
            .shared
            .write(|transaction| insert(transaction, "one"))
            .unwrap();
        assert_eq!(database.names(), ["one"]);
    }
}
