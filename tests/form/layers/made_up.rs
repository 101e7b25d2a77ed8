//! Checks that the layer tests can fail: made-up trees with one fault each, and some without.

use std::path::Path;

use super::drawing::Drawing;
use super::graph::Graph;
use super::{python, rust};

/// Writes a tree with these files, and reads its graph.
fn tree(files: &[(&str, &str)], read: impl Fn(&Path) -> Graph) -> Graph {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("package");
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    read(&root)
}

fn crate_of(files: &[(&str, &str)]) -> Graph {
    tree(files, rust::read)
}

fn package_of(files: &[(&str, &str)]) -> Graph {
    tree(files, |folder| python::read(folder, &["_native"]))
}

fn drawing(lines: &str) -> Result<Drawing, String> {
    Drawing::find(
        "made/up",
        &format!("# A page\n\n```text\n# layers made/up\n{lines}\n```\n"),
    )
}

fn faults(lines: &str, graph: &Graph) -> String {
    drawing(lines).unwrap().faults(graph).join("; ")
}

fn arrows(graph: &Graph) -> String {
    let words = graph
        .arrows
        .iter()
        .map(|(from, to)| format!("{from}->{to}"));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn an_arrow_up_is_a_fault() {
    let graph = crate_of(&[
        ("lib.rs", "mod upper; mod lower;"),
        ("upper.rs", "pub struct Upper;"),
        ("lower.rs", "use crate::upper::Upper;"),
    ]);
    assert_eq!(
        faults("upper\nlower", &graph),
        "an arrow up: lower (lower) imports upper (upper)"
    );
    assert_eq!(faults("lower -> upper\nupper", &graph), "");
}

#[test]
fn an_import_that_is_not_drawn_is_a_fault_and_so_is_a_drawn_one_that_is_not_there() {
    let graph = crate_of(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "pub struct B;"),
        ("c.rs", ""),
    ]);
    assert_eq!(
        faults("a -> c\nb\nc", &graph),
        "a may not import b, but a imports b; a is drawn to import c, but does not"
    );
}

#[test]
fn a_circle_is_a_fault_even_within_a_layer() {
    let graph = crate_of(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "fn f() { crate::c::C; } pub struct B;"),
        ("c.rs", "use super::a::A; pub struct C;"),
    ]);
    assert_eq!(
        faults("all: a b c", &graph),
        "a circle: a -> b, b -> c, c -> a"
    );
}

#[test]
fn a_module_that_is_not_listed_is_a_fault_and_so_is_a_listed_one_that_is_not_there() {
    let graph = crate_of(&[("lib.rs", "mod a; mod b;"), ("a.rs", ""), ("b.rs", "")]);
    assert_eq!(
        faults("a\nc", &graph),
        "b belongs to no layer; c is drawn, but there is no such module"
    );
}

#[test]
fn a_drawing_that_points_up_makes_no_sense() {
    assert_eq!(
        drawing("a\nb -> a").unwrap_err(),
        "made/up: b is drawn to import a, which is not a layer below it"
    );
    assert_eq!(
        drawing("a\na").unwrap_err(),
        "made/up: the layer a is drawn twice"
    );
    assert_eq!(
        Drawing::find("made/up", "no block").unwrap_err(),
        "docs/contributing/architecture.md draws no layers of made/up"
    );
}

#[test]
fn the_longest_name_of_a_module_counts() {
    let files = [
        (
            "models/__init__.py",
            "from package.models.contexts import C",
        ),
        ("models/errors.py", ""),
        (
            "models/contexts.py",
            "from package.settings import Settings",
        ),
        ("settings.py", "from package.models import errors"),
    ];
    let graph = tree(&files, |folder| python::read(folder, &[]));
    let lines = "contexts: models/__init__ models/contexts -> settings\nsettings -> models\nmodels";
    assert_eq!(faults(lines, &graph), "");
}

#[test]
fn imports_of_rust_are_found_however_they_are_written() {
    let graph = crate_of(&[
        ("lib.rs", "mod a; pub mod b; mod e { use crate::b; } mod g;"),
        (
            "a.rs",
            "use crate::{b::{c::{C, D as _}, self}, g as other};
             fn f<R>() -> impl Fn() + use<R> { use super::b::d; d::f(); println!(\"{}\", b::e::E); other::g() }",
        ),
        ("b/mod.rs", "pub mod c; pub mod d; pub mod e; pub struct B;"),
        ("b/c.rs", "use super::B; pub struct C; pub struct D;"),
        ("b/d.rs", "use std::fmt; fn g() { crate::b::c::C::new::<fmt::Error>(); }"),
        ("b/e.rs", "pub struct E;"),
        ("g.rs", ""),
    ]);
    assert_eq!(
        arrows(&graph),
        "a->b a->b/c a->b/d a->b/e a->g b/c->b b/d->b/c lib->b"
    );
}

#[test]
fn what_a_parent_hands_on_counts_as_its_childs() {
    let graph = crate_of(&[
        ("lib.rs", "mod a; mod b; pub use a::Inner;"),
        (
            "a/mod.rs",
            "mod inner; mod all; pub use inner::Inner; pub(crate) use self::all::*;",
        ),
        ("a/inner.rs", "use super::Open; pub struct Inner;"),
        ("a/all.rs", "pub struct Open;"),
        ("b.rs", "use crate::Inner; use crate::a::Open;"),
    ]);
    assert_eq!(arrows(&graph), "a/inner->a/all b->a/all b->a/inner");
    let graph = crate_of(&[
        ("lib.rs", "mod a;"),
        (
            "a/mod.rs",
            "mod inner; use inner::Inner; pub struct Outer(Inner);",
        ),
        ("a/inner.rs", "use super::Outer; pub struct Inner;"),
    ]);
    assert_eq!(faults("a", &graph), "a circle: a -> a/inner, a/inner -> a");
}

#[test]
fn comments_text_and_tests_of_rust_do_not_count() {
    let graph = crate_of(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
        (
            "a.rs",
            "//! See [`crate::b`].
             // use crate::b;
             /// [`crate::b::B`]
             #[doc = \"crate::b\"]
             const TEXT: &str = \"use crate::b::B;\";
             #[cfg(test)]
             use crate::b::B;
             struct S { #[cfg(test)] field: crate::b::B, other: u8 }
             #[cfg(all(test, unix))]
             mod tests { use crate::b::B; }",
        ),
        ("b.rs", "pub struct B;"),
        ("tests.rs", "use crate::a; use crate::b;"),
    ]);
    assert_eq!(arrows(&graph), "");
    assert!(!graph.files.contains("tests"));
}

#[test]
fn imports_of_python_are_found_however_they_are_written() {
    let graph = package_of(&[
        (
            "__init__.py",
            "if TYPE_CHECKING:\n    from .a import A as A\n",
        ),
        (
            "a.py",
            "import package.b.c as c, os\nfrom package.b import (\n    d,  # why\n    B,\n)\nfrom package import _native\n",
        ),
        ("b/__init__.py", ""),
        (
            "b/c.py",
            "def f():\n    from . import d; from ..a import \\\n        A\n",
        ),
        ("b/d.py", "from package import __version__\n"),
    ]);
    assert_eq!(
        arrows(&graph),
        "__init__->a a->_native a->b a->b/c a->b/d b/c->a b/c->b/d b/d->__init__"
    );
    assert!(faults("all: a b __init__ _native", &graph).starts_with("a circle: "));
}
