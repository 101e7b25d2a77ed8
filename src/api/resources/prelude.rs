//! Imports that most resources use.

pub use super::named::{
    configuration_of, document_of, known_workspace, run_of, run_with_files, workspace_or_home,
};
pub use crate::api::prelude::*;
