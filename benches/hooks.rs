//! Measures hooks that change the output and the source through openpyxl's objects, compared to the same changes on ordinary
//! openpyxl objects filled with what openpyxl read.
//!
//! `cargo bench --bench hooks`. 20,000 rows by 20 columns; the operations are in `benches/engine/operations.py`. The targets
//! are at most a quarter of the time and four fifths of the memory, and less than 400 MiB for styling all cells of 50,000 rows.

#[path = "engine/harness.rs"]
mod harness;

use std::time::Duration;

use harness::Bench;

const ROWS: u32 = 20_000;
const MANY_ROWS: u32 = 50_000;
const OPERATIONS: &str = include_str!("engine/operations.py");
const NAMES: [&str; 8] = [
    "read_all",
    "read_styles_of_all",
    "style_all",
    "change_a_column",
    "insert_rows",
    "delete_a_row",
    "insert_a_column",
    "source_number_formats",
];

fn main() {
    let configurations: Vec<(&str, String)> =
        NAMES.iter().map(|name| (*name, hook(name))).collect();
    let configurations: Vec<(&str, &str)> = configurations
        .iter()
        .map(|(name, hook)| (*name, hook.as_str()))
        .collect();
    let bench = Bench::new(&[ROWS, MANY_ROWS], &configurations);
    println!(
        "{:<24} {:>9} {:>9} {:>6} {:>9} {:>9} {:>6}",
        "", "ade run", "openpyxl", "ratio", "MiB", "openpyxl", "ratio"
    );
    let input = bench.input(ROWS);
    for name in NAMES {
        let (ours, theirs, _) = bench.in_turns(
            || bench.run(name, &input).0,
            || bench.peer(name, &input).0,
            || Duration::ZERO,
            bench.rounds,
        );
        let (memory, their_memory) = (bench.run(name, &input).1, bench.peer(name, &input).1);
        println!(
            "{name:<24} {:>7.2} s {:>7.2} s {:>6.2} {memory:>9.0} {their_memory:>9.0} {:>6.2}",
            ours.as_secs_f64(),
            theirs.as_secs_f64(),
            ours.as_secs_f64() / theirs.as_secs_f64(),
            memory / their_memory,
        );
    }
    let (took, memory) = bench.run("style_all", &bench.input(MANY_ROWS));
    println!(
        "style_all, {MANY_ROWS} rows: {:.2} s, {memory:.0} MiB (wanted < 400)",
        took.as_secs_f64()
    );
}

/// Returns a hook that does one of the operations.
fn hook(name: &str) -> String {
    let (stage, sheet) = if name.starts_with("source_") {
        ("on_sheet_start", "source_sheet")
    } else {
        ("on_sheet_end", "output_sheet")
    };
    format!(
        "{OPERATIONS}\n\ndef measured({sheet}):\n    {name}({sheet})\n\n\ndef register(registry):\n    \
         registry.register_hook(measured, hook=\"{stage}\", priority=1)\n"
    )
}
