//! Reads processes from `/proc` (proc_pid_stat(5)).

use std::fs::{self, File};
use std::io::{self, Read};

/// One process, as `/proc` shows it.
pub(super) struct Process {
    pub group: i32,
    pub parent: i32,
    /// One letter, such as `R` for running and `Z` for ended but not waited for.
    state: u8,
    /// The page faults of the children that it has waited for.
    pub faults_of_children: u64,
    /// Processor time in clock ticks, including that of the children that it waited for.
    pub ticks: u64,
    pub threads: u64,
    /// The size of the address space in bytes.
    pub addresses: u64,
    /// The number of resident pages.
    pub pages: u64,
}

impl Process {
    /// Reads a process, or one thread. Returns `None` if it is gone or cannot be read.
    pub fn read(id: i32) -> Option<Self> {
        Self::read_if_there(id).ok().flatten()
    }

    /// Reads a process, or one thread. Returns `None` if it is gone.
    ///
    /// # Errors
    /// It cannot be read, for example because this process has too many open files.
    pub fn read_if_there(id: i32) -> io::Result<Option<Self>> {
        let mut buffer = [0; 1024];
        let read =
            File::open(format!("/proc/{id}/stat")).and_then(|mut file| file.read(&mut buffer));
        match read {
            Ok(length) => Ok(Self::parse(&String::from_utf8_lossy(&buffer[..length]))),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOENT | libc::ESRCH) => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn parse(stat: &str) -> Option<Self> {
        // The program's name is in brackets, and may contain any character.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            group: fields.get(2)?.parse().ok()?,
            parent: fields.get(1)?.parse().ok()?,
            state: *fields.first()?.as_bytes().first()?,
            faults_of_children: number(8)? + number(10)?,
            ticks: (11..15).filter_map(number).sum(),
            threads: number(17)?,
            addresses: number(20)?,
            pages: number(21)?,
        })
    }

    /// Returns whether it has not ended. An ended process keeps its id until its parent waits for it. A process goes on without
    /// its first thread as long as it has others.
    pub fn is_alive(&self) -> bool {
        !matches!(self.state, b'Z' | b'X') || self.threads > 1
    }

    /// Returns the thread by which the kernel shows the process's resources: the first one, unless only that one has ended.
    pub fn shown_by(&self, id: i32) -> i32 {
        if self.threads <= 1 || !matches!(self.state, b'Z' | b'X') {
            return id;
        }
        let threads = fs::read_dir(format!("/proc/{id}/task"))
            .into_iter()
            .flatten();
        let mut others = threads
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        others.find(|thread| *thread != id).unwrap_or(id)
    }

    /// Returns whether the kernel may be working for it. A thread that sleeps elsewhere has returned from `fork`.
    pub fn is_busy(&self) -> bool {
        matches!(self.state, b'R' | b'D')
    }
}

/// Returns the ids of all processes of the machine.
///
/// # Errors
/// They cannot be listed.
pub(super) fn all() -> io::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        found.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<i32>().ok()),
        );
    }
    Ok(found)
}

/// Returns the processes of a group, including those that have ended and were not waited for, because they take an id, too.
///
/// # Errors
/// They cannot be read.
pub(super) fn members(group: i32) -> io::Result<Vec<(i32, Process)>> {
    let mut found = Vec::new();
    for id in all()? {
        // SAFETY: a plain system call. It is cheaper than a look into `/proc`.
        if unsafe { libc::getpgid(id) } == group
            && let Some(process) = Process::read_if_there(id)?
        {
            found.push((id, process));
        }
    }
    Ok(found)
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
