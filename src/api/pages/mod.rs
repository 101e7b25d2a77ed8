//! Pages for browsers: the web console ([`console`]), signing in and out, and the documentation of the API, which needs no
//! script.
//!
//! A browser signs in with a token in the console's form, or with the code in the link that `ade dev` prints, and gets a
//! session's cookie in return. A token in an address does not sign in, because otherwise a page of another site could sign a
//! browser in as somebody else. Only `ade dev` makes codes, and each works once.

mod console;

use axum::Router;
use axum::extract::State;
use axum::http::Request;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use serde_json::Value;

use super::access::caller::{COOKIE, cookie};
use super::access::tokens;
use super::http::body::refused_body;
use crate::api::prelude::*;
use crate::store::TokenRecord;

/// The maximum number of bytes of a form.
const MAX_FORM_BYTES: usize = 4096;

/// Returns the routes of the pages.
pub fn routes(document: &Value) -> Router<Api> {
    let documentation = documentation(document);
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(async || to_console()).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route(
            "/docs",
            get(move || {
                let page = documentation.clone();
                async move { Html(page) }
            }),
        )
        .route("/assets/ade.css", get(style))
        .merge(console::routes())
}

#[derive(Deserialize)]
struct Home {
    /// The code in the link of `ade dev`.
    code: Option<String>,
}

async fn home(
    State(api): State<Api>,
    Query(asked): Query<Home>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let Some(code) = asked.code else {
        return Ok(to_console());
    };
    match enter(&api, &headers, move |api| {
        Ok(tokens::of_code(api.home(), &code)?)
    })
    .await?
    {
        Some(entered) => Ok(entered),
        // This page, too, starts the navigation itself: a browser that has signed in with this link before continues with its
        // cookie.
        None => Ok(Html(to_console_by(
            "Link used before",
            "This link signs in once.",
        ))
        .into_response()),
    }
}

/// Redirects to the console, which asks for a token unless the user is signed in.
fn to_console() -> Response {
    Redirect::to(console::CONSOLE).into_response()
}

/// Returns a page that leads to the console. A redirect by status does not work: with SameSite=Strict, a browser that came from
/// elsewhere, such as a link in a terminal or a mail, sends the cookie only if this server's own page starts the navigation.
fn to_console_by(title: &str, words: &str) -> String {
    page(
        title,
        "<meta http-equiv=\"refresh\" content=\"0; url=/console\">",
        &format!("<p>{words} <a href=\"/console\">Go on</a></p>"),
    )
}

/// Starts a session for the token that `find` returns. Returns `None` if it returns no token.
async fn enter(
    api: &Api,
    headers: &HeaderMap,
    find: impl FnOnce(&BlockingApi<'_>) -> ApiResult<Option<TokenRecord>> + Send + 'static,
) -> ApiResult<Option<Response>> {
    let is_https = headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme.as_bytes() == b"https");
    let session = api
        .work(move |api| {
            let Some(found) = find(api)? else {
                return Ok(None);
            };
            Ok(Some(tokens::begin_session(api.home(), &found)?))
        })
        .await?;
    let Some(session) = session else {
        return Ok(None);
    };
    let secure = if is_https { "; Secure" } else { "" };
    let set = format!(
        "{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}",
        tokens::SESSION.as_secs()
    );
    let mut response = Html(to_console_by("Signed in", "Signed in.")).into_response();
    download::insert(response.headers_mut(), header::SET_COOKIE, &set);
    Ok(Some(response))
}

async fn sign_in(
    State(api): State<Api>,
    request: Request<axum::body::Body>,
) -> ApiResult<Response> {
    let (headers, token) = form(request, "token").await?;
    let token = token.unwrap_or_default();
    let find = move |api: &BlockingApi<'_>| Ok(tokens::valid(api.home(), token.trim())?);
    if let Some(entered) = enter(&api, &headers, find).await? {
        return Ok(entered);
    }
    let page = page(
        "Sign in",
        "",
        "<p class=\"bad\" role=\"alert\">This token is not valid. It may have been revoked, or it has expired.</p><p><a href=\"/console\">Sign in with another one</a></p>",
    );
    Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response())
}

async fn sign_out(
    State(api): State<Api>,
    request: Request<axum::body::Body>,
) -> ApiResult<Response> {
    let (headers, shown) = form(request, "csrf").await?;
    if let Some(session) = cookie(&headers).map(str::to_owned) {
        if shown.as_deref() != Some(&*tokens::csrf_of(&session)) {
            let detail = "the form belongs to another session";
            return Err(ApiError::from_code(code::FORBIDDEN, detail));
        }
        api.work(move |api| {
            tokens::end_session(api.home(), &session)?;
            api.tokens.clear();
            Ok(())
        })
        .await?;
    }
    let mut response = to_console();
    let gone =
        HeaderValue::from_static("ade_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// Returns the headers and one field of a form that a page of this server sends.
async fn form(
    request: Request<axum::body::Body>,
    field: &str,
) -> ApiResult<(HeaderMap, Option<String>)> {
    let (parts, body) = request.into_parts();
    demand_same_origin(&parts.headers)?;
    let bytes = axum::body::to_bytes(body, MAX_FORM_BYTES)
        .await
        .map_err(|error| refused_body(&error))?;
    let found = form_urlencoded::parse(&bytes).find(|(key, _)| key == field);
    Ok((parts.headers, found.map(|(_, value)| value.into_owned())))
}

/// Returns an error if another site's page sent the form: browsers name that site as the origin.
fn demand_same_origin(headers: &HeaderMap) -> ApiResult<()> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return Ok(());
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    if host.is_some() && host == text(header::HOST) {
        return Ok(());
    }
    let detail = "the form comes from a page of another site";
    Err(ApiError::from_code(code::FORBIDDEN, detail))
}

/// Returns the documentation of the API, made from its description.
fn documentation(document: &Value) -> String {
    let mut body = format!(
        "<p>{}</p><p>Machine-readable: <a href=\"/api/v1/openapi.json\">OpenAPI 3.1</a>; <code>ade openapi-types</code> prints TypeScript types.</p>
         <p>Send a token with each request: <code>Authorization: Bearer ade_…</code>. <code>ade tokens create NAME --scope run</code> creates one.</p>",
        escaped(document["info"]["description"].as_str().unwrap_or_default())
    );
    let paths = document["paths"].as_object();
    let mut tags: Vec<&str> = Vec::new();
    let operations: Vec<(&str, &str, &Value)> = paths
        .into_iter()
        .flatten()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect();
    for (_, _, operation) in &operations {
        let tag = operation["tags"][0].as_str().unwrap_or("other");
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    for tag in tags {
        body.push_str(&format!("<h2 id=\"{0}\">{0}</h2>", escaped(tag)));
        for (path, method, operation) in &operations {
            if operation["tags"][0].as_str().unwrap_or("other") == tag {
                body.push_str(&operation_section(path, method, operation, document));
            }
        }
    }
    page("API", "", &body)
}

fn operation_section(path: &str, method: &str, operation: &Value, document: &Value) -> String {
    let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
    let mut section = format!(
        "<section><h3><code>{} {}</code></h3><p>{}</p>",
        method.to_uppercase(),
        escaped(path),
        text(&operation["summary"])
    );
    if operation["description"].is_string() {
        section.push_str(&format!("<p>{}</p>", text(&operation["description"])));
    }
    let mut rows = String::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        rows.push_str(&format!(
            "<tr><td><code>{}</code><td>{}<td>{}</tr>",
            text(&parameter["name"]),
            text(&parameter["in"]),
            text(&parameter["description"])
        ));
    }
    let contents = operation["requestBody"]["content"].as_object();
    for (kind, content) in contents.into_iter().flatten() {
        let fields = properties(&content["schema"], document);
        if fields.is_empty() {
            rows.push_str(&format!("<tr><td><td>body<td>{}</tr>", escaped(kind)));
        }
        for (name, description) in fields {
            rows.push_str(&format!(
                "<tr><td><code>{}</code><td>body<td>{}</tr>",
                escaped(&name),
                escaped(&description)
            ));
        }
    }
    if !rows.is_empty() {
        section.push_str(&format!("<table><tbody>{rows}</tbody></table>"));
    }
    let answers: Vec<String> = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(status, answer)| {
            format!(
                "<b>{}</b> {}",
                escaped(status),
                resolved(answer, document)
                    .map_or_else(String::new, |answer| text(&answer["description"]))
            )
        })
        .collect();
    section.push_str(&format!(
        "<p class=\"dim\">{}</p></section>",
        answers.join(" · ")
    ));
    section
}

/// Returns the fields of a schema. A field of a nested schema has a dot in its name.
fn properties(schema: &Value, document: &Value) -> Vec<(String, String)> {
    let Some(schema) = resolved(schema, document) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let inner = properties(field, document);
        if inner.is_empty() {
            let description = field["description"].as_str().unwrap_or_default();
            found.push((name.clone(), description.to_owned()));
        }
        found.extend(
            inner
                .into_iter()
                .map(|(inner, text)| (format!("{name}.{inner}"), text)),
        );
    }
    found
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> Option<&'a Value> {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#')?),
        None => Some(schema),
    }
}

fn page(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>{title} · ADE</title><link rel=\"stylesheet\" href=\"/assets/ade.css\">{head}</head>
<body><header><a href=\"/console\"><b>ADE</b></a> <nav><a href=\"/console\">Console</a> <a href=\"/docs\">API</a></nav></header><main><h1>{title}</h1>{body}</main></body></html>\n",
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

async fn style() -> impl IntoResponse {
    const STYLE: &str = include_str!("pages.css");
    (
        [
            (header::CONTENT_TYPE, "text/css"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        STYLE,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_called_is_no_markup() {
        assert_eq!(
            escaped("<img src=x onerror='a()'>&\"b\""),
            "&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;b&quot;"
        );
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let headers = |origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8000"));
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            headers
        };
        assert!(demand_same_origin(&headers("http://127.0.0.1:8000")).is_ok());
        for origin in ["http://example.org", "null", "http://127.0.0.1:9000"] {
            assert!(demand_same_origin(&headers(origin)).is_err(), "{origin}");
        }
    }
}
