//! Files named as the people who read a message know them.

use std::path::Path;

/// What the engine says, with the files named as the people who read it know them: the author's own file instead of the
/// snapshot's, the input's name instead of the staged copy's path.
pub fn with_known_names(message: &str, names: &[(&Path, &str)]) -> String {
    let mut text = message.to_owned();
    for (path, name) in names {
        if let Some(path) = path.to_str().filter(|path| !path.is_empty()) {
            text = text.replace(path, name);
        }
    }
    text
}
