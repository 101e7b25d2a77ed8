//! What a child and the processes of its group use together: memory, processor time, and how many they are.
//!
//! The kernel limits single processes only, unless it delegates control groups, which cannot be relied on. So the group is
//! measured 20 times a second. Its processes are found by following children, which costs little; now and then all processes
//! of the machine are gone through, for those whose parent has ended. Its folders are measured less often, and once more when it has
//! ended; with them what it has deleted and still has open.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::exit::Limit;
use super::options::{ChildLimits, GroupLimits};
use crate::base::files::count_below;

/// How often the group is measured.
const EVERY: Duration = Duration::from_millis(50);
/// How often the folders are measured, at most.
const EVERY_FOLDERS: Duration = Duration::from_millis(500);
/// No more than this part of the time is spent measuring them.
const SHARE_OF_LOOKING: u32 = 10;
/// So many files and folders may be in them. Files without content take room, too, and time whenever they are listed or deleted.
pub const MOST_FILES: u64 = 100_000;
/// Each so many looks, all processes of the machine are gone through.
const SEARCH_EVERY: u32 = 20;

/// The measurements of one group.
pub(super) struct GroupUsage {
    group: i32,
    limits: GroupLimits,
    /// `None`: nothing is measured.
    next: Option<Instant>,
    looks: u32,
    members: Vec<i32>,
    peak: u64,
    folders: Vec<PathBuf>,
    /// When the folders are to be measured next.
    next_folders: Instant,
}

impl GroupUsage {
    /// The group has the id of its leader.
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
            peak: 0,
            folders: options.folders.clone(),
            next_folders: now + EVERY_FOLDERS,
        }
    }

    /// When the group is to be measured next; `None`: never.
    pub fn next_look(&self) -> Option<Instant> {
        self.next
    }

    /// The most memory that the group was seen to use at once, in bytes.
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
        if is_above(used.memory, self.limits.memory_bytes) && used.processes > 1 {
            // Pages that forked processes share were counted for each of them.
            used.memory = platform::memory_without_shares(&self.members).unwrap_or(used.memory);
        }
        self.peak = self.peak.max(used.memory);
        if is_above(used.memory, self.limits.memory_bytes) {
            Some(Limit::Memory)
        } else if is_above(used.processes.into(), self.limits.processes.map(u64::from)) {
            Some(Limit::Processes)
        } else if self
            .limits
            .cpu_seconds
            .is_some_and(|limit| used.cpu_seconds > limit)
        {
            Some(Limit::Cpu)
        } else {
            self.look_at_folders(now)
        }
    }

    /// Measures the folders, if that is due. Looking takes time in proportion to how many files there are.
    fn look_at_folders(&mut self, now: Instant) -> Option<Limit> {
        if self.limits.disk_bytes.is_none() || now < self.next_folders {
            return None;
        }
        let passed = self.folders_pass(platform::deleted_bytes(&self.members));
        let done = Instant::now();
        self.next_folders = done + EVERY_FOLDERS.max(done.duration_since(now) * SHARE_OF_LOOKING);
        passed
    }

    /// The limit that the folders pass, once all processes have ended.
    pub fn left(&self) -> Option<Limit> {
        self.folders_pass(0)
    }

    fn folders_pass(&self, deleted: u64) -> Option<Limit> {
        let limit = self.limits.disk_bytes?;
        let (bytes, files) = count_below(&self.folders, MOST_FILES + 1);
        match bytes + deleted > limit {
            true => Some(Limit::Disk),
            false => (files > MOST_FILES).then_some(Limit::Files),
        }
    }
}

/// What a group uses.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// Bytes.
    memory: u64,
    /// Of the living and of those that they waited for.
    cpu_seconds: f64,
    processes: u32,
}

#[cfg(target_os = "linux")]
mod platform {
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;

    use rustix::param::{clock_ticks_per_second, page_size};

    use super::Used;

    pub const CAN_MEASURE: bool = true;

    /// One process, as /proc tells.
    struct Process {
        group: i32,
        is_alive: bool,
        ticks: u64,
        pages: u64,
    }

    impl Process {
        fn read(id: i32) -> Option<Self> {
            let mut buffer = [0; 1024];
            let mut file = File::open(format!("/proc/{id}/stat")).ok()?;
            let length = file.read(&mut buffer).ok()?;
            Self::parse(&String::from_utf8_lossy(&buffer[..length]))
        }

        fn parse(stat: &str) -> Option<Self> {
            // The program's name stands in brackets, and may hold any letter.
            let (_, rest) = stat.rsplit_once(')')?;
            let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
            let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
            Some(Self {
                group: fields.get(2)?.parse().ok()?,
                is_alive: !matches!(*fields.first()?, "Z" | "X"),
                ticks: (11..15).filter_map(number).sum(),
                pages: number(21)?,
            })
        }
    }

    /// Measures the members and those that they have started since; those that have ended are forgotten.
    pub fn measure(group: i32, members: &mut Vec<i32>) -> Used {
        let mut used = Used::default();
        let mut ticks = 0;
        let mut at = 0;
        while at < members.len() {
            let id = members[at];
            let Some(process) = Process::read(id).filter(|process| process.group == group) else {
                members.swap_remove(at);
                continue;
            };
            ticks += process.ticks;
            if process.is_alive {
                used.processes += 1;
                used.memory += process.pages * page_size() as u64;
                add_children(id, members);
            }
            at += 1;
        }
        used.cpu_seconds = ticks as f64 / clock_ticks_per_second() as f64;
        used
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

    /// Goes through all processes of the machine.
    pub fn find_members(group: i32, members: &mut Vec<i32>) {
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let id = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(id) = id
                && !members.contains(&id)
                && Process::read(id).is_some_and(|process| process.group == group)
            {
                members.push(id);
            }
        }
    }

    /// The bytes of the files that members have open and that have no name any more, each counted once.
    pub fn deleted_bytes(members: &[i32]) -> u64 {
        let mut known = BTreeSet::new();
        let folders = members
            .iter()
            .map(|id| fs::read_dir(format!("/proc/{id}/fd")));
        let open = folders.flatten().flatten().flatten();
        let files = open.filter_map(|entry| fs::metadata(entry.path()).ok());
        let deleted = files.filter(|file| file.is_file() && file.nlink() == 0);
        let each_once = deleted.filter(|file| known.insert((file.dev(), file.ino())));
        each_once.map(|file| file.blocks() * 512).sum()
    }

    /// The memory of all members, what is shared counted once. `None`: the kernel does not tell.
    pub fn memory_without_shares(members: &[i32]) -> Option<u64> {
        let mut total = 0;
        for id in members {
            // One that has just ended uses nothing.
            let Ok(text) = fs::read_to_string(format!("/proc/{id}/smaps_rollup")) else {
                if Process::read(*id).is_some_and(|process| process.is_alive) {
                    return None;
                }
                continue;
            };
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
            total += kilobytes * 1024;
        }
        Some(total)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
            let line = "7 (a) b (c) S 1 5 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 9 1000 42 0";
            let process = Process::parse(line).unwrap();
            assert_eq!((process.group, process.ticks, process.pages), (5, 10, 42));
            assert!(process.is_alive);
            assert!(Process::parse("7 (ended").is_none());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Used;

    pub const CAN_MEASURE: bool = false;

    pub fn measure(_group: i32, _members: &mut Vec<i32>) -> Used {
        Used::default()
    }

    pub fn find_members(_group: i32, _members: &mut Vec<i32>) {}

    pub fn deleted_bytes(_members: &[i32]) -> u64 {
        0
    }

    pub fn memory_without_shares(_members: &[i32]) -> Option<u64> {
        None
    }
}
