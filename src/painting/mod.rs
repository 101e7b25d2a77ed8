//! The painted copy: the sender's own workbook with the cells of issues filled and commented, and a first sheet that lists
//! them.
//!
//! The package is patched part by part and never loaded and saved: parts without an edit are copied in packed form, and an
//! edited part keeps every byte outside of the edit. Painting always starts from the original. Painting a painted copy again
//! with the same marks leaves it unchanged.
//!
//! - [`paint`] paints a file; `mark`: [`IssueMark`], and notes about the copy; `refusal`: reasons why a file cannot be painted
//! - `painter` goes through the parts; `plan`: the edits of one sheet
//! - `workbook`, `sheet`, `styles`, `comments`, `boxes`, `list`: one kind of part each; `package`: the archive around them
//! - `values`: makes a workbook of the values of any other file
//! - `measures`, `colors`, `xml`: helpers of these
//!
//! # Promises
//! No file causes a panic, or takes more memory than the text of one sheet, which is limited, and of the edited parts. The copy
//! appears whole or not at all. Messages contain names of parts and files, but no values.

mod boxes;
mod colors;
mod comments;
mod list;
mod mark;
mod measures;
mod package;
mod painter;
mod plan;
mod refusal;
mod sheet;
mod styles;
mod values;
mod workbook;
mod xml;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ade_engine_native::SourceError;
use ade_engine_native::read::ReadOptions;
use ade_engine_native::read::archive::ZipArchive;
use ade_engine_native::read::kind::Kind;
use memchr::memmem;

pub use mark::{IssueMark, MarkPosition, Note, PaintSummary};
pub use refusal::PaintRefusal;

use crate::base::files::{self, FileError, name_of};
use refusal::Trouble;

/// The beginning of a compound file: an old workbook, or a new one with a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0";

/// Returns the path of a file's painted copy in a folder: `<stem>_annotated` with the original's ending if that shows macros or
/// a template, otherwise with `.xlsx`.
pub fn place_of_copy(original: &Path, folder: &Path) -> PathBuf {
    let stem = original.file_stem().unwrap_or_default().to_string_lossy();
    let ending = match extension(original).as_str() {
        kept @ ("xlsm" | "xltx" | "xltm") => kept.to_owned(),
        _ => "xlsx".to_owned(),
    };
    folder.join(format!("{stem}_annotated.{ending}"))
}

/// Writes the painted copy of a file: with all of the content of `.xlsx`, `.xlsm`, `.xltx` and `.xltm`; for other files, a new
/// workbook with their values.
///
/// The copy is written beside its final path, synced and renamed.
///
/// # Errors
/// The file cannot be painted, or the copy cannot be written. Then an old copy stays as it was.
pub fn paint(
    original: &Path,
    marks: &[IssueMark],
    target: &Path,
) -> Result<PaintSummary, PaintRefusal> {
    let auto = || "auto".to_owned();
    let options = ReadOptions {
        csv_encoding: auto(),
        csv_delimiter: auto(),
        as_shown: true,
    };
    paint_read_as(original, &options, marks, target)
}

/// Paints like [`paint`], and reads the original with `options`, as the run that found the issues did.
///
/// # Errors
/// See [`paint`].
pub fn paint_read_as(
    original: &Path,
    options: &ReadOptions,
    marks: &[IssueMark],
    target: &Path,
) -> Result<PaintSummary, PaintRefusal> {
    let file = name_of(original);
    if is_same(original, target) {
        return Err(PaintRefusal::SameFile { file });
    }
    let folder = files::folder_of(target);
    let beside = files::unfinished(folder).map_err(FileError::on("write", target))?;
    let copy = beside
        .as_file()
        .try_clone()
        .map_err(FileError::on("write", target))?;
    let painted = painted(original, &file, options, marks, copy, folder);
    let painted = painted.map_err(|trouble| trouble.into_refusal(&file, target))?;
    files::settle(beside, target).map_err(FileError::on("write", target))?;
    Ok(painted)
}

fn painted(
    original: &Path,
    file: &str,
    options: &ReadOptions,
    marks: &[IssueMark],
    copy: File,
    folder: &Path,
) -> Result<PaintSummary, Trouble> {
    let mut opened = File::open(original).map_err(Trouble::Read)?;
    if starts_encrypted(&mut opened).map_err(Trouble::Read)? {
        return Err(Trouble::Encrypted);
    }
    let path = original.to_str();
    let path =
        path.ok_or_else(|| Trouble::NotAWorkbook("has a path that is not UTF-8".to_owned()))?;
    let kind = kind_of(path, options)?;
    if kind == Kind::Package {
        return painter::paint(opened, file, marks, Vec::new(), copy);
    }
    let is_text = kind == Kind::Text;
    let plain = files::unfinished(folder).map_err(Trouble::Write)?;
    values::write(
        path,
        options,
        is_text,
        plain.as_file().try_clone().map_err(Trouble::Write)?,
    )?;
    let plain = File::open(plain.path()).map_err(Trouble::Write)?;
    let note = Note::ValuesAlone {
        file: file.to_owned(),
        is_text,
    };
    painter::paint(plain, file, marks, vec![note], copy)
}

/// Returns the kind of a file. An archive that cannot be opened counts as a workbook, so that the painter reports what is
/// wrong.
fn kind_of(path: &str, options: &ReadOptions) -> Result<Kind, Trouble> {
    let kind =
        Kind::from_path(path, options).map_err(|failure| values::unreadable(failure, path))?;
    if !kind.is_archive() {
        return Ok(kind);
    }
    match ZipArchive::open(path) {
        Ok(archive) => Ok(Kind::of_archive(&archive)),
        Err(failure @ (SourceError::Foreign { .. } | SourceError::Empty { .. })) => {
            Err(values::unreadable(failure, path))
        }
        Err(_) => Ok(Kind::Package),
    }
}

/// Returns whether a file is a compound file that holds an encrypted package.
fn starts_encrypted(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(COMPOUND.len() as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(start == COMPOUND && is_encrypted(file)?)
}

/// Returns whether a compound file holds an encrypted package: its directory contains the name of that stream in UTF-16.
fn is_encrypted(file: &mut File) -> io::Result<bool> {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (mut piece, mut kept) = (vec![0; 1 << 16], 0);
    let found = loop {
        let count = file.read(&mut piece[kept..])?;
        let end = kept + count;
        if memmem::find(&piece[..end], &name).is_some() {
            break true;
        }
        if count == 0 {
            break false;
        }
        // The name may span two pieces.
        kept = end.min(name.len());
        piece.copy_within(end - kept..end, 0);
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(found)
}

fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

fn is_same(original: &Path, target: &Path) -> bool {
    match (original.canonicalize(), target.canonicalize()) {
        (Ok(original), Ok(target)) => original == target,
        _ => false,
    }
}
