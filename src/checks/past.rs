//! Runs the current configuration on the inputs of its past runs, and compares the results with the old outputs: `ade test
//! --past`. Nothing is recorded, and no file is kept.

use std::collections::HashSet;
use std::time::Instant;

use serde::Serialize;

use super::drift::MAX_READING_TIME;
use super::engine::CheckEngine;
use super::trial::{TrialInput, read, took_too_long};
use crate::base::cancel::Cancel;
use crate::base::problem::{Error, code};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::run::results::annotated::input_as_read;
use crate::run::results::report_of;
use crate::run::views::difference::{OutputDifference, of_run_and_now};
use crate::store::{EnvironmentRecord, FailureRecord, RunFilter, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// The maximum number of runs among which inputs are looked for.
const LOOK_AT: u32 = 10_000;

/// An input of a past run, with its result now.
#[derive(Debug, Serialize)]
pub struct PastComparison {
    /// The run that the result is compared with.
    pub run_id: String,
    /// The name of the input.
    pub input: String,
    /// The reason why a run of it would fail now, if so.
    pub error: Option<FailureRecord>,
    /// The differences. `None` if the run would fail.
    pub difference: Option<OutputDifference>,
}

impl PastComparison {
    /// Returns whether anything differs.
    pub fn differs(&self) -> bool {
        self.difference
            .as_ref()
            .is_none_or(OutputDifference::is_any)
    }
}

/// Returns the runs whose inputs are tried, newest first: the last successful run of each file, if its input and output still
/// exist.
///
/// # Errors
/// There is no such run.
pub fn runs(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    most: usize,
) -> Result<Vec<RunRecord>, Error> {
    let filter = RunFilter {
        workspace_id: workspace.id().to_owned(),
        statuses: vec![RunStatus::Succeeded],
        configuration: Some(prepared.key.configuration_id.clone()),
        limit: LOOK_AT,
        ..RunFilter::default()
    };
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for run in workspace.store.runs(&filter)? {
        if found.len() == most {
            break;
        }
        let options = &run.options;
        let is_real = !(options.validate_only || options.dry_run || options.safe_mode);
        let same = (run.input_sha256.clone(), run.input_name.clone());
        let Some(output) = run
            .output_path
            .as_ref()
            .filter(|_| is_real && !seen.contains(&same))
        else {
            continue;
        };
        workspace.fetch_run(&run).map_err(StoreError::from)?;
        if output.is_file() && seen.insert(same) && input_as_read(&run).is_some() {
            found.push(run);
        }
    }
    match found.is_empty() {
        true => {
            let name = &prepared.record.name;
            let message = format!("no successful run of {name} still has its input and output");
            Err(Error::usage(code::RUN_NOT_FOUND, message).hint(
                "run some files first; `ade runs ls` lists what was run from this data directory",
            ))
        }
        false => Ok(found),
    }
}

/// Runs the input of a run again, with the same options.
///
/// # Errors
/// The engine could not be started or takes too long, or what was written cannot be read.
pub fn again(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    environment: &EnvironmentRecord,
    run: RunRecord,
    cancel: &Cancel,
) -> Result<PastComparison, Error> {
    let engine = CheckEngine {
        workspace,
        prepared,
        environment,
    };
    let input = TrialInput {
        name: run.input_name.clone(),
        document_id: run.document_id.clone(),
        path: input_as_read(&run).unwrap_or_else(|| run.input_path.clone()),
        before: Some(run.clone()),
    };
    let until = Instant::now() + MAX_READING_TIME;
    let reading = read(engine, &input, until, cancel)?;
    let mut reading = reading.ok_or_else(|| took_too_long(&run.input_name))?;
    let error = reading.error.take();
    let difference = match (&error, reading.recorded()) {
        (None, Some(report)) => {
            let now = (reading.output.as_path(), &report.noticed);
            let before = report_of(&workspace.store, &run)?.noticed;
            Some(of_run_and_now(&run, &before, now)?)
        }
        _ => None,
    };
    Ok(PastComparison {
        run_id: run.id,
        input: run.input_name,
        error,
        difference,
    })
}
