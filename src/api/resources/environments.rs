//! Environments: list and show them.

use super::builds::environment_of;
use super::prelude::*;
use crate::environment::json::{BuildStep, EnvironmentView, steps_of};
use crate::store::InstalledPackage;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_environments), routes!(get_environment)])
}

/// The query of a page of environments.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EnvironmentsQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// The maximum number of environments, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// A page of environments, newest first.
#[derive(Serialize, ToSchema)]
struct EnvironmentPage {
    items: Vec<EnvironmentView>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
}

/// List environments, newest first.
#[utoipa::path(get, path = "/api/v1/environments", params(EnvironmentsQuery), responses((status = 200, body = EnvironmentPage)))]
async fn list_environments(
    Reader(api, caller): Reader,
    Query(which): Query<EnvironmentsQuery>,
) -> JsonResult<EnvironmentPage> {
    api.work(move |api| {
        let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
        let mut all = workspace.store.environments(workspace.id())?;
        all.sort_by(|left, right| right.id.cmp(&left.id));
        let bounds = cursor::bounds(which.limit, which.cursor.as_deref())?;
        let (shown, next_cursor) = cursor::of_all(&all, bounds, |known| &known.id)?;
        let view = |known| EnvironmentView::new(known, &api.paths);
        let items = shown.iter().map(view).collect();
        Ok(Json(EnvironmentPage { items, next_cursor }))
    })
    .await
}

/// The maximum number of waiting runs that are listed with an environment.
const MAX_WAITING_RUNS: u32 = 50;

/// An environment with its installed packages.
#[derive(Serialize, ToSchema)]
struct EnvironmentDetails {
    #[serde(flatten)]
    environment: EnvironmentView,
    /// The steps of its build so far.
    steps: Vec<BuildStep>,
    /// The runs that wait for it, the next run first. At most 50.
    waiting_runs: Vec<String>,
    /// The installed packages, by name.
    packages: Option<Vec<InstalledPackage>>,
    /// The number of queued and running runs that need it.
    live_runs: u64,
}

/// Show an environment with its installed packages, the steps of its build, and the runs that wait for it.
#[utoipa::path(get, path = "/api/v1/environments/{id}", responses((status = 200, body = EnvironmentDetails)))]
async fn get_environment(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<EnvironmentDetails> {
    api.work(move |api| {
        let found = environment_of(api, &caller, "environment", &id)?;
        let store = &api.home().store;
        Ok(Json(EnvironmentDetails {
            environment: EnvironmentView::new(&found, &api.paths),
            steps: steps_of(&found)?,
            waiting_runs: store.waiting_runs_of_environment(&found.id, MAX_WAITING_RUNS)?,
            live_runs: store.live_runs_of_environment(&found.id)?,
            packages: found.contents.map(|contents| contents.packages),
        }))
    })
    .await
}
