//! A flag that many threads share and that is raised once, to stop work.
//!
//! Ctrl-C, a lost lease, a cancel request and a shutdown all end in [`Cancel::cancel`]. Code that takes long holds a clone and
//! either checks it ([`Cancel::is_cancelled`]), sleeps on it ([`Cancel::wait`]), or, while it waits for something else such as
//! a pipe, registers a function that wakes it ([`Cancel::on_cancel`]).
//!
//! Promises: once raised, the flag stays raised; every waiter wakes at once; raising it again does nothing. [`Cancel::cancel`]
//! takes a lock and therefore must not be called from inside a signal handler; the handler wakes a thread that calls it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::base::mutex::lock;

/// A flag that threads share. All clones are the same flag.
#[derive(Clone, Default)]
pub struct Cancel {
    shared: Arc<CancelState>,
}

type Waker = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct CancelState {
    raised: AtomicBool,
    wakers: Mutex<Wakers>,
    changed: Condvar,
}

#[derive(Default)]
struct Wakers {
    next_key: u64,
    by_key: BTreeMap<u64, Waker>,
}

impl Cancel {
    /// Returns a flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag and wakes all threads that wait on it.
    pub fn cancel(&self) {
        let wakers: Vec<Waker> = {
            let mut wakers = lock(&self.shared.wakers);
            self.shared.raised.store(true, Ordering::Release);
            std::mem::take(&mut wakers.by_key).into_values().collect()
        };
        self.shared.changed.notify_all();
        // Outside the lock, so that a waker may check the flag or drop a subscription.
        for waker in wakers {
            waker();
        }
    }

    /// Returns whether the flag has been raised.
    pub fn is_cancelled(&self) -> bool {
        self.shared.raised.load(Ordering::Acquire)
    }

    /// Sleeps for `duration`, or until the flag is raised. Returns whether it is raised.
    pub fn wait(&self, duration: Duration) -> bool {
        let wakers = lock(&self.shared.wakers);
        let is_waiting = |_: &mut Wakers| !self.is_cancelled();
        drop((self.shared.changed).wait_timeout_while(wakers, duration, is_waiting));
        self.is_cancelled()
    }

    /// Calls `wake` when the flag is raised, from the thread that raises it; at once if it is already raised. Dropping the
    /// returned subscription unregisters `wake`.
    #[must_use = "the function is called only as long as the subscription is held"]
    pub fn on_cancel(&self, wake: impl Fn() + Send + Sync + 'static) -> Subscription {
        let mut wakers = lock(&self.shared.wakers);
        let key = (!self.is_cancelled()).then_some(wakers.next_key);
        if let Some(key) = key {
            wakers.next_key += 1;
            wakers.by_key.insert(key, Arc::new(wake));
        } else {
            drop(wakers);
            wake();
        }
        Subscription {
            shared: Arc::clone(&self.shared),
            key,
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cancel")
            .field("is_cancelled", &self.is_cancelled())
            .finish()
    }
}

/// Raises a flag when dropped, also by a panic.
pub struct CancelOnDrop<'a>(pub &'a Cancel);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Keeps a function of [`Cancel::on_cancel`] registered until it is dropped.
pub struct Subscription {
    shared: Arc<CancelState>,
    key: Option<u64>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.shared.wakers).by_key.remove(&key);
        }
    }
}

/// Returns a flag that is raised with another flag but can also be raised alone: cancelling a part of the work must not cancel
/// all of it.
pub fn linked(outer: &Cancel) -> LinkedCancel {
    let cancel = Cancel::new();
    let follower = cancel.clone();
    let subscription = outer.on_cancel(move || follower.cancel());
    LinkedCancel {
        cancel,
        _subscription: subscription,
    }
}

/// An inner flag that follows an outer flag until this is dropped; see [`linked`].
pub struct LinkedCancel {
    /// The inner flag, which follows the outer flag.
    pub cancel: Cancel,
    _subscription: Subscription,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    #[test]
    fn waiting_ends_at_once_when_somebody_cancels_and_else_with_its_time() {
        let cancel = Cancel::new();
        assert!(!cancel.wait(Duration::from_millis(20)));
        let waiting = thread::spawn({
            let cancel = cancel.clone();
            move || cancel.wait(Duration::MAX)
        });
        thread::sleep(Duration::from_millis(10));
        cancel.cancel();
        assert!(waiting.join().unwrap());
        assert!(cancel.wait(Duration::from_secs(60)) && cancel.is_cancelled());
    }

    #[test]
    fn a_subscriber_is_called_once_and_at_once_if_it_comes_late_and_never_if_it_left() {
        let cancel = Cancel::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let add = |number| {
            let calls = Arc::clone(&calls);
            cancel.on_cancel(move || {
                calls.fetch_add(number, Ordering::SeqCst);
            })
        };
        let early = add(1);
        drop(add(100));
        cancel.cancel();
        cancel.cancel();
        drop(early);
        let _late = add(10);
        assert_eq!(calls.load(Ordering::SeqCst), 11);
    }
}
