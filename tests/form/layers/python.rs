//! Reads the imports of a Python package with Python itself (`imports.py`).
//!
//! Every `import` and `from … import` counts: also in functions, under `TYPE_CHECKING`, and relative ones. Modules that are
//! imported by a computed name do not count.

use std::path::Path;
use std::process::Command;

use super::graph::Graph;

/// Reads a package. `compiled` lists its modules without a `.py` file.
pub fn read(folder: &Path, compiled: &[&str]) -> Graph {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/form/layers/imports.py");
    let mut python = Command::new("python3");
    let output = python.arg(script).arg(folder).args(compiled).output();
    let output = output.expect("python3 is on the PATH");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mut graph = Graph::default();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut words = line.split(' ');
        let file = words.next().unwrap();
        graph.files.insert(file.to_owned());
        words.for_each(|target| graph.add(file, target));
    }
    graph
}
