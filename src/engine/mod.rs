//! Runs the engine: the wheel in the binary, and a process that speaks a protocol.
//!
//! The protocol: `python -I -m ade_engine process file …` writes one JSON event per line to standard error and ends with
//! `engine.run.completed`. It exits with 0 if the run succeeded, 1 if it failed, and 2 if the call was wrong. All other output
//! of the engine and of the configuration's code is passed on as plain lines.

mod process;
pub mod report;
pub mod sandbox;
mod settings;
pub mod warm;
mod wheel;

pub use process::{
    ChildProcess, EngineFailure, EngineFailurePosition, EngineQuestion, EngineReport, EngineTask,
    Invocation, Launch, Message, RUN_DAY, RUN_MARKER,
};
pub use report::{RowCounts, RunNotice, RunNotices, RunReport};
pub use settings::{assignment, demand_setting, recorded, setting_names, with_recorded};
pub use wheel::{EMBEDDED_VERSION, EngineError, EnginePackage};
