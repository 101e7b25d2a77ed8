//! Checks whether the token of a stream is still valid. It may have been revoked or have ended, and a browser may have signed
//! out.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::state::Api;
use crate::api::state::known_tokens::StreamHolder;

/// The interval of checks. Together with the cache of tokens, a stream ends within a second of its token.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// The token of one stream.
pub struct HeldToken {
    api: Api,
    holder: StreamHolder,
    look_at: Instant,
}

impl HeldToken {
    /// Returns a token that is valid now.
    pub fn new(api: &Api, holder: StreamHolder) -> Self {
        Self {
            api: api.clone(),
            holder,
            look_at: Instant::now() + LOOK_AGAIN,
        }
    }

    /// Returns whether the token has ended. Only asks if the next check is due.
    pub async fn has_ended(&mut self) -> bool {
        if Instant::now() < self.look_at {
            return false;
        }
        self.look_at = Instant::now() + LOOK_AGAIN;
        !self.api.may_go_on(&self.holder).await
    }

    /// Returns when the next check is due.
    pub async fn due(&self) {
        tokio::time::sleep_until(self.look_at).await;
    }
}
