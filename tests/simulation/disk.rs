//! The files of the simulated machine, in memory, and how one process sees them.
//!
//! A name leads to a file, and a file lives on under its locks and open handles when its name is gone or leads to another
//! one: as on a real disk.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ade::base::clock::Timestamp;
use ade::settings::paths::EnvironmentFolder;
use ade::system::machine::{FileSystem, FoundKind, HeldLock, OpenLog, PathFacts};

use super::threads::{Wake, give_way};
use super::world::World;

/// A folder or file that a name leads to.
#[derive(Clone, Copy)]
enum Node {
    Folder {
        modified: Timestamp,
    },
    /// The file of this number.
    File(u64),
}

struct File {
    bytes: Vec<u8>,
    modified: Timestamp,
}

/// A lock on a file, by the process and the handle that hold it.
struct Lock {
    process: String,
    handle: u64,
    is_shared: bool,
}

/// All files and locks.
#[derive(Default)]
pub struct Disk {
    names: BTreeMap<PathBuf, Node>,
    files: BTreeMap<u64, File>,
    locks: BTreeMap<u64, Vec<Lock>>,
    /// When a folder was last given its name, on the clock that never jumps.
    named: BTreeMap<PathBuf, i64>,
    last: u64,
}

fn missing() -> io::Error {
    ErrorKind::NotFound.into()
}

impl Disk {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub fn create_folder(&mut self, path: &Path, now: Timestamp) {
        for folder in path.ancestors() {
            self.names
                .entry(folder.to_owned())
                .or_insert(Node::Folder { modified: now });
        }
        self.touch_parent(path, now);
    }

    pub fn write(&mut self, path: &Path, bytes: &[u8], now: Timestamp) {
        let number = self.open(path, now);
        let file = self.files.get_mut(&number).expect("it was opened");
        file.bytes = bytes.to_vec();
        file.modified = now;
    }

    /// Removes the name of a file. Returns false if it is not there.
    pub fn lose(&mut self, path: &Path) -> bool {
        self.names.remove(path).is_some()
    }

    /// Returns the file of a name, and creates it and its folder if they are missing.
    fn open(&mut self, path: &Path, now: Timestamp) -> u64 {
        if let Some(Node::File(number)) = self.names.get(path) {
            return *number;
        }
        if let Some(folder) = path.parent() {
            self.create_folder(folder, now);
        }
        let number = self.number();
        let file = File {
            bytes: Vec::new(),
            modified: now,
        };
        self.files.insert(number, file);
        self.names.insert(path.to_owned(), Node::File(number));
        self.touch_parent(path, now);
        number
    }

    fn touch_parent(&mut self, path: &Path, now: Timestamp) {
        if let Some(Node::Folder { modified }) =
            path.parent().and_then(|folder| self.names.get_mut(folder))
        {
            *modified = now;
        }
    }

    fn find(&self, path: &Path) -> io::Result<PathFacts> {
        match self.names.get(path).ok_or_else(missing)? {
            Node::Folder { modified } => Ok(PathFacts {
                kind: FoundKind::Folder,
                length: 0,
                modified: *modified,
            }),
            Node::File(number) => {
                let file = &self.files[number];
                Ok(PathFacts {
                    kind: FoundKind::File,
                    length: file.bytes.len() as u64,
                    modified: file.modified,
                })
            }
        }
    }

    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.names.get(path) {
            Some(Node::File(number)) => Ok(self.files[number].bytes.clone()),
            _ => Err(missing()),
        }
    }

    /// Returns all names below a folder, and its own.
    fn below(&self, folder: &Path) -> Vec<PathBuf> {
        let from = self.names.range(folder.to_owned()..);
        from.take_while(|(path, _)| path.starts_with(folder))
            .map(|(path, _)| path.clone())
            .collect()
    }

    fn rename(&mut self, from: &Path, to: &Path, now: Timestamp) -> io::Result<()> {
        if !self.names.contains_key(from) {
            return Err(missing());
        }
        for path in self.below(from) {
            let node = self.names.remove(&path).expect("it was found");
            let rest = path.strip_prefix(from).expect("it is below");
            let target = if rest.as_os_str().is_empty() {
                to.to_owned()
            } else {
                to.join(rest)
            };
            self.names.insert(target, node);
        }
        self.touch_parent(from, now);
        self.touch_parent(to, now);
        Ok(())
    }

    pub fn remove_tree(&mut self, path: &Path, now: Timestamp) -> io::Result<()> {
        if !self.names.contains_key(path) {
            return Err(missing());
        }
        for path in self.below(path) {
            self.names.remove(&path);
        }
        self.touch_parent(path, now);
        Ok(())
    }

    /// Returns whether a folder holds a finished environment.
    pub fn is_whole(&self, folder: &Path) -> bool {
        let ready = folder.join(".ready");
        self.names.contains_key(&ready) && self.names.contains_key(&folder.join(".venv/bin/python"))
    }

    /// Returns whether a folder is whole and was already so at that time, on the clock that never jumps.
    pub fn has_been_whole(&self, folder: &Path, since: i64) -> bool {
        self.is_whole(folder) && self.named.get(folder).is_none_or(|named| *named < since)
    }

    /// Returns the folders that hold a finished environment.
    pub fn environments(&self) -> Vec<PathBuf> {
        let ready = self.names.keys().filter(|path| path.ends_with(".ready"));
        ready
            .filter_map(|path| path.parent())
            .map(Path::to_owned)
            .collect()
    }

    pub fn is_there(&self, path: &Path) -> bool {
        self.names.contains_key(path)
    }

    pub fn release_locks(&mut self, process: &str) {
        for locks in self.locks.values_mut() {
            locks.retain(|lock| lock.process != process);
        }
        self.locks.retain(|_, locks| !locks.is_empty());
    }

    /// Locks a file for one handle. Returns false if others hold conflicting locks.
    fn lock(&mut self, file: u64, lock: Lock) -> bool {
        let locks = self.locks.entry(file).or_default();
        let goes_with = locks.is_empty() || (lock.is_shared && locks[0].is_shared);
        if goes_with {
            locks.push(lock);
        }
        goes_with
    }
}

/// The files as one process sees them. Calls that change something sometimes give way to others first; if their process is
/// dead, they change nothing.
pub struct ProcessDisk {
    world: std::sync::Weak<World>,
    process: String,
    /// True if the process can examine the lock files of processes.
    sees_locks: bool,
}

/// The folder with the lock files of processes.
const PROCESS_LOCKS: &str = "/data/db/workers";

impl ProcessDisk {
    pub fn new(world: &Arc<World>, process: &str, sees_locks: bool) -> Self {
        Self {
            world: Arc::downgrade(world),
            process: process.to_owned(),
            sees_locks,
        }
    }

    fn world(&self) -> Arc<World> {
        self.world.upgrade().expect("a file outlived its world")
    }

    /// Changes something, as one step.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Disk, Timestamp) -> io::Result<T>,
    ) -> io::Result<T> {
        let world = self.world();
        if !std::thread::panicking() && world.chance.hits(world.faults().disk) {
            world.count("file errors");
            world.trace(|| format!("{}: a file error", self.process));
            return Err(io::Error::from_raw_os_error(5));
        }
        self.change_surely(change)
    }

    /// Works as [`Self::change`] on a disk that never fails.
    fn change_surely<T>(
        &self,
        change: impl FnOnce(&mut Disk, Timestamp) -> io::Result<T>,
    ) -> io::Result<T> {
        let world = self.world();
        // A killed process has no effect while it unwinds.
        if std::thread::panicking() {
            return Err(ErrorKind::Interrupted.into());
        }
        if world.chance.hits(3_000) {
            give_way(Wake::at(world.steady()));
        }
        let now = world.now();
        let mut disk = world.disk.lock().unwrap();
        change(&mut disk, now)
    }

    /// Judges that nobody needs a folder that is about to lose its name, which may be refused.
    fn take(&self, path: &Path, is_deleted: bool) -> io::Result<()> {
        let world = self.world();
        if std::thread::panicking() {
            return Err(ErrorKind::Interrupted.into());
        }
        if world.chance.hits(world.faults().undeletable) {
            world.count("folders that could not be taken");
            return Err(io::Error::from_raw_os_error(5));
        }
        world.judge_taking(&self.process, path, is_deleted);
        Ok(())
    }

    /// Opens a file and locks it, in two steps, as a real disk does: it may be gone from its name in between.
    fn take_lock(&self, path: &Path, is_shared: bool) -> io::Result<Option<Box<dyn HeldLock>>> {
        loop {
            let open = |disk: &mut Disk, now| {
                // The folder of a lock is not created with it, unlike that of a log.
                let folder = path.parent().unwrap_or(path);
                disk.find(folder)?;
                Ok(disk.open(path, now))
            };
            // If there are no locks, a process runs an engine without one and depends on the records alone.
            let file = match is_shared {
                true => self.change_surely(open),
                false => self.change(open),
            }?;
            let process = self.process.clone();
            let (handle, is_taken, is_at) = self.change_surely(|disk, _| {
                let handle = disk.number();
                let lock = Lock {
                    process,
                    handle,
                    is_shared,
                };
                let is_taken = disk.lock(file, lock);
                let at = disk.names.get(path);
                let is_at = matches!(at, Some(Node::File(number)) if *number == file);
                Ok((handle, is_taken, is_at))
            })?;
            if !is_taken {
                return Ok(None);
            }
            let lock = SimulatedLock {
                world: self.world.clone(),
                file,
                handle,
            };
            if is_at {
                return Ok(Some(Box::new(lock)));
            }
        }
    }

    fn look<T>(&self, look: impl FnOnce(&Disk) -> T) -> T {
        let world = self.world();
        let disk = world.disk.lock().unwrap();
        look(&disk)
    }
}

impl FileSystem for ProcessDisk {
    fn find(&self, path: &Path) -> io::Result<PathFacts> {
        self.look(|disk| disk.find(path))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<(String, FoundKind)>> {
        self.look(|disk| {
            disk.find(folder)?;
            let below = disk.below(folder).into_iter();
            let direct = below.filter(|path| path.parent() == Some(folder));
            direct
                .map(|path| {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    Ok((name, disk.find(&path)?.kind))
                })
                .collect()
        })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.look(|disk| disk.read(path))
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.change(|disk, now| {
            disk.create_folder(path, now);
            Ok(())
        })
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.change(|disk, now| {
            disk.write(path, bytes, now);
            Ok(())
        })
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write(path, bytes)
    }

    fn copy_hashed(&self, from: &Path, to: &Path) -> Result<(String, u64), (PathBuf, io::Error)> {
        let bytes = self.read(from).map_err(|error| (from.to_owned(), error))?;
        self.write(to, &bytes)
            .map_err(|error| (to.to_owned(), error))?;
        Ok((format!("{:064x}", bytes.len()), bytes.len() as u64))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|disk, now| match disk.names.get(from) {
            Some(Node::File(number)) if !disk.names.contains_key(to) => {
                let node = Node::File(*number);
                disk.names.insert(to.to_owned(), node);
                disk.touch_parent(to, now);
                Ok(())
            }
            Some(_) => Err(ErrorKind::AlreadyExists.into()),
            None => Err(missing()),
        })
    }

    fn point_link(&self, at: &Path, _to: &Path) -> io::Result<()> {
        self.write(at, b"link")
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.take(from, false)?;
        let steady = self.world().steady();
        self.change(|disk, now| {
            disk.rename(from, to, now)?;
            disk.named.insert(to.to_owned(), steady);
            Ok(())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        // An environment is gone with this file.
        if let Some(folder) = path.parent()
            && EnvironmentFolder(folder.to_owned()).ready() == path
        {
            self.world().judge_deleting(&self.process, folder);
        }
        self.change(|disk, now| match disk.names.get(path) {
            Some(Node::File(_)) => {
                disk.names.remove(path);
                disk.touch_parent(path, now);
                Ok(())
            }
            Some(Node::Folder { .. }) => Err(ErrorKind::IsADirectory.into()),
            None => Err(missing()),
        })
    }

    fn remove_empty_folder(&self, path: &Path) -> io::Result<()> {
        self.change(|disk, now| match disk.below(path).len() {
            0 => Err(missing()),
            1 => disk.remove_tree(path, now),
            _ => Err(ErrorKind::DirectoryNotEmpty.into()),
        })
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        self.take(path, true)?;
        // A crash may come between the two steps: first the content goes, in an unspecified order.
        self.change(|disk, now| {
            let below = disk.below(path);
            for inner in below.iter().skip(1).step_by(2) {
                if let Some(Node::File(_)) = disk.names.get(inner) {
                    disk.names.remove(inner);
                }
            }
            disk.touch_parent(path, now);
            if below.is_empty() {
                Err(missing())
            } else {
                Ok(())
            }
        })?;
        let world = self.world();
        let is_large = path.starts_with(world.paths.venvs());
        if world.is_slow && is_large && !std::thread::panicking() {
            give_way(Wake::at(world.steady() + world.chance.between(0, 120_000)));
        }
        self.change(|disk, now| disk.remove_tree(path, now))
    }

    fn exclusive_bytes(&self, folder: &Path) -> u64 {
        self.look(|disk| disk.below(folder).len() as u64 * 4096)
    }

    fn room(&self, _folder: &Path) -> Option<u64> {
        None
    }

    fn sha256(&self, path: &Path) -> io::Result<String> {
        Ok(format!("{:064x}", self.read(path)?.len()))
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>> {
        self.take_lock(path, false)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn HeldLock>>> {
        self.take_lock(path, true)
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        if !self.sees_locks && path.starts_with(PROCESS_LOCKS) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        self.look(|disk| match disk.names.get(path) {
            Some(Node::File(number)) => Ok(disk.locks.contains_key(number)),
            _ => Err(missing()),
        })
    }

    fn open_log(&self, path: &Path) -> io::Result<Box<dyn OpenLog>> {
        let file = self.change(|disk, now| Ok(disk.open(path, now)))?;
        Ok(Box::new(SimulatedLog {
            disk: Self {
                world: self.world.clone(),
                process: self.process.clone(),
                sees_locks: self.sees_locks,
            },
            file,
        }))
    }
}

/// A lock that a process holds.
struct SimulatedLock {
    world: std::sync::Weak<World>,
    file: u64,
    handle: u64,
}

impl HeldLock for SimulatedLock {
    fn name_holder(&mut self, holder: &str) {
        if let Some(world) = self.world.upgrade() {
            let mut disk = world.disk.lock().unwrap();
            if let Some(file) = disk.files.get_mut(&self.file) {
                file.bytes = holder.as_bytes().to_vec();
            }
        }
    }
}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        if let Some(world) = self.world.upgrade() {
            release(&mut world.disk.lock().unwrap(), self.file, self.handle);
        }
    }
}

fn release(disk: &mut Disk, file: u64, handle: u64) {
    if let Some(locks) = disk.locks.get_mut(&file) {
        locks.retain(|lock| lock.handle != handle);
        if locks.is_empty() {
            disk.locks.remove(&file);
        }
    }
}

/// An open log of a run.
struct SimulatedLog {
    disk: ProcessDisk,
    file: u64,
}

impl OpenLog for SimulatedLog {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        self.disk
            .look(|disk| Ok(disk.files[&self.file].bytes.clone()))
    }

    fn length(&self) -> io::Result<u64> {
        self.disk
            .look(|disk| Ok(disk.files[&self.file].bytes.len() as u64))
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file;
        let log = self.disk.change(|disk, now| {
            let file = disk.files.get_mut(&file).ok_or_else(missing)?;
            file.bytes.extend_from_slice(bytes);
            file.modified = now;
            Ok(file.bytes.clone())
        })?;
        self.disk.world().judge_log(bytes, &log);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
