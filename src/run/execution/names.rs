//! Replaces paths in messages by the names that their readers know.

use std::path::Path;

/// Returns a message of the engine with the file names that its readers know: the author's own file instead of the
/// snapshot's, the input's name instead of the path of the staged copy.
pub fn with_known_names(message: &str, names: &[(&Path, &str)]) -> String {
    let mut text = message.to_owned();
    for (path, name) in names {
        if let Some(path) = path.to_str().filter(|path| !path.is_empty()) {
            text = text.replace(path, name);
        }
    }
    text
}
