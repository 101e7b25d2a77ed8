//! Finds processes that left their group by an environment variable that they were started with.

use std::ffi::OsStr;

/// Kills every process of this user that was started with this environment variable, and waits until they are gone. Returns how
/// many there were: always 0 on systems other than Linux, where the kernel does not show these variables.
pub fn kill_started_with(variable: &str, value: &OsStr) -> usize {
    platform::kill_started_with(variable, value)
}

#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::OsStr;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::super::proc::all;

    /// The number of passes. Each further pass finds processes that were started during the pass before it.
    const PASSES: usize = 10;
    /// The maximum time to wait for a killed process to end.
    const PATIENCE: Timespec = Timespec {
        tv_sec: 5,
        tv_nsec: 0,
    };

    pub fn kill_started_with(variable: &str, value: &OsStr) -> usize {
        let mut mark = variable.as_bytes().to_vec();
        mark.push(b'=');
        mark.extend_from_slice(value.as_bytes());
        let mut killed = 0;
        for _ in 0..PASSES {
            let others = all().unwrap_or_default().into_iter();
            let others = others.filter(|id| id.unsigned_abs() != std::process::id());
            let found: Vec<OwnedFd> = others.filter_map(|id| kill_marked(id, &mark)).collect();
            if found.is_empty() {
                break;
            }
            killed += found.len();
            for process in &found {
                let _ = poll(
                    &mut [PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN)],
                    Some(&PATIENCE),
                );
            }
        }
        killed
    }

    /// Kills the process if it was started with the mark.
    fn kill_marked(id: i32, mark: &[u8]) -> Option<OwnedFd> {
        // The descriptor is opened before the check, so that no other process is killed if the id is reused.
        let process = pidfd_open(Pid::from_raw(id)?, PidfdFlags::empty()).ok()?;
        let variables = std::fs::read(format!("/proc/{id}/environ")).ok()?;
        let is_marked = variables
            .split(|byte| *byte == 0)
            .any(|variable| variable == mark);
        (is_marked && pidfd_send_signal(&process, Signal::KILL).is_ok()).then_some(process)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::ffi::OsStr;

    pub fn kill_started_with(_variable: &str, _value: &OsStr) -> usize {
        0
    }
}
