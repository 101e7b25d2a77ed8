//! The structures of the Arrow C data interface, through which columns go to polars and frames come back without a copy.
//!
//! The layouts are those of the Arrow specification ("The Arrow C data interface", "The Arrow C stream interface"). Columns go
//! out through [`super::export`], frames come in through [`super::frame`].

use std::ffi::{CStr, c_char, c_int, c_void};
use std::{mem, ptr};

/// The C structure that describes a column or batch.
#[repr(C)]
pub struct ArrowSchema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) child_count: i64,
    pub(super) children: *mut *mut ArrowSchema,
    pub(super) dictionary: *mut ArrowSchema,
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub(super) private_data: *mut c_void,
}

/// The C structure that holds a column's or batch's data.
#[repr(C)]
pub struct ArrowArray {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) buffer_count: i64,
    pub(super) child_count: i64,
    pub(super) buffers: *mut *const c_void,
    pub(super) children: *mut *mut ArrowArray,
    pub(super) dictionary: *mut ArrowArray,
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub(super) private_data: *mut c_void,
}

/// The C structure that hands out batches.
#[repr(C)]
pub struct ArrowArrayStream {
    pub(super) get_schema:
        Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    pub(super) get_next:
        Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    pub(super) get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub(super) release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub(super) private_data: *mut c_void,
}

impl ArrowArrayStream {
    /// Moves a stream out of the producer's structure, and marks that structure as taken.
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
    pub(super) fn empty() -> Self {
        // SAFETY: numbers, pointers that may be null, and a function that may be missing.
        unsafe { mem::zeroed() }
    }

    pub(super) fn text(&self, pointer: *const c_char) -> String {
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
    pub(super) fn empty() -> Self {
        // SAFETY: numbers, pointers that may be null, and a function that may be missing.
        unsafe { mem::zeroed() }
    }

    /// Keeps the owner of the memory that the structure points to until the structure is released.
    pub(super) fn owning<T>(self, owner: Box<T>) -> Self {
        Self {
            release: Some(release::<T>),
            private_data: Box::into_raw(owner).cast(),
            ..self
        }
    }
}

unsafe extern "C" fn release<T>(array: *mut ArrowArray) {
    // SAFETY: called once, with a structure that `ArrowArray::owning` made.
    unsafe {
        drop(Box::from_raw((*array).private_data.cast::<T>()));
        (*array).release = None;
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
