//! The deps digest: the name of the environment that a configuration needs.
//!
//! It covers everything that decides which packages are installed, and nothing else, normalized so that spelling, order,
//! comments and white space do not matter. Every part is written with its name and its length, so that different inputs never
//! yield the same bytes.

use super::locked_versions::{LOCK_FILE, LockInputs, LockedVersions};
use super::requirement::Requirement;
use super::{Configuration, Dependencies, Manifest};
use crate::base::digest::Hasher;

/// The version of the digest. It changes with the digest's meaning, so that old environments are not mistaken for new ones.
const VERSION: &str = "ade-deps-1";

/// The version of the digests in a lock, which changes in the same way.
const LOCK_VERSION: &str = "ade-lock-1";

/// The keys of `[tool.uv]` that decide where packages come from and which versions are chosen.
const UV_KEYS: [&str; 15] = [
    "constraint-dependencies",
    "exclude-newer",
    "extra-index-url",
    "find-links",
    "index",
    "index-strategy",
    "index-url",
    "no-binary",
    "no-binary-package",
    "no-index",
    "override-dependencies",
    "pip",
    "prerelease",
    "resolution",
    "sources",
];

impl Configuration {
    /// Returns the SHA-256, as 64 hexadecimal digits, over the dependencies, the engine (by its own digest) and the properties
    /// of Python that environments depend on.
    pub fn deps_digest(&self, engine_digest: &str, python_key: &str) -> String {
        let mut digest = PartDigest::new(VERSION);
        digest.part("engine", engine_digest.as_bytes());
        digest.part("python", python_key.as_bytes());
        self.add_manifests(&mut digest);
        if let Some(lock) = &self.dependencies.lock {
            digest.lock(lock);
        }
        digest.finish()
    }

    /// Returns the inputs of a lock made now. `engine`: the engine's own requirements. `python`: the oldest Python version that
    /// the lock is for, or that of a given environment.
    pub fn lock_inputs(&self, engine: &[String], python: (u8, u8)) -> LockInputs {
        let mut sorted: Vec<Requirement> =
            engine.iter().map(|text| Requirement::parse(text)).collect();
        sorted.sort();
        let mut of_engine = PartDigest::new(LOCK_VERSION);
        of_engine.requirements("engine", &sorted);
        let mut of_manifests = PartDigest::new(LOCK_VERSION);
        self.add_manifests(&mut of_manifests);
        LockInputs {
            manifest: of_manifests.finish(),
            engine: of_engine.finish(),
            python,
        }
    }

    fn add_manifests(&self, digest: &mut PartDigest) {
        let manifest = &self.manifest;
        let dependencies = &self.dependencies;
        let requires_python: String = dependencies
            .requires_python
            .iter()
            .flat_map(|text| text.chars())
            .filter(|character| !character.is_whitespace())
            .collect();
        digest.part("requires-python", requires_python.as_bytes());
        digest.requirements("requirements", &dependencies.requirements);
        digest.requirements("engine-requirements", &dependencies.engine);
        digest.requirements("constraints", &dependencies.constraints);

        digest.manifest(manifest);
        digest.files(dependencies);
        if dependencies.needs_build {
            // A build backend may read any part of the manifest.
            digest.part("file", b"pyproject.toml");
            digest.table(&manifest.whole);
        }
    }
}

/// A hash over named parts.
pub(super) struct PartDigest(Hasher);

impl PartDigest {
    pub fn new(version: &str) -> Self {
        let mut digest = PartDigest(Hasher::new());
        digest.part("version", version.as_bytes());
        digest
    }

    pub fn part(&mut self, name: &str, content: &[u8]) {
        for bytes in [name.as_bytes(), content] {
            self.0.update((bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
    }

    pub fn finish(self) -> String {
        self.0.finish().to_string()
    }

    /// Adds the parts of a manifest that decide what is installed.
    fn manifest(&mut self, manifest: &Manifest) {
        if let Some(build) = &manifest.build_system {
            let mut requires: Vec<Requirement> = build
                .requires
                .iter()
                .map(|text| Requirement::parse(text))
                .collect();
            requires.sort();
            self.requirements("build-requires", &requires);
            self.part(
                "build-backend",
                build.build_backend.as_deref().unwrap_or("").as_bytes(),
            );
            for path in &build.backend_path {
                self.part("backend-path", path.as_bytes());
            }
        }
        if let Some(uv) = manifest.tool.get("uv").and_then(toml::Value::as_table) {
            for key in UV_KEYS {
                if let Some(value) = uv.get(key) {
                    self.part("tool.uv", key.as_bytes());
                    self.value(value);
                }
            }
        }
    }

    /// Adds the files beside the manifest that decide what is installed.
    fn files(&mut self, dependencies: &Dependencies) {
        for (name, file) in &dependencies.files {
            self.part("file", name.to_string_lossy().as_bytes());
            self.requirements("requirements", file.requirements.iter());
            self.requirements("constraints", file.constraints.iter());
            for option in &file.options {
                self.part("option", option.as_bytes());
            }
        }
        if let Some(lock) = &dependencies.uv_lock {
            self.part("file", b"uv.lock");
            self.table(lock);
        }
        for (name, content) in &dependencies.setup_files {
            self.part("file", name.as_bytes());
            self.part("content", content);
        }
    }

    fn lock(&mut self, lock: &LockedVersions) {
        self.part("file", LOCK_FILE.as_bytes());
        match &lock.inputs {
            Ok(inputs) => self.part("inputs", inputs.header().as_bytes()),
            Err(error) => self.part("unreadable", error.as_bytes()),
        }
        for package in &lock.packages {
            self.part("package", package.line.as_bytes());
        }
    }

    fn requirements<'a>(
        &mut self,
        name: &str,
        requirements: impl IntoIterator<Item = &'a Requirement>,
    ) {
        self.part("list", name.as_bytes());
        for requirement in requirements {
            self.part("requirement", requirement.to_string().as_bytes());
        }
    }

    /// Adds a table with its keys in alphabetical order, regardless of their order in the table.
    fn table(&mut self, table: &toml::Table) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        self.part("table", &(entries.len() as u64).to_le_bytes());
        for (key, value) in entries {
            self.part("key", key.as_bytes());
            self.value(value);
        }
    }

    fn value(&mut self, value: &toml::Value) {
        match value {
            toml::Value::String(text) => self.part("string", text.as_bytes()),
            toml::Value::Array(values) => {
                self.part("array", &(values.len() as u64).to_le_bytes());
                for value in values {
                    self.value(value);
                }
            }
            toml::Value::Table(table) => self.table(table),
            number_or_time => self.part("scalar", number_or_time.to_string().as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    const PYTHON: &str = "cpython-3.11-linux-x86_64-glibc";

    fn digest_with(files: &[(&str, &str)], engine: &str, python: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), &[("ade_config/columns/a.py", "")]);
        write_files(folder.path(), files);
        Configuration::open(folder.path())
            .unwrap()
            .deps_digest(engine, python)
    }

    /// Returns the digest with this project file.
    fn project_digest(project: &str) -> String {
        digest_with(&[("pyproject.toml", project)], "engine", PYTHON)
    }

    /// Returns the digest with another file beside the project's.
    fn beside(name: &str, content: &str) -> String {
        let files = [("pyproject.toml", PROJECT), (name, content)];
        digest_with(&files, "engine", PYTHON)
    }

    const PROJECT: &str = "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\
        [project]\nname = \"c\"\nrequires-python = \">=3.10\"\ndependencies = [\"a>=1\", \"b\"]\n";

    #[test]
    fn what_installs_nothing_changes_nothing() {
        let before = project_digest(PROJECT);
        let extended = format!(
            "{PROJECT}version = \"2.0\"\ndescription = \"x\"\n[dependency-groups]\ndev = [\"pytest\"]\n\
             [tool.ruff]\nline-length = 80\n[tool.uv]\ndev-dependencies = [\"tox\"]\n"
        );
        assert_eq!(before, project_digest(&extended));
        // Comments, order and spacing do not matter either.
        let rewritten = "# the same\n[project] # here\nrequires-python = '>= 3.10'\ndependencies = [\n  'B',\n  'a >= 1', # why\n]\n\
            name = 'c'\n\n[build-system]\nbuild-backend = 'hatchling.build'\nrequires = ['hatchling']\n";
        assert_eq!(before, project_digest(rewritten));
        assert_eq!(before, beside("ade_config/columns/b.py", "x = 1"));
        let locked = beside("uv.lock", "a = 1\nb = 2\n");
        assert_eq!(
            locked,
            beside("uv.lock", "# made by a tool\nb = 2\na = 1\n")
        );
    }

    #[test]
    fn what_installs_something_changes_it() {
        let sources = format!("{PROJECT}[tool.uv.sources]\na = {{ path = \"x\" }}\n");
        // A build may read all of the manifest.
        let dynamic = "[project]\nname = \"c\"\ndynamic = [\"dependencies\"]\n";
        let named = "[tool.setuptools.dynamic]\ndependencies = { file = \"list.txt\" }\n";
        let project = [("pyproject.toml", PROJECT)];
        let variants = [
            project_digest(PROJECT),
            project_digest(&PROJECT.replace("a>=1", "a>=2")),
            project_digest(&PROJECT.replace("\"b\"", "\"b\", \"d\"")),
            project_digest(&PROJECT.replace("3.10", "3.11")),
            project_digest(&PROJECT.replace("hatchling", "flit")),
            project_digest(&sources),
            project_digest(dynamic),
            project_digest(&format!("{dynamic}{named}")),
            beside("uv.lock", "version = 1\n"),
            beside("uv.lock", "version = 2\n"),
            beside("requirements.txt", "z\n"),
            beside("setup.cfg", "[x]\n"),
            digest_with(&project, "another engine", PYTHON),
            digest_with(&project, "engine", "another Python"),
        ];
        let different: std::collections::BTreeSet<&String> = variants.iter().collect();
        assert_eq!(different.len(), variants.len(), "{variants:#?}");
        assert!(variants.iter().all(|digest| digest.len() == 64));
    }
}
