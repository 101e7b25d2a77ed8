//! Reads the stylesheet as far as values need it: the cell styles that turn a number into a date, or show it with leading
//! zeros.

use std::io::Read;
use std::str::FromStr;
use std::sync::Arc;

use foldhash::HashMap;

use super::number_format::{
    NumberKind, kind_of, kind_of_built_in, shown_kind_of, shown_kind_of_built_in,
};
use crate::cells::ZeroFormat;
use crate::error::Result;
use crate::read::xml::{Event, SPREADSHEET, XmlReader};

/// The properties of each cell style that matter for values.
#[derive(Debug, Default)]
pub struct XlsxStyles {
    kinds: Vec<NumberKind>,
    /// The formats that show leading zeros.
    zeros: Arc<[ZeroFormat]>,
    /// The index of the format of each cell style in `zeros`; empty if there are no such formats.
    zeros_of: Vec<Option<u16>>,
    /// The marks of each cell style; empty if no style has any.
    marks: Vec<Marks>,
}

/// The meaning that people give to a cell only by its look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    pub is_struck: bool,
    pub is_red: bool,
    /// True if the format shows a positive number with a minus or in parentheses.
    pub turns_sign: bool,
}

impl Marks {
    /// Returns whether there are any marks.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// Returns whether a format shows positive numbers like negative ones.
fn turns_sign(code: &str) -> bool {
    let positive = code.split(';').next().unwrap_or_default();
    let shown: String = positive
        .chars()
        .filter(|sign| !matches!(sign, '"' | '\\' | ' '))
        .collect();
    let shown = shown.trim_start_matches(['$', '€', '£']);
    let has_digits = shown.contains(['0', '#']);
    has_digits && (shown.starts_with('-') || shown.starts_with('(') && shown.contains(')'))
}

/// Returns whether a color is a strong red: `FFFF0000`, `FFC00000` and the like.
fn is_red(rgb: &str) -> bool {
    let channel = |at: usize| u8::from_str_radix(rgb.get(at..at + 2)?, 16).ok();
    let start = rgb.len().saturating_sub(6);
    match (channel(start), channel(start + 2), channel(start + 4)) {
        (Some(red), Some(green), Some(blue)) => red >= 0xB0 && green <= 0x50 && blue <= 0x50,
        _ => false,
    }
}

impl XlsxStyles {
    /// Returns the kind of number in a style; a plain number if the style is unknown.
    #[inline]
    pub fn kind(&self, style: usize) -> NumberKind {
        self.kinds.get(style).copied().unwrap_or_default()
    }

    /// Returns the formats that show leading zeros. Most workbooks have none.
    pub fn zeros(&self) -> &Arc<[ZeroFormat]> {
        &self.zeros
    }

    /// Returns the index of a style's format among these formats.
    #[inline]
    pub fn zeros_of(&self, style: usize) -> Option<u16> {
        self.zeros_of.get(style).copied().flatten()
    }

    /// Returns the marks of a style.
    #[inline]
    pub fn marks(&self, style: usize) -> Marks {
        self.marks.get(style).copied().unwrap_or_default()
    }

    /// Reads a stylesheet. It only reads number formats, struck fonts and fills, so faults elsewhere in the part do no harm.
    ///
    /// # Errors
    /// If the part cannot be unpacked or parsed.
    pub fn read(source: impl Read, part: &str, as_shown: bool) -> Result<Self> {
        let of_code = if as_shown { shown_kind_of } else { kind_of };
        let of_id = match as_shown {
            true => shown_kind_of_built_in,
            false => kind_of_built_in,
        };
        let mut reader = XmlReader::new(source, part, SPREADSHEET);
        let mut custom: HashMap<u32, NumberKind> = HashMap::default();
        let mut custom_zeros: HashMap<u32, ZeroFormat> = HashMap::default();
        let mut format_ids = Vec::new();
        let mut in_cell_formats = false;
        let (mut fonts, mut fills): (Vec<bool>, Vec<bool>) = Default::default();
        let mut turning: Vec<u32> = Vec::new();
        let mut parts_of = Vec::new();
        loop {
            match reader.advance()? {
                Event::Start { own: true } => match (reader.depth(), reader.local_name()) {
                    (2, b"cellXfs") => in_cell_formats = true,
                    (3, b"xf") if in_cell_formats => {
                        format_ids.push(number_of(&reader, "numFmtId").unwrap_or(0));
                        let part = |name| number_of::<_, usize>(&reader, name);
                        parts_of.push((part("fontId"), part("fillId")));
                    }
                    (3, b"numFmt") => {
                        let id = number_of(&reader, "numFmtId");
                        if let (Some(id), Some(code)) = (id, reader.attribute("formatCode")) {
                            custom.insert(id, of_code(&code));
                            if turns_sign(&code) {
                                turning.push(id);
                            }
                            custom_zeros
                                .extend(ZeroFormat::of_format(&code).map(|zeros| (id, zeros)));
                        }
                    }
                    (3, b"font") => fonts.push(false),
                    (3, b"fill") => fills.push(false),
                    (4, b"strike") => {
                        let is_on =
                            !matches!(reader.attribute("val").as_deref(), Some("0" | "false"));
                        if let Some(font) = fonts.last_mut() {
                            *font |= is_on;
                        }
                    }
                    (5, b"fgColor") => {
                        if let (Some(fill), Some(rgb)) = (fills.last_mut(), reader.attribute("rgb"))
                        {
                            *fill = is_red(&rgb);
                        }
                    }
                    _ => {}
                },
                Event::End { own: true } if reader.depth() == 1 => in_cell_formats = false,
                Event::Done => break,
                _ => {}
            }
        }
        let kinds = format_ids
            .iter()
            .map(|id| custom.get(id).copied().unwrap_or_else(|| of_id(*id)))
            .collect();
        let (zeros, zeros_of) = numbered(custom_zeros, &format_ids);
        let has =
            |part: Option<usize>, of: &[bool]| part.is_some_and(|at| of.get(at) == Some(&true));
        let all = parts_of.into_iter().zip(&format_ids);
        let mut marks: Vec<Marks> = all
            .map(|((font, fill), id)| Marks {
                is_struck: has(font, &fonts),
                is_red: has(fill, &fills),
                turns_sign: turning.contains(id),
            })
            .collect();
        if !as_shown || !marks.iter().any(|marks| marks.any()) {
            marks.clear();
        }
        Ok(Self {
            kinds,
            zeros: zeros.into(),
            zeros_of,
            marks,
        })
    }
}

/// Returns the number in an attribute.
fn number_of<S: Read, N: FromStr>(reader: &XmlReader<S>, name: &str) -> Option<N> {
    reader.attribute(name)?.trim().parse().ok()
}

/// Returns the formats with zeros, each once, and for each cell format the index of its own, if it has one. Both are empty if
/// there are no such formats.
fn numbered(
    custom: HashMap<u32, ZeroFormat>,
    format_ids: &[u32],
) -> (Vec<ZeroFormat>, Vec<Option<u16>>) {
    let mut zeros = Vec::new();
    let mut numbers: HashMap<u32, u16> = HashMap::default();
    for (id, format) in custom {
        if let Ok(number) = u16::try_from(zeros.len()) {
            numbers.insert(id, number);
            zeros.push(format);
        }
    }
    let of = |id: &u32| numbers.get(id).copied();
    let zeros_of = match zeros.is_empty() {
        true => Vec::new(),
        false => format_ids.iter().map(of).collect(),
    };
    (zeros, zeros_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_cell_style() {
        let xml = r#"<s:styleSheet xmlns:s="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
            <s:numFmts><s:numFmt numFmtId="164" formatCode="[h]:mm"/><s:numFmt numFmtId="14" formatCode="0"/></s:numFmts>
            <s:fonts><s:font><s:family val="99"/></s:font></s:fonts>
            <s:cellStyleXfs><s:xf numFmtId="22"/></s:cellStyleXfs>
            <s:cellXfs><s:xf numFmtId="0"/><s:xf numFmtId="164"/><s:xf numFmtId="22"/><s:xf numFmtId="14"/></s:cellXfs>
            </s:styleSheet>"#;
        let styles = XlsxStyles::read(xml.as_bytes(), "styles", false).unwrap();
        let kinds: Vec<_> = (0..5).map(|style| styles.kind(style)).collect();
        use NumberKind::{Date, Duration, Number};
        assert_eq!(kinds, [Number, Duration, Date, Number, Number]);
    }
}
