//! Handles responses that refuse a request before its body was read whole.
//!
//! Such a response is sent at once, and the connection ends with it. But a connection that is closed while its client still
//! sends is reset, and many clients then report the reset instead of the response. So the rest of the body is read and dropped
//! meanwhile, up to a limit of bytes and time. A client that waits to be asked for its body (`Expect: 100-continue`) is not
//! asked.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::middleware::Next;
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

use crate::api::prelude::*;
use crate::base::mutex::lock;

/// The maximum number of bytes of an unwanted body that are read.
const MAX_DISCARDED_BYTES: u64 = 64 * 1024 * 1024;
/// The maximum time for reading them.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that its handler may drop before its end.
#[derive(Clone)]
struct LentBody(Arc<Mutex<BodyRest>>);

/// The unread rest of a body.
struct BodyRest {
    body: Body,
    /// True if nothing is left.
    is_over: bool,
}

impl HttpBody for LentBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut rest = lock(&self.0);
        let polled = Pin::new(&mut rest.body).poll_frame(context);
        rest.is_over |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        let rest = lock(&self.0);
        rest.is_over || rest.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = lock(&self.0);
        rest.body.size_hint()
    }
}

/// Runs the request. If it is refused, responds at once, and reads the rest of its body in the background.
pub async fn read_on(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let rest = BodyRest {
        body,
        is_over: false,
    };
    let mut lent = LentBody(Arc::new(Mutex::new(rest)));
    let request = Request::from_parts(parts, Body::new(lent.clone()));
    let mut response = next.run(request).await;
    let status = response.status();
    if (status.is_client_error() || status.is_server_error()) && !has_come(&mut lent).await {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        tokio::spawn(async move {
            // The connection ends even after a timeout.
            let _ = tokio::time::timeout(PATIENCE, drop_rest(&mut lent)).await;
        });
    }
    response
}

/// Returns whether all of the body has arrived, so that the connection can continue.
async fn has_come(body: &mut LentBody) -> bool {
    // Give the connection, which runs in the same task, one turn to read.
    for _ in 0..2 {
        if drop_rest(body).now_or_never().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    body.is_end_stream()
}

async fn drop_rest(body: &mut LentBody) {
    let mut left = MAX_DISCARDED_BYTES;
    while left > 0 && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        left = left.saturating_sub(length);
    }
}
