//! Which file is read, and the settings that it is read with.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ade_engine_native::cells::ScanLimits;
use ade_engine_native::read::ReadOptions;
use serde_json::Value;

use super::error::CellsError;
use crate::base::files::name_of;

/// How a file is read: the settings of the engine that decide about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The encoding of `.csv` files, or `auto`.
    pub csv_encoding: String,
    /// The separator in `.csv` files, or `auto`.
    pub csv_delimiter: String,
    /// So many empty rows in succession end a sheet; `None`: none do.
    pub max_empty_rows_run: Option<usize>,
    /// So many empty cells after a value end a row; `None`: none do.
    pub max_empty_cols_run: Option<usize>,
    /// Whether each cell of a merged range has the value of its first cell.
    pub fill_merged: bool,
    /// Whether amounts do too.
    pub fill_merged_numbers: bool,
}

impl Default for Reading {
    /// As the engine reads by default, but with the encoding and the separator of `.csv` files found out.
    fn default() -> Self {
        let limits = ScanLimits::default();
        Self {
            csv_encoding: "auto".to_owned(),
            csv_delimiter: "auto".to_owned(),
            max_empty_rows_run: limits.empty_rows,
            max_empty_cols_run: limits.empty_columns,
            fill_merged: false,
            fill_merged_numbers: true,
        }
    }
}

impl Reading {
    /// All of a file, wherever its rows end: for a normalized workbook, in which a run of empty rows is data too.
    pub fn whole() -> Self {
        Self {
            max_empty_rows_run: None,
            max_empty_cols_run: None,
            ..Self::default()
        }
    }

    /// As a run has read its input: `settings` are those in the data of its event `engine.config.loaded`. What they lack is
    /// as by default.
    pub fn of_settings(settings: &Value) -> Self {
        let default = Self::default();
        let text = |key: &str, otherwise: String| {
            let value = settings.get(key).and_then(Value::as_str);
            value.map_or(otherwise, str::to_owned)
        };
        let count = |key: &str, otherwise| match settings.get(key) {
            Some(Value::Null) => None,
            Some(value) => value
                .as_u64()
                .map_or(otherwise, |count| usize::try_from(count).ok()),
            None => otherwise,
        };
        Self {
            csv_encoding: text("csv_encoding", default.csv_encoding),
            csv_delimiter: text("csv_delimiter", default.csv_delimiter),
            max_empty_rows_run: count("max_empty_rows_run", default.max_empty_rows_run),
            max_empty_cols_run: count("max_empty_cols_run", default.max_empty_cols_run),
            fill_merged: settings.get("fill_merged").and_then(Value::as_bool) == Some(true),
            fill_merged_numbers: settings.get("fill_merged_numbers").and_then(Value::as_bool)
                != Some(false),
        }
    }

    /// As the readers of files take it.
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            csv_encoding: self.csv_encoding.clone(),
            csv_delimiter: self.csv_delimiter.clone(),
            as_shown: true,
        }
    }

    pub(super) fn limits(&self, bytes: usize) -> ScanLimits {
        ScanLimits {
            empty_rows: self.max_empty_rows_run,
            empty_columns: self.max_empty_cols_run,
            bytes: Some(bytes),
            fill_merged: self.fill_merged,
            fill_numbers: self.fill_merged_numbers,
            ..ScanLimits::NONE
        }
    }
}

/// A file as it is now, and how it is read: another content is another identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileVersion {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    place: (u64, u64),
    reading: Reading,
}

impl FileVersion {
    /// Looks at the file.
    ///
    /// # Errors
    /// It is gone, or is no file.
    pub fn of(path: &Path, reading: &Reading) -> Result<Self, CellsError> {
        let name = || name_of(path);
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                CellsError::Gone { name: name() }
            }
            _ => CellsError::File {
                name: name(),
                reason: error.to_string(),
            },
        })?;
        // Whatever else has a name, such as a pipe, may never answer.
        if !found.is_file() {
            return Err(CellsError::File {
                name: name(),
                reason: "it is no file".to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            size: found.len(),
            modified: found.modified().ok(),
            place: (found.dev(), found.ino()),
            reading: reading.clone(),
        })
    }

    /// Whether the file is still the same.
    pub fn still_holds(&self) -> bool {
        Self::of(&self.path, &self.reading).as_ref() == Ok(self)
    }

    /// The file's path as the reader takes it.
    ///
    /// # Errors
    /// It is not text.
    pub fn path(&self) -> Result<&str, CellsError> {
        self.path.to_str().ok_or_else(|| CellsError::File {
            name: self.name(),
            reason: "its path is not UTF-8".to_owned(),
        })
    }

    /// The file's name.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// The settings that it is read with.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_of_a_run_decide_how_its_input_is_read() {
        let reading = Reading::of_settings(&json!({
            "csv_encoding": "latin-1", "csv_delimiter": ";", "max_empty_rows_run": null,
            "max_empty_cols_run": 7, "fill_merged": true, "log_level": 20,
        }));
        assert_eq!(
            reading,
            Reading {
                csv_encoding: "latin-1".to_owned(),
                csv_delimiter: ";".to_owned(),
                max_empty_rows_run: None,
                max_empty_cols_run: Some(7),
                fill_merged: true,
                fill_merged_numbers: true,
            }
        );
        assert_eq!(Reading::of_settings(&Value::Null), Reading::default());
        assert_eq!(
            Reading::of_settings(&json!({"max_empty_rows_run": "no"})),
            Reading::default()
        );
    }
}
