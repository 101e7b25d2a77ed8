//! What goes into `run_table_columns`: one row for each source column of each table.

use std::collections::HashSet;

use crate::engine::report::{ColumnFound, Completed, SheetFound, TableFound, WorkbookFound};
use crate::store::ColumnResult;

/// A column, and what it is in.
type InTable<'a> = (
    &'a WorkbookFound,
    &'a SheetFound,
    &'a TableFound,
    &'a ColumnFound,
);

/// Returns the rows in the order of the workbooks. A position that is listed twice is recorded once: it is the row's key.
pub(super) fn derive(run: &Completed) -> Vec<ColumnResult> {
    let mut seen = HashSet::new();
    let position = |(workbook, sheet, table, column): &InTable<'_>| {
        (workbook.index(), sheet.index(), table.index(), column.index)
    };
    all(run)
        .filter(|one| !one.3.is_own() && seen.insert(position(one)))
        .map(result)
        .collect()
}

/// All columns, the engine's own among them.
pub(super) fn all(run: &Completed) -> impl Iterator<Item = InTable<'_>> {
    let sheets = run
        .workbooks
        .iter()
        .flat_map(|book| book.sheets.iter().map(move |sheet| (book, sheet)));
    let tables =
        sheets.flat_map(|(book, sheet)| sheet.tables.iter().map(move |one| (book, sheet, one)));
    tables.flat_map(|(book, sheet, table)| {
        let columns = table.structure.columns.iter();
        columns.map(move |column| (book, sheet, table, column))
    })
}

fn result((workbook, sheet, table, column): InTable<'_>) -> ColumnResult {
    let (header, mapping) = (column.header.clone(), column.mapping.clone());
    // The table of the database knows these two words.
    let status = if mapping.is_mapped() {
        "mapped"
    } else {
        "unmapped"
    };
    ColumnResult {
        workbook_index: workbook.index(),
        sheet_index: sheet.index(),
        table_index: table.index(),
        column_index: column.index,
        workbook_name: workbook.name().to_owned(),
        sheet_name: sheet.name().to_owned(),
        header_raw: header.raw,
        header_normalized: header.normalized,
        non_empty_cells: column.non_empty_cells,
        valid_cells: column.valid_cells,
        mapping_status: status.to_owned(),
        mapped_field: mapping.field,
        mapping_score: mapping.score,
        mapping_method: mapping.method,
        unmapped_reason: mapping.unmapped_reason,
    }
}
