//! Watching and stopping a scan that runs in another thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The scan was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Shared between the thread that scans and the one that waits for it.
#[derive(Debug, Default)]
pub struct Watch {
    rows: AtomicUsize,
    stop: AtomicBool,
}

impl Watch {
    /// Called by the scan now and then with the number of rows read.
    ///
    /// # Errors
    /// [`Stopped`] when the scan was asked to stop.
    #[inline]
    pub fn tick(&self, rows: usize) -> Result<(), Stopped> {
        self.rows.store(rows, Ordering::Relaxed);
        if self.stop.load(Ordering::Relaxed) {
            Err(Stopped)
        } else {
            Ok(())
        }
    }

    /// How many rows were read so far.
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// Asks the scan to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
