//! Recognises cells in the form that nearly all programs write, without reading them token by token.

/// A cell in the usual form, with its attributes and content as they are in the file.
pub struct UsualCell<'a> {
    pub reference: &'a [u8],
    pub style: &'a [u8],
    pub kind: &'a [u8],
    pub content: UsualCellContent<'a>,
    /// The number of bytes of the whole element.
    pub length: usize,
}

/// The content of a cell in the usual form.
pub enum UsualCellContent<'a> {
    Empty,
    /// The text of a `v` element.
    Value(&'a [u8]),
    /// The text of an `is` element with a single `t`.
    Inline(&'a [u8]),
}

impl<'a> UsualCell<'a> {
    /// Recognises `<c r="…" s="…" t="…">` with a `v` or a plain `is` in it. Returns `None` for a cell in any other form.
    #[inline]
    pub fn at(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(b"<c")?;
        let (mut reference, mut style, mut kind): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let is_empty = loop {
            match rest {
                [b'>', ..] => {
                    rest = &rest[1..];
                    break false;
                }
                [b'/', b'>', ..] => {
                    rest = &rest[2..];
                    break true;
                }
                [b' ', name @ (b'r' | b's' | b't'), b'=', b'"', ..] => {
                    rest = &rest[4..];
                    let end = rest.iter().take(16).position(|&byte| byte == b'"')?;
                    let slot = match name {
                        b'r' => &mut reference,
                        b's' => &mut style,
                        _ => &mut kind,
                    };
                    *slot = &rest[..end];
                    rest = &rest[end + 1..];
                }
                _ => return None,
            }
        };
        let content = if is_empty {
            UsualCellContent::Empty
        } else if let Some(value) = rest.strip_prefix(b"<v>") {
            let end = memchr::memchr(b'<', value)?;
            rest = value[end..].strip_prefix(b"</v></c>")?;
            UsualCellContent::Value(&value[..end])
        } else if let Some(inline) = rest.strip_prefix(b"<is><t") {
            let text = inline
                .strip_prefix(b">")
                .or_else(|| inline.strip_prefix(b" xml:space=\"preserve\">"))?;
            let end = memchr::memchr(b'<', text)?;
            rest = text[end..].strip_prefix(b"</t></is></c>")?;
            UsualCellContent::Inline(&text[..end])
        } else {
            rest = rest.strip_prefix(b"</c>")?;
            UsualCellContent::Empty
        };
        Some(Self {
            reference,
            style,
            kind,
            content,
            length: bytes.len() - rest.len(),
        })
    }
}
