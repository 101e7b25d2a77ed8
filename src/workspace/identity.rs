//! Checks that a database and a data directory belong together.
//!
//! Collection deletes files that no record names, and every record names files. With the database of another data directory, or
//! after one of the two was replaced by another, both would be wrong. So both the database and the data directory have an id.
//! The database records both ids, and so does `identity.json` in the data directory. The path of the directory does not matter:
//! it can be moved and copied with the database in it.
//!
//! The first process that opens a new pair writes the ids, first into the database, then into the file. If it dies in between,
//! the next process writes the file, provided that the database is in the directory, which proves that they belong together. If
//! several processes do this at once, one wins on each side, and a process that finds a pair other than its own is refused.
//! [`adopt`] (`ade doctor --adopt`) records a pair that was combined on purpose.
//!
//! A database on a server has any number of data directories, one for each host. Each names the same database, and its own id
//! is the id of the host.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Timestamp, milliseconds};
use crate::base::files;
use crate::base::files::FileError;
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::settings::Settings;
use crate::settings::paths::{IGNORED_BY_GIT, Paths};
use crate::store::{self, Identity, Location, OpenMode, Store, StoreError};
use crate::system::machine::{Disk, FileSystem, Machine, System};

/// A process without a lock file may be at work if it was seen within this time.
const SEEN_LATELY: Duration = Duration::from_secs(300);

/// The content of a data directory's `identity.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    about: String,
    data_id: String,
    database_id: String,
}

/// An error about a database and a data directory that may not belong together.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Another process made the data directory a host at the same moment.
    #[error("another process started to use this data directory at the same time")]
    Raced,
    /// The identity file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database and the data directory do not belong together, or processes are at work.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Problem for IdentityError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Raced => {
                ErrorFacts::new(ProblemKind::Database, code::IDENTITY_MISMATCH).hint("try again")
            }
            Self::File(error) => error
                .facts()
                .under(ProblemKind::Database, code::STORAGE_FAILED),
            Self::Store(error) => error.facts(),
            Self::Other(error) => error.facts(),
        }
    }
}

become_error!(IdentityError);

/// The hint for two that do not belong together.
const NAME_THEM: &str = "give a data directory and a database that belong together (--data-dir, --database-url). To use these two together from now on, run `ade doctor --adopt`";

fn mismatch(message: impl Into<String>) -> Error {
    Error::new(ProblemKind::Database, code::IDENTITY_MISMATCH, message)
}

/// Returns the error that nothing can be adopted while processes are at work.
pub(super) fn refused_at_work(database: &Path, names: &[String]) -> Error {
    let (database, names) = (database.display(), names.join(", "));
    let message = format!("processes are using the database {database}: {names}");
    Error::refused(code::IDENTITY_MISMATCH, message).hint(
        "stop them first. A process that was killed in another data directory still counts for five minutes",
    )
}

/// Refuses a data directory whose database is gone, before a new one is created in its place.
///
/// # Errors
/// The data directory names a database, and there is none.
pub fn demand_database(settings: &Settings, paths: &Paths) -> Result<(), IdentityError> {
    match store::location(settings, &paths.database())? {
        Location::File(database) if !database.exists() && paths.identity().exists() => {
            let (data, database) = (paths.data().display(), database.display());
            Err(mismatch(format!("the data directory {data} belongs to a database, but there is no database at {database}"))
                .hint("restore the database, or give its URL with --database-url. To start with an empty database, run `ade doctor --adopt`; the files of runs stay")
                .into())
        }
        _ => Ok(()),
    }
}

/// Returns the id of this host for a database on a server: the id of its data directory, or a new one if it has none. For a
/// database in a file, returns an id for a new data directory.
///
/// # Errors
/// The data directory's identity file cannot be read, or no backend serves the database's URL.
pub fn host(settings: &Settings, paths: &Paths) -> Result<String, IdentityError> {
    let label = match store::location(settings, &paths.database())? {
        Location::File(_) => None,
        Location::Server(_) => read_label(&paths.identity())?,
    };
    Ok(label.map_or_else(|| System.new_token(), |label| label.data_id))
}

/// Opens the database that the settings name, for this host.
///
/// # Errors
/// See [`store::open`]. Problems with the identity file are reported elsewhere.
pub fn open_store(
    settings: &Settings,
    paths: &Paths,
    opening: OpenMode,
) -> Result<Store, StoreError> {
    let host = host(settings, paths).unwrap_or_default();
    store::open(settings, &paths.database(), &host, opening)
}

/// Checks that a database, opened for a [host](host()), and the data directory belong together. Records this if neither belongs
/// to anything yet. Returns their identity.
///
/// # Errors
/// They do not belong together, or the identity cannot be recorded.
pub fn match_up(
    settings: &Settings,
    paths: &Paths,
    store: &Store,
    host: &str,
) -> Result<Identity, IdentityError> {
    let place = DataDirectory::new(settings, paths, host)?;
    match place.compare(store)? {
        IdentityMatch::None => place.first(store),
        IdentityMatch::Half(known) => place.complete(known),
        IdentityMatch::Whole(known) => Ok(known),
    }
}

/// Opens the database that the settings name and [matches it up](match_up) with the data directory.
///
/// # Errors
/// See [`match_up`]; or the database cannot be opened.
pub fn record(settings: &Settings, paths: &Paths) -> Result<Identity, IdentityError> {
    let host = host(settings, paths)?;
    let store = store::open(settings, &paths.database(), &host, OpenMode::Existing)?;
    match_up(settings, paths, &store, &host)
}

/// Checks whether the database and the data directory that the settings name belong together. Changes nothing. Returns `false`
/// if neither belongs to anything yet, or there is no database.
///
/// # Errors
/// They do not belong together, or the check failed.
pub fn examine(settings: &Settings, paths: &Paths) -> Result<bool, IdentityError> {
    demand_database(settings, paths)?;
    let host = host(settings, paths)?;
    let store = match store::open(settings, &paths.database(), &host, OpenMode::Existing) {
        Err(StoreError::Absent { .. }) => return Ok(false),
        opened => opened?,
    };
    let bond = DataDirectory::new(settings, paths, &host)?.compare(&store)?;
    Ok(!matches!(bond, IdentityMatch::None))
}

/// The relation of a database and a data directory.
enum IdentityMatch {
    /// Neither belongs to anything.
    None,
    /// The database has ids, but its directory has no identity file: the process that recorded the ids died before it wrote the
    /// file, or the file was lost.
    Half(Identity),
    /// The two belong together.
    Whole(Identity),
}

/// The result of [`adopt`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentityAdoption {
    /// The database, for display.
    pub database: PathBuf,
    /// The data directory that it belongs to now.
    pub data_dir: PathBuf,
    /// Whether the database was created.
    pub created: bool,
}

/// Records that the database and the data directory that the settings name belong together from now on, whatever they belonged
/// to before. Creates the database if there is none. Both get new ids, so a former partner of either is refused from then on.
///
/// # Errors
/// Processes are at work, or the identity cannot be recorded.
pub fn adopt(settings: &Settings, paths: &Paths) -> Result<IdentityAdoption, IdentityError> {
    let new_host = System.new_token();
    let place = DataDirectory::new(settings, paths, &new_host)?;
    let created = place.database.file().is_some_and(|file| !file.exists());
    let store = store::open(
        settings,
        &paths.database(),
        &new_host,
        OpenMode::CreateIfAbsent,
    )?;
    let mut new = new_identity(new_host.clone());
    match &place.database {
        Location::File(_) => {
            place.demand_rest(&store)?;
            store.rebind(&new)?;
        }
        // Other hosts keep using the database under its id.
        Location::Server(_) => new.database_id = store.bind(&new, System.now())?.database_id,
    }
    place.write(&new)?;
    Ok(IdentityAdoption {
        database: place.database.shown().to_owned(),
        data_dir: place.data.to_owned(),
        created,
    })
}

/// A data directory and the location of its database.
struct DataDirectory<'a> {
    data: &'a Path,
    file: PathBuf,
    database: Location,
    host: &'a str,
}

impl<'a> DataDirectory<'a> {
    fn new(settings: &Settings, paths: &'a Paths, host: &'a str) -> Result<Self, IdentityError> {
        Ok(Self {
            data: paths.data(),
            file: paths.identity(),
            database: store::location(settings, &paths.database())?,
            host,
        })
    }

    /// Returns the database's identity from the view of this data directory: on a server, the data id is that of this host.
    fn seen_from_here(&self, mut known: Identity) -> Identity {
        if let Location::Server(_) = self.database {
            self.host.clone_into(&mut known.data_id);
        }
        known
    }

    fn label(&self) -> Result<Option<Label>, IdentityError> {
        read_label(&self.file)
    }

    fn compare(&self, store: &Store) -> Result<IdentityMatch, IdentityError> {
        // The file is read first because it is written last.
        let (label, known) = (self.label()?, store.identity()?);
        match (label, known.map(|known| self.seen_from_here(known))) {
            (None, None) => Ok(IdentityMatch::None),
            (None, Some(known)) if self.is_this_one(self.data) => Ok(IdentityMatch::Half(known)),
            (None, Some(_)) => {
                let (database, data) = (self.database.shown().display(), self.data.display());
                Err(mismatch(format!(
                    "the database {database} belongs to another data directory than {data}"
                ))
                .hint(NAME_THEM)
                .into())
            }
            (Some(label), Some(known)) if label.is_of(&known) => Ok(IdentityMatch::Whole(known)),
            // Another process wrote the file after this process had determined its host id.
            (Some(label), Some(known))
                if self.database.file().is_none() && label.database_id == known.database_id =>
            {
                Err(IdentityError::Raced)
            }
            (Some(_), _) => Err(self.other_database()),
        }
    }

    /// Returns whether a folder without an identity file may belong to this database: it contains the database's file, or the
    /// database is on a server.
    fn is_this_one(&self, folder: &Path) -> bool {
        let file = self.database.file();
        file.is_none_or(|file| file.starts_with(folder))
    }

    /// Records a first identity. Neither belongs to anything yet.
    fn first(&self, store: &Store) -> Result<Identity, IdentityError> {
        let new = new_identity(self.host.to_owned());
        let known = self.complete(self.seen_from_here(store.bind(&new, System.now())?))?;
        self.keep_git_away();
        Ok(known)
    }

    /// Makes git ignore a new data directory, which is no part of a repository around it. A directory with files other than
    /// ADE's may be a user's folder, such as the repository itself, and is left alone.
    fn keep_git_away(&self) {
        let own = |entry: io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| {
                let path = entry.path();
                let file = self.database.file();
                path == self.file || file.is_some_and(|file| file.starts_with(path))
            })
        };
        if std::fs::read_dir(self.data).is_ok_and(|mut entries| entries.all(own)) {
            let _ = files::write_new(&self.data.join(IGNORED_BY_GIT), b"*\n");
        }
    }

    /// Writes the database's identity into the data directory, unless another process was quicker.
    fn complete(&self, known: Identity) -> Result<Identity, IdentityError> {
        files::create_private_folder(self.data)?;
        if files::write_new(&self.file, &Label::from_identity(&known).text())? {
            return Ok(known);
        }
        match self.label()? {
            Some(label) if label.is_of(&known) => Ok(known),
            Some(label) if label.database_id == known.database_id => Err(IdentityError::Raced),
            _ => Err(self.other_database()),
        }
    }

    fn write(&self, identity: &Identity) -> Result<(), IdentityError> {
        files::create_private_folder(self.data)?;
        Ok(files::write_whole(
            &self.file,
            &Label::from_identity(identity).text(),
        )?)
    }

    /// Refuses if processes are at work with a database whose records are about to change.
    fn demand_rest(&self, store: &Store) -> Result<(), IdentityError> {
        let lately = Timestamp(System.now().0 - milliseconds(SEEN_LATELY));
        let at_work = store.workers()?.into_iter().filter(|worker| {
            // If the database was in another data directory, so are the lock files of its processes.
            Disk.is_locked(&worker.lock_path)
                .unwrap_or(worker.seen_at > lately)
        });
        let names: Vec<String> = at_work.map(|worker| worker.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(refused_at_work(self.database.shown(), &names).into())
    }

    fn other_database(&self) -> IdentityError {
        let (data, database) = (self.data.display(), self.database.shown().display());
        mismatch(format!(
            "the data directory {data} belongs to another database than {database}"
        ))
        .hint(NAME_THEM)
        .into()
    }
}

fn new_identity(data_id: String) -> Identity {
    Identity {
        database_id: System.new_token(),
        data_id,
    }
}

impl Label {
    fn from_identity(identity: &Identity) -> Self {
        Self {
            about: "Which database this data directory belongs to. `ade doctor --adopt` writes a new file."
                .to_owned(),
            data_id: identity.data_id.clone(),
            database_id: identity.database_id.clone(),
        }
    }

    fn is_of(&self, identity: &Identity) -> bool {
        (&self.data_id, &self.database_id) == (&identity.data_id, &identity.database_id)
    }

    fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

fn read_label(file: &Path) -> Result<Option<Label>, IdentityError> {
    let Some(text) = files::read_if_there(file)? else {
        return Ok(None);
    };
    let label = serde_json::from_slice(&text).map_err(|error| {
        mismatch(format!("{} cannot be understood: {error}", file.display())).hint("restore the file. If the database is the right one, `ade doctor --adopt` writes a new file")
    })?;
    Ok(Some(label))
}
