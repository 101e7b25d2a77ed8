//! Object keys: paths relative to the data directory.
//!
//! A key has the characters of its path, except those that a store forbids or reserves: these are written as `%` and two
//! hexadecimal digits. So every file name has a key and can be recovered from it.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// The beginning of the keys of all files of workspaces.
pub(super) const WORKSPACES: &str = "workspaces";

/// The ending of the key of a snapshot's archive.
pub(super) const ARCHIVE: &str = ".tar";

/// Returns the key of a path below a data directory. `None` if it is not below it.
pub fn key_of(data: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(data).ok()?;
    let mut key = String::new();
    for part in below.components() {
        let Component::Normal(part) = part else {
            return None;
        };
        if !key.is_empty() {
            key.push('/');
        }
        for piece in part.as_bytes().utf8_chunks() {
            for letter in piece.valid().chars() {
                match letter.is_ascii_control() || "%#\\".contains(letter) {
                    true => escape(&mut key, letter as u8),
                    false => key.push(letter),
                }
            }
            piece
                .invalid()
                .iter()
                .for_each(|byte| escape(&mut key, *byte));
        }
    }
    (!key.is_empty()).then_some(key)
}

fn escape(key: &mut String, byte: u8) {
    let _ = write!(key, "%{byte:02X}");
}

/// Returns the path of a key, relative to the data directory. `None` if no file here may have this key.
pub(super) fn path_of(key: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in key.split('/') {
        let mut bytes = Vec::new();
        let mut rest = part.as_bytes();
        while let Some((first, others)) = rest.split_first() {
            rest = others;
            if *first != b'%' {
                bytes.push(*first);
                continue;
            }
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        }
        let part = OsString::from_vec(bytes);
        let is_name = !part.as_bytes().contains(&b'/')
            && matches!(Path::new(&part).components().next(), Some(Component::Normal(name)) if name == part);
        if !is_name {
            return None;
        }
        path.push(part);
    }
    Some(path)
}

/// The owner of an object, as given by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectOwner {
    /// The input of a run, or a file that one of its attempts left.
    Run {
        /// The id of the run.
        run: String,
        /// The token of the claim under which the attempt was made. `None` for the input.
        token: Option<String>,
    },
    /// A document with this id.
    Document(String),
    /// A snapshot at this path.
    Snapshot(PathBuf),
    /// Nothing that ADE stores.
    Unknown,
}

/// Returns the owner of the object with this key, in this data directory.
pub fn names_of(data: &Path, key: &str) -> ObjectOwner {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["workspaces", _, "runs", run, "input", _] => ObjectOwner::Run {
            run: (*run).to_owned(),
            token: None,
        },
        ["workspaces", _, "runs", run, attempt, _, ..] => match attempt.split_once('-') {
            Some((_, token)) => ObjectOwner::Run {
                run: (*run).to_owned(),
                token: Some(token.to_owned()),
            },
            None => ObjectOwner::Unknown,
        },
        ["workspaces", _, "documents", document, _] => {
            ObjectOwner::Document((*document).to_owned())
        }
        ["workspaces", _, "configs", _, "snapshots", archive] if archive.ends_with(ARCHIVE) => {
            path_of(key.trim_end_matches(ARCHIVE)).map_or(ObjectOwner::Unknown, |path| {
                ObjectOwner::Snapshot(data.join(path))
            })
        }
        _ => ObjectOwner::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::few_cases;

    proptest! {
        #![proptest_config(few_cases())]

        #[test]
        fn every_path_below_the_data_directory_comes_back_from_its_key(name: Vec<u8>, below in ".{1,9}") {
            let name: Vec<u8> = name.into_iter().filter(|byte| !b"\0/".contains(byte)).collect();
            let data = Path::new("/d a/ta");
            let path = data.join("workspaces").join(OsString::from_vec([b"a%#", &*name].concat())).join(below.replace(['/', '.', '\0'], "\\"));
            let key = key_of(data, &path).unwrap();
            prop_assert!(!key.contains(|letter: char| letter.is_ascii_control() || "#\\".contains(letter)), "{}", key);
            prop_assert_eq!(data.join(path_of(&key).unwrap()), path);
        }
    }

    #[test]
    fn what_is_not_below_the_data_directory_has_no_key() {
        let data = Path::new("/d a/ta");
        let key = key_of(data, &data.join("süd 表/100%#1\\x\n.csv"));
        assert_eq!(key.as_deref(), Some("süd 表/100%25%231%5Cx%0A.csv"));
        for outside in ["/d a", "/d a/ta", "/d a/ta/../x", "/elsewhere"] {
            assert_eq!(key_of(data, Path::new(outside)), None, "{outside}");
        }
    }

    #[test]
    fn a_key_that_leads_out_of_its_folder_has_no_path() {
        for key in [
            "",
            "..",
            "a/../b",
            "a//b",
            "a/%2E%2E/b",
            "a%2Fb",
            "%",
            "%zz",
            "/a",
        ] {
            assert_eq!(path_of(key), None, "{key}");
        }
    }

    #[test]
    fn a_key_says_what_its_object_is_of() {
        let of = |key: &str| names_of(Path::new("/d"), key);
        let run = |token: Option<&str>| ObjectOwner::Run {
            run: "r1".to_owned(),
            token: token.map(str::to_owned),
        };
        assert_eq!(of("workspaces/w/runs/r1/input/a.xlsx"), run(None));
        assert_eq!(
            of("workspaces/w/runs/r1/2-abc/output/a.xlsx"),
            run(Some("abc"))
        );
        assert_eq!(
            of("workspaces/w/documents/d1/a.csv"),
            ObjectOwner::Document("d1".to_owned())
        );
        assert_eq!(
            of("workspaces/w/configs/c/snapshots/ff.tar"),
            ObjectOwner::Snapshot("/d/workspaces/w/configs/c/snapshots/ff".into())
        );
        for unknown in [
            "x",
            "workspaces/w/runs/r1",
            "workspaces/w/other/x/y",
            "identity.json",
        ] {
            assert_eq!(of(unknown), ObjectOwner::Unknown, "{unknown}");
        }
    }
}
