//! Reads the content of a request: JSON, query parameters, ids in the path. Errors name the field.

use std::borrow::Cow;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::value::{Error as ValueError, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde_json::Value;

use super::problem::ApiError;
use crate::base::problem::code;

/// The maximum number of bytes of a JSON body.
const MAX_JSON_BYTES: usize = 1024 * 1024;

/// The shape of a JSON body.
pub trait JsonBody: DeserializeOwned {
    /// The fields that are arrays, such as `options.input_sheet_names`. An array anywhere else is refused, because serde would
    /// read an object from it field by field.
    const ARRAYS: &'static [&'static str] = &[];
}

/// A JSON body of a request or of a response.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: JsonBody, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        demand_json(request.headers())?;
        let bytes = axum::body::to_bytes(request.into_body(), MAX_JSON_BYTES)
            .await
            .map_err(|error| refused_body(&error))?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body, or no body at all.
pub struct MaybeJson<T>(pub T);

impl<T: JsonBody + Default, S: Send + Sync> FromRequest<S> for MaybeJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let has_type = request.headers().contains_key(header::CONTENT_TYPE);
        let checked = demand_json(request.headers());
        let bytes = axum::body::to_bytes(request.into_body(), MAX_JSON_BYTES)
            .await
            .map_err(|error| refused_body(&error))?;
        if bytes.is_empty() && !has_type {
            return Ok(Self(T::default()));
        }
        checked?;
        parse(&bytes).map(Self)
    }
}

fn demand_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let found = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = format!("the body must be application/json, and its content type is {found:?}");
    Err(ApiError::from_code(code::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// Returns the error for a body that is too long, or that ended early.
pub fn refused_body(error: &(dyn std::error::Error + 'static)) -> ApiError {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let is_too_long = causes.any(|cause| cause.is::<http_body_util::LengthLimitError>());
    if is_too_long {
        let detail = format!("the body has more than {MAX_JSON_BYTES} bytes");
        return ApiError::from_code(code::TOO_LARGE, detail);
    }
    ApiError::from_code(code::BAD_REQUEST, "the body ended early, or took too long")
}

fn parse<T: JsonBody>(bytes: &[u8]) -> Result<T, ApiError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the body is not valid JSON: {error}");
        ApiError::from_code(code::BAD_REQUEST, detail)
    })?;
    // Parses the bytes, not the value, which has lost a field that was given twice.
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        ApiError::field(
            field_of(&path, &message),
            in_words(&without_place(&message)),
        )
    });
    match parsed {
        // The content of an unknown field is not checked.
        Err(error) if error.detail.contains(": unknown field ") => Err(error),
        parsed => demand_no_array(&value, "", T::ARRAYS).and(parsed),
    }
}

/// Returns an error if any other field is an array.
fn demand_no_array(value: &Value, path: &str, arrays: &[&str]) -> Result<(), ApiError> {
    match value {
        Value::Array(_) if path.is_empty() => {
            let message = "must be an object, not an array";
            Err(ApiError::field("body", message))
        }
        Value::Array(_) if !arrays.contains(&path) => {
            Err(ApiError::field(path, "must not be an array"))
        }
        // An item of an array has the path of the array with `[]`, at any position.
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| demand_no_array(item, &format!("{path}[]"), arrays)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            demand_no_array(value, &format!("{path}{dot}{name}"), arrays)
        }),
        _ => Ok(()),
    }
}

/// Returns the field that a message is about: the path, or the name that the message quotes for an absent, unknown or repeated
/// field.
fn field_of(path: &str, message: &str) -> String {
    let quoted = message.split('`').nth(1).filter(|_| {
        ["missing", "unknown", "duplicate"]
            .iter()
            .any(|word| message.starts_with(&format!("{word} field")))
    });
    match (path, quoted) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (path, _) => path.to_owned(),
    }
}

fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    }
}

/// Translates a message into the words of JSON: serde names the types of this program, such as `struct NewRun` and `u32`.
fn in_words(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let found = found
        .strip_prefix("invalid type: ")
        .or_else(|| found.strip_prefix("invalid value: "));
    let Some(found) = found else {
        return message.to_owned();
    };
    let quoted = found.split('`').nth(1).unwrap_or_default();
    let found = match found.split([' ', '`']).next().unwrap_or_default() {
        "map" => "an object",
        "sequence" => "an array",
        "string" | "character" => "a text",
        "null" | "unit" => "null",
        _ => quoted,
    };
    let expected = match expected.split(' ').next().unwrap_or_default() {
        "struct" | "map" => "an object",
        "u8" | "u16" | "u32" | "u64" | "usize" | "nonzero" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "enum" | "variant" => "one of the words that this field accepts",
        _ => match expected {
            "a map" => "an object",
            "a sequence" => "an array",
            "a string" => "a text",
            "a boolean" => "true or false",
            other => other,
        },
    };
    format!("must be {expected}, but is {found}")
}

/// The parameters of a query. A parameter that is a list in `T` may be repeated; every other one may be given only once.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let mut parameters: Vec<(Cow<'_, str>, QueryValues<'_>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match parameters.iter_mut().find(|known| known.0 == name) {
            Some((_, given)) => given.0.push(value),
            None => parameters.push((name, QueryValues(vec![value]))),
        }
    }
    let parser = MapDeserializer::new(parameters.into_iter());
    serde_path_to_error::deserialize(parser).map_err(|error| {
        let path = error.path().to_string();
        // An error in a list names the parameter, not the position in the list.
        let name = path.split('[').next().unwrap_or_default();
        let message = error.into_inner().to_string();
        ApiError::field(field_of(name, &message), message)
    })
}

/// The values of one parameter in their order, at least one.
struct QueryValues<'a>(Vec<Cow<'a, str>>);

impl<'a> QueryValues<'a> {
    fn only(mut self) -> Result<Cow<'a, str>, ValueError> {
        match (self.0.pop(), self.0.is_empty()) {
            (Some(only), true) => Ok(only),
            _ => Err(ValueError::custom("is given more than once")),
        }
    }
}

impl<'de> IntoDeserializer<'de, ValueError> for QueryValues<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads values of these types from their text.
macro_rules! read_from_text {
    ($($method:ident => $visit:ident,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            visitor.$visit(self.only()?.parse().map_err(ValueError::custom)?)
        })*
    };
}

impl<'de> Deserializer<'de> for QueryValues<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.only()?.into_deserializer().deserialize_any(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let each = self.0.into_iter().map(|value| QueryValues(vec![value]));
        SeqDeserializer::new(each).deserialize_seq(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let value = self.only()?;
        value
            .into_deserializer()
            .deserialize_enum(name, variants, visitor)
    }

    read_from_text! {
        deserialize_bool => visit_bool,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_f32 => visit_f32,
        deserialize_f64 => visit_f64,
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

/// The ids in a request's path.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|error: PathRejection| ApiError::from_code(code::NOT_FOUND, error.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Side {
        Left,
        Right,
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct SampleBody {
        name: Option<String>,
        most: Option<u32>,
        from: i64,
        whole: bool,
        side: Option<Side>,
        status: Vec<String>,
        sides: Vec<Side>,
    }

    impl JsonBody for SampleBody {
        const ARRAYS: &'static [&'static str] = &["status", "sides"];
    }

    #[test]
    fn a_query_is_read_as_what_is_asked_for() {
        let read = |query: &str| parse_query::<SampleBody>(query).unwrap();
        assert_eq!(read(""), SampleBody::default());
        assert_eq!(
            read("name=a+%26%3D%C3%A9&most=7&from=-3&whole=true&side=right&status=x"),
            SampleBody {
                name: Some("a &=é".to_owned()),
                most: Some(7),
                from: -3,
                whole: true,
                side: Some(Side::Right),
                status: vec!["x".to_owned()],
                sides: Vec::new(),
            }
        );
        let several = read("status=b&sides=left&status=a&status=b&sides=right");
        assert_eq!(several.status, ["b", "a", "b"]);
        assert_eq!(several.sides, [Side::Left, Side::Right]);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_field_or_parameter() {
        let of_body = |body: &str| parse::<SampleBody>(body.as_bytes()).unwrap_err().detail;
        for (body, wanted) in [
            (r#"{"other": [1]}"#, "other: unknown field `other`"),
            (
                r#"{"status": ["a"], "other": [1], "name": "b"}"#,
                "other: unknown",
            ),
            (r#"{"name": ["a"]}"#, "name: must not be an array"),
            (r#"["a"]"#, "body: must be an object, not an array"),
        ] {
            assert!(of_body(body).starts_with(wanted), "{body}");
        }
        for (query, wanted) in [
            ("most=7&most=7", "most: is given more than once"),
            ("name=&name=", "name: is given more than once"),
            ("most=x", "most: invalid digit found in string"),
            ("whole=1", "whole: "),
            ("side=up", "side: unknown variant"),
            ("sides=left&sides=up", "sides: unknown variant"),
            ("other=1", "other: unknown field"),
        ] {
            let refused = parse_query::<SampleBody>(query).unwrap_err().detail;
            assert!(refused.starts_with(wanted), "{query}: {refused}");
        }
    }
}
