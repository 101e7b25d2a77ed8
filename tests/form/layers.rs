//! Checks that the code follows the layers that docs/contributing/architecture.md draws.
//!
//! For each tree the document has a block with its layers, top to bottom, and the layers that each may import (see
//! [`drawing::Drawing`]). The imports come from the code itself: [`rust`] and [`python`] read them. The rules are:
//! - every file belongs to a layer, and every name in the drawing to a file;
//! - a layer imports only the layers that its line names, and a line names only lower layers that it needs;
//! - files have no import cycles. A file that is the parent of others (`mod.rs`, `lib.rs`, `__init__.py`) counts like any other: its
//!   children may use what it defines if it does not use them. Re-exporting a child's names (`pub use`) is not using them; a file that
//!   imports such a name imports the child.
//!
//! `cargo test --test form layers -- --nocapture` prints each tree with its import counts.

mod drawing;
mod graph;
mod made_up;
mod python;
mod rust;

use std::path::{Path, PathBuf};

use drawing::Drawing;
use graph::Graph;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Checks a tree against its drawing, and prints it.
fn hold(tree: &str, read: impl Fn(&Path) -> Graph) {
    hold_graph(tree, &read(&root().join(tree)));
}

/// Checks folders of a tree, each against its own drawing.
fn hold_rooms(tree: &str, rooms: &[&str], read: impl Fn(&Path) -> Graph) {
    let graph = read(&root().join(tree));
    for room in rooms {
        hold_graph(&format!("{tree}/{room}"), &graph.room(room));
    }
}

fn hold_graph(tree: &str, graph: &Graph) {
    let document =
        std::fs::read_to_string(root().join("docs/contributing/architecture.md")).unwrap();
    let drawing = Drawing::find(tree, &document).unwrap_or_else(|fault| panic!("{fault}"));
    println!("{}", drawing.with_arrows(graph));
    let faults = drawing.faults(graph);
    assert!(
        faults.is_empty(),
        "{tree} does not keep to the layers of docs/contributing/architecture.md:\n  {}",
        faults.join("\n  ")
    );
}

#[test]
fn the_library_keeps_its_layers() {
    hold("src", rust::read);
}

#[test]
fn the_rooms_of_the_library_keep_theirs() {
    hold_rooms("src", &["api", "run", "environment"], rust::read);
}

#[test]
fn the_commands_keep_their_layers() {
    hold("commands", rust::read);
}

#[test]
fn the_engine_keeps_its_layers() {
    hold("engine/ade_engine", |folder| {
        python::read(folder, &["_native"])
    });
}

#[test]
fn the_pipeline_keeps_its_layers() {
    hold_rooms("engine/ade_engine", &["pipeline"], |folder| {
        python::read(folder, &["_native"])
    });
}

#[test]
fn the_native_crate_keeps_its_layers() {
    hold("engine/native/src", rust::read);
    hold_rooms("engine/native/src", &["fields"], rust::read);
}
