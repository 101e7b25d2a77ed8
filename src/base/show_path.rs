//! How the paths of this machine are shown: whole to the people who work on it, shortened to those who ask from elsewhere.

use std::borrow::Cow;
use std::path::Path;

/// Decides how much of a path is shown. What makes objects and messages for several kinds of readers takes one.
pub trait ShowPath {
    /// A path as the reader sees it.
    fn path(&self, path: &Path) -> String;
    /// A text that may name paths, as the reader sees it.
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str>;
    /// The same, where the configuration in this folder is spoken of.
    fn about(&self, configuration: &Path) -> Box<dyn ShowPath>;
}

/// Shows every path as it is: on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

impl ShowPath for Whole {
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
