//! Writes a log in its own thread, so that a blocked reader of standard error stops no worker.

use std::io::Write;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::clean;

/// The maximum number of lines that wait for the reader; further lines are dropped.
const MAX_QUEUED_LINES: usize = 10_000;
/// How long the program waits at its end until the last lines are read.
const PATIENCE: Duration = Duration::from_secs(1);

/// The queue of lines and the thread that writes them.
pub struct LogWriter {
    state: Mutex<LogWriterState>,
}

struct LogWriterState {
    /// Taken out when the log ends.
    sender: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    dropped: u64,
}

impl LogWriter {
    pub fn new() -> Self {
        let (sender, receiver) = sync_channel::<String>(MAX_QUEUED_LINES);
        let writer = std::thread::spawn(move || {
            for line in receiver {
                let _ = writeln!(std::io::stderr().lock(), "{}", clean(&line));
            }
        });
        Self {
            state: Mutex::new(LogWriterState {
                sender: Some(sender),
                writer: Some(writer),
                dropped: 0,
            }),
        }
    }

    /// Queues a line for the reader. If lines were dropped before, `of_dropped` makes the line that reports how many.
    pub fn write(&self, line: String, of_dropped: impl FnOnce(u64) -> String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let LogWriterState {
            sender, dropped, ..
        } = &mut *state;
        let Some(sender) = sender else {
            return;
        };
        if *dropped > 0 && sender.try_send(of_dropped(*dropped)).is_ok() {
            *dropped = 0;
        }
        if let Err(TrySendError::Full(_)) = sender.try_send(line) {
            *dropped += 1;
        }
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.sender = None;
        let end = Instant::now() + PATIENCE;
        while let Some(writer) = &state.writer {
            if writer.is_finished() || Instant::now() > end {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
