//! `ade doctor`: checks whether this machine is ready, and says how to correct what is not.

use ade::doctor::{State, examine};

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::Tone;

/// Check whether this machine is ready, and say how to correct what is not
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade doctor\n  ade doctor --json    exits 1 where a run would fail"
)]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let findings = examine(&context.settings()?);
    let status = if findings
        .iter()
        .any(|finding| finding.state == State::Problem)
    {
        ExitStatus::Refused
    } else {
        ExitStatus::Done
    };
    if ui.json() {
        ui.document(&findings);
        return Ok(status);
    }
    for finding in &findings {
        let mark = match finding.state {
            State::Ok => ui.paint(Tone::Good, "✓"),
            State::Warning => ui.paint(Tone::Warn, "!"),
            State::Problem => ui.paint(Tone::Bad, "✗"),
        };
        ui.line(format_args!(
            "{mark} {:<15} {}",
            finding.name, finding.message
        ));
        if let Some(hint) = &finding.hint {
            ui.line(format_args!(
                "  {:<15} {}",
                "",
                ui.paint(Tone::Name, format!("→ {hint}"))
            ));
        }
    }
    Ok(status)
}
