//! Follows a workspace: server-sent events of its runs, its environments and its counts, for any number of clients at once.
//!
//! For each followed workspace, one task looks for changes and publishes the events, made once for all clients. A client that
//! is new, reconnects or is too slow first gets the changes since its last event, and then the published events. Both steps
//! hold the lock on the reported state, so a client never gets an event older than an earlier one, and misses none in between.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream as streams;
use tokio::sync::{broadcast, watch};

use super::prelude::*;
use crate::api::description::streams::WorkspaceEvent;
use crate::api::state::changes::{ReportedState, catch_up};
use crate::api::state::watched::{FollowedWorkspace, PublishedEvents};
use crate::api::transfer::held::HeldToken;
use crate::api::transfer::stream::{KEEP_ALIVE, server_sent_events};
use crate::base::mutex::lock;

/// The interval between two looks at a followed workspace.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// After a slow look, the task waits this many times as long as the look took.
const REST: u32 = 9;
/// A client that is this many looks behind gets the changes since its last event instead.
const BEHIND: usize = 32;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(stream_events)])
}

/// The followed workspace, and the position where the stream resumes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// The workspace. If absent, the server's own workspace.
    workspace: Option<String>,
    /// Send the changes since the event with this id, like the header Last-Event-ID. An id is a time in milliseconds since
    /// 1970.
    #[param(maximum = 9007199254740991u64)]
    after_id: Option<u64>,
}

/// Follow a workspace: server-sent events of its runs, its environments and its counts.
///
/// The data of a `run` event is the run as it is now, and that of an `environment` event the environment: the stream sends
/// state, not a log. `counts` has the numbers of runs that wait, run and ended within the last minute. After `reset`, load
/// lists anew: there were too many changes for single events. The stream begins with the counts and the running runs; a resumed
/// stream begins with all changes since its last event. An event may arrive twice, which does no harm. Of events that are sent
/// together, only the last has the `id` for resuming.
#[utoipa::path(get, path = "/api/v1/events",
    params(EventsQuery, ("Last-Event-ID" = inline(Option<u64>), Header, nullable = false, description = "The id of the last event that was received")),
    responses((status = 200, body = WorkspaceEvent, content_type = "text/event-stream"))
)]
async fn stream_events(
    Reader(api, caller): Reader,
    Query(which): Query<EventsQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let after = cursor::last_event(&headers, which.after_id)?;
    let after = after.and_then(|after| i64::try_from(after).ok());
    let held = HeldToken::new(&api, caller.holder());
    let workspace = api
        .work(move |api| {
            let workspace = workspace_or_home(api, &caller, which.workspace.as_deref())?;
            Ok(workspace.carry())
        })
        .await?;
    let (watched, published) = follow(&api, &workspace);
    let client = Client {
        stopping: api.stopping(),
        api,
        held,
        sent: Instant::now(),
        watched,
        published,
        after: after.map(Timestamp),
        is_behind: true,
    };
    let frames = streams::unfold(client, |mut client| async move {
        let bytes = client.next().await?;
        client.sent = Instant::now();
        Some((bytes, client))
    });
    Ok(server_sent_events(frames))
}

/// Follows a workspace. Its task runs until no receiver is left.
fn follow(
    api: &Api,
    workspace: &WorkspaceHandle,
) -> (Arc<FollowedWorkspace>, broadcast::Receiver<PublishedEvents>) {
    let mut known = lock(&api.watched.0);
    match known.entry(workspace.id().to_owned()) {
        Entry::Occupied(found) => (Arc::clone(found.get()), found.get().sender.subscribe()),
        Entry::Vacant(place) => {
            let (sender, receiver) = broadcast::channel(BEHIND);
            let watched = Arc::new(FollowedWorkspace {
                workspace: workspace.clone(),
                seen: Arc::default(),
                sender,
            });
            place.insert(Arc::clone(&watched));
            tokio::spawn(Arc::clone(&watched).watch(api.clone()));
            (watched, receiver)
        }
    }
}

impl FollowedWorkspace {
    async fn watch(self: Arc<Self>, api: Api) {
        let mut pause = LOOK_AGAIN;
        loop {
            tokio::time::sleep(pause).await;
            if self.forget_if_alone(&api) {
                return;
            }
            let began = Instant::now();
            self.look(&api).await;
            pause = LOOK_AGAIN.max(began.elapsed() * REST);
        }
    }

    /// Looks for changes and publishes them. A busy database is asked again at the next look.
    async fn look(&self, api: &Api) {
        let mut seen = Arc::clone(&self.seen).lock_owned().await;
        let (workspace, sender) = (self.workspace.clone(), self.sender.clone());
        let looked = api.work(move |api| {
            let workspace = api.open(&workspace);
            let at = workspace.machine.now();
            let Some(known) = seen.as_mut() else {
                *seen = Some(ReportedState::begin(&workspace, &api.paths)?);
                return Ok(());
            };
            let changes = known.look(&workspace, &api.paths)?;
            if !changes.is_empty() {
                // Sending fails if nobody listens any more, which is no error.
                let _ = sender.send(PublishedEvents::new(at, &changes));
            }
            Ok(())
        });
        let _ = looked.await;
    }

    /// Returns the events that a client with all events up to `after` is missing, and a receiver of all later ones.
    async fn catch_up(
        &self,
        api: &Api,
        after: Option<Timestamp>,
    ) -> ApiResult<(PublishedEvents, broadcast::Receiver<PublishedEvents>)> {
        let mut seen = Arc::clone(&self.seen).lock_owned().await;
        let (workspace, sender) = (self.workspace.clone(), self.sender.clone());
        api.work(move |api| {
            let workspace = api.open(&workspace);
            let at = workspace.machine.now();
            if seen.is_none() {
                *seen = Some(ReportedState::begin(&workspace, &api.paths)?);
            }
            let changes = catch_up(&workspace, after, &api.paths)?;
            Ok((PublishedEvents::new(at, &changes), sender.subscribe()))
        })
        .await
    }

    /// Ends the task if nobody follows any more. A later client finds no entry and starts a new task.
    fn forget_if_alone(&self, api: &Api) -> bool {
        let mut known = lock(&api.watched.0);
        let is_alone = self.sender.receiver_count() == 0;
        if is_alone {
            known.remove(self.workspace.id());
        }
        is_alone
    }
}

/// A client that follows a workspace.
struct Client {
    api: Api,
    held: HeldToken,
    sent: Instant,
    watched: Arc<FollowedWorkspace>,
    published: broadcast::Receiver<PublishedEvents>,
    /// The client has all events up to this time.
    after: Option<Timestamp>,
    /// If true, the client first needs the changes since `after`, before it gets published events.
    is_behind: bool,
    stopping: watch::Receiver<bool>,
}

impl Client {
    /// Returns the next events of the client. `None`: the token has ended, the server ends, or the database cannot be used.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.held.has_ended().await {
                return None;
            }
            if *self.stopping.borrow() {
                return None;
            }
            if self.is_behind {
                let told = self.watched.catch_up(&self.api, self.after).await;
                let (batch, published) = told.ok()?;
                self.published = published;
                self.is_behind = false;
                self.after = Some(batch.at);
                return Some(batch.frames);
            }
            tokio::select! {
                batch = self.published.recv() => match batch {
                    Ok(batch) => {
                        self.after = Some(batch.at);
                        return Some(batch.frames);
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => self.is_behind = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                _ = self.stopping.changed() => {}
                () = self.held.due() => if self.sent.elapsed() >= KEEP_ALIVE {
                    return Some(Bytes::from_static(b": keep-alive\n\n"));
                },
            }
        }
    }
}
