//! The resources of the API, one file each. A handler parses the request, calls the library and renders the response.

mod all;
mod batches;
mod builds;
mod cells;
mod checks;
mod collection;
mod configurations;
mod deliveries;
mod differences;
mod documents;
mod drafts;
mod environments;
mod events;
mod explain;
mod files;
mod issues;
mod jobs;
mod labels;
mod mending;
mod named;
mod new_run;
mod pauses;
mod prelude;
mod queue;
mod report;
mod rows;
mod runs;
mod settings;
mod stats;
mod templates;
mod tokens;
mod trials;
mod versions;
mod workers;
mod workspaces;

pub use all::all;
