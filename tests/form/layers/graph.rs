//! The files of a tree and the imports between them.

use std::collections::{BTreeMap, BTreeSet};

/// The files of a tree, named by their paths without extension; a folder's own file (`mod.rs`, `__init__.py`) has the folder's
/// name.
#[derive(Debug, Default)]
pub struct Graph {
    pub files: BTreeSet<String>,
    /// The pairs of importing and imported file, each once.
    pub arrows: BTreeSet<(String, String)>,
}

impl Graph {
    /// Adds an import; a file that imports itself is ignored.
    pub fn add(&mut self, from: &str, to: &str) {
        if from != to {
            self.arrows.insert((from.to_owned(), to.to_owned()));
        }
    }

    /// Returns the files of a folder, named relative to it, and the imports between them. Its own file is `mod`.
    pub fn room(&self, folder: &str) -> Self {
        let inside = |file: &String| match file.strip_prefix(folder)? {
            "" => Some("mod".to_owned()),
            rest => rest.strip_prefix('/').map(str::to_owned),
        };
        Self {
            files: self.files.iter().filter_map(inside).collect(),
            arrows: self
                .arrows
                .iter()
                .filter_map(|(from, to)| Some((inside(from)?, inside(to)?)))
                .collect(),
        }
    }

    /// Returns the cycles: groups of files that import each other, directly or through others.
    pub fn circles(&self) -> Vec<Vec<&str>> {
        let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, to) in &self.arrows {
            targets.entry(from).or_default().push(to);
        }
        let reached: BTreeMap<&str, BTreeSet<&str>> = self
            .files
            .iter()
            .map(|file| (file.as_str(), reached_from(file, &targets)))
            .collect();
        let mut done = BTreeSet::new();
        let mut circles = Vec::new();
        for file in self.files.iter().map(String::as_str) {
            if done.contains(file) || !reached[file].contains(file) {
                continue;
            }
            let circle: Vec<&str> = reached[file]
                .iter()
                .copied()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(file)))
                .collect();
            done.extend(circle.iter().copied());
            circles.push(circle);
        }
        circles
    }

    /// Describes the imports within a group of files.
    pub fn within(&self, group: &[&str]) -> String {
        let inside = self
            .arrows
            .iter()
            .filter(|(from, to)| group.contains(&from.as_str()) && group.contains(&to.as_str()));
        let words: Vec<String> = inside.map(|(from, to)| format!("{from} -> {to}")).collect();
        words.join(", ")
    }
}

fn reached_from<'a>(start: &str, targets: &BTreeMap<&str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = targets.get(start).cloned().unwrap_or_default();
    while let Some(file) = waiting.pop() {
        if reached.insert(file) {
            waiting.extend(targets.get(file).into_iter().flatten());
        }
    }
    reached
}
