//! The request of an `ade run`, or of an `ade runs retry --now`: which files, by which configuration, and how.

use std::path::Path;

use crate::base::files::{FileError, name_of};
use crate::engine::{self, ChildProcess, Launch};
use crate::environment::needed::prepare::Prepared;
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

/// What runs are executed with: production's own, or a simulation's.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Starts engines.
    pub launcher: &'a dyn Launch,
    /// Builds environments.
    pub builder: &'a dyn Build,
}

impl Tools<'static> {
    /// Engines as child processes, and environments that uv or pip install.
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

/// What to run.
pub struct Request<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// What to run with.
    pub tools: Tools<'a>,
    /// The configuration.
    pub prepared: &'a Prepared,
    /// The files.
    pub inputs: &'a [Input],
    /// The run to repeat, with its own input and options; the others here do not count then.
    pub again: Option<&'a RunRecord>,
    /// Where copies of the normalized workbooks go.
    pub output_dir: Option<&'a Path>,
    /// The shape of the tables that are copied in place of the workbook.
    pub shape: Option<&'a str>,
    /// The input of each run is painted with its issues.
    pub annotate: bool,
    /// Inputs that are unchanged since an accepted run are not run again; that run's result is theirs.
    pub only_changed: bool,
    /// The sheets; `None`: all visible ones.
    pub sheets: Option<Vec<String>>,
    /// How to do it, and what is asked of each run; the workbook of one that falls short is not copied.
    pub options: RunOptions,
    /// The number of files to process at the same time.
    pub jobs: usize,
}

impl<'a> Request<'a> {
    /// Asks for an input to be run here, with the sheets and options of an earlier run.
    pub fn like(
        run: &RunRecord,
        workspace: &'a Workspace,
        prepared: &'a Prepared,
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
    /// Stages an input. Returns the record of its run, to be recorded while the mark on its folder is held.
    ///
    /// # Errors
    /// The input cannot be staged, or its environment not be recorded.
    pub(crate) fn new_run(&self, input: usize) -> Result<(NewRun, UnrecordedInput), RunError> {
        let (workspace, prepared) = (self.workspace, self.prepared);
        // First: with a configuration that is archived nothing is staged.
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
            limits: Limits::of(&workspace.settings),
        };
        Ok((new, mark))
    }

    /// The options that a run of the input with this name is recorded with now.
    ///
    /// # Errors
    /// The store cannot be used.
    pub(crate) fn recorded_options(&self, name: &str) -> Result<RunOptions, StoreError> {
        let (workspace, prepared) = (self.workspace, self.prepared);
        let by = Submitter::of_machine(&*workspace.machine);
        let mut options = recorded(workspace, &self.options, &by);
        if let Some(since) = &mut options.demands.drift {
            // What is judged later is judged by the run that was the last good one now.
            let senders = Senders::of(&prepared.package_folder);
            let (store, of) = (&workspace.store, &prepared.key.configuration_id);
            let last = senders.last_good(store, of, name, None)?;
            *since = last.map(|run| run.id).unwrap_or_default();
        }
        Ok(options)
    }
}

/// Refuses a name that no setting of the engine for a run has, and a value that the setting cannot have.
///
/// # Errors
/// There is no such setting, or it cannot have the value: a sentence that says so.
pub fn demand_setting(name: &str, value: &str) -> Result<(), String> {
    engine::demand_setting(name, value)
}

/// The options of a new run, with the engine's settings that are in force in this process.
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
        limits: Limits::of(&workspace.settings),
    };
    Ok((new, mark))
}
