//! Replaces the gate on systems where no process asks before it forks, so that no group is counted.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Does not exist on this system.
#[derive(Debug)]
pub enum Gate {}

impl Gate {
    /// Fails, because only Linux lets processes ask.
    ///
    /// # Errors
    /// It always fails on this system.
    pub fn new(_listener: OwnedFd) -> io::Result<Arc<Self>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Cannot be called on this system.
    pub fn hold(
        &self,
        _group: libc::pid_t,
        _limit: Option<u32>,
        _makes_siblings: bool,
    ) -> HeldGroup {
        match *self {}
    }
}

/// Does not exist on this system.
#[derive(Debug)]
pub enum HeldGroup {}

impl HeldGroup {
    /// Cannot be called on this system.
    pub fn end(self) -> bool {
        match self {}
    }
}

/// Does not exist on this system.
#[derive(Debug)]
pub enum PidsGroup {}

/// Does nothing, because this process adopts no orphans.
pub(super) fn end_orphans(_group: libc::pid_t) {}
