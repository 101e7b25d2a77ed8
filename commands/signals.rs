//! Handles Ctrl-C and SIGTERM. The first signal asks the command to stop; the second ends the process at once, or, if a worker
//! has something to release, the third.

use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::worker::Stop;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::ExitStatus;

/// How long the second signal waits until the terminal is cleared.
const PATIENCE: Duration = Duration::from_millis(200);

/// Returns a flag that the first signal raises. The second signal ends the process, and the kernel its children with it.
pub fn cancel_on_signals() -> Cancel {
    cancel_on_signals_and(|| ())
}

/// Like [`cancel_on_signals`]; before the second signal ends the process, it calls `clear`, which removes drawn lines from the
/// terminal.
pub fn cancel_on_signals_and(clear: impl Fn() + Clone + Send + 'static) -> Cancel {
    let cancel = Cancel::new();
    raise_on_signals(vec![cancel.clone()], clear);
    cancel
}

/// Returns the flags that stop a worker: the first signal asks it to stop, the second stops it at once. The third ends the
/// process.
pub fn stop_on_signals() -> Stop {
    let stop = Stop::default();
    raise_on_signals(vec![stop.in_order.clone(), stop.at_once.clone()], || ());
    stop
}

/// Raises the next flag at each signal; the signal after the last flag calls `clear` and ends the process.
fn raise_on_signals(flags: Vec<Cancel>, clear: impl Fn() + Clone + Send + 'static) {
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
        std::thread::spawn(move || {
            let mut flags = flags.into_iter();
            for _ in signals.forever() {
                match flags.next() {
                    Some(flag) => flag.cancel(),
                    None => {
                        // In its own thread: the thread that draws may be blocked in a write.
                        let (done, cleared) = std::sync::mpsc::channel();
                        let clear = clear.clone();
                        std::thread::spawn(move || {
                            clear();
                            let _ = done.send(());
                        });
                        let _ = cleared.recv_timeout(PATIENCE);
                        std::process::exit(ExitStatus::Cancelled as i32);
                    }
                }
            }
        });
    }
}
