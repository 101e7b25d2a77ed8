//! Finds out which parts of the sandbox this kernel offers. It looks only once.

use std::sync::OnceLock;

use serde::Serialize;

use super::process_hold::ProcessHold;
#[cfg(target_os = "linux")]
use crate::system::process::PidsGroup;

/// The offered and the missing parts of the sandbox.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Support {
    /// The version of Landlock; 0 if there is none.
    pub landlock_abi: u32,
    /// True if system calls can be refused.
    pub seccomp: bool,
    /// The way in which the number of a run's processes is limited.
    pub processes: ProcessHold,
    /// The missing parts of a complete sandbox, in words.
    pub missing: Vec<String>,
}

impl Support {
    /// Returns whether a warm engine may fork. If system calls are refused, forks must ask: only the engine itself may start a
    /// process whose parent is the engine's parent.
    pub fn has_warm_forks(&self) -> bool {
        !self.seccomp || self.processes == ProcessHold::Asking
    }
}

/// Returns the parts that this kernel offers.
pub fn support() -> &'static Support {
    static FOUND: OnceLock<Support> = OnceLock::new();
    FOUND.get_or_init(look)
}

#[cfg(not(target_os = "linux"))]
fn look() -> Support {
    Support {
        missing: vec!["files, network and processes: only Linux can confine them".to_owned()],
        ..Support::default()
    }
}

#[cfg(target_os = "linux")]
fn look() -> Support {
    let landlock_abi = landlock_abi();
    let seccomp = has_seccomp() && super::calls::filters(false).is_ok();
    let mut missing = Vec::new();
    let mut lacks = |lacks: bool, words: &str| {
        if lacks {
            missing.push(words.to_owned());
        }
    };
    lacks(
        landlock_abi == 0,
        "files: the kernel has no Landlock, or it is not enabled",
    );
    lacks(
        (1..3).contains(&landlock_abi),
        "cutting files short outside of the run's folders: this needs version 3 of Landlock (Linux 6.2)",
    );
    lacks(
        (1..6).contains(&landlock_abi),
        "signals to other processes: this needs version 6 of Landlock (Linux 6.12)",
    );
    lacks(
        !seccomp,
        "network and process groups: system calls cannot be refused here (seccomp)",
    );
    let processes = match () {
        () if seccomp && super::forks::can_ask() => ProcessHold::Asking,
        () if PidsGroup::new(1).is_ok() => ProcessHold::ControlGroup,
        // The kernel does not limit its root user.
        () if !rustix::process::geteuid().is_root() && super::read_only::has_namespaces() => {
            ProcessHold::Namespace
        }
        () => ProcessHold::Polling,
    };
    lacks(
        processes == ProcessHold::Polling,
        "processes: they are counted 20 times a second only, so a loop that starts processes can fill the machine before it is \
         seen; another program listens to system calls already, or the kernel is older than 5.5",
    );
    Support {
        landlock_abi,
        seccomp,
        processes,
        missing,
    }
}

/// Returns the version of Landlock. The kernel reports it to a thread that confines itself, so a short-lived thread does that.
#[cfg(target_os = "linux")]
fn landlock_abi() -> u32 {
    use landlock::{
        ABI, Access, AccessFs, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus,
    };
    let probe = || -> Result<u32, RulesetError> {
        let asked = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1))?;
        let status = asked.create()?.restrict_self()?;
        Ok(match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, _) => 0,
            (
                _,
                LandlockStatus::Available {
                    effective_abi,
                    kernel_abi,
                },
            ) => kernel_abi.map_or(effective_abi as u32, i32::unsigned_abs),
            _ => 0,
        })
    };
    let thread = std::thread::Builder::new().spawn(probe);
    let answer = thread.ok().and_then(|thread| thread.join().ok());
    answer.and_then(Result::ok).unwrap_or(0)
}

#[cfg(target_os = "linux")]
fn has_seccomp() -> bool {
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the call reads the action through a pointer to a live value, and changes nothing.
    unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0,
            &raw const action,
        ) == 0
    }
}
