//! Pauses: of everything, or of one configuration.

use super::configurations::Which;
use super::prelude::*;
use crate::workspace::pause;
use crate::workspace::pause::{Paused, checked_reason};

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(list_pauses, pause_everything),
        routes!(resume_everything),
        routes!(pause_config),
        routes!(resume_config),
    ])
}

/// Why something is paused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPause {
    /// Why, in one line.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl JsonBody for NewPause {}

impl NewPause {
    fn checked(&self) -> Answer<Option<String>> {
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
    resumed: Option<Paused>,
}

/// List what is paused: everything, and configurations of the token's workspaces.
#[utoipa::path(get, path = "/api/v1/pause", responses((status = 200, body = PauseList)))]
async fn list_pauses(Reader(api, caller): Reader) -> JsonAnswer<PauseList> {
    api.work(move |api| {
        let mut items = pause::all(api.home())?;
        items.retain(|one| is_shown(api, &caller, one));
        Ok(Json(PauseList { items }))
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
#[utoipa::path(post, path = "/api/v1/pause", request_body = NewPause, responses((status = 200, body = Paused)))]
async fn pause_everything(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonAnswer<Paused> {
    caller.demand_server()?;
    let reason = new.checked()?;
    api.work(move |api| {
        let paused = pause::pause(api.home(), None, reason.as_deref(), &caller.submitter())?;
        Ok(Json(paused))
    })
    .await
}

/// End the pause of everything. Configurations that are paused by themselves stay paused.
#[utoipa::path(post, path = "/api/v1/resume", responses((status = 200, body = Resumed)))]
async fn resume_everything(Administrator(api, caller): Administrator) -> JsonAnswer<Resumed> {
    caller.demand_server()?;
    api.work(move |api| {
        let resumed = pause::resume(api.home(), None)?;
        Ok(Json(Resumed { resumed }))
    })
    .await
}

/// Pause a configuration: none of its runs is claimed, and no environment is built for it, until it is resumed.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/pause",
    tag = "configurations",
    request_body = NewPause,
    responses((status = 200, body = Paused))
)]
async fn pause_config(
    Administrator(api, caller): Administrator,
    which: Which,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonAnswer<Paused> {
    let reason = new.checked()?;
    api.work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let id = Some(known.record.id.as_str());
        let paused = pause::pause(&workspace, id, reason.as_deref(), &caller.submitter())?;
        Ok(Json(paused))
    })
    .await
}

/// End the pause of a configuration. It goes on waiting where everything is paused.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/resume",
    tag = "configurations",
    responses((status = 200, body = Resumed))
)]
async fn resume_config(
    Administrator(api, caller): Administrator,
    which: Which,
) -> JsonAnswer<Resumed> {
    api.work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let resumed = pause::resume(&workspace, Some(&known.record.id))?;
        Ok(Json(Resumed { resumed }))
    })
    .await
}
