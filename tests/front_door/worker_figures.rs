//! The parts of a worker that an operator's machines watch: figures, readiness, a watchdog, and the journal.

use crate::common;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use common::{HANG, Place, Running, wait_for};

/// Requests a page and returns the answer.
pub fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Returns the value of a figure; `name` includes its labels, if it has some.
fn figure(address: &str, name: &str) -> u64 {
    let text = ask(address, "/metrics");
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("{name}: {text}"));
    value.parse().unwrap()
}

/// Returns the address that a worker prints for its figures.
pub fn address_of(worker: &mut Running) -> String {
    worker.wait_until_says("/metrics");
    let said = worker.stderr();
    let (_, rest) = said.split_once("figures at http://").unwrap();
    rest.split_once("/metrics").unwrap().0.to_owned()
}

#[test]
fn a_worker_alone_has_figures_and_nothing_else() {
    let place = Place::held("");
    let mut worker = place.start_worker_with("one", "--concurrency 2 --metrics 127.0.0.1:0");
    let address = address_of(&mut worker);
    let run = place.enqueue("config", "members.csv");
    place.wait_until_held(1);
    for (name, value) in [
        ("ade_workers", 1),
        ("ade_slots", 2),
        ("ade_slots_busy", 1),
        ("ade_runs_running", 1),
        ("ade_attempts_lost_total", 0),
    ] {
        assert_eq!(figure(&address, name), value, "{name}");
    }
    assert!(figure(&address, "ade_data_free_bytes") > 0);
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/api/v1/runs", 404)] {
        let answer = ask(&address, path);
        let begin = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&begin), "{path}: {answer}");
    }
    place.let_go();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn an_address_that_is_in_use_is_refused_before_anything_is_claimed() {
    let place = Place::ready();
    place.ade("run config members.csv --detach -q").success();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    place.ade_refuses(
        &format!("worker --drain --metrics {address}"),
        &format!("{address} is in use"),
    );
    place.ade("worker --metrics here").code(2);
    assert_eq!(place.statuses(), ["queued"]);
}

#[test]
fn what_has_happened_is_counted_and_never_goes_back() {
    let mut place = Place::held("");
    place.set("ADE_WORKER_MAX_ATTEMPTS", "2");
    let (run, worker) = place.begun("one");
    worker.dies();
    place.let_go();
    place.ade("worker --drain -q").success();
    place.wait_for_status(&run, "succeeded");
    place.write("broken.xlsx", "none");
    place.ade("run config broken.xlsx -q");
    for status in ["succeeded", "failed"] {
        let remove = format!("runs rm --status {status} --yes -q");
        place.ade(&remove).success();
    }
    assert_eq!(place.query::<i64>("SELECT count(*) FROM runs"), 0);
    let mut worker = place.start_worker_with("two", "--metrics 127.0.0.1:0");
    let address = address_of(&mut worker);
    let of_default = "ade_workspace_runs_ended_total{workspace=\"default\",status=\"failed\"}";
    for (name, value) in [
        (of_default, 1),
        ("ade_run_duration_seconds_bucket{le=\"+Inf\"}", 2),
        ("ade_run_wait_seconds_count", 2),
        ("ade_runs_ended_total{status=\"succeeded\"}", 1),
        ("ade_runs_ended_total{status=\"failed\"}", 1),
        ("ade_runs_ended_total{status=\"cancelled\"}", 0),
        ("ade_attempts_lost_total", 1),
    ] {
        assert_eq!(figure(&address, name), value, "{name}");
    }
    worker.stops();
}

/// Returns a place whose processes notify a service manager of their state; the test is that manager.
fn managed(mut place: Place) -> (Place, UnixDatagram) {
    let manager = UnixDatagram::bind(place.path("notify")).unwrap();
    manager.set_read_timeout(Some(HANG)).unwrap();
    let socket = place.path("notify");
    place.set("NOTIFY_SOCKET", socket);
    (place, manager)
}

/// Returns the next message to the manager.
fn told(manager: &UnixDatagram) -> String {
    let mut words = [0; 64];
    let length = manager.recv(&mut words).unwrap();
    String::from_utf8_lossy(&words[..length]).into_owned()
}

#[test]
fn the_service_manager_hears_of_readiness_of_the_loop_and_of_the_end() {
    let (place, manager) = managed(Place::held(""));
    place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    assert_eq!(told(&manager), "READY=1");
    place.wait_until_held(1);
    // A run may take any time.
    for _ in 0..3 {
        assert_eq!(told(&manager), "WATCHDOG=1");
    }
    place.let_go();
    worker.signal(libc::SIGTERM);
    wait_for("the end to be told", || told(&manager) == "STOPPING=1");
    worker.wait().success();
}

#[test]
fn the_watchdog_of_a_worker_whose_slot_stands_still_is_not_fed() {
    let mut place = Place::held("");
    for (name, value) in [
        ("ADE_WORKER_METRICS_INTERVAL", "0.1"),
        ("ADE_WORKER_CLEANUP_INTERVAL", "3600"),
        ("ADE_WORKER_POLL_INTERVAL", "3600"),
        ("ADE_WORKER_POLL_INTERVAL_MAX", "3600"),
        ("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "3600000"),
    ] {
        place.set(name, value);
    }
    place.enqueue("config", "members.csv");
    let failed = "UPDATE environments SET status = 'failed'";
    let queued = "UPDATE environments SET status = 'queued', available_at = 9000000000000";
    place.change(queued);
    let (place, manager) = managed(place);
    let mut worker = place.start_worker("one");
    assert_eq!(told(&manager), "READY=1");
    for _ in 0..3 {
        assert_eq!(told(&manager), "WATCHDOG=1");
    }
    // The slot has to write now, and waits for the database.
    let database = place.database();
    database
        .execute_batch(&format!("{failed}; BEGIN IMMEDIATE"))
        .unwrap();
    place.write("data/db/wake", "now");
    let entries = |worker: &Running| worker.stderr().matches("queue: ").count();
    // The rest of the worker continues.
    let first = entries(&worker);
    wait_for("the slot to stand still", || entries(&worker) > first + 10);
    manager.set_nonblocking(true).unwrap();
    while manager.recv(&mut [0; 64]).is_ok() {}
    let before = entries(&worker);
    wait_for("more entries", || entries(&worker) > before + 10);
    assert!(manager.recv(&mut [0; 64]).is_err(), "{}", worker.stderr());
    // The slot continues when it can.
    manager.set_nonblocking(false).unwrap();
    database.execute_batch("COMMIT").unwrap();
    assert_eq!(told(&manager), "WATCHDOG=1");
    worker.wait_until_says("failed");
    worker.stops();
}

#[test]
fn lines_for_the_journal_begin_with_their_priority() {
    let place = Place::ready();
    place.write("broken.xlsx", "none");
    place.ade("run config broken.xlsx --detach -q").success();
    let log = |name: &str, journal: &Path| {
        let (path, journal) = (place.path(name), std::fs::metadata(journal).unwrap());
        let stream = format!("{}:{}", journal.dev(), journal.ino());
        let mut command = place.command();
        command
            .args(["worker", "--drain"])
            .env("JOURNAL_STREAM", stream);
        command.stderr(File::options().append(true).open(&path).unwrap());
        assert!(command.status().unwrap().success());
        place.read(name)
    };
    let here = place.write("journal", "");
    let text = log("journal", &here);
    let begins = |line: &str| line.starts_with("<6>") || line.starts_with("<4>");
    assert!(!text.is_empty() && text.lines().all(begins), "{text}");
    let ended = text.lines().find(|line| line.contains(": failed")).unwrap();
    assert!(ended.starts_with("<4>"), "{ended}");
    // Another file has the former content.
    place.write("file", "");
    let text = log("file", &here);
    assert!(!text.is_empty() && !text.contains('<'), "{text}");
}
