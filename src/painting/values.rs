//! Text files and workbooks in formats other than `.xlsx` cannot carry marks: their values are written to a new workbook, which
//! is then painted like any other.
//!
//! For text files: each cell unchanged. For `.xls`, `.ods` and similar formats: values with a format for dates and times,
//! titles, hidden sheets, merged areas. The engine's reader determines the cells here as in a run, so the cell of an issue is
//! the same.

use std::fs::File;
use std::io::Write;

use ade_engine_native::SourceError;
use ade_engine_native::cells::serial_date::{
    serial_of_date, serial_of_date_time, serial_of_duration, serial_of_time,
};
use ade_engine_native::cells::{CellTag, ScanLimits, Sheet, SheetCell};
use ade_engine_native::progress::ScanWatch;
use ade_engine_native::read::ReadOptions;
use ade_engine_native::read::book::InputBook;

use super::package::archive::{MAX_SHEET_BYTES, PackageCopy};
use super::package::content_types::{self, SPREADSHEET};
use super::refusal::Trouble;
use super::xml::text::{attribute, shortened, text_element};
use crate::base::places::{MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, letters};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
/// The maximum length of a cell's text.
const MAX_CELL_CHARS: usize = 32_767;
/// The number of rows that decide the widths of columns.
const MAX_MEASURED_ROWS: usize = 1_000;

/// The formats of values: the code and its number in the styles.
const FORMATS: [(&str, u32); 6] = [
    ("General", 0),
    ("@", 49),
    ("yyyy\\-mm\\-dd", 164),
    ("yyyy\\-mm\\-dd\\ hh:mm:ss", 165),
    ("hh:mm:ss", 166),
    ("[h]:mm:ss", 167),
];
const TEXT: usize = 1;
const DATE: usize = 2;
const DATE_TIME: usize = 3;
const TIME: usize = 4;
const DURATION: usize = 5;

/// Writes a workbook with the values of a file that the reader can read.
///
/// # Errors
/// The file cannot be read, or has more than a workbook holds.
pub fn write(path: &str, options: &ReadOptions, is_text: bool, copy: File) -> Result<(), Trouble> {
    let book = InputBook::open(path, options).map_err(|failure| unreadable(failure, path))?;
    let mut copy = PackageCopy::new(copy);
    let sheets = book.sheets();
    copy.put(content_types::PART, types(sheets.len()).as_bytes())?;
    let root = format!(
        "{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
         Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    copy.put("_rels/.rels", root.as_bytes())?;
    let (mut listed, mut related) = (String::new(), String::new());
    for (number, sheet) in (1..).zip(sheets) {
        let (name, state) = (attribute(&sheet.title), sheet.visibility.name());
        listed.push_str(&format!(
            "<sheet name=\"{name}\" sheetId=\"{number}\" state=\"{state}\" r:id=\"rId{number}\"/>"
        ));
        related.push_str(&format!(
            "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
        ));
    }
    related.push_str(&format!(
        "<Relationship Id=\"rIdStyles\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/>"
    ));
    let workbook = format!(
        "{DECLARATION}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{listed}</sheets></workbook>"
    );
    copy.put("xl/workbook.xml", workbook.as_bytes())?;
    let related = format!(
        "{DECLARATION}<Relationships xmlns=\"{PACKAGE}/relationships\">{related}</Relationships>"
    );
    copy.put("xl/_rels/workbook.xml.rels", related.as_bytes())?;
    copy.put("xl/styles.xml", styles().as_bytes())?;
    let limits = ScanLimits {
        bytes: Some(MAX_SHEET_BYTES as usize),
        keep_blank_text: true,
        ..ScanLimits::NONE
    };
    for index in 0..sheets.len() {
        let part = format!("xl/worksheets/sheet{}.xml", index + 1);
        let scanned = book.scan(index, limits, &ScanWatch::default());
        let sheet = scanned.map_err(|failure| unreadable(failure, path))?;
        let merged = book
            .merged_ranges(index)
            .map_err(|failure| unreadable(failure, path))?;
        let merged: Vec<String> = merged.iter().map(|range| range.reference()).collect();
        let facts = sheet.facts();
        if facts.rows_emitted > MAX_SHEET_ROWS as usize || facts.width > MAX_SHEET_COLUMNS as usize
        {
            return Err(Trouble::NotAWorkbook(
                "has more rows or columns than a workbook holds".to_owned(),
            ));
        }
        let out = copy.start(&part, facts.rows_emitted as u64 * facts.width as u64 * 60)?;
        write_sheet(&sheet, &merged, is_text, out)?;
    }
    copy.finish()?;
    Ok(())
}

/// Converts a reader's error. The reader's words contain the path, but only the file's name is wanted.
pub fn unreadable(failure: SourceError, path: &str) -> Trouble {
    let words = failure.to_string();
    let words = words.strip_prefix(path).unwrap_or(&words);
    let said = words.replace(path, "it").trim_start().to_owned();
    match failure {
        SourceError::Foreign { words, .. } if words.contains("password") => Trouble::Encrypted,
        SourceError::BeyondMemory { what, .. } => Trouble::TooLarge {
            part: what,
            most: MAX_SHEET_BYTES,
        },
        SourceError::Foreign { .. }
        | SourceError::Empty { .. }
        | SourceError::CutShort { .. }
        | SourceError::UnsupportedExtension { .. } => Trouble::NotAWorkbook(said),
        _ => Trouble::NotAWorkbook(format!("cannot be painted: {said}")),
    }
}

fn types(sheets: usize) -> String {
    let parts: String = (1..=sheets)
        .map(|number| {
            format!(
                "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{SPREADSHEET}worksheet+xml\"/>"
            )
        })
        .collect();
    format!(
        "{DECLARATION}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" \
         ContentType=\"{SPREADSHEET}sheet.main+xml\"/><Override PartName=\"/xl/styles.xml\" \
         ContentType=\"{SPREADSHEET}styles+xml\"/>{parts}</Types>"
    )
}

fn styles() -> String {
    let codes: String = FORMATS
        .iter()
        .filter(|(_, number)| *number >= 164)
        .map(|(code, number)| format!("<numFmt numFmtId=\"{number}\" formatCode=\"{code}\"/>"))
        .collect();
    let formats: String = FORMATS
        .iter()
        .map(|(_, number)| {
            format!("<xf numFmtId=\"{number}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>")
        })
        .collect();
    let count = FORMATS.len();
    format!(
        "{DECLARATION}<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"4\">{codes}</numFmts><fonts count=\"1\"><font><sz \
         val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font></fonts><fills count=\"2\"><fill><patternFill \
         patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills><borders \
         count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count=\"1\"><xf \
         numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"{count}\">{formats}\
         </cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles></styleSheet>"
    )
}

/// Returns the columns with their widths and the format for new cells.
fn columns(sheet: &Sheet, is_text: bool) -> String {
    let style = if is_text { TEXT } else { 0 };
    let columns: String = (1..)
        .zip(widths(sheet))
        .map(|(number, width)| {
            format!("<col min=\"{number}\" max=\"{number}\" width=\"{width}\" style=\"{style}\" customWidth=\"1\"/>")
        })
        .collect();
    match columns.is_empty() {
        true => columns,
        false => format!("<cols>{columns}</cols>"),
    }
}

fn write_sheet(
    sheet: &Sheet,
    merged: &[String],
    is_text: bool,
    out: &mut impl Write,
) -> Result<(), Trouble> {
    let mut put = |text: &str| out.write_all(text.as_bytes()).map_err(Trouble::Write);
    put(&format!("{DECLARATION}<worksheet xmlns=\"{MAIN}\">"))?;
    put(&columns(sheet, is_text))?;
    put("<sheetData>")?;
    let (mut cells, mut text) = (Vec::new(), String::new());
    for row in 0..sheet.facts().rows_emitted {
        sheet.read_row(row, &mut cells);
        let number = row + 1;
        let before = text.len();
        text.push_str(&format!("<row r=\"{number}\">"));
        let empty = text.len();
        for (column, cell) in (1..).zip(&cells) {
            push_cell(
                &mut text,
                sheet,
                *cell,
                &format!("{}{number}", letters(column)),
                is_text,
            );
        }
        if text.len() == empty {
            text.truncate(before);
            continue;
        }
        text.push_str("</row>");
        if text.len() > 1 << 16 {
            put(&text)?;
            text.clear();
        }
    }
    text.push_str("</sheetData>");
    if !merged.is_empty() {
        let areas: String = merged
            .iter()
            .map(|area| format!("<mergeCell ref=\"{area}\"/>"))
            .collect();
        text.push_str(&format!(
            "<mergeCells count=\"{}\">{areas}</mergeCells>",
            merged.len()
        ));
    }
    text.push_str("</worksheet>");
    put(&text)
}

fn push_cell(out: &mut String, sheet: &Sheet, cell: SheetCell, name: &str, is_text: bool) {
    let mut number = |value: String, style: usize| {
        out.push_str(&format!("<c r=\"{name}\" s=\"{style}\"><v>{value}</v></c>"));
    };
    // The 64 bits of times are signed.
    let signed = cell.bits as i64;
    match cell.tag {
        CellTag::Empty | CellTag::EmptyText => {}
        CellTag::Integer => number(cell.as_integer().to_string(), 0),
        CellTag::Float if cell.as_float().is_finite() => number(cell.as_float().to_string(), 0),
        CellTag::Float => {}
        CellTag::Date => number(serial_of_date(signed).to_string(), DATE),
        CellTag::DateTime => number(serial_of_date_time(signed).to_string(), DATE_TIME),
        CellTag::Time => number(serial_of_time(signed).to_string(), TIME),
        CellTag::Duration => number(serial_of_duration(signed).to_string(), DURATION),
        CellTag::Boolean => {
            let value = u8::from(cell.bits != 0);
            out.push_str(&format!("<c r=\"{name}\" t=\"b\"><v>{value}</v></c>"));
        }
        CellTag::Text | CellTag::BigInteger => {
            let style = if is_text { TEXT } else { 0 };
            let text = text_element("", &shortened(sheet.text(cell.as_text()), MAX_CELL_CHARS));
            out.push_str(&format!(
                "<c r=\"{name}\" s=\"{style}\" t=\"inlineStr\"><is>{text}</is></c>"
            ));
        }
    }
}

/// Returns the widths of columns by their content, from 8 to 48 characters.
fn widths(sheet: &Sheet) -> Vec<usize> {
    let mut widths = vec![8; sheet.facts().width];
    let mut cells = Vec::new();
    for row in 0..sheet.facts().rows_emitted.min(MAX_MEASURED_ROWS) {
        sheet.read_row(row, &mut cells);
        for (width, cell) in widths.iter_mut().zip(&cells) {
            let length = match cell.tag {
                CellTag::Text => sheet.text(cell.as_text()).chars().count(),
                CellTag::DateTime => 19,
                _ => 10,
            };
            *width = (*width).max(length + 2).min(48);
        }
    }
    widths
}
