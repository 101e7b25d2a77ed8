//! Converts between Rust's values and SQLite's.

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::base::clock::Timestamp;

/// Executes a statement, which the connection caches. Returns how many rows it changed.
pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}

/// The same of one that changes one row or none. Returns whether it did.
pub(super) fn changes(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<bool> {
    execute(connection, sql, values).map(|changed| changed == 1)
}

/// Reads all rows of a statement.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    record: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, record)?.collect()
}

/// Reads the row of a statement, if there is one.
pub(super) fn row<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    record: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row(values, record).optional()
}

/// Whether a statement finds a row.
pub(super) fn exists(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<bool> {
    connection.prepare_cached(sql)?.exists(values)
}

/// Counts with a statement of this form: `SELECT count(*) …`.
pub(super) fn count(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(sql)?
        .query_row(values, |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// Reads a whole number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// The same for a column that may be null.
pub(super) fn unsigned_or_none(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)
        .map(|number| number.map(i64::unsigned_abs))
}

/// The same for a small number.
pub(super) fn small(row: &Row<'_>, column: &str) -> rusqlite::Result<u32> {
    unsigned(row, column).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// Reads an instant.
pub(super) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

/// The same for a column that may be null.
pub(super) fn instant_or_none(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)
        .map(|instant| instant.map(Timestamp))
}

/// A long text as it is stored: compressed (zlib, RFC 1950).
pub(super) fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Memory takes whatever is written into it.
    let written = encoder.write_all(text.as_bytes());
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Reads a long text that may be null.
pub(super) fn decompressed(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
    let Some(bytes) = row.get::<_, Option<Vec<u8>>>(column)? else {
        return Ok(None);
    };
    let mut text = String::new();
    match ZlibDecoder::new(bytes.as_slice()).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(rusqlite::Error::FromSqlConversionFailure(
            0,
            rusqlite::types::Type::Blob,
            error.into(),
        )),
    }
}

/// SQLite's whole numbers are signed.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
