//! Converts SQLite's errors to those of the store.

use rusqlite::ErrorCode;

use super::options::DatabaseOptions;
use crate::base::files;
use crate::store::StoreError;
use crate::store::driver;

/// The minimum free space of a disk in bytes: with less, it may be too full to open a database on it.
const MIN_FREE_BYTES: u64 = 64 << 10;

/// Returns the error of the store for one of SQLite's.
pub(super) fn explain(options: &DatabaseOptions, error: impl Into<driver::Error>) -> StoreError {
    let (path, error) = (options.path.clone(), error.into());
    let (code, message) = match &error {
        // No `ade` wrote this value.
        driver::Error::Unreadable { .. }
        | driver::Error::Sqlite(
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..),
        ) => {
            let message = error.to_string();
            return StoreError::Damaged { path, message };
        }
        driver::Error::Sqlite(rusqlite::Error::SqliteFailure(failure, message)) => (
            failure.code,
            message.clone().unwrap_or_else(|| failure.to_string()),
        ),
        _ => {
            return StoreError::Refused {
                path,
                source: Box::new(error),
            };
        }
    };
    let unreachable = |hint: &str| StoreError::Unreachable {
        path: path.clone(),
        message: message.clone(),
        hint: hint.to_owned(),
    };
    match code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => StoreError::Locked {
            path,
            waited_seconds: options.busy_timeout.as_secs_f64(),
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Damaged { path, message }
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly => unreachable(
            "check that the data directory exists and that you may write to it, or choose another with --data-dir",
        ),
        ErrorCode::DiskFull => unreachable(files::FREE_SPACE),
        // Without room for its index in memory, SQLite gives another error than for a full disk.
        ErrorCode::SystemIoFailure
            if files::room(&path).is_ok_and(|room| room < MIN_FREE_BYTES) =>
        {
            StoreError::Unreachable {
                message: format!("its disk is full ({message})"),
                hint: files::FREE_SPACE.to_owned(),
                path,
            }
        }
        ErrorCode::SystemIoFailure => {
            unreachable("the disk reported an error; check whether it is full or disconnected")
        }
        _ => StoreError::Refused {
            path,
            source: Box::new(error),
        },
    }
}
