//! Shows paths of this machine: in full to people who work on it, shortened to clients elsewhere.

use std::borrow::Cow;
use std::path::Path;

/// Decides how much of a path is shown. Code that builds objects and messages for several kinds of readers takes an
/// implementation.
pub trait ShowPath {
    /// Returns a path as the reader may see it.
    fn path(&self, path: &Path) -> String;
    /// Returns a text, with any paths in it as the reader may see them.
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str>;
    /// Returns an implementation that also knows the folder of this configuration.
    fn about(&self, configuration: &Path) -> Box<dyn ShowPath>;
}

/// Shows every path in full, as on the command line.
#[derive(Clone, Copy, Debug)]
pub struct FullPaths;

impl ShowPath for FullPaths {
    fn path(&self, path: &Path) -> String {
        path.to_string_lossy().into_owned()
    }

    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    fn about(&self, _: &Path) -> Box<dyn ShowPath> {
        Box::new(Self)
    }
}
