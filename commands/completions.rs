//! `ade completions`: shell completions.

use clap_complete::Shell;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};

/// Print the completions for a shell
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade completions bash > ~/.local/share/bash-completion/completions/ade\n  ade completions zsh > ~/.zfunc/_ade\n  ade completions fish > ~/.config/fish/completions/ade.fish"
)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut (context.command_line)(), "ade", &mut text);
    context.ui.raw(&text);
    Ok(ExitStatus::Done)
}
