//! Records and reads the results of runs.

use rusqlite::ToSql;
use serde_json::Value;

use crate::store::driver::{self, Transaction, params, record};
use crate::store::values::DecompressedText;
use crate::store::{ColumnResult, FieldResult, Result, RunResults, Store};

impl Store {
    /// Returns the results of each field, in the configuration's order.
    pub fn run_fields(&self, run: &str) -> Result<Vec<FieldResult>> {
        let sql = "SELECT * FROM run_fields WHERE run_id = ?1 ORDER BY position";
        self.rows(sql, [run])
    }

    /// Returns the results of each source column, in order.
    pub fn run_columns(&self, run: &str) -> Result<Vec<ColumnResult>> {
        let sql = "SELECT * FROM run_table_columns WHERE run_id = ?1 ORDER BY workbook_index, sheet_index, table_index, column_index";
        self.rows(sql, [run])
    }

    /// Returns the engine's completed payload as it was recorded. `None`: there is no such run, or it has no payload.
    pub fn run_payload(&self, run: &str) -> Result<Option<String>> {
        let sql = "SELECT result FROM runs WHERE id = ?1";
        let payload: Option<(Option<DecompressedText>,)> = self.row(sql, [run])?;
        Ok(payload.and_then(|(payload,)| Some(payload?.0)))
    }
}

/// Records the results of a run with its end. A run ends once, so no earlier attempt has recorded any.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    run: &str,
    results: &RunResults,
) -> driver::Result<()> {
    insert_metrics(transaction, run, &results.metrics)?;
    insert_fields(transaction, run, &results.fields)?;
    insert_columns(transaction, run, &results.columns)
}

fn insert_metrics(
    transaction: &Transaction<'_>,
    run: &str,
    metrics: &[(&'static str, Value)],
) -> driver::Result<()> {
    let (mut columns, mut places) = ("run_id".to_owned(), "?1".to_owned());
    let mut values: Vec<Box<dyn ToSql + '_>> = vec![Box::new(run)];
    for (name, value) in metrics {
        values.push(sql(value));
        columns.push_str(&format!(", {name}"));
        places.push_str(&format!(", ?{}", values.len()));
    }
    let values: Vec<&dyn ToSql> = values.iter().map(|value| &**value).collect();
    let insert = format!("INSERT INTO run_metrics ({columns}) VALUES ({places})");
    transaction.later(&insert, values.as_slice())
}

fn insert_fields(
    transaction: &Transaction<'_>,
    run: &str,
    fields: &[FieldResult],
) -> driver::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO run_fields (run_id, field, position, label, detected, computed, best_mapping_score, valid_cells, occurrences_tables,
             occurrences_columns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (position, field) in fields.iter().enumerate() {
        insert.later(params![
            run,
            field.field,
            position,
            field.label,
            field.detected,
            field.computed,
            field.best_mapping_score,
            field.valid_cells,
            field.occurrences_tables,
            field.occurrences_columns
        ])?;
    }
    Ok(())
}

fn insert_columns(
    transaction: &Transaction<'_>,
    run: &str,
    columns: &[ColumnResult],
) -> driver::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO run_table_columns (run_id, workbook_index, sheet_index, table_index, column_index, workbook_name, sheet_name, header_raw,
             header_normalized, non_empty_cells, valid_cells, mapping_status, mapped_field, mapping_score, mapping_method, unmapped_reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    for column in columns {
        insert.later(params![
            run,
            column.workbook_index,
            column.sheet_index,
            column.table_index,
            column.column_index,
            column.workbook_name,
            column.sheet_name,
            column.header_raw,
            column.header_normalized,
            column.non_empty_cells,
            column.valid_cells,
            column.mapping_status,
            column.mapped_field,
            column.mapping_score,
            column.mapping_method,
            column.unmapped_reason
        ])?;
    }
    Ok(())
}

fn sql(value: &Value) -> Box<dyn ToSql + '_> {
    match value {
        Value::Null => Box::new(None::<i64>),
        Value::Bool(flag) => Box::new(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Box::new(whole),
            None => Box::new(number.as_f64()),
        },
        Value::String(text) => Box::new(text),
        other => Box::new(other.to_string()),
    }
}

record!(FieldResult(row) {
    field, label, detected, computed, best_mapping_score, valid_cells, occurrences_tables, occurrences_columns
});

record!(ColumnResult(row) {
    workbook_index, sheet_index, table_index, column_index, workbook_name, sheet_name, header_raw, header_normalized,
    non_empty_cells, valid_cells, mapping_status, mapped_field, mapping_score, mapping_method, unmapped_reason
});
