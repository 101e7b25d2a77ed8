//! Windows of a large sheet, beside reading all of it.
//!
//! `cargo bench --bench cells`. A workbook of 200,000 rows by 20 columns is written here: texts, most of them shared, whole
//! numbers, decimals and dates. The first window reads the sheet; those after it are at random places. Wanted: at most 20
//! milliseconds for each of the later ones.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ade::cells::{Cells, Choice, Reading};
use zip::write::SimpleFileOptions;

const ROWS: u64 = 200_000;
const COLUMNS: u64 = 20;
const WINDOWS: usize = 500;
const WANTED: Duration = Duration::from_millis(20);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xlsx");
    write(&path);
    let size = std::fs::metadata(&path).unwrap().len();
    println!(
        "{ROWS} rows by {COLUMNS} columns, {:.1} MiB",
        size as f64 / 1048576.0
    );
    let reading = Reading::default();

    let mut first = Vec::new();
    for _ in 0..3 {
        let cells = Cells::default();
        let started = Instant::now();
        cells
            .window(&path, &reading, Choice::At(0), 1..=200, 1..=100)
            .unwrap();
        first.push(started.elapsed());
    }
    first.sort();

    let cells = Cells::default();
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
                .window(&path, &reading, Choice::At(0), row..=row + 199, 1..=100)
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
    if let Some(peak) = peak_memory() {
        println!("{:<44} {peak:>9.1} MiB", "peak memory of this process");
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// In MiB, where the system says it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Writes the workbook.
fn write(path: &Path) {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
    let options = SimpleFileOptions::default().large_file(true);
    for (name, text) in [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/></Types>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Large" sheetId="1" r:id="s"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="s" Type="{OFFICE}/worksheet" Target="sheet.xml"/><Relationship Id="t" Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="u" Type="{OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                r#"<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#
            ),
        ),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.start_file("xl/strings.xml", options).unwrap();
    let mut part = BufWriter::new(&mut archive);
    write!(part, r#"<sst xmlns="{MAIN}">"#).unwrap();
    for number in 0..ROWS {
        write!(part, "<si><t>Customer number {number}</t></si>").unwrap();
    }
    write!(part, "</sst>").unwrap();
    drop(part);
    archive.start_file("xl/sheet.xml", options).unwrap();
    let mut part = BufWriter::new(&mut archive);
    write!(part, r#"<worksheet xmlns="{MAIN}"><sheetData>"#).unwrap();
    for row in 0..ROWS {
        write!(part, r#"<row r="{}">"#, row + 1).unwrap();
        for column in 0..COLUMNS {
            let letter = char::from(b'A' + column as u8);
            let place = format!("{letter}{}", row + 1);
            let number = (row * 7919 + column * 104_729) % 1_000_003;
            match column % 4 {
                0 => write!(part, r#"<c r="{place}" t="s"><v>{}</v></c>"#, number % ROWS),
                1 => write!(part, r#"<c r="{place}"><v>{number}</v></c>"#),
                2 => write!(
                    part,
                    r#"<c r="{place}"><v>{}</v></c>"#,
                    number as f64 / 100.0
                ),
                _ => write!(
                    part,
                    r#"<c r="{place}" s="1"><v>{}</v></c>"#,
                    40_000 + number % 5000
                ),
            }
            .unwrap();
        }
        write!(part, "</row>").unwrap();
    }
    write!(part, "</sheetData></worksheet>").unwrap();
    drop(part);
    archive.finish().unwrap();
}
