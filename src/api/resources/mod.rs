//! The resources of the API, a file for each: a handler parses the request, calls the library and renders the answer.

pub(crate) mod builds;
pub(crate) mod cells;
pub(crate) mod checks;
pub(crate) mod collection;
pub(crate) mod configurations;
pub(crate) mod documents;
pub(crate) mod drafts;
pub(crate) mod environments;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod issues;
pub(crate) mod jobs;
pub(crate) mod pauses;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod templates;
pub(crate) mod tokens;
pub(crate) mod trials;
pub(crate) mod versions;
pub(crate) mod workers;
pub(crate) mod workspaces;
