//! Runs a worker for a long time: memory, open files, threads and the database's size must stay flat.
//!
//! `SOAK_SECONDS=3600 cargo bench --bench soak` (60 seconds by default). Each second a run of the example is queued; all ended
//! runs but the last fifty are removed, so that the history has a steady length. A line is printed every minute, and at the end
//! the figures of the last quarter next to those of the second. Only on Linux: it reads `/proc`.

#![allow(
    clippy::disallowed_methods,
    reason = "a bench is told its length by its caller"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{ade, succeeded};

const KEEP: usize = 50;

#[derive(Clone, Copy, Default)]
struct Sample {
    resident_kib: u64,
    files: usize,
    threads: usize,
    database_kib: u64,
    write_ahead_kib: u64,
    cpu_seconds: f64,
}

fn main() {
    let given = std::env::var("SOAK_SECONDS").ok();
    let seconds: u64 = given.and_then(|value| value.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (configuration, input) = (
        root.join("examples/roster"),
        root.join("examples/messy-roster.xlsx"),
    );
    succeeded(
        ade(&data)
            .args(["env", "build"])
            .arg(&configuration)
            .output(),
    );

    let log = std::fs::File::create(folder.path().join("worker.log")).expect("a log");
    let mut worker = ade(&data)
        .args(["worker", "--concurrency", "1"])
        .env("ADE_WORKER_GC_INTERVAL_SECONDS", "60")
        .stderr(log)
        .spawn()
        .expect("a worker");
    println!(
        "{:>8} {:>9} {:>6} {:>8} {:>9} {:>8} {:>8} {:>9}",
        "seconds", "RSS KiB", "files", "threads", "db KiB", "wal KiB", "CPU s", "runs"
    );
    let started = Instant::now();
    let mut samples = Vec::new();
    let mut queued = 0;
    while started.elapsed() < Duration::from_secs(seconds) {
        let next = Instant::now() + Duration::from_secs(1);
        let detached = ade(&data)
            .args(["run", "--detach", "-q"])
            .arg(&configuration)
            .arg(&input)
            .stdout(Stdio::null())
            .status();
        assert!(detached.expect("a detached run").success());
        queued += 1;
        if queued % 30 == 0 {
            remove_all_but(&data, KEEP);
        }
        let sample = look(&worker, &data);
        samples.push(sample);
        if queued % 60 == 0 {
            print(started.elapsed(), sample, queued);
        }
        assert!(
            worker.try_wait().expect("the worker's state").is_none(),
            "the worker ended by itself"
        );
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let quarter = samples.len() / 4;
    let of = |part: &[Sample]| {
        let mut resident: Vec<u64> = part.iter().map(|sample| sample.resident_kib).collect();
        resident.sort_unstable();
        let most = |value: fn(&Sample) -> u64| part.iter().map(value).max().unwrap_or(0);
        (
            resident.get(resident.len() / 2).copied().unwrap_or(0),
            most(|sample| sample.files as u64),
            most(|sample| sample.threads as u64),
            most(|sample| sample.database_kib),
            most(|sample| sample.write_ahead_kib),
        )
    };
    println!("(median RSS KiB, most files, threads, db KiB, wal KiB)");
    println!("second quarter {:?}", of(&samples[quarter..2 * quarter]));
    println!("last quarter   {:?}", of(&samples[3 * quarter..]));
    let _ = Command::new("kill").arg(worker.id().to_string()).status();
    println!(
        "worker ended with {:?}",
        worker.wait().map(|status| status.code())
    );
}

fn remove_all_but(data: &Path, keep: usize) {
    let listed = ade(data)
        .args(["runs", "ls", "--json", "--limit", "1000"])
        .output();
    let listed = listed.expect("runs").stdout;
    let runs: Vec<serde_json::Value> = serde_json::from_slice(&listed).unwrap_or_default();
    let ended = runs
        .iter()
        .filter(|run| run["completed_at"].is_string())
        .skip(keep);
    let ids: Vec<&str> = ended.filter_map(|run| run["id"].as_str()).collect();
    if !ids.is_empty() {
        let _ = ade(data)
            .args(["runs", "rm"])
            .args(ids)
            .stdout(Stdio::null())
            .status();
    }
}

fn look(worker: &Child, data: &Path) -> Sample {
    let process = PathBuf::from(format!("/proc/{}", worker.id()));
    let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
    let value = |key: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    let ticks: u64 = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    let size = |name: &str| {
        std::fs::metadata(data.join("db").join(name)).map_or(0, |found| found.len() / 1024)
    };
    Sample {
        resident_kib: value("VmRSS:"),
        files: std::fs::read_dir(process.join("fd")).map_or(0, Iterator::count),
        threads: usize::try_from(value("Threads:")).unwrap_or(0),
        database_kib: size("ade.sqlite"),
        write_ahead_kib: size("ade.sqlite-wal"),
        cpu_seconds: ticks as f64 / 100.0,
    }
}

fn print(elapsed: Duration, sample: Sample, runs: u32) {
    println!(
        "{:>8} {:>9} {:>6} {:>8} {:>9} {:>8} {:>8.1} {runs:>9}",
        elapsed.as_secs(),
        sample.resident_kib,
        sample.files,
        sample.threads,
        sample.database_kib,
        sample.write_ahead_kib,
        sample.cpu_seconds
    );
}
