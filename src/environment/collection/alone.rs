//! One process collects at a time: it holds a lease by name, renews it while it works, and stops when it lost it.
//!
//! Where several hosts use the database, one process of each collects what lies on that host, and one of all of them the rest.

use std::time::Duration;

use super::report::{CollectOptions, Report};
use super::{Part, collect};
use crate::base::cancel::{Cancel, linked};
use crate::base::clock::Timestamp;
use crate::base::files::{RAISE_LIMITS, describe};
use crate::base::problem::{Facts, Kind, Problem, code};
use crate::store::{Holder, Store, StoreError};
use crate::system::lease::{Heartbeat, Held, Leased, Unreachable};
use crate::system::machine::Machine;
use crate::workspace::{Workspace, ballast};

/// The name of the lease on what is shared; behind it, the host's, of that on what lies on a host.
const NAME: &str = "gc";
/// For how long it holds without a renewal.
const LENGTH: Duration = Duration::from_secs(60);

/// Nothing was collected, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Another process collects.
    #[error("{} is collecting already (its lease holds until {})", .0.name, .0.expires_at)]
    Busy(Holder),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no thread that keeps the lease.
    #[error("no thread can be started that keeps the lease: {}", describe(.0))]
    Thread(std::io::Error),
}

impl Problem for CollectError {
    fn facts(&self) -> Facts {
        match self {
            Self::Busy(_) => Facts::new(Kind::Refused, code::COLLECTION_BUSY).hint(
                "nothing was deleted; try again when it has ended, or when the lease of a process that died has expired",
            ),
            Self::Store(error) => error.facts(),
            Self::Thread(_) => {
                Facts::new(Kind::Internal, code::TOO_FEW_THREADS).hint(RAISE_LIMITS)
            }
        }
    }
}

/// Collects as the only process that does so. A dry run needs no lease.
///
/// # Errors
/// Another process collects, or the store cannot be used; what was deleted before is gone.
pub fn collect_alone(
    workspace: &Workspace,
    holder: &str,
    options: &CollectOptions,
    cancel: &Cancel,
) -> Result<Report, CollectError> {
    if options.dry_run {
        return Ok(collect(workspace, options, Part::All, cancel)?);
    }
    ballast::give_up(&workspace.settings, &workspace.paths);
    let alone = Alone { workspace, holder };
    let all = |cancel: &Cancel| Ok(collect(workspace, options, Part::All, cancel)?);
    let Some(host) = workspace.store.host() else {
        return alone.under(NAME, cancel, &all);
    };
    let here = |cancel: &Cancel| match alone.under(NAME, cancel, &all) {
        // Another host collects what is shared.
        Err(CollectError::Busy(_)) => Ok(collect(workspace, options, Part::OfHost, cancel)?),
        collected => collected,
    };
    alone.under(&format!("{NAME}:{host}"), cancel, &here)
}

/// A process that collects alone.
struct Alone<'a> {
    workspace: &'a Workspace,
    holder: &'a str,
}

impl Alone<'_> {
    /// Does `work` under a lease.
    fn under(
        &self,
        name: &str,
        cancel: &Cancel,
        work: &dyn Fn(&Cancel) -> Result<Report, CollectError>,
    ) -> Result<Report, CollectError> {
        let (store, machine) = (&self.workspace.store, &*self.workspace.machine);
        let lease = CollectionLease {
            store,
            machine,
            name,
            holder: self.holder,
            token: machine.new_token(),
        };
        let since = machine.steady();
        if !lease.acquire()? {
            let gone = Holder {
                name: "another process".to_owned(),
                expires_at: machine.now(),
            };
            let holder = store.lease_holder(name)?.unwrap_or(gone);
            return Err(CollectError::Busy(holder));
        }
        let held = Held::new(machine, &lease, since);
        let stop = linked(cancel);
        let collected = held.keep(&stop.cancel, || work(&stop.cancel));
        // Where this fails, it expires.
        let _ = store.release_lease(name, &lease.token);
        collected.map_err(CollectError::Thread)?
    }
}

struct CollectionLease<'a> {
    store: &'a Store,
    machine: &'a dyn Machine,
    name: &'a str,
    holder: &'a str,
    token: String,
}

impl CollectionLease<'_> {
    fn acquire(&self) -> Result<bool, StoreError> {
        let clock = || Some(self.machine.now());
        self.store
            .acquire_lease(self.name, self.holder, &self.token, LENGTH, &clock)
    }
}

impl Leased for CollectionLease<'_> {
    fn length(&self) -> Duration {
        LENGTH
    }
    fn is_of_several_machines(&self) -> bool {
        self.store.host().is_some()
    }
    fn renew(&self, _now: Timestamp) -> Result<Heartbeat, Unreachable> {
        match self.acquire() {
            Ok(true) => Ok(Heartbeat::Renewed {
                cancel_requested: false,
            }),
            Ok(false) => Ok(Heartbeat::Lost),
            Err(_) => Err(Unreachable),
        }
    }
    fn watch(&self) -> Option<Result<Heartbeat, Unreachable>> {
        None
    }
}
