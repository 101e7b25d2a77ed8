//! The object store itself: a folder that hosts share, S3, Azure Blob Storage or Google Cloud Storage, by the crate `object_store`.
//!
//! Objects are created and never changed, so that every store behaves alike: nothing is updated, renamed or appended to. Files
//! are streamed; no whole file is in memory. Credentials come from the variables of the environment that the crate knows.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::tls::use_cryptography;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig, WriteMultipart,
};
use tokio::runtime::{Builder, Runtime};

/// So many bytes are sent or fetched with one request.
const PART: usize = 8 * 1024 * 1024;
/// So many parts are on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// So many objects are listed before somebody has taken them.
const LISTED_AHEAD: usize = 1000;
/// How often a request is repeated, and for how long. After that it is for the caller to wait.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(15);

/// An object that was listed.
pub struct Found {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Why an object was not put or fetched.
pub(super) enum Trouble {
    /// The object store is out of reach, or refuses.
    Remote(String),
    /// A file here cannot be read or written.
    Local(io::Error),
}

/// An object store, with the prefix below which its objects are.
pub(super) struct Remote {
    place: Place,
    prefix: Path,
    runtime: Runtime,
}

enum Place {
    /// A folder that hosts share. It is looked for with each operation: its disk may be away.
    Folder(PathBuf),
    Bucket(Arc<dyn ObjectStore>),
}

impl Remote {
    /// Opens the store of a URL, with the credentials in these variables. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The URL names no store, or its credentials cannot be understood: a sentence that says so.
    pub fn open(url: &str, variables: &BTreeMap<OsString, OsString>) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no ://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let place = match scheme {
            "file" => Place::Folder(rest.into()),
            "s3" | "az" | "gs" => Place::Bucket(open_bucket(scheme, bucket, variables)?),
            _ => return Err(format!("{scheme}:// is none of file, s3, az and gs")),
        };
        let prefix = match &place {
            Place::Folder(folder) if !folder.is_absolute() => {
                return Err("the path of a folder begins with /: file:///shared/folder".to_owned());
            }
            Place::Folder(_) => Path::default(),
            Place::Bucket(_) => Path::parse(prefix).map_err(|error| error.to_string())?,
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("objects")
            .enable_all()
            .build()
            .map_err(|error| format!("no thread can be started for it: {error}"))?;
        Ok(Self {
            place,
            prefix,
            runtime,
        })
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>, Trouble> {
        match &self.place {
            Place::Bucket(store) => Ok(Arc::clone(store)),
            Place::Folder(folder) if !folder.is_dir() => {
                Err(Trouble::Remote("its folder is not there".to_owned()))
            }
            Place::Folder(folder) => {
                let store = LocalFileSystem::new_with_prefix(folder)?;
                let store = store.with_fsync(true).with_automatic_cleanup(true);
                Ok(Arc::new(store))
            }
        }
    }

    fn path(&self, key: &str) -> Result<Path, Trouble> {
        let path = Path::parse(format!("{}/{key}", self.prefix));
        path.map_err(|error| Trouble::Remote(error.to_string()))
    }

    /// Creates an object from a file. False: there is one of that name.
    pub fn put(&self, key: &str, file: &mut File) -> Result<bool, Trouble> {
        let length = file.metadata()?.len();
        if length > PART as u64 {
            return self.put_parts(key, file);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        self.create(key, bytes)
    }

    /// Creates an object of these bytes. False: there is one of that name.
    pub fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        let put = store.put_opts(&path, PutPayload::from(bytes), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Err(Error::AlreadyExists { .. }) => Ok(false),
            put => put.map(|_| true).map_err(Trouble::from),
        }
    }

    /// The parts become an object at once, when the last of them is there. Two that create the same object send the same bytes.
    fn put_parts(&self, key: &str, file: &mut File) -> Result<bool, Trouble> {
        if self.has(key)? {
            return Ok(false);
        }
        let (store, path) = (self.store()?, self.path(key)?);
        self.runtime.block_on(async {
            let upload = store.put_multipart(&path).await?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
            let sent = async {
                loop {
                    let mut part = Vec::with_capacity(PART);
                    let mut rest = Read::by_ref(file).take(PART as u64);
                    rest.read_to_end(&mut part)?;
                    if part.is_empty() {
                        return Ok::<(), Trouble>(());
                    }
                    upload.wait_for_capacity(PARTS_AT_ONCE).await?;
                    upload.put(Bytes::from(part));
                }
            };
            match sent.await {
                Ok(()) => upload.finish().await.map(|_| true).map_err(Trouble::from),
                Err(error) => {
                    let _ = upload.abort().await;
                    Err(error)
                }
            }
        })
    }

    /// Writes an object into a file. False: there is none of that name.
    pub fn get(&self, key: &str, to: &mut dyn Write) -> Result<bool, Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        self.runtime.block_on(async {
            let whole = match store.get(&path).await {
                Err(Error::NotFound { .. }) => return Ok(false),
                found => found?,
            };
            let length = whole.meta.size;
            if length <= PART as u64 {
                let bytes = whole.bytes().await?;
                to.write_all(&bytes)?;
                return Ok(true);
            }
            drop(whole);
            let mut from = 0;
            while from < length {
                let part = from..(from + PART as u64).min(length);
                from = part.end;
                let bytes = store.get_range(&path, part).await?;
                to.write_all(&bytes)?;
            }
            Ok(true)
        })
    }

    /// Whether there is an object still that was there. Only a folder is asked: a bucket does not go and leave another in its place.
    pub fn still_has(&self, key: &str) -> bool {
        match &self.place {
            Place::Folder(folder) => folder.join(key).is_file(),
            Place::Bucket(_) => true,
        }
    }

    /// Whether there is an object of that name.
    pub fn has(&self, key: &str) -> Result<bool, Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        match self.runtime.block_on(store.head(&path)) {
            Err(Error::NotFound { .. }) => Ok(false),
            found => found.map(|_| true).map_err(Trouble::from),
        }
    }

    /// The objects whose keys begin with these parts, in no order. They are asked for by a thread of its own: who takes them may ask
    /// a database meanwhile.
    pub fn list(
        &self,
        below: &str,
    ) -> Result<impl Iterator<Item = Result<Found, Trouble>>, Trouble> {
        let (store, below) = (self.store()?, self.path(below)?);
        let prefix = self.prefix.clone();
        let (send, mut receive) = tokio::sync::mpsc::channel(LISTED_AHEAD);
        self.runtime.spawn(async move {
            let mut all = store.list(Some(&below));
            loop {
                let next = match all.try_next().await {
                    Ok(None) => return,
                    Ok(Some(found)) => match key_below(&prefix, &found.location) {
                        Some(key) => Ok(Found {
                            key,
                            bytes: found.size,
                        }),
                        None => continue,
                    },
                    Err(error) => Err(error.into()),
                };
                let is_last = next.is_err();
                if send.send(next).await.is_err() || is_last {
                    return;
                }
            }
        });
        Ok(std::iter::from_fn(move || receive.blocking_recv()))
    }

    /// Deletes an object. One that is gone already is no error.
    pub fn delete(&self, key: &str) -> Result<(), Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        match self.runtime.block_on(store.delete(&path)) {
            Err(Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(Trouble::from),
        }
    }
}

/// What of these variables configures a store, by the names that the crate has for it.
fn known<K: FromStr>(
    variables: &BTreeMap<OsString, OsString>,
    prefix: &str,
) -> impl Iterator<Item = (K, String)> {
    variables.iter().filter_map(move |(name, value)| {
        let (name, value) = (name.to_str()?, value.to_str()?);
        let key = name
            .starts_with(prefix)
            .then(|| name.to_ascii_lowercase())?;
        Some((key.parse().ok()?, value.to_owned()))
    })
}

fn open_bucket(
    scheme: &str,
    bucket: &str,
    variables: &BTreeMap<OsString, OsString>,
) -> Result<Arc<dyn ObjectStore>, String> {
    if bucket.is_empty() {
        return Err(format!("{scheme}:// needs the name of a bucket behind it"));
    }
    use_cryptography();
    let url = format!("{scheme}://{bucket}");
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_TIMEOUT,
        ..RetryConfig::default()
    };
    // The builders have the same methods, and no trait in common.
    macro_rules! open {
        ($builder:ty, $prefix:literal) => {
            known(variables, $prefix)
                .fold(<$builder>::new(), |builder, (key, value)| {
                    builder.with_config(key, value)
                })
                .with_url(url)
                .with_retry(retry)
                .build()
                .map(|store| Arc::new(store) as _)
        };
    }
    let opened: Result<Arc<dyn ObjectStore>, Error> = match scheme {
        "s3" => open!(AmazonS3Builder, "AWS_"),
        "az" => open!(MicrosoftAzureBuilder, "AZURE_"),
        _ => open!(GoogleCloudStorageBuilder, "GOOGLE_"),
    };
    opened.map_err(|error| said(&error))
}

fn key_below(prefix: &Path, location: &Path) -> Option<String> {
    let parts = location.prefix_match(prefix)?;
    let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
    Some(parts.join("/"))
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Remote(said(&error))
    }
}

/// What an error says, without what follows a question mark in its addresses: that may be a signature.
fn said(error: &dyn std::error::Error) -> String {
    without_queries(&error.to_string())
}

fn without_queries(text: &str) -> String {
    let mut parts = text.split('?');
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|end: char| end.is_whitespace() || ")\"'>".contains(end));
        safe.push_str(&part[end.unwrap_or(part.len())..]);
    }
    safe
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Local(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_in_addresses_are_not_told() {
        let text = "GET (https://a.blob.core/c/x?sv=1&sig=abc%3D): timed out";
        assert_eq!(
            without_queries(text),
            "GET (https://a.blob.core/c/x): timed out"
        );
        assert_eq!(without_queries("no address"), "no address");
    }

    #[test]
    fn a_url_that_names_no_store_is_refused_with_why() {
        for (url, why) in [
            ("/shared", "no ://"),
            ("file://shared/folder", "begins with /"),
            ("s3://", "name of a bucket"),
            ("ftp://host/x", "none of file, s3, az and gs"),
        ] {
            let refused = Remote::open(url, &BTreeMap::new()).err().unwrap();
            assert!(refused.contains(why), "{url}: {refused}");
        }
    }
}
