//! Collection: deletes unused environments, the files of runs that ended long ago, snapshots that nothing needs, leftovers of
//! interrupted work, and objects of the object store that no record names.
//!
//! `rule` alone decides which environments are deleted; for a day after a jump of the clock, none is ([`Ages`]). The
//! transaction that deletes the record checks the conditions again ([`remove_environment`]). Everything else is deleted only
//! with proof that it may be: a record, or a name or a mark from a process of this database. Whatever this database does not
//! know is kept and counted. A second pass deletes nothing more.

mod caches;
mod environments;
pub mod named;
mod objects;
mod pass;
mod rule;
mod runs;
mod snapshots;

pub use environments::remove_environment;
pub use pass::{RemovedItem, Report, UNKNOWN};
pub use rule::{
    Ages, CollectOptions, CollectionVerdict, EnvironmentFacts, JudgedEnvironment, judge, judge_all,
};

use std::time::Duration;

use self::pass::Pass;
use crate::base::cancel::{Cancel, linked};
use crate::base::clock::Timestamp;
use crate::base::files::{RAISE_LIMITS, describe};
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code};
use crate::store::{Clock, Holder, StoreError};
use crate::system::lease::{Heartbeat, HeldLease, RenewableLease, UnreachableStore};
use crate::system::machine::Moment;
use crate::workspace::{Workspace, ballast};

/// The things that a pass collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionScope {
    /// Everything on this host: its environments, caches and lock files.
    OfHost,
    /// Also everything that hosts share: runs with their files, the snapshots that they were made from, and objects.
    All,
}

/// Collects garbage. Stops between two deletions when cancelled, and when the clock has jumped.
///
/// # Errors
/// The store cannot be used. Earlier deletions remain in effect.
pub fn collect(
    workspace: &Workspace,
    options: &CollectOptions,
    part: CollectionScope,
    cancel: &Cancel,
) -> Result<Report, StoreError> {
    let now = Moment::now(&*workspace.machine);
    if !options.dry_run {
        workspace.store.observe(now.wall)?;
    }
    let ages = Ages::at(workspace, now, options.trust_clock)?;
    let pass = Pass {
        workspace,
        options,
        ages: &ages,
        cancel,
    };
    let mut report = Report {
        dry_run: options.dry_run,
        collects_from: ages.collects_from,
        ..Report::default()
    };
    for judged in judge_all(workspace, options, &ages)? {
        report.scanned += 1;
        if !judged.verdict.deletes() {
            report.skip(judged.verdict.reason());
        } else if !pass.is_stopped() {
            let cutoff = options.env_ttl.map(|ttl| ages.cutoff(ttl));
            let trusted = || cutoff.filter(|_| ages.hold(&*workspace.machine));
            let cold_since = cutoff.map(|_| -> &Clock<'_> { &trusted });
            let why = judged.verdict.reason();
            let environment = &judged.environment;
            remove_environment(workspace, environment, why, cold_since, &mut report)?;
        }
        report.judged.push(judged);
    }
    if ages.collects_from.is_some() {
        return Ok(report);
    }
    if part == CollectionScope::All {
        if let Some(ttl) = options.env_ttl
            && !options.dry_run
        {
            workspace.store.forget_hosts(ages.cutoff(ttl))?;
        }
        runs::collect(&pass, &mut report)?;
    }
    environments::collect(&pass, &mut report)?;
    if part == CollectionScope::All {
        runs::collect_folders(&pass, &mut report)?;
        snapshots::collect(&pass, &mut report)?;
        objects::collect(&pass, &mut report)?;
    }
    caches::collect_lock_files(&pass)?;
    caches::collect(&pass, &mut report);
    Ok(report)
}

/// The name of the lease on everything that hosts share. A lease on what is on a host has the host's name appended. One process
/// collects at a time: it holds the lease, renews it while it works, and stops when it has lost it. If several hosts use the
/// database, one process per host collects what is on that host, and one of these processes collects the rest.
const NAME: &str = "gc";
/// The time for which the lease holds without a renewal.
const LENGTH: Duration = Duration::from_secs(60);

/// The reason why nothing was collected, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Another process is collecting.
    #[error("{} is already collecting (its lease lasts until {})", .0.name, .0.expires_at)]
    Busy(Holder),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread can be started to keep the lease.
    #[error("no thread can be started to renew the lease: {}", describe(.0))]
    Thread(std::io::Error),
}

impl Problem for CollectError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Busy(_) => ErrorFacts::new(ProblemKind::Refused, code::COLLECTION_BUSY).hint(
                "nothing was deleted; try again when that process has ended, or if it died, when its lease has expired",
            ),
            Self::Store(error) => error.facts(),
            Self::Thread(_) => {
                ErrorFacts::new(ProblemKind::Internal, code::TOO_FEW_THREADS).hint(RAISE_LIMITS)
            }
        }
    }
}

/// Collects if no other process does. A dry run needs no lease.
///
/// # Errors
/// Another process is collecting, or the store cannot be used. Earlier deletions remain in effect.
pub fn collect_alone(
    workspace: &Workspace,
    holder: &str,
    options: &CollectOptions,
    cancel: &Cancel,
) -> Result<Report, CollectError> {
    if options.dry_run {
        return Ok(collect(workspace, options, CollectionScope::All, cancel)?);
    }
    ballast::give_up(&workspace.settings, &workspace.paths);
    let all = |cancel: &Cancel| Ok(collect(workspace, options, CollectionScope::All, cancel)?);
    let Some(host) = workspace.store.host() else {
        return under(workspace, (NAME, holder), cancel, &all);
    };
    let here = |cancel: &Cancel| match under(workspace, (NAME, holder), cancel, &all) {
        // Another host collects what is shared.
        Err(CollectError::Busy(_)) => Ok(collect(
            workspace,
            options,
            CollectionScope::OfHost,
            cancel,
        )?),
        collected => collected,
    };
    let of_host = format!("{NAME}:{host}");
    under(workspace, (&of_host, holder), cancel, &here)
}

/// Does `work` under the lease of this name.
fn under(
    workspace: &Workspace,
    (name, holder): (&str, &str),
    cancel: &Cancel,
    work: &dyn Fn(&Cancel) -> Result<Report, CollectError>,
) -> Result<Report, CollectError> {
    let (store, machine) = (&workspace.store, &*workspace.machine);
    let lease = CollectionLease {
        workspace,
        name,
        holder,
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
    let held = HeldLease::new(machine, &lease, since);
    let stop = linked(cancel);
    let collected = held.keep(&stop.cancel, || work(&stop.cancel));
    // If this fails, the lease expires.
    let _ = store.release_lease(name, &lease.token);
    collected.map_err(CollectError::Thread)?
}

struct CollectionLease<'a> {
    workspace: &'a Workspace,
    name: &'a str,
    holder: &'a str,
    token: String,
}

impl CollectionLease<'_> {
    fn acquire(&self) -> Result<bool, StoreError> {
        let clock = || Some(self.workspace.machine.now());
        let store = &self.workspace.store;
        store.acquire_lease(self.name, self.holder, &self.token, LENGTH, &clock)
    }
}

impl RenewableLease for CollectionLease<'_> {
    fn length(&self) -> Duration {
        LENGTH
    }
    fn is_of_several_machines(&self) -> bool {
        self.workspace.store.host().is_some()
    }
    fn renew(&self, _now: Timestamp) -> Result<Heartbeat, UnreachableStore> {
        match self.acquire() {
            Ok(true) => Ok(Heartbeat::Renewed {
                cancel_requested: false,
            }),
            Ok(false) => Ok(Heartbeat::Lost),
            Err(_) => Err(UnreachableStore),
        }
    }
    fn watch(&self) -> Option<Result<Heartbeat, UnreachableStore>> {
        None
    }
}
