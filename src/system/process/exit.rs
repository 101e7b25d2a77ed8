//! How a child ended, and which resources it used.

use std::fmt;
use std::time::Duration;

/// What a child and all that it starts may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The memory of all together.
    Memory,
    /// The processor time of all together.
    Cpu,
    /// How many processes there are at the same time.
    Processes,
    /// The threads of all together.
    Threads,
    /// What is printed.
    Printed,
    /// The size of all files in the folders that it may write, and of those that are deleted while it has them open.
    Disk,
    /// How many files there are in those folders.
    Files,
    /// The size of one file.
    FileSize,
    /// Files that one process has open.
    OpenFiles,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this status.
    Code(i32),
    /// A signal that we did not send ended it.
    Signal(i32),
    /// It was stopped because its timeout was reached.
    TimedOut,
    /// It was stopped, or never started, because the call was cancelled.
    Cancelled,
    /// It was killed because it and what it started used too much.
    Exceeded(Limit),
}

impl Exit {
    /// Whether it ended by itself with status 0.
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

/// What the kernel counted for the child and those of its descendants that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// The largest resident set of one process, or of all together where they are watched and that is more. It is never
    /// below that of `ade` at the start of the child, for the child begins its life as a copy of `ade`.
    pub peak_memory_bytes: u64,
    /// User and system time.
    pub cpu_seconds: f64,
}

/// The end of a child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChildEnd {
    pub exit: Exit,
    pub usage: Usage,
    pub wall: Duration,
}
