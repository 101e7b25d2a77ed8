//! Measures the commands themselves, compared to what the machine needs to start any process.
//!
//! - `ade --help`, `ade env ls`, and `ade runs ls` over 10,000 recorded runs.
//! - The part of a second `ade run` that is ade's own: the whole command minus the duration of the engine's process, which the run's
//!   audit record contains.
//! - A batch of 40 small files, two at a time: with and without a warm engine, alternating.
//! - The cost of the sandbox for such a run: the difference and the ratio to the same run without it, alternating.
//!
//! Each figure is a median of whole processes, alternating with `true`, whose median is printed next to it.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ade::base::clock::Timestamp;
use ade::store::{NewRun, OpenMode, Store};
use common::{ade, artifact, claim, ending, ensure, new_run, settings, succeeded};

const ROUNDS: usize = 31;
const RUNS: usize = 10_000;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!(
        "{:<44} {:>9} {:>9} {:>9}",
        "median of whole processes", "ms", "of true", "wanted"
    );
    let data = folder.path().join("data");
    seed(&data);
    for arguments in [&["--help"][..], &["env", "ls"], &["runs", "ls"]] {
        let (ade, baseline) = paired(|| {
            let mut command = ade(&data);
            command.args(arguments);
            time(&mut command)
        });
        report(
            &format!("ade {}", arguments.join(" ")),
            ade,
            baseline,
            "< 20",
        );
    }

    let own = folder.path().join("own");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut run = ade(&own);
    run.args(["run", "--json"])
        .arg(root.join("examples/roster"))
        .arg(root.join("examples/messy-roster.xlsx"));
    succeeded(run.output());
    let mut whole = Vec::new();
    let (outside, baseline) = paired(|| {
        let started = Instant::now();
        let output = run.stderr(Stdio::null()).output().expect("a run");
        let wall = started.elapsed();
        whole.push(wall);
        wall.saturating_sub(engine_time(&output.stdout))
    });
    report(
        "ade run, second time, whole",
        median(&mut whole),
        baseline,
        "",
    );
    report(
        "ade run, second time, ade's own part",
        outside,
        baseline,
        "< 30",
    );
    sandbox(&mut run);
    warm_engines(&own, folder.path());
}

/// Measures how much faster a batch of small files is if each run is a fork of a warm engine.
fn warm_engines(data: &Path, folder: &Path) {
    const FILES: usize = 40;
    const BATCHES: usize = 5;
    let inputs = folder.join("inputs");
    std::fs::create_dir(&inputs).expect("a folder");
    for number in 0..FILES {
        let rows = format!("Ann {number},ann{number}@example.org\n").repeat(12);
        let text = format!("Name,Email\n{rows}");
        std::fs::write(inputs.join(format!("{number}.csv")), text).expect("a file");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut batch = ade(data);
    batch.args(["run", "--quiet", "--jobs", "2"]);
    batch.arg(root.join("examples/roster")).arg(&inputs);
    let mut turn = |setting: &str| {
        batch.env("ADE_WARM_ENGINES", setting);
        time(&mut batch)
    };
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        cold.push(turn("0"));
        warm.push(turn("auto"));
    }
    let (cold, warm) = (median(&mut cold), median(&mut warm));
    println!(
        "{:<44} {:>9.1} {:>8.3}× {:>9}",
        "ade run, a file of a batch, warm to cold",
        warm.as_secs_f64() * 1000.0 / FILES as f64,
        warm.as_secs_f64() / cold.as_secs_f64(),
        "< 0.4×",
    );
}

/// Measures the cost of the sandbox for a small run: whole processes with and without it, alternating.
fn sandbox(run: &mut Command) {
    let mut turn = |mode: &str| {
        run.env("ADE_SANDBOX", mode);
        time(run)
    };
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(turn("off"));
        with.push(turn("auto"));
    }
    let (with, without) = (median(&mut with), median(&mut without));
    println!(
        "{:<44} {:>9.1} {:>8.3}× {:>9}",
        "ade run, what the sandbox adds to it",
        (with.as_secs_f64() - without.as_secs_f64()) * 1000.0,
        with.as_secs_f64() / without.as_secs_f64(),
        "< 5",
    );
}

fn time(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a command that starts");
    let wall = started.elapsed();
    assert!(status.success());
    wall
}

/// Returns the medians of a measurement and of `true`, alternating.
fn paired(mut measure: impl FnMut() -> Duration) -> (Duration, Duration) {
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    measure();
    for _ in 0..ROUNDS {
        ours.push(measure());
        baseline.push(time(&mut Command::new("true")));
    }
    (median(&mut ours), median(&mut baseline))
}

fn median(values: &mut [Duration]) -> Duration {
    values.sort();
    values[values.len() / 2]
}

fn report(what: &str, ours: Duration, baseline: Duration, wanted: &str) {
    let milliseconds = ours.as_secs_f64() * 1000.0;
    println!(
        "{what:<44} {milliseconds:>9.1} {:>8.1}× {wanted:>9}",
        ours.as_secs_f64() / baseline.as_secs_f64()
    );
}

/// Returns the duration of the engine's process, from the audit record of the printed run.
fn engine_time(printed: &[u8]) -> Duration {
    let seconds = artifact(printed)["resources"]["engine_seconds"].as_f64();
    Duration::from_secs_f64(seconds.expect("the engine's time"))
}

/// Fills a database with a history.
fn seed(data: &Path) {
    let settings = settings(data, &[("ADE_DATABASE_SQLITE_SYNCHRONOUS", "OFF")]);
    let store = Store::open(
        &settings,
        &data.join("db/ade.sqlite"),
        OpenMode::CreateIfAbsent,
    )
    .expect("a database");
    let environment = ensure(&store, "0");
    for number in 0..RUNS {
        let now = Timestamp(i64::try_from(number).expect("small"));
        let run = NewRun {
            input_name: format!("orders-{number}.xlsx"),
            input_path: format!("/inbox/orders-{number}.xlsx").into(),
            ..new_run(&environment)
        };
        let claim = claim();
        store.insert_claimed_run(&run, &claim, now).expect("a run");
        let ended = store.finish_run(&run.id, &claim, &ending(), now);
        assert!(ended.expect("its end"));
    }
}
