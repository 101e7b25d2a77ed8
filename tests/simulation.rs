//! The queue under injected faults, in many thousand seeded scenarios.
//!
//! Each seed sets up a small world: a few workers, some `ade run`s and people who enqueue, cancel and collect. All of them are
//! the code that production runs (src/worker, src/run, src/environment, src/workspace/fleet.rs, src/system/lease.rs), on the real
//! [`Store`](ade::store::Store) (in memory), on a [`Machine`](ade::system::machine::Machine) whose clocks are counted,
//! whose files are kept in memory and of whose threads one runs at a time, and with an engine and installers that take
//! their time and end as the seed says. Between any two of their steps processes may crash, freeze for longer than their
//! lease and go on, find the database busy, lose its answer though it did what was asked, or be overtaken by another process.
//! The wall clock jumps in both directions, environments vanish and are collected. After each call everything in the
//! database is judged (`simulation/judge.rs`): no run executes twice under good claims, none is lost, attempts never exceed
//! their maximum, a terminal state is never left, every attempt has one outcome and every run's log has its end once. At
//! last the faults stop, one healthy worker is left alone with the result, and all runs must end.
//!
//! `cargo test` simulates a fixed number of seeds. More, or one of them with all that happened in it:
//!
//! ```sh
//! SIMULATION_SEEDS=1000000 cargo test --release --test simulation -- --nocapture
//! SIMULATION_SEED=42 cargo test --test simulation -- --nocapture
//! ```
//!
//! `SIMULATION_WORKERS=1000 SIMULATION_RUNS=2000` is a crowd on one database (`a_crowd_of_workers_loses_nothing`), and with
//! `SIMULATION_GROUPS=10` ten such crowds, each with a database of its own. `SIMULATION_FROM` is the first seed (0). A seed that fails prints how to repeat it, and its trace.

mod simulation {
    pub mod chance;
    pub mod commands;
    pub mod disk;
    pub mod judge;
    pub mod machine;
    pub mod process;
    pub mod scenario;
    pub mod snapshot;
    pub mod store;
    pub mod threads;
    pub mod tools;
    pub mod world;
}

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use simulation::scenario::{self, Crowd};

/// The number of seeds that a change tries, which is enough for each counted event to happen.
const SEEDS: u64 = 250;
/// The length of a trace that can still be read.
const TRACE_LINES: usize = 250;

#[test]
fn nothing_is_lost_nothing_is_done_twice_and_nothing_is_stuck() {
    let from = number("SIMULATION_FROM").unwrap_or(0);
    let until = from + number("SIMULATION_SEEDS").unwrap_or(SEEDS);
    if let Some(seed) = number("SIMULATION_SEED") {
        let outcome = scenario::play(seed, true, None);
        println!("{}", outcome.trace.join("\n"));
        assert!(outcome.violation.is_none(), "{:?}", outcome.violation);
    } else if let (Some(share), Some(of)) = (number(SHARE), number(SHARES)) {
        play_share((from + share..until).step_by(of as usize));
    } else {
        live_all(from, until);
    }
}

/// The variables with the share of the seeds that this process has, and with the number of shares.
const SHARE: &str = "SIMULATION_SHARE";
const SHARES: &str = "SIMULATION_SHARES";
/// The beginnings of lines that are meant for the parent process.
const COUNT: &str = "count ";
const FAILED: &str = "failed ";

/// SQLite's memory has one lock for a process, so each core gets a process of its own.
fn live_all(from: u64, until: u64) {
    let began = Instant::now();
    let shares = std::thread::available_parallelism().map_or(1, Into::into);
    let (lines_in, lines_out) = mpsc::channel();
    let mut children: Vec<_> = (0..shares)
        .map(|share| {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--nocapture", "--exact"])
                .arg("nothing_is_lost_nothing_is_done_twice_and_nothing_is_stuck")
                .env(SHARE, share.to_string())
                .env(SHARES, shares.to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let lines_in = lines_in.clone();
            std::thread::spawn(move || {
                lines
                    .map_while(Result::ok)
                    .try_for_each(|line| lines_in.send(line))
            });
            child
        })
        .collect();
    drop(lines_in);
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed = None;
    for line in lines_out {
        // The harness may have begun a line of its own.
        if let Some((_, seed)) = line.rsplit_once(FAILED) {
            failed = seed.parse::<u64>().ok();
            break;
        } else if let Some((_, count)) = line.rsplit_once(COUNT) {
            let (count, what) = count.split_once(' ').unwrap();
            *totals.entry(what.to_owned()).or_default() += count.parse::<u64>().unwrap();
        }
    }
    for child in &mut children {
        if failed.is_some() {
            let _ = child.kill();
        }
        let status = child.wait().unwrap();
        assert!(
            failed.is_some() || status.success(),
            "a share died: {status}"
        );
    }
    if let Some(seed) = failed {
        fail(seed, from);
    }
    assert_eq!(totals.get("seeds"), Some(&(until - from)));
    println!("{:.1} s for", began.elapsed().as_secs_f64());
    for (what, count) in &totals {
        println!("{count:>12} {what}");
    }
    if until - from >= SEEDS {
        let never: Vec<_> = totals.iter().filter(|(_, count)| **count == 0).collect();
        assert!(never.is_empty(), "never seen in {SEEDS} seeds: {never:?}");
    }
}

fn play_share(seeds: impl Iterator<Item = u64>) {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in seeds {
        let outcome = scenario::play(seed, false, None);
        if outcome.violation.is_some() {
            println!("\n{FAILED}{seed}");
            return;
        }
        *counts.entry("seeds").or_default() += 1;
        for (what, count) in outcome.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    for (what, count) in counts {
        println!("\n{COUNT}{count} {what}");
    }
}

fn fail(seed: u64, from: u64) {
    let outcome = scenario::play(seed, true, None);
    let hidden = outcome.trace.len().saturating_sub(TRACE_LINES);
    panic!(
        "seed {seed}, the {}th: {}\n\n{}{}\n\nto repeat it: SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture",
        seed - from + 1,
        outcome
            .violation
            .unwrap_or_else(|| "it does not fail when it is traced".to_owned()),
        if hidden > 0 {
            format!("({hidden} lines before)\n")
        } else {
            String::new()
        },
        outcome.trace[hidden..].join("\n"),
    );
}

/// Plays crowds of workers, each with a database of its own, one after the other.
#[test]
fn a_crowd_of_workers_loses_nothing() {
    let count = |variable, default| number(variable).unwrap_or(default) as usize;
    let crowd = Crowd {
        workers: count("SIMULATION_WORKERS", 30),
        runs: count("SIMULATION_RUNS", 60),
    };
    let from = number("SIMULATION_FROM").unwrap_or(0);
    let mut claims = 0;
    for seed in from..from + number("SIMULATION_GROUPS").unwrap_or(1) {
        let began = Instant::now();
        let outcome = scenario::play(seed, false, Some(crowd));
        let counts = outcome.counts.iter().filter(|(_, count)| **count > 0);
        let told: Vec<_> = counts
            .map(|(what, count)| format!("{what} {count}"))
            .collect();
        println!(
            "seed {seed}, {:.1} s: {}",
            began.elapsed().as_secs_f64(),
            told.join(", ")
        );
        assert_eq!(outcome.violation, None, "seed {seed}");
        claims += outcome.counts["claims"];
    }
    assert!(claims > 0, "nothing is proved of workers without runs");
}

#[test]
fn the_same_seed_gives_the_same_scenario() {
    for seed in [7, 11] {
        let (first, second) = (
            scenario::play(seed, true, None),
            scenario::play(seed, true, None),
        );
        assert!(first.trace.len() > 20, "{:?}", first.trace);
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.counts, scenario::play(seed, false, None).counts);
    }
}

/// The faults that the simulation must find are changes to the text of the sources; see `mutations.py`.
#[test]
fn every_mutation_still_fits_the_sources() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulation/mutations.py");
    let check = Command::new("python3").args([script, "--check"]).output();
    let check = check.expect("python3 is on the PATH");
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{said}");
    assert!(said.ends_with("faults can be put in\n"), "{said}");
}

#[allow(
    clippy::disallowed_methods,
    reason = "what a test is asked for comes from its environment"
)]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text:?}")),
    )
}
