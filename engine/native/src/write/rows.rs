//! Renders rows for a sheet that openpyxl writes around them.

use super::cells::{CellStyle, CellWriter, MomentStyles};
use crate::columns::frame::Frame;
use crate::columns::view::{ColumnValue, SeriesView};

/// A column of the rows that [`render_rows`] writes.
pub struct PlacedColumn<'a> {
    /// The column of the sheet, counted from 0.
    pub column: usize,
    /// The column of the frame, counted from 0.
    pub source: usize,
    /// Four bytes for each row, little-endian: an index in the list of styles, or 0 for the default style of the value's kind.
    /// Empty if no cell of the column has another style.
    pub styles: &'a [u8],
}

/// Some rows of a frame, and the positions of their columns in a sheet. Without a frame the cells have no values.
pub struct PlacedRows<'a> {
    pub frame: Option<&'a Frame>,
    pub first_row: usize,
    pub columns: Vec<PlacedColumn<'a>>,
}

/// The rows of a sheet whose other parts are written elsewhere.
pub struct PlacedRowBlock<'a> {
    pub parts: Vec<PlacedRows<'a>>,
    pub count: usize,
    /// The number of the first row in the sheet, counted from 1.
    pub first_sheet_row: usize,
    /// Cells that replace those of the parts, in order: row within the block and column of the sheet, both from 0, and XML,
    /// which may be empty.
    pub cells: &'a [(usize, usize, String)],
    /// Attributes of rows, as XML with a leading space, in the order of the rows within the block.
    pub attributes: &'a [(usize, String)],
    /// True to write rows without cells and attributes.
    pub keep_empty_rows: bool,
}

/// Renders rows as XML. Every text is in its cell. `styles` are the numbers of the styles that [`PlacedColumn::styles`] refers
/// to.
pub fn render_rows(
    stretch: &PlacedRowBlock<'_>,
    moment_styles: MomentStyles,
    styles: &[u32],
    escape_formulas: bool,
) -> Vec<u8> {
    let PlacedRowBlock { parts, count, .. } = stretch;
    let mut columns: Vec<(usize, &PlacedColumn<'_>)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, rows)| rows.columns.iter().map(move |column| (part, column)))
        .collect();
    columns.sort_by_key(|(_, column)| column.column);
    let frames = parts.iter().map(|rows| rows.frame.map(Frame::series));
    let frames: Vec<Vec<SeriesView<'_>>> = frames.map(Option::unwrap_or_default).collect();
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
            let values = frames[part].get(column.source);
            let value = values.map_or(ColumnValue::Null, |values| {
                values.value(parts[part].first_row + row)
            });
            let style = match column.styles.get(row * 4..row * 4 + 4) {
                Some(&[a, b, c, d]) => match u32::from_le_bytes([a, b, c, d]) {
                    0 => CellStyle::OfKind,
                    number => CellStyle::Number(styles.get(number as usize).copied().unwrap_or(0)),
                },
                _ => CellStyle::OfKind,
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
