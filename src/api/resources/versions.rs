//! The published versions of a configuration, their files, and what differs between them, the draft and the folder.

use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::configurations::Which;
use super::drafts::{list_files, serve_file};
use crate::api::access::caller::Reader;
use crate::api::http::answer::{Answer, JsonAnswer};
use crate::api::http::body::{Path, Query};
use crate::api::http::names::named;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::store::KnownConfiguration;
use crate::workspace::configurations::versions::{Differences, Side, differences};
use crate::workspace::configurations::{
    FileListObject, VersionObject, version_json, versions as library,
};

pub fn routes() -> OpenApiRouter<Api> {
    named([
        routes!(read_file),
        routes!(list),
        routes!(show),
        routes!(files),
        routes!(diff),
    ])
}

/// The published versions of a configuration, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct VersionList {
    items: Vec<VersionObject>,
}

/// List the published versions, newest first.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions", operation_id = "list_config_versions", tag = "configurations", params(("config_id" = String, Path, description = "The configuration")), responses(
    (status = 200, body = VersionList),
))]
async fn list(Reader(api, caller): Reader, Path(which): Path<Which>) -> JsonAnswer<VersionList> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let versions = workspace.store.versions(&known.record.id)?;
        let items = versions
            .iter()
            .map(|version| version_json(&known.record.id, version));
        let items = items.collect();
        Ok(axum::Json(VersionList { items }))
    })
    .await
}

/// Show a published version.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions/{version}", operation_id = "get_config_version", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), ("version" = u32, Path, description = "The version's number")),
    responses(
        (status = 200, body = VersionObject),
    )
)]
async fn show(Reader(api, caller): Reader, Path(which): Path<Which>) -> JsonAnswer<VersionObject> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let version = library::version(&workspace, &known, which.version())?;
        Ok(axum::Json(version_json(&known.record.id, &version)))
    })
    .await
}

/// List the files of a published version.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions/{version}/files", operation_id = "list_config_version_files", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), ("version" = u32, Path, description = "The version's number")),
    responses(
        (status = 200, body = FileListObject, headers(("ETag" = String, description = "The digest of all files"))),
        (status = 304, description = "The client has it"),
    )
)]
async fn files(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    list_files(&api, caller, which, headers).await
}

/// Read a file of a published version.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions/{version}/files/{path}", operation_id = "download_config_version_file", tag = "configurations",
    params(
        ("config_id" = String, Path, description = "The configuration"), ("version" = u32, Path, description = "The version's number"),
        ("path" = String, Path, description = "The file's path in the configuration; its slashes are slashes"),
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 206, description = "The part that was asked for"),
        (status = 304, description = "The client has it"),
        (status = 416),
    )
)]
async fn read_file(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    headers: HeaderMap,
) -> Answer<Response> {
    serve_file(&api, caller, which, &headers).await
}

/// Which two sides are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sides {
    /// `draft`, `folder`, `active`, or the number of a version; absent: `active`.
    #[param(nullable = false, pattern = "^(draft|folder|active|[1-9][0-9]{0,8})$")]
    from: Option<String>,
    /// The same; absent: the draft, or of a configuration that was not uploaded the folder.
    #[param(nullable = false, pattern = "^(draft|folder|active|[1-9][0-9]{0,8})$")]
    to: Option<String>,
}

/// Compare two versions, or a version with the draft or the folder.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/diff", operation_id = "get_config_diff", tag = "configurations",
    params(("config_id" = String, Path, description = "The configuration"), Sides),
    responses(
        (status = 200, body = Differences),
        (status = 409),
    )
)]
async fn diff(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    Query(sides): Query<Sides>,
) -> JsonAnswer<Differences> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let side = |field, given: Option<&str>, otherwise| match given {
            Some(given) => side_of(&known, field, given),
            None => Ok(otherwise),
        };
        let from = side("from", sides.from.as_deref(), Side::Active)?;
        let to = side("to", sides.to.as_deref(), Side::edited(&known))?;
        Ok(axum::Json(differences(&workspace, &known, from, to)?))
    })
    .await
}

fn side_of(known: &KnownConfiguration, field: &str, given: &str) -> Result<Side, ApiError> {
    match given {
        "active" => Ok(Side::Active),
        "draft" => Ok(Side::Draft),
        "folder" if !known.uploaded => Ok(Side::Folder),
        "folder" => Err(ApiError::field(
            field,
            "was uploaded and has a draft, no folder",
        )),
        number => number.parse().map(Side::Version).map_err(|_| {
            let message = "must be `draft`, `folder`, `active`, or the number of a version";
            ApiError::field(field, message)
        }),
    }
}
