//! Determines whether a path is on a file system of this machine alone, or on one that other machines use too.
//!
//! Linux identifies the kind by a number (statfs); for file systems that a program serves (FUSE), only the table of mounts
//! names the program. On other systems every file system counts as this machine's own.

use std::path::Path;

/// A file system that this machine shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedDisk {
    /// Other machines reach it over a network or through a shared disk; with the name of its kind.
    Network(String),
    /// The host of this virtual machine or container also has it; with the name of its kind.
    Host(String),
}

/// File systems that several machines use at once, by number.
const NETWORK: [(u32, &str); 16] = [
    (0x0000_6969, "nfs"),
    (0x0000_517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0000_564c, "ncp"),
    (0x00c3_6400, "ceph"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x7375_7245, "coda"),
    (0x0bd0_0bd0, "lustre"),
    (0x4750_4653, "gpfs"),
    (0x1983_0326, "beegfs"),
    (0xaad7_aaea, "panfs"),
    (0x2003_0528, "orangefs"),
    (0x0116_1970, "gfs2"),
    (0x7461_636f, "ocfs2"),
];

/// File systems that a virtual machine or container shares with its host, by number.
const HOST: [(u32, &str); 3] = [
    (0x0102_1997, "9p"),
    (0x786f_4256, "vboxsf"),
    (0x7c7c_6673, "prl_fs"),
];

/// The number of file systems that a program serves.
const FUSE: u32 = 0x6573_5546;

/// Programs that serve files of other machines, by the beginnings of their names in the table of mounts.
const NETWORK_PROGRAMS: [&str; 20] = [
    "sshfs",
    "gluster",
    "ceph",
    "s3fs",
    "goofys",
    "gcsfuse",
    "rclone",
    "davfs",
    "webdav",
    "curlftpfs",
    "ftpfs",
    "smbnetfs",
    "juicefs",
    "JuiceFS",
    "seaweedfs",
    "mfs",
    "lizardfs",
    "blobfuse",
    "hdfs",
    "mount-s3",
];

/// Returns whether the file system of a path is shared with other machines; if the path does not exist yet, that of its
/// nearest existing parent. `None`: it is this machine's own, or the system does not report it.
#[cfg(target_os = "linux")]
pub fn shared(path: &Path) -> Option<SharedDisk> {
    use std::os::unix::fs::MetadataExt;

    let there = path.ancestors().find(|path| path.exists())?;
    let number = rustix::fs::statfs(there).ok()?.f_type as u32;
    shared_by(number, || {
        let device = std::fs::metadata(there).ok()?.dev();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        kind_of_mount(&mounts, &format!("{major}:{minor}"))
    })
}

/// Returns `None`: on this system every file system counts as this machine's own.
#[cfg(not(target_os = "linux"))]
pub fn shared(_path: &Path) -> Option<SharedDisk> {
    None
}

/// Returns the kind of sharing by the number of a file system, and for FUSE by the name in the table of mounts.
fn shared_by(number: u32, kind: impl FnOnce() -> Option<String>) -> Option<SharedDisk> {
    let named = |kinds: &[(u32, &str)]| {
        let found = kinds.iter().find(|(known, _)| *known == number);
        found.map(|(_, name)| (*name).to_owned())
    };
    if let Some(name) = named(&NETWORK) {
        return Some(SharedDisk::Network(name));
    }
    if let Some(name) = named(&HOST) {
        return Some(SharedDisk::Host(name));
    }
    let kind = (number == FUSE).then(kind)??;
    if kind == "virtiofs" {
        return Some(SharedDisk::Host(kind));
    }
    let program = kind.strip_prefix("fuse.")?;
    let is_known = NETWORK_PROGRAMS
        .iter()
        .any(|known| program.starts_with(known));
    is_known.then(|| SharedDisk::Network(program.to_owned()))
}

/// Returns the kind of the file system on a device (`0:52`) from the text of /proc/self/mountinfo: the word after the `-` that
/// follows the optional fields.
fn kind_of_mount(mounts: &str, device: &str) -> Option<String> {
    let line = mounts
        .lines()
        .find(|line| line.split(' ').nth(2) == Some(device))?;
    let (_, after) = line.split_once(" - ")?;
    after.split(' ').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
40 27 0:52 / /mnt/data rw,nosuid shared:7 - fuse.sshfs me@there:/data rw,user_id=0
41 27 0:53 / /mnt/with\\040space rw - fuseblk /dev/sdb1 rw
42 27 0:54 / /mnt/shared rw - virtiofs share rw
";

    fn network(kind: &str) -> Option<SharedDisk> {
        Some(SharedDisk::Network(kind.to_owned()))
    }

    fn host(kind: &str) -> Option<SharedDisk> {
        Some(SharedDisk::Host(kind.to_owned()))
    }

    #[test]
    fn the_number_of_a_kind_tells_whether_other_machines_use_it() {
        let by_number = |number| shared_by(number, || None);
        assert_eq!(by_number(0x6969), network("nfs"));
        assert_eq!(by_number(0xff53_4d42), network("cifs"));
        assert_eq!(by_number(0x0102_1997), host("9p"));
        // ext4, xfs, btrfs, tmpfs, overlay, and FUSE with an unknown program.
        for own in [
            0xef53,
            0x5846_5342,
            0x9123_683e,
            0x0102_1994,
            0x794c_7630,
            FUSE,
        ] {
            assert_eq!(by_number(own), None, "{own:#x}");
        }
    }

    #[test]
    fn of_a_program_that_serves_files_the_table_of_mounts_tells() {
        let of = |device| shared_by(FUSE, || kind_of_mount(MOUNTS, device));
        assert_eq!(of("0:52"), network("sshfs"));
        assert_eq!(of("0:54"), host("virtiofs"));
        assert_eq!(of("0:53"), None, "a disk of this machine");
        assert_eq!(of("9:9"), None);
        assert_eq!(kind_of_mount(MOUNTS, "254:0").as_deref(), Some("ext4"));
        let named = |kind: &str| shared_by(FUSE, || Some(kind.to_owned()));
        assert_eq!(named("fuse.glusterfs"), network("glusterfs"));
        assert_eq!(named("fuse.ntfs-3g"), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_on_that_of_the_nearest_one() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/there/yet");
        assert_eq!(shared(&below), shared(folder.path()));
    }
}
