//! Frames that come from polars through the Arrow C stream interface, held without a copy.

use super::arrow::{ArrowArray, ArrowArrayStream, ArrowSchema};
use super::types::Type;
use super::view::ColumnView;

/// Batches of a frame, all with the same columns.
pub struct Frame {
    pub names: Vec<String>,
    types: Vec<Type>,
    batches: Vec<ArrowArray>,
}

impl Frame {
    /// Takes everything that a stream holds.
    ///
    /// # Errors
    /// When the stream was used already or fails, or a column has a type that cannot be written; the text says which.
    ///
    /// # Safety
    /// `stream` must be a live Arrow C stream; it is used up.
    pub unsafe fn import(mut stream: ArrowArrayStream) -> Result<Self, String> {
        let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else {
            return Err("the frame's stream was used already".to_owned());
        };
        let mut schema = ArrowSchema::empty();
        // SAFETY: the stream is live, as the caller promises, and so are its functions.
        let status = unsafe { get_schema(&mut stream, &mut schema) };
        if status != 0 {
            return Err("the frame's stream has no schema".to_owned());
        }
        if schema.text(schema.format) != "+s" {
            return Err("the frame's stream does not hold record batches".to_owned());
        }
        let mut names = Vec::new();
        let mut types = Vec::new();
        for index in 0..schema.child_count.max(0) as usize {
            // SAFETY: the schema says that it has that many children.
            let child = unsafe { &**schema.children.add(index) };
            let (name, format) = (child.text(child.name), child.text(child.format));
            let known = if child.dictionary.is_null() {
                Type::of(&format)
            } else {
                None
            };
            types.push(known.ok_or_else(|| {
                format!("column {name:?} has a type ({format}) that cannot be written")
            })?);
            names.push(name);
        }
        let mut batches = Vec::new();
        loop {
            let mut batch = ArrowArray::empty();
            // SAFETY: as above.
            let status = unsafe { get_next(&mut stream, &mut batch) };
            if status != 0 {
                return Err("the frame's stream failed".to_owned());
            }
            if batch.release.is_none() {
                break;
            }
            if batch.child_count as usize != names.len() || batch.length < 0 || batch.offset < 0 {
                return Err("the frame's batches do not fit its schema".to_owned());
            }
            batches.push(batch);
        }
        Ok(Self {
            names,
            types,
            batches,
        })
    }

    /// All rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.length as usize).sum()
    }

    /// How many batches there are.
    pub fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// The rows of one batch.
    pub fn batch_rows(&self, batch: usize) -> usize {
        self.batches[batch].length as usize
    }

    /// The columns of one batch.
    pub fn columns(&self, batch: usize) -> Vec<ColumnView<'_>> {
        let array = &self.batches[batch];
        self.types
            .iter()
            .enumerate()
            .map(|(index, &kind)| {
                // SAFETY: `import` checked that there are as many children as types.
                let child = unsafe { &**array.children.add(index) };
                // SAFETY: the child follows its schema's format, as the specification asks.
                unsafe { ColumnView::of(child, kind, array.offset as usize, array.length as usize) }
            })
            .collect()
    }
}
