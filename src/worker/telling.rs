//! Tells that runs have ended, in threads of its own: a receiver that takes long keeps no run waiting, and nobody else who is to be told.
//!
//! For each kind of receiver there are some threads. While all of those before it tell somebody, a thread looks for what is due, too: so one
//! looks where nothing is due.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Pool;
use super::housekeeping::Duty;
use crate::base::clock::{Timestamp, milliseconds};
use crate::run::execution::happenings::Happening;
use crate::run::on_end;
use crate::run::on_end::Teller;
use crate::store::{DeliveryKind, StoreError};

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often what was given up long ago is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

impl Pool<'_> {
    /// `index`: which thread of its kind it is, from 0. `telling` counts those that tell somebody.
    pub fn tell_ends(&self, kind: DeliveryKind, index: usize, telling: &AtomicUsize) {
        let machine = &self.workspace.machine;
        let worker = self.workspace.worker_id(0);
        let mut forget = Duty::new(FORGET_EVERY);
        loop {
            let is_over = self.done.is_cancelled();
            // What ended last is told, too, where the worker ends because nothing is left.
            if is_over && (self.stop.is_cancelled() || self.shutdown.is_cancelled()) {
                return;
            }
            let teller = Teller {
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

    /// Before the end of the worker, until something is refused: nobody waits for a receiver that is out of reach.
    fn tell(&self, worker: &str, teller: &Teller<'_>, is_over: bool) -> Result<(), StoreError> {
        on_end::tell(teller, &self.shutdown, &|told| {
            let refused = told.refused.as_ref();
            self.report(worker, &Happening::Told(&told.delivery, refused));
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
