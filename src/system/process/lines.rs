//! Cuts the output of a child into lines.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Instant;

use super::options::{ChildLimits, OnLine, Stream};
use super::wake::set_nonblocking;

/// One stream of the child, cut into lines.
pub(super) struct OutputLines {
    stream: Stream,
    pipe: Option<File>,
    chunk: Box<[u8]>,
    /// The beginning of a line whose end has not been read yet.
    line: Vec<u8>,
    /// The number of bytes of this line that were dropped because the line is too long.
    dropped: u64,
    max_line_bytes: usize,
    /// The number of bytes that were read so far.
    total: u64,
    most: u64,
    /// The number of bytes in lines that do not look like a report of the child.
    plain: u64,
    most_plain: u64,
}

/// The number of bytes that are read from one stream before the other stream, the child's end and a cancel are checked again.
const TURN_BYTES: usize = 1024 * 1024;

impl OutputLines {
    pub fn new(
        stream: Stream,
        pipe: Option<impl Into<OwnedFd>>,
        options: &ChildLimits,
    ) -> io::Result<Self> {
        let pipe = pipe.map(|pipe| File::from(pipe.into()));
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_raw_fd())?;
        }
        Ok(OutputLines {
            stream,
            pipe,
            chunk: vec![0; 64 * 1024].into_boxed_slice(),
            line: Vec::new(),
            dropped: 0,
            max_line_bytes: options.max_line_bytes,
            total: 0,
            plain: 0,
            most_plain: options.limits.printed_bytes.unwrap_or(u64::MAX),
            most: match (options.limits.printed_bytes, stream) {
                (None, _) => u64::MAX,
                (Some(most), Stream::Stdout) => most,
                (Some(most), Stream::Stderr) => most.saturating_mul(16),
            },
        })
    }

    /// Returns the descriptor to wait for; negative once the stream has ended.
    pub fn descriptor(&self) -> RawFd {
        self.pipe.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Returns whether more was printed than is allowed.
    pub fn is_too_long(&self) -> bool {
        self.total > self.most || self.plain > self.most_plain
    }

    /// Reads what is available, up to the limit of a turn. Returns true if there may be more.
    pub fn pump(&mut self, on_line: OnLine<'_>) -> io::Result<bool> {
        let mut taken = 0;
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut self.chunk) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    self.take(count, on_line);
                    taken += count;
                    self.total += count as u64;
                    if taken >= TURN_BYTES || self.is_too_long() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Reads the rest, and passes on a last line that has no line break.
    pub fn drain(&mut self, on_line: OnLine<'_>, until: Instant) -> io::Result<()> {
        while self.pump(on_line)? && !self.is_too_long() && Instant::now() < until {}
        if !self.line.is_empty() {
            self.finish_line(on_line);
        }
        Ok(())
    }

    /// Cuts the first `count` bytes of the chunk into lines.
    fn take(&mut self, count: usize, on_line: OnLine<'_>) {
        let chunk = std::mem::take(&mut self.chunk);
        let mut rest = &chunk[..count];
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend_line(&rest[..end]);
            self.finish_line(on_line);
            rest = &rest[end + 1..];
        }
        self.extend_line(rest);
        self.chunk = chunk;
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(self.max_line_bytes - self.line.len());
        self.line.extend_from_slice(&bytes[..kept]);
        self.dropped += (bytes.len() - kept) as u64;
    }

    fn finish_line(&mut self, on_line: OnLine<'_>) {
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if !(self.line.starts_with(b"{\"") && self.line.ends_with(b"}")) {
            self.plain += self.line.len() as u64 + 1;
        }
        let mut text = String::from_utf8_lossy(&self.line);
        if self.dropped > 0 {
            text.to_mut()
                .push_str(&format!(" … ({} more bytes)", self.dropped));
        }
        on_line(self.stream, &text);
        self.line.clear();
        self.dropped = 0;
    }
}
