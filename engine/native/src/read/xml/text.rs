//! Decodes the attributes and text of a part: resolves entities, and turns line ends into `\n`.

/// Returns a name without its prefix.
#[inline]
pub fn local_part(name: &[u8]) -> &[u8] {
    match memchr::memchr(b':', name) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// The attributes of a tag: names and values as they are in the part.
pub struct XmlAttributes<'a> {
    rest: &'a [u8],
}

impl<'a> XmlAttributes<'a> {
    #[inline]
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for XmlAttributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest;
        let mut at = 0;
        while at < rest.len() && rest[at].is_ascii_whitespace() {
            at += 1;
        }
        let start = at;
        while at < rest.len() && rest[at] != b'=' && !rest[at].is_ascii_whitespace() {
            at += 1;
        }
        let name = &rest[start..at];
        while at < rest.len() && rest[at] != b'"' && rest[at] != b'\'' {
            at += 1;
        }
        let quote = *rest.get(at)?;
        let value_start = at + 1;
        let mut end = value_start;
        while end < rest.len() && rest[end] != quote {
            end += 1;
        }
        let value = rest.get(value_start..end)?;
        self.rest = rest.get(end + 1..).unwrap_or_default();
        Some((name, value))
    }
}

/// Returns the value of an attribute with entities resolved. If that fails, the value stays unchanged.
pub fn attribute_text(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    if append_decoded(raw, false, &mut text).is_err() {
        text = String::from_utf8_lossy(raw).into_owned();
    }
    text
}

/// Appends text to `out`, and resolves line ends and, unless it is character data, entities.
///
/// # Errors
/// A message if the text is not UTF-8, or contains an unknown entity.
#[inline]
pub fn append_decoded(
    raw: &[u8],
    is_character_data: bool,
    out: &mut String,
) -> std::result::Result<(), &'static str> {
    let text = std::str::from_utf8(raw).map_err(|_| "its text is not UTF-8")?;
    if memchr::memchr2(b'&', b'\r', raw).is_none() {
        out.push_str(text);
        return Ok(());
    }
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'&', b'\r', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let special = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if special == b'\r' {
            out.push('\n');
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        } else if is_character_data {
            out.push('&');
        } else {
            let end = memchr::memchr(b';', rest.as_bytes())
                .ok_or("its XML is damaged: an entity is not closed")?;
            out.push(entity(&rest[..end]).ok_or("its XML is damaged: an entity is not known")?);
            rest = &rest[end + 1..];
        }
    }
    out.push_str(rest);
    Ok(())
}

/// Returns the character for the name or number of an entity.
pub fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
