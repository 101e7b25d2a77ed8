//! Converts SQLite's errors to those of the store.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::base::files;
use crate::store::StoreError;

/// With less free space than this a disk may be too full to open a database on it.
const LEAST_ROOM: u64 = 64 << 10;

/// Returns the error of the store for one of SQLite's.
pub(super) fn explain(path: &Path, busy_timeout: Duration, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    let (code, message) = match &error {
        rusqlite::Error::SqliteFailure(failure, message) => (
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
            waited_seconds: busy_timeout.as_secs_f64(),
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Damaged { path, message }
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly => unreachable(
            "check that the data directory exists and that you may write to it, or point --data-dir elsewhere",
        ),
        ErrorCode::DiskFull => unreachable(files::FREE_SPACE),
        // Without room for its index in memory, SQLite gives an error that is not that of a full disk.
        ErrorCode::SystemIoFailure if files::room(&path).is_ok_and(|room| room < LEAST_ROOM) => {
            StoreError::Unreachable {
                message: format!("its disk is full ({message})"),
                hint: files::FREE_SPACE.to_owned(),
                path,
            }
        }
        ErrorCode::SystemIoFailure => unreachable("the disk gave an error: is it full, or gone?"),
        _ => StoreError::Refused {
            path,
            source: Box::new(error),
        },
    }
}
