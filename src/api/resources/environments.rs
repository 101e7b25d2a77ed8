//! Environments: list, show.

use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::builds::environment_of;
use super::workspaces::known_workspace;
use crate::api::access::caller::Reader;
use crate::api::description::schemas::{EnvironmentDetails, EnvironmentPage};
use crate::api::http::answer::Answer;
use crate::api::http::body::{Path, Query};
use crate::api::http::cursor;
use crate::api::state::Api;
use crate::environment::json::{environment_json, steps_of};

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

/// List environments, newest first.
#[utoipa::path(get, path = "/api/v1/environments", operation_id = "list_environments", tag = "environments", params(Which), responses(
    (status = 200, body = EnvironmentPage),
))]
async fn list(Reader(api, caller): Reader, Query(which): Query<Which>) -> Answer {
    api.work(move |api| {
        let id = which.workspace.as_deref().unwrap_or(api.home().id());
        let workspace = known_workspace(api, &caller, id)?;
        let mut all = workspace.store.environments(workspace.id())?;
        all.sort_by(|left, right| right.id.cmp(&left.id));
        let bounds = cursor::bounds(which.limit, which.cursor.as_deref())?;
        let page = cursor::of_all(
            &all,
            bounds,
            |known| &known.id,
            |known| environment_json(known, &api.paths),
        )?;
        Ok(axum::Json(page))
    })
    .await
}

/// The most runs that are listed with the environment that they wait for.
const MOST_WAITING: u32 = 50;

/// Show an environment, with what is installed in it, the steps of its build, and the runs that wait for it.
#[utoipa::path(get, path = "/api/v1/environments/{id}", operation_id = "get_environment", tag = "environments", params(("id" = String, Path, description = "The environment")), responses(
    (status = 200, body = EnvironmentDetails),
))]
async fn show(Reader(api, caller): Reader, Path(id): Path<String>) -> Answer {
    api.work(move |api| {
        let found = environment_of(api, &caller, "environment", &id)?;
        let store = &api.home().store;
        let runs = store.live_runs_of_environment(&found.id)?;
        let waiting = store.waiting_runs_of_environment(&found.id, MOST_WAITING)?;
        let mut object = environment_json(&found, &api.paths);
        object["steps"] = json!(steps_of(&found)?);
        object["waiting_runs"] = json!(waiting);
        object["packages"] = json!(found.contents.map(|contents| contents.packages));
        object["live_runs"] = json!(runs);
        Ok(axum::Json(object))
    })
    .await
}
