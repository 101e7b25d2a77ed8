//! Tokens: list, create and revoke them. An administrator of some workspaces only sees, makes and revokes the tokens of these
//! workspaces.

use std::time::Duration;

use super::prelude::*;
use crate::api::access::tokens;
use crate::base::problem::{Error, Problem};
use crate::store::{Scope, TokenRecord};

/// The seconds of a day.
const DAY: u64 = 24 * 3600;
/// The maximum validity of a token in days: a hundred years.
const MAX_TOKEN_DAYS: u32 = 36_500;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_tokens, create_token), routes!(revoke_token)])
}

/// The tokens, newest first.
#[derive(Serialize, ToSchema)]
struct TokenList {
    items: Vec<TokenRecord>,
}

/// The request for a new token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// The name that people use for it.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    name: String,
    /// The scope that it allows.
    scope: Scope,
    /// The workspaces that it covers. If absent, all workspaces.
    #[schema(min_items = 1)]
    workspaces: Option<Vec<String>>,
    /// The number of days for which it is valid. If absent, until it is revoked.
    #[schema(minimum = 1, maximum = 36500)]
    days: Option<u32>,
}

impl JsonBody for NewToken {
    const ARRAYS: &'static [&'static str] = &["workspaces"];
}

/// A token that was created.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    #[serde(flatten)]
    record: TokenRecord,
    /// The token itself. It is shown only once, and not stored.
    token: String,
}

/// Returns whether a caller may see, revoke or make a token: the caller's own token covers all of its workspaces.
fn is_within(caller: &Caller, workspaces: Option<&[String]>) -> bool {
    match workspaces {
        None => caller.token.workspaces.is_none(),
        Some(ids) => ids.iter().all(|id| caller.is_for(id)),
    }
}

/// List tokens, newest first. The tokens themselves are not stored.
#[utoipa::path(get, path = "/api/v1/tokens", responses((status = 200, body = TokenList)))]
async fn list_tokens(Administrator(api, caller): Administrator) -> JsonResult<TokenList> {
    api.work(move |api| {
        let mut items = api.home().store.tokens()?;
        items.retain(|token| is_within(&caller, token.workspaces.as_deref()));
        Ok(Json(TokenList { items }))
    })
    .await
}

/// Create a token with a scope.
#[utoipa::path(post, path = "/api/v1/tokens", request_body = NewToken, responses((status = 201, body = MadeToken)))]
async fn create_token(
    Administrator(api, caller): Administrator,
    Json(new): Json<NewToken>,
) -> ApiResult<(StatusCode, Json<MadeToken>)> {
    if new.workspaces.as_ref().is_some_and(Vec::is_empty) {
        let message = "must name a workspace; without the field, the token covers all workspaces";
        return Err(ApiError::field("workspaces", message));
    }
    if new
        .days
        .is_some_and(|days| days == 0 || days > MAX_TOKEN_DAYS)
    {
        let message = format!("must be from 1 to {MAX_TOKEN_DAYS}");
        return Err(ApiError::field("days", message));
    }
    if !is_within(&caller, new.workspaces.as_deref()) {
        let detail = "a token can only cover workspaces of the token that creates it";
        return Err(
            ApiError::from_code(code::FORBIDDEN, detail).hint("name some of them in `workspaces`")
        );
    }
    api.work(move |api| {
        let wanted = tokens::NewToken {
            name: new.name,
            scope: new.scope,
            workspaces: new.workspaces,
            valid_for: new
                .days
                .map(|days| Duration::from_secs(u64::from(days) * DAY)),
        };
        let (token, record) = tokens::create(api.home(), &wanted).map_err(in_field)?;
        Ok((StatusCode::CREATED, Json(MadeToken { record, token })))
    })
    .await
}

fn in_field(error: Error) -> ApiError {
    let field = match error.code() {
        code::BAD_NAME => Some("name"),
        code::BAD_ID => Some("workspaces"),
        _ => None,
    };
    let error = ApiError::from(error);
    match field {
        Some(field) => error.of_field(field),
        None => error,
    }
}

/// Revoke a token, and end its sessions and streams. Revoking it again changes nothing.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", responses((status = 200, body = TokenRecord)))]
async fn revoke_token(
    Administrator(api, caller): Administrator,
    Path(id): Path<String>,
) -> JsonResult<TokenRecord> {
    api.work(move |api| {
        let (store, now) = (&api.home().store, api.home().machine.now());
        let found = store.token(&id.to_lowercase())?;
        let found = found.filter(|token| is_within(&caller, token.workspaces.as_deref()));
        let found = found.ok_or_else(|| ApiError::not_found("token", &id))?;
        let revoked = store.revoke_token(&found.id, now)?;
        api.tokens.clear();
        Ok(Json(revoked))
    })
    .await
}
