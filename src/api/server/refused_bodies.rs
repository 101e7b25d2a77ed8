//! Answers that refuse a request before its body was read whole.
//!
//! A connection that is closed while its client still sends is reset, and many clients then tell of that instead of the answer. So the
//! rest of the body is read, as far as that is little and soon, and dropped. A client that waits to be asked for its body (`Expect:
//! 100-continue`) is not asked.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

use crate::base::mutex::lock;

/// The most bytes that are read of a body that no handler wants.
const MOST: u64 = 64 * 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body that its handler may drop before its end.
#[derive(Clone)]
struct Lent(Arc<Mutex<Body>>);

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = lock(&self.0);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        let body = lock(&self.0);
        body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let body = lock(&self.0);
        body.size_hint()
    }
}

/// Reads what is left of the body of a request that is refused, before its answer goes out.
pub async fn read_on(request: Request, next: Next) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    if waits || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut lent = Lent(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(parts, Body::new(lent.clone()));
    let response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let rest = tokio::time::timeout(PATIENCE, drop_rest(&mut lent));
        // In time or not, the answer goes out.
        let _ = rest.await;
    }
    response
}

async fn drop_rest(body: &mut Lent) {
    let mut left = MOST;
    // One that is too long is reset anyway.
    while body.size_hint().lower() <= left && !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match left.checked_sub(length) {
            Some(fewer) => left = fewer,
            None => return,
        }
    }
}
