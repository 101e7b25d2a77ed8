//! Wraps the operating system: the differences between machines, and the effects of processes on each other.
//!
//! - [`machine`]: time, threads, files and locks behind a trait, which a simulation implements a second time.
//! - [`process`]: child processes, which never outlive the call that started them.
//! - [`lock`]: locks between processes; [`lease`]: a lease that is kept alive while the work under it goes on; [`bell`]: waking
//!   a worker.
//! - [`service`]: the service manager that started this process.

pub mod bell;
pub mod lease;
pub mod lock;
pub mod machine;
pub mod process;
pub mod service;
