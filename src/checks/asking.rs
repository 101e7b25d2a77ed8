//! A question to the engine, and its answer: a process that is confined as a run is reads `list.json` and writes `result.json`, with
//! files beside it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

use super::cases::{Engine, said};
use super::check::CheckError;
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::engine::EngineTask;
use crate::environment::provide::in_use::InUse;

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The engine ended without one, or with one that says nothing.
    #[error("the engine gave no answer: {0}")]
    NoAnswer(String),
    /// The engine could not be started, or was stopped.
    #[error(transparent)]
    Engine(#[from] CheckError),
    /// A file of the answer.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for AskError {
    fn facts(&self) -> Facts {
        match self {
            Self::NoAnswer(_) => Facts::new(Kind::Refused, code::CONFIG_INVALID)
                .hint("`ade check` finds mistakes of a configuration"),
            Self::Engine(error) => error.facts(),
            Self::File(error) => error.facts().under(Kind::Usage, code::OUTPUT_UNWRITABLE),
        }
    }
}

become_error!(AskError);

/// An answer; its files go with it.
pub(super) struct Answer {
    value: Value,
    place: TempDir,
}

impl Answer {
    /// What it says.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, AskError> {
        T::deserialize(&self.value).map_err(|error| AskError::NoAnswer(error.to_string()))
    }

    /// A file of it, named from its folder.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, AskError> {
        if !files::stays_below(Path::new(name)) {
            return Err(AskError::NoAnswer(format!("it names the file {name}")));
        }
        let path = self.place.path().join("made").join(name);
        Ok(fs::read(&path).map_err(FileError::on("read", &path))?)
    }
}

/// Asks the engine, which may read `inputs`.
///
/// # Errors
/// The engine could not be started, or gave no answer.
pub(super) fn ask(
    engine: Engine<'_>,
    asked: &Value,
    inputs: Vec<PathBuf>,
    task: fn(PathBuf, PathBuf) -> EngineTask,
    cancel: &Cancel,
) -> Result<Answer, AskError> {
    let _in_use = InUse::mark(engine.workspace, &engine.environment.folder);
    let place = tempfile::tempdir().map_err(CheckError::NoTemporaryFolder)?;
    let [made, question, scratch] = ["made", "asked", "tmp"].map(|name| place.path().join(name));
    for folder in [&made, &question, &scratch] {
        fs::create_dir(folder).map_err(CheckError::NoTemporaryFolder)?;
    }
    let list = question.join("list.json");
    files::write_whole(&list, asked.to_string().as_bytes())?;
    let task = task(list.clone(), made.clone());
    let report = engine.launch((task, &list, &scratch), inputs, 1, cancel)?;
    let file = made.join("result.json");
    let text = fs::read_to_string(&file).map_err(|_| AskError::NoAnswer(said(&report)))?;
    let value =
        serde_json::from_str(&text).map_err(|error| AskError::NoAnswer(error.to_string()))?;
    Ok(Answer { value, place })
}
