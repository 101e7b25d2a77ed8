//! Collection by a worker, in a thread of its own: it may take long, and neither expired leases nor dead processes wait for it.

use std::time::Duration;

use super::Pool;
use super::housekeeping::{Clocks, Duty};
use crate::environment::gc::{self, CollectError};
use crate::machine::JUMP;
use crate::run::change::Change;
use crate::store::StoreError;

/// How often the clocks are looked at between two collections.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Pool<'_> {
    pub(super) fn collect_regularly(&self, mut clocks: Clocks<'_>) {
        let settings = &self.workspace.settings.worker;
        if !self.options.gc || !settings.enable_gc {
            return;
        }
        let machine = &*self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        let mut collect = Duty::new(settings.gc_interval);
        let pause = settings.gc_interval.min(LOOK_EVERY);
        loop {
            // Maintenance reports the jump. No age is judged shortly after it; what time went by unseen is judged by
            // collection itself.
            clocks.jumped();
            if clocks.are_trusted(settings.lease / 3 + JUMP)
                && collect.is_due(machine.steady())
                && let Err(error) = self.collect(&worker)
            {
                self.store_failed(&worker, error);
            }
            if machine.wait(&self.done, pause) {
                return;
            }
        }
    }

    fn collect(&self, worker: &str) -> Result<(), StoreError> {
        let options = gc::Options::of_settings(&self.workspace.settings);
        match gc::collect_alone(self.workspace, worker, &options, &self.done) {
            Ok(report) => {
                if report.deleted_anything() {
                    self.report(worker, &Change::Collected(&report));
                }
                Ok(())
            }
            // It does what this one would have done.
            Err(CollectError::Busy(_)) => Ok(()),
            Err(CollectError::Store(error)) => Err(error),
        }
    }
}
