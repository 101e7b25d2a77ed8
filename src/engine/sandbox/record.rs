//! What of a policy is in force for a child, as artifact.json and the run's log say.

use serde_json::{Value, json};

use super::Policy;
use super::process_hold::ProcessHold;
use super::support::Support;
use crate::settings::Sandbox;

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
    pub(super) fn of(policy: &Policy, support: &Support) -> Self {
        let is_off = policy.level == Sandbox::Off;
        let limits = &policy.limits;
        let processes = match is_off {
            true => ProcessHold::Polling,
            false => support.processes,
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
    pub(super) fn fall_back_to_polling(&mut self) {
        self.processes = ProcessHold::Polling;
        self.applied["processes_held_by"] = json!(self.processes);
    }

    /// The sandbox as artifact.json has it.
    pub fn json(&self) -> Value {
        json!({"applied": self.applied, "missing": self.missing})
    }
}
