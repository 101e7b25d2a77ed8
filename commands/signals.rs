//! Ctrl-C and SIGTERM: the first one asks the command to stop; the second one ends the process at once, or, where a worker
//! has something to release, the third one.

use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::worker::Stop;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::ExitStatus;

/// How long the second signal waits for the terminal to be cleared.
const PATIENCE: Duration = Duration::from_millis(200);

/// Returns a flag that the first signal raises. The second signal ends the process, and the kernel its children with it.
pub fn cancel_on_signals() -> Cancel {
    cancel_on_signals_and(|| ())
}

/// The same; before the second signal ends the process, `clear` is called, which takes from the terminal what is drawn
/// there.
pub fn cancel_on_signals_and(clear: impl Fn() + Clone + Send + 'static) -> Cancel {
    let cancel = Cancel::new();
    raise_on_signals(vec![cancel.clone()], clear);
    cancel
}

/// Returns how a worker is asked to stop: by the first signal, and by the second one at once. The third signal ends the
/// process.
pub fn stop_on_signals() -> Stop {
    let stop = Stop::default();
    raise_on_signals(vec![stop.in_order.clone(), stop.at_once.clone()], || ());
    stop
}

/// Each signal raises the next flag; the one after the last flag ends the process, after `clear`.
fn raise_on_signals(flags: Vec<Cancel>, clear: impl Fn() + Clone + Send + 'static) {
    if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
        std::thread::spawn(move || {
            let mut flags = flags.into_iter();
            for _ in signals.forever() {
                match flags.next() {
                    Some(flag) => flag.cancel(),
                    None => {
                        // In a thread of its own: the thread that draws may be stuck in writing.
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
