//! No bytes make a reader panic, hang, or take memory out of proportion to them.
//!
//! Sound files are damaged at random, at the level of bytes and, for workbooks, within their XML parts too; and some
//! attacks are made by hand. `PROPTEST_CASES` says how many random cases are tried of each kind.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ade_engine_native::cells::ScanLimits;
use ade_engine_native::columns::series;
use ade_engine_native::error::Result;
use ade_engine_native::progress::Watch;
use ade_engine_native::read::ReadOptions;
use ade_engine_native::read::book::Book;
use proptest::prelude::*;

// Measuring ----------------------------------------------------------------------------------------------------------

/// Counts what is allocated.
struct Counting;

static CURRENT: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator; only numbers are kept.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let current = CURRENT.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(current, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CURRENT.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tests take turns, so that memory is measured for one at a time: each starts with this.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that goes away with its owner.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(extension: &str, content: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ade-hostile-{}-{number}.{extension}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).expect("the temporary folder can be written to");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0
            .to_str()
            .expect("the temporary folder has a name in UTF-8")
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Reads everything of a file that can be read, and looks at all of it.
fn read_all(path: &str, options: &ReadOptions, limits: ScanLimits) -> Result<usize> {
    let book = Book::open(path, options)?;
    let mut cells = 0;
    for sheet in 0..book.sheets().len().min(8) {
        drop(book.merged_ranges(sheet));
    }
    for sheet in 0..book.sheets().len().min(8) {
        let Ok(sheet) = book.scan(sheet, limits, &Watch::default()) else {
            continue;
        };
        let facts = sheet.facts();
        let rows = facts.rows_emitted.min(5000);
        let mut row_cells = Vec::new();
        for row in 0..rows {
            sheet.read_row(row, &mut row_cells);
            assert_eq!(row_cells.len(), sheet.row_width(row));
            cells += row_cells.len();
        }
        for column in 0..facts.width.min(50) {
            drop(series::build(&sheet, column, 0, rows));
        }
        drop(sheet.count_cells(0, rows, facts.width.min(50)));
        assert!(
            sheet.hiding_ranges(&[(0, 5), (3, 9), (5000, usize::MAX)]).0
                <= sheet.findings().merged.len()
        );
    }
    Ok(cells)
}

/// Reads a file in any way, and checks that this is quick and cheap. `real_bytes` is what it unpacks to.
fn survive(extension: &str, content: &[u8], real_bytes: usize) -> Option<usize> {
    let file = TemporaryFile::new(extension, content);
    let limits = [false, true].map(|fill_merged| {
        [ScanLimits::NONE, ScanLimits::default()].map(|limits| ScanLimits {
            fill_merged,
            ..limits
        })
    });
    let mut cells = None;
    for limits in limits.into_iter().flatten() {
        let started = Instant::now();
        let before = CURRENT.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let options = match extension {
            "csv" => ReadOptions {
                csv_encoding: "auto".to_owned(),
                csv_delimiter: "auto".to_owned(),
                as_shown: true,
            },
            _ => ReadOptions::default(),
        };
        cells = read_all(file.path(), &options, limits).ok().or(cells);
        let used = PEAK.load(Ordering::Relaxed).saturating_sub(before);
        let allowed = (24 << 20) + 40 * real_bytes.max(content.len());
        assert!(used <= allowed, "{used} bytes were taken for {real_bytes}");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "reading took {:?}",
            started.elapsed()
        );
    }
    cells
}

// Sound files to start from ------------------------------------------------------------------------------------------

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

fn sheet_xml(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"{MAIN}\"><dimension ref=\"A1:F9\"/><sheetData>{rows}</sheetData></worksheet>"
    )
}

fn package_parts(sheet: &str) -> Vec<(&'static str, String)> {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    vec![
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"{kind}.sharedStrings+xml\"/></Types>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"a\" Type=\"{office}/worksheet\" Target=\"sheet.xml\"/>\
                 <Relationship Id=\"b\" Type=\"{office}/styles\" Target=\"/xl/styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{office}\"><workbookPr date1904=\"0\"/><bookViews><workbookView activeTab=\"0\"/></bookViews>\
                 <sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><numFmts><numFmt numFmtId=\"164\" formatCode=\"[h]:mm\"/></numFmts>\
                 <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/sharedStrings.xml",
            format!(
                "<sst xmlns=\"{MAIN}\"><si><t>one &amp; only</t></si><si><r><t>rich</t></r><rPh><t>x</t></rPh></si></sst>"
            ),
        ),
        ("xl/sheet.xml", sheet.to_owned()),
    ]
}

fn sound_sheet() -> String {
    let mut rows = String::new();
    for row in 1..9 {
        rows += &format!(
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>{}</v></c><c r=\"B{row}\"><v>{row}.5</v></c><c r=\"C{row}\" s=\"1\"><v>45000.25</v></c>\
             <c r=\"D{row}\" s=\"2\"><v>1.5</v></c><c t=\"inlineStr\"><is><t>in &lt;line&gt;</t></is></c><c t=\"b\"><v>1</v></c>\
             <c t=\"str\"><f>A1</f><v>text</v></c><c t=\"d\"><v>2024-02-29T01:02:03</v></c><c t=\"e\"><v>#N/A</v></c></row>",
            row % 2
        );
    }
    with_merged(
        &sheet_xml(&rows),
        &["A1:B2", "$C$3:C9", "D4:D2", "A1:XFD1048576", "x"],
    )
}

/// The sheet with merged ranges behind its rows.
fn with_merged(sheet: &str, references: &[impl AsRef<str>]) -> String {
    let merged: String = references
        .iter()
        .map(|reference| format!("<mergeCell ref=\"{}\"/>", reference.as_ref()))
        .collect();
    let end = format!("</sheetData><mergeCells>{merged}</mergeCells>");
    sheet.replace("</sheetData>", &end)
}

/// Zips parts, deflated or as they are, with sound checksums.
fn zip(parts: &[(&str, Vec<u8>)], deflate: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in parts {
        let mut packed = content.clone();
        if deflate {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder
                .write_all(content)
                .expect("memory can be written to");
            packed = encoder.finish().expect("memory can be written to");
        }
        let mut common = vec![20, 0, 0, 0, u8::from(deflate) * 8, 0, 0, 0, 0x21, 0];
        common.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
        common.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        common.extend_from_slice(&(content.len() as u32).to_le_bytes());
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        let at = out.len() as u32;
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let start = out.len() as u32;
    let count = (parts.len() as u16).to_le_bytes();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count);
    out.extend_from_slice(&count);
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

fn package(sheet: &str) -> Vec<u8> {
    zip(&bytes_of(package_parts(sheet)), true)
}

fn bytes_of(parts: Vec<(&'static str, String)>) -> Vec<(&'static str, Vec<u8>)> {
    parts
        .into_iter()
        .map(|(name, content)| (name, content.into_bytes()))
        .collect()
}

/// The old workbook of the conformance cases.
fn sound_old_workbook() -> Vec<u8> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = repository.join("tests/conformance/cases/legacy-xls/input.xls");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn record(code: u16, data: &[u8]) -> Vec<u8> {
    [
        &code.to_le_bytes()[..],
        &(data.len() as u16).to_le_bytes()[..],
        data,
    ]
    .concat()
}

/// A bare stream of an old workbook with one cell of each kind.
fn sound_old_stream() -> Vec<u8> {
    let cell = |column: u16, rest: &[u8]| {
        [&[1, 0][..], &column.to_le_bytes()[..], &[0, 0][..], rest].concat()
    };
    let mut strings = vec![2, 0, 0, 0, 2, 0, 0, 0];
    strings.extend_from_slice(&[3, 0, 0, b'a', b'b', b'c', 2, 0, 1, b'd', 0]);
    let bound = |position: usize| {
        record(
            0x0085,
            &[
                &(position as u32).to_le_bytes()[..],
                &[0, 0, 1, 0, b'S'][..],
            ]
            .concat(),
        )
    };
    let mut globals = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    globals.extend(record(0x041E, &[164, 0, 4, 0, 0, b'y', b'y', b'-', b'm']));
    globals.extend(record(0x00E0, &[0, 0, 164, 0, 0, 0]));
    globals.extend(record(0x00FC, &strings));
    globals.extend(record(0x003C, &[1, b'e', 0]));
    let position = globals.len() + bound(0).len() + 4;
    globals.extend(bound(position));
    globals.extend(record(0x000A, &[]));
    let mut sheet = record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0]);
    sheet.extend(record(0x00FD, &cell(0, &[0, 0, 0, 0])));
    sheet.extend(record(0x0203, &cell(1, &45000.5f64.to_le_bytes())));
    sheet.extend(record(0x027E, &cell(2, &[50, 0, 0, 0])));
    sheet.extend(record(
        0x00BD,
        &[1, 0, 3, 0, 0, 0, 50, 0, 0, 0, 0, 0, 51, 0, 0, 0, 4, 0],
    ));
    sheet.extend(record(0x0204, &cell(5, &[2, 0, 1, b'x', 0, b'y', 0])));
    sheet.extend(record(0x0205, &cell(6, &[1, 0])));
    sheet.extend(record(
        0x0006,
        &cell(7, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0]),
    ));
    sheet.extend(record(0x0207, &[4, 0, 0, b'l', b'o']));
    sheet.extend(record(0x003C, &[1, b'n', 0, b'g', 0]));
    sheet.extend(record(0x00BE, &[1, 0, 9, 0, 0, 0, 0, 0, 10, 0]));
    sheet.extend(record(0x00E5, &[1, 0, 0, 0, 3, 0, 0, 0, 2, 0]));
    sheet.extend(record(0x023E, &[0, 6, 0, 0, 0, 0]));
    sheet.extend(record(0x000A, &[]));
    globals.extend(sheet);
    globals
}

// Damage at random ---------------------------------------------------------------------------------------------------

/// One change to bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let snippet = prop_oneof![
        Just(b"<".to_vec()),
        Just(b">".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"<c r=\"ZZZ16777216\"><v>1</v></c>".to_vec()),
        Just(b"<row r=\"16777216\">".to_vec()),
        Just(b"</row>".to_vec()),
        Just(b"<![CDATA[".to_vec()),
        Just(b"<!--".to_vec()),
        Just(b"&#x110000;".to_vec()),
        Just(b" xmlns=\"x\"".to_vec()),
        Just(b"-1e999".to_vec()),
        Just(b"99999999999999999999".to_vec()),
        Just(vec![0xFF; 8]),
        Just(vec![0; 8]),
        Just("é€𝄞\u{feff}".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..20),
    ];
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        3 => (index(), 0..8u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        4 => (index(), snippet).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        2 => (index(), 1..40usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (index(), 1..400usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        1 => index().prop_map(Damage::Cut),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match damage {
            Damage::Set(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Damage::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = at.index(length);
                bytes.drain(at..(at + count).min(length));
            }
            Damage::Repeat(at, count) => {
                let at = at.index(length);
                let piece = bytes[at..(at + count).min(length)].to_vec();
                bytes.splice(at..at, piece);
            }
            Damage::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    prop::collection::vec(damage(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_archives(damages in damages()) {
        let _turn = turn();
        survive("xlsx", &damaged(package(&sound_sheet()), &damages), 1 << 16);
    }

    #[test]
    fn damaged_parts(which in 0..6usize, damages in damages(), deflate in any::<bool>()) {
        let _turn = turn();
        let mut parts = bytes_of(package_parts(&sound_sheet()));
        parts[which].1 = damaged(std::mem::take(&mut parts[which].1), &damages);
        let size = parts.iter().map(|part| part.1.len()).sum();
        survive("xlsx", &zip(&parts, deflate), size);
    }

    #[test]
    fn damaged_old_streams(damages in damages()) {
        let _turn = turn();
        survive("xls", &damaged(sound_old_stream(), &damages), 0);
    }

    #[test]
    fn damaged_old_workbooks(damages in damages()) {
        let _turn = turn();
        survive("xls", &damaged(sound_old_workbook(), &damages), 0);
    }

    #[test]
    fn any_bytes_as_any_format(bytes in prop::collection::vec(any::<u8>(), 0..400), extension in prop_oneof![Just("xlsx"), Just("xls"), Just("csv")]) {
        let _turn = turn();
        survive(extension, &bytes, 0);
    }

    #[test]
    fn any_text(text in "[a,;\t|\"\r\né€𝄞]{0,200}", utf16 in any::<bool>()) {
        let _turn = turn();
        let bytes = if utf16 { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() };
        survive("csv", &bytes, 0);
    }
}

// Sound files, and attacks made by hand ------------------------------------------------------------------------------

#[test]
fn the_sound_files_are_sound() {
    let _turn = turn();
    assert_eq!(
        survive("xlsx", &package(&sound_sheet()), 1 << 16),
        Some(8 * 9)
    );
    assert_eq!(survive("xls", &sound_old_stream(), 0), Some(8));
    assert!(survive("xls", &sound_old_workbook(), 0).is_some_and(|cells| cells > 20));
}

#[test]
fn a_bomb_of_empty_rows_costs_nothing() {
    let _turn = turn();
    let xml = sheet_xml(&"<row/>".repeat(10_000_000));
    assert_eq!(survive("xlsx", &package(&xml), 1 << 20), Some(0));
}

#[test]
fn cells_in_far_corners_cost_what_they_weigh() {
    let _turn = turn();
    let mut rows = String::new();
    for number in 0..4000 {
        rows += &format!(
            "<row r=\"{}\"><c r=\"ZZ{0}\"><v>1</v></c></row>",
            number * 4000 + 1
        );
    }
    let xml = sheet_xml(&rows);
    survive("xlsx", &package(&xml), xml.len());
    let mut row = "<row r=\"1048576\">".to_owned();
    for column in 0..16_384 {
        row += &format!(
            "<c r=\"{}1048576\"><v>1</v></c>",
            ade_engine_native::cells::column_letters::column_name(column)
        );
    }
    let xml = sheet_xml(&(row + "</row>"));
    survive("xlsx", &package(&xml), xml.len());
}

#[test]
fn rows_in_reverse_order_take_no_longer() {
    let _turn = turn();
    let mut rows = String::new();
    for number in (1..60_000).rev() {
        rows += &format!("<row r=\"{number}\"><c><v>{number}</v></c><c><v>2</v></c></row>");
    }
    let xml = sheet_xml(&rows);
    assert!(survive("xlsx", &package(&xml), xml.len()).is_some());
}

#[test]
fn merged_ranges_take_no_more_than_is_in_proportion() {
    let _turn = turn();
    let name = ade_engine_native::cells::column_letters::column_name;
    let sound: String = (1..40)
        .map(|row| format!("<row r=\"{row}\"><c><v>{row}</v></c><c/><c><v>2</v></c></row>"))
        .collect();
    // A row at the end of what a sheet can hold, and one that is as wide.
    let mut far = "<row r=\"1\"><c r=\"A1\"><v>1</v></c>".to_owned();
    for column in (0..16_384).step_by(400) {
        far += &format!("<c r=\"{}1\"><v>1</v></c>", name(column));
    }
    far += "</row>";
    for row in (1..1_048_576).step_by(900) {
        far += &format!("<row r=\"{}\"><c r=\"A{0}\"><v>1</v></c></row>", row + 1);
    }
    let nested: Vec<String> = (1..30_000)
        .map(|last| format!("A1:{}{}", name(last % 16_000), 1_048_576 - last))
        .collect();
    let strips: Vec<String> = (1..30_000).map(|row| format!("A{row}:XFD{row}")).collect();
    let columns: Vec<String> = (0..16_384)
        .map(|column| format!("{0}1:{0}1048576", name(column)))
        .collect();
    let again = vec!["A1:C5".to_owned(); 100_000];
    let garbage: Vec<String> = [
        "A1:XFD1048576",
        "XFD1048576:A1",
        "A1:A1",
        "A0:B0",
        "A1:B99999999999999999999",
        "AAAA1:B2",
        "A:A",
        "1:1",
        ":",
        "",
        "A1:",
        ":B2",
        "A1:B2:C3",
        "A1 B2",
        "-A1:B2",
        "A1:é9",
        "R1C1:R2C2",
        "ZZZ16777216:ZZZ999999999",
        "&amp;:&lt;",
        "$$$:$$$",
    ]
    .map(str::to_owned)
    .to_vec();
    for rows in [&sound, &far] {
        for references in [&nested, &strips, &columns, &again, &garbage] {
            let xml = with_merged(&sheet_xml(rows), references);
            assert!(survive("xlsx", &package(&xml), xml.len()).is_some());
        }
    }
    // An old sheet whose ranges are as large as they can be, and lie over each other.
    let mut merged = 1000u16.to_le_bytes().to_vec();
    for _ in 0..1000 {
        merged.extend([0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0]);
    }
    let mut stream = sound_old_stream();
    let end = stream.len() - record(0x000A, &[]).len();
    stream.splice(end..end, record(0x00E5, &merged));
    assert!(survive("xls", &stream, 0).is_some());
}

#[test]
fn nesting_comments_entities_and_endless_values_are_bounded() {
    let _turn = turn();
    for rows in [
        "<a>".repeat(1_000_000),
        "<!-- x -->".repeat(1_000_000),
        "<?x?>".repeat(1_000_000),
        format!("<row><c><v>{}</v></c></row>", "9".repeat(5_000_000)),
        format!(
            "<row><c t=\"str\"><v>{}</v></c></row>",
            "&amp;".repeat(1_000_000)
        ),
        format!("<row r=\"{}\"/>", "1".repeat(5_000_000)),
        format!("<row>{}</row>", "<c/>".repeat(3_000_000)),
        format!("<row>{}</row>", "<c r=\"A1\"><v>1</v></c>".repeat(300_000)),
    ] {
        let xml = sheet_xml(&rows);
        survive("xlsx", &package(&xml), xml.len());
    }
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;\">]>";
    let xml = sheet_xml("<row><c t=\"str\"><v>&c;</v></c></row>")
        .replace("<worksheet", &(bomb.to_owned() + "<worksheet"));
    survive("xlsx", &package(&xml), xml.len());
}

#[test]
fn sizes_that_are_merely_declared_are_not_believed() {
    let _turn = turn();
    let mut archive = package(&sound_sheet());
    let end = archive.len() - 22;
    for at in [end + 8, end + 10, end + 12, end + 16] {
        let mut changed = archive.clone();
        changed[at..at + 2].copy_from_slice(&[0xFF, 0xFF]);
        survive("xlsx", &changed, 1 << 16);
    }
    // Every size in the directory.
    while let Some(at) = archive
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
    {
        archive[at + 20..at + 28].copy_from_slice(&[0xFE; 8]);
        archive[at] = b'Q';
        let mut changed = archive.clone();
        changed[at] = b'P';
        survive("xlsx", &changed, 1 << 16);
    }
}

#[test]
fn old_containers_that_loop_or_lie_are_bounded() {
    let _turn = turn();
    let sound = sound_old_workbook();
    // Every word of the header, and of the table of sectors, set to what hurts most.
    for at in (24..512).step_by(4) {
        for value in [0u32, 1, 2, 0x7FFF_FFFF, 0xFFFF_FFFD] {
            let mut changed = sound.clone();
            changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
            survive("xls", &changed, 0);
        }
    }
    for sector in 1..sound.len() / 512 {
        let mut changed = sound.clone();
        for word in changed[sector * 512..(sector + 1) * 512].chunks_exact_mut(4) {
            word.copy_from_slice(&1u32.to_le_bytes());
        }
        survive("xls", &changed, 0);
    }
}

#[test]
fn many_sheets_at_one_place_are_bounded() {
    let _turn = turn();
    let mut stream = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    let position = 20_000 * 13 + 12 + 4;
    for _ in 0..20_000 {
        stream.extend(record(
            0x0085,
            &[
                &(position as u32).to_le_bytes()[..],
                &[0, 0, 1, 0, b'S'][..],
            ]
            .concat(),
        ));
    }
    stream.extend(record(0x000A, &[]));
    stream.extend(record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0]));
    for row in 0..60_000u16 {
        let row = row.to_le_bytes();
        stream.extend(record(0x027E, &[row[0], row[1], 0, 0, 0, 0, 50, 0, 0, 0]));
    }
    stream.extend(record(0x000A, &[]));
    assert!(survive("xls", &stream, 0).is_some());
}
