//! Wakes the workers of one machine, so that a new run does not wait for the next poll of the queue.
//!
//! The process that queues a run touches one small file. On Linux the kernel notifies the workers; elsewhere they poll the
//! file's modification time. A missed touch costs one poll interval and nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::mutex::lock;

/// Makes every worker of this data directory poll the queue now.
pub fn wake(path: &Path) {
    // Errors are ignored: a worker that is not woken polls later.
    let _ = std::fs::write(path, b"");
}

/// Wakes the sleeping slots of one worker. Clones share the same bell.
#[derive(Clone, Default)]
pub struct Bell {
    shared: Arc<BellState>,
}

#[derive(Default)]
struct BellState {
    rings: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    /// Wakes all sleeping slots.
    pub fn ring(&self) {
        *self.lock() += 1;
        self.shared.changed.notify_all();
    }

    /// Returns how often it has rung. Read it before polling the queue, so that a ring during the poll is not missed.
    pub fn rings(&self) -> u64 {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        lock(&self.shared.rings)
    }

    /// Sleeps for `most`, or until it has rung more often than `heard`. Returns whether it has.
    pub fn sleep(&self, heard: u64, most: Duration) -> bool {
        let waited =
            (self.shared.changed).wait_timeout_while(self.lock(), most, |rings| *rings == heard);
        let (_heard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// Rings whenever the file is touched, until `end` is set. Needs a thread of its own.
    pub fn ring_on_touch(&self, path: &Path, end: &Cancel) {
        if let Some(folder) = path.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        #[cfg(target_os = "linux")]
        if self.ring_on_kernel_events(path, end).is_ok() {
            return;
        }
        self.ring_on_changes(path.to_owned(), end);
    }

    #[cfg(target_os = "linux")]
    fn ring_on_kernel_events(&self, path: &Path, end: &Cancel) -> rustix::io::Result<()> {
        use std::mem::MaybeUninit;
        use std::os::fd::AsFd;

        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};

        const LOOK_FOR_THE_END: Timespec = Timespec {
            tv_sec: 1,
            tv_nsec: 0,
        };
        let events = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // The folder is watched, because the file may not exist yet.
        let folder = path.parent().unwrap_or(Path::new("."));
        add_watch(
            &events,
            folder,
            WatchFlags::CLOSE_WRITE | WatchFlags::CREATE,
        )?;
        let mut buffer = [MaybeUninit::uninit(); 4096];
        while !end.is_cancelled() {
            let mut watched = [PollFd::from_borrowed_fd(events.as_fd(), PollFlags::IN)];
            match poll(&mut watched, Some(&LOOK_FOR_THE_END)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error),
            }
            let mut touched = false;
            let mut reader = Reader::new(&events, &mut buffer);
            while let Ok(event) = reader.next() {
                let name = event.file_name().map(|name| name.to_bytes());
                touched |= name == path.file_name().map(std::ffi::OsStr::as_encoded_bytes);
            }
            if touched {
                self.ring();
            }
        }
        Ok(())
    }

    fn ring_on_changes(&self, path: PathBuf, end: &Cancel) {
        const LOOK_EVERY: Duration = Duration::from_millis(25);
        let modified = || {
            std::fs::metadata(&path)
                .and_then(|found| found.modified())
                .ok()
        };
        let mut seen = modified();
        while !end.wait(LOOK_EVERY) {
            let now = modified();
            if now != seen {
                seen = now;
                self.ring();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_rings_and_other_files_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wake");
        let (bell, end) = (Bell::default(), Cancel::new());
        std::thread::scope(|scope| {
            scope.spawn(|| bell.ring_on_touch(&path, &end));
            let heard = bell.rings();
            // The watch begins some time after the thread: touch until it is noticed.
            while !bell.sleep(heard, Duration::from_millis(20)) {
                wake(&path);
            }
            end.cancel();
        });
        assert!(bell.rings() > 0);
    }

    #[test]
    fn a_ring_between_look_and_sleep_is_not_missed() {
        let bell = Bell::default();
        let heard = bell.rings();
        bell.ring();
        assert!(bell.sleep(heard, Duration::from_secs(60)));
        assert!(!bell.sleep(bell.rings(), Duration::from_millis(1)));
    }
}
