//! The configurations that a workspace knows: folders that were run, and uploaded configurations.
//!
//! - [`draft`]: an uploaded configuration is edited as a draft, a folder that belongs to ADE. Users replace it as a whole by an
//!   [`archive`], or file by file; a [`Precondition`] names the content that they replace. A draft is always whole, or not
//!   there at all, even if the process that wrote it crashed.
//! - [`publish`]: turns the current files into a version, which never changes and which runs use from then on. Changing and
//!   publishing a draft take turns, so that no version is a mix of two drafts. Any version can be made the active one again.
//! - [`versions`]: reads and compares the current and the published files.
//! - [`find`]: finds the configuration that a user names. `json`: represents configurations as JSON.

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
