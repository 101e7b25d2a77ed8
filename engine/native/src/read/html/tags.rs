//! Finds tags in the text of any web page: tags need not match, and attributes need no quotes.

/// The next token of a page.
#[derive(Debug, PartialEq, Eq)]
pub enum HtmlToken<'a> {
    Text(&'a str),
    Tag(HtmlTag<'a>),
    /// The content of `<!-- … -->`.
    Comment(&'a str),
}

/// A tag with its attributes.
#[derive(Debug, PartialEq, Eq)]
pub struct HtmlTag<'a> {
    pub name: &'a str,
    pub is_end: bool,
    attributes: &'a str,
}

impl<'a> HtmlTag<'a> {
    /// Returns an attribute as it is in the page; empty if it has no value.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns all attributes of the tag.
    pub fn attributes(&self) -> HtmlAttributes<'a> {
        HtmlAttributes {
            rest: self.attributes,
        }
    }
}

/// The attributes of a tag: names and values.
pub struct HtmlAttributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for HtmlAttributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let is_between = |letter: char| letter.is_ascii_whitespace() || letter == '/';
        let rest = self.rest.trim_start_matches(is_between);
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, letter)| *letter == '=' || is_between(*letter))
            .map_or(rest.len(), |(at, _)| at);
        let (name, behind) = rest.split_at(end);
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            self.rest = behind;
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quote = value
            .chars()
            .next()
            .filter(|letter| matches!(letter, '"' | '\''));
        let (value, rest) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(
                value
                    .find(|letter: char| letter.is_ascii_whitespace())
                    .unwrap_or(value.len()),
            ),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// Iterates over the tokens of a page.
#[derive(Debug, Clone)]
pub struct HtmlTokens<'a> {
    rest: &'a str,
}

impl<'a> HtmlTokens<'a> {
    /// Starts at the beginning of a text.
    pub fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    /// Takes everything up to the end tag with this name, and skips that tag.
    pub fn take_raw(&mut self, name: &str) -> &'a str {
        let mut from = 0;
        while let Some(found) = memchr::memmem::find(&self.rest.as_bytes()[from..], b"</") {
            let at = from + found;
            let behind = &self.rest.as_bytes()[at + 2..];
            if behind
                .get(..name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            {
                let raw = &self.rest[..at];
                self.rest = &self.rest[at..];
                self.next();
                return raw;
            }
            from = at + 2;
        }
        std::mem::take(&mut self.rest)
    }
}

impl<'a> Iterator for HtmlTokens<'a> {
    type Item = HtmlToken<'a>;

    fn next(&mut self) -> Option<HtmlToken<'a>> {
        loop {
            let rest = self.rest;
            let bytes = rest.as_bytes();
            if rest.is_empty() {
                return None;
            }
            // A `<` begins a tag only before a letter, `/`, `!` or `?`.
            let mut from = 0;
            let start = loop {
                match memchr::memchr(b'<', &bytes[from..]) {
                    Some(found) => match bytes.get(from + found + 1) {
                        Some(b'/' | b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z') => break from + found,
                        _ => from += found + 1,
                    },
                    None => break rest.len(),
                }
            };
            if start > 0 {
                self.rest = &rest[start..];
                return Some(HtmlToken::Text(&rest[..start]));
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                let (comment, behind) = comment.split_once("-->").unwrap_or((comment, ""));
                self.rest = behind;
                return Some(HtmlToken::Comment(comment));
            }
            let end = end_of_tag(bytes);
            let inside = &rest[1..end];
            self.rest = rest.get(end + 1..).unwrap_or_default();
            if inside.starts_with(['!', '?']) {
                continue;
            }
            let (inside, is_end) = match inside.strip_prefix('/') {
                Some(inside) => (inside, true),
                None => (inside, false),
            };
            let stop = inside.find(|letter: char| letter.is_ascii_whitespace() || letter == '/');
            let (name, attributes) = inside.split_at(stop.unwrap_or(inside.len()));
            return Some(HtmlToken::Tag(HtmlTag {
                name,
                is_end,
                attributes,
            }));
        }
    }
}

/// Returns the position of the `>` of a tag, outside of quoted values, which follow a `=`; the end of the text if there is
/// none.
fn end_of_tag(bytes: &[u8]) -> usize {
    let mut at = 1;
    let mut behind_equals = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return at,
            b'"' | b'\'' if behind_equals => match memchr::memchr(byte, &bytes[at + 1..]) {
                Some(found) => {
                    at += found + 1;
                    behind_equals = false;
                }
                // A quote that is never closed is a letter.
                None => behind_equals = false,
            },
            b'=' => behind_equals = true,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => behind_equals = false,
        }
        at += 1;
    }
    bytes.len()
}

/// Returns the encoding that a page names near its start.
pub(super) fn meta_charset(bytes: &[u8]) -> Option<String> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let at = ["charset", "encoding"]
        .iter()
        .find_map(|word| Some(start.find(word)? + word.len()))?;
    let value = start[at..].trim_start().strip_prefix('=')?;
    let value = value.trim_start_matches([' ', '"', '\'']);
    let end =
        value.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_:.".contains(letter));
    Some(value[..end.unwrap_or(value.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_however_they_are_written() {
        let page = "a < b<TD x:num='1>2' NOWRAP width=10 title=\"x\">t</td ><!-- <td> --><br/><![if x]><?xml y?>z<p";
        let mut found = String::new();
        for token in HtmlTokens::new(page) {
            found += &match token {
                HtmlToken::Text(text) => format!("'{text}' "),
                HtmlToken::Comment(text) => format!("!{text}! "),
                HtmlToken::Tag(tag) => {
                    let attributes: Vec<String> = tag
                        .attributes()
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect();
                    format!(
                        "{}{}[{}] ",
                        if tag.is_end { "-" } else { "+" },
                        tag.name,
                        attributes.join(",")
                    )
                }
            };
        }
        assert_eq!(
            found,
            "'a < b' +TD[x:num=1>2,NOWRAP=,width=10,title=x] 't' -td[] ! <td> ! +br[] 'z' +p[] "
        );
        let mut tokens = HtmlTokens::new("a{}</styl</STYLE >b");
        assert_eq!(tokens.take_raw("style"), "a{}</styl");
        assert_eq!(tokens.next(), Some(HtmlToken::Text("b")));
        assert_eq!(HtmlTokens::new("x").take_raw("style"), "x");
    }
}
