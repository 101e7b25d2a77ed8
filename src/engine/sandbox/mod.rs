//! Limits what a run may read, write, reach and use up, and makes the kernel enforce it.
//!
//! A [`Policy`] defines what a child may do. [`confine`] prepares it in this process and applies it in the child between fork and
//! exec, before any of the author's code runs. The order is: resource limits, descriptors of this process, capabilities,
//! Landlock (files, TCP, signals to other processes), seccomp (sockets, process groups).
//!
//! Promises:
//! - If the kernel lacks a part, a run with [`Sandbox::Auto`] goes on without it and the [`AppliedPolicy`] names it; with
//!   [`Sandbox::Strict`] nothing is started.
//! - Between fork and exec, no memory is allocated unless a step fails.
//! - [`Gate`](crate::system::process::Gate) limits the number of processes of a group, if the kernel lets it answer before each
//!   fork. [`crate::system::process`] watches memory, processor time and output of the whole group, because the kernel limits
//!   only single processes.
//!
//! `places` lists the parts of a system that programs need, `support` finds out what this kernel offers, `confine` applies the
//! policy. docs/explanation/confinement.md lists the promises to users. On systems other than Linux, only the resource limits
//! are applied.

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

pub use confine::{AppliedPolicy, ConfinedCommand, confine, confine_build};
pub use process_hold::ProcessHold;
pub use support::{Support, support};
#[cfg(target_os = "linux")]
pub(super) use {
    confine::for_fork,
    forks::{channel, send},
};

use crate::settings::{Sandbox, Settings};
use crate::system::process::{GroupLimits, Limit};

/// The files, network and resources that a child may use.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The setting that decides how much of the policy must be in force.
    pub level: Sandbox,
    /// True for an installer and the build tools that it starts. They may read and execute all files and use all system calls,
    /// but their writes are confined.
    pub is_build: bool,
    /// True if a build executes code of packages. This code cannot read hidden folders, and cannot change modes of files that
    /// it may not write.
    pub executes_code: bool,
    /// The folders that such code may not read, except for those in [`Policy::reads`] and [`Policy::writes`].
    pub hidden: Vec<PathBuf>,
    /// The environment's Python, whose files may be read and executed.
    pub python: PathBuf,
    /// The folders of the configuration and of its snapshots. If the environment imports from them, as editable packages do,
    /// the imported folders may be read. A package that names any other folder does not make it readable.
    pub sources: Vec<PathBuf>,
    /// The paths that may be read in addition to the system's own files: the snapshot, the input, and the operator's additions.
    pub reads: Vec<PathBuf>,
    /// The paths that may be written and read: output, temporary files, and the operator's additions.
    pub writes: Vec<PathBuf>,
    /// The operator's additions to both lists.
    pub added: Vec<PathBuf>,
    /// True if the configuration asks for a network.
    pub network_asked: bool,
    /// True if the operator allows a network.
    pub network_allowed: bool,
    pub limits: Limits,
}

/// The resources that a child and its descendants may use up. `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Bytes of memory of all processes together.
    pub memory: Option<u64>,
    /// Processor time of all processes together.
    pub cpu_time: Option<Duration>,
    /// Bytes of all files in the folders that it writes. If set, there may be at most
    /// [`MOST_FILES`](crate::system::process::MOST_FILES) files in them.
    pub disk: Option<u64>,
    /// The size of a single file in bytes.
    pub file_size: Option<u64>,
    /// Open files of a single process.
    pub open_files: Option<u32>,
    /// Processes at the same time.
    pub processes: Option<u32>,
    /// Bytes on standard output.
    pub printed: Option<u64>,
}

impl Limits {
    /// Returns the limits of a run.
    pub fn from_settings(settings: &Settings) -> Self {
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

    /// Returns whether there is a limit of this kind.
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

    /// Returns the limits that apply to the whole group.
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
    /// Returns the policy of an engine that reads and writes these paths and the operator's additions.
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
            limits: Limits::from_settings(settings),
        }
    }

    /// Adds the sources of an environment that was built from this snapshot of the configuration in this folder.
    #[must_use]
    pub fn built_from(mut self, snapshot: &Path, configuration: &Path) -> Self {
        let snapshots = snapshot.parent().unwrap_or(snapshot);
        self.sources = [snapshots, configuration].map(Path::to_owned).to_vec();
        self
    }

    /// Returns the policy for building an environment; the writable folders are added for each of its programs. Installers need
    /// a network, and their need for memory and processor time depends on what they build.
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

    /// Returns whether other code cannot change the modes of files that it may not write, so that environments may share files
    /// by hard links.
    pub fn keeps_modes(&self) -> bool {
        self.level != Sandbox::Off && support().seccomp
    }

    /// Returns whether the child has a network.
    pub fn has_network(&self) -> bool {
        self.level == Sandbox::Off || (self.network_asked && self.network_allowed)
    }

    /// Returns why nothing may be started: the parts that a strict sandbox needs and this machine lacks.
    pub fn obstacles(&self) -> Vec<String> {
        match self.level {
            Sandbox::Strict => support().missing.clone(),
            Sandbox::Auto | Sandbox::Off => Vec::new(),
        }
    }
}
