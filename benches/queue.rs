//! What the queue costs, without an engine.
//!
//! - Cycles of enqueue → claim → finish a second, each step a transaction of its own as in real life, by one and by four
//!   processes, over databases with no history and with 100,000 and 1,000,000 ended runs. Beside each stands what a plain
//!   table takes in the same turns: a prepared INSERT, UPDATE and DELETE of as many bytes, over as many rows, with the same
//!   settings. The queue keeps eleven indexes, two tables and every rule of a claim on top of that; the ratio is their price.
//!   What must not grow with history is the time of a cycle.
//! - The time from a run's record by `ade run --detach` to its claim by an `ade worker` of the same machine.
//!
//! `cargo bench --bench queue -- cycles` and `-- latency` measure one of the two.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ade::clock::Timestamp;
use ade::machine::{Machine, System};
use ade::settings::{Inputs, Settings};
use ade::store::{
    Claim, ConfigurationRecord, Configurations, Ending, EnvironmentContents, EnvironmentKey,
    EnvironmentRecord, Environments, NewEnvironment, NewRun, Opening, RunOptions, RunStatus, Runs,
    SqliteStore,
};
use rusqlite::{Connection, TransactionBehavior, params};

const HISTORIES: [i64; 3] = [0, 100_000, 1_000_000];
const PROCESSES: [usize; 2] = [1, 4];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1_500);
const SAMPLES: usize = 250;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "queue", data] => child(&queue_cycles(Path::new(data))),
        ["child", "plain", data] => child(&plain_cycles(Path::new(data))),
        _ => {
            let wanted = |part| {
                words.contains(&part)
                    || !words
                        .iter()
                        .any(|word| ["cycles", "latency"].contains(word))
            };
            if wanted("cycles") {
                cycles();
            }
            if wanted("latency") {
                latency();
            }
        }
    }
}

// ---- Cycles ------------------------------------------------------------------------------------------------------------

fn cycles() {
    println!(
        "{:>10} {:>10} {:>12} {:>12} {:>8} {:>14}",
        "history", "processes", "cycles/s", "plain/s", "ratio", "ms for each"
    );
    for history in HISTORIES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        seed(folder.path(), history);
        for processes in PROCESSES {
            let (mut queue, mut plain) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                queue.push(round("queue", folder.path(), processes));
                plain.push(round("plain", folder.path(), processes));
            }
            let (queue, plain) = (median(&mut queue), median(&mut plain));
            println!(
                "{history:>10} {processes:>10} {queue:>12.0} {plain:>12.0} {:>8.2} {:>14.3}",
                queue / plain,
                1000.0 * processes as f64 / queue
            );
        }
    }
}

/// Cycles a second of this many processes that begin together.
fn round(what: &str, data: &Path, processes: usize) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let mut children: Vec<Child> = (0..processes)
        .map(|_| {
            Command::new(&program)
                .args(["child", what])
                .arg(data)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("a process")
        })
        .collect();
    let mut said: Vec<_> = children
        .iter_mut()
        .map(|child| BufReader::new(child.stdout.take().expect("its output")).lines())
        .collect();
    for lines in &mut said {
        lines.next().expect("it is ready").expect("a line");
    }
    for child in &mut children {
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(b"go\n").expect("it listens");
    }
    let done: u64 = said
        .iter_mut()
        .map(|lines| {
            lines
                .next()
                .expect("a count")
                .expect("a line")
                .parse::<u64>()
                .expect("a number")
        })
        .sum();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    done as f64 / ROUND.as_secs_f64()
}

/// Prints that it is ready, waits for the signal to start, and prints how many cycles it did in a round.
fn child(cycle: &dyn Fn()) {
    cycle();
    println!("ready");
    let mut word = String::new();
    std::io::stdin()
        .read_line(&mut word)
        .expect("the word to go");
    let began = Instant::now();
    let mut done = 0_u64;
    while began.elapsed() < ROUND {
        cycle();
        done += 1;
    }
    println!("{done}");
}

fn queue_cycles(data: &Path) -> impl Fn() + use<> {
    let store = open(data);
    let environment = environment(&store);
    move || {
        let run = new_run(&environment);
        store
            .enqueue_run(&run, Timestamp::now())
            .expect("a place in the queue");
        let claim = claim();
        // Another process may have claimed it, and runs that others queued in this millisecond are due in the next.
        let claimed = loop {
            let claimed = store.claim_next_run(&claim, Timestamp::now());
            if let Some(run) = claimed.expect("a claim") {
                break run;
            }
        };
        let recorded = store.finish_run(&claimed.id, &claim, &ending(), Timestamp::now());
        assert!(recorded.expect("its end"));
    }
}

fn plain_cycles(data: &Path) -> impl Fn() + use<> {
    let connection = std::cell::RefCell::new(plain(data));
    let body = body(&data.join("db/ade.sqlite"));
    move || {
        let id = System.new_id();
        let steps: [(&str, &[&dyn rusqlite::ToSql]); 3] = [
            (
                "INSERT INTO plain (id, body) VALUES (?1, ?2)",
                &[&id, &body],
            ),
            ("UPDATE plain SET body = ?2 WHERE id = ?1", &[&id, &body]),
            ("DELETE FROM plain WHERE id = ?1", &[&id]),
        ];
        for (sql, values) in steps {
            let mut connection = connection.borrow_mut();
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .expect("a transaction");
            transaction
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(values))
                .expect("a change");
            transaction.commit().expect("a commit");
        }
    }
}

/// A database for the queue and one for the plain table, with as many ended rows.
fn seed(data: &Path, history: i64) {
    let store = open(data);
    let environment = environment(&store);
    let run = new_run(&environment);
    let claim = claim();
    let now = Timestamp::now();
    store.insert_claimed_run(&run, &claim, now).expect("a run");
    assert!(
        store
            .finish_run(&run.id, &claim, &ending(), now)
            .expect("its end")
    );
    store.mark_end_reported(&run.id).expect("reported");
    drop(store);
    let path = data.join("db/ade.sqlite");
    let body = body(&path);
    let connection = Connection::open(path).expect("the database");
    connection
        .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        .expect("a fast connection");
    // Copies of the one run that the store recorded.
    for table in ["runs", "run_attempts"] {
        let names = columns(&connection, table);
        let id = if table == "runs" { "id" } else { "run_id" };
        let values: Vec<String> = names
            .iter()
            .map(|name| match name.as_str() {
                name if name == id => "printf('00000000-0000-7000-8000-%012x', number)".to_owned(),
                "created_at" | "started_at" | "completed_at" | "available_at" => {
                    format!("{name} - 1000 * number")
                }
                name => name.to_owned(),
            })
            .collect();
        let sql = format!(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
             INSERT INTO {table} ({}) SELECT {} FROM numbers, (SELECT * FROM {table} LIMIT 1) WHERE ?1 > 0",
            names.join(", "),
            values.join(", ")
        );
        connection.execute(&sql, [history]).expect("a history");
    }
    let plain = plain(data);
    plain
        .execute_batch("PRAGMA synchronous = OFF")
        .expect("a fast connection");
    plain
        .execute(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
             INSERT INTO plain SELECT printf('00000000-0000-7000-8000-%012x', number), ?2 FROM numbers WHERE ?1 > 0",
            params![history, body],
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

/// As many bytes as a run's record has.
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

fn open(data: &Path) -> SqliteStore {
    let settings = Settings::resolve(&Inputs {
        flags: BTreeMap::from([("ADE_DATA_DIR", data.display().to_string())]),
        variables: BTreeMap::new(),
        folder: data.to_owned(),
    })
    .expect("settings");
    SqliteStore::open(
        &settings,
        &data.join("db/ade.sqlite"),
        Opening::CreateIfAbsent,
    )
    .expect("a database")
}

/// The one environment, ready.
fn environment(store: &SqliteStore) -> EnvironmentRecord {
    let now = Timestamp::now();
    let configuration = ConfigurationRecord {
        id: System.new_id(),
        workspace_id: "default".to_owned(),
        name: "roster".to_owned(),
        path: "/roster".into(),
    };
    let configuration = store
        .ensure_configuration(&configuration, now)
        .expect("a configuration");
    let key = EnvironmentKey {
        workspace_id: "default".to_owned(),
        configuration_id: configuration.id,
        engine_spec: "embedded".to_owned(),
        deps_digest: "0".repeat(64),
    };
    let id = System.new_id();
    let environment = NewEnvironment {
        key,
        folder: Path::new("/venvs").join(&id),
        snapshot: "/snapshot".into(),
        id,
    };
    let environment = store
        .ensure_environment(&environment, now)
        .expect("an environment");
    let claim = claim();
    let claimed = store
        .claim_environment(&environment.id, &claim, false, now)
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

fn new_run(environment: &EnvironmentRecord) -> NewRun {
    let id = System.new_id();
    NewRun {
        key: environment.key.clone(),
        environment_id: environment.id.clone(),
        document_id: None,
        source_digest: "0".repeat(64),
        snapshot: "/data/workspaces/default/configs/roster/snapshots/0".into(),
        input_name: "orders.xlsx".to_owned(),
        input_path: format!("/data/workspaces/default/runs/{id}/input/orders.xlsx").into(),
        input_sha256: "0".repeat(64),
        input_size_bytes: 13_436,
        input_sheets: None,
        options: RunOptions::default(),
        max_attempts: 3,
        run_dir: format!("/data/workspaces/default/runs/{id}").into(),
        retry_of_run_id: None,
        id,
    }
}

fn ending() -> Ending {
    Ending {
        status: RunStatus::Succeeded,
        exit_code: Some(0),
        error: None,
        summary: None,
        output_path: Some("/data/workspaces/default/runs/0/output/orders_normalized.xlsx".into()),
        results: None,
        peak_memory_bytes: Some(100 << 20),
        cpu_seconds: Some(0.1),
        engine_seconds: Some(0.1),
    }
}

// ---- Latency -----------------------------------------------------------------------------------------------------------

fn latency() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let configuration = root.join("examples/roster");
    let ade = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ade"));
        command.arg("--data-dir").arg(&data).stdin(Stdio::null());
        command
    };
    let built = ade()
        .args(["env", "build"])
        .arg(&configuration)
        .output()
        .expect("a build");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let mut worker = ade()
        .args(["worker", "--concurrency", "1"])
        .stderr(Stdio::null())
        .spawn()
        .expect("a worker");
    let store = open(&data);
    let mut waits = Vec::new();
    // The first ones find the worker at its start.
    for sample in 0..SAMPLES + 5 {
        let output = ade()
            .args(["run", "--detach", "--dry-run", "--json"])
            .arg(&configuration)
            .arg(root.join("examples/messy-roster.xlsx"))
            .output()
            .expect("a run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let run: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a run object");
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
        // A run may be queued at any moment between two polls of the worker.
        std::thread::sleep(Duration::from_millis((sample as u64 * 37) % 400));
    }
    let _ = worker.kill();
    let _ = worker.wait();
    waits.sort_by(f64::total_cmp);
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part).round() as usize];
    println!(
        "\n{:<44} {:>8} {:>8} {:>8} {:>10}",
        "ms from record to claim", "median", "p99", "most", "wanted"
    );
    println!(
        "{:<44} {:>8.0} {:>8.0} {:>8.0} {:>10}",
        format!("ade run --detach, {} of them", waits.len()),
        at(0.5),
        at(0.99),
        at(1.0),
        "< 20, < 60"
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn claim() -> Claim {
    Claim::new("bench", System.new_token(), Duration::from_secs(900))
}
