//! The file and the line that a message names: `/a/crew/settings.toml, line 3: there is no setting …`.

use std::path::{Path, PathBuf};

/// How a line follows its file, at once or somewhere behind it.
const AT_ONCE: [&str; 2] = [", line ", ":"];
const BEHIND: &str = "(at line ";

/// The last file below a folder that a message names, which is the innermost one, and its line, if that is said.
pub(super) fn named(message: &str, folder: &Path) -> Option<(PathBuf, Option<u32>)> {
    let below = format!("{}/", folder.display());
    let found = message.match_indices(&below).filter_map(|(at, _)| {
        let name = &message[at + below.len()..];
        let name = &name[..name.find(['\n', '"', '\'']).unwrap_or(name.len())];
        // Names may have spaces and colons in them, so the longest beginning that is a file is the name.
        let ends = name
            .char_indices()
            .map(|(end, letter)| end + letter.len_utf8());
        let length = ends
            .rev()
            .find(|&end| folder.join(&name[..end]).is_file())?;
        let (name, rest) = name.split_at(length);
        let at_once = AT_ONCE.iter().find_map(|words| rest.strip_prefix(words));
        let behind = || rest.split_once(BEHIND).map(|(_, rest)| rest);
        Some((
            folder.join(name),
            at_once.or_else(behind).and_then(leading_number),
        ))
    });
    found.last()
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn files_are_found_in_messages_however_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("my crew");
        for name in ["settings.toml", "src/a b/x.py", "pyproject.toml"] {
            write_files(&root, &[(name, "")]);
        }
        for (words, wanted) in [
            ("^/settings.toml, line 3: no", "settings.toml Some(3)"),
            (
                "^/settings.toml is not valid TOML: x (at line 6, column 1)",
                "settings.toml Some(6)",
            ),
            ("^/pyproject.toml:12:4: x", "pyproject.toml Some(12)"),
            (
                "^/settings.toml, line 1; f (^/src/a b/x.py, line 9)",
                "src/a b/x.py Some(9)",
            ),
            ("^/src/a b/x.py registers nothing: it", "src/a b/x.py None"),
            ("^/src/gone.py, line 2", ""),
            ("/elsewhere/settings.toml, line 3", ""),
            ("ünï ^/", ""),
        ] {
            let message = words.replace('^', root.to_str().unwrap());
            let found = named(&message, &root).map(|(file, line)| {
                let file = file.strip_prefix(&root).unwrap();
                format!("{} {line:?}", file.display())
            });
            assert_eq!(found.unwrap_or_default(), wanted, "{words}");
        }
    }
}
