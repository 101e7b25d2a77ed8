//! The request of an `ade run`, or of an `ade runs retry --now`: the files, the configuration, and the options.

use std::path::Path;

use crate::base::files::{FileError, name_of};
use crate::engine::{self, ChildProcess, Launch};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::installers::{Build, Installers};
use crate::run::execution::error::RunError;
use crate::run::execution::safe_mode;
use crate::run::inputs::input::Input;
use crate::run::inputs::stage::{self, UnrecordedInput};
use crate::run::results::senders::Senders;
use crate::store::{
    EnvironmentRecord, Limits, NewRun, RunOptions, RunRecord, StoreError, Submitter,
};
use crate::workspace::Workspace;
use crate::workspace::naming::place_of_file;

/// The means to execute runs: those of production, or of a simulation.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Starts the engine of a run.
    pub launcher: &'a dyn Launch,
    /// Builds an environment for runs.
    pub builder: &'a dyn Build,
}

impl Tools<'static> {
    /// Returns production's tools: engines as child processes, and environments that uv or pip install.
    pub fn here() -> Self {
        Self {
            launcher: &ChildProcess {
                values: None,
                warm: None,
            },
            builder: &Installers,
        }
    }
}

/// A request to run files.
pub struct Request<'a> {
    /// The workspace of the runs.
    pub workspace: &'a Workspace,
    /// The means to execute the runs.
    pub tools: Tools<'a>,
    /// The configuration, prepared for runs.
    pub prepared: &'a PreparedConfiguration,
    /// The files to run.
    pub inputs: &'a [Input],
    /// The run to repeat with its own input and options, in place of those given here.
    pub again: Option<&'a RunRecord>,
    /// The folder for copies of the normalized workbooks.
    pub output_dir: Option<&'a Path>,
    /// The shape of the tables that are copied in place of the workbook.
    pub shape: Option<&'a str>,
    /// Whether the input of each run is painted with its issues.
    pub annotate: bool,
    /// Whether inputs that are unchanged since an accepted run are skipped, using that run's result.
    pub only_changed: bool,
    /// The sheets to process; `None`: all visible ones.
    pub sheets: Option<Vec<String>>,
    /// The options and demands of each run. If a run falls short of the demands, its workbook is not copied.
    pub options: RunOptions,
    /// The number of files to process at the same time.
    pub jobs: usize,
}

impl<'a> Request<'a> {
    /// Requests a run of an input here, with the sheets and options of an earlier run.
    pub fn like(
        run: &RunRecord,
        workspace: &'a Workspace,
        prepared: &'a PreparedConfiguration,
        input: &'a [Input; 1],
    ) -> Self {
        Self {
            workspace,
            tools: Tools::here(),
            prepared,
            inputs: input,
            again: None,
            output_dir: None,
            shape: None,
            annotate: false,
            only_changed: false,
            sheets: run.input_sheets.clone(),
            options: run.options.clone(),
            jobs: 1,
        }
    }
}

impl Request<'_> {
    /// Stages an input. Returns the record for its run; the caller has to hold the mark on the folder until it has recorded
    /// the run.
    ///
    /// # Errors
    /// The input cannot be staged, or its environment cannot be recorded.
    pub(crate) fn new_run(&self, input: usize) -> Result<(NewRun, UnrecordedInput), RunError> {
        let (workspace, prepared) = (self.workspace, self.prepared);
        // This comes first, because nothing may be staged for an archived configuration.
        let environment = prepared.ensure_environment(workspace)?;
        if let Some(run) = self.again {
            let by = Submitter::of_machine(&*workspace.machine);
            return Ok(repetition(workspace, run, &environment, &by)?);
        }
        let input = &self.inputs[input].path;
        let id = workspace.machine.new_id();
        let folder = workspace.paths.run(workspace.id(), &id);
        let name = name_of(input);
        let staged_at = folder.staged(&name);
        let mark = UnrecordedInput::begin(workspace, &folder)?;
        let staged = stage::stage(workspace.files(), input, &staged_at)?;
        workspace.put_file(&staged_at)?;
        let mut options = self.recorded_options(&name)?;
        options.input_place = Some(place_of_file(input));
        let new = NewRun {
            id,
            environment_id: environment.id,
            key: prepared.key.clone(),
            document_id: None,
            source_digest: prepared.source_digest.clone(),
            snapshot: prepared.package_folder.clone(),
            input_name: name,
            input_path: staged_at,
            input_sha256: staged.sha256,
            input_size_bytes: staged.size_bytes,
            input_sheets: self.sheets.clone(),
            options,
            max_attempts: workspace.settings.worker.max_attempts,
            run_dir: folder.path().to_owned(),
            retry_of_run_id: None,
            limits: Limits::from_settings(&workspace.settings),
        };
        Ok((new, mark))
    }

    /// Returns the options to record now for a run of the input with this name.
    ///
    /// # Errors
    /// The store cannot be used.
    pub(crate) fn recorded_options(&self, name: &str) -> Result<RunOptions, StoreError> {
        let (workspace, prepared) = (self.workspace, self.prepared);
        let by = Submitter::of_machine(&*workspace.machine);
        let mut options = recorded(workspace, &self.options, &by);
        if let Some(since) = &mut options.demands.drift {
            // A later check compares with the run that was the last good one at this moment.
            let senders = Senders::load(&prepared.package_folder);
            let (store, of) = (&workspace.store, &prepared.key.configuration_id);
            let last = senders.last_good(store, of, name, None)?;
            *since = last.map(|run| run.id).unwrap_or_default();
        }
        Ok(options)
    }
}

/// Refuses a name that is not a setting of the engine for a run, and a value that the setting cannot have.
///
/// # Errors
/// The setting does not exist, or cannot have the value; the error is a sentence about it.
pub fn demand_setting(name: &str, value: &str) -> Result<(), String> {
    engine::demand_setting(name, value)
}

/// Returns the options of a new run, with the engine's settings that this process uses now.
pub(crate) fn recorded(workspace: &Workspace, options: &RunOptions, by: &Submitter) -> RunOptions {
    RunOptions {
        submitted_by: Some(by.clone()),
        engine_variables: Some(engine::recorded(&workspace.settings.variables)),
        ..safe_mode::now_in(workspace, options)
    }
}

/// Stages the input of a run once more. Returns the record of the new run, as [`Request::new_run`] does.
pub(crate) fn repetition(
    workspace: &Workspace,
    run: &RunRecord,
    environment: &EnvironmentRecord,
    by: &Submitter,
) -> Result<(NewRun, UnrecordedInput), FileError> {
    let run = run.clone();
    let id = workspace.machine.new_id();
    let folder = workspace.paths.run(&run.key.workspace_id, &id);
    let input_path = folder.staged(&run.input_name);
    let mark = UnrecordedInput::begin(workspace, &folder)?;
    stage::restage(
        workspace.files(),
        &run.input_path,
        &input_path,
        run.input_size_bytes,
    )?;
    workspace.put_file(&input_path)?;
    let new = NewRun {
        environment_id: environment.id.clone(),
        id,
        key: environment.key.clone(),
        document_id: run.document_id,
        source_digest: run.source_digest,
        snapshot: run.snapshot,
        input_name: run.input_name,
        input_path,
        input_sha256: run.input_sha256,
        input_size_bytes: run.input_size_bytes,
        input_sheets: run.input_sheets,
        options: RunOptions {
            submitted_by: Some(by.clone()),
            ..safe_mode::now_in(workspace, &run.options)
        },
        max_attempts: workspace.settings.worker.max_attempts,
        run_dir: folder.path().to_owned(),
        retry_of_run_id: Some(run.id),
        limits: Limits::from_settings(&workspace.settings),
    };
    Ok((new, mark))
}
