//! Everything that is recorded about one run: `ade runs show`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::explain::tables_of;
use super::json::RunView;
use super::waiting;
use crate::base::show_path::FullPaths;
use crate::cells::RunRows;
use crate::engine::RunReport;
use crate::engine::report::ExplainedTable;
use crate::run::results::demands::{Shortfall, refusals};
use crate::settings::paths::RunFolder;
use crate::store::{Attempt, ColumnResult, FieldResult, RunRecord, StoreError};
use crate::workspace::Workspace;

/// A run with all its recorded details.
pub struct RunDetails {
    /// The record of the run.
    pub run: RunRecord,
    /// The copy of its workbook, if one was requested.
    pub copy: Option<PathBuf>,
    /// The demands that it did not meet.
    pub refused: Vec<Shortfall>,
    /// The reason why it waits, in words; `None`: it is not queued.
    pub waits_for: Option<String>,
    /// Its attempts, the first one first.
    pub attempts: Vec<Attempt>,
    /// The results of the fields.
    pub fields: Vec<FieldResult>,
    /// The mapping of each column.
    pub columns: Vec<ColumnResult>,
    /// The payload of the engine's completed event; `None`: there is none.
    pub payload: Option<Value>,
    /// The same payload, parsed; empty if there is none.
    pub report: RunReport,
    /// The tables, with the reasons for their reading.
    pub tables: Vec<ExplainedTable>,
    /// The record of its rows; `None`: it recorded none.
    pub rows: Option<RunRows>,
}

/// Returns everything about the run that `given` names: an id, the beginning of one, or `latest`.
///
/// # Errors
/// The run does not exist, or the store cannot be used.
pub fn show(workspace: &Workspace, given: &str) -> Result<RunDetails, StoreError> {
    let store = &workspace.store;
    let run = workspace.run(given)?;
    let payload = store.run_payload(&run.id)?;
    let payload: Option<Value> = payload.and_then(|text| serde_json::from_str(&text).ok());
    let report = payload.as_ref().map(RunReport::parse).unwrap_or_default();
    Ok(RunDetails {
        copy: store.copies_of(&[&run.id])?.remove(&run.id),
        refused: refusals(store, &run)?,
        waits_for: waiting::reason(workspace, &run, workspace.machine.now())?,
        attempts: store.attempts(&run.id)?,
        fields: store.run_fields(&run.id)?,
        columns: store.run_columns(&run.id)?,
        tables: tables_of(&report),
        rows: RunRows::read(&RunFolder::at(&run.run_dir).rows(&run.input_name)),
        report,
        payload,
        run,
    })
}

impl RunDetails {
    /// Returns the run object with the additional keys of a single run. Scripts read it: keys may be added, but none may be
    /// renamed or removed.
    pub fn json(&self) -> Value {
        let run = RunView::new(&self.run, self.copy.as_deref(), &self.refused, &FullPaths);
        let mut object = json!(run);
        object["waits_for"] = json!(self.waits_for);
        object["attempts"] = json!(self.attempts);
        object["fields"] = json!(self.fields);
        object["columns"] = json!(self.columns);
        object["notices"] = json!(self.report.noticed.notices);
        object["readings"] = json!(self.report.noticed.readings);
        object["overrides"] = json!(self.report.noticed.overrides);
        object["result"] = json!(self.payload);
        object
    }
}
