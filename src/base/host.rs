//! The machine that this process runs on.

pub use ade_engine_native::cells::parts::processors;

/// Returns the machine's name, as worker ids and lock files contain it.
pub fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Returns the number of the user that this process belongs to, and the user's name on the machine; if the machine has no
/// name, the number again.
pub fn user() -> (String, String) {
    let id = rustix::process::getuid().as_raw().to_string();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = known.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == id).then(|| name.to_owned())
    });
    (id.clone(), name.unwrap_or(id))
}

/// Returns the memory that this process can use, in bytes: the machine's, or less if a control group limits it. `None`: the
/// system does not report it.
#[cfg(target_os = "linux")]
pub fn memory_bytes() -> Option<u64> {
    const OF_GROUP: [&str; 2] = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let info = rustix::system::sysinfo();
    let machine = (info.totalram as u64).saturating_mul(u64::from(info.mem_unit));
    let limits = OF_GROUP.iter().filter_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        text.trim().parse::<u64>().ok()
    });
    Some(limits.fold(machine, u64::min))
}

/// Returns `None`: this system does not report the memory that a process can use.
#[cfg(not(target_os = "linux"))]
pub fn memory_bytes() -> Option<u64> {
    None
}
