//! Sends notifications about ended runs in its own threads, so that a slow receiver delays no run and no other receiver.
//!
//! Each kind of receiver has several threads. A thread also looks for due notifications if all threads before it are sending,
//! so only one thread looks while nothing is due.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Pool;
use super::housekeeping::Duty;
use crate::base::clock::{Timestamp, milliseconds};
use crate::run::execution::happenings::ProgressEvent;
use crate::run::on_end;
use crate::run::on_end::DeliverySender;
use crate::store::{DeliveryKind, StoreError};

/// The interval of checks for due notifications.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The interval of deleting notifications that were given up long ago.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

impl Pool<'_> {
    /// Sends notifications until the worker ends. `index` is the number of the thread of its kind, from 0. `telling` counts the
    /// threads that are sending.
    pub fn deliver_ends(&self, kind: DeliveryKind, index: usize, telling: &AtomicUsize) {
        let machine = &self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        let mut forget = Duty::new(FORGET_EVERY);
        loop {
            let is_over = self.done.is_cancelled();
            // If the worker ends because nothing is left, the last ends are sent as well.
            if is_over && (self.stop.is_cancelled() || self.shutdown.is_cancelled()) {
                return;
            }
            let teller = DeliverySender {
                workspace: self.workspace,
                process: Some(self.member.id.as_str()),
                kind,
                telling,
            };
            if is_over || index <= telling.load(Ordering::Relaxed) {
                let step = self.forget(index == 0 && forget.is_due(machine.steady()));
                if let Err(error) = step.and_then(|()| self.tell(&worker, &teller, is_over)) {
                    self.store_failed(&worker, error);
                }
            }
            if is_over {
                return;
            }
            machine.wait(&self.done, LOOK_EVERY);
        }
    }

    /// Sends due notifications. At the end of the worker, stops after the first refusal, so that nobody waits for an
    /// unreachable receiver.
    fn tell(
        &self,
        worker: &str,
        teller: &DeliverySender<'_>,
        is_over: bool,
    ) -> Result<(), StoreError> {
        on_end::tell(teller, &self.shutdown, &|told| {
            let refused = told.refused.as_ref();
            self.report(worker, &ProgressEvent::Told(&told.delivery, refused));
            match is_over {
                true => refused.is_none(),
                false => !self.done.is_cancelled(),
            }
        })
    }

    fn forget(&self, is_due: bool) -> Result<(), StoreError> {
        if !is_due {
            return Ok(());
        }
        let now = self.workspace.machine.now();
        let cutoff = Timestamp(now.0 - milliseconds(on_end::REMEMBERED));
        self.workspace.store.forget_deliveries(cutoff)
    }
}
