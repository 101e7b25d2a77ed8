//! Reads e-mail addresses.

use super::text::trimmed;
use crate::words::cut::is_format;

/// The maximum numbers of bytes in an address, in its part before the `@`, and in a label behind it (RFC 5321, RFC 1035).
const MAX_ADDRESS_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// Returns whether a label can be the last one: letters, or the form in which programs write letters outside of ASCII
/// ("xn--p1ai").
fn is_top_level(label: &str) -> bool {
    let is_long = label.chars().nth(1).is_some();
    let is_encoded = label
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    is_long && (is_encoded || label.chars().all(char::is_alphabetic))
}

/// Adds the address in a text, in small letters: of "Avery <mailto:A@B.com>" the part in the brackets. Returns `false` if there
/// is no address, or more than one.
pub fn push_email(text: &str, out: &mut String) -> bool {
    push_plain_email(text, out) || push_any_email(text, out)
}

/// Adds the address in a text that consists of ASCII letters, digits and a few marks, as most addresses do. `false` leaves any
/// other text to [`push_any_email`], which gives the same result for these texts.
fn push_plain_email(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut label) = (None, 0);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            // No part of the address begins or ends with a mark, or has two marks in succession.
            b'.' | b'-' | b'_' | b'+' | b'@' if place == label => return false,
            b'@' if at.is_none() && place <= MAX_LOCAL_BYTES => {
                at = Some(place);
                label = place + 1;
            }
            b'.' if at.is_none() || place - label <= MAX_LABEL_BYTES => label = place + 1,
            b'-' | b'_' | b'+' if at.is_none() => label = place + 1,
            _ => return false,
        }
    }
    let Some(at) = at else {
        return false;
    };
    let last = &bytes[label..];
    let is_good = label > at + 1
        && (2..=MAX_LABEL_BYTES).contains(&last.len())
        && bytes.len() <= MAX_ADDRESS_BYTES
        && last.iter().all(u8::is_ascii_alphabetic);
    if is_good {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    }
    is_good
}

fn push_any_email(text: &str, out: &mut String) -> bool {
    let mut address = trimmed(text);
    if let (Some(open), Some(close)) = (address.find('<'), address.rfind('>'))
        && open < close
        && address.matches('@').count() == 1
    {
        address = address[open + 1..close].trim();
    }
    address = bare_address(address);
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !is_format(c) && !"@,;<>()\":\\[]|".contains(c)
    };
    let labels_are_good = domain.split('.').count() > 1
        && domain.split('.').all(|label| {
            (1..=MAX_LABEL_BYTES).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
        && domain.rsplit('.').next().is_some_and(is_top_level);
    if !(1..=MAX_LOCAL_BYTES).contains(&local.len())
        || !local.chars().all(is_plain)
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
        || local.starts_with('/')
        || local.contains("//")
        || !labels_are_good
        || address.len() > MAX_ADDRESS_BYTES
    {
        return false;
    }
    for c in address.chars() {
        out.extend(c.to_lowercase());
    }
    true
}

/// Returns an address without the additions of programs and lists: "mailto:", quotes, a mark at the end.
fn bare_address(text: &str) -> &str {
    const PREFIXES: &[&str] = &["mailto:", "smtp:", "email:", "e-mail:", "to:"];
    let mut rest = text;
    loop {
        let mut inside = trimmed(rest).trim_end_matches([';', ',', '.']);
        let mut ends = inside.chars();
        if let (Some(first), Some(last)) = (ends.next(), ends.next_back())
            && matches!(
                (first, last),
                ('"', '"') | ('\'', '\'') | ('“', '”') | ('‘', '’')
            )
        {
            inside = &inside[first.len_utf8()..inside.len() - last.len_utf8()];
        }
        for prefix in PREFIXES {
            if let Some(start) = inside.get(..prefix.len())
                && start.eq_ignore_ascii_case(prefix)
            {
                inside = &inside[prefix.len()..];
            }
        }
        if inside.len() == rest.len() {
            return rest;
        }
        rest = inside;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn addresses() {
        for (text, wanted) in [
            (" Avery.Smith@Example.COM ", "avery.smith@example.com"), ("mailto:a@b.co", "a@b.co"),
            ("Avery Smith <a.s@b.example>", "a.s@b.example"), ("SMTP:a@b.co", "a@b.co"),
            ("E-Mail: 'a@b.co';", "a@b.co"), ("To: \"a@b.co\",", "a@b.co"), ("a@b.co.", "a@b.co"),
            ("o'neil+x@sub.example.org", "o'neil+x@sub.example.org"), ("Dept/Sales@b.co", "dept/sales@b.co"),
            ("a@b.XN--P1AI", "a@b.xn--p1ai"),
        ] {
            let mut out = String::new();
            assert!(push_email(text, &mut out), "{text}");
            assert_eq!(out, wanted);
        }
        for text in [
            "", "a@b", "a b@c.de", "a@b.c", "a@b.de; c@d.de", "@b.de", "a@.de", "a@b..de", "n/a", "a@b.12",
            "http://a@b.co", "/b@c.co", "a@b.c0m", "a@b.co1", "a\\b@c.co", "[a@b.co]", "a|b@c.co", "a:b@c.co",
            "a\u{200b}b@c.co",
        ] {
            assert!(!push_email(text, &mut String::new()), "{text}");
        }
    }
}
