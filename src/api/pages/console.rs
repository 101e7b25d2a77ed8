//! The web console: the files of `web/dist`, which are part of the binary, and the session data for its pages.
//!
//! The pages are one file, in which a script decides by the address what to show. The console is below [`CONSOLE`]; `base` in
//! `web/vite.config.ts` must be the same path.

use std::borrow::Cow;
use std::io::Read;

use axum::extract::Path;
use axum::http::HeaderName;
use axum::routing::get;
use axum::{Json, Router};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::api::access::tokens;
use crate::api::prelude::*;

/// The path of the console.
pub(super) const CONSOLE: &str = "/console";
/// The page for every address that is not a file.
const PAGE: &str = "index.html";
/// The caching of all files except the page: their names contain a digest of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file of the console. It is plain only if it is not worth compressing, for the binary carries all of it.
struct Asset {
    path: &'static str,
    kind: &'static str,
    etag: &'static str,
    plain: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

impl Asset {
    fn plain(&self) -> Cow<'static, [u8]> {
        let unpack = |gzip| {
            let mut plain = Vec::new();
            GzDecoder::new(gzip)
                .read_to_end(&mut plain)
                .expect("web/dist holds whole files");
            plain
        };
        match (self.plain, self.gzip) {
            (Some(plain), _) => plain.into(),
            (None, gzip) => gzip.map(unpack).unwrap_or_default().into(),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// Returns the routes of the console.
pub fn routes() -> Router<Api> {
    Router::new()
        .route(CONSOLE, get(page))
        .route(&format!("{CONSOLE}/"), get(page))
        .route(&format!("{CONSOLE}/session"), get(session))
        .route(&format!("{CONSOLE}/{{*path}}"), get(file))
}

async fn page(headers: HeaderMap) -> Response {
    answer(PAGE, &headers)
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let is_file = path.starts_with("assets/") || ASSETS.iter().any(|asset| asset.path == path);
    answer(if is_file { &path } else { PAGE }, &headers)
}

fn answer(path: &str, asked: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return ApiError::not_found("file", path).into_response();
    };
    let kept = if path.starts_with("assets/") {
        FOR_EVER
    } else {
        "no-cache"
    };
    let known = asked.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == asset.etag.as_bytes()) {
        let headers = [(header::ETAG, asset.etag), (header::CACHE_CONTROL, kept)];
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let (body, encoding) = match (asset.brotli, asset.gzip) {
        (Some(body), _) if takes(asked, "br") => (body.into(), Some("br")),
        (_, Some(body)) if takes(asked, "gzip") => (body.into(), Some("gzip")),
        _ => (asset.plain(), None),
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, asset.kind),
        (header::ETAG, asset.etag),
        (header::CACHE_CONTROL, kept),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = (headers, body).into_response();
    if let Some(encoding) = encoding {
        let value = HeaderValue::from_static(encoding);
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, value);
    }
    response
}

/// Returns whether a browser accepts an encoding (RFC 9110, 12.5.3).
fn takes(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| match part.split_once(';') {
            Some((name, weight)) => {
                let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
                name.trim() == coding && weight.parse().unwrap_or(0.0_f32) > 0.0
            }
            None => part.trim() == coding,
        })
}

/// Returns the facts about the user that a page needs. `csrf` is the value for the header of changes, null for a program.
async fn session(Reader(api, caller): Reader) -> Json<Value> {
    Json(json!({
        "csrf": caller.session.as_deref().map(tokens::csrf_of),
        "token": caller.token.name,
        "scope": caller.token.scope.as_str(),
        "workspaces": caller.token.workspaces,
        "workspace": api.home().id(),
        "this_machine": api.options.loopback,
        "edits_folders": api.options.edits_folders,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(path: &str, name: HeaderName, value: &'static str) -> Response {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        answer(path, &headers)
    }

    #[test]
    fn the_page_and_this_server_name_the_same_place_and_the_page_is_not_sent_again() {
        let page = ASSETS
            .iter()
            .find(|asset| asset.path == PAGE)
            .expect("web/dist is committed");
        let text = page.plain();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(&format!("src=\"{CONSOLE}/assets/")), "{text}");
        assert!(!text.contains("<style") && !text.contains("style="));
        let known = asking(PAGE, header::IF_NONE_MATCH, page.etag);
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn a_file_is_sent_in_a_coding_that_the_browser_takes() {
        let mut scripts = ASSETS.iter().filter(|asset| asset.path.ends_with(".js"));
        let script = scripts
            .find(|asset| asset.brotli.is_some())
            .expect("a script that is worth compressing");
        for (takes, sent) in [
            ("gzip, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("identity", None),
        ] {
            let response = asking(script.path, header::ACCEPT_ENCODING, takes);
            let coding = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(coding.map(|value| value.to_str().unwrap()), sent);
            assert_eq!(response.headers()[header::CACHE_CONTROL], FOR_EVER);
        }
        let digest = crate::base::digest::sha256(script.plain()).to_string();
        assert!(script.etag.contains(&digest[..20]), "{}", script.etag);
    }
}
