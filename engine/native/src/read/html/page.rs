//! Opens web pages and processes their tags.

use std::sync::Arc;

use super::mail::{self, MailPart};
use super::styles;
use super::table::Layout;
use super::tags::{HtmlToken, HtmlTokens, meta_charset};
use crate::cells::{ScanLimits, Sheet, SheetBuilder};
use crate::error::Result;
use crate::progress::ScanWatch;
use crate::read::csv::guess;
use crate::read::formats::Formats;
use crate::read::sheets::{SheetInfo, SheetList, Sheets, Visibility, stem};
use crate::read::{foreign, read_whole};

/// The maximum size of a file.
const MAXIMUM_BYTES: usize = 1 << 30;
const MAXIMUM_SHEETS: usize = 8192;
/// The number of tags between two checks for cancellation.
const TAGS_OF_A_TICK: usize = 1024;

/// The pages of a file, each of which is a sheet.
#[derive(Debug)]
pub struct WebPages {
    content: PageContent,
    list: SheetList,
    /// The style sheets in separate parts.
    styles: Vec<String>,
}

#[derive(Debug)]
enum PageContent {
    Page(String),
    Mail {
        bytes: Vec<u8>,
        pages: Vec<MailPart>,
    },
}

impl WebPages {
    /// Opens a web page.
    ///
    /// # Errors
    /// If the page cannot be read, or has no table.
    pub fn open(path: &str, most_bytes: Option<usize>) -> Result<Self> {
        let bytes = read(path, most_bytes)?;
        let text = guess::text_of(&bytes, meta_charset(&bytes).as_deref());
        drop(bytes);
        if !has_table(&text) {
            return Err(foreign::not_a_workbook(path, foreign::PAGE_WITHOUT_TABLE));
        }
        let named = PageSheet::all(&text);
        let title = match &named[..] {
            [sheet] => sheet.title.clone(),
            _ => stem(path),
        };
        Ok(Self {
            content: PageContent::Page(text),
            list: SheetList::of_one(title),
            styles: Vec::new(),
        })
    }

    /// Opens the pages in a mail.
    ///
    /// # Errors
    /// If the mail cannot be read, or none of its pages has a table.
    pub fn open_mail(path: &str, most_bytes: Option<usize>) -> Result<Self> {
        let bytes = read(path, most_bytes)?;
        let (mut pages, mut named, mut styles) = (Vec::new(), Vec::new(), Vec::new());
        let mut active = None;
        for part in mail::parts(&bytes) {
            if part.kind == "text/css" {
                styles.push(part.text(&bytes));
            } else if part.kind == "text/html" && pages.len() < MAXIMUM_SHEETS {
                let text = part.text(&bytes);
                if named.is_empty() {
                    named = PageSheet::all(&text);
                    active = between(&text, "<x:ActiveSheet>")
                        .and_then(|number| number.trim().parse().ok());
                }
                if has_table(&text) {
                    pages.push(part);
                }
            }
        }
        if pages.is_empty() {
            return Err(foreign::not_a_workbook(path, foreign::PAGE_WITHOUT_TABLE));
        }
        // The first page of a workbook names its sheets and their positions; other files have only one page.
        let mut pages: Vec<(Option<usize>, MailPart)> = pages
            .into_iter()
            .map(|part: MailPart| (named.iter().position(|tab| tab.is_at(&part.location)), part))
            .collect();
        // The other pages belong to the frame of the workbook.
        if pages.iter().any(|(order, _)| order.is_some()) {
            pages.retain(|(order, _)| order.is_some());
        }
        pages.sort_by_key(|(order, _)| *order);
        let (stem, count) = (stem(path), pages.len());
        let titled = |(number, (order, _)): (usize, &(Option<usize>, MailPart))| match order {
            Some(at) => SheetInfo::new(named[*at].title.clone(), named[*at].visibility),
            None if count == 1 && named.len() == 1 => {
                SheetInfo::new(named[0].title.clone(), Visibility::Visible)
            }
            None if count == 1 => SheetInfo::new(stem.clone(), Visibility::Visible),
            None => SheetInfo::new(format!("{stem} {number}"), Visibility::Visible),
        };
        let sheets: Vec<SheetInfo> = (1..).zip(&pages).map(titled).collect();
        let pages = pages.into_iter().map(|(_, part)| part).collect();
        let active = active.filter(|&at| at < sheets.len()).or(Some(0));
        Ok(Self {
            list: SheetList { sheets, active },
            content: PageContent::Mail { bytes, pages },
            styles,
        })
    }
}

fn read(path: &str, most_bytes: Option<usize>) -> Result<Vec<u8>> {
    let most_bytes = most_bytes.map_or(MAXIMUM_BYTES, |bytes| bytes.min(MAXIMUM_BYTES));
    read_whole(path, "the web page", Some(most_bytes))
}

fn has_table(text: &str) -> bool {
    memchr::memchr_iter(b'<', text.as_bytes()).any(|at| {
        let name = text.as_bytes().get(at + 1..at + 3);
        name.is_some_and(|name| {
            [&b"ta"[..], b"tr", b"td"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        })
    })
}

/// A sheet as Excel names it in a page.
struct PageSheet {
    title: String,
    visibility: Visibility,
    /// The end of the address of the sheet's page.
    file: String,
}

impl PageSheet {
    fn all(text: &str) -> Vec<Self> {
        let sheets = text
            .split("<x:ExcelWorksheet>")
            .skip(1)
            .take(MAXIMUM_SHEETS);
        sheets
            .map(|block| {
                let block = block
                    .split("</x:ExcelWorksheet>")
                    .next()
                    .unwrap_or_default();
                let address = block.split_once("<x:WorksheetSource").map(|(_, tag)| tag);
                let address = address
                    .and_then(|tag| tag.split('"').nth(1))
                    .unwrap_or_default();
                Self {
                    title: super::entities::decoded(between(block, "<x:Name>").unwrap_or_default()),
                    visibility: Visibility::of_word(
                        between(block, "<x:Visible>").unwrap_or_default(),
                    ),
                    file: address
                        .rsplit(['/', '\\'])
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                }
            })
            .collect()
    }

    fn is_at(&self, location: &str) -> bool {
        !self.file.is_empty() && location.rsplit(['/', '\\']).next() == Some(&self.file)
    }
}

/// Returns the text between a tag and the next one.
fn between<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    let behind = text.split_once(tag)?.1;
    behind.split('<').next()
}

impl Sheets for WebPages {
    fn list(&self) -> &SheetList {
        &self.list
    }

    fn heap_bytes(&self) -> usize {
        match &self.content {
            PageContent::Page(text) => text.len(),
            PageContent::Mail { bytes, .. } => bytes.len(),
        }
    }

    fn scan(&self, sheet: usize, limits: ScanLimits, watch: &ScanWatch) -> Result<Sheet> {
        let mut formats = Formats::default();
        for sheet in &self.styles {
            styles::read_classes(sheet, &mut formats);
        }
        let title = &self.list.sheets[sheet].title;
        let builder = SheetBuilder::new(title, limits, Arc::default());
        let layout = Layout::new(title, builder, formats);
        match &self.content {
            PageContent::Page(text) => lay_out(text, layout, watch),
            PageContent::Mail { bytes, pages } => lay_out(&pages[sheet].text(bytes), layout, watch),
        }
    }
}

/// Processes the tags of a page.
fn lay_out(text: &str, mut layout: Layout, watch: &ScanWatch) -> Result<Sheet> {
    let mut tokens = HtmlTokens::new(text);
    let mut count = 0usize;
    while let Some(token) = tokens.next() {
        count += 1;
        if count.is_multiple_of(TAGS_OF_A_TICK) {
            watch.tick(layout.builder.rows_seen())?;
        }
        let tag = match token {
            HtmlToken::Text(text) => {
                layout.push_text(text);
                continue;
            }
            HtmlToken::Comment(_) => continue,
            HtmlToken::Tag(tag) => tag,
        };
        match (tag.name.to_ascii_lowercase().as_str(), tag.is_end) {
            ("style", false) => styles::read_classes(tokens.take_raw("style"), &mut layout.formats),
            (raw @ ("script" | "title" | "xml" | "textarea"), false) => drop(tokens.take_raw(raw)),
            ("table", false) => layout.start_table()?,
            ("table", true) => layout.end_table()?,
            ("tr", false) => layout.start_row(&tag)?,
            ("tr", true) => layout.end_row()?,
            ("caption", false) => {
                layout.start_row(&tag)?;
                layout.start_cell(&tag)?;
            }
            ("caption", true) => layout.end_row()?,
            ("td" | "th", false) => layout.start_cell(&tag)?,
            ("td" | "th", true) => layout.end_cell(),
            (
                "br" | "p" | "div" | "li" | "ul" | "ol" | "hr" | "h1" | "h2" | "h3" | "h4" | "h5"
                | "h6" | "center" | "body" | "form",
                _,
            ) => layout.break_line()?,
            _ => {}
        }
        if layout.is_done() {
            break;
        }
    }
    if !layout.is_done() {
        layout.finish()?;
    }
    layout.builder.set_zeros(layout.formats.zeros());
    let last_row = layout.last_row();
    Ok(layout.builder.finish_rows(last_row))
}
