//! The HTTP API beside the least that could do the same, in one run: `cargo bench --bench api`.
//!
//! - reads of a run a second, beside a bare axum handler that answers with as many bytes;
//! - runs submitted a second, durably (synchronous=FULL), beside a bare INSERT in a transaction of its own;
//! - 500 clients that follow one run's log: milliseconds from an event's line in the file to its arrival, and the memory that the
//!   clients cost.
//!
//! Clients and server share the machine's cores in each of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::{ListenAddress, Listening, Shutdown};
use ade::api::{Api, ServeOptions};
use ade::base::cancel::Cancel;
use ade::settings::{Inputs, Settings};
use ade::store::{
    ConfigurationRecord, EnvironmentKey, NewEnvironment, NewRun, Opening, RunOptions, Scope,
};
use ade::workspace::Workspace;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long each load lasts.
const SECONDS: u64 = 4;
/// Connections that ask without a pause.
const CONNECTIONS: usize = 32;
/// Clients that follow a log.
const FOLLOWERS: usize = 500;
/// Events that are written for them.
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
    let run = recorded_run(&workspace);
    let stop = Cancel::new();
    let listening = Listening::at(&ListenAddress::Port(([127, 0, 0, 1], 0).into())).unwrap();
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
        reads(address, &token, &run).await;
        submits(address, &token, folder.path(), &workspace).await;
        follows(address, &token, &run, &workspace).await;
    });
    stop.cancel();
    server.join().unwrap();
}

fn workspace(folder: &Path) -> Workspace {
    let flags = [
        ("ADE_DATA_DIR", folder.join("data").display().to_string()),
        ("ADE_DATABASE_SQLITE_SYNCHRONOUS", "FULL".to_owned()),
        ("ADE_QUEUE_SIZE", u32::MAX.to_string()),
    ];
    let settings = Settings::resolve(&Inputs {
        flags: BTreeMap::from(flags),
        variables: BTreeMap::new(),
        folder: folder.to_owned(),
        program: None,
    })
    .unwrap();
    Workspace::open(settings, Opening::CreateIfAbsent).unwrap()
}

/// A queued run with an empty log.
fn recorded_run(workspace: &Workspace) -> String {
    let store = &workspace.store;
    let now = workspace.machine.now();
    let configuration = store
        .ensure_configuration(
            &ConfigurationRecord {
                id: workspace.machine.new_id(),
                workspace_id: "default".to_owned(),
                name: "bench".to_owned(),
                path: "/bench".into(),
            },
            now,
        )
        .unwrap();
    let key = EnvironmentKey {
        workspace_id: "default".to_owned(),
        configuration_id: configuration.id,
        engine_spec: "embedded".to_owned(),
        deps_digest: "0".repeat(64),
    };
    let environment = store
        .ensure_environment(
            &NewEnvironment {
                id: workspace.machine.new_id(),
                key: key.clone(),
                folder: "/bench".into(),
                snapshot: "/bench".into(),
            },
            now,
        )
        .unwrap();
    let id = workspace.machine.new_id();
    let run = NewRun {
        run_dir: workspace.paths.run("default", &id).path().to_owned(),
        id,
        key,
        environment_id: environment.id,
        document_id: None,
        source_digest: "0".repeat(64),
        snapshot: "/bench".into(),
        input_name: "input.csv".to_owned(),
        input_path: "/bench/input.csv".into(),
        input_sha256: "0".repeat(64),
        input_size_bytes: 1,
        input_sheets: None,
        options: RunOptions::default(),
        max_attempts: 3,
        retry_of_run_id: None,
    };
    store.enqueue_runs(&[run], now).unwrap()[0].id.clone()
}

/// A connection that stays open.
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

/// Requests a second, over several connections.
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
    // A configuration as small as it can be, and a document.
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
    let mut client = Client::connect(address).await;
    let post = |path: &str, kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let path = format!("/api/v1/configs/{}", configuration.id);
    let (status, body) = client
        .ask(&post(&format!("{path}/publish"), "application/json", ""))
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

/// Bare INSERTs a second, each in its own transaction, durable.
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

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
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
                    waits.push(microseconds() - at);
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
    waits.sort_unstable();
    let part = |percent: usize| {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let milliseconds = waits[(waits.len() - 1) * percent / 100] as f64 / 1000.0;
        milliseconds
    };
    println!(
        "{FOLLOWERS} clients of one log, {EVENTS} events: median {:.1} ms, 99th percentile {:.1} ms from written to received; {grown:.1} MiB for clients and server together",
        part(50),
        part(99)
    );
}
