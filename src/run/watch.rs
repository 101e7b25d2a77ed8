//! Waiting until an input or a file of the configuration has changed: `ade run --watch`.
//!
//! Changes are found by polling, five times a second, the configuration's digest and each input's size and modification
//! time. That works on every file system, and a program that saves a file in several steps is given time to finish: two
//! looks in a row have to agree.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::input;
use crate::cancel::Cancel;
use crate::configuration::Configuration;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What is watched.
pub struct Watch<'a> {
    /// The configuration's folder.
    pub configuration: &'a Path,
    /// Files, folders and globs, as they were given.
    pub inputs: &'a [PathBuf],
    /// What runs write: no change, even where it lies inside the configuration.
    pub written: Vec<&'a Path>,
}

/// A file's size and time of change.
type Stamp = (u64, Option<SystemTime>);

/// The watched files at one moment.
#[derive(Debug, PartialEq)]
struct Seen {
    /// `None`: the configuration cannot be read at the moment.
    digest: Option<String>,
    /// Without a stamp where a file is not there.
    inputs: Vec<(PathBuf, Option<Stamp>)>,
}

impl Seen {
    fn has_all_inputs(&self) -> bool {
        self.inputs.iter().all(|(_, stamp)| stamp.is_some())
    }
}

impl Watch<'_> {
    /// Does a round, waits for a change and does the next one, until `cancel` is set. `waiting` is called before each wait.
    ///
    /// # Errors
    /// The first one that a round returns.
    pub fn rounds<E>(
        &self,
        mut inputs: Vec<PathBuf>,
        cancel: &Cancel,
        round: &mut dyn FnMut(&[PathBuf]) -> Result<(), E>,
        waiting: &dyn Fn(),
    ) -> Result<(), E> {
        loop {
            // Before the round, so that what is saved while it goes on counts as a change.
            let seen = self.look();
            round(&inputs)?;
            if cancel.is_cancelled() {
                return Ok(());
            }
            waiting();
            if !self.wait_for_change(&seen, cancel) {
                return Ok(());
            }
            // A folder may hold other files now; the next round reports those that no longer exist.
            inputs = input::expand(self.inputs).unwrap_or(inputs);
        }
    }

    /// The files as they are now.
    fn look(&self) -> Seen {
        let digest = Configuration::open(self.configuration)
            .and_then(|configuration| configuration.sources_except(&self.written))
            .map(|sources| sources.digest)
            .ok();
        // Where an input is gone for a moment, as while it is saved, it has no stamp.
        let inputs = input::expand(self.inputs).unwrap_or_else(|_| self.inputs.to_vec());
        Seen {
            digest,
            inputs: inputs.into_iter().map(with_stamp).collect(),
        }
    }

    /// Waits until the files differ from `seen`, all inputs are there, and nothing has changed between two looks. Returns
    /// false where `cancel` was set first.
    fn wait_for_change(&self, seen: &Seen, cancel: &Cancel) -> bool {
        let mut last = None;
        loop {
            let now = self.look();
            if now.has_all_inputs() && now != *seen && last.as_ref() == Some(&now) {
                return true;
            }
            last = Some(now);
            if cancel.wait(LOOK_EVERY) {
                return false;
            }
        }
    }
}

fn with_stamp(input: PathBuf) -> (PathBuf, Option<Stamp>) {
    let found = std::fs::metadata(&input).ok();
    let stamp = found.map(|found| (found.len(), found.modified().ok()));
    (input, stamp)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            folder.write("config/pyproject.toml", "[project]\nname = \"people\"\n");
            folder.write("config/ade_config/__init__.py", "");
            folder.write("config/ade_config/columns/name.py", "");
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
    }

    /// Whether something counts as a change, with `config/clean` as the folder that runs write to.
    fn is_a_change(act: impl FnOnce(&Folder)) -> bool {
        let folder = Folder::new();
        let (configuration, written) = (folder.path("config"), folder.path("config/clean"));
        let inputs = [folder.path("inbox")];
        let watch = Watch {
            configuration: &configuration,
            inputs: &inputs,
            written: vec![&written],
        };
        let seen = watch.look();
        act(&folder);
        watch.look() != seen
    }

    #[test]
    fn edited_and_added_files_of_configuration_and_inputs_are_changes() {
        assert!(is_a_change(
            |folder| folder.write("inbox/a.csv", "Name\nAnn\nBob\n")
        ));
        assert!(is_a_change(|folder| folder.write("inbox/b.csv", "Name\n")));
        assert!(is_a_change(
            |folder| folder.write("config/ade_config/columns/name.py", "# more\n")
        ));
    }

    #[test]
    fn what_runs_write_and_files_that_no_run_reads_are_no_changes() {
        assert!(!is_a_change(|_| {}));
        assert!(!is_a_change(
            |folder| folder.write("config/clean/a_normalized.xlsx", "new")
        ));
        assert!(!is_a_change(|folder| folder.write("inbox/notes.txt", "new")));
    }

    #[test]
    fn an_input_that_is_gone_for_a_moment_is_waited_for() {
        let folder = Folder::new();
        let (configuration, inputs) = (folder.path("config"), [folder.path("inbox/a.csv")]);
        let watch = Watch {
            configuration: &configuration,
            inputs: &inputs,
            written: Vec::new(),
        };
        let seen = watch.look();
        fs::remove_file(&inputs[0]).unwrap();
        assert!(!watch.look().has_all_inputs());
        let cancel = Cancel::new();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| watch.wait_for_change(&seen, &cancel));
            fs::write(&inputs[0], "Name\nEve\nJohn\n").unwrap();
            assert!(waiting.join().unwrap());
        });
    }

    #[test]
    fn a_cancel_ends_the_waiting() {
        let folder = Folder::new();
        let watch = Watch {
            configuration: &folder.path("config"),
            inputs: &[folder.path("inbox")],
            written: Vec::new(),
        };
        let (seen, cancel) = (watch.look(), Cancel::new());
        cancel.cancel();
        assert!(!watch.wait_for_change(&seen, &cancel));
    }
}
