//! The files of a configuration. The files of a draft are read, written and deleted, one by one or all at once, by writers who
//! name the content that they replace. The files of a folder are read.

use axum::extract::DefaultBodyLimit;

use super::configurations::{ConfigurationPath, is_archive, receive};
use super::documents::FileForm;
use super::prelude::*;
use crate::base::files::name_of;
use crate::base::problem::Error;
use crate::workspace::configurations::archive::MAX_FILE_BYTES;
use crate::workspace::configurations::draft::{ConfigurationFile, DraftContent, Folders};
use crate::workspace::configurations::versions::OpenedFile;
use crate::workspace::configurations::{
    FileListObject, FileObject, Precondition, draft, file_json, file_list, versions,
};

/// The names of headers as people write them.
const IF_MATCH: &str = "If-Match";
const IF_NONE_MATCH: &str = "If-None-Match";

pub fn routes() -> OpenApiRouter<Api> {
    let routes = [
        routes!(download_config_file, write_config_file, delete_config_file),
        routes!(replace_config_draft),
        routes!(list_config_files),
    ];
    named(routes).layer(DefaultBodyLimit::disable())
}

/// Replace the draft of an uploaded configuration with the files of an archive.
///
/// If the draft has files, the request must name them: `If-Match` with the `digest` of the list of files, or `*`.
#[utoipa::path(put, path = "/api/v1/configs/{config_id}/draft",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the replaced list of files, or `*` for any state"), ("If-None-Match" = inline(Option<String>), Header, nullable = false, description = "`*`: only if the draft has no files")),
    request_body(content( (Vec<u8> = "application/zip"), (Vec<u8> = "application/gzip"), (FileForm = "multipart/form-data"))),
    responses(
        (status = 200, body = FileListObject, headers(("ETag" = String, description = "The digest of all files"))),
        (status = 409), (status = 412), (status = 428)
    )
)]
async fn replace_config_draft(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    request: Request,
) -> ApiResult<Response> {
    let precondition = precondition(request.headers())?;
    let (workspace, known) = which.carried(&api, caller).await?;
    let limit = workspace.settings().upload_limit;
    let content = receive(&api, &workspace, request, limit, is_archive).await?;
    api.slow_work(move |api| {
        let files = draft::replace(
            &api.open(&workspace),
            &known,
            DraftContent::Archive(content),
            &precondition,
        )?;
        Ok(listed(&files, None))
    })
    .await
}

/// List the files of a configuration: of its draft, or the files of its folder that runs use.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/files",
    responses(
        (status = 200, body = FileListObject, headers(("ETag" = String, description = "The digest of all files"))),
        (status = 304)
    )
)]
async fn list_config_files(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<Response> {
    list_files(&api, caller, which, headers).await
}

/// Lists the files of the named version, otherwise those that are edited.
pub async fn list_files(
    api: &Api,
    caller: Caller,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<Response> {
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let files = versions::files(&workspace, &known, which.side(&known))?;
        Ok(listed(&files, Some(&headers)))
    })
    .await
}

/// Returns a list of files with its ETag, or 304 if the client has the list already.
fn listed(files: &[ConfigurationFile], asked: Option<&HeaderMap>) -> Response {
    let list = file_list(files);
    let tag = quoted(list.digest());
    let has_it = asked.is_some_and(|asked| download::matches(asked, header::IF_NONE_MATCH, &tag));
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(list).into_response()
    };
    download::tagged(response.headers_mut(), &tag);
    response
}

fn quoted(digest: &str) -> String {
    format!("\"{digest}\"")
}

/// Read a file of a draft, or a file of a folder that runs use.
#[utoipa::path(get, path = "/api/v1/configs/{config_id}/files/{path}",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 206)
    )
)]
async fn download_config_file(
    Reader(api, caller): Reader,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<Response> {
    serve_file(&api, caller, which, &headers).await
}

/// Serves a file of the named version, otherwise of the files that are edited.
pub async fn serve_file(
    api: &Api,
    caller: Caller,
    which: ConfigurationPath,
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let opened = api
        .slow_work(move |api| {
            let (workspace, known) = which.find(api, &caller)?;
            let side = which.side(&known);
            versions::open(&workspace, &known, side, which.path()).map_err(about_path)
        })
        .await?;
    serve_opened(opened, headers).await
}

/// Serves an opened file of a configuration.
pub async fn serve_opened(opened: OpenedFile, headers: &HeaderMap) -> ApiResult<Response> {
    let name = name_of(&opened.path);
    let file = download::Download {
        path: &opened.path,
        name: &name,
        kind: "application/octet-stream",
        tag: Some(&opened.sha256),
    };
    download::serve_opened(opened.content.into(), &file, headers).await
}

/// Write a file of a draft, or of a folder under `ade dev`. The body is the file.
///
/// If the file exists, the request must name its content: `If-Match` with its ETag, or `*`.
#[utoipa::path(put, path = "/api/v1/configs/{config_id}/files/{path}",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the replaced file, or `*` for any state, including no file"), ("If-None-Match" = inline(Option<String>), Header, nullable = false, description = "`*`: only if there is no such file")),
    request_body(content((Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 201, description = "It is new", body = FileObject, headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 200, description = "It replaced an older file", body = FileObject, headers(("ETag" = String, description = "SHA-256 of the file, in quotes"))),
        (status = 409), (status = 412), (status = 428)
    )
)]
async fn write_config_file(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    request: Request,
) -> ApiResult<Response> {
    let precondition = precondition(request.headers())?;
    let asked = which.clone();
    let (workspace, known) = asked.carried(&api, caller).await?;
    let limit = workspace.settings().upload_limit.min(MAX_FILE_BYTES);
    // A file of a configuration can have any type, such as Python or TOML.
    let content = receive(&api, &workspace, request, limit, |_| true).await?;
    api.slow_work(move |api| {
        let workspace = api.open(&workspace);
        let known = (&known, folders(api));
        let written = draft::write(&workspace, known, which.path(), content, &precondition);
        let (file, is_new) = written.map_err(about_path)?;
        let status = status_of(is_new, StatusCode::CREATED);
        let mut response = (status, Json(file_json(&file))).into_response();
        let tag = quoted(&file.sha256);
        download::insert(response.headers_mut(), header::ETAG, &tag);
        Ok(response)
    })
    .await
}

/// Delete a file of a draft, or of a folder under `ade dev`.
///
/// The request must name the content: `If-Match` with its ETag, or `*`.
#[utoipa::path(delete, path = "/api/v1/configs/{config_id}/files/{path}",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the file, or `*` for any state")),
    responses((status = 204, description = "It is gone"), (status = 409), (status = 412), (status = 428))
)]
async fn delete_config_file(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let precondition = precondition(&headers)?;
    api.slow_work(move |api| {
        let (workspace, known) = which.find(api, &caller)?;
        let known = (&known, folders(api));
        draft::delete(&workspace, known, which.path(), &precondition).map_err(about_path)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Returns whether folders are edited. Only a person at this machine may edit them, because their code runs on it.
pub fn folders(api: &BlockingApi<'_>) -> Folders {
    match api.options.edits_folders {
        true => Folders::Edited,
        false => Folders::Kept,
    }
}

/// Converts an error about a file. If the path is wrong, the error names the parameter `path`.
pub fn about_path(error: Error) -> ApiError {
    let error = ApiError::from(error);
    match error.code() {
        code::BAD_NAME => error.of_field("path"),
        _ => error,
    }
}

/// Returns the condition of the headers on the content that is replaced (RFC 9110, 13.1).
fn precondition(headers: &HeaderMap) -> ApiResult<Precondition> {
    match (tags(headers, IF_MATCH)?, tags(headers, IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::Unsaid),
        (Some(known), None) => Ok(known),
        (None, Some(Precondition::Any)) => Ok(Precondition::Absent),
        (_, Some(_)) => {
            let message = "must be `*`, and cannot be used with `If-Match`";
            Err(ApiError::field(IF_NONE_MATCH, message))
        }
    }
}

/// Returns the condition of `If-Match` on the content, without `If-None-Match`.
pub fn meant(headers: &HeaderMap) -> ApiResult<Precondition> {
    Ok(tags(headers, IF_MATCH)?.unwrap_or_default())
}

/// Returns the ETags in a header. A weak tag is skipped, because no strong tag equals it.
fn tags(headers: &HeaderMap, name: &str) -> ApiResult<Option<Precondition>> {
    let mut known = Vec::new();
    let mut is_there = false;
    for value in headers.get_all(name) {
        is_there = true;
        for tag in value.to_str().unwrap_or("-").split(',').map(str::trim) {
            let strong = tag.strip_prefix("W/").unwrap_or(tag);
            let inner = strong
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            match inner {
                _ if tag == "*" => return Ok(Some(Precondition::Any)),
                Some(digest) if strong.len() == tag.len() => known.push(digest.to_owned()),
                Some(_) => {}
                None => {
                    let message = "must be an ETag with its quotes, or `*`";
                    return Err(ApiError::field(name, message));
                }
            }
        }
    }
    Ok(is_there.then_some(Precondition::Digest(known)))
}
