//! Checks of configurations, and publishing, before which one is made: the draft, or the folder, as it is now, is loaded by the engine
//! as a run would load it.

use std::collections::BTreeMap;

use super::builds::in_time;
use super::configurations::Which;
use super::drafts::meant;
use super::prelude::*;
use crate::api::state::busy;
use crate::base::cancel::Cancel;
use crate::checks::check::{CheckError, Checked, check_in};
use crate::environment::needed::prepare::{Prepared, due_when_asked, prepare_frozen};
use crate::environment::provide::ask;
use crate::environment::provide::rebuild::is_usable;
use crate::settings::SafeMode;
use crate::store::{EnvironmentRecord, EnvironmentStatus, Failure};
use crate::workspace::configurations::publish::{self, Frozen, freeze};
use crate::workspace::configurations::{Precondition, VersionObject as Version, version_json};

/// A build of an environment takes seconds.
const ASK_AGAIN: u16 = 2;

pub fn routes() -> OpenApiRouter<Api> {
    named([routes!(check_config), routes!(publish_config)])
}

/// What a check found.
#[derive(Serialize, ToSchema)]
pub struct Check {
    /// Whether the configuration loads.
    loads: bool,
    /// What it registers: how many fields, detectors, transforms, validators and hooks. Of one that does not load, nothing.
    registered: BTreeMap<String, u64>,
    /// What stands in the configuration and has no effect, in sentences.
    warnings: Vec<String>,
    /// Why it does not load, as a run that fails for it would say.
    error: Option<Failure>,
    /// The environment that it was loaded in.
    environment_id: String,
    /// The digest of the files that were checked.
    source_digest: String,
}

/// Check a configuration: the draft, or the folder, is loaded as a run would load it.
///
/// That is what `ade check` does: mistakes are told with file and line. Nothing is run or recorded. Where the environment of these
/// files is not there yet, 409 `environment_not_ready`: a worker builds it, and the same request is answered when it has.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/check", responses((status = 200, body = Check), (status = 409)))]
async fn check_config(
    Administrator(api, caller): Administrator,
    which: Which,
) -> JsonAnswer<Check> {
    let (workspace, known, frozen) = frozen(&api, caller, which, Precondition::Unsaid).await?;
    let checked = load(&api, &workspace, &known, &frozen).await?;
    Ok(Json(checked))
}

/// Publish a configuration.
///
/// The draft of an uploaded one, or the folder of another one as it is now, becomes a version that never changes. It is active: runs
/// use it from now on, and the former one is archived. Where the workspace has no default configuration yet, this one becomes that.
///
/// It is checked before, as by `check`: one that does not load is refused with 409 `config_invalid`, and `error` says where it fails.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/publish",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the list of files that is meant")),
    request_body = Publishing,
    responses((status = 201, body = Version), (status = 409), (status = 412))
)]
async fn publish_config(
    Administrator(api, caller): Administrator,
    which: Which,
    headers: HeaderMap,
    MaybeJson(wanted): MaybeJson<Publishing>,
) -> Answer<Response> {
    let (workspace, known, frozen) = frozen(&api, caller, which, meant(&headers)?).await?;
    let active = known.version.as_ref();
    let is_active = active.is_some_and(|active| active.source_digest == frozen.source_digest);
    if !wanted.force && !is_active {
        let check = load(&api, &workspace, &known, &frozen).await?;
        check.demand_loads()?;
    }
    api.slow_work(move |api| {
        let version = publish::publish(&api.open(&workspace), &known, &frozen)?;
        let object = version_json(&known.record.id, &version);
        Ok((StatusCode::CREATED, Json(object)).into_response())
    })
    .await
}

/// A configuration, with its files as they are now.
async fn frozen(
    api: &Api,
    caller: Caller,
    which: Which,
    precondition: Precondition,
) -> Answer<(Carried, KnownConfiguration, Frozen)> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let frozen = freeze(&workspace, &known, &precondition)?;
        Ok((workspace.carry(), known, frozen))
    })
    .await
}

/// How a configuration is published.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Publishing {
    /// Publish it without a check, also where it does not load.
    force: bool,
}

impl JsonBody for Publishing {}

/// Loads the files of a configuration in their environment.
///
/// # Errors
/// The environment is not ready, or they could not be checked. That they do not load is an answer.
pub async fn load(
    api: &Api,
    workspace: &Carried,
    known: &KnownConfiguration,
    frozen: &Frozen,
) -> Answer<Check> {
    let (workspace, known, frozen) = (workspace.clone(), known.clone(), frozen.clone());
    api.engine_work(move |api, cancel| {
        let about = api.paths.about_configuration(&known.record.path);
        loaded(&api.open(&workspace), &known, &frozen, cancel, &about)
            .map_err(|error| error.shown(&about))
    })
    .await
}

fn loaded(
    workspace: &Workspace,
    known: &KnownConfiguration,
    frozen: &Frozen,
    cancel: &Cancel,
    paths: &dyn ShowPath,
) -> Answer<Check> {
    let (prepared, environment) = at_hand(workspace, known, frozen)?;
    let found = match check_in(workspace, &prepared, &environment, false, cancel) {
        Ok(found) => Ok(found),
        Err(CheckError::DoesNotLoad(failure)) => Err(failure.shown(paths)),
        Err(error) => return Err(not_checked(error)),
    };
    let (found, error) = match found {
        Ok(found) => (found, None),
        Err(error) => (Checked::default(), Some(error)),
    };
    let warnings = found.warnings.iter();
    Ok(Check {
        loads: error.is_none(),
        registered: found.registered.into_iter().collect(),
        warnings: warnings.map(|text| paths.text(text).into_owned()).collect(),
        error,
        environment_id: environment.id,
        source_digest: frozen.source_digest.clone(),
    })
}

/// Files that are prepared to be loaded, where the operator lets them be, and their environment, which is ready.
pub fn at_hand(
    workspace: &Workspace,
    known: &KnownConfiguration,
    frozen: &Frozen,
) -> Answer<(Prepared, EnvironmentRecord)> {
    demand_no_safe_mode(workspace)?;
    let (snapshot, digest) = (&frozen.snapshot, &frozen.source_digest);
    let prepared = prepare_frozen(workspace, &known.record, snapshot, digest)?;
    let environment = ready(workspace, &prepared)?;
    Ok((prepared, environment))
}

/// Refuses where the operator lets no code of configurations be.
pub fn demand_no_safe_mode(workspace: &Workspace) -> Answer<()> {
    if workspace.settings.safe_mode != SafeMode::Off {
        let detail = "no configuration is loaded: the server is in safe mode";
        let hint = "the operator switches it off; with `{\"force\": true}` a configuration is published without a check";
        return Err(ApiError::of(code::SAFE_MODE_ENABLED, detail).hint(hint));
    }
    Ok(())
}

/// What is said where nothing can be said of the configuration.
pub fn not_checked(error: CheckError) -> ApiError {
    match error {
        CheckError::Cancelled => busy("the server is about to stop"),
        // The client can do nothing about a full disk.
        CheckError::NoTemporaryFolder(_) => ApiError::internal(error.to_string()),
        error => error.into(),
    }
}

/// The refusal of what does not load.
pub fn does_not_load(error: Failure, hint: &str) -> ApiError {
    let detail = format!("the configuration does not load: {}", error.message);
    ApiError::of(code::CONFIG_INVALID, detail)
        .hint(hint)
        .because_of(error)
}

/// The environment of prepared files, where it is ready; else it is asked for.
pub fn ready(workspace: &Workspace, prepared: &Prepared) -> Answer<EnvironmentRecord> {
    let known = workspace.store.environment_of(&prepared.key)?;
    // One that has just failed says so; later it is tried once more.
    let failed = known.filter(|known| {
        known.status == EnvironmentStatus::Failed
            && due_when_asked(workspace, known) > workspace.machine.now()
    });
    if let Some(failed) = failed {
        let why = failed.error.map_or_else(String::new, |error| error.message);
        let hint = format!(
            "correct the dependencies; `GET /api/v1/builds/{}/logs` has all that the installer said",
            failed.id
        );
        let status = StatusCode::CONFLICT;
        return Err(ApiError::new(status, code::ENVIRONMENT_FAILED, why).hint(hint));
    }
    let found = ask(workspace, prepared, false).map_err(in_time)?;
    if is_usable(workspace.files(), &found) {
        return Ok(found);
    }
    let before = found.error.map_or_else(String::new, |error| {
        format!(", and its last build failed: {}", error.message)
    });
    let detail = format!("the environment of these files is not ready yet{before}");
    let hint = format!(
        "a worker builds it, as after `POST …/builds`; `GET /api/v1/builds/{}` says how far it is. Then send the request again",
        found.id
    );
    Err(ApiError::of(code::ENVIRONMENT_NOT_READY, detail)
        .hint(hint)
        .retry_after(ASK_AGAIN))
}

impl Check {
    /// The refusal to publish what does not load.
    pub fn demand_loads(self) -> Answer<()> {
        let hint = "correct it; with `{\"force\": true}` it is published all the same";
        let refused = self.error.map(|error| does_not_load(error, hint));
        refused.map_or(Ok(()), Err)
    }
}
