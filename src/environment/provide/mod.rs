//! Provides an environment: the ready one, or a new one, built by exactly one process for each key.
//!
//! The database decides which process builds: a builder claims the environment under a lease, and a builder that has lost its
//! lease writes nothing. A suspended process may lose its claim without noticing, and go on in its folder when it resumes. So a
//! builder that claims the environment after the end of a lease builds in a new folder. Each builder also holds an operating
//! system lock on its folder, which protects it from collection. A builder that finds the lock held takes a new folder, too.

mod build_attempt;
pub mod in_use;
pub mod installers;
pub mod rebuild;

use std::time::Duration;

use serde_json::Value;

use super::needed::prepare::{PreparedConfiguration, environment_folder};
use super::{BuildError, BuildEvent};
use crate::base::cancel::{Cancel, linked};
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{Error, code};
use crate::events::names;
use crate::settings::paths::{self, EnvironmentFolder};
use crate::store::{
    Claim, ClaimLease, ClaimTarget, ClaimableState, EnvironmentRecord, EnvironmentStatus,
    StoreError, WorkerRecord,
};
use crate::system::lease::HeldLease;
use crate::system::lock::Lock;
use crate::system::machine::SteadyTime;
use crate::workspace::Workspace;
pub use build_attempt::ProvideError;
use build_attempt::{BuildAttempt, lost, record_step};
use installers::Build;
use rebuild::{is_usable, requeue};

/// The interval at which a waiting process checks whether the other builder has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The interval at which a waiting process checks whether the other builder is dead.
const RECOVER_AGAIN: Duration = Duration::from_secs(1);

/// The progress of providing an environment.
#[derive(Debug)]
pub enum ProvideProgress<'a> {
    /// Another process builds it; this process waits.
    Waiting {
        /// The builder, if known: `process 4711 on host`.
        holder: Option<String>,
    },
    /// Its last attempt failed; the next attempt begins after the backoff.
    Resting {
        /// The end of the backoff.
        until: Timestamp,
    },
    /// This process builds the environment.
    Building {
        environment: &'a EnvironmentRecord,
        /// The reason: `new`, `its builder stopped responding`, …
        reason: &'static str,
    },
    /// A step, a package or a line of the installer.
    Build(&'a BuildEvent),
    /// The environment is ready for use.
    Ready {
        environment: &'a EnvironmentRecord,
        /// True if this process built it.
        built: bool,
    },
}

/// The choice whether to rebuild a ready environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebuildPolicy {
    /// Use a ready environment whose files are unchanged.
    Ready,
    /// Build anew, in a new folder.
    Rebuilt,
}

/// The reaction to another process that builds the environment.
#[derive(Clone, Copy)]
pub enum OtherBuilder<'a> {
    /// Return [`ProvideError::Busy`] and leave the build to that process.
    Leave,
    /// Wait for its end. The function recovers the claims of dead processes, so that no command waits for them.
    Await(&'a Recover<'a>),
}

/// Recovers the claims of dead processes.
pub type Recover<'a> = dyn Fn() -> Result<(), StoreError> + Sync + 'a;

/// A process that provides an environment.
#[derive(Clone, Copy)]
pub struct Provider<'a> {
    pub workspace: &'a Workspace,
    /// Builds the environment if necessary.
    pub builder: &'a dyn Build,
    /// The worker id for the claim.
    pub worker: &'a str,
    /// The registered process of the caller. If it dies, others find out at once.
    pub process: &'a str,
    /// The reaction to another process that builds it.
    pub other: OtherBuilder<'a>,
}

/// Receives each [`ProvideProgress`] of the environment.
pub type OnProgress<'a> = dyn FnMut(ProvideProgress<'_>) + 'a;

/// The observations of a process that waits for another builder.
#[derive(Default)]
struct BuilderWait {
    /// The builder, as last reported.
    reported: Option<Option<String>>,
    /// The end of its lease, and the time since which it has this value.
    lease: Option<(Option<Timestamp>, SteadyTime)>,
    /// The last time that the claims of dead processes were recovered.
    recovered: Option<SteadyTime>,
    /// The end of the backoff, as last reported.
    rests: Option<Timestamp>,
}

impl Provider<'_> {
    /// Returns a ready environment for a prepared configuration, building it or waiting for it as needed.
    ///
    /// # Errors
    /// It could not be built, the flag was raised, or the store cannot be used.
    pub fn provide(
        &self,
        prepared: &PreparedConfiguration,
        want: RebuildPolicy,
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<EnvironmentRecord, ProvideError> {
        let known = match self.other {
            OtherBuilder::Leave => prepared.ensure_environment(self.workspace)?,
            OtherBuilder::Await(_) => prepared.ask_for_environment(self.workspace)?,
        };
        let mut waited = BuilderWait::default();
        let mut seen = known.clone();
        loop {
            let files = self.workspace.files();
            let is_enough = match want {
                _ if !is_usable(files, &seen) => false,
                RebuildPolicy::Ready => true,
                _ if seen.ready_at > known.ready_at => true,
                RebuildPolicy::Rebuilt => false,
            };
            if is_enough {
                on(ProvideProgress::Ready {
                    environment: &seen,
                    built: false,
                });
                return Ok(seen);
            }
            if let Some(failed) = failed_meanwhile(&known, &seen) {
                return Err(failed);
            }
            if cancel.is_cancelled() {
                return Err(ProvideError::Cancelled);
            }
            if let Some(claimable) = self.claimable(&seen, &mut waited, cancel, on)? {
                let reason = reason(&seen, want);
                if seen.status == EnvironmentStatus::Ready {
                    requeue(self.workspace, &seen, &prepared.snapshot)?;
                }
                let built = match self.claim(prepared, &seen, claimable)? {
                    Some(claimed) => self.build(prepared, claimed, reason, cancel, on),
                    None => Err(ProvideError::Busy),
                };
                match (built, self.other) {
                    // Another process was quicker, or took over. Wait for its end.
                    (
                        Err(ProvideError::Busy | ProvideError::LostClaim { .. }),
                        OtherBuilder::Await(_),
                    ) => {}
                    (ended, _) => return ended,
                }
            }
            seen = match prepared.ensure_environment(self.workspace) {
                // While waiting, a store that does not answer for a moment is no reason to give up.
                Err(error) if error.may_pass() && seen.status == EnvironmentStatus::Building => {
                    seen
                }
                found => found?,
            };
        }
    }

    /// Returns how an environment may be claimed now. Returns `None`, after a short wait, if another process builds it.
    fn claimable(
        &self,
        seen: &EnvironmentRecord,
        waited: &mut BuilderWait,
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<Option<ClaimableState>, ProvideError> {
        let recover = match self.other {
            OtherBuilder::Leave if seen.status == EnvironmentStatus::Building => {
                return Err(ProvideError::Busy);
            }
            OtherBuilder::Leave => return Ok(Some(ClaimableState::Due)),
            OtherBuilder::Await(recover) => recover,
        };
        let machine = &*self.workspace.machine;
        if seen.status != EnvironmentStatus::Building {
            let until = seen.available_at;
            if seen.status != EnvironmentStatus::Queued || until <= machine.now() {
                return Ok(Some(ClaimableState::Due));
            }
            if waited.rests.replace(until) != Some(until) {
                on(ProvideProgress::Resting { until });
            }
            machine.wait(cancel, LOOK_AGAIN);
            return Ok(None);
        }
        let now = machine.steady();
        let since = match waited.lease {
            Some((until, since)) if until == seen.claim_expires_at => since,
            _ => {
                waited.lease = Some((seen.claim_expires_at, now));
                now
            }
        };
        // There may be no worker to end the lease. It was not renewed during its full length, regardless of jumps of the wall
        // clock.
        if let Some(until) = seen.claim_expires_at
            && let Some(lease) = self.lease_of_builder(seen)
            && now.since(since) >= lease
            && until < machine.now()
        {
            return Ok(Some(ClaimableState::Left(until)));
        }
        let is_time = |last| now.since(last) >= RECOVER_AGAIN;
        if waited.recovered.is_none_or(is_time) {
            waited.recovered = Some(now);
            match recover() {
                Err(error) if !error.may_pass() => return Err(error.into()),
                _ => {}
            }
        }
        if seen.claim_process.as_deref() != Some(self.process) {
            let holder = self.holder(seen);
            if waited.reported.as_ref() != Some(&holder) {
                on(ProvideProgress::Waiting {
                    holder: holder.clone(),
                });
                waited.reported = Some(holder);
            }
        }
        machine.wait(cancel, LOOK_AGAIN);
        Ok(None)
    }

    /// Returns the process that builds an environment, if it is registered.
    fn builder_of(
        &self,
        environment: &EnvironmentRecord,
    ) -> Result<Option<WorkerRecord>, StoreError> {
        let workers = self.workspace.store.workers()?;
        let is_its = |worker: &WorkerRecord| Some(&worker.id) == environment.claim_process.as_ref();
        Ok(workers.into_iter().find(is_its))
    }

    /// Returns how long the builder's lease holds without a renewal, or `None` if the store does not answer; then the lease is
    /// not judged now.
    fn lease_of_builder(&self, environment: &EnvironmentRecord) -> Option<Duration> {
        let own = self.workspace.settings.worker.lease;
        let builder = self.builder_of(environment).ok()?;
        Some(builder.map_or(own, |builder| builder.lease))
    }

    /// Returns the builder of an environment, if known: `process 4711 on host`.
    fn holder(&self, environment: &EnvironmentRecord) -> Option<String> {
        let builder = self.builder_of(environment).ok().flatten()?;
        Some(format!("process {} on {}", builder.pid, builder.host))
    }

    /// Claims an environment. Returns `None` if another process was quicker.
    fn claim(
        &self,
        prepared: &PreparedConfiguration,
        environment: &EnvironmentRecord,
        claimable: ClaimableState,
    ) -> Result<Option<ClaimedEnvironment>, StoreError> {
        let machine = &self.workspace.machine;
        let claim = self.workspace.claim(self.worker, Some(self.process));
        let since = machine.steady();
        let elsewhere = environment_folder(self.workspace, &prepared.key, &machine.new_id());
        let (store, now) = (&self.workspace.store, machine.now());
        let claimed =
            store.claim_environment(&environment.id, &claim, claimable, &elsewhere, now)?;
        Ok(claimed.map(|environment| ClaimedEnvironment {
            environment,
            claim,
            since,
        }))
    }

    /// Locks the folder of a claimed environment, or a new folder if a process still works in the first one or it cannot be
    /// locked.
    fn lock_folder(
        &self,
        prepared: &PreparedConfiguration,
        claimed: &mut ClaimedEnvironment,
    ) -> Result<Lock, ProvideError> {
        let machine = &*self.workspace.machine;
        let environment = &mut claimed.environment;
        let lock = paths::build_lock(&environment.folder);
        if let Ok(Some(lock)) = Lock::try_take(machine, &lock) {
            return Ok(lock);
        }
        let folder = environment_folder(self.workspace, &prepared.key, &machine.new_id());
        let path = paths::build_lock(&folder);
        let taken = Lock::try_take(machine, &path)?;
        // The name is new, so no other process has locked it.
        let lock = taken
            .ok_or(std::io::ErrorKind::ResourceBusy.into())
            .map_err(FileError::on("lock", &path))?;
        // Before the folder is recorded, because collection must know its owner if this process dies.
        in_use::own(self.workspace, &folder).map_err(FileError::on(
            "write",
            &EnvironmentFolder(folder.clone()).owner(),
        ))?;
        let store = &self.workspace.store;
        if !store.move_environment(&environment.id, &claimed.claim, &folder, machine.now())? {
            return Err(lost(environment));
        }
        environment.folder = folder;
        Ok(lock)
    }

    /// Builds a claimed environment under its lease, and records the result.
    fn build(
        &self,
        prepared: &PreparedConfiguration,
        mut claimed: ClaimedEnvironment,
        reason: &'static str,
        cancel: &Cancel,
        on: &mut OnProgress<'_>,
    ) -> Result<EnvironmentRecord, ProvideError> {
        let locked = self.lock_folder(prepared, &mut claimed);
        let ClaimedEnvironment {
            environment,
            claim,
            since,
        } = &claimed;
        let attempt = BuildAttempt {
            workspace: self.workspace,
            environment,
            claim,
        };
        let _lock = match locked {
            Ok(lock) => lock,
            Err(ProvideError::File(error)) => return Err(attempt.never_began(error)),
            Err(error) => return Err(error),
        };
        on(ProvideProgress::Building {
            environment,
            reason,
        });
        let log = match attempt.begin_log(prepared) {
            Ok(log) => log,
            Err(error) => return Err(attempt.never_began(error)),
        };
        let store = &self.workspace.store;
        let lease = ClaimLease {
            store,
            on: ClaimTarget::Environment(&environment.id),
            claim,
        };
        let held = HeldLease::new(&*self.workspace.machine, &lease, *since);
        let work = linked(cancel);
        let kept = held.keep(&work.cancel, || {
            let on_event = &mut |event: BuildEvent| {
                record_step(&log, &event);
                on(ProvideProgress::Build(&event));
            };
            let cancel = &work.cancel;
            self.builder
                .build(self.workspace, prepared, environment, cancel, on_event)
        });
        let result = match kept.map_err(FileError::on("start a thread for", &environment.folder)) {
            Ok(result) => result,
            Err(error) => return Err(attempt.never_began(error)),
        };
        if !held.holds() {
            log.write(
                "warning",
                names::ENVIRONMENT_LOST_CLAIM,
                "Another process took over; this process writes nothing more",
                Value::Null,
            );
            return Err(lost(environment));
        }
        match result {
            Ok(built) => {
                attempt.complete(&built, &log)?;
                let recorded = store.environment_of(&prepared.key)?;
                let environment = recorded.unwrap_or_else(|| environment.clone());
                on(ProvideProgress::Ready {
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

/// An environment with its claim.
struct ClaimedEnvironment {
    environment: EnvironmentRecord,
    claim: Claim,
    /// The earliest time at which the claim may have been made.
    since: SteadyTime,
}

/// Returns the reason why an environment is built.
fn reason(seen: &EnvironmentRecord, want: RebuildPolicy) -> &'static str {
    let failed_before = seen.error.is_some();
    match (seen.status, want) {
        (EnvironmentStatus::Ready, RebuildPolicy::Rebuilt) => "asked for",
        (EnvironmentStatus::Ready, _) => "its files are gone, changed or cannot be read",
        (EnvironmentStatus::Building, _) => "its builder stopped responding",
        _ if failed_before => "it failed before",
        _ => "new",
    }
}

/// Returns the failure of another builder during the wait, which is not retried at once. A builder that died or was suspended
/// has not failed; this process takes over.
fn failed_meanwhile(known: &EnvironmentRecord, now: &EnvironmentRecord) -> Option<ProvideError> {
    let was_left = [code::WORKER_DIED, code::LEASE_EXPIRED];
    let is_new = (&known.id, known.updated_at) != (&now.id, now.updated_at);
    match (now.status, &now.error) {
        (EnvironmentStatus::Queued, Some(failure)) if was_left.contains(&&*failure.code) => None,
        (EnvironmentStatus::Failed | EnvironmentStatus::Queued, Some(failure)) if is_new => {
            Some(ProvideError::Failed {
                failure: Box::new(failure.clone()),
                // It waits for its next attempt, and so do the runs that need it.
                transient: now.status == EnvironmentStatus::Queued,
                log: EnvironmentFolder(now.folder.clone()).events(),
            })
        }
        _ => None,
    }
}

/// Requests the environment of a prepared configuration by hand, without waiting for it: a worker builds it. If it is missing,
/// gone, or has failed, puts it into the queue and wakes a worker. With `force`, rebuilds it even if it is ready. Returns it
/// after these changes.
///
/// # Errors
/// Too many environments wait already, or the store cannot be used.
pub fn ask(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    force: bool,
) -> Result<EnvironmentRecord, Error> {
    let (store, machine) = (&workspace.store, &workspace.machine);
    let is_done = |known: &EnvironmentRecord| !force && is_usable(workspace.files(), known);
    let is_waiting = |known: &EnvironmentRecord| {
        use EnvironmentStatus::{Building, Queued};
        matches!(known.status, Queued | Building)
    };
    let known = store.environment_of(&prepared.key)?;
    match known {
        Some(known) if is_done(&known) => return Ok(known),
        Some(known) if is_waiting(&known) => return Ok(prepared.ask_for_environment(workspace)?),
        _ => {}
    }
    let limit = workspace.settings.queue_size;
    let all = store.all_environments()?;
    let is_queued = |known: &&EnvironmentRecord| known.status == EnvironmentStatus::Queued;
    let waiting = all.iter().filter(is_queued).count();
    if waiting >= limit as usize {
        let message = format!("{waiting} environments wait to be built, and the limit is {limit}");
        return Err(Error::refused(code::BUSY, message)
            .hint("try again later; ADE_QUEUE_SIZE sets the limit"));
    }
    let found = prepared.ask_for_environment(workspace)?;
    if found.status == EnvironmentStatus::Ready && !is_done(&found) {
        requeue(workspace, &found, &prepared.snapshot)?;
    }
    machine.wake(&workspace.paths.wake());
    Ok(store.environment_of(&prepared.key)?.unwrap_or(found))
}
