//! Environments: list, show.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::builds::environment_of;
use super::workspaces::known_workspace;
use crate::api::access::caller::Reader;
use crate::api::http::answer::JsonAnswer;
use crate::api::http::body::{Path, Query};
use crate::api::http::cursor;
use crate::api::state::Api;
use crate::environment::json::{BuildStep, EnvironmentView, steps_of};
use crate::store::Package;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// Which environments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The workspace; absent: that of the server.
    workspace: Option<String>,
    /// The largest number of environments, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of environments, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct EnvironmentPage {
    items: Vec<EnvironmentView>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List environments, newest first.
#[utoipa::path(get, path = "/api/v1/environments", operation_id = "list_environments", tag = "environments", params(Which), responses(
    (status = 200, body = EnvironmentPage),
))]
async fn list(
    Reader(api, caller): Reader,
    Query(which): Query<Which>,
) -> JsonAnswer<EnvironmentPage> {
    api.work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        let mut all = workspace.store.environments(workspace.id())?;
        all.sort_by(|left, right| right.id.cmp(&left.id));
        let bounds = cursor::bounds(which.limit, which.cursor.as_deref())?;
        let (shown, next_cursor) = cursor::of_all(&all, bounds, |known| &known.id)?;
        let view = |known| EnvironmentView::of(known, &api.paths);
        let items = shown.iter().map(view).collect();
        Ok(axum::Json(EnvironmentPage { items, next_cursor }))
    })
    .await
}

/// The most runs that are listed with the environment that they wait for.
const MOST_WAITING: u32 = 50;

/// An environment with what is installed in it.
#[derive(Debug, Serialize, ToSchema)]
struct EnvironmentDetails {
    #[serde(flatten)]
    environment: EnvironmentView,
    /// The steps of its build, as far as they have come.
    steps: Vec<BuildStep>,
    /// The runs that wait for it, the next one first; 50 at most.
    waiting_runs: Vec<String>,
    /// What is installed, by name.
    #[schema(required)]
    packages: Option<Vec<Package>>,
    /// Queued and running runs that need it.
    live_runs: u64,
}

/// Show an environment, with what is installed in it, the steps of its build, and the runs that wait for it.
#[utoipa::path(get, path = "/api/v1/environments/{id}", operation_id = "get_environment", tag = "environments", params(("id" = String, Path, description = "The environment")), responses(
    (status = 200, body = EnvironmentDetails),
))]
async fn show(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonAnswer<EnvironmentDetails> {
    api.work(move |api| {
        let found = environment_of(api, &caller, "environment", &id)?;
        let store = &api.home().store;
        Ok(axum::Json(EnvironmentDetails {
            environment: EnvironmentView::of(&found, &api.paths),
            steps: steps_of(&found)?,
            waiting_runs: store.waiting_runs_of_environment(&found.id, MOST_WAITING)?,
            live_runs: store.live_runs_of_environment(&found.id)?,
            packages: found.contents.map(|contents| contents.packages),
        }))
    })
    .await
}
