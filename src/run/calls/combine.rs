//! Combines the outputs of a call's runs into one table: `ade run --combine`.
//!
//! Each of these runs has written its tables as Parquet next to its workbook. The engine of their environment makes one file
//! of them, confined like a run, without loading code of the configuration. The file is complete before it appears at its
//! target.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, ProblemKind, code};
use crate::engine::sandbox::Policy;
use crate::engine::{EngineTask, Invocation, Launch, Message};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::RebuildPolicy;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::environment::provide::installers::Installers;
use crate::run::execution::provide::provide;
use crate::run::inputs::input::Input;
use crate::run::results::output;
use crate::settings::paths::EnvironmentFolder;
use crate::store::RunRecord;
use crate::system::process::Exit;
use crate::workspace::Workspace;

/// The shape in which runs write the tables to combine.
pub const SHAPE: &str = "parquet";

/// The possible extensions of the combined file.
pub const SHAPES: [&str; 4] = ["xlsx", "csv", "parquet", "jsonl"];

/// An input of the call.
#[derive(Clone, Debug)]
pub struct CombineInput {
    /// The name of the input in the combined table.
    pub name: String,
    /// The run of the input, if it was accepted.
    pub run: Option<RunRecord>,
}

/// The result of combining tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CombinedTable {
    /// The number of rows of the table.
    pub rows: u64,
    /// The columns that are text because their types differ between files.
    pub as_text: Vec<String>,
    /// The rows that repeat a row of another sheet or file, each with its positions.
    pub repeated: Vec<String>,
}

/// Makes sure, before any work, that the combined file can be written to its target.
///
/// # Errors
/// The file is one of the inputs, would be found among `searched` (the arguments of the call), or something is in its way.
pub fn check_place(
    file: &Path,
    inputs: &[Input],
    searched: &[PathBuf],
    recursive: bool,
) -> Result<(), Error> {
    let real = file.canonicalize().ok();
    let is_it = |input: &Input| real.is_some() && input.path.canonicalize().ok() == real;
    if inputs.iter().any(is_it) {
        return Err(unwritable(format!(
            "{} is one of the inputs, and would be overwritten",
            file.display()
        )));
    }
    output::check_target(file)?;
    let folder = files::folder_of(file);
    let place = folder.canonicalize().ok();
    let is_around = |given: &&PathBuf| {
        let given = given.canonicalize().ok().filter(|given| given.is_dir());
        let (Some(given), Some(place)) = (given, &place) else {
            return false;
        };
        given == *place || recursive && place.starts_with(given)
    };
    if let Some(around) = searched.iter().find(is_around) {
        return Err(unwritable(format!(
            "{} would be an input of the next run of {}",
            file.display(),
            around.display()
        )));
    }
    let tried = files::unfinished(folder).map(drop);
    tried.map_err(|error| not_written(FileError::on("write", file)(error)))
}

/// Combines the tables of all parts in one file. `names`: the columns of fields get their names.
///
/// # Errors
/// The file cannot be made or written. An earlier file stays as it was.
pub fn combine(
    workspace: &Workspace,
    launcher: &dyn Launch,
    prepared: &PreparedConfiguration,
    parts: &[CombineInput],
    (to, names): (&Path, bool),
    cancel: &Cancel,
) -> Result<CombinedTable, Error> {
    if parts.iter().all(|part| part.run.is_none()) {
        let message = "there is nothing to combine: no file was normalized";
        return Err(
            Error::refused(code::COMBINE_FAILED, message).hint("the failures above say why")
        );
    }
    let environment = provide(
        workspace,
        &Installers,
        prepared,
        RebuildPolicy::Ready,
        cancel,
        &mut |_| {},
    )?;
    // Collection deletes no environment in which an engine runs.
    let _in_use = EnvironmentUse::mark(workspace, &environment.folder);
    let place = tempfile::tempdir().map_err(files::no_temporary_folder)?;
    let folder = |name: &str| -> Result<PathBuf, Error> {
        let path = place.path().join(name);
        std::fs::create_dir(&path).map_err(files::no_temporary_folder)?;
        Ok(path)
    };
    let (asked, made, scratch) = (folder("asked")?, folder("made")?, folder("tmp")?);
    let list = asked.join("list.json");
    files::write_whole(&list, listed(parts).to_string().as_bytes())?;
    // The extension determines the shape.
    let output = made
        .join("combined")
        .with_extension(to.extension().unwrap_or_default());
    let python = EnvironmentFolder(environment.folder.clone()).python();
    let mut reads: Vec<PathBuf> = parts.iter().filter_map(folder_of).collect();
    reads.extend([asked.clone(), prepared.snapshot.clone()]);
    let policy = Policy::new(
        &workspace.settings,
        &python,
        reads,
        vec![made, scratch.clone()],
        false,
    )
    .built_from(&environment.snapshot, &environment.configuration_path);
    let obstacles = policy.obstacles();
    if !obstacles.is_empty() {
        let message = format!(
            "ADE_SANDBOX is strict, and this machine cannot confine the engine: {}",
            obstacles.join("; ")
        );
        return Err(Error::refused(code::SANDBOX_INCOMPLETE, message)
            .hint("`ade doctor` shows what is missing"));
    }
    let invocation = Invocation {
        policy,
        python: python.clone(),
        snapshot: prepared.package_folder.clone(),
        task: EngineTask::Combine {
            list,
            output: output.clone(),
            names,
        },
        folder: asked,
        scratch,
        settings: BTreeMap::new(),
        variables: workspace.settings.variables.clone(),
        debug: false,
        timeout: workspace.settings.run_timeout,
    };
    let combined = launched(launcher, &invocation, cancel)?;
    files::copy_whole(&output, to).map_err(not_written)?;
    Ok(combined)
}

/// Returns the error for a file that cannot be written to its target.
fn unwritable(message: String) -> Error {
    Error::usage(code::OUTPUT_UNWRITABLE, message)
        .hint("choose another file for --combine, outside of the folder of the inputs")
}

fn not_written(error: FileError) -> Error {
    error.of_target("--combine")
}

fn launched(
    launcher: &dyn Launch,
    invocation: &Invocation,
    cancel: &Cancel,
) -> Result<CombinedTable, Error> {
    let mut lines = Vec::new();
    let report = launcher
        .launch(invocation, cancel, &mut |message| {
            if let Message::Line(_, text) = message {
                lines.push(text);
            }
            None
        })
        .map_err(FileError::on("start", &invocation.python))
        .map_err(not_written)?;
    match report.exit {
        Exit::Code(0) => Ok(said(&lines)),
        Exit::Cancelled => Err(Error::new(
            ProblemKind::Cancelled,
            code::CANCELLED,
            "cancelled",
        )),
        exit => {
            let refusal = lines.iter().find_map(|line| line.strip_prefix(REFUSAL));
            let why = refusal.map_or_else(|| format!("the engine {exit}"), str::to_owned);
            let message = format!("the tables could not be combined: {why}");
            Err(Error::refused(code::COMBINE_FAILED, message)
                .hint("each file was normalized on its own; `ade runs ls` lists the runs"))
        }
    }
}

/// The words of the engine before the reason why it combines nothing.
const REFUSAL: &str = "Not combined: ";

/// Lists the inputs, each with the files of its tables, for the engine.
fn listed(parts: &[CombineInput]) -> serde_json::Value {
    let entry = |part: &CombineInput| {
        let workbook = part.run.as_ref().and_then(|run| run.output_path.as_ref());
        json!({
            "file": part.name,
            "tables": workbook.map(|workbook| output::shapes(workbook, SHAPE)),
        })
    };
    parts.iter().map(entry).collect()
}

fn folder_of(part: &CombineInput) -> Option<PathBuf> {
    let workbook = part.run.as_ref()?.output_path.as_ref()?;
    Some(workbook.parent()?.to_owned())
}

/// Parses lines such as `- rows: 12`.
fn said(lines: &[String]) -> CombinedTable {
    let mut combined = CombinedTable::default();
    for (key, value) in lines
        .iter()
        .filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
    {
        match key {
            "rows" => combined.rows = value.parse().unwrap_or_default(),
            "as_text" => combined.as_text.push(value.to_owned()),
            "repeated" => combined.repeated.push(value.to_owned()),
            _ => {}
        }
    }
    combined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_is_read_and_other_lines_are_passed_over() {
        let lines = ["Combined", "- rows: 12", "- as_text: a: b", "rows: 3"].map(str::to_owned);
        let combined = said(&lines);
        assert_eq!(combined.rows, 12);
        assert_eq!(combined.as_text, ["a: b"]);
    }
}
