//! The published versions of a configuration, their files, and the differences between versions, draft and folder.

use super::configurations::ConfigurationPath;
use super::drafts::{list_files, serve_file};
use super::prelude::*;
use crate::workspace::configurations::versions::{ConfigurationSide, Differences, differences};
use crate::workspace::configurations::{FileListObject, VersionObject, version_json};

pub fn routes() -> OpenApiRouter<Api> {
    named([
        routes!(download_config_version_file),
        routes!(list_config_versions),
        routes!(list_config_version_files),
        routes!(get_config_diff),
    ])
}

/// The published versions of a configuration, newest first.
#[derive(Serialize, ToSchema)]
struct VersionList {
    items: Vec<VersionObject>,
}

/// List the published versions, newest first.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions", responses((status = 200, body = VersionList)))]
async fn list_config_versions(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
) -> JsonResult<VersionList> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let versions = workspace.store.versions(&known.record.id)?;
        let items = versions
            .iter()
            .map(|version| version_json(&known.record.id, version));
        let items = items.collect();
        Ok(Json(VersionList { items }))
    })
    .await
}

/// List the files of a published version.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions/{version}/files",
    responses(
        (status = 200, body = FileListObject, headers(("ETag" = String, description = "The digest of all files"))),
        (status = 304)
    )
)]
async fn list_config_version_files(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<Response> {
    list_files(&api, caller, which, headers).await
}

/// Read a file of a published version.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/versions/{version}/files/{path}",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 206)
    )
)]
async fn download_config_version_file(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<Response> {
    serve_file(&api, caller, which, &headers).await
}

/// The two sides of a comparison.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionDiffQuery {
    /// `draft`, `folder`, `active`, or the number of a version. If absent, `active`.
    #[param(pattern = "^(draft|folder|active|[1-9][0-9]{0,8})$")]
    from: Option<String>,
    /// As `from`. If absent, the draft, or the folder of a configuration that was not uploaded.
    #[param(pattern = "^(draft|folder|active|[1-9][0-9]{0,8})$")]
    to: Option<String>,
}

/// Compare two versions, or a version with the draft or the folder.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/diff",
    params(VersionDiffQuery),
    responses((status = 200, body = Differences), (status = 409))
)]
async fn get_config_diff(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    Query(sides): Query<VersionDiffQuery>,
) -> JsonResult<Differences> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let side = |field, given: Option<&str>, otherwise| match given {
            Some(given) => side_of(&known, field, given),
            None => Ok(otherwise),
        };
        let from = side("from", sides.from.as_deref(), ConfigurationSide::Active)?;
        let to = side("to", sides.to.as_deref(), ConfigurationSide::edited(&known))?;
        Ok(Json(differences(&workspace, &known, from, to)?))
    })
    .await
}

fn side_of(known: &KnownConfiguration, field: &str, given: &str) -> ApiResult<ConfigurationSide> {
    match given {
        "active" => Ok(ConfigurationSide::Active),
        "draft" => Ok(ConfigurationSide::Draft),
        "folder" if !known.uploaded => Ok(ConfigurationSide::Folder),
        "folder" => Err(ApiError::field(
            field,
            "cannot be `folder`: the configuration was uploaded, so it has a draft and no folder",
        )),
        number => number.parse().map(ConfigurationSide::Version).map_err(|_| {
            let message = "must be `draft`, `folder`, `active`, or the number of a version";
            ApiError::field(field, message)
        }),
    }
}
