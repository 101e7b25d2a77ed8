//! Waits for a lock that another process holds, in steps of a fraction of a millisecond, up to the busy timeout.
//!
//! SQLite's own backoff grows to 100 ms and more, which would delay a contended claim.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// The limit of the busy handler, which is a plain function and so needs a static. A process uses one database, with one
/// timeout.
static BUSY_TIMEOUT_MS: AtomicU64 = AtomicU64::new(30_000);

thread_local! {
    static WAITING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
    static LESS_PATIENCE: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// Makes a connection wait for locks, for at most `timeout`.
pub(super) fn wait_patiently(
    connection: &mut Connection,
    timeout: Duration,
) -> rusqlite::Result<()> {
    let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    BUSY_TIMEOUT_MS.store(milliseconds, Ordering::Relaxed);
    connection.busy_handler(Some(wait_for_lock))
}

/// Does `work`, and waits for no lock longer than `patience` in it.
pub(super) fn with_patience<T>(patience: Duration, work: impl FnOnce() -> T) -> T {
    LESS_PATIENCE.set(Some(patience));
    let done = work();
    LESS_PATIENCE.set(None);
    done
}

/// Waits while another process holds a lock, when SQLite calls it; `tries` counts from 0 for each wait. False: give up.
fn wait_for_lock(tries: i32) -> bool {
    let since = if tries == 0 {
        Instant::now()
    } else {
        WAITING_SINCE.get().unwrap_or_else(Instant::now)
    };
    WAITING_SINCE.set(Some(since));
    let limit = LESS_PATIENCE
        .get()
        .unwrap_or_else(|| Duration::from_millis(BUSY_TIMEOUT_MS.load(Ordering::Relaxed)));
    if since.elapsed() >= limit {
        return false;
    }
    // 0.1 to 1 ms, different for each process by its clock and its number.
    let spread = u64::from(since.elapsed().subsec_nanos())
        ^ u64::from(std::process::id()).wrapping_mul(0x9E37_79B9);
    std::thread::sleep(Duration::from_micros(100 + spread % 900));
    true
}
