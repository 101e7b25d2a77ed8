//! Finds the parts of a web page that was saved with all its resources as one mail: `.mht`.

use crate::read::csv::guess;

use super::tags::meta_charset;

/// The maximum depth of mails within mails.
const MAX_STYLE_DEPTH: usize = 4;
const MAXIMUM_PARTS: usize = 8192;

/// A part of a mail.
#[derive(Debug)]
pub struct MailPart {
    /// The content type in lower case, such as `text/html`.
    pub kind: String,
    /// The address of the part before it was saved.
    pub location: String,
    charset: Option<String>,
    encoding: String,
    body: (usize, usize),
}

impl MailPart {
    /// Returns the text of the part; `mail` is the whole mail.
    pub fn text(&self, mail: &[u8]) -> String {
        let body = &mail[self.body.0..self.body.1];
        let decoded = match self.encoding.as_str() {
            "quoted-printable" => of_quoted_printable(body),
            "base64" => of_base64(body),
            _ => body.to_vec(),
        };
        let named = self.charset.clone().or_else(|| meta_charset(&decoded));
        guess::text_of(&decoded, named.as_deref())
    }
}

/// Returns all parts of a mail that have no parts themselves.
pub fn parts(mail: &[u8]) -> Vec<MailPart> {
    let mut found = Vec::new();
    collect(mail, (0, mail.len()), 0, &mut found);
    found
}

fn collect(mail: &[u8], (start, end): (usize, usize), depth: usize, found: &mut Vec<MailPart>) {
    if depth > MAX_STYLE_DEPTH || found.len() >= MAXIMUM_PARTS {
        return;
    }
    let (headers, body_at) = headers(&mail[start..end]);
    let body = (start + body_at, end);
    let value = |name: &str| {
        headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    };
    let content = value("content-type").unwrap_or_default();
    let kind = content
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if kind.starts_with("multipart/")
        && let Some(boundary) = parameter(content, "boundary")
    {
        for piece in pieces(&mail[body.0..body.1], boundary.as_bytes()) {
            collect(mail, (body.0 + piece.0, body.0 + piece.1), depth + 1, found);
        }
        return;
    }
    found.push(MailPart {
        kind,
        location: value("content-location").unwrap_or_default().to_owned(),
        charset: parameter(content, "charset"),
        encoding: value("content-transfer-encoding")
            .unwrap_or_default()
            .to_ascii_lowercase(),
        body,
    });
}

/// Returns the headers of a part, with their names in lower case, and the start of its body.
fn headers(part: &[u8]) -> (Vec<(String, String)>, usize) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    while at < part.len() {
        let end = memchr::memchr(b'\n', &part[at..]).map_or(part.len(), |found| at + found + 1);
        let line = String::from_utf8_lossy(&part[at..end]);
        at = end;
        if line.trim().is_empty() {
            // A part may begin with an empty line; after headers, an empty line starts the body.
            match headers.is_empty() {
                true => continue,
                false => break,
            }
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, at)
}

/// Returns a parameter of a header, such as its `boundary`.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (found, value) = piece.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (found.trim().eq_ignore_ascii_case(name) && !value.is_empty()).then(|| value.to_owned())
    })
}

/// Returns the ranges between the boundaries of a mail.
fn pieces(body: &[u8], boundary: &[u8]) -> Vec<(usize, usize)> {
    let mark = [b"--", boundary].concat();
    let (mut found, mut start) = (Vec::new(), None);
    for at in memchr::memmem::find_iter(body, &mark) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        if let Some(start) = start {
            found.push((start, at));
        }
        let behind = at + mark.len();
        if body[behind..].starts_with(b"--") || found.len() >= MAXIMUM_PARTS {
            return found;
        }
        start =
            Some(memchr::memchr(b'\n', &body[behind..]).map_or(body.len(), |end| behind + end + 1));
    }
    // The closing boundary may be missing.
    found.extend(start.map(|start| (start, body.len())));
    found
}

fn of_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let digit = |at: usize| rest.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (Some(high), Some(low)) = (digit(0), digit(1)) {
            out.push((high * 16 + low) as u8);
            rest = &rest[2..];
        } else if let Some(line) = rest
            .strip_prefix(b"\r\n")
            .or_else(|| rest.strip_prefix(b"\n"))
        {
            rest = line;
        } else {
            out.push(b'=');
        }
    }
    out.extend_from_slice(rest);
    out
}

fn of_base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for &byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_and_decoded() {
        let mail = b"MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\tboundary=\"x=y\"\r\n\r\nwords\r\n--x=y\r\n\
            Content-Location: file:///a/b.htm\r\nContent-Type: text/html; charset=\"utf-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\
            \r\n<p>=C3=A9 a=\r\nb =3D =\r\n--x=y\nContent-Type: text/css\nContent-Transfer-Encoding: base64\n\nYS5i\r\ne30=\n--x=y--\nafter";
        let parts = parts(mail);
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.kind.as_str(), part.location.as_str(), part.text(mail)))
            .collect();
        assert_eq!(
            found,
            [
                ("text/html", "file:///a/b.htm", "<p>é ab = ".to_owned()),
                ("text/css", "", "a.b{}".to_owned())
            ]
        );
    }
}
