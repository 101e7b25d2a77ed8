//! Warm engines: processes that have imported what runs need, of which each run is a fork.
//!
//! Nine tenths of a small run are the start of Python and the import of polars. A warm engine has both behind it, and has
//! executed nothing of a configuration's own code: that is imported in the fork, as in an engine that is started for one run (a cold one).
//! It has compiled the modules of the configuration that was run last, once for all its forks. There is one for
//! each environment, from its first run on.
//!
//! Promises:
//! - A fork is a child of this process, confined and watched like a cold engine. It gets its variables, folder and streams with its
//!   request, and its limits from here before it goes on.
//! - Trouble with a warm engine costs no run anything: the run starts cold. An environment that cannot be warm, because something in it
//!   starts threads when it is imported, is tried once and then left cold.
//! - A warm engine ends with the value that keeps it and with this process, also when that is killed; and when it was idle for five
//!   minutes, has started 5,000 runs, its environment was built anew, or the machine is short of memory.
//! - The engine itself is confined too: it has no network, reads the snapshots of its configuration, and writes nothing but below the
//!   folder of all runs, which its forks need. Each fork is confined to its own run beyond that.
//!
//! `keeper` starts and ends engines, `fork` asks one for a fork. The other end of the protocol is in the engine, in
//! `engine/module/src/warm.rs`. On other systems than Linux every engine is cold.

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

/// Whoever learns that an environment stays cold, in words.
pub type OnCold = Box<dyn Fn(&str) + Send>;

/// Fewer runs start cold, unless the setting says otherwise.
const FEWEST: usize = 3;

impl WarmEngines {
    /// Those of so many runs, or of an unknown number of them. `runs`: the folder with the folders of all runs. `None`: they start cold.
    pub fn for_runs(
        settings: &Settings,
        count: Option<usize>,
        runs: PathBuf,
        on_cold: OnCold,
    ) -> Option<Self> {
        let is_worth_it = match settings.warm_engines {
            WarmUse::Never => false,
            WarmUse::Auto => count.is_none_or(|count| count >= FEWEST),
            WarmUse::Always => true,
        };
        is_worth_it.then(|| Self::new(runs, on_cold))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::path::PathBuf;

    use super::OnCold;

    /// None.
    pub struct WarmEngines;

    impl WarmEngines {
        /// None.
        pub(super) fn new(_runs: PathBuf, _on_cold: OnCold) -> Self {
            Self
        }
    }
}
