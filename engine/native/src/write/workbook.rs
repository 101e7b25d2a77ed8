//! Writes a whole workbook, sheet by sheet, in constant memory.

use std::fs::File;
use std::io;

use super::cells::CellWriter;
use super::list_sheet::ListSheetContent;
use super::package::PackageWriter;
use super::shared_texts::SharedTexts;
use super::styled::StyledTable;
use super::styles::{MOMENT_STYLES, StyleSheet};
use super::text;
use crate::cells::column_letters::column_name;
use crate::columns::frame::Frame;

/// The approximate size of the pieces in which sheet XML is handed over for packing.
const PIECE_BYTES: usize = 1 << 19;
/// The size from which a sheet may need 64-bit sizes in its header.
const LARGE_SHEET_BYTES: u64 = 1 << 31;

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// Writes one workbook, sheet by sheet.
pub struct WorkbookWriter {
    package: PackageWriter,
    titles: Vec<String>,
    /// The appearance of each sheet beside its cells.
    looks: Vec<SheetAppearance>,
    /// The links of the current sheet: a cell, and the target of its link.
    links: Vec<(String, String)>,
    styles: StyleSheet,
    cells: CellWriter,
    /// The XML of the current sheet that was not handed over yet.
    piece: Vec<u8>,
    next_row: usize,
    in_sheet: bool,
}

/// The extent of a sheet, if it is known before the sheet is written.
#[derive(Debug, Clone, Copy)]
pub struct OutputSheetExtent {
    pub rows: usize,
    pub columns: usize,
}

/// The appearance of a sheet beside its cells.
#[derive(Debug, Clone, Default)]
pub struct SheetAppearance {
    /// The width of each column, and whether it belongs to a collapsed group.
    pub columns: Vec<(f64, bool)>,
    /// The number of rows at the top that stay in view.
    pub frozen_rows: usize,
    /// The range that is filtered, such as `A1:C20`.
    pub filter: Option<String>,
    /// The header row that is repeated on each printed page, or 0 for none; the sheet is printed in landscape, one page wide.
    /// If `None`, the sheet has no print settings.
    pub printed_row: Option<usize>,
    /// The tab colour of a list sheet, which has no grid lines.
    pub list_color: Option<String>,
}

impl WorkbookWriter {
    /// Starts a workbook in an empty file.
    pub fn new(file: File, escape_formulas: bool) -> Self {
        Self {
            package: PackageWriter::new(file),
            titles: Vec::new(),
            looks: Vec::new(),
            links: Vec::new(),
            styles: StyleSheet::default(),
            cells: CellWriter::new(escape_formulas, MOMENT_STYLES, Some(SharedTexts::default())),
            piece: Vec::with_capacity(PIECE_BYTES + (PIECE_BYTES >> 2)),
            next_row: 1,
            in_sheet: false,
        }
    }

    /// Ends the previous sheet and starts another one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn start_sheet(
        &mut self,
        title: &str,
        extent: Option<OutputSheetExtent>,
        look: &SheetAppearance,
    ) -> io::Result<()> {
        self.end_sheet()?;
        self.titles.push(title.to_owned());
        self.looks.push(look.clone());
        let likely_bytes =
            extent.map_or(0, |extent| extent.rows as u64 * extent.columns as u64 * 64);
        let part = format!("xl/worksheets/sheet{}.xml", self.titles.len());
        self.package
            .start_part(&part, likely_bytes > LARGE_SHEET_BYTES)?;
        let dimension = match extent {
            Some(OutputSheetExtent { rows, columns }) if rows > 0 && columns > 0 => {
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
        let grid = match look.list_color {
            Some(_) => " showGridLines=\"0\"",
            None => "",
        };
        let view = format!("<sheetView{grid}{selected} workbookViewId=\"0\"");
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
        let properties = look.properties();
        self.piece.clear();
        self.piece.extend_from_slice(
            format!(
                "{HEADER}<worksheet xmlns=\"{MAIN}\">{properties}{dimension}<sheetViews>{view}\
                 </sheetViews><sheetFormatPr baseColWidth=\"8\" defaultRowHeight=\"15\"{outline}/>{columns}<sheetData>"
            )
            .as_bytes(),
        );
        self.next_row = 1;
        self.in_sheet = true;
        Ok(())
    }

    /// Adds a table with its column names and rows. If `gap`, a blank row comes first.
    ///
    /// # Errors
    /// If the file cannot be written.
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

    /// Adds a table with its looks. If `gap`, a blank row comes first.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append_styled(&mut self, table: &StyledTable, gap: bool) -> io::Result<()> {
        let numbers = self.styles.numbers(table.looks());
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

    /// Adds a list, which fills the whole sheet, with its links.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append_list(&mut self, list: &ListSheetContent) -> io::Result<()> {
        let numbers = self.styles.numbers(list.looks());
        let package = &mut self.package;
        list.write(
            &mut self.cells,
            &numbers,
            |_| String::new(),
            &mut self.piece,
            |piece| {
                if piece.len() < PIECE_BYTES {
                    return Ok(());
                }
                package.write(piece)
            },
        )?;
        self.links = list.links();
        Ok(())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.in_sheet) {
            return Ok(());
        }
        let look = self.looks.last().cloned().unwrap_or_default();
        let mut end = "</sheetData>".to_owned();
        if let Some(filter) = &look.filter {
            end.push_str(&format!("<autoFilter ref=\"{filter}\"/>"));
        }
        let links = std::mem::take(&mut self.links);
        if !links.is_empty() {
            end.push_str("<hyperlinks>");
            for (cell, place) in &links {
                let place = text::attribute(place);
                end.push_str(&format!("<hyperlink ref=\"{cell}\" location=\"{place}\"/>"));
            }
            end.push_str("</hyperlinks>");
        }
        end.push_str(
            "<pageMargins left=\"0.75\" right=\"0.75\" top=\"1\" bottom=\"1\" header=\"0.5\" footer=\"0.5\"/>",
        );
        if look.printed_row.is_some() {
            end.push_str("<pageSetup orientation=\"landscape\" fitToHeight=\"0\"/>");
        }
        end.push_str("</worksheet>");
        self.piece.extend_from_slice(end.as_bytes());
        self.package.write(&mut self.piece)?;
        self.package.end_part()
    }

    /// Ends the workbook. The file is then complete, but not yet flushed to disk.
    ///
    /// # Errors
    /// If the file cannot be written, or a sheet is larger than 4 GiB.
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
        let names = defined_names(&self.titles, &self.looks);
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

/// Returns the `cols` element of a sheet. The column after a collapsed group carries the button that opens it.
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

impl SheetAppearance {
    /// Returns the properties element, which comes before all else in a sheet.
    fn properties(&self) -> String {
        let mut properties = String::new();
        if let Some(color) = &self.list_color {
            properties.push_str(&format!("<tabColor rgb=\"FF{color}\"/>"));
        }
        if self.printed_row.is_some() {
            properties.push_str("<pageSetUpPr fitToPage=\"1\"/>");
        }
        if properties.is_empty() {
            properties
        } else {
            format!("<sheetPr>{properties}</sheetPr>")
        }
    }
}

/// Returns the defined names for the filtered range of each sheet and for the rows repeated on each printed page.
fn defined_names(titles: &[String], looks: &[SheetAppearance]) -> String {
    let mut names = String::new();
    for (number, (title, look)) in titles.iter().zip(looks).enumerate() {
        let title = text::attribute(&title.replace('\'', "''"));
        if let Some((first, last)) = look
            .filter
            .as_deref()
            .and_then(|range| range.split_once(':'))
        {
            names.push_str(&format!(
                "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{number}\" hidden=\"1\">'{title}'!{}:{}\
                 </definedName>",
                absolute(first),
                absolute(last)
            ));
        }
        if let Some(row @ 1..) = look.printed_row {
            names.push_str(&format!(
                "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{number}\">'{title}'!${row}:${row}\
                 </definedName>"
            ));
        }
    }
    if names.is_empty() {
        names
    } else {
        format!("<definedNames>{names}</definedNames>")
    }
}

/// Turns a reference such as `C7` into `$C$7`.
fn absolute(reference: &str) -> String {
    let (letters, digits) = reference.split_at(
        reference
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(reference.len()),
    );
    format!("${letters}${digits}")
}

/// The parts of the workbook, for the content types and for the workbook's relationships.
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
