//! Tokens: who may use the HTTP API, and for what. A token's text is stored nowhere, only its digest.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Result;
use crate::base::clock::Timestamp;

/// What a token allows. Each scope includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To look at everything in its workspaces.
    Read,
    /// Also to store documents and to submit, cancel and retry runs.
    Run,
    /// Also to change configurations, workspaces and environments, and to see the settings.
    Admin,
}

impl Scope {
    /// All of them, the weakest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Run, Self::Admin];

    /// The word that the database, the CLI and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Admin => "admin",
        }
    }

    /// Parses a scope.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A token as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenRecord {
    /// UUIDv7.
    pub id: String,
    /// What a person called it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// The workspaces that it allows this in; `None`: all.
    #[schema(required)]
    pub workspaces: Option<Vec<String>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends to be valid; `None`: never.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl TokenRecord {
    /// Whether it is valid at an instant.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it allows what `scope` allows.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope >= scope
    }

    /// Whether it is for this workspace.
    pub fn is_for(&self, workspace: &str) -> bool {
        self.workspaces
            .as_ref()
            .is_none_or(|workspaces| workspaces.iter().any(|id| id == workspace))
    }
}

/// The tokens and the browsers' sessions in the store. Digests are 64 hexadecimal digits of SHA-256.
pub trait Tokens {
    /// Records a token under the digest of its text.
    fn add_token(&self, token: &TokenRecord, hash: &str) -> Result<()>;

    /// Returns all tokens, newest first.
    fn tokens(&self) -> Result<Vec<TokenRecord>>;

    /// Returns the token with this id, valid or not.
    fn token(&self, id: &str) -> Result<Option<TokenRecord>>;

    /// Returns the token whose text has this digest, valid or not.
    fn token_of(&self, hash: &str) -> Result<Option<TokenRecord>>;

    /// Revokes a token, and ends its sessions. Returns it as it is then; one that was revoked before stays as it is.
    ///
    /// # Errors
    /// There is no such token, or the database cannot be used.
    fn revoke_token(&self, id: &str, now: Timestamp) -> Result<TokenRecord>;

    /// Notes that a token was used.
    fn note_token_use(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Begins a browser's session, in the name of a token. Sessions that have ended are forgotten.
    fn begin_session(&self, hash: &str, token: &str, ends: Timestamp, now: Timestamp)
    -> Result<()>;

    /// Returns the token of a session that has not ended, valid or not.
    fn session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>>;

    /// Ends a session that has not ended. Returns its token, valid or not; `None`: it had ended, or another one ended it first.
    fn take_session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>>;

    /// Ends a session.
    fn end_session(&self, hash: &str) -> Result<()>;
}
