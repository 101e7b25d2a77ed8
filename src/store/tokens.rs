//! Tokens: who may use the HTTP API, and for which operations. Only the digest of a token's text is stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::driver::{params, record, words};
use super::{Result, Store, StoreError};
use crate::base::clock::Timestamp;

/// The permissions of a token. Each scope includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Read everything in its workspaces.
    Read,
    /// Also store documents, and submit, cancel and retry runs.
    Run,
    /// Also change configurations, workspaces and environments, and read the settings.
    Admin,
}

words!(Scope { Read = "read", Run = "run", Admin = "admin" });

/// A token as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenRecord {
    /// The token's id, a UUIDv7.
    pub id: String,
    /// The name that a person gave the token.
    pub name: String,
    /// The permissions of the token.
    pub scope: Scope,
    /// The workspaces in which the token is valid; `None`: all workspaces.
    pub workspaces: Option<Vec<String>>,
    /// When the token was created.
    pub created_at: Timestamp,
    /// When the token expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When the token was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When the token was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl TokenRecord {
    /// Returns whether the token is valid at a time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns whether the token has the permissions of `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scope >= scope
    }

    /// Returns whether the token is valid in this workspace.
    pub fn is_for(&self, workspace: &str) -> bool {
        self.workspaces
            .as_ref()
            .is_none_or(|workspaces| workspaces.iter().any(|id| id == workspace))
    }
}

impl Store {
    /// Records a token under the digest of its text.
    pub fn add_token(&self, token: &TokenRecord, hash: &str) -> Result<()> {
        let workspaces = token
            .workspaces
            .as_ref()
            .and_then(|ids| serde_json::to_string(ids).ok());
        self.write_new(|transaction| {
            transaction.execute(
                "INSERT INTO tokens (id, name, hash, scope, workspaces, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    token.id,
                    token.name,
                    hash,
                    token.scope,
                    workspaces,
                    token.created_at,
                    token.expires_at,
                ],
            )
        })
    }

    /// Returns all tokens, newest first.
    pub fn tokens(&self) -> Result<Vec<TokenRecord>> {
        let sql = "SELECT * FROM tokens ORDER BY id DESC";
        self.rows(sql, [])
    }

    /// Returns the token with this id, valid or not.
    pub fn token(&self, id: &str) -> Result<Option<TokenRecord>> {
        self.row(BY_ID, [id])
    }

    /// Returns the token whose text has this digest, valid or not.
    pub fn token_of(&self, hash: &str) -> Result<Option<TokenRecord>> {
        let sql = "SELECT * FROM tokens WHERE hash = ?1";
        self.row(sql, [hash])
    }

    /// Revokes a token and ends its sessions. Returns the token afterwards; a token that was already revoked stays as it is.
    ///
    /// # Errors
    /// There is no such token, or the database cannot be used.
    pub fn revoke_token(&self, id: &str, now: Timestamp) -> Result<TokenRecord> {
        self.write(|transaction| {
            let revoke = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
            transaction.execute(revoke, params![id, now])?;
            let end = "DELETE FROM sessions WHERE token_id = ?1";
            transaction.execute(end, [id])?;
            transaction.row(BY_ID, [id])
        })?
        .ok_or_else(|| StoreError::not_found("token", id))
    }

    /// Records when a token was used.
    pub fn note_token_use(&self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
        self.execute(sql, params![id, now])
    }

    /// Begins a browser session with the permissions of a token. Deletes expired sessions.
    pub fn begin_session(
        &self,
        hash: &str,
        token: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            let ended = "DELETE FROM sessions WHERE expires_at <= ?1";
            transaction.execute(ended, [now])?;
            transaction.execute(
                "INSERT INTO sessions (hash, token_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![hash, token, now, ends],
            )
        })
    }

    /// Returns the token of a session that has not expired, valid or not.
    pub fn session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.row(OF_SESSION, params![hash, now])
    }

    /// Ends a session that has not expired. Returns its token, valid or not; `None`: it had expired, or another request ended
    /// it first.
    pub fn take_session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.write(|transaction| {
            let found = transaction.row(OF_SESSION, params![hash, now])?;
            let sql = "DELETE FROM sessions WHERE hash = ?1";
            let is_taken = transaction.changes(sql, [hash])?;
            Ok(found.filter(|_| is_taken))
        })
    }

    /// Ends a session, if there is one.
    pub fn end_session(&self, hash: &str) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE hash = ?1";
        self.execute(sql, [hash])
    }
}

const OF_SESSION: &str = "SELECT * FROM tokens WHERE id = (SELECT token_id FROM sessions WHERE hash = ?1 AND expires_at > ?2)";

const BY_ID: &str = "SELECT * FROM tokens WHERE id = ?1";

record!(TokenRecord(row) {
    id, name, scope, created_at, expires_at, revoked_at, last_used_at;
    // A list that cannot be read allows nothing.
    workspaces: row.get::<_, Option<String>>("workspaces")?.map(|list| serde_json::from_str(&list).unwrap_or_default()),
});
