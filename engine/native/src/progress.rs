//! Watches and stops a scan that runs in another thread.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The error of a scan that the caller stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanStopped;

/// The progress of a scan, shared between the scanning thread and the thread that waits for it.
#[derive(Debug, Default)]
pub struct ScanWatch {
    rows: AtomicUsize,
    stop: AtomicBool,
}

impl ScanWatch {
    /// Records the number of rows read. The scan calls this now and then.
    ///
    /// # Errors
    /// [`ScanStopped`] if the caller asked the scan to stop.
    #[inline]
    pub fn tick(&self, rows: usize) -> Result<(), ScanStopped> {
        self.rows.store(rows, Ordering::Relaxed);
        if self.stop.load(Ordering::Relaxed) {
            Err(ScanStopped)
        } else {
            Ok(())
        }
    }

    /// Returns the number of rows read so far.
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// Asks the scan to stop.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
