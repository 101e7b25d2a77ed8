//! Where no process asks before it forks, no group is counted.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// There is none.
#[derive(Debug)]
pub enum Gate {}

impl Gate {
    /// Fails: no kernel but Linux asks.
    ///
    /// # Errors
    /// Always.
    pub fn new(_listener: OwnedFd) -> io::Result<Arc<Self>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never called.
    pub fn hold(&self, _group: libc::pid_t, _limit: Option<u32>, _makes_siblings: bool) -> Held {
        match *self {}
    }
}

/// There is none.
#[derive(Debug)]
pub enum Held {}

impl Held {
    /// Never called.
    pub fn end(self) -> bool {
        match self {}
    }
}

/// There is none.
#[derive(Debug)]
pub enum PidsGroup {}

/// Nobody is adopted.
pub(super) fn end_orphans(_group: libc::pid_t) {}
