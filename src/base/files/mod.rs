//! Writes files and folders that appear whole: written beside their path, synced, and renamed.
//!
//! A reader sees the old file or the new file and never a part of it, even after a crash or with a full disk.

mod file_system;
mod partial;
mod usage;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code};

pub use file_system::{SharedDisk, shared};
pub use partial::{
    PartialFolder, is_partial, open_again, partial_in, remove_leftovers, remove_read_only_tree,
};
pub use usage::{DiskUsage, count_below, disk_usage, disk_usage_of_all};

/// An operation on a path failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {}", path.display(), describe(source))]
pub struct FileError {
    /// The operation that failed, as a verb: `write`, `create the folder`.
    pub action: &'static str,
    /// The path of the operation.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: io::Error,
}

impl FileError {
    /// Returns a function for `map_err`.
    pub fn on(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self {
            action,
            path,
            source,
        }
    }

    /// Returns the error for a missing folder that should always exist: its disk may be detached.
    pub fn away(folder: &Path) -> Self {
        Self::on("use the folder", folder)(io::Error::from_raw_os_error(libc::ENODEV))
    }

    /// Returns the error for an unreachable object store, or for a source or target of an object that is out of reach. `path`
    /// is the address of the object or the file.
    pub fn out_of_reach(action: &'static str, path: &Path, why: impl Into<String>) -> Self {
        Self::on(action, path)(io::Error::other(ObjectStoreError::OutOfReach(why.into())))
    }

    /// Returns the error for a recorded file that is neither on this host nor in the object store.
    pub fn missing(path: &Path) -> Self {
        Self::on("find", path)(io::Error::new(
            io::ErrorKind::NotFound,
            ObjectStoreError::Missing,
        ))
    }

    /// Returns whether the error is about a file that another host may have.
    pub fn is_missing(&self) -> bool {
        matches!(self.of_objects(), Some(ObjectStoreError::Missing))
    }

    /// Returns whether the object store is out of reach.
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self.of_objects(), Some(ObjectStoreError::OutOfReach(_)))
    }

    /// Returns the error for a file of a configuration, or for another file that a call names and that is not its output.
    pub fn unwritable(self) -> Error {
        let facts = self.facts_of_target("it");
        Error::with(
            facts.under(ProblemKind::Usage, code::OUTPUT_UNWRITABLE),
            self.to_string(),
        )
    }

    /// Returns the facts for an output whose path a call names. `of` names the setting or thing that has the path, such as
    /// `-o` or `the backup`. The hint is about this path, not about the data directory.
    pub fn facts_of_target(&self, of: &str) -> ErrorFacts {
        let folder = folder_of(&self.path);
        let shown = folder.display();
        let other = format!("name another place for {of}");
        let hint = match self.source.kind() {
            _ if is_disk_full(&self.source) => format!("free some space there, or {other}"),
            io::ErrorKind::NotFound if !folder.exists() => {
                format!("create the folder {shown}, or {other}")
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                format!("make {shown} writable, or {other}")
            }
            _ => other,
        };
        ErrorFacts::new(ProblemKind::Usage, code::OUTPUT_UNWRITABLE).hint(hint)
    }

    /// Returns the error for an output whose path a call names: see [`Self::facts_of_target`].
    pub fn of_target(self, of: &str) -> Error {
        Error::with(self.facts_of_target(of), self.to_string())
    }

    /// Returns the error for an input file that a call names.
    pub fn unreadable(self) -> Error {
        let (code, hint) = match self.source.kind() {
            io::ErrorKind::NotFound => (code::INPUT_NOT_FOUND, "check the spelling"),
            _ => (code::INPUT_UNREADABLE, "make the file readable"),
        };
        Error::with(
            ErrorFacts::new(ProblemKind::Usage, code).hint(hint),
            self.to_string(),
        )
    }

    /// Returns whether the disk was full.
    pub fn is_disk_full(&self) -> bool {
        is_disk_full(&self.source)
    }

    fn of_objects(&self) -> Option<&ObjectStoreError> {
        self.source.get_ref()?.downcast_ref()
    }

    /// Returns these facts under another kind and code, unless they are about the object store, which keeps its own.
    pub fn facts_under(&self, kind: ProblemKind, code: &'static str) -> ErrorFacts {
        match self.of_objects() {
            Some(_) => self.facts(),
            None => self.facts().under(kind, code),
        }
    }

    /// Returns whether the machine is at fault and not the operation: a resource was exhausted, or a disk is read-only, broken
    /// or closed to this user. Only meaningful for files of ADE itself, which no run can affect.
    pub fn is_of_machine(&self) -> bool {
        is_exhausted(&self.source)
            || self.is_out_of_reach()
            || matches!(
                self.source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            )
            || matches!(self.source.raw_os_error(), Some(libc::EIO | libc::ENODEV))
    }

    /// Returns whether an exhausted resource may be available later or elsewhere: disk space, memory, descriptors, or the
    /// object store and its contents.
    pub fn may_pass(&self) -> bool {
        is_exhausted(&self.source) || self.of_objects().is_some()
    }
}

impl Problem for FileError {
    fn facts(&self) -> ErrorFacts {
        if self.is_out_of_reach() {
            return ErrorFacts::new(ProblemKind::Database, code::FILES_UNREACHABLE)
                .hint("check ADE_FILES_URL, the credentials in the environment, and that the object store answers from this host");
        }
        if self.is_missing() {
            return ErrorFacts::new(ProblemKind::Database, code::FILES_MISSING)
                .hint("start a worker on the host that wrote it, which may still have it; otherwise run the file again");
        }
        ErrorFacts {
            may_pass: is_exhausted(&self.source),
            ..ErrorFacts::new(ProblemKind::Refused, code::STORAGE_FAILED)
                .maybe_hint(hint(&self.source))
        }
    }
}

become_error!(FileError);

/// Returns the error for a missing folder for temporary files.
pub fn no_temporary_folder(error: io::Error) -> Error {
    let message = format!(
        "there is no folder for temporary files: {}",
        describe(&error)
    );
    Error::usage(code::OUTPUT_UNWRITABLE, message)
        .hint("set TMPDIR to a folder that you can write to")
}

/// A problem of the object store or of its contents.
#[derive(Debug, thiserror::Error)]
enum ObjectStoreError {
    /// The object store is out of reach, for this reason.
    #[error("{0}")]
    OutOfReach(String),
    /// Neither the object store nor this host has the file.
    #[error("it is neither on this host nor in the object store")]
    Missing,
}

/// Records that a folder is in use now, as its modification time. If that fails, the folder looks older than it is.
pub fn touch(folder: &Path) {
    let _ = File::open(folder).and_then(|opened| opened.set_modified(std::time::SystemTime::now()));
}

/// The hint for a full disk.
pub const FREE_SPACE: &str =
    "free some space, or choose a data directory on another disk (--data-dir)";

/// Returns whether the machine, or this process by its limits, ran out of disk space, memory, descriptors or processes.
pub fn is_exhausted(error: &io::Error) -> bool {
    is_disk_full(error)
        || matches!(
            error.kind(),
            io::ErrorKind::OutOfMemory | io::ErrorKind::ResourceBusy
        )
        || matches!(
            error.raw_os_error(),
            Some(libc::EMFILE | libc::ENFILE | libc::EAGAIN)
        )
}

/// Returns whether a program's message reports exhausted memory, descriptors or threads, in the words of the system.
pub fn mentions_exhaustion(message: &str) -> bool {
    let phrases = [
        "resource temporarily unavailable",
        "too many open files",
        "cannot allocate memory",
        "can't start new thread",
    ];
    mentions(message, &phrases)
}

fn mentions(message: &str, phrases: &[&str]) -> bool {
    let message = message.to_lowercase();
    phrases.iter().any(|phrase| message.contains(phrase))
}

/// The hint for a process that has reached its limits of descriptors or threads.
pub const RAISE_LIMITS: &str = "stop other programs, or raise the limits of this process: `ulimit -n` and `ulimit -u`, or LimitNOFILE= and TasksMax= in its systemd unit";

/// Returns whether the disk was full.
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Returns whether a program's message reports a full disk, in the words of the system.
pub fn mentions_disk_full(message: &str) -> bool {
    mentions(message, &["no space left on device", "disk quota exceeded"])
}

/// Returns what to do about a file that cannot be read or written, by the system's error.
pub fn hint(error: &io::Error) -> Option<String> {
    let hint = match error.kind() {
        _ if is_disk_full(error) => FREE_SPACE,
        _ if is_exhausted(error) => RAISE_LIMITS,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "choose a data directory (--data-dir) or an output directory that you may write to"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is where a folder should be: move the file away, or choose another --data-dir"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Returns the system's message without the number that Rust adds.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

/// Returns the free bytes of the file system of a folder, which need not exist yet.
///
/// # Errors
/// The system does not report them.
pub fn room(folder: &Path) -> io::Result<u64> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let found = rustix::fs::statvfs(there.unwrap_or(folder))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Returns whether this user cannot read an existing file, or cannot list a folder and open its entries.
pub fn is_closed(path: &Path) -> bool {
    let wanted = match path.is_file() {
        true => Access::READ_OK,
        false => Access::READ_OK | Access::EXEC_OK,
    };
    accessat(CWD, path, wanted, AtFlags::EACCESS) == Err(Errno::ACCESS)
}

/// Returns whether a path, joined to any folder, leads below it: it is relative and has no `..`. Links are not followed.
pub fn stays_below(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
}

/// Returns the folder of a path; `.` for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|above| !above.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Returns the last part of a path as text.
pub fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Turns a text into the name of a file.
pub fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_alphanumeric() || "-._ ".contains(letter) => letter,
        _ => '-',
    };
    text.chars().map(letter).collect()
}

/// Returns the entries of a folder that can be listed, in no order; nothing if the folder cannot be read.
pub fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// Returns the paths in a folder, in no order; nothing if there is no such folder.
///
/// # Errors
/// The folder cannot be read.
pub fn entries_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

/// Creates a folder and its parents.
///
/// # Errors
/// A file has this path, or the folder cannot be written to.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    // Another process may remove or create an empty folder while this process creates it: a folder that existed may be gone a
    // moment later, and vice versa.
    const TIMES: usize = 100;
    let mut created = fs::create_dir_all(path);
    for _ in 1..TIMES {
        let kind = created.as_ref().err().map(io::Error::kind);
        if !matches!(
            kind,
            Some(io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound)
        ) {
            break;
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Ok(()),
            Ok(_) => break,
            Err(_) => created = fs::create_dir_all(path),
        }
    }
    created.map_err(FileError::on("create the folder", path))
}

/// Creates a folder that no other user may open, and its parents. An existing folder stays as it is.
///
/// # Errors
/// See [`create_folder`].
pub fn create_private_folder(path: &Path) -> Result<(), FileError> {
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_folder(above)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(()),
        // The folder exists, or the error names the parent that is in the way.
        Err(_) => create_folder(path),
    }
}

/// Returns the bytes of a file; `None` if there is no such file.
///
/// # Errors
/// The file cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::on("read", path)(error)),
    }
}

/// Writes a whole file in one step.
///
/// # Errors
/// The file cannot be written; then an old file stays as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        let mut beside = unfinished(folder_of(path))?;
        beside.write_all(bytes)?;
        settle(beside, path)
    };
    write().map_err(FileError::on("write", path))
}

/// Writes a whole file if none exists. False: a file exists and was not changed.
///
/// # Errors
/// The file cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, FileError> {
    let write = || -> io::Result<bool> {
        let mut beside = unfinished(folder_of(path))?;
        beside.write_all(bytes)?;
        beside.as_file().sync_all()?;
        readable(beside.as_file())?;
        match beside.persist_noclobber(path) {
            Ok(_) => {
                sync_folder(folder_of(path));
                Ok(true)
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    };
    write().map_err(FileError::on("write", path))
}

/// Copies a file so that the copy appears whole. Shares the bytes if the file system can.
///
/// # Errors
/// The source cannot be read, or the copy cannot be written; then an old file stays as it was.
pub fn copy_whole(from: &Path, to: &Path) -> Result<(), FileError> {
    let copy = || -> io::Result<()> {
        let beside = unfinished(folder_of(to))?;
        let mut source = File::open(from)?;
        // On Linux this is copy_file_range, which shares extents if the file system can.
        io::copy(&mut source, &mut beside.as_file())?;
        settle(beside, to)
    };
    copy().map_err(FileError::on("write", to))
}

/// The prefix of the names of files that are being written beside their path.
pub const UNFINISHED: &str = ".ade-";

/// Creates a file that is written beside its path; it is deleted if it is dropped before it is renamed.
///
/// # Errors
/// The folder cannot be written to.
pub fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .suffix(".tmp")
        .tempfile_in(folder)
}

/// Returns an error if a device, a pipe or a socket is at the path of a file: it would be replaced for all programs.
///
/// # Errors
/// There is such a device, pipe or socket.
pub fn demand_no_device(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.is_dir() => Err(io::Error::other(
            "it is a device, a pipe or a socket, not a file",
        )),
        _ => Ok(()),
    }
}

/// Syncs an unfinished file and renames it to its path.
///
/// # Errors
/// The file cannot be synced or renamed; then an old file stays as it was.
pub fn settle(beside: NamedTempFile, path: &Path) -> io::Result<()> {
    demand_no_device(path)?;
    beside.as_file().sync_all()?;
    readable(beside.as_file())?;
    beside.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path));
    Ok(())
}

/// Makes the entries of a folder durable. Errors are ignored: not every file system supports it.
pub fn sync_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}

/// Gives a finished file the permissions of the usual mask; temporary files are private.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, b"old").unwrap();
        assert!(copy_whole(&folder.path().join("absent"), &path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_file_replaces_a_device_a_pipe_or_a_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = write_whole(&path, b"new").unwrap_err().to_string();
        assert!(error.ends_with("not a file"), "{error}");
        assert!(!fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_path_and_what_the_system_said() {
        let error = create_folder(Path::new("/dev/null/x")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot create the folder /dev/null/x: not a directory"
        );
    }
}
