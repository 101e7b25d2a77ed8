//! Executes and reads with the statements of a connection, and converts what several of them have.

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::base::clock::Timestamp;
use crate::store::driver::{self, Connection, Params, Row};

/// Executes a statement, which the connection caches. Returns how many rows it changed.
pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> driver::Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}

/// The same of one that changes one row or none. Returns whether it did.
pub(super) fn changes(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> driver::Result<bool> {
    execute(connection, sql, values).map(|changed| changed == 1)
}

/// Reads all rows of a statement.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    record: impl FnMut(&Row<'_>) -> driver::Result<T>,
) -> driver::Result<Vec<T>> {
    connection.prepare_cached(sql)?.rows(values, record)
}

/// Reads the row of a statement, if there is one.
pub(super) fn row<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    record: impl FnOnce(&Row<'_>) -> driver::Result<T>,
) -> driver::Result<Option<T>> {
    connection.prepare_cached(sql)?.first(values, record)
}

/// Whether a statement finds a row.
pub(super) fn exists(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> driver::Result<bool> {
    connection.prepare_cached(sql)?.exists(values)
}

/// Counts with a statement of this form: `SELECT count(*) …`.
pub(super) fn count(
    connection: &Connection,
    sql: &str,
    values: impl Params,
) -> driver::Result<u64> {
    connection
        .prepare_cached(sql)?
        .query_row(values, |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

/// Reads a whole number that is never negative.
pub(super) fn unsigned(row: &Row<'_>, column: &str) -> driver::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// The same for a column that may be null.
pub(super) fn unsigned_or_none(row: &Row<'_>, column: &str) -> driver::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)
        .map(|number| number.map(i64::unsigned_abs))
}

/// The same for a small number.
pub(super) fn small(row: &Row<'_>, column: &str) -> driver::Result<u32> {
    unsigned(row, column).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// Reads a word of which a column can hold only some.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> driver::Result<T> {
    let word = row.text(column)?;
    parse(word).ok_or_else(|| driver::Error::unreadable(&column, format!("{word:?}")))
}

/// Reads an instant.
pub(super) fn instant(row: &Row<'_>, column: &str) -> driver::Result<Timestamp> {
    row.get(column).map(Timestamp)
}

/// The same for a column that may be null.
pub(super) fn instant_or_none(row: &Row<'_>, column: &str) -> driver::Result<Option<Timestamp>> {
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
pub(super) fn decompressed(row: &Row<'_>, column: &str) -> driver::Result<Option<String>> {
    let Some(bytes) = row.get::<_, Option<Vec<u8>>>(column)? else {
        return Ok(None);
    };
    let mut text = String::new();
    match ZlibDecoder::new(bytes.as_slice()).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(driver::Error::unreadable(&column, error.to_string())),
    }
}

/// Whole numbers of a database are signed.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
