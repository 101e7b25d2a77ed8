//! The options for running a child, and the callback for its output.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The limits of a child, and how it is stopped after them.
#[derive(Clone, Debug)]
pub struct ChildLimits {
    /// The time after which TERM is sent. Default: never.
    pub timeout: Option<Duration>,
    /// The time from TERM to KILL. Default: 5 s.
    pub kill_after: Duration,
    /// The length at which a line is cut, with a mark; the rest of the line is read and dropped. Default: 16 MiB, which leaves
    /// room for the summary event of a very wide workbook.
    pub max_line_bytes: usize,
    /// The folders whose files are limited together. Default: none.
    pub folders: Vec<PathBuf>,
    /// The file on standard input. Default: nothing.
    pub input: Option<Arc<File>>,
    /// The resources that the child and its descendants may use. Default: no limits, and nothing is watched.
    pub limits: GroupLimits,
}

/// The resources that a child and its descendants may use together. If a limit is passed, the whole group is killed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupLimits {
    /// Bytes of memory of all processes together.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time of all processes together.
    pub cpu_seconds: Option<f64>,
    /// Processes at the same time, including the child itself.
    pub processes: Option<u32>,
    /// Bytes of all files below [`ChildLimits::folders`], and of deleted files that are still open. If set, there may be at
    /// most [`MOST_FILES`](super::MOST_FILES) files.
    pub disk_bytes: Option<u64>,
    /// Bytes on standard output, and as many on standard error. On standard error, lines of JSON, in which the child reports,
    /// may have 16 times as many.
    pub printed_bytes: Option<u64>,
}

impl Default for ChildLimits {
    fn default() -> Self {
        ChildLimits {
            timeout: None,
            kill_after: Duration::from_secs(5),
            max_line_bytes: 16 * 1024 * 1024,
            folders: Vec::new(),
            input: None,
            limits: GroupLimits::default(),
        }
    }
}

/// The stream that a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// Returns the name in event logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Takes each line of a child's output.
pub(super) type OnLine<'a> = &'a mut dyn FnMut(Stream, &str);
