//! Measures the memory, the processor time and the number of the processes in a child's group.
//!
//! The kernel limits only single processes, unless it delegates control groups, which cannot be relied on. So the group is
//! measured 20 times a second. Its processes are found by following children, which costs little. Now and then all processes of
//! the machine are searched, to find those whose parent has ended. The folders are measured less often, and once more after the
//! end of the group; with them its open files: deleted files, and the kernel's buffers for sockets and pipes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::exit::Limit;
use super::options::{ChildLimits, GroupLimits};
use crate::base::files::count_below;

/// The interval at which the group is measured.
const EVERY: Duration = Duration::from_millis(50);
/// The minimum interval at which the folders are measured.
const EVERY_FOLDERS: Duration = Duration::from_millis(500);
/// Folders take at most one part in this many of the time.
const SHARE_OF_LOOKING: u32 = 10;
/// The maximum number of files and folders in the folders. Even empty files take space, and time whenever they are listed or
/// deleted.
pub const MAX_FOLDER_FILES: u64 = 100_000;
/// The number of looks between two searches through all processes of the machine.
const SEARCH_EVERY: u32 = 20;
/// The maximum number of threads of all processes of a group, if processes have a limit. Threads take ids of the machine as
/// processes do.
pub const MAX_THREADS: u64 = 4_096;

/// The measurements of one group.
pub(super) struct GroupUsage {
    group: i32,
    limits: GroupLimits,
    /// The time of the next look; `None` if nothing is measured.
    next: Option<Instant>,
    looks: u32,
    members: Vec<i32>,
    /// The memory at the last look, in bytes.
    memory: u64,
    peak: u64,
    folders: Vec<PathBuf>,
    /// The time of the next look at the folders.
    next_folders: Instant,
}

impl GroupUsage {
    /// Starts the measurements of a group. `group` is the id of its leader.
    pub fn new(group: i32, options: &ChildLimits, now: Instant) -> Self {
        let limits = options.limits;
        let is_limited = limits.memory_bytes.is_some()
            || limits.cpu_seconds.is_some()
            || limits.processes.is_some()
            || limits.disk_bytes.is_some();
        Self {
            group,
            limits,
            next: (is_limited && platform::CAN_MEASURE).then(|| now + EVERY),
            looks: 0,
            members: vec![group],
            memory: 0,
            peak: 0,
            folders: options.folders.clone(),
            next_folders: now + EVERY_FOLDERS,
        }
    }

    /// Returns the time of the next look, or `None` if there is none.
    pub fn next_look(&self) -> Option<Instant> {
        self.next
    }

    /// Returns the highest memory use that was seen, in bytes.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Measures the group, if that is due. Returns the limit that it passes.
    pub fn look(&mut self, now: Instant) -> Option<Limit> {
        if self.next.is_none_or(|next| now < next) {
            return None;
        }
        self.next = Some(now + EVERY);
        self.looks += 1;
        if self.looks.is_multiple_of(SEARCH_EVERY) {
            platform::find_members(self.group, &mut self.members);
        }
        let mut used = platform::measure(self.group, &mut self.members);
        let is_above = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used > limit);
        // Checked first, because the rest takes long with very many processes, which leave little time to this one.
        if is_above(used.processes.into(), self.limits.processes.map(u64::from)) {
            return Some(Limit::Processes);
        } else if is_above(used.threads, self.limits.processes.map(|_| MAX_THREADS)) {
            return Some(Limit::Threads);
        }
        if is_above(used.memory, self.limits.memory_bytes) && used.processes > 1 {
            // Pages that forked processes share were counted for each of them.
            used.memory = platform::memory_without_shares(&self.members).unwrap_or(used.memory);
        }
        self.memory = used.memory;
        self.peak = self.peak.max(used.memory);
        if is_above(used.memory, self.limits.memory_bytes) {
            Some(Limit::Memory)
        } else if self
            .limits
            .cpu_seconds
            .is_some_and(|limit| used.cpu_seconds > limit)
        {
            Some(Limit::Cpu)
        } else {
            self.look_at_files(now)
        }
    }

    /// Measures the folders and open files, if that is due. The time for this grows with the number of files.
    fn look_at_files(&mut self, now: Instant) -> Option<Limit> {
        let limits = self.limits;
        if (limits.disk_bytes.is_none() && limits.memory_bytes.is_none()) || now < self.next_folders
        {
            return None;
        }
        let open = platform::open_files(&self.members);
        let memory = self.memory + open.buffers;
        let passed = match limits.memory_bytes.is_some_and(|limit| memory > limit) {
            true => Some(Limit::Memory),
            false => self.folders_pass(open.deleted),
        };
        let done = Instant::now();
        self.next_folders = done + EVERY_FOLDERS.max(done.duration_since(now) * SHARE_OF_LOOKING);
        passed
    }

    /// Returns the limit that the folders pass, once all processes have ended.
    pub fn left(&self) -> Option<Limit> {
        self.folders_pass(0)
    }

    fn folders_pass(&self, deleted: u64) -> Option<Limit> {
        let limit = self.limits.disk_bytes?;
        let (bytes, files) = count_below(&self.folders, MAX_FOLDER_FILES + 1);
        match bytes + deleted > limit {
            true => Some(Limit::Disk),
            false => (files > MAX_FOLDER_FILES).then_some(Limit::Files),
        }
    }
}

/// The resources that a group uses.
#[derive(Clone, Copy, Debug, Default)]
struct GroupMeasurement {
    /// The memory in bytes.
    memory: u64,
    /// The processor time of living processes and of those that they waited for.
    cpu_seconds: f64,
    /// The number of processes, including ended ones that were not waited for.
    processes: u32,
    threads: u64,
}

/// The sizes of open files and buffers of a group, in bytes; each counts once.
#[derive(Clone, Copy, Debug, Default)]
struct OpenFiles {
    /// The size of files that have no name any more.
    deleted: u64,
    /// The bytes that the kernel may keep for sockets and pipes.
    buffers: u64,
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::param::{clock_ticks_per_second, page_size};

    use super::super::proc::{Process, all};
    use super::{GroupMeasurement, MAX_THREADS, OpenFiles};

    pub const CAN_MEASURE: bool = true;
    /// The maximum bytes that the kernel keeps for a socket whose buffers are not enlarged, and for a pipe.
    const SOCKET_BYTES: u64 = 208 << 10;
    const PIPE_BYTES: u64 = 64 << 10;
    /// The address space below which page tables are too small to count: at most a five hundredth of it.
    const MAX_ADDRESSES: u64 = 16 << 30;

    /// Measures the members and their new children. Removes members that have ended.
    pub fn measure(group: i32, members: &mut Vec<i32>) -> GroupMeasurement {
        let mut used = GroupMeasurement::default();
        let mut ticks = 0;
        let mut at = 0;
        while at < members.len() {
            let id = members[at];
            let Some(process) = Process::read(id).filter(|process| process.group == group) else {
                members.swap_remove(at);
                continue;
            };
            ticks += process.ticks;
            used.processes += 1;
            if process.is_alive() {
                let thread = process.shown_by(id);
                let process = match thread == id {
                    true => process,
                    false => Process::read(thread).unwrap_or(process),
                };
                used.threads += process.threads;
                used.memory += process.pages * page_size() as u64;
                if process.addresses > MAX_ADDRESSES {
                    used.memory += page_tables(thread);
                }
                if used.threads > MAX_THREADS {
                    break;
                }
                add_children(id, members);
            }
            at += 1;
        }
        used.cpu_seconds = ticks as f64 / clock_ticks_per_second() as f64;
        used
    }

    /// Returns the bytes of a process's page tables. They also grow with pages that are only read, which take no memory
    /// otherwise.
    fn page_tables(id: i32) -> u64 {
        let text = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmPTE:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        kilobytes.unwrap_or(0_u64) * 1024
    }

    fn add_children(id: i32, members: &mut Vec<i32>) {
        for thread in fs::read_dir(format!("/proc/{id}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            for child in children.split_ascii_whitespace() {
                if let Ok(child) = child.parse()
                    && !members.contains(&child)
                {
                    members.push(child);
                }
            }
        }
    }

    /// Searches all processes of the machine for members.
    pub fn find_members(group: i32, members: &mut Vec<i32>) {
        let of_group = |id: &i32| Process::read(*id).is_some_and(|process| process.group == group);
        let unknown: Vec<i32> = all()
            .unwrap_or_default()
            .into_iter()
            .filter(|id| !members.contains(id) && of_group(id))
            .collect();
        members.extend(unknown);
    }

    /// Returns the thread by which the kernel shows a process's resources.
    fn shown_by(id: i32) -> i32 {
        Process::read(id).map_or(id, |process| process.shown_by(id))
    }

    /// Returns the open files and buffers of the members.
    pub fn open_files(members: &[i32]) -> OpenFiles {
        let mut known = BTreeSet::new();
        let mut open = OpenFiles::default();
        let folders = members
            .iter()
            .map(|id| fs::read_dir(format!("/proc/{}/fd", shown_by(*id))));
        for entry in folders.flatten().flatten().flatten() {
            let Ok(file) = fs::metadata(entry.path()) else {
                continue;
            };
            let kind = file.file_type();
            let (bytes, sum) = match () {
                () if kind.is_file() && file.nlink() == 0 => {
                    (file.blocks() * 512, &mut open.deleted)
                }
                () if kind.is_socket() => (SOCKET_BYTES, &mut open.buffers),
                () if kind.is_fifo() => (PIPE_BYTES, &mut open.buffers),
                () => continue,
            };
            if known.insert((file.dev(), file.ino())) {
                *sum += bytes;
            }
        }
        open
    }

    /// Returns the memory of all members, with shared pages counted once, or `None` if the kernel does not report it.
    pub fn memory_without_shares(members: &[i32]) -> Option<u64> {
        let mut total = 0;
        for id in members {
            let text = match fs::read_to_string(format!("/proc/{}/smaps_rollup", shown_by(*id))) {
                Ok(text) => text,
                // A process that is about to end, or has ended, uses nothing.
                Err(error) => match error.raw_os_error() {
                    Some(libc::ENOENT | libc::ESRCH) => continue,
                    _ => return None,
                },
            };
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
            total += kilobytes * 1024;
        }
        Some(total)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::{GroupMeasurement, OpenFiles};

    pub const CAN_MEASURE: bool = false;

    pub fn measure(_group: i32, _members: &mut Vec<i32>) -> GroupMeasurement {
        GroupMeasurement::default()
    }

    pub fn find_members(_group: i32, _members: &mut Vec<i32>) {}

    pub fn open_files(_members: &[i32]) -> OpenFiles {
        OpenFiles::default()
    }

    pub fn memory_without_shares(_members: &[i32]) -> Option<u64> {
        None
    }
}
