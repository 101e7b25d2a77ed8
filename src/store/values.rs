//! Converts values that several statements use.

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

/// Compresses a long text for storage (zlib, RFC 1950).
pub(super) fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory cannot fail.
    let written = encoder.write_all(text.as_bytes());
    written.and_then(|()| encoder.finish()).unwrap_or_default()
}

/// A long text that was stored compressed.
pub(super) struct DecompressedText(pub String);

impl FromSql for DecompressedText {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let mut text = String::new();
        let read = ZlibDecoder::new(value.as_blob()?).read_to_string(&mut text);
        read.map_err(FromSqlError::other)?;
        Ok(Self(text))
    }
}

/// Converts a number for the database, whose whole numbers are signed; the maximum if it is too large.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
