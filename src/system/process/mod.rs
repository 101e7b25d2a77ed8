//! Runs child processes, which never outlive the call that started them.
//!
//! [`run`] starts a program, passes on its lines as they are printed, and returns when the program has ended. Its promises
//! prevent processes that stay behind and pipes that fill up:
//!
//! - The child leads its own process group. Cancel and timeout send TERM to the whole group, and KILL after
//!   [`ChildLimits::kill_after`]. However the child ends, the processes left in its group are killed.
//! - If `ade` is killed, the child is killed, too, with its whole group (on Linux).
//! - Both streams are read while the child runs, so neither can fill up and block it. Standard input is empty, or a file.
//! - A grandchild that has left the group and keeps a pipe open delays nothing: after the end of the child, its output is read
//!   to the last byte, and [`run`] returns.
//! - There is no polling: the end of the child, a line and a cancel each wake the caller at once. Only if the group has limits,
//!   it is measured 20 times a second, and killed as a whole when it passes a limit ([`GroupLimits`]).
//!
//! The memory and CPU seconds come from the kernel's own account of the child and its descendants (`wait4`).
//!
//! `child` starts, watches and reaps; `lines` reads; `wake` waits; `watch` measures the group, and `gate` counts it; `lifeline`
//! ends it with `ade`; [`kill_started_with`] kills processes that left their group.

mod child;
mod exit;
#[cfg(target_os = "linux")]
mod gate;
#[cfg(not(target_os = "linux"))]
#[path = "no_gate.rs"]
mod gate;
mod lifeline;
mod lines;
mod marks;
pub(crate) mod on_path;
mod options;
#[cfg(target_os = "linux")]
mod pids_group;
#[cfg(target_os = "linux")]
mod proc;
#[cfg(test)]
mod tests;
mod time_limit;
mod wake;
mod watch;

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use self::child::WatchedChild;
use self::lines::OutputLines;
use self::options::OnLine;
use self::time_limit::TimeLimit;
use self::wake::{Wakes, wait_for_any};
use self::watch::GroupUsage;
use crate::base::cancel::Cancel;

pub use child::{StartedChild, die_with_thread, start};
pub use exit::{ChildEnd, Exit, Limit, Usage};
#[cfg(not(target_os = "linux"))]
pub use gate::PidsGroup;
pub use gate::{Gate, HeldGroup};
pub use lifeline::Lifeline;
pub use marks::kill_started_with;
pub use on_path::on_path;
pub use options::{ChildLimits, GroupLimits, Stream};
#[cfg(target_os = "linux")]
pub use pids_group::PidsGroup;
pub use watch::{MAX_FOLDER_FILES, MAX_THREADS};

/// The maximum time to read the rest in the pipes after the child's end. Only a grandchild that still writes makes it longer.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Runs `command` to its end and passes each line of its output to `on_line`, in order within each stream.
///
/// Replaces the command's own settings for standard input, output and process group.
///
/// # Errors
/// The child could not be started or watched. Nothing is left running then, nor after a panic in `on_line`.
pub fn run(
    command: &mut Command,
    cancel: &Cancel,
    options: &ChildLimits,
    on_line: OnLine<'_>,
) -> io::Result<ChildEnd> {
    let start = || start(command, options.input.as_deref());
    run_started(start, cancel, options, on_line)
}

/// Runs a child that `starts` starts, like [`run`].
///
/// # Errors
/// The errors of `starts` and of [`run`].
pub fn run_started(
    starts: impl FnOnce() -> io::Result<StartedChild>,
    cancel: &Cancel,
    options: &ChildLimits,
    on_line: OnLine<'_>,
) -> io::Result<ChildEnd> {
    let started = Instant::now();
    if cancel.is_cancelled() {
        return Ok(ChildEnd {
            exit: Exit::Cancelled,
            usage: Usage::default(),
            wall: Duration::ZERO,
        });
    }

    let (mut wakes, waker) = Wakes::new()?;
    let mut watched = WatchedChild::new(starts()?, &waker)?;
    let (stdout, stderr) = watched.streams();
    let mut stdout = OutputLines::new(Stream::Stdout, stdout, options)?;
    let mut stderr = OutputLines::new(Stream::Stderr, stderr, options)?;
    let _subscription = waker.on_cancel(cancel);

    let mut time_limit = TimeLimit::new(started, options);
    let mut watch = GroupUsage::new(watched.id(), options, started);
    loop {
        if let Some(signal) = time_limit.due(cancel, Instant::now()) {
            watched.signal_group(signal);
        }
        wait_for_any(
            &[wakes.descriptor(), stdout.descriptor(), stderr.descriptor()],
            earlier(time_limit.deadline(), watch.next_look()),
        )?;
        let ended = wakes.child_has_ended()?;
        stdout.pump(on_line)?;
        stderr.pump(on_line)?;
        if ended {
            break;
        }
        let printed = stdout.is_too_long() || stderr.is_too_long();
        let used = match printed {
            true => Some(Limit::Printed),
            false => watch.look(Instant::now()),
        };
        if used.is_some_and(|limit| time_limit.exceed(limit)) {
            watched.signal_group(libc::SIGKILL);
        }
    }

    if watched.end_group() {
        time_limit.mark_full();
    }
    let (exit, mut usage) = watched.reap()?;
    // The files that it left between the last look and its end.
    if let Some(limit) = watch.left() {
        time_limit.exceed(limit);
    }
    usage.peak_memory_bytes = usage.peak_memory_bytes.max(watch.peak());
    let drain_until = Instant::now() + DRAIN_LIMIT;
    stdout.drain(on_line, drain_until)?;
    stderr.drain(on_line, drain_until)?;
    Ok(ChildEnd {
        exit: time_limit.reason().unwrap_or(exit),
        usage,
        wall: started.elapsed(),
    })
}

fn earlier(first: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (first, other) {
        (Some(first), Some(other)) => Some(first.min(other)),
        (first, other) => first.or(other),
    }
}
