//! Notifies the receivers that the operator configured of the ends of runs.
//!
//! A delivery is recorded together with the end (`store::deliveries`) and made by workers, or by `ade run` if no worker
//! lives. It is made at least once, that is, repeated until a receiver has accepted it or has refused it for a day.
//! Deliveries to several receivers run in parallel, so that a slow receiver delays no other. `webhook` sends a delivery to an
//! address, `command` passes it to a program.

mod command;
mod webhook;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::cancel::Cancel;
use crate::base::hide_paths::Hider;
use crate::run::views::json::runs_json;
use crate::store::{
    Claim, Delivery, DeliveryFailure, DeliveryFilter, DeliveryKind, DeliveryRecord,
    MAX_DELIVERY_WAIT, RunRecord, StoreError, delivery_of,
};
use crate::workspace::Workspace;

/// The length of a claim: longer than any attempt.
const LEASE: Duration = Duration::from_secs(120);

/// The time during which a delivery is repeated.
pub const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// The time for which accepted and abandoned deliveries are kept.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The type of the message.
const TYPE: &str = "run.completed";

/// An attempt to deliver the end of a run.
#[derive(Clone, Debug)]
pub struct DeliveryAttempt {
    /// The delivery that was attempted.
    pub delivery: Delivery,
    /// The reason why it was not accepted, and the next step; `None`: it was accepted.
    pub refused: Option<(String, DeliveryFailure)>,
}

/// A sender of deliveries of one kind.
pub struct DeliverySender<'a> {
    /// The workspace of the runs.
    pub workspace: &'a Workspace,
    /// The registered process of the sender, if there is one.
    pub process: Option<&'a str>,
    /// The kind of receiver.
    pub kind: DeliveryKind,
    /// Counts the attempts of this kind that are in progress.
    pub telling: &'a AtomicUsize,
}

/// Makes the deliveries that are due, one after another, as long as `goes_on` returns true after each.
pub fn tell(
    teller: &DeliverySender<'_>,
    cancel: &Cancel,
    goes_on: &dyn Fn(&DeliveryAttempt) -> bool,
) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        match deliver_next(teller, cancel)? {
            Some(told) if goes_on(&told) => {}
            _ => break,
        }
    }
    Ok(())
}

/// Claims the delivery that has been due longest, and makes it.
fn deliver_next(
    teller: &DeliverySender<'_>,
    cancel: &Cancel,
) -> Result<Option<DeliveryAttempt>, StoreError> {
    let workspace = teller.workspace;
    let (store, machine) = (&workspace.store, &*workspace.machine);
    let token = machine.new_token();
    let claim = Claim::new(&workspace.worker_id(0), token, LEASE).by(teller.process);
    let Some(delivery) = store.claim_delivery(&[teller.kind], &claim, machine.now())? else {
        return Ok(None);
    };
    let run = match store.run_of_any_workspace(&delivery.run_id) {
        // The run was removed meanwhile, and its delivery with it.
        Err(StoreError::NotFound { .. }) => return deliver_next(teller, cancel),
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
        return Ok(Some(DeliveryAttempt {
            delivery,
            refused: None,
        }));
    };
    let now = machine.now();
    let outcome = if cancel.is_cancelled() {
        DeliveryFailure::Again(now)
    } else if now >= delivery.created_at.plus(PATIENCE) {
        DeliveryFailure::GivenUp
    } else {
        let wait = workspace.backoff(delivery.attempts).min(MAX_DELIVERY_WAIT);
        DeliveryFailure::Again(now.plus(wait))
    };
    store.undelivered(&delivery, &claim, &error, outcome)?;
    Ok(Some(DeliveryAttempt {
        delivery,
        refused: Some((error, outcome)),
    }))
}

/// Repeats a delivery, named by its id, or all deliveries of a run, named as in a command. Returns the deliveries that are
/// due now.
///
/// # Errors
/// There is no such delivery, or the store cannot be used.
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
    let again = |delivery: &DeliveryRecord| store.redeliver(&run.id, delivery.kind, now);
    all.iter().map(again).collect()
}

/// Returns the message: the run as the API returns it.
fn message(workspace: &Workspace, run: &RunRecord) -> Result<Value, StoreError> {
    let paths = Hider::new(workspace.paths.data());
    let data = runs_json(workspace, std::slice::from_ref(run), &paths)?;
    Ok(json!({
        "type": TYPE,
        "timestamp": run.completed_at,
        "data": data.into_iter().next(),
    }))
}
