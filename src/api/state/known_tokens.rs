//! Caches tokens that were valid a moment ago, and the tokens of open streams.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::base::mutex::lock;
use crate::store::TokenRecord;

/// The time for which a valid token counts as valid without asking the database. A revoked token may be used for this time.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// The maximum number of remembered tokens.
const MAX_KNOWN_TOKENS: usize = 1024;

/// The same time for a stream's token. Streams check about as often, so a stream ends within a second of its token.
const HOLDER_KNOWN_FOR: Duration = Duration::from_millis(250);

/// The token and session that a stream depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamHolder {
    /// The id of the token.
    pub token: String,
    /// The digest of a browser's session, which may end before the token.
    pub session: Option<String>,
}

/// Tokens that were valid a moment ago.
#[derive(Default)]
pub struct KnownTokens {
    /// The tokens by the text that the caller sent.
    shown: Mutex<HashMap<String, (Instant, TokenRecord)>>,
    /// The validity of the tokens of streams.
    holders: Mutex<HashMap<StreamHolder, (Instant, bool)>>,
}

impl KnownTokens {
    /// Returns the token for a caller's text, if it was valid a moment ago.
    pub fn get(&self, shown: &str) -> Option<TokenRecord> {
        let known = lock(&self.shown);
        let (since, token) = known.get(shown)?;
        (since.elapsed() < KNOWN_FOR).then(|| token.clone())
    }

    /// Records that a token is valid now.
    pub fn put(&self, shown: String, token: TokenRecord) {
        let mut known = lock(&self.shown);
        if known.len() >= MAX_KNOWN_TOKENS {
            known.clear();
        }
        known.insert(shown, (Instant::now(), token));
    }

    /// Forgets all tokens, because one was revoked here or a session ended.
    pub fn clear(&self) {
        lock(&self.shown).clear();
        lock(&self.holders).clear();
    }

    /// Returns whether the token of a stream was valid a moment ago; `None` if that is unknown. Of many streams of one token,
    /// one asks the database.
    pub fn is_valid(&self, holder: &StreamHolder) -> Option<bool> {
        let mut known = lock(&self.holders);
        let (since, valid) = known.get_mut(holder)?;
        if since.elapsed() < HOLDER_KNOWN_FOR {
            return Some(*valid);
        }
        // This caller asks; until then the others use the former answer.
        *since = Instant::now();
        None
    }

    /// Records whether the token of a stream is valid now.
    pub fn note(&self, holder: &StreamHolder, valid: bool) {
        let mut known = lock(&self.holders);
        if known.len() >= MAX_KNOWN_TOKENS {
            known.clear();
        }
        known.insert(holder.clone(), (Instant::now(), valid));
    }
}
