//! Plain pages: sign in, the list of runs, and the documentation of the API. They need no script. The console does ([`console`]).
//!
//! A browser signs in with a token, by the form or by the link that `ade dev` prints, and gets a session's cookie in exchange, so
//! that the token stays in no address.

mod console;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::access::caller::{COOKIE, Caller, cookie};
use super::access::tokens;
use super::http::body::{Query, refused_body};
use super::http::paths::Hider;
use super::http::problem::ApiError;
use super::resources::workspaces::known_workspace;
use super::state::Api;
use crate::base::clock::Timestamp;
use crate::base::counted::thousands;
use crate::base::problem::code;
use crate::base::show_path::ShowPath;
use crate::store::{RunFilter, RunRecord, TokenRecord};

/// The largest body of a form.
const LARGEST_FORM: usize = 4096;
/// Runs on the page.
const RUNS: u32 = 100;

/// The routes of the pages.
pub fn routes(document: &Value) -> Router<Api> {
    let documentation = documentation(document);
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in_page).post(sign_in))
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
    /// The token in the link of `ade dev`.
    token: Option<String>,
    workspace: Option<String>,
}

async fn home(
    State(api): State<Api>,
    Query(asked): Query<Home>,
    request: Request<axum::body::Body>,
) -> Result<Response, ApiError> {
    if let Some(token) = asked.token {
        return enter(&api, token, request.headers()).await;
    }
    let (parts, _) = request.into_parts();
    let caller = match Caller::of(&parts, &api).await {
        Ok(caller) => caller,
        Err(error) if error.code() == code::UNAUTHORIZED => {
            return Ok(Redirect::to("/sign-in").into_response());
        }
        Err(error) => return Err(error),
    };
    let csrf = caller.session.as_deref().map(tokens::csrf_of);
    let page = api
        .work(move |api| {
            let id = asked
                .workspace
                .unwrap_or_else(|| api.home().id().to_owned());
            let workspace = known_workspace(api, &caller, &id)?;
            let runs = workspace.store.runs(&RunFilter {
                workspace_id: id.clone(),
                limit: RUNS,
                ..RunFilter::default()
            })?;
            Ok(runs_page(&id, &runs, csrf.as_deref(), &api.paths))
        })
        .await?;
    Ok(Html(page).into_response())
}

/// Exchanges a token for a session.
async fn enter(api: &Api, token: String, headers: &HeaderMap) -> Result<Response, ApiError> {
    let is_https = headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme.as_bytes() == b"https");
    let session = api
        .work(move |api| {
            let found: Option<TokenRecord> = tokens::valid(api.home(), token.trim())?;
            let Some(found) = found else {
                return Ok(None);
            };
            Ok(Some(tokens::begin_session(api.home(), &found)?))
        })
        .await?;
    let Some(session) = session else {
        let page = sign_in_form(Some(
            "This token is not valid. It may have been revoked, or it has ended.",
        ));
        return Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response());
    };
    let secure = if is_https { "; Secure" } else { "" };
    let set = format!(
        "{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}",
        tokens::SESSION.as_secs()
    );
    // A page of its own, and no redirect by status: with SameSite=Strict a browser that came from elsewhere, such as a link in
    // a terminal or a mail, sends the cookie only with a navigation that this server's own page begins.
    let page = page(
        "Signed in",
        "<meta http-equiv=\"refresh\" content=\"0; url=/\">",
        "<p>Signed in. <a href=\"/\">Go on</a></p>",
        None,
    );
    let mut response = Html(page).into_response();
    if let Ok(set) = HeaderValue::from_str(&set) {
        response.headers_mut().insert(header::SET_COOKIE, set);
    }
    Ok(response)
}

async fn sign_in_page() -> Html<String> {
    Html(sign_in_form(None))
}

async fn sign_in(
    State(api): State<Api>,
    request: Request<axum::body::Body>,
) -> Result<Response, ApiError> {
    let (headers, token) = form(request, "token").await?;
    enter(&api, token.unwrap_or_default(), &headers).await
}

async fn sign_out(
    State(api): State<Api>,
    request: Request<axum::body::Body>,
) -> Result<Response, ApiError> {
    let (headers, shown) = form(request, "csrf").await?;
    if let Some(session) = cookie(&headers).map(str::to_owned) {
        if shown.as_deref() != Some(&*tokens::csrf_of(&session)) {
            let detail = "the form is of another session";
            return Err(ApiError::of(code::FORBIDDEN, detail));
        }
        api.work(move |api| {
            tokens::end_session(api.home(), &session)?;
            api.tokens.clear();
            Ok(())
        })
        .await?;
    }
    let mut response = Redirect::to("/sign-in").into_response();
    let gone =
        HeaderValue::from_static("ade_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    response.headers_mut().insert(header::SET_COOKIE, gone);
    Ok(response)
}

/// The headers and one field of a form that a page of this server sends.
async fn form(
    request: Request<axum::body::Body>,
    field: &str,
) -> Result<(HeaderMap, Option<String>), ApiError> {
    let (parts, body) = request.into_parts();
    demand_same_origin(&parts.headers)?;
    let bytes = axum::body::to_bytes(body, LARGEST_FORM)
        .await
        .map_err(|error| refused_body(&error))?;
    let found = form_urlencoded::parse(&bytes).find(|(key, _)| key == field);
    Ok((parts.headers, found.map(|(_, value)| value.into_owned())))
}

/// A form that another site's page sends names that site as its origin.
fn demand_same_origin(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return Ok(());
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    if host.is_some() && host == text(header::HOST) {
        return Ok(());
    }
    let detail = "the form comes from a page of another site";
    Err(ApiError::of(code::FORBIDDEN, detail))
}

fn sign_in_form(problem: Option<&str>) -> String {
    let problem = problem.map_or(String::new(), |problem| {
        format!("<p class=\"bad\" role=\"alert\">{}</p>", escaped(problem))
    });
    let body = format!(
        "<form method=\"post\" action=\"/sign-in\"><label for=\"token\">Token</label>
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" required autofocus>
         <button>Sign in</button></form>{problem}
         <p class=\"dim\"><code>ade tokens create NAME</code> makes a token. <code>ade dev</code> prints a link that signs in.</p>"
    );
    page("Sign in", "", &body, None)
}

fn runs_page(workspace: &str, runs: &[RunRecord], csrf: Option<&str>, paths: &Hider) -> String {
    let now = Timestamp::now();
    let rows: String = runs.iter().map(|run| row(run, now, paths)).collect();
    let table = if runs.is_empty() {
        "<p>No runs yet. <a href=\"/docs\">The documentation</a> says how a program submits one; <code>ade run CONFIG FILE</code> makes one here.</p>".to_owned()
    } else {
        format!(
            "<div class=\"wide\"><table><thead><tr><th>Run<th>Status<th>Input<th>Configuration<th class=\"num\">Rows<th class=\"num\">Issues<th class=\"num\">Time<th>Made<th>Files</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    };
    let body = format!(
        "<p class=\"dim\">Workspace {}, newest first</p>{table}",
        escaped(workspace)
    );
    page(
        "Runs",
        "<meta http-equiv=\"refresh\" content=\"5\">",
        &body,
        csrf,
    )
}

fn row(run: &RunRecord, now: Timestamp, paths: &Hider) -> String {
    let id = escaped(&run.id);
    let metrics = run.metrics.as_ref();
    let number = |number: Option<u64>| number.map_or(String::new(), thousands);
    let took = run.duration_ms().map_or(String::new(), |took| {
        format!("{}.{:03} s", took / 1000, took % 1000)
    });
    let files = match &run.output_path {
        Some(_) if run.artifacts_deleted_at.is_none() => format!(
            "<a href=\"/api/v1/runs/{id}/output\">workbook</a> <a href=\"/api/v1/runs/{id}/artifact\">record</a>"
        ),
        _ => String::new(),
    };
    let error = run.error.as_ref().map_or(String::new(), |error| {
        format!(
            "<div class=\"bad\">{}</div>",
            escaped(&paths.text(&error.message))
        )
    });
    let end = &run.id[run.id.len().saturating_sub(6)..];
    format!(
        "<tr><td><a href=\"/api/v1/runs/{id}\"><code>{}</code></a><td class=\"{status}\">{status}<td>{}{error}<td>{}<td class=\"num\">{}<td class=\"num\">{}<td class=\"num\">{took}<td title=\"{}\">{}<td>{files}</tr>",
        escaped(end),
        escaped(&run.input_name),
        escaped(&run.configuration_name),
        number(metrics.map(|metrics| metrics.rows)),
        number(metrics.map(|metrics| metrics.issues)),
        run.created_at,
        ago(run.created_at, now),
        status = run.status.as_str(),
    )
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.since(then) / 1000 {
        seconds @ 0..60 => format!("{seconds} s ago"),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..86400 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86400),
    }
}

/// The documentation of the API, from its description.
fn documentation(document: &Value) -> String {
    let mut body = format!(
        "<p>{}</p><p>Machine-readable: <a href=\"/api/v1/openapi.json\">OpenAPI 3.1</a>; <code>ade openapi-types</code> prints TypeScript types.</p>
         <p>Send a token with each request: <code>Authorization: Bearer ade_…</code>. <code>ade tokens create NAME --scope run</code> makes one.</p>",
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
    page("API", "", &body, None)
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

/// The fields of a shape, those of shapes in it with a dot.
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

fn page(title: &str, head: &str, body: &str, csrf: Option<&str>) -> String {
    let out = csrf.map_or(String::new(), |csrf| {
        format!("<form method=\"post\" action=\"/sign-out\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\"><button class=\"plain\">Sign out</button></form>")
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>{title} · ADE</title><link rel=\"stylesheet\" href=\"/assets/ade.css\">{head}</head>
<body><header><a href=\"/\"><b>ADE</b></a> <nav><a href=\"/\">Runs</a> <a href=\"/console\">Console</a> <a href=\"/docs\">API</a></nav>{out}</header><main><h1>{title}</h1>{body}</main></body></html>\n",
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
