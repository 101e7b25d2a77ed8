//! Which row of the other side each row of a window belongs to.
//!
//! What the run tells of its rows ([`Rows`]) is believed. A run of an older engine has left this in one place: the column
//! `Source row` of its normalized workbook, which the engine writes behind the columns `Severity` and `Issues` with the settings
//! `row_provenance = true`, `output_style = "table"` and `issue_columns`. Hooks that drop and sort rows carry it along. Without
//! the column nothing that such a run leaves tells which row is which: a hook may have dropped, added and sorted rows, and counts
//! do not tell. So there is no map then.
//!
//! Where tables lie, in the source and in the output, is in the engine's completed payload. A hook may have changed the output
//! after that was noted. So a table has a map by its column only where its header is where it should be, and numbers only count
//! that lie within the table's source rows.

use ade_engine_native::cells::{MergedRange, Sheet, Tag};
use serde::Serialize;
use serde_json::Value;

use super::rows::{Fate, Origin, Rows};
use super::window::Window;

/// The columns that the engine writes together, in order. Where the source has columns of such a name, `__2` and so on
/// follows.
const COLUMNS: [&str; 3] = ["Severity", "Issues", "Source row"];

/// Which rows of a sheet of the other side the rows of a window belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowMap {
    /// The sheet of the other side: of the input for a window of the output, of the output for one of the input.
    pub sheet: String,
    /// For each row of the window the number of that row, from 1; `None` for headers, for rows between tables, for rows that a
    /// hook has added or dropped, for those of other sheets, and for those of which it is not known.
    pub rows: Vec<Option<u64>>,
    /// The hook because of which it is not known of some of these rows.
    pub unknown: Option<String>,
}

impl RowMap {
    /// The map of a window of the output, by what the run tells of its rows; `None`: no table is on this sheet.
    pub fn of_output(window: &Window, known: &Rows) -> Option<Self> {
        let mut map = Self::on(known.sheet_behind(&window.sheet)?);
        for row in rows_of(window) {
            let origin = known.origin(&window.sheet, row);
            if let Origin::Unknown { hook } = origin {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            map.rows.push(match origin {
                Origin::Row { sheet, row } if sheet == map.sheet => Some(row),
                _ => None,
            });
        }
        Some(map)
    }

    /// The map of a window of the input; of rows that were written more than once, the first place. `None`: no table of this
    /// sheet was written.
    pub fn of_input(window: &Window, known: &Rows) -> Option<Self> {
        let mut map = Self::on(known.sheet_before(&window.sheet)?);
        for fate in known.fates(&window.sheet, rows_of(window)) {
            if let Fate::Unknown { hook } = fate {
                map.unknown.get_or_insert_with(|| hook.to_owned());
            }
            let place = match fate {
                Fate::Written(places) => places
                    .iter()
                    .find(|place| place.sheet == Some(&map.sheet))
                    .and_then(|place| place.row),
                _ => None,
            };
            map.rows.push(place);
        }
        Some(map)
    }

    fn on(sheet: &str) -> Self {
        Self {
            sheet: sheet.to_owned(),
            rows: Vec::new(),
            unknown: None,
        }
    }
}

/// The rows of a window, from 1.
fn rows_of(window: &Window) -> std::ops::Range<u64> {
    window.first_row..window.first_row + window.rows.len() as u64
}

/// A table that was written, and whose source rows are known.
struct Table<'a> {
    source_sheet: &'a str,
    /// Its source rows, from 1.
    source_rows: std::ops::Range<u64>,
    /// Where its data is in the output, from 0.
    rows: std::ops::RangeInclusive<usize>,
    /// The column of the output that has the source row, from 0.
    column: usize,
}

/// The map of a window of the output by the column `Source row`, if it has one. `sheet` is the sheet of the window, `payload` the engine's completed
/// payload of the run.
pub(super) fn of(window: &Window, sheet: &Sheet, payload: &Value) -> Option<RowMap> {
    let tables: Vec<Table<'_>> = list(payload, "/workbooks")
        .iter()
        .flat_map(|workbook| list(workbook, "/sheets"))
        .flat_map(|source| list(source, "/tables"))
        .filter_map(|table| known(table, &window.sheet, sheet))
        .collect();
    let source_sheet = tables.first()?.source_sheet;
    let rows = (0..window.rows.len())
        .map(|index| {
            let row = window.first_row as usize - 1 + index;
            let table = tables.iter().find(|table| table.rows.contains(&row))?;
            let cell = sheet.cell(row, table.column);
            let number = u64::try_from(cell.as_integer()).ok()?;
            let counts = cell.tag == Tag::Integer
                && table.source_sheet == source_sheet
                && table.source_rows.contains(&number);
            counts.then_some(number)
        })
        .collect();
    Some(RowMap {
        sheet: source_sheet.to_owned(),
        rows,
        unknown: None,
    })
}

/// A table of the payload, if it is on this sheet of the output and has the column.
fn known<'a>(table: &'a Value, title: &str, sheet: &Sheet) -> Option<Table<'a>> {
    let text = |pointer: &str| table.pointer(pointer).and_then(Value::as_str);
    let number = |pointer: &str| table.pointer(pointer).and_then(Value::as_u64);
    let (written_on, range) = text("/outputs/normalized/range_a1")?.rsplit_once('!')?;
    if written_on != title {
        return None;
    }
    let range = MergedRange::of_reference(range)?;
    let header = range.first_row as usize;
    let column = (range.first_column..=range.last_column)
        .map(|column| column as usize)
        .rev()
        .find(|&column| is_source_row(sheet, header, column))?;
    let first = number("/structure/data/row_start")?;
    let count = number("/structure/data/row_count")?;
    Some(Table {
        source_sheet: text("/locator/sheet/name")?,
        source_rows: first..first.saturating_add(count),
        rows: header + 1..=range.last_row as usize,
        column,
    })
}

/// Whether the engine's three columns end with this one.
fn is_source_row(sheet: &Sheet, header: usize, column: usize) -> bool {
    let Some(first) = (column + 1).checked_sub(COLUMNS.len()) else {
        return false;
    };
    COLUMNS.iter().zip(first..).all(|(name, column)| {
        let cell = sheet.cell(header, column);
        cell.tag == Tag::Text
            && sheet
                .text(cell.as_text())
                .strip_prefix(name)
                .is_some_and(|rest| {
                    let number = rest.strip_prefix("__");
                    rest.is_empty() || number.is_some_and(|number| number.parse::<u32>().is_ok())
                })
    })
}

fn list<'a>(holder: &'a Value, pointer: &str) -> &'a [Value] {
    holder
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ade_engine_native::cells::{Cell, ScanLimits, SheetBuilder, TextArena};
    use serde_json::json;

    use super::super::window::cut_out;
    use super::*;

    const HEADER: &[&str] = &["Name", "Severity", "Issues__2", "Source row"];

    /// A sheet of the output; a row of no text has a name and this number as its source row.
    fn output(rows: &[(&[&str], Option<i64>)]) -> Sheet {
        let mut builder = SheetBuilder::new("Out", ScanLimits::NONE, Arc::new(TextArena::new()));
        for (row, (texts, number)) in rows.iter().enumerate() {
            for (column, text) in texts.iter().enumerate() {
                let cell = builder.text_cell(text);
                builder.push(column, cell);
            }
            if let Some(number) = number {
                builder.push(3, Cell::integer(*number));
            }
            builder.end_row(row).unwrap();
        }
        builder.finish(None)
    }

    fn table(range: &str, source: &str, first: u64, count: u64) -> Value {
        json!({
            "locator": {"sheet": {"index": 0, "name": source}},
            "structure": {"data": {"row_start": first, "row_count": count}},
            "outputs": {"normalized": {"path": "x", "sheet_name": "Out", "range_a1": range}},
        })
    }

    fn map(sheet: &Sheet, tables: &[Value]) -> Option<(String, Vec<Option<u64>>)> {
        let window = cut_out(sheet, "Out", 0, &(1..=200), &(1..=1)).unwrap();
        let payload = json!({"workbooks": [{"sheets": [{"tables": tables}]}]});
        of(&window, sheet, &payload).map(|map| (map.sheet, map.rows))
    }

    #[test]
    fn rows_of_several_tables_are_found() {
        let sheet = output(&[
            (HEADER, None),
            (&["Ann"], Some(9)),
            (&["added by a hook"], None),
            (&["Bob"], Some(7)),
            (&[], None),
            (HEADER, None),
            (&["Cid"], Some(20)),
            (&["beyond its table"], Some(9)),
            (&["negative"], Some(-1)),
        ]);
        let tables = [
            table("Out!A1:D4", "In!1", 7, 3),
            table("Out!A6:D9", "In!1", 20, 1),
            table("Other!A1:D4", "Elsewhere", 1, 100),
        ];
        let rows = vec![
            None,
            Some(9),
            None,
            Some(7),
            None,
            None,
            Some(20),
            None,
            None,
        ];
        assert_eq!(map(&sheet, &tables), Some(("In!1".to_owned(), rows)));
    }

    #[test]
    fn without_the_column_there_is_no_map() {
        let rows: &[(&[&str], Option<i64>)] = &[
            (&["Name", "Severity", "Issues", "Row"], None),
            (&["Ann"], Some(7)),
        ];
        assert_eq!(map(&output(rows), &[table("Out!A1:D2", "In", 7, 1)]), None);
        // A column of the source that is called like it, without the other two.
        let rows: &[(&[&str], Option<i64>)] = &[
            (&["Name", "Severity", "Note", "Source row"], None),
            (&["Ann"], Some(7)),
        ];
        assert_eq!(map(&output(rows), &[table("Out!A1:D2", "In", 7, 1)]), None);
        // The table was turned: its records are columns.
        let rows: &[(&[&str], Option<i64>)] = &[
            (&["Name", "Severity", "Issues", "Source column"], None),
            (&["Ann"], Some(2)),
        ];
        assert_eq!(map(&output(rows), &[table("Out!A1:D2", "In", 2, 1)]), None);
        // A hook has put a title above the table.
        let rows: &[(&[&str], Option<i64>)] =
            &[(&["Title"], None), (HEADER, None), (&["Ann"], Some(7))];
        assert_eq!(map(&output(rows), &[table("Out!A1:D2", "In", 7, 1)]), None);
        assert_eq!(map(&output(rows), &[]), None);
    }

    #[test]
    fn a_payload_of_another_shape_is_none() {
        let sheet = output(&[(HEADER, None), (&["Ann"], Some(7))]);
        let window = cut_out(&sheet, "Out", 0, &(1..=2), &(1..=1)).unwrap();
        for payload in [
            Value::Null,
            json!([]),
            json!({"workbooks": {"sheets": 3}}),
            json!({"workbooks": [{"sheets": [{"tables": [7, {}, table("A1", "In", 7, 1)]}]}]}),
            json!({"workbooks": [{"sheets": [{"tables": [table("Out!A1", "In", u64::MAX, u64::MAX)]}]}]}),
        ] {
            assert_eq!(of(&window, &sheet, &payload), None, "{payload}");
        }
    }
}
