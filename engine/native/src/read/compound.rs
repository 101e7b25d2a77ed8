//! Reads OLE2 compound files, the container of old and of encrypted workbooks: finds a stream and reads it whole.
//!
//! It follows every chain for at most as many sectors as the file has, so that no file can make it loop. Data beyond the end of
//! the file is missing.

use super::numbers::{u16_at, u32_at};

const SIGNATURE: &[u8; 8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// The names of the streams that hold old workbooks: in Excel 97 and later, and in Excel 5 and 95.
const WORKBOOK_STREAMS: [&str; 2] = ["Workbook", "Book"];
const HEADER_BYTES: usize = 512;
const ENTRY_BYTES: usize = 128;
const HEADER_TABLE_SECTORS: usize = 109;
/// The first of the sector numbers that mark chain ends and free sectors.
const FIRST_SPECIAL: u32 = 0xFFFF_FFFA;

/// A compound file in memory.
pub struct CompoundFile<'a> {
    bytes: &'a [u8],
    sector_bytes: usize,
    mini_sector_bytes: usize,
    mini_cutoff: u32,
    next_sector: Vec<u32>,
    next_mini_sector: Vec<u32>,
    mini_stream: Vec<u8>,
    entries: Vec<CompoundEntry>,
}

struct CompoundEntry {
    name: String,
    is_stream: bool,
    start: u32,
    length: u64,
}

impl<'a> CompoundFile<'a> {
    /// Returns whether the bytes start like a compound file.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(SIGNATURE)
    }

    /// Reads the file's tables and directory. Returns `None` if they are damaged.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        if !Self::is_one(bytes) || bytes.len() < HEADER_BYTES {
            return None;
        }
        let (sector_shift, mini_shift) = (u16_at(bytes, 30)?, u16_at(bytes, 32)?);
        if !(7..=16).contains(&sector_shift) || !(2..sector_shift).contains(&mini_shift) {
            return None;
        }
        let mut file = Self {
            bytes,
            sector_bytes: 1 << sector_shift,
            mini_sector_bytes: 1 << mini_shift,
            mini_cutoff: u32_at(bytes, 56)?,
            next_sector: Vec::new(),
            next_mini_sector: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
        };
        for sector in file.table_sectors() {
            let table = file.sectors().at(sector).to_vec();
            file.next_sector.extend(table.chunks_exact(4).map(le_u32));
        }
        let directory = file.sectors().chain(u32_at(bytes, 48)?, u64::MAX);
        file.entries = directory
            .chunks_exact(ENTRY_BYTES)
            .map(CompoundEntry::read)
            .collect();
        let mini_table = file.sectors().chain(u32_at(bytes, 60)?, u64::MAX);
        file.next_mini_sector = mini_table.chunks_exact(4).map(le_u32).collect();
        if let Some(root) = file.entries.first() {
            file.mini_stream = file.sectors().chain(root.start, root.length);
        }
        Some(file)
    }

    /// Returns whether a stream or storage of this name exists, at any depth.
    pub fn contains(&self, name: &str) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// Returns whether the file contains an old workbook.
    pub fn has_workbook(&self) -> bool {
        WORKBOOK_STREAMS.iter().any(|name| self.contains(name))
    }

    /// Returns the content of the old workbook in the file, if there is one.
    pub fn workbook_stream(&self) -> Option<Vec<u8>> {
        WORKBOOK_STREAMS.iter().find_map(|name| self.stream(name))
    }

    /// Returns the content of a stream, as far as it is in the file.
    pub fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.is_stream && entry.name.eq_ignore_ascii_case(name))?;
        let sectors = if entry.length < u64::from(self.mini_cutoff) {
            self.mini_sectors()
        } else {
            self.sectors()
        };
        Some(sectors.chain(entry.start, entry.length))
    }

    /// Returns the sectors with the sector table. The header lists the first of them, and a chain the others.
    fn table_sectors(&self) -> Vec<u32> {
        let most = self.bytes.len() / self.sector_bytes + 1;
        let mut sectors: Vec<u32> = self.bytes[76..HEADER_BYTES]
            .chunks_exact(4)
            .take(HEADER_TABLE_SECTORS)
            .map(le_u32)
            .collect();
        let mut next = u32_at(self.bytes, 68).unwrap_or(u32::MAX);
        let mut followed = 0;
        while next < FIRST_SPECIAL && followed < most && sectors.len() <= most {
            let sector = self.sectors().at(next);
            if sector.len() < self.sector_bytes {
                break;
            }
            let mut numbers = sector.chunks_exact(4).map(le_u32);
            let count = self.sector_bytes / 4 - 1;
            sectors.extend(numbers.by_ref().take(count));
            next = numbers.next().unwrap_or(u32::MAX);
            followed += 1;
        }
        sectors.retain(|&sector| sector < FIRST_SPECIAL);
        sectors.truncate(most);
        sectors
    }

    /// Returns the sectors of the file. Its header takes the space of one sector in front of them.
    fn sectors(&self) -> Sectors<'_> {
        Sectors {
            bytes: self.bytes.get(self.sector_bytes..).unwrap_or_default(),
            size: self.sector_bytes,
            next: &self.next_sector,
        }
    }

    /// Returns the small sectors, which hold short streams.
    fn mini_sectors(&self) -> Sectors<'_> {
        Sectors {
            bytes: &self.mini_stream,
            size: self.mini_sector_bytes,
            next: &self.next_mini_sector,
        }
    }
}

/// Consecutive sectors of one size, and for each of them the next one in its chain.
struct Sectors<'a> {
    bytes: &'a [u8],
    size: usize,
    next: &'a [u32],
}

impl<'a> Sectors<'a> {
    /// Returns a sector, as far as it is in the file.
    fn at(&self, number: u32) -> &'a [u8] {
        let start = (number as usize).saturating_mul(self.size);
        let end = start.saturating_add(self.size).min(self.bytes.len());
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Returns the content of a chain, up to `length` and as far as it is in the file.
    fn chain(&self, start: u32, length: u64) -> Vec<u8> {
        let most = self.bytes.len() / self.size + 1;
        let mut content = Vec::new();
        let mut number = start;
        for _ in 0..most {
            if number >= FIRST_SPECIAL || content.len() as u64 >= length {
                break;
            }
            let sector = self.at(number);
            content.extend_from_slice(sector);
            if sector.len() < self.size {
                break;
            }
            let next = self.next.get(number as usize);
            number = next.copied().unwrap_or(u32::MAX);
        }
        content.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        content
    }
}

impl CompoundEntry {
    fn read(bytes: &[u8]) -> Self {
        let length = usize::from(u16_at(bytes, 64).unwrap_or(0)).min(64);
        let units: Vec<u16> = bytes[..length]
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let name = String::from_utf16_lossy(&units);
        Self {
            name: name.trim_end_matches('\0').to_owned(),
            is_stream: bytes[66] == 2,
            start: u32_at(bytes, 116).unwrap_or(u32::MAX),
            length: u64::from(u32_at(bytes, 120).unwrap_or(0)),
        }
    }
}

fn le_u32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
