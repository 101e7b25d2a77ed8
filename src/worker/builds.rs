//! Builds the environments that runs wait for, in threads next to the slots.
//!
//! The cause of a failed build decides what follows. A mistake of the configuration fails the environment and its runs. For
//! trouble of the machine, the network or this worker, the environment waits for its backoff, no attempt is used up, and its
//! runs wait. If a server has several hosts, a host that is in trouble, or would build something else, leaves the build to the
//! others.

use std::sync::atomic::Ordering;

use super::Pool;
use crate::base::problem::{Problem, code};
use crate::environment::needed::prepare::{
    PrepareError, PreparedConfiguration, environment_of_run,
};
use crate::environment::provide::{
    OtherBuilder, ProvideError, ProvideProgress, Provider, RebuildPolicy,
};
use crate::run::execution::happenings::ProgressEvent;
use crate::run::execution::safe_mode::SafeMode;
use crate::store::{
    BuildFailureOutcome, ClaimableState, EnvironmentRecord, FailureRecord, StoreError,
};

impl Pool<'_> {
    /// Builds one environment after another until the worker ends.
    pub fn builds(&self, index: usize) {
        let worker = self.workspace.worker_id(index);
        let settings = &self.workspace.settings.worker;
        let machine = &self.workspace.machine;
        let mut interval = settings.poll_interval;
        while !self.stop.is_cancelled() && !self.done.is_cancelled() {
            let heard = self.bell.rings();
            let built = match self.has_room(&worker) {
                true => self.build_next(&worker),
                false => Ok(false),
            };
            match built {
                Ok(true) => {
                    interval = settings.poll_interval;
                    self.bell.ring();
                    continue;
                }
                Ok(false) => {}
                Err(error) => self.store_failed(&worker, error),
            }
            let rung = machine.sleep_until_rung(&self.bell, heard, interval);
            interval = self.next_interval(interval, rung);
        }
    }

    /// Builds the environment that has waited longest. Returns false if none is due that no other process builds.
    pub fn build_next(&self, worker: &str) -> Result<bool, StoreError> {
        let (store, machine) = (&self.workspace.store, &self.workspace.machine);
        // Building executes code of packages.
        if self.workspace.settings.safe_mode != SafeMode::Off {
            return Ok(false);
        }
        // An environment that another process has taken meanwhile does not hold up the later ones.
        let mut last = None;
        let mine = Some(self.member.id.as_str());
        while let Some(environment) = store.next_environment(machine.now(), mine, last.as_ref())? {
            self.busy.fetch_add(1, Ordering::AcqRel);
            let built = self.build(worker, &environment);
            self.busy.fetch_sub(1, Ordering::AcqRel);
            match built {
                Ok(true) => return Ok(true),
                Err(error) if !error.is_gone() => return Err(error),
                // Another process builds it, or has archived or deleted its configuration.
                _ => {}
            }
            last = Some(environment);
        }
        Ok(false)
    }

    /// Records the environments of waiting runs that this host must build in addition to other hosts, or instead of them.
    pub fn adopt_environments(&self) -> Result<(), StoreError> {
        let (store, machine) = (&self.workspace.store, &self.workspace.machine);
        if self.workspace.settings.safe_mode != SafeMode::Off {
            return Ok(());
        }
        for run in store.runs_without_host(machine.now())? {
            environment_of_run(self.workspace, &run)?;
            self.bell.ring();
        }
        Ok(())
    }

    /// Builds an environment. Returns false if another process builds it.
    fn build(&self, worker: &str, waiting: &EnvironmentRecord) -> Result<bool, StoreError> {
        let prepared = match self.tools.builder.prepare(self.workspace, waiting) {
            Ok(prepared) => prepared,
            Err(PrepareError::Store(error)) => return Err(error),
            Err(error) => {
                let error = self.cannot_prepare(worker, waiting, &error)?;
                self.report(worker, &ProgressEvent::BuildFailed(waiting, &error));
                return Ok(true);
            }
        };
        self.move_to_own_engine(waiting, &prepared)?;
        let provider = Provider {
            workspace: self.workspace,
            builder: self.tools.builder,
            worker,
            process: &self.member.id,
            other: OtherBuilder::Leave,
        };
        let mut on = |progress: ProvideProgress<'_>| {
            self.report(worker, &ProgressEvent::Environment(&progress));
        };
        match provider.provide(&prepared, RebuildPolicy::Ready, &self.shutdown, &mut on) {
            Ok(_) => {
                self.troubles.store(0, Ordering::Release);
            }
            Err(ProvideError::Store(error)) => return Err(error),
            Err(ProvideError::Busy) => return Ok(false),
            Err(error) => {
                let now = self.workspace.store.environment_of(&prepared.key)?;
                if now.is_some_and(|now| now.trouble_count > 0) {
                    self.met_trouble();
                }
                self.report(worker, &ProgressEvent::BuildFailed(waiting, &error));
            }
        }
        Ok(true)
    }

    /// Moves the runs of an environment that was requested with the engine of another `ade` to an environment with this one's
    /// engine, under its own key.
    fn move_to_own_engine(
        &self,
        waiting: &EnvironmentRecord,
        prepared: &PreparedConfiguration,
    ) -> Result<(), StoreError> {
        if prepared.key == waiting.key {
            return Ok(());
        }
        let other = prepared.ensure_environment(self.workspace)?;
        let now = self.workspace.machine.now();
        // Moves a limited number at a time, so that other processes can use the database in between.
        while !self
            .workspace
            .store
            .move_waiting_runs(&waiting.id, &other, now)?
        {}
        Ok(())
    }

    /// Handles a failed preparation. If the snapshot is unusable, the environment fails for good. If only this worker lacks a
    /// Python or an engine, the environment waits, and another worker may build it.
    fn cannot_prepare(
        &self,
        worker: &str,
        waiting: &EnvironmentRecord,
        error: &PrepareError,
    ) -> Result<ProvideError, StoreError> {
        let store = &self.workspace.store;
        let code = code::ENVIRONMENT_FAILED;
        let failure = FailureRecord::new(code, "environment", error.to_string(), error.hint());
        let claim = self.workspace.claim(worker, Some(&self.member.id));
        let now = self.workspace.machine.now();
        if store
            .claim_environment(
                &waiting.id,
                &claim,
                ClaimableState::Due,
                &waiting.folder,
                now,
            )?
            .is_some()
        {
            let after = match error {
                PrepareError::Python(_) | PrepareError::Engine(_) => {
                    self.met_trouble();
                    let wait = self.workspace.backoff(waiting.trouble_count + 1);
                    BuildFailureOutcome::WaitUntil(now.plus(wait))
                }
                // Another host may have other files and settings.
                _ => BuildFailureOutcome::FailHere,
            };
            store.fail_environment(&waiting.id, &claim, &failure, after, now)?;
        }
        Ok(ProvideError::Failed {
            failure: Box::new(failure),
            transient: false,
            log: waiting.folder.clone(),
        })
    }
}
