//! Writes rows and cells as XML, with the values that openpyxl would write.

use super::shared_texts::SharedTexts;
use super::text::{cut, push_escaped, push_text_element};
use crate::cells::column_letters::column_name;
use crate::cells::serial_date::{
    serial_of_date, serial_of_date_time, serial_of_duration, serial_of_time,
};
use crate::columns::view::{ColumnValue, ColumnView};

const ERROR_CODES: [&str; 7] = [
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A",
];
/// The style numbers of dates and times.
#[derive(Debug, Clone, Copy)]
pub struct MomentStyles {
    pub date_time: u32,
    pub date: u32,
    pub time: u32,
    pub duration: u32,
}

/// The style of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum CellStyle<'a> {
    /// The style for the kind of the value.
    OfKind,
    Number(u32),
    /// A style other than 0, as the part of the cell's tag before the row number: see [`start_of_cell`].
    Start(&'a [u8]),
}

impl CellStyle<'_> {
    /// Returns the style, or `number` if only the kind determines it.
    #[inline]
    fn or(self, number: u32) -> Self {
        match self {
            Self::OfKind => Self::Number(number),
            known => known,
        }
    }
}

/// Returns the start of the cells of a column with a style. The style comes first, so that it is packed together with the
/// column's letters.
pub(super) fn start_of_cell(column: usize, style: u32) -> Vec<u8> {
    format!("<c s=\"{style}\" r=\"{}", column_name(column)).into_bytes()
}

/// Writes cells as XML.
pub struct CellWriter {
    escape_formulas: bool,
    styles: MomentStyles,
    /// The shared strings; `None` if every text is written into its cell.
    texts: Option<SharedTexts>,
    letters: Vec<Vec<u8>>,
    row_digits: itoa::Buffer,
}

impl CellWriter {
    /// Starts without rows. `texts` are the shared strings; `None` if every text is written into its cell.
    pub fn new(escape_formulas: bool, styles: MomentStyles, texts: Option<SharedTexts>) -> Self {
        Self {
            escape_formulas,
            styles,
            texts,
            letters: Vec::new(),
            row_digits: itoa::Buffer::new(),
        }
    }

    /// Returns the number of shared strings.
    pub fn text_count(&self) -> usize {
        self.texts.as_ref().map_or(0, SharedTexts::len)
    }

    /// Takes the `si` elements of all shared strings.
    pub fn take_texts(&mut self) -> Vec<u8> {
        self.texts.take().unwrap_or_default().to_xml()
    }

    /// Writes a row of column names.
    pub fn write_header(&mut self, names: &[String], row: usize, out: &mut Vec<u8>) {
        self.prepare_letters(names.len());
        let digits = self.start_row(row, out);
        for (column, name) in names.iter().enumerate() {
            self.write_text(name, column, &digits, CellStyle::OfKind, out);
        }
        out.extend_from_slice(b"</row>");
    }

    /// Writes a row of a batch.
    pub fn write_row(
        &mut self,
        columns: &[ColumnView<'_>],
        row: usize,
        sheet_row: usize,
        out: &mut Vec<u8>,
    ) {
        self.prepare_letters(columns.len());
        let digits = self.start_row(sheet_row, out);
        for (number, column) in columns.iter().enumerate() {
            self.write_value(column.value(row), number, &digits, CellStyle::OfKind, out);
        }
        out.extend_from_slice(b"</row>");
    }

    /// Writes a cell. `style` replaces the default style for the kind of the value.
    #[inline]
    pub(super) fn write_value(
        &mut self,
        value: ColumnValue<'_>,
        column: usize,
        row: &RowDigits,
        style: CellStyle<'_>,
        out: &mut Vec<u8>,
    ) {
        match value {
            ColumnValue::Null => self.write_empty(column, row, style, out),
            ColumnValue::Text(text) => self.write_text(text, column, row, style, out),
            ColumnValue::Integer(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            ColumnValue::Unsigned(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            // Infinite numbers and NaN leave their cell empty.
            ColumnValue::Float(value) if !value.is_finite() => {
                self.write_empty(column, row, style, out)
            }
            ColumnValue::Float(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                push_float(value, out);
                out.extend_from_slice(b"</v></c>");
            }
            ColumnValue::Boolean(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(if value {
                    b"\" t=\"b\"><v>1</v></c>"
                } else {
                    b"\" t=\"b\"><v>0</v></c>"
                });
            }
            ColumnValue::Date(days) => {
                let style = style.or(self.styles.date);
                self.write_serial(serial_of_date(days), style, column, row, out);
            }
            ColumnValue::DateTime(microseconds) => {
                let serial = serial_of_date_time(microseconds);
                let style = style.or(self.styles.date_time);
                self.write_serial(serial, style, column, row, out);
            }
            ColumnValue::Time(microseconds) => {
                let style = style.or(self.styles.time);
                self.write_serial(serial_of_time(microseconds), style, column, row, out);
            }
            ColumnValue::Duration(microseconds) => {
                let serial = serial_of_duration(microseconds);
                let style = style.or(self.styles.duration);
                self.write_serial(serial, style, column, row, out);
            }
        }
    }

    /// Writes a cell without a value, if it has a style.
    #[inline]
    fn write_empty(&self, column: usize, row: &RowDigits, style: CellStyle<'_>, out: &mut Vec<u8>) {
        if !matches!(style, CellStyle::OfKind | CellStyle::Number(0)) {
            self.start_cell(column, row, style, out);
            out.extend_from_slice(b"\"/>");
        }
    }

    pub(super) fn prepare_letters(&mut self, columns: usize) {
        for column in self.letters.len()..columns {
            self.letters.push(column_name(column).into_bytes());
        }
    }

    pub(super) fn start_row(&mut self, row: usize, out: &mut Vec<u8>) -> RowDigits {
        self.start_row_with(row, "", out)
    }

    /// Starts a row with attributes: XML that begins with a space.
    pub(super) fn start_row_with(
        &mut self,
        row: usize,
        attributes: &str,
        out: &mut Vec<u8>,
    ) -> RowDigits {
        let digits = RowDigits::new(self.row_digits.format(row).as_bytes());
        out.extend_from_slice(b"<row r=\"");
        out.extend_from_slice(digits.bytes());
        out.extend_from_slice(b"\"");
        out.extend_from_slice(attributes.as_bytes());
        out.extend_from_slice(b">");
        digits
    }

    /// Writes a cell's tag up to its reference. The caller writes the closing quote.
    #[inline]
    fn start_cell(&self, column: usize, row: &RowDigits, style: CellStyle<'_>, out: &mut Vec<u8>) {
        if let CellStyle::Start(start) = style {
            out.extend_from_slice(start);
            out.extend_from_slice(row.bytes());
            return;
        }
        out.extend_from_slice(b"<c r=\"");
        out.extend_from_slice(&self.letters[column]);
        out.extend_from_slice(row.bytes());
        if let CellStyle::Number(style) = style
            && style > 0
        {
            out.extend_from_slice(b"\" s=\"");
            out.extend_from_slice(itoa::Buffer::new().format(style).as_bytes());
        }
    }

    fn write_serial(
        &self,
        serial: f64,
        style: CellStyle<'_>,
        column: usize,
        row: &RowDigits,
        out: &mut Vec<u8>,
    ) {
        self.start_cell(column, row, style, out);
        out.extend_from_slice(b"\"><v>");
        push_float(serial, out);
        out.extend_from_slice(b"</v></c>");
    }

    #[inline]
    fn write_text(
        &mut self,
        text: &str,
        column: usize,
        row: &RowDigits,
        style: CellStyle<'_>,
        out: &mut Vec<u8>,
    ) {
        if text.is_empty() {
            return self.write_empty(column, row, style, out);
        }
        let text = cut(text);
        self.start_cell(column, row, style, out);
        match text.as_bytes()[0] {
            b'=' if text.len() > 1 && !self.escape_formulas => {
                out.extend_from_slice(b"\"><f>");
                push_escaped(&text[1..], out);
                out.extend_from_slice(b"</f><v></v></c>");
            }
            b'#' if ERROR_CODES.contains(&text) => {
                out.extend_from_slice(b"\" t=\"e\"><v>");
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            _ => self.push_text(text, out),
        }
    }

    /// Writes a cell whose text is never read as anything else. An empty text leaves only the style.
    pub(super) fn write_as_text(
        &mut self,
        text: &str,
        column: usize,
        row: &RowDigits,
        style: u32,
        out: &mut Vec<u8>,
    ) {
        let style = CellStyle::Number(style);
        if text.is_empty() {
            return self.write_empty(column, row, style, out);
        }
        self.start_cell(column, row, style, out);
        self.push_text(cut(text), out);
    }

    /// Writes the rest of a cell with text, after its reference.
    #[inline]
    fn push_text(&mut self, text: &str, out: &mut Vec<u8>) {
        match self.texts.as_mut().and_then(|texts| texts.number(text)) {
            Some(number) => {
                out.extend_from_slice(b"\" t=\"s\"><v>");
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            None => {
                out.extend_from_slice(b"\" t=\"inlineStr\"><is>");
                push_text_element(text, out);
                out.extend_from_slice(b"</is></c>");
            }
        }
    }
}

/// A row number as text, ready to be written after column letters.
pub(super) struct RowDigits {
    bytes: [u8; 20],
    length: usize,
}

impl RowDigits {
    fn new(digits: &[u8]) -> Self {
        let mut bytes = [0; 20];
        bytes[..digits.len()].copy_from_slice(digits);
        Self {
            bytes,
            length: digits.len(),
        }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[inline]
fn push_float(value: f64, out: &mut Vec<u8>) {
    if value.abs() < 1e15 && value.fract() == 0.0 {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn floats_are_written_short_and_exactly() {
        for value in [
            0.0, -0.0, 1.0, 5_551_234.0, 0.1, 1e20, 1e-7, -2.5, 123_456_789.123, 1e15, f64::MAX,
        ] {
            let mut out = Vec::new();
            push_float(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.parse::<f64>().unwrap(), value, "{text}");
        }
    }
}
