//! Widths and heights in pixels, as far as the boxes of comments need them, and the formats of columns.

use std::collections::BTreeMap;

use super::xml::scan::XmlTag;

/// The widths, heights and column formats of a sheet.
#[derive(Debug, Default)]
pub struct Measures {
    columns: Vec<ColumnMeasure>,
    heights: BTreeMap<u64, u64>,
    default_width: Option<u64>,
    default_height: Option<u64>,
}

/// A run of columns, `col` (ECMA-376 part 1, 18.3.1.13).
#[derive(Debug)]
struct ColumnMeasure {
    first: u64,
    last: u64,
    width: Option<u64>,
    format: u32,
}

impl Measures {
    /// Records the measures in a tag before the cells.
    pub fn note(&mut self, tag: &XmlTag<'_>) {
        match tag.local() {
            "sheetFormatPr" => {
                self.default_width = tag.number("defaultColWidth").map(pixels_of_width);
                self.default_height = tag.number("defaultRowHeight").map(pixels_of_height);
            }
            "col" => {
                let width = match tag.is_true("hidden") {
                    true => Some(0),
                    false => tag.number("width").map(pixels_of_width),
                };
                self.columns.push(ColumnMeasure {
                    first: tag.number("min").unwrap_or(1),
                    last: tag.number("max").unwrap_or(1),
                    width,
                    format: tag.number("style").unwrap_or_default(),
                });
            }
            _ => {}
        }
    }

    /// Records the height of a row, if its tag gives one.
    pub fn note_row(&mut self, row: u64, tag: &XmlTag<'_>) {
        if tag.is_true("hidden") {
            self.heights.insert(row, 0);
        } else if let Some(points) = tag.number("ht") {
            self.heights.insert(row, pixels_of_height(points));
        }
    }

    fn columns(&self, column: u64) -> Option<&ColumnMeasure> {
        self.columns
            .iter()
            .find(|columns| (columns.first..=columns.last).contains(&column))
    }

    /// Returns the format for new cells of a column.
    pub fn format(&self, column: u64) -> u32 {
        self.columns(column).map_or(0, |columns| columns.format)
    }

    /// Returns the width of a column in pixels.
    pub fn width(&self, column: u64) -> u64 {
        let own = self.columns(column).and_then(|columns| columns.width);
        own.or(self.default_width).unwrap_or(64)
    }

    /// Returns the height of a row in pixels.
    pub fn height(&self, row: u64) -> u64 {
        let own = self.heights.get(&row).copied();
        own.unwrap_or_else(|| self.default_height())
    }

    /// Returns the height of rows without a height of their own.
    pub fn default_height(&self) -> u64 {
        self.default_height.unwrap_or(20)
    }
}

/// Converts a width in characters of the usual font, each 7 pixels wide (ECMA-376 part 1, 18.3.1.13).
fn pixels_of_width(letters: f64) -> u64 {
    ((256.0 * letters + (128.0_f64 / 7.0).trunc()) / 256.0 * 7.0) as u64
}

/// Converts a height in points. Screens show 96 pixels where print has 72 points.
fn pixels_of_height(points: f64) -> u64 {
    (points * 4.0 / 3.0).round() as u64
}
