//! Configurations: upload, edit a draft, publish, activate; list, show, versions.
//!
//! Each route of one configuration has a longer name with its workspace, `/api/v1/workspaces/{workspace}/configs/{config_id}/…`, which
//! is another name for the same and is not described a second time.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::documents::FileForm;
use super::runs::configuration_of;
use super::workspaces::known_workspace;
use crate::api::access::caller::{Administrator, Caller, Reader};
use crate::api::description::schemas::{
    ConfigurationPage, DraftFile, DraftFileList, KnownConfiguration as Shape, Version, VersionList,
};
use crate::api::http::answer::{Answer, created, status_of};
use crate::api::http::body::{Json, JsonBody, Path, Query};
use crate::api::http::cursor;
use crate::api::http::download;
use crate::api::http::download::Download;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::api::transfer::upload::{Upload, media_type};
use crate::base::files::name_of;
use crate::base::problem::code;
use crate::store::KnownConfiguration;
use crate::workspace::Workspace;
use crate::workspace::configurations::archive::LARGEST_FILE;
use crate::workspace::configurations::{
    Spool, configuration_json, draft, draft_file_json, publish, version_json,
};

pub fn routes() -> OpenApiRouter<Api> {
    const LONG: &str = "/api/v1/workspaces/{workspace}/configs/{config_id}";
    let long = |rest: &str| format!("{LONG}{rest}");
    OpenApiRouter::with_openapi(Files::openapi())
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(replace_draft))
        .routes(routes!(versions))
        .routes(routes!(files))
        .routes(routes!(publish_version))
        .routes(routes!(activate))
        .routes(routes!(deactivate))
        .route(
            "/api/v1/configs/{config_id}/files/{*path}",
            get(read_file).put(write_file).delete(delete_file),
        )
        .route(LONG, get(show))
        .route(&long("/draft"), axum::routing::put(replace_draft))
        .route(&long("/versions"), get(versions))
        .route(&long("/files"), get(files))
        .route(
            &long("/files/{*path}"),
            get(read_file).put(write_file).delete(delete_file),
        )
        .route(&long("/publish"), post(publish_version))
        .route(&long("/activate"), post(activate))
        .route(&long("/deactivate"), post(deactivate))
        .layer(DefaultBodyLimit::disable())
}

/// A path has slashes in it, for which a description has no words: it shows the path as one part.
#[derive(OpenApi)]
#[openapi(paths(read_file, write_file, delete_file))]
struct Files;

/// Which configuration, and which file of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Which {
    workspace: Option<String>,
    config_id: String,
    path: Option<String>,
}

impl Which {
    /// The configuration, in a workspace that the caller's token is for.
    pub fn find(
        &self,
        api: &Api,
        caller: &Caller,
    ) -> Result<(Arc<Workspace>, KnownConfiguration), ApiError> {
        let known = configuration_of(api, caller, &self.config_id)?;
        let workspace = &known.record.workspace_id;
        if self
            .workspace
            .as_ref()
            .is_some_and(|named| named != workspace)
        {
            return Err(ApiError::not_found("configuration", &self.config_id));
        }
        Ok((api.workspace(workspace)?, known))
    }

    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

/// A page of configurations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// The largest number of configurations, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List a workspace's configurations, the active one first, then by name.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/configs", operation_id = "list_configs", tag = "configurations",
    params(("workspace" = String, Path, description = "The workspace"), Page),
    responses(
        (status = 200, body = ConfigurationPage),
    )
)]
async fn list(
    Reader(api, caller): Reader,
    Path(workspace): Path<String>,
    Query(page): Query<Page>,
) -> Answer {
    api.slow_work(move |api| {
        let workspace = known_workspace(api, &caller, &workspace)?;
        let all = workspace.store.configurations(workspace.id())?;
        let bounds = cursor::bounds(page.limit, page.cursor.as_deref())?;
        let page = cursor::of_all(
            &all,
            bounds,
            |known| &known.record.id,
            |known| configuration_json(known, &api.paths),
        )?;
        Ok(axum::Json(page))
    })
    .await
}

/// How a configuration is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// Its name; otherwise the one in its manifest.
    name: Option<String>,
}

/// A configuration without files yet.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConfiguration {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

impl JsonBody for NewConfiguration {}

/// Upload a configuration.
///
/// The body is an archive of its folder, a ZIP or a tar in gzip, as it is or as the file of a form. A folder that holds everything is
/// taken off. Or the body is JSON with a name, and files follow one by one. What was uploaded is a draft until it is published.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/configs", operation_id = "create_config", tag = "configurations",
    params(("workspace" = String, Path, description = "The workspace"), Named),
    request_body(content(
        (Vec<u8> = "application/zip"),
        (Vec<u8> = "application/gzip"),
        (FileForm = "multipart/form-data"),
        (NewConfiguration = "application/json"),
    )),
    responses(
        (status = 201, body = Shape, headers(("Location" = String, description = "The configuration"))),
    )
)]
async fn create(
    Administrator(api, caller): Administrator,
    Path(workspace): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Answer<Response> {
    let workspace = api
        .slow_work(move |api| known_workspace(api, &caller, &workspace))
        .await?;
    let (name, content) = if media_type(request.headers()) == "application/json" {
        let Json(new) =
            <Json<NewConfiguration> as axum::extract::FromRequest<()>>::from_request(request, &())
                .await?;
        (Some(new.name), None)
    } else {
        let limit = workspace.settings.upload_limit;
        let content = receive(&api, &workspace, request, limit, is_archive).await?;
        (named.name, Some(content))
    };
    let known = api
        .slow_work(move |_| {
            draft::create(&workspace, name.as_deref(), content).map_err(|error| {
                let error = ApiError::from(error);
                match error.code() {
                    code::BAD_NAME => error.of_field("name"),
                    _ => error,
                }
            })
        })
        .await?;
    Ok(created(
        StatusCode::CREATED,
        "configs",
        configuration_json(&known, &api.paths),
    ))
}

/// Takes in a file of at most `limit` bytes.
async fn receive(
    api: &Api,
    workspace: &Arc<Workspace>,
    request: Request,
    limit: u64,
    is_type: fn(&str) -> bool,
) -> Result<Spool, ApiError> {
    let upload = Upload::of(request, limit, is_type).await?;
    let workspace = Arc::clone(workspace);
    upload
        .pour(api, move |_, _| Ok(Spool::begin(&workspace, limit)?))
        .await
}

fn is_archive(kind: &str) -> bool {
    matches!(
        kind,
        "application/zip"
            | "application/x-zip-compressed"
            | "application/gzip"
            | "application/x-gzip"
            | "application/x-tar+gzip"
            | "application/octet-stream"
    )
}

/// Show a configuration.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}", operation_id = "get_config", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = Shape),
))]
async fn show(Reader(api, caller): Reader, Path(which): Path<Which>) -> Answer {
    api.slow_work(move |api| {
        let (_, known) = which.find(api, &caller)?;
        Ok(axum::Json(configuration_json(&known, &api.paths)))
    })
    .await
}

/// Replace the draft of an uploaded configuration by the files of an archive.
#[utoipa::path(put, path = "/api/v1/configs/{config_id}/draft", operation_id = "replace_config_draft", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration")),
    request_body(content(
        (Vec<u8> = "application/zip"),
        (Vec<u8> = "application/gzip"),
        (FileForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, body = DraftFileList),
        (status = 409),
    )
)]
async fn replace_draft(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
    request: Request,
) -> Answer {
    let (workspace, known) = api.slow_work(move |api| which.find(api, &caller)).await?;
    let limit = workspace.settings.upload_limit;
    let content = receive(&api, &workspace, request, limit, is_archive).await?;
    api.slow_work(move |_| {
        draft::replace(&workspace, &known, content)?;
        listed(&workspace, &known)
    })
    .await
}

/// List the published versions, newest first.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions", operation_id = "list_config_versions", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = VersionList),
))]
async fn versions(Reader(api, caller): Reader, Path(which): Path<Which>) -> Answer {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let versions = workspace.store.versions(&known.record.id)?;
        let items: Vec<Value> = versions.iter().map(version_json).collect();
        Ok(axum::Json(json!({"items": items})))
    })
    .await
}

/// List the files of a draft.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/files", operation_id = "list_config_files", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = DraftFileList),
    (status = 409),
))]
async fn files(Reader(api, caller): Reader, Path(which): Path<Which>) -> Answer {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        listed(&workspace, &known)
    })
    .await
}

fn listed(workspace: &Workspace, known: &KnownConfiguration) -> Answer {
    let files = draft::files(workspace, known)?;
    let items: Vec<Value> = files.iter().map(draft_file_json).collect();
    Ok(axum::Json(json!({"items": items})))
}

/// Read a file of a draft.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/files/{path}", operation_id = "download_config_file", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), ("path" = String, Path, description = "The file's path in the configuration; its slashes are slashes")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The part that was asked for"),
        (status = 304, description = "The client has it"),
        (status = 409), (status = 416),
    )
)]
async fn read_file(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    let path = api
        .slow_work(move |api| {
            let (workspace, known) = which.find(api, &caller)?;
            draft::file(&workspace, &known, which.path()).map_err(about_path)
        })
        .await?;
    let name = name_of(&path);
    let file = Download {
        path: &path,
        name: &name,
        kind: "application/octet-stream",
        tag: None,
    };
    download::serve(&file, &headers).await
}

/// Write a file of a draft. The body is the file.
#[utoipa::path(put, path = "/api/v1/configs/{config_id}/files/{path}", operation_id = "write_config_file", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), ("path" = String, Path, description = "The file's path in the configuration; its slashes are slashes")),
    request_body(content((Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 201, description = "It is new", body = DraftFile),
        (status = 200, description = "It replaces the file before", body = DraftFile),
        (status = 409),
    )
)]
async fn write_file(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
    request: Request,
) -> Answer<Response> {
    let asked = which.clone();
    let (workspace, known) = api.slow_work(move |api| asked.find(api, &caller)).await?;
    let limit = workspace.settings.upload_limit.min(LARGEST_FILE);
    // A file of a configuration is Python, TOML or anything else.
    let content = receive(&api, &workspace, request, limit, |_| true).await?;
    api.slow_work(move |_| {
        let written = draft::write(&workspace, &known, which.path(), content);
        let (file, is_new) = written.map_err(about_path)?;
        let status = status_of(is_new, StatusCode::CREATED);
        Ok((status, axum::Json(draft_file_json(&file))).into_response())
    })
    .await
}

/// Delete a file of a draft.
#[utoipa::path(delete, path = "/api/v1/configs/{config_id}/files/{path}", operation_id = "delete_config_file", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), ("path" = String, Path, description = "The file's path in the configuration; its slashes are slashes")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409),
    )
)]
async fn delete_file(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
) -> Result<StatusCode, ApiError> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        draft::delete(&workspace, &known, which.path()).map_err(about_path)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn about_path(error: crate::workspace::configurations::ConfigurationsError) -> ApiError {
    let error = ApiError::from(error);
    match error.code() {
        code::BAD_NAME => error.of_field("path"),
        _ => error,
    }
}

/// Publish a configuration.
///
/// The draft of an uploaded one, or the folder of another one as it is now, becomes a version that never changes. It is the one that
/// runs use from now on, the former one is archived, and the configuration is the workspace's active one.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/publish", operation_id = "publish_config", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 201, body = Version),
    (status = 409),
))]
async fn publish_version(
    Administrator(api, caller): Administrator,
    Path(which): Path<Which>,
) -> Answer<Response> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let version = publish::publish(&workspace, &known)?;
        Ok((StatusCode::CREATED, axum::Json(version_json(&version))).into_response())
    })
    .await
}

/// Make a configuration the one that its workspace's runs use by default.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/activate", operation_id = "activate_config", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = Shape),
    (status = 409),
))]
async fn activate(Administrator(api, caller): Administrator, Path(which): Path<Which>) -> Answer {
    set_active(&api, caller, which, true).await
}

/// End that a configuration is the one that its workspace's runs use by default.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/deactivate", operation_id = "deactivate_config", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = Shape),
))]
async fn deactivate(Administrator(api, caller): Administrator, Path(which): Path<Which>) -> Answer {
    set_active(&api, caller, which, false).await
}

async fn set_active(api: &Api, caller: Caller, which: Which, active: bool) -> Answer {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let known = publish::set_active(&workspace, &known, active)?;
        Ok(axum::Json(configuration_json(&known, &api.paths)))
    })
    .await
}
