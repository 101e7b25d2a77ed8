//! An open workspace of a data directory: its settings, its paths and its store.

pub mod backup;
pub mod ballast;
pub mod configurations;
pub mod figures;
pub mod fleet;
pub mod identity;
pub mod naming;
pub mod objects;
pub mod pause;
pub mod restore;
pub mod transfer;

use std::sync::Arc;
use std::time::Duration;

use std::path::Path;

use crate::base::backoff::backoff;
use crate::base::files;
use crate::base::files::FileError;
use crate::base::problem::{Error, ErrorFacts, Problem, become_error};
use crate::settings::Settings;
use crate::settings::paths::{BadSegment, Paths, checked_segment};
use crate::store::{self, Claim, Limits, OpenMode, RunRecord, Store, StoreError};
use crate::system::machine::{FileSystem, Machine, ServerTimeSystem, System};
use crate::workspace::identity::IdentityError;
use crate::workspace::objects::Objects;

/// An open workspace, shared by all threads of a process.
#[derive(Clone)]
pub struct Workspace {
    /// The settings of the process.
    pub settings: Settings,
    /// The paths in the data directory.
    pub paths: Paths,
    /// The queue and the records.
    pub store: Store,
    /// The database's id, which also marks the files of its processes in the data directory.
    pub database_id: String,
    /// The machine that the workspace runs on.
    pub machine: Arc<dyn Machine>,
    /// The object store that hosts share. `None` if all files are in the data directory.
    pub objects: Option<Arc<Objects>>,
}

/// An error that prevents opening a workspace.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The id of the workspace is not valid.
    #[error(transparent)]
    Id(#[from] BadSegment),
    /// The store of the workspace cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database does not belong to the data directory.
    #[error(transparent)]
    Identity(IdentityError),
    /// The object store of the workspace cannot be used.
    #[error(transparent)]
    Objects(#[from] Error),
}

impl From<IdentityError> for OpenError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Store(error) => Self::Store(error),
            error => Self::Identity(error),
        }
    }
}

impl Problem for OpenError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Id(error) => error.facts(),
            Self::Store(error) => error.facts(),
            Self::Identity(error) => error.facts(),
            Self::Objects(error) => error.facts(),
        }
    }
}

become_error!(OpenError);

impl Workspace {
    /// Opens the workspace that the settings name.
    ///
    /// # Errors
    /// The id is not valid, the database cannot be used, or it belongs to another data directory.
    pub fn open(settings: Settings, opening: OpenMode) -> Result<Self, OpenError> {
        match Self::open_as(settings.clone(), opening) {
            // The other process has made the data directory a host, and this process belongs to the same host.
            Err(OpenError::Identity(IdentityError::Raced)) => Self::open_as(settings, opening),
            opened => opened,
        }
    }

    fn open_as(settings: Settings, opening: OpenMode) -> Result<Self, OpenError> {
        let paths = Paths::new(&settings)?;
        identity::demand_database(&settings, &paths)?;
        let host = identity::host(&settings, &paths)?;
        let open = || store::open(&settings, &paths.database(), &host, opening);
        let store = match open() {
            Err(error) if error.may_pass() && ballast::give_up(&settings, &paths) => open()?,
            opened => opened?,
        };
        let database_id = match identity::match_up(&settings, &paths, &store, &host) {
            Ok(identity) => identity.database_id,
            // A command that only reads does not wait: the next process records the identity. Without an id nothing is proven.
            Err(IdentityError::Store(error))
                if opening == OpenMode::Existing && error.may_pass() =>
            {
                String::new()
            }
            Err(error) => return Err(error.into()),
        };
        if opening == OpenMode::CreateIfAbsent {
            let elsewhere = |root: &&Path| !root.starts_with(paths.data());
            let mut roots = paths.roots().into_iter().filter(elsewhere);
            let made = roots.try_for_each(files::create_private_folder);
            made.map_err(StoreError::from)?;
        }
        let objects = Objects::open(&settings, &paths, &database_id)?;
        // A server provides the time, and leases are short, because hosts have no other way to notice that one of them is dead.
        let (settings, machine): (_, Arc<dyn Machine>) =
            match ServerTimeSystem::asking(|| store.server_time())? {
                Some(machine) => (settings.on_server(), Arc::new(machine)),
                None => (settings, Arc::new(System)),
            };
        Ok(Self {
            settings,
            paths,
            store,
            database_id,
            machine,
            objects: objects.map(Arc::new),
        })
    }

    /// Returns another workspace of the same database and data directory.
    ///
    /// # Errors
    /// The id cannot be part of a path.
    pub fn with_id(&self, id: &str) -> Result<Self, BadSegment> {
        checked_segment("workspace", id)?;
        let mut other = self.clone();
        id.clone_into(&mut other.settings.workspace);
        Ok(other)
    }

    /// Opens the workspace. Returns `None` if its database does not exist yet.
    ///
    /// # Errors
    /// See [`Workspace::open`].
    pub fn open_if_present(settings: Settings) -> Result<Option<Self>, OpenError> {
        match Self::open(settings, OpenMode::Existing) {
            Ok(workspace) => Ok(Some(workspace)),
            Err(OpenError::Store(StoreError::Absent { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the run that `given` names (see [`naming`]), after fetching those of its files that another host has stored.
    ///
    /// # Errors
    /// There is no such run, its files are out of reach, or the store cannot be used.
    pub fn run(&self, given: &str) -> Result<RunRecord, StoreError> {
        let run = self.find_run(given)?;
        self.fetch_run(&run)?;
        Ok(run)
    }

    /// Fetches the results of an ended run and the snapshot that it used, unless they are here.
    ///
    /// # Errors
    /// The object store is out of reach, or a file cannot be written.
    pub fn fetch_run(&self, run: &RunRecord) -> Result<(), FileError> {
        let Some(objects) = &self.objects else {
            return Ok(());
        };
        objects.fetch_run(run)?;
        self.fetch_snapshot(whole_snapshot(run))
    }

    /// Fetches a snapshot, unless it is here or the object store lacks it.
    ///
    /// # Errors
    /// See [`Workspace::fetch_run`].
    pub fn fetch_snapshot(&self, snapshot: &Path) -> Result<(), FileError> {
        let objects = self.objects.as_ref();
        objects.map_or(Ok(()), |objects| objects.fetch_snapshot(snapshot))
    }

    /// Fetches a file, unless it is here or the object store lacks it.
    ///
    /// # Errors
    /// See [`Workspace::fetch_run`].
    pub fn fetch_file(&self, path: &Path) -> Result<(), FileError> {
        let objects = self.objects.as_ref();
        objects.map_or(Ok(()), |objects| objects.fetch_file(path))
    }

    /// Fetches a file or a snapshot that is needed, unless it is here.
    ///
    /// # Errors
    /// See [`Workspace::fetch_run`]; or the object store lacks it, too.
    pub fn demand(&self, path: &Path) -> Result<(), FileError> {
        let Some(objects) = &self.objects else {
            return Ok(());
        };
        objects.fetch_file(path)?;
        if !path.exists() {
            objects.fetch_snapshot(path)?;
        }
        let is_here = path.exists() || !objects.holds(path);
        is_here
            .then_some(())
            .ok_or_else(|| FileError::missing(path))
    }

    /// Puts a file that is about to be recorded into the object store, for other hosts.
    ///
    /// # Errors
    /// The object store is out of reach, or the file cannot be read.
    pub fn put_file(&self, path: &Path) -> Result<(), FileError> {
        let objects = self.objects.as_ref();
        objects.map_or(Ok(()), |objects| objects.put_file(path))
    }

    /// Asks a server for the time once more, if the time is the server's, because clocks drift apart.
    pub fn keep_time(&self) {
        let ask = || self.store.server_time().ok().flatten();
        self.machine.keep_time(&ask);
    }

    /// Returns the file system of the machine.
    pub fn files(&self) -> &dyn FileSystem {
        self.machine.files()
    }

    /// Returns the id of a worker slot, counted from 0: `<host>:<pid>:<index>`, or the setting's value.
    pub fn worker_id(&self, index: usize) -> String {
        match &self.settings.worker.id {
            Some(id) if index == 0 => id.clone(),
            Some(id) => format!("{id}:{index}"),
            None => format!("{}:{}:{index}", self.machine.host(), self.machine.pid()),
        }
    }

    /// Returns a claim with a new token, for a worker of a registered process.
    pub fn claim(&self, worker: &str, process: Option<&str>) -> Claim {
        let token = self.machine.new_token();
        let claim = Claim::new(worker, token, self.settings.worker.lease);
        claim
            .by(process)
            .within(Limits::from_settings(&self.settings))
    }

    /// Returns the configured delay after an attempt with this number, before a run or a build is retried.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let settings = &self.settings.worker;
        let chance = self.machine.chance();
        backoff(settings.backoff_base, settings.backoff_max, attempt, chance)
    }

    /// Returns the id of the workspace.
    pub fn id(&self) -> &str {
        &self.settings.workspace
    }
}

/// Returns the whole snapshot of a run, even if the package is a folder in it.
pub fn whole_snapshot(run: &RunRecord) -> &Path {
    let mut above = run.snapshot.ancestors();
    let whole = above.find(|path| path.ends_with(&run.source_digest));
    whole.unwrap_or(&run.snapshot)
}
