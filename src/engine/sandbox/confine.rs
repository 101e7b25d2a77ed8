//! Applies a policy to a command's process, between fork and exec.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Policy;
use super::process_hold::ProcessHold;
use super::resources;
use super::support::{Support, support};
use crate::settings::Sandbox;
use crate::system::process::{Gate, PidsGroup};

/// A command whose process confines itself when it starts.
pub struct ConfinedCommand {
    /// The measures that are in force, as far as known before the start.
    record: AppliedPolicy,
    /// The pipe with the numbers of the steps that failed in the child.
    failed: PipeReader,
    /// The socket to which the child sends its filter's listener.
    listener: Option<OwnedFd>,
    group: Option<PidsGroup>,
}

/// A step in the child that can fail.
#[derive(Clone, Copy, Debug)]
enum SandboxStep {
    Resources = b'r' as isize,
    Modes = b'm' as isize,
    Descriptors = b'd' as isize,
    Capabilities = b'c' as isize,
    Files = b'f' as isize,
    Calls = b's' as isize,
    Forks = b'p' as isize,
}

impl SandboxStep {
    const ALL: [Self; 7] = [
        Self::Resources,
        Self::Modes,
        Self::Descriptors,
        Self::Capabilities,
        Self::Files,
        Self::Calls,
        Self::Forks,
    ];

    fn in_words(self) -> &'static str {
        match self {
            Self::Resources => "resource limits could not be set",
            Self::Modes => {
                "modes of files: folders that must not be written to could not be mounted read-only"
            }
            Self::Descriptors => "files of ade could not be closed",
            Self::Capabilities => "capabilities of the administrator could not be dropped",
            Self::Files => "files: Landlock could not be applied",
            Self::Calls => {
                "network, process groups and objects that outlive processes: system calls could not be refused"
            }
            Self::Forks => "processes: their number could not be limited by the kernel",
        }
    }
}

/// Prepares a command so that its process confines itself. `threads` is the number of threads that its libraries start.
///
/// # Errors
/// A pipe or a socket cannot be created.
pub fn confine(
    policy: &Policy,
    threads: usize,
    command: &mut Command,
) -> io::Result<ConfinedCommand> {
    let (failed, report) = io::pipe()?;
    let mut record = AppliedPolicy::new(policy, support());
    let limits = resources::prepare(&policy.limits, threads);
    let is_strict = policy.level == Sandbox::Strict;
    let (listener, asks) = if record.is_asked() {
        Some(channel()?).unzip()
    } else {
        (None, None)
    };
    let mut steps = Steps::prepare(policy, &mut record, asks);
    let group = steps.count(policy, &record)?;
    in_child(command, limits, steps, Some(report), is_strict);
    Ok(ConfinedCommand {
        record,
        failed,
        listener,
        group,
    })
}

/// The confinement of a fork of a confined process. The fork inherits the refusal of system calls and capabilities.
#[cfg(target_os = "linux")]
pub struct ForkConfinement {
    /// The measures that are in force once this is applied.
    pub record: AppliedPolicy,
    /// The rules for files, which the fork applies to itself.
    pub rules: Option<std::os::fd::OwnedFd>,
    /// The limits, which are set from outside.
    pub limits: resources::ReadyLimits,
}

/// Prepares the confinement of a fork.
#[cfg(target_os = "linux")]
pub fn for_fork(policy: &Policy, threads: usize) -> ForkConfinement {
    let mut record = AppliedPolicy::new(policy, support());
    let steps = Steps::prepare(policy, &mut record, None);
    ForkConfinement {
        record,
        rules: steps.rules(),
        limits: resources::prepare(&policy.limits, threads),
    }
}

/// Confines the process of an installer. `ade doctor` reports missing parts.
pub fn confine_build(policy: &Policy, command: &mut Command) {
    let limits = resources::prepare(&policy.limits, 0);
    let is_strict = policy.level == Sandbox::Strict;
    let steps = Steps::prepare(policy, &mut AppliedPolicy::default(), None);
    in_child(command, limits, steps, None, is_strict);
}

/// The measures of a policy that are in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppliedPolicy {
    /// The setting, the version of Landlock, the network and the limits, as JSON.
    pub applied: Value,
    /// The missing parts, in words.
    pub missing: Vec<String>,
    /// The way the number of processes is limited.
    pub(super) processes: ProcessHold,
}

impl AppliedPolicy {
    fn new(policy: &Policy, support: &Support) -> Self {
        let is_off = policy.level == Sandbox::Off;
        let limits = &policy.limits;
        let processes = if is_off {
            ProcessHold::Polling
        } else {
            support.processes
        };
        let applied = json!({
            "mode": policy.level,
            "files": !is_off && support.landlock_abi > 0,
            "landlock_abi": (!is_off).then_some(support.landlock_abi),
            "system_calls": !is_off && support.seccomp,
            "processes_held_by": processes,
            "network": policy.has_network(),
            "network_asked": policy.network_asked,
            "limits": {
                "memory_bytes": limits.memory,
                "cpu_seconds": limits.cpu_time.map(|time| time.as_secs_f64()),
                "disk_bytes": limits.disk,
                "file_size_bytes": limits.file_size,
                "open_files": limits.open_files,
                "processes": limits.processes,
                "printed_bytes": limits.printed,
            },
        });
        Self {
            applied,
            missing: if is_off {
                Vec::new()
            } else {
                support.missing.clone()
            },
            processes,
        }
    }

    /// Returns whether a process asks before it forks.
    pub(in crate::engine) fn is_asked(&self) -> bool {
        self.processes == ProcessHold::Asking
    }

    /// Records that processes are only counted, not limited by the kernel.
    fn fall_back_to_polling(&mut self) {
        self.processes = ProcessHold::Polling;
        self.applied["processes_held_by"] = json!(self.processes);
    }

    /// Returns the sandbox object of artifact.json.
    pub fn json(&self) -> Value {
        json!({"applied": self.applied, "missing": self.missing})
    }
}

impl ConfinedCommand {
    /// Returns the control group of the process. The caller must keep it while the process lives.
    pub fn take_group(&mut self) -> Option<PidsGroup> {
        self.group.take()
    }

    /// Returns the gate that answers the started process and its descendants before they fork, or `None` if they do not ask.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn gate(&self) -> io::Result<Option<Arc<Gate>>> {
        let listener = self.listener.as_ref().and_then(received);
        listener.map(Gate::new).transpose()
    }

    /// Returns the measures that are in force, after the process was started.
    pub fn record(mut self) -> AppliedPolicy {
        let mut steps = [0; 16];
        let count = match rustix::io::ioctl_fionread(&self.failed) {
            Ok(0) | Err(_) => 0,
            Ok(_) => self.failed.read(&mut steps).unwrap_or(0),
        };
        for step in SandboxStep::ALL {
            if steps[..count].contains(&(step as u8)) {
                self.record.missing.push(step.in_words().to_owned());
                match step {
                    SandboxStep::Files => self.record.applied["files"] = false.into(),
                    SandboxStep::Calls => self.record.applied["system_calls"] = false.into(),
                    SandboxStep::Forks => self.record.fall_back_to_polling(),
                    _ => {}
                }
            }
        }
        self.record
    }
}

/// Makes the child do the steps. In a strict sandbox, the first step that fails makes the start fail.
fn in_child(
    command: &mut Command,
    limits: resources::ReadyLimits,
    mut steps: Steps,
    report: Option<PipeWriter>,
    is_strict: bool,
) {
    let failed = move |step: SandboxStep| {
        if let Some(mut report) = report.as_ref() {
            // The pipe has room for one byte per step.
            let _ = report.write(&[step as u8]);
        }
    };
    // SAFETY: only system calls are made between fork and exec. Memory is allocated only if a step fails, by libraries that
    // build an error.
    unsafe {
        command.pre_exec(move || {
            let mut check = |step, done: io::Result<()>| match done {
                Err(error) => {
                    failed(step);
                    if is_strict { Err(error) } else { Ok(()) }
                }
                Ok(()) => Ok(()),
            };
            check(
                SandboxStep::Resources,
                limits.apply_to(None).map_err(io::Error::from),
            )?;
            check(SandboxStep::Descriptors, close_others())?;
            steps.apply(&mut check)
        });
    }
}

/// Marks all descriptors except the standard streams to be closed at exec.
#[cfg(target_os = "linux")]
fn close_others() -> io::Result<()> {
    // SAFETY: the call involves no memory, and closes nothing before exec.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(not(target_os = "linux"))]
fn close_others() -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
use super::forks::{channel, received};
#[cfg(target_os = "linux")]
use linux::Steps;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::OwnedFd;

    use landlock::RulesetCreated;
    use rustix::thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    };
    use seccompiler::{BpfProgram, apply_filter};

    use super::super::forks::{Forks, TaskLimiter};
    use super::super::places::{self, SandboxPaths};
    use super::super::read_only::ReadOnlyView;
    use super::super::support::support;
    use super::super::{Policy, calls};
    use super::{AppliedPolicy, PidsGroup, SandboxStep};
    use crate::settings::Sandbox;

    /// The prepared measures that Linux offers beyond resource limits.
    #[derive(Default)]
    pub struct Steps {
        drops_capabilities: bool,
        rules: Option<RulesetCreated>,
        filters: Option<Vec<BpfProgram>>,
        forks: Option<Forks>,
        counted: Option<TaskLimiter>,
        read_only: Option<ReadOnlyView>,
    }

    impl Steps {
        /// Prepares what the kernel offers, and records as missing whatever cannot be prepared. `asks` is the socket for the
        /// listener of forks.
        pub fn prepare(policy: &Policy, record: &mut AppliedPolicy, asks: Option<OwnedFd>) -> Self {
            if policy.level == Sandbox::Off {
                return Self::default();
            }
            let network = policy.has_network();
            let places = SandboxPaths::new(policy);
            for path in &places.absent {
                let words = format!(
                    "{} does not exist (ADE_SANDBOX_READ, ADE_SANDBOX_WRITE)",
                    path.display()
                );
                record.missing.push(words);
            }
            let mut lacks = |error: String| record.missing.push(error);
            let rules = (support().landlock_abi > 0).then(|| places::prepare(&places, network));
            let filters = support().seccomp.then(|| {
                if policy.is_build {
                    calls::filters_of_build()
                } else {
                    calls::filters(network)
                }
            });
            Self {
                drops_capabilities: (!policy.is_build || policy.executes_code)
                    && capabilities(None).is_ok_and(|sets| !sets.permitted.is_empty()),
                rules: rules
                    .and_then(|rules| rules.map_err(|error| lacks(format!("files: {error}"))).ok()),
                filters: filters.and_then(|filters| {
                    filters
                        .map_err(|error| lacks(format!("system calls: {error}")))
                        .ok()
                }),
                counted: None,
                forks: (support().seccomp && !policy.is_build).then(|| Forks::new(asks)),
                read_only: (policy.executes_code
                    && (policy.level == Sandbox::Strict || ReadOnlyView::is_possible()))
                .then(|| ReadOnlyView::all_but(&places.writes)),
            }
        }

        /// Adds the limit on processes and threads together, if this kind of limit is used.
        pub fn count(
            &mut self,
            policy: &Policy,
            record: &AppliedPolicy,
        ) -> io::Result<Option<PidsGroup>> {
            let Some(processes) = policy.limits.processes else {
                return Ok(None);
            };
            let (counted, group) = TaskLimiter::new(record.processes, processes)?;
            self.counted = counted;
            Ok(group)
        }

        /// Returns the rules for files.
        pub fn rules(self) -> Option<std::os::fd::OwnedFd> {
            self.rules?.into()
        }

        /// Applies the measures to this process.
        pub fn apply(
            &mut self,
            check: &mut dyn FnMut(SandboxStep, io::Result<()>) -> io::Result<()>,
        ) -> io::Result<()> {
            if let Some(counted) = &self.counted {
                check(SandboxStep::Forks, counted.enter())?;
            }
            // Landlock forbids mounts, so they come first.
            if let Some(read_only) = &mut self.read_only {
                check(SandboxStep::Modes, read_only.apply())?;
            }
            if self.drops_capabilities {
                check(SandboxStep::Capabilities, drop_capabilities())?;
            }
            if let Some(rules) = self.rules.take() {
                let applied = places::apply(rules).map_err(|_| io::Error::last_os_error());
                check(SandboxStep::Files, applied)?;
            }
            for filter in self.filters.iter().flatten() {
                let applied = apply_filter(filter).map_err(|_| io::Error::last_os_error());
                check(SandboxStep::Calls, applied)?;
            }
            if let Some(forks) = self.forks.take() {
                check(SandboxStep::Forks, forks.apply())?;
            }
            Ok(())
        }
    }

    /// Drops the capabilities that root has beyond a user, except for opening files of other users: a data directory may belong
    /// to another user. The rules for files still decide which files can be opened.
    fn drop_capabilities() -> io::Result<()> {
        const KEPT: CapabilitySet = CapabilitySet::DAC_OVERRIDE;
        set_no_new_privs(true)?;
        for bit in 0..64 {
            let capability = CapabilitySet::from_bits_retain(1 << bit);
            // Fails for capabilities that the kernel does not know, and if they may not be dropped.
            if capability != KEPT {
                let _ = remove_capability_from_bounding_set(capability);
            }
        }
        // Kernels before 4.3 have no ambient capabilities and fail here.
        let _ = clear_ambient_capability_set();
        let kept = capabilities(None)?.permitted & KEPT;
        let sets = CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        };
        Ok(set_capabilities(None, sets)?)
    }
}

#[cfg(not(target_os = "linux"))]
use elsewhere::{Steps, channel, received};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io;
    use std::os::fd::OwnedFd;

    use super::super::Policy;
    use super::{AppliedPolicy, PidsGroup, SandboxStep};

    /// Fails: no process asks before a fork.
    pub fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns `None`: no process asks before a fork.
    pub fn received(_socket: &OwnedFd) -> Option<OwnedFd> {
        None
    }

    /// No steps beyond the limits.
    #[derive(Default)]
    pub struct Steps;

    impl Steps {
        pub fn prepare(_: &Policy, _: &mut AppliedPolicy, _asks: Option<OwnedFd>) -> Self {
            Self
        }

        pub fn count(&mut self, _: &Policy, _: &AppliedPolicy) -> io::Result<Option<PidsGroup>> {
            Ok(None)
        }

        pub fn apply(
            &mut self,
            _check: &mut dyn FnMut(SandboxStep, io::Result<()>) -> io::Result<()>,
        ) -> io::Result<()> {
            Ok(())
        }
    }
}
