//! Waits until an input or a file of the configuration changes: `ade run --watch`.
//!
//! It polls the configuration's digest and each input's size and modification time, five times a second. That works on every
//! file system. A program that saves a file in several steps gets time to finish: two successive checks have to agree. If an
//! input changed, only that input is run again; if the configuration changed, all are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::input::{Input, MeantFiles};
use crate::base::cancel::Cancel;
use crate::base::problem::Error;
use crate::configuration::{Configuration, SourceFile};

/// The interval between two checks of the files.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The files to watch.
pub struct InputWatch<'a> {
    /// The path of the configuration's folder.
    pub configuration: &'a Path,
    /// The files, folders and globs, as given.
    pub arguments: &'a [PathBuf],
    /// Returns the files that the arguments include now.
    pub expand: &'a dyn Fn() -> Result<MeantFiles, Error>,
    /// The output paths of runs. Changes in them do not count, even inside the configuration.
    pub written: Vec<&'a Path>,
}

/// The changes since the last round, each list in the order of paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedInputs {
    /// The files of the configuration that were edited, added or deleted, relative to its folder.
    pub configuration: Vec<PathBuf>,
    /// The inputs that were edited or added.
    pub inputs: Vec<PathBuf>,
}

/// Runs inputs. Returns those that belong to the next round even if they do not change.
pub type RunInputs<'a, E> = dyn FnMut(&[Input]) -> Result<Vec<Input>, E> + 'a;

/// A file's size and time of modification.
type Stamp = (u64, Option<SystemTime>);

/// The watched files at one moment.
#[derive(Clone, Debug, PartialEq)]
struct WatchedFiles {
    /// The digest of the configuration; `None`: it cannot be read at the moment.
    digest: Option<String>,
    /// The files of the configuration.
    files: Vec<SourceFile>,
    /// The inputs, without a stamp if the file does not exist.
    inputs: Vec<(Input, Option<Stamp>)>,
}

impl WatchedFiles {
    fn has_all_inputs(&self) -> bool {
        self.inputs.iter().all(|(_, stamp)| stamp.is_some())
    }

    /// Returns the inputs to run after an earlier check: all if the configuration has changed; otherwise those that have
    /// changed, and those that have to be run in any case.
    fn to_run_since(&self, earlier: &Self, again: &[Input]) -> Vec<Input> {
        let is_to_run = |(input, stamp): &&(Input, Option<Stamp>)| {
            let known = earlier.inputs.iter().find(|(known, _)| known == input);
            self.digest != earlier.digest
                || again.contains(input)
                || known.is_none_or(|(_, known)| known != stamp)
        };
        let inputs = self.inputs.iter().filter(is_to_run);
        inputs.map(|(input, _)| input.clone()).collect()
    }

    fn changes_since(&self, earlier: &Self) -> ChangedInputs {
        let differ = |files: &[SourceFile], others: &[SourceFile]| -> BTreeSet<PathBuf> {
            let changed = files.iter().filter(|file| !others.contains(file));
            changed.map(|file| file.path.clone()).collect()
        };
        let mut configuration = differ(&self.files, &earlier.files);
        configuration.append(&mut differ(&earlier.files, &self.files));
        let inputs = self.inputs.iter();
        let inputs = inputs.filter(|input| !earlier.inputs.contains(input));
        ChangedInputs {
            configuration: configuration.into_iter().collect(),
            inputs: inputs.map(|(input, _)| input.path.clone()).collect(),
        }
    }
}

impl InputWatch<'_> {
    /// Does a round with all inputs, waits for a change, and does a round with the changed ones, until `cancel` is set. Calls
    /// `waiting` before each wait, and `changed` after it.
    ///
    /// # Errors
    /// The first error of a round.
    pub fn rounds<E>(
        &self,
        mut inputs: Vec<Input>,
        cancel: &Cancel,
        round: &mut RunInputs<'_, E>,
        waiting: &dyn Fn(),
        changed: &dyn Fn(&ChangedInputs),
    ) -> Result<(), E> {
        // This check comes before the round, so that a file saved during the round counts as a change.
        let mut seen = self.look();
        loop {
            let again = round(&inputs)?;
            if cancel.is_cancelled() {
                return Ok(());
            }
            waiting();
            inputs = loop {
                let Some(now) = self.wait_for_change(&seen, cancel) else {
                    return Ok(());
                };
                let to_run = now.to_run_since(&seen, &again);
                let changes = now.changes_since(&seen);
                // Keeps this check, not a later one: a later change belongs to the next round.
                seen = now;
                // If files only vanished, there is nothing to run.
                if !to_run.is_empty() {
                    changed(&changes);
                    break to_run;
                }
            };
        }
    }

    /// Returns the current state of the files.
    fn look(&self) -> WatchedFiles {
        let sources = Configuration::open(self.configuration)
            .and_then(|configuration| configuration.sources_except(&self.written))
            .ok();
        let (digest, files) = match sources {
            Some(sources) => (Some(sources.digest), sources.files),
            None => Default::default(),
        };
        // An input that is missing for a moment, for example while it is saved, has no stamp.
        let as_given = |_| self.arguments.iter().cloned().map(Input::from).collect();
        let inputs = (self.expand)().map_or_else(as_given, |found| found.inputs);
        WatchedFiles {
            digest,
            files,
            inputs: inputs.into_iter().map(with_stamp).collect(),
        }
    }

    /// Waits until the files differ from `seen`, all inputs exist, and nothing has changed between two checks. Returns the
    /// last check; `None` if `cancel` was set first.
    fn wait_for_change(&self, seen: &WatchedFiles, cancel: &Cancel) -> Option<WatchedFiles> {
        let mut last = None;
        loop {
            let now = self.look();
            if now.has_all_inputs() && now != *seen && last.as_ref() == Some(&now) {
                return last;
            }
            last = Some(now);
            if cancel.wait(LOOK_EVERY) {
                return None;
            }
        }
    }
}

fn with_stamp(input: Input) -> (Input, Option<Stamp>) {
    let found = std::fs::metadata(&input.path)
        .ok()
        .filter(std::fs::Metadata::is_file);
    let stamp = found.map(|found| (found.len(), found.modified().ok()));
    (input, stamp)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::input::{Search, expand};
    use super::*;

    const SEARCH: Search<'static> = Search {
        recursive: false,
        not_in: &[],
        output_dir: None,
        is_copy: &|_| false,
    };

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            folder.write("config/pyproject.toml", "[project]\nname = \"people\"\n");
            folder.write("config/ade_config/__init__.py", "");
            folder.write(MODULE, "");
            folder.write("inbox/a.csv", "Name\nAnn\n");
            folder
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Calls a function with a watch of a file or folder, and with `config/clean` as the folder that runs write to.
        fn watch<T>(&self, name: &str, act: impl FnOnce(&InputWatch<'_>) -> T) -> T {
            let (configuration, written) = (self.path("config"), self.path("config/clean"));
            let arguments = [self.path(name)];
            act(&InputWatch {
                configuration: &configuration,
                arguments: &arguments,
                expand: &|| expand(&arguments, &SEARCH),
                written: vec![&written],
            })
        }
    }

    /// Returns whether an action counts as a change.
    fn is_a_change(act: impl FnOnce(&Folder)) -> bool {
        let folder = Folder::new();
        folder.watch("inbox", |watch| {
            let seen = watch.look();
            act(&folder);
            watch.look() != seen
        })
    }

    const MODULE: &str = "config/ade_config/columns/name.py";

    #[test]
    fn files_of_configuration_and_inputs_are_changes_and_what_runs_write_is_none() {
        for (file, wanted) in [
            ("inbox/a.csv", true),
            ("inbox/b.csv", true),
            (MODULE, true),
            ("config/clean/a_normalized.xlsx", false),
            ("inbox/a_normalized.xlsx", false),
            ("inbox/notes.txt", false),
        ] {
            let changes = is_a_change(|folder| folder.write(file, "Name\nAnn\nBob\n"));
            assert_eq!(changes, wanted, "{file}");
        }
        assert!(!is_a_change(|_| {}));
    }

    /// Returns the inputs of the round after an action, by name.
    fn run_after(act: impl FnOnce(&Folder), again: &[&str]) -> Vec<String> {
        let folder = Folder::new();
        folder.write("inbox/b.csv", "Name\nBob\n");
        folder.watch("inbox", |watch| {
            let seen = watch.look();
            act(&folder);
            let again: Vec<Input> = again.iter().map(|name| folder.path(name).into()).collect();
            let inputs = watch.look().to_run_since(&seen, &again);
            let names = inputs
                .iter()
                .map(|input| crate::base::files::name_of(&input.path));
            names.collect()
        })
    }

    #[test]
    fn of_a_folder_only_what_has_changed_is_run_again() {
        let written = |file: &str, text: &str| run_after(|folder| folder.write(file, text), &[]);
        assert_eq!(written("inbox/b.csv", "Name\nEve\nJohn\n"), ["b.csv"]);
        assert_eq!(written("inbox/c.csv", "Name\n"), ["c.csv"]);
        assert_eq!(written(MODULE, "# more\n"), ["a.csv", "b.csv"]);
        let removed = |folder: &Folder| fs::remove_file(folder.path("inbox/a.csv")).unwrap();
        assert!(run_after(removed, &[]).is_empty());
        assert_eq!(run_after(|_| {}, &["inbox/a.csv"]), ["a.csv"]);
    }

    #[test]
    fn it_is_told_what_has_changed() {
        let folder = Folder::new();
        folder.watch("inbox", |watch| {
            let seen = watch.look();
            folder.write("inbox/a.csv", "Name\nBob\nEve\n");
            folder.write(MODULE, "# more\n");
            folder.write("config/ade_config/new.py", "");
            fs::remove_file(folder.path("config/ade_config/__init__.py")).unwrap();
            let changes = watch.look().changes_since(&seen);
            let files = [
                "ade_config/__init__.py",
                "ade_config/columns/name.py",
                "ade_config/new.py",
            ];
            assert_eq!(changes.configuration, files.map(PathBuf::from));
            assert_eq!(changes.inputs, [folder.path("inbox/a.csv")]);
        });
    }

    #[test]
    fn an_input_that_is_gone_for_a_moment_is_waited_for() {
        let folder = Folder::new();
        let input = folder.path("inbox/a.csv");
        let cancel = Cancel::new();
        folder.watch("inbox/a.csv", |watch| {
            let seen = watch.look();
            fs::remove_file(&input).unwrap();
            assert!(!watch.look().has_all_inputs());
            std::thread::scope(|scope| {
                scope.spawn(|| fs::write(&input, "Name\nEve\nJohn\n").unwrap());
                assert!(watch.wait_for_change(&seen, &cancel).is_some());
            });
            // A cancel ends the waiting, too.
            cancel.cancel();
            let seen = watch.look();
            assert!(watch.wait_for_change(&seen, &cancel).is_none());
        });
    }
}
