//! Writing `.xlsx` files at native speed, in constant memory.
//!
//! The values are those that openpyxl would write for the same frame: formulas for text that starts with `=`, error
//! cells for error codes, text cut at 32,767 characters, number formats for dates and times ([`cells`]). The XML is
//! packed in blocks by several threads ([`package`]), so that a large table costs little more than formatting it.

pub mod cells;
pub mod package;

use std::fs::File;
use std::io;

use self::cells::{CellWriter, MomentStyles, Texts};
use self::package::Package;
use crate::arrow::{ColumnView, Frame, Value};

/// Sheet XML is handed on for packing in pieces of about this size.
const PIECE_BYTES: usize = 1 << 19;
/// Sheets that may become larger than this need 64-bit sizes in their header.
const LARGE_SHEET_BYTES: u64 = 1 << 31;

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// The numbers of the styles in [`STYLES`].
const STYLE_NUMBERS: MomentStyles = MomentStyles {
    date_time: 1,
    date: 2,
    time: 3,
    duration: 4,
};

/// The cell styles: General, date-time, date, time, duration.
const STYLES: &str = "<numFmts count=\"3\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd h:mm:ss\"/>\
<numFmt numFmtId=\"165\" formatCode=\"yyyy-mm-dd\"/><numFmt numFmtId=\"166\" formatCode=\"[hh]:mm:ss\"/></numFmts>\
<fonts count=\"1\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/><scheme val=\"minor\"/></font></fonts>\
<fills count=\"2\"><fill><patternFill/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
<cellXfs count=\"5\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"21\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"166\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs>\
<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
<dxfs count=\"0\"/><tableStyles count=\"0\" defaultTableStyle=\"TableStyleMedium9\" defaultPivotStyle=\"PivotStyleLight16\"/>";

/// Writes one workbook, sheet by sheet.
pub struct WorkbookWriter {
    package: Package,
    titles: Vec<String>,
    cells: CellWriter,
    /// The XML of the current sheet that was not handed on yet.
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

impl WorkbookWriter {
    /// Starts a workbook in an empty file.
    pub fn new(file: File, escape_formulas: bool) -> io::Result<Self> {
        Ok(Self {
            package: Package::new(file)?,
            titles: Vec::new(),
            cells: CellWriter::new(escape_formulas, STYLE_NUMBERS, Some(Texts::default())),
            piece: Vec::with_capacity(PIECE_BYTES + (PIECE_BYTES >> 2)),
            next_row: 1,
            in_sheet: false,
        })
    }

    /// Starts a sheet; the one before it ends.
    pub fn start_sheet(&mut self, title: &str, extent: Option<Extent>) -> io::Result<()> {
        self.end_sheet()?;
        self.titles.push(title.to_owned());
        let likely_bytes =
            extent.map_or(0, |extent| extent.rows as u64 * extent.columns as u64 * 64);
        let part = format!("xl/worksheets/sheet{}.xml", self.titles.len());
        self.package
            .start_part(&part, likely_bytes > LARGE_SHEET_BYTES)?;
        let dimension = match extent {
            Some(Extent { rows, columns }) if rows > 0 && columns > 0 => {
                format!(
                    "<dimension ref=\"A1:{}{rows}\"/>",
                    crate::store::column_name(columns - 1)
                )
            }
            Some(_) => "<dimension ref=\"A1\"/>".to_owned(),
            None => String::new(),
        };
        let selected = if self.titles.len() == 1 {
            " tabSelected=\"1\""
        } else {
            ""
        };
        self.piece.clear();
        self.piece.extend_from_slice(
            format!(
                "{HEADER}<worksheet xmlns=\"{MAIN}\">{dimension}<sheetViews><sheetView{selected} workbookViewId=\"0\"/>\
                 </sheetViews><sheetFormatPr baseColWidth=\"8\" defaultRowHeight=\"15\"/><sheetData>"
            )
            .as_bytes(),
        );
        self.next_row = 1;
        self.in_sheet = true;
        Ok(())
    }

    /// Adds a table: its column names and rows, after a blank row where there is a gap.
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

    fn end_sheet(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.in_sheet) {
            return Ok(());
        }
        self.piece.extend_from_slice(
            b"</sheetData><pageMargins left=\"0.75\" right=\"0.75\" top=\"1\" bottom=\"1\" header=\"0.5\" footer=\"0.5\"/>\
              </worksheet>",
        );
        self.package.write(&mut self.piece)?;
        self.package.end_part()
    }

    /// Ends the workbook. The file is complete then, but not yet forced to the disk.
    pub fn finish(mut self) -> io::Result<File> {
        self.end_sheet()?;
        let has_texts = self.cells.text_count() > 0;
        let sheet_numbers = 1..=self.titles.len();

        let mut types = format!(
            "{HEADER}<Types xmlns=\"{PACKAGE}/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        );
        let mut relationships =
            format!("{HEADER}<Relationships xmlns=\"{PACKAGE}/relationships\">");
        let mut sheets = String::new();
        let spreadsheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
        let mut add_type = |part: &str, kind: &str| {
            types.push_str(&format!(
                "<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>"
            ));
        };
        let mut add_relationship = |id: usize, kind: &str, target: &str| {
            relationships.push_str(&format!(
                "<Relationship Id=\"rId{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>"
            ));
        };
        add_type(
            "xl/workbook.xml",
            &format!("{spreadsheet_type}.sheet.main+xml"),
        );
        for (number, title) in sheet_numbers.zip(&self.titles) {
            let part = format!("worksheets/sheet{number}.xml");
            add_type(
                &format!("xl/{part}"),
                &format!("{spreadsheet_type}.worksheet+xml"),
            );
            add_relationship(number, "worksheet", &part);
            let title = cells::attribute(title);
            sheets.push_str(&format!(
                "<sheet name=\"{title}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"
            ));
        }
        let next_id = self.titles.len() + 1;
        add_type("xl/styles.xml", &format!("{spreadsheet_type}.styles+xml"));
        add_relationship(next_id, "styles", "styles.xml");
        if has_texts {
            add_type(
                "xl/sharedStrings.xml",
                &format!("{spreadsheet_type}.sharedStrings+xml"),
            );
            add_relationship(next_id + 1, "sharedStrings", "sharedStrings.xml");
            self.package.start_part("xl/sharedStrings.xml", false)?;
            let texts = self.cells.text_count();
            let start = format!("{HEADER}<sst xmlns=\"{MAIN}\" uniqueCount=\"{texts}\">");
            self.package.write(&mut start.into_bytes())?;
            let mut body = self.cells.take_texts();
            body.extend_from_slice(b"</sst>");
            self.package.write(&mut body)?;
            self.package.end_part()?;
        }
        types.push_str("</Types>");
        relationships.push_str("</Relationships>");
        let workbook = format!(
            "{HEADER}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><workbookPr/>\
             <bookViews><workbookView visibility=\"visible\" minimized=\"0\" showHorizontalScroll=\"1\" \
             showVerticalScroll=\"1\" showSheetTabs=\"1\" tabRatio=\"600\" firstSheet=\"0\" activeTab=\"0\"/></bookViews>\
             <sheets>{sheets}</sheets><calcPr calcId=\"124519\" fullCalcOnLoad=\"1\"/></workbook>"
        );
        let root = format!(
            "{HEADER}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
             Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
        );
        let styles = format!("{HEADER}<styleSheet xmlns=\"{MAIN}\">{STYLES}</styleSheet>");
        for (part, content) in [
            ("xl/styles.xml", styles),
            ("xl/workbook.xml", workbook),
            ("xl/_rels/workbook.xml.rels", relationships),
            ("_rels/.rels", root),
            ("[Content_Types].xml", types),
        ] {
            self.package.start_part(part, false)?;
            self.package.write(&mut content.into_bytes())?;
            self.package.end_part()?;
        }
        self.package.finish()
    }
}

/// A column of rows that [`render_rows`] writes.
pub struct PlacedColumn<'a> {
    /// The column of the sheet, counted from 0.
    pub column: usize,
    /// The column of the frame, counted from 0.
    pub source: usize,
    /// For each row four bytes, little-endian: a position in the list of styles, or 0 for the style that a value of its
    /// kind has. Empty where no cell of the column was given another style.
    pub styles: &'a [u8],
}

/// Some rows of a frame and the places of their columns in a sheet. Without a frame the cells have no values.
pub struct PlacedRows<'a> {
    pub frame: Option<&'a Frame>,
    pub first_row: usize,
    pub columns: Vec<PlacedColumn<'a>>,
}

/// Rows of a sheet that somebody else writes.
pub struct Stretch<'a> {
    pub parts: Vec<PlacedRows<'a>>,
    pub count: usize,
    /// The number of the first row in the sheet, counted from 1.
    pub first_sheet_row: usize,
    /// Cells that take the place of those of the parts: row within the stretch, column of the sheet, both counted from
    /// 0 and in order, and XML, which may be empty.
    pub cells: &'a [(usize, usize, String)],
    /// Attributes of rows, as XML with a space in front: row within the stretch, in order.
    pub attributes: &'a [(usize, String)],
    /// Whether rows without cells and attributes are written.
    pub keep_empty_rows: bool,
}

/// Renders rows as XML. Every text stands in its cell. `styles` are the numbers of the styles that
/// [`PlacedColumn::styles`] names.
pub fn render_rows(
    stretch: &Stretch<'_>,
    moment_styles: MomentStyles,
    styles: &[u32],
    escape_formulas: bool,
) -> Vec<u8> {
    let Stretch { parts, count, .. } = stretch;
    let mut columns: Vec<(usize, &PlacedColumn<'_>)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, rows)| rows.columns.iter().map(move |column| (part, column)))
        .collect();
    columns.sort_by_key(|(_, column)| column.column);
    let batches: Vec<Batches<'_>> = parts.iter().map(Batches::of).collect();
    let mut cells = CellWriter::new(escape_formulas, moment_styles, None);
    cells.prepare_letters(columns.last().map_or(0, |(_, column)| column.column + 1));
    let mut out = Vec::new();
    let (mut own_cells, mut attributes) = (stretch.cells, stretch.attributes);
    for row in 0..*count {
        let (row_cells, others) =
            own_cells.split_at(own_cells.partition_point(|(own_row, ..)| *own_row == row));
        own_cells = others;
        let described = attributes
            .first()
            .filter(|(described_row, _)| *described_row == row);
        if row_cells.is_empty() && described.is_none() && !stretch.keep_empty_rows {
            continue;
        }
        let sheet_row = stretch.first_sheet_row + row;
        let digits = match described {
            Some((_, text)) => {
                attributes = &attributes[1..];
                cells.start_row_with(sheet_row, text, &mut out)
            }
            None => cells.start_row(sheet_row, &mut out),
        };
        let mut row_cells = row_cells.iter().peekable();
        for &(part, column) in &columns {
            let mut is_replaced = false;
            while let Some((_, own_column, xml)) =
                row_cells.next_if(|(_, own_column, _)| *own_column <= column.column)
            {
                out.extend_from_slice(xml.as_bytes());
                is_replaced |= *own_column == column.column;
            }
            if is_replaced {
                continue;
            }
            let value = batches[part].value(parts[part].first_row + row, column.source);
            let style = match column.styles.get(row * 4..row * 4 + 4) {
                Some(&[a, b, c, d]) => match u32::from_le_bytes([a, b, c, d]) {
                    0 => None,
                    number => Some(styles.get(number as usize).copied().unwrap_or(0)),
                },
                _ => None,
            };
            cells.write_value(value, column.column, &digits, style, &mut out);
        }
        for (_, _, xml) in row_cells {
            out.extend_from_slice(xml.as_bytes());
        }
        out.extend_from_slice(b"</row>");
    }
    out
}

/// The batches of a frame with the row that each starts at.
struct Batches<'a> {
    batches: Vec<(usize, Vec<ColumnView<'a>>)>,
    rows: usize,
}

impl<'a> Batches<'a> {
    fn of(rows: &PlacedRows<'a>) -> Self {
        let mut start = 0;
        let mut batches = Vec::new();
        if let Some(frame) = rows.frame {
            for batch in 0..frame.batch_count() {
                batches.push((start, frame.columns(batch)));
                start += frame.batch_rows(batch);
            }
        }
        Self {
            batches,
            rows: start,
        }
    }

    #[inline]
    fn value(&self, row: usize, column: usize) -> Value<'a> {
        if row >= self.rows {
            return Value::Null;
        }
        let batch = match self.batches.as_slice() {
            [only] => only,
            batches => &batches[batches.partition_point(|(start, _)| *start <= row) - 1],
        };
        batch
            .1
            .get(column)
            .map_or(Value::Null, |view| view.value(row - batch.0))
    }
}
