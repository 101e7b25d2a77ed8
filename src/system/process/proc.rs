//! Reads processes from `/proc` (proc_pid_stat(5)).

use std::fs::{self, File};
use std::io::Read;

/// One process, as `/proc` shows it.
pub(super) struct Process {
    pub group: i32,
    pub parent: i32,
    /// One letter, such as `R` for running and `Z` for ended but not waited for.
    state: u8,
    /// Processor time in clock ticks: its own, and that of the children that it waited for.
    pub ticks: u64,
    pub threads: u64,
    /// Bytes of addresses.
    pub addresses: u64,
    /// Resident pages.
    pub pages: u64,
}

impl Process {
    /// Reads a process, or one thread. `None`: it is gone.
    pub fn read(id: i32) -> Option<Self> {
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
            parent: fields.get(1)?.parse().ok()?,
            state: *fields.first()?.as_bytes().first()?,
            ticks: (11..15).filter_map(number).sum(),
            threads: number(17)?,
            addresses: number(20)?,
            pages: number(21)?,
        })
    }

    /// Whether it has not ended. One that has ended keeps its number until its parent waits for it.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X')
    }

    /// Whether the kernel may be working for it: a thread that sleeps elsewhere has returned from `fork`.
    pub fn is_busy(&self) -> bool {
        matches!(self.state, b'R' | b'D')
    }
}

/// The numbers of all processes of the machine.
pub(super) fn all() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The processes of a group, those included that have ended and that nobody has waited for: they take a number, too.
pub(super) fn members(group: i32) -> Vec<(i32, Process)> {
    let is_member = |id: &i32| {
        // SAFETY: a plain system call. It is cheaper than a look into `/proc`.
        unsafe { libc::getpgid(*id) == group }
    };
    all()
        .filter(is_member)
        .filter_map(|id| Some((id, Process::read(id)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let line = "7 (a) b (c) S 1 5 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 6 0 9 1000 42 0";
        let process = Process::parse(line).unwrap();
        assert_eq!((process.parent, process.group), (1, 5));
        assert_eq!((process.ticks, process.threads, process.pages), (10, 6, 42));
        assert!(process.is_alive() && !process.is_busy());
        assert!(Process::parse("7 (ended").is_none());
    }
}
