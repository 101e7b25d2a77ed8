//! What wakes a caller that waits for a child: a byte in a pipe, which `poll` sees beside the child's own streams.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use crate::cancel::{Cancel, Subscription};

/// Written by the thread that saw the child end; anything else in the pipe only wakes.
pub(super) const CHILD_ENDED: u8 = b'e';
const CANCELLED: u8 = b'c';

/// The end that is written to, shared by all who wake.
#[derive(Clone)]
pub(super) struct Waker(Arc<PipeWriter>);

impl Waker {
    pub fn send(&self, byte: u8) {
        // Two bytes at most are ever written, so the pipe has room for both.
        let _ = (&*self.0).write(&[byte]);
    }

    /// Wakes when somebody cancels, for as long as the answer lives.
    pub fn on_cancel(&self, cancel: &Cancel) -> Subscription {
        let waker = self.clone();
        cancel.on_cancel(move || waker.send(CANCELLED))
    }
}

/// The end that is waited on.
pub(super) struct Wakes(PipeReader);

impl Wakes {
    /// A pipe of which neither end blocks.
    pub fn new() -> io::Result<(Self, Waker)> {
        let (reader, writer) = io::pipe()?;
        set_nonblocking(reader.as_raw_fd())?;
        // A cancel that finds the pipe full has been heard already; it must not block whoever cancels.
        set_nonblocking(writer.as_raw_fd())?;
        Ok((Wakes(reader), Waker(Arc::new(writer))))
    }

    pub fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Whether the child has ended; takes everything out of the pipe.
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

/// Blocks until one of the descriptors has something to read (negative ones are passed over) or `deadline` has come.
pub(super) fn wait_for_any(descriptors: &[RawFd; 3], deadline: Option<Instant>) -> io::Result<()> {
    let mut polled = descriptors.map(|descriptor| libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    });
    let milliseconds = match deadline {
        None => -1,
        Some(deadline) => {
            // Rounded up, or the last millisecond would be spent spinning.
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
        // The caller's loop looks at everything again anyway.
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
