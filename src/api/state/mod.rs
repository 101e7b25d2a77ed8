//! The state that all requests share: workspaces, prepared configurations, followed logs, figures.

mod carried;
pub mod changes;
pub(crate) mod known_issues;
pub(crate) mod known_tokens;
mod request_metrics;
pub mod statistics;
pub(crate) mod watched;

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use tokio::sync::{Semaphore, watch};

use super::http::log_pieces::FollowedLogs;
use super::http::problem::ApiError;
use crate::base::cancel::Cancel;
use crate::base::hide_paths::Hider;
use crate::base::problem::code;
use crate::cells::CellReader;
use crate::run::calls::submit::PreparedVersions;
use crate::workspace::Workspace;
pub use carried::{OpenWorkspace, WorkspaceHandle};
use known_issues::KnownIssues;
use known_tokens::{KnownTokens, StreamHolder};
use request_metrics::RequestMetrics;
use watched::WatchedWorkspaces;

/// The options for serving the API.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Listen on loopback only: the Host header must name it.
    pub loopback: bool,
    /// Also allow editing configurations that are folders: the user sits at this machine.
    pub edits_folders: bool,
    /// Serve only health and figures.
    pub figures_alone: bool,
    /// Serve only the API, without pages.
    pub without_pages: bool,
    /// Proxies whose forwarded headers are trusted.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Origins whose pages may use the API, or only `*` for all origins.
    pub cors_origins: Vec<axum::http::HeaderValue>,
}

/// A function that receives the lines of a server's log.
pub type OnServerLine = dyn Fn(&ServerLine<'_>) + Send + Sync;

/// A line of a server's log.
#[derive(Debug)]
pub enum ServerLine<'a> {
    /// A request that was answered.
    Request {
        method: &'a str,
        /// The path without the query, which may contain a secret.
        path: &'a str,
        /// The status of the response.
        status: u16,
        /// The milliseconds until the head of the response.
        milliseconds: f64,
        /// The id of the request.
        id: &'a str,
    },
    /// An error whose full message the client did not get.
    Trouble {
        /// The full message of the error.
        message: &'a str,
        /// The id of the request that caused it.
        request: &'a str,
    },
}

/// The state of the API. Clones share it.
#[derive(Clone)]
pub struct Api(Arc<ApiState>);

/// The shared content of [`Api`].
pub struct ApiState {
    home: WorkspaceHandle,
    others: RwLock<HashMap<String, Arc<Workspace>>>,
    pub(super) prepared: PreparedVersions,
    pub(super) tails: FollowedLogs,
    pub(super) watched: WatchedWorkspaces,
    pub(super) cells: CellReader,
    pub(super) issues: KnownIssues,
    pub(super) tokens: KnownTokens,
    pub(super) requests: RequestMetrics,
    pub(super) paths: Hider,
    pub(super) options: ServeOptions,
    pub(super) report: Box<OnServerLine>,
    pub(super) since: Instant,
    slow: Semaphore,
    engines: Arc<Semaphore>,
    draining: AtomicBool,
    stopping: watch::Sender<bool>,
}

/// A call for the pool. Its result has no static type, because otherwise a task of the pool would be compiled for each of a
/// hundred calls.
type PoolCall = Box<dyn FnOnce(&BlockingApi<'_>) -> Result<Box<dyn Any + Send>, ApiError> + Send>;

/// The maximum number of slow calls at the same time. [`SLOW_PATIENCE`] is the time for which another one waits.
const SLOW_AT_ONCE: usize = 16;
/// The maximum number of calls at the same time that start an engine in this process.
const ENGINES_AT_ONCE: usize = 4;
const SLOW_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl std::ops::Deref for Api {
    type Target = ApiState;

    fn deref(&self) -> &ApiState {
        &self.0
    }
}

impl Api {
    /// Returns the API of a database and its data directory.
    pub fn new(
        workspace: Arc<Workspace>,
        options: ServeOptions,
        report: Box<OnServerLine>,
    ) -> Self {
        Self(Arc::new(ApiState {
            paths: Hider::new(workspace.paths.data()),
            home: WorkspaceHandle(workspace),
            others: RwLock::default(),
            prepared: PreparedVersions::default(),
            tails: FollowedLogs::default(),
            watched: WatchedWorkspaces::default(),
            cells: CellReader::default(),
            issues: KnownIssues::default(),
            tokens: KnownTokens::default(),
            requests: RequestMetrics::default(),
            options,
            report,
            since: Instant::now(),
            slow: Semaphore::new(SLOW_AT_ONCE),
            engines: Arc::new(Semaphore::new(ENGINES_AT_ONCE)),
            draining: AtomicBool::new(false),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Returns the workspace in which the server was started.
    pub fn home(&self) -> &WorkspaceHandle {
        &self.home
    }

    /// Runs a call of the library, which blocks, on the pool for blocking calls.
    ///
    /// # Errors
    /// Those of the call, with this machine's paths hidden.
    pub async fn work<T: Send + 'static>(
        &self,
        call: impl FnOnce(&BlockingApi<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let call: PoolCall = Box::new(move |api| Ok(Box::new(call(api)?)));
        let done = self.run_on_pool(call).await?;
        Ok(*done.downcast().expect("a call gives what its caller names"))
    }

    async fn run_on_pool(&self, call: PoolCall) -> Result<Box<dyn Any + Send>, ApiError> {
        let api = self.clone();
        match tokio::task::spawn_blocking(move || call(&BlockingApi(&api))).await {
            Ok(done) => done.map_err(|error| error.shown(&self.paths)),
            Err(panic) => Err(ApiError::internal(format!("a request panicked: {panic}"))),
        }
    }

    /// Like [`Api::work`], for a call that may wait for a lock or read a large file. Few of these run at a time, so that the
    /// pool always has room for other calls.
    ///
    /// # Errors
    /// Those of the call; 503 if too many such calls wait already.
    pub async fn slow_work<T: Send + 'static>(
        &self,
        call: impl FnOnce(&BlockingApi<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        match tokio::time::timeout(SLOW_PATIENCE, self.slow.acquire()).await {
            Ok(Ok(_permit)) => self.work(call).await,
            _ => Err(many()),
        }
    }

    /// Like [`Api::work`], for a call that starts an engine. Few of these run at a time. The flag is raised when the client
    /// leaves or the server is stopping.
    ///
    /// # Errors
    /// Those of the call; 503 if too many such calls wait already.
    pub async fn engine_work<T: Send + 'static>(
        &self,
        call: impl FnOnce(&BlockingApi<'_>, &Cancel) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = Arc::clone(&self.engines).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(SLOW_PATIENCE, turn).await else {
            return Err(many());
        };
        let left = WatcherCancelOnDrop(Cancel::new());
        let cancel = left.0.clone();
        let work = self.work(move |api| {
            // Even if the client left, the next call waits until this engine has ended.
            let _turn = turn;
            call(api, &cancel)
        });
        let mut stopping = self.stopping();
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            _ = stopping.wait_for(|stopping| *stopping) => left.0.cancel(),
        }
        work.await
    }

    /// Returns whether a stream may continue: its token and its browser's session are still valid. If the database does not
    /// answer, the stream continues.
    pub(super) async fn may_go_on(&self, holder: &StreamHolder) -> bool {
        if let Some(valid) = self.tokens.is_valid(holder) {
            return valid;
        }
        let asked = holder.clone();
        let valid = self.work(move |api| {
            let (store, now) = (&api.home().store, api.home().machine.now());
            let token = match &asked.session {
                Some(session) => store.session(session, now)?,
                None => store.token(&asked.token)?,
            };
            Ok(token.is_some_and(|token| token.is_valid(now)))
        });
        let valid = valid.await.unwrap_or(true);
        self.tokens.note(holder, valid);
        valid
    }

    /// Makes the server report that it is not ready. It keeps serving until it ends.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server will end soon.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Makes streams end, because the server is stopping.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns a receiver that becomes true when the server is stopping.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

/// The API on a thread that may block, made only by [`Api::work`] and similar methods. It is the only access to workspaces, and
/// so to their database: a query on an async thread would delay all other requests, and the driver of a database server panics
/// there.
pub struct BlockingApi<'a>(&'a Api);

impl std::ops::Deref for BlockingApi<'_> {
    type Target = Api;

    fn deref(&self) -> &Api {
        self.0
    }
}

impl<'a> BlockingApi<'a> {
    /// Returns the workspace in which the server was started.
    pub fn home(&self) -> &'a Workspace {
        &self.0.0.home.0
    }

    /// Returns a workspace of the same database.
    ///
    /// # Errors
    /// Its id cannot be part of a path.
    pub fn workspace(&self, id: &str) -> Result<OpenWorkspace<'a>, ApiError> {
        if id == self.home().id() {
            return Ok(self.open(&self.0.0.home));
        }
        let known = self.others.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(workspace) = known.get(id) {
            return Ok(OpenWorkspace::new(workspace));
        }
        drop(known);
        let workspace = Arc::new(self.home().with_id(id)?);
        let mut known = self.others.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id.to_owned(), Arc::clone(&workspace));
        Ok(OpenWorkspace::new(&workspace))
    }

    /// Opens a workspace that async code holds.
    pub fn open(&self, carried: &WorkspaceHandle) -> OpenWorkspace<'a> {
        OpenWorkspace::new(&carried.0)
    }
}

/// A flag that is raised when nobody waits for the work any more.
struct WatcherCancelOnDrop(Cancel);

impl Drop for WatcherCancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn many() -> ApiError {
    busy("the server is busy with many such requests; try again in a moment")
}

/// Returns the error for a busy or unreachable database; the client may try again.
pub(super) fn busy(detail: &str) -> ApiError {
    ApiError::from_code(code::BUSY, detail)
}
