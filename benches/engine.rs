//! Measures a whole `ade run` with a warm environment and the template's configuration, compared to tools that only copy.
//!
//! `cargo bench --bench engine`. A seeded generator (`benches/engine/rosters.py`) writes workbooks of 5,000, 50,000 and 200,000
//! rows by 20 columns. Each figure is the best of several runs that alternate with their baseline in the same call.
//! `ENGINE_ROUNDS` sets the number of rounds (3 by default).

#[path = "engine/harness.rs"]
mod harness;

use std::time::Duration;

use harness::Bench;

const SIZES: [u32; 3] = [5_000, 50_000, 200_000];

/// A configuration that styles its output through openpyxl.
const STYLING_HOOK: &str = r#"
from openpyxl.styles import Font


def style(output_sheet, output_region):
    for cell in output_sheet[output_region.header_row]:
        cell.font = Font(bold=True)
    output_sheet.freeze_panes = "A2"


def register(registry):
    registry.register_hook(style, hook="on_table_written", priority=1)
"#;

fn main() {
    let bench = Bench::new(&SIZES, &[("template", ""), ("styled", STYLING_HOOK)]);
    println!(
        "{:<34} {:>8} {:>9} {:>7} {:>8}",
        "", "seconds", "µs a row", "ratio", "wanted"
    );
    let mut per_row = Vec::new();
    for rows in SIZES {
        let input = bench.input(rows);
        let (ours, openpyxl, calamine) = bench.in_turns(
            || bench.run("template", &input).0,
            || bench.peer("openpyxl", &input).0,
            || bench.peer("calamine", &input).0,
            if rows == SIZES[2] { 1 } else { bench.rounds },
        );
        per_row.push(ours.as_secs_f64() / f64::from(rows));
        line(&format!("ade run, {rows} rows"), ours, rows, None, "");
        let wanted = |limit| if rows == SIZES[1] { limit } else { "" };
        let ratio = |theirs: Duration| Some(ours.as_secs_f64() / theirs.as_secs_f64());
        line(
            "  openpyxl, copying",
            openpyxl,
            rows,
            ratio(openpyxl),
            wanted("< 0.12"),
        );
        line(
            "  calamine and XlsxWriter, copying",
            calamine,
            rows,
            ratio(calamine),
            wanted("< 0.35"),
        );
        let (_, memory) = bench.run("template", &input);
        let wanted = match rows {
            50_000 => "< 150",
            200_000 => "< 300",
            _ => "",
        };
        println!(
            "{:<34} {:>8.0} MiB {wanted:>20}",
            "  peak memory of the engine", memory
        );
    }
    println!(
        "cost of a row at {} rows, of that at {}: {:.2}",
        SIZES[2],
        SIZES[1],
        per_row[2] / per_row[1]
    );

    let input = bench.input(50_000);
    let (styled, openpyxl, _) = bench.in_turns(
        || bench.run("styled", &input).0,
        || bench.peer("openpyxl", &input).0,
        || Duration::ZERO,
        bench.rounds,
    );
    let ratio = styled.as_secs_f64() / openpyxl.as_secs_f64();
    line(
        "styled by a hook, 50000 rows",
        styled,
        50_000,
        Some(ratio),
        "< 1",
    );
    let (dozen, _) = bench.run("template", &bench.example());
    line("ade run, the example", dozen, 31, None, "");
}

fn line(what: &str, took: Duration, rows: u32, ratio: Option<f64>, wanted: &str) {
    let seconds = took.as_secs_f64();
    let ratio = ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
    println!(
        "{what:<34} {seconds:>8.2} {:>9.1} {ratio:>7} {wanted:>8}",
        seconds * 1e6 / f64::from(rows)
    );
}
