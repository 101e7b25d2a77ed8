//! Pagination by cursor: a page ends with the cursor of the next page, which continues after the last entry of this page even
//! if entries are added meanwhile.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::IntoParams;

use super::problem::ApiError;
use crate::base::digest;

/// The default number of entries in a page.
pub const DEFAULT_PAGE_ENTRIES: u32 = 50;
/// The maximum number of entries in a page.
pub const MAX_PAGE_ENTRIES: u32 = 1000;

/// The maximum number of an event. Every reader of JSON keeps such a number exactly.
const MAX_EVENT_NUMBER: u64 = (1 << 53) - 1;

/// Returns an error if a number of an event is so large that some readers of JSON round it.
///
/// # Errors
/// The number is too large.
pub fn demand_number(field: &str, number: Option<u64>) -> Result<(), ApiError> {
    match number {
        Some(number) if number > MAX_EVENT_NUMBER => Err(ApiError::field(
            field,
            "is larger than the number of the last event",
        )),
        _ => Ok(()),
    }
}

/// Returns the number after which a stream resumes: that of the header Last-Event-ID, otherwise `after_id` of the query.
///
/// # Errors
/// One of them is not a number of an event.
pub fn last_event(headers: &HeaderMap, after_id: Option<u64>) -> Result<Option<u64>, ApiError> {
    const HEADER: &str = "Last-Event-ID";
    demand_number("after_id", after_id)?;
    let Some(value) = headers.get(HEADER) else {
        return Ok(after_id);
    };
    let number = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let number = number.ok_or_else(|| ApiError::field(HEADER, "must be the number of an event"))?;
    demand_number(HEADER, Some(number))?;
    Ok(Some(number))
}

/// The checked parameters of a page: the maximum number of entries, and the id of the last entry of the previous page.
pub type PageBounds = (u32, Option<String>);

/// Checks the parameters of a page.
///
/// # Errors
/// The limit is zero or above the maximum, or the cursor is invalid.
pub fn bounds(limit: Option<u32>, cursor: Option<&str>) -> Result<PageBounds, ApiError> {
    let limit = self::limit(limit, DEFAULT_PAGE_ENTRIES, MAX_PAGE_ENTRIES)? as u32;
    let id_in = |cursor: &str| {
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        id.filter(|id| uuid::Uuid::parse_str(id).is_ok())
    };
    let no_cursor = || ApiError::field("cursor", "is not the `next_cursor` of a page");
    let before = cursor.map(|cursor| id_in(cursor).ok_or_else(no_cursor));
    Ok((limit, before.transpose()?))
}

/// Returns the part of a whole listing after the entry that the cursor names, and the cursor of the next page.
///
/// # Errors
/// The cursor's entry is gone.
pub fn of_all<T>(
    all: &[T],
    (limit, before): PageBounds,
    id_of: impl Fn(&T) -> &str,
) -> Result<(&[T], Option<String>), ApiError> {
    let first = match before {
        None => 0,
        Some(id) => {
            let at = all.iter().position(|item| id_of(item) == id);
            at.ok_or_else(|| {
                ApiError::field("cursor", "its entry is gone: start again without a cursor")
            })? + 1
        }
    };
    let rest = &all[first..];
    let shown = &rest[..rest.len().min(limit as usize)];
    let last = shown.last().filter(|_| rest.len() > shown.len());
    Ok((shown, last.map(|item| behind(id_of(item)))))
}

/// The query of a page of a log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogPart {
    /// Lines after this number.
    #[serde(default)]
    #[param(maximum = 9007199254740991u64)]
    after_id: u64,
    /// The maximum number of lines, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl LogPart {
    /// Returns the number after which the lines start, and the maximum number of lines.
    ///
    /// # Errors
    /// One of the two is invalid.
    pub fn checked(&self) -> Result<(u64, usize), ApiError> {
        demand_number("after_id", Some(self.after_id))?;
        Ok((
            self.after_id,
            limit(self.limit, MAX_PAGE_ENTRIES, MAX_PAGE_ENTRIES)?,
        ))
    }
}

/// The number of bytes of the digest in a sealed cursor.
const SEAL: usize = 16;

/// Returns a cursor for a position, such as a byte of a file, in a thing without ids. `what` names everything that the position
/// depends on: the run, the file's size, the filters.
pub fn sealed(what: &str, place: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{place:016x}{}", seal(what)))
}

/// Returns the position in a cursor of [`sealed`].
///
/// # Errors
/// The cursor belongs to something else.
pub fn place_in(what: &str, cursor: &str) -> Result<u64, ApiError> {
    let place = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (place, sealed) = text.split_at_checked(SEAL)?;
        let place = u64::from_str_radix(place, 16).ok()?;
        (sealed == seal(what)).then_some(place)
    };
    place().ok_or_else(|| {
        ApiError::field(
            "cursor",
            "is not the `next_cursor` of a page of this search",
        )
    })
}

fn seal(what: &str) -> String {
    let digest = digest::sha256(what).to_string();
    digest[digest.len() - SEAL..].to_owned()
}

/// Returns a cursor for a position in an order that changes. The next page continues after it even if its entry has left.
pub fn at(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(json!(place).to_string())
}

/// Returns the position in a cursor of [`at`].
///
/// # Errors
/// The cursor has no such position.
pub fn place_at<T: DeserializeOwned>(cursor: &str) -> Result<T, ApiError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place = text.and_then(|text| serde_json::from_slice(&text).ok());
    place.ok_or_else(|| ApiError::field("cursor", "is not the `next_cursor` of a page"))
}

/// Returns the checked number of entries of a page.
///
/// # Errors
/// The number is zero, or larger than a page may have.
pub fn limit(limit: Option<u32>, usual: u32, largest: u32) -> Result<usize, ApiError> {
    match limit.unwrap_or(usual) {
        limit if (1..=largest).contains(&limit) => Ok(limit as usize),
        _ => Err(ApiError::field(
            "limit",
            format!("must be from 1 to {largest}"),
        )),
    }
}

/// Returns the cursor after the entry with this id.
pub fn behind(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// Returns the cursor of the page after a page for which `limit` entries were requested.
pub fn next<T>(items: &[T], limit: u32, id_of: impl Fn(&T) -> &str) -> Option<String> {
    let last = items.last().filter(|_| items.len() >= limit as usize);
    last.map(|last| behind(id_of(last)))
}
