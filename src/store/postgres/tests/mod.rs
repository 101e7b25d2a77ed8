//! Runs the suite on a separate server, which accepts no connections from elsewhere. It is skipped if the machine lacks
//! PostgreSQL.

mod interleaving;
mod several_hosts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::base::cancel::Cancel;
use crate::store::Store;
use crate::store::driver::Connection;
use crate::store::driver::postgres::{AnswerTimeout, ServerSession};
use crate::store::postgres::address::Address;
use crate::store::sqlite::tests::{Database, settings};
use crate::store::suite::places::{at, claim, claim_next, ending, queued, ready};
use crate::store::suite::{self, Opener};
use crate::store::{ColumnResult, FieldResult, OpenMode, RunResults, RunStatus, StoreError};
use crate::system::bell::Bell;

suite::run!(on_a_server, crate::store::postgres::tests::database);

/// A server for tests. It ends with this process, which holds its standard input.
pub(in crate::store) struct TestServer {
    address: String,
    _script: Child,
}

/// Returns the folder with the programs of the newest server: Debian's are in no folder of PATH.
fn programs() -> Option<PathBuf> {
    let by_version = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed = by_version.flatten().map(|entry| entry.path().join("bin"));
    let newest = installed.filter(|bin| bin.join("initdb").is_file()).max();
    newest.or_else(|| Some(which::which("initdb").ok()?.parent()?.to_owned()))
}

impl TestServer {
    /// Starts a server. `None`: PostgreSQL is not installed.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(in crate::store) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap().keep();
        let mut child = Command::new("sh")
            .args(["-c", include_str!("../test_server.sh"), "server"])
            .arg(&folder)
            .arg(programs)
            .arg("off")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let address = format!("host={} user=ade dbname=postgres", folder.display());
        let since = Instant::now();
        let place = Address::parse(&address, &settings(Path::new("/"), &[])).unwrap();
        let tls = place.tls().unwrap();
        let patience = Arc::new(AnswerTimeout::new(Duration::from_secs(5)));
        while let Err(error) = ServerSession::connect(&place.config, &tls, &patience) {
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            let is_patient = since.elapsed() < Duration::from_secs(180);
            assert!(
                is_patient && child.try_wait().unwrap().is_none(),
                "{error}: {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self {
            address,
            _script: child,
        })
    }

    /// Returns a function that opens a store for a host on a new database.
    pub(in crate::store) fn hosts(&self) -> impl Fn(&str) -> Store + Sync + use<> {
        let schema = format!("t{}", uuid::Uuid::new_v4().simple());
        let settings = settings(Path::new("/"), &[("ADE_DATA_DIR", "/")]);
        let mut address = Address::parse(&self.address, &settings).unwrap();
        address.schema = schema;
        move |host: &str| {
            Store::on_server(&settings, &address, host, OpenMode::CreateIfAbsent).unwrap()
        }
    }
}

/// Returns the server that the tests of this process share.
fn server() -> Option<&'static TestServer> {
    static SERVER: OnceLock<Option<TestServer>> = OnceLock::new();
    SERVER.get_or_init(TestServer::start).as_ref()
}

pub(super) fn opener() -> Option<impl Fn() -> Store + Sync> {
    let open = hosts()?;
    Some(move || open("here"))
}

/// Returns a function that opens a store for a host on a new database.
pub(crate) fn hosts() -> Option<impl Fn(&str) -> Store + Sync> {
    server().map(TestServer::hosts)
}

fn database() -> Option<Box<Opener>> {
    let open = opener()?;
    Some(Box::new(open))
}

/// Returns each column with its table, its PostgreSQL type, and whether it may be null.
fn columns(connection: &Connection, sql: &str) -> BTreeSet<(String, String, String, bool)> {
    let found: Vec<(String, String, String, bool)> = connection.rows(sql, []).unwrap();
    let found = found.into_iter().map(|(table, column, kind, is_needed)| {
        let kind = match kind.as_str() {
            "INTEGER" => "bigint",
            "REAL" => "double precision",
            "BLOB" => "bytea",
            "TEXT" => "text",
            other => other,
        };
        (table, column, kind.to_owned(), is_needed)
    });
    found.collect()
}

#[test]
fn its_tables_and_columns_are_those_of_sqlite() {
    let Some(open) = opener() else { return };
    let of_server = columns(
        &open().connections.shared.lock(),
        "SELECT replace(table_name, '_of_hosts', ''), CAST(column_name AS TEXT), CAST(data_type AS TEXT) AS type, is_nullable = 'NO'
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND column_name <> 'host_id'",
    );
    let file = Database::new().open(OpenMode::CreateIfAbsent).unwrap();
    let of_file = columns(
        &file.connections.shared.lock(),
        "SELECT t.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    );
    assert!(of_file.len() > 150, "{}", of_file.len());
    // This table is useful only on a server.
    let of_server: BTreeSet<_> = of_server
        .into_iter()
        .filter(|(table, ..)| table != "run_logs")
        .collect();
    assert_eq!(of_server, of_file);
}

#[test]
fn its_migrations_have_the_numbers_and_names_of_sqlite() {
    let names = |all: &[crate::store::Migration]| -> Vec<(i64, &'static str)> {
        all.iter()
            .map(|migration| (migration.version, migration.name))
            .collect()
    };
    assert_eq!(
        names(super::migrations::MIGRATIONS),
        names(Store::migrations())
    );
}

#[test]
fn a_connection_that_was_lost_is_made_anew() {
    use crate::store::Identity;
    let Some(open) = opener() else { return };
    let store = open();
    let end_it = "SELECT 1 FROM pg_terminate_backend(pg_backend_pid())";
    let ended = store.write(|transaction| transaction.prepare_cached(end_it)?.exists([]));
    assert!(ended.unwrap_err().may_pass());
    let mine = Identity {
        database_id: "a".to_owned(),
        data_id: "b".to_owned(),
    };
    let bound = store
        .bind(&mine, crate::store::suite::places::at(0))
        .unwrap();
    assert_eq!(bound.database_id, "a");
}

/// Counts the messages of each step of a run: enqueue, claim, heartbeat, finish. A first run, which needs more messages, does
/// not count.
fn messages_of_a_cycle(store: &Store, results: Option<&RunResults>) -> Vec<u64> {
    let messages = || match &*store.connections.shared.lock() {
        Connection::Postgres(session) => session.sent().messages,
        Connection::Sqlite(_) => unreachable!("it is a server's"),
    };
    let digest = if results.is_some() { "r" } else { "d" };
    let environment = ready(store, digest, at(0));
    let cycle = |time| {
        let mut steps = vec![messages()];
        queued(store, &environment, at(time));
        steps.push(messages());
        let mine = claim("w");
        let run = claim_next(store, &mine, at(time)).unwrap();
        steps.push(messages());
        let mut ending = ending(RunStatus::Succeeded);
        ending.results = results.cloned();
        assert!(store.finish_run(&run.id, &mine, &ending, at(time)).unwrap());
        steps.push(messages());
        let count = steps.windows(2).map(|pair| pair[1] - pair[0]);
        let mut count: Vec<u64> = count.collect();
        // A heartbeat is one statement on another connection.
        count.push(1);
        count
    };
    cycle(1);
    cycle(2)
}

/// Each message is a round trip: over a network, the number of messages determines the speed of a queue.
#[test]
fn a_cycle_takes_few_messages() {
    let Some(open) = opener() else { return };
    let counts = messages_of_a_cycle(&open(), None);
    assert!(counts.iter().sum::<u64>() <= 7, "{counts:?}");
}

#[test]
fn results_of_any_length_go_in_the_messages_of_the_end() {
    let Some(open) = opener() else { return };
    let store = open();
    let none = messages_of_a_cycle(&store, None);
    let few = suite::results::results();
    let field = |number: u64| FieldResult {
        field: number.to_string(),
        ..few.fields[0].clone()
    };
    let column = |number| ColumnResult {
        column_index: number,
        ..few.columns[0].clone()
    };
    let many = RunResults {
        fields: (0..20).map(field).collect(),
        columns: (0..40).map(column).collect(),
        ..few.clone()
    };
    assert_eq!(messages_of_a_cycle(&store, Some(&many)), none);
}

/// If a statement that waits for the next statement fails, the next statement or the commit returns the error.
#[test]
fn what_fails_later_fails_the_whole() {
    let Some(open) = opener() else { return };
    let store = open();
    let (first, again) = (
        "INSERT INTO workspaces (id, created_at) VALUES ('a', 1)",
        "SELECT 1",
    );
    let twice = store.write(|transaction| {
        transaction.later(first, [])?;
        transaction.later(first, [])
    });
    assert!(
        matches!(twice, Err(StoreError::Refused { .. })),
        "{twice:?}"
    );
    let read = store.write(|transaction| {
        transaction.later(first, [])?;
        transaction.later(first, [])?;
        transaction.prepare_cached(again)?.exists([])
    });
    assert!(matches!(read, Err(StoreError::Refused { .. })), "{read:?}");
    let known = "SELECT 1 FROM workspaces WHERE id = 'a'";
    let is_known = || store.write(|transaction| transaction.prepare_cached(known)?.exists([]));
    assert!(!is_known().unwrap());
    store
        .write(|transaction| transaction.later(first, []))
        .unwrap();
    assert!(is_known().unwrap());
}

/// A sleeping process is notified when another process records a run.
#[test]
fn whoever_listens_hears_of_what_may_be_claimed() {
    let Some(open) = opener() else { return };
    let (store, sleeper) = (open(), open());
    let environment = ready(&store, "d", at(0));
    let (bell, end) = (Bell::default(), Cancel::new());
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(sleeper.listen(&|| bell.ring(), &end)));
        // The bell rings once when the process has begun to listen.
        assert!(bell.sleep(0, Duration::from_secs(60)));
        for number in 0..50 {
            let heard = bell.rings();
            queued(&store, &environment, at(number));
            assert!(bell.sleep(heard, Duration::from_secs(60)));
        }
        end.cancel();
    });
}
