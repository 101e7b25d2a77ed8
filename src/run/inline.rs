//! `ade run`: files normalized here and now, by the code that a worker uses.
//!
//! Each file becomes a run that this process has claimed from its first moment. The first one builds the environment
//! where that is needed; the others wait for it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::execute::{Attempted, Execution, failed, failure};
use super::lease::{Held, Lease, Subject};
use super::prepare::Prepared;
use super::provide::{self, Progress, ProvideError, Want, linked};
use super::{code, stage};
use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::files::{self, FileError};
use crate::problem::{self, Problem};
use crate::store::{
    Claim, Ending, EnvironmentRecord, NewRun, RunOptions, RunRecord, RunStatus, StoreError,
};
use crate::workspace::Workspace;

/// What to run.
pub struct Request<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The configuration.
    pub prepared: &'a Prepared,
    /// The files.
    pub inputs: &'a [PathBuf],
    /// Where copies of the normalized workbooks go.
    pub output_dir: Option<&'a Path>,
    /// The sheets; `None`: all visible ones.
    pub sheets: Option<Vec<String>>,
    /// How to do it.
    pub options: RunOptions,
    /// Files side by side.
    pub jobs: usize,
    /// This process, registered ([`crate::fleet::Member`]).
    pub process: Option<&'a str>,
}

/// Hears what happens; called from several threads.
pub trait Observer: Sync {
    /// The environment is on its way.
    fn environment(&self, progress: &Progress<'_>);
    /// A run begins.
    fn begun(&self, input: usize, run: &RunRecord);
    /// A run's event log grew.
    fn event(&self, input: usize, event: &Value);
    /// A run ended; where it was asked for, its workbook was copied to `copied_to`.
    fn ended(&self, input: usize, result: &Result<Finished, RunError>);
}

/// A run that ended.
#[derive(Debug)]
pub struct Finished {
    /// As recorded.
    pub run: RunRecord,
    /// The fields that no column and no hook supplied.
    pub missing_fields: Vec<String>,
    /// The copy in the output directory.
    pub copied_to: Option<PathBuf>,
    /// The copy could not be made; the workbook in the run's folder is whole.
    pub copy_error: Option<OutputError>,
}

/// A run could not be brought to an end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store can't serve.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the run.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody else took the run over.
    #[error("the run {id} was taken over by another process")]
    LostClaim {
        /// The run.
        id: String,
    },
}

impl Problem for RunError {
    fn kind(&self) -> problem::Kind {
        match self {
            Self::Store(error) => error.kind(),
            Self::File(_) | Self::LostClaim { .. } => problem::Kind::Refused,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::File(_) => code::STORAGE_FAILED,
            Self::LostClaim { .. } => "lost_claim",
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::LostClaim { .. } => Some("`ade runs show` tells how it goes on".to_owned()),
        }
    }
}

/// The output directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file is there and write-protected.
    #[error("{} exists and is write-protected", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
    },
    /// The directory's name is that of a workbook.
    #[error("{} names a file; the output directory is a folder", path.display())]
    NamesAFile {
        /// The name.
        path: PathBuf,
    },
    /// A file of that name is no file, or the directory no directory.
    #[error("{} is in the way: it is not a {wanted}", path.display())]
    InTheWay {
        /// What is in the way.
        path: PathBuf,
        /// `file` or `folder`.
        wanted: &'static str,
    },
    /// The copy failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for OutputError {
    fn kind(&self) -> problem::Kind {
        problem::Kind::Usage
    }
    fn code(&self) -> &'static str {
        "output_unwritable"
    }
    fn hint(&self) -> Option<String> {
        match self {
            Self::Protected { .. } => {
                Some("make it writable, delete it, or choose another output directory".to_owned())
            }
            Self::NamesAFile { path } => Some(format!(
                "name its folder; the workbook in it is called after the input, as {}",
                path.with_file_name("INPUT_normalized.xlsx").display()
            )),
            Self::InTheWay { .. } => Some("choose another output directory".to_owned()),
            Self::File(error) => error.hint(),
        }
    }
}

/// Makes sure, before any work, that copies can be written to an output directory.
///
/// # Errors
/// They can't.
pub fn check_output_dir(folder: &Path, inputs: &[PathBuf]) -> Result<(), OutputError> {
    let looks_like_a_file = folder
        .extension()
        .is_some_and(|extension| extension == "xlsx");
    if looks_like_a_file && !folder.exists() {
        return Err(OutputError::NamesAFile {
            path: folder.to_owned(),
        });
    }
    if folder.exists() && !folder.is_dir() {
        return Err(OutputError::InTheWay {
            path: folder.to_owned(),
            wanted: "folder",
        });
    }
    files::create_folder(folder)?;
    // A folder that looks writable may be on a medium that is not.
    tempfile::Builder::new()
        .prefix(".ade-")
        .tempfile_in(folder)
        .map_err(FileError::on("write to", folder))?;
    inputs
        .iter()
        .try_for_each(|input| check_target(&target(folder, input)))
}

fn target(folder: &Path, input: &Path) -> PathBuf {
    folder.join(crate::layout::normalized_name(&name_of(input)))
}

fn check_target(path: &Path) -> Result<(), OutputError> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(OutputError::InTheWay {
            path: path.to_owned(),
            wanted: "file",
        }),
        Ok(found) if found.permissions().readonly() => Err(OutputError::Protected {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn name_of(input: &Path) -> String {
    input
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Runs all inputs to their ends. Each end is told to the observer as it comes.
pub fn run(request: &Request<'_>, cancel: &Cancel, observer: &dyn Observer) {
    let next = AtomicUsize::new(0);
    let environment = Shared {
        state: Mutex::new(None),
    };
    let jobs = request.jobs.clamp(1, request.inputs.len().max(1));
    std::thread::scope(|scope| {
        for job in 0..jobs {
            let (next, environment) = (&next, &environment);
            scope.spawn(move || {
                let worker = request.workspace.settings.worker_id(job);
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    // Runs that a cancel left unbegun are never recorded.
                    if index >= request.inputs.len() || (index > 0 && cancel.is_cancelled()) {
                        return;
                    }
                    let result = run_one(request, index, &worker, environment, cancel, observer);
                    observer.ended(index, &result);
                }
            });
        }
    });
}

/// The environment, provided once for all inputs.
struct Shared {
    state: Mutex<Option<Result<EnvironmentRecord, Box<Attempted>>>>,
}

impl Shared {
    fn get(
        &self,
        request: &Request<'_>,
        worker: &str,
        cancel: &Cancel,
        observer: &dyn Observer,
    ) -> Result<EnvironmentRecord, Box<Attempted>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .get_or_insert_with(|| {
                provide::provide(
                    request.workspace,
                    request.prepared,
                    Want::Ready,
                    provide::Builder {
                        worker,
                        process: request.process,
                        waits: true,
                    },
                    cancel,
                    &mut |progress| observer.environment(&progress),
                )
                .map_err(|error| Box::new(environment_failure(&error)))
            })
            .clone()
    }
}

/// What a run is told whose environment is not to be had.
pub fn environment_failure(error: &ProvideError) -> Attempted {
    if matches!(error, ProvideError::Cancelled) {
        return failed(
            failure(code::CANCELLED, "environment", error.to_string(), None),
            false,
        );
    }
    let transient = matches!(
        error,
        ProvideError::Failed {
            transient: true,
            ..
        } | ProvideError::LostClaim { .. }
            | ProvideError::Store(_)
    );
    failed(
        failure(
            code::ENVIRONMENT_FAILED,
            "environment",
            format!("Build failed before run could start: {error}"),
            error.hint(),
        ),
        transient,
    )
}

fn run_one(
    request: &Request<'_>,
    index: usize,
    worker: &str,
    environment: &Shared,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Finished, RunError> {
    let workspace = request.workspace;
    let claim = Claim::new(worker, workspace.settings.worker.lease).by(request.process);
    let new = new_run(request, index)?;
    let since = Instant::now();
    let run = workspace
        .store
        .insert_claimed_run(&new, &claim, Timestamp::now())?;
    let work = linked(cancel);
    let subject = Subject::Run(run.id.clone());
    let held = Held::new(&*workspace.store, subject, claim.clone(), since);
    let execution = Execution::begin(workspace, &run, &claim, &held)?;
    observer.begun(index, &run);
    observer.event(index, &execution.start());
    let (ending, used) = std::thread::scope(|scope| {
        let _lease = Lease::keep(scope, &held, work.cancel.clone());
        if request.options.dry_run {
            return (dry_run().ending, None);
        }
        let attempted = match environment.get(request, worker, &work.cancel, observer) {
            Err(attempted) => (*attempted, None),
            Ok(environment) => (
                execution.attempt(&environment, &work.cancel, &mut |event| {
                    observer.event(index, event)
                }),
                Some(environment),
            ),
        };
        (attempted.0.ending, attempted.1)
    });
    let Some(run) = execution.finish(&ending, used.as_ref())? else {
        return Err(RunError::LostClaim { id: run.id });
    };
    let missing = ending.results.iter().flat_map(|results| &results.fields);
    let mut finished = Finished {
        missing_fields: missing
            .filter(|field| !field.detected)
            .map(|field| field.field.clone())
            .collect(),
        run,
        copied_to: None,
        copy_error: None,
    };
    if let (Some(folder), Some(output)) = (request.output_dir, &finished.run.output_path) {
        let to = target(folder, &request.inputs[index]);
        let copied = check_target(&to).and_then(|()| Ok(files::copy_whole(output, &to)?));
        match copied {
            Ok(()) => finished.copied_to = Some(to),
            Err(error) => finished.copy_error = Some(error),
        }
    }
    Ok(finished)
}

/// The end of a run that starts no engine.
pub fn dry_run() -> Attempted {
    let ending = Ending {
        status: RunStatus::Succeeded,
        exit_code: None,
        error: None,
        summary: Some("Dry run".to_owned()),
        output_path: None,
        results: None,
        peak_memory_bytes: None,
        cpu_seconds: None,
        engine_seconds: None,
    };
    Attempted {
        ending,
        transient: false,
    }
}

/// Stages an input and says what to record of it.
pub(super) fn new_run(request: &Request<'_>, index: usize) -> Result<NewRun, RunError> {
    let workspace = request.workspace;
    let prepared = request.prepared;
    let input = &request.inputs[index];
    let id = uuid::Uuid::now_v7().to_string();
    let folder = workspace.layout.run(workspace.id(), &id);
    let name = name_of(input);
    let staged_at = folder.input().join(&name);
    let staged = stage::stage(input, &staged_at)?;
    Ok(NewRun {
        id,
        environment_id: prepared.ensure_environment(workspace)?.id,
        key: prepared.key.clone(),
        document_id: None,
        source_digest: prepared.source_digest.clone(),
        snapshot: prepared.package_folder.clone(),
        input_name: name,
        input_path: staged_at,
        input_sha256: staged.sha256,
        input_size_bytes: staged.size_bytes,
        input_sheets: request.sheets.clone(),
        options: request.options.clone(),
        max_attempts: workspace.settings.worker.max_attempts,
        run_dir: folder.path().to_owned(),
        retry_of_run_id: None,
    })
}
