//! Collection by a worker, in a thread of its own: it may take long, and neither expired leases nor dead processes wait for it.

use super::Pool;
use crate::environment::collection;
use crate::environment::collection::CollectError;
use crate::run::execution::happenings::Happening;
use crate::store::StoreError;

impl Pool<'_> {
    pub(super) fn collect_regularly(&self) {
        let interval = self.workspace.settings.worker.gc_interval;
        let machine = &*self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        loop {
            if let Err(error) = self.collect(&worker) {
                self.store_failed(&worker, error);
            }
            if machine.wait(&self.done, interval) {
                return;
            }
        }
    }

    fn collect(&self, worker: &str) -> Result<(), StoreError> {
        let options = collection::CollectOptions::of_settings(&self.workspace.settings);
        match collection::collect_alone(self.workspace, worker, &options, &self.done) {
            Ok(report) => {
                if report.deleted_anything() {
                    self.report(worker, &Happening::Collected(&report));
                }
                Ok(())
            }
            // It does what this one would have done.
            Err(CollectError::Busy(_)) => Ok(()),
            Err(CollectError::Store(error)) => Err(error),
            Err(error @ CollectError::Thread(_)) => {
                self.report(worker, &Happening::Trouble(&error.to_string()));
                Ok(())
            }
        }
    }
}
