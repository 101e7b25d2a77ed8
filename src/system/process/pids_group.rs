//! A control group that limits the processes and threads of a run, if a folder of the controller `pids` is writable
//! (cgroups(7); both versions). It is the second choice: see `engine::sandbox::support` for when it is used.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::base::files::entries;

/// The prefix of a group's name. The id of the process that made it and a number follow.
const PREFIX: &str = "ade-";
/// The maximum time for a group to become empty after its processes were killed.
const PATIENCE: Duration = Duration::from_secs(2);

/// A control group, which is removed when this is dropped.
#[derive(Debug)]
pub struct PidsGroup(PathBuf);

impl PidsGroup {
    /// Creates an empty group that may have this many processes and threads.
    ///
    /// # Errors
    /// There is no such controller, or its folder may not be written.
    pub fn new(tasks: u64) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let parent = own_folder().ok_or(io::ErrorKind::NotFound)?;
        remove_left(&parent);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let group = Self(folder);
        fs::write(group.0.join("pids.max"), tasks.to_string())?;
        Ok(group)
    }

    /// Opens the file through which a process joins the group, by writing `0`. Its descendants are in the group, too.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn door(&self) -> io::Result<File> {
        File::options()
            .write(true)
            .open(self.0.join("cgroup.procs"))
    }
}

impl Drop for PidsGroup {
    fn drop(&mut self) {
        let until = Instant::now() + PATIENCE;
        while fs::remove_dir(&self.0).is_err() && self.0.exists() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Removes groups whose `ade` was killed.
fn remove_left(parent: &Path) {
    for entry in entries(parent) {
        let name = entry.file_name();
        let maker = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        // Other programs' groups may begin with the same letters.
        let maker = maker.filter(|maker| maker.bytes().all(|byte| byte.is_ascii_digit()));
        if maker.is_some_and(|maker| !Path::new("/proc").join(maker).exists()) {
            // This fails as long as a process is in it.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Returns the folder of this process's group, if its child groups can limit processes.
fn own_folder() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    // The fields of a line are device, folder, type and options.
    let mounts = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    for fields in mounts {
        let [_, folder, kind, options, ..] = fields[..] else {
            continue;
        };
        let start = match kind {
            "cgroup" if options.split(',').any(|option| option == "pids") => ":pids:",
            "cgroup2" => "0::",
            _ => continue,
        };
        let path = groups.lines().find_map(|line| line.split_once(start));
        let Some((_, path)) = path else { continue };
        let own = Path::new(folder).join(path.trim_start_matches('/'));
        let offered = fs::read_to_string(own.join("cgroup.subtree_control"));
        if kind == "cgroup"
            || offered.is_ok_and(|text| text.split_whitespace().any(|name| name == "pids"))
        {
            return Some(own);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_killed_processes_go_and_those_of_others_stay() {
        let parent = tempfile::tempdir().unwrap();
        let own = format!("{PREFIX}{}-0", std::process::id());
        // No process has an id as large as the first.
        for name in ["ade-4194305-0", "ade-test-bombs", &own] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        remove_left(parent.path());
        let left = |name: &str| parent.path().join(name).exists();
        assert!(!left("ade-4194305-0") && left("ade-test-bombs") && left(&own));
    }
}
