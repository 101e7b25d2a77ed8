//! Describes how a child ended, and which resources it used.

use std::fmt;
use std::time::Duration;

/// A resource that a child and its descendants may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The memory of all processes together.
    Memory,
    /// The processor time of all processes together.
    Cpu,
    /// The number of processes at the same time.
    Processes,
    /// The number of threads of all processes together.
    Threads,
    /// The bytes that are printed.
    Printed,
    /// The size of all files in the writable folders, and of deleted files that are still open.
    Disk,
    /// The number of files in those folders.
    Files,
    /// The size of a single file.
    FileSize,
    /// The number of open files of a single process.
    OpenFiles,
}

/// The end of a child, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The child ended by itself with this status.
    Code(i32),
    /// A signal that ADE did not send ended it.
    Signal(i32),
    /// ADE stopped it because its timeout was reached.
    TimedOut,
    /// ADE stopped it, or never started it, because the call was cancelled.
    Cancelled,
    /// ADE killed it because it and its descendants used too much.
    Exceeded(Limit),
}

impl Exit {
    /// Returns whether it ended by itself with status 0.
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(formatter, "exit status {code}"),
            Exit::Signal(signal) => write!(formatter, "signal {signal}"),
            Exit::TimedOut => formatter.write_str("timed out"),
            Exit::Cancelled => formatter.write_str("cancelled"),
            Exit::Exceeded(_) => formatter.write_str("killed at a limit"),
        }
    }
}

/// The resources that the kernel counted for the child and for those of its descendants that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// The largest resident set of one process, or of all together if they are watched and that is more. It is never below that
    /// of `ade` at the start of the child, because the child begins as a copy of `ade`.
    pub peak_memory_bytes: u64,
    /// The user and system time.
    pub cpu_seconds: f64,
}

/// The end of a child, with its usage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChildEnd {
    pub exit: Exit,
    pub usage: Usage,
    pub wall: Duration,
}
