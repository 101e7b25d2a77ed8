//! Sets the resource limits of one process. They are a backstop for the limits on the whole group.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use super::Limits;

/// The seconds that a process may go on after the signal for its processor time, if it catches that signal.
const GRACE_SECONDS: u64 = 5;
/// The maximum memory of one library thread, which the data limit adds.
const BYTES_OF_A_THREAD: u64 = 8 << 20;

/// Limits that are ready to be set.
#[derive(Clone, Copy, Debug)]
pub struct ReadyLimits {
    all: [(Resource, Option<Rlimit>); 5],
}

/// Prepares the limits. None exceeds the limit of this process itself. `threads` is the number of threads of the engine's
/// libraries.
pub(super) fn prepare(limits: &Limits, threads: usize) -> ReadyLimits {
    let data = limits.memory.map(|memory| {
        let of_threads = BYTES_OF_A_THREAD.saturating_mul(threads as u64);
        (memory / 2).saturating_mul(3).saturating_add(of_threads)
    });
    let seconds = limits
        .cpu_time
        .map(|time| time.as_secs_f64().ceil().max(1.0) as u64);
    let wanted = [
        (Resource::Core, Some((0, 0))),
        (
            Resource::Cpu,
            seconds.map(|soft| (soft, soft + GRACE_SECONDS)),
        ),
        (Resource::Data, data.map(|most| (most, most))),
        (Resource::Fsize, limits.file_size.map(|most| (most, most))),
        (
            Resource::Nofile,
            limits.open_files.map(|most| (most.into(), most.into())),
        ),
    ];
    let all = wanted.map(|(resource, wanted)| {
        let limit = wanted.map(|(soft, hard)| within(getrlimit(resource).maximum, soft, hard));
        (resource, limit)
    });
    ReadyLimits { all }
}

fn within(most: Option<u64>, soft: u64, hard: u64) -> Rlimit {
    let at_most = |limit: u64| Some(most.map_or(limit, |most| limit.min(most)));
    Rlimit {
        current: at_most(soft),
        maximum: at_most(hard),
    }
}

impl ReadyLimits {
    /// Sets the limits of a process, or of this process if `None`. Makes only system calls.
    pub fn apply_to(&self, process: Option<Pid>) -> Result<(), rustix::io::Errno> {
        for (resource, limit) in self.all {
            if let Some(limit) = limit {
                prlimit(process, resource, limit)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_above_what_this_process_may_have() {
        let limit = within(Some(100), 80, 200);
        assert_eq!((limit.current, limit.maximum), (Some(80), Some(100)));
        let limit = within(None, 80, 200);
        assert_eq!((limit.current, limit.maximum), (Some(80), Some(200)));
    }
}
