//! Starts the engine for checks, confined as in a run, and asks it questions.
//!
//! A question and its answer are files: the engine reads `list.json`, and writes `result.json` with files beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError, describe};
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::engine::sandbox::Policy;
use crate::engine::{
    ChildProcess, EngineQuestion, EngineReport, EngineTask, Invocation, Launch, Message,
};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::run::execution::verdict::kind_of_code;
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, FailureRecord};
use crate::system::process::Exit;
use crate::workspace::Workspace;

/// The number of cases that share the limits of one run.
const CASES_OF_A_RUN: usize = 10;

/// A configuration that does not load, or a check that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The configuration does not load, uses more than a run may, or ends the engine. Includes the position in the author's
    /// files.
    #[error("{}", .0.message)]
    DoesNotLoad(Box<FailureRecord>),
    /// The temporary folder for the engine cannot be created.
    #[error("no temporary folder: {}", describe(.0))]
    NoTemporaryFolder(io::Error),
    /// The check was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// There is no environment, the engine cannot be started or confined, or earlier records cannot be read.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Problem for CheckError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::DoesNotLoad(failure) => {
                let code = code::known(&failure.code).unwrap_or(code::CONFIG_INVALID);
                ErrorFacts::new(kind_of_code(code), code).maybe_hint(failure.hint.clone())
            }
            Self::NoTemporaryFolder(_) => {
                ErrorFacts::new(ProblemKind::Usage, code::OUTPUT_UNWRITABLE)
            }
            Self::Cancelled => ErrorFacts::new(ProblemKind::Cancelled, code::CANCELLED),
            Self::Other(error) => error.facts(),
        }
    }
}

become_error!(CheckError);

/// The engine of a configuration's environment.
#[derive(Clone, Copy)]
pub(super) struct CheckEngine<'a> {
    pub workspace: &'a Workspace,
    pub prepared: &'a PreparedConfiguration,
    pub environment: &'a EnvironmentRecord,
}

impl CheckEngine<'_> {
    /// Returns an invocation of the engine with the settings of this process, to work in `folder` with temporary files in
    /// `scratch`. The engine may also read the snapshot and `reads`, and write `writes`.
    pub fn invocation(
        self,
        task: EngineTask,
        (folder, scratch): (PathBuf, PathBuf),
        reads: Vec<PathBuf>,
        writes: Vec<PathBuf>,
    ) -> Invocation {
        let (settings, built) = (&self.workspace.settings, self.environment);
        let python = EnvironmentFolder(built.folder.clone()).python();
        let reads = [vec![self.prepared.snapshot.clone()], reads].concat();
        let writes = [writes, vec![scratch.clone()]].concat();
        Invocation {
            policy: Policy::new(settings, &python, reads, writes, false)
                .built_from(&built.snapshot, &built.configuration_path),
            python,
            snapshot: self.prepared.package_folder.clone(),
            task,
            folder,
            scratch,
            settings: BTreeMap::new(),
            variables: settings.variables.clone(),
            debug: false,
            timeout: settings.run_timeout,
        }
    }

    /// Starts the engine once for `cases` cases, or for `inputs` that are no files of the configuration. `list` holds the
    /// question and is in a folder of its own.
    pub fn launch_for(
        self,
        (task, list, scratch): (EngineTask, &Path, &Path),
        inputs: Vec<PathBuf>,
        cases: usize,
        cancel: &Cancel,
    ) -> Result<EngineReport, CheckError> {
        let folder = list.parent().unwrap_or(list).to_owned();
        let root = self.prepared.configuration.root.clone();
        let reads = [root, folder.clone()].into_iter().chain(inputs).collect();
        let writes = task.output_folder().into_iter().collect();
        let mut invocation = self.invocation(task, (folder, scratch.to_owned()), reads, writes);
        // Each group of CASES_OF_A_RUN cases gets the limits of one run.
        let runs = cases.div_ceil(CASES_OF_A_RUN);
        let times = u32::try_from(runs).unwrap_or(u32::MAX);
        let more = |limit: Option<Duration>| limit.map(|limit| limit.saturating_mul(times));
        invocation.timeout = more(invocation.timeout);
        let limits = &mut invocation.policy.limits;
        limits.cpu_time = more(limits.cpu_time);
        for limit in [&mut limits.disk, &mut limits.printed] {
            *limit = limit.map(|limit| limit.saturating_mul(times.into()));
        }
        let report = launch(&invocation, cancel, &mut |_| None)?;
        match report.exit {
            Exit::Cancelled => Err(CheckError::Cancelled),
            _ => Ok(report),
        }
    }
}

/// Starts an engine and passes its messages on.
pub(super) fn launch(
    invocation: &Invocation,
    cancel: &Cancel,
    on_message: &mut dyn FnMut(Message) -> Option<Value>,
) -> Result<EngineReport, CheckError> {
    let obstacles = invocation.policy.obstacles();
    if !obstacles.is_empty() {
        let message = format!(
            "ADE_SANDBOX is strict, and this machine cannot confine a check: {}",
            obstacles.join("; ")
        );
        let error = Error::refused(code::SANDBOX_INCOMPLETE, message);
        return Err(error.hint("`ade doctor` shows what is missing").into());
    }
    ChildProcess::default()
        .launch(invocation, cancel, on_message)
        .map_err(FileError::on("start", &invocation.python))
        .map_err(|error| Error::from_problem(error).into())
}

/// Creates a temporary folder with these subfolders.
pub(super) fn temporary<const COUNT: usize>(
    names: [&str; COUNT],
) -> Result<(TempDir, [PathBuf; COUNT]), CheckError> {
    let made = || -> io::Result<_> {
        let place = tempfile::tempdir()?;
        let folders = names.map(|name| place.path().join(name));
        folders.iter().try_for_each(fs::create_dir)?;
        Ok((place, folders))
    };
    made().map_err(CheckError::NoTemporaryFolder)
}

/// Returns how a process ended, with its last message.
pub(super) fn said(report: &EngineReport) -> String {
    let refused = report.refused.as_ref().map(|refused| &refused.message);
    match refused.or_else(|| report.last_lines.last()) {
        Some(words) => format!("{}: {words}", report.exit),
        None => report.exit.to_string(),
    }
}

/// An error that the engine reports.
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct EngineError {
    pub code: String,
    pub message: String,
}

impl EngineError {
    /// Returns its code; a code that nobody knows is taken for a fault of the input.
    pub fn known_code(&self) -> &'static str {
        code::known(&self.code).unwrap_or(code::INPUT_ERROR)
    }
}

/// Returns the error that the engine gave no usable answer.
pub(super) fn no_answer(why: impl std::fmt::Display) -> Error {
    not_loaded(format!("the engine gave no answer: {why}"))
}

/// Returns the error that the configuration keeps the engine from answering.
pub(super) fn not_loaded(message: String) -> Error {
    Error::refused(code::CONFIG_INVALID, message)
        .hint("run `ade check` to find mistakes in the configuration")
}

fn of_file(error: FileError) -> Error {
    Error::from_problem(error).under(ProblemKind::Usage, code::OUTPUT_UNWRITABLE)
}

/// An answer of the engine. Its files are deleted with it.
pub(super) struct EngineAnswer {
    value: Value,
    place: TempDir,
}

impl EngineAnswer {
    /// Reads the content of the answer.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(&self.value).map_err(no_answer)
    }

    /// Returns the error that the engine gave instead, if any.
    pub fn error(&self) -> Option<EngineError> {
        EngineError::deserialize(&self.value["error"]).ok()
    }

    /// Returns the content of a file of the answer, by its path in the answer's folder.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, Error> {
        if !files::stays_below(Path::new(name)) {
            return Err(no_answer(format_args!("it names the file {name}")));
        }
        let path = self.place.path().join("made").join(name);
        let read = fs::read(&path).map_err(FileError::on("read", &path));
        read.map_err(of_file)
    }
}

/// Asks the engine, which may read `inputs`.
///
/// # Errors
/// The engine could not be started, or gave no answer.
pub(super) fn ask(
    engine: CheckEngine<'_>,
    (question, asked): (EngineQuestion, &Value),
    inputs: Vec<PathBuf>,
    cancel: &Cancel,
) -> Result<EngineAnswer, Error> {
    let _in_use = EnvironmentUse::mark(engine.workspace, &engine.environment.folder);
    let (place, [output, folder, scratch]) = temporary(["made", "asked", "tmp"])?;
    let list = folder.join("list.json");
    files::write_whole(&list, asked.to_string().as_bytes()).map_err(of_file)?;
    let file = output.join("result.json");
    let task = EngineTask::Answer {
        question,
        list: list.clone(),
        output,
    };
    let report = engine.launch_for((task, &list, &scratch), inputs, 1, cancel)?;
    let text = fs::read_to_string(&file).map_err(|_| no_answer(said(&report)))?;
    let value = serde_json::from_str(&text).map_err(no_answer)?;
    Ok(EngineAnswer { value, place })
}
