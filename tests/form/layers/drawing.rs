//! Reads the drawing of a tree's layers in docs/contributing/architecture.md, and checks the tree against it.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;

/// A tree's layers, top to bottom.
///
/// A drawing is a block that starts with ` ```text ` and a line `# layers FOLDER`, with one line per layer:
///
/// ```text
/// name: module module -> layer layer
/// ```
///
/// A module is a file or a folder with everything in it; the longest name counts, and `folder/__init__` or `folder/mod` names
/// only the folder's own file. Without a list of modules, the layer is the module of its name. The layers that may be imported
/// follow the arrow.
#[derive(Debug)]
pub struct Drawing {
    tree: String,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    name: String,
    modules: Vec<String>,
    may_import: Vec<String>,
}

impl Drawing {
    /// Finds the drawing of a tree in a document.
    ///
    /// # Errors
    /// If there is none, or if it is invalid: a layer named twice, or an import of a layer that is not below.
    pub fn find(tree: &str, document: &str) -> Result<Self, String> {
        let start = format!("```text\n# layers {tree}\n");
        let (_, rest) = document.split_once(&start).ok_or_else(|| {
            format!("docs/contributing/architecture.md draws no layers of {tree}")
        })?;
        let block = rest.split("```").next().unwrap_or_default();
        let layers: Vec<Layer> = block
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(Layer::parse)
            .collect();
        for (position, layer) in layers.iter().enumerate() {
            let (above, below) = (&layers[..position], &layers[position + 1..]);
            if above.iter().any(|upper| upper.name == layer.name) {
                return Err(format!("{tree}: the layer {} is drawn twice", layer.name));
            }
            for wanted in &layer.may_import {
                if !below.iter().any(|lower| lower.name == *wanted) {
                    return Err(format!(
                        "{tree}: {} is drawn to import {wanted}, which is not a layer below it",
                        layer.name
                    ));
                }
            }
        }
        Ok(Self {
            tree: tree.to_owned(),
            layers,
        })
    }

    /// Returns where a tree breaks the rules of the drawing, or the drawing does not fit the tree.
    pub fn faults(&self, graph: &Graph) -> Vec<String> {
        let mut faults = Vec::new();
        let mut used: BTreeSet<(usize, usize)> = BTreeSet::new();
        for file in &graph.files {
            if self.layer_of(file).is_none() {
                faults.push(format!("{file} belongs to no layer"));
            }
        }
        for (from, to) in &graph.arrows {
            let (Some(upper), Some(lower)) = (self.layer_of(from), self.layer_of(to)) else {
                continue;
            };
            used.insert((upper, lower));
            if upper == lower || self.may_import(upper, lower) {
                continue;
            }
            let (one, other) = (&self.layers[upper].name, &self.layers[lower].name);
            faults.push(if lower < upper {
                format!("an arrow up: {from} ({one}) imports {to} ({other})")
            } else {
                format!("{one} may not import {other}, but {from} imports {to}")
            });
        }
        for (position, layer) in self.layers.iter().enumerate() {
            for module in &layer.modules {
                if !graph.files.iter().any(|file| is_within(file, module)) {
                    faults.push(format!("{module} is drawn, but there is no such module"));
                }
            }
            for (other, lower) in self.layers.iter().enumerate() {
                if layer.may_import.contains(&lower.name) && !used.contains(&(position, other)) {
                    faults.push(format!(
                        "{} is drawn to import {}, but does not",
                        layer.name, lower.name
                    ));
                }
            }
        }
        for circle in graph.circles() {
            faults.push(format!("a circle: {}", graph.within(&circle)));
        }
        faults
    }

    /// Returns the drawing as text, each arrow with its number of imports.
    pub fn with_arrows(&self, graph: &Graph) -> String {
        let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (from, to) in &graph.arrows {
            if let (Some(from), Some(to)) = (self.layer_of(from), self.layer_of(to)) {
                *counts.entry((from, to)).or_default() += 1;
            }
        }
        let up: usize = counts
            .iter()
            .filter(|((from, to), _)| to < from)
            .map(|(_, count)| count)
            .sum();
        let mut out = format!(
            "{}: {} files, {} imports, {up} up, {} circles\n",
            self.tree,
            graph.files.len(),
            graph.arrows.len(),
            graph.circles().len()
        );
        for (position, layer) in self.layers.iter().enumerate() {
            let in_layer = |file: &&String| self.layer_of(file) == Some(position);
            let files = graph.files.iter().filter(in_layer).count();
            let inside = counts.get(&(position, position)).copied().unwrap_or(0);
            let arrows: Vec<String> = counts
                .iter()
                .filter(|((from, to), _)| *from == position && *to != position)
                .map(|((_, to), count)| format!("{} {count}", self.layers[*to].name))
                .collect();
            let line = format!(
                "  {:<15}{files:>3} files {inside:>3} inside   -> {}",
                layer.name,
                arrows.join(", ")
            );
            out.push_str(line.trim_end_matches(" -> ").trim_end());
            out.push('\n');
        }
        out
    }

    fn may_import(&self, upper: usize, lower: usize) -> bool {
        let lower = &self.layers[lower].name;
        self.layers[upper].may_import.contains(lower)
    }

    /// Returns the layer with the longest module name that contains the file.
    fn layer_of(&self, file: &str) -> Option<usize> {
        let layers = self.layers.iter().enumerate();
        let candidates = layers.flat_map(|(position, layer)| {
            let modules = layer.modules.iter();
            modules.map(move |module| (module.len(), position, module))
        });
        candidates
            .filter(|(_, _, module)| is_within(file, module))
            .max()
            .map(|(_, position, _)| position)
    }
}

impl Layer {
    fn parse(line: &str) -> Self {
        let (names, imports) = line.split_once("->").unwrap_or((line, ""));
        let (name, listed) = names.split_once(':').unwrap_or((names, names));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            name: name.trim().to_owned(),
            modules: words(listed),
            may_import: words(imports),
        }
    }
}

/// Returns whether a file is a module, or is in it. The name of a folder's own file, such as `models/__init__`, means only that
/// file.
fn is_within(file: &str, module: &str) -> bool {
    if let Some(folder) = ["/__init__", "/mod"]
        .iter()
        .find_map(|own| module.strip_suffix(own))
    {
        return file == folder;
    }
    file.strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
