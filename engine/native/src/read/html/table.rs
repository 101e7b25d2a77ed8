//! Lays out the tables of a page on one sheet: spans, consecutive rows, tables in cells of others.

use super::tags::HtmlTag;
use super::{entities, styles};
use crate::cells::{Epoch, MAX_SHEET_COLUMNS, MergedRange, ScanStep, SheetBuilder, SheetCell};
use crate::error::{Result, SourceError};
use crate::read::formats::{Formats, NumberDisplay, cell_of_number};

/// The maximum depth of nested tables; deeper ones are read as parts of their cell.
const MAX_STYLE_DEPTH: usize = 32;
/// The maximum spans in browsers.
const MAX_SPANNED_COLUMNS: usize = 1000;
const MAX_SPANNED_ROWS: u32 = 65_534;
/// The maximum number of positions that may be skipped because other cells span them.
const MAX_SPAN_STEPS: usize = 1 << 28;

/// A page that is being laid out.
pub struct Layout {
    pub builder: SheetBuilder,
    pub formats: Formats,
    title: String,
    /// The index of the next row of the sheet.
    row: usize,
    tables: Vec<HtmlTable>,
    /// The text of the open cell, or of the line between tables.
    text: String,
    /// The number of columns of the table that ended just before.
    columns_before: Option<usize>,
    steps: usize,
    last_row: usize,
    is_done: bool,
}

/// The type of a cell's content, as the page gives it.
enum HtmlCellContent {
    Words,
    /// A number; an attribute may contain its value.
    Number(Option<String>),
    Boolean(Option<String>),
}

struct OpenCell {
    column: usize,
    columns: usize,
    rows: u32,
    look: NumberDisplay,
    content: HtmlCellContent,
}

struct ReadCell {
    column: usize,
    cell: SheetCell,
    zeros: Option<u16>,
}

/// A table that has not ended.
#[derive(Default)]
struct HtmlTable {
    /// The index of the open row, or of the next one.
    row: u32,
    has_row: bool,
    is_hidden: bool,
    column: usize,
    cell: Option<OpenCell>,
    cells: Vec<ReadCell>,
    /// The row before which a cell from above ends, for each column.
    taken: Vec<u32>,
    columns: usize,
    columns_before: Option<usize>,
    /// The offset of its rows from those of the sheet, once it has a row.
    offset: Option<usize>,
    /// The first and last row and column of each span, in the table's own rows.
    spans: Vec<[u32; 4]>,
}

impl Layout {
    /// Starts with an empty sheet.
    pub fn new(title: &str, builder: SheetBuilder, formats: Formats) -> Self {
        Self {
            builder,
            formats,
            title: title.to_owned(),
            row: 0,
            tables: Vec::new(),
            text: String::new(),
            columns_before: None,
            steps: 0,
            last_row: 0,
            is_done: false,
        }
    }

    /// Returns whether no more rows are wanted.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Returns the index after the last row with a value.
    pub fn last_row(&self) -> usize {
        self.last_row
    }

    /// Adds text to the open cell or to the line between tables. Runs of white space become one space.
    pub fn push_text(&mut self, text: &str) {
        // Text between the cells of a table is not shown.
        if self.tables.last().is_some_and(|table| table.cell.is_none()) {
            return;
        }
        for letter in entities::decoded(text).chars() {
            if letter.is_whitespace() {
                if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                    self.text.push(' ');
                }
            } else {
                self.text.push(letter);
            }
        }
    }

    /// Ends a line of text.
    pub fn break_line(&mut self) -> Result<()> {
        if self.tables.is_empty() {
            return self.end_line();
        }
        let length = self.text.trim_end_matches(' ').len();
        self.text.truncate(length);
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        Ok(())
    }

    /// Puts the line between tables into its own row.
    fn end_line(&mut self) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if !text.is_empty() {
            let cell = self.builder.text_cell(text);
            self.columns_before = None;
            self.put_row(
                vec![ReadCell {
                    column: 0,
                    cell,
                    zeros: None,
                }],
                false,
            )?;
        }
        Ok(())
    }

    fn put_row(&mut self, cells: Vec<ReadCell>, is_hidden: bool) -> Result<()> {
        let row = self.row;
        self.row += 1;
        if cells.iter().all(|cell| cell.cell.tag.counts_as_empty()) {
            return Ok(());
        }
        for ReadCell {
            column,
            cell,
            zeros,
        } in cells
        {
            self.builder.push_shown(row, column, cell, zeros);
        }
        if is_hidden {
            self.builder.note_hidden_row(row);
        }
        self.last_row = row + 1;
        let goes_on = self.builder.end_row(row)?;
        self.is_done |= goes_on == ScanStep::No && self.builder.limits().rows.is_some();
        Ok(())
    }

    /// Begins a table. If it is within a cell, the cells before it get their own row.
    pub fn start_table(&mut self) -> Result<()> {
        if self.tables.len() >= MAX_STYLE_DEPTH {
            return Ok(());
        }
        let mut before = None;
        if self.tables.is_empty() {
            self.end_line()?;
        } else {
            self.end_cell();
            before = self
                .tables
                .last_mut()
                .and_then(|table| table.columns_before.take());
            if let Some(table) = self.tables.last_mut()
                && table
                    .cells
                    .iter()
                    .any(|cell| !cell.cell.tag.counts_as_empty())
            {
                let cells = std::mem::take(&mut table.cells);
                let is_hidden = table.is_hidden;
                self.put_row(cells, is_hidden)?;
            }
            self.resolve_spans();
        }
        self.tables.push(HtmlTable {
            columns_before: self.columns_before.take().or(before),
            ..HtmlTable::default()
        });
        Ok(())
    }

    /// Ends the innermost table.
    pub fn end_table(&mut self) -> Result<()> {
        self.end_row()?;
        self.resolve_spans();
        if let Some(table) = self.tables.pop() {
            self.columns_before = Some(table.columns).filter(|columns| *columns > 0);
        }
        // The rest of the cell that contained the table.
        if let Some(table) = self.tables.last_mut().filter(|table| table.has_row) {
            table.cell = Some(OpenCell {
                column: table.column.saturating_sub(1),
                columns: 1,
                rows: 1,
                look: NumberDisplay::default(),
                content: HtmlCellContent::Words,
            });
        }
        Ok(())
    }

    /// Ends everything that is open.
    pub fn finish(&mut self) -> Result<()> {
        while !self.tables.is_empty() {
            self.end_table()?;
        }
        self.end_line()
    }

    /// Begins a row, and a table if none is open.
    pub fn start_row(&mut self, tag: &HtmlTag<'_>) -> Result<()> {
        if self.tables.is_empty() {
            self.start_table()?;
        }
        self.end_row()?;
        if let Some(table) = self.tables.last_mut() {
            table.has_row = true;
            table.is_hidden = styles::is_hidden(tag);
        }
        Ok(())
    }

    /// Ends the open row.
    pub fn end_row(&mut self) -> Result<()> {
        self.end_cell();
        let Some(table) = self.tables.last_mut().filter(|table| table.has_row) else {
            return Ok(());
        };
        table.has_row = false;
        table.column = 0;
        let cells = std::mem::take(&mut table.cells);
        let (number, is_hidden) = (table.row, table.is_hidden);
        table.row += 1;
        // An empty row separates tables with different numbers of columns. A header that is a separate table belongs to the
        // next table.
        if let Some(before) = table.columns_before.take()
            && before != table.columns
        {
            self.row += 1;
        }
        table
            .offset
            .get_or_insert(self.row.saturating_sub(number as usize));
        self.put_row(cells, is_hidden)
    }

    /// Begins a cell, and a row if none is open.
    pub fn start_cell(&mut self, tag: &HtmlTag<'_>) -> Result<()> {
        self.end_cell();
        if self.tables.last().is_none_or(|table| !table.has_row) {
            self.start_row(tag)?;
        }
        let stated = HtmlCellAttributes::from_tag(tag);
        let columns = spanned(stated.colspan, MAX_SPANNED_COLUMNS);
        let rows = spanned(stated.rowspan, MAX_SPANNED_ROWS as usize) as u32;
        let look = styles::look_of(stated.style, stated.sdnum, stated.class, &mut self.formats);
        let Some(table) = self.tables.last_mut() else {
            return Ok(());
        };
        let first = table.column;
        while table
            .taken
            .get(table.column)
            .is_some_and(|end| *end > table.row)
        {
            table.column += 1;
        }
        let column = table.column;
        self.steps += column - first + columns;
        let beyond = |reason| SourceError::BeyondLimits {
            sheet: self.title.clone(),
            reason,
        };
        if column + columns > MAX_SHEET_COLUMNS {
            return Err(beyond("it has cells beyond column ZZZ".to_owned()));
        }
        if self.steps > MAX_SPAN_STEPS {
            return Err(beyond("its merged cells cover too many cells".to_owned()));
        }
        table.column = column + columns;
        table.columns = table.columns.max(table.column);
        if rows > 1 {
            if table.taken.len() < table.column {
                table.taken.resize(table.column, 0);
            }
            table.taken[column..column + columns].fill(table.row.saturating_add(rows));
        }
        table.cell = Some(OpenCell {
            column,
            columns,
            rows,
            look,
            content: stated.content(),
        });
        Ok(())
    }

    /// Ends the open cell.
    pub fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let Some(open) = table.cell.take() else {
            return;
        };
        if open.columns > 1 || open.rows > 1 {
            let last_row = table.row.saturating_add(open.rows - 1);
            table.spans.push([
                table.row,
                last_row,
                open.column as u32,
                (open.column + open.columns - 1) as u32,
            ]);
        }
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let cell = match open.content {
            // The cell shows an error in place of its number.
            HtmlCellContent::Number(Some(_)) if text.starts_with('#') => {
                self.builder.text_cell(text)
            }
            HtmlCellContent::Number(value) => {
                let value = value.as_deref().unwrap_or(text);
                cell_of_number(&mut self.builder, value, open.look.kind, Epoch::Windows1900)
            }
            HtmlCellContent::Boolean(value) => match value
                .as_deref()
                .unwrap_or(text)
                .to_ascii_lowercase()
                .as_str()
            {
                "true" | "1" => SheetCell::boolean(true),
                "false" | "0" => SheetCell::boolean(false),
                _ => self.builder.text_cell(text),
            },
            HtmlCellContent::Words if text.is_empty() => return,
            HtmlCellContent::Words => self.builder.text_cell(text),
        };
        table.cells.push(ReadCell {
            column: open.column,
            cell,
            zeros: open.look.zeros,
        });
    }

    /// Turns the spans of the innermost table into merged ranges, which end at its last row.
    fn resolve_spans(&mut self) {
        let Some(table) = self.tables.last_mut() else {
            return;
        };
        let spans = std::mem::take(&mut table.spans);
        let Some(offset) = table.offset.take() else {
            return;
        };
        let last = table.row.saturating_sub(u32::from(!table.has_row));
        for [first_row, last_row, first_column, last_column] in spans {
            self.builder.merge(MergedRange {
                first_row: first_row + offset as u32,
                first_column,
                last_row: last_row.min(last).max(first_row) + offset as u32,
                last_column,
            });
        }
    }
}

/// The attributes in the tag of a cell.
#[derive(Default)]
struct HtmlCellAttributes<'a> {
    colspan: Option<&'a str>,
    rowspan: Option<&'a str>,
    style: Option<&'a str>,
    class: Option<&'a str>,
    sdnum: Option<&'a str>,
    /// The value as a number, a boolean or a text; empty if only the text of the cell gives it.
    number: Option<&'a str>,
    truth: Option<&'a str>,
    is_text: bool,
}

impl<'a> HtmlCellAttributes<'a> {
    fn from_tag(tag: &HtmlTag<'a>) -> Self {
        let mut stated = Self::default();
        for (name, value) in tag.attributes() {
            let value = Some(value);
            match name.to_ascii_lowercase().as_str() {
                "colspan" => stated.colspan = value,
                "rowspan" => stated.rowspan = value,
                "style" => stated.style = value,
                "class" => stated.class = value,
                "sdnum" => stated.sdnum = value,
                "x:num" | "sdval" => stated.number = value,
                "x:bool" => stated.truth = value,
                "x:str" => stated.is_text = true,
                _ => {}
            }
        }
        stated
    }

    fn content(&self) -> HtmlCellContent {
        let value = |value: &str| Some(entities::decoded(value)).filter(|value| !value.is_empty());
        match (self.number, self.truth) {
            _ if self.is_text => HtmlCellContent::Words,
            (Some(number), _) => HtmlCellContent::Number(value(number)),
            (None, Some(truth)) => HtmlCellContent::Boolean(value(truth)),
            (None, None) => HtmlCellContent::Words,
        }
    }
}

fn spanned(attribute: Option<&str>, most: usize) -> usize {
    let number = attribute.and_then(|number| number.trim().parse::<usize>().ok());
    number.unwrap_or(1).clamp(1, most)
}
