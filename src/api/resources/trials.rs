//! Trials: run the draft, or the folder, on inputs of former runs, and report the differences. Nothing is recorded.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::checks::{at_hand, does_not_load, not_checked};
use super::configurations::ConfigurationPath;
use super::named::{RunDownload, place_of};
use super::prelude::*;
use crate::base::cancel::Cancel;
use crate::checks::check::{CheckError, check_in};
use crate::checks::trial::{TrialInput, TrialResult, try_on};
use crate::store::RunFilter;
use crate::workspace::configurations::Precondition;
use crate::workspace::configurations::publish::freeze;

/// The time limit of a trial. Inputs that it did not reach are listed.
const MAX_TRIAL_TIME: Duration = Duration::from_secs(60);
const MAX_TRIAL_INPUTS: usize = 20;
const DEFAULT_TRIAL_INPUTS: u32 = 5;
/// The maximum number of runs in the search for inputs.
const MAX_TRIAL_SCAN_RUNS: u32 = 1000;

pub fn routes() -> OpenApiRouter<Api> {
    named([routes!(try_config)])
}

/// The request for a trial: the inputs of a configuration.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTrial {
    /// Use the inputs of this many of the configuration's last runs, from 1 to 20. If absent, 5.
    #[schema(minimum = 1, maximum = 20)]
    runs: Option<u32>,
    /// Use these documents instead, at most 20.
    #[schema(max_items = 20, min_items = 1)]
    document_ids: Option<Vec<String>>,
    /// Use the inputs of these runs instead, of any configuration, at most 20.
    #[schema(max_items = 20, min_items = 1)]
    run_ids: Option<Vec<String>>,
}

impl JsonBody for NewTrial {
    const ARRAYS: &'static [&'static str] = &["document_ids", "run_ids"];
}

/// The result of a trial.
#[derive(Serialize, ToSchema)]
struct Trial {
    /// The digest of the files that were tried.
    source_digest: String,
    /// The inputs that were tried.
    inputs: Vec<TrialOfInput>,
    /// The inputs that were not tried, because the time was over or they are gone.
    not_reached: Vec<InputName>,
}

/// An input of a trial.
#[derive(Serialize, ToSchema)]
struct InputName {
    /// The name of the file.
    input: String,
    document_id: Option<String>,
    /// The run for comparison. Null if the document was not run with this configuration.
    run_id: Option<String>,
}

/// The result of an input, compared with its former run.
#[derive(Serialize, ToSchema)]
struct TrialOfInput {
    #[serde(flatten)]
    name: InputName,
    #[serde(flatten)]
    tried: TrialResult,
}

/// Run the draft, or the folder, on inputs of former runs, and report the differences.
///
/// Each input is read with the options of its former run. Nothing is recorded, and no file stays. A trial takes about a minute
/// at most; inputs that it did not reach are listed. A configuration that does not load is refused with 409 `config_invalid`
/// and its `error`. The status is 409 `environment_not_ready` as for a check.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/trial",
    request_body = NewTrial,
    responses((status = 200, body = Trial), (status = 409))
)]
async fn try_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    MaybeJson(new): MaybeJson<NewTrial>,
) -> JsonResult<Trial> {
    new.demand_sizes()?;
    api.engine_work(move |api, cancel| {
        let (workspace, known) = which.find(api, &caller)?;
        let about = api.paths.about_configuration(&known.record.path);
        let inputs = inputs(api, &caller, &workspace, &known, &new)?;
        let tried = tried(&workspace, &known, inputs, cancel, &about);
        tried.map(Json).map_err(|error| error.shown(&about))
    })
    .await
}

impl NewTrial {
    fn demand_sizes(&self) -> ApiResult<()> {
        let given = [
            ("runs", self.runs.map(|runs| runs as usize)),
            ("document_ids", self.document_ids.as_ref().map(Vec::len)),
            ("run_ids", self.run_ids.as_ref().map(Vec::len)),
        ];
        let mut given = given
            .iter()
            .filter_map(|(field, count)| Some((*field, (*count)?)));
        match (given.next(), given.next()) {
            (Some((first, _)), Some((second, _))) => Err(ApiError::field(
                first,
                format!("cannot be used with {second}"),
            )),
            (Some((field, count)), None) if !(1..=MAX_TRIAL_INPUTS).contains(&count) => {
                let message = format!("must be 1 to {MAX_TRIAL_INPUTS}");
                Err(ApiError::field(field, message))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the inputs, each with the last run that processed it.
fn inputs(
    api: &BlockingApi<'_>,
    caller: &Caller,
    workspace: &Workspace,
    known: &KnownConfiguration,
    new: &NewTrial,
) -> ApiResult<Vec<TrialInput>> {
    if let Some(ids) = &new.run_ids {
        let input = |id: &String| {
            let (_, run) = run_of(api, caller, id)?;
            match run.key.workspace_id == known.record.workspace_id {
                true => of_run(workspace, run),
                false => Err(ApiError::not_found("run", id)),
            }
        };
        return ids.iter().map(input).collect();
    }
    let runs = workspace.store.runs(&RunFilter {
        workspace_id: known.record.workspace_id.clone(),
        statuses: vec![RunStatus::Succeeded, RunStatus::Failed],
        configuration: Some(known.record.id.clone()),
        limit: MAX_TRIAL_SCAN_RUNS,
        ..RunFilter::default()
    })?;
    let is_real = |run: &RunRecord| {
        let options = &run.options;
        !(options.validate_only || options.dry_run || options.safe_mode)
    };
    let runs = runs.into_iter().filter(is_real);
    let Some(ids) = &new.document_ids else {
        let mut seen = HashSet::new();
        // The same file twice shows nothing new.
        let others =
            runs.filter(|run| seen.insert((run.input_sha256.clone(), run.input_name.clone())));
        let most = new.runs.unwrap_or(DEFAULT_TRIAL_INPUTS) as usize;
        return others
            .take(most)
            .map(|run| of_run(workspace, run))
            .collect();
    };
    let runs: Vec<RunRecord> = runs.collect();
    let input = |id: &String| {
        let document = document_of(api, caller, id)?;
        if document.workspace_id != known.record.workspace_id {
            return Err(ApiError::not_found("document", id));
        }
        let before = runs
            .iter()
            .find(|run| run.document_id.as_ref() == Some(&document.id));
        // A deleted document counts as not reached.
        if document.deleted_at.is_none() {
            workspace.fetch_file(&document.path)?;
        }
        Ok(TrialInput {
            name: document.name,
            document_id: Some(document.id),
            path: document.path,
            before: before.cloned(),
        })
    };
    ids.iter().map(input).collect()
}

fn of_run(workspace: &Workspace, run: RunRecord) -> ApiResult<TrialInput> {
    workspace.fetch_run(&run)?;
    Ok(TrialInput {
        name: run.input_name.clone(),
        document_id: run.document_id.clone(),
        // An input that is gone or was changed since counts as not reached.
        path: place_of(&run, RunDownload::Input).map_or_else(|_| PathBuf::new(), |place| place.0),
        before: Some(run),
    })
}

fn tried(
    workspace: &Workspace,
    known: &KnownConfiguration,
    inputs: Vec<TrialInput>,
    cancel: &Cancel,
    paths: &dyn ShowPath,
) -> ApiResult<Trial> {
    let frozen = freeze(workspace, known, &Precondition::Unsaid)?;
    let (prepared, environment) = at_hand(workspace, known, &frozen)?;
    check_in(workspace, &prepared, &environment, false, cancel).map_err(|error| match error {
        CheckError::DoesNotLoad(failure) => does_not_load(failure.shown(paths), "correct it"),
        error => not_checked(error),
    })?;
    let until = Instant::now() + MAX_TRIAL_TIME;
    let mut trial = Trial {
        source_digest: frozen.source_digest,
        inputs: Vec::new(),
        not_reached: Vec::new(),
    };
    for input in inputs {
        let name = InputName {
            input: input.name.clone(),
            document_id: input.document_id.clone(),
            run_id: input.before.as_ref().map(|run| run.id.clone()),
        };
        let tried = if Instant::now() < until && input.path.is_file() {
            try_on(workspace, &prepared, &environment, &input, until, cancel)
                .map_err(not_checked)?
        } else {
            None
        };
        match tried {
            None => trial.not_reached.push(name),
            Some(mut tried) => {
                tried.error = tried.error.map(|error| error.shown(paths));
                trial.inputs.push(TrialOfInput { name, tried });
            }
        }
    }
    Ok(trial)
}
