//! Writes text into XML: checks it for characters that a cell cannot hold, and escapes it.

use std::borrow::Cow;
use std::io::Write;

use crate::cells::parts::share_tasks;
use crate::cells::white_space::{is_control, is_python_space};
use crate::columns::frame::Frame;
use crate::columns::view::{ColumnValue, ColumnView};

/// The maximum length of a text in a cell, in characters.
const MAXIMUM_TEXT: usize = 32_767;

/// Returns the first text that a worksheet cannot hold, if there is one, in the headers or in some columns of a frame.
pub fn find_illegal_text<'a>(
    headers: impl IntoIterator<Item = &'a String>,
    frame: &Frame,
    columns: &[usize],
) -> Option<String> {
    let illegal = |text: &str| is_illegal(text).then(|| cut(text).to_owned());
    if let Some(found) = headers.into_iter().find_map(|header| illegal(header)) {
        return Some(found);
    }
    (0..frame.batch_count()).find_map(|batch| {
        let (views, rows) = (frame.columns(batch), frame.batch_rows(batch));
        let views = columns.iter().map(|&column| &views[column]);
        let find = |view: &ColumnView<'_>| {
            (0..rows).find_map(|row| match view.value(row) {
                ColumnValue::Text(text) => illegal(text),
                _ => None,
            })
        };
        let texts = views.filter(|view| view.is_text()).collect();
        share_tasks(texts, rows, find).into_iter().flatten().next()
    })
}

/// Returns whether the part of a text that is written has a control character other than tab, line feed and carriage return.
fn is_illegal(text: &str) -> bool {
    has_control(text) && has_control(cut(text))
}

/// Replaces the control characters that no cell can hold with U+FFFD.
pub(super) fn holdable(text: &str) -> Cow<'_, str> {
    if !has_control(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_control, "\u{fffd}"))
}

/// Returns whether a text has a control character other than tab, line feed and carriage return.
#[inline]
pub(super) fn has_control(text: &str) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let is_illegal = |byte: &u8| is_control(char::from(*byte));
    // Checks eight bytes at a time, because bytes below 0x20 are rare.
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    words.iter().any(|word| {
        let bytes = u64::from_ne_bytes(*word);
        let may_be = bytes.wrapping_sub(ONES * 0x20) & !bytes & (ONES * 0x80) != 0;
        may_be && word.iter().any(is_illegal)
    }) || rest.iter().any(is_illegal)
}

/// Cuts a text to the maximum length in a cell.
#[inline]
pub(super) fn cut(text: &str) -> &str {
    if text.len() <= MAXIMUM_TEXT {
        return text;
    }
    text.char_indices()
        .nth(MAXIMUM_TEXT)
        .map_or(text, |(end, _)| &text[..end])
}

/// Escapes the value of an attribute.
pub fn attribute(text: &str) -> String {
    let mut out = Vec::new();
    push_escaped(text, &mut out);
    String::from_utf8_lossy(&out).replace('"', "&quot;")
}

/// Writes a `t` element. White space at either end is marked as significant.
#[inline]
pub(super) fn push_text_element(text: &str, out: &mut Vec<u8>) {
    let keep_space = text.starts_with(is_python_space) || text.ends_with(is_python_space);
    out.extend_from_slice(if keep_space {
        b"<t xml:space=\"preserve\">"
    } else {
        b"<t>"
    });
    push_escaped(text, out);
    out.extend_from_slice(b"</t>");
}

/// Escapes everything that XML would not preserve.
#[inline]
pub(super) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let replacement: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            // An unescaped carriage return would become a line feed.
            b'\r' => b"&#13;",
            // U+FFFE and U+FFFF are not characters and may not occur in XML.
            0xBE | 0xBF if at >= 2 && bytes[at - 1] == 0xBF && bytes[at - 2] == 0xEF => {
                out.extend_from_slice(&bytes[written..at - 2]);
                out.extend_from_slice("\u{fffd}".as_bytes());
                written = at + 1;
                continue;
            }
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(replacement);
        written = at + 1;
    }
    let _ = out.write_all(&bytes[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut out = Vec::new();
        push_escaped("a<b>&\r\n\u{ffff}é\u{fffe}x", &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a&lt;b&gt;&amp;&#13;\n\u{fffd}é\u{fffd}x"
        );
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        let text = "é".repeat(40_000);
        assert_eq!(cut(&text).chars().count(), MAXIMUM_TEXT);
        assert!(!is_illegal(&("x".repeat(MAXIMUM_TEXT) + "\u{1}")));
        assert!(is_illegal("a\u{b}"));
        for at in 0..20 {
            let mut text = "é~\t x\n\r€ 0123456789abcdef".to_owned();
            assert!(!is_illegal(&text));
            if text.is_char_boundary(at) {
                text.insert(at, '\u{1f}');
                assert!(is_illegal(&text), "{at}");
            }
        }
    }
}
