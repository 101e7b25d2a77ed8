//! Converts the paths in records. A path below the data directory is stored relative to it, so that the directory can be
//! moved, copied and restored; any other path is stored as it is. Relative paths are visible only inside the statements.
//!
//! Two SQL functions convert: a statement that writes or searches such a path uses `relative(?)`, and a statement that reads
//! it uses `absolute(column)`.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

/// Registers both functions on a connection, for the data directory at `data`.
pub(super) fn convert(connection: &Connection, data: &Path) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let mut spellings = vec![data.to_owned()];
    // The folder of a configuration is recorded with its symbolic links resolved.
    spellings.extend(data.canonicalize().ok().filter(|real| real != data));
    connection.create_scalar_function("relative", 1, flags, move |context: &Context<'_>| {
        let path: Option<String> = context.get(0)?;
        Ok(path.map(|path| relative(&spellings, path)))
    })?;
    let data = data.to_owned();
    connection.create_scalar_function("absolute", 1, flags, move |context: &Context<'_>| {
        let path: Option<String> = context.get(0).map_err(|_| damaged())?;
        Ok(path.map(|path| data.join(path).to_string_lossy().into_owned()))
    })
}

/// Returns the error for a path that is no text, which no `ade` wrote.
fn damaged() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, None)
}

fn relative(data: &[PathBuf], path: String) -> String {
    let below = data
        .iter()
        .find_map(|data| Path::new(&path).strip_prefix(data).ok())
        .and_then(Path::to_str)
        // A path that leads out of the directory again is elsewhere.
        .filter(|rest| !rest.is_empty() && !rest.split('/').any(|part| part == ".."));
    below.map(str::to_owned).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_data_directory_is_relative_to_it_by_either_name() {
        let place = tempfile::tempdir().unwrap();
        let (real, link) = (place.path().join("süd"), place.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let connection = Connection::open_in_memory().unwrap();
        convert(&connection, &link).unwrap();
        let stored_and_read = |path: &Path| -> (String, String) {
            let sql = "SELECT relative(?1), absolute(relative(?1))";
            let both =
                connection.query_row(sql, [path.to_str()], |row| Ok((row.get(0)?, row.get(1)?)));
            both.unwrap()
        };
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let below = text(&link.join("venvs/e"));
        for path in [link.join("venvs/e"), real.join("venvs/e")] {
            assert_eq!(
                stored_and_read(&path),
                ("venvs/e".to_owned(), below.clone())
            );
        }
        let elsewhere = [
            link.clone(),
            place.path().join("süd-of-others/e"),
            link.join("../runs/e"),
        ];
        for path in elsewhere {
            assert_eq!(stored_and_read(&path), (text(&path), text(&path)));
        }
        let null = connection.query_row("SELECT absolute(relative(NULL))", [], |row| row.get(0));
        assert_eq!(null, Ok(None::<String>));
    }
}
