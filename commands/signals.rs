//! Ctrl-C and SIGTERM: the first one asks, the second one ends at once.

use ade::cancel::Cancel;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::ExitStatus;

/// A cancel that the first signal sets. The second signal ends the process, and the kernel ends its children with it.
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
