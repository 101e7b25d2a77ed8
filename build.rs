//! Packs the engine into one wheel that the `ade` binary carries.
//!
//! The wheel holds `engine/ade_engine/` and the dynamic library of `engine/module/`, which cargo compiles before it runs this
//! script. Its format is the binary distribution format of the Python packaging specifications (PEP 427), with a RECORD of
//! every file's SHA-256. The same sources give the same bytes, so the wheel's digest can name it.

#![allow(
    clippy::disallowed_methods,
    reason = "cargo passes data to build scripts through environment variables"
)]

use std::env;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

const DISTRIBUTION: &str = "ade_engine";

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for watched in [
        "engine/ade_engine",
        "build.rs",
        "templates",
        "web/dist",
        "docs",
        "zensical.toml",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }

    let target = env::var("TARGET").expect("cargo sets it");
    let module = native_module(&target);
    let version = engine_version(&root);
    let tag = format!("cp310-abi3-{}", platform_tag());
    let name = format!("{DISTRIBUTION}-{version}-{tag}.whl");
    let wheel = pack(&root, &module, &version, &tag);
    let digest = hex(&Sha256::digest(&wheel));
    let path = out.join("engine.whl");
    fs::write(&path, &wheel).expect("writing the engine's wheel");

    fs::write(out.join("templates.rs"), templates(&root)).expect("writing the list of templates");
    fs::write(out.join("console.rs"), console(&root)).expect("writing the list of the console");

    fs::write(out.join("pages.zlib"), documents(&root))
        .expect("writing the pages of the documents");

    println!("cargo::rustc-env=ADE_ENGINE_WHEEL={}", path.display());
    println!("cargo::rustc-env=ADE_ENGINE_WHEEL_NAME={name}");
    println!("cargo::rustc-env=ADE_ENGINE_WHEEL_SHA256={digest}");
    println!("cargo::rustc-env=ADE_ENGINE_VERSION={version}");
    println!("cargo::rustc-env=ADE_TARGET={target}");
}

/// Returns the path of the engine's native module. Cargo puts the dynamic libraries that a build script depends on next to
/// its Rust libraries, and compiles them for the machine that runs the script.
fn native_module(target: &str) -> PathBuf {
    let host = env::var("HOST").expect("cargo sets it");
    assert!(
        target == host,
        "ade is built on the kind of machine that it is for: its engine is compiled for {host}, not for {target}"
    );
    // target/<profile>/build/<package>/build-script-build
    let program = env::current_exe().expect("the build script is a file");
    let profile = program
        .ancestors()
        .nth(3)
        .expect("the build script lies below the folder of its profile");
    let library = format!("{DLL_PREFIX}ade_engine_module{DLL_SUFFIX}");
    profile.join("deps").join(library)
}

/// Reads the engine's version, which only `engine/ade_engine/__init__.py` defines.
fn engine_version(root: &Path) -> String {
    let path = root.join("engine/ade_engine/__init__.py");
    let text = fs::read_to_string(&path).expect("reading engine/ade_engine/__init__.py");
    text.lines()
        .find_map(|line| line.strip_prefix("__version__ = "))
        .map(|value| value.trim().trim_matches('"').to_owned())
        .expect("engine/ade_engine/__init__.py has a line: __version__ = \"…\"")
}

/// Returns the platform part of the wheel's tag (PEP 425). The wheel is only used on the kind of machine that it was built
/// for.
fn platform_tag() -> String {
    let arch = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo sets it");
    match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") if arch == "aarch64" => "macosx_11_0_arm64".to_owned(),
        Ok("macos") => "macosx_10_12_x86_64".to_owned(),
        _ => format!("linux_{arch}"),
    }
}

fn pack(root: &Path, module: &Path, version: &str, tag: &str) -> Vec<u8> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let package = root.join("engine/ade_engine");
    let mut paths = Vec::new();
    walk(&package, &mut paths);
    for path in paths {
        let inside = path.strip_prefix(&package).expect("below the package");
        let inside = inside.to_string_lossy().replace('\\', "/");
        let name = inside.rsplit('/').next().unwrap_or(&inside);
        // Skips compiled leftovers. The module itself is built here; its type stubs (`.pyi`) are packed.
        if (!name.starts_with("_native.") || name.ends_with(".pyi"))
            && !name.ends_with(".pyc")
            && !name.starts_with('.')
        {
            files.push((
                format!("{DISTRIBUTION}/{inside}"),
                fs::read(&path).expect("reading a file of the engine"),
            ));
        }
    }
    files.push((
        format!("{DISTRIBUTION}/_native.abi3.so"),
        fs::read(module).unwrap_or_else(|error| panic!("reading {}: {error}", module.display())),
    ));
    files.sort();

    let info = format!("{DISTRIBUTION}-{version}.dist-info");
    files.push((
        format!("{info}/METADATA"),
        metadata(root, version).into_bytes(),
    ));
    files.push((
        format!("{info}/WHEEL"),
        format!("Wheel-Version: 1.0\nGenerator: ade\nRoot-Is-Purelib: false\nTag: {tag}\n")
            .into_bytes(),
    ));
    files.push((
        format!("{info}/entry_points.txt"),
        b"[console_scripts]\nade-engine = ade_engine.cli.app:main\n".to_vec(),
    ));
    let record: String = files
        .iter()
        .map(|(name, bytes)| {
            format!(
                "{name},sha256={},{}\n",
                base64url(&Sha256::digest(bytes)),
                bytes.len()
            )
        })
        .chain([format!("{info}/RECORD,,\n")])
        .collect();
    files.push((format!("{info}/RECORD"), record.into_bytes()));

    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in &files {
        archive
            .start_file(name.as_str(), options)
            .expect("starting a file of the wheel");
        archive
            .write_all(bytes)
            .expect("writing a file of the wheel");
    }
    archive.finish().expect("finishing the wheel").into_inner()
}

/// Returns the wheel's METADATA. `engine/requirements.txt` lists the dependencies of the engine.
fn metadata(root: &Path, version: &str) -> String {
    println!("cargo::rerun-if-changed=engine/requirements.txt");
    let requirements = fs::read_to_string(root.join("engine/requirements.txt"))
        .expect("reading engine/requirements.txt");
    let requires: String = requirements
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| format!("Requires-Dist: {line}\n"))
        .collect();
    format!(
        "Metadata-Version: 2.1\nName: ade-engine\nVersion: {version}\nSummary: The engine of ADE\nRequires-Python: >=3.10\n{requires}"
    )
}

/// Returns the files of `templates/` as a constant: `(template, [(path, content)])`, in order.
fn templates(root: &Path) -> String {
    let folder = root.join("templates");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("reading templates/")
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut text = String::from(
        "/// Every template with its files.\ntype Template = (&'static str, &'static [(&'static str, &'static [u8])]);\nconst TEMPLATES: &[Template] = &[\n",
    );
    for name in names {
        let mut files = Vec::new();
        walk(&folder.join(&name), &mut files);
        files.sort();
        text.push_str(&format!("({name:?}, &[\n"));
        for file in files {
            let inside = file
                .strip_prefix(folder.join(&name))
                .expect("below the template");
            // A file called `.gitignore` here would hide the template's own files, so it is stored as `gitignore`.
            let inside = inside.to_string_lossy().replace("gitignore", ".gitignore");
            text.push_str(&format!(
                "({inside:?}, include_bytes!({:?})),\n",
                file.display().to_string()
            ));
        }
        text.push_str("]),\n");
    }
    text.push_str("];\n");
    text
}

/// Returns the files of the web console with their types and digests, without the plain form of those that are compressed.
/// They are committed in their served form, so `cargo build` needs no Node.
fn console(root: &Path) -> String {
    let folder = root.join("web/dist");
    let mut files = Vec::new();
    if folder.is_dir() {
        walk(&folder, &mut files);
    }
    files.sort();
    let mut text = String::from("const ASSETS: &[Asset] = &[\n");
    for file in &files {
        let kind = match file.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => continue,
        };
        let path = file.strip_prefix(&folder).expect("below web/dist");
        let bytes = fs::read(file).expect("reading a file of the console");
        let etag = format!("W/\"{}\"", &hex(&Sha256::digest(&bytes))[..20]);
        let included = |is_there: bool, path: &Path| match is_there {
            true => format!("Some(include_bytes!({:?}))", path.display().to_string()),
            false => "None".to_owned(),
        };
        let [gzip, brotli] =
            ["gz", "br"].map(|coding| PathBuf::from(format!("{}.{coding}", file.display())));
        text.push_str(&format!(
            "Asset {{ path: {:?}, kind: {kind:?}, etag: {etag:?}, plain: {}, gzip: {}, brotli: {} }},\n",
            path.display().to_string(),
            included(!gzip.is_file(), file),
            included(gzip.is_file(), &gzip),
            included(brotli.is_file(), &brotli),
        ));
    }
    text.push_str("];\n");
    text
}

/// Packs the pages of the documentation, in the order of the site, for src/docs.rs.
fn documents(root: &Path) -> Vec<u8> {
    let folder = root.join("docs");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    let site = fs::read_to_string(root.join("zensical.toml")).expect("reading zensical.toml");
    let mut pages: Vec<(usize, String, String)> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .map(|file| {
            let name = file.strip_prefix(&folder).expect("below docs/");
            let name = name.to_string_lossy().replace('\\', "/");
            let place = site.find(&format!("{name:?}")).unwrap_or(usize::MAX);
            let text = fs::read_to_string(file).expect("reading a document");
            (place, name.trim_end_matches(".md").to_owned(), text)
        })
        .collect();
    pages.sort();
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for (_, name, text) in pages {
        write!(packer, "{name}\0{text}\0").expect("packing a document");
    }
    packer.finish().expect("packing the documents")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder)
        .expect("reading a folder")
        .map(|entry| entry.expect("reading a folder").path())
    {
        if entry.is_dir() {
            if entry.file_name().is_none_or(|name| name != "__pycache__") {
                walk(&entry, files);
            }
        } else {
            files.push(entry);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Encodes bytes as URL-safe base64 without padding, the form of digests in RECORD (PEP 376, PEP 427).
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            text.push(ALPHABET[(group >> (18 - 6 * position)) as usize & 63] as char);
        }
    }
    text
}
