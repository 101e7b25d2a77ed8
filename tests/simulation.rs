//! The queue under every misfortune that can be thought of, many thousand times.
//!
//! Each seed makes a small world: a few workers, some `ade run`s and people who enqueue and cancel, on the real
//! [`SqliteStore`](ade::store::SqliteStore) (in memory) and a clock that is only counted. Processes follow the order of
//! src/worker; between any two of their calls to the store they may crash, freeze for longer than their lease and go on,
//! find the database busy, lose its answer though it did what was asked, or be overtaken by anybody else. The wall clock
//! jumps in both directions, environments vanish and are collected. After each call everything in the database is judged
//! (`simulation/judge.rs`): no run executes twice under good claims, none is lost, attempts never exceed their maximum, a
//! terminal state is never left, every attempt has one outcome and every run's end is told once. At last the misfortunes
//! stop, one healthy worker is left alone with what they made, and all runs must end.
//!
//! `cargo test` simulates a fixed number of seeds. More, or one of them with all that happened in it:
//!
//! ```sh
//! SIMULATION_SEEDS=1000000 cargo test --release --test simulation -- --nocapture
//! SIMULATION_SEED=42 cargo test --test simulation -- --nocapture
//! ```
//!
//! `SIMULATION_FROM` is the first seed (0). A seed that fails prints how to repeat it, and its trace.

mod simulation {
    pub mod chance;
    pub mod fate;
    pub mod judge;
    pub mod people;
    pub mod process;
    pub mod snapshot;
    pub mod worker;
    pub mod world;
}

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use simulation::fate;

const SEEDS: u64 = 2_000;
/// As much of a trace as somebody reads at once.
const TRACE_LINES: usize = 250;

#[test]
fn nothing_is_lost_nothing_is_done_twice_and_nothing_is_stuck() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let life = fate::live(seed, true);
        println!("{}", life.trace.join("\n"));
        assert!(life.violation.is_none(), "{:?}", life.violation);
        return;
    }
    let from = number("SIMULATION_FROM").unwrap_or(0);
    let until = from + number("SIMULATION_SEEDS").unwrap_or(SEEDS);
    let (next, failed) = (AtomicU64::new(from), AtomicBool::new(false));
    let totals: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    let failure: Mutex<Option<u64>> = Mutex::default();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= until {
                        break;
                    }
                    let life = fate::live(seed, false);
                    for (what, count) in life.counts {
                        *counts.entry(what).or_default() += count;
                    }
                    if life.violation.is_some() {
                        let mut first = failure.lock().unwrap();
                        *first = Some(first.map_or(seed, |first| first.min(seed)));
                        failed.store(true, Ordering::Relaxed);
                    }
                }
                let mut totals = totals.lock().unwrap();
                for (what, count) in counts {
                    *totals.entry(what).or_default() += count;
                }
            });
        }
    });
    if let Some(seed) = failure.into_inner().unwrap() {
        let life = fate::live(seed, true);
        let hidden = life.trace.len().saturating_sub(TRACE_LINES);
        panic!(
            "seed {seed}, the {}th: {}\n\n{}{}\n\nto repeat it: SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture",
            seed - from + 1,
            life.violation
                .unwrap_or_else(|| "it does not fail when it is traced".to_owned()),
            if hidden > 0 {
                format!("({hidden} lines before)\n")
            } else {
                String::new()
            },
            life.trace[hidden..].join("\n"),
        );
    }
    println!(
        "{} seeds in {:.1} s",
        until - from,
        began.elapsed().as_secs_f64()
    );
    for (what, count) in totals.into_inner().unwrap() {
        println!("{count:>12} {what}");
    }
}

#[test]
fn a_seed_lives_the_same_life_each_time() {
    for seed in [7, 11] {
        let (first, second) = (fate::live(seed, true), fate::live(seed, true));
        assert!(first.trace.len() > 20, "{:?}", first.trace);
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.counts, fate::live(seed, false).counts);
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "what a test is asked for comes from its environment"
)]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")),
    )
}
