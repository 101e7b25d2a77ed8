//! Measures what a newcomer runs first: the configuration from `ade init`, as a whole process with its environment ready.
//!
//! `cargo bench --bench default`, or `cargo bench --bench default -- 12-rows` for the shapes whose names contain a word. The
//! inputs are those of `benches/engine/rosters.py`. Each figure is the median of processes that alternate with their baseline,
//! with a target ratio and, for some, a target peak memory: the maximum of `ade` and all processes that it started. At the end
//! come the engine's own value readers (`benches/engine/readers.py`), and on Linux columns that become rows
//! (`benches/engine/stacking.py`). The bench prints "over" if a figure is above its target, but never fails for it.
//! `ENGINE_ROUNDS` sets the minimum number of rounds (3 by default); while they are quick, there are up to five times as many.

#[path = "engine/harness.rs"]
mod harness;

use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::Bench;
use harness::common::{median, succeeded};

/// The name of the configuration.
const CREW: &str = "crew";

/// The process that a shape is compared to.
#[derive(Clone, Copy)]
enum Baseline {
    ImportPolars,
    Peer(&'static str),
}

struct Shape {
    input: &'static str,
    baseline: Baseline,
    /// The target ratio to the baseline.
    ratio: f64,
    /// The target peak memory in MiB.
    memory: Option<f64>,
}

const SHAPES: [Shape; 5] = [
    Shape {
        input: "12-rows.xlsx",
        baseline: Baseline::ImportPolars,
        ratio: 1.6,
        memory: Some(80.0),
    },
    Shape {
        input: "150-tables.xlsx",
        baseline: Baseline::ImportPolars,
        ratio: 3.0,
        memory: None,
    },
    Shape {
        input: "40-sheets.xlsx",
        baseline: Baseline::ImportPolars,
        ratio: 3.0,
        memory: None,
    },
    Shape {
        input: "300000-rows.csv",
        baseline: Baseline::Peer("csv"),
        ratio: 3.0,
        memory: None,
    },
    Shape {
        input: "50000-rows.xlsx",
        baseline: Baseline::Peer("openpyxl"),
        ratio: 0.025,
        memory: Some(140.0),
    },
];

/// The value readers: the target milliseconds for a million cells, and (below) for the first use.
const READER: f64 = 100.0;
const FIRST_USE: f64 = 1.0;

/// Columns that become rows: the maximum ratio to polars' unpivot.
const STACKED: f64 = 3.0;

/// The maximum time for rounds beyond the minimum.
const QUICK: Duration = Duration::from_secs(10);

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let shapes: Vec<&Shape> = SHAPES.iter().filter(|shape| asked(shape.input)).collect();

    let bench = Bench::new(&[], &[(CREW, "")]);
    bench.generate(
        "rosters.py",
        shapes.iter().map(|shape| shape.input.to_owned()),
    );
    println!(
        "{:<32} {:>10} {:>10} {:>8} {:>8}",
        "", "figure", "baseline", "ratio", "wanted"
    );
    for shape in shapes {
        measure(&bench, shape);
    }
    if asked("readers") {
        readers(&bench);
    }
    if asked("stacking") && cfg!(target_os = "linux") {
        stacking(&bench, "numbers");
        stacking(&bench, "texts");
    }
}

fn measure(bench: &Bench, shape: &Shape) {
    let least = bench.rounds.max(1);
    let input = bench.path("inputs").join(shape.input);
    let ours = || {
        let mut command = bench.ade();
        command.args(["-q", "run"]).arg(bench.path(CREW));
        whole(command.arg(&input))
    };
    let theirs = || match shape.baseline {
        Baseline::ImportPolars => whole(bench.python().args(["-c", "import polars"])),
        Baseline::Peer(name) => {
            let mut command = bench.script("peers.py");
            whole(command.arg(name).arg(&input).arg(bench.path("copy.xlsx")))
        }
    };
    let mut measured = [const { Vec::new() }; 4];
    let started = Instant::now();
    for round in 0..5 * least {
        if round >= least && started.elapsed() > QUICK {
            break;
        }
        for (at, (took, memory)) in [ours(), theirs()].into_iter().enumerate() {
            measured[at].push(took.as_secs_f64() * 1000.0);
            measured[at + 2].push(memory);
        }
    }
    let [took, baseline, memory, their_memory] = measured.map(|mut values| median(&mut values));
    let name = match shape.baseline {
        Baseline::ImportPolars => "import polars",
        Baseline::Peer(name) => name,
    };
    line(
        &format!("{} / {name}", shape.input),
        (took, "ms"),
        Some((baseline, took / baseline)),
        Some((took / baseline, shape.ratio, "×")),
    );
    line(
        "  peak memory",
        (memory, "MiB"),
        Some((their_memory, memory / their_memory)),
        shape.memory.map(|wanted| (memory, wanted, "MiB")),
    );
}

/// Returns the time and the peak memory in MiB of a process and all processes that it waited for.
fn whole(command: &mut Command) -> (Duration, f64) {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    #[expect(
        clippy::zombie_processes,
        reason = "wait4 below reaps it, and says what it used"
    )]
    let child = command.spawn().expect("a command that starts");
    let id = child.id().cast_signed();
    let mut status = 0;
    // SAFETY: all-zero is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types, and the child is reaped nowhere else.
    let waited = unsafe { libc::wait4(id, &raw mut status, 0, &raw mut usage) };
    let took = started.elapsed();
    assert!(waited == id, "{}", io::Error::last_os_error());
    assert!(status == 0, "{command:?} ended with {status}");
    // macOS counts bytes, Linux KiB.
    let unit = if cfg!(target_vendor = "apple") {
        1024.0 * 1024.0
    } else {
        1024.0
    };
    (took, usage.ru_maxrss as f64 / unit)
}

/// Measures the value readers, in the environment's Python.
fn readers(bench: &Bench) {
    let output = succeeded(bench.script("readers.py").output());
    for printed in String::from_utf8_lossy(&output).lines() {
        let mut words = printed.split_whitespace();
        let name = format!("fields.{}", words.next().expect("the reader's name"));
        let figures: Vec<f64> = words.map(|word| word.parse().expect("seconds")).collect();
        let [ours, theirs, first] = figures[..] else {
            println!("{name:<32} not there yet");
            continue;
        };
        line(
            &format!("{name}, 1,000,000 cells"),
            (ours * 1000.0, "ms"),
            Some((theirs * 1000.0, ours / theirs)),
            Some((ours * 1000.0, READER, "ms")),
        );
        line(
            "  first use",
            (first * 1000.0, "ms"),
            None,
            Some((first * 1000.0, FIRST_USE, "ms")),
        );
    }
}

/// Measures columns that become rows, compared to polars' unpivot of the same frame: the time, and the growth of the process.
fn stacking(bench: &Bench, amounts: &str) {
    let mut measured = [const { Vec::new() }; 4];
    for _ in 0..bench.rounds.max(1) {
        for (at, by) in ["ade", "unpivot"].into_iter().enumerate() {
            let output = succeeded(bench.script("stacking.py").args([by, amounts]).output());
            let printed = String::from_utf8_lossy(&output).into_owned();
            let mut words = printed.split_whitespace();
            let mut next = || words.next().and_then(|word| word.parse::<f64>().ok());
            measured[at].push(next().expect("seconds") * 1000.0);
            measured[at + 2].push(next().expect("MiB"));
        }
    }
    let [took, theirs, memory, their_memory] = measured.map(|mut values| median(&mut values));
    let name = format!("3,600,000 {amounts} stacked");
    for (name, figure, unit, baseline) in [
        (&*name, took, "ms", theirs),
        ("  memory", memory, "MiB", their_memory),
    ] {
        let ratio = figure / baseline;
        line(
            name,
            (figure, unit),
            Some((baseline, ratio)),
            Some((ratio, STACKED, "×")),
        );
    }
}

/// Prints a line of the table: the figure with its unit, the baseline with the ratio to it, and each value with its target.
fn line(
    what: &str,
    (figure, unit): (f64, &str),
    baseline: Option<(f64, f64)>,
    judged: Option<(f64, f64, &str)>,
) {
    let decimals = if figure < 10.0 { 2 } else { 0 };
    let compared = baseline.map_or_else(String::new, |(baseline, ratio)| {
        format!("{baseline:.0} {ratio:>7.3}×")
    });
    let wanted = judged.map_or_else(String::new, |(value, wanted, unit)| {
        let verdict = if value <= wanted { "ok" } else { "over" };
        format!("{:>9} {verdict}", format!("{wanted} {unit}"))
    });
    let figure = format!("{figure:.decimals$} {unit}");
    println!("{what:<32} {figure:>10} {compared:>19} {wanted}");
}
