//! Providing an environment: the one that is ready, or a new one, built by exactly one process for each key.
//!
//! Builders of a key exclude each other twice. A lock of the operating system in the key's folder decides on one machine
//! and is released by a crash; its holder knows that no other builder is alive. The lease in the database decides
//! what may be recorded: a builder that lost it writes nothing.

use serde_json::Value;

pub use super::attempt::ProvideError;
use super::attempt::{Attempt, lost, record_step};
use super::builder::{Build, Installers};
use super::prepare::Prepared;
use super::{BuildError, BuildEvent, is_ready};
use crate::cancel::{Cancel, linked};
use crate::layout::EnvironmentFolder;
use crate::lease::Held;
use crate::lock::{self, Lock, LockError};
use crate::machine::{Files, Steady};
use crate::store::{Claim, ClaimLease, ClaimOn, EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::workspace::Workspace;

/// The progress of providing an environment.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Another process builds it; this one waits.
    Waiting {
        /// The builder, where it is known: `process 4711 on host`.
        holder: Option<String>,
    },
    /// This process builds it.
    Building {
        /// The environment.
        environment: &'a EnvironmentRecord,
        /// Why it is built: `new`, `its builder is gone`, …
        reason: &'static str,
    },
    /// A step, a package or a line of the installer.
    Build(&'a BuildEvent),
    /// It is ready.
    Ready {
        /// The environment.
        environment: &'a EnvironmentRecord,
        /// This process built it.
        built: bool,
    },
}

/// Whether to build although the environment is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Use what is ready.
    Ready,
    /// Build anew, in a new folder.
    Rebuilt,
}

/// Who provides an environment.
#[derive(Clone, Copy)]
pub struct Provider<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Builds the environment, where that is needed.
    pub builder: &'a dyn Build,
    /// The worker id for the claim.
    pub worker: &'a str,
    /// The caller's process, if it is registered.
    pub process: Option<&'a str>,
    /// Wait for another builder of the same key; else [`ProvideError::Busy`].
    pub waits: bool,
}

/// Receives each [`Progress`].
pub type OnProgress<'a> = dyn FnMut(Progress<'_>) + 'a;

impl<'a> Provider<'a> {
    /// A provider that installs on this machine and waits for other builders.
    pub fn here(workspace: &'a Workspace, worker: &'a str) -> Self {
        Self {
            workspace,
            builder: &Installers,
            worker,
            process: None,
            waits: true,
        }
    }

    /// Returns a ready environment for a prepared configuration, building it or waiting for it as needed.
    ///
    /// # Errors
    /// It could not be built, the flag was raised, or the store cannot be used.
    pub fn provide(
        &self,
        prepared: &Prepared,
        want: Want,
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<EnvironmentRecord, ProvideError> {
        let known = prepared.ensure_environment(self.workspace)?;
        if want == Want::Ready && self.is_usable(&known) {
            return Ok(ready(known, on));
        }
        let _lock = self.exclude_builders(prepared, cancel, on)?;
        // With the lock held no other process of this machine builds; one that did has ended its build or died.
        let environment = prepared.ensure_environment(self.workspace)?;
        let is_new = want == Want::Ready || environment.ready_at > known.ready_at;
        if is_new && self.is_usable(&environment) {
            return Ok(ready(environment, on));
        }
        if let Some(failed) = failed_meanwhile(&known, &environment) {
            return Err(failed);
        }
        let reason = reason(environment.status, want);
        self.requeue_ready(prepared, want, &environment)?;
        let (environment, claim, since) = self.claim(&environment)?;
        on(Progress::Building {
            environment: &environment,
            reason,
        });
        self.build(prepared, &environment, (&claim, since), cancel, on)
    }

    fn is_usable(&self, environment: &EnvironmentRecord) -> bool {
        is_usable(self.workspace.files(), environment)
    }

    /// Takes the lock of the key's builders, waiting for it where that was asked for.
    fn exclude_builders(
        &self,
        prepared: &Prepared,
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<Lock, ProvideError> {
        let machine = &*self.workspace.machine;
        let folder = prepared.key_folder(self.workspace);
        let waiting = linked(cancel);
        let path = crate::layout::build_lock(&folder);
        let this_process = lock::holder(machine);
        let lock = Lock::acquire(machine, &path, &waiting.cancel, &mut |holder| {
            if !self.waits {
                waiting.cancel.cancel();
            } else if holder.as_ref() != Some(&this_process) {
                on(Progress::Waiting { holder });
            }
        });
        lock.map_err(|error| match error {
            LockError::Cancelled { .. } if cancel.is_cancelled() => ProvideError::Cancelled,
            LockError::Cancelled { .. } => ProvideError::Busy,
            error => ProvideError::Lock(error),
        })
    }

    /// Requeues a ready environment whose folder is gone, or that is to be rebuilt.
    fn requeue_ready(
        &self,
        prepared: &Prepared,
        want: Want,
        environment: &EnvironmentRecord,
    ) -> Result<(), StoreError> {
        if environment.status != EnvironmentStatus::Ready {
            return Ok(());
        }
        let machine = &self.workspace.machine;
        let folder = match want {
            Want::Ready => environment.folder.clone(),
            // Runs may still use the old one's folder.
            Want::Rebuilt => prepared.environment_folder(self.workspace, &machine.new_id()),
        };
        let (store, snapshot) = (&self.workspace.store, &prepared.snapshot);
        store.requeue_environment(environment, &folder, snapshot, machine.now())?;
        Ok(())
    }

    fn claim(
        &self,
        environment: &EnvironmentRecord,
    ) -> Result<(EnvironmentRecord, Claim, Steady), ProvideError> {
        let machine = &self.workspace.machine;
        let claim = self.workspace.claim(self.worker, self.process);
        let since = machine.steady();
        let claimed =
            self.workspace
                .store
                .claim_environment(&environment.id, &claim, true, machine.now())?;
        match claimed {
            Some(environment) => Ok((environment, claim, since)),
            None => Err(lost(environment)),
        }
    }

    /// Builds a claimed environment under its lease, and records how that ended.
    fn build(
        &self,
        prepared: &Prepared,
        environment: &EnvironmentRecord,
        (claim, since): (&Claim, Steady),
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<EnvironmentRecord, ProvideError> {
        let attempt = Attempt {
            workspace: self.workspace,
            environment,
            claim,
        };
        let log = match attempt.begin_log(prepared) {
            Ok(log) => log,
            Err(error) => return Err(attempt.never_began(error)),
        };
        let store = &*self.workspace.store;
        let lease = ClaimLease {
            store,
            on: ClaimOn::Environment(&environment.id),
            claim,
        };
        let held = Held::new(&*self.workspace.machine, &lease, since);
        let work = linked(cancel);
        let result = held.keep(&work.cancel, || {
            let on_event = &mut |event: BuildEvent| {
                record_step(&log, &event);
                on(Progress::Build(&event));
            };
            let cancel = &work.cancel;
            self.builder
                .build(self.workspace, prepared, environment, cancel, on_event)
        });
        if !held.holds() {
            log.write(
                "warning",
                "environment.lost_claim",
                "Another process took over; nothing more is written",
                Value::Null,
            );
            return Err(lost(environment));
        }
        match result {
            Ok(built) => {
                attempt.complete(built, &log)?;
                let recorded = store.environment_of(&prepared.key)?;
                let environment = recorded.unwrap_or_else(|| environment.clone());
                on(Progress::Ready {
                    environment: &environment,
                    built: true,
                });
                Ok(environment)
            }
            Err(BuildError::Cancelled { .. }) => Err(attempt.release(&log)?),
            Err(error) => Err(attempt.fail(&error, &log)?),
        }
    }
}

fn ready(environment: EnvironmentRecord, on: &mut OnProgress<'_>) -> EnvironmentRecord {
    on(Progress::Ready {
        environment: &environment,
        built: false,
    });
    environment
}

/// Why an environment is built.
fn reason(status: EnvironmentStatus, want: Want) -> &'static str {
    match (status, want) {
        (EnvironmentStatus::Ready, Want::Rebuilt) => "asked for",
        (EnvironmentStatus::Ready, Want::Ready) => "its folder is gone or incomplete",
        (EnvironmentStatus::Failed, _) => "it failed before",
        (EnvironmentStatus::Building, _) => "its builder is gone",
        (EnvironmentStatus::Queued, _) => "new",
    }
}

/// What another builder failed at while this one waited for it is not tried once more at once.
fn failed_meanwhile(known: &EnvironmentRecord, now: &EnvironmentRecord) -> Option<ProvideError> {
    let is_new =
        (known.status, &known.id, known.attempt_count) != (now.status, &now.id, now.attempt_count);
    match (now.status, &now.error) {
        (EnvironmentStatus::Failed | EnvironmentStatus::Queued, Some(failure)) if is_new => {
            Some(ProvideError::Failed {
                failure: failure.clone(),
                // It waits for its next attempt, and so do the runs that need it.
                transient: now.status == EnvironmentStatus::Queued,
                log: EnvironmentFolder(now.folder.clone()).events(),
            })
        }
        _ => None,
    }
}

/// Ready by its record and on disk.
pub fn is_usable(files: &dyn Files, environment: &EnvironmentRecord) -> bool {
    environment.status == EnvironmentStatus::Ready && is_ready(files, &environment.folder)
}
