//! Reads OpenDocument spreadsheets: `.ods`.
//!
//! Values have types: numbers (also percentages and currencies), dates and times, booleans, texts. An error becomes the text
//! that the cell shows. Repeated cells and rows are expanded within limits.

use std::io;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::archive::ZipArchive;
use super::document::{Document, DocumentReader};
use super::foreign;
use super::formats::{Formats, cell_of_number};
use super::sheets::{SheetInfo, SheetList, Sheets, Visibility};
use super::xlsx::iso_date::from_iso8601;
use super::xlsx::number_format::NumberKind;
use super::xml::{Event, OPEN_DOCUMENT, XmlReader, attribute_text, local_part};
use crate::cells::{
    CellTag, DAY_MICROSECONDS, Epoch, MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, ScanLimits, ScanStep,
    Sheet, SheetBuilder, SheetCell,
};
use crate::error::{Result, SourceError};
use crate::progress::ScanWatch;

const CONTENT: &str = "content.xml";
const MANIFEST: &str = "META-INF/manifest.xml";
const SETTINGS: &str = "settings.xml";
const STYLES: &str = "styles.xml";
/// The maximum size of a part that describes the document.
const MAXIMUM_STRUCTURE_BYTES: u64 = 16 << 20;
/// The cost of repetitions that a sheet may have: enough for some rows of a form filled with zeros, and more with each cell in
/// the file.
const SPARE: usize = 1 << 21;
const SPARE_OF_A_CELL: usize = 256;
/// The cost of a cell that is repeated in other columns, which takes more memory than one in further rows.
const COST_OF_A_COLUMN: usize = 8;
/// The maximum number of spaces that one element may stand for.
const MAX_SPACES: usize = 256;

/// A spreadsheet whose structure was read.
#[derive(Debug)]
pub struct OpenDocument {
    document: Document,
    list: SheetList,
    formats: Formats,
}

impl OpenDocument {
    /// Opens a spreadsheet and reads everything but its cells.
    ///
    /// # Errors
    /// If the archive contains no spreadsheet, is encrypted, or has a damaged part.
    pub fn open(archive: ZipArchive) -> Result<Self> {
        if let Ok(manifest) = archive.read_part(MANIFEST, MAXIMUM_STRUCTURE_BYTES)
            && memchr::memmem::find(&manifest, b"encryption-data").is_some()
        {
            return Err(foreign::encrypted(archive.path()));
        }
        let active = active_sheet(&archive);
        let path = archive.path().to_owned();
        let mut styles = OdsStyles::default();
        if archive.find(STYLES).is_some() {
            let mut reader = XmlReader::new(archive.open_part(STYLES)?, STYLES, OPEN_DOCUMENT);
            reader.advance()?;
            styles.read(&mut reader)?;
        }
        let mut this = Self {
            document: Document::of_part(archive, CONTENT, OPEN_DOCUMENT),
            list: SheetList::default(),
            formats: Formats::default(),
        };
        if !this.read_structure(&mut styles)? {
            let what = "it is an OpenDocument file, but no spreadsheet";
            return Err(foreign::not_a_workbook(&path, what));
        }
        this.formats = styles.formats;
        let titled = |title: &String| {
            this.list
                .sheets
                .iter()
                .position(|sheet| sheet.title == *title)
        };
        this.list.active = active.as_ref().and_then(titled).or(Some(0));
        this.list.active = this
            .list
            .active
            .filter(|&index| index < this.list.sheets.len());
        Ok(this)
    }

    /// Reads styles and finds sheets. Returns whether the file is a spreadsheet.
    fn read_structure(&mut self, styles: &mut OdsStyles) -> Result<bool> {
        let mut reader = self.document.read()?;
        let mut is_spreadsheet = false;
        while let Some(own) = reader.next_start(0)? {
            match (reader.depth(), reader.local_name()) {
                (1, _) | (2, b"body") => self.document.note_open(&reader),
                (2, b"automatic-styles") => styles.read(&mut reader)?,
                (3, b"spreadsheet") if own => {
                    is_spreadsheet = true;
                    self.document.note_open(&reader);
                }
                (4, b"table") if own && is_spreadsheet => {
                    self.document.note_sheet(&reader)?;
                    let is_hidden = reader.attribute("display").as_deref() == Some("false")
                        || reader
                            .attribute("style-name")
                            .is_some_and(|style| styles.hidden.contains(&style));
                    let title = reader.attribute("name").unwrap_or_default();
                    let visibility = Visibility::of_number(is_hidden.into());
                    self.list.sheets.push(SheetInfo::new(title, visibility));
                    reader.skip_element()?;
                }
                _ => reader.skip_element()?,
            }
        }
        Ok(is_spreadsheet)
    }
}

/// The styles of a document.
#[derive(Default)]
struct OdsStyles {
    /// The formats of cells that show zeros or a currency.
    formats: Formats,
    /// The number formats, by the names that styles use.
    codes: HashMap<String, String>,
    /// The styles of hidden sheets.
    hidden: HashSet<String>,
}

impl OdsStyles {
    /// Reads the styles in the element whose start tag was just read.
    fn read<R: io::Read>(&mut self, reader: &mut XmlReader<R>) -> Result<()> {
        let depth = reader.depth();
        let (mut name, mut code) = (String::new(), Some(String::new()));
        loop {
            match reader.advance()? {
                Event::Start { .. } => match reader.local_name() {
                    b"number-style" | b"currency-style" | b"style" => {
                        name = reader.attribute("name").unwrap_or_default();
                        code = Some(String::new());
                        if let Some(format) = reader
                            .attribute("data-style-name")
                            .and_then(|style| self.codes.get(&style))
                        {
                            self.formats.add(&name, format);
                        } else if let Some(parent) = reader.attribute("parent-style-name") {
                            self.formats.add_like(&name, &parent);
                        }
                    }
                    b"table-properties"
                        if reader.attribute("display").as_deref() == Some("false") =>
                    {
                        self.hidden.insert(name.clone());
                    }
                    b"number" => {
                        let count = |attribute| {
                            reader
                                .attribute(attribute)
                                .and_then(|count| count.parse::<usize>().ok())
                        };
                        let is_plain = count("decimal-places").unwrap_or(0) == 0
                            && reader.attribute("grouping").is_none();
                        let zeros = count("min-integer-digits").unwrap_or(0).min(20);
                        code = code
                            .filter(|_| is_plain || zeros < 2)
                            .map(|code| code + &"0".repeat(zeros));
                    }
                    b"currency-symbol" => {
                        let mut symbol = String::new();
                        reader.element_text(&mut symbol)?;
                        code = code.map(|code| format!("{code}[${}]", symbol.replace(']', "")));
                    }
                    // Words beside the digits, a fraction, or an exponent.
                    b"text" | b"fraction" | b"scientific-number" => {
                        let is_currency = code.as_ref().is_some_and(|code| code.contains('['));
                        let mut words = String::new();
                        reader.element_text(&mut words)?;
                        code = code.filter(|_| is_currency || words.trim().is_empty());
                    }
                    _ => {}
                },
                Event::End { .. } => {
                    if matches!(reader.local_name(), b"number-style" | b"currency-style")
                        && let Some(code) = code.take().filter(|code| !code.is_empty())
                    {
                        self.codes.insert(name.clone(), code);
                    }
                    if reader.depth() < depth {
                        return Ok(());
                    }
                }
                Event::Done => return Ok(()),
                Event::Text => {}
            }
        }
    }
}

/// Returns the title of the sheet that was active when the file was saved.
fn active_sheet(archive: &ZipArchive) -> Option<String> {
    let bytes = archive.read_part(SETTINGS, MAXIMUM_STRUCTURE_BYTES).ok()?;
    let mut reader = XmlReader::new(bytes.as_slice(), SETTINGS, OPEN_DOCUMENT);
    while reader.next_start(0).ok()?.is_some() {
        if reader.local_name() == b"config-item"
            && reader.attribute("name").as_deref() == Some("ActiveTable")
        {
            return reader.element_string().ok();
        }
    }
    None
}

impl Sheets for OpenDocument {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        self.document.heap_bytes()
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let title = &self.list.sheets[sheet].title;
        let text = Arc::default();
        let builder = self
            .formats
            .builder(title, limits, text, Epoch::Windows1900);
        let mut filling = OdsSheetReader {
            reader: self.document.read_sheet(sheet)?,
            formats: &self.formats,
            title,
            builder,
            columns: Vec::new(),
            column_count: 0,
            row: 0,
            cells: Vec::new(),
            spare: SPARE,
            last_row: 0,
            text: String::new(),
        };
        filling.read(watch)?;
        Ok(filling.builder.finish_rows(filling.last_row))
    }
}

/// Reads a number of columns, rows or spaces.
fn times(raw: &[u8]) -> usize {
    let number = std::str::from_utf8(raw)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    number.unwrap_or(1usize).clamp(1, MAX_SHEET_ROWS)
}

/// Cuts an elapsed time such as `PT1H02M03.500000000S` to milliseconds.
fn in_milliseconds(mut value: String) -> String {
    if value.starts_with("PT")
        && let Some(point) = value.find('.')
    {
        let end = value.len() - usize::from(value.ends_with('S'));
        if point + 4 < end && value.is_char_boundary(point + 4) {
            value.replace_range(point + 4..end, "");
        }
    }
    value
}

/// A cell that was read, and the number of columns that it fills.
struct OdsCell {
    column: usize,
    repeated: usize,
    cell: SheetCell,
    zeros: Option<u16>,
    has_formula: bool,
}

/// A sheet that is being read.
struct OdsSheetReader<'a> {
    reader: DocumentReader,
    formats: &'a Formats,
    title: &'a str,
    builder: SheetBuilder,
    /// The zero formats of columns whose cells may omit them, each with the number of the first column after them.
    columns: Vec<(usize, Option<u16>)>,
    column_count: usize,
    row: usize,
    cells: Vec<OdsCell>,
    /// The remaining cost of repetitions.
    spare: usize,
    last_row: usize,
    text: String,
}

impl OdsSheetReader<'_> {
    fn read(&mut self, watch: &ScanWatch) -> Result<()> {
        let depth = self.reader.depth();
        while let Some(own) = self.reader.next_start(depth)? {
            match self.reader.local_name() {
                _ if !own => self.reader.skip_element()?,
                b"table-row" => {
                    if self.read_row()? == ScanStep::No && self.builder.limits().rows.is_some() {
                        break;
                    }
                    watch.tick(self.builder.rows_seen())?;
                }
                b"table-column" => self.note_column(),
                // Groups of rows and columns, and those that are repeated on each page.
                b"table-rows"
                | b"table-row-group"
                | b"table-header-rows"
                | b"table-columns"
                | b"table-column-group"
                | b"table-header-columns" => {}
                _ => self.reader.skip_element()?,
            }
        }
        Ok(())
    }

    fn number(&self, attribute: &str) -> usize {
        self.reader
            .attribute(attribute)
            .map_or(1, |number| times(number.as_bytes()))
    }

    fn note_column(&mut self) {
        self.column_count = self
            .column_count
            .saturating_add(self.number("number-columns-repeated"));
        let style = self.reader.attribute("default-cell-style-name");
        let zeros = style.and_then(|style| self.formats.get(&style).zeros);
        match self.columns.last_mut() {
            Some(last) if last.1 == zeros => last.0 = self.column_count,
            _ => self.columns.push((self.column_count, zeros)),
        }
    }

    fn beyond(&self, reason: String) -> SourceError {
        SourceError::BeyondLimits {
            sheet: self.title.to_owned(),
            reason,
        }
    }

    fn read_row(&mut self) -> Result<ScanStep> {
        let repeated = self.number("number-rows-repeated");
        let visibility = self.reader.attribute("visibility");
        let is_hidden = matches!(visibility.as_deref(), Some("collapse" | "filter"));
        let depth = self.reader.depth();
        let mut column = 0usize;
        self.cells.clear();
        while let Some(own) = self.reader.next_start(depth)? {
            match self.reader.local_name() {
                b"table-cell" | b"covered-table-cell" if own => {
                    column = column.saturating_add(self.read_cell(column)?);
                }
                _ => self.reader.skip_element()?,
            }
        }
        let first = self.row;
        if first >= MAX_SHEET_ROWS && !self.cells.is_empty() {
            return Err(self.beyond(format!(
                "row {} is beyond the limit of {MAX_SHEET_ROWS} rows; split the sheet",
                first + 1
            )));
        }
        self.row = self.row.saturating_add(repeated);
        if self.cells.is_empty() {
            return Ok(ScanStep::Yes);
        }
        let count: usize = self.cells.iter().map(|cell| cell.repeated).sum();
        let in_columns = (count - self.cells.len()).saturating_mul(COST_OF_A_COLUMN);
        let in_rows = count.saturating_mul(repeated - 1);
        let earned = self
            .spare
            .saturating_add(self.cells.len() * SPARE_OF_A_CELL);
        let left = earned.checked_sub(in_columns.saturating_add(in_rows));
        self.spare = left.ok_or_else(|| {
            let said =
                "the file repeats cells far too often; open it in a spreadsheet program and save it as .xlsx";
            self.beyond(said.to_owned())
        })?;
        self.last_row = self.row;
        for row in first..self.row {
            for cell in &self.cells {
                for column in cell.column..cell.column + cell.repeated {
                    self.builder.push_shown(row, column, cell.cell, cell.zeros);
                    if cell.has_formula {
                        self.builder.note_formula_without_value(row, column);
                    }
                }
            }
            if is_hidden {
                self.builder.note_hidden_row(row);
            }
            if self.builder.end_row(row)? == ScanStep::No {
                return Ok(ScanStep::No);
            }
        }
        Ok(ScanStep::Yes)
    }

    /// Reads a cell up to its end tag. Returns the number of columns that it fills.
    fn read_cell(&mut self, column: usize) -> Result<usize> {
        let (mut kind, mut value, mut style) = (String::new(), String::new(), None);
        let (mut repeated, mut columns, mut rows) = (1, 1, 1);
        let mut has_formula = false;
        for (name, raw) in self.reader.attributes() {
            match local_part(name) {
                b"value-type" if !name.starts_with(b"calcext:") => kind = attribute_text(raw),
                b"value" | b"date-value" | b"time-value" | b"boolean-value" | b"string-value" => {
                    value = attribute_text(raw);
                }
                b"style-name" => style = Some(attribute_text(raw)),
                b"number-columns-repeated" => repeated = times(raw),
                b"number-columns-spanned" => columns = times(raw),
                b"number-rows-spanned" => rows = times(raw),
                b"formula" => has_formula = true,
                _ => {}
            }
        }
        // LibreOffice writes the boolean result of a formula as a number that is shown as a word.
        let is_truth = has_formula && kind == "float" && matches!(value.as_str(), "0" | "1");
        let is_text = is_truth || matches!(kind.as_str(), "" | "string");
        let has_text = self.read_paragraphs(is_text)?;
        let cell = match is_truth && matches!(self.text.as_str(), "TRUE" | "FALSE") {
            true => SheetCell::boolean(value == "1"),
            false => self.cell_of(&kind, &value, has_text),
        };
        self.builder
            .merge_further((self.row, column), (rows - 1, columns - 1));
        let has_formula = has_formula && cell.tag == CellTag::Empty;
        if cell.tag == CellTag::Empty && !has_formula {
            return Ok(repeated);
        }
        if column.saturating_add(repeated) > MAX_SHEET_COLUMNS {
            return Err(self.beyond(format!("row {} has cells beyond column ZZZ", self.row + 1)));
        }
        let own = style.map(|style| self.formats.get(&style).zeros);
        let of_column = || {
            let at = self.columns.partition_point(|(stop, _)| *stop <= column);
            self.columns.get(at).and_then(|(_, zeros)| *zeros)
        };
        self.cells.push(OdsCell {
            column,
            repeated,
            cell,
            zeros: own.unwrap_or_else(of_column),
            has_formula,
        });
        Ok(repeated)
    }

    /// Reads the content of a cell, including the text of its paragraphs if they are wanted. Returns whether there is any text.
    fn read_paragraphs(&mut self, are_wanted: bool) -> Result<bool> {
        self.text.clear();
        let mut has_text = false;
        let depth = self.reader.depth();
        while let Some(own) = self.reader.next_start(depth)? {
            match self.reader.local_name() {
                b"p" | b"h" if own && are_wanted => {
                    if has_text {
                        self.text.push('\n');
                    }
                    has_text = true;
                    self.read_paragraph()?;
                }
                _ => self.reader.skip_element()?,
            }
        }
        Ok(has_text)
    }

    /// Returns the cell for a value of a kind.
    fn cell_of(&mut self, kind: &str, value: &str, has_text: bool) -> SheetCell {
        match kind {
            "float" | "percentage" | "currency" => cell_of_number(
                &mut self.builder,
                value,
                NumberKind::Number,
                Epoch::Windows1900,
            ),
            "date" | "time" => match from_iso8601(&in_milliseconds(value.to_owned())) {
                Some(date) if date.tag == CellTag::Date => {
                    SheetCell::date_time(date.as_integer() * DAY_MICROSECONDS)
                }
                // The file has a time of day as the time since midnight.
                Some(time)
                    if time.tag == CellTag::Duration
                        && (0..DAY_MICROSECONDS).contains(&time.as_integer()) =>
                {
                    SheetCell::time(time.as_integer())
                }
                Some(cell) => cell,
                None => self.builder.text_cell(value),
            },
            "boolean" => SheetCell::boolean(value == "true"),
            "string" if !has_text => self.builder.text_cell(value),
            _ if has_text && !(kind.is_empty() && self.text.is_empty()) => {
                self.builder.text_cell(&self.text)
            }
            _ => SheetCell::EMPTY,
        }
    }

    /// Adds the text of a paragraph, up to its end tag.
    fn read_paragraph(&mut self) -> Result<()> {
        let depth = self.reader.depth();
        while let Some(event) = self.reader.next_within(depth)? {
            match event {
                Event::Text => self.reader.append_text(&mut self.text)?,
                Event::Start { own: true } => match self.reader.local_name() {
                    b"s" => {
                        let count = self.number("c").min(MAX_SPACES);
                        self.text.extend(std::iter::repeat_n(' ', count));
                    }
                    b"tab" => self.text.push('\t'),
                    b"line-break" => self.text.push('\n'),
                    b"annotation" | b"note" | b"ruby-text" => self.reader.skip_element()?,
                    _ => {}
                },
                Event::Start { own: false } => self.reader.skip_element()?,
                _ => {}
            }
        }
        Ok(())
    }
}
