//! A read-only view of the file system with some writable folders. It also protects the modes of files, which Landlock does
//! not. Builds need it, because they change modes of their own files.
//!
//! A process gets the view by its own user and mount namespaces (user_namespaces(7), mount_namespaces(7)). Systems that forbid
//! these namespaces have no such view.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A prepared view, which a process can enter.
pub(super) struct ReadOnlyView {
    written: Vec<CString>,
    /// The descriptors of these folders, once opened.
    trees: Vec<libc::c_long>,
    who: UserNamespace,
}

/// A prepared user namespace in which the process keeps its user and group.
pub(super) struct UserNamespace {
    users: String,
    groups: String,
}

impl UserNamespace {
    pub fn new() -> Self {
        let own = |id: u32| format!("{id} {id} 1");
        Self {
            users: own(rustix::process::geteuid().as_raw()),
            groups: own(rustix::process::getegid().as_raw()),
        }
    }

    /// Moves this process into the namespace and into the further ones in the flags. Runs between fork and exec, so allocates
    /// no memory.
    pub fn enter(&self, further: libc::c_int) -> io::Result<()> {
        // SAFETY: no memory is involved. The process has one thread.
        succeeded(unsafe { libc::unshare(libc::CLONE_NEWUSER | further) }.into())?;
        // Without this, an ordinary user may not map the group.
        write(c"/proc/self/setgroups", b"deny")?;
        write(c"/proc/self/uid_map", self.users.as_bytes())?;
        write(c"/proc/self/gid_map", self.groups.as_bytes())
    }
}

/// Returns whether this system allows a user namespace. Another process tries it, because a process that gets only half of it
/// could not go on.
pub(super) fn has_namespaces() -> bool {
    let who = UserNamespace::new();
    can(move || who.enter(0))
}

fn can(enters: impl FnMut() -> io::Result<()> + Send + Sync + 'static) -> bool {
    let mut command = Command::new("/bin/true");
    // SAFETY: only system calls are made between fork and exec.
    unsafe { command.pre_exec(enters) };
    command.status().is_ok_and(|status| status.success())
}

/// The argument of `mount_setattr` (linux/mount.h).
#[repr(C)]
struct MountAttributes {
    set: u64,
    cleared: u64,
    propagation: u64,
    users: u64,
}

const OPEN_TREE_CLONE: libc::c_uint = 1;
const OPEN_TREE_CLOEXEC: libc::c_uint = libc::O_CLOEXEC as libc::c_uint;
const MOVE_MOUNT_F_EMPTY_PATH: libc::c_uint = 4;
const MOUNT_ATTR_RDONLY: u64 = 1;
const AT_RECURSIVE: libc::c_uint = 0x8000;

impl ReadOnlyView {
    /// Returns a view in which these folders stay writable.
    pub fn all_but(written: &[PathBuf]) -> Self {
        let is_there = |path: &&PathBuf| path.exists();
        let text = |path: &PathBuf| CString::new(path.as_os_str().as_bytes()).ok();
        let written: Vec<CString> = written.iter().filter(is_there).filter_map(text).collect();
        Self {
            trees: vec![-1; written.len()],
            written,
            who: UserNamespace::new(),
        }
    }

    /// Returns whether this system allows such a view.
    pub fn is_possible() -> bool {
        static FOUND: OnceLock<bool> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let mut view = Self::all_but(&[]);
            can(move || view.apply())
        })
    }

    /// Moves this process into the view, between fork and exec. Allocates no memory.
    pub fn apply(&mut self) -> io::Result<()> {
        self.who.enter(libc::CLONE_NEWNS)?;
        for (tree, path) in self.trees.iter_mut().zip(&self.written) {
            let flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
            // SAFETY: the path is a live string with its end.
            *tree = succeeded(unsafe {
                libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags)
            })?;
        }
        let attributes = MountAttributes {
            set: MOUNT_ATTR_RDONLY,
            cleared: 0,
            propagation: libc::MS_PRIVATE,
            users: 0,
        };
        // SAFETY: path and attributes are live, and their size is passed.
        succeeded(unsafe {
            libc::syscall(
                libc::SYS_mount_setattr,
                libc::AT_FDCWD,
                c"/".as_ptr(),
                AT_RECURSIVE,
                &raw const attributes,
                size_of::<MountAttributes>(),
            )
        })?;
        for (tree, path) in self.trees.iter().zip(&self.written) {
            // SAFETY: both paths are live strings with their ends.
            succeeded(unsafe {
                libc::syscall(
                    libc::SYS_move_mount,
                    *tree,
                    c"".as_ptr(),
                    libc::AT_FDCWD,
                    path.as_ptr(),
                    MOVE_MOUNT_F_EMPTY_PATH,
                )
            })?;
        }
        Ok(())
    }
}

fn write(path: &std::ffi::CStr, text: &[u8]) -> io::Result<()> {
    // SAFETY: the path is a live string with its end.
    let file =
        succeeded(unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) }.into())?;
    let file = libc::c_int::try_from(file).unwrap_or(-1);
    // SAFETY: the text is live, and its length is passed.
    let written = unsafe { libc::write(file, text.as_ptr().cast(), text.len()) };
    // SAFETY: the descriptor is this function's own.
    unsafe { libc::close(file) };
    succeeded(written as libc::c_long).map(drop)
}

fn succeeded(answer: libc::c_long) -> io::Result<libc::c_long> {
    match answer {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}
