//! Tokens and sessions.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::values::{execute, instant, instant_or_none};
use crate::base::clock::Timestamp;
use crate::store::{Result, Scope, StoreError, TokenRecord, Tokens};

impl Tokens for SqliteStore {
    fn add_token(&self, token: &TokenRecord, hash: &str) -> Result<()> {
        let workspaces = token
            .workspaces
            .as_ref()
            .and_then(|ids| serde_json::to_string(ids).ok());
        self.write(|transaction| {
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
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM tokens ORDER BY id DESC")?;
            statement.query_map([], record)?.collect()
        })
    }

    fn token(&self, id: &str) -> Result<Option<TokenRecord>> {
        self.read(|connection| by_id(connection, id).optional())
    }

    fn token_of(&self, hash: &str) -> Result<Option<TokenRecord>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT * FROM tokens WHERE hash = ?1")?
                .query_row([hash], record)
                .optional()
        })
    }

    fn revoke_token(&self, id: &str, now: Timestamp) -> Result<TokenRecord> {
        self.write(|transaction| {
            execute(
                transaction,
                "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                params![id, now.0],
            )?;
            execute(
                transaction,
                "DELETE FROM sessions WHERE token_id = ?1",
                [id],
            )?;
            by_id(transaction, id).optional()
        })?
        .ok_or_else(|| StoreError::NotFound {
            what: "token",
            id: id.to_owned(),
        })
    }

    fn note_token_use(&self, id: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            execute(
                transaction,
                "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1",
                params![id, now.0],
            )
            .map(drop)
        })
    }

    fn begin_session(
        &self,
        hash: &str,
        token: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            execute(
                transaction,
                "DELETE FROM sessions WHERE expires_at <= ?1",
                [now.0],
            )?;
            execute(
                transaction,
                "INSERT INTO sessions (hash, token_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![hash, token, now.0, ends.0],
            )
            .map(drop)
        })
    }

    fn session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT * FROM tokens WHERE id = (SELECT token_id FROM sessions WHERE hash = ?1 AND expires_at > ?2)")?
                .query_row(params![hash, now.0], record)
                .optional()
        })
    }

    fn end_session(&self, hash: &str) -> Result<()> {
        self.write(|transaction| {
            execute(transaction, "DELETE FROM sessions WHERE hash = ?1", [hash]).map(drop)
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    let scope: String = row.get("scope")?;
    let workspaces: Option<String> = row.get("workspaces")?;
    Ok(TokenRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        scope: Scope::parse(&scope).unwrap_or(Scope::Read),
        // A list that cannot be read allows nothing.
        workspaces: workspaces.map(|list| serde_json::from_str(&list).unwrap_or_default()),
        created_at: instant(row, "created_at")?,
        expires_at: instant_or_none(row, "expires_at")?,
        revoked_at: instant_or_none(row, "revoked_at")?,
        last_used_at: instant_or_none(row, "last_used_at")?,
    })
}

fn by_id(connection: &Connection, id: &str) -> rusqlite::Result<TokenRecord> {
    connection
        .prepare_cached("SELECT * FROM tokens WHERE id = ?1")?
        .query_row([id], record)
}
