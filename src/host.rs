//! The machine that this process runs on.

/// Its name, as it stands in worker ids and in locks.
pub fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
