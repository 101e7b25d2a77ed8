//! Bodies that are files, either directly or as the file of a form (`multipart/form-data`). They are written to the disk piece
//! by piece, and are never in memory as a whole.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use axum::extract::FromRequest;
use axum::extract::multipart::{Multipart, MultipartError};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::api::http::body::refused_body;
use crate::api::prelude::*;
use crate::run::inputs::documents::IncomingDocument;
use crate::workspace::configurations::Spool;

/// The maximum number of bytes that a form adds to those of its file.
const MAX_FORM_OVERHEAD_BYTES: u64 = 64 * 1024;

/// A receiver for the pieces of a file.
pub trait Sink: Send + 'static {
    /// Writes the next piece.
    fn write(&mut self, bytes: &[u8]) -> ApiResult<()>;
}

impl Sink for IncomingDocument {
    fn write(&mut self, bytes: &[u8]) -> ApiResult<()> {
        Ok(Self::write(self, bytes)?)
    }
}

impl Sink for Spool {
    fn write(&mut self, bytes: &[u8]) -> ApiResult<()> {
        Ok(Self::write(self, bytes)?)
    }
}

/// A request body that is a file.
pub enum Upload {
    /// The body itself is the file.
    Raw(Body),
    /// The body is a form with the file. The number counts the bytes that were read since the last piece of the file.
    Form(Box<Multipart>, Arc<AtomicU64>),
}

impl Upload {
    /// Checks the head of a request with a file of at most `limit` bytes. `is_type` returns whether a file outside of a form
    /// may have a media type. A file without a type is accepted.
    ///
    /// # Errors
    /// 413: the declared length is too long; 415: the media type is not accepted.
    pub async fn from_request(
        request: Request,
        limit: u64,
        is_type: impl Fn(&str) -> bool,
    ) -> ApiResult<Self> {
        let kind = media_type(request.headers());
        demand_length(request.headers(), limit)?;
        if kind == "multipart/form-data" {
            let (parts, body) = request.into_parts();
            let unused = Arc::new(AtomicU64::new(0));
            let paced = PacedBody {
                body: body.into_data_stream(),
                unused: Arc::clone(&unused),
                paused: false,
            };
            let request = Request::from_parts(parts, Body::from_stream(paced));
            let form = Multipart::from_request(request, &()).await;
            let form = form.map_err(|error| unsupported(&error.body_text()))?;
            return Ok(Self::Form(Box::new(form), unused));
        }
        if kind.is_empty() || is_type(&kind) {
            return Ok(Self::Raw(request.into_body()));
        }
        Err(unsupported(&format!("the content type is {kind:?}")))
    }

    /// Writes the file to a sink, which `begin` makes from the file's name in the form. If the body ends early, the sink is
    /// dropped, and with it the written bytes.
    ///
    /// # Errors
    /// Those of the sink; 400: the body ended early; 422: the form has no file, or another part.
    pub async fn pour<S: Sink>(
        self,
        api: &Api,
        begin: impl FnOnce(&BlockingApi<'_>, Option<String>) -> ApiResult<S> + Send + 'static,
    ) -> ApiResult<S> {
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
            Self::Form(form, unused) => pour_form(*form, &unused, api, begin).await,
        }
    }
}

/// The body of a form, for a parser that buffers until the next boundary. It delivers one piece at a time, and fails after
/// [`MAX_FORM_OVERHEAD_BYTES`] bytes without a piece of the file, so that a form without its boundary, or a part with endless headers, takes
/// little memory.
struct PacedBody {
    body: BodyDataStream,
    /// The number of bytes since the last piece of the file.
    unused: Arc<AtomicU64>,
    /// True if the parser has just got a piece, and must process it first.
    paused: bool,
}

impl Stream for PacedBody {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.paused) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = std::task::ready!(self.body.poll_next_unpin(context));
        if let Some(Ok(piece)) = &next {
            self.paused = true;
            let length = piece.len() as u64;
            let unused = self.unused.fetch_add(length, Ordering::Relaxed);
            if unused > MAX_FORM_OVERHEAD_BYTES {
                let message = format!(
                    "more than {MAX_FORM_OVERHEAD_BYTES} bytes without a boundary of the form"
                );
                return Poll::Ready(Some(Err(axum::Error::new(io::Error::other(message)))));
            }
        }
        Poll::Ready(next)
    }
}

async fn pour_form<S: Sink>(
    mut form: Multipart,
    unused: &AtomicU64,
    api: &Api,
    begin: impl FnOnce(&BlockingApi<'_>, Option<String>) -> ApiResult<S> + Send + 'static,
) -> ApiResult<S> {
    let first = form.next_field().await.map_err(|error| broken(&error))?;
    let mut part = first.ok_or_else(|| ApiError::field("file", "is missing from the form"))?;
    let field = part.name().unwrap_or_default().to_owned();
    unused.store(0, Ordering::Relaxed);
    let Some(name) = part.file_name().map(str::to_owned) else {
        return Err(ApiError::field(field, "is not the form's file"));
    };
    let mut sink = api.work(move |api| begin(api, Some(name))).await?;
    while let Some(piece) = part.chunk().await.map_err(|error| broken(&error))? {
        unused.store(0, Ordering::Relaxed);
        sink = write(api, sink, piece).await?;
    }
    drop(part);
    // The form is complete after its last boundary.
    match form.next_field().await.map_err(|error| broken(&error))? {
        None => Ok(sink),
        Some(more) => {
            let field = more.name().unwrap_or_default().to_owned();
            Err(ApiError::field(
                field,
                "is an extra part: a form has exactly one file",
            ))
        }
    }
}

/// Writes on the pool for blocking calls. If the client leaves meanwhile, the sink is dropped after the call.
async fn write<S: Sink>(api: &Api, mut sink: S, piece: Bytes) -> ApiResult<S> {
    api.work(move |_| {
        sink.write(&piece)?;
        Ok(sink)
    })
    .await
}

/// Returns the media type in lower case, without parameters.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next();
    essence.unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns an error if the declared length is too long, so that a client that waits with its body learns it at once.
fn demand_length(headers: &HeaderMap, limit: u64) -> ApiResult<()> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit.saturating_add(MAX_FORM_OVERHEAD_BYTES)) {
        let detail = format!("the body has more than {limit} bytes");
        return Err(ApiError::from_code(code::TOO_LARGE, detail)
            .hint("ADE_API_UPLOAD_LIMIT_MB sets the limit of uploads"));
    }
    Ok(())
}

fn unsupported(detail: &str) -> ApiError {
    ApiError::from_code(code::UNSUPPORTED_MEDIA_TYPE,
        detail,
    )
    .hint("send the file as a form (`curl -F file=@NAME`), or as the body with the content type application/octet-stream")
}

fn broken(error: &MultipartError) -> ApiError {
    // The parser only reports that it could not read; the innermost cause says why.
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let detail = format!("the form ended early, took too long, or is malformed: {cause}");
    ApiError::from_code(code::BAD_REQUEST, detail)
}
