//! Reads the imports of a Rust crate.
//!
//! Counted are `use` lines, also nested ones and those within functions, and paths in the code (`crate::x::y()`, `super::Y`,
//! `child::z()`). Not counted are comments, doc links and text, code under `#[cfg(test)]`, `mod` lines, and a parent's `pub
//! use` of what its own children define. A re-exported name counts as imported from where it is defined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::graph::Graph;

/// Names from a crate's root to a module or an item.
type Names = Vec<String>;

/// A module: a file, or a block within one.
#[derive(Debug, Default)]
struct Module {
    file: String,
    children: BTreeSet<String>,
    uses: Vec<Use>,
    /// The names that it defines.
    items: BTreeSet<String>,
    /// The paths in its code, as written.
    paths: BTreeSet<Names>,
}

/// One name of a `use` line.
#[derive(Debug)]
struct Use {
    path: Names,
    /// The name in this module; `*` for all names of a module.
    name: String,
    is_public: bool,
}

/// Reads the crate whose `lib.rs` or `main.rs` is in a folder: every file that its `mod` lines lead to.
pub fn read(folder: &Path) -> Graph {
    let mut modules = BTreeMap::new();
    read_file(folder, &Vec::new(), &mut modules);
    let mut graph = Graph::default();
    let root_is_used = modules[&Vec::new()].uses.iter().any(|line| !line.is_public)
        || !modules[&Vec::new()].items.is_empty();
    for (names, module) in &modules {
        if !names.is_empty() || root_is_used {
            graph.files.insert(module.file.clone());
        }
        for line in &module.uses {
            let mut path = absolute(&line.path, names, module);
            let Some(target) = path.as_mut() else {
                continue;
            };
            let target = home_of(target, &modules, 0);
            let is_own = target.starts_with(names) && target.len() > names.len();
            if !(line.is_public && is_own) {
                graph.add(&module.file, &modules[&target].file);
            }
        }
        for path in &module.paths {
            if let Some(path) = absolute(path, names, module) {
                graph.add(&module.file, &modules[&home_of(&path, &modules, 0)].file);
            }
        }
    }
    graph
}

/// Reads a module's file, and those of its children.
fn read_file(folder: &Path, names: &Names, modules: &mut BTreeMap<Names, Module>) {
    let inside = names.join("/");
    let (path, file) = match names.as_slice() {
        [] => {
            let root = if folder.join("lib.rs").is_file() {
                "lib"
            } else {
                "main"
            };
            (folder.join(format!("{root}.rs")), root.to_owned())
        }
        _ => {
            let flat = folder.join(format!("{inside}.rs"));
            let nested = folder.join(&inside).join("mod.rs");
            (if flat.is_file() { flat } else { nested }, inside)
        }
    };
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()));
    let tokens = TokenStream::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is not Rust: {error}", path.display()));
    let mut found = Vec::new();
    read_module(tokens, names, &file, modules, &mut found);
    for child in found {
        read_file(folder, &child, modules);
    }
}

/// Reads the contents of a module; `files` receives the children that have their own files.
fn read_module(
    tokens: TokenStream,
    names: &Names,
    file: &str,
    modules: &mut BTreeMap<Names, Module>,
    files: &mut Vec<Names>,
) {
    let mut module = Module {
        file: file.to_owned(),
        ..Module::default()
    };
    let tokens: Vec<TokenTree> = without_tests(tokens);
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).and_then(ident);
        match (ident(token).as_deref(), next) {
            (Some("mod"), Some(child)) => {
                module.children.insert(child.clone());
                let inner = [names.clone(), vec![child]].concat();
                match &tokens.get(at + 2) {
                    Some(TokenTree::Group(body)) => {
                        read_module(body.stream(), &inner, file, modules, files);
                    }
                    _ => files.push(inner),
                }
            }
            (
                Some("struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static"),
                Some(item),
            ) => drop(module.items.insert(item)),
            _ => {}
        }
    }
    read_code(&tokens, true, &mut module);
    modules.insert(names.clone(), module);
}

/// Collects `use` lines and paths, also in blocks. `mod` blocks are separate modules.
fn read_code(tokens: &[TokenTree], is_module: bool, module: &mut Module) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let is_child = is_module
                    && at >= 2
                    && ident(&tokens[at - 2]).as_deref() == Some("mod")
                    && group.delimiter() == Delimiter::Brace;
                if !is_child {
                    read_code(&without_tests(group.stream()), false, module);
                }
                at += 1;
            }
            TokenTree::Ident(word) if word == "use" && !is_punct(tokens.get(at + 1), '<') => {
                let end = (at..tokens.len())
                    .find(|&end| is_punct(tokens.get(end), ';'))
                    .unwrap_or(tokens.len());
                let is_public = at > 0
                    && (ident(&tokens[at - 1]).as_deref() == Some("pub")
                        || at > 1
                            && matches!(tokens[at - 1], TokenTree::Group(_))
                            && ident(&tokens[at - 2]).as_deref() == Some("pub"));
                read_use(
                    &tokens[at + 1..end],
                    &Vec::new(),
                    is_public,
                    &mut module.uses,
                );
                at = end;
            }
            TokenTree::Ident(_) => {
                let path = path_at(tokens, at);
                at += 1 + 3 * (path.len() - 1);
                if path.len() > 1 {
                    module.paths.insert(path);
                }
            }
            _ => at += 1,
        }
    }
}

/// Reads the tree of a `use` line after `prefix`.
fn read_use(tokens: &[TokenTree], prefix: &Names, is_public: bool, uses: &mut Vec<Use>) {
    let mut path = prefix.clone();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is_punct(Some(token), ',')) {
                    read_use(branch, &path, is_public, uses);
                }
                return;
            }
            TokenTree::Ident(word) if word == "as" => {
                let name = tokens.get(at + 1).and_then(ident).unwrap_or_default();
                uses.push(Use {
                    path,
                    name,
                    is_public,
                });
                return;
            }
            TokenTree::Ident(word) if word == "self" && !prefix.is_empty() && at == 0 => {}
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Punct(mark) if mark.as_char() == '*' => {
                let name = "*".to_owned();
                uses.push(Use {
                    path,
                    name,
                    is_public,
                });
                return;
            }
            _ => {}
        }
    }
    if let Some(name) = path.last().cloned() {
        uses.push(Use {
            path,
            name,
            is_public,
        });
    }
}

/// Returns the names of a path that starts at a token, joined by `::`.
fn path_at(tokens: &[TokenTree], start: usize) -> Names {
    let mut path = Vec::new();
    let mut at = start;
    while let Some(word) = tokens.get(at).and_then(ident) {
        path.push(word);
        if !(is_punct(tokens.get(at + 1), ':') && is_punct(tokens.get(at + 2), ':')) {
            break;
        }
        at += 3;
    }
    path
}

/// Returns a path as names from the crate's root; `None` if it leads out of the crate.
fn absolute(path: &Names, names: &Names, module: &Module) -> Option<Names> {
    let mut base = names.clone();
    let mut rest = path.as_slice();
    match rest.first()?.as_str() {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                base.pop();
                rest = &rest[1..];
            }
            return Some([base, rest.to_vec()].concat());
        }
        first if module.children.contains(first) => return Some([base, path.clone()].concat()),
        first => {
            // A name that a `use` line brought into this module.
            let line = module.uses.iter().find(|line| line.name == first)?;
            // `use time::time;`, and two lines that name each other: other crates.
            if module.uses.iter().any(|other| {
                line.path.first() == Some(&other.name) && other.path.first() == path.first()
            }) {
                return None;
            }
            let start = absolute(&line.path, names, module)?;
            return Some([start, path[1..].to_vec()].concat());
        }
    }
    Some([base, rest[1..].to_vec()].concat())
}

/// Returns the module that defines what a path names, following re-exports.
fn home_of(path: &Names, modules: &BTreeMap<Names, Module>, depth: usize) -> Names {
    let mut here: Names = Vec::new();
    for (at, name) in path.iter().enumerate() {
        let module = &modules[&here];
        if module.children.contains(name) {
            here.push(name.clone());
            continue;
        }
        if depth > 16 || module.items.contains(name) {
            break;
        }
        let follow = |line: &Use| {
            let start = absolute(&line.path, &here, module)?;
            Some([start, path[at + 1..].to_vec()].concat())
        };
        if let Some(next) = module.uses.iter().find(|line| line.name == *name) {
            return match follow(next) {
                Some(next) => home_of(&next, modules, depth + 1),
                None => here,
            };
        }
        for line in module.uses.iter().filter(|line| line.name == "*") {
            if let Some(start) = absolute(&line.path, &here, module) {
                let there = home_of(&start, modules, depth + 1);
                if modules[&there].items.contains(name) {
                    return there;
                }
            }
        }
        break;
    }
    here
}

/// Returns the tokens without attributes and without code under `#[cfg(test)]`.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let body = at + 1 + usize::from(is_punct(tokens.get(at + 1), '!'));
        let Some(TokenTree::Group(attribute)) = tokens.get(body).filter(|token| {
            is_punct(tokens.get(at), '#')
                && matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket)
        }) else {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        };
        at = body + 1;
        if is_test(attribute.stream()) {
            at = end_of_item(&tokens, at);
        }
    }
    kept
}

/// Returns whether an attribute is `cfg(test)`, or a `cfg` that includes it.
fn is_test(attribute: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "cfg" || word == "all" => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner
                .split(|token| is_punct(Some(token), ','))
                .any(|tokens| is_test(tokens.iter().cloned().collect()))
        }
        [TokenTree::Ident(word)] => word == "test",
        _ => false,
    }
}

/// Returns the end of the item, field or arm that starts at a token.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let is_item = tokens.get(start).and_then(ident).is_some_and(|word| {
        let words = "pub use mod fn struct enum union trait impl type const static unsafe extern async macro_rules";
        words.split(' ').any(|known| known == word)
    }) || is_punct(tokens.get(start), '#');
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            TokenTree::Punct(mark) if mark.as_char() == ';' => break,
            TokenTree::Punct(mark) if mark.as_char() == ',' && !is_item => break,
            _ => {}
        }
    }
    at
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}
