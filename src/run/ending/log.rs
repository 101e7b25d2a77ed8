//! Opening the log of a run that is recorded.

use serde_json::json;

use crate::base::files::FileError;
use crate::events::names;
use crate::events::{EventLog, Subject};
use crate::run::shared_log;
use crate::settings::paths::RunFolder;
use crate::store::RunRecord;
use crate::workspace::Workspace;

/// Opens the log of a recorded run, for its next events. That of a document's run begins here if an older `ade` queued the run, or if
/// its first line was lost with the power: it is not synced when the run is recorded.
///
/// # Errors
/// The log cannot be written.
pub(crate) fn open_log<'a>(
    workspace: &'a Workspace,
    run: &RunRecord,
) -> Result<EventLog<'a>, FileError> {
    let folder = RunFolder::at(&run.run_dir);
    // The folder of any other run was made when its input was staged: on this host, unless hosts share an object store.
    let is_made_here = run.document_id.is_none() && workspace.objects.is_none();
    if is_made_here && !workspace.files().is_folder(folder.path()) {
        return Err(FileError::away(folder.path()));
    }
    // A store that does not answer now is asked again by whoever reads the log.
    let _ = shared_log::fetch(workspace, &run.id, &folder.events());
    let log = EventLog::open(&*workspace.machine, &folder.events(), Subject::Run, &run.id)?;
    if run.document_id.is_some() && log.is_empty() {
        let data = json!({"input": run.input_name, "environment_id": run.environment_id, "created_at": run.created_at});
        log.write("info", names::RUN_QUEUED, "Waiting for a worker", data);
    }
    Ok(log)
}
