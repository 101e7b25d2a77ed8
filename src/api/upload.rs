//! Bodies that are files: as they are, or as the file of a form (`multipart/form-data`). They go to the disk piece by piece, and
//! never are in memory whole.

use axum::body::Body;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;

use super::body::refused_body;
use super::problem::ApiError;
use super::state::Api;
use crate::configurations::Spool;
use crate::documents::Arriving;
use crate::problem::code;

/// What the frame of a form may add to the bytes of its file.
const FRAME: u64 = 64 * 1024;

/// Takes the pieces of a file.
pub trait Sink: Send + 'static {
    /// Writes the next piece.
    fn write(&mut self, bytes: &[u8]) -> Result<(), ApiError>;
}

impl Sink for Arriving {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        Ok(Self::write(self, bytes)?)
    }
}

impl Sink for Spool {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        Ok(Self::write(self, bytes)?)
    }
}

/// A body that is a file.
pub enum Upload {
    /// The body is the file.
    Raw(Body),
    /// The body is a form with the file.
    Form(Box<Multipart>),
}

impl Upload {
    /// Looks at the head of a request with a file of at most `limit` bytes. `is_type` says which media types a file may have
    /// outside of a form; one without a type is taken as it is.
    ///
    /// # Errors
    /// 413: it is too long by its own words; 415: its type is another one.
    pub async fn of(
        request: Request,
        limit: u64,
        is_type: impl Fn(&str) -> bool,
    ) -> Result<Self, ApiError> {
        let kind = media_type(request.headers());
        demand_length(request.headers(), limit)?;
        if kind == "multipart/form-data" {
            let form = Multipart::from_request(request, &()).await;
            let form = form.map_err(|error| unsupported(&error.body_text()))?;
            return Ok(Self::Form(Box::new(form)));
        }
        if kind.is_empty() || is_type(&kind) {
            return Ok(Self::Raw(request.into_body()));
        }
        Err(unsupported(&format!("the content type is {kind:?}")))
    }

    /// Writes the file to a sink, which `begin` makes of the file's name in the form. What was written is dropped with the sink
    /// if the body ends early.
    ///
    /// # Errors
    /// Those of the sink; 400: the body ended early; 422: the form has no file, or something else.
    pub async fn pour<S: Sink>(
        self,
        api: &Api,
        begin: impl FnOnce(&Api, Option<String>) -> Result<S, ApiError> + Send + 'static,
    ) -> Result<S, ApiError> {
        match self {
            Self::Raw(body) => {
                let mut sink = api.work(move |api| begin(api, None)).await?;
                let mut pieces = body.into_data_stream();
                while let Some(piece) = pieces.next().await {
                    let piece = piece.map_err(|error| refused_body(&error))?;
                    sink = write(api, sink, piece).await?;
                }
                Ok(sink)
            }
            Self::Form(form) => pour_form(*form, api, begin).await,
        }
    }
}

async fn pour_form<S: Sink>(
    mut form: Multipart,
    api: &Api,
    begin: impl FnOnce(&Api, Option<String>) -> Result<S, ApiError> + Send + 'static,
) -> Result<S, ApiError> {
    let first = form.next_field().await.map_err(|error| broken(&error))?;
    let mut part = first.ok_or_else(|| ApiError::field("file", "is absent from the form"))?;
    let field = part.name().unwrap_or_default().to_owned();
    let Some(name) = part.file_name().map(str::to_owned) else {
        return Err(ApiError::field(field, "is not the form's file"));
    };
    let mut sink = api.work(move |api| begin(api, Some(name))).await?;
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        sink = write(api, sink, piece).await?;
    }
    drop(part);
    // The form is whole once its last boundary was read.
    match form.next_field().await.map_err(|error| broken(&error))? {
        None => Ok(sink),
        Some(more) => {
            let field = more.name().unwrap_or_default().to_owned();
            Err(ApiError::field(
                field,
                "is one part too many: a form has one file",
            ))
        }
    }
}

/// Writes on the pool for calls that block. Where the client goes meanwhile, the sink is dropped behind the call.
async fn write<S: Sink>(api: &Api, mut sink: S, piece: bytes::Bytes) -> Result<S, ApiError> {
    api.work(move |_| {
        sink.write(&piece)?;
        Ok(sink)
    })
    .await
}

/// The media type, without parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next();
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

/// A client that waits with its body until it is asked for so learns at once that it is too long.
fn demand_length(headers: &HeaderMap, limit: u64) -> Result<(), ApiError> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit.saturating_add(FRAME)) {
        let detail = format!("the body has more than {limit} bytes");
        return Err(
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, code::TOO_LARGE, detail)
                .hint("ADE_API_UPLOAD_LIMIT_MB sets the limit of uploads"),
        );
    }
    Ok(())
}

fn unsupported(detail: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code::UNSUPPORTED_MEDIA_TYPE,
        detail,
    )
    .hint("send the file as a form (`curl -F file=@NAME`), or as it is with the content type application/octet-stream")
}

fn broken(error: &MultipartError) -> ApiError {
    let detail = format!(
        "the form ended early, took too long, or is malformed: {}",
        error.body_text()
    );
    ApiError::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, detail)
}
