//! The options for running a child, and the callback for its output.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a child may take, and how it is stopped after that.
#[derive(Clone, Debug)]
pub struct ChildLimits {
    /// TERM after this long. Default: never.
    pub timeout: Option<Duration>,
    /// From TERM to KILL. Default: 5 s.
    pub kill_after: Duration,
    /// A longer line is cut here, with a mark; what follows it up to the line's end is read and dropped.
    /// Default: 16 MiB, which leaves room for the summary event of a very wide workbook.
    pub max_line_bytes: usize,
    /// The folders whose files are limited together. Default: none.
    pub folders: Vec<PathBuf>,
    /// What it reads on standard input. Default: nothing.
    pub input: Option<Arc<File>>,
    /// What the child and all that it starts may use. Default: no limits, and nothing is watched.
    pub limits: GroupLimits,
}

/// What a child and all that it starts may use together. Where a limit is passed, the whole group is killed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GroupLimits {
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Seconds of processor time.
    pub cpu_seconds: Option<f64>,
    /// Processes at the same time, the child itself counted.
    pub processes: Option<u32>,
    /// Bytes of all files below [`ChildLimits::folders`], and of deleted ones that it has open. If there is such a limit, there are
    /// [`MOST_FILES`](super::MOST_FILES) at most.
    pub disk_bytes: Option<u64>,
    /// Bytes on standard output, and as many on standard error. What the child reports there, in lines of JSON, may be 16 times as
    /// long.
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
