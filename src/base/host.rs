//! The machine that this process runs on.

/// Returns its name, as worker ids and lock files contain it.
pub fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Returns the memory that this process can use, in bytes: the machine's, or less where a control group limits it.
/// `None`: the system does not tell.
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

/// Returns the memory that this process can use, in bytes. `None`: the system does not tell.
#[cfg(not(target_os = "linux"))]
pub fn memory_bytes() -> Option<u64> {
    None
}
