//! Decides which paths a run may read and write, and builds the Landlock rules for them.
//!
//! Landlock also keeps the child from sending signals to processes outside, and from TCP if no network is allowed.
//!
//! Without some of these paths, results would differ silently: without time zones a time reads as UTC, without certificates no
//! connection is trusted. These are left out on purpose: home folders, other users' files, `/proc` except for a few counters,
//! and shared memory, which all runs would share.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
    path_beneath_rules,
};

use super::Policy;

/// Programs and libraries of the system.
const PROGRAMS: &[&str] = &[
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
];

/// The system files that programs read: names, time zones, languages, certificates, fonts, counters.
const READS: &[&str] = &[
    "/usr/share",
    "/usr/local/share",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/locale.conf",
    "/etc/default/locale",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/dev/urandom",
    "/dev/random",
    "/proc/cpuinfo",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/vm/overcommit_memory",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
];

/// The further files for finding other machines by name.
const NETWORK_READS: &[&str] = &[
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
];

/// The devices that build tools write to.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"];

/// All paths of a policy, including those of the system.
#[derive(Clone, Debug, Default)]
pub(super) struct SandboxPaths {
    /// Paths that may be read and executed.
    pub programs: Vec<PathBuf>,
    /// Paths that may only be read.
    pub reads: Vec<PathBuf>,
    /// Paths that may be read and written.
    pub writes: Vec<PathBuf>,
    /// Devices that may be written and keep nothing.
    pub devices: Vec<PathBuf>,
    /// The operator's additions that do not exist.
    pub absent: Vec<PathBuf>,
    /// True for a build: sockets and pipes may be made in the writable paths, and `ioctl` on devices is allowed.
    pub is_build: bool,
}

impl SandboxPaths {
    pub fn new(policy: &Policy) -> Self {
        if policy.executes_code {
            let mut places = Self {
                programs: [&*policy.reads, &*policy.writes].concat(),
                writes: policy.writes.clone(),
                devices: DEVICES.iter().map(PathBuf::from).collect(),
                is_build: true,
                ..Self::default()
            };
            let hidden = policy.hidden.iter();
            let hidden: Vec<PathBuf> = hidden.filter_map(|path| path.canonicalize().ok()).collect();
            add_all_but(&hidden, Path::new("/"), &mut places.programs);
            places.add_python(&policy.python);
            return places;
        }
        if policy.is_build {
            return Self {
                programs: vec!["/".into()],
                writes: [&*policy.writes, &["/dev/shm".into()]].concat(),
                devices: DEVICES.iter().map(PathBuf::from).collect(),
                is_build: true,
                ..Self::default()
            };
        }
        let mut places = Self {
            is_build: false,
            programs: PROGRAMS.iter().map(PathBuf::from).collect(),
            reads: READS.iter().map(PathBuf::from).collect(),
            writes: policy.writes.clone(),
            devices: vec!["/dev/null".into()],
            absent: policy
                .added
                .iter()
                .filter(|path| !path.exists())
                .cloned()
                .collect(),
        };
        places.reads.extend(policy.reads.iter().cloned());
        if policy.has_network() {
            places.reads.extend(NETWORK_READS.iter().map(PathBuf::from));
        }
        places.add_python(&policy.python);
        places
            .reads
            .extend(imported_from(&policy.python, &policy.sources));
        places
    }

    /// Adds a virtual environment and the Python that it was made from, to which its own Python is usually a link.
    fn add_python(&mut self, python: &Path) {
        let prefix_of = |program: &Path| Some(program.parent()?.parent()?.to_owned());
        let (Some(venv), Ok(program)) = (prefix_of(python), python.canonicalize()) else {
            return;
        };
        // If the program is a copy, `pyvenv.cfg` says where the libraries are.
        let made_from = made_from(&venv).and_then(|folder| Some(folder.parent()?.to_owned()));
        for prefix in prefix_of(&program).into_iter().chain(made_from) {
            let below = ["lib", "lib64", "ssl"].map(|name| prefix.join(name));
            self.programs.extend(below);
        }
        self.programs.push(venv.canonicalize().unwrap_or(venv));
        self.programs.push(program);
    }
}

/// Adds everything in a folder except what is hidden.
fn add_all_but(hidden: &[PathBuf], folder: &Path, places: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(place) = entry.path().canonicalize() else {
            continue;
        };
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if hidden.iter().any(|hidden| place.starts_with(hidden)) {
            continue;
        }
        match hidden.iter().any(|hidden| hidden.starts_with(&place)) {
            // The target of a link is added at its own path.
            true if is_link => {}
            true => add_all_but(hidden, &place, places),
            false => places.push(place),
        }
    }
}

/// Returns the folder of the program that an environment was made from.
fn made_from(venv: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(venv.join("pyvenv.cfg")).ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let (_, folder) = lines.find(|(key, _)| key.trim() == "home")?;
    Some(PathBuf::from(folder.trim()))
}

/// Returns the folders below `sources` that an environment's Python imports from, which are those of editable packages. Other
/// folders that a package names are ignored, because it could name any folder.
fn imported_from(python: &Path, sources: &[PathBuf]) -> Vec<PathBuf> {
    let sources = sources
        .iter()
        .filter_map(|folder| folder.canonicalize().ok());
    let sources: Vec<PathBuf> = sources.collect();
    let libraries = python
        .parent()
        .and_then(Path::parent)
        .map(|venv| venv.join("lib"));
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let versions = libraries.into_iter().flat_map(entries);
    let packages = versions.flat_map(|version| entries(version.path().join("site-packages")));
    let files = packages.map(|entry| entry.path());
    let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "pth"));
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap_or_default();
        let paths = text.lines().map(|line| Path::new(line.trim()));
        let named = paths.filter(|path| path.is_absolute());
        let real = named.filter_map(|path| path.canonicalize().ok());
        found.extend(
            real.filter(|path| {
                path.is_dir() && sources.iter().any(|folder| path.starts_with(folder))
            }),
        );
    }
    found
}

/// The Landlock version to ask for. An older kernel applies the part that it knows.
const ABI_ASKED: ABI = ABI::V6;

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Returns all access rights except for sockets, pipes and devices.
fn writing() -> BitFlags<AccessFs> {
    let not_files = AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::IoctlDev;
    reading() | (AccessFs::from_write(ABI_ASKED) & !not_files)
}

/// Builds the rules for these paths. Paths that do not exist get no rule.
pub(super) fn prepare(
    places: &SandboxPaths,
    network: bool,
) -> Result<RulesetCreated, RulesetError> {
    let mut asked = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI_ASKED))?
        .scope(Scope::from_all(ABI_ASKED))?;
    if !network {
        asked = asked.handle_access(AccessNet::from_all(ABI_ASKED))?;
    }
    let rules = |places: &[PathBuf], access| path_beneath_rules(places.to_vec(), access);
    let (more, written) = if places.is_build {
        let written = AccessFs::from_write(ABI_ASKED) | reading();
        (BitFlags::from(AccessFs::IoctlDev), written)
    } else {
        (BitFlags::empty(), writing())
    };
    asked
        .create()?
        .add_rules(rules(
            &places.programs,
            reading() | AccessFs::Execute | more,
        ))?
        .add_rules(rules(&places.reads, reading()))?
        .add_rules(rules(&places.writes, written))?
        .add_rules(rules(
            &places.devices,
            AccessFs::ReadFile | AccessFs::WriteFile | more,
        ))
}

/// Applies the rules to this thread, and lets it read `/proc/self`. That path is opened here, in the child, because in the
/// parent it means the parent.
pub(super) fn apply(rules: RulesetCreated) -> Result<(), RulesetError> {
    let rules = match PathFd::new("/proc/self") {
        Ok(own) => rules.add_rule(PathBeneath::new(own, reading()))?,
        Err(_) => rules,
    };
    rules.restrict_self().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn what_a_package_names_is_opened_below_the_configuration_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let path = |below: &str| root.join(below);
        write_files(
            &root,
            &[("own/lib/a.py", ""), ("other/b.py", ""), ("venv/bin/x", "")],
        );
        std::os::unix::fs::symlink(path("other"), path("own/link")).unwrap();
        let named = ["own/lib", "other", "own/../other", "own/link", "own/absent"];
        let lines = named.map(|below| path(below).display().to_string());
        let site_packages = "venv/lib/python3.11/site-packages/a.pth";
        write_files(&root, &[(site_packages, &lines.join("\n"))]);
        let found = imported_from(&path("venv/bin/python"), &[path("own")]);
        assert_eq!(found, [path("own/lib")]);
        assert_eq!(
            imported_from(&path("venv/bin/python"), &[]),
            [] as [PathBuf; 0]
        );
    }
}
