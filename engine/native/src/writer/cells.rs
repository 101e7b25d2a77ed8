//! Rows and cells as XML, under openpyxl's rules for what a value becomes.

use std::io::Write;

use crate::arrow::{ColumnView, Frame, Value};
use crate::dates::DAY_MICROSECONDS;
use crate::store::is_python_space;
use crate::store::text::hash;

/// The longest text that a cell may hold, in characters.
const MAXIMUM_TEXT: usize = 32_767;
const ERROR_CODES: [&str; 7] = [
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A",
];
/// 1899-12-30 in days since 1970.
const EPOCH: i64 = -25_569;

/// The numbers of the cell styles that dates and times have.
#[derive(Debug, Clone, Copy)]
pub struct MomentStyles {
    pub date_time: u32,
    pub date: u32,
    pub time: u32,
    pub duration: u32,
}

/// Texts that occur more than once may be shared; only so many are remembered, so that memory stays constant.
const SHARED_SLOTS: usize = 1 << 16;
const MAXIMUM_SHARED_BYTES: usize = 1 << 22;
const MAXIMUM_SHARED_TEXT: usize = 256;

/// The first text of a frame that cannot stand in a worksheet, if there is one. Column names count.
pub fn find_illegal_text(frame: &Frame) -> Option<String> {
    if let Some(name) = frame.names.iter().find(|name| is_illegal(name)) {
        return Some(cut(name).to_owned());
    }
    for batch in 0..frame.batch_count() {
        for column in frame
            .columns(batch)
            .iter()
            .filter(|column| column.is_text())
        {
            for row in 0..frame.batch_rows(batch) {
                if let Value::Text(text) = column.value(row)
                    && is_illegal(text)
                {
                    return Some(cut(text).to_owned());
                }
            }
        }
    }
    None
}

/// Whether text holds a control character other than tab, line feed and carriage return in what would be written.
fn is_illegal(text: &str) -> bool {
    has_control(text) && has_control(cut(text))
}

#[inline]
fn has_control(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// Text up to the longest that a cell may hold.
#[inline]
fn cut(text: &str) -> &str {
    if text.len() <= MAXIMUM_TEXT {
        return text;
    }
    text.char_indices()
        .nth(MAXIMUM_TEXT)
        .map_or(text, |(end, _)| &text[..end])
}

/// An attribute's value, escaped.
pub fn attribute(text: &str) -> String {
    let mut out = Vec::new();
    push_escaped(text, &mut out);
    String::from_utf8_lossy(&out).replace('"', "&quot;")
}

/// The shared strings of a workbook: texts that were seen before, up to a limit, and their XML.
///
/// A text is written into its cell the first time and shared from the second time on, so that texts which occur once
/// cost no memory.
#[derive(Default)]
pub struct Texts {
    /// The hashes of texts that were seen last, by their lower bits.
    seen: Vec<u32>,
    /// Where a text's number is, by its hash: number + 1, or 0.
    slots: Vec<u32>,
    /// For each number, where its text is in `bytes`.
    places: Vec<(u32, u32)>,
    bytes: Vec<u8>,
}

impl Texts {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The number of a text, if it is shared.
    #[inline]
    fn number(&mut self, text: &str) -> Option<u32> {
        if text.len() > MAXIMUM_SHARED_TEXT {
            return None;
        }
        if self.slots.is_empty() {
            self.slots.resize(SHARED_SLOTS, 0);
            self.seen.resize(SHARED_SLOTS, 0);
        }
        let hash = hash(text.as_bytes());
        let slot = &mut self.slots[hash as usize % SHARED_SLOTS];
        if *slot != 0 {
            let (start, length) = self.places[*slot as usize - 1];
            let known = &self.bytes[start as usize..start as usize + length as usize];
            return (known == text.as_bytes()).then(|| *slot - 1);
        }
        let seen = &mut self.seen[hash as usize % SHARED_SLOTS];
        let mark = (hash >> 32) as u32 | 1;
        if *seen != mark {
            *seen = mark;
            return None;
        }
        if self.bytes.len() + text.len() > MAXIMUM_SHARED_BYTES {
            return None;
        }
        self.places
            .push((self.bytes.len() as u32, text.len() as u32));
        self.bytes.extend_from_slice(text.as_bytes());
        *slot = self.places.len() as u32;
        Some(*slot - 1)
    }
}

/// Writes cells.
pub struct CellWriter {
    escape_formulas: bool,
    styles: MomentStyles,
    /// Shared strings, unless every text is to stand in its cell.
    texts: Option<Texts>,
    letters: Vec<Vec<u8>>,
    row_digits: itoa::Buffer,
}

impl CellWriter {
    pub fn new(escape_formulas: bool, styles: MomentStyles, texts: Option<Texts>) -> Self {
        Self {
            escape_formulas,
            styles,
            texts,
            letters: Vec::new(),
            row_digits: itoa::Buffer::new(),
        }
    }

    /// How many strings are shared.
    pub fn text_count(&self) -> usize {
        self.texts.as_ref().map_or(0, Texts::len)
    }

    /// The `si` elements of all shared strings.
    pub fn take_texts(&mut self) -> Vec<u8> {
        let texts = self.texts.take().unwrap_or_default();
        let mut out = Vec::with_capacity(texts.bytes.len() + texts.places.len() * 20);
        for &(start, length) in &texts.places {
            let text = &texts.bytes[start as usize..start as usize + length as usize];
            out.extend_from_slice(b"<si>");
            push_text_element(std::str::from_utf8(text).unwrap_or_default(), &mut out);
            out.extend_from_slice(b"</si>");
        }
        out
    }

    /// Writes a row of column names.
    pub fn write_header(&mut self, names: &[String], row: usize, out: &mut Vec<u8>) {
        self.prepare_letters(names.len());
        let digits = self.start_row(row, out);
        for (column, name) in names.iter().enumerate() {
            self.write_text(name, column, &digits, None, out);
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
            self.write_value(column.value(row), number, &digits, None, out);
        }
        out.extend_from_slice(b"</row>");
    }

    /// Writes a cell. `style` takes the place of the style that a value of its kind has.
    #[inline]
    pub(super) fn write_value(
        &mut self,
        value: Value<'_>,
        column: usize,
        row: &RowDigits,
        style: Option<u32>,
        out: &mut Vec<u8>,
    ) {
        match value {
            Value::Null => self.write_empty(column, row, style, out),
            Value::Text(text) => self.write_text(text, column, row, style, out),
            Value::Integer(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            Value::Unsigned(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
                out.extend_from_slice(b"</v></c>");
            }
            // What is no number leaves its cell empty.
            Value::Float(value) if !value.is_finite() => self.write_empty(column, row, style, out),
            Value::Float(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(b"\"><v>");
                push_float(value, out);
                out.extend_from_slice(b"</v></c>");
            }
            Value::Boolean(value) => {
                self.start_cell(column, row, style, out);
                out.extend_from_slice(if value {
                    b"\" t=\"b\"><v>1</v></c>"
                } else {
                    b"\" t=\"b\"><v>0</v></c>"
                });
            }
            Value::Date(days) => {
                let style = style.unwrap_or(self.styles.date);
                self.write_serial(day_serial(days) as f64, style, column, row, out);
            }
            Value::DateTime(microseconds) => {
                let day = day_serial(microseconds.div_euclid(DAY_MICROSECONDS));
                let serial = day as f64 + time_serial(microseconds.rem_euclid(DAY_MICROSECONDS));
                let style = style.unwrap_or(self.styles.date_time);
                self.write_serial(serial, style, column, row, out);
            }
            Value::Time(microseconds) => {
                let style = style.unwrap_or(self.styles.time);
                self.write_serial(time_serial(microseconds), style, column, row, out);
            }
            Value::Duration(microseconds) => {
                let serial = microseconds as f64 / 1e6 / 86_400.0;
                let style = style.unwrap_or(self.styles.duration);
                self.write_serial(serial, style, column, row, out);
            }
        }
    }

    /// Writes a cell without a value, if it has a style.
    #[inline]
    fn write_empty(&self, column: usize, row: &RowDigits, style: Option<u32>, out: &mut Vec<u8>) {
        if style.is_some_and(|style| style > 0) {
            self.start_cell(column, row, style, out);
            out.extend_from_slice(b"\"/>");
        }
    }

    pub(super) fn prepare_letters(&mut self, columns: usize) {
        for column in self.letters.len()..columns {
            self.letters
                .push(crate::store::column_name(column).into_bytes());
        }
    }

    pub(super) fn start_row(&mut self, row: usize, out: &mut Vec<u8>) -> RowDigits {
        self.start_row_with(row, "", out)
    }

    /// Starts a row that has attributes: XML with a space in front.
    pub(super) fn start_row_with(
        &mut self,
        row: usize,
        attributes: &str,
        out: &mut Vec<u8>,
    ) -> RowDigits {
        let digits = RowDigits::of(self.row_digits.format(row).as_bytes());
        out.extend_from_slice(b"<row r=\"");
        out.extend_from_slice(digits.bytes());
        out.extend_from_slice(b"\"");
        out.extend_from_slice(attributes.as_bytes());
        out.extend_from_slice(b">");
        digits
    }

    /// Writes a cell's tag up to its reference, whose closing quote is left to what follows.
    #[inline]
    fn start_cell(&self, column: usize, row: &RowDigits, style: Option<u32>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<c r=\"");
        out.extend_from_slice(&self.letters[column]);
        out.extend_from_slice(row.bytes());
        if let Some(style) = style
            && style > 0
        {
            out.extend_from_slice(b"\" s=\"");
            out.extend_from_slice(itoa::Buffer::new().format(style).as_bytes());
        }
    }

    fn write_serial(
        &self,
        serial: f64,
        style: u32,
        column: usize,
        row: &RowDigits,
        out: &mut Vec<u8>,
    ) {
        self.start_cell(column, row, Some(style), out);
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
        style: Option<u32>,
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
            _ => match self.texts.as_mut().and_then(|texts| texts.number(text)) {
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
            },
        }
    }
}

/// A row's number as text, ready to be put behind column letters.
pub(super) struct RowDigits {
    bytes: [u8; 20],
    length: usize,
}

impl RowDigits {
    fn of(digits: &[u8]) -> Self {
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

/// A day as a serial number. Up to the leap day that never was, numbers are one less.
fn day_serial(days: i64) -> i64 {
    let serial = days - EPOCH;
    if (1..=60).contains(&serial) {
        serial - 1
    } else {
        serial
    }
}

/// A time of day as a fraction, computed as openpyxl does.
fn time_serial(microseconds: i64) -> f64 {
    let seconds = microseconds.div_euclid(1_000_000) as f64;
    (seconds + microseconds.rem_euclid(1_000_000) as f64 / 1e6) / 86_400.0
}

#[inline]
fn push_float(value: f64, out: &mut Vec<u8>) {
    if value.abs() < 1e15 && value.fract() == 0.0 {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    }
}

/// A `t` element; white space at its ends is marked to be kept.
#[inline]
fn push_text_element(text: &str, out: &mut Vec<u8>) {
    let keep_space = text.starts_with(is_python_space) || text.ends_with(is_python_space);
    out.extend_from_slice(if keep_space {
        b"<t xml:space=\"preserve\">"
    } else {
        b"<t>"
    });
    push_escaped(text, out);
    out.extend_from_slice(b"</t>");
}

/// Text with everything escaped that XML would not keep.
#[inline]
fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let replacement: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            // Unescaped it would become a line feed.
            b'\r' => b"&#13;",
            // U+FFFE and U+FFFF are no characters and may not occur in XML.
            0xBE | 0xBF if at >= 2 && bytes[at - 1] == 0xBF && bytes[at - 2] == 0xEF => {
                out.extend_from_slice(&bytes[written..at - 2]);
                out.extend_from_slice("\u{fffd}".as_bytes());
                written = at + 1;
                continue;
            }
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(replacement);
        written = at + 1;
    }
    let _ = out.write_all(&bytes[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut out = Vec::new();
        push_escaped("a<b>&\r\n\u{ffff}é\u{fffe}x", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a&lt;b&gt;&amp;&#13;\n\u{fffd}é\u{fffd}x"
        );
    }

    #[test]
    fn floats_are_written_short_and_exactly() {
        for value in [
            0.0,
            -0.0,
            1.0,
            5_551_234.0,
            0.1,
            1e20,
            1e-7,
            -2.5,
            123_456_789.123,
            1e15,
            f64::MAX,
        ] {
            let mut out = Vec::new();
            push_float(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.parse::<f64>().unwrap(), value, "{text}");
        }
    }

    #[test]
    fn days_skip_the_leap_day_that_never_was() {
        assert_eq!(day_serial(EPOCH + 1), 0);
        assert_eq!(day_serial(EPOCH + 60), 59);
        assert_eq!(day_serial(EPOCH + 61), 61);
        assert_eq!(time_serial(DAY_MICROSECONDS / 2), 0.5);
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        let text = "é".repeat(40_000);
        assert_eq!(cut(&text).chars().count(), MAXIMUM_TEXT);
        assert!(!is_illegal(&("x".repeat(MAXIMUM_TEXT) + "\u{1}")));
        assert!(is_illegal("a\u{b}"));
    }
}
