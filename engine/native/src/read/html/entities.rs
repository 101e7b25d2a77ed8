//! Resolves the entities in the text of web pages.

/// The entity names of the letters from U+00A0 to U+00FF.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para \
    middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml \
    Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave \
    aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde \
    ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";
/// The other entities that programs write, each with its character.
const OTHERS: &str = "amp & lt < gt > quot \" apos ' euro € ndash – mdash — lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ” bdquo „ hellip … bull • trade ™ \
    permil ‰ lsaquo ‹ rsaquo › OElig Œ oelig œ Scaron Š scaron š Yuml Ÿ minus − le ≤ ge ≥ ne ≠ Omega Ω mu μ";

/// The maximum length of an entity name.
const MAX_ENTITY_NAME_BYTES: usize = 10;

/// Adds text to `out` with its entities resolved. Unknown entities stay unchanged.
pub fn push_decoded(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let length = rest
            .bytes()
            .take(MAX_ENTITY_NAME_BYTES)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
            .count();
        match resolved(&rest[..length]) {
            Some(letter) => {
                out.push(letter);
                rest = &rest[length..];
                rest = rest.strip_prefix(';').unwrap_or(rest);
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
}

/// Returns the text with its entities resolved.
pub fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_decoded(text, &mut out);
    out
}

fn resolved(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        // Programs write byte values of Windows-1252 as character numbers.
        return match u8::try_from(code) {
            Ok(byte @ 0x80..=0x9F) => encoding_rs::WINDOWS_1252.decode(&[byte]).0.chars().next(),
            _ => char::from_u32(code).filter(|letter| *letter != '\0'),
        };
    }
    if matches!(name, "ensp" | "emsp" | "thinsp") {
        return Some(' ');
    }
    let mut others = OTHERS.split(' ');
    while let (Some(known), Some(letter)) = (others.next(), others.next()) {
        if known == name {
            return letter.chars().next();
        }
    }
    let number = LATIN
        .split_ascii_whitespace()
        .position(|known| known == name)?;
    char::from_u32(0xA0 + number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_resolved_and_nothing_else() {
        assert_eq!(
            decoded("M&uuml;ller &amp; S&#246;hne&#x20AC;&nbsp;&#150;&yuml; A&B; &unknown; &#0; &"),
            "Müller & Söhne€\u{a0}–ÿ A&B; &unknown; &#0; &"
        );
    }
}
