//! Configurations: upload, list, show, change, export and delete them.

use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::request::Parts;

use super::collection::{Deletion, DeletionQuery};
use super::documents::FileForm;
use super::prelude::*;
use crate::api::transfer::upload::{Upload, media_type};
use crate::configuration::scaffold;
use crate::environment::collection::named::remove_configuration;
use crate::store::ConfigurationChange;
use crate::workspace::configurations::versions::{ConfigurationSide, archive_name};
use crate::workspace::configurations::{
    ConfigurationDetails, ConfigurationObject as Shape, Precondition, Spool, configuration_details,
    configuration_json, draft, draft::DraftContent, publish, versions,
};

pub fn routes() -> OpenApiRouter<Api> {
    let of_one = named([
        routes!(get_config, update_config, delete_config),
        routes!(download_config),
    ]);
    routed([routes!(list_configs, create_config)])
        .merge(of_one)
        .layer(DefaultBodyLimit::disable())
}

/// Names a configuration, and optionally one of its files or versions.
#[derive(Clone, Deserialize)]
pub struct ConfigurationPath {
    workspace: Option<String>,
    config_id: String,
    path: Option<String>,
    version: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for ConfigurationPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let Path(which) = Path::from_request_parts(parts, state).await?;
        Ok(which)
    }
}

impl ConfigurationPath {
    /// Returns the configuration, if the caller's token covers its workspace.
    pub fn find<'a>(
        &self,
        api: &BlockingApi<'a>,
        caller: &Caller,
    ) -> ApiResult<(OpenWorkspace<'a>, KnownConfiguration)> {
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

    /// Returns the configuration without keeping a thread, before the body is received.
    pub async fn carried(
        self,
        api: &Api,
        caller: Caller,
    ) -> ApiResult<(WorkspaceHandle, KnownConfiguration)> {
        let found = api.slow_work(move |api| {
            let (workspace, known) = self.find(api, &caller)?;
            Ok((workspace.carry(), known))
        });
        found.await
    }

    /// Returns the path of the file, or an empty text.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }

    /// Returns the files that are meant: those of the named version, otherwise those that are edited.
    pub fn side(&self, known: &KnownConfiguration) -> ConfigurationSide {
        self.version.map_or_else(
            || ConfigurationSide::edited(known),
            ConfigurationSide::Version,
        )
    }
}

/// The query of a page of configurations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConfigurationsQuery {
    /// The maximum number of configurations, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
    /// List the archived configurations instead of those in use.
    #[serde(default)]
    #[param(required = false)]
    archived: bool,
}

/// A page of configurations: the default first, then by name.
#[derive(Serialize, ToSchema)]
struct ConfigurationPage {
    items: Vec<Shape>,
    /// The `cursor` of the next page. Null on the last page.
    next_cursor: Option<String>,
}

/// List a workspace's configurations: the default first, then by name.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/configs",
    params(ConfigurationsQuery),
    responses((status = 200, body = ConfigurationPage))
)]
async fn list_configs(
    Reader(api, caller): Reader,
    Path(workspace): Path<String>,
    Query(page): Query<ConfigurationsQuery>,
) -> JsonResult<ConfigurationPage> {
    api.slow_work(move |api| {
        let workspace = known_workspace(api, &caller, &workspace)?;
        let mut all = workspace.store.configurations(workspace.id())?;
        all.retain(|known| known.archived_at.is_some() == page.archived);
        let bounds = cursor::bounds(page.limit, page.cursor.as_deref())?;
        let (shown, next_cursor) = cursor::of_all(&all, bounds, |known| &known.record.id)?;
        let view = |known| configuration_json(known, &api.paths);
        let items = shown.iter().map(view).collect();
        Ok(Json(ConfigurationPage { items, next_cursor }))
    })
    .await
}

/// The query of an upload: the name of the configuration.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NewConfigurationQuery {
    /// The name. If absent, the name in the manifest.
    name: Option<String>,
}

/// A configuration without files yet, or with those of a template or of another configuration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewConfiguration {
    /// The name of the configuration.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The template to start from. If absent, the configuration has no files yet.
    #[schema(nullable = false)]
    template: Option<String>,
    /// The configuration to copy instead: its draft, or its folder, as it is now.
    #[schema(nullable = false)]
    copy_of: Option<String>,
}

impl JsonBody for NewConfiguration {}

impl NewConfiguration {
    fn content(
        &self,
        api: &BlockingApi<'_>,
        caller: &Caller,
        workspace: &Workspace,
    ) -> ApiResult<DraftContent> {
        let wanted = match (&self.template, &self.copy_of) {
            (None, None) => return Ok(DraftContent::Files(Vec::new())),
            (Some(_), Some(_)) => {
                return Err(ApiError::field("copy_of", "cannot be used with template"));
            }
            (Some(wanted), None) => wanted,
            (None, Some(id)) => {
                let known = configuration_of(api, caller, id)?;
                if known.record.workspace_id != workspace.id() {
                    return Err(ApiError::not_found("configuration", id));
                }
                let frozen = publish::freeze(workspace, &known, &Precondition::Unsaid)?;
                return Ok(publish::copy_of(&frozen)?);
            }
        };
        let files = scaffold::files(wanted, &scaffold::project_name(&self.name));
        let files = files.ok_or_else(|| {
            let known: Vec<&str> = scaffold::templates().collect();
            let message = format!("must be one of {}", known.join(", "));
            ApiError::field("template", message)
        })?;
        let files = files.into_iter();
        Ok(DraftContent::Files(
            files
                .map(|(path, content)| (path.into(), content))
                .collect(),
        ))
    }
}

/// Upload a configuration as a draft.
///
/// The body is an archive of the folder, a ZIP or a gzipped tar, either as it is or as the file of a form. If one folder
/// contains everything, its name is removed from the paths. Or the body is JSON with a name: then the draft starts from a
/// template, from the current files of another configuration, or empty, to be filled file by file or inferred from samples. An
/// upload is a draft until it is published.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/configs",
    params(NewConfigurationQuery),
    request_body(content( (Vec<u8> = "application/zip"), (Vec<u8> = "application/gzip"), (FileForm = "multipart/form-data"), (NewConfiguration = "application/json"))),
    responses((status = 201, body = Shape, headers(("Location" = String, description = "The configuration"))))
)]
async fn create_config(
    Administrator(api, caller): Administrator,
    Path(workspace): Path<String>,
    Query(named): Query<NewConfigurationQuery>,
    request: Request,
) -> ApiResult<Response> {
    let from = caller.clone();
    let workspace = api
        .slow_work(move |api| Ok(known_workspace(api, &from, &workspace)?.carry()))
        .await?;
    let (name, content) = if media_type(request.headers()) == "application/json" {
        let Json(new) =
            <Json<NewConfiguration> as axum::extract::FromRequest<()>>::from_request(request, &())
                .await?;
        let workspace = workspace.clone();
        let content = api.slow_work(move |api| {
            let content = new.content(api, &caller, &api.open(&workspace))?;
            Ok((Some(new.name), content))
        });
        content.await?
    } else {
        let limit = workspace.settings().upload_limit;
        let content = receive(&api, &workspace, request, limit, is_archive).await?;
        (named.name, DraftContent::Archive(content))
    };
    let known = api
        .slow_work(move |api| {
            draft::create(&api.open(&workspace), name.as_deref(), content)
                .map_err(ApiError::of_name)
        })
        .await?;
    Ok(created(
        StatusCode::CREATED,
        "configs",
        configuration_json(&known, &api.paths),
    ))
}

/// Receives a file of at most `limit` bytes.
pub async fn receive(
    api: &Api,
    workspace: &WorkspaceHandle,
    request: Request,
    limit: u64,
    is_type: fn(&str) -> bool,
) -> ApiResult<Spool> {
    let upload = Upload::from_request(request, limit, is_type).await?;
    let workspace = workspace.clone();
    upload
        .pour(api, move |api, _| {
            Ok(Spool::begin(&api.open(&workspace), limit)?)
        })
        .await
}

/// Returns whether archives are sent with this media type.
pub fn is_archive(kind: &str) -> bool {
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

/// Show a configuration by its id.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}", responses((status = 200, body = ConfigurationDetails)))]
async fn get_config(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
) -> JsonResult<ConfigurationDetails> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let changed = versions::is_changed(&workspace, &known);
        Ok(Json(configuration_details(&known, changed, &api.paths)))
    })
    .await
}

impl JsonBody for ConfigurationChange {}

/// Change a configuration: all requested changes, or none.
///
/// Activating a version replaces the active one, so it also takes back a publication. With null, the runs of a folder use the
/// folder as it is, and those of an uploaded configuration are refused. A new default replaces the former default. An archived
/// configuration is listed only on request, is not the default, and accepts no run, build or publication: 409
/// `configuration_archived`. Its runs, results and versions stay readable. It cannot be archived while it has runs in the
/// queue: 409 `in_use`. Runs beyond `max_concurrency` wait, and the queue shows this reason.
#[utoipa::path(patch, path = "/api/v1/configs/{config_id}",
    request_body = ConfigurationChange,
    responses((status = 200, body = Shape), (status = 409))
)]
async fn update_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    Json(wanted): Json<ConfigurationChange>,
) -> JsonResult<Shape> {
    if wanted.max_concurrency == Some(Some(0)) {
        let message = "must be a number from 1, or null for any number";
        return Err(ApiError::field("max_concurrency", message));
    }
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let known = publish::change(&workspace, &known, &wanted).map_err(ApiError::of_name)?;
        Ok(Json(configuration_json(&known, &api.paths)))
    })
    .await
}

/// Delete a configuration that has no runs, with its environments, versions, draft and pause.
///
/// With `dry_run`, the response is the same, but nothing is deleted. The folder of a configuration that was not uploaded stays.
/// A configuration with runs can only be archived.
#[utoipa::path(delete, path = "/api/v1/configs/{config_id}",
    params(DeletionQuery),
    responses((status = 200, body = Deletion), (status = 409))
)]
async fn delete_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    Query(how): Query<DeletionQuery>,
) -> JsonResult<Deletion> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let report = remove_configuration(&workspace, &known, how.dry_run)?;
        Ok(Json(Deletion::new(report, &api.paths)))
    })
    .await
}

/// The query of an export: the files to export.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// The number of a version. If absent, the active version, or the current files if no version is active.
    #[param(minimum = 1)]
    version: Option<u32>,
    /// Export the draft, or the folder, as it is.
    #[serde(default)]
    #[param(required = false)]
    draft: bool,
}

/// Download the files of a configuration as an archive, which can be uploaded again.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/archive",
    params(ExportQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 206))
)]
async fn download_config(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    Query(ExportQuery { version, draft }): Query<ExportQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    if draft && version.is_some() {
        return Err(ApiError::field("draft", "cannot be used with version"));
    }
    let exported = api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let side = ConfigurationSide::exported(&known, version, draft);
        let file = tempfile::tempfile().map_err(|error| ApiError::internal(error.to_string()))?;
        let file = versions::export(&workspace, &known, side, file)?;
        Ok((file, archive_name(&known.record.name)))
    });
    let (file, name) = exported.await?;
    download::serve_zip(file, &name, &headers).await
}
