//! Child processes that never outlive their purpose.
//!
//! [`run`] starts a program, hands over its lines as they come, and comes back when the program has ended. What it
//! promises, because each of these was learnt from a process that stayed behind or a pipe that nobody read:
//!
//! - The child leads a process group of its own. Cancel and timeout send TERM to the whole group, and KILL after
//!   [`Options::kill_after`]. However the child ends, whatever it left in its group is killed.
//! - A child whose `ade` is killed is killed too (on Linux, where the kernel offers it).
//! - Both streams are read while the child runs, so neither can fill up and block it. Standard input is empty.
//! - A grandchild that has left the group and keeps a pipe open delays nothing: when the child has ended, what it wrote
//!   is read to the last byte, and that is the end.
//! - Nothing polls: the end of the child, a line and a cancel each wake the caller at once.
//!
//! The memory and CPU seconds come from the kernel's own account of the child and its descendants (`wait4`).

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::cancel::{Cancel, Subscription};

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

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this status.
    Code(i32),
    /// A signal that we did not send ended it.
    Signal(i32),
    /// It was stopped because its time was up.
    TimedOut,
    /// It was stopped, or never started, because somebody cancelled.
    Cancelled,
}

impl Exit {
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

/// What the kernel counted for the child and those of its descendants that it waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// The largest resident set of one process. It is never below that of `ade` at the start of the child, for the
    /// child begins its life as a copy of `ade`.
    pub peak_memory_bytes: u64,
    /// User and system time.
    pub cpu_seconds: f64,
}

/// The end of a child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub exit: Exit,
    pub usage: Usage,
    pub wall: Duration,
}

/// How long a child may take, and how it is treated when it took longer.
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

/// When a child has ended, its pipes hold a finite rest; only a stranger that still writes could make it longer.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);

/// Runs `command` to its end and hands each line of its output to `on_line`, in order within each stream.
///
/// The command's own settings for standard input, output and process group are replaced. `Err` means that the child
/// could not be started or watched; nothing is left running then either, nor after a panic in `on_line`.
pub fn run(
    command: &mut Command,
    cancel: &Cancel,
    options: &Options,
    on_line: &mut dyn FnMut(Stream, &str),
) -> io::Result<Outcome> {
    let started = Instant::now();
    if cancel.is_cancelled() {
        return Ok(Outcome {
            exit: Exit::Cancelled,
            usage: Usage::default(),
            wall: Duration::ZERO,
        });
    }

    let (wake_reader, wake_writer) = io::pipe()?;
    set_nonblocking(wake_reader.as_raw_fd())?;
    // A cancel that finds the pipe full has been heard already; it must not block whoever cancels.
    set_nonblocking(wake_writer.as_raw_fd())?;
    let wake_writer = Arc::new(wake_writer);

    let mut watched = Watched::start(command, &wake_writer)?;
    let mut stdout = Lines::new(Stream::Stdout, watched.child.stdout.take(), options)?;
    let mut stderr = Lines::new(Stream::Stderr, watched.child.stderr.take(), options)?;
    let _subscription = wake_on_cancel(cancel, &wake_writer);

    let mut stopping: Option<Stopping> = None;
    loop {
        let now = Instant::now();
        match &mut stopping {
            None => {
                let reason = if cancel.is_cancelled() {
                    Some(Exit::Cancelled)
                } else if options
                    .timeout
                    .is_some_and(|timeout| now - started >= timeout)
                {
                    Some(Exit::TimedOut)
                } else {
                    None
                };
                if let Some(reason) = reason {
                    watched.signal_group(libc::SIGTERM);
                    stopping = Some(Stopping {
                        reason,
                        kill_at: now.checked_add(options.kill_after),
                    });
                }
            }
            Some(Stopping { kill_at, .. }) => {
                if kill_at.is_some_and(|kill_at| now >= kill_at) {
                    watched.signal_group(libc::SIGKILL);
                    *kill_at = None;
                }
            }
        }
        let deadline = match &stopping {
            None => options
                .timeout
                .and_then(|timeout| started.checked_add(timeout)),
            Some(stopping) => stopping.kill_at,
        };

        wait_for_any(
            &[
                wake_reader.as_raw_fd(),
                stdout.descriptor(),
                stderr.descriptor(),
            ],
            deadline,
        )?;
        let ended = child_has_ended(&wake_reader)?;
        stdout.pump(on_line)?;
        stderr.pump(on_line)?;
        if ended {
            break;
        }
    }

    // The child is dead but not yet reaped, so its process id, which names the group, can't belong to anybody else.
    watched.signal_group(libc::SIGKILL);
    let (status, usage) = watched.reap()?;
    let drain_until = Instant::now() + DRAIN_LIMIT;
    stdout.drain(on_line, drain_until)?;
    stderr.drain(on_line, drain_until)?;

    let exit = match stopping {
        Some(Stopping { reason, .. }) => reason,
        None if libc::WIFSIGNALED(status) => Exit::Signal(libc::WTERMSIG(status)),
        None => Exit::Code(libc::WEXITSTATUS(status)),
    };
    Ok(Outcome {
        exit,
        usage,
        wall: started.elapsed(),
    })
}

/// The child has been asked to end.
struct Stopping {
    reason: Exit,
    /// `None` once it was killed.
    kill_at: Option<Instant>,
}

/// Written by the thread that saw the child end; anything else in the pipe only wakes.
const CHILD_ENDED: u8 = b'e';
const CANCELLED: u8 = b'c';

/// A child, and the thread that waits for its end. Dropped before it was reaped, it is killed with its whole group.
struct Watched {
    child: Child,
    waiter: Option<JoinHandle<()>>,
    reaped: bool,
}

impl Watched {
    fn start(command: &mut Command, wake: &Arc<PipeWriter>) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        die_with_parent(command);
        let child = command.spawn()?;
        let mut watched = Watched {
            child,
            waiter: None,
            reaped: false,
        };
        let id = watched.id();
        let wake = Arc::clone(wake);
        watched.waiter = Some(
            std::thread::Builder::new()
                .name("child".to_owned())
                .stack_size(64 * 1024)
                .spawn(move || {
                    wait_without_reaping(id);
                    send(&wake, CHILD_ENDED);
                })?,
        );
        Ok(watched)
    }

    fn id(&self) -> libc::pid_t {
        // The kernel handed it out as a pid_t; std only shows it unsigned.
        self.child.id().cast_signed()
    }

    fn signal_group(&self, signal: libc::c_int) {
        // SAFETY: a plain system call. It fails where the group is empty, which is what we want then.
        unsafe { libc::kill(-self.id(), signal) };
    }

    fn reap(&mut self) -> io::Result<(libc::c_int, Usage)> {
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
        Ok((status, usage_of(&usage)))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal_group(libc::SIGKILL);
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

/// The kernel kills the child when the thread that started it ends, which it does only together with `ade`: [`run`]
/// does not return before the child has ended.
#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
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

/// Kills every process of this user that was started with this variable in its environment, and waits until they are gone.
/// Gives how many there were. Where the kernel does not tell (elsewhere than on Linux), none.
#[cfg(target_os = "linux")]
pub fn kill_started_with(variable: &str, value: &std::ffi::OsStr) -> usize {
    use std::os::fd::AsFd;
    use std::os::unix::ffi::OsStrExt;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    /// Each pass finds what the processes of the one before started while they were looked for.
    const PASSES: usize = 10;
    const PATIENCE: Timespec = Timespec {
        tv_sec: 5,
        tv_nsec: 0,
    };
    let mut wanted = variable.as_bytes().to_vec();
    wanted.push(b'=');
    wanted.extend_from_slice(value.as_bytes());
    let mut killed = 0;
    for _ in 0..PASSES {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let Some(id) = id.filter(|id: &i32| id.unsigned_abs() != std::process::id()) else {
                continue;
            };
            // The descriptor is taken before the look, so that a number which changes hands hits no stranger.
            let Some(process) =
                Pid::from_raw(id).and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok())
            else {
                continue;
            };
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            if environment
                .split(|byte| *byte == 0)
                .any(|one| one == wanted)
                && pidfd_send_signal(&process, Signal::KILL).is_ok()
            {
                found.push(process);
            }
        }
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

/// See above.
#[cfg(not(target_os = "linux"))]
pub fn kill_started_with(_variable: &str, _value: &std::ffi::OsStr) -> usize {
    0
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}

/// Blocks until the child has ended, and leaves it to be reaped, so that its id stays taken.
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

fn wake_on_cancel(cancel: &Cancel, wake: &Arc<PipeWriter>) -> Subscription {
    let wake = Arc::clone(wake);
    cancel.on_cancel(move || send(&wake, CANCELLED))
}

fn send(mut wake: &PipeWriter, byte: u8) {
    // Two bytes at most are ever written, so the pipe has room for both.
    let _ = wake.write(&[byte]);
}

fn child_has_ended(mut wake: &PipeReader) -> io::Result<bool> {
    let mut bytes = [0; 8];
    loop {
        match wake.read(&mut bytes) {
            Ok(count) => return Ok(bytes[..count].contains(&CHILD_ENDED)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Blocks until one of the descriptors has something to say (negative ones are passed over) or `deadline` has come.
fn wait_for_any(descriptors: &[RawFd; 3], deadline: Option<Instant>) -> io::Result<()> {
    let mut polled = descriptors.map(|descriptor| libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    });
    let milliseconds = match deadline {
        None => -1,
        Some(deadline) => {
            // Rounded up, or the last millisecond would be spent spinning.
            let left = deadline.saturating_duration_since(Instant::now());
            i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        }
    };
    // SAFETY: the pointer and the count are those of one live array.
    let answer = unsafe {
        libc::poll(
            polled.as_mut_ptr(),
            polled.len() as libc::nfds_t,
            milliseconds,
        )
    };
    if answer < 0 {
        let error = io::Error::last_os_error();
        // The caller's loop looks at everything again anyway.
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

fn set_nonblocking(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: plain system calls on a descriptor that the caller owns.
    unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFL);
        if flags < 0 || libc::fcntl(descriptor, libc::F_SETFL, flags | libc::O_NONBLOCK) < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// One stream of the child, cut into lines.
struct Lines {
    stream: Stream,
    pipe: Option<File>,
    chunk: Box<[u8]>,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    /// How much of this line was dropped because the line is too long.
    dropped: u64,
    max_line_bytes: usize,
}

/// How much is read from one stream before the other one, the child's end and a cancel are looked at again.
const TURN_BYTES: usize = 1024 * 1024;

impl Lines {
    fn new(
        stream: Stream,
        pipe: Option<impl Into<OwnedFd>>,
        options: &Options,
    ) -> io::Result<Self> {
        let pipe = pipe.map(|pipe| File::from(pipe.into()));
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_raw_fd())?;
        }
        Ok(Lines {
            stream,
            pipe,
            chunk: vec![0; 64 * 1024].into_boxed_slice(),
            line: Vec::new(),
            dropped: 0,
            max_line_bytes: options.max_line_bytes,
        })
    }

    /// The descriptor to wait for; negative once the stream has ended.
    fn descriptor(&self) -> RawFd {
        self.pipe.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Reads what is there, up to a turn's worth. `true`: there may be more.
    fn pump(&mut self, on_line: &mut dyn FnMut(Stream, &str)) -> io::Result<bool> {
        let mut taken = 0;
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut self.chunk) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    self.take(count, on_line);
                    taken += count;
                    if taken >= TURN_BYTES {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Reads the rest, and hands over a last line that has no line break.
    fn drain(&mut self, on_line: &mut dyn FnMut(Stream, &str), until: Instant) -> io::Result<()> {
        while self.pump(on_line)? && Instant::now() < until {}
        if !self.line.is_empty() {
            self.finish_line(on_line);
        }
        Ok(())
    }

    /// Cuts the first `count` bytes of the chunk into lines.
    fn take(&mut self, count: usize, on_line: &mut dyn FnMut(Stream, &str)) {
        let chunk = std::mem::take(&mut self.chunk);
        let mut rest = &chunk[..count];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend_line(&rest[..end]);
            self.finish_line(on_line);
            rest = &rest[end + 1..];
        }
        self.extend_line(rest);
        self.chunk = chunk;
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(self.max_line_bytes - self.line.len());
        self.line.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
    }

    fn finish_line(&mut self, on_line: &mut dyn FnMut(Stream, &str)) {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        let mut text = String::from_utf8_lossy(&self.line);
        if self.dropped > 0 {
            text.to_mut()
                .push_str(&format!(" … ({} more bytes)", self.dropped));
        }
        on_line(self.stream, &text);
        self.line.clear();
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::thread;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command
    }

    fn run_script(
        script: &str,
        cancel: &Cancel,
        options: &Options,
    ) -> (Outcome, Vec<(Stream, String)>) {
        let mut lines = Vec::new();
        let outcome = run(&mut shell(script), cancel, options, &mut |stream, line| {
            lines.push((stream, line.to_owned()));
        })
        .unwrap();
        (outcome, lines)
    }

    fn text(lines: &[(Stream, String)], wanted: Stream) -> Vec<&str> {
        lines
            .iter()
            .filter(|(stream, _)| *stream == wanted)
            .map(|(_, line)| line.as_str())
            .collect()
    }

    /// Killed processes that nobody has reaped yet still have an entry, but no command line.
    fn is_alive(id: &str) -> bool {
        if Path::new("/proc/self").exists() {
            return std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty());
        }
        let id: libc::pid_t = id.parse().unwrap();
        // SAFETY: signal 0 only asks.
        unsafe { libc::kill(id, 0) == 0 }
    }

    fn dies_soon(id: &str) -> bool {
        for _ in 0..200 {
            if !is_alive(id) {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    #[test]
    fn lines_of_both_streams_and_the_status_come_back() {
        let (outcome, lines) = run_script(
            "echo one; echo two >&2; printf 'three\\r\\nlast'; exit 7",
            &Cancel::new(),
            &Options::default(),
        );
        assert_eq!(outcome.exit, Exit::Code(7));
        assert_eq!(text(&lines, Stream::Stdout), ["one", "three", "last"]);
        assert_eq!(text(&lines, Stream::Stderr), ["two"]);
    }

    #[test]
    fn bytes_that_are_no_text_and_empty_lines_survive() {
        let (_, lines) = run_script(
            "printf 'a\\377b\\n\\nc\\n'",
            &Cancel::new(),
            &Options::default(),
        );
        assert_eq!(text(&lines, Stream::Stdout), ["a\u{fffd}b", "", "c"]);
    }

    #[test]
    fn much_output_on_both_streams_blocks_nobody() {
        let (outcome, lines) = run_script(
            "i=0; while [ $i -lt 20000 ]; do echo line-$i; echo error-$i >&2; i=$((i+1)); done",
            &Cancel::new(),
            &Options::default(),
        );
        assert!(outcome.exit.is_success());
        assert_eq!(text(&lines, Stream::Stdout).len(), 20000);
        assert_eq!(text(&lines, Stream::Stderr).last(), Some(&"error-19999"));
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let options = Options {
            max_line_bytes: 10,
            ..Options::default()
        };
        let (_, lines) = run_script(
            "printf '0123456789abcdef\\nshort\\n'",
            &Cancel::new(),
            &options,
        );
        assert_eq!(
            text(&lines, Stream::Stdout),
            ["0123456789 … (6 more bytes)", "short"]
        );
    }

    #[test]
    fn a_signal_is_reported_as_such() {
        let (outcome, _) = run_script("kill -9 $$", &Cancel::new(), &Options::default());
        assert_eq!(outcome.exit, Exit::Signal(9));
    }

    #[test]
    fn standard_input_is_empty() {
        let (outcome, lines) = run_script("cat; echo end", &Cancel::new(), &Options::default());
        assert!(outcome.exit.is_success());
        assert_eq!(text(&lines, Stream::Stdout), ["end"]);
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let answer = run(
            &mut Command::new("/no/such/program"),
            &Cancel::new(),
            &Options::default(),
            &mut |_, _| {},
        );
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn time_that_is_up_ends_the_child() {
        let options = Options {
            timeout: Some(Duration::from_millis(50)),
            ..Options::default()
        };
        let (outcome, lines) = run_script("echo before; sleep 60", &Cancel::new(), &options);
        assert_eq!(outcome.exit, Exit::TimedOut);
        assert_eq!(text(&lines, Stream::Stdout), ["before"]);
        assert!(outcome.wall < Duration::from_secs(3), "{:?}", outcome.wall);
    }

    #[test]
    fn a_child_that_ignores_the_request_is_killed() {
        let options = Options {
            timeout: Some(Duration::from_millis(50)),
            kill_after: Duration::from_millis(100),
            ..Options::default()
        };
        let (outcome, _) = run_script(
            "trap '' TERM; while true; do sleep 0.01; done",
            &Cancel::new(),
            &options,
        );
        assert_eq!(outcome.exit, Exit::TimedOut);
        assert!(outcome.wall >= Duration::from_millis(150));
        assert!(outcome.wall < Duration::from_secs(3), "{:?}", outcome.wall);
    }

    #[test]
    fn a_cancel_ends_the_child_and_gives_it_time_to_tidy_up() {
        let cancel = Cancel::new();
        let mut lines = Vec::new();
        let outcome = run(
            &mut shell(
                "trap 'echo tidied; exit 0' TERM; echo ready; while true; do sleep 0.01; done",
            ),
            &cancel,
            &Options::default(),
            &mut |stream, line| {
                if line == "ready" {
                    cancel.cancel();
                }
                // On standard error the shell remarks that its `sleep` was terminated.
                if stream == Stream::Stdout {
                    lines.push(line.to_owned());
                }
            },
        )
        .unwrap();
        assert_eq!(outcome.exit, Exit::Cancelled);
        assert_eq!(lines, ["ready", "tidied"]);
    }

    #[test]
    fn nothing_is_started_once_cancelled() {
        let cancel = Cancel::new();
        cancel.cancel();
        let (outcome, lines) = run_script("echo started", &cancel, &Options::default());
        assert_eq!(outcome.exit, Exit::Cancelled);
        assert!(lines.is_empty());
    }

    #[test]
    fn what_the_child_left_in_its_group_is_killed() {
        let started = Instant::now();
        let (outcome, lines) =
            run_script("sleep 60 & echo $!", &Cancel::new(), &Options::default());
        assert!(outcome.exit.is_success());
        assert!(started.elapsed() < Duration::from_secs(3));
        assert!(dies_soon(&lines[0].1));
    }

    #[test]
    fn a_panic_while_a_line_is_handled_leaves_no_process() {
        let mut id = String::new();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(
                &mut shell("echo $$; sleep 60"),
                &Cancel::new(),
                &Options::default(),
                &mut |_, line| {
                    id = line.to_owned();
                    panic!("on purpose");
                },
            )
        }));
        assert!(unwound.is_err());
        assert!(dies_soon(&id));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_grandchild_that_left_the_group_and_keeps_the_pipe_delays_nothing() {
        let started = Instant::now();
        let (outcome, lines) = run_script(
            "setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2; echo mine",
            &Cancel::new(),
            &Options::default(),
        );
        assert!(outcome.exit.is_success());
        assert!(started.elapsed() < Duration::from_secs(3));
        assert_eq!(lines.len(), 2);
        let stray: libc::pid_t = lines[0].1.parse().unwrap();
        // SAFETY: ends the process that this test started.
        unsafe { libc::kill(stray, libc::SIGKILL) };
    }

    #[test]
    fn the_kernel_says_what_the_child_used() {
        let (outcome, _) = run_script(
            "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done",
            &Cancel::new(),
            &Options::default(),
        );
        assert!(outcome.usage.cpu_seconds > 0.001, "{:?}", outcome.usage);
        assert!(
            outcome.usage.peak_memory_bytes > 100_000,
            "{:?}",
            outcome.usage
        );
    }
}
