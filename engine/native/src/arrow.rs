//! The Arrow C data interface: how columns go to polars and frames come back, without being copied.
//!
//! Only what is needed is here: flat columns out, record batches of flat columns in. The layouts are those of the
//! Arrow specification ("The Arrow C data interface", "The Arrow C stream interface").

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;

/// The C structure that describes a column or batch.
#[repr(C)]
pub struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    child_count: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

/// The C structure that holds a column's or batch's data.
#[repr(C)]
pub struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    buffer_count: i64,
    child_count: i64,
    buffers: *mut *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// The C structure that hands out batches.
#[repr(C)]
pub struct ArrowArrayStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

impl ArrowArrayStream {
    /// Takes a stream out of where a producer left it, and marks it there as taken.
    ///
    /// # Safety
    /// `place` must point to a valid structure.
    pub unsafe fn take(place: *mut Self) -> Self {
        // SAFETY: the caller promises that there is a structure; without a release function the original is void.
        unsafe {
            let taken = ptr::read(place);
            (*place).release = None;
            taken
        }
    }
}

// SAFETY: the structures own their data or point to immutable data, and the specification lets any thread use and
// release them.
unsafe impl Send for ArrowSchema {}
unsafe impl Send for ArrowArray {}
unsafe impl Send for ArrowArrayStream {}
// SAFETY: as above; nothing is changed through a shared reference.
unsafe impl Sync for ArrowSchema {}
unsafe impl Sync for ArrowArray {}

impl ArrowSchema {
    fn empty() -> Self {
        Self {
            format: ptr::null(),
            name: ptr::null(),
            metadata: ptr::null(),
            flags: 0,
            child_count: 0,
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }

    fn text(&self, pointer: *const c_char) -> String {
        if pointer.is_null() {
            return String::new();
        }
        // SAFETY: the specification asks for null-terminated text that lives as long as the schema.
        unsafe { CStr::from_ptr(pointer) }
            .to_string_lossy()
            .into_owned()
    }
}

impl Drop for ArrowSchema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: a structure with a release function is live and ours.
            unsafe { release(self) }
        }
    }
}

impl ArrowArray {
    fn empty() -> Self {
        Self {
            length: 0,
            null_count: 0,
            offset: 0,
            buffer_count: 0,
            child_count: 0,
            buffers: ptr::null_mut(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: None,
            private_data: ptr::null_mut(),
        }
    }
}

impl Drop for ArrowArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: a structure with a release function is live and ours.
            unsafe { release(self) }
        }
    }
}

impl Drop for ArrowArrayStream {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: a structure with a release function is live and ours.
            unsafe { release(self) }
        }
    }
}

/// Memory that an exported column points to and keeps alive.
pub enum Buffer {
    Bytes(Vec<u8>),
    Words(Vec<u64>),
    Halves(Vec<i32>),
    Views(Vec<u128>),
    /// One block of a text arena.
    Block {
        arena: Arc<crate::store::TextArena>,
        index: usize,
    },
}

impl Buffer {
    fn pointer(&self) -> *const c_void {
        match self {
            Self::Bytes(bytes) => bytes.as_ptr().cast(),
            Self::Words(words) => words.as_ptr().cast(),
            Self::Halves(halves) => halves.as_ptr().cast(),
            Self::Views(views) => views.as_ptr().cast(),
            Self::Block { arena, index } => arena.block(*index).as_ptr().cast(),
        }
    }
}

/// A column that is about to be handed to polars.
pub struct Column {
    /// The Arrow format string.
    pub format: &'static str,
    pub rows: usize,
    pub null_count: usize,
    /// Which rows have a value, one bit each; nothing if all have.
    pub validity: Option<Vec<u8>>,
    /// The other buffers, in the order of the format.
    pub buffers: Vec<Buffer>,
}

struct ExportedArray {
    _owned: Vec<Buffer>,
    _validity: Option<Vec<u8>>,
    pointers: Vec<*const c_void>,
}

impl Column {
    /// The column as C structures, which keep its memory until they are released.
    pub fn export(self, name: &str) -> (ArrowSchema, ArrowArray) {
        let schema = export_schema(name, self.format);
        let mut pointers = Vec::with_capacity(self.buffers.len() + 1);
        if self.format != "n" {
            pointers.push(
                self.validity
                    .as_ref()
                    .map_or(ptr::null(), |bits| bits.as_ptr().cast()),
            );
        }
        pointers.extend(self.buffers.iter().map(Buffer::pointer));
        let mut owned = Box::new(ExportedArray {
            _owned: self.buffers,
            _validity: self.validity,
            pointers,
        });
        let array = ArrowArray {
            length: self.rows as i64,
            null_count: self.null_count as i64,
            offset: 0,
            buffer_count: owned.pointers.len() as i64,
            child_count: 0,
            buffers: owned.pointers.as_mut_ptr(),
            children: ptr::null_mut(),
            dictionary: ptr::null_mut(),
            release: Some(release_array),
            private_data: Box::into_raw(owned).cast(),
        };
        (schema, array)
    }
}

fn export_schema(name: &str, format: &'static str) -> ArrowSchema {
    const NULLABLE: i64 = 2;
    // A name with a null byte cannot be handed on; polars is told the real one by the caller.
    let name = CString::new(name.replace('\0', "")).unwrap_or_default();
    let format = CString::new(format).unwrap_or_default();
    let owned = Box::new((name, format));
    let mut schema = ArrowSchema::empty();
    schema.format = owned.1.as_ptr();
    schema.name = owned.0.as_ptr();
    schema.flags = NULLABLE;
    schema.release = Some(release_schema);
    schema.private_data = Box::into_raw(owned).cast();
    schema
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: called once, with a structure that `export_schema` made.
    unsafe {
        drop(Box::from_raw(
            (*schema).private_data.cast::<(CString, CString)>(),
        ));
        (*schema).release = None;
    }
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: called once, with a structure that `Column::export` made.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<ExportedArray>()));
        (*array).release = None;
    }
}

/// The unit of a timestamp, time or duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Unit {
    fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b's' => Self::Second,
            b'm' => Self::Millisecond,
            b'u' => Self::Microsecond,
            b'n' => Self::Nanosecond,
            _ => return None,
        })
    }

    /// A count of this unit in microseconds, rounded down as Python's own conversion does.
    pub fn to_microseconds(self, value: i64) -> i64 {
        match self {
            Self::Second => value.saturating_mul(1_000_000),
            Self::Millisecond => value.saturating_mul(1000),
            Self::Microsecond => value,
            Self::Nanosecond => value.div_euclid(1000),
        }
    }
}

/// The types of columns that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Null,
    Boolean,
    Signed(u8),
    Unsigned(u8),
    Float32,
    Float64,
    Text,
    LargeText,
    TextView,
    Date,
    Timestamp(Unit),
    Time32(Unit),
    Time64(Unit),
    Duration(Unit),
}

impl Type {
    fn of(format: &str) -> Option<Self> {
        Some(match format.as_bytes() {
            b"n" => Self::Null,
            b"b" => Self::Boolean,
            b"c" => Self::Signed(1),
            b"s" => Self::Signed(2),
            b"i" => Self::Signed(4),
            b"l" => Self::Signed(8),
            b"C" => Self::Unsigned(1),
            b"S" => Self::Unsigned(2),
            b"I" => Self::Unsigned(4),
            b"L" => Self::Unsigned(8),
            b"f" => Self::Float32,
            b"g" => Self::Float64,
            b"u" => Self::Text,
            b"U" => Self::LargeText,
            b"vu" => Self::TextView,
            b"tdD" => Self::Date,
            [b't', b's', unit, b':'] => Self::Timestamp(Unit::of(*unit)?),
            [b't', b't', unit @ (b's' | b'm')] => Self::Time32(Unit::of(*unit)?),
            [b't', b't', unit] => Self::Time64(Unit::of(*unit)?),
            [b't', b'D', unit] => Self::Duration(Unit::of(*unit)?),
            _ => return None,
        })
    }
}

/// Batches of a frame, all with the same columns.
pub struct Frame {
    pub names: Vec<String>,
    types: Vec<Type>,
    batches: Vec<ArrowArray>,
}

impl Frame {
    /// Takes everything that a stream gives.
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
            return Err("the frame's stream gives no schema".to_owned());
        }
        if schema.text(schema.format) != "+s" {
            return Err("the frame's stream does not give record batches".to_owned());
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

/// A column of a batch, read in place.
pub struct ColumnView<'a> {
    validity: Option<&'a [u8]>,
    offset: usize,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    Boolean(&'a [u8]),
    Signed8(&'a [i8]),
    Signed16(&'a [i16]),
    Signed32(&'a [i32]),
    Signed64(&'a [i64]),
    Unsigned8(&'a [u8]),
    Unsigned16(&'a [u16]),
    Unsigned32(&'a [u32]),
    Unsigned64(&'a [u64]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Text {
        offsets: &'a [i32],
        bytes: *const u8,
    },
    LargeText {
        offsets: &'a [i64],
        bytes: *const u8,
    },
    TextView {
        views: &'a [[u32; 4]],
        buffers: &'a [*const u8],
    },
    Date(&'a [i32]),
    Timestamp(&'a [i64], Unit),
    Time32(&'a [i32], Unit),
    Time64(&'a [i64], Unit),
    Duration(&'a [i64], Unit),
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a str),
    /// Days since 1970.
    Date(i64),
    /// Microseconds since 1970.
    DateTime(i64),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds.
    Duration(i64),
}

impl<'a> ColumnView<'a> {
    /// # Safety
    /// `array` must be laid out as `kind` says and stay alive for `'a`.
    unsafe fn of(array: &'a ArrowArray, kind: Type, parent_offset: usize, rows: usize) -> Self {
        let offset = array.offset.max(0) as usize + parent_offset;
        let end = offset + rows;
        // SAFETY: the format tells how many buffers there are.
        let buffer = |index: usize| unsafe { *array.buffers.add(index) };
        // SAFETY: a buffer of this type holds `end` values, or is null where there are none.
        unsafe fn slice<'a, T>(pointer: *const c_void, count: usize) -> &'a [T] {
            if pointer.is_null() || count == 0 {
                &[]
            } else {
                unsafe { std::slice::from_raw_parts(pointer.cast(), count) }
            }
        }
        let bitmap = |index: usize| -> &'a [u8] {
            // SAFETY: a bitmap has a bit for each value.
            unsafe { slice(buffer(index), end.div_ceil(8)) }
        };
        macro_rules! values {
            () => {
                // SAFETY: see `slice`.
                unsafe { slice(buffer(1), end) }
            };
        }
        let values = match kind {
            Type::Null => Values::Null,
            Type::Boolean => Values::Boolean(bitmap(1)),
            Type::Signed(1) => Values::Signed8(values!()),
            Type::Signed(2) => Values::Signed16(values!()),
            Type::Signed(4) => Values::Signed32(values!()),
            Type::Signed(_) => Values::Signed64(values!()),
            Type::Unsigned(1) => Values::Unsigned8(values!()),
            Type::Unsigned(2) => Values::Unsigned16(values!()),
            Type::Unsigned(4) => Values::Unsigned32(values!()),
            Type::Unsigned(_) => Values::Unsigned64(values!()),
            Type::Float32 => Values::Float32(values!()),
            Type::Float64 => Values::Float64(values!()),
            Type::Text => {
                // SAFETY: there is one more offset than values.
                Values::Text {
                    offsets: unsafe { slice(buffer(1), end + 1) },
                    bytes: buffer(2).cast(),
                }
            }
            Type::LargeText => {
                // SAFETY: there is one more offset than values.
                Values::LargeText {
                    offsets: unsafe { slice(buffer(1), end + 1) },
                    bytes: buffer(2).cast(),
                }
            }
            Type::TextView => {
                let count = (array.buffer_count - 3).max(0) as usize;
                Values::TextView {
                    views: values!(),
                    // SAFETY: behind the views come that many data buffers, and then their lengths.
                    buffers: unsafe { slice(array.buffers.add(2).cast(), count) },
                }
            }
            Type::Date => Values::Date(values!()),
            Type::Timestamp(unit) => Values::Timestamp(values!(), unit),
            Type::Time32(unit) => Values::Time32(values!(), unit),
            Type::Time64(unit) => Values::Time64(values!(), unit),
            Type::Duration(unit) => Values::Duration(values!(), unit),
        };
        let has_validity = kind != Type::Null && array.null_count != 0 && !buffer_is_null(array);
        Self {
            validity: has_validity.then(|| bitmap(0)),
            offset,
            values,
        }
    }

    /// Whether this is a column of text.
    pub fn is_text(&self) -> bool {
        matches!(
            self.values,
            Values::Text { .. } | Values::LargeText { .. } | Values::TextView { .. }
        )
    }

    /// The value of a row.
    #[inline]
    pub fn value(&self, row: usize) -> Value<'a> {
        let at = self.offset + row;
        if let Some(bits) = self.validity
            && !bit(bits, at)
        {
            return Value::Null;
        }
        match self.values {
            Values::Null => Value::Null,
            Values::Boolean(bits) => Value::Boolean(bit(bits, at)),
            Values::Signed8(values) => Value::Integer(values[at].into()),
            Values::Signed16(values) => Value::Integer(values[at].into()),
            Values::Signed32(values) => Value::Integer(values[at].into()),
            Values::Signed64(values) => Value::Integer(values[at]),
            Values::Unsigned8(values) => Value::Integer(values[at].into()),
            Values::Unsigned16(values) => Value::Integer(values[at].into()),
            Values::Unsigned32(values) => Value::Integer(values[at].into()),
            Values::Unsigned64(values) => Value::Unsigned(values[at]),
            Values::Float32(values) => Value::Float(values[at].into()),
            Values::Float64(values) => Value::Float(values[at]),
            Values::Text { offsets, bytes } => {
                let (start, end) = (offsets[at] as usize, offsets[at + 1] as usize);
                Value::Text(text_at(bytes, start, end - start))
            }
            Values::LargeText { offsets, bytes } => {
                let (start, end) = (offsets[at] as usize, offsets[at + 1] as usize);
                Value::Text(text_at(bytes, start, end - start))
            }
            Values::TextView { views, buffers } => {
                let view = &views[at];
                let length = view[0] as usize;
                if length <= 12 {
                    Value::Text(text_at(ptr::from_ref(view).cast::<u8>(), 4, length))
                } else {
                    Value::Text(text_at(buffers[view[2] as usize], view[3] as usize, length))
                }
            }
            Values::Date(values) => Value::Date(values[at].into()),
            Values::Timestamp(values, unit) => Value::DateTime(unit.to_microseconds(values[at])),
            Values::Time32(values, unit) => Value::Time(unit.to_microseconds(values[at].into())),
            Values::Time64(values, unit) => Value::Time(unit.to_microseconds(values[at])),
            Values::Duration(values, unit) => Value::Duration(unit.to_microseconds(values[at])),
        }
    }
}

fn buffer_is_null(array: &ArrowArray) -> bool {
    // SAFETY: every type but null has a validity buffer first, which may be a null pointer.
    array.buffer_count == 0 || unsafe { (*array.buffers).is_null() }
}

#[inline]
fn bit(bits: &[u8], at: usize) -> bool {
    bits[at / 8] & (1 << (at % 8)) != 0
}

#[inline]
fn text_at<'a>(bytes: *const u8, start: usize, length: usize) -> &'a str {
    if length == 0 {
        return "";
    }
    // SAFETY: Arrow text is UTF-8 and its offsets lie within its buffer; both are the exporter's promise.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes.add(start), length)) }
}
