//! Pauses: of everything, or of one configuration.

use super::prelude::*;
use crate::workspace::pause;
use crate::workspace::pause::{Paused, checked_reason};

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_pauses, pause_runs), routes!(resume_runs)])
}

/// What is to be paused, and why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPause {
    /// The configuration; absent: everything.
    config_id: Option<String>,
    /// Why, in one line.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl JsonBody for NewPause {}

/// Which pause is to end.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResumption {
    /// That of this configuration; absent: that of everything.
    config_id: Option<String>,
}

impl JsonBody for NewResumption {}

/// Finds the configuration that is named, and its workspace; without one the workspace of the server, with a token for all workspaces.
fn target<'a>(
    api: &Blocking<'a>,
    caller: &Caller,
    config_id: Option<&str>,
) -> Answer<(Opened<'a>, Option<String>)> {
    let Some(id) = config_id else {
        caller.demand_server()?;
        return Ok((workspace_or_home(api, caller, None)?, None));
    };
    let known = configuration_of(api, caller, id)?.record;
    Ok((api.workspace(&known.workspace_id)?, Some(known.id)))
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

/// Pause everything in all workspaces, or one configuration.
///
/// No run of it is claimed and no environment is built for it until it is resumed. Runs that are being executed go on; runs that wait are
/// left waiting, and new ones are accepted. To pause everything needs a token for all workspaces.
#[utoipa::path(post, path = "/api/v1/pause", request_body = NewPause, responses((status = 200, body = Paused), (status = 404)))]
async fn pause_runs(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewPause>,
) -> JsonAnswer<Paused> {
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
/// Configurations that are paused by themselves stay paused when everything is resumed, and one that is resumed waits where everything is
/// paused.
#[utoipa::path(post, path = "/api/v1/resume", request_body = NewResumption, responses((status = 200, body = Resumed), (status = 404)))]
async fn resume_runs(
    Administrator(api, caller): Administrator,
    MaybeJson(new): MaybeJson<NewResumption>,
) -> JsonAnswer<Resumed> {
    api.work(move |api| {
        let (workspace, id) = target(api, &caller, new.config_id.as_deref())?;
        let resumed = pause::resume(&workspace, id.as_deref())?;
        Ok(Json(Resumed { resumed }))
    })
    .await
}
