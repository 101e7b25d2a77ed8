//! Reads in another thread, a few blocks ahead, so that a part is unpacked while it is parsed.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

const BLOCK_BYTES: usize = 1 << 17;
/// The initial size of a block.
const MIN_BLOCK_BYTES: usize = 1 << 13;
const BLOCKS_AHEAD: usize = 4;
/// The size above which a part is read in its own thread.
const WORTHWHILE_BYTES: usize = 1 << 17;

/// A reader whose source is read in its own thread, unless the source is small.
pub struct ReadAhead {
    block: Vec<u8>,
    used: usize,
    rest: Option<BlockChannels>,
    failure: Option<io::Error>,
}

struct BlockChannels {
    blocks: Receiver<io::Result<Vec<u8>>>,
    spent: Sender<Vec<u8>>,
}

impl ReadAhead {
    /// Starts to read the source.
    pub fn new(mut source: impl Read + Send + 'static) -> Self {
        let mut block = Vec::new();
        let failure = fill(&mut source, WORTHWHILE_BYTES, &mut block).err();
        let is_full = block.len() == WORTHWHILE_BYTES;
        let rest = (is_full && failure.is_none()).then(|| {
            let (send, blocks) = sync_channel(BLOCKS_AHEAD);
            let (spent, reuse) = channel();
            let work = move || read_blocks(source, &send, &reuse);
            // Without a thread, the reader returns an error.
            drop(
                std::thread::Builder::new()
                    .name("ade-unpack".to_owned())
                    .spawn(work),
            );
            BlockChannels { blocks, spent }
        });
        Self {
            block,
            used: 0,
            rest,
            failure,
        }
    }
}

fn read_blocks(
    mut source: impl Read,
    send: &SyncSender<io::Result<Vec<u8>>>,
    reuse: &Receiver<Vec<u8>>,
) {
    loop {
        let mut block = reuse.try_recv().unwrap_or_default();
        let outcome = fill(&mut source, BLOCK_BYTES, &mut block);
        let is_full = block.len() == BLOCK_BYTES;
        // An empty block marks the end, so it is only sent there. The reader may have stopped early.
        if !block.is_empty() && send.send(Ok(block)).is_err() {
            return;
        }
        if let Err(error) = outcome {
            drop(send.send(Err(error)));
            return;
        }
        if !is_full {
            drop(send.send(Ok(Vec::new())));
            return;
        }
    }
}

/// Reads into a block, over its old content, until it has `most` bytes or the source ends or fails. The block grows while it is
/// filled, because most parts are small.
fn fill(source: &mut impl Read, most: usize, block: &mut Vec<u8>) -> io::Result<()> {
    let mut filled = 0;
    let outcome = loop {
        if filled == block.len() {
            if filled == most {
                break Ok(());
            }
            block.resize((2 * filled).clamp(MIN_BLOCK_BYTES, most), 0);
        }
        match source.read(&mut block[filled..]) {
            Ok(0) => break Ok(()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    block.truncate(filled);
    outcome
}

impl Read for ReadAhead {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.block.len() {
            let Some(rest) = &self.rest else {
                return match self.failure.take() {
                    Some(failure) => Err(failure),
                    None => Ok(0),
                };
            };
            let spent = std::mem::take(&mut self.block);
            drop(rest.spent.send(spent));
            self.used = 0;
            match rest.blocks.recv() {
                Ok(Ok(block)) if block.is_empty() => {
                    self.rest = None;
                    return Ok(0);
                }
                Ok(Ok(block)) => self.block = block,
                Ok(Err(error)) => {
                    self.rest = None;
                    return Err(error);
                }
                Err(_) => {
                    self.rest = None;
                    return Err(io::Error::other("unpacking it stopped unexpectedly"));
                }
            }
        }
        let count = buffer.len().min(self.block.len() - self.used);
        buffer[..count].copy_from_slice(&self.block[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn everything_comes_through_in_order() {
        for length in [
            0, 1, WORTHWHILE_BYTES - 1, WORTHWHILE_BYTES, WORTHWHILE_BYTES + 1, 3 * BLOCK_BYTES, 1_000_000,
        ] {
            let bytes: Vec<u8> = (0..length).map(|at| (at * 31 % 251) as u8).collect();
            let mut read = Vec::new();
            ReadAhead::new(io::Cursor::new(bytes.clone()))
                .read_to_end(&mut read)
                .unwrap();
            assert!(read == bytes, "{length}");
        }
    }

    #[test]
    fn failures_come_through() {
        for good in [0, 10, WORTHWHILE_BYTES, WORTHWHILE_BYTES + 10] {
            let source = io::repeat(7).take(good as u64).chain(Failing);
            let mut read = Vec::new();
            let outcome = ReadAhead::new(source).read_to_end(&mut read);
            assert!(outcome.is_err());
            assert_eq!(read.len(), good);
        }
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
}
