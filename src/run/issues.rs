//! Where a person finds the validation issues of a run.

use crate::store::RunRecord;

/// Whether the normalized workbook itself has them beside its rows: the configuration asks for that in settings.toml.
pub fn are_in_workbook(run: &RunRecord) -> bool {
    let settings = std::fs::read_to_string(run.snapshot.join("settings.toml")).unwrap_or_default();
    let table = settings.parse::<toml::Table>().unwrap_or_default();
    table.get("write_diagnostics_columns") == Some(&toml::Value::Boolean(true))
}
