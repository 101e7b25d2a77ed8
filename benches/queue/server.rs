//! Measures the same cycles on a PostgreSQL server of this bench, on a socket; it writes to the disk with each commit.
//!
//! Next to each is a plain INSERT with a commit, by as many clients in the same rounds. A cycle is enqueue, claim, heartbeat,
//! finish. `ENDED` and `WAITING` set the length of the history and the queue; the queue keeps its length.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ade::base::cancel::Cancel;
use ade::base::clock::Timestamp;
use ade::store::{Heartbeat, NewRun, OpenMode, Store, Submitter, SubmitterKind};
use ade::system::bell::Bell;
use ade::system::machine::{Machine, System};
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

use super::{
    Children, Spread, claim, environment, finish, median, new_run, settings, wait_for_the_word,
};

const ENDED: i64 = 500_000;
const WAITING: i64 = 100_000;
const SUBMITTERS: i64 = 1_000;
/// The numbers of processes, and of threads in each, which share its connection.
const CLIENTS: [(usize, usize); 5] = [(1, 1), (4, 1), (8, 1), (1, 8), (2, 8)];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const SCHEMA: &str = "bench";

/// A server in its own folder, which ends when this is dropped.
struct Server {
    folder: tempfile::TempDir,
    script: Child,
}

impl Server {
    /// Starts the server. `None`: PostgreSQL is not installed.
    fn start() -> Option<Self> {
        let by_version = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        let installed = by_version.map(|entry: std::fs::DirEntry| entry.path().join("bin"));
        let programs: PathBuf = installed.filter(|bin| bin.join("initdb").is_file()).max()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let script = Command::new("sh")
            .args([
                "-c",
                include_str!("../../src/store/postgres/test_server.sh"),
                "server",
            ])
            .arg(folder.path())
            .arg(programs)
            .arg("on")
            .stdin(Stdio::piped())
            .spawn()
            .expect("a server");
        let server = Self { folder, script };
        while Plain::try_open(&server.address()).is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn address(&self) -> String {
        format!(
            "host={} user=ade dbname=postgres",
            self.folder.path().display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// A connection without a store.
struct Plain {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

impl Plain {
    fn try_open(address: &str) -> Option<Self> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().ok()?;
        let (client, connection) = runtime
            .block_on(tokio_postgres::connect(address, NoTls))
            .ok()?;
        runtime.spawn(connection);
        let plain = Self { runtime, client };
        plain.execute(&format!("SET search_path = {SCHEMA}"));
        Some(plain)
    }

    fn open(address: &str) -> Self {
        Self::try_open(address).expect("a connection")
    }

    fn execute(&self, sql: &str) {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.expect(sql);
    }

    fn columns(&self, table: &str) -> Vec<String> {
        let sql = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1";
        let rows = self.runtime.block_on(self.client.query(sql, &[&table]));
        let rows = rows.expect("the columns");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn open(address: &str) -> Store {
    let folder = Path::new("/");
    let socket = address.split([' ', '=']).nth(1).expect("a socket");
    let url = format!(
        "postgresql://ade@{}/postgres?schema={SCHEMA}",
        socket.replace('/', "%2F")
    );
    let settings = settings(folder, &[("ADE_DATABASE_URL", &url)]);
    ade::store::open(&settings, folder, "bench", OpenMode::CreateIfAbsent).expect("a store")
}

/// Returns a function for new runs. The waiting runs have many submitters; every client is a further one.
fn submitted(store: &Store) -> impl Fn() -> NewRun + use<> {
    let environment = environment(store, "0");
    move || {
        let mut run = new_run(&environment);
        run.options.submitted_by = Some(Submitter {
            kind: SubmitterKind::Token,
            id: std::process::id().to_string(),
            name: "bench".to_owned(),
        });
        run
    }
}

fn seed(address: &str) {
    let store = open(address);
    let new = submitted(&store);
    let (ended, waiting) = (new(), new());
    let mine = claim();
    let now = Timestamp::now();
    store.insert_claimed_run(&ended, &mine, now).expect("a run");
    finish(&store, &ended.id, &mine);
    let waits = store.enqueue_runs(std::slice::from_ref(&waiting), now);
    waits.expect("a run that waits");
    let plain = Plain::open(address);
    plain.execute("CREATE TABLE plain (id text PRIMARY KEY NOT NULL, body text NOT NULL); SET session_replication_role = replica");
    for (table, id, of, count, group) in [
        ("runs", "id", &ended.id, ENDED, "0000"),
        ("run_attempts", "run_id", &ended.id, ENDED, "0000"),
        ("runs", "id", &waiting.id, WAITING, "0001"),
        ("queue", "run_id", &waiting.id, WAITING, "0001"),
    ] {
        let columns = plain.columns(table);
        let values: Vec<String> = columns
            .iter()
            .map(|name| match name.as_str() {
                name if name == id => {
                    format!("'00000000-{group}-7000-8000-' || lpad(to_hex(number), 12, '0')")
                }
                "submitter" => format!("'user ' || number % {SUBMITTERS}"),
                "created_at" | "started_at" | "completed_at" => {
                    format!("one.{name} - 1000 * ({count} - number)")
                }
                name => format!("one.{name}"),
            })
            .collect();
        plain.execute(&format!(
            "INSERT INTO {table} ({}) SELECT {} FROM generate_series(1, {count}) AS number, (SELECT * FROM {table} WHERE {id} = '{of}') AS one",
            columns.join(", "),
            values.join(", ")
        ));
    }
    plain.execute(
        "INSERT INTO queue_turns SELECT environment_id, priority, submitter, row_number() OVER (ORDER BY submitter) + 1 FROM queue
             GROUP BY environment_id, priority, submitter ON CONFLICT DO NOTHING",
    );
    plain.execute("VACUUM ANALYZE");
    plain.execute("CHECKPOINT");
}

/// Prints the microseconds of each claim of a round.
pub fn child(address: &str, threads: usize) {
    let store = open(address);
    let new = submitted(&store);
    let cycle = || {
        let now = Timestamp::now();
        store
            .enqueue_runs(&[new()], now)
            .expect("a place in the queue");
        let mine = claim();
        loop {
            let began = Instant::now();
            let claimed = store.claim_next_run(&mine, Timestamp::now());
            let took = began.elapsed();
            if let Some(run) = claimed.expect("an answer") {
                let beat = store.heartbeat_run(&run.id, &mine, Timestamp::now());
                assert!(matches!(beat, Ok(Heartbeat::Renewed { .. })));
                finish(&store, &run.id, &mine);
                return took.as_micros().to_string();
            }
        }
    };
    cycle();
    repeat(threads, &cycle);
}

/// Prints the microseconds of each plain INSERT of a round.
pub fn plain_child(address: &str) {
    let plain = Plain::open(address);
    let insert = plain
        .client
        .prepare("INSERT INTO plain (id, body) VALUES ($1, $2)");
    let insert = plain.runtime.block_on(insert).expect("a statement");
    let body = "x".repeat(600);
    repeat(1, &|| {
        let began = Instant::now();
        let id = System.new_id();
        let values: [&(dyn ToSql + Sync); 2] = [&id, &body];
        let inserted = plain.client.execute(&insert, &values);
        plain.runtime.block_on(inserted).expect("a row");
        began.elapsed().as_micros().to_string()
    });
}

fn repeat(threads: usize, step: &(dyn Fn() -> String + Sync)) {
    let began = wait_for_the_word();
    let steps = || {
        let mut times = Vec::new();
        while began.elapsed() < ROUND {
            times.push(step());
        }
        times.join(" ")
    };
    let times: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(steps)).collect();
        let all = all
            .into_iter()
            .map(|thread| thread.join().expect("its times"));
        all.collect()
    });
    println!("{}", times.join(" "));
}

/// Returns the milliseconds of each step of this many clients.
fn round(words: &[&str], address: &str, processes: usize) -> Vec<f64> {
    let mut children = Children::begin(words, Path::new(address), processes);
    let mut all = Vec::new();
    for index in 0..processes {
        let line = children.line(index);
        let times = line.split_whitespace();
        all.extend(times.map(|time| time.parse::<f64>().expect("a time") / 1000.0));
    }
    children.end();
    all
}

pub fn measure() {
    let Some(server) = Server::start() else {
        println!("\nskipped: PostgreSQL is not installed");
        return;
    };
    let address = server.address();
    let schema = format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}");
    Plain::open(&address).execute(&schema);
    seed(&address);
    println!(
        "\nPostgreSQL, {ENDED} ended runs, {WAITING} that wait of {SUBMITTERS} submitters\n{:>10} {:>8} {:>10} {:>10} {:>10} {:>14} {:>10} {:>10}",
        "processes", "threads", "cycles/s", "least", "most", "INSERTs/s", "claim p50", "p99"
    );
    for (processes, threads) in CLIENTS {
        let (mut cycles, mut plain, mut claims) = (Vec::new(), Vec::new(), Vec::new());
        let rate = |times: &[f64]| times.len() as f64 / ROUND.as_secs_f64();
        for _ in 0..ROUNDS {
            let times = round(
                &["child", "server", &threads.to_string()],
                &address,
                processes,
            );
            cycles.push(rate(&times));
            claims.extend(times);
            let plain_words = ["child", "plain server"];
            plain.push(rate(&round(&plain_words, &address, processes * threads)));
        }
        let middle = median(&mut cycles);
        let claims = Spread::measure(&mut claims);
        println!(
            "{processes:>10} {threads:>8} {middle:>10.0} {:>10.0} {:>10.0} {:>14.0} {:>10.2} {:>10.2}",
            cycles[0],
            cycles[cycles.len() - 1],
            median(&mut plain),
            claims.median,
            claims.p99
        );
    }
    wake_up(&address);
}

/// Measures the time from before a run is recorded, and from its record, to the bell of a sleeping process.
fn wake_up(address: &str) {
    let (store, sleeper) = (open(address), open(address));
    let new = submitted(&store);
    let (bell, end, rung) = (Bell::default(), Cancel::new(), Mutex::new(Instant::now()));
    let (mut after, mut whole) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            sleeper.listen(
                &|| {
                    *rung.lock().expect("the time") = Instant::now();
                    bell.ring();
                },
                &end,
            )
        });
        bell.sleep(0, Duration::from_secs(60));
        for _ in 0..500 {
            let (heard, began) = (bell.rings(), Instant::now());
            let recorded = store.enqueue_runs(&[new()], Timestamp::now());
            recorded.expect("a place in the queue");
            let recorded = Instant::now();
            assert!(bell.sleep(heard, Duration::from_secs(60)));
            let rung = *rung.lock().expect("the time");
            after.push(rung.saturating_duration_since(recorded).as_secs_f64() * 1000.0);
            whole.push(rung.saturating_duration_since(began).as_secs_f64() * 1000.0);
            std::thread::sleep(Duration::from_millis(3));
        }
        end.cancel();
    });
    for (what, times) in [
        ("from its record", &mut after),
        ("from the call", &mut whole),
    ] {
        let spread = Spread::measure(times);
        println!(
            "ms to the bell, {what}: median {:.2}, p99 {:.2}, most {:.2}",
            spread.median, spread.p99, spread.most
        );
    }
}
