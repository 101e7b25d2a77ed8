//! Ends a whole group together with `ade`.
//!
//! The kernel kills a child whose parent dies, but not that child's own children. So this process keeps both ends of a pipe,
//! and sets the reading end to send KILL to the group when the writing end is closed (`F_SETOWN`, `F_SETSIG` and `O_ASYNC` of
//! fcntl(2)). When this process dies, the kernel closes both ends in the order of their numbers, and releases the last closed
//! end first. So the reading end must have the lower number. The group has neither end and cannot change this.

use std::io::{self, PipeReader};
use std::os::fd::{AsRawFd, OwnedFd};

/// Both ends of the pipe. The group goes on as long as they are open. If they are dropped after the group's end, nothing
/// happens.
#[derive(Debug)]
pub struct Lifeline {
    reader: PipeReader,
    _writer: OwnedFd,
}

impl Lifeline {
    /// Returns a lifeline without a group.
    ///
    /// # Errors
    /// No pipe can be created.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let above = reader.as_raw_fd() + 1;
        Ok(Self {
            reader,
            _writer: rustix::io::fcntl_dupfd_cloexec(&writer, above)?,
        })
    }

    /// Ties a group to it. Does nothing on systems other than Linux.
    ///
    /// # Errors
    /// There is no such group.
    pub fn tie(&self, group: libc::pid_t) -> io::Result<()> {
        const F_SETSIG: libc::c_int = 10;
        if !cfg!(target_os = "linux") {
            return Ok(());
        }
        let settings = [
            (libc::F_SETOWN, -group),
            (F_SETSIG, libc::SIGKILL),
            (libc::F_SETFL, libc::O_ASYNC),
        ];
        for (setting, value) in settings {
            // SAFETY: a plain system call on an open descriptor.
            if unsafe { libc::fcntl(self.reader.as_raw_fd(), setting, value) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }
}
