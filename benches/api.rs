//! Compares the HTTP API with the simplest code that does the same, in one run: `cargo bench --bench api`.
//!
//! - reads of a run per second, compared to a bare axum handler that answers with as many bytes;
//! - durably submitted runs per second (synchronous=FULL), compared to a bare INSERT in its own transaction;
//! - lists over 10,000 runs, requested by one client and by eight: milliseconds per answer;
//! - windows of the cells of a run's input and output, 200,000 rows by 20 columns, after the first, and the rows that belong together;
//! - 500 clients that follow one run's log: milliseconds from an event's line in the file to its arrival, and the memory for the
//!   clients.
//!
//! In all of them, clients and server share the machine's cores. `cargo bench --bench api -- lists` runs only one of them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::{BoundListeners, ListenAddress, Shutdown};
use ade::api::{Api, ServeOptions};
use ade::base::cancel::Cancel;
use ade::store::{ConfigurationRecord, NewRun, OpenMode, Scope};
use ade::workspace::Workspace;
use common::{Spread, ensure, memory, new_run, settings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

mod common;
#[path = "common/large_sheet.rs"]
mod large_sheet;

/// The duration of each load in seconds.
const SECONDS: u64 = 4;
/// The number of connections that send requests without a pause.
const CONNECTIONS: usize = 32;
/// The number of listed runs, and how often each list is requested.
const LISTED: u32 = 10_000;
const LISTS: usize = 400;
/// The number of clients that request lists at the same time.
const LISTERS: usize = 8;
/// The size of the large sheet, and the number of windows that are requested.
const ROWS: u64 = 200_000;
const COLUMNS: u64 = 20;
const WINDOWS: usize = 300;
/// The number of clients that follow a log.
const FOLLOWERS: usize = 500;
/// The number of events that are written for them.
const EVENTS: usize = 200;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Arc::new(workspace(folder.path()));
    let (token, _) = tokens::create(
        &workspace,
        &NewToken {
            name: "bench".to_owned(),
            scope: Scope::Admin,
            workspaces: None,
            valid_for: None,
        },
    )
    .unwrap();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let parts = ["lists", "windows", "reads", "submits", "follows"];
    let named = words.iter().any(|word| parts.contains(&word.as_str()));
    let is_wanted = |part: &str| !named || words.iter().any(|word| word == part);
    let run = recorded_runs(&workspace, 1).remove(0);
    let stop = Cancel::new();
    let listening = BoundListeners::at(&ListenAddress::Port(([127, 0, 0, 1], 0).into())).unwrap();
    let address = listening.address().unwrap();
    let options = ServeOptions {
        loopback: true,
        ..ServeOptions::default()
    };
    let api = Api::new(Arc::clone(&workspace), options, Box::new(|_| {}));
    let server = std::thread::spawn({
        let shutdown = Shutdown {
            in_order: stop.clone(),
            grace: Duration::from_secs(1),
            ..Shutdown::default()
        };
        move || listening.serve(&api, &shutdown)
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        if is_wanted("lists") {
            lists(address, &token, &workspace).await;
        }
        if is_wanted("windows") {
            windows(address, &token, &workspace).await;
        }
        if is_wanted("reads") {
            reads(address, &token, &run).await;
        }
        if is_wanted("submits") {
            submits(address, &token, folder.path(), &workspace).await;
        }
        if is_wanted("follows") {
            follows(address, &token, &run, &workspace).await;
        }
    });
    stop.cancel();
    server.join().unwrap();
}

fn workspace(folder: &Path) -> Workspace {
    let endless = u32::MAX.to_string();
    let others = [
        ("ADE_DATABASE_SQLITE_SYNCHRONOUS", "FULL"),
        ("ADE_QUEUE_SIZE", endless.as_str()),
    ];
    let settings = settings(&folder.join("data"), &others);
    Workspace::open(settings, OpenMode::CreateIfAbsent).unwrap()
}

/// Records queued runs with empty logs. Returns their ids, oldest first.
fn recorded_runs(workspace: &Workspace, count: u32) -> Vec<String> {
    let store = &workspace.store;
    let now = workspace.machine.now();
    let environment = ensure(store, "0");
    let run = |_| {
        let id = workspace.machine.new_id();
        NewRun {
            run_dir: workspace.paths.run("default", &id).path().to_owned(),
            input_name: "input.xlsx".to_owned(),
            id,
            ..new_run(&environment)
        }
    };
    let new: Vec<NewRun> = (0..count).map(run).collect();
    let runs = store.enqueue_runs(&new, now).unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

/// Opens a second connection to the database, to record many runs at once.
fn beside(workspace: &Workspace) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(workspace.paths.database()).unwrap();
    let busy = Duration::from_secs(10);
    connection.busy_timeout(busy).unwrap();
    connection
}

/// Ends runs: of ten, one fails, one is cancelled, and the others have metrics. `demands`: the requirements of each.
fn end_all(workspace: &Workspace, runs: &[String], demands: &str) {
    let runs = serde_json::to_string(runs).unwrap();
    let connection = beside(workspace);
    let these = "CREATE TEMP TABLE these AS SELECT value AS id, ?2 AS demands FROM json_each(?1)";
    connection.execute(these, [&runs, demands]).unwrap();
    connection
        .execute_batch(
            "BEGIN IMMEDIATE;
             UPDATE runs SET attempt_count = 1, started_at = created_at, completed_at = created_at + 2000, options = these.demands, exit_code = 0,
                 output_path = 'output/input_normalized.xlsx',
                 status = CASE runs.rowid % 10 WHEN 3 THEN 'failed' WHEN 6 THEN 'cancelled' ELSE 'succeeded' END
                 FROM these WHERE these.id = runs.id;
             UPDATE runs SET error_code = 'engine_failed', error_stage = 'processing', error_message = 'a hook raised ValueError'
                 WHERE status = 'failed';
             DELETE FROM queue WHERE run_id IN (SELECT id FROM these);
             INSERT INTO run_metrics (run_id, sheet_count, table_count, row_count_total, column_count_total, field_count_expected,
                 field_count_detected, column_count_unmapped, validation_issues_total, validation_issues_error, validation_issues_warning,
                 validation_issues_info)
                 SELECT id, 1, 2, 1234, 17, 12, 11, 3, 25, 5, 15, 5 FROM runs JOIN these USING (id) WHERE status = 'succeeded';
             COMMIT",
        )
        .unwrap();
}

/// Returns the milliseconds of each answer, for `count` requests by each of several clients.
async fn times(address: SocketAddr, clients: usize, count: usize, request: &str) -> Spread {
    let mut asking = Vec::new();
    for _ in 0..clients {
        let request = request.to_owned();
        asking.push(tokio::spawn(async move {
            let mut client = Client::connect(address).await;
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let since = Instant::now();
                let (status, body) = client.ask(&request).await;
                times.push(since.elapsed().as_secs_f64() * 1000.0);
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            }
            times
        }));
    }
    let mut all = Vec::new();
    for client in asking {
        all.extend(client.await.unwrap());
    }
    Spread::measure(&mut all)
}

async fn lists(address: SocketAddr, token: &str, workspace: &Arc<Workspace>) {
    const RUNNING: usize = 4;
    let runs = recorded_runs(workspace, LISTED);
    let (ended, waiting) = runs.split_at(runs.len() - 20);
    end_all(workspace, ended, "{}");
    // The newest runs are waiting, and some of them are running.
    let running = &waiting[..RUNNING];
    let sql = "UPDATE queue SET status = 'running', claim_token = run_id, claimed_at = created_at, claim_expires_at = created_at + 1e9, started_at = created_at WHERE run_id = ?1";
    for run in running {
        beside(workspace).execute(sql, [run]).unwrap();
        let log = workspace.paths.run("default", run).events();
        std::fs::create_dir_all(log.parent().unwrap()).unwrap();
        let line = r#"{"sequence":1,"event":"engine.sheet.progress","level":"info","message":"","data":{"stage":"write","rows":4000}}"#;
        std::fs::write(log, format!("{line}\n").repeat(100)).unwrap();
    }
    let measure = async |what: &str, query: &str| {
        let request = get(address, token, &format!("/api/v1/runs?{query}"));
        times(address, 1, 20, &request).await;
        let single = times(address, 1, LISTS, &request).await;
        let several = times(address, LISTERS, LISTS, &request).await;
        println!(
            "lists {what:<26} one client: median {:.2} ms (wanted 2), 99th percentile {:.2} ms; {LISTERS} clients: median {:.2} ms, 99th percentile {:.2} ms (wanted 25)",
            single.median, single.p99, several.median, several.p99,
        );
    };
    measure("of 50", "").await;
    measure("of 50, with counts", "counts=true").await;
    measure("of 50 that failed", "status=failed").await;
    measure("of 50 with a text", "q=input").await;
    let asked = recorded_runs(workspace, 100);
    let demands = r#"{"demands":{"no_issues":true,"fields":["name"]}}"#;
    end_all(workspace, &asked, demands);
    let payload = payload();
    let sql = "UPDATE runs SET result = ?1 WHERE options LIKE '%demands%' AND status = 'succeeded'";
    beside(workspace).execute(sql, [payload]).unwrap();
    measure("of 50 with demands", "").await;
}

/// Writes a list of issues: one in each tenth row.
fn issues() -> String {
    let issue = |row: u64| {
        let issue = serde_json::json!({
            "sheet": "Large", "cell": format!("B{row}"), "severity": "warning", "field": "hours", "label": "Hours", "rule": "hours.up_to_80",
            "message": "more than 80 hours a week", "value": "97.5", "written": "97.5", "key": null, "output": format!("B{row}"), "row": row,
            "column": "B", "output_sheet": "Large", "table": 1});
        format!("{issue}\n")
    };
    (1..ROWS / 10).map(|ten| issue(ten * 10)).collect()
}

/// Returns a recorded engine payload with 20 sheets, each with one table of 20 columns.
fn payload() -> Vec<u8> {
    use std::io::Write;
    let column = serde_json::json!({"index": 1, "header": {"raw": "First name", "normalized": "first name"}, "non_empty_cells": 1234,
        "mapping": {"status": "mapped", "field": "first_name", "score": 1.0, "method": "classifier", "candidates": []}});
    let table = serde_json::json!({"table_index": 0, "structure": {"columns": vec![column; 20]}});
    let sheet =
        serde_json::json!({"locator": {"sheet": {"index": 0, "name": "Sheet"}}, "tables": [table]});
    let payload = serde_json::json!({"schema_version": 1, "workbooks": [{"sheets": vec![sheet; 20]}], "fields": []});
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(payload.to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn windows(address: SocketAddr, token: &str, workspace: &Arc<Workspace>) {
    let run = recorded_runs(workspace, 1).remove(0);
    end_all(workspace, std::slice::from_ref(&run), "{}");
    let folder = workspace.paths.run("default", &run);
    let (input, output) = (folder.staged("input.xlsx"), folder.normalized("input.xlsx"));
    for path in [&input, &output, &folder.events()] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    }
    large_sheet::write(&input, ROWS, COLUMNS);
    std::fs::copy(&input, &output).unwrap();
    let line = r#"{"sequence":1,"event":"engine.sheet.progress","level":"info","message":"","data":{"stage":"write","rows":4000}}"#;
    std::fs::write(folder.events(), format!("{line}\n").repeat(2000)).unwrap();
    let sql = "UPDATE runs SET status = 'succeeded', output_path = ?2, result = ?3 WHERE id = ?1";
    let values = rusqlite::params![run, output.to_str(), payload()];
    beside(workspace).execute(sql, values).unwrap();
    let measure = async |what: &str, path: &dyn Fn(u64) -> String| {
        let mut client = Client::connect(address).await;
        let mut later = Vec::new();
        let (mut first, mut seed, mut bytes) = (0.0, 1_u64, 0);
        for number in 0..=WINDOWS {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let request = get(address, token, &path(1 + (seed >> 33) % (ROWS - 200)));
            let since = Instant::now();
            let (status, body) = client.ask(&request).await;
            let took = since.elapsed().as_secs_f64() * 1000.0;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
            bytes = body.len();
            match number {
                0 => first = took,
                _ => later.push(took),
            }
        }
        let later = Spread::measure(&mut later);
        println!(
            "windows {what:<26} first {first:.1} ms; later ones: median {:.2} ms, 99th percentile {:.2} ms (wanted 5); {bytes} bytes",
            later.median, later.p99,
        );
    };
    let path = format!("/api/v1/runs/{run}");
    let window = |side: &str| {
        let path = format!("{path}/cells?side={side}&columns=1-20&rows=");
        move |row: u64| format!("{path}{row}-{}", row + 199)
    };
    measure("output, rows not told", &window("output")).await;
    // Every tenth row is blank; the others were written.
    let stretches: Vec<_> = (0..ROWS / 10)
        .map(|ten| [ten * 10 + 2, ten * 10 + 10])
        .collect();
    let blank: Vec<_> = (1..ROWS / 10)
        .map(|ten| serde_json::json!({"sheet": "Large", "first": ten * 10 + 1, "last": ten * 10 + 1, "reason": "blank", "hook": null}))
        .collect();
    let rows = serde_json::json!({"schema_version": 1, "not_written": blank, "tables": [
        {"sheet": "Large", "table": 1, "output_sheet": "Large", "first_row": 2, "turned": false, "rows": stretches, "unknown": null}]});
    std::fs::write(folder.rows("input.xlsx"), rows.to_string()).unwrap();
    measure("output", &window("output")).await;
    measure("input", &window("input")).await;
    std::fs::write(folder.issues("input.xlsx"), issues()).unwrap();
    let with_issues = window("input");
    measure("input, with issues", &|row| {
        format!("{}&with=issues", with_issues(row))
    })
    .await;
    let limit = 100_000;
    measure("rows of the whole input", &|_| {
        format!("{path}/rows?side=input&sheet=Large&limit={limit}")
    })
    .await;
}

/// A connection that stays open between requests.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends a request, and returns the status and the body.
    async fn ask(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.0
            .get_mut()
            .write_all(request.as_bytes())
            .await
            .unwrap();
        let (status, length) = self.head().await;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (status, body)
    }

    async fn head(&mut self) -> (u16, usize) {
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            let line = line.trim_end();
            if line.is_empty() {
                return (status, length);
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
    }
}

/// Returns the requests per second over several connections.
async fn load(
    address: SocketAddr,
    expected: u16,
    request: impl Fn(u64) -> String + Send + Sync + 'static,
) -> f64 {
    let (request, done) = (Arc::new(request), Arc::new(AtomicU64::new(0)));
    let number = Arc::new(AtomicU64::new(0));
    let since = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let (request, done, number) =
            (Arc::clone(&request), Arc::clone(&done), Arc::clone(&number));
        clients.push(tokio::spawn(async move {
            let mut client = Client::connect(address).await;
            while since.elapsed() < Duration::from_secs(SECONDS) {
                let text = request(number.fetch_add(1, Ordering::Relaxed));
                let (status, body) = client.ask(&text).await;
                assert_eq!(status, expected, "{}", String::from_utf8_lossy(&body));
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let count = done.load(Ordering::Relaxed) as f64;
    count / since.elapsed().as_secs_f64()
}

fn get(address: SocketAddr, token: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n")
}

async fn reads(address: SocketAddr, token: &str, run: &str) {
    let request = get(address, token, &format!("/api/v1/runs/{run}"));
    let (status, body) = Client::connect(address).await.ask(&request).await;
    assert_eq!(status, 200);
    let bare = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bare_address = bare.local_addr().unwrap();
    let answer = String::from_utf8(body).unwrap();
    let router = axum::Router::new().route(
        "/run",
        axum::routing::get(move || std::future::ready(answer.clone())),
    );
    tokio::spawn(async move { axum::serve(bare, router).await.unwrap() });
    let plain = format!("GET /run HTTP/1.1\r\nHost: {bare_address}\r\n\r\n");
    for round in 1..=3 {
        let (plain, request) = (plain.clone(), request.clone());
        let least = load(bare_address, 200, move |_| plain.clone()).await;
        let reads = load(address, 200, move |_| request.clone()).await;
        println!(
            "reads {round}: {reads:.0} a second, bare axum {least:.0}: ratio {:.2} (wanted 0.5)",
            reads / least
        );
    }
}

async fn submits(address: SocketAddr, token: &str, folder: &Path, workspace: &Arc<Workspace>) {
    // A minimal configuration, and a document.
    let config = folder.join("config");
    std::fs::create_dir_all(config.join("ade_config/columns")).unwrap();
    std::fs::write(config.join("ade_config/__init__.py"), "").unwrap();
    std::fs::write(
        config.join("ade_config/columns/none.py"),
        "def register(registry):\n    pass\n",
    )
    .unwrap();
    let store = &workspace.store;
    let configuration = store
        .ensure_configuration(
            &ConfigurationRecord {
                id: workspace.machine.new_id(),
                workspace_id: "default".to_owned(),
                name: "small".to_owned(),
                path: config.clone(),
            },
            workspace.machine.now(),
        )
        .unwrap();
    let built = common::ade(&folder.join("data"))
        .args(["env", "build", "--quiet"])
        .arg(&config)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(built.success());
    let mut client = Client::connect(address).await;
    let post = |path: &str, kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let path = format!("/api/v1/configs/{}", configuration.id);
    let (status, body) = client
        .ask(&post(&format!("{path}/publish"), "application/json", "{}"))
        .await;
    assert!(status < 300, "{}", String::from_utf8_lossy(&body));
    let upload = post(
        "/api/v1/workspaces/default/documents?name=a.csv",
        "application/octet-stream",
        "a\n1\n",
    );
    let (_, body) = client.ask(&upload).await;
    let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let new = format!("{{\"document_id\":{}}}", document["id"]);
    let request = post(&format!("{path}/runs"), "application/json", &new);
    for round in 1..=3 {
        let inserts = inserts(&folder.join(format!("plain-{round}.sqlite")));
        let request = request.clone();
        let submits = load(address, 201, move |_| request.clone()).await;
        println!(
            "submits {round}: {submits:.0} a second, bare INSERT {inserts:.0}: ratio {:.2} (wanted 0.5)",
            submits / inserts
        );
    }
}

/// Returns the bare INSERTs per second, each in its own durable transaction.
fn inserts(path: &Path) -> f64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id TEXT PRIMARY KEY, body TEXT)")
        .unwrap();
    let body = "x".repeat(600);
    let (since, mut count) = (Instant::now(), 0.0);
    let mut insert = connection.prepare("INSERT INTO t VALUES (?1, ?2)").unwrap();
    while since.elapsed() < Duration::from_secs(SECONDS) {
        insert
            .execute([&uuid::Uuid::now_v7().to_string(), &body])
            .unwrap();
        count += 1.0;
    }
    count / since.elapsed().as_secs_f64()
}

fn microseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_micros()
}

async fn follows(address: SocketAddr, token: &str, run: &str, workspace: &Arc<Workspace>) {
    use std::io::Write;
    let path = workspace.paths.run("default", run).events();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut log = std::fs::File::create(&path).unwrap();
    let resident = || memory("VmRSS").unwrap_or(0.0);
    let before = resident();
    let request = get(address, token, &format!("/api/v1/runs/{run}/events"));
    let mut clients = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut client = Client::connect(address).await;
        client
            .0
            .get_mut()
            .write_all(request.as_bytes())
            .await
            .unwrap();
        let (status, _) = client.head().await;
        assert_eq!(status, 200);
        clients.push(tokio::spawn(async move {
            let mut waits = Vec::with_capacity(EVENTS);
            let mut line = String::new();
            while waits.len() < EVENTS {
                line.clear();
                assert!(client.0.read_line(&mut line).await.unwrap() > 0);
                if let Some(at) = line.split("\"at\":").nth(1) {
                    let at: u128 = at.trim_end().trim_end_matches('}').parse().unwrap();
                    waits.push((microseconds() - at) as f64 / 1000.0);
                }
            }
            waits
        }));
    }
    let grown = resident() - before;
    for number in 1..=EVENTS {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let line = format!(
            "{{\"sequence\":{number},\"event\":\"bench\",\"at\":{}}}\n",
            microseconds()
        );
        log.write_all(line.as_bytes()).unwrap();
    }
    let mut waits = Vec::new();
    for client in clients {
        waits.extend(client.await.unwrap());
    }
    let spread = Spread::measure(&mut waits);
    println!(
        "{FOLLOWERS} clients of one log, {EVENTS} events: median {:.1} ms, 99th percentile {:.1} ms from written to received; {grown:.1} MiB for clients and server together",
        spread.median, spread.p99
    );
}
