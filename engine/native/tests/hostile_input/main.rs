//! No bytes make a reader panic, hang, or use memory out of proportion to them.
//!
//! Sound files are damaged at random, at the level of bytes and, for workbooks, also within their XML parts. Some attacks are
//! written by hand. Each kind runs a sixteenth of `PROPTEST_CASES` (256) random cases.

mod sound;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ade_engine_native::cells::ScanLimits;
use ade_engine_native::columns::series;
use ade_engine_native::error::Result;
use ade_engine_native::progress::ScanWatch;
use ade_engine_native::read::ReadOptions;
use ade_engine_native::read::book::InputBook;
use proptest::prelude::*;

use sound::{
    SOUND_PAGE, SOUND_XML_ROWS, binary_cell, binary_parts, binary_record, binary_row, bound,
    bytes_of, mail, open_document, open_document_xml, package, package_parts, record, sheet_xml,
    sound_binary_sheet, sound_old_stream, sound_old_workbook, sound_open_document, sound_sheet,
    spreadsheet_xml, with_merged, zip,
};

// Measuring ----------------------------------------------------------------------------------------------------------

/// An allocator that counts allocated bytes.
struct Counting;

static CURRENT: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator; only numbers are recorded.
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

/// Makes tests take turns, so that memory is measured for one at a time. Each test calls this first.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that is deleted with its owner.
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

/// Reads everything of a file that can be read, and visits all of it.
fn read_all(path: &str, options: &ReadOptions, limits: ScanLimits) -> Result<usize> {
    let book = InputBook::open(path, options)?;
    let mut cells = 0;
    for sheet in 0..book.sheets().len().min(8) {
        drop(book.merged_ranges(sheet));
    }
    for sheet in 0..book.sheets().len().min(8) {
        let Ok(sheet) = book.scan(sheet, limits, &ScanWatch::default()) else {
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
            let kinds = sheet.column_kinds(column, 0, rows);
            drop(series::build(&sheet, column, 0, rows, kinds));
        }
        drop(sheet.count_cells(0, rows, facts.width.min(50)));
        assert!(
            sheet.hiding_ranges(&[(0, 5), (3, 9), (5000, usize::MAX)]).0
                <= sheet.findings().merged.len()
        );
    }
    Ok(cells)
}

/// Reads a file in every way, and checks that this is quick and cheap. `real_bytes` is its unpacked size.
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
            _ => ReadOptions {
                as_shown: true,
                ..ReadOptions::default()
            },
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

// Damage at random ---------------------------------------------------------------------------------------------------

/// A single change to bytes.
#[derive(Debug, Clone)]
enum Damage {
    Set(prop::sample::Index, u8),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

#[rustfmt::skip]
fn damage() -> impl Strategy<Value = Damage> {
    let known = b"<|>|\"|<c r=\"ZZZ16777216\"><v>1</v></c>|<row r=\"16777216\">|</row>|<![CDATA[|<!--|&#x110000;| xmlns=\"x\"|-1e999|\
        99999999999999999999|\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF|\0\0\0\0\0\0\0\0|\xC3\xA9\xF0\x9D\x84\x9E\xEF\xBB\xBF";
    let known = known.split(|&byte| byte == b'|').map(<[u8]>::to_vec);
    let snippet = prop_oneof![
        15 => prop::sample::select(known.collect::<Vec<_>>()),
        1 => prop::collection::vec(any::<u8>(), 1..20),
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
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: ProptestConfig::default().cases / 16, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files(damages in damages()) {
        let _turn = turn();
        for (extension, sound) in [
            ("xlsx", package(&sound_sheet())), ("xls", sound_old_stream()), ("xls", sound_old_workbook()), ("xls", SOUND_PAGE.into()),
            ("xls", mail(SOUND_PAGE).into()), ("xls", spreadsheet_xml(SOUND_XML_ROWS).into()),
        ] {
            survive(extension, &damaged(sound, &damages), 1 << 16);
        }
    }

    #[test]
    fn damaged_parts(which in 0..30usize, damages in damages(), deflate in any::<bool>()) {
        let _turn = turn();
        for (extension, mut parts) in [
            ("xlsx", bytes_of(package_parts(&sound_sheet()))), ("xlsb", binary_parts(sound_binary_sheet())),
            ("ods", vec![("content.xml", sound_open_document().into())]),
        ] {
            let which = which % parts.len();
            parts[which].1 = damaged(std::mem::take(&mut parts[which].1), &damages);
            let size = parts.iter().map(|part| part.1.len()).sum();
            survive(extension, &zip(&parts, deflate), size);
        }
    }

    #[test]
    fn any_bytes_as_any_format(bytes in prop::collection::vec(any::<u8>(), 0..400), extension in prop_oneof![Just("xlsx"), Just("xls"), Just("csv"), Just("ods"), Just("txt")]) {
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
    let binary = zip(&binary_parts(sound_binary_sheet()), true);
    let document = open_document(sound_open_document().as_bytes());
    for (extension, content, cells) in [
        ("xlsx", &package(&sound_sheet()), 8 * 9),
        ("xls", &sound_old_stream(), 8),
        ("ods", &document, 2 * 6),
        ("xlsb", &binary, 6),
        ("xls", &spreadsheet_xml(SOUND_XML_ROWS).into(), 6),
        ("xls", &SOUND_PAGE.into(), 13),
        ("xls", &mail(SOUND_PAGE).into(), 13),
    ] {
        assert_eq!(survive(extension, content, 1 << 16), Some(cells));
    }
    assert!(survive("xls", &sound_old_workbook(), 0).is_some_and(|cells| cells > 20));
}

#[rustfmt::skip]
#[test]
fn pages_that_nest_span_or_never_end_are_bounded() {
    let _turn = turn();
    let spans = "<td rowspan=65534 colspan=1000>".repeat(18) + &"<tr><td>x".repeat(20_000);
    for page in [
        "<table><tr><td>".repeat(20_000), "<table>".repeat(10_000), format!("<table><tr>{spans}"),
        format!("<table><tr>{}", "<td rowspan=2>x".repeat(18_000)),
        "<table><tr><td rowspan=9>x</table>".repeat(10_000),
        format!("<table><tr>{}", "<td colspan=1000>x".repeat(5_000)),
        format!("<table>{}", "<tr><td>x".repeat(10_000)),
        format!("<table>{}", "<td x:num sdnum='1;2;00'>7".repeat(15_000)),
        format!("<table><td>{}", "&#8364;&nope;&".repeat(30_000)),
        format!("<table><td {}", "a='b' c=\"".repeat(30_000)), "<table><!--".repeat(30_000),
        "<table><style>".repeat(30_000), format!("<table>{}", "<x:ExcelWorksheet><x:Name>".repeat(10_000)),
    ] {
        survive("xls", page.as_bytes(), 0);
        survive("xls", mail(&page).as_bytes(), 0);
    }
    let head = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n";
    let part = "--x\nContent-Type: text/html\nContent-Location: a\n\n<table><tr><td>1\n";
    survive("xls", (head.to_owned() + &part.repeat(5_000)).as_bytes(), 0);
    survive("xls", head.repeat(5_000).as_bytes(), 0);
}

#[rustfmt::skip]
#[test]
fn spreadsheets_that_repeat_and_lie_far_away_are_bounded() {
    let _turn = turn();
    let cell = |more: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"1\" table:style-name=\"z\" {more}/>"
        )
    };
    let row =
        |more: &str, cells: &str| format!("<table:table-row {more}>{cells}</table:table-row>");
    let (rows, columns) = (
        "table:number-rows-repeated=\"9999999\"",
        "table:number-columns-repeated=\"16384\"",
    );
    let wide = cell(columns);
    let far = row(rows, "").repeat(3);
    let spaces = "<text:s text:c=\"4294967295\"/>".repeat(50_000);
    for table in [
        row(rows, &wide),
        row("", &wide).repeat(100),
        (row("", &wide) + &row("table:number-rows-repeated=\"5000\"", "")).repeat(60),
        row(rows, &cell("table:formula=\"x\"").replace("office:value=\"1\"", "")),
        far.clone() + &row("", &cell("")),
        row("", &cell("table:number-columns-spanned=\"99999999\" table:number-rows-spanned=\"99999999\"")).repeat(20_000),
        row("", &cell("table:number-columns-repeated=\"99999999999999999999\"")),
        row("", &format!("<table:table-cell office:value-type=\"string\"><text:p>{spaces}</text:p></table:table-cell>")),
        "<table:table-row-group>".repeat(100_000),
        "<table:table-column table:number-columns-repeated=\"16777216\" table:default-cell-style-name=\"z\"/>".repeat(100_000),
    ] {
        let content = open_document_xml(&format!("<table:table table:name=\"S\">{table}</table:table>"));
        survive("ods", &open_document(content.as_bytes()), content.len());
    }
    let content = open_document_xml(&"<table:table/>".repeat(100_000));
    survive("ods", &open_document(content.as_bytes()), content.len());
    for rows in [
        "<Row ss:Index=\"16777217\"><Cell><Data ss:Type=\"Number\">1</Data></Cell></Row>".to_owned(),
        "<Row ss:Span=\"16777216\" ss:Index=\"16777216\"/>".repeat(300) + SOUND_XML_ROWS,
        "<Row><Cell ss:Index=\"18279\"/></Row>".to_owned(),
        "<Row><Cell ss:MergeAcross=\"99999999\" ss:MergeDown=\"99999999\"><Data ss:Type=\"Number\">1</Data></Cell></Row>".repeat(20_000),
        "<Row>".repeat(100_000),
    ] {
        survive("xls", spreadsheet_xml(&rows).as_bytes(), 0);
    }
    let extreme = [
        binary_row(u32::MAX), [binary_row(5), binary_cell(5, u32::MAX, &[0; 8])].concat(),
        [binary_row(5), binary_cell(6, 0, &[0xFF; 4]), binary_cell(7, 1, &[0xFF; 4])] .concat(),
        binary_record(176, &[0xFF; 16]), vec![5, 0xFF, 0xFF, 0xFF, 0x7F], binary_row(7).repeat(200_000),
        (0..4000) .flat_map(|row| [binary_row(row * 4000), binary_cell(4, 700, &[1])].concat()) .collect(),
    ];
    for sheet in extreme {
        let size = sheet.len();
        survive("xlsb", &zip(&binary_parts(sheet), true), size);
    }
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

#[rustfmt::skip]
#[test]
fn merged_ranges_take_no_more_than_is_in_proportion() {
    let _turn = turn();
    let name = ade_engine_native::cells::column_letters::column_name;
    let sound: String = (1..40)
        .map(|row| format!("<row r=\"{row}\"><c><v>{row}</v></c><c/><c><v>2</v></c></row>"))
        .collect();
    // A row at the end of a sheet's limits, and one that is as wide.
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
        "A1:XFD1048576", "XFD1048576:A1", "A1:A1", "A0:B0", "A1:B99999999999999999999", "AAAA1:B2", "A:A", "1:1", ":",
        "", "A1:", ":B2", "A1:B2:C3", "A1 B2", "-A1:B2", "A1:é9", "R1C1:R2C2", "ZZZ16777216:ZZZ999999999",
        "&amp;:&lt;", "$$$:$$$",
    ]
    .map(str::to_owned)
    .to_vec();
    for rows in [&sound, &far] {
        for references in [&nested, &strips, &columns, &again, &garbage] {
            let xml = with_merged(&sheet_xml(rows), references);
            assert!(survive("xlsx", &package(&xml), xml.len()).is_some());
        }
    }
    // An old sheet whose ranges are as large as possible, and overlap.
    let mut merged = 1000u16.to_le_bytes().to_vec();
    for _ in 0..1000 {
        merged.extend([0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0]);
    }
    let mut stream = sound_old_stream();
    let end = stream.len() - record(0x000A, &[]).len();
    stream.splice(end..end, record(0x00E5, &merged));
    assert!(survive("xls", &stream, 0).is_some());
}

#[rustfmt::skip]
#[test]
fn nesting_comments_entities_and_endless_values_are_bounded() {
    let _turn = turn();
    for rows in [
        "<a>".repeat(1_000_000), "<!-- x -->".repeat(1_000_000), "<?x?>".repeat(1_000_000),
        format!("<row><c><v>{}</v></c></row>", "9".repeat(5_000_000)),
        format!("<row><c t=\"str\"><v>{}</v></c></row>", "&amp;".repeat(1_000_000)),
        format!("<row r=\"{}\"/>", "1".repeat(5_000_000)), format!("<row>{}</row>", "<c/>".repeat(3_000_000)),
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
    // Change every size in the directory.
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
    // Set every word of the header, and of the table of sectors, to the most harmful values.
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
        stream.extend(bound(position));
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
