//! The report of a run as a page to read in a browser, to print or to mail.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path as FilePath;

use axum::body::Body;
use tokio_util::io::ReaderStream;

use super::named::not_ready;
use super::prelude::*;
use crate::report::{Options, ReportError, SECURITY_POLICY, page};
use crate::run::results::issues::NoList;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(get_run_report)])
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// If false, the page has no cell values.
    values: Option<bool>,
}

impl ReportQuery {
    /// Returns the options of the page.
    pub fn options(&self) -> Options {
        Options {
            values: self.values.unwrap_or(true),
            language: None,
        }
    }
}

/// Read the report of a run as a page.
///
/// The page is one HTML file that needs no network and runs no script. It shows the issues, the field of each column with the
/// reason, how columns were read, and notices. It contains the values of issues, unless `values` is false.
#[utoipa::path(get, path = "/api/v1/runs/{id}/report",
    params(ReportQuery),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String, headers(("Content-Security-Policy" = String, description = "The page loads nothing and runs no scripts"))),
        (status = 409)
    )
)]
async fn get_run_report(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<ReportQuery>,
) -> ApiResult<Response> {
    let page = api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        made(&workspace, &[run], which.options())
    });
    Ok(page_response(page.await?))
}

/// Writes the page of runs. Returns the file, rewound to its beginning, and its length. The file has no name, so it is gone
/// when it was sent or the server has ended.
///
/// # Errors
/// A run has not ended, or something cannot be read or written.
pub fn made(workspace: &Workspace, runs: &[RunRecord], options: Options) -> ApiResult<(File, u64)> {
    let unwritable = |error: std::io::Error| ApiError::internal(error.to_string());
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    let name = FilePath::new("the page");
    page(&workspace.store, runs, options, &mut file, name).map_err(not_made)?;
    let length = file.stream_position().map_err(unwritable)?;
    file.seek(SeekFrom::Start(0)).map_err(unwritable)?;
    Ok((file, length))
}

/// Returns a page as a response.
pub fn page_response((file, length): (File, u64)) -> Response {
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 * 1024);
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, SECURITY_POLICY),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// Converts the error about a missing page, in the words of other routes for files of a run.
fn not_made(error: ReportError) -> ApiError {
    match error {
        ReportError::List(error @ NoList::NotEnded { .. }) => not_ready(error.to_string()),
        error => error.into(),
    }
}
