//! The engine as ADE sees it: a wheel in the binary, and a process that speaks a protocol.
//!
//! The protocol: `python -I -m ade_engine process file …` writes one JSON event a line to
//! standard error, ends with `engine.run.completed`, and exits 0 when the run succeeded, 1 when it failed, 2 when it was
//! called wrongly. Any other output of the engine or the configuration's code is passed on as plain lines.

mod process;
pub mod report;
pub mod sandbox;
mod settings;
pub mod warm;
mod wheel;

pub use process::{
    ChildProcess, EngineFailure, EngineQuestion, EngineReport, EngineTask, FailedAt, Invocation,
    Launch, Message, RUN_DAY, RUN_MARKER,
};
pub use report::{Noticed, RowCounts, RunReport, Told};
pub use settings::{assignment, demand_setting, recorded, setting_names, with_recorded};
pub use wheel::{EMBEDDED_VERSION, Engine, EngineError};
