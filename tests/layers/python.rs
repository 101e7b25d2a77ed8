//! Reading the imports of a Python package.
//!
//! Every `import` and `from … import` counts: those within functions, those under `TYPE_CHECKING`, relative ones.
//! Comments and text do not, so neither do names in doc strings, nor modules that are imported by a computed name.

use std::collections::BTreeSet;
use std::path::Path;

use super::graph::Graph;

/// Reads a package. `compiled` are modules of it that have no `.py` file.
pub fn read(folder: &Path, compiled: &[&str]) -> Graph {
    let package = folder.file_name().unwrap().to_str().unwrap();
    let mut sources = Vec::new();
    collect(folder, "", &mut sources);
    let mut graph = Graph::default();
    graph
        .files
        .extend(sources.iter().map(|(name, ..)| name.clone()));
    graph
        .files
        .extend(compiled.iter().map(|&name| name.to_owned()));
    for (name, is_folder, text) in &sources {
        let inside = match name.as_str() {
            "__init__" => package.to_owned(),
            _ => format!("{package}.{}", name.replace('/', ".")),
        };
        let home = if *is_folder {
            inside
        } else {
            inside.rsplit_once('.').unwrap().0.to_owned()
        };
        for statement in statements(text) {
            for target in imported(&statement, &home, package, &graph.files) {
                graph.add(name, &target);
            }
        }
    }
    graph
}

/// The files below a folder: name, whether it stands for its folder, text.
fn collect(folder: &Path, prefix: &str, sources: &mut Vec<(String, bool, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), sources);
        } else if let Some(stem) = name.strip_suffix(".py") {
            let is_folder = stem == "__init__";
            let module = match prefix.trim_end_matches('/') {
                "" => stem.to_owned(),
                folder if is_folder => folder.to_owned(),
                folder => format!("{folder}/{stem}"),
            };
            sources.push((module, is_folder, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The modules of the package that a statement imports; `home` is the package that relative names start from.
fn imported(
    statement: &str,
    home: &str,
    package: &str,
    files: &BTreeSet<String>,
) -> BTreeSet<String> {
    // The file of a dotted name, or of what it is in.
    let file_of = |dotted: &str| -> Option<String> {
        let inside = match dotted.strip_prefix(package)? {
            "" => "__init__".to_owned(),
            rest => rest.strip_prefix('.')?.replace('.', "/"),
        };
        files.contains(&inside).then_some(inside)
    };
    let first_word = |text: &str| {
        text.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    if let Some(names) = statement.strip_prefix("import ") {
        return names
            .split(',')
            .filter_map(|name| file_of(&first_word(name)))
            .collect();
    }
    let Some((module, names)) = statement
        .strip_prefix("from ")
        .and_then(|rest| rest.split_once(" import "))
    else {
        return BTreeSet::new();
    };
    let module = module.trim();
    let dots = module.len() - module.trim_start_matches('.').len();
    let module = if dots == 0 {
        module.to_owned()
    } else {
        let mut parts: Vec<&str> = home.split('.').collect();
        parts.truncate(parts.len() + 1 - dots);
        parts.extend(module[dots..].split('.').filter(|part| !part.is_empty()));
        parts.join(".")
    };
    names
        .trim_matches(['(', ')', ' '])
        .split(',')
        .map(first_word)
        .filter(|name| !name.is_empty())
        .filter_map(|name| file_of(&format!("{module}.{name}")).or_else(|| file_of(&module)))
        .collect()
}

/// The statements of a module, each in one line, without comments and with all text emptied.
fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        if first == '"' || first == '\'' {
            rest = &rest[string_length(rest, first)..];
            continue;
        }
        match first {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let continues = rest.starts_with("\\\n");
        if (first == '\n' || first == ';') && depth == 0 {
            statements.push(String::new());
        } else if let Some(last) = statements.last_mut() {
            last.push(if first == '\n' || continues {
                ' '
            } else {
                first
            });
        }
        rest = &rest[if continues { 2 } else { first.len_utf8() }..];
    }
    let trimmed = statements.iter().map(|line| line.trim().to_owned());
    trimmed.filter(|line| !line.is_empty()).collect()
}

/// How long the text literal is that starts here.
fn string_length(text: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let end = if text.starts_with(&triple) {
        triple
    } else {
        quote.to_string()
    };
    let mut at = end.len();
    while at < text.len() && !text[at..].starts_with(&end) {
        let mut characters = text[at..].chars();
        at += match characters.next() {
            Some('\\') => 1 + characters.next().map_or(0, char::len_utf8),
            Some(other) => other.len_utf8(),
            None => 0,
        };
    }
    (at + end.len()).min(text.len())
}
