//! What was made at some cost and is kept for the next caller, within a bound; what two callers want at once is made once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base::mutex::lock;

/// What a function has made.
pub(super) struct Sized<T> {
    /// It, or the failure to make it.
    pub outcome: T,
    /// The bytes that it takes; `None`: it is not kept.
    pub bytes: Option<usize>,
}

/// Keeps what was used last.
pub(super) struct KeptSheets<K, T> {
    state: Mutex<State<K, T>>,
    most_bytes: usize,
    most_items: usize,
}

struct State<K, T> {
    kept: HashMap<K, Item<T>>,
    bytes: usize,
    /// Counts uses, so that their order is known.
    uses: u64,
    being_made: HashMap<K, Arc<Flight<T>>>,
}

struct Item<T> {
    outcome: T,
    bytes: usize,
    last_use: u64,
    used_at: Instant,
}

/// Something that one caller makes while others wait for it.
struct Flight<T> {
    stage: Mutex<Stage<T>>,
    changed: Condvar,
}

enum Stage<T> {
    BeingMade,
    Made(T),
    /// The maker panicked.
    Abandoned,
}

impl<K: Clone + Eq + Hash, T: Clone> KeptSheets<K, T> {
    /// An empty one. The item that was used last stays even if it alone takes more than `most_bytes`.
    pub fn new(most_bytes: usize, most_items: usize) -> Self {
        Self {
            state: Mutex::new(State {
                kept: HashMap::new(),
                bytes: 0,
                uses: 0,
                being_made: HashMap::new(),
            }),
            most_bytes,
            most_items,
        }
    }

    /// Returns what is kept under a key, or what another caller makes of it at this moment, else makes it.
    pub fn get(&self, key: &K, make: impl FnOnce() -> Sized<T>) -> T {
        loop {
            let mut state = lock(&self.state);
            state.uses += 1;
            let uses = state.uses;
            if let Some(item) = state.kept.get_mut(key) {
                item.last_use = uses;
                item.used_at = Instant::now();
                return item.outcome.clone();
            }
            let Some(flight) = state.being_made.get(key).cloned() else {
                let flight = Arc::new(Flight {
                    stage: Mutex::new(Stage::BeingMade),
                    changed: Condvar::new(),
                });
                state.being_made.insert(key.clone(), flight.clone());
                drop(state);
                let maker = Maker {
                    shelf: self,
                    key,
                    flight,
                };
                return maker.end(make());
            };
            drop(state);
            let mut stage = lock(&flight.stage);
            while matches!(*stage, Stage::BeingMade) {
                stage = flight
                    .changed
                    .wait(stage)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if let Stage::Made(outcome) = &*stage {
                return outcome.clone();
            }
        }
    }

    /// Drops what has not been used for so long.
    pub fn forget(&self, unused_for: Duration) {
        let mut state = lock(&self.state);
        let state = &mut *state;
        state.kept.retain(|_, item| {
            let stays = item.used_at.elapsed() < unused_for;
            if !stays {
                state.bytes -= item.bytes;
            }
            stays
        });
    }

    /// How many items are kept, and the bytes that they take.
    pub fn kept(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.kept.len(), state.bytes)
    }

    fn keep(&self, state: &mut State<K, T>, key: &K, outcome: T, bytes: usize) {
        state.uses += 1;
        let item = Item {
            outcome,
            bytes,
            last_use: state.uses,
            used_at: Instant::now(),
        };
        state.bytes += bytes;
        if let Some(former) = state.kept.insert(key.clone(), item) {
            state.bytes -= former.bytes;
        }
        while state.kept.len() > 1
            && (state.bytes > self.most_bytes || state.kept.len() > self.most_items)
        {
            let oldest = state.kept.iter().min_by_key(|(_, item)| item.last_use);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some(item) = state.kept.remove(&oldest) {
                state.bytes -= item.bytes;
            }
        }
    }
}

/// Ends a flight, whatever becomes of its maker.
struct Maker<'a, K: Clone + Eq + Hash, T: Clone> {
    shelf: &'a KeptSheets<K, T>,
    key: &'a K,
    flight: Arc<Flight<T>>,
}

impl<K: Clone + Eq + Hash, T: Clone> Maker<'_, K, T> {
    fn end(self, made: Sized<T>) -> T {
        let Sized { outcome, bytes } = made;
        if let Some(bytes) = bytes {
            let mut state = lock(&self.shelf.state);
            self.shelf
                .keep(&mut state, self.key, outcome.clone(), bytes);
        }
        *lock(&self.flight.stage) = Stage::Made(outcome.clone());
        outcome
    }
}

impl<K: Clone + Eq + Hash, T: Clone> Drop for Maker<'_, K, T> {
    fn drop(&mut self) {
        lock(&self.shelf.state).being_made.remove(self.key);
        let mut stage = lock(&self.flight.stage);
        if matches!(*stage, Stage::BeingMade) {
            *stage = Stage::Abandoned;
        }
        self.flight.changed.notify_all();
    }
}

/// So many may do something at once.
pub(super) struct Permits {
    free: Mutex<usize>,
    changed: Condvar,
}

impl Permits {
    /// At least one may.
    pub fn new(count: usize) -> Self {
        Self {
            free: Mutex::new(count.max(1)),
            changed: Condvar::new(),
        }
    }

    /// Waits for its turn.
    pub fn take(&self) -> Permit<'_> {
        let mut free = lock(&self.free);
        while *free == 0 {
            free = self
                .changed
                .wait(free)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Permit(self)
    }
}

/// A turn, until it is dropped.
pub(super) struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn made(outcome: u32, bytes: usize) -> Sized<u32> {
        Sized {
            outcome,
            bytes: Some(bytes),
        }
    }

    #[test]
    fn what_was_used_last_stays() {
        let shelf = KeptSheets::new(100, 3);
        for key in 1..=3 {
            shelf.get(&key, || made(key, 10));
        }
        shelf.get(&1, || unreachable!("it is kept"));
        shelf.get(&4, || made(4, 10));
        assert_eq!(shelf.kept(), (3, 30));
        shelf.get(&1, || unreachable!("it is kept"));
        assert_eq!(shelf.get(&2, || made(22, 10)), 22);
        // One that is larger than the shelf takes the place of all others.
        shelf.get(&5, || made(5, 500));
        assert_eq!(shelf.kept(), (1, 500));
        shelf.get(&5, || unreachable!("it is kept"));
        shelf.get(&6, || made(6, 1));
        assert_eq!(shelf.kept(), (1, 1));
        shelf.forget(Duration::MAX);
        assert_eq!(shelf.kept(), (1, 1));
        shelf.forget(Duration::ZERO);
        assert_eq!(shelf.kept(), (0, 0));
    }

    #[test]
    fn what_is_not_to_be_kept_is_made_again() {
        let shelf = KeptSheets::new(100, 3);
        for outcome in [1, 2] {
            let made = Sized {
                outcome,
                bytes: None,
            };
            assert_eq!(shelf.get(&"key", || made), outcome);
        }
        assert_eq!(shelf.kept(), (0, 0));
    }

    #[test]
    fn callers_at_once_share_what_one_of_them_makes() {
        const CALLERS: usize = 8;
        let shelf = KeptSheets::new(100, 3);
        let count = AtomicUsize::new(0);
        let make = || {
            count.fetch_add(1, Ordering::SeqCst);
            // Until all others wait: the map, the maker and each caller that waits hold the flight.
            while Arc::strong_count(&lock(&shelf.state).being_made["key"]) < CALLERS + 1 {
                thread::yield_now();
            }
            Sized {
                outcome: 7,
                bytes: None,
            }
        };
        thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| assert_eq!(shelf.get(&"key", make), 7));
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_maker_that_panics_leaves_the_work_to_the_next() {
        let shelf = KeptSheets::new(100, 3);
        let (started, waits) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            let panicking = scope.spawn(|| {
                shelf.get(&"key", || {
                    started.wait();
                    waits.wait();
                    panic!("on purpose")
                })
            });
            started.wait();
            let waiting = scope.spawn(|| shelf.get(&"key", || made(7, 1)));
            waits.wait();
            assert!(panicking.join().is_err());
            assert_eq!(waiting.join().unwrap(), 7);
        });
    }

    #[test]
    fn permits_are_not_more_than_there_are() {
        let permits = Permits::new(2);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _permit = permits.take();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 2);
    }
}
