//! The machine that this process runs on.

/// Returns its name, as worker ids and lock files contain it.
pub fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
