//! Standard output: all data goes through [`print()`], and [`failure()`] returns at the end whether it was written.
//!
//! Nothing is buffered, so that each error belongs to its text. The standard library's writer is not used, because it treats a
//! descriptor that cannot be written as a success.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ade::base::files::describe;
use ade::base::problem::code;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};

use crate::exit::{ExitStatus, Failure};

/// The first write error. After it nothing more is written, because text with a gap looks complete.
static FAILED: Mutex<Option<Errno>> = Mutex::new(None);

fn failed() -> MutexGuard<'static, Option<Errno>> {
    FAILED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to standard output. The texts of several threads are not mixed.
pub fn print(text: &[u8]) {
    let mut failed = failed();
    if failed.is_none() {
        *failed = write_all(text).err();
    }
}

fn write_all(mut text: &[u8]) -> Result<(), Errno> {
    let stdout = io::stdout();
    while !text.is_empty() {
        match write(&stdout, text) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => text = &text[written..],
            Err(Errno::INTR) => {}
            // A full pipe that another program has made non-blocking.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns why some output was not written. `None`: all was written, or its reader closed the pipe (`ade runs ls | head`).
pub fn failure() -> Option<Failure> {
    let error = failed().filter(|error| !matches!(*error, Errno::PIPE | Errno::CONNRESET))?;
    let error = io::Error::from(error);
    let message = format!("cannot write to standard output: {}", describe(&error));
    let failure = Failure::new(ExitStatus::Usage, code::OUTPUT_UNWRITABLE, message);
    Some(failure.hint("send the output elsewhere; the command has done everything except printing"))
}
