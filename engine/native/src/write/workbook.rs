//! Writing a whole workbook, sheet by sheet, in constant memory.

use std::fs::File;
use std::io;

use super::cells::CellWriter;
use super::package::Package;
use super::shared_texts::Texts;
use super::styled::Styled;
use super::styles::{MOMENT_STYLES, StyleSheet};
use super::text;
use crate::cells::column_letters::column_name;
use crate::columns::frame::Frame;

/// Sheet XML is passed on for packing in pieces of about this size.
const PIECE_BYTES: usize = 1 << 19;
/// Sheets that may become larger than this need 64-bit sizes in their header.
const LARGE_SHEET_BYTES: u64 = 1 << 31;

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// Writes one workbook, sheet by sheet.
pub struct WorkbookWriter {
    package: Package,
    titles: Vec<String>,
    /// For each sheet, the range that is filtered, if one is.
    filters: Vec<Option<String>>,
    styles: StyleSheet,
    cells: CellWriter,
    /// The XML of the current sheet that was not passed on yet.
    piece: Vec<u8>,
    next_row: usize,
    in_sheet: bool,
}

/// The extent of a sheet, where it is known before the sheet is written.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub rows: usize,
    pub columns: usize,
}

/// What a sheet looks like beside its cells.
#[derive(Debug, Clone, Default)]
pub struct SheetLook {
    /// The width of each column, and whether it is one of a group that is closed.
    pub columns: Vec<(f64, bool)>,
    /// The rows that stay in view, from the first one on.
    pub frozen_rows: usize,
    /// The range that is filtered, such as `A1:C20`.
    pub filter: Option<String>,
}

impl WorkbookWriter {
    /// Starts a workbook in an empty file.
    pub fn new(file: File, escape_formulas: bool) -> Self {
        Self {
            package: Package::new(file),
            titles: Vec::new(),
            filters: Vec::new(),
            styles: StyleSheet::default(),
            cells: CellWriter::new(escape_formulas, MOMENT_STYLES, Some(Texts::default())),
            piece: Vec::with_capacity(PIECE_BYTES + (PIECE_BYTES >> 2)),
            next_row: 1,
            in_sheet: false,
        }
    }

    /// Starts a sheet; the one before it ends.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start_sheet(
        &mut self,
        title: &str,
        extent: Option<Extent>,
        look: &SheetLook,
    ) -> io::Result<()> {
        self.end_sheet()?;
        self.titles.push(title.to_owned());
        self.filters.push(look.filter.clone());
        let likely_bytes =
            extent.map_or(0, |extent| extent.rows as u64 * extent.columns as u64 * 64);
        let part = format!("xl/worksheets/sheet{}.xml", self.titles.len());
        self.package
            .start_part(&part, likely_bytes > LARGE_SHEET_BYTES)?;
        let dimension = match extent {
            Some(Extent { rows, columns }) if rows > 0 && columns > 0 => {
                format!("<dimension ref=\"A1:{}{rows}\"/>", column_name(columns - 1))
            }
            Some(_) => "<dimension ref=\"A1\"/>".to_owned(),
            None => String::new(),
        };
        let selected = if self.titles.len() == 1 {
            " tabSelected=\"1\""
        } else {
            ""
        };
        let view = format!("<sheetView{selected} workbookViewId=\"0\"");
        let view = match look.frozen_rows {
            0 => format!("{view}/>"),
            rows => format!(
                "{view}><pane ySplit=\"{rows}\" topLeftCell=\"A{}\" activePane=\"bottomLeft\" state=\"frozen\"/>\
                 <selection pane=\"bottomLeft\" activeCell=\"A1\" sqref=\"A1\"/></sheetView>",
                rows + 1
            ),
        };
        let is_grouped = look.columns.iter().any(|(_, is_closed)| *is_closed);
        let outline = if is_grouped {
            " outlineLevelCol=\"1\""
        } else {
            ""
        };
        let columns = columns_element(&look.columns);
        self.piece.clear();
        self.piece.extend_from_slice(
            format!(
                "{HEADER}<worksheet xmlns=\"{MAIN}\">{dimension}<sheetViews>{view}\
                 </sheetViews><sheetFormatPr baseColWidth=\"8\" defaultRowHeight=\"15\"{outline}/>{columns}<sheetData>"
            )
            .as_bytes(),
        );
        self.next_row = 1;
        self.in_sheet = true;
        Ok(())
    }

    /// Adds a table: its column names and rows, after a blank row where there is a gap.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, frame: &Frame, gap: bool) -> io::Result<()> {
        self.next_row += usize::from(gap);
        self.cells
            .write_header(&frame.names, self.next_row, &mut self.piece);
        self.next_row += 1;
        for batch in 0..frame.batch_count() {
            let columns = frame.columns(batch);
            if columns.is_empty() {
                break;
            }
            for row in 0..frame.batch_rows(batch) {
                self.cells
                    .write_row(&columns, row, self.next_row, &mut self.piece);
                self.next_row += 1;
                if self.piece.len() >= PIECE_BYTES {
                    self.package.write(&mut self.piece)?;
                }
            }
        }
        Ok(())
    }

    /// Adds a table with its looks, after a blank row where there is a gap.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append_styled(&mut self, table: &Styled, gap: bool) -> io::Result<()> {
        let numbers: Vec<u32> = table
            .looks()
            .iter()
            .map(|look| self.styles.number(look))
            .collect();
        self.next_row += usize::from(gap);
        let (cells, piece, package) = (&mut self.cells, &mut self.piece, &mut self.package);
        table.write_header(cells, &numbers, self.next_row, piece);
        self.next_row += 1;
        table.write_rows(cells, &numbers, self.next_row, piece, |piece| {
            if piece.len() < PIECE_BYTES {
                return Ok(());
            }
            package.write(piece)
        })?;
        self.next_row += table.rows();
        Ok(())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.in_sheet) {
            return Ok(());
        }
        self.piece.extend_from_slice(b"</sheetData>");
        if let Some(Some(filter)) = self.filters.last() {
            self.piece
                .extend_from_slice(format!("<autoFilter ref=\"{filter}\"/>").as_bytes());
        }
        self.piece.extend_from_slice(
            b"<pageMargins left=\"0.75\" right=\"0.75\" top=\"1\" bottom=\"1\" header=\"0.5\" footer=\"0.5\"/>\
              </worksheet>",
        );
        self.package.write(&mut self.piece)?;
        self.package.end_part()
    }

    /// Ends the workbook. The file is complete then, but not yet forced to the disk.
    ///
    /// # Errors
    /// When the file cannot be written, or a sheet became larger than 4 GiB.
    pub fn finish(mut self) -> io::Result<File> {
        self.end_sheet()?;
        let has_texts = self.cells.text_count() > 0;
        if has_texts {
            self.write_shared_texts()?;
        }
        let mut listing = Listing::default();
        listing.add_type("xl/workbook.xml", "sheet.main");
        let mut sheets = String::new();
        for (title, number) in self.titles.iter().zip(1..) {
            listing.add(&format!("worksheets/sheet{number}.xml"), "worksheet");
            let title = text::attribute(title);
            sheets.push_str(&format!(
                "<sheet name=\"{title}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"
            ));
        }
        listing.add("styles.xml", "styles");
        if has_texts {
            listing.add("sharedStrings.xml", "sharedStrings");
        }
        let names = filter_names(&self.titles, &self.filters);
        let workbook = format!(
            "{HEADER}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><workbookPr/>\
             <bookViews><workbookView visibility=\"visible\" minimized=\"0\" showHorizontalScroll=\"1\" \
             showVerticalScroll=\"1\" showSheetTabs=\"1\" tabRatio=\"600\" firstSheet=\"0\" activeTab=\"0\"/></bookViews>\
             <sheets>{sheets}</sheets>{names}<calcPr calcId=\"124519\" fullCalcOnLoad=\"1\"/></workbook>"
        );
        let root = format!(
            "{HEADER}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
             Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        );
        let styles = format!(
            "{HEADER}<styleSheet xmlns=\"{MAIN}\">{}</styleSheet>",
            self.styles.to_xml()
        );
        for (part, content) in [
            ("xl/styles.xml", styles),
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", listing.relationships_part()),
            ("_rels/.rels", root),
            ("[Content_Types].xml", listing.types_part()),
        ] {
            self.package.start_part(part, false)?;
            self.package.write(&mut content.into_bytes())?;
            self.package.end_part()?;
        }
        self.package.finish()
    }

    fn write_shared_texts(&mut self) -> io::Result<()> {
        self.package.start_part("xl/sharedStrings.xml", false)?;
        let texts = self.cells.text_count();
        let start = format!("{HEADER}<sst xmlns=\"{MAIN}\" uniqueCount=\"{texts}\">");
        self.package.write(&mut start.into_bytes())?;
        let mut body = self.cells.take_texts();
        body.extend_from_slice(b"</sst>");
        self.package.write(&mut body)?;
        self.package.end_part()
    }
}

/// The columns of a sheet. Behind a group that is closed stands the column that can open it.
fn columns_element(columns: &[(f64, bool)]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let mut elements = String::new();
    let mut follows_group = false;
    for (number, (width, is_closed)) in (1..).zip(columns) {
        let group = match (is_closed, follows_group) {
            (true, _) => " hidden=\"1\" outlineLevel=\"1\"",
            (false, true) => " collapsed=\"1\"",
            (false, false) => "",
        };
        elements.push_str(&format!(
            "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"{group}/>"
        ));
        follows_group = *is_closed;
    }
    if follows_group {
        let number = columns.len() + 1;
        elements.push_str(&format!(
            "<col min=\"{number}\" max=\"{number}\" width=\"13\" collapsed=\"1\"/>"
        ));
    }
    format!("<cols>{elements}</cols>")
}

/// The names under which programs look for what is filtered in each sheet.
fn filter_names(titles: &[String], filters: &[Option<String>]) -> String {
    let mut names = String::new();
    for (number, (title, filter)) in titles.iter().zip(filters).enumerate() {
        let Some((first, last)) = filter.as_deref().and_then(|filter| filter.split_once(':'))
        else {
            continue;
        };
        let title = text::attribute(&title.replace('\'', "''"));
        names.push_str(&format!(
            "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{number}\" hidden=\"1\">'{title}'!{}:{}\
             </definedName>",
            absolute(first),
            absolute(last)
        ));
    }
    if names.is_empty() {
        names
    } else {
        format!("<definedNames>{names}</definedNames>")
    }
}

/// A reference such as `C7` as `$C$7`.
fn absolute(reference: &str) -> String {
    let (letters, digits) = reference.split_at(
        reference
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(reference.len()),
    );
    format!("${letters}${digits}")
}

/// Which part of the workbook is what: for the content types, and for the workbook's relationships.
#[derive(Default)]
struct Listing {
    types: String,
    relationships: String,
    count: usize,
}

impl Listing {
    /// Adds a part that the workbook part refers to, by its name below `xl/`.
    fn add(&mut self, target: &str, kind: &str) {
        self.add_type(&format!("xl/{target}"), kind);
        self.count += 1;
        self.relationships.push_str(&format!(
            "<Relationship Id=\"rId{}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>",
            self.count
        ));
    }

    fn add_type(&mut self, part: &str, kind: &str) {
        self.types.push_str(&format!(
            "<Override PartName=\"/{part}\" \
             ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml\"/>"
        ));
    }

    fn types_part(&self) -> String {
        format!(
            "{HEADER}<Types xmlns=\"{PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>{}</Types>",
            self.types
        )
    }

    fn relationships_part(&self) -> String {
        format!(
            "{HEADER}<Relationships xmlns=\"{PACKAGE}/relationships\">{}</Relationships>",
            self.relationships
        )
    }
}
