//! A process that waits for runs, and forks for each of them.
//!
//! [`wait_for_run`] only returns in forks. A fork is a child of the process that owns this one (`CLONE_PARENT`). The owner
//! waits for its end, measures its usage and kills its group, like for an engine that it started itself. Otherwise a fork is
//! the same as one made by `os.fork()`: Python's hooks before and after a fork run, and the C library knows the number of the
//! fork.
//!
//! A message on the socket is one run: its environment variables, an empty text, its folder and its arguments, each ended by a
//! zero byte; and the descriptors of standard output and standard error, of a socket for the answer, and of a set of Landlock
//! rules, if it has one. The fork confines itself, confirms this with one byte, and continues when it gets one back. If its
//! owner gave up in the meantime, it has closed the socket, so no run is executed twice.

use std::fs;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;
use std::ptr;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Standard input: a Unix socket of packets, whose other end closes with its owner.
const SOCKET: RawFd = 0;
/// The maximum number of bytes of a message.
const MAX_MESSAGE_BYTES: usize = 128 << 10;
/// The exit status of a process that cannot be forked, because it has other threads than its first.
const HAS_THREADS: i32 = 3;
/// The answer of a fork: it is confined, or it could not be.
const CONFINED: u8 = b'.';
const NOT_CONFINED: u8 = b'f';

/// Returns the message of a run, in a fork for it. `owner` is the process whose children the forks are. Calls `prepare` with
/// the message before it forks.
#[pyfunction]
pub fn wait_for_run<'py>(
    py: Python<'py>,
    owner: libc::pid_t,
    prepare: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut shown = EnvironmentMemory::find()?;
    let number = own_number().ok_or_else(|| {
        io::Error::other(
            "the memory in which the C library stores the number of this process was not found",
        )
    })?;
    loop {
        let Some(message) = receive()? else {
            std::process::exit(0)
        };
        let bytes = PyBytes::new(py, &message.bytes);
        prepare.call1((&bytes,))?;
        if threads()? != 1 {
            std::process::exit(HAS_THREADS)
        }
        // SAFETY: the interpreter is held, and no other thread could hold a lock.
        let child = unsafe {
            pyo3::ffi::PyOS_BeforeFork();
            let child = fork_beside(number);
            match child {
                0 => pyo3::ffi::PyOS_AfterFork_Child(),
                _ => pyo3::ffi::PyOS_AfterFork_Parent(),
            }
            child
        };
        if child == 0 {
            close(SOCKET);
            shown.replace(message.variables());
            message.take_over(owner);
            return Ok(bytes);
        }
        // If there is no fork, its owner learns that because the socket is closed here.
        message.descriptors.iter().copied().for_each(close);
    }
}

/// A message with its descriptors.
struct Message {
    bytes: Vec<u8>,
    descriptors: Vec<RawFd>,
}

impl Message {
    /// Returns the bytes before the first empty text: the environment variables.
    fn variables(&self) -> &[u8] {
        let end = self.bytes.windows(2).position(|pair| pair == [0, 0]);
        end.map_or(&[], |end| &self.bytes[..=end])
    }

    /// Makes this fork the run of the message, or ends the fork.
    fn take_over(&self, owner: libc::pid_t) {
        let [output, errors, answer, rules @ ..] = &self.descriptors[..] else {
            end()
        };
        // SAFETY: system calls on descriptors that this process owns, with live pointers.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // The owner may have died before the line above took effect.
            if libc::getppid() != owner {
                end()
            }
            // It gets the number of the socket, which is closed: 0.
            let input = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            if input != 0 || libc::dup2(*output, 1) < 0 || libc::dup2(*errors, 2) < 0 {
                end()
            }
            let confined = rules.iter().all(|rules| confine(*rules));
            let said = if confined { CONFINED } else { NOT_CONFINED };
            let mut go = 0_u8;
            if libc::send(*answer, (&raw const said).cast(), 1, libc::MSG_NOSIGNAL) != 1
                || libc::recv(*answer, (&raw mut go).cast(), 1, 0) != 1
            {
                end()
            }
        }
        self.descriptors.iter().copied().for_each(close);
    }
}

/// Ends a fork that nobody waits for.
fn end() -> ! {
    // SAFETY: ends the process without its exit handlers, which belong to its parent.
    unsafe { libc::_exit(1) }
}

fn close(descriptor: RawFd) {
    // SAFETY: this process owns the descriptor and uses it no more.
    unsafe { libc::close(descriptor) };
}

/// Receives the next message. Returns `None` if the other end is closed.
fn receive() -> io::Result<Option<Message>> {
    const MAX_DESCRIPTORS: usize = 4;
    const ROOM: usize = 64;
    let mut bytes = vec![0; MAX_MESSAGE_BYTES];
    // Aligned like the headers that the kernel writes.
    let mut control = [0_u64; ROOM / 8];
    let mut piece = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: all-zero is a valid header; the pointers in it live as long as the call, and the length of the control data from
    // the kernel bounds the bytes that are read of it.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &raw mut piece;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = ROOM as _;
        let length = loop {
            let length = libc::recvmsg(SOCKET, &raw mut header, libc::MSG_CMSG_CLOEXEC);
            let error = io::Error::last_os_error();
            match length {
                0.. => break length.cast_unsigned(),
                _ if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            }
        };
        if length == 0 {
            return Ok(None);
        }
        bytes.truncate(length);
        let mut descriptors = Vec::with_capacity(MAX_DESCRIPTORS);
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        if !first.is_null() && (*first).cmsg_type == libc::SCM_RIGHTS {
            let data = libc::CMSG_DATA(first).cast::<RawFd>();
            let head = data as usize - first as usize;
            let count = ((*first).cmsg_len as usize - head) / size_of::<RawFd>();
            descriptors.extend((0..count).map(|place| data.add(place).read_unaligned()));
        }
        Ok(Some(Message { bytes, descriptors }))
    }
}

/// Returns the number of threads of this process.
fn threads() -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    // The folder has a subfolder for each thread, and two links of its own.
    Ok(fs::metadata("/proc/self/task")?.nlink().saturating_sub(2))
}

/// Returns the address at which the C library keeps the number of its only thread, which is that of the process. Returns `None`
/// if this C library keeps it elsewhere.
fn own_number() -> Option<*mut libc::pid_t> {
    let mut place: *mut libc::pid_t = ptr::null_mut();
    // SAFETY: the kernel writes one pointer, to the address at which the C library requested the number at the start.
    unsafe {
        let asked = libc::prctl(libc::PR_GET_TID_ADDRESS, &raw mut place);
        (asked == 0 && !place.is_null() && *place == libc::getpid()).then_some(place)
    }
}

/// Makes a fork whose parent is this process's own parent. The kernel writes its number to the C library's address, as in
/// `fork()`.
///
/// # Safety
/// There must be no other thread.
unsafe fn fork_beside(number: *mut libc::pid_t) -> libc::c_long {
    let flags =
        libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD;
    // The processor determines which of the last two arguments is the address; the other is not used.
    // SAFETY: without a stack of its own, the fork continues with a copy of this one.
    unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, number, number) }
}

/// Allows this process to read its own folder of `/proc` in a set of Landlock rules, and applies the rules.
fn confine(rules: RawFd) -> bool {
    /// The structure `struct landlock_path_beneath_attr` of linux/landlock.h.
    #[repr(C, packed)]
    struct PathBeneathAttribute {
        allowed_access: u64,
        parent_fd: i32,
    }
    const RULE_PATH_BENEATH: libc::c_int = 1;
    /// The rights to read files (bit 2) and folders (bit 3).
    const READING: u64 = 0b1100;
    // SAFETY: system calls with live pointers; this process owns the descriptors.
    unsafe {
        let own = libc::open(c"/proc/self".as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
        if own >= 0 {
            let rule = PathBeneathAttribute {
                allowed_access: READING,
                parent_fd: own,
            };
            libc::syscall(
                libc::SYS_landlock_add_rule,
                rules,
                RULE_PATH_BENEATH,
                &raw const rule,
                0,
            );
            close(own);
        }
        libc::syscall(libc::SYS_landlock_restrict_self, rules, 0) == 0
    }
}

/// The memory that `/proc/PID/environ` shows, with the variables that a process was started with. Processes that a run left
/// behind are found by them, so a fork must show its own.
struct EnvironmentMemory {
    start: *mut u8,
    length: usize,
}

unsafe extern "C" {
    static mut environ: *mut *mut libc::c_char;
}

impl EnvironmentMemory {
    /// Finds this memory, and moves the variables that are in use elsewhere.
    fn find() -> io::Result<Self> {
        let text = fs::read_to_string(Path::new("/proc/self/stat"))?;
        // See proc_pid_stat(5); the second field ends with the last bracket.
        let after = text.rsplit_once(')').map_or("", |(_, after)| after);
        let mut fields = after
            .split_ascii_whitespace()
            .skip(50 - 3)
            .map(str::parse::<usize>);
        let (Some(Ok(start)), Some(Ok(end))) = (fields.next(), fields.next()) else {
            return Err(io::Error::other("/proc/self/stat has an unexpected form"));
        };
        // SAFETY: the C library's list ends with a null pointer, and no other thread uses it.
        unsafe {
            let mut variable = environ;
            while !variable.is_null() && !(*variable).is_null() {
                *variable = libc::strdup(*variable);
                variable = variable.add(1);
            }
        }
        Ok(Self {
            start: ptr::with_exposed_provenance_mut(start),
            length: end.saturating_sub(start),
        })
    }

    /// Shows these variables, each of which ends with a zero byte, as far as there is room.
    fn replace(&mut self, variables: &[u8]) {
        let count = variables.len().min(self.length);
        // SAFETY: the kernel says that this memory is the process's environment; nothing points into it any more.
        unsafe {
            ptr::write_bytes(self.start, 0, self.length);
            ptr::copy_nonoverlapping(variables.as_ptr(), self.start, count);
        }
    }
}
