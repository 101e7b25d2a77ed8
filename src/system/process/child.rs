//! Starts a child as the leader of a process group, watches for its end, reaps it, and kills it with its group.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use super::PidsGroup;
use super::exit::{Exit, Usage};
use super::gate::{HeldGroup, end_orphans};
use super::lifeline::Lifeline;
use super::wake::{CHILD_ENDED, Waker};

/// A running child that leads its own group, which ends with this process.
#[derive(Debug)]
pub struct StartedChild {
    id: libc::pid_t,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    _lifeline: Lifeline,
    /// Counts its group. If `None`, it forks without asking.
    held: Option<HeldGroup>,
    /// The control group, which is removed after the child was waited for.
    pids: Option<PidsGroup>,
}

impl StartedChild {
    /// Returns a child of this process with its id, its output streams, and the lifeline of its group.
    pub fn new(
        id: libc::pid_t,
        stdout: Option<OwnedFd>,
        stderr: Option<OwnedFd>,
        lifeline: Lifeline,
    ) -> Self {
        Self {
            id,
            stdout,
            stderr,
            _lifeline: lifeline,
            held: None,
            pids: None,
        }
    }

    /// Returns its process id, which is also the id of its group.
    pub fn id(&self) -> libc::pid_t {
        self.id
    }

    /// Adds the count of its processes and its control group.
    #[must_use]
    pub fn held(mut self, held: Option<HeldGroup>, group: Option<PidsGroup>) -> Self {
        self.held = held;
        self.pids = group;
        self
    }
}

/// Starts a child. Replaces the command's own settings for standard input, output and process group.
///
/// # Errors
/// It cannot be started.
pub fn start(command: &mut Command, input: Option<&File>) -> io::Result<StartedChild> {
    let input = input.map(File::try_clone).transpose()?;
    command
        .stdin(input.map_or_else(Stdio::null, Stdio::from))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    die_with_thread(command);
    let lifeline = Lifeline::new()?;
    let mut child = command.spawn()?;
    // The kernel's type is pid_t; std returns it unsigned.
    let id = child.id().cast_signed();
    // This fails if the child has already ended.
    let _ = lifeline.tie(id);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    Ok(StartedChild::new(
        id,
        stdout.map(OwnedFd::from),
        stderr.map(OwnedFd::from),
        lifeline,
    ))
}

/// A child, and the thread that waits for its end. If it is dropped before it was reaped, it is killed with its whole group.
pub(super) struct WatchedChild {
    child: StartedChild,
    waiter: Option<JoinHandle<()>>,
    reaped: bool,
}

impl WatchedChild {
    /// Watches a child. Its end is notified through `wake`.
    pub fn new(child: StartedChild, wake: &Waker) -> io::Result<Self> {
        let mut watched = WatchedChild {
            child,
            waiter: None,
            reaped: false,
        };
        let id = watched.id();
        let wake = wake.clone();
        watched.waiter = Some(
            std::thread::Builder::new()
                .name("child".to_owned())
                .stack_size(64 * 1024)
                .spawn(move || {
                    wait_without_reaping(id);
                    wake.send(CHILD_ENDED);
                })?,
        );
        Ok(watched)
    }

    /// Returns its process id, which is also the id of its group.
    pub fn id(&self) -> libc::pid_t {
        self.child.id
    }

    /// Sends a signal to the child and to everything in its group.
    pub fn signal_group(&self, signal: libc::c_int) {
        // SAFETY: a plain system call. It fails if the group is empty, which is fine.
        unsafe { libc::kill(-self.id(), signal) };
    }

    /// Kills what is left of its group, and waits until it has ended. Returns whether the group had more processes than
    /// allowed. The child itself must have ended.
    pub fn end_group(&mut self) -> bool {
        // The child is not reaped yet, so its id, which names the group, is not reused.
        self.signal_group(libc::SIGKILL);
        match self.child.held.take() {
            Some(held) => held.end(),
            None => {
                end_orphans(self.id());
                false
            }
        }
    }

    /// Takes the child's standard output and standard error; each can be taken once.
    pub fn streams(&mut self) -> (Option<OwnedFd>, Option<OwnedFd>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits for the child's end and reaps it.
    pub fn reap(&mut self) -> io::Result<(Exit, Usage)> {
        if let Some(waiter) = self.waiter.take() {
            // The thread can't panic: it makes two system calls.
            let _ = waiter.join();
        }
        let mut status = 0;
        // SAFETY: all-zero is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        loop {
            // SAFETY: both pointers are to live values of the right types.
            if unsafe { libc::wait4(self.id(), &raw mut status, 0, &raw mut usage) } >= 0 {
                break;
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                self.reaped = true;
                return Err(error);
            }
        }
        self.reaped = true;
        let exit = if libc::WIFSIGNALED(status) {
            Exit::Signal(libc::WTERMSIG(status))
        } else {
            Exit::Code(libc::WEXITSTATUS(status))
        };
        Ok((exit, usage_of(&usage)))
    }
}

impl Drop for WatchedChild {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal_group(libc::SIGKILL);
            self.child.held = None;
            let _ = self.reap();
        }
    }
}

fn usage_of(usage: &libc::rusage) -> Usage {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1024
    };
    Usage {
        peak_memory_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit,
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
    }
}

/// Makes the kernel kill the child when the thread that started it ends. In [`super::run`], this happens only if `ade` ends,
/// because `run` does not return before the child has ended.
#[cfg(target_os = "linux")]
pub fn die_with_thread(command: &mut Command) {
    let parent = std::process::id();
    // SAFETY: between fork and exec only system calls are made, and an error is built without allocation.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have died before the line above took effect.
            if libc::getppid().cast_unsigned() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

#[cfg(not(target_os = "linux"))]
pub fn die_with_thread(_command: &mut Command) {}

/// Blocks until the child has ended, without reaping it, so that its id stays in use.
fn wait_without_reaping(id: libc::pid_t) {
    loop {
        // SAFETY: all-zero is a valid siginfo_t, and the pointer is to a live one.
        let answer = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(
                libc::P_PID,
                id.cast_unsigned(),
                &raw mut info,
                libc::WEXITED | libc::WNOWAIT,
            )
        };
        if answer == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}
