//! Tokens of the HTTP API, and the sessions that browsers start with them.
//!
//! A token is `ade_` and 64 hexadecimal digits from the operating system's random numbers (256 bits). It is shown once, when it
//! is made; the database stores its SHA-256. With that much randomness a plain digest is enough: no token can be guessed from
//! it.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::base::problem::{Error, code};
use crate::settings::paths::checked_segment;
use crate::store::{Scope, StoreError, TokenRecord};
use crate::workspace::Workspace;

/// The prefix of every token, by which a search for leaked secrets finds it.
pub const PREFIX: &str = "ade_";

/// The lifetime of a browser's session.
pub const SESSION: Duration = Duration::from_secs(12 * 3600);

/// The precision of the recorded last use of a token.
const USE_KNOWN_TO: Duration = Duration::from_secs(60);

/// The properties of a new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name that people use for it.
    pub name: String,
    /// The scope that it allows.
    pub scope: Scope,
    /// The workspaces that it covers. `None`: all workspaces.
    pub workspaces: Option<Vec<String>>,
    /// The time for which it is valid. `None`: until it is revoked.
    pub valid_for: Option<Duration>,
}

/// Makes a token. Returns its text, which is never shown again, and its record.
///
/// # Errors
/// The name or a workspace's id is invalid, or the store cannot be used.
pub fn create(workspace: &Workspace, new: &NewToken) -> Result<(String, TokenRecord), Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        let message = "a token needs a name of 1 to 100 characters";
        return Err(Error::usage(code::BAD_NAME, message));
    }
    for id in new.workspaces.iter().flatten() {
        checked_segment("workspace", id)?;
    }
    let now = workspace.machine.now();
    let text = secret(PREFIX);
    let record = TokenRecord {
        id: workspace.machine.new_id(),
        name: name.to_owned(),
        scope: new.scope,
        workspaces: new.workspaces.clone(),
        created_at: now,
        expires_at: new.valid_for.map(|time| now.plus(time)),
        revoked_at: None,
        last_used_at: None,
    };
    workspace.store.add_token(&record, &hash(&text))?;
    Ok((text, record))
}

/// Revokes the token with this name, id, or end of an id. Its sessions end with it.
///
/// # Errors
/// No token fits, or several fit.
pub fn revoke(workspace: &Workspace, given: &str) -> Result<TokenRecord, Error> {
    let tokens = workspace.store.tokens()?;
    let is_meant = |token: &&TokenRecord| {
        token.id == given
            || (token.revoked_at.is_none()
                && (token.name == given || (given.len() >= 6 && token.id.ends_with(given))))
    };
    let found: Vec<&TokenRecord> = tokens.iter().filter(is_meant).collect();
    match found[..] {
        [token] => Ok(workspace
            .store
            .revoke_token(&token.id, workspace.machine.now())?),
        [] => {
            let message = format!("there is no token {given:?}");
            Err(Error::usage(code::NOT_FOUND, message).hint("`ade tokens ls` lists them"))
        }
        _ => {
            let message = format!("{given:?} could be any of {} tokens", found.len());
            Err(Error::usage(code::AMBIGUOUS_ID, message)
                .hint("give the whole id; `ade tokens ls --json` shows it"))
        }
    }
}

/// The start of the name of an `ade dev` token, before the process number.
const DEVELOPMENT: &str = "ade dev, process ";

/// Returns the name of the token of this process's `ade dev`.
pub fn development_name() -> String {
    format!("{DEVELOPMENT}{}", std::process::id())
}

/// Returns whether a token belongs to an `ade dev`.
pub fn is_of_development(token: &TokenRecord) -> bool {
    token.name.starts_with(DEVELOPMENT)
}

/// Revokes the tokens of `ade dev` processes that were killed.
pub fn revoke_leftovers(workspace: &Workspace) -> Result<(), StoreError> {
    let now = workspace.machine.now();
    for token in workspace.store.tokens()? {
        let process = token.name.strip_prefix(DEVELOPMENT);
        let is_gone = process.is_some_and(|id| !std::path::Path::new("/proc").join(id).exists());
        if is_gone && token.is_valid(now) && std::path::Path::new("/proc/self").exists() {
            workspace.store.revoke_token(&token.id, now)?;
        }
    }
    Ok(())
}

/// Returns the record for a token's text if the token is valid now, and records its use.
pub fn valid(workspace: &Workspace, text: &str) -> Result<Option<TokenRecord>, StoreError> {
    let found = workspace.store.token_of(&hash(text))?;
    valid_now(workspace, found)
}

/// Starts a browser's session for a valid token. Returns the value of its cookie.
pub fn begin_session(workspace: &Workspace, token: &TokenRecord) -> Result<String, StoreError> {
    let now = workspace.machine.now();
    let longest = now.plus(SESSION);
    let ends = token.expires_at.map_or(longest, |end| end.min(longest));
    let value = secret("");
    workspace
        .store
        .begin_session(&hash(&value), &token.id, ends, now)?;
    Ok(value)
}

/// Makes a code that signs a browser in once with a valid token. It is for a link, which stays in the history of browsers. It
/// is recorded as a session that no cookie can name.
pub fn sign_in_code(workspace: &Workspace, token: &TokenRecord) -> Result<String, StoreError> {
    let now = workspace.machine.now();
    let ends = token.expires_at.unwrap_or_else(|| now.plus(SESSION));
    let code = secret("");
    workspace
        .store
        .begin_session(&hash(&as_code(&code)), &token.id, ends, now)?;
    Ok(code)
}

/// Returns the token of an unused code, if both are valid now. The code counts as used afterwards.
pub fn of_code(workspace: &Workspace, code: &str) -> Result<Option<TokenRecord>, StoreError> {
    let now = workspace.machine.now();
    let found = workspace.store.take_session(&hash(&as_code(code)), now)?;
    valid_now(workspace, found)
}

fn as_code(code: &str) -> String {
    format!("code {code}")
}

/// Returns the token of a session, if both are valid now.
pub fn of_session(workspace: &Workspace, value: &str) -> Result<Option<TokenRecord>, StoreError> {
    let found = workspace
        .store
        .session(&hash(value), workspace.machine.now())?;
    valid_now(workspace, found)
}

/// Ends a session by the value of its cookie.
pub fn end_session(workspace: &Workspace, value: &str) -> Result<(), StoreError> {
    workspace.store.end_session(&hash(value))
}

/// Returns the value that a page sends with each change, made from its session. A page of another origin cannot find it out.
pub fn csrf_of(session: &str) -> String {
    digest::sha256(format!("ade csrf {session}")).to_string()
}

fn valid_now(
    workspace: &Workspace,
    found: Option<TokenRecord>,
) -> Result<Option<TokenRecord>, StoreError> {
    let now: Timestamp = workspace.machine.now();
    let Some(token) = found.filter(|token| token.is_valid(now)) else {
        return Ok(None);
    };
    let is_noted = token
        .last_used_at
        .is_some_and(|last| u128::from(now.since(last)) < USE_KNOWN_TO.as_millis());
    if !is_noted {
        // A failure to record the use must not fail the request.
        let _ = workspace.store.note_token_use(&token.id, now);
    }
    Ok(Some(token))
}

/// Returns a secret of 256 random bits. A UUID of version 4 has 122 of them (RFC 9562, 5.4), so three are digested.
fn secret(prefix: &str) -> String {
    let chance: String = (0..3).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    format!("{prefix}{}", digest::sha256(chance))
}

pub(super) fn hash(text: &str) -> String {
    digest::sha256(text).to_string()
}
