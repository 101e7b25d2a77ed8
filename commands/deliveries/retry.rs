//! `ade deliveries retry`: sends notifications about ended runs again.

use ade::run::on_end;
use ade::store::{DeliveryFilter, DeliveryRecord, DeliveryStatus};

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Tone;

/// Send notifications about ended runs again
///
/// A worker sends them, whatever their status. Receivers recognise repeats by the run's id (`webhook-id`).
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade deliveries retry latest\n  ade deliveries retry 0199c2d4-url\n  ade deliveries retry --failed"
)]
pub struct Args {
    /// Notification ids from `ade deliveries ls`, or runs (ids, inputs by path or name, `latest`)
    #[arg(required_unless_present = "failed", value_name = "DELIVERY")]
    deliveries: Vec<String>,
    /// Retry all that failed
    #[arg(long, conflicts_with = "deliveries")]
    failed: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let chosen = match args.failed {
        false => args.deliveries.clone(),
        true => {
            let failed = workspace.store.deliveries(&DeliveryFilter {
                workspace_id: workspace.id().to_owned(),
                status: Some(DeliveryStatus::Failed),
                limit: u32::MAX,
                ..DeliveryFilter::default()
            })?;
            failed.into_iter().map(|delivery| delivery.id).collect()
        }
    };
    let show = |delivery: &DeliveryRecord| {
        if ui.json() {
            ui.record(delivery);
        } else {
            ui.line(format_args!(
                "{} {} {}",
                ui.paint(Tone::Name, &delivery.id),
                delivery.input_name,
                ui.paint(Tone::Good, "is sent again")
            ));
        }
    };
    let status = ui.each(&chosen, |given| {
        let again = on_end::again(&workspace, given)?;
        again.iter().for_each(show);
        Ok(())
    });
    if chosen.is_empty() {
        ui.say("No delivery has failed");
    }
    Ok(status)
}
