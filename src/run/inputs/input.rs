//! Finds the files of a call: a file, the supported files of a folder, or a glob that the shell did not expand.
//!
//! A folder or glob never includes the outputs that earlier runs left there ([`MeantFiles::outputs`]), and a folder includes
//! the folders below it only on request. Omitted files are returned, so that a command can report them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::base::files::{FileError, folder_of, name_of};
use crate::base::problem::{Error, ProblemKind, code, typed};
use crate::configuration::{Configuration, ConfigurationError};
use crate::settings::paths;

/// The extensions of the formats that a run accepts, ignoring case.
pub const SUPPORTED: [&str; 8] = ["xlsx", "xlsm", "xlsb", "xls", "ods", "csv", "tsv", "txt"];
/// The same extensions, for a sentence about something missing.
const ANY_SUPPORTED: &str = ".xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv or .txt";
/// The hint for a file in another format.
pub const SAVE_AS_SUPPORTED: &str =
    "ade reads .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv and .txt; save the file as one of them";

/// A file to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path of the file.
    pub path: PathBuf,
    /// The folder that contained the file, relative to the given folder; otherwise empty. The copy goes into the same folder
    /// below the output directory.
    pub below: PathBuf,
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self {
            path,
            below: PathBuf::new(),
        }
    }
}

/// The options for searching folders, and facts about the files in them.
pub struct Search<'a> {
    /// Whether folders below a folder are searched too.
    pub recursive: bool,
    /// The folders to skip, by their real paths: those of a data directory, and the configuration's.
    pub not_in: &'a [PathBuf],
    /// The folder into which copies of normalized workbooks will go.
    pub output_dir: Option<&'a Path>,
    /// Returns whether a run is known to have put a copy at this real path.
    pub is_copy: &'a dyn Fn(&Path) -> bool,
}

/// The files of a call, and similar files that are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeantFiles {
    /// The files, in the given order; those of a folder or glob in the order of their names.
    pub inputs: Vec<Input>,
    /// Normalized workbooks of earlier runs, which are not inputs.
    pub outputs: Vec<PathBuf>,
    /// A supported file for each folder whose subfolders have some but were not searched.
    pub below: Vec<PathBuf>,
}

/// A file that may be an input.
struct Candidate {
    input: Input,
    /// Whether the call named the file itself, rather than finding it in a folder or by a glob.
    is_named: bool,
}

/// Splits a call into its configuration and its inputs. If the call names no configuration, it is the one in the current
/// folder.
///
/// # Errors
/// The configuration is among the inputs, with a file in its place; or the configuration or an input is missing.
pub fn parts_of_call(first: &Path, others: &[PathBuf]) -> Result<(PathBuf, Vec<PathBuf>), Error> {
    let is_configuration = |path: &Path| path.is_dir() && Configuration::open(path).is_ok();
    let swapped = others.iter().find(|path| is_configuration(path));
    if let Some(found) = swapped.filter(|_| first.is_file()) {
        let files = others.iter().filter(|input| *input != found);
        let files: Vec<String> = std::iter::once(first)
            .chain(files.map(PathBuf::as_path))
            .map(|path| typed(path.display()))
            .collect();
        let (file, configuration) = (first.display(), found.display());
        let message = format!(
            "the configuration has to come first, but {file} is a file and {configuration} is a configuration"
        );
        let meant = format!("`ade run {} {}`", typed(configuration), files.join(" "));
        return Err(Error::usage(code::NOT_A_CONFIGURATION, message).hint(meant));
    }
    let names_none = match others {
        [] => !is_configuration(first),
        _ => first.is_file(),
    };
    let here = Path::new(".");
    let opened = Configuration::open(here);
    // If the configuration here is faulty, opening it reports the fault.
    if names_none && !matches!(opened, Err(ConfigurationError::NotAConfiguration { .. })) {
        let inputs = std::iter::once(first.to_owned()).chain(others.iter().cloned());
        return Ok((here.to_owned(), inputs.collect()));
    }
    match others {
        [] => {
            let given = typed(first.display());
            let (message, meant) = match names_none {
                true => (
                    "no configuration is named, and the current folder is not one",
                    format!("`ade run CONFIG {given}`"),
                ),
                false => (
                    "no file to normalize is named",
                    format!("`ade run {given} FILE`"),
                ),
            };
            Err(Error::usage(code::USAGE, message).hint(meant))
        }
        _ => Ok((first.to_owned(), others.to_vec())),
    }
}

/// Returns the files of the arguments. A file that is named twice is run once.
///
/// # Errors
/// An argument is absent, unsupported, or matches no file.
pub fn expand(arguments: &[PathBuf], search: &Search<'_>) -> Result<MeantFiles, Error> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut seen = HashSet::new();
    let mut found = MeantFiles::default();
    for argument in arguments {
        for candidate in candidates_of(argument, search, &mut found)? {
            if !is_supported(&candidate.input.path) {
                let path = candidate.input.path.display();
                let message = format!("{path} has a format that is not supported");
                return Err(Error::usage(code::UNSUPPORTED_FORMAT, message).hint(SAVE_AS_SUPPORTED));
            }
            if seen.insert(candidate.input.path.clone()) {
                candidates.push(candidate);
            }
        }
    }
    let sources = SourceStems::from_candidates(&candidates);
    for candidate in candidates {
        if sources.is_output(&candidate, search) {
            found.outputs.push(candidate.input.path);
        } else {
            found.inputs.push(candidate.input);
        }
    }
    match found.outputs.first() {
        Some(path) if found.inputs.is_empty() => {
            let path = path.display();
            let message =
                format!("{path} is an output of an earlier run, and nothing else was found");
            Err(Error::usage(code::NO_INPUT, message)
                .hint("name the file itself to normalize it again"))
        }
        _ => Ok(found),
    }
}

fn candidates_of(
    argument: &Path,
    search: &Search<'_>,
    found: &mut MeantFiles,
) -> Result<Vec<Candidate>, Error> {
    let candidates = |inputs: Vec<Input>, is_named| {
        let candidate = |input| Candidate { input, is_named };
        inputs.into_iter().map(candidate).collect()
    };
    if argument.is_dir() {
        let inside = inside(argument, search)?;
        found.below.extend(inside.below);
        return Ok(candidates(inside.inputs, false));
    }
    if argument.exists() {
        return Ok(candidates(vec![Input::from(argument.to_owned())], true));
    }
    let pattern = argument
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']));
    match pattern {
        Some(pattern) => {
            let files = matching(pattern)?.into_iter().map(Input::from);
            Ok(candidates(files.collect(), false))
        }
        None => {
            let message = format!("there is no file {}", argument.display());
            let similar = similar(argument).map(|similar| format!("did you mean {similar}?"));
            Err(Error::usage(code::INPUT_NOT_FOUND, message).maybe_hint(similar))
        }
    }
}

/// The stems of all files that a call may include: a normalized workbook is recognised next to its source.
struct SourceStems {
    /// The stems with their folders.
    beside: HashSet<(PathBuf, String)>,
    anywhere: HashSet<String>,
}

impl SourceStems {
    fn from_candidates(candidates: &[Candidate]) -> Self {
        let stems = candidates.iter().filter_map(|candidate| {
            let path = &candidate.input.path;
            let stem = path.file_stem()?.to_string_lossy().to_lowercase();
            Some((path.parent()?.to_owned(), stem))
        });
        let beside: HashSet<_> = stems.collect();
        Self {
            anywhere: beside.iter().map(|(_, stem)| stem.clone()).collect(),
            beside,
        }
    }

    /// Returns whether a file is an output of an earlier run. Its name has to look like one. A file that was found counts as
    /// an output if that is on record, or if its source is next to it. A file that was named, perhaps by a shell that
    /// expanded a glob, counts only if its source was named too.
    fn is_output(&self, candidate: &Candidate, search: &Search<'_>) -> bool {
        let path = &candidate.input.path;
        let name = name_of(path);
        let stem = paths::stem_of_output(&name);
        let (Some(original), Some(folder)) = (stem, path.parent()) else {
            return false;
        };
        let stem = original.to_lowercase();
        if self.beside.contains(&(folder.to_owned(), stem.clone())) {
            return true;
        }
        let is_below = |given: &Path| {
            Some(
                folder
                    .canonicalize()
                    .ok()?
                    .starts_with(given.canonicalize().ok()?),
            )
        };
        if self.anywhere.contains(&stem) && search.output_dir.and_then(is_below) == Some(true) {
            return true;
        }
        let is_copy = || {
            path.canonicalize()
                .is_ok_and(|path| (search.is_copy)(&path))
        };
        !candidate.is_named && (has_source(path, original) || is_copy())
    }
}

/// Returns whether a supported file with this stem is next to an output, although the call does not include it.
fn has_source(output: &Path, stem: &str) -> bool {
    let exists = |extension| {
        output
            .with_file_name(format!("{stem}.{extension}"))
            .is_file()
    };
    SUPPORTED.into_iter().any(exists)
}

/// Removes the inputs whose normalized workbooks would overwrite each other in one output directory. Returns the others, and
/// for each shared name the number of its inputs and an error.
pub fn with_distinct_outputs(inputs: Vec<Input>) -> (Vec<Input>, Vec<(usize, Error)>) {
    let target = |input: &Input| {
        let name = paths::normalized_name(&name_of(&input.path));
        // Some file systems ignore case in names.
        (input.below.clone(), name.to_lowercase())
    };
    let mut sharing: HashMap<_, usize> = HashMap::new();
    for input in &inputs {
        *sharing.entry(target(input)).or_default() += 1;
    }
    let (alone, shared): (Vec<_>, Vec<_>) = inputs
        .into_iter()
        .partition(|input| sharing[&target(input)] == 1);
    let mut refused: Vec<(_, Vec<PathBuf>, String)> = Vec::new();
    for input in shared {
        let key = target(&input);
        match refused.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, files, _)) => files.push(input.path),
            None => {
                let name = paths::normalized_name(&name_of(&input.path));
                let name = input.below.join(name).display().to_string();
                refused.push((key, vec![input.path], name));
            }
        }
    }
    let error = |(_, files, name): (_, Vec<PathBuf>, String)| {
        let all = if files.len() == 2 { "both" } else { "all" };
        let message = format!(
            "{} would {all} be written to {name}, so none of them is run",
            names(&files)
        );
        let hint =
            "run them one at a time, with another output directory for each, or rename all but one";
        (
            files.len(),
            Error::usage(code::OUTPUT_CONFLICT, message).hint(hint),
        )
    };
    (alone, refused.into_iter().map(error).collect())
}

/// Joins names: `a`, `a and b`, `a, b and c`
fn names(files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    match names.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        names => names.join(""),
    }
}

/// Returns whether a file name has the extension of a supported format.
pub fn is_supported(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| SUPPORTED.contains(&extension.to_lowercase().as_str()))
}

/// Returns whether a folder includes this file: a `.txt` that nobody names may be a note.
fn is_data(path: &Path) -> bool {
    is_supported(path)
        && path
            .extension()
            .is_none_or(|extension| !extension.eq_ignore_ascii_case("txt"))
}

/// Returns whether a file is hidden, or is a lock file that a spreadsheet program leaves next to an open workbook. Such files
/// are not inputs.
fn is_leftover(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.') || name.starts_with("~$"))
}

/// The files in a folder.
#[derive(Default)]
struct FolderInputs {
    inputs: Vec<Input>,
    /// A supported file in a folder that was not searched.
    below: Option<PathBuf>,
}

fn inside(folder: &Path, search: &Search<'_>) -> Result<FolderInputs, Error> {
    let mut inside = FolderInputs::default();
    let mut waiting = vec![(folder.to_owned(), PathBuf::new())];
    let mut not_searched = Vec::new();
    while let Some((next, below)) = waiting.pop() {
        let unreadable = |error| {
            let error = FileError::on("read", &next)(error);
            Error::new(
                ProblemKind::Usage,
                code::INPUT_UNREADABLE,
                error.to_string(),
            )
        };
        for entry in std::fs::read_dir(&next).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if is_leftover(&path) {
                continue;
            }
            // A link to a folder is not followed: it may lead back to a folder above it.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !search.recursive {
                    not_searched.push(path);
                } else if search.enters(&path) {
                    waiting.push((path, below.join(entry.file_name())));
                }
            } else if path.is_file() && is_data(&path) {
                let below = below.clone();
                inside.inputs.push(Input { path, below });
            }
        }
    }
    inside
        .inputs
        .sort_by(|one, other| one.path.cmp(&other.path));
    not_searched.sort();
    inside.below = first_below(not_searched, search);
    if inside.inputs.is_empty() {
        let folder = folder.display();
        let message = format!("the folder {folder} has no {ANY_SUPPORTED} file");
        let below = inside.below.map(|below| {
            let below = below.display();
            format!("add --recursive to include its subfolders, for example {below}")
        });
        return Err(Error::usage(code::NO_INPUT, message).maybe_hint(below));
    }
    Ok(inside)
}

impl Search<'_> {
    /// Returns whether a folder below a folder is searched.
    fn enters(&self, folder: &Path) -> bool {
        let is_excluded = |real: PathBuf| self.not_in.contains(&real);
        !folder.join(paths::DATABASE).exists() && !folder.canonicalize().is_ok_and(is_excluded)
    }
}

/// Returns the first supported file in these folders or below them; looks at a limited number of entries, because this may be
/// a whole disk.
fn first_below(mut folders: Vec<PathBuf>, search: &Search<'_>) -> Option<PathBuf> {
    const MAX_SEARCHED_ENTRIES: usize = 10_000;
    let mut looked_at = 0;
    folders.reverse();
    while let Some(folder) = folders.pop() {
        if !search.enters(&folder) {
            continue;
        }
        let mut entries: Vec<_> = std::fs::read_dir(&folder).ok()?.flatten().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
        for entry in entries.iter().rev() {
            looked_at += 1;
            let path = entry.path();
            let is_input = !is_leftover(&path) && is_data(&path) && path.is_file();
            if is_input && paths::stem_of_output(&name_of(&path)).is_none() {
                return Some(path);
            }
        }
        if looked_at > MAX_SEARCHED_ENTRIES {
            return None;
        }
        let below = entries.iter().filter(|entry| {
            !is_leftover(&entry.path()) && entry.file_type().is_ok_and(|kind| kind.is_dir())
        });
        folders.extend(below.map(std::fs::DirEntry::path));
    }
    None
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let none = || {
        let message = format!("no {ANY_SUPPORTED} file matches {pattern}");
        Error::usage(code::NO_INPUT, message)
    };
    let files: Vec<PathBuf> = glob::glob(pattern)
        .map_err(|_| none())?
        .filter_map(Result::ok)
        .filter(|path| path.is_file() && is_supported(path) && !is_leftover(path))
        .collect();
    if files.is_empty() {
        Err(none())
    } else {
        Ok(files)
    }
}

/// Returns a file in the same folder whose name differs only in case or in its extension.
fn similar(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy().to_lowercase();
    let found = std::fs::read_dir(folder_of(path))
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|candidate| {
            is_supported(candidate)
                && candidate
                    .file_stem()
                    .is_some_and(|found| found.to_string_lossy().to_lowercase() == stem)
        })?;
    Some(
        path.with_file_name(found.file_name()?)
            .display()
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::problem::Problem;
    use crate::configuration::testing::write_files;

    fn folder(names: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names.split(' ') {
            write_files(folder.path(), &[(name, "")]);
        }
        folder
    }

    const PLAIN: Search<'static> = Search {
        recursive: false,
        not_in: &[],
        output_dir: None,
        is_copy: &|_| false,
    };

    /// Returns the files of the arguments, relative to the folder.
    fn names(folder: &tempfile::TempDir, arguments: &[&str], search: &Search<'_>) -> String {
        let arguments = arguments.iter().map(|name| folder.path().join(name));
        match expand(&arguments.collect::<Vec<_>>(), search) {
            Ok(found) => {
                let paths = found
                    .inputs
                    .iter()
                    .map(|input| input.path.strip_prefix(folder.path()));
                let names = paths.map(|path| path.unwrap().display().to_string());
                names.collect::<Vec<_>>().join(" ")
            }
            Err(error) => format!("{error}: {:?}", error.facts().hint),
        }
    }

    #[test]
    fn a_folder_below_is_entered_once_and_one_that_is_named_always() {
        let folder = folder("in/deep/er/b.csv in/own/d.csv in/data/db/ade.sqlite");
        let inside = folder.path().join("in");
        std::os::unix::fs::symlink(&inside, inside.join("deep/loop")).unwrap();
        let own = [inside.join("own").canonicalize().unwrap()];
        let search = Search {
            recursive: true,
            not_in: &own,
            ..PLAIN
        };
        assert_eq!(names(&folder, &["in"], &search), "in/deep/er/b.csv");
        let found = expand(&[inside], &search).unwrap();
        assert_eq!(found.inputs[0].below, Path::new("deep/er"));
        assert!(found.below.is_empty());
        assert_eq!(names(&folder, &["in/own"], &search), "in/own/d.csv");
    }

    #[test]
    fn what_earlier_runs_wrote_is_no_input() {
        let folder = folder(
            "a.csv a_normalized.xlsx a_normalized_normalized.xlsx mine_normalized.xlsx known_normalized.xlsx a_annotated.xlsx \
             mine_annotated.xlsx out/a_quarantine.xlsx out/a_normalized.xlsx out/mine_normalized.xlsx",
        );
        let known = folder
            .path()
            .canonicalize()
            .unwrap()
            .join("known_normalized.xlsx");
        let out = folder.path().join("out");
        let search = Search {
            recursive: true,
            output_dir: Some(&out),
            is_copy: &|path| path == known,
            ..PLAIN
        };
        let all = "a.csv mine_annotated.xlsx mine_normalized.xlsx out/mine_normalized.xlsx";
        for (arguments, wanted) in [
            (&[""][..], all),
            // A shell names all of them; a person names one.
            (
                &["a.csv", "a_normalized.xlsx", "known_normalized.xlsx"],
                "a.csv known_normalized.xlsx",
            ),
            (&["a_normalized.xlsx"], "a_normalized.xlsx"),
        ] {
            assert_eq!(names(&folder, arguments, &search), wanted);
        }
        let found = expand(&[folder.path().to_owned()], &search).unwrap();
        assert_eq!(found.outputs.len(), 6, "{found:?}");
        assert!(names(&folder, &["a_*.xlsx"], &search).contains("is an output of an earlier run"));
    }

    #[test]
    fn a_glob_that_the_shell_left_alone_is_expanded_and_a_real_name_wins() {
        let folder = folder(
            "a.csv b.csv [odd].csv in/B.CSV in/a.csv in/c.xlsx in/.hidden.csv in/~$open.xlsx in/notes.txt in/deeper/d.csv",
        );
        assert_eq!(names(&folder, &["?.csv"], &PLAIN), "a.csv b.csv");
        assert_eq!(names(&folder, &["[odd].csv"], &PLAIN), "[odd].csv");
        // A folder includes the readable files in it, and each file is taken once, however often it matches.
        let all = ["in", "in/a.csv", "in/[a-c].*"];
        assert_eq!(names(&folder, &all, &PLAIN), "in/B.CSV in/a.csv in/c.xlsx");
        assert!(names(&folder, &["in/*.xls"], &PLAIN).starts_with("no .xlsx"));
    }

    #[test]
    fn a_near_miss_is_suggested() {
        let folder = folder("Orders.xlsx");
        let near = names(&folder, &["orders.csv"], &PLAIN);
        assert!(
            near.starts_with("there is no file") && near.contains("Orders.xlsx"),
            "{near}"
        );
        assert!(names(&folder, &["x.pdf"], &PLAIN).ends_with(": None"));
    }
}
