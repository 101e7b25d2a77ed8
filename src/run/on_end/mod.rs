//! Tells whom the operator named that runs have ended.
//!
//! A delivery is recorded with the end itself (`store::deliveries`) and made by workers, or by `ade run` where none
//! lives: at least once, until it is accepted or has been refused for a day. Several are told side by side, so that one receiver that
//! takes long holds up no other. `webhook` sends it to an address, `command` gives it to a program.

mod command;
mod webhook;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::cancel::Cancel;
use crate::base::hide_paths::Hider;
use crate::run::views::json::runs_json;
use crate::store::{
    Claim, Delivery, DeliveryFilter, DeliveryKind, DeliveryRecord, LONGEST_WAIT, RunRecord,
    StoreError, Undelivered, delivery_of,
};
use crate::workspace::Workspace;

/// How long a claim holds: longer than any attempt takes.
const LEASE: Duration = Duration::from_secs(120);

/// How long something is told again and again.
pub const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// How long what was told, and what was given up, is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The type of what is told.
const TYPE: &str = "run.completed";

/// An attempt to tell that a run has ended.
#[derive(Clone, Debug)]
pub struct Told {
    /// What was to be told.
    pub delivery: Delivery,
    /// Why it was not accepted, and what becomes of it then.
    pub refused: Option<(String, Undelivered)>,
}

/// Who tells.
pub struct Teller<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// Its process, if that is registered.
    pub process: Option<&'a str>,
    /// To whom.
    pub kind: DeliveryKind,
    /// Counts those who are telling somebody of that kind at this moment.
    pub telling: &'a AtomicUsize,
}

/// Tells what is due, one after another, for as long as `goes_on` says after each.
pub fn tell(
    teller: &Teller<'_>,
    cancel: &Cancel,
    goes_on: &dyn Fn(&Told) -> bool,
) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        match tell_next(teller, cancel)? {
            Some(told) if goes_on(&told) => {}
            _ => break,
        }
    }
    Ok(())
}

/// Claims what has been due longest, and tells it.
fn tell_next(teller: &Teller<'_>, cancel: &Cancel) -> Result<Option<Told>, StoreError> {
    let workspace = teller.workspace;
    let (store, machine) = (&workspace.store, &*workspace.machine);
    let token = machine.new_token();
    let claim = Claim::new(&workspace.worker_id(0), token, LEASE).by(teller.process);
    let Some(delivery) = store.claim_delivery(&[teller.kind], &claim, machine.now())? else {
        return Ok(None);
    };
    let run = match store.run_of_any_workspace(&delivery.run_id) {
        // It was removed meanwhile, and what was to be told with it.
        Err(StoreError::NotFound { .. }) => return tell_next(teller, cancel),
        run => run?,
    };
    let message = message(workspace, &run)?.to_string();
    teller.telling.fetch_add(1, Ordering::Relaxed);
    let accepted = match delivery.kind {
        DeliveryKind::Url => webhook::post(&workspace.settings, &run.id, &message, machine.now()),
        DeliveryKind::Command => command::start(&workspace.settings, &run, &message, cancel),
    };
    teller.telling.fetch_sub(1, Ordering::Relaxed);
    let Err(error) = accepted else {
        store.delivered(&delivery, &claim, machine.now())?;
        return Ok(Some(Told {
            delivery,
            refused: None,
        }));
    };
    let now = machine.now();
    let outcome = if cancel.is_cancelled() {
        Undelivered::Again(now)
    } else if now >= delivery.created_at.plus(PATIENCE) {
        Undelivered::GivenUp
    } else {
        let wait = workspace.backoff(delivery.attempts).min(LONGEST_WAIT);
        Undelivered::Again(now.plus(wait))
    };
    store.undelivered(&delivery, &claim, &error, outcome)?;
    Ok(Some(Told {
        delivery,
        refused: Some((error, outcome)),
    }))
}

/// Has somebody told again: of a delivery by its id, or of a run, as a command names it, everybody who was to be told of it. Returns what is
/// due now.
///
/// # Errors
/// There is none, or the store cannot be used.
pub fn again(workspace: &Workspace, given: &str) -> Result<Vec<DeliveryRecord>, StoreError> {
    let (store, now) = (&workspace.store, workspace.machine.now());
    if let Some((run, kind)) = delivery_of(given) {
        let run = store.run(workspace.id(), run)?;
        return Ok(vec![store.redeliver(&run.id, kind, now)?]);
    }
    let run = workspace.find_run(given)?;
    let all = store.deliveries(&DeliveryFilter {
        workspace_id: workspace.id().to_owned(),
        run_id: Some(run.id.clone()),
        limit: u32::MAX,
        ..DeliveryFilter::default()
    })?;
    if all.is_empty() {
        return Err(StoreError::not_found("delivery", &run.id));
    }
    let again = |one: &DeliveryRecord| store.redeliver(&run.id, one.kind, now);
    all.iter().map(again).collect()
}

/// What is told: the run as the API gives it.
fn message(workspace: &Workspace, run: &RunRecord) -> Result<Value, StoreError> {
    let paths = Hider::of(workspace.paths.data());
    let data = runs_json(workspace, std::slice::from_ref(run), &paths)?;
    Ok(json!({
        "type": TYPE,
        "timestamp": run.completed_at,
        "data": data.into_iter().next(),
    }))
}
