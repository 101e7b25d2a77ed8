//! Layers around every route: the check of the Host header, headers for security, compression and time limits.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderName, Method};
use axum::middleware::{self, Next};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::refused_bodies;
use crate::api::http::problem::ServerLogMessage;
use crate::api::http::request_id;
use crate::api::http::request_id::REQUEST_ID;
use crate::api::prelude::*;
use crate::api::state::ServerLine;

/// The maximum time until the next part of a body. After it, the request ends.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The time for which a browser may remember the permissions of other origins.
const CORS_KNOWN_FOR: Duration = Duration::from_secs(600);

/// Allows only content from this server, and only scripts from its own files.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Wraps the routes in all layers.
pub fn around(router: Router<Api>, api: &Api) -> Router<Api> {
    // Compresses JSON and pages above a packet's size, but no streams, which must not wait for a buffer to fill, and no
    // workbooks, which are compressed already.
    let worth_it = SizeAbove::new(1024)
        .and(NotForContentType::const_new("text/event-stream"))
        .and(NotForContentType::const_new("application/x-ndjson"))
        .and(NotForContentType::const_new("application/vnd"))
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(is_no_download);
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn(refused_bodies::read_on))
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(RequestBodyTimeoutLayer::new(BODY_PATIENCE))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("a handler panicked").into_response()
        }))
        .layer(of_other_origins(&api.options.cors_origins))
        .layer(middleware::from_fn_with_state(api.clone(), surround))
}

/// Returns the layer that lets pages of these origins use this API (WHATWG Fetch, 3.2). They send a token of their own, because
/// this server's cookies are not for them. For any other origin no header is set, so browsers hide responses from its pages.
fn of_other_origins(origins: &[HeaderValue]) -> CorsLayer {
    if origins.is_empty() {
        return CorsLayer::new();
    }
    let allowed = match origins {
        [any] if any == "*" => AllowOrigin::any(),
        origins => AllowOrigin::list(origins.to_vec()),
    };
    const SHOWN: [HeaderName; 5] = [
        header::ETAG,
        header::LOCATION,
        header::RETRY_AFTER,
        header::CONTENT_RANGE,
        request_id::HEADER,
    ];
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(SHOWN)
        .max_age(CORS_KNOWN_FOR)
}

/// Returns whether a response has no ETag. A download with an ETag can be continued by a range of its bytes, but its compressed
/// form cannot.
fn is_no_download(
    _: StatusCode,
    _: axum::http::Version,
    headers: &HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    !headers.contains_key(header::ETAG)
}

async fn no_route(request: Request) -> ApiError {
    ApiError::not_found("route", request.uri().path())
}

async fn no_method(request: Request) -> ApiError {
    let detail = format!(
        "{} does not take {}",
        request.uri().path(),
        request.method()
    );
    ApiError::from_code(code::METHOD_NOT_ALLOWED, detail)
}

async fn surround(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let since = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    keep_forwarded_from_trusted(&api, &mut request);
    let id = request_id::given(request.headers());
    let id = id.unwrap_or_else(|| api.home().new_id());
    let answered = async {
        match demand_one_host(&request).and_then(|()| demand_host(&api, &request)) {
            Ok(()) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    let mut response = REQUEST_ID.scope(id.clone(), answered).await;
    secure(&mut response, api.options.cors_origins.is_empty());
    download::insert(response.headers_mut(), request_id::HEADER, &id);
    let (status, took) = (response.status().as_u16(), since.elapsed());
    if let Some(ServerLogMessage(message)) = response.extensions_mut().remove::<ServerLogMessage>()
    {
        (api.report)(&ServerLine::Trouble {
            message: &message,
            request: &id,
        });
    }
    api.requests.count(method.as_str(), &route, status, took);
    (api.report)(&ServerLine::Request {
        method: method.as_str(),
        path: &path,
        status,
        milliseconds: took.as_secs_f64() * 1000.0,
        id: &id,
    });
    response
}

/// Adds headers for security. If `is_own`, pages of other origins may not read the response.
fn secure(response: &mut Response, is_own: bool) {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let readers = if is_own {
        "same-origin"
    } else {
        "cross-origin"
    };
    let name = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(name, HeaderValue::from_static(readers));
    // A special page, such as a report, has set a stricter policy.
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Returns an error unless the request names one host, the same in each place. A proxy in front of this server may have checked
/// another name than this server would (RFC 9112, 3.2).
fn demand_one_host(request: &Request) -> ApiResult<()> {
    let refused = |detail: &str| {
        Err(ApiError::from_code(code::BAD_REQUEST, detail)
            .hint("send one Host header, with the host of the URL"))
    };
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let first = hosts.next();
    if hosts.next().is_some() {
        return refused("the request has several Host headers");
    }
    let (Some(host), Some(target)) = (first, request.uri().authority()) else {
        return Ok(());
    };
    let port = match request.uri().scheme_str() {
        Some("https") => ":443",
        _ => ":80",
    };
    let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
    let is_same = host
        .to_str()
        .is_ok_and(|host| bare(host) == bare(target.as_str()));
    if is_same {
        return Ok(());
    }
    refused("the target of the request names another host than the Host header")
}

/// Returns an error on loopback if the Host header has another name. A page of another site whose name points to this machine
/// sends that name.
fn demand_host(api: &Api, request: &Request) -> ApiResult<()> {
    if !api.options.loopback {
        return Ok(());
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| request.uri().host())
        .unwrap_or_default();
    if is_loopback(host) {
        return Ok(());
    }
    let detail = "the Host header does not name this server";
    Err(ApiError::from_code(code::WRONG_HOST, detail)
        .hint("use http://127.0.0.1 or http://localhost with its port"))
}

/// Returns whether this is `localhost` or a loopback address, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The address of a connection's client. A UNIX socket has none.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<IpAddr>);

/// Removes forwarded headers unless they come from a trusted proxy.
fn keep_forwarded_from_trusted(api: &Api, request: &mut Request) {
    let peer = request.extensions().get::<Peer>().copied();
    let is_trusted = match peer {
        Some(Peer(Some(address))) => api.options.trusted_proxies.contains(&address),
        // Only processes of this machine can reach a UNIX socket.
        Some(Peer(None)) => true,
        None => false,
    };
    if !is_trusted {
        for name in [
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "forwarded",
        ] {
            request.headers_mut().remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_loopback_are_its_own() {
        let own = "localhost, LOCALHOST:8000, 127.0.0.1:8000, 127.0.0.1, [::1]:80, [::1]";
        for host in own.split(", ") {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "example.org:8000",
            "localhost.example.org",
            "10.0.0.1:8000",
            "127.0.0.1.example.org",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
