//! Installs the filter that makes a run ask before each fork, and sends the filter's listener to this process.
//!
//! seccompiler has no filters with a listener, so this module writes the program in the kernel's format (seccomp_unotify(2),
//! linux/filter.h). [`Gate`](crate::system::process::Gate) answers. The filter refuses everything that would falsify the gate's
//! count: new namespaces, adopting orphans, and, if no one can be asked, processes whose parent is another process.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::process_hold::ProcessHold;
use super::read_only::UserNamespace;
use crate::system::process::PidsGroup;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
const ARCHITECTURE: u32 = 0xc000_00f3;

/// Calls that always fork, whatever their arguments.
#[cfg(target_arch = "x86_64")]
const FORKS: &[libc::c_long] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const FORKS: &[libc::c_long] = &[];

/// The first call number of x32, another set of calls on x86-64. Elsewhere no call has a number this high.
const X32: u32 = 0x4000_0000;

/// The namespaces that `clone` can make. In a namespace of processes, the first process adopts orphans.
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// The offsets in `struct seccomp_data`: the call's number, its architecture, and the lower halves of its first arguments.
const NUMBER: u32 = 0;
const KIND: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;
const SECOND_ARGUMENT: u32 = 24;

/// The number of threads that a run gets in addition to its processes, if the kernel counts both alike.
const MAX_FURTHER_THREADS: u64 = 448;

/// A limit on a run's processes that also counts threads, ready for a process to enter.
pub(super) enum TaskLimiter {
    ControlGroup(File),
    Namespace(UserNamespace, Rlimit),
}

impl TaskLimiter {
    /// Returns the limit for these two kinds of hold, and none for the others. The caller must keep the control group while the
    /// process lives.
    pub fn new(hold: ProcessHold, processes: u32) -> io::Result<(Option<Self>, Option<PidsGroup>)> {
        let tasks = u64::from(processes) + MAX_FURTHER_THREADS;
        Ok(match hold {
            ProcessHold::ControlGroup => {
                let group = PidsGroup::new(tasks)?;
                (Some(Self::ControlGroup(group.door()?)), Some(group))
            }
            ProcessHold::Namespace => {
                let limit = Rlimit {
                    current: Some(tasks),
                    maximum: Some(tasks),
                };
                (Some(Self::Namespace(UserNamespace::new(), limit)), None)
            }
            ProcessHold::Asking | ProcessHold::Polling => (None, None),
        })
    }

    /// Moves this process under the limit. Makes only system calls.
    pub fn enter(&self) -> io::Result<()> {
        match self {
            Self::ControlGroup(door) => rustix::io::write(door, b"0").map(drop)?,
            Self::Namespace(own, limit) => {
                own.enter(0)?;
                setrlimit(Resource::Nproc, *limit)?;
            }
        }
        Ok(())
    }
}

/// A filter that is ready to be installed.
pub(super) struct Forks {
    program: Vec<libc::sock_filter>,
    /// The socket to which the listener is sent. If `None`, the filter has no listener.
    asks: Option<OwnedFd>,
}

impl Forks {
    /// Returns a filter that sends its listener to `asks`.
    pub fn new(asks: Option<OwnedFd>) -> Self {
        Self {
            program: program(asks.is_some()),
            asks,
        }
    }

    /// Installs the filter for this thread and its descendants. Makes only system calls.
    pub fn apply(&self) -> io::Result<()> {
        let listener = install(&self.program, self.asks.is_some())?;
        let (Some(listener), Some(socket)) = (&listener, &self.asks) else {
            return Ok(());
        };
        send(socket, b".", &[listener.as_fd()])
    }
}

/// Sends a message with at most four descriptors. Makes only system calls.
pub(in crate::engine) fn send(
    socket: impl AsFd,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    rights.push(SendAncillaryMessage::ScmRights(descriptors));
    let pieces = [IoSlice::new(message)];
    sendmsg(socket, &pieces, &mut rights, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Returns two ends of a socket, such as for a filter and for [`received`].
pub(in crate::engine) fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?)
}

/// Returns the listener of a started child, or `None` if it sent none.
pub(super) fn received(socket: &OwnedFd) -> Option<OwnedFd> {
    let mut word = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut word)],
        &mut control,
        flags,
    )
    .ok()?;
    control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    })
}

/// Returns whether a filter may have a listener here. A separate thread tries it, and the filter ends with that thread.
pub(super) fn can_ask() -> bool {
    let tries =
        || rustix::thread::set_no_new_privs(true).is_ok() && install(&program(true), true).is_ok();
    let thread = std::thread::Builder::new().spawn(tries);
    thread.ok().and_then(|thread| thread.join().ok()) == Some(true)
}

/// Returns the filter's program. If `asks` is false, forks are allowed without asking.
fn program(asks: bool) -> Vec<libc::sock_filter> {
    let fork = if asks {
        libc::SECCOMP_RET_USER_NOTIF
    } else {
        libc::SECCOMP_RET_ALLOW
    };
    let refused = |error: libc::c_int| libc::SECCOMP_RET_ERRNO | error.cast_unsigned();
    let mut all = vec![
        load(KIND),
        unless(libc::BPF_JEQ, ARCHITECTURE, 1),
        // Only calls of this architecture reach the next line.
        skip(1),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    let mut add = |test: u32, value: u32, lines: &[libc::sock_filter]| {
        all.push(unless(test, value, lines.len()));
        all.extend(lines);
    };
    add(libc::BPF_JGE, X32, &[answer(refused(libc::ENOSYS))]);
    // The flags of clone3 are in memory, which may change after the check. Libraries fall back to clone.
    add(
        libc::BPF_JEQ,
        libc::SYS_clone3 as u32,
        &[answer(refused(libc::ENOSYS))],
    );
    for call in FORKS {
        add(libc::BPF_JEQ, *call as u32, &[answer(fork)]);
    }
    let siblings = if asks { fork } else { refused(libc::EPERM) };
    let of_clone = [
        load(FIRST_ARGUMENT),
        unless(libc::BPF_JSET, NAMESPACES as u32, 1),
        answer(refused(libc::EPERM)),
        unless(libc::BPF_JSET, libc::CLONE_THREAD as u32, 1),
        answer(libc::SECCOMP_RET_ALLOW),
        unless(libc::BPF_JSET, libc::CLONE_PARENT as u32, 1),
        answer(siblings),
        answer(fork),
    ];
    add(libc::BPF_JEQ, libc::SYS_clone as u32, &of_clone);
    let of_prctl = [
        load(FIRST_ARGUMENT),
        unless(libc::BPF_JEQ, libc::PR_SET_CHILD_SUBREAPER as u32, 1),
        answer(refused(libc::EPERM)),
        unless(libc::BPF_JEQ, libc::PR_SET_PDEATHSIG as u32, 4),
        // A fork of a warm engine makes this call. No process may undo it.
        load(SECOND_ARGUMENT),
        unless(libc::BPF_JEQ, libc::SIGKILL as u32, 1),
        answer(libc::SECCOMP_RET_ALLOW),
        answer(refused(libc::EPERM)),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    add(libc::BPF_JEQ, libc::SYS_prctl as u32, &of_prctl);
    // A process with its own listener could answer in the place of `ade` once `ade` is gone.
    let of_seccomp = [
        load(SECOND_ARGUMENT),
        unless(
            libc::BPF_JSET,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32,
            1,
        ),
        answer(refused(libc::EPERM)),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    add(libc::BPF_JEQ, libc::SYS_seccomp as u32, &of_seccomp);
    for call in [libc::SYS_unshare, libc::SYS_setns] {
        add(libc::BPF_JEQ, call as u32, &[answer(refused(libc::EPERM))]);
    }
    all.push(answer(libc::SECCOMP_RET_ALLOW));
    all
}

/// Loads a part of the call.
fn load(offset: u32) -> libc::sock_filter {
    line(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0)
}

/// Skips the next lines unless the loaded value passes the test.
fn unless(test: u32, value: u32, lines: usize) -> libc::sock_filter {
    line(libc::BPF_JMP | test | libc::BPF_K, value, lines as u8)
}

fn skip(lines: u32) -> libc::sock_filter {
    line(libc::BPF_JMP | libc::BPF_JA, lines, 0)
}

fn answer(action: u32) -> libc::sock_filter {
    line(libc::BPF_RET | libc::BPF_K, action, 0)
}

fn line(code: u32, k: u32, skipped_otherwise: u8) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf: skipped_otherwise,
        k,
    }
}

/// Installs a program for this thread, and returns its listener if `asks` is true.
fn install(program: &[libc::sock_filter], asks: bool) -> io::Result<Option<OwnedFd>> {
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_ptr().cast_mut(),
    };
    // With the second flag, a signal does not interrupt a question that has been read (Linux 5.19).
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let asking = [
        listener | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
        listener,
    ];
    let mut error = io::Error::from_raw_os_error(libc::EINVAL);
    for flags in if asks { &asking[..] } else { &[0] } {
        // SAFETY: the program is live, and its length is right.
        let descriptor = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                *flags,
                &raw const program,
            )
        };
        if descriptor >= 0 {
            // SAFETY: the kernel has just opened it.
            return Ok(asks.then(|| unsafe { OwnedFd::from_raw_fd(descriptor as libc::c_int) }));
        }
        error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINVAL) {
            break;
        }
    }
    Err(error)
}
