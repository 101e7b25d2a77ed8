//! Ctrl-C and SIGTERM: the first one asks the command to stop, the second one ends the process at once.

use ade::cancel::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::ExitStatus;

/// Returns a flag that the first signal raises. The second signal ends the process, and the kernel its children with it.
pub fn cancel_on_signals() -> Cancel {
    let cancel = Cancel::new();
    let asked = cancel.clone();
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
        std::thread::spawn(move || {
            for _ in signals.forever() {
                if asked.is_cancelled() {
                    std::process::exit(ExitStatus::Cancelled as i32);
                }
                asked.cancel();
            }
        });
    }
    cancel
}
