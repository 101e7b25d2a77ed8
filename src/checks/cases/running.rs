//! Runs cases in the engine.
//!
//! One process runs many cases, confined as a run is. There are as many processes as processors, each with at least twenty
//! cases. If a case ends its process, this case fails, and a new process runs the rest. A process that ends twice in a row
//! before any case is finished is not started again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::judging::{failed, judge};
use super::{Case, CaseResult, CasesError};
use crate::base::cancel::Cancel;
use crate::base::files;
use crate::base::host;
use crate::checks::engine::{CheckEngine, CheckError, said, temporary};
use crate::engine::{EngineQuestion, EngineTask};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::in_use::EnvironmentUse;
use crate::store::EnvironmentRecord;
use crate::workspace::Workspace;

/// The number of cases from which another process is worth its start.
const CASES_OF_A_PROCESS: usize = 20;

/// Runs cases in an environment that is ready, and compares the results with the expected tables.
///
/// # Errors
/// The engine could not be started or was cancelled, or an expected table cannot be read.
pub fn run(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    cases: &[Case],
    cancel: &Cancel,
) -> Result<Vec<CaseResult>, CasesError> {
    let asked = cases.iter().map(asked).collect();
    let answers = CheckEngine {
        workspace,
        prepared,
        environment,
    }
    .ask(asked, 1, cancel)?;
    let results = cases
        .iter()
        .enumerate()
        .map(|(number, case)| match answers.file(number) {
            Err(why) => Ok(failed(case, why.to_owned())),
            Ok(file) => judge(case, &file),
        });
    results.collect()
}

/// Returns the question to the engine about a case.
pub(super) fn asked(case: &Case) -> Value {
    let text = |value: &toml::Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let settings: BTreeMap<&String, String> = case
        .options
        .settings
        .iter()
        .map(|(name, value)| (name, text(value)))
        .collect();
    let input = case
        .input
        .canonicalize()
        .unwrap_or_else(|_| case.input.clone());
    json!({
        "input": input, "input_name": case.options.input_name, "input_sheets": case.options.input_sheets,
        "active_sheet_only": case.options.active_sheet_only, "settings": settings,
    })
}

/// The engine's answers. Their files are deleted with this value.
pub(in crate::checks) struct CaseAnswers {
    crashed: BTreeMap<usize, String>,
    place: TempDir,
}

impl CaseAnswers {
    /// Returns the file with the result of a case, or the reason why there is none.
    pub fn file(&self, number: usize) -> Result<PathBuf, &str> {
        match self.crashed.get(&number) {
            Some(why) => Err(why),
            None => Ok(answer(self.place.path(), number)),
        }
    }
}

/// The folder of answers.
const MADE: &str = "made";

fn answer(place: &Path, number: usize) -> PathBuf {
    place.join(MADE).join(format!("{number}.json"))
}

impl CheckEngine<'_> {
    /// Has the engine answer all questions, each of which counts as `runs` runs.
    pub fn ask(
        self,
        mut asked: Vec<Value>,
        runs: usize,
        cancel: &Cancel,
    ) -> Result<CaseAnswers, CasesError> {
        let _in_use = EnvironmentUse::mark(self.workspace, &self.environment.folder);
        let (place, _) = temporary([MADE])?;
        for (number, case) in asked.iter_mut().enumerate() {
            case["number"] = number.into();
        }
        let processes = (asked.len() * runs)
            .div_ceil(CASES_OF_A_PROCESS)
            .clamp(1, host::processors());
        let share = asked.len().div_ceil(processes).max(1);
        let place_path = place.path();
        let crashed = std::thread::scope(|scope| {
            let shares: Vec<_> = asked
                .chunks(share)
                .enumerate()
                .map(|(at, share)| {
                    scope.spawn(move || self.ask_share((at, share), runs, place_path, cancel))
                })
                .collect();
            let mut crashed = BTreeMap::new();
            for share in shares {
                let panicked = |panic| std::panic::resume_unwind(panic);
                crashed.append(&mut share.join().unwrap_or_else(panicked)?);
            }
            Ok::<_, CasesError>(crashed)
        })?;
        Ok(CaseAnswers { crashed, place })
    }

    /// Runs a share of the questions in one process after another. Returns the cases without a result, with the reason.
    fn ask_share(
        self,
        (at, share): (usize, &[Value]),
        runs: usize,
        place: &Path,
        cancel: &Cancel,
    ) -> Result<BTreeMap<usize, String>, CasesError> {
        let [folder, scratch] = ["asked", "tmp"].map(|name| place.join(format!("{name}-{at}")));
        for folder in [&folder, &scratch] {
            fs::create_dir(folder).map_err(CheckError::NoTemporaryFolder)?;
        }
        let list = folder.join("list.json");
        let number_of = |case: &&Value| {
            let number = case["number"].as_u64().unwrap_or_default();
            usize::try_from(number).unwrap_or_default()
        };
        let mut crashed: BTreeMap<usize, String> = BTreeMap::new();
        let mut was_idle = false;
        loop {
            let is_left = |case: &&Value| {
                let number = number_of(case);
                !crashed.contains_key(&number) && !answer(place, number).is_file()
            };
            let left: Vec<&Value> = share.iter().filter(is_left).collect();
            let Some(first) = left.first().map(number_of) else {
                return Ok(crashed);
            };
            files::write_whole(&list, json!(left).to_string().as_bytes())?;
            let task = EngineTask::Answer {
                question: EngineQuestion::Cases,
                list: list.clone(),
                output: place.join(MADE),
            };
            let report = self.launch_for(
                (task, &list, &scratch),
                Vec::new(),
                left.len() * runs,
                cancel,
            )?;
            let mut without = left.iter().map(number_of);
            let next = without.find(|number| !answer(place, *number).is_file());
            let is_idle = next == Some(first);
            let why = said(&report);
            match next {
                Some(_) if is_idle && was_idle => {
                    let rest = left.iter().map(number_of);
                    crashed.extend(rest.map(|number| {
                        (
                            number,
                            format!("the engine ended before the first case was done: {why}"),
                        )
                    }));
                }
                Some(number) => {
                    crashed.insert(number, format!("it ended the engine: {why}"));
                }
                None => {}
            }
            was_idle = is_idle;
        }
    }
}
