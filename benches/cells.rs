//! Reads windows of a large sheet, compared to reading all of it.
//!
//! `cargo bench --bench cells`. It writes a workbook of 200,000 rows by 20 columns: texts, most of them shared, whole numbers,
//! decimals and dates. The first window reads the whole sheet; the later ones are at random positions. The target is at most 20
//! milliseconds for each later window.

use std::time::{Duration, Instant};

use ade::cells::{CellReader, ReadSettings, SheetSelector};

mod common;
#[path = "common/large_sheet.rs"]
mod large_sheet;

const ROWS: u64 = 200_000;
const COLUMNS: u64 = 20;
const WINDOWS: usize = 500;
const WANTED: Duration = Duration::from_millis(20);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xlsx");
    large_sheet::write(&path, ROWS, COLUMNS);
    let size = std::fs::metadata(&path).unwrap().len();
    println!(
        "{ROWS} rows by {COLUMNS} columns, {:.1} MiB",
        size as f64 / 1048576.0
    );
    let reading = ReadSettings::default();

    let mut first = Vec::new();
    for _ in 0..3 {
        let cells = CellReader::default();
        let started = Instant::now();
        cells
            .window(&path, &reading, SheetSelector::At(0), 1..=200, 1..=100)
            .unwrap();
        first.push(started.elapsed());
    }
    first.sort();

    let cells = CellReader::default();
    let sheets = cells.sheets(&path, &reading).unwrap();
    assert_eq!(
        (sheets[0].rows, sheets[0].columns),
        (Some(ROWS), Some(COLUMNS))
    );
    let mut seed = 1_u64;
    let mut later: Vec<Duration> = (0..WINDOWS)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let row = 1 + (seed >> 33) % (ROWS - 200);
            let started = Instant::now();
            let window = cells
                .window(
                    &path,
                    &reading,
                    SheetSelector::At(0),
                    row..=row + 199,
                    1..=100,
                )
                .unwrap();
            let body = serde_json::to_vec(&window).unwrap();
            let took = started.elapsed();
            assert!(window.rows.len() == 200 && body.len() > 10_000);
            took
        })
        .collect();
    later.sort();
    let (median, slowest) = (later[WINDOWS / 2], later[WINDOWS - 1]);
    let (_, bytes) = cells.kept();
    println!(
        "{:<44} {:>9.1} ms",
        "first window, which reads the sheet",
        milliseconds(first[1])
    );
    println!(
        "{:<44} {:>9.3} ms   1/{:.0} of the first",
        "later window of 200 rows, as JSON, median",
        milliseconds(median),
        first[1].as_secs_f64() / median.as_secs_f64()
    );
    let verdict = if slowest > WANTED { "over" } else { "" };
    println!(
        "{:<44} {:>9.3} ms   wanted <= {} {verdict}",
        "  slowest",
        milliseconds(slowest),
        WANTED.as_millis()
    );
    println!("{:<44} {:>9.1} MiB", "kept", bytes as f64 / 1048576.0);
    if let Some(peak) = common::memory("VmHWM") {
        println!("{:<44} {peak:>9.1} MiB", "peak memory of this process");
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
