//! Streams of a run's events: server-sent events, which resume after any event, and lines of JSON.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::held::HeldToken;
use super::tail;
use crate::api::http::log_pieces;
use crate::api::http::log_pieces::{EventLine, LogEnd, LogPiece};
use crate::api::prelude::*;
use crate::api::state::known_tokens::StreamHolder;
use crate::events::names;
use crate::run::views::json::{RunView, runs_json};

/// The interval of keep-alive data while nothing happens, so that proxies keep the connection and the server notices that a
/// client has left.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A follower of a run, and the position where it starts.
pub struct StreamClient {
    /// The token and session that the stream depends on.
    pub holder: StreamHolder,
    /// Events up to this number are not sent. `None`: the stream starts from the beginning.
    pub after: Option<u64>,
}

/// A client that follows a run.
struct Client {
    held: HeldToken,
    sent: Instant,
    path: PathBuf,
    paths: Hider,
    /// The position up to which everything was sent.
    position: u64,
    /// Events up to this number are not sent.
    after: u64,
    seen: watch::Receiver<LogEnd>,
    stopping: watch::Receiver<bool>,
    over: bool,
}

/// The next step of a client's stream.
enum StreamStep {
    /// A piece of the log with new events.
    Piece(Arc<LogPiece>),
    /// The end of the run, which its log lacks.
    Missing(EventLine),
    /// Nothing happened for a while.
    Quiet,
    /// The run has ended, and everything was sent.
    Over,
    /// The run continues without this client.
    Interrupted(Interruption),
}

/// The reason why a stream ends before its run or build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The server shuts down.
    ServerStopping,
    /// The token, or the browser's session, has ended.
    TokenEnded,
    /// The log or the database could not be read.
    StorageFailed,
}

/// Returns the last line of an interrupted stream, with the reason and the position to resume. `id` is that of the run or the
/// build, named by `subject`, and `after` is the number of the last event that was sent.
pub fn interrupted(why: Interruption, subject: &str, id: &str, after: u64, resume: &str) -> Bytes {
    let (reason, message) = match why {
        Interruption::ServerStopping => {
            ("server_stopping", "The server is stopping; continue later")
        }
        Interruption::TokenEnded => (
            "token_ended",
            "The token has expired; continue with another one",
        ),
        Interruption::StorageFailed => (
            "storage_failed",
            "The log could not be read; continue later",
        ),
    };
    line_of(&json!({
        "event": names::STREAM_INTERRUPTED, subject: id, "reason": reason, "after_id": after, "resume": resume, "message": message,
    }))
}

impl Client {
    fn new(
        api: &Api,
        workspace: &WorkspaceHandle,
        run: &RunRecord,
        follower: StreamClient,
    ) -> Self {
        let StreamClient { holder, after } = follower;
        Self {
            held: HeldToken::new(api, holder),
            sent: Instant::now(),
            path: tail::path_of(workspace.paths(), run),
            paths: tail::paths_of(api, run),
            position: 0,
            after: after.unwrap_or(0),
            seen: tail::follow(api, workspace, run),
            stopping: api.stopping(),
            over: false,
        }
    }

    async fn next(&mut self) -> StreamStep {
        loop {
            if self.held.has_ended().await {
                return StreamStep::Interrupted(Interruption::TokenEnded);
            }
            let seen = self.seen.borrow_and_update().clone();
            if self.position < seen.end {
                match self.catch_up(&seen).await {
                    Some(piece) => {
                        self.sent = Instant::now();
                        return StreamStep::Piece(piece);
                    }
                    None => return StreamStep::Interrupted(Interruption::StorageFailed),
                }
            }
            if self.over {
                return StreamStep::Over;
            }
            if let Some(over) = seen.over {
                self.over = true;
                if let Some(line) = over
                    && line.sequence > self.after
                {
                    return StreamStep::Missing(line);
                }
                return StreamStep::Over;
            }
            if *self.stopping.borrow() {
                return StreamStep::Interrupted(Interruption::ServerStopping);
            }
            tokio::select! {
                changed = self.seen.changed() => if changed.is_err() {
                    // The publishing task is gone, after it published everything.
                    self.over |= self.seen.borrow().over.is_none();
                },
                _ = self.stopping.changed() => {}
                () = self.held.due() => if self.sent.elapsed() >= KEEP_ALIVE {
                    self.sent = Instant::now();
                    return StreamStep::Quiet;
                },
            }
        }
    }

    /// Returns the next piece: the published one if it comes next, otherwise one from the file.
    async fn catch_up(&mut self, seen: &LogEnd) -> Option<Arc<LogPiece>> {
        if seen.last.from == self.position {
            self.position = seen.last.to;
            return Some(Arc::clone(&seen.last));
        }
        let (path, paths) = (self.path.clone(), self.paths.clone());
        let (from, end) = (self.position, seen.end);
        let read =
            tokio::task::spawn_blocking(move || log_pieces::read_from(&path, from, end, &paths))
                .await;
        let piece = read.ok()?.ok()??;
        self.position = piece.to;
        Some(Arc::new(piece))
    }

    /// Returns the lines of a piece that were not sent yet.
    fn new_lines<'a>(&self, piece: &'a LogPiece) -> &'a [EventLine] {
        let first = piece
            .lines
            .iter()
            .position(|line| line.sequence > self.after);
        first.map_or(&[], |first| &piece.lines[first..])
    }
}

/// Returns a run's events after number `after` as server-sent events.
pub fn server_sent(
    api: &Api,
    workspace: &WorkspaceHandle,
    run: &RunRecord,
    follower: StreamClient,
) -> Response {
    let client = Client::new(api, workspace, run, follower);
    let frames = stream::unfold(client, |mut client| async move {
        let bytes = match client.next().await {
            // A client of these events reconnects by itself.
            StreamStep::Over | StreamStep::Interrupted(_) => return None,
            StreamStep::Quiet => Bytes::from_static(b": keep-alive\n\n"),
            StreamStep::Missing(line) => frames_of(std::slice::from_ref(&line)),
            StreamStep::Piece(piece) => {
                let lines = client.new_lines(&piece);
                if lines.len() == piece.lines.len() {
                    piece.frames.clone()
                } else {
                    frames_of(lines)
                }
            }
        };
        Some((bytes, client))
    });
    server_sent_events(frames)
}

fn frames_of(lines: &[EventLine]) -> Bytes {
    let mut frames = Vec::new();
    for line in lines {
        log_pieces::frame(line, &mut frames);
    }
    frames.into()
}

/// Returns the lines of a client's stream. A new stream starts with `run.created` and the run; then come the events. The
/// engine's events are as in the log; `run.start` becomes `run.started`, the end becomes `run.completed` with the run in its
/// present state, and each other event is the data of a `run.log`. If the stream ends before the run, the last line is
/// `stream.interrupted`.
pub fn lines(
    api: &Api,
    workspace: &WorkspaceHandle,
    run: &RunRecord,
    follower: StreamClient,
) -> Response {
    let begins = follower.after.is_none();
    let client = Client::new(api, workspace, run, follower);
    let created = json!({
        "event": names::LINE_CREATED, "run_id": run.id, "sequence": 0, "timestamp": run.created_at, "level": "info",
        "message": "The run is in the queue", "data": {"run": RunView::plain(run, &api.paths)},
    });
    let first = begins.then(|| line_of(&created));
    let state = Some((client, first, api.clone(), run.id.clone()));
    let lines = stream::unfold(state, |state| async move {
        let (mut client, first, api, id) = state?;
        if let Some(first) = first {
            return Some((first, Some((client, None, api, id))));
        }
        let mut bytes = Vec::new();
        match client.next().await {
            StreamStep::Over => return None,
            StreamStep::Interrupted(why) => {
                let after = client.after;
                let resume = format!("/api/v1/runs/{id}/events?after_id={after}");
                return Some((interrupted(why, "run_id", &id, after, &resume), None));
            }
            // An empty line is no event; readers of lines of JSON skip it.
            StreamStep::Quiet => bytes.push(b'\n'),
            StreamStep::Missing(line) => bytes.extend(renamed(&api, &id, &line).await),
            StreamStep::Piece(piece) => {
                for line in client.new_lines(&piece) {
                    bytes.extend(renamed(&api, &id, line).await);
                }
                let last = piece.lines.last().map_or(0, |line| line.sequence);
                client.after = client.after.max(last);
            }
        }
        Some((Bytes::from(bytes), Some((client, None, api, id))))
    });
    streamed("application/x-ndjson", lines)
}

async fn renamed(api: &Api, run: &str, line: &EventLine) -> Bytes {
    let parsed = || serde_json::from_slice::<Value>(&line.text).unwrap_or_default();
    match line.event.as_str() {
        names::RUN_START => {
            let mut event = parsed();
            event["event"] = json!(names::LINE_STARTED);
            line_of(&event)
        }
        names::RUN_COMPLETE => {
            let mut event = parsed();
            event["event"] = json!(names::LINE_COMPLETED);
            let id = run.to_owned();
            let found: ApiResult<Vec<RunView>> = api
                .work(move |api| {
                    let run = api.home().store.run_of_any_workspace(&id)?;
                    Ok(runs_json(api.home(), &[run], &api.paths)?)
                })
                .await;
            if let Ok([run]) = found.as_deref() {
                event["data"]["run"] = json!(run);
            }
            line_of(&event)
        }
        name if name.starts_with("engine.") => {
            let mut bytes = line.text.to_vec();
            bytes.push(b'\n');
            bytes.into()
        }
        _ => {
            let event = parsed();
            let about = |key: &str| event.get(key).cloned().unwrap_or_default();
            line_of(&json!({
                "event": names::LINE_LOG, "run_id": about("run_id"), "sequence": about("sequence"), "timestamp": about("timestamp"),
                "level": about("level"), "message": about("message"), "data": event,
            }))
        }
    }
}

fn line_of(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}

/// Returns a response of server-sent events. Its head is sent at once, even if there are no events.
pub fn server_sent_events(frames: impl stream::Stream<Item = Bytes> + Send + 'static) -> Response {
    let head = stream::once(async { Bytes::from_static(b": ade\n\n") });
    streamed("text/event-stream", head.chain(frames))
}

/// Returns a response that is sent part by part.
pub fn streamed(
    kind: &'static str,
    parts: impl stream::Stream<Item = Bytes> + Send + 'static,
) -> Response {
    let mut response = Response::new(Body::from_stream(parts.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without this header, nginx keeps the events until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
