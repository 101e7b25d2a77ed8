//! The number formats of files that refer to them by names: XML Spreadsheet 2003, web pages, OpenDocument.

use std::sync::Arc;

use foldhash::HashMap;

use super::xlsx::number::{is_whole_number, number_cell, styled};
use super::xlsx::number_format::{NumberKind, shown_kind_of};
use crate::cells::{Epoch, ScanLimits, SheetBuilder, SheetCell, TextArena, ZeroFormat};

/// The maximum number of formats with zeros or a currency; no file has as many.
const MAX_ZERO_FORMATS: u16 = 256;

/// The display of a number in a format: whether it is a date or time, and the index of its format in [`Formats::zeros`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberDisplay {
    pub kind: NumberKind,
    pub zeros: Option<u16>,
}

/// The formats, by the names of the styles that use them.
#[derive(Debug, Default)]
pub struct Formats {
    looks: HashMap<String, NumberDisplay>,
    zeros: Vec<ZeroFormat>,
}

impl Formats {
    /// Adds a style with its format, given as a code or a name such as `Short Date`.
    pub fn add(&mut self, style: &str, code: &str) {
        let look = self.look_of(code);
        if look != NumberDisplay::default() {
            self.looks.insert(style.to_owned(), look);
        }
    }

    /// Adds a style with the format of another one.
    pub fn add_like(&mut self, style: &str, other: &str) {
        if let Some(look) = self.looks.get(other).copied() {
            self.looks.entry(style.to_owned()).or_insert(look);
        }
    }

    /// Returns the display of a number in a format code.
    pub fn look_of(&mut self, code: &str) -> NumberDisplay {
        let lower = code.trim().to_ascii_lowercase();
        let kind = match lower.as_str() {
            "general date" | "long date" | "medium date" | "short date" => NumberKind::Date,
            "long time" | "medium time" | "short time" => NumberKind::Time,
            "general" | "general number" | "currency" | "euro currency" | "fixed" | "standard"
            | "percent" | "scientific" | "yes/no" | "true/false" | "on/off" => {
                return NumberDisplay::default();
            }
            _ => shown_kind_of(code),
        };
        let found = ZeroFormat::of_format(code);
        let zeros = found.and_then(|format| {
            let known = self.zeros.iter().position(|zeros| *zeros == format);
            let number = known.unwrap_or(self.zeros.len());
            let number = u16::try_from(number)
                .ok()
                .filter(|number| *number < MAX_ZERO_FORMATS)?;
            if known.is_none() {
                self.zeros.push(format);
            }
            Some(number)
        });
        NumberDisplay { kind, zeros }
    }

    /// Returns the format of a style.
    pub fn get(&self, style: &str) -> NumberDisplay {
        self.looks.get(style).copied().unwrap_or_default()
    }

    /// Returns a builder for a sheet whose cells have these formats.
    pub fn builder(
        &self,
        title: &str,
        limits: ScanLimits,
        shared_text: Arc<TextArena>,
        epoch: Epoch,
    ) -> SheetBuilder {
        let mut builder = SheetBuilder::new(title, limits, shared_text);
        builder.set_epoch(epoch);
        builder.set_zeros(self.zeros());
        builder
    }

    /// Returns all formats with zeros or a currency.
    pub fn zeros(&self) -> Arc<[ZeroFormat]> {
        self.zeros.clone().into()
    }
}

/// Returns the cell for a number in the notation of programs; a text cell if it is no number.
pub fn cell_of_number(
    builder: &mut SheetBuilder,
    text: &str,
    kind: NumberKind,
    epoch: Epoch,
) -> SheetCell {
    let trimmed = text.trim();
    if let Some(cell) = number_cell(trimmed.as_bytes(), kind, epoch) {
        return cell;
    }
    if is_whole_number(trimmed) && kind == NumberKind::Number {
        let digits = trimmed.strip_prefix('+').unwrap_or(trimmed);
        return builder.big_integer(digits);
    }
    builder.text_cell(text)
}

/// Returns the cell for a floating-point number.
pub fn cell_of_float(
    builder: &mut SheetBuilder,
    number: f64,
    kind: NumberKind,
    epoch: Epoch,
) -> SheetCell {
    if !number.is_finite() {
        return SheetCell::EMPTY;
    }
    if kind == NumberKind::Number && number.fract() == 0.0 && number.abs() < 1e15 {
        return SheetCell::integer(number as i64);
    }
    styled(number, kind, epoch).unwrap_or_else(|| builder.text_cell("#VALUE!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn formats_are_known_by_code_or_name() {
        let mut formats = Formats::default();
        for (code, kind) in [
            ("Short Date", NumberKind::Date), ("dd\\.mm\\.yyyy", NumberKind::Date), ("[h]:mm", NumberKind::Duration),
            ("Currency", NumberKind::Number), ("Scientific", NumberKind::Number), ("0.00%", NumberKind::Number),
        ] {
            assert_eq!(formats.look_of(code).kind, kind, "{code}");
        }
        formats.add("postcode", "00000");
        formats.add_like("child", "postcode");
        formats.add("again", "00000");
        assert_eq!(formats.get("child").zeros, Some(0));
        assert_eq!(formats.zeros().len(), 1);
        assert_eq!(formats.get("none"), NumberDisplay::default());
    }
}
