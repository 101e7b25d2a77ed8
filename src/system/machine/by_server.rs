//! The operating system with the clock of a database server: several hosts whose wall clocks differ, or jump, go by one time.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use uuid::{ContextV7, Uuid};

use super::{Machine, System};
use crate::base::clock::{Timestamp, milliseconds};
use crate::base::mutex::lock;

/// An answer that took longer than this says less than the last one did.
const SLOW: Duration = Duration::from_secs(1);

/// [`System`], but for its time: the steady clock, and by how much the server's was ahead of it when the server was last asked. That
/// is wrong by half the time that the answer took, at most, and by what the two clocks have drifted apart since.
#[derive(Debug)]
pub struct ByServer {
    /// Milliseconds.
    ahead: AtomicI64,
    /// Makes ids of the same millisecond greater, one after the other.
    ids: Mutex<ContextV7>,
}

impl ByServer {
    /// Goes by what the function says, which asks the server. `None`: there is no server.
    ///
    /// # Errors
    /// The function's.
    pub fn asking<E>(
        ask: impl FnOnce() -> Result<Option<Timestamp>, E>,
    ) -> Result<Option<Self>, E> {
        Ok(measured(ask)?.map(|(ahead, _)| Self {
            ahead: AtomicI64::new(ahead),
            ids: Mutex::new(ContextV7::new()),
        }))
    }
}

/// By how many milliseconds the server's clock is ahead of the steady one, and how long the answer took.
fn measured<E>(
    ask: impl FnOnce() -> Result<Option<Timestamp>, E>,
) -> Result<Option<(i64, Duration)>, E> {
    let asked = System.steady();
    let server = ask()?;
    let took = System.steady().since(asked);
    Ok(server.map(|server| (server.0 - milliseconds(asked.0 + took / 2), took)))
}

impl super::OwnTime for ByServer {
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
        let now = u64::try_from(super::OwnTime::now(self).0).unwrap_or(0);
        let (seconds, nanoseconds) = (now / 1000, now % 1000 * 1_000_000);
        let ids = lock(&self.ids);
        let at = uuid::Timestamp::from_unix(&*ids, seconds, nanoseconds as u32);
        Uuid::new_v7(at).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server whose clock says a time that has nothing to do with this machine's.
    fn server(ahead: i64) -> impl Fn() -> Option<Timestamp> {
        move || Some(Timestamp(milliseconds(System.steady().0) + ahead))
    }

    #[test]
    fn the_time_is_the_servers_and_ids_grow_with_it() {
        const YEAR: i64 = 31_536_000_000;
        let asking = |ask: &dyn Fn() -> Option<Timestamp>| {
            ByServer::asking(|| Ok::<_, Infallible>(ask())).unwrap()
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
        // Without an answer, and with a late one, what is known stays.
        machine.keep_time(&|| None);
        machine.keep_time(&|| {
            std::thread::sleep(SLOW + Duration::from_millis(10));
            server(3 * YEAR)()
        });
        assert!(is_about(2 * YEAR));
    }
}
