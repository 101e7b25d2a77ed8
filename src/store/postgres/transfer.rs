//! Moves the records of a SQLite database into an empty schema of a server, in one transaction, and compares both sides.

use std::fmt::Write as _;

use rusqlite::ToSql;
use rusqlite::types::Value;
use sha2::{Digest, Sha256};

use crate::store::Store;
use crate::store::driver::{self, Connection, Transaction};
use crate::store::{MoveSummary, Result};

/// The tables whose rows are moved, each after the tables that it refers to, with the order of its rows. Processes and leases
/// are temporary and are not moved.
const TABLES: [(&str, &str); 23] = [
    ("workspaces", "id"),
    ("configurations", "id"),
    ("configuration_versions", "configuration_id, version"),
    ("documents", "id"),
    ("environments", "id"),
    ("runs", "id"),
    ("queue", "run_id"),
    ("run_attempts", "run_id, attempt"),
    ("run_metrics", "run_id"),
    ("run_fields", "run_id, field"),
    (
        "run_table_columns",
        "run_id, workbook_index, sheet_index, table_index, column_index",
    ),
    ("output_copies", "path"),
    ("tokens", "id"),
    ("sessions", "hash"),
    ("idempotency_keys", "workspace_id, key"),
    ("pauses", "configuration_id"),
    ("queue_turns", "environment_id, priority, submitter"),
    ("deliveries", "run_id, kind"),
    ("left_out", "workspace_id, label, name"),
    ("totals", "one"),
    ("ended", "subject, status, waited, took, part"),
    ("observed_time", "one"),
    ("identity", "one"),
];

/// Tables with triggers that count rows, or maintain turns, when single rows change.
const WITH_TRIGGERS: [&str; 3] = ["runs", "run_attempts", "queue"];

/// The number of rows to read and write at once.
const AT_ONCE: usize = 200;

impl Store {
    /// Moves all records of `source` into this schema, which has none. Returns the counts once both sides are the same.
    ///
    /// # Errors
    /// A database cannot be used. Then the schema is as it was.
    pub(in crate::store) fn take_from(&self, source: &Self) -> Result<MoveSummary> {
        // The write lock of the source is held to the end, so that nothing changes there meanwhile.
        source.write(|from| {
            let moved = self.write(|to| {
                WITH_TRIGGERS
                    .iter()
                    .try_for_each(|table| triggers(to, table, "DISABLE"))?;
                let mut moved = MoveSummary::default();
                for (table, order) in TABLES {
                    let columns = columns(from, table)?;
                    let before = copy(from, to, table, order, &columns)?;
                    let after = summary(to, table, order, &columns)?;
                    if before != after {
                        // A table that differs is not kept.
                        let message =
                            format!("the rows of {table} differ from those that were written");
                        return Err(driver::Error::Refused(message));
                    }
                    moved.note(table, before.rows, true);
                }
                WITH_TRIGGERS
                    .iter()
                    .try_for_each(|table| triggers(to, table, "ENABLE"))?;
                Ok(moved)
            });
            Ok(moved)
        })?
    }

    /// Compares the records of both sides without changing anything.
    ///
    /// # Errors
    /// A database cannot be used.
    pub(in crate::store) fn compared_with(&self, source: &Self) -> Result<MoveSummary> {
        let mut moved = MoveSummary::default();
        for (table, order) in TABLES {
            let columns = source.write(|from| columns(from, table))?;
            let before = source.write(|from| summary(from, table, order, &columns))?;
            let after = self.write(|to| summary(to, table, order, &columns))?;
            moved.note(table, before.rows, before == after);
        }
        Ok(moved)
    }

    /// Returns whether the schema has no records yet.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub(in crate::store) fn is_empty(&self) -> Result<bool> {
        let sql = "SELECT 1 FROM identity UNION ALL SELECT 1 FROM workspaces UNION ALL SELECT 1 FROM tokens";
        let found = self.write(|transaction| transaction.exists(sql, []))?;
        Ok(!found)
    }
}

fn triggers(transaction: &Transaction<'_>, table: &str, what: &str) -> driver::Result<()> {
    transaction.execute_batch(&format!("ALTER TABLE {table} {what} TRIGGER USER"))
}

fn columns(connection: &Connection, table: &str) -> driver::Result<Vec<String>> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
    connection.rows(&sql, [])
}

/// The content of a table: the number of rows, and a digest of all their values in order.
#[derive(PartialEq)]
struct Summary {
    rows: u64,
    digest: [u8; 32],
}

/// A summary to which rows are being added.
struct SummaryBuilder {
    rows: u64,
    hasher: Sha256,
}

impl SummaryBuilder {
    fn new() -> Self {
        Self {
            rows: 0,
            hasher: Sha256::new(),
        }
    }

    fn add(&mut self, row: &[Value]) {
        self.rows += 1;
        for value in row {
            let (kind, bytes) = match value {
                Value::Null => (0, &[][..]),
                Value::Integer(number) => (1, &number.to_be_bytes()[..]),
                Value::Real(number) => (2, &number.to_be_bytes()[..]),
                Value::Text(text) => (3, text.as_bytes()),
                Value::Blob(bytes) => (4, &bytes[..]),
            };
            self.hasher.update([kind]);
            self.hasher.update((bytes.len() as u64).to_be_bytes());
            self.hasher.update(bytes);
        }
    }

    fn end(self) -> Summary {
        Summary {
            rows: self.rows,
            digest: self.hasher.finalize().into(),
        }
    }
}

fn copy(
    from: &Connection,
    to: &Transaction<'_>,
    table: &str,
    order: &str,
    columns: &[String],
) -> driver::Result<Summary> {
    // A new schema already has a row in this table.
    if table == "totals" {
        to.execute_batch("DELETE FROM totals")?;
    }
    let mut summing = SummaryBuilder::new();
    pages(from, table, order, columns, &mut |page| {
        page.iter().for_each(|row| summing.add(row));
        insert(to, table, columns, page)
    })?;
    Ok(summing.end())
}

fn insert(
    to: &Transaction<'_>,
    table: &str,
    columns: &[String],
    page: &[Vec<Value>],
) -> driver::Result<()> {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
    let mut place = 0;
    for index in 0..page.len() {
        sql.push_str(if index == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            place += 1;
            let comma = if column == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}?{place}");
        }
        sql.push(')');
    }
    let values: Vec<&dyn ToSql> = page.iter().flatten().map(|value| value as _).collect();
    to.execute(&sql, values.as_slice())
}

fn summary(
    connection: &Connection,
    table: &str,
    order: &str,
    columns: &[String],
) -> driver::Result<Summary> {
    let mut summing = SummaryBuilder::new();
    pages(connection, table, order, columns, &mut |page| {
        page.iter().for_each(|row| summing.add(row));
        Ok(())
    })?;
    Ok(summing.end())
}

/// Passes on all rows of a table in order, page by page: each page begins after the last row of the previous page.
fn pages(
    connection: &Connection,
    table: &str,
    order: &str,
    columns: &[String],
    on: &mut dyn FnMut(&[Vec<Value>]) -> driver::Result<()>,
) -> driver::Result<()> {
    let keys: Vec<&str> = order.split(", ").collect();
    let places: Vec<usize> = keys
        .iter()
        .filter_map(|key| columns.iter().position(|column| column == key))
        .collect();
    let list = columns.join(", ");
    let holders: Vec<String> = (1..=keys.len()).map(|at| format!("?{at}")).collect();
    let first = format!("SELECT {list} FROM {table} ORDER BY {order} LIMIT {AT_ONCE}");
    let further = format!(
        "SELECT {list} FROM {table} WHERE ({order}) > ({}) ORDER BY {order} LIMIT {AT_ONCE}",
        holders.join(", ")
    );
    let mut page: Vec<Vec<Value>> = connection.rows(&first, [])?;
    while !page.is_empty() {
        on(&page)?;
        let Some(last) = page.last().filter(|_| page.len() == AT_ONCE) else {
            break;
        };
        let behind: Vec<&dyn ToSql> = places.iter().map(|at| &last[*at] as _).collect();
        page = connection.rows(&further, behind.as_slice())?;
    }
    Ok(())
}
