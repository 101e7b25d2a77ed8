//! The object store itself: a folder that hosts share, S3, Azure Blob Storage or Google Cloud Storage, by means of the crate
//! `object_store`.
//!
//! Objects are created once and never changed, so that every store behaves alike: nothing is updated, renamed or appended to.
//! Files are streamed, never loaded whole. Credentials come from the environment variables that the crate reads.

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

/// The maximum number of bytes that one request sends or fetches.
const PART: usize = 8 * 1024 * 1024;
/// The maximum number of parts in transfer at once.
const PARTS_AT_ONCE: usize = 2;
/// The maximum number of listed objects waiting for the caller.
const LISTED_AHEAD: usize = 1000;
/// The maximum number of retries of a request, and the time that they may take. After that, waiting is up to the caller.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(15);

/// An object in a listing.
pub struct ListedObject {
    /// The key of the object.
    pub key: String,
    /// The size of the object in bytes.
    pub bytes: u64,
}

/// An error that prevents putting or fetching an object.
pub(super) enum Trouble {
    /// The object store is out of reach, or refuses.
    Remote(String),
    /// A local file cannot be read or written.
    Local(io::Error),
}

/// An object store, with the prefix of the keys of its objects.
pub(super) struct RemoteStore {
    place: ObjectBackend,
    prefix: Path,
    runtime: Runtime,
}

enum ObjectBackend {
    /// A folder that hosts share. Each operation checks that it exists, because its disk may be away.
    Folder(PathBuf),
    Bucket(Arc<dyn ObjectStore>),
}

impl RemoteStore {
    /// Opens the store of a URL, with the credentials in these variables. Sends no request yet.
    ///
    /// # Errors
    /// The URL names no store, or the credentials are not valid: returns a sentence about it.
    pub fn open(url: &str, variables: &BTreeMap<OsString, OsString>) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("it has no ://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let place = match scheme {
            "file" => ObjectBackend::Folder(rest.into()),
            "s3" | "az" | "gs" => ObjectBackend::Bucket(open_bucket(scheme, bucket, variables)?),
            _ => return Err(format!("{scheme}:// is not one of file, s3, az and gs")),
        };
        let prefix = match &place {
            ObjectBackend::Folder(folder) if !folder.is_absolute() => {
                return Err(
                    "the path of a folder must begin with /: file:///shared/folder".to_owned(),
                );
            }
            ObjectBackend::Folder(_) => Path::default(),
            ObjectBackend::Bucket(_) => Path::parse(prefix).map_err(|error| error.to_string())?,
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
            ObjectBackend::Bucket(store) => Ok(Arc::clone(store)),
            ObjectBackend::Folder(folder) if !folder.is_dir() => {
                Err(Trouble::Remote("its folder is not there".to_owned()))
            }
            ObjectBackend::Folder(folder) => {
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

    /// Creates an object from a file. Returns `false` if there is one with this key.
    pub fn put(&self, key: &str, file: &mut File) -> Result<bool, Trouble> {
        let length = file.metadata()?.len();
        if length > PART as u64 {
            return self.put_parts(key, file);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        self.create(key, bytes)
    }

    /// Creates an object of these bytes. Returns `false` if there is one with this key.
    pub fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool, Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        let put = store.put_opts(&path, PutPayload::from(bytes), PutMode::Create.into());
        match self.runtime.block_on(put) {
            Err(Error::AlreadyExists { .. }) => Ok(false),
            put => put.map(|_| true).map_err(Trouble::from),
        }
    }

    /// Creates an object in parts. It appears when the last part is there. Two processes that create the same object send the
    /// same bytes.
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

    /// Writes an object into a file. Returns `false` if there is none with this key.
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

    /// Returns whether an object that was there still exists. Only folders are checked: a bucket is never replaced by another.
    pub fn still_has(&self, key: &str) -> bool {
        match &self.place {
            ObjectBackend::Folder(folder) => folder.join(key).is_file(),
            ObjectBackend::Bucket(_) => true,
        }
    }

    /// Returns whether there is an object with this key.
    pub fn has(&self, key: &str) -> Result<bool, Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        match self.runtime.block_on(store.head(&path)) {
            Err(Error::NotFound { .. }) => Ok(false),
            found => found.map(|_| true).map_err(Trouble::from),
        }
    }

    /// Lists the objects whose keys begin with these parts, in no order. A thread of its own requests them, so that the caller
    /// may query a database meanwhile.
    pub fn list(
        &self,
        below: &str,
    ) -> Result<impl Iterator<Item = Result<ListedObject, Trouble>>, Trouble> {
        let (store, below) = (self.store()?, self.path(below)?);
        let prefix = self.prefix.clone();
        let (send, mut receive) = tokio::sync::mpsc::channel(LISTED_AHEAD);
        self.runtime.spawn(async move {
            let mut all = store.list(Some(&below));
            loop {
                let next = match all.try_next().await {
                    Ok(None) => return,
                    Ok(Some(found)) => match key_below(&prefix, &found.location) {
                        Some(key) => Ok(ListedObject {
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

    /// Deletes an object. It is no error if there is none.
    pub fn delete(&self, key: &str) -> Result<(), Trouble> {
        let (store, path) = (self.store()?, self.path(key)?);
        match self.runtime.block_on(store.delete(&path)) {
            Err(Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map_err(Trouble::from),
        }
    }
}

/// Returns the variables that configure a store, under the names that the crate gives them.
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
        return Err(format!("{scheme}:// needs the name of a bucket after it"));
    }
    use_cryptography();
    let url = format!("{scheme}://{bucket}");
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_TIMEOUT,
        ..RetryConfig::default()
    };
    // The builders have the same methods, but no common trait.
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

/// Returns the text of an error, without the query parts of URLs in it, because these may contain a signature.
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
            ("file://shared/folder", "must begin with /"),
            ("s3://", "name of a bucket"),
            ("ftp://host/x", "one of file, s3, az and gs"),
        ] {
            let refused = RemoteStore::open(url, &BTreeMap::new()).err().unwrap();
            assert!(refused.contains(why), "{url}: {refused}");
        }
    }
}
