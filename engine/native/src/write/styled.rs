//! Lays out a table for people: its columns, the look of each cell, and its rows as XML.
//!
//! Three columns are made here and are in no frame: the severity of a row's issues, their messages, and the row of the source.

use std::borrow::Cow;
use std::sync::Arc;

use super::cells::{CellStyle, CellWriter, start_of_cell};
use super::measure::{Class, MEASURED_ROWS, Measure, is_blank, is_formula, shown_length};
use super::styles::{
    CellAppearance, DIM, ERROR, GENERAL, HEAD, HEADER_HEIGHT, INK, SEVERITIES, WARNING,
};
use super::text::{find_illegal_text, has_control};
use crate::columns::frame::Frame;
use crate::columns::view::{ColumnValue, ColumnView};

/// The kind of an output column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A field, or a column that a hook made.
    Field,
    /// A field whose date-times have a relevant time of day.
    MomentField,
    /// A column without a field: unmapped, not found, or one of the engine's own.
    Other,
    Severity,
    Issues,
    SourceRow,
}

/// A requested output column.
#[derive(Clone)]
pub struct ColumnRequest {
    pub kind: ColumnKind,
    /// The column of the frame, from 0; `None` for columns that are made here.
    pub source: Option<usize>,
    pub header: String,
    pub width: Option<f64>,
    pub format: Option<String>,
}

/// The position of a field's issues in the frame.
pub struct IssueColumn {
    pub label: String,
    pub issue: usize,
    /// The column of the table that holds the field.
    pub column: Option<usize>,
    /// The column of the frame with the worst severity of each cell, as an index of [`SEVERITIES`]. Without this column, or if
    /// it has no severity, issues are warnings.
    pub severity: Option<usize>,
}

impl IssueColumn {
    /// Returns the worst severity of the issues of a row's cell; 0 if there are none.
    #[inline]
    fn severity(&self, views: &[ColumnView<'_>], row: usize) -> u8 {
        if views[self.issue].value(row) == ColumnValue::Null {
            return 0;
        }
        match self.severity.map(|place| views[place].value(row)) {
            Some(ColumnValue::Integer(number @ 1..=3)) => number as u8,
            _ => WARNING,
        }
    }
}

/// A column with its looks, each an index in [`StyledTable::looks`].
pub struct StyledColumn {
    pub header: String,
    pub width: f64,
    pub header_look: usize,
    kind: ColumnKind,
    source: Option<usize>,
    /// The looks of cells, by severity: of values, of formulas (which are no text), and, if the column has values of several
    /// classes, of each class ([`form_of`]).
    cells: Vec<[usize; SEVERITIES.len()]>,
}

/// The number of looks, per severity, of a column whose values are of one class.
const FORMS: usize = 2;

/// Returns the index of the look for values of a class, in a column with several classes.
fn form_of(class: Class) -> usize {
    FORMS - 1 + class as usize
}

/// A table and the looks of its cells.
pub struct StyledTable {
    frame: Arc<Frame>,
    columns: Vec<StyledColumn>,
    said: Vec<IssueColumn>,
    looks: Vec<CellAppearance>,
    escapes_formulas: bool,
}

/// The look of the cells of a column below its header.
struct ColumnBody<'a> {
    kind: ColumnKind,
    /// The requested number format.
    wanted: Option<&'a str>,
    measure: &'a Measure,
    format: Cow<'static, str>,
    is_indented: bool,
}

impl<'a> ColumnBody<'a> {
    fn new(
        wanted: Option<&'a str>,
        kind: ColumnKind,
        measure: &'a Measure,
        is_indented: bool,
    ) -> Self {
        let format = match kind {
            ColumnKind::Severity | ColumnKind::Issues | ColumnKind::SourceRow => {
                Cow::Borrowed(GENERAL)
            }
            kind => measure.format(
                wanted,
                kind == ColumnKind::Other,
                kind == ColumnKind::MomentField,
            ),
        };
        Self {
            kind,
            wanted,
            measure,
            format,
            is_indented,
        }
    }

    /// Returns the looks for single classes, if the column has values of several.
    fn of_classes(&self) -> impl Iterator<Item = (Class, Self)> {
        let classes = self.measure.several().iter();
        classes.map(|measure| {
            (
                measure.class,
                Self::new(self.wanted, self.kind, measure, false),
            )
        })
    }

    fn look(&self, severity: usize) -> CellAppearance {
        match self.kind {
            ColumnKind::Severity => CellAppearance {
                bold: severity > 0,
                ink: SEVERITIES[severity].ink,
                line_left: true,
                ..CellAppearance::default()
            },
            ColumnKind::Issues => CellAppearance {
                ink: Some(INK),
                ..CellAppearance::default()
            },
            ColumnKind::SourceRow => CellAppearance {
                ink: Some(DIM),
                ..CellAppearance::default()
            },
            ColumnKind::Field | ColumnKind::MomentField | ColumnKind::Other => {
                // Other values keep their default alignment.
                let is_indented =
                    self.is_indented && matches!(self.measure.class, Class::Text | Class::None);
                CellAppearance {
                    format: self.format.clone(),
                    fill: SEVERITIES[severity].fill,
                    horizontal: is_indented.then_some("left"),
                    indent: u8::from(is_indented),
                    ..CellAppearance::default()
                }
            }
        }
    }
}

impl StyledTable {
    /// Measures the table and chooses its looks.
    pub fn new(
        frame: Arc<Frame>,
        wishes: Vec<ColumnRequest>,
        said: Vec<IssueColumn>,
        escapes_formulas: bool,
    ) -> Self {
        let mut styled = Self {
            frame,
            columns: Vec::with_capacity(wishes.len()),
            said,
            looks: vec![CellAppearance::default()],
            escapes_formulas,
        };
        let measures = styled.measure(&wishes);
        let mut follows_figures = false;
        let mut bodies = Vec::with_capacity(wishes.len());
        for (wish, measure) in wishes.iter().zip(&measures) {
            let is_figure = measure.class.is_figure();
            let is_indented = follows_figures && !is_figure && wish.kind != ColumnKind::Severity;
            bodies.push(ColumnBody::new(
                wish.format.as_deref(),
                wish.kind,
                measure,
                is_indented,
            ));
            follows_figures = is_figure;
        }
        // The most frequent look comes first and gets the short numbers.
        for body in &bodies {
            styled.look(body.look(0));
        }
        let severities = styled.severities();
        for (wish, body) in wishes.iter().zip(&bodies) {
            let column = styled.column(wish, body, &severities);
            styled.columns.push(column);
        }
        styled
    }

    /// Returns the columns, in order.
    pub fn columns(&self) -> &[StyledColumn] {
        &self.columns
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.frame.rows()
    }

    /// Returns all looks of the table's cells; the first is that of a plain cell.
    pub fn looks(&self) -> &[CellAppearance] {
        &self.looks
    }

    /// Returns the first text that a worksheet cannot hold, if there is one.
    pub fn find_illegal_text(&self) -> Option<String> {
        let headers = self.columns.iter().map(|column| &column.header);
        let sources = self.columns.iter().filter_map(|column| column.source);
        let sources: Vec<usize> = sources.collect();
        find_illegal_text(headers, &self.frame, &sources)
    }

    fn measure(&self, wishes: &[ColumnRequest]) -> Vec<Measure> {
        let mut measures: Vec<Measure> = wishes.iter().map(|_| Measure::default()).collect();
        let issues = wishes
            .iter()
            .position(|wish| wish.kind == ColumnKind::Issues);
        let mut first_row = 0;
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            let rows = self.frame.batch_rows(batch);
            for (wish, measure) in wishes.iter().zip(&mut measures) {
                if let Some(source) = wish.source {
                    measure.add(&views[source], rows, self.escapes_formulas);
                }
            }
            if let Some(issues) = issues {
                for row in 0..rows.min(MEASURED_ROWS.saturating_sub(first_row)) {
                    let text = self.message(&views, row);
                    if !text.is_empty() {
                        measures[issues].add_length(shown_length(&text));
                    }
                }
            }
            first_row += rows;
        }
        measures
    }

    /// Returns the severities that need looks: always none and warning, others if they occur.
    fn severities(&self) -> Vec<u8> {
        let mut occurs = [true, false, true, false];
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for said in self.said.iter().filter(|said| said.severity.is_some()) {
                for row in 0..self.frame.batch_rows(batch) {
                    occurs[usize::from(said.severity(&views, row))] = true;
                }
            }
        }
        (0..=ERROR)
            .filter(|&number| occurs[usize::from(number)])
            .collect()
    }

    fn column(
        &mut self,
        wish: &ColumnRequest,
        body: &ColumnBody<'_>,
        severities: &[u8],
    ) -> StyledColumn {
        let &ColumnRequest {
            kind,
            source,
            width,
            ..
        } = wish;
        let is_other = kind == ColumnKind::Other;
        let header_look = self.look(CellAppearance {
            bold: !is_other,
            italic: is_other,
            ink: Some(if is_other { DIM } else { INK }),
            fill: Some(HEAD),
            line_left: kind == ColumnKind::Severity,
            line_below: true,
            horizontal: if body.measure.class.is_figure() {
                Some("right")
            } else {
                body.is_indented.then_some("left")
            },
            indent: u8::from(body.is_indented),
            is_centered: true,
            ..CellAppearance::default()
        });
        let classes: Vec<_> = body.of_classes().collect();
        let forms = classes.iter().map(|(class, _)| form_of(*class) + 1).max();
        let mut cells = vec![[0; SEVERITIES.len()]; forms.unwrap_or(FORMS)];
        for &severity in severities {
            let severity = usize::from(severity);
            let look = body.look(severity);
            // In a cell with the text format, a formula would become text when a person edits it.
            let formula = if look.format == "@" {
                CellAppearance {
                    format: Cow::Borrowed(GENERAL),
                    ..look.clone()
                }
            } else {
                look.clone()
            };
            cells[0][severity] = self.look(look);
            cells[1][severity] = self.look(formula);
            for (class, body) in &classes {
                cells[form_of(*class)][severity] = self.look(body.look(severity));
            }
        }
        StyledColumn {
            width: width.unwrap_or_else(|| body.measure.width(&wish.header, &body.format)),
            header: wish.header.clone(),
            header_look,
            kind,
            source,
            cells,
        }
    }

    fn look(&mut self, look: CellAppearance) -> usize {
        self.looks
            .iter()
            .position(|known| *known == look)
            .unwrap_or_else(|| {
                self.looks.push(look);
                self.looks.len() - 1
            })
    }

    /// Returns the severity of a row, and stores that of each cell in `cells`, which must be all zero.
    #[inline]
    fn severity(&self, views: &[ColumnView<'_>], row: usize, cells: &mut [u8]) -> u8 {
        let mut worst = 0;
        for said in &self.said {
            let severity = said.severity(views, row);
            if severity == 0 {
                continue;
            }
            worst = worst.max(severity);
            if let Some(column) = said.column {
                cells[column] = severity;
            }
        }
        worst
    }

    /// Returns the messages of a row's issues, joined; empty if there are none.
    fn message(&self, views: &[ColumnView<'_>], row: usize) -> String {
        let mut text = String::new();
        for said in &self.said {
            let words = match views[said.issue].value(row) {
                ColumnValue::Null => continue,
                ColumnValue::Text(words) => Cow::Borrowed(words),
                ColumnValue::Integer(number) => Cow::Owned(number.to_string()),
                ColumnValue::Unsigned(number) => Cow::Owned(number.to_string()),
                ColumnValue::Float(number) => Cow::Owned(number.to_string()),
                ColumnValue::Boolean(value) => Cow::Owned(value.to_string()),
                _ => Cow::Borrowed("issue"),
            };
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&said.label);
            text.push_str(": ");
            text.push_str(&words);
        }
        // A message may quote characters that no cell can hold.
        if has_control(&text) {
            text = text.replace(
                |character| character < ' ' && !"\t\n\r".contains(character),
                "\u{fffd}",
            );
        }
        text
    }

    /// Returns the severity word and the messages of each row, or `None` for rows without issues.
    pub fn issues(&self) -> Vec<Option<(&'static str, String)>> {
        let mut rows = Vec::with_capacity(self.frame.rows());
        let mut cells = vec![0; self.columns.len()];
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for row in 0..self.frame.batch_rows(batch) {
                let severity = self.severity(&views, row, &mut cells);
                rows.push((severity > 0).then(|| {
                    (
                        SEVERITIES[usize::from(severity)].word,
                        self.message(&views, row),
                    )
                }));
            }
        }
        rows
    }

    /// Returns four bytes for each cell of a column: the number of its look in `numbers`, or 0 for cells without anything to
    /// show. Returns `None` if all are 0.
    pub fn cell_styles(&self, column: usize, numbers: &[u32]) -> Option<Vec<u8>> {
        let mut styles = Vec::with_capacity(self.frame.rows() * 4);
        let mut cells = vec![0; self.columns.len()];
        let mut is_used = false;
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for row in 0..self.frame.batch_rows(batch) {
                cells.fill(0);
                let worst = self.severity(&views, row, &mut cells);
                let styled = &self.columns[column];
                let look = match styled.kind {
                    ColumnKind::Severity => Some(styled.cells[0][usize::from(worst)]),
                    ColumnKind::Issues => (worst > 0).then_some(styled.cells[0][0]),
                    _ => {
                        let value = styled
                            .source
                            .map_or(ColumnValue::Null, |source| views[source].value(row));
                        self.variant(styled, value, cells[column])
                            .map(|[severity, form]| styled.cells[form][severity])
                    }
                };
                let number = look.map_or(0, |look| numbers[look]);
                is_used |= number > 0;
                styles.extend_from_slice(&number.to_ne_bytes());
            }
        }
        is_used.then_some(styles)
    }

    /// Returns the look of a cell among those of its column, or `None` if there is nothing to show.
    #[inline]
    fn variant(
        &self,
        column: &StyledColumn,
        value: ColumnValue<'_>,
        severity: u8,
    ) -> Option<[usize; 2]> {
        if severity == 0 && is_blank(value) {
            return None;
        }
        let is_formula = match value {
            ColumnValue::Text(text) => !self.escapes_formulas && is_formula(text),
            _ => false,
        };
        let form = match column.cells.len() > FORMS && !is_formula && !is_blank(value) {
            true => form_of(Class::from_value(value)),
            false => usize::from(is_formula),
        };
        Some([usize::from(severity), form])
    }

    /// Returns the start of the cells of each column and look; empty for cells without a style.
    fn starts(&self, numbers: &[u32]) -> Vec<Vec<[Vec<u8>; SEVERITIES.len()]>> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(place, column)| {
                let start = |look| match numbers[look] {
                    0 => Vec::new(),
                    number => start_of_cell(place, number),
                };
                column.cells.iter().map(|looks| looks.map(start)).collect()
            })
            .collect()
    }

    /// Writes the header as a row of XML. `numbers` are the numbers of the looks in the workbook.
    pub(super) fn write_header(
        &self,
        cells: &mut CellWriter,
        numbers: &[u32],
        sheet_row: usize,
        out: &mut Vec<u8>,
    ) {
        cells.prepare_letters(self.columns.len());
        let digits = cells.start_row_with(sheet_row, HEADER_HEIGHT, out);
        for (place, column) in self.columns.iter().enumerate() {
            let style = CellStyle::Number(numbers[column.header_look]);
            cells.write_value(
                ColumnValue::Text(&column.header),
                place,
                &digits,
                style,
                out,
            );
        }
        out.extend_from_slice(b"</row>");
    }

    /// Writes all rows as XML, starting at row `sheet_row` of the sheet. Calls `pass_on` after each row.
    ///
    /// # Errors
    /// The errors of `pass_on`.
    pub(super) fn write_rows<E>(
        &self,
        cells: &mut CellWriter,
        numbers: &[u32],
        mut sheet_row: usize,
        out: &mut Vec<u8>,
        mut pass_on: impl FnMut(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let starts = self.starts(numbers);
        let mut severities = vec![0; self.columns.len()];
        for batch in 0..self.frame.batch_count() {
            let views = self.frame.columns(batch);
            for row in 0..self.frame.batch_rows(batch) {
                let worst = self.severity(&views, row, &mut severities);
                let digits = cells.start_row(sheet_row, out);
                for (place, column) in self.columns.iter().enumerate() {
                    let message;
                    let (value, [severity, form]) = match (column.kind, column.source) {
                        (ColumnKind::Severity, _) => {
                            let severity = usize::from(worst);
                            (ColumnValue::Text(SEVERITIES[severity].word), [severity, 0])
                        }
                        (ColumnKind::Issues, _) if worst > 0 => {
                            message = self.message(&views, row);
                            (ColumnValue::Text(message.as_str()), [0, 0])
                        }
                        (_, None) => continue,
                        (_, Some(source)) => {
                            let value = views[source].value(row);
                            match self.variant(column, value, severities[place]) {
                                Some(variant) => (value, variant),
                                None => continue,
                            }
                        }
                    };
                    let style = match starts[place][form][severity].as_slice() {
                        [] => CellStyle::Number(0),
                        start => CellStyle::Start(start),
                    };
                    cells.write_value(value, place, &digits, style, out);
                }
                out.extend_from_slice(b"</row>");
                sheet_row += 1;
                if worst > 0 {
                    severities.fill(0);
                }
                pass_on(out)?;
            }
        }
        Ok(())
    }
}
