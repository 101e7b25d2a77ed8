//! Serves files with an ETag, and a part of a file on request (RFC 9110, 13 and 14), so that an interrupted download can be
//! continued.

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::problem::ApiError;
use crate::base::problem::code;

/// A file to be served.
pub struct Download<'a> {
    /// The path of the file.
    pub path: &'a Path,
    /// The name under which a browser saves it.
    pub name: &'a str,
    /// The media type of the file.
    pub kind: &'static str,
    /// A tag that changes with the bytes. `None`: made from the size and the time of change.
    pub tag: Option<&'a str>,
}

/// Returns the media type of a file from its extension.
pub fn kind_of(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsm" => "application/vnd.ms-excel.sheet.macroenabled.12",
        "xltx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        "xltm" => "application/vnd.ms-excel.template.macroenabled.12",
        "xls" => "application/vnd.ms-excel",
        "xlsb" => "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "txt" => "text/plain",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// Serves a file with the media type of its name.
///
/// # Errors
/// The file cannot be read, or does not contain the range.
pub async fn serve(
    path: &Path,
    name: &str,
    tag: Option<&str>,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let unreadable =
        |error: std::io::Error| ApiError::internal(format!("{}: {error}", path.display()));
    let opened = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let kind = kind_of(name);
    let file = Download {
        path,
        name,
        kind,
        tag,
    };
    serve_opened(opened, &file, asked).await
}

/// Serves an open file. Its tag is that of these bytes, even if another file takes its path meanwhile.
///
/// # Errors
/// The file cannot be read, or does not contain the range.
pub async fn serve_opened(
    mut opened: tokio::fs::File,
    file: &Download<'_>,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let unreadable =
        |error: std::io::Error| ApiError::internal(format!("{}: {error}", file.path.display()));
    let found = opened.metadata().await.map_err(unreadable)?;
    let size = found.len();
    let tag = match file.tag {
        Some(tag) => format!("\"{tag}\""),
        None => {
            let changed = found.modified().ok();
            let since = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            format!("\"{size:x}-{:x}\"", since.unwrap_or_default().as_nanos())
        }
    };
    if matches(asked, header::IF_NONE_MATCH, &tag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        tagged(response.headers_mut(), &tag);
        return Ok(response);
    }
    // A range of another version than the client's is useless, so the whole file is sent.
    let known = asked.get(header::IF_RANGE);
    let same = known.is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let range = asked.get(header::RANGE).filter(|_| same);
    let range = range
        .and_then(|value| value.to_str().ok())
        .map(|value| part(value, size));
    let (from, length, status) = match range {
        None | Some(ByteRange::Whole) => (0, size, StatusCode::OK),
        Some(ByteRange::Some(from, length)) => (from, length, StatusCode::PARTIAL_CONTENT),
        Some(ByteRange::Outside) => return Ok(outside(size)),
    };
    opened
        .seek(SeekFrom::Start(from))
        .await
        .map_err(unreadable)?;
    let body = Body::from_stream(ReaderStream::with_capacity(opened.take(length), 64 * 1024));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    tagged(headers, &tag);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{size}", from + length - 1);
        insert(headers, header::CONTENT_RANGE, &range);
    }
    insert(
        headers,
        header::CONTENT_DISPOSITION,
        &disposition(file.name),
    );
    Ok(response)
}

/// Serves an archive that was made for this request.
///
/// # Errors
/// The same errors as for [`serve_opened`].
pub async fn serve_zip(
    archive: std::fs::File,
    name: &str,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let download = Download {
        path: Path::new(name),
        name,
        kind: "application/zip",
        tag: None,
    };
    serve_opened(tokio::fs::File::from_std(archive), &download, asked).await
}

/// Adds an ETag, and the instruction to check it before each use.
pub fn tagged(headers: &mut HeaderMap, tag: &str) {
    insert(headers, header::ETAG, tag);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
}

/// Adds a header. Skips a value with characters that a header cannot have.
pub fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn outside(size: u64) -> Response {
    let detail = format!("the range is outside the file, which has {size} bytes");
    let error = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, code::BAD_REQUEST, detail);
    let mut response = error.into_response();
    insert(
        response.headers_mut(),
        header::CONTENT_RANGE,
        &format!("bytes */{size}"),
    );
    response
}

/// Returns whether a header names this tag.
pub fn matches(asked: &HeaderMap, name: header::HeaderName, tag: &str) -> bool {
    asked
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|given| given.trim() == "*" || given.trim().trim_start_matches("W/") == tag)
}

/// Returns a header value with the name in ASCII for old clients, and the whole name (RFC 6266 and RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            '"' | '\\' => '_',
            letter if letter.is_ascii_graphic() || letter == ' ' => letter,
            _ => '_',
        })
        .collect();
    let whole = in_url(name);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// Encodes a name as a segment of a path (RFC 3986).
pub fn in_url(name: &str) -> String {
    let mut written = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// A requested part of a file.
#[derive(Debug, PartialEq, Eq)]
enum ByteRange {
    /// The whole file: the header is not a supported range.
    Whole,
    /// A part: its first byte, and its length.
    Some(u64, u64),
    /// No part of the file: the range begins after its end.
    Outside,
}

/// Parses a range of bytes. Several ranges count as the whole file, as RFC 9110 allows.
fn part(range: &str, size: u64) -> ByteRange {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return ByteRange::Whole;
    };
    match (first.trim().parse::<u64>(), last.trim()) {
        (Ok(first), _) if first >= size => ByteRange::Outside,
        (Ok(first), "") => ByteRange::Some(first, size - first),
        (Ok(first), last) => match last.parse::<u64>() {
            Ok(last) if last >= first => ByteRange::Some(first, last.min(size - 1) - first + 1),
            _ => ByteRange::Whole,
        },
        (Err(_), last) if first.trim().is_empty() => match last.parse::<u64>() {
            Ok(0) => ByteRange::Outside,
            Ok(_) if size == 0 => ByteRange::Outside,
            Ok(length) => ByteRange::Some(size - length.min(size), length.min(size)),
            Err(_) => ByteRange::Whole,
        },
        _ => ByteRange::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (range, expected) in [
            ("bytes=0-99", ByteRange::Some(0, 100)),
            ("bytes=500-", ByteRange::Some(500, 500)),
            ("bytes=900-5000", ByteRange::Some(900, 100)),
            ("bytes=-100", ByteRange::Some(900, 100)),
            ("bytes=-5000", ByteRange::Some(0, 1000)),
            ("bytes=1000-", ByteRange::Outside),
            ("bytes=-0", ByteRange::Outside),
            ("bytes=5-2", ByteRange::Whole),
            ("bytes=0-1,5-6", ByteRange::Whole),
            ("lines=0-1", ByteRange::Whole),
            ("bytes=x", ByteRange::Whole),
        ] {
            assert_eq!(part(range, 1000), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), ByteRange::Outside);
        assert_eq!(part("bytes=-5", 0), ByteRange::Outside);
    }

    #[test]
    fn a_name_of_any_letters_is_kept() {
        assert_eq!(
            disposition("Größe \"x\".xlsx"),
            "attachment; filename=\"Gr__e _x_.xlsx\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%22x%22.xlsx"
        );
    }
}
