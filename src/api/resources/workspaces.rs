//! Workspaces: list, create, show, rename and delete them.

use super::collection::{Deletion, DeletionQuery};
use super::prelude::*;
use crate::environment::collection::named::{remove_workspace, rename_workspace};
use crate::settings::paths::checked_segment;
use crate::store::WorkspaceRecord;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(list_workspaces, create_workspace),
        routes!(get_workspace, update_workspace, delete_workspace),
    ])
}

/// Workspaces in the order of their ids.
#[derive(Serialize, ToSchema)]
struct WorkspaceList {
    items: Vec<WorkspaceRecord>,
}

/// Returns all workspaces. The server's own workspace always exists; it is recorded here if it was not yet.
fn all(api: &BlockingApi<'_>) -> ApiResult<Vec<WorkspaceRecord>> {
    let home = api.home();
    let recorded = home.store.workspaces()?;
    if recorded.iter().any(|record| record.id == home.id()) {
        return Ok(recorded);
    }
    home.store.add_workspace(home.id(), home.machine.now())?;
    Ok(home.store.workspaces()?)
}

/// Returns the record of the workspace with this id, which the caller's token must cover.
fn recorded(api: &BlockingApi<'_>, caller: &Caller, id: &str) -> ApiResult<WorkspaceRecord> {
    caller.demand(id, "workspace", id)?;
    let found = all(api)?.into_iter().find(|record| record.id == id);
    found.ok_or_else(|| ApiError::not_found("workspace", id))
}

/// List the workspaces that the token covers.
#[utoipa::path(get, path = "/api/v1/workspaces", responses((status = 200, body = WorkspaceList)))]
async fn list_workspaces(Reader(api, caller): Reader) -> JsonResult<WorkspaceList> {
    api.work(move |api| {
        let mut items = all(api)?;
        items.retain(|record| caller.is_for(&record.id));
        Ok(Json(WorkspaceList { items }))
    })
    .await
}

/// The request for a new workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWorkspace {
    /// Letters, digits, `.`, `_` and `-`, at most 100 of them.
    #[schema(pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$")]
    id: String,
}

impl JsonBody for NewWorkspace {}

/// Create a workspace with an id.
#[utoipa::path(post, path = "/api/v1/workspaces",
    request_body = NewWorkspace,
    responses(
        (status = 201, body = WorkspaceRecord, headers(("Location" = String, description = "The workspace"))),
        (status = 200, description = "It is there already", body = WorkspaceRecord)
    )
)]
async fn create_workspace(
    Administrator(api, caller): Administrator,
    Json(new): Json<NewWorkspace>,
) -> ApiResult<Response> {
    api.work(move |api| {
        checked_segment("workspace", &new.id)
            .map_err(|error| ApiError::field("id", error.to_string()))?;
        if !caller.is_for(&new.id) {
            return Err(ApiError::field(
                "id",
                "is not one of the token's workspaces",
            ));
        }
        let home = api.home();
        let (record, is_new) = home.store.add_workspace(&new.id, home.machine.now())?;
        let status = status_of(is_new, StatusCode::CREATED);
        Ok(created(status, "workspaces", record))
    })
    .await
}

/// Show a workspace by its id.
#[utoipa::path(get, path = "/api/v1/workspaces/{id}", responses((status = 200, body = WorkspaceRecord)))]
async fn get_workspace(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
) -> JsonResult<WorkspaceRecord> {
    api.work(move |api| recorded(api, &caller, &id).map(Json))
        .await
}

/// The new name of a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WorkspaceChange {
    /// One line of at most 100 characters. The id stays the same.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

impl JsonBody for WorkspaceChange {}

/// Rename a workspace. Its id, which addresses, tokens and settings use, stays the same.
#[utoipa::path(patch, path = "/api/v1/workspaces/{id}",
    request_body = WorkspaceChange,
    responses((status = 200, body = WorkspaceRecord))
)]
async fn update_workspace(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
    Json(wanted): Json<WorkspaceChange>,
) -> JsonResult<WorkspaceRecord> {
    api.work(move |api| {
        recorded(api, &caller, &id)?;
        let renamed = rename_workspace(api.home(), &id, &wanted.name);
        Ok(Json(renamed.map_err(ApiError::of_name)?))
    })
    .await
}

/// Delete a workspace that has no configurations, documents or runs.
///
/// With `dry_run`, the response is the same, but nothing is deleted. The server's own workspace cannot be deleted. Tokens for
/// this workspace alone stay, and are valid for it if it is created again.
#[utoipa::path(delete, path = "/api/v1/workspaces/{id}",
    params(DeletionQuery),
    responses((status = 200, body = Deletion), (status = 409))
)]
async fn delete_workspace(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
    Query(how): Query<DeletionQuery>,
) -> JsonResult<Deletion> {
    api.slow_work(move |api| {
        recorded(api, &caller, &id)?;
        let report = remove_workspace(api.home(), &id, how.dry_run)?;
        Ok(Json(Deletion::new(report, &api.paths)))
    })
    .await
}
