//! Tokens of the HTTP API, and the sessions that browsers begin with one.
//!
//! A token is `ade_` and 64 hexadecimal digits from the operating system's random numbers (256 bits). It is shown once, when it is
//! made; the database holds its SHA-256. With that much chance in it, a plain digest is enough: no token can be guessed from it.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::digest;
use crate::base::problem::{Error, code};
use crate::settings::paths::checked_segment;
use crate::store::{Scope, StoreError, TokenRecord};
use crate::workspace::Workspace;

/// What every token begins with, so that a search for leaked secrets finds it.
pub const PREFIX: &str = "ade_";

/// How long a browser's session lasts.
pub const SESSION: Duration = Duration::from_secs(12 * 3600);

/// How exact the last use of a token is recorded.
const USE_KNOWN_TO: Duration = Duration::from_secs(60);

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What a person calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// The workspaces that it allows this in; `None`: all.
    pub workspaces: Option<Vec<String>>,
    /// How long it is valid; `None`: until it is revoked.
    pub valid_for: Option<Duration>,
}

/// Makes a token. Returns its text, which is shown nowhere again, and its record.
///
/// # Errors
/// Its name or a workspace's id cannot be used, or the store cannot.
pub fn create(workspace: &Workspace, new: &NewToken) -> Result<(String, TokenRecord), Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        let message = "a token needs a name of at most 100 characters";
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

/// Revokes the token that `given` names: its name, its id, or the end of that. Its sessions end with it.
///
/// # Errors
/// There is none, or several fit.
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

/// The name of the token of an `ade dev`, before the number of its process.
const DEVELOPMENT: &str = "ade dev, process ";

/// The name of the token of this process's `ade dev`.
pub fn development_name() -> String {
    format!("{DEVELOPMENT}{}", std::process::id())
}

/// Whether a token is that of an `ade dev`.
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

/// Returns the record of a token's text if that is valid now, and notes its use.
pub fn valid(workspace: &Workspace, text: &str) -> Result<Option<TokenRecord>, StoreError> {
    let found = workspace.store.token_of(&hash(text))?;
    valid_now(workspace, found)
}

/// Begins a browser's session in the name of a valid token. Returns the value for its cookie.
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

/// Makes a code that signs a browser in once, in the name of a valid token: for a link, which stays in the history of browsers. It is
/// recorded as a session that no cookie can name.
pub fn sign_in_code(workspace: &Workspace, token: &TokenRecord) -> Result<String, StoreError> {
    let now = workspace.machine.now();
    let ends = token.expires_at.unwrap_or_else(|| now.plus(SESSION));
    let code = secret("");
    workspace
        .store
        .begin_session(&hash(&as_code(&code)), &token.id, ends, now)?;
    Ok(code)
}

/// Returns the token in whose name a code was made, if both are valid now and it was not used before. It is used with that.
pub fn of_code(workspace: &Workspace, code: &str) -> Result<Option<TokenRecord>, StoreError> {
    let now = workspace.machine.now();
    let found = workspace.store.take_session(&hash(&as_code(code)), now)?;
    valid_now(workspace, found)
}

fn as_code(code: &str) -> String {
    format!("code {code}")
}

/// Returns the token in whose name a session began, if both are valid now.
pub fn of_session(workspace: &Workspace, value: &str) -> Result<Option<TokenRecord>, StoreError> {
    let found = workspace
        .store
        .session(&hash(value), workspace.machine.now())?;
    valid_now(workspace, found)
}

/// Ends a session.
pub fn end_session(workspace: &Workspace, value: &str) -> Result<(), StoreError> {
    workspace.store.end_session(&hash(value))
}

/// The value that a page sends with each change, made from its session: a page of another origin cannot know it.
pub fn csrf_of(session: &str) -> String {
    digest::of(format!("ade csrf {session}")).to_string()
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
        // A request need not fail because this cannot be written.
        let _ = workspace.store.note_token_use(&token.id, now);
    }
    Ok(Some(token))
}

/// 256 bits of chance: a UUID of version 4 has 122 of them (RFC 9562, 5.4), so three are digested.
fn secret(prefix: &str) -> String {
    let chance: String = (0..3).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    format!("{prefix}{}", digest::of(chance))
}

pub(super) fn hash(text: &str) -> String {
    digest::of(text).to_string()
}
