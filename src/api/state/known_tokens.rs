//! Tokens that were valid a moment ago, and those in whose names streams go on.

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

/// The same of a stream's token. Streams look about as often, so that one ends within a second of its token.
const HOLDER_KNOWN_FOR: Duration = Duration::from_millis(250);

/// In whose name a stream goes on.
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
    /// By what the caller showed.
    shown: Mutex<HashMap<String, (Instant, TokenRecord)>>,
    /// Whether those of streams are valid.
    holders: Mutex<HashMap<StreamHolder, (Instant, bool)>>,
}

impl KnownTokens {
    /// The token of what a caller showed, if it was valid a moment ago.
    pub fn get(&self, shown: &str) -> Option<TokenRecord> {
        let known = lock(&self.shown);
        let (since, token) = known.get(shown)?;
        (since.elapsed() < KNOWN_FOR).then(|| token.clone())
    }

    /// Notes that a token is valid now.
    pub fn put(&self, shown: String, token: TokenRecord) {
        let mut known = lock(&self.shown);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(shown, (Instant::now(), token));
    }

    /// Forgets all: one of them was revoked here, or a session ended.
    pub fn clear(&self) {
        lock(&self.shown).clear();
        lock(&self.holders).clear();
    }

    /// Whether the token of a stream was valid a moment ago; `None`: not known. Of many streams of one token, one asks the database.
    pub fn is_valid(&self, holder: &StreamHolder) -> Option<bool> {
        let mut known = lock(&self.holders);
        let (since, valid) = known.get_mut(holder)?;
        if since.elapsed() < HOLDER_KNOWN_FOR {
            return Some(*valid);
        }
        // This caller asks; the others take what was known until it has.
        *since = Instant::now();
        None
    }

    /// Notes whether the token of a stream is valid now.
    pub fn note(&self, holder: &StreamHolder, valid: bool) {
        let mut known = lock(&self.holders);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(holder.clone(), (Instant::now(), valid));
    }
}
