//! Pauses: of everything, or of one configuration. What is paused waits, until an operator resumes it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Result;
use crate::base::clock::Timestamp;

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pause {
    /// The configuration that is paused; null: everything is.
    #[schema(required)]
    pub configuration_id: Option<String>,
    /// Why, as whoever paused it said.
    #[schema(required)]
    pub reason: Option<String>,
    /// Who paused it: `user NAME` or `token NAME`.
    pub paused_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub paused_at: Timestamp,
}

/// Pauses.
pub trait Pauses {
    /// Records a pause. Of what is paused already the reason is replaced, where there is a new one, and the rest stays.
    fn pause(&self, new: &Pause) -> Result<Pause>;

    /// Ends the pause of a configuration, or that of everything. Returns it; `None`: there was none.
    fn resume(&self, configuration: Option<&str>) -> Result<Option<Pause>>;

    /// Returns all pauses, that of everything first, then the earliest.
    fn pauses(&self) -> Result<Vec<Pause>>;

    /// Returns the pause that holds for a configuration: that of everything, or its own.
    fn pause_of(&self, configuration: &str) -> Result<Option<Pause>> {
        let mut pauses = self.pauses()?.into_iter();
        let holds = |of: &String| of == configuration;
        Ok(pauses.find(|pause| pause.configuration_id.as_ref().is_none_or(holds)))
    }

    /// Counts the queued runs that wait because of a pause.
    fn paused_runs(&self) -> Result<u64>;
}
