//! The options for running a child, and the callback for its output.

use std::time::Duration;

/// How long a child may take, and how it is stopped after that.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// TERM after this long. Default: never.
    pub timeout: Option<Duration>,
    /// From TERM to KILL. Default: 5 s.
    pub kill_after: Duration,
    /// A longer line is cut here, with a mark; what follows it up to the line's end is read and dropped.
    /// Default: 16 MiB, which leaves room for the summary event of a very wide workbook.
    pub max_line_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            timeout: None,
            kill_after: Duration::from_secs(5),
            max_line_bytes: 16 * 1024 * 1024,
        }
    }
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The name as event logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Takes each line of a child's output.
pub(super) type OnLine<'a> = &'a mut dyn FnMut(Stream, &str);
