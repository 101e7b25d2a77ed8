//! What of a policy is in force for a child, as artifact.json and the run's log say.

use serde_json::{Value, json};

use super::Policy;
use super::support::Support;
use crate::settings::Sandbox;

/// What is in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    /// The setting, the version of Landlock, network, limits.
    pub applied: Value,
    /// What is missing of it, in words.
    pub missing: Vec<String>,
}

impl InForce {
    pub(super) fn of(policy: &Policy, support: &Support) -> Self {
        let is_off = policy.level == Sandbox::Off;
        let limits = &policy.limits;
        let applied = json!({
            "mode": policy.level,
            "files": !is_off && support.landlock_abi > 0,
            "landlock_abi": (!is_off).then_some(support.landlock_abi),
            "system_calls": !is_off && support.seccomp,
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
        }
    }

    /// The sandbox as artifact.json has it.
    pub fn json(&self) -> Value {
        json!({"applied": self.applied, "missing": self.missing})
    }
}
