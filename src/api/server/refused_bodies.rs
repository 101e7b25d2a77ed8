//! Answers that refuse a request before its body was read whole.
//!
//! Such an answer goes out at once, and the connection ends with it. But one that is closed while its client still sends is reset, and
//! many clients then tell of that instead of the answer. So the rest of the body is read beside that, as far as that is little and soon,
//! and dropped. A client that waits to be asked for its body (`Expect: 100-continue`) is not asked.

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

/// The most bytes that are read of a body that no handler wants.
const MOST: u64 = 64 * 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that its handler may drop before its end.
#[derive(Clone)]
struct Lent(Arc<Mutex<Rest>>);

/// What was not read of a body.
struct Rest {
    body: Body,
    /// Nothing is left.
    is_over: bool,
}

impl HttpBody for Lent {
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

/// Answers at once where a request is refused, and reads on what is left of its body.
pub async fn read_on(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let rest = Rest {
        body,
        is_over: false,
    };
    let mut lent = Lent(Arc::new(Mutex::new(rest)));
    let request = Request::from_parts(parts, Body::new(lent.clone()));
    let mut response = next.run(request).await;
    let status = response.status();
    if (status.is_client_error() || status.is_server_error()) && !has_come(&mut lent).await {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        tokio::spawn(async move {
            // In time or not, the connection ends.
            let _ = tokio::time::timeout(PATIENCE, drop_rest(&mut lent)).await;
        });
    }
    response
}

/// Whether all of the body is there already: then the connection can go on.
async fn has_come(body: &mut Lent) -> bool {
    // The connection, which is of the same task, gets one turn to read.
    for _ in 0..2 {
        if drop_rest(body).now_or_never().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    body.is_end_stream()
}

async fn drop_rest(body: &mut Lent) {
    let mut left = MOST;
    while left > 0 && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        left = left.saturating_sub(length);
    }
}
