//! Tokens and sessions.

use super::SqlStore;
use super::values::{changes, execute, instant, instant_or_none, row, rows, word};
use crate::base::clock::Timestamp;
use crate::store::driver::{self, Row, params};
use crate::store::{Result, Scope, StoreError, TokenRecord, Tokens};

impl Tokens for SqlStore {
    fn add_token(&self, token: &TokenRecord, hash: &str) -> Result<()> {
        let workspaces = token
            .workspaces
            .as_ref()
            .and_then(|ids| serde_json::to_string(ids).ok());
        self.write_new(|transaction| {
            execute(
                transaction,
                "INSERT INTO tokens (id, name, hash, scope, workspaces, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    token.id,
                    token.name,
                    hash,
                    token.scope.as_str(),
                    workspaces,
                    token.created_at.0,
                    token.expires_at.map(|end| end.0),
                ],
            )
            .map(drop)
        })
    }

    fn tokens(&self) -> Result<Vec<TokenRecord>> {
        let sql = "SELECT * FROM tokens ORDER BY id DESC";
        self.read(|connection| rows(connection, sql, [], record))
    }

    fn token(&self, id: &str) -> Result<Option<TokenRecord>> {
        self.read(|connection| row(connection, BY_ID, [id], record))
    }

    fn token_of(&self, hash: &str) -> Result<Option<TokenRecord>> {
        let sql = "SELECT * FROM tokens WHERE hash = ?1";
        self.read(|connection| row(connection, sql, [hash], record))
    }

    fn revoke_token(&self, id: &str, now: Timestamp) -> Result<TokenRecord> {
        self.write(|transaction| {
            let revoke = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
            execute(transaction, revoke, params![id, now.0])?;
            let end = "DELETE FROM sessions WHERE token_id = ?1";
            execute(transaction, end, [id])?;
            row(transaction, BY_ID, [id], record)
        })?
        .ok_or_else(|| StoreError::not_found("token", id))
    }

    fn note_token_use(&self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
        self.write(|transaction| execute(transaction, sql, params![id, now.0]).map(drop))
    }

    fn begin_session(
        &self,
        hash: &str,
        token: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            let ended = "DELETE FROM sessions WHERE expires_at <= ?1";
            execute(transaction, ended, [now.0])?;
            execute(
                transaction,
                "INSERT INTO sessions (hash, token_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![hash, token, now.0, ends.0],
            )
            .map(drop)
        })
    }

    fn session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.read(|connection| row(connection, OF_SESSION, params![hash, now.0], record))
    }

    fn take_session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.write(|transaction| {
            let found = row(transaction, OF_SESSION, params![hash, now.0], record)?;
            let sql = "DELETE FROM sessions WHERE hash = ?1";
            let is_taken = changes(transaction, sql, [hash])?;
            Ok(found.filter(|_| is_taken))
        })
    }

    fn end_session(&self, hash: &str) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE hash = ?1";
        self.write(|transaction| execute(transaction, sql, [hash]).map(drop))
    }
}

const OF_SESSION: &str = "SELECT * FROM tokens WHERE id = (SELECT token_id FROM sessions WHERE hash = ?1 AND expires_at > ?2)";

const BY_ID: &str = "SELECT * FROM tokens WHERE id = ?1";

fn record(row: &Row<'_>) -> driver::Result<TokenRecord> {
    let workspaces: Option<String> = row.get("workspaces")?;
    Ok(TokenRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        scope: word(row, "scope", Scope::parse)?,
        // A list that cannot be read allows nothing.
        workspaces: workspaces.map(|list| serde_json::from_str(&list).unwrap_or_default()),
        created_at: instant(row, "created_at")?,
        expires_at: instant_or_none(row, "expires_at")?,
        revoked_at: instant_or_none(row, "revoked_at")?,
        last_used_at: instant_or_none(row, "last_used_at")?,
    })
}
