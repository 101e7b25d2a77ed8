//! What goes into `run_table_columns`: one row for each source column of each table.

use serde_json::Value;

use super::payload::{list, number, text};
use crate::store::ColumnResult;

/// Returns the rows in the order of the workbooks. A position that is listed twice is recorded once: it is the row's key.
pub(super) fn derive(payload: &Value) -> Vec<ColumnResult> {
    let mut columns = Vec::new();
    for workbook in list(payload, "/workbooks") {
        for sheet in list(workbook, "/sheets") {
            for table in list(sheet, "/tables") {
                let of_sender = |column: &&Value| !is_own(column);
                for column in list(table, "/structure/columns").iter().filter(of_sender) {
                    columns.push(result(workbook, sheet, table, column));
                }
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    columns.retain(|column| {
        seen.insert((
            column.workbook_index,
            column.sheet_index,
            column.table_index,
            column.column_index,
        ))
    });
    columns
}

/// Whether a column is the engine's own: the frame of merged tables holds its diagnostics, and its report counts them among the
/// source columns, as the contract says. People would take them for the sender's.
pub(super) fn is_own(column: &Value) -> bool {
    const RESERVED: &str = "__ade_";
    let header = column.pointer("/header/raw").and_then(Value::as_str);
    header.is_some_and(|header| header.starts_with(RESERVED))
        && column.pointer("/mapping/status").and_then(Value::as_str) != Some("mapped")
}

/// How many of the columns in a payload are the engine's own, and how many cells with a value they have.
pub(super) fn own(payload: &Value) -> (u64, u64) {
    let (mut columns, mut filled) = (0, 0);
    for workbook in list(payload, "/workbooks") {
        for sheet in list(workbook, "/sheets") {
            for table in list(sheet, "/tables") {
                for column in list(table, "/structure/columns")
                    .iter()
                    .filter(|one| is_own(one))
                {
                    columns += 1;
                    filled += number(column, "/non_empty_cells").unwrap_or(0);
                }
            }
        }
    }
    (columns, filled)
}

fn result(workbook: &Value, sheet: &Value, table: &Value, column: &Value) -> ColumnResult {
    ColumnResult {
        workbook_index: number(workbook, "/locator/workbook/index").unwrap_or(0),
        sheet_index: number(sheet, "/locator/sheet/index").unwrap_or(0),
        table_index: number(table, "/locator/table/index").unwrap_or(0),
        column_index: number(column, "/index").unwrap_or(0),
        workbook_name: text(workbook, "/locator/workbook/name").unwrap_or_default(),
        sheet_name: text(sheet, "/locator/sheet/name").unwrap_or_default(),
        header_raw: text(column, "/header/raw"),
        header_normalized: text(column, "/header/normalized"),
        non_empty_cells: number(column, "/non_empty_cells").unwrap_or(0),
        valid_cells: number(column, "/valid_cells"),
        // The table knows these two words; what says neither is unmapped.
        mapping_status: text(column, "/mapping/status")
            .filter(|status| status == "mapped")
            .unwrap_or_else(|| "unmapped".to_owned()),
        mapped_field: text(column, "/mapping/field"),
        mapping_score: column.pointer("/mapping/score").and_then(Value::as_f64),
        mapping_method: text(column, "/mapping/method"),
        unmapped_reason: text(column, "/mapping/unmapped_reason"),
    }
}
