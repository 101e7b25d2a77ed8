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

/// A command whose process confines itself.
pub struct Confined {
    /// What is in force, as far as is known before the start.
    record: InForce,
    /// The numbers of the steps that failed in the child.
    failed: PipeReader,
    /// Where the child sends the listener of its filter.
    listener: Option<OwnedFd>,
    /// The control group that the child is in.
    group: Option<PidsGroup>,
}

/// The steps in the child that can fail.
#[derive(Clone, Copy, Debug)]
enum Step {
    Resources = b'r' as isize,
    Modes = b'm' as isize,
    Descriptors = b'd' as isize,
    Capabilities = b'c' as isize,
    Files = b'f' as isize,
    Calls = b's' as isize,
    Forks = b'p' as isize,
}

impl Step {
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
                "modes of files: what is not to be written could not be mounted read-only"
            }
            Self::Descriptors => "files of ade could not be closed",
            Self::Capabilities => "capabilities of the administrator could not be dropped",
            Self::Files => "files: Landlock could not be applied",
            Self::Calls => {
                "network, process groups and what outlives processes: system calls could not be refused"
            }
            Self::Forks => "processes: their number could not be held by the kernel",
        }
    }
}

/// How a command's process is to be confined. `threads`: how many the program's libraries start.
///
/// # Errors
/// There is no pipe or no socket to be had.
pub fn confine(policy: &Policy, threads: usize, command: &mut Command) -> io::Result<Confined> {
    let (failed, report) = io::pipe()?;
    let mut record = InForce::of(policy, support());
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
    Ok(Confined {
        record,
        failed,
        listener,
        group,
    })
}

/// What confines a fork of a process that is confined already. What of system calls and capabilities is refused to that process is refused
/// to its forks.
#[cfg(target_os = "linux")]
pub struct ForFork {
    /// What is in force once it is applied.
    pub record: InForce,
    /// The rules for files, to be applied by the fork.
    pub rules: Option<std::os::fd::OwnedFd>,
    /// The limits, to be set from outside.
    pub limits: resources::ReadyLimits,
}

/// How a fork is to be confined.
#[cfg(target_os = "linux")]
pub fn for_fork(policy: &Policy, threads: usize) -> ForFork {
    let mut record = InForce::of(policy, support());
    let steps = Steps::prepare(policy, &mut record, None);
    ForFork {
        record,
        rules: steps.rules(),
        limits: resources::prepare(&policy.limits, threads),
    }
}

/// How an installer's process is to be confined. What is missing of it, `ade doctor` says.
pub fn confine_build(policy: &Policy, command: &mut Command) {
    let limits = resources::prepare(&policy.limits, 0);
    let is_strict = policy.level == Sandbox::Strict;
    let steps = Steps::prepare(policy, &mut InForce::default(), None);
    in_child(command, limits, steps, None, is_strict);
}

/// What is in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    /// The setting, the version of Landlock, network, limits.
    pub applied: Value,
    /// What is missing of it, in words.
    pub missing: Vec<String>,
    /// What holds the number of processes.
    pub(super) processes: ProcessHold,
}

impl InForce {
    fn of(policy: &Policy, support: &Support) -> Self {
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

    /// Whether a process asks before it forks.
    pub(in crate::engine) fn is_asked(&self) -> bool {
        self.processes == ProcessHold::Asking
    }

    /// Records that processes are only counted.
    fn fall_back_to_polling(&mut self) {
        self.processes = ProcessHold::Polling;
        self.applied["processes_held_by"] = json!(self.processes);
    }

    /// The sandbox as artifact.json has it.
    pub fn json(&self) -> Value {
        json!({"applied": self.applied, "missing": self.missing})
    }
}

impl Confined {
    /// The control group of the process, which is to be kept as long as it lives.
    pub fn take_group(&mut self) -> Option<PidsGroup> {
        self.group.take()
    }

    /// What answers the process and all that it starts before they fork, once it was started. `None`: they do not ask.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn gate(&self) -> io::Result<Option<Arc<Gate>>> {
        let listener = self.listener.as_ref().and_then(received);
        listener.map(Gate::new).transpose()
    }

    /// What is in force, once the process was started.
    pub fn record(mut self) -> InForce {
        let mut steps = [0; 16];
        let count = match rustix::io::ioctl_fionread(&self.failed) {
            Ok(0) | Err(_) => 0,
            Ok(_) => self.failed.read(&mut steps).unwrap_or(0),
        };
        for step in Step::ALL {
            if steps[..count].contains(&(step as u8)) {
                self.record.missing.push(step.in_words().to_owned());
                match step {
                    Step::Files => self.record.applied["files"] = false.into(),
                    Step::Calls => self.record.applied["system_calls"] = false.into(),
                    Step::Forks => self.record.fall_back_to_polling(),
                    _ => {}
                }
            }
        }
        self.record
    }
}

/// Lets the child do the steps. In a strict sandbox the start fails with the first step that does.
fn in_child(
    command: &mut Command,
    limits: resources::ReadyLimits,
    mut steps: Steps,
    report: Option<PipeWriter>,
    is_strict: bool,
) {
    let failed = move |step: Step| {
        if let Some(mut report) = report.as_ref() {
            // The pipe has room for all of them.
            let _ = report.write(&[step as u8]);
        }
    };
    // SAFETY: between fork and exec only system calls are made; memory is allocated only where a step fails, and there too
    // only by libraries that build an error.
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
                Step::Resources,
                limits.apply_to(None).map_err(io::Error::from),
            )?;
            check(Step::Descriptors, close_others())?;
            steps.apply(&mut check)
        });
    }
}

/// Closes at exec whatever this process has open beside the standard streams.
#[cfg(target_os = "linux")]
fn close_others() -> io::Result<()> {
    // SAFETY: no memory is involved. Nothing is closed before exec.
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

    use super::super::forks::{Counted, Forks};
    use super::super::places::{self, Places};
    use super::super::read_only::ReadOnly;
    use super::super::support::support;
    use super::super::{Policy, calls};
    use super::{InForce, PidsGroup, Step};
    use crate::settings::Sandbox;

    /// What Linux adds to the limits, prepared.
    #[derive(Default)]
    pub struct Steps {
        drops_capabilities: bool,
        rules: Option<RulesetCreated>,
        filters: Option<Vec<BpfProgram>>,
        forks: Option<Forks>,
        counted: Option<Counted>,
        read_only: Option<ReadOnly>,
    }

    impl Steps {
        /// Prepares what the kernel offers. What cannot be prepared is recorded as missing. `asks`: where the listener of forks is sent.
        pub fn prepare(policy: &Policy, record: &mut InForce, asks: Option<OwnedFd>) -> Self {
            if policy.level == Sandbox::Off {
                return Self::default();
            }
            let network = policy.has_network();
            let places = Places::of(policy);
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
                    && (policy.level == Sandbox::Strict || ReadOnly::is_possible()))
                .then(|| ReadOnly::all_but(&places.writes)),
            }
        }

        /// Adds what counts processes and threads together, where that holds them.
        pub fn count(
            &mut self,
            policy: &Policy,
            record: &InForce,
        ) -> io::Result<Option<PidsGroup>> {
            let Some(processes) = policy.limits.processes else {
                return Ok(None);
            };
            let (counted, group) = Counted::new(record.processes, processes)?;
            self.counted = counted;
            Ok(group)
        }

        /// The rules for files.
        pub fn rules(self) -> Option<std::os::fd::OwnedFd> {
            self.rules?.into()
        }

        /// Applies it to this process.
        pub fn apply(
            &mut self,
            check: &mut dyn FnMut(Step, io::Result<()>) -> io::Result<()>,
        ) -> io::Result<()> {
            if let Some(counted) = &self.counted {
                check(Step::Forks, counted.enter())?;
            }
            // Landlock lets nothing be mounted.
            if let Some(read_only) = &mut self.read_only {
                check(Step::Modes, read_only.apply())?;
            }
            if self.drops_capabilities {
                check(Step::Capabilities, drop_capabilities())?;
            }
            if let Some(rules) = self.rules.take() {
                let applied = places::apply(rules).map_err(|_| io::Error::last_os_error());
                check(Step::Files, applied)?;
            }
            for filter in self.filters.iter().flatten() {
                let applied = apply_filter(filter).map_err(|_| io::Error::last_os_error());
                check(Step::Calls, applied)?;
            }
            if let Some(forks) = self.forks.take() {
                check(Step::Forks, forks.apply())?;
            }
            Ok(())
        }
    }

    /// Drops what makes root more than a user, but for opening files of other users: a data directory may be another's. Which
    /// files are opened is decided by the rules.
    fn drop_capabilities() -> io::Result<()> {
        const KEPT: CapabilitySet = CapabilitySet::DAC_OVERRIDE;
        set_no_new_privs(true)?;
        for bit in 0..64 {
            let capability = CapabilitySet::from_bits_retain(1 << bit);
            // Fails for those that the kernel does not know, and where they may not be dropped.
            if capability != KEPT {
                let _ = remove_capability_from_bounding_set(capability);
            }
        }
        // Unknown to kernels before 4.3, which have none.
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
    use super::{InForce, PidsGroup, Step};

    /// Nobody asks before a fork.
    pub fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Nobody asks before a fork.
    pub fn received(_socket: &OwnedFd) -> Option<OwnedFd> {
        None
    }

    /// Nothing is added to the limits.
    #[derive(Default)]
    pub struct Steps;

    impl Steps {
        pub fn prepare(_: &Policy, _: &mut InForce, _asks: Option<OwnedFd>) -> Self {
            Self
        }

        pub fn count(&mut self, _: &Policy, _: &InForce) -> io::Result<Option<PidsGroup>> {
            Ok(None)
        }

        pub fn apply(
            &mut self,
            _check: &mut dyn FnMut(Step, io::Result<()>) -> io::Result<()>,
        ) -> io::Result<()> {
            Ok(())
        }
    }
}
