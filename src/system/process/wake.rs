//! Wakes a caller that waits for a child: by a byte in a pipe, which it polls together with the child's streams.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use crate::base::cancel::{Cancel, Subscription};

/// The byte of the thread that waits for the child's end. Any other byte in the pipe only wakes.
pub(super) const CHILD_ENDED: u8 = b'e';
const CANCELLED: u8 = b'c';

/// The writing end, shared by all threads that wake the caller.
#[derive(Clone)]
pub(super) struct Waker(Arc<PipeWriter>);

impl Waker {
    pub fn send(&self, byte: u8) {
        // Two bytes at most are ever written, so the pipe has room for both.
        let _ = (&*self.0).write(&[byte]);
    }

    /// Wakes the caller when the flag is raised, until the returned subscription is dropped.
    pub fn on_cancel(&self, cancel: &Cancel) -> Subscription {
        let waker = self.clone();
        cancel.on_cancel(move || waker.send(CANCELLED))
    }
}

/// The end that the caller waits on.
pub(super) struct Wakes(PipeReader);

impl Wakes {
    /// Creates a pipe whose ends do not block.
    pub fn new() -> io::Result<(Self, Waker)> {
        let (reader, writer) = io::pipe()?;
        set_nonblocking(reader.as_raw_fd())?;
        // If the pipe is full, the caller is already woken; the thread that cancels must not block.
        set_nonblocking(writer.as_raw_fd())?;
        Ok((Wakes(reader), Waker(Arc::new(writer))))
    }

    pub fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Returns whether the child has ended. Takes everything out of the pipe.
    pub fn child_has_ended(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 8];
        loop {
            match self.0.read(&mut bytes) {
                Ok(count) => return Ok(bytes[..count].contains(&CHILD_ENDED)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Blocks until one of the descriptors has something to read (negative ones are ignored) or `deadline` has come.
pub(super) fn wait_for_any(descriptors: &[RawFd; 3], deadline: Option<Instant>) -> io::Result<()> {
    let mut polled = descriptors.map(|descriptor| libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    });
    let milliseconds = match deadline {
        None => -1,
        Some(deadline) => {
            // Rounded up: otherwise the last millisecond would be a busy loop.
            let left = deadline.saturating_duration_since(Instant::now());
            i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        }
    };
    // SAFETY: the pointer and the count are those of one live array.
    let answer = unsafe {
        libc::poll(
            polled.as_mut_ptr(),
            polled.len() as libc::nfds_t,
            milliseconds,
        )
    };
    if answer < 0 {
        let error = io::Error::last_os_error();
        // The caller's loop checks everything again anyway.
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

pub(super) fn set_nonblocking(descriptor: RawFd) -> io::Result<()> {
    // SAFETY: plain system calls on a descriptor that the caller owns.
    unsafe {
        let flags = libc::fcntl(descriptor, libc::F_GETFL);
        if flags < 0 || libc::fcntl(descriptor, libc::F_SETFL, flags | libc::O_NONBLOCK) < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
