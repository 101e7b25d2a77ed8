//! Runs an ended run again, as a new run with the same input: with the same snapshot of the configuration (retry), or with
//! the current configuration (anew).
//!
//! The new run has its own copy of the input, so the old run may be removed at any time. The run is executed by a worker,
//! after [`super::enqueue`] has recorded it in the queue, or by this process ([`retry_here`], [`anew_here`]).

use std::path::Path;

use super::{enqueue, request};
use crate::base::problem::{Error, code};
use crate::configuration::Configuration;
use crate::engine;
use crate::environment::needed::prepare::{
    PrepareError, PreparedConfiguration, ask_for_environment_of_run, environment_of_run, prepare,
    prepare_environment, prepare_version,
};
use crate::run::execution::error::demand_ended;
use crate::run::execution::safe_mode::demand_acceptance;
use crate::settings::paths::RunFolder;
use crate::store::{EnvironmentRecord, RunRecord, Submission, Submitter, not_published};
use crate::workspace::Workspace;

/// The current state of a configuration.
pub struct CurrentConfiguration<'a> {
    /// The files of the configuration, prepared.
    pub prepared: &'a PreparedConfiguration,
    /// The published version of these files; `None`: they are the files of its folder.
    pub version: Option<u32>,
}

/// Queues a new run with the input and the snapshot of the run that `given` names, and wakes a worker. Returns the run, and
/// whether it is new: a repeated request with the same key gets the first run again.
///
/// # Errors
/// The run does not exist or has not ended, its input or snapshot has been collected, or the queue does not accept the new
/// run.
pub fn retry(
    workspace: &Workspace,
    given: &str,
    by: &Submitter,
    asked: &Submission,
) -> Result<(RunRecord, bool), Error> {
    let run = repeatable(workspace, given)?;
    demand_file(&run, &run.snapshot)?;
    let environment = ask_for_environment_of_run(workspace, &run)?;
    queue(workspace, &run, &environment, by, asked)
}

/// Does the same as [`retry`], with the current configuration.
///
/// # Errors
/// The same as those of [`retry`].
pub fn anew(
    workspace: &Workspace,
    given: &str,
    now: &CurrentConfiguration<'_>,
    by: &Submitter,
    asked: &Submission,
) -> Result<(RunRecord, bool), Error> {
    let run = made_now(workspace, repeatable(workspace, given)?, now);
    let environment = now.prepared.ask_for_environment(workspace)?;
    queue(workspace, &run, &environment, by, asked)
}

/// Prepares the current configuration of the run that `given` names. Returns it with the number of its active version, or
/// none for the files of a folder.
///
/// # Errors
/// The run does not exist, no version is active, or the files cannot be used.
pub fn current(
    workspace: &Workspace,
    given: &str,
) -> Result<(PreparedConfiguration, Option<u32>), Error> {
    let run = workspace.run(given)?;
    let known = workspace.store.configuration(&run.key.configuration_id)?;
    let prepared = match &known.version {
        Some(version) => prepare_version(workspace, &known.record, version)?,
        None if known.uploaded => {
            return Err(not_published(&known.record.name));
        }
        None => {
            let opened = Configuration::open(&known.record.path).map_err(PrepareError::from)?;
            prepare(workspace, opened, None)?
        }
    };
    Ok((prepared, known.version.map(|version| version.version)))
}

fn queue(
    workspace: &Workspace,
    run: &RunRecord,
    environment: &EnvironmentRecord,
    by: &Submitter,
    asked: &Submission,
) -> Result<(RunRecord, bool), Error> {
    let staged = request::repetition(workspace, run, environment, by)?;
    enqueue::submit(workspace, staged, asked)
}

/// Returns the run that `given` names, and everything needed to repeat it in this process as it was: for
/// [`Request::again`](super::request::Request::again).
///
/// # Errors
/// The run does not exist or has not ended, or its files are gone.
pub fn retry_here(
    workspace: &Workspace,
    given: &str,
) -> Result<(RunRecord, PreparedConfiguration), Error> {
    let run = repeatable(workspace, given)?;
    demand_file(&run, &run.snapshot)?;
    let environment = environment_of_run(workspace, &run)?;
    let prepared = prepare_environment(workspace, &environment)?;
    Ok((run, prepared))
}

/// Does the same as [`retry_here`], with the current configuration.
///
/// # Errors
/// The same as those of [`retry_here`].
pub fn anew_here(
    workspace: &Workspace,
    given: &str,
) -> Result<(RunRecord, PreparedConfiguration), Error> {
    let run = repeatable(workspace, given)?;
    let (prepared, version) = current(workspace, &run.id)?;
    let now = CurrentConfiguration {
        prepared: &prepared,
        version,
    };
    Ok((made_now(workspace, run, &now), prepared))
}

/// Changes a run to use the current configuration and settings. Its input, its labels and its demands stay.
fn made_now(
    workspace: &Workspace,
    mut run: RunRecord,
    now: &CurrentConfiguration<'_>,
) -> RunRecord {
    run.source_digest.clone_from(&now.prepared.source_digest);
    run.snapshot.clone_from(&now.prepared.package_folder);
    run.options.configuration_version = now.version;
    run.options.engine_variables = Some(engine::recorded(&workspace.settings.variables));
    run
}

fn repeatable(workspace: &Workspace, given: &str) -> Result<RunRecord, Error> {
    let mut run = workspace.run(given)?;
    demand_acceptance(&workspace.settings)?;
    demand_ended(&run)?;
    // A document may be deleted, but the run owns the copy that it staged.
    workspace.fetch_file(&run.input_path)?;
    let staged = RunFolder::at(&run.run_dir).staged(&run.input_name);
    if !run.input_path.exists() && staged.is_file() {
        run.input_path = staged;
    }
    demand_file(&run, &run.input_path)?;
    Ok(run)
}

fn demand_file(run: &RunRecord, path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    let (id, path) = (&run.id, path.display());
    let message = format!("run {id} cannot be retried: {path} is gone");
    Err(Error::usage(code::INPUT_GONE, message).hint("`ade run` it from its original file"))
}
