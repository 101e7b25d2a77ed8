//! `ade lock`: writes exact package versions with hashes to files next to the configuration.

use std::path::PathBuf;

use ade::base::problem::Error;
use ade::configuration::{Configuration, LockedPackage};
use ade::environment::write_lock::{check, in_words, is_unfit, lock};
use ade::settings::paths::Paths;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui};

/// Write exact dependency versions to `ade.lock`
///
/// The file lists all installed packages besides the engine with hashes, for every platform. While it fits the
/// configuration, environments are installed from it. With --frozen, a missing or outdated lock is an error.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade lock my-config\n  ade lock my-config --upgrade     the newest versions that fit\n  ade lock my-config --check       exit 1 if it is out of date\n  ade run my-config orders.xlsx --frozen"
)]
pub struct Args {
    /// The folder of the configuration
    #[arg(default_value = ".")]
    config: PathBuf,
    /// Use the newest versions that fit, not those in the current lock
    #[arg(long, conflicts_with = "check")]
    upgrade: bool,
    /// Only check: exit 1 if the lock is missing or out of date
    #[arg(long)]
    check: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let configuration = Configuration::open(&args.config)?;
    let settings = context.settings()?;
    let paths = Paths::new(&settings)?;
    if args.check {
        let found = check(&settings, &paths, &configuration).map_err(says_no)?;
        let path = configuration.root.join(ade::configuration::LOCK_FILE);
        if ui.json() {
            ui.document(&json!({"path": path, "packages": packages(&found.packages)}));
        } else {
            ui.line(format_args!(
                "{} {} is up to date: {}",
                ui.paint(Tone::Good, "✓"),
                ui.path(&path),
                count(&found.packages)
            ));
        }
        return Ok(ExitStatus::Done);
    }
    let lines = LiveLines::new(ui);
    let progress = EnvironmentProgress::new(&lines, &configuration.name);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let made = lock(
        &settings,
        &paths,
        &configuration,
        args.upgrade,
        &cancel,
        &mut |event| progress.show(&ade::environment::provide::ProvideProgress::Build(&event)),
    )?;
    if ui.json() {
        ui.document(&json!({"path": made.path, "changed": made.changed, "packages": packages(&made.packages)}));
        return Ok(ExitStatus::Done);
    }
    let path = ui.path(&made.path);
    let tick = ui.paint(Tone::Good, "✓");
    if made.changed {
        ui.line(format_args!("{tick} {path}: {}", count(&made.packages)));
    } else {
        ui.line(format_args!(
            "{tick} {path} is unchanged: {}",
            count(&made.packages)
        ));
    }
    print_changes(ui, &made.before, &made.packages);
    Ok(ExitStatus::Done)
}

/// With `--check`, a lock that does not fit is a negative answer, and not an error of an environment.
fn says_no(error: Error) -> Failure {
    let failure = Failure::from_problem(&error);
    Failure {
        status: if is_unfit(&error) {
            ExitStatus::Refused
        } else {
            failure.status
        },
        ..failure
    }
}

fn count(packages: &[LockedPackage]) -> String {
    ade::base::counted::plural(packages.len() as u64, "package")
}

fn packages(packages: &[LockedPackage]) -> Vec<Value> {
    let one = |package: &LockedPackage| json!({"name": package.name, "version": package.version, "marker": package.marker});
    packages.iter().map(one).collect()
}

fn print_changes(ui: &Ui, before: &[LockedPackage], after: &[LockedPackage]) {
    for (sign, tone, from, other) in [
        ("+", Tone::Good, after, before),
        ("-", Tone::Warn, before, after),
    ] {
        let is_other = |package: &&LockedPackage| {
            !other
                .iter()
                .any(|known| known.name == package.name && known.version == package.version)
        };
        for package in from.iter().filter(is_other) {
            ui.line(format_args!(
                "  {} {}",
                ui.paint(tone, sign),
                in_words(package)
            ));
        }
    }
}
