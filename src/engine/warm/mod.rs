//! Warm engines: processes that have already imported what runs need. Each run is a fork of such a process.
//!
//! Nine tenths of the time of a small run go to starting Python and importing polars. A warm engine has done both, and has
//! executed none of the configuration's own code: the fork imports that, as an engine does that is started for one run (a cold
//! engine). The warm engine has compiled the modules of the configuration that ran last, once for all its forks. Each
//! environment has one warm engine, from its first run on.
//!
//! Promises:
//! - A fork is a child of this process, confined and watched like a cold engine. It gets its variables, folder and streams with
//!   its request, and its limits from here before it goes on.
//! - A problem with a warm engine never fails a run: the run starts cold. An environment that cannot be warm, because something
//!   in it starts threads on import, is tried once and then left cold.
//! - A warm engine ends with the value that keeps it and with this process, even if this process is killed. It also ends when
//!   it was idle for five minutes, has started 5,000 runs, its environment was rebuilt, or the machine is short of memory.
//! - The engine itself is confined, too: it has no network, reads only the snapshots of its configuration, and writes only
//!   below the folder of all runs, which its forks need. Each fork is further confined to its own run.
//!
//! `keeper` starts and ends engines, `fork` asks an engine for a fork. The other end of the protocol is in
//! `engine/module/src/warm.rs`. On systems other than Linux every engine is cold.

#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod keeper;

use std::path::PathBuf;

use crate::settings::{Settings, WarmUse};

#[cfg(not(target_os = "linux"))]
pub use elsewhere::WarmEngines;
#[cfg(target_os = "linux")]
pub use keeper::WarmEngines;

/// Receives the reason, in words, why an environment stays cold.
pub type OnCold = Box<dyn Fn(&str) + Send>;

/// The minimum number of runs for warm engines, unless the setting says otherwise.
const MIN_WARM_RUNS: usize = 3;

impl WarmEngines {
    /// Returns the warm engines for this number of runs (`None`: an unknown number), or `None` if the runs start cold. `runs`
    /// is the folder with the folders of all runs.
    pub fn for_runs(
        settings: &Settings,
        count: Option<usize>,
        runs: PathBuf,
        on_cold: OnCold,
    ) -> Option<Self> {
        let is_worth_it = match settings.warm_engines {
            WarmUse::Never => false,
            WarmUse::Auto => count.is_none_or(|count| count >= MIN_WARM_RUNS),
            WarmUse::Always => true,
        };
        is_worth_it.then(|| Self::new(runs, on_cold))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::path::PathBuf;

    use super::OnCold;

    /// Warm engines do not exist on this system.
    pub struct WarmEngines;

    impl WarmEngines {
        /// Returns an empty value, because there are no warm engines.
        pub(super) fn new(_runs: PathBuf, _on_cold: OnCold) -> Self {
            Self
        }
    }
}
