//! A window of a sheet, with its cells as JSON values.

use std::ops::RangeInclusive;

use ade_engine_native::cells::calendar::DAY_MICROSECONDS;
use ade_engine_native::cells::text_form::{as_python, push_date};
use ade_engine_native::cells::{CellTag, Sheet, SheetCell};
use serde::Serialize;
use serde_json::Value;

use super::error::CellsError;

/// The maximum number of rows in a window.
pub const MAX_WINDOW_ROWS: u64 = 200;
/// The maximum number of columns in a window.
pub const MAX_WINDOW_COLUMNS: u64 = 100;

/// The maximum number of text bytes of a cell in a window of several cells; longer text is cut. This bounds the size of a
/// window.
const MAX_CELL_TEXT_BYTES: usize = 4 << 10;
/// The maximum number of text bytes in a window of one cell; longer text is cut.
const MAX_SINGLE_CELL_BYTES: usize = 1 << 20;
/// Larger whole numbers lose digits in programs that read JSON numbers as 64-bit floats.
const EXACT: u64 = 1 << 53;

/// A window of a sheet. Rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// The name of the sheet.
    pub sheet: String,
    /// Its position among the worksheets, from 0.
    pub sheet_index: usize,
    /// The number of rows in the sheet's used area.
    pub total_rows: u64,
    /// The number of columns in the sheet's used area.
    pub total_columns: u64,
    /// The sheet's row at which `rows` begins.
    pub first_row: u64,
    /// The sheet's column at which each of the `rows` begins.
    pub first_column: u64,
    /// The cells, in rows of equal length. Cells outside the used area are left out.
    ///
    /// A cell is null (no value, or empty text), a boolean, a number, or text. Text stands for a whole number beyond 2⁵³ (its
    /// digits), a date (`2024-02-29`), a date with a time (`2024-02-29T08:05:30`), a time (`08:05:30`), a duration
    /// (`PT26H30M`) and an error (`#N/A`).
    pub rows: Vec<Vec<Value>>,
    /// Row and column of each cell whose text was cut. A window of one cell shows up to 1 MiB of text.
    pub cut: Vec<(u64, u64)>,
}

/// Checks the rows and columns of a request, before any file is read.
///
/// # Errors
/// The rows or columns are not a range, or are too many.
pub fn check(rows: &RangeInclusive<u64>, columns: &RangeInclusive<u64>) -> Result<(), CellsError> {
    for (what, range, most) in [
        ("rows", rows, MAX_WINDOW_ROWS),
        ("columns", columns, MAX_WINDOW_COLUMNS),
    ] {
        let (first, last) = (*range.start(), *range.end());
        if first == 0 || last < first || last - first >= most {
            return Err(CellsError::BadWindow {
                what,
                first,
                last,
                most,
            });
        }
    }
    Ok(())
}

/// Cuts a window out of a sheet. The caller has checked rows and columns.
///
/// # Errors
/// The window begins after the last row or column.
pub fn cut_out(
    sheet: &Sheet,
    name: &str,
    index: usize,
    rows: &RangeInclusive<u64>,
    columns: &RangeInclusive<u64>,
) -> Result<Window, CellsError> {
    let (total_rows, total_columns) = size(sheet);
    for (what, range, count) in [
        ("rows", rows, total_rows),
        ("columns", columns, total_columns),
    ] {
        // An empty sheet has one window, which is empty.
        if *range.start() > count.max(1) {
            return Err(CellsError::OutOfBounds {
                sheet: name.to_owned(),
                what,
                first: *range.start(),
                count,
            });
        }
    }
    let most_text = if rows.start() == rows.end() && columns.start() == columns.end() {
        MAX_SINGLE_CELL_BYTES
    } else {
        MAX_CELL_TEXT_BYTES
    };
    let last_column = total_columns.min(*columns.end());
    let mut cut = Vec::new();
    let shown = (*rows.start()..=total_rows.min(*rows.end()))
        .map(|row| {
            (*columns.start()..=last_column)
                .map(|column| {
                    let cell = sheet.cell(row as usize - 1, column as usize - 1);
                    let (value, is_cut) = value_of(cell, sheet, most_text);
                    if is_cut {
                        cut.push((row, column));
                    }
                    value
                })
                .collect()
        })
        .collect();
    Ok(Window {
        sheet: name.to_owned(),
        sheet_index: index,
        total_rows,
        total_columns,
        first_row: *rows.start(),
        first_column: *columns.start(),
        rows: shown,
        cut,
    })
}

/// Returns the numbers of rows and columns of a sheet's used area.
pub fn size(sheet: &Sheet) -> (u64, u64) {
    let facts = sheet.facts();
    (facts.rows_emitted as u64, facts.width as u64)
}

/// Returns a cell as JSON, and whether its text was cut.
pub fn value_of(cell: SheetCell, sheet: &Sheet, most_text: usize) -> (Value, bool) {
    let value = match cell.tag {
        CellTag::Empty | CellTag::EmptyText => Value::Null,
        CellTag::Text => {
            let text = sheet.text(cell.as_text());
            let shown = beginning(text, most_text);
            return (shown.into(), shown.len() < text.len());
        }
        CellTag::Integer if cell.as_integer().unsigned_abs() <= EXACT => cell.as_integer().into(),
        CellTag::Boolean => (cell.bits != 0).into(),
        CellTag::Float if cell.as_float().is_finite() => cell.as_float().into(),
        CellTag::DateTime if cell.as_integer() % DAY_MICROSECONDS == 0 => {
            let mut text = String::new();
            push_date(cell.as_integer() / DAY_MICROSECONDS, &mut text);
            text.into()
        }
        CellTag::Duration => duration(cell.as_integer()).into(),
        CellTag::Integer
        | CellTag::BigInteger
        | CellTag::Float
        | CellTag::DateTime
        | CellTag::Date
        | CellTag::Time => {
            let mut text = String::new();
            as_python(cell, sheet, &mut text);
            text.into()
        }
    };
    (value, false)
}

/// Returns the beginning of a text, at most `most` bytes, cut between characters.
fn beginning(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Formats a duration in ISO 8601, in hours, minutes and seconds.
fn duration(microseconds: i64) -> String {
    let sign = if microseconds < 0 { "-" } else { "" };
    let all = microseconds.unsigned_abs();
    let (seconds, fraction) = (all / 1_000_000, all % 1_000_000);
    let mut text = format!("{sign}PT");
    for (count, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if fraction > 0 {
        let fraction = format!("{fraction:06}");
        let seconds = seconds % 60;
        text.push_str(&format!("{seconds}.{}S", fraction.trim_end_matches('0')));
    } else if seconds % 60 > 0 || seconds == 0 {
        text.push_str(&format!("{}S", seconds % 60));
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use ade_engine_native::cells::{ScanLimits, SheetBuilder, TextArena};
    use serde_json::json;

    use super::*;

    /// Builds a sheet with this number of rows, each with these cells.
    pub fn sheet(rows: usize, make: impl Fn(&mut SheetBuilder) -> Vec<SheetCell>) -> Sheet {
        let mut builder = SheetBuilder::new("S", ScanLimits::NONE, Arc::new(TextArena::new()));
        for row in 0..rows {
            for (column, cell) in make(&mut builder).into_iter().enumerate() {
                builder.push(column, cell);
            }
            builder.end_row(row).unwrap();
        }
        builder.finish(None)
    }

    fn window(sheet: &Sheet, columns: RangeInclusive<u64>) -> Window {
        cut_out(sheet, "S", 0, &(1..=1), &columns).unwrap()
    }

    #[test]
    fn cells_become_json() {
        const HOUR: i64 = 3_600_000_000;
        let sheet = sheet(1, |builder| {
            let big = builder.store_text("123456789012345678901234567890").bits();
            vec![
                SheetCell::integer(1 << 53),
                SheetCell::integer(-(1 << 53) - 1),
                SheetCell {
                    tag: CellTag::BigInteger,
                    bits: big,
                },
                SheetCell::float(2.5),
                SheetCell::float(f64::INFINITY),
                SheetCell::boolean(true),
                SheetCell::EMPTY,
                SheetCell::EMPTY_TEXT,
                SheetCell::date_time(-DAY_MICROSECONDS),
                SheetCell::date_time(HOUR + 250_000),
                SheetCell::date(19_782),
                SheetCell::time(8 * HOUR),
                SheetCell::duration(26 * HOUR + HOUR / 2),
                SheetCell::duration(-1_500_000),
                SheetCell::duration(0),
                builder.text_cell("#N/A"),
            ]
        });
        assert_eq!(
            json!(window(&sheet, 1..=100).rows).to_string(),
            r##"[[9007199254740992,"-9007199254740993","123456789012345678901234567890",2.5,"inf",true,null,null,"1969-12-31","1970-01-01T01:00:00.250000","2024-02-29","08:00:00","PT26H30M","-PT1.5S","PT0S","#N/A"]]"##
        );
    }

    #[test]
    fn long_text_is_cut_between_characters_and_shown_alone() {
        let long = format!("x{}", "é".repeat(3000));
        let sheet = sheet(1, |builder| {
            vec![builder.text_cell("short"), builder.text_cell(&long)]
        });
        let both = window(&sheet, 1..=2);
        assert_eq!(both.cut, [(1, 2)]);
        assert_eq!(both.rows[0][0], "short");
        let shown = both.rows[0][1].as_str().unwrap();
        assert!(shown.len() == MAX_CELL_TEXT_BYTES - 1 && long.starts_with(shown));
        let alone = window(&sheet, 2..=2);
        assert_eq!(alone.rows[0][0], long.as_str());
        assert!(alone.cut.is_empty());
    }

    #[test]
    fn windows_that_cannot_be_shown_are_refused() {
        for (rows, columns, what) in [
            (0..=3, 1..=3, "rows"),
            #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
            (5..=4, 1..=3, "rows"),
            (1..=201, 1..=3, "rows"),
            (1..=u64::MAX, 1..=3, "rows"),
            (1..=200, 0..=3, "columns"),
            (1..=200, 7..=107, "columns"),
        ] {
            let refused = check(&rows, &columns).unwrap_err();
            assert!(
                matches!(refused, CellsError::BadWindow { what: found, .. } if found == what),
                "{refused}"
            );
        }
        assert_eq!(check(&(1..=200), &(7..=106)), Ok(()));
        assert_eq!(check(&(u64::MAX..=u64::MAX), &(1..=1)), Ok(()));
    }
}
