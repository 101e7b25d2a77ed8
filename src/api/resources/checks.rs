//! Checks configurations, and publishes them after a check: the engine loads the draft, or the folder as it is now, as a run
//! would load it.

use std::collections::BTreeMap;

use super::builds::in_time;
use super::configurations::ConfigurationPath;
use super::drafts::meant;
use super::prelude::*;
use crate::api::state::busy;
use crate::base::cancel::Cancel;
use crate::checks::check::{CheckError, CheckedConfiguration, check_in};
use crate::environment::needed::prepare::{PreparedConfiguration, due_when_asked, prepare_frozen};
use crate::environment::provide::ask;
use crate::environment::provide::rebuild::is_usable;
use crate::settings::SafeMode;
use crate::store::{EnvironmentRecord, EnvironmentStatus, FailureRecord};
use crate::workspace::configurations::publish::{self, FrozenSources, freeze};
use crate::workspace::configurations::{Precondition, VersionObject as Version, version_json};

/// The seconds after which a client asks again. Building an environment takes seconds.
const ASK_AGAIN: u16 = 2;

pub fn routes() -> OpenApiRouter<Api> {
    named([routes!(check_config), routes!(publish_config)])
}

/// The result of checking a configuration.
#[derive(Serialize, ToSchema)]
pub struct ConfigurationCheck {
    /// True if the configuration loads.
    loads: bool,
    /// The numbers of registered fields, detectors, transforms, validators and hooks. Empty if the configuration does not load.
    registered: BTreeMap<String, u64>,
    /// Sentences about parts of the configuration that have no effect.
    warnings: Vec<String>,
    /// The reason why the configuration does not load, as a failed run would report it.
    error: Option<FailureRecord>,
    /// The environment in which the configuration was loaded.
    environment_id: String,
    /// The digest of the checked files.
    source_digest: String,
}

/// Load the draft, or the folder, as a run would load it, to check the configuration.
///
/// This is the request of `ade check`: it reports mistakes with file and line. Nothing is run or recorded. If the environment
/// of these files is not ready, the status is 409 `environment_not_ready`: a worker builds it, and the same request succeeds
/// afterwards.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/check", responses((status = 200, body = ConfigurationCheck), (status = 409)))]
async fn check_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
) -> JsonResult<ConfigurationCheck> {
    let (workspace, known, frozen) = frozen(&api, caller, which, Precondition::Unsaid).await?;
    let checked = load(&api, &workspace, &known, &frozen).await?;
    Ok(Json(checked))
}

/// Publish a configuration as a new version.
///
/// The draft of an uploaded configuration, or the current folder of another one, becomes a version that never changes. The
/// version is active: runs use it from now on, and the former version is archived. If the workspace has no default
/// configuration yet, this configuration becomes the default.
///
/// The configuration is first checked as by `check`. If it does not load, it is refused with 409 `config_invalid`, and `error`
/// says where it fails.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/publish",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the list of files that is meant")),
    request_body = PublishRequest,
    responses((status = 201, body = Version), (status = 409), (status = 412))
)]
async fn publish_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    headers: HeaderMap,
    MaybeJson(wanted): MaybeJson<PublishRequest>,
) -> ApiResult<Response> {
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

/// Returns a configuration with a copy of its current files.
async fn frozen(
    api: &Api,
    caller: Caller,
    which: ConfigurationPath,
    precondition: Precondition,
) -> ApiResult<(WorkspaceHandle, KnownConfiguration, FrozenSources)> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let frozen = freeze(&workspace, &known, &precondition)?;
        Ok((workspace.carry(), known, frozen))
    })
    .await
}

/// The options of a publication.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct PublishRequest {
    /// Publish without a check, even if the configuration does not load.
    force: bool,
}

impl JsonBody for PublishRequest {}

/// Loads the files of a configuration in their environment.
///
/// # Errors
/// The environment is not ready, or the files could not be checked. A configuration that does not load is a result, not an
/// error.
pub async fn load(
    api: &Api,
    workspace: &WorkspaceHandle,
    known: &KnownConfiguration,
    frozen: &FrozenSources,
) -> ApiResult<ConfigurationCheck> {
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
    frozen: &FrozenSources,
    cancel: &Cancel,
    paths: &dyn ShowPath,
) -> ApiResult<ConfigurationCheck> {
    let (prepared, environment) = at_hand(workspace, known, frozen)?;
    let found = match check_in(workspace, &prepared, &environment, false, cancel) {
        Ok(found) => Ok(found),
        Err(CheckError::DoesNotLoad(failure)) => Err(failure.shown(paths)),
        Err(error) => return Err(not_checked(error)),
    };
    let (found, error) = match found {
        Ok(found) => (found, None),
        Err(error) => (CheckedConfiguration::default(), Some(error)),
    };
    let warnings = found.warnings.iter();
    Ok(ConfigurationCheck {
        loads: error.is_none(),
        registered: found.registered.into_iter().collect(),
        warnings: warnings.map(|text| paths.text(text).into_owned()).collect(),
        error,
        environment_id: environment.id,
        source_digest: frozen.source_digest.clone(),
    })
}

/// Prepares files for loading, if the operator allows that, and returns them with their ready environment.
pub fn at_hand(
    workspace: &Workspace,
    known: &KnownConfiguration,
    frozen: &FrozenSources,
) -> ApiResult<(PreparedConfiguration, EnvironmentRecord)> {
    demand_no_safe_mode(workspace)?;
    let (snapshot, digest) = (&frozen.snapshot, &frozen.source_digest);
    let prepared = prepare_frozen(workspace, &known.record, snapshot, digest)?;
    let environment = ready(workspace, &prepared)?;
    Ok((prepared, environment))
}

/// Returns an error if the operator does not allow to load code of configurations.
pub fn demand_no_safe_mode(workspace: &Workspace) -> ApiResult<()> {
    if workspace.settings.safe_mode != SafeMode::Off {
        let detail = "no configuration is loaded: the server is in safe mode";
        let hint =
            "the operator can switch safe mode off; `{\"force\": true}` publishes without a check";
        return Err(ApiError::from_code(code::SAFE_MODE_ENABLED, detail).hint(hint));
    }
    Ok(())
}

/// Converts the error of a check that had no result.
pub fn not_checked(error: CheckError) -> ApiError {
    match error {
        CheckError::Cancelled => busy("the server is stopping"),
        // The client can do nothing about a full disk.
        CheckError::NoTemporaryFolder(_) => ApiError::internal(error.to_string()),
        error => error.into(),
    }
}

/// Returns the error for a configuration that does not load.
pub fn does_not_load(error: FailureRecord, hint: &str) -> ApiError {
    let detail = format!("the configuration does not load: {}", error.message);
    ApiError::from_code(code::CONFIG_INVALID, detail)
        .hint(hint)
        .because_of(error)
}

/// Returns the environment of prepared files if it is ready. Otherwise requests it and returns an error.
pub fn ready(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
) -> ApiResult<EnvironmentRecord> {
    let known = workspace.store.environment_of(&prepared.key)?;
    // An environment that has just failed reports that; later it is tried once more.
    let failed = known.filter(|known| {
        known.status == EnvironmentStatus::Failed
            && due_when_asked(workspace, known) > workspace.machine.now()
    });
    if let Some(failed) = failed {
        let why = failed.error.map_or_else(String::new, |error| error.message);
        let hint = format!(
            "correct the dependencies; `GET /api/v1/builds/{}/logs` has the whole output of the installer",
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
    Err(ApiError::from_code(code::ENVIRONMENT_NOT_READY, detail)
        .hint(hint)
        .retry_after(ASK_AGAIN))
}

impl ConfigurationCheck {
    /// Returns an error if the configuration does not load, so that it is not published.
    pub fn demand_loads(self) -> ApiResult<()> {
        let hint = "correct it; `{\"force\": true}` publishes it anyway";
        let refused = self.error.map(|error| does_not_load(error, hint));
        refused.map_or(Ok(()), Err)
    }
}
