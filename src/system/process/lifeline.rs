//! Ends a whole group together with `ade`: a pipe that the group reads from, and whose other end closes with this process.
//!
//! The kernel kills a child whose parent dies, but not that child's own children. So the reading end, which the group inherits, is
//! set to send KILL to the group when the writing end is closed (`F_SETSIG` and `O_ASYNC` of fcntl(2)). Code that closes all of its
//! descriptors loses it. It is set from this process, which no rule keeps from sending signals.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::fd::OwnedFd;

/// The ends that this process keeps: as long as the writing end is open, the group goes on.
///
/// A child may die before the files of this process are closed. The kernel closes these by their numbers, and lets go of the last one
/// first: so the reading end, whose number is lower, outlives the writing end.
#[derive(Debug)]
pub struct Lifeline(#[expect(dead_code)] [OwnedFd; 2]);

impl Lifeline {
    /// A lifeline, and the end that the group is to keep open. It does nothing yet.
    ///
    /// # Errors
    /// There is no pipe to be had.
    pub fn new() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let its_end = reader.try_clone()?;
        Ok((Self([reader.into(), writer.into()]), its_end.into()))
    }

    /// Ties a group to it.
    ///
    /// # Errors
    /// There is no such group.
    #[cfg(target_os = "linux")]
    pub fn tie(reader: &OwnedFd, group: libc::pid_t) -> io::Result<()> {
        const F_SETSIG: libc::c_int = 10;
        let settings = [
            (libc::F_SETOWN, -group),
            (F_SETSIG, libc::SIGKILL),
            (libc::F_SETFL, libc::O_ASYNC),
        ];
        for (setting, value) in settings {
            // SAFETY: a plain system call on an open descriptor.
            if unsafe { libc::fcntl(reader.as_raw_fd(), setting, value) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }

    /// Elsewhere no group is tied.
    ///
    /// # Errors
    /// None.
    #[cfg(not(target_os = "linux"))]
    pub fn tie(_reader: &OwnedFd, _group: libc::pid_t) -> io::Result<()> {
        Ok(())
    }
}
