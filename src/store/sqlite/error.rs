//! Converts SQLite's errors to those of the store.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::base::files;
use crate::store::StoreError;

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
        ErrorCode::SystemIoFailure => unreachable("the disk gave an error: is it full, or gone?"),
        _ => StoreError::Refused {
            path,
            source: Box::new(error),
        },
    }
}
