//! The configurations that a workspace knows: folders that were run, and those that were uploaded.
//!
//! - [`draft`]: an uploaded configuration is edited as a draft, a folder of ADE's own: an [`archive`] of the whole folder, or file by
//!   file, by writers who say which content they replace ([`Precondition`]). A draft is whole or not there, whatever happened to the process that wrote it.
//! - [`publish`]: the files as they are become a version, which never changes; runs use it from then on. Those that change a draft
//!   and those that publish it take turns, so that no version is a mix of two.
//!   Any version can be made the active one again.
//! - [`versions`]: files as they are and as they were published, and what differs.
//! - [`find`]: the configuration that a user names. `json`: how configurations are shown.

pub mod archive;
pub mod draft;
mod error;
pub mod find;
mod json;
mod precondition;
pub mod publish;
mod spool;
pub mod versions;

pub use json::{
    ConfigurationDetails, ConfigurationObject, FileListObject, FileObject, RunsUse, VersionObject,
    configuration_details, configuration_json, file_json, file_list, parts_of_version_id,
    version_id, version_json,
};
pub use precondition::Precondition;
pub use spool::Spool;
