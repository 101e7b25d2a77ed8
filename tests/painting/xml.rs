//! A second reader of XML, which shares nothing with the one that paints: elements with their namespaces, and their texts.

use std::collections::BTreeMap;

/// An element; names are written `{namespace}local`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// Without declarations of namespaces.
    pub attributes: BTreeMap<String, String>,
    pub children: Vec<Node>,
    /// Its own text, without that of its children.
    pub text: String,
}

impl Node {
    /// The name without its namespace.
    pub fn local(&self) -> &str {
        self.name.rsplit('}').next().unwrap()
    }

    pub fn child(&self, local: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.local() == local)
    }

    /// What stands within a child; nothing where there is no such child.
    pub fn within(&self, local: &str) -> &[Node] {
        let child = self.child(local);
        child.map(|child| &child.children[..]).unwrap_or_default()
    }

    pub fn all<'s>(&'s self, local: &'s str) -> impl Iterator<Item = &'s Node> {
        self.children
            .iter()
            .filter(move |child| child.local() == local)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// An attribute of another namespace, by its local name.
    pub fn foreign(&self, local: &str) -> Option<&str> {
        let ending = format!("}}{local}");
        self.attributes
            .iter()
            .find(|(name, _)| name.ends_with(&ending))
            .map(|(_, value)| value.as_str())
    }

    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.parse().ok()
    }

    /// All texts within, in order of the elements, those of `rPh` left out.
    pub fn words(&self) -> String {
        let inner = self
            .children
            .iter()
            .filter(|child| child.local() != "rPh")
            .map(Node::words);
        if self.local() == "t" {
            self.text.clone()
        } else {
            inner.collect()
        }
    }

    /// This element and all within.
    pub fn walk(&self) -> Vec<&Node> {
        let inner = self.children.iter().flat_map(Node::walk);
        std::iter::once(self).chain(inner).collect()
    }
}

/// Reads a part.
pub fn parse(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut stack: Vec<(String, Node, BTreeMap<String, String>)> = Vec::new();
    let mut root = None;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").ok_or("an open comment")?.1;
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let (words, after) = after.split_once("]]>").ok_or("open CDATA")?;
            stack
                .last_mut()
                .ok_or("CDATA outside")?
                .1
                .text
                .push_str(words);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("<?") {
            rest = after.split_once("?>").ok_or("an open instruction")?.1;
        } else if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>').ok_or("an open end tag")?;
            let (qualified, node, _) = stack.pop().ok_or("an end tag too many")?;
            if qualified != name.trim() {
                return Err(format!("<{qualified}> ends as </{name}>"));
            }
            close(node, &mut stack, &mut root)?;
            rest = after;
        } else if let Some(after) = rest.strip_prefix('<') {
            rest = open(after, &mut stack, &mut root)?;
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            if let Some((_, node, _)) = stack.last_mut() {
                node.text.push_str(&resolved(&rest[..end])?);
            } else if !rest[..end].trim().is_empty() {
                return Err("text outside of the root".to_owned());
            }
            rest = &rest[end..];
        }
    }
    if !stack.is_empty() {
        return Err("elements are open at the end".to_owned());
    }
    root.ok_or_else(|| "no element".to_owned())
}

type Stack = Vec<(String, Node, BTreeMap<String, String>)>;

fn close(node: Node, stack: &mut Stack, root: &mut Option<Node>) -> Result<(), String> {
    match stack.last_mut() {
        Some((_, parent, _)) => parent.children.push(node),
        None if root.is_none() => *root = Some(node),
        None => return Err("two roots".to_owned()),
    }
    Ok(())
}

fn open<'t>(
    mut rest: &'t str,
    stack: &mut Stack,
    root: &mut Option<Node>,
) -> Result<&'t str, String> {
    let end = rest
        .find(|letter: char| letter.is_whitespace() || "/>".contains(letter))
        .ok_or("an open tag")?;
    let qualified = rest[..end].to_owned();
    let mut spaces = stack
        .last()
        .map(|(_, _, spaces)| spaces.clone())
        .unwrap_or_default();
    let mut written: Vec<(String, String)> = Vec::new();
    rest = &rest[end..];
    let is_empty = loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            rest = after;
            break true;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break false;
        }
        let (name, after) = rest.split_once('=').ok_or("an attribute without a value")?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|letter| "\"'".contains(*letter))
            .ok_or("no quote")?;
        let (value, after) = after[1..].split_once(quote).ok_or("an open quote")?;
        if value.contains('<') {
            return Err("< in an attribute".to_owned());
        }
        let (name, value) = (name.trim().to_owned(), resolved(value)?);
        match name.strip_prefix("xmlns") {
            Some("") => drop(spaces.insert(String::new(), value)),
            Some(prefix) if prefix.starts_with(':') => {
                drop(spaces.insert(prefix[1..].to_owned(), value))
            }
            _ if written.iter().any(|(other, _)| *other == name) => {
                return Err(format!("{name} twice"));
            }
            _ => written.push((name, value)),
        }
        rest = after;
    };
    let full = |name: &str, is_attribute: bool| -> Result<String, String> {
        match name.split_once(':') {
            Some(("xml", local)) => Ok(format!("{{xml}}{local}")),
            Some((prefix, local)) => {
                let space = spaces
                    .get(prefix)
                    .ok_or_else(|| format!("the prefix {prefix} is not declared"))?;
                Ok(format!("{{{space}}}{local}"))
            }
            None if is_attribute => Ok(name.to_owned()),
            None => Ok(spaces
                .get("")
                .map_or_else(|| name.to_owned(), |space| format!("{{{space}}}{name}"))),
        }
    };
    let mut attributes = BTreeMap::new();
    for (name, value) in &written {
        attributes.insert(full(name, true)?, value.clone());
    }
    let node = Node {
        name: full(&qualified, false)?,
        attributes,
        children: Vec::new(),
        text: String::new(),
    };
    if is_empty {
        close(node, stack, root)?;
    } else {
        stack.push((qualified, node, spaces));
    }
    Ok(rest)
}

fn resolved(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut pieces = text.split('&');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, after) = piece.split_once(';').ok_or("a bare &")?;
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name
                    .strip_prefix('#')
                    .ok_or_else(|| format!("the entity {name}"))?;
                let code = match number.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                code.ok().and_then(char::from_u32).ok_or("a wrong entity")?
            }
        });
        out.push_str(after);
    }
    Ok(out)
}
