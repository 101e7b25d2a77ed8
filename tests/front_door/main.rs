//! Tests of the commands that people type and of their output, by command and by subject, each in the file of its name.
//!
//! They are one program, because each program of tests is linked with all of ADE, and waits for its own slowest test.
//! `cargo test --test front_door env_gc` runs those of one file.

#[path = "../common/mod.rs"]
mod common;

mod api;
mod api_access;
mod api_events;
mod api_recovery;
mod artifact;
mod ci;
mod completions;
mod deploy;
mod dev;
mod docs;
mod doctor;
mod doctor_adopt;
mod env_gc;
mod hosts;
mod installers;
mod logs_tail_follow;
mod lost_output;
mod migrate;
mod migrate_upgrade;
mod objects;
mod on_end;
mod python;
mod restore;
mod run;
mod run_again;
mod run_cancel;
mod run_places;
mod run_values;
mod run_watch;
mod runs_cancel;
mod sandbox;
mod sandbox_processes;
mod serve;
mod shared_files;
mod terminal;
mod top;
#[cfg(target_os = "linux")]
mod warm_engines;
mod worker;
mod worker_builds;
mod worker_crashes;
mod worker_figures;
mod worker_limits;
mod workers;
