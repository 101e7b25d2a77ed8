//! Pagination by cursor: a page ends with the cursor of the next one, which goes on behind the last entry of this page, however
//! many entries are added meanwhile.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::IntoParams;

use super::problem::ApiError;
use crate::base::digest;

/// The number of entries of a page, unless a request says otherwise.
pub const USUAL: u32 = 50;
/// The largest number of entries of a page.
pub const LARGEST: u32 = 1000;

/// The largest number of an event: what every reader of JSON keeps exactly.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// A number of an event must be one that every reader of JSON keeps exactly.
///
/// # Errors
/// It is larger.
pub fn demand_number(field: &str, number: Option<u64>) -> Result<(), ApiError> {
    match number {
        Some(number) if number > LARGEST_NUMBER => Err(ApiError::field(
            field,
            "is larger than any number of an event",
        )),
        _ => Ok(()),
    }
}

/// Where a stream resumes: behind the header Last-Event-ID, or else behind `after_id` of the query.
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

/// What the parameters of a page ask for: the largest number of entries, and the id of the last entry of the page before.
pub type Bounds = (u32, Option<String>);

/// Checks the parameters of a page.
///
/// # Errors
/// The limit is zero or more than a page may have, or the cursor is none of this API.
pub fn bounds(limit: Option<u32>, cursor: Option<&str>) -> Result<Bounds, ApiError> {
    let limit = self::limit(limit, USUAL, LARGEST)? as u32;
    let id_in = |cursor: &str| {
        let id = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        id.filter(|id| uuid::Uuid::parse_str(id).is_ok())
    };
    let no_cursor = || ApiError::field("cursor", "is not the `next_cursor` of a page");
    let before = cursor.map(|cursor| id_in(cursor).ok_or_else(no_cursor));
    Ok((limit, before.transpose()?))
}

/// The part of a whole listing that a page shows, behind the entry that the cursor names, and the cursor of the next page.
///
/// # Errors
/// The cursor's entry is gone.
pub fn of_all<T>(
    all: &[T],
    (limit, before): Bounds,
    id_of: impl Fn(&T) -> &str,
) -> Result<(&[T], Option<String>), ApiError> {
    let first = match before {
        None => 0,
        Some(id) => {
            let at = all.iter().position(|one| id_of(one) == id);
            at.ok_or_else(|| ApiError::field("cursor", "its entry is gone: begin anew"))? + 1
        }
    };
    let rest = &all[first..];
    let shown = &rest[..rest.len().min(limit as usize)];
    let last = shown.last().filter(|_| rest.len() > shown.len());
    Ok((shown, last.map(|one| behind(id_of(one)))))
}

/// A part of a log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogPart {
    /// Lines behind this number.
    #[serde(default)]
    #[param(maximum = 9007199254740991u64)]
    after_id: u64,
    /// The largest number of lines, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl LogPart {
    /// The number behind which the lines are wanted, and the largest number of them.
    ///
    /// # Errors
    /// One of the two cannot be used.
    pub fn checked(&self) -> Result<(u64, usize), ApiError> {
        demand_number("after_id", Some(self.after_id))?;
        Ok((self.after_id, limit(self.limit, LARGEST, LARGEST)?))
    }
}

/// How many bytes of a digest a sealed cursor has.
const SEAL: usize = 16;

/// A cursor that names a place, such as a byte of a file, within something that has no ids. `what` says all that the place
/// depends on: the run, the file's size, the filters.
pub fn sealed(what: &str, place: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{place:016x}{}", seal(what)))
}

/// The place that a cursor of [`sealed`] names.
///
/// # Errors
/// It is the cursor of something else.
pub fn place_in(what: &str, cursor: &str) -> Result<u64, ApiError> {
    let place = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (place, sealed) = text.split_at_checked(SEAL)?;
        let place = u64::from_str_radix(place, 16).ok()?;
        (sealed == seal(what)).then_some(place)
    };
    place().ok_or_else(|| ApiError::field("cursor", "is not the `next_cursor` of a page of this"))
}

fn seal(what: &str) -> String {
    let digest = digest::of(what).to_string();
    digest[digest.len() - SEAL..].to_owned()
}

/// A cursor that names a place in an order that changes, so that a page goes on behind it although its entry has left.
pub fn at(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(json!(place).to_string())
}

/// The place that a cursor of [`at`] names.
///
/// # Errors
/// It names none.
pub fn place_at<T: DeserializeOwned>(cursor: &str) -> Result<T, ApiError> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place = text.and_then(|text| serde_json::from_slice(&text).ok());
    place.ok_or_else(|| ApiError::field("cursor", "is not the `next_cursor` of a page"))
}

/// Checks how many entries of a page are wanted.
///
/// # Errors
/// None, or more than a page may have.
pub fn limit(limit: Option<u32>, usual: u32, largest: u32) -> Result<usize, ApiError> {
    match limit.unwrap_or(usual) {
        limit if (1..=largest).contains(&limit) => Ok(limit as usize),
        _ => Err(ApiError::field(
            "limit",
            format!("must be from 1 to {largest}"),
        )),
    }
}

/// The cursor of what comes behind the entry with this id.
pub fn behind(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The cursor of the page behind one of which `limit` entries were asked for.
pub fn next<T>(items: &[T], limit: u32, id_of: impl Fn(&T) -> &str) -> Option<String> {
    let last = items.last().filter(|_| items.len() >= limit as usize);
    last.map(|last| behind(id_of(last)))
}
