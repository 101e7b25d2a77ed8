//! Series and frames that the native half reads: its own columns, or those that come from polars through the Arrow C stream
//! interface, without a copy.

use super::arrow::{ArrowArray, ArrowArrayStream, ArrowSchema};
use super::column::SharedColumn;
use super::types::Type;
use super::view::{ColumnValue, ColumnView, SeriesView, TypedCells};

/// A column in one or several chunks.
pub struct Series {
    chunks: Vec<SharedColumn>,
}

impl From<SharedColumn> for Series {
    fn from(column: SharedColumn) -> Self {
        Self {
            chunks: vec![column],
        }
    }
}

impl Series {
    /// Takes all data of a stream.
    ///
    /// # Errors
    /// If the stream was used already or fails, or if the column has a type that cannot be read; the text names the reason.
    ///
    /// # Safety
    /// `stream` must be a live Arrow C stream; it is used up.
    pub unsafe fn import(stream: ArrowArrayStream) -> Result<Self, String> {
        // SAFETY: the caller promises the same.
        let (schema, chunks) = unsafe { take_all(stream) }?;
        let kind = type_of(&schema)
            .map_err(|format| format!("a column of type {format} cannot be read"))?;
        let chunks = chunks
            .into_iter()
            .map(|chunk| SharedColumn::new(kind, chunk));
        Ok(Self {
            chunks: chunks.collect(),
        })
    }

    /// Returns a view of the column, in place.
    pub fn view(&self) -> SeriesView<'_> {
        SeriesView::new(self.chunks.iter().map(|chunk| (chunk.view(), chunk.rows)))
    }

    /// Returns all values, for callers that need them more than once.
    pub fn values(&self) -> Vec<ColumnValue<'_>> {
        let rows = self.chunks.iter().map(|chunk| chunk.rows).sum();
        let mut values = Vec::with_capacity(rows);
        self.chunks
            .iter()
            .for_each(|chunk| values.extend(chunk.values()));
        values
    }
}

/// Takes the schema and all data of a stream.
///
/// # Safety
/// `stream` must be a live Arrow C stream; it is used up.
unsafe fn take_all(mut stream: ArrowArrayStream) -> Result<(ArrowSchema, Vec<ArrowArray>), String> {
    let (Some(get_schema), Some(get_next)) = (stream.get_schema, stream.get_next) else {
        return Err("the stream was used already".to_owned());
    };
    let mut schema = ArrowSchema::empty();
    // SAFETY: the stream is live, as the caller promises, and so are its functions.
    if unsafe { get_schema(&mut stream, &mut schema) } != 0 {
        return Err("the stream has no schema".to_owned());
    }
    let mut chunks = Vec::new();
    loop {
        let mut chunk = ArrowArray::empty();
        // SAFETY: as above.
        if unsafe { get_next(&mut stream, &mut chunk) } != 0 {
            return Err("the stream failed".to_owned());
        }
        if chunk.release.is_none() {
            return Ok((schema, chunks));
        }
        if chunk.length < 0 || chunk.offset < 0 {
            return Err("a chunk of the stream has no valid length".to_owned());
        }
        chunks.push(chunk);
    }
}

/// Returns the type of a column; if columns of this type cannot be read, the error is the format.
fn type_of(schema: &ArrowSchema) -> Result<Type, String> {
    let format = schema.text(schema.format);
    let known = Type::from_format(&format).filter(|_| schema.dictionary.is_null());
    known.ok_or(format)
}

/// The batches of a frame, all with the same columns.
pub struct Frame {
    pub names: Vec<String>,
    batches: Vec<FrameBatch>,
    typed: Vec<(usize, TypedCells)>,
}

enum FrameBatch {
    /// A record batch from polars, and the types of its columns.
    Imported(ArrowArray, Vec<Type>),
    Own(Vec<SharedColumn>),
}

impl Frame {
    /// Returns a frame of columns of equal length, with their names.
    pub fn new(columns: Vec<(String, SharedColumn)>) -> Self {
        let (names, columns) = columns.into_iter().unzip();
        Self {
            names,
            batches: vec![FrameBatch::Own(columns)],
            typed: Vec::new(),
        }
    }

    /// Takes all data of a stream.
    ///
    /// # Errors
    /// If the stream was used already or fails, or if a column has a type that cannot be written; the text names the reason.
    ///
    /// # Safety
    /// `stream` must be a live Arrow C stream; it is used up.
    pub unsafe fn import(stream: ArrowArrayStream) -> Result<Self, String> {
        // SAFETY: the caller promises the same.
        let (schema, batches) = unsafe { take_all(stream) }?;
        if schema.text(schema.format) != "+s" {
            return Err("the frame's stream does not hold record batches".to_owned());
        }
        let mut names = Vec::new();
        let mut types = Vec::new();
        for index in 0..schema.child_count.max(0) as usize {
            // SAFETY: the schema states that it has that many children.
            let child = unsafe { &**schema.children.add(index) };
            let name = child.text(child.name);
            types.push(type_of(child).map_err(|format| {
                format!("column {name:?} has a type ({format}) that cannot be written")
            })?);
            names.push(name);
        }
        if batches
            .iter()
            .any(|batch| batch.child_count as usize != names.len())
        {
            return Err("the frame's batches do not fit its schema".to_owned());
        }
        let batches = batches.into_iter();
        Ok(Self {
            names,
            batches: batches
                .map(|batch| FrameBatch::Imported(batch, types.clone()))
                .collect(),
            typed: Vec::new(),
        })
    }

    /// Returns the same frame, with columns whose values are those of the cells that they were made of.
    ///
    /// # Errors
    /// If there is no such column, or if the number of cells is not the number of rows.
    pub fn with_typed(mut self, typed: Vec<(usize, TypedCells)>) -> Result<Self, String> {
        let rows = self.rows();
        if typed
            .iter()
            .any(|(column, typed)| *column >= self.names.len() || typed.cells.len() != rows)
        {
            return Err("the frame has no such column of cells".to_owned());
        }
        self.typed = typed;
        Ok(self)
    }

    /// Returns the number of rows in all batches.
    pub fn rows(&self) -> usize {
        (0..self.batches.len())
            .map(|batch| self.batch_rows(batch))
            .sum()
    }

    /// Returns the number of batches.
    pub fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// Returns the number of rows in a batch.
    pub fn batch_rows(&self, batch: usize) -> usize {
        match &self.batches[batch] {
            FrameBatch::Imported(array, _) => array.length as usize,
            FrameBatch::Own(columns) => columns.first().map_or(0, |column| column.rows),
        }
    }

    /// Returns the columns, each over all batches.
    pub fn series(&self) -> Vec<SeriesView<'_>> {
        let mut columns: Vec<Vec<_>> = self.names.iter().map(|_| Vec::new()).collect();
        for batch in 0..self.batch_count() {
            let rows = self.batch_rows(batch);
            for (column, view) in columns.iter_mut().zip(self.columns(batch)) {
                column.push((view, rows));
            }
        }
        let columns = columns.into_iter();
        columns
            .map(|chunks| SeriesView::new(chunks.into_iter()))
            .collect()
    }

    /// Returns the columns of a batch.
    pub fn columns(&self, batch: usize) -> Vec<ColumnView<'_>> {
        let views: Vec<ColumnView<'_>> = match &self.batches[batch] {
            FrameBatch::Own(columns) => columns.iter().map(SharedColumn::view).collect(),
            FrameBatch::Imported(array, types) => {
                let view = |(index, kind): (usize, &Type)| {
                    // SAFETY: `import` checked that there are as many children as types.
                    let child = unsafe { &**array.children.add(index) };
                    // SAFETY: the child follows its schema's format, as the specification asks.
                    unsafe {
                        ColumnView::from_array(
                            child,
                            *kind,
                            array.offset as usize,
                            array.length as usize,
                        )
                    }
                };
                types.iter().enumerate().map(view).collect()
            }
        };
        let first_row = (0..batch).map(|before| self.batch_rows(before)).sum();
        let views = views.into_iter().enumerate();
        let typed = views.map(|(index, view)| {
            match self.typed.iter().find(|(number, _)| *number == index) {
                None => view,
                Some((_, cells)) => view.typed(cells, first_row),
            }
        });
        typed.collect()
    }
}
