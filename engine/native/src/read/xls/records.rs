//! Reads the records of a workbook stream, and the texts in them.

use encoding_rs::Encoding;

use crate::read::numbers::{u16_at, u32_at};

pub const BOF: u16 = 0x0809;
pub const EOF: u16 = 0x000A;
pub const CONTINUE: u16 = 0x003C;
pub const FILE_PASS: u16 = 0x002F;
pub const CODE_PAGE: u16 = 0x0042;
pub const DATE_MODE: u16 = 0x0022;
pub const BOUND_SHEET: u16 = 0x0085;
pub const FORMAT: u16 = 0x041E;
pub const EXTENDED_FORMAT: u16 = 0x00E0;
pub const SHARED_STRINGS: u16 = 0x00FC;
pub const WINDOW_2: u16 = 0x023E;
pub const MERGED_CELLS: u16 = 0x00E5;
pub const ROW: u16 = 0x0208;
pub const COLUMNS: u16 = 0x007D;
pub const NUMBER: u16 = 0x0203;
pub const LABEL: u16 = 0x0204;
pub const LABEL_SHARED: u16 = 0x00FD;
pub const RICH_LABEL: u16 = 0x00D6;
pub const PACKED_NUMBER: u16 = 0x027E;
pub const PACKED_NUMBERS: u16 = 0x00BD;
pub const BOOLEAN_OR_ERROR: u16 = 0x0205;
pub const BLANK: u16 = 0x0201;
pub const BLANKS: u16 = 0x00BE;
pub const FORMULA: u16 = 0x0006;
pub const FORMULA_3: u16 = 0x0206;
pub const FORMULA_4: u16 = 0x0406;
pub const STRING: u16 = 0x0207;

/// A record with its code and its content.
#[derive(Clone, Copy)]
pub struct XlsRecord<'a> {
    pub code: u16,
    pub data: &'a [u8],
    /// The position of the next record.
    pub end: usize,
}

/// Iterates over the records of a stream. Ends at the first incomplete one.
pub struct XlsRecords<'a> {
    stream: &'a [u8],
    position: usize,
}

impl<'a> XlsRecords<'a> {
    /// Returns the records from a position on.
    pub fn at(stream: &'a [u8], position: usize) -> Self {
        Self { stream, position }
    }

    /// Takes the next record if it has this code.
    pub fn next_if(&mut self, code: u16) -> Option<XlsRecord<'a>> {
        let mut ahead = Self { ..*self };
        let record = ahead.next().filter(|record| record.code == code)?;
        self.position = record.end;
        Some(record)
    }
}

impl<'a> Iterator for XlsRecords<'a> {
    type Item = XlsRecord<'a>;

    #[inline]
    fn next(&mut self) -> Option<XlsRecord<'a>> {
        let header = self
            .stream
            .get(self.position..self.position.checked_add(4)?)?;
        let code = u16::from_le_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
        let start = self.position + 4;
        let data = self.stream.get(start..start + length)?;
        self.position = start + length;
        Some(XlsRecord {
            code,
            data,
            end: self.position,
        })
    }
}

/// Iterates over the records of a sheet up to its end, without those of charts in the sheet.
pub struct SheetRecords<'a> {
    walk: XlsRecords<'a>,
    depth: usize,
    has_end: bool,
}

impl<'a> SheetRecords<'a> {
    /// Returns the records of the sheet that starts at `position`.
    pub fn at(stream: &'a [u8], position: usize) -> Self {
        Self {
            walk: XlsRecords::at(stream, position),
            depth: 0,
            has_end: false,
        }
    }

    /// Takes the next record if it has this code.
    pub fn next_if(&mut self, code: u16) -> Option<XlsRecord<'a>> {
        self.walk.next_if(code)
    }

    /// Returns whether the end of the sheet was reached.
    pub fn has_end(&self) -> bool {
        self.has_end
    }
}

impl<'a> Iterator for SheetRecords<'a> {
    type Item = XlsRecord<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.has_end {
                return None;
            }
            let record = self.walk.next()?;
            match record.code {
                BOF => self.depth += 1,
                // A sheet must start with its own record; with another record at its position, it is no sheet.
                _ if self.depth == 0 => return None,
                EOF => {
                    self.depth -= 1;
                    self.has_end = self.depth == 0;
                }
                _ if self.depth == 1 => return Some(record),
                _ => {}
            }
        }
    }
}

/// The form of the texts in a workbook.
#[derive(Debug, Clone, Copy)]
pub enum TextForm {
    /// One or two bytes for each character, depending on flags.
    Unicode,
    /// Bytes in a code page.
    Bytes(&'static Encoding),
}

/// Reads a text that follows its length, which has one byte or two.
pub fn read_text(data: &[u8], at: usize, length_bytes: usize, form: TextForm) -> Option<String> {
    let length = match length_bytes {
        1 => usize::from(*data.get(at)?),
        _ => usize::from(u16_at(data, at)?),
    };
    let mut at = at + length_bytes;
    match form {
        TextForm::Bytes(encoding) => {
            let bytes = data.get(at..(at + length).min(data.len()))?;
            Some(encoding.decode_without_bom_handling(bytes).0.into_owned())
        }
        TextForm::Unicode => {
            if length == 0 {
                return Some(String::new());
            }
            let flags = *data.get(at)?;
            at += 1;
            at += if flags & 8 != 0 { 2 } else { 0 };
            at += if flags & 4 != 0 { 4 } else { 0 };
            let mut text = String::new();
            let size = if flags & 1 != 0 { length * 2 } else { length };
            push_characters(
                data.get(at..(at + size).min(data.len()))?,
                flags & 1 != 0,
                &mut text,
            );
            Some(text)
        }
    }
}

/// Appends characters of one byte (Latin-1) or two (UTF-16).
pub fn push_characters(bytes: &[u8], is_wide: bool, out: &mut String) {
    if is_wide {
        let units = bytes
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        out.extend(
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
    } else {
        out.extend(bytes.iter().map(|&byte| char::from(byte)));
    }
}

/// Unpacks a number from 32 bits: an integer or the upper bits of a float, which may have to be divided by 100.
pub fn unpack_number(bits: u32) -> f64 {
    let number = if bits & 2 != 0 {
        f64::from((bits as i32) >> 2)
    } else {
        f64::from_bits(u64::from(bits & !3) << 32)
    };
    if bits & 1 != 0 {
        number / 100.0
    } else {
        number
    }
}

/// Returns the encoding of a code page; Windows-1252 if the code page is unknown.
pub fn encoding_of(code_page: u16) -> &'static Encoding {
    use encoding_rs::{
        BIG5, EUC_KR, GBK, IBM866, MACINTOSH, SHIFT_JIS, WINDOWS_1252, X_MAC_CYRILLIC,
    };
    match code_page {
        866 => IBM866,
        932 => SHIFT_JIS,
        936 => GBK,
        949 => EUC_KR,
        950 => BIG5,
        10000 | 32768 => MACINTOSH,
        10007 => X_MAC_CYRILLIC,
        _ => {
            let label = format!("windows-{code_page}");
            Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
        }
    }
}

/// Reads the shared strings of a workbook from a record and its continuations.
///
/// A text may be split between its characters; the rest then starts with a byte that gives the width of its characters again.
pub struct SharedStringReader<'a> {
    pieces: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> SharedStringReader<'a> {
    /// Starts at the first text; `pieces` are the contents of the records.
    pub fn new(pieces: Vec<&'a [u8]>) -> Self {
        // Two counts come first, which are unreliable.
        Self {
            pieces,
            piece: 0,
            at: 8,
        }
    }

    fn current(&self) -> &'a [u8] {
        self.pieces.get(self.piece).copied().unwrap_or_default()
    }

    /// Moves to the piece with the next byte. Returns `false` at the end.
    fn settle(&mut self) -> bool {
        while self.at >= self.current().len() {
            if self.piece + 1 >= self.pieces.len() {
                return false;
            }
            self.at -= self.current().len();
            self.piece += 1;
        }
        true
    }

    /// Reads the next text. Returns `None` at the end, or if the rest is damaged.
    pub fn next_text(&mut self, out: &mut String) -> Option<()> {
        out.clear();
        if !self.settle() {
            return None;
        }
        let length = usize::from(u16_at(self.current(), self.at)?);
        let mut flags = *self.current().get(self.at + 2)?;
        self.at += 3;
        let mut skip = 0usize;
        if flags & 8 != 0 {
            skip += 4 * usize::from(u16_at(self.current(), self.at)?);
            self.at += 2;
        }
        if flags & 4 != 0 {
            skip += u32_at(self.current(), self.at)? as usize;
            self.at += 4;
        }
        let mut missing = length;
        while missing > 0 {
            let width = if flags & 1 != 0 { 2 } else { 1 };
            let rest = self.current().get(self.at..).unwrap_or_default();
            let count = (rest.len() / width).min(missing);
            push_characters(&rest[..count * width], width == 2, out);
            missing -= count;
            self.at += count * width;
            if missing > 0 {
                self.piece += 1;
                flags = *self.current().first()?;
                self.at = 1;
            }
        }
        self.at += skip;
        Some(())
    }
}

/// Returns the text that a cell shows for an error code.
pub fn error_text(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_unpacked() {
        assert_eq!(unpack_number(12 << 2 | 2), 12.0);
        assert_eq!(unpack_number(((-1234i32) << 2) as u32 | 3), -12.34);
        assert_eq!(unpack_number((1.5f64.to_bits() >> 32) as u32), 1.5);
    }

    #[test]
    fn shared_strings_go_on_in_the_next_record() {
        let mut first = vec![0; 8];
        first.extend_from_slice(&[3, 0, 0, b'a', b'b', b'c', 4, 0, 0, b'd', b'e']);
        // The rest of the second text is wide; then comes a rich text with two runs.
        let mut second = vec![1, b'f', 0, 0xAC, 0x20];
        second.extend_from_slice(&[1, 0, 8, 2, 0, b'x', 0, 0, 0, 0]);
        let third = vec![0, 0, 0, 0, 0, 0, 0];
        let mut reader = SharedStringReader::new(vec![&first, &second, &third]);
        let mut texts = Vec::new();
        let mut text = String::new();
        while reader.next_text(&mut text).is_some() {
            texts.push(text.clone());
        }
        assert_eq!(texts, ["abc", "def€", "x", ""]);
    }
}
