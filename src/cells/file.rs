//! The file to read, and the settings for reading it.

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

/// The settings of the engine that control how it reads a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadSettings {
    /// The encoding of `.csv` files, or `auto`.
    pub csv_encoding: String,
    /// The separator in `.csv` files, or `auto`.
    pub csv_delimiter: String,
    /// The number of successive empty rows that ends a sheet; `None`: empty rows do not end it.
    pub max_empty_rows_run: Option<usize>,
    /// The number of successive empty cells after a value that ends a row; `None`: empty cells do not end it.
    pub max_empty_cols_run: Option<usize>,
    /// Whether each cell of a merged range gets the value of its first cell.
    pub fill_merged: bool,
    /// Whether this also applies to amounts.
    pub fill_merged_numbers: bool,
}

impl Default for ReadSettings {
    /// The engine's defaults, except that the encoding and the separator of `.csv` files are detected.
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

impl ReadSettings {
    /// Settings that read a whole file, including everything after a run of empty rows: for normalized workbooks, in which
    /// empty rows are data too.
    pub fn whole() -> Self {
        Self {
            max_empty_rows_run: None,
            max_empty_cols_run: None,
            ..Self::default()
        }
    }

    /// The settings with which a run read its input. `settings` is the value from the data of its event
    /// `engine.config.loaded`. Missing settings get their defaults.
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

    /// Converts the settings for the readers of files.
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

/// A file in its current state, and how to read it. If the content changes, the identity changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileVersion {
    path: PathBuf,
    size: u64,
    modified: Option<SystemTime>,
    place: (u64, u64),
    reading: ReadSettings,
}

impl FileVersion {
    /// Looks up the size, the time and the identity of the file.
    ///
    /// # Errors
    /// The file is gone, or is not a regular file.
    pub fn from_path(path: &Path, reading: &ReadSettings) -> Result<Self, CellsError> {
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
        // Anything else with a name, such as a pipe, may never answer.
        if !found.is_file() {
            return Err(CellsError::File {
                name: name(),
                reason: "it is not a file".to_owned(),
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

    /// Returns whether the file is unchanged.
    pub fn still_holds(&self) -> bool {
        Self::from_path(&self.path, &self.reading).as_ref() == Ok(self)
    }

    /// Returns the path of the file for the reader.
    ///
    /// # Errors
    /// The path is not UTF-8.
    pub fn path(&self) -> Result<&str, CellsError> {
        self.path.to_str().ok_or_else(|| CellsError::File {
            name: self.name(),
            reason: "its path is not UTF-8".to_owned(),
        })
    }

    /// Returns the name of the file, without its folder.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Returns the settings for reading the file.
    pub fn reading(&self) -> &ReadSettings {
        &self.reading
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_of_a_run_decide_how_its_input_is_read() {
        let reading = ReadSettings::of_settings(&json!({
            "csv_encoding": "latin-1", "csv_delimiter": ";", "max_empty_rows_run": null,
            "max_empty_cols_run": 7, "fill_merged": true, "log_level": 20,
        }));
        assert_eq!(
            reading,
            ReadSettings {
                csv_encoding: "latin-1".to_owned(),
                csv_delimiter: ";".to_owned(),
                max_empty_rows_run: None,
                max_empty_cols_run: Some(7),
                fill_merged: true,
                fill_merged_numbers: true,
            }
        );
        assert_eq!(
            ReadSettings::of_settings(&Value::Null),
            ReadSettings::default()
        );
        assert_eq!(
            ReadSettings::of_settings(&json!({"max_empty_rows_run": "no"})),
            ReadSettings::default()
        );
    }
}
