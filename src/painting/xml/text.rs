//! Texts between tags and in attributes.

use std::borrow::Cow;

use ade_engine_native::read::xml::entity;

/// Resolves the entities in the text of an attribute or element. Unknown ones stay as they are.
pub fn unescaped(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((letter, length)) = rest.find(';').and_then(|end| {
            let letter = entity(&rest[1..end])?;
            Some((letter, end + 1))
        }) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        out.push(letter);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Escapes a text as the value of an attribute.
pub fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_escaped(&mut out, text, true);
    out
}

/// Escapes a text between tags that needs no other treatment, such as a sheet's name or a reference.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_escaped(&mut out, text, false);
    out
}

/// Appends the text of a cell or a comment (ST_Xstring, ECMA-376 part 1, 22.9.2.19). Control characters are written as escapes,
/// and so is an underscore that would begin one.
pub fn push_cell_text(out: &mut String, text: &str) {
    let has_escapes = text.bytes().any(|byte| byte == b'_' || byte < b' ');
    if !has_escapes {
        push_escaped(out, text, false);
        return;
    }
    let mut from = 0;
    for (at, letter) in text.char_indices() {
        let is_escape = letter == '_' && looks_like_escape(&text[at..]);
        let is_control = letter < ' ' && !matches!(letter, '\t' | '\n');
        if !is_escape && !is_control {
            continue;
        }
        push_escaped(out, &text[from..at], false);
        from = at + 1;
        if is_escape {
            out.push_str("_x005F_");
        } else if letter != '\r' {
            out.push_str(&format!("_x{:04X}_", u32::from(letter)));
        } else if !text[from..].starts_with('\n') {
            // A line break of old files. Before a line feed it is redundant.
            out.push('\n');
        }
    }
    push_escaped(out, &text[from..], false);
}

/// Returns whether a text begins with an escape such as `_x000D_`.
fn looks_like_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7
        && bytes[1] == b'x'
        && bytes[6] == b'_'
        && bytes[2..6].iter().all(u8::is_ascii_hexdigit)
}

/// Returns the original text of a cell: reverses [`push_cell_text`], after entities are resolved.
pub fn cell_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let letter = looks_like_escape(rest)
            .then(|| {
                u32::from_str_radix(&rest[2..6], 16)
                    .ok()
                    .and_then(char::from_u32)
            })
            .flatten();
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = &rest[7..];
            }
            None => {
                out.push('_');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.replace("\r\n", "\n")
}

/// Returns a `<t>` element with a text. Line breaks and outer spaces are kept.
pub fn text_element(prefix: &str, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 40);
    push_text_element(&mut out, prefix, text);
    out
}

/// Appends a `<t>` element with a text.
pub fn push_text_element(out: &mut String, prefix: &str, text: &str) {
    let keeps_space = text.trim() != text || text.contains(['\n', '\t']) || text.contains("  ");
    let space = if keeps_space {
        " xml:space=\"preserve\""
    } else {
        ""
    };
    for piece in ["<", prefix, "t", space, ">"] {
        out.push_str(piece);
    }
    push_cell_text(out, text);
    for piece in ["</", prefix, "t>"] {
        out.push_str(piece);
    }
}

fn push_escaped(out: &mut String, text: &str, in_attribute: bool) {
    // Most texts need no escapes. U+FFFE and U+FFFF begin with the byte 0xEF.
    let is_special = |byte: u8| byte < b' ' || matches!(byte, b'&' | b'<' | b'>' | b'"' | 0xEF);
    if !text.bytes().any(is_special) {
        out.push_str(text);
        return;
    }
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            '\n' | '\t' | '\r' if in_attribute => {
                out.push_str(&format!("&#{};", u32::from(letter)));
            }
            '\t' | '\n' => out.push(letter),
            // These characters are not allowed in XML 1.0 in any form.
            '\0'..'\x20' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
}

/// Shortens a text to at most `most` UTF-16 units, which Excel counts. A shortened text ends with `…`.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    // No character has more units than bytes.
    if text.len() <= most || text.encode_utf16().count() <= most {
        return Cow::Borrowed(text);
    }
    let mut units = 1;
    let end = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > most
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_resolved_and_unknown_ones_kept() {
        assert_eq!(
            unescaped("a&lt;&#65;&#x42;&amp;amp;&nope;&"),
            "a<AB&amp;&nope;&"
        );
    }

    #[test]
    fn a_text_comes_back_as_it_was() {
        for text in [
            "_x000D_",
            "a\u{1}b",
            "<&>\"'",
            " two  spaces ",
            "line\nline\ttab",
            "_x00",
            "ö",
        ] {
            let mut out = String::new();
            push_cell_text(&mut out, text);
            assert_eq!(cell_text(&unescaped(&out)), text, "{out}");
        }
        let mut out = String::new();
        push_cell_text(&mut out, "a\r\nb\rc");
        assert_eq!(out, "a\nb\nc");
        assert_eq!(
            text_element("x:", " a"),
            "<x:t xml:space=\"preserve\"> a</x:t>"
        );
        assert_eq!(attribute("\"\n"), "&quot;&#10;");
    }

    #[test]
    fn long_texts_end_with_dots_within_the_limit() {
        assert_eq!(shortened("abcde", 5), "abcde");
        assert_eq!(shortened("abcdef", 5), "abcd…");
        assert_eq!(shortened("😀😀😀", 5), "😀😀…");
        assert_eq!(shortened("ääää", 4), "ääää");
    }
}
