//! Everything that a CI job asks of configurations, in one call: `ade ci`.
//!
//! - `arguments`: sorts the arguments of a call into configurations and inputs.
//! - `steps`: checks the lock of each configuration, loads it, and runs its cases and inputs.
//! - `findings`: the problems that the steps find, and their positions.
//! - `reports`: reports for GitHub, GitLab and others; `summary`: a page in Markdown; `repository`: the file names in both.
//!
//! # Promises
//! A failed step never keeps another configuration from being examined. Logs and reports of CI may be public, so no report
//! contains the value of a cell of an input or a header of a sender. Differences of cases are reported with values, because the
//! tables of cases are in the repository.

mod arguments;
mod findings;
mod reports;
mod repository;
mod steps;
mod summary;

pub use arguments::{CiTarget, CiTargets, meant};
pub use findings::{
    CiFinding, CiRuleCount, CiStep, ExaminedConfiguration, Level, Run, StepName, StepState, outcome,
};
pub use reports::{annotations, as_junit, code_quality};
pub use repository::Repository;
pub use steps::{CiEvent, CiPlan, examine};
pub use summary::summary;
