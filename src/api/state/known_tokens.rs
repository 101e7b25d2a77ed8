//! Tokens that were valid a moment ago.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::base::mutex::lock;
use crate::store::TokenRecord;

/// For how long a token that was valid is taken to be valid still, without asking the database: so long may a revoked token be
/// used.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// More tokens than that are not remembered.
const MOST_KNOWN: usize = 1024;

/// Tokens that were valid a moment ago, by what the caller showed.
#[derive(Default)]
pub struct KnownTokens(Mutex<HashMap<String, (Instant, TokenRecord)>>);

impl KnownTokens {
    /// The token of what a caller showed, if it was valid a moment ago.
    pub fn get(&self, shown: &str) -> Option<TokenRecord> {
        let known = lock(&self.0);
        let (since, token) = known.get(shown)?;
        (since.elapsed() < KNOWN_FOR).then(|| token.clone())
    }

    /// Notes that a token is valid now.
    pub fn put(&self, shown: String, token: TokenRecord) {
        let mut known = lock(&self.0);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(shown, (Instant::now(), token));
    }

    /// Forgets all: one of them was revoked here, or a session ended.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}
