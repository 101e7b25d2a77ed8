//! The caller, a program with a token or a browser with a session, and the permissions of that token.
//!
//! A handler declares the permission that it needs by the type of its argument, and gets the API with it: [`Reader`],
//! [`Runner`] or [`Administrator`]. A route without one of them is open to everybody; only those of health, documentation and
//! sign-in are.
//!
//! A program sends `Authorization: Bearer ade_…`. A browser sends the cookie of its session, and with each change also the
//! header `X-CSRF-Token`, whose value is known only to pages of this server.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::tokens;
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::api::state::known_tokens::StreamHolder;
use crate::base::problem::code;
use crate::store::{Scope, Submitter, SubmitterKind, TokenRecord};

/// The name of the session's cookie.
pub const COOKIE: &str = "ade_session";

/// The header that a page sends with each change.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// The sender of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The valid token of the sender.
    pub token: TokenRecord,
    /// The value of the session's cookie, if a browser sent the request.
    pub session: Option<String>,
}

impl Caller {
    /// Returns whether the token covers a workspace.
    pub fn is_for(&self, workspace: &str) -> bool {
        self.token.is_for(workspace)
    }

    /// Returns the submitter that is recorded for runs of this caller.
    pub fn submitter(&self) -> Submitter {
        Submitter {
            kind: SubmitterKind::Token,
            id: self.token.id.clone(),
            name: self.token.name.clone(),
        }
    }

    /// Returns the token and session that this caller's streams depend on.
    pub fn holder(&self) -> StreamHolder {
        StreamHolder {
            token: self.token.id.clone(),
            session: self.session.as_deref().map(tokens::hash),
        }
    }

    /// Returns an error unless the token covers all workspaces, because the response counts all of them.
    ///
    /// # Errors
    /// 403: the token covers only some workspaces.
    pub fn demand_all_workspaces(&self) -> Result<(), ApiError> {
        if self.token.workspaces.is_none() {
            return Ok(());
        }
        let detail = "this needs a token for all workspaces";
        Err(ApiError::from_code(code::FORBIDDEN, detail)
            .hint("`ade tokens create NAME`, without --for, creates one"))
    }

    /// Returns an error unless the token is an administrator's for all workspaces, because the request concerns the server.
    ///
    /// # Errors
    /// 403: the token is no such token.
    pub fn demand_server(&self) -> Result<(), ApiError> {
        if self.token.workspaces.is_none() && self.token.allows(Scope::Admin) {
            return Ok(());
        }
        let detail = "this needs a token with the scope \"admin\" for all workspaces";
        Err(ApiError::from_code(code::FORBIDDEN, detail)
            .hint("`ade tokens create NAME --scope admin`, without --for, creates one"))
    }

    /// Returns an error unless the token covers a workspace. For other tokens, things in this workspace do not exist.
    ///
    /// # Errors
    /// 404: the token does not cover it.
    pub fn demand(&self, workspace: &str, what: &'static str, id: &str) -> Result<(), ApiError> {
        if self.is_for(workspace) {
            Ok(())
        } else {
            Err(ApiError::not_found(what, id))
        }
    }

    /// Returns the caller of a request, whatever its token allows.
    ///
    /// # Errors
    /// 401: neither a valid token nor a valid session; 403: a request of a page without the page's own value.
    pub async fn authenticate(parts: &Parts, api: &Api) -> Result<Self, ApiError> {
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let text = value.to_str().ok().and_then(bearer);
            let text =
                text.ok_or_else(|| unauthorized("the Authorization header is not a bearer token"))?;
            let token = lookup(api, text, false).await?;
            return Ok(Self {
                token: token.ok_or_else(|| unauthorized("the token is not valid"))?,
                session: None,
            });
        }
        let session = cookie(&parts.headers)
            .ok_or_else(|| unauthorized("this needs a token"))?
            .to_owned();
        let token = lookup(api, &session, true).await?;
        let token = token.ok_or_else(|| unauthorized("the session has ended"))?;
        if !is_safe(&parts.method) {
            demand_own_page(&parts.headers, &session)?;
        }
        Ok(Self {
            token,
            session: Some(session),
        })
    }
}

/// Returns the token for a caller's text, if it is valid.
async fn lookup(api: &Api, shown: &str, session: bool) -> Result<Option<TokenRecord>, ApiError> {
    let known_as = format!("{}{shown}", if session { "session " } else { "token " });
    if let Some(token) = api.tokens.get(&known_as) {
        return Ok(Some(token));
    }
    let shown = shown.to_owned();
    api.work(move |api| {
        let found = if session {
            tokens::of_session(api.home(), &shown)?
        } else {
            tokens::valid(api.home(), &shown)?
        };
        if let Some(token) = &found {
            api.tokens.put(known_as, token.clone());
        }
        Ok(found)
    })
    .await
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(tokens::PREFIX)).then_some(token)
}

/// Returns the value of the session's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Returns an error unless this server's own page sent the request. Browsers send the cookie also with requests of other pages,
/// but not the header.
fn demand_own_page(headers: &HeaderMap, session: &str) -> Result<(), ApiError> {
    let shown = headers
        .get(CSRF_HEADER)
        .and_then(|value| value.to_str().ok());
    if shown == Some(&tokens::csrf_of(session)) {
        return Ok(());
    }
    let detail = "the header X-CSRF-Token is missing or wrong";
    Err(ApiError::from_code(code::FORBIDDEN, detail)
        .hint("reload the page; a program sends a bearer token"))
}

fn unauthorized(detail: &str) -> ApiError {
    ApiError::from_code(code::UNAUTHORIZED, detail)
        .hint("`ade tokens create` creates a token; send it as `Authorization: Bearer TOKEN`")
}

macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident = $scope:expr;)*) => {
        $(
            $(#[$doc])*
            pub struct $name(pub Api, pub Caller);

            impl FromRequestParts<Api> for $name {
                type Rejection = ApiError;

                async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
                    let caller = Caller::authenticate(parts, api).await?;
                    if caller.token.allows($scope) {
                        return Ok(Self(api.clone(), caller));
                    }
                    let detail = format!(
                        "this needs the scope {:?}, and the token has {:?}",
                        $scope.as_str(),
                        caller.token.scope.as_str()
                    );
                    Err(ApiError::from_code(code::FORBIDDEN, detail))
                }
            }
        )*
    };
}

callers! {
    /// A caller that may only read.
    Reader = Scope::Read;
    /// A caller that may also store documents and submit, cancel and retry runs.
    Runner = Scope::Run;
    /// A caller that may also change configurations, workspaces and environments.
    Administrator = Scope::Admin;
}
