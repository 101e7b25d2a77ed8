//! Measures the cost of the queue, without an engine.
//!
//! - `cycles`: cycles of enqueue → claim → finish per second, by one and by four processes, over databases with no history, with
//!   100,000 and 1,000,000 ended runs, with 500,000 runs that wait for an environment which is not ready, and with 1,000,000 ended
//!   runs and 500,000 that wait for a slot, submitted by 1,000 submitters. Each step is its own transaction. Next to each is the figure of
//!   a plain table in the same rounds: a prepared INSERT, UPDATE and DELETE of as many bytes, over as many rows, with the same settings.
//!   The queue adds its indexes, its two tables and every rule of a claim; the ratio is their price. The time of a cycle must not grow
//!   with the history, or with waiting runs. A number picks one of these, from 1.
//! - `pressure`: processes and threads that repeat such cycles without a pause, which no worker does, or with a short one: how long one
//!   claim takes, how long a list of runs takes meanwhile, and how long the write-ahead log grows. A number sets the seconds of each.
//! - `lists`: `ade runs ls` as a whole process with each filter, over 1,000,000 runs.
//! - `latency`: the time from a run's record by `ade run --detach` to its claim by an `ade worker` of the same machine.
//! - `server`: cycles and the wake-up on a PostgreSQL server.
//!
//! `cargo bench --bench queue -- cycles` runs only one of them.

mod common;
#[path = "queue/server.rs"]
mod server;

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use ade::base::clock::Timestamp;
use ade::store::{
    Claim, ClaimableState, ConfigurationRecord, EnvironmentContents, EnvironmentRecord, OpenMode,
    RunFilter, Store,
};
use ade::system::machine::{Machine, System};
use common::{Spread, ade, claim, ending, ensure, median, new_run, settings, succeeded};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

/// The numbers of ended runs, waiting runs, and their submitters; with 0 submitters, runs wait for an environment that is not
/// ready.
const SEEDS: [(i64, i64, i64); 5] = [
    (0, 0, 0),
    (100_000, 0, 0),
    (1_000_000, 0, 0),
    (0, 500_000, 0),
    (1_000_000, 500_000, 1_000),
];
/// The processes, the threads of each, and the milliseconds between two cycles of a thread.
const PRESSURES: [(usize, usize, u64); 4] = [(1, 1, 0), (1, 8, 0), (4, 1, 0), (4, 2, 20)];
const PROCESSES: [usize; 2] = [1, 4];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_500);
const SAMPLES: usize = 250;
/// The duration in seconds.
const PRESSURE: u64 = 15;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "plain", data] => child(&plain_cycles(Path::new(data))),
        ["child", "queue", data] => child(&queue_cycles(Path::new(data))),
        ["child", "server", threads, address] => {
            server::child(address, threads.parse().expect("a number"));
        }
        ["child", "plain server", address] => server::plain_child(address),
        ["pressing", threads, pause, seconds, data] => pressing(
            threads.parse().expect("a number"),
            Duration::from_millis(pause.parse().expect("a number")),
            Duration::from_secs(seconds.parse().expect("a number")),
            Path::new(data),
        ),
        _ => {
            let seconds = words.iter().find_map(|word| word.parse().ok());
            let under_pressure = || pressure(seconds.unwrap_or(PRESSURE));
            let cycles = || cycles(words.iter().find_map(|word| word.parse().ok()));
            let parts: &[(&str, &dyn Fn())] = &[
                ("cycles", &cycles),
                ("pressure", &under_pressure),
                ("lists", &lists),
                ("latency", &latency),
                ("server", &server::measure),
            ];
            let named = parts.iter().any(|(part, _)| words.contains(part));
            for (part, measure) in parts {
                if !named || words.contains(part) {
                    measure();
                }
            }
        }
    }
}

// ---- Cycles ------------------------------------------------------------------------------------------------------------

fn cycles(only: Option<usize>) {
    println!(
        "{:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>7} {:>12}",
        "ended",
        "waiting",
        "submitters",
        "processes",
        "cycles/s",
        "plain/s",
        "ratio",
        "ms for each"
    );
    let picked = SEEDS.into_iter().zip(1..);
    let picked = picked.filter(|(_, number)| only.is_none_or(|only| only == *number));
    for ((ended, waiting, submitters), _) in picked {
        let folder = tempfile::tempdir().expect("a temporary folder");
        seed(folder.path(), ended, waiting, submitters);
        for processes in PROCESSES {
            let (mut queue, mut plain) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                queue.push(round("queue", folder.path(), processes));
                plain.push(round("plain", folder.path(), processes));
            }
            let (queue, plain) = (median(&mut queue), median(&mut plain));
            println!(
                "{ended:>10} {waiting:>10} {submitters:>10} {processes:>10} {queue:>10.0} {plain:>10.0} {:>7.2} {:>12.3}",
                queue / plain,
                1000.0 * processes as f64 / queue
            );
        }
    }
}

/// Returns the cycles per second of this many processes that begin together.
fn round(what: &str, data: &Path, processes: usize) -> f64 {
    let mut children = Children::begin(&["child", what], data, processes);
    let done: u64 = (0..processes)
        .map(|index| children.line(index).parse::<u64>().expect("a number"))
        .sum();
    children.end();
    done as f64 / ROUND.as_secs_f64()
}

/// Processes of this program that begin together.
struct Children {
    processes: Vec<Child>,
    said: Vec<Lines<BufReader<ChildStdout>>>,
}

impl Children {
    fn begin(words: &[&str], data: &Path, count: usize) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut processes: Vec<Child> = (0..count)
            .map(|_| {
                Command::new(&program)
                    .args(words)
                    .arg(data)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("a process")
            })
            .collect();
        let said = processes
            .iter_mut()
            .map(|child| BufReader::new(child.stdout.take().expect("its output")).lines())
            .collect();
        let mut children = Self { processes, said };
        for index in 0..count {
            assert_eq!(children.line(index), "ready");
        }
        for child in &mut children.processes {
            let mut stdin = child.stdin.take().expect("its input");
            stdin.write_all(b"go\n").expect("it listens");
        }
        children
    }

    /// Returns the next line of one process.
    fn line(&mut self, index: usize) -> String {
        let line = self.said[index].next();
        line.expect("it says more").expect("a line")
    }

    fn end(self) {
        for mut child in self.processes {
            assert!(child.wait().expect("it ends").success());
        }
    }
}

/// Reports that this process is ready, and waits for the signal to start.
fn wait_for_the_word() -> Instant {
    println!("ready");
    let mut word = String::new();
    std::io::stdin()
        .read_line(&mut word)
        .expect("the word to go");
    Instant::now()
}

/// Prints how many cycles were done in a round.
fn child(cycle: &dyn Fn()) {
    cycle();
    let began = wait_for_the_word();
    let mut done = 0;
    while began.elapsed() < ROUND {
        cycle();
        done += 1;
    }
    println!("{done}");
}

/// Queues a run, claims one and ends it. Returns how long the claim took. Another process may have claimed the run, and a run
/// that others queued in this millisecond is due in the next.
fn cycle(store: &Store, environment: &EnvironmentRecord) -> Duration {
    store
        .enqueue_runs(&[new_run(environment)], Timestamp::now())
        .expect("a place in the queue");
    let claim = claim();
    loop {
        let began = Instant::now();
        let claimed = store.claim_next_run(&claim, Timestamp::now());
        let took = began.elapsed();
        if let Some(run) = claimed.expect("an answer") {
            finish(store, &run.id, &claim);
            return took;
        }
    }
}

fn finish(store: &Store, id: &str, claim: &Claim) {
    let recorded = store.finish_run(id, claim, &ending(), Timestamp::now());
    assert!(recorded.expect("its end"));
}

fn queue_cycles(data: &Path) -> impl Fn() + use<> {
    let store = open(data);
    let environment = environment(&store, "0");
    move || {
        cycle(&store, &environment);
    }
}

fn plain_cycles(data: &Path) -> impl Fn() + use<> {
    let connection = plain(data);
    let body = body(&data.join("db/ade.sqlite"));
    move || {
        let id = System.new_id();
        for sql in [
            "INSERT INTO plain (id, body) VALUES (?1, ?2)",
            "UPDATE plain SET body = ?2 WHERE id = ?1",
            "DELETE FROM plain WHERE id = ?1 AND ?2 IS NOT NULL",
        ] {
            let transaction =
                Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)
                    .expect("a transaction");
            transaction
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([&id, &body]))
                .expect("a change");
            transaction.commit().expect("a commit");
        }
    }
}

/// Makes a database for the queue with these numbers of ended and waiting runs, and one for the plain table with as many rows.
/// One ended run in a thousand failed and another was cancelled; the hundred oldest are of their own configuration.
fn seed(data: &Path, ended: i64, waiting: i64, submitters: i64) {
    let store = open(data);
    let ready = environment(&store, "0");
    let claim = claim();
    let now = Timestamp::now();
    let run = new_run(&ready);
    store.insert_claimed_run(&run, &claim, now).expect("a run");
    finish(&store, &run.id, &claim);
    let seldom = ConfigurationRecord {
        id: System.new_id(),
        workspace_id: "default".to_owned(),
        name: "seldom".to_owned(),
        path: "/seldom".into(),
    };
    let seldom = store
        .ensure_configuration(&seldom, now)
        .expect("a configuration");
    let unready = match submitters {
        0 => new_run(&unready(&store)),
        _ => new_run(&ready),
    };
    if waiting > 0 {
        store
            .enqueue_runs(std::slice::from_ref(&unready), now)
            .expect("a run that waits");
    }
    drop(store);
    let path = data.join("db/ade.sqlite");
    let body = body(&path);
    let connection = Connection::open(path).expect("the database");
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        .expect("a fast connection");
    let copy = |table: &str, id: &str, of: &str, count: i64, group: &str| {
        let values: Vec<String> = columns(&connection, table)
            .iter()
            .map(|name| match name.as_str() {
                name if name == id => format!("printf('00000000-{group}-7000-8000-%012x', number)"),
                "submitter" if submitters > 0 => {
                    format!("printf('user %d', number % {submitters})")
                }
                "created_at" | "started_at" | "completed_at" => {
                    format!("{name} - 1000 * (?1 - number)")
                }
                "status" if table == "runs" => {
                    "CASE WHEN status IS NULL THEN NULL WHEN number % 1000 = 1 THEN 'failed' \
                     WHEN number % 1000 = 2 THEN 'cancelled' ELSE status END"
                        .to_owned()
                }
                "configuration_id" => format!(
                    "CASE WHEN number <= 100 THEN '{}' ELSE configuration_id END",
                    seldom.id
                ),
                name => name.to_owned(),
            })
            .collect();
        let sql = format!(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
             INSERT INTO {table} ({}) SELECT {} FROM numbers, (SELECT * FROM {table} WHERE {id} = ?2) WHERE ?1 > 0",
            columns(&connection, table).join(", "),
            values.join(", ")
        );
        connection
            .execute(&sql, params![count, of])
            .expect("copies");
    };
    copy("runs", "id", &run.id, ended, "0000");
    copy("run_attempts", "run_id", &run.id, ended, "0000");
    copy("runs", "id", &unready.id, waiting, "0001");
    copy("queue", "run_id", &unready.id, waiting, "0001");
    let plain = plain(data);
    plain
        .execute_batch("PRAGMA synchronous = OFF")
        .expect("a fast connection");
    plain
        .execute(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
             INSERT INTO plain SELECT printf('00000000-0000-7000-8000-%012x', number), ?2 FROM numbers WHERE ?1 > 0",
            params![ended + waiting, body],
        )
        .expect("a history");
    for connection in [&connection, &plain] {
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .expect("a checkpoint");
    }
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .expect("the columns");
    statement
        .query_map([table], |row| row.get(0))
        .expect("the columns")
        .collect::<rusqlite::Result<_>>()
        .expect("their names")
}

/// Returns as many bytes as a run's record has.
fn body(path: &Path) -> String {
    let connection = Connection::open(path).expect("the database");
    let lengths: Vec<String> = columns(&connection, "runs")
        .iter()
        .map(|name| format!("coalesce(length(CAST({name} AS TEXT)), 0)"))
        .collect();
    let sql = format!("SELECT {} FROM runs LIMIT 1", lengths.join(" + "));
    let bytes: i64 = connection
        .query_row(&sql, [], |row| row.get(0))
        .expect("a run");
    "x".repeat(usize::try_from(bytes).expect("a length"))
}

fn plain(data: &Path) -> Connection {
    let mut connection = Connection::open(data.join("plain.sqlite")).expect("a database");
    connection
        .busy_handler(Some(|_| {
            std::thread::sleep(Duration::from_micros(500));
            true
        }))
        .expect("patience");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS plain (id TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) STRICT",
        )
        .expect("a plain table");
    connection
}

fn open(data: &Path) -> Store {
    Store::open(
        &settings(data, &[]),
        &data.join("db/ade.sqlite"),
        OpenMode::CreateIfAbsent,
    )
    .expect("a database")
}

/// Records an environment that nobody builds.
fn unready(store: &Store) -> EnvironmentRecord {
    ensure(store, "1")
}

/// Records an environment that is ready.
fn environment(store: &Store, digest: &str) -> EnvironmentRecord {
    let environment = ensure(store, digest);
    // It is due from the moment when it was recorded.
    let now = Timestamp::now();
    let claim = claim();
    let claimed = store
        .claim_environment(
            &environment.id,
            &claim,
            ClaimableState::Due,
            &environment.folder,
            now,
        )
        .expect("an answer");
    if claimed.is_some() {
        let contents = EnvironmentContents {
            python_version: "3.11.7".to_owned(),
            python_path: PathBuf::from("/python"),
            engine_version: "1.10.0".to_owned(),
            installer: "uv".to_owned(),
            packages: Vec::new(),
            lock_digest: "0".repeat(64),
            size_bytes: 1,
        };
        let completed = store.complete_environment(&environment.id, &claim, &contents, now);
        assert!(completed.expect("an answer"));
    }
    environment
}

// ---- Pressure ----------------------------------------------------------------------------------------------------------

fn pressure(seconds: u64) {
    println!(
        "\n{:>10} {:>8} {:>8} {:>9} | {:^26} | {:^26} | {:>15}",
        "", "", "", "", "ms of a claim", "ms of a list of 20", "MiB of the log"
    );
    println!(
        "{:>10} {:>8} {:>8} {:>9} | {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8} | {:>7} {:>7}",
        "processes",
        "threads",
        "ms pause",
        "cycles/s",
        "median",
        "p99",
        "most",
        "median",
        "p99",
        "most",
        "most",
        "end"
    );
    for (processes, threads, pause) in PRESSURES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        seed(folder.path(), 100_000, 0, 0);
        let words = [threads as u64, pause, seconds].map(|number| number.to_string());
        // The connection of a list stays open, like that of `ade top` or the API.
        let store = open(folder.path());
        let mut children = Children::begin(
            &["pressing", &words[0], &words[1], &words[2]],
            folder.path(),
            processes,
        );
        let log = || {
            let log = std::fs::metadata(folder.path().join("db/ade.sqlite-wal"));
            log.map_or(0.0, |log| log.len() as f64 / f64::from(1 << 20))
        };
        let (mut lists, mut most) = (Vec::new(), 0.0);
        let newest = RunFilter {
            workspace_id: "default".to_owned(),
            limit: 20,
            ..RunFilter::default()
        };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            let asked = Instant::now();
            assert_eq!(store.runs(&newest).expect("a list").len(), 20);
            lists.push(asked.elapsed().as_secs_f64() * 1000.0);
            most = log().max(most);
            std::thread::sleep(Duration::from_millis(10));
        }
        let end = log();
        let mut claims: Vec<f64> = Vec::new();
        for index in 0..processes {
            let line = children.line(index);
            let times = line.split_whitespace();
            claims.extend(times.map(|time| time.parse::<f64>().expect("a time") / 1000.0));
        }
        children.end();
        let cycles = claims.len() as f64 / seconds as f64;
        let (claim, list) = (Spread::measure(&mut claims), Spread::measure(&mut lists));
        println!(
            "{processes:>10} {threads:>8} {pause:>8} {cycles:>9.0} | {:>8.2} {:>8.2} {:>8.1} | {:>8.2} {:>8.2} {:>8.1} | {most:>7.1} {end:>7.1}",
            claim.median, claim.p99, claim.most, list.median, list.p99, list.most
        );
    }
}

/// Prints the microseconds of each claim.
fn pressing(threads: usize, pause: Duration, length: Duration, data: &Path) {
    let store = open(data);
    let environment = environment(&store, "0");
    let began = wait_for_the_word();
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut times = Vec::new();
                    while began.elapsed() < length {
                        times.push(cycle(&store, &environment));
                        std::thread::sleep(pause);
                    }
                    times
                })
            })
            .collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().expect("its times"));
        ended.flatten().collect()
    });
    let times: Vec<String> = times
        .iter()
        .map(|time| time.as_micros().to_string())
        .collect();
    println!("{}", times.join(" "));
}

// ---- Lists -------------------------------------------------------------------------------------------------------------

fn lists() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    seed(folder.path(), 1_000_000, 0, 0);
    println!(
        "\n{:<44} {:>8} {:>10}",
        "ms of `ade runs ls` at 1,000,000 runs", "median", "wanted"
    );
    let day_ago = Timestamp(Timestamp::now().0 - 86_400_000).to_string();
    let calls: [&[&str]; 10] = [
        &[],
        &["--limit", "1000"],
        &["--status", "queued"],
        &["--status", "running"],
        &["--status", "succeeded"],
        &["--status", "failed"],
        &["--status", "cancelled"],
        &["--configuration", "seldom"],
        &["--configuration", "seldom", "--status", "cancelled"],
        &["--since", &day_ago],
    ];
    for call in calls {
        let mut times: Vec<f64> = (0..11)
            .map(|_| {
                let began = Instant::now();
                let mut list = ade(folder.path());
                list.args(["runs", "ls", "--json"]).args(call);
                succeeded(list.output());
                began.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        println!(
            "{:<44} {:>8.1} {:>10}",
            call.join(" "),
            median(&mut times),
            "< 50"
        );
    }
}

// ---- Latency -----------------------------------------------------------------------------------------------------------

fn latency() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let configuration = root.join("examples/roster");
    let ade = || ade(&data);
    succeeded(ade().args(["env", "build"]).arg(&configuration).output());
    let mut worker = ade()
        .args(["worker", "--concurrency", "1"])
        .stderr(Stdio::null())
        .spawn()
        .expect("a worker");
    let store = open(&data);
    let mut waits = Vec::new();
    // The first samples find the worker at its start.
    for sample in 0..SAMPLES + 5 {
        let output = ade()
            .args(["run", "--detach", "--dry-run", "--json"])
            .arg(&configuration)
            .arg(root.join("examples/messy-roster.xlsx"))
            .output();
        let run: serde_json::Value =
            serde_json::from_slice(&succeeded(output)).expect("a run object");
        let id = run["id"].as_str().expect("its id");
        let ended = loop {
            let run = store.run("default", id).expect("the run");
            if run.status.is_terminal() {
                break run;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let attempts = store.attempts(id).expect("its attempts");
        if sample >= 5 {
            waits.push(attempts[0].started_at.since(ended.created_at) as f64);
        }
        // Spread over the time between two polls of the worker.
        std::thread::sleep(Duration::from_millis((sample as u64 * 37) % 400));
    }
    let _ = worker.kill();
    let _ = worker.wait();
    let spread = Spread::measure(&mut waits);
    println!(
        "\n{:<44} {:>8} {:>8} {:>8} {:>10}",
        "ms from record to claim", "median", "p99", "most", "wanted"
    );
    println!(
        "{:<44} {:>8.0} {:>8.0} {:>8.0} {:>10}",
        format!("ade run --detach, {} of them", waits.len()),
        spread.median,
        spread.p99,
        spread.most,
        "< 20, < 60"
    );
}
