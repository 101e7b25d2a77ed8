//! Measures the cost of the queue by counting instead of timing, on both databases: how the statements of a cycle are planned,
//! and how much they read and write.
//!
//! A cycle is all calls of the store for one run: the run is recorded, a slot looks for other work, claims the run, renews the
//! claim and records the end. The queue is as full as that of a busy server.

use std::collections::BTreeMap;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::ffi;

use super::places::{at, by_http, claim, claim_next, ending, enqueue, fill, new_run, ready};
use crate::store::driver::Connection;
use crate::store::driver::postgres::Traffic;
use crate::store::postgres::tests::{TestServer, hosts};
use crate::store::sqlite::tests::Database;
use crate::store::{EnvironmentRecord, Heartbeat, OpenMode, RunStatus, Store};

const ENDED: i64 = 100_000;
const WAITING: i64 = 10_000;
const PEOPLE: i64 = 100;
/// The number of cycles that are counted.
const CYCLES: i64 = 40;
/// The share by which a figure may exceed the stored figure.
const ABOVE: f64 = 0.05;

fn cycle(store: &Store, environment: &EnvironmentRecord, time: i64) {
    let now = at(time);
    enqueue(store, &by_http(new_run(environment)), now);
    assert!(store.runs_without_environment(10).unwrap().is_empty());
    let failed = store.fail_runs_of_failed_environments(10, now);
    assert!(failed.unwrap().is_empty());
    let mine = claim("w");
    let run = claim_next(store, &mine, now).unwrap();
    let renewed = store.heartbeat_run(&run.id, &mine, now).unwrap();
    assert!(matches!(renewed, Heartbeat::Renewed { .. }));
    let watched = store.watch_run(&run.id, &mine).unwrap();
    assert!(matches!(watched, Heartbeat::Renewed { .. }));
    let ended = ending(RunStatus::Succeeded);
    assert!(store.finish_run(&run.id, &mine, &ended, now).unwrap());
}

fn execute(store: &Store, sql: &str) {
    store.connections.shared.lock().execute_batch(sql).unwrap();
}

/// Returns the statements that a server's sessions keep prepared, each with its plan, and how often the server planned it.
fn plans(store: &Store) -> Vec<(String, String, i64)> {
    let connections = &store.connections;
    let mut all = Vec::new();
    for connection in [&connections.shared, connections.of_heartbeats()] {
        let connection = connection.lock();
        let text = |sql: &str| connection.prepare_cached(sql).unwrap();
        let prepared = "SELECT CAST(name AS TEXT), statement, coalesce(cardinality(parameter_types), 0), custom_plans FROM pg_prepared_statements WHERE statement NOT LIKE 'EXPLAIN%'";
        let prepared: Vec<(String, String, i64, i64)> = text(prepared).rows([]).unwrap();
        for (name, statement, places, made) in prepared {
            let nulls = vec!["NULL"; places.unsigned_abs() as usize].join(", ");
            let nulls = if nulls.is_empty() {
                nulls
            } else {
                format!("({nulls})")
            };
            let explained = text(&format!("EXPLAIN EXECUTE \"{name}\"{nulls}")).rows::<String>([]);
            all.push((statement, explained.unwrap().join("\n"), made));
        }
    }
    all
}

/// Tables that grow with the number of submitted runs.
const GROWING: [&str; 5] = ["runs", "queue", "queue_turns", "run_attempts", "ended"];

/// Returns the growing table, or index without a condition, that a plan reads whole. `None`: there is none.
fn read_whole(plan: &str) -> Option<&str> {
    // Only the first rows of one index are read, and the other contains only running runs.
    let short = ["queue_turns_in_order", "queue_claimed"];
    let lines: Vec<&str> = plan.lines().collect();
    let next = lines.iter().skip(1).chain([&""]);
    let mut lines = lines.iter().zip(next);
    let found = lines.find(|(line, next)| {
        let Some((scan, table)) = line.split_once(" on ") else {
            return false;
        };
        let table = table.split(' ').next().unwrap_or_default();
        let index = match scan.split_once(" using ") {
            Some((_, index)) => index,
            None if scan.ends_with("Bitmap Index Scan") => table,
            None => return scan.ends_with("Seq Scan") && GROWING.contains(&table),
        };
        let is_whole = !next.contains("Index Cond: ") && !short.contains(&index);
        is_whole && (index == table || GROWING.contains(&table))
    });
    found.map(|(line, _)| *line)
}

/// Asserts that no statement is planned again for each call, that none reads a table whole, and that the next turn and its
/// runs are found in the order of their indexes.
fn are_well_planned(store: &Store, what: &str) {
    let plans = plans(store);
    assert!(plans.len() > 12, "{}", plans.len());
    for (statement, plan, made) in &plans {
        assert_eq!(*made, 0, "{what}: {statement}");
        assert_eq!(read_whole(plan), None, "{what}: {statement}\n{plan}");
    }
    let claim = plans
        .iter()
        .find(|(statement, ..)| statement.starts_with("WITH turns"));
    let (_, plan, _) = claim.unwrap();
    let indexes = [
        "queue_turns_in_order on queue_turns t",
        "queue_of_submitter on queue",
    ];
    for index in indexes {
        assert!(plan.contains(index), "{what}: {index}\n{plan}");
    }
}

#[test]
fn a_server_plans_the_statements_of_a_cycle_once_and_reads_no_table_whole() {
    let Some(open) = hosts() else { return };
    let store = open("here");
    let environment = ready(&store, "r", at(0));
    cycle(&store, &environment, 1);
    are_well_planned(&store, "of an empty queue");
    fill(&store, &environment, ENDED / 10, WAITING / 10, PEOPLE);
    cycle(&store, &environment, WAITING);
    are_well_planned(&store, "that has grown since");
    let another = open("here");
    cycle(&another, &environment, WAITING);
    are_well_planned(&another, "of a full queue without statistics");
    execute(&another, "ANALYZE");
    for store in [another, open("here")] {
        cycle(&store, &environment, WAITING);
        are_well_planned(&store, "of a full queue with statistics");
    }
}

/// The counted figures by name.
type Counts = BTreeMap<String, i64>;

fn difference(after: &Counts, before: &Counts) -> BTreeMap<String, f64> {
    let of_a_cycle = |(name, count): (&String, &i64)| {
        (name.clone(), (count - before[name]) as f64 / CYCLES as f64)
    };
    after.iter().map(of_a_cycle).collect()
}

fn cycles(store: &Store, environment: &EnvironmentRecord, round: i64) {
    for number in 0..CYCLES {
        cycle(store, environment, (round + 1) * WAITING + number);
    }
}

/// Returns what SQLite executed of a store's prepared statements, and the pages that it read and wrote.
fn counts_of_file(store: &Store) -> Counts {
    let connection = store.connections.shared.lock();
    let Connection::Sqlite(connection) = &*connection else {
        unreachable!("a file is SQLite's")
    };
    let mut counts = Counts::new();
    // SAFETY: the connection is open, and held by this thread alone; its statements live as long as it keeps them.
    unsafe {
        let handle = connection.handle();
        let mut statement = ffi::sqlite3_next_stmt(handle, std::ptr::null_mut());
        while !statement.is_null() {
            for (name, figure) in [
                ("statements", ffi::SQLITE_STMTSTATUS_RUN),
                ("steps", ffi::SQLITE_STMTSTATUS_VM_STEP),
                ("rows of whole tables", ffi::SQLITE_STMTSTATUS_FULLSCAN_STEP),
                ("sorts", ffi::SQLITE_STMTSTATUS_SORT),
            ] {
                let count = ffi::sqlite3_stmt_status(statement, figure, 0);
                *counts.entry(name.to_owned()).or_default() += i64::from(count);
            }
            statement = ffi::sqlite3_next_stmt(handle, statement);
        }
        for (name, figure) in [
            ("pages read", ffi::SQLITE_DBSTATUS_CACHE_HIT),
            ("pages read", ffi::SQLITE_DBSTATUS_CACHE_MISS),
            ("pages written", ffi::SQLITE_DBSTATUS_CACHE_WRITE),
        ] {
            let (mut count, mut most) = (0, 0);
            ffi::sqlite3_db_status(handle, figure, &raw mut count, &raw mut most, 0);
            *counts.entry(name.to_owned()).or_default() += i64::from(count);
        }
    }
    counts
}

/// Counts a cycle on SQLite, after `before` was executed on the queue.
fn counted_on_file(before: &str) -> BTreeMap<String, f64> {
    let database = Database::new();
    let store = database.open(OpenMode::CreateIfAbsent).unwrap();
    let environment = ready(&store, "r", at(0));
    fill(&store, &environment, ENDED, WAITING, PEOPLE);
    execute(&store, before);
    cycles(&store, &environment, 0);
    let counts = counts_of_file(&store);
    cycles(&store, &environment, 1);
    difference(&counts_of_file(&store), &counts)
}

/// Returns the work of all ended sessions on the tables of a schema.
fn counts_of_server(store: &Store) -> Counts {
    let sql = "SELECT CAST(sum(seq_scan) AS BIGINT) AS \"tables read whole\", CAST(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) AS BIGINT) AS \"rows read\",
         CAST(sum(n_tup_ins + n_tup_upd + n_tup_del) AS BIGINT) AS \"rows written\",
         CAST(sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read, 0) + coalesce(idx_blks_hit, 0)) AS BIGINT) AS pages
         FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid) WHERE pg_stat_user_tables.schemaname = current_schema()";
    let names = ["tables read whole", "rows read", "rows written", "pages"];
    let connection = store.connections.shared.lock();
    let counts: (i64, i64, i64, i64) = connection.one(sql, []).unwrap();
    let counts = [counts.0, counts.1, counts.2, counts.3];
    names.map(str::to_owned).into_iter().zip(counts).collect()
}

/// Returns the same once the closed sessions have reported it.
fn counts_when_told(store: &Store) -> Counts {
    let since = Instant::now();
    let mut last = counts_of_server(store);
    let mut steady = 0;
    while steady < 5 {
        std::thread::sleep(Duration::from_millis(100));
        let next = counts_of_server(store);
        steady = if next == last { steady + 1 } else { 0 };
        last = next;
        assert!(since.elapsed() < Duration::from_secs(60), "{last:?}");
    }
    last
}

/// Counts a cycle on a server without other users, after `before` was executed on the queue.
fn counted_on_server(server: &TestServer, before: &str) -> BTreeMap<String, f64> {
    let open = server.hosts();
    let store = open("here");
    let environment = ready(&store, "r", at(0));
    fill(&store, &environment, ENDED, WAITING, PEOPLE);
    execute(&store, &format!("ANALYZE; {before}"));
    drop(store);
    cycles(&open("here"), &environment, 0);
    let looking = open("here");
    let counts = counts_when_told(&looking);
    let store = open("here");
    let sent = |of: &Store| {
        let connections = &of.connections;
        let sessions = [&connections.shared, connections.of_heartbeats()];
        let sent = sessions.map(|connection| match &*connection.lock() {
            Connection::Postgres(session) => session.sent(),
            Connection::Sqlite(_) => unreachable!("it is a server's"),
        });
        let of_both = |figure: fn(&Traffic) -> u64| sent.iter().map(figure).sum::<u64>() as f64;
        (
            of_both(|sent| sent.messages),
            of_both(|sent| sent.statements),
        )
    };
    let begun = sent(&store);
    cycles(&store, &environment, 1);
    let ended = sent(&store);
    drop(store);
    let mut cycle = difference(&counts_when_told(&looking), &counts);
    cycle.insert("messages".to_owned(), (ended.0 - begun.0) / CYCLES as f64);
    cycle.insert("statements".to_owned(), (ended.1 - begun.1) / CYCLES as f64);
    cycle
}

/// The figures of each database, under names that begin with the database.
struct Counted {
    figures: BTreeMap<String, f64>,
    /// The server's major version, to which its figures belong.
    server: String,
}

/// Counts on both databases. `None`: PostgreSQL is not installed.
fn count(before: &str) -> Option<Counted> {
    let server = TestServer::start()?;
    let looking = server.hosts()("here");
    let version = "SELECT split_part(current_setting('server_version'), '.', 1)";
    execute(&looking, "ALTER SYSTEM SET autovacuum = off");
    let version = looking.row::<String>(version, []);
    looking.row::<()>("SELECT pg_reload_conf()", []).unwrap();
    let of_file = counted_on_file(before)
        .into_iter()
        .map(|(name, figure)| (format!("SQLite {name}"), figure));
    let of_server = counted_on_server(&server, before)
        .into_iter()
        .map(|(name, figure)| (format!("PostgreSQL {name}"), figure));
    Some(Counted {
        figures: of_file.chain(of_server).collect(),
        server: version.unwrap().unwrap(),
    })
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/queue.tsv")
}

const HEAD: &str = "# What a cycle of the queue reads and writes: .ci/run. PostgreSQL ";

/// Reads the stored figures and the version of their server.
fn held() -> Counted {
    let text = std::fs::read_to_string(file()).unwrap();
    let (head, lines) = text.split_once('\n').unwrap();
    let figures = lines.lines().map(|line| {
        let (name, figure) = line.split_once('\t').unwrap();
        (name.to_owned(), figure.parse().unwrap())
    });
    Counted {
        figures: figures.collect(),
        server: head.strip_prefix(HEAD).unwrap().to_owned(),
    }
}

impl Counted {
    /// Returns the figures that are too far above the stored figures, or not stored. Another version of the server behaves
    /// differently.
    fn above(&self, held: &Self) -> Vec<String> {
        let is_comparable =
            |name: &&String| self.server == held.server || !name.starts_with("PostgreSQL");
        let is_above = |name: &&String| {
            held.figures
                .get(*name)
                .is_none_or(|most| self.figures[*name] > most * (1.0 + ABOVE))
        };
        let names = self.figures.keys().filter(is_comparable).filter(is_above);
        names.cloned().collect()
    }

    fn told(&self) -> String {
        let mut lines = format!("{HEAD}{}\n", self.server);
        for (name, figure) in &self.figures {
            let _ = writeln!(lines, "{name}\t{figure:.2}");
        }
        lines
    }
}

/// With `ADE_UPDATE_GENERATED=1`, the counted figures are stored.
#[test]
#[ignore = "it takes a while: .ci/run counts"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a person reads it, and may have it written"
)]
fn a_cycle_reads_and_writes_no_more_than_is_held() {
    let Some(counted) = count("SELECT 1") else {
        return;
    };
    if std::env::var_os("ADE_UPDATE_GENERATED").is_some() {
        std::fs::write(file(), counted.told()).unwrap();
    }
    let held = held();
    for (name, figure) in &counted.figures {
        let most = held.figures.get(name).copied().unwrap_or_default();
        println!("{name:<32} {figure:>8.2}, held {most:>8.2}");
    }
    if counted.server != held.server {
        println!(
            "not compared: the server is PostgreSQL {}, the figures are of {}",
            counted.server, held.server
        );
    }
    let above = counted.above(&held);
    assert!(
        above.is_empty(),
        "{above:?}: more than {}% above what benches/queue.tsv holds",
        ABOVE * 100.0
    );
}

/// Shows that the test above would find a missing index.
#[test]
#[ignore = "it takes a while: .ci/run counts"]
fn without_an_index_more_is_counted_than_is_held() {
    let Some(counted) = count("DROP INDEX queue_turns_in_order") else {
        return;
    };
    let above = counted.above(&held());
    let is_found = |name: &str| above.iter().any(|above| above.starts_with(name));
    assert!(is_found("SQLite"), "{above:?}");
    let is_compared = counted.server == held().server;
    assert!(is_found("PostgreSQL") || !is_compared, "{above:?}");
}
