//! Pauses of everything, or of one configuration.

use super::prelude::*;
use crate::workspace::pause;
use crate::workspace::pause::{ActivePause, checked_reason};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_pauses, pause_runs), routes!(resume_runs)])
}

/// The request for a pause.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPause {
    /// The configuration. If absent, everything.
    config_id: Option<String>,
    /// The reason, in one line.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl JsonBody for NewPause {}

/// The request to end a pause.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResumption {
    /// The configuration whose pause ends. If absent, the pause of everything.
    config_id: Option<String>,
}

impl JsonBody for NewResumption {}

/// Returns the named configuration and its workspace. Without a name, requires a token for all workspaces and returns the
/// server's workspace.
fn target<'a>(
    api: &BlockingApi<'a>,
    caller: &Caller,
    config_id: Option<&str>,
) -> ApiResult<(OpenWorkspace<'a>, Option<String>)> {
    let Some(id) = config_id else {
        caller.demand_server()?;
        return Ok((workspace_or_home(api, caller, None)?, None));
    };
    let known = configuration_of(api, caller, id)?.record;
    Ok((api.workspace(&known.workspace_id)?, Some(known.id)))
}

/// The list of current pauses.
#[derive(Serialize, ToSchema)]
struct PauseList {
    /// The pause of everything first, then the pauses of single configurations.
    items: Vec<ActivePause>,
}

/// The result of a request to end a pause.
#[derive(Serialize, ToSchema)]
struct ResumeResult {
    /// The pause that ended. Null if there was none.
    resumed: Option<ActivePause>,
}

/// List the pauses of everything, and of configurations in the token's workspaces.
#[utoipa::path(get, path = "/api/v1/pause", responses((status = 200, body = PauseList)))]
async fn list_pauses(Reader(api, caller): Reader) -> JsonResult<PauseList> {
    api.work(move |api| {
        let mut items = pause::all(api.home())?;
        items.retain(|paused| is_shown(api, &caller, paused));
        Ok(Json(PauseList { items }))
    })
    .await
}

fn is_shown(api: &BlockingApi<'_>, caller: &Caller, paused: &ActivePause) -> bool {
    paused.pause.configuration_id.as_ref().is_none_or(|id| {
        let known = api.home().store.configuration(id);
        known.is_ok_and(|known| caller.is_for(&known.record.workspace_id))
    })
}

/// Pause everything in all workspaces, or one configuration.
///
/// While it is paused, its runs are not claimed and its environments are not built. Runs that are being executed continue;
/// waiting runs stay in the queue, and new runs are accepted. Pausing everything needs a token for all workspaces.
#[utoipa::path(post, path = "/api/v1/pause", request_body = NewPause, responses((status = 200, body = ActivePause), (status = 404)))]
async fn pause_runs(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonResult<ActivePause> {
    api.work(move |api| {
        let (workspace, id) = target(api, &caller, new.config_id.as_deref())?;
        let reason = new.reason.as_deref().map(checked_reason).transpose();
        let reason = reason.map_err(|message| ApiError::field("reason", message))?;
        let (id, reason) = (id.as_deref(), reason.flatten());
        let paused = pause::pause(&workspace, id, reason.as_deref(), &caller.submitter())?;
        Ok(Json(paused))
    })
    .await
}

/// End the pause of everything, or of one configuration.
///
/// A configuration with its own pause stays paused when everything is resumed, and a resumed configuration waits while
/// everything is paused.
#[utoipa::path(post, path = "/api/v1/resume", request_body = NewResumption, responses((status = 200, body = ResumeResult), (status = 404)))]
async fn resume_runs(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewResumption>,
) -> JsonResult<ResumeResult> {
    api.work(move |api| {
        let (workspace, id) = target(api, &caller, new.config_id.as_deref())?;
        let resumed = pause::resume(&workspace, id.as_deref())?;
        Ok(Json(ResumeResult { resumed }))
    })
    .await
}
