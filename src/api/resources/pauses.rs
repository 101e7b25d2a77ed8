//! Pauses: of everything, or of one configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::configurations::Which;
use crate::api::access::caller::{Administrator, Caller, Reader};
use crate::api::http::answer::JsonAnswer;
use crate::api::http::body::{JsonBody, MaybeJson, Path};
use crate::api::http::problem::ApiError;
use crate::api::state::{Api, Blocking};
use crate::workspace::pause;
use crate::workspace::pause::{Paused, checked_reason};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, pause_all))
        .routes(routes!(resume_all))
        .routes(routes!(pause_config))
        .routes(routes!(resume_config))
}

/// Why something is paused.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPause {
    /// Why, in one line.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl JsonBody for NewPause {}

impl NewPause {
    fn checked(&self) -> Result<Option<String>, ApiError> {
        let checked = self.reason.as_deref().map(checked_reason).transpose();
        let reason = checked.map_err(|message| ApiError::field("reason", message))?;
        Ok(reason.flatten())
    }
}

/// What is paused.
#[derive(Serialize, ToSchema)]
struct PauseList {
    /// Everything first, then the configurations that are paused by themselves.
    items: Vec<Paused>,
}

/// What ended a pause, or found none.
#[derive(Serialize, ToSchema)]
struct Resumed {
    /// The pause that ended; null: there was none.
    #[schema(required)]
    resumed: Option<Paused>,
}

/// List what is paused: everything, and configurations of the token's workspaces.
#[utoipa::path(get, path = "/api/v1/pause", operation_id = "list_pauses", tag = "runs", responses(
    (status = 200, body = PauseList),
))]
async fn list(Reader(api, caller): Reader) -> JsonAnswer<PauseList> {
    api.work(move |api| {
        let mut items = pause::all(api.home())?;
        items.retain(|one| is_shown(api, &caller, one));
        Ok(axum::Json(PauseList { items }))
    })
    .await
}

fn is_shown(api: &Blocking<'_>, caller: &Caller, paused: &Paused) -> bool {
    paused.pause.configuration_id.as_ref().is_none_or(|id| {
        let known = api.home().store.configuration(id);
        known.is_ok_and(|known| caller.is_for(&known.record.workspace_id))
    })
}

/// Pause everything, in all workspaces.
///
/// No run is claimed and no environment is built until it is resumed. Runs that are being executed go on; runs that wait are left
/// waiting, and new ones are accepted. Needs a token for all workspaces.
#[utoipa::path(post, path = "/api/v1/pause", operation_id = "pause_everything", tag = "runs", request_body = NewPause, responses(
    (status = 200, body = Paused),
))]
async fn pause_all(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonAnswer<Paused> {
    caller.demand_server()?;
    let reason = new.checked()?;
    api.work(move |api| {
        let paused = pause::pause(api.home(), None, reason.as_deref(), &caller.submitter())?;
        Ok(axum::Json(paused))
    })
    .await
}

/// End the pause of everything. Configurations that are paused by themselves stay paused.
#[utoipa::path(post, path = "/api/v1/resume", operation_id = "resume_everything", tag = "runs", responses(
    (status = 200, body = Resumed),
))]
async fn resume_all(Administrator(api, caller): Administrator) -> JsonAnswer<Resumed> {
    caller.demand_server()?;
    api.work(move |api| {
        let resumed = pause::resume(api.home(), None)?;
        Ok(axum::Json(Resumed { resumed }))
    })
    .await
}

/// Pause a configuration: none of its runs is claimed, and no environment is built for it, until it is resumed.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/pause", operation_id = "pause_config", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration")),
    request_body = NewPause,
    responses(
        (status = 200, body = Paused),
    )
)]
async fn pause_config(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonAnswer<Paused> {
    let reason = new.checked()?;
    api.work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let id = Some(known.record.id.as_str());
        let paused = pause::pause(&workspace, id, reason.as_deref(), &caller.submitter())?;
        Ok(axum::Json(paused))
    })
    .await
}

/// End the pause of a configuration. It goes on waiting where everything is paused.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/resume", operation_id = "resume_config", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration")),
    responses(
        (status = 200, body = Resumed),
    )
)]
async fn resume_config(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
) -> JsonAnswer<Resumed> {
    api.work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let resumed = pause::resume(&workspace, Some(&known.record.id))?;
        Ok(axum::Json(Resumed { resumed }))
    })
    .await
}
