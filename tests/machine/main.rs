//! Tests that need something that not every machine has: curl, file systems to mount, samples from elsewhere. If it is missing, the
//! test is shown as ignored with that reason.

#[path = "../common/mod.rs"]
mod common;

mod api_session;
mod run_disks;
mod samples;
mod worker_disks;

use common::trials;

fn main() -> std::process::ExitCode {
    let rooms = [
        api_session::TRIALS,
        run_disks::TRIALS,
        samples::TRIALS,
        worker_disks::TRIALS,
    ];
    trials::run(rooms.concat())
}
