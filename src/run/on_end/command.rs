//! Passes the end of a run to a program.

use std::fs::File;
use std::io::{Seek, Write};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::files::describe;
use crate::settings::Settings;
use crate::store::RunRecord;
use crate::system::process::{self, ChildLimits, Exit};

/// The maximum time that the program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The maximum number of characters of the program's last line of error that are recorded.
const MAX_ERROR_CHARS: usize = 200;

/// Starts the program with the message on standard input; the error is the reason why the message was not accepted. The
/// program only gets PATH and HOME of this process's environment.
pub fn start(
    settings: &Settings,
    run: &RunRecord,
    message: &str,
    cancel: &Cancel,
) -> Result<(), String> {
    let program = settings.on_end_command.clone().unwrap_or_default();
    let failed = |error: std::io::Error| {
        format!(
            "{} cannot be started: {}",
            program.display(),
            describe(&error)
        )
    };
    let mut command = Command::new(&program);
    command.env_clear().current_dir(&settings.folder);
    let kept = ["PATH", "HOME"].map(|name| Some((name, settings.variable(name)?)));
    command.envs(kept.into_iter().flatten());
    command
        .env("ADE_RUN_ID", &run.id)
        .env("ADE_RUN_STATUS", run.status.as_str());
    let limits = ChildLimits {
        timeout: Some(PATIENCE),
        input: Some(Arc::new(input(message).map_err(failed)?)),
        ..ChildLimits::default()
    };
    let mut last = String::new();
    let ended = process::run(&mut command, cancel, &limits, &mut |_, line| {
        if !line.trim().is_empty() {
            last = line.chars().take(MAX_ERROR_CHARS).collect();
        }
    });
    match ended.map_err(failed)?.exit {
        Exit::Code(0) => Ok(()),
        exit if last.is_empty() => Err(format!("{}: {exit}", program.display())),
        exit => Err(format!("{}: {exit}: {last}", program.display())),
    }
}

/// Returns an unnamed file with the message, so that a program that does not read it blocks nobody.
fn input(message: &str) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(message.as_bytes())?;
    file.rewind()?;
    Ok(file)
}
