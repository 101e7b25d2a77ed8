//! Waking the workers of one machine: a run that was just enqueued should not wait for the next look at the queue.
//!
//! Whoever enqueues touches one small file; who waits looks at its modification time every few milliseconds, which costs
//! next to nothing and needs no service. A missed touch costs one poll interval and nothing else.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::cancel::Cancel;

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Tells every worker of this data directory to look at the queue now.
pub fn wake(path: &Path) {
    // Nothing depends on it: a worker that is not woken polls.
    let _ = std::fs::write(path, b"");
}

/// Waits for a touch.
pub struct Sleeper {
    path: PathBuf,
    seen: Option<SystemTime>,
}

impl Sleeper {
    /// Watches a file, which need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        let seen = modified(&path);
        Self { path, seen }
    }

    /// Returns after `most`, or at once when the file is touched or `cancel` is set. True: it was touched.
    pub fn sleep(&mut self, most: Duration, cancel: &Cancel) -> bool {
        let until = Instant::now() + most;
        loop {
            let now = modified(&self.path);
            if now != self.seen {
                self.seen = now;
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || cancel.wait(left.min(LOOK_EVERY)) {
                return false;
            }
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}
