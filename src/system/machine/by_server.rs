//! The operating system with the clock of a database server, so that hosts whose wall clocks differ or jump share one time.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use uuid::{ContextV7, Uuid};

use super::{Machine, System};
use crate::base::clock::{Timestamp, milliseconds};
use crate::base::mutex::lock;

/// The maximum time of an answer that is used. A slower answer is less exact than the last one.
const SLOW: Duration = Duration::from_secs(1);

/// Does the same as [`System`], except for the time: it adds the last measured difference to the server's clock to the steady
/// clock. The error is at most half the time that the answer took, plus the drift of the two clocks since then.
#[derive(Debug)]
pub struct ServerTimeSystem {
    /// The lead of the server's clock in milliseconds.
    ahead: AtomicI64,
    /// Makes the ids of the same millisecond grow.
    ids: Mutex<ContextV7>,
}

impl ServerTimeSystem {
    /// Measures the server's clock with `ask`, which asks the server. Returns `None` if there is no server.
    ///
    /// # Errors
    /// Only the errors of `ask`.
    pub fn asking<E>(
        ask: impl FnOnce() -> Result<Option<Timestamp>, E>,
    ) -> Result<Option<Self>, E> {
        Ok(measured(ask)?.map(|(ahead, _)| Self {
            ahead: AtomicI64::new(ahead),
            ids: Mutex::new(ContextV7::new()),
        }))
    }
}

/// Returns the lead of the server's clock over the steady clock in milliseconds, and the time that the answer took.
fn measured<E>(
    ask: impl FnOnce() -> Result<Option<Timestamp>, E>,
) -> Result<Option<(i64, Duration)>, E> {
    let asked = System.steady();
    let server = ask()?;
    let took = System.steady().since(asked);
    Ok(server.map(|server| (server.0 - milliseconds(asked.0 + took / 2), took)))
}

impl super::ProcessClock for ServerTimeSystem {
    fn now(&self) -> Timestamp {
        Timestamp(milliseconds(System.steady().0) + self.ahead.load(Ordering::Relaxed))
    }

    fn keep_time(&self, ask: &dyn Fn() -> Option<Timestamp>) {
        if let Ok(Some((ahead, took))) = measured(|| Ok::<_, Infallible>(ask()))
            && took <= SLOW
        {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }

    fn new_id(&self) -> String {
        let now = u64::try_from(super::ProcessClock::now(self).0).unwrap_or(0);
        let (seconds, nanoseconds) = (now / 1000, now % 1000 * 1_000_000);
        let ids = lock(&self.ids);
        let at = uuid::Timestamp::from_unix(&*ids, seconds, nanoseconds as u32);
        Uuid::new_v7(at).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose clock is unrelated to this machine's clock.
    fn server(ahead: i64) -> impl Fn() -> Option<Timestamp> {
        move || Some(Timestamp(milliseconds(System.steady().0) + ahead))
    }

    #[test]
    fn the_time_is_the_servers_and_ids_grow_with_it() {
        const YEAR: i64 = 31_536_000_000;
        let asking = |ask: &dyn Fn() -> Option<Timestamp>| {
            ServerTimeSystem::asking(|| Ok::<_, Infallible>(ask())).unwrap()
        };
        assert!(asking(&|| None).is_none());
        let machine = asking(&server(YEAR)).unwrap();
        let is_about = |ahead: i64| {
            let by_steady = machine.now().0 - milliseconds(System.steady().0);
            (by_steady - ahead).abs() < 1000
        };
        assert!(is_about(YEAR));
        let ids = [machine.new_id(), machine.new_id(), machine.new_id()];
        assert!(ids.is_sorted(), "{ids:?}");
        let begin = format!("{:012x}", machine.now().0);
        assert_eq!(ids[0].replace('-', "")[..8], begin[..8]);

        machine.keep_time(&server(2 * YEAR));
        assert!(is_about(2 * YEAR));
        assert!(machine.new_id() > ids[2]);
        // Without an answer, and with a late one, the last difference stays.
        machine.keep_time(&|| None);
        machine.keep_time(&|| {
            std::thread::sleep(SLOW + Duration::from_millis(10));
            server(3 * YEAR)()
        });
        assert!(is_about(2 * YEAR));
    }
}
