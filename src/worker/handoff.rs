//! Runs that one slot claims for others: a slot that looks for work claims as many runs as slots are idle, in one
//! transaction, and hands each to one of them.
//!
//! Only idle slots are given a run, and an idle slot that was promised one waits until it has it or the promise is taken
//! back. So a claimed run is always in the hands of one slot, which executes it at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::run::lifecycle::Claimed;

/// What the slots of a worker are doing, by their index.
pub(super) struct Handoff {
    slots: Mutex<Vec<Slot>>,
}

enum Slot {
    /// It looks for work, or works.
    Busy,
    /// It sleeps, and may be promised a run.
    Idle,
    /// Another slot is claiming a run for it.
    Promised,
    /// It has a run to execute.
    Given(Box<Claimed>),
}

/// What an idle slot that stops sleeping finds.
pub(super) enum Found {
    /// Nothing; it is busy now.
    Nothing,
    /// A run was claimed for it; it is busy now.
    Run(Box<Claimed>),
    /// A run is being claimed for it: it has to ask again.
    Promise,
}

impl Handoff {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots: Mutex::new((0..slots).map(|_| Slot::Busy).collect()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot has nothing to do.
    pub(super) fn idle(&self, slot: usize) {
        self.lock()[slot] = Slot::Idle;
    }

    /// A slot stops being idle, unless it has to wait for what it was promised.
    pub(super) fn busy(&self, slot: usize) -> Found {
        let state = &mut self.lock()[slot];
        match std::mem::replace(state, Slot::Busy) {
            Slot::Busy | Slot::Idle => Found::Nothing,
            Slot::Given(run) => Found::Run(run),
            Slot::Promised => {
                *state = Slot::Promised;
                Found::Promise
            }
        }
    }

    /// Promises a run to each idle slot. Returns their indexes; each has to be given one, or the promise be withdrawn.
    pub(super) fn promise(&self) -> Vec<usize> {
        let mut slots = self.lock();
        let mut promised = Vec::new();
        for (index, slot) in slots.iter_mut().enumerate() {
            if matches!(slot, Slot::Idle) {
                *slot = Slot::Promised;
                promised.push(index);
            }
        }
        promised
    }

    /// Gives a slot the run that it was promised.
    pub(super) fn give(&self, slot: usize, run: Claimed) {
        self.lock()[slot] = Slot::Given(Box::new(run));
    }

    /// There is no run for a slot that was promised one.
    pub(super) fn withdraw(&self, slot: usize) {
        self.lock()[slot] = Slot::Idle;
    }
}
