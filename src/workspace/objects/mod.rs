//! Files in an object store, for hosts that share a database (`ADE_FILES_URL`).
//!
//! The data directory of each host is a cache of the store. The key of a file is its path relative to the data directory, so
//! records name the same file on every host. Files are stored before they are recorded: documents and inputs under their paths,
//! a snapshot as one archive, and the results of a run under `<its folder>/<attempt>-<token of the claim>/`, so that a process
//! that lost its claim overwrites nothing. The run's record names the attempt that counts ([`RunRecord::ended_token`]). Whoever
//! needs a file that is not here fetches it ([`Objects::fetch_file`] and similar methods do nothing if it is here), and it
//! appears whole. Collection deletes objects that no record names.
//!
//! An object is created once and never changed. A store belongs to one database and holds its id. Other databases are refused,
//! because their collection would delete objects that they do not know.

mod key;
mod remote;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub use key::{ObjectOwner, key_of, names_of};
pub use remote::ListedObject;

use self::remote::{RemoteStore, Trouble};
use crate::base::files::{self, FileError, name_of};
use crate::base::mutex::lock;
use crate::base::problem::{Error, code};
use crate::configuration::{pack_snapshot, unpack_snapshot};
use crate::settings::paths::{Paths, RunFolder};
use crate::settings::{Settings, mask_password};
use crate::store::{Claim, RunRecord};
use crate::system::lock::Lock;

/// The object that says which database the store belongs to.
const IDENTITY: &str = "identity.json";

/// The reason for refusing a store whose identity object has vanished.
const GONE: &str = "it is gone; another disk or bucket is there now";

/// The time for which a recorded snapshot is not looked for again. Collection waits for a day before it deletes a snapshot that
/// no record names.
const KNOWN_FOR: Duration = Duration::from_secs(12 * 3600);

/// A data directory's memory of its object store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SeenObjects {
    /// The URL of the store, once it was known to belong to this database.
    url: String,
    /// The objects that no record names, by key, with the time when that was first seen, in UTC milliseconds.
    #[serde(default)]
    pub unnamed: BTreeMap<String, i64>,
}

/// The object store of a data directory, shared by all threads of a process.
pub struct Objects {
    remote: RemoteStore,
    /// The URL for display.
    url: String,
    data: PathBuf,
    database_id: String,
    seen: PathBuf,
    /// Set once the store is known to belong to the database.
    is_own: OnceLock<()>,
    /// The keys of snapshots that this process has recorded, with the times.
    recorded: Mutex<HashMap<String, Instant>>,
}

impl Objects {
    /// Opens the object store of this database that the settings name, without a request to it. `None` if they name none.
    ///
    /// # Errors
    /// The setting cannot be used.
    pub fn open(
        settings: &Settings,
        paths: &Paths,
        database_id: &str,
    ) -> Result<Option<Self>, Error> {
        let Some(given) = settings.files_url.as_deref() else {
            return Ok(None);
        };
        let url = mask_password(given);
        let data = paths.data().to_owned();
        let elsewhere = |root: &&Path| **root != data.join(key::WORKSPACES);
        if let Some(folder) = paths.roots().into_iter().find(elsewhere) {
            let message = format!(
                "ADE_FILES_URL needs the files of workspaces in the data directory, but a setting puts them in {}",
                folder.display()
            );
            return Err(Error::usage(code::SETTINGS_INVALID, message).hint("leave ADE_WORKSPACES_DIR, ADE_DOCUMENTS_DIR, ADE_CONFIGS_DIR and ADE_RUNS_DIR at their defaults"));
        }
        let opened = RemoteStore::open(given.trim_end_matches('/'), &settings.variables);
        let remote = opened.map_err(|reason| {
            let message = format!("ADE_FILES_URL {url:?} cannot be used: {reason}");
            Error::usage(code::SETTINGS_INVALID, message).hint("use file:///shared/folder, s3://bucket/prefix, az://container/prefix or gs://bucket/prefix")
        })?;
        Ok(Some(Self {
            remote,
            url,
            data,
            database_id: database_id.to_owned(),
            seen: paths.seen_objects(),
            is_own: OnceLock::new(),
            recorded: Mutex::default(),
        }))
    }

    /// Returns the URL with passwords masked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns whether the file at a path is kept in the store for other hosts.
    pub fn holds(&self, path: &Path) -> bool {
        key_of(&self.data, path).is_some()
    }

    /// Puts a file under its path. An object that exists already is the same.
    ///
    /// # Errors
    /// The file cannot be read, or the object store is out of reach.
    pub fn put_file(&self, path: &Path) -> Result<(), FileError> {
        self.demand_own()?;
        match key_of(&self.data, path) {
            Some(key) => self.put(&key, path),
            None => Ok(()),
        }
    }

    /// Fetches a file to its path, unless it is there. If the store lacks it, too, nothing happens: the caller finds it
    /// missing.
    ///
    /// # Errors
    /// The object store is out of reach, or the file cannot be written.
    pub fn fetch_file(&self, path: &Path) -> Result<(), FileError> {
        match key_of(&self.data, path) {
            Some(key) if !path.exists() => {
                let is_fetched = self.fetch(&key, path)?;
                if is_fetched && matches!(names_of(&self.data, &key), ObjectOwner::Document(_)) {
                    // Runs link to documents, so these are read-only.
                    let read_only = fs::Permissions::from_mode(0o444);
                    fs::set_permissions(path, read_only).map_err(FileError::on("write", path))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Puts a snapshot, if it is here; otherwise the process that made it has put it. Called before the snapshot is recorded
    /// and [again](Objects::snapshot_recorded) after that, because collection may have deleted an older object in between.
    ///
    /// # Errors
    /// See [`Objects::put_file`].
    pub fn put_snapshot(&self, snapshot: &Path) -> Result<(), FileError> {
        let Some(key) = snapshot_key(&self.data, snapshot) else {
            return Ok(());
        };
        let known = lock(&self.recorded).get(&key).copied();
        let is_known = known.is_some_and(|at| at.elapsed() < KNOWN_FOR);
        if is_known || !snapshot.is_dir() {
            return Ok(());
        }
        self.demand_own()?;
        if self.remote.has(&key).map_err(self.on("put", &key))? {
            return Ok(());
        }
        let mut archive = tempfile::tempfile().map_err(FileError::on("pack", snapshot))?;
        pack_snapshot(snapshot, &archive)?;
        archive.rewind().map_err(FileError::on("pack", snapshot))?;
        let put = self.remote.put(&key, &mut archive);
        put.map(drop).map_err(self.on("put", &key))
    }

    /// Puts a snapshot again after it was recorded, and remembers that it is there.
    ///
    /// # Errors
    /// See [`Objects::put_file`].
    pub fn snapshot_recorded(&self, snapshot: &Path) -> Result<(), FileError> {
        self.put_snapshot(snapshot)?;
        if let Some(key) = snapshot_key(&self.data, snapshot) {
            lock(&self.recorded).insert(key, Instant::now());
        }
        Ok(())
    }

    /// Fetches a snapshot to its path, unless it is there. If the store lacks it, too, nothing happens.
    ///
    /// # Errors
    /// See [`Objects::fetch_file`].
    pub fn fetch_snapshot(&self, snapshot: &Path) -> Result<(), FileError> {
        let Some(key) = snapshot_key(&self.data, snapshot) else {
            return Ok(());
        };
        if snapshot.is_dir() {
            return Ok(());
        }
        self.demand_own()?;
        let mut archive = tempfile::tempfile().map_err(FileError::on("fetch", snapshot))?;
        let found = self.remote.get(&key, &mut archive);
        if !found.map_err(self.on("fetch", &key))? {
            return Ok(());
        }
        archive.rewind().map_err(FileError::on("fetch", snapshot))?;
        unpack_snapshot(snapshot, io::BufReader::new(archive))
    }

    /// Puts the results of an attempt and the input that it read. The caller holds the claim, and records the end of the run
    /// afterwards.
    ///
    /// # Errors
    /// A file cannot be read, or the object store is out of reach.
    pub fn put_attempt(&self, run: &RunRecord, claim: &Claim) -> Result<(), FileError> {
        self.put_left(run, &claim.token)
    }

    /// Puts the results of a run that ended before there was an object store.
    ///
    /// # Errors
    /// See [`Objects::put_attempt`].
    pub fn put_ended(&self, run: &RunRecord) -> Result<(), FileError> {
        self.put_left(run, token_of(run))
    }

    fn put_left(&self, run: &RunRecord, token: &str) -> Result<(), FileError> {
        let folder = RunFolder::at(&run.run_dir);
        let Some(of_run) = key_of(&self.data, folder.path()) else {
            return Ok(());
        };
        self.demand_own()?;
        let attempt = attempt_name(run.attempt_count, token);
        let mut left = Vec::new();
        for path in folder.of_attempt() {
            files_below(&path, &mut left).map_err(FileError::on("read", &path))?;
        }
        for path in left {
            if let Some(below) = key_of(folder.path(), &path) {
                self.put(&format!("{of_run}/{attempt}/{below}"), &path)?;
            }
        }
        let staged = folder.staged(&run.input_name);
        if staged.is_file() {
            self.put_file(&staged)?;
        }
        files::write_whole(&folder.stored_attempt(), attempt.as_bytes())
    }

    /// Fetches the results of an ended run and its input, unless they are here.
    ///
    /// # Errors
    /// The object store is out of reach, or a file cannot be written.
    pub fn fetch_run(&self, run: &RunRecord) -> Result<(), FileError> {
        let folder = RunFolder::at(&run.run_dir);
        if !run.status.is_terminal() || run.artifacts_deleted_at.is_some() {
            return Ok(());
        }
        let Some(of_run) = key_of(&self.data, folder.path()) else {
            return Ok(());
        };
        let attempt = attempt_name(run.attempt_count, token_of(run));
        let mark = folder.stored_attempt();
        let is_here = || fs::read(&mark).is_ok_and(|here| here == attempt.as_bytes());
        if is_here() {
            return Ok(());
        }
        self.demand_own()?;
        let _turn = Lock::take(&folder.fetch_lock())?;
        if is_here() {
            return Ok(());
        }
        let prefix = format!("{of_run}/{attempt}");
        let listed = self.remote.list(&prefix);
        let found = listed.and_then(Iterator::collect::<Result<Vec<ListedObject>, Trouble>>);
        let found = found.map_err(self.on("fetch", &prefix))?;
        if !found.is_empty() {
            // These files belong to an attempt that does not count, or were fetched only in part.
            for path in folder.of_attempt() {
                remove(&path).map_err(FileError::on("delete", &path))?;
            }
        }
        for ListedObject { key, .. } in found {
            let below = key.strip_prefix(&prefix).unwrap_or_default();
            if let Some(path) = key::path_of(below.trim_start_matches('/')) {
                self.fetch(&key, &folder.path().join(path))?;
            }
        }
        self.fetch_file(&folder.staged(&run.input_name))?;
        if run
            .output_path
            .as_ref()
            .is_some_and(|output| !output.is_file())
        {
            // The output may still be put or restored, so a later call looks again.
            return Ok(());
        }
        files::write_whole(&mark, attempt.as_bytes())
    }

    /// Lists all objects of the store except its identity.
    ///
    /// # Errors
    /// The store is out of reach, or belongs to another database.
    pub fn all(&self) -> Result<impl Iterator<Item = Result<ListedObject, FileError>>, FileError> {
        self.demand_own()?;
        let listed = self.remote.list("").map_err(self.on("list", ""))?;
        let all = listed.map(|found| found.map_err(self.on("list", "")));
        Ok(all.filter(|found| found.as_ref().map_or(true, |found| found.key != IDENTITY)))
    }

    /// Deletes an object that no record names. A snapshot may be recorded at the same moment: if `is_named` returns true after
    /// the deletion, the object is created again.
    ///
    /// # Errors
    /// The object store is out of reach, or `is_named` failed.
    pub fn delete<E: From<FileError>>(
        &self,
        key: &str,
        is_named: &dyn Fn() -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut archive = tempfile::tempfile().map_err(FileError::on("delete", Path::new(key)))?;
        let is_snapshot = matches!(names_of(&self.data, key), ObjectOwner::Snapshot(_));
        if is_snapshot {
            let kept = self.remote.get(key, &mut archive);
            kept.map_err(self.on("delete", key))?;
        }
        self.remote.delete(key).map_err(self.on("delete", key))?;
        if is_snapshot && is_named()? {
            archive
                .rewind()
                .map_err(FileError::on("put", Path::new(key)))?;
            let put = self.remote.put(key, &mut archive);
            put.map_err(self.on("put", key))?;
        }
        Ok(())
    }

    /// Checks that the store responds and belongs to this database.
    ///
    /// # Errors
    /// The store is out of reach, or belongs to another database.
    pub fn demand_reachable(&self) -> Result<(), FileError> {
        self.demand_own()?;
        self.remote
            .has(IDENTITY)
            .map(drop)
            .map_err(self.on("use", IDENTITY))
    }

    /// Reads this data directory's memory of the store.
    pub fn seen(&self) -> SeenObjects {
        let text = fs::read(&self.seen).unwrap_or_default();
        let seen: SeenObjects = serde_json::from_slice(&text).unwrap_or_default();
        match seen.url == self.url {
            true => seen,
            false => SeenObjects::default(),
        }
    }

    /// Writes this data directory's memory of the store.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_seen(&self, seen: &SeenObjects) -> Result<(), FileError> {
        let seen = SeenObjects {
            url: self.url.clone(),
            ..seen.clone()
        };
        let folder = self.seen.parent().unwrap_or(&self.seen);
        files::create_folder(folder)?;
        files::write_whole(&self.seen, &serde_json::to_vec(&seen).unwrap_or_default())
    }

    /// Checks that the store belongs to this database: it holds the database's id, or none yet and gets it now. A store that
    /// held the id before and has none now is another disk or bucket in its place.
    ///
    /// # Errors
    /// The store is out of reach, or belongs to another database.
    pub fn demand_own(&self) -> Result<(), FileError> {
        let on = || self.on("use", IDENTITY);
        let refuse = |why: &str| FileError::out_of_reach("use", &self.address(IDENTITY), why);
        // Without an id nothing is proven; the next process has one.
        if self.database_id.is_empty() {
            return Ok(());
        }
        if self.is_own.get().is_some() {
            // A disk can be unmounted at any time, and files would then be written to another disk.
            let is_here = self.remote.still_has(IDENTITY);
            return is_here.then_some(()).ok_or_else(|| refuse(GONE));
        }
        let label = serde_json::json!({"database_id": self.database_id}).to_string();
        let mut found = Vec::new();
        if !self.remote.get(IDENTITY, &mut found).map_err(on())? {
            if self.seen().url == self.url {
                return Err(refuse(GONE));
            }
            let created = self.remote.create(IDENTITY, label.clone().into_bytes());
            if created.map_err(on())? {
                found = label.into_bytes();
            } else {
                self.remote.get(IDENTITY, &mut found).map_err(on())?;
            }
        }
        let found: serde_json::Value = serde_json::from_slice(&found).unwrap_or_default();
        if found["database_id"] != self.database_id.as_str() {
            return Err(refuse(
                "it belongs to another database; name another folder or prefix",
            ));
        }
        let seen = self.seen();
        if seen.url != self.url {
            self.keep_seen(&seen)?;
        }
        let _ = self.is_own.set(());
        Ok(())
    }

    fn put(&self, key: &str, path: &Path) -> Result<(), FileError> {
        let mut file = File::open(path).map_err(FileError::on("read", path))?;
        let put = self.remote.put(key, &mut file);
        put.map(drop).map_err(self.file_error(path, "put", key))
    }

    /// Fetches an object. Returns `false` if there is none.
    fn fetch(&self, key: &str, path: &Path) -> Result<bool, FileError> {
        self.demand_own()?;
        let folder = path.parent().unwrap_or(path);
        files::create_folder(folder)?;
        let mut beside = files::unfinished(folder).map_err(FileError::on("write to", folder))?;
        let fetched = self.remote.get(key, beside.as_file_mut());
        if !fetched.map_err(self.file_error(path, "fetch", key))? {
            return Ok(false);
        }
        files::settle(beside, path).map_err(FileError::on("write", path))?;
        Ok(true)
    }

    /// Returns a conversion to the error of an object alone.
    fn on(&self, action: &'static str, key: &str) -> impl FnOnce(Trouble) -> FileError {
        self.file_error(Path::new(""), action, key)
    }

    /// Returns a conversion to the error of an object, or of the file that belongs to it.
    fn file_error(
        &self,
        path: &Path,
        action: &'static str,
        key: &str,
    ) -> impl FnOnce(Trouble) -> FileError {
        let (path, address) = (path.to_owned(), self.address(key));
        move |trouble| match trouble {
            Trouble::Remote(why) => FileError::out_of_reach(action, &address, why),
            Trouble::Local(error) if path == Path::new("") => {
                FileError::on(action, &address)(error)
            }
            Trouble::Local(error) => FileError::on(action, &path)(error),
        }
    }

    fn address(&self, key: &str) -> PathBuf {
        let url = self.url.trim_end_matches('/');
        PathBuf::from(match key {
            "" => url.to_owned(),
            key => format!("{url}/{key}"),
        })
    }
}

/// Returns the token of the claim under which a run ended. Records from before tokens have none.
fn token_of(run: &RunRecord) -> &str {
    run.ended_token.as_deref().unwrap_or("ended")
}

/// Returns the name of an attempt in keys.
fn attempt_name(attempt: u32, token: &str) -> String {
    format!("{attempt}-{token}")
}

/// Returns the key of a snapshot's archive.
fn snapshot_key(data: &Path, snapshot: &Path) -> Option<String> {
    key_of(data, snapshot).map(|key| format!("{key}{}", key::ARCHIVE))
}

/// Collects the regular files at a path and below it. A missing path has none, and links are ignored.
fn files_below(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(at) if at.is_file() => {
            found.push(path.to_owned());
            Ok(())
        }
        Ok(at) if at.is_dir() => {
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                // Unfinished files are left by killed processes.
                if !name_of(&entry.path()).starts_with(files::UNFINISHED) {
                    files_below(&entry.path(), found)?;
                }
            }
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(at) if at.is_dir() => fs::remove_dir_all(path),
        _ => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
