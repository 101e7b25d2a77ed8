//! One open workspace of one data directory: its settings, its paths and its store.

use std::sync::Arc;
use std::time::Duration;

use crate::backoff::backoff;
use crate::layout::{BadSegment, Layout};
use crate::machine::{Files, Machine, System};
use crate::problem::{Facts, Problem};
use crate::settings::Settings;
use crate::store::{self, Claim, Opening, Store, StoreError};

/// An open workspace. Shared by all threads of a process.
pub struct Workspace {
    /// The settings.
    pub settings: Settings,
    /// The paths.
    pub layout: Layout,
    /// The queue and the records.
    pub store: Box<dyn Store>,
    /// The machine that it runs on.
    pub machine: Arc<dyn Machine>,
}

/// A workspace cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its id cannot be used.
    #[error(transparent)]
    Id(#[from] BadSegment),
    /// Its store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for OpenError {
    fn facts(&self) -> Facts {
        match self {
            Self::Id(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Workspace {
    /// Opens the workspace that the settings name.
    ///
    /// # Errors
    /// Its id cannot be used, or its database cannot be used.
    pub fn open(settings: Settings, opening: Opening) -> Result<Self, OpenError> {
        let layout = Layout::new(&settings)?;
        let store = store::open(&settings, &layout.database(), opening)?;
        Ok(Self {
            settings,
            layout,
            store,
            machine: Arc::new(System),
        })
    }

    /// Opens the workspace. Returns `None` where its database does not exist yet.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn open_if_present(settings: Settings) -> Result<Option<Self>, OpenError> {
        match Self::open(settings, Opening::Existing) {
            Ok(workspace) => Ok(Some(workspace)),
            Err(OpenError::Store(StoreError::Absent { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The files of its machine.
    pub fn files(&self) -> &dyn Files {
        self.machine.files()
    }

    /// The id of a worker slot, counted from 0: `<host>:<pid>:<index>`, or the setting's value.
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
        Claim::new(worker, token, self.settings.worker.lease).by(process)
    }

    /// The wait after an attempt of this number, by the settings: before a run or a build is tried again.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let settings = &self.settings.worker;
        let chance = self.machine.chance();
        backoff(settings.backoff_base, settings.backoff_max, attempt, chance)
    }

    /// The workspace's id.
    pub fn id(&self) -> &str {
        &self.settings.workspace
    }
}
