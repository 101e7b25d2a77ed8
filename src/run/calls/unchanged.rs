//! Finds inputs that need no run: `ade run --changed`.
//!
//! An input is unchanged if an accepted run had the same bytes under the same name, the same files of the configuration, the
//! same environment and engine, the same sheets, options and settings, and if its workbook is still as the run left it.
//! Options that do not affect the result are not compared: the submitter, the priority, the time limit. The demands of this
//! call are checked against the earlier run's results, so the call succeeds or fails as if the input had been run again.
//!
//! A skipped input leaves no record.

use std::path::Path;

use serde::Deserialize;

use super::request::Request;
use crate::base::files::name_of;
use crate::run::execution::error::RunError;
use crate::run::results::demands::refusals;
use crate::run::results::output;
use crate::settings::paths::RunFolder;
use crate::store::{Demands, Priority, RunOptions, RunRecord};
use crate::workspace::Workspace;

/// Returns the newest run with the result that a run of this input would have. `None`: there is none, and the input has to be
/// run. An unreadable input has to be run, too: its run reports the reason.
///
/// # Errors
/// The store cannot be used.
pub fn earlier_run(request: &Request<'_>, input: usize) -> Result<Option<RunRecord>, RunError> {
    let (workspace, prepared) = (request.workspace, request.prepared);
    let input = &request.inputs[input].path;
    let name = name_of(input);
    let Ok(sha256) = workspace.files().sha256(input) else {
        return Ok(None);
    };
    let runs = workspace.store.succeeded_runs_of(
        &prepared.key,
        &prepared.source_digest,
        &name,
        &sha256,
    )?;
    if runs.is_empty() {
        return Ok(None);
    }
    let options = request.recorded_options(&name)?;
    let decisive = decisive(&options);
    for run in runs {
        let is_alike =
            run.input_sheets == request.sheets && self::decisive(&run.options) == decisive;
        if !is_alike {
            continue;
        }
        workspace.fetch_run(&run)?;
        if has_output(workspace, &run, request.shape)
            && is_accepted(workspace, &run, &run.options.demands)?
            && is_accepted(workspace, &run, &options.demands)?
        {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Keeps only the options that affect the result.
fn decisive(options: &RunOptions) -> RunOptions {
    RunOptions {
        timeout_seconds: None,
        log_level: None,
        labels: Default::default(),
        configuration_version: None,
        priority: Priority::default(),
        submitted_by: None,
        input_place: None,
        demands: Demands::default(),
        ..options.clone()
    }
}

/// Returns whether a run meets these demands.
fn is_accepted(
    workspace: &Workspace,
    run: &RunRecord,
    demands: &Demands,
) -> Result<bool, RunError> {
    let mut run = run.clone();
    run.options.demands = demands.clone();
    Ok(refusals(&workspace.store, &run)?.is_empty())
}

/// Returns whether the workbook of a run matches its audit record, and the tables in another shape exist.
fn has_output(workspace: &Workspace, run: &RunRecord, shape: Option<&str>) -> bool {
    let Some(workbook) = &run.output_path else {
        return false;
    };
    let recorded = recorded_digest(workspace, &RunFolder::at(&run.run_dir).artifact());
    let found = workspace.files().sha256(workbook).ok();
    let has_tables = run
        .metrics
        .as_ref()
        .is_some_and(|metrics| metrics.tables > 0);
    recorded.is_some()
        && recorded == found
        && shape
            .is_none_or(|shape| !has_tables || output::in_shape(workbook, Some(shape)).is_file())
}

/// Reads the digest of the workbook from an audit record.
fn recorded_digest(workspace: &Workspace, artifact: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Artifact {
        output: ArtifactOutput,
    }
    #[derive(Deserialize)]
    struct ArtifactOutput {
        sha256: String,
    }
    let text = workspace.files().read(artifact).ok()?;
    let artifact: Artifact = serde_json::from_slice(&text).ok()?;
    Some(artifact.output.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_nothing_about_a_result_is_not_compared() {
        let options = RunOptions {
            timeout_seconds: Some(5.0),
            priority: Priority::High,
            demands: Demands {
                no_issues: true,
                ..Demands::default()
            },
            ..RunOptions::default()
        };
        assert_eq!(decisive(&options), RunOptions::default());
        for change in [
            (|options| options.active_sheet_only = true) as fn(&mut RunOptions),
            |options| options.network = true,
            |options| options.settings = [("date_order".to_owned(), "mdy".to_owned())].into(),
            |options| options.engine_variables = Some(Default::default()),
        ] {
            let mut other = RunOptions::default();
            change(&mut other);
            assert_ne!(decisive(&other), RunOptions::default());
        }
    }
}
