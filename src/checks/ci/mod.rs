//! All that a CI job asks of configurations, in one call: `ade ci`.
//!
//! - `arguments`: which configurations and which inputs a call means.
//! - `steps`: of each configuration its lock, whether it loads, its cases, and runs of inputs.
//! - `findings`: what they find, and where.
//! - For those who read it elsewhere: `reports` for GitHub, GitLab and others, and a `summary` in Markdown. `repository` says how
//!   they name files.
//!
//! # Promises
//! A failed step keeps no other configuration from being looked at. What is reported has no value of a cell of an input and no
//! header of a sender, because logs and reports of CI may be public; what differs in a case has, because its tables stand in the
//! repository.

mod arguments;
mod findings;
mod reports;
mod repository;
mod steps;
mod summary;

pub use arguments::{Asked, Meant, meant};
pub use findings::{Examined, Finding, Level, OfRule, Run, State, Step, StepName, outcome};
pub use reports::{annotations, as_junit, code_quality};
pub use repository::Repository;
pub use steps::{Plan, Told, examine};
pub use summary::summary;
