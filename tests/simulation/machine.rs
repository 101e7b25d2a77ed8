//! The machine as one process sees it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::base::clock::Timestamp;
use ade::system::bell::Bell;
use ade::system::machine::{FileSystem, Machine, SteadyTime, Work};

use super::process::Process;
use super::threads::{self, NEVER, Wake, give_way};

/// Waits that are shorter than this take up to twice as long: a machine may be slow, and rare polls keep a scenario
/// short.
const SHORT: i64 = 4_000;

/// See the module.
pub struct SimulatedMachine(Arc<Process>);

impl SimulatedMachine {
    pub fn new(process: &Arc<Process>) -> Self {
        Self(Arc::clone(process))
    }

    /// The moment at which a wait for so long is over.
    fn after(&self, most: Duration) -> i64 {
        let world = &self.0.world;
        let Ok(most) = i64::try_from(most.as_millis()) else {
            return NEVER;
        };
        let length = match most {
            ..SHORT => world.chance.between(SHORT, 2 * SHORT),
            _ => most,
        };
        world.steady().saturating_add(length)
    }
}

impl Machine for SimulatedMachine {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.look().wall)
    }

    fn steady(&self) -> SteadyTime {
        SteadyTime(Duration::from_millis(self.0.world.steady().unsigned_abs()))
    }

    fn wait(&self, cancel: &Cancel, most: Duration) -> bool {
        if !cancel.is_cancelled() {
            give_way(Wake::At {
                at: self.after(most),
                cancel: Some(cancel.clone()),
                bell: None,
            });
        }
        cancel.is_cancelled()
    }

    fn sleep_until_rung(&self, bell: &Bell, heard: u64, most: Duration) -> bool {
        give_way(Wake::At {
            at: self.after(most),
            cancel: None,
            bell: Some((bell.clone(), heard)),
        });
        bell.rings() != heard
    }

    fn beside(&self, work: Vec<Work<'_>>, here: &mut dyn FnMut(io::Result<()>)) {
        let world = &self.0.world;
        if !std::thread::panicking() && world.chance.hits(world.faults().exhausted) {
            world.count("threads not started");
            drop(work);
            return here(Err(io::Error::from_raw_os_error(libc::EAGAIN)));
        }
        threads::beside(work, &mut || here(Ok(())));
    }

    fn new_id(&self) -> String {
        format!("{:08x}", self.0.world.number())
    }

    fn new_token(&self) -> String {
        format!("token-{}", self.0.world.number())
    }

    fn chance(&self) -> f64 {
        self.0.world.chance.part()
    }

    fn host(&self) -> String {
        let name = if self.0.is_here { "here" } else { "elsewhere" };
        name.to_owned()
    }

    fn pid(&self) -> u32 {
        self.0.pid
    }

    fn user(&self) -> (String, String) {
        // A few people share the queue.
        let id = (self.0.pid % 3).to_string();
        (id.clone(), id)
    }

    fn wake(&self, _path: &Path) {
        // A notification may be missed.
        if !std::thread::panicking() && self.0.world.chance.hits(8_000) {
            self.0.world.wake.ring();
        }
    }

    fn ring_on_wake(&self, _path: &Path, bell: &Bell, end: &Cancel) {
        let wake = &self.0.world.wake;
        while !end.is_cancelled() {
            let heard = wake.rings();
            give_way(Wake::At {
                at: NEVER,
                cancel: Some(end.clone()),
                bell: Some((wake.clone(), heard)),
            });
            bell.ring();
        }
    }

    fn kill_started_with(&self, _variable: &str, _value: &OsStr) -> usize {
        // Engines are threads of their process here, and go with it.
        0
    }

    fn files(&self) -> &dyn FileSystem {
        &self.0.disk
    }
}
