//! What a run may read, write, reach and use up, and how the kernel is made to hold it to that.
//!
//! A [`Policy`] says what a child may do. [`confine`] prepares it in this process and applies it in the child between fork and
//! exec, so that no line of an author's code runs before it. In this order: resource limits, descriptors of this process,
//! capabilities, Landlock (files, TCP, signals to other processes), seccomp (sockets, process groups).
//!
//! Promises:
//! - Where the kernel lacks a part, a run with [`Sandbox::Auto`] goes on without it and the [`InForce`] names it; with
//!   [`Sandbox::Strict`] nothing is started.
//! - Between fork and exec no memory is allocated unless a step fails.
//! - How many processes a group has, [`Gate`](crate::system::process::Gate) holds where the kernel lets it answer before each fork.
//!   Memory, processor time and output of the whole group are watched by [`crate::system::process`], since the kernel
//!   limits single processes only.
//!
//! `places` says which parts of a system programs need, `support` what this kernel offers, `confine` applies. What is promised
//! to users is in docs/explanation/confinement.md. On other systems than Linux only the resource limits are applied.

#[cfg(target_os = "linux")]
mod calls;
mod confine;
#[cfg(target_os = "linux")]
mod forks;
#[cfg(target_os = "linux")]
mod places;
mod process_hold;
#[cfg(target_os = "linux")]
mod read_only;
mod resources;
pub(crate) mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use confine::{Confined, InForce, confine, confine_build};
pub use process_hold::ProcessHold;
pub use support::{Support, support};
#[cfg(target_os = "linux")]
pub(super) use {
    confine::for_fork,
    forks::{channel, send},
};

use crate::settings::{Sandbox, Settings};
use crate::system::process::{GroupLimits, Limit};

/// What a child may read, write, reach and use up.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How much of it must be in force.
    pub level: Sandbox,
    /// Of an installer and the build tools that it starts: these read and execute what they find, and use whatever system calls
    /// they need. What they write is confined.
    pub is_build: bool,
    /// Whether code of packages is executed in a build. It reads nothing that is hidden from it, and changes no modes of files
    /// which it may not write.
    pub executes_code: bool,
    /// What that may not read, but for what it may write and what [`Policy::reads`] names.
    pub hidden: Vec<PathBuf>,
    /// The environment's Python, whose files may be read and executed.
    pub python: PathBuf,
    /// Where the configuration is and its snapshots are: what the environment imports from there, as packages that are installed editable
    /// are, may be read. No other place is opened because a package names it.
    pub sources: Vec<PathBuf>,
    /// What may be read beside the system's own files: the snapshot, the input, and what the operator adds.
    pub reads: Vec<PathBuf>,
    /// What may be written, and read: output, temporary files, and what the operator adds.
    pub writes: Vec<PathBuf>,
    /// Those of both that the operator adds.
    pub added: Vec<PathBuf>,
    /// Whether a network was asked for.
    pub network_asked: bool,
    /// Whether the operator allows it.
    pub network_allowed: bool,
    /// What it may use up.
    pub limits: Limits,
}

/// What a child and all that it starts may use up. `None`: without a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Bytes of memory, of all processes together.
    pub memory: Option<u64>,
    /// Processor time of all processes together.
    pub cpu_time: Option<Duration>,
    /// Bytes of all files that it writes to its own folders, which may be [`MOST_FILES`](crate::system::process::MOST_FILES) then.
    pub disk: Option<u64>,
    /// Bytes of one file.
    pub file_size: Option<u64>,
    /// Open files of one process.
    pub open_files: Option<u32>,
    /// Processes at the same time.
    pub processes: Option<u32>,
    /// Bytes on standard output.
    pub printed: Option<u64>,
}

impl Limits {
    /// Those of a run.
    pub fn of(settings: &Settings) -> Self {
        let worker = &settings.worker;
        Self {
            memory: worker.memory,
            cpu_time: worker.cpu_time,
            disk: worker.disk,
            file_size: worker.file_size,
            open_files: worker.open_files,
            processes: worker.processes,
            printed: worker.printed,
        }
    }

    /// Whether there is such a limit.
    pub fn has(&self, limit: Limit) -> bool {
        match limit {
            Limit::Memory => self.memory.is_some(),
            Limit::Cpu => self.cpu_time.is_some(),
            Limit::Processes | Limit::Threads => self.processes.is_some(),
            Limit::Printed => self.printed.is_some(),
            Limit::Disk | Limit::Files => self.disk.is_some(),
            Limit::FileSize => self.file_size.is_some(),
            Limit::OpenFiles => self.open_files.is_some(),
        }
    }

    /// What is watched of the whole group.
    pub fn of_group(&self) -> GroupLimits {
        GroupLimits {
            memory_bytes: self.memory,
            cpu_seconds: self.cpu_time.map(|time| time.as_secs_f64()),
            processes: self.processes,
            disk_bytes: self.disk,
            printed_bytes: self.printed,
        }
    }
}

impl Policy {
    /// The policy of an engine that reads and writes these places, beside those that the operator adds.
    pub fn new(
        settings: &Settings,
        python: &Path,
        reads: Vec<PathBuf>,
        writes: Vec<PathBuf>,
        network_asked: bool,
    ) -> Self {
        Self {
            level: settings.sandbox,
            is_build: false,
            executes_code: false,
            hidden: Vec::new(),
            python: python.to_owned(),
            sources: Vec::new(),
            reads: [reads, settings.sandbox_read.clone()].concat(),
            writes: [writes, settings.sandbox_write.clone()].concat(),
            added: [&*settings.sandbox_read, &*settings.sandbox_write].concat(),
            network_asked,
            network_allowed: settings.allow_network,
            limits: Limits::of(settings),
        }
    }

    /// The same in an environment that was built from this snapshot of the configuration in this folder.
    #[must_use]
    pub fn built_from(mut self, snapshot: &Path, configuration: &Path) -> Self {
        let snapshots = snapshot.parent().unwrap_or(snapshot);
        self.sources = [snapshots, configuration].map(Path::to_owned).to_vec();
        self
    }

    /// The policy of building an environment; where it may write is added for each of its programs. Installers need a network, and how
    /// much memory and processor time they need depends on what they build.
    pub fn of_build(settings: &Settings) -> Self {
        Self {
            is_build: true,
            network_allowed: true,
            limits: Limits::default(),
            added: settings.sandbox_write.clone(),
            reads: Vec::new(),
            ..Self::new(settings, Path::new(""), Vec::new(), Vec::new(), true)
        }
    }

    /// Whether no code of others can change the modes of files that it may not write, so that environments may share files by links.
    pub fn keeps_modes(&self) -> bool {
        self.level != Sandbox::Off && support().seccomp
    }

    /// Whether it has a network.
    pub fn has_network(&self) -> bool {
        self.level == Sandbox::Off || (self.network_asked && self.network_allowed)
    }

    /// Why nothing may be started: what a strict sandbox needs and this machine lacks. Empty: it may.
    pub fn obstacles(&self) -> Vec<String> {
        match self.level {
            Sandbox::Strict => support().missing.clone(),
            Sandbox::Auto | Sandbox::Off => Vec::new(),
        }
    }
}
