//! Cell formats (ECMA-376 part 1, 18.8): items are only added to the lists, so every number in the workbook stays valid.
//!
//! The format of a painted cell is a copy of the old one with another fill and, if the text would be unreadable on it, another
//! font. Existing items are used again, so painting a painted copy adds nothing.

use std::collections::HashMap;

use super::colors::{Colors, contrast, rgb};
use super::refusal::{PartContext, Trouble};
use super::xml::scan::{Scanner, with_attribute};
use super::xml::tree::{self, Element};
use super::xml::{Edit, MalformedXml, NOT_WELL_FORMED, apply};
use crate::issues::Severity;

/// Excel's maximum number of cell formats.
const MAX_CELL_FORMATS: usize = 65_490;
/// The colour of text on our fills.
pub const INK: &str = "1C1B19";
/// The minimum contrast of readable text (WCAG 2.2, 1.4.3).
const MIN_CONTRAST_RATIO: f64 = 4.5;

/// The children of `styleSheet` in order, up to those that painting needs (CT_Stylesheet, 18.8.39).
const ORDER: [&str; 6] = [
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
];

/// The lists that get new items: name, name of an item, and minimal content.
const LISTS: [(&str, &str, &str); 4] = [
    (
        "fonts",
        "font",
        "<font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/></font>",
    ),
    (
        "fills",
        "fill",
        "<fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>",
    ),
    (
        "borders",
        "border",
        "<border><left/><right/><top/><bottom/><diagonal/></border>",
    ),
    (
        "cellXfs",
        "xf",
        "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>",
    ),
];

/// A list, as its index in [`LISTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StyleList {
    Fonts,
    Fills,
    Borders,
    Formats,
}

/// The items of a list in written form.
#[derive(Default)]
struct Items {
    all: Vec<String>,
    numbers: HashMap<String, u32>,
    /// The number of items in the sender's workbook.
    before: usize,
}

impl Items {
    fn push(&mut self, item: String) -> u32 {
        let number = self.all.len() as u32;
        self.numbers.entry(item.clone()).or_insert(number);
        self.all.push(item);
        number
    }
}

/// The styles of a workbook.
pub struct WorkbookStyles {
    text: String,
    part: String,
    prefix: String,
    colors: Colors,
    lists: [Items; 4],
    painted: HashMap<(u32, Severity, bool), Option<u32>>,
    /// For each differential format, as conditional formats name it: whether it has a fill.
    pub conditional_fills: Vec<bool>,
    /// The number of cells that keep their fill because there is no room for another format.
    pub unpainted: usize,
}

/// Returns an empty styles part, for a workbook without one.
pub fn empty(namespace: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<styleSheet xmlns=\"{namespace}\"><cellStyleXfs \
         count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs></styleSheet>"
    )
}

impl WorkbookStyles {
    /// Parses the text of the part.
    pub fn parse(text: &str, part: &str, theme: Option<&str>) -> Result<Self, Trouble> {
        let text = completed(text).in_part(part)?;
        let root = tree::parse(&text).in_part(part)?;
        let lists = LISTS.map(|(list, item, _)| {
            let mut items = Items::default();
            for element in root.child(list).iter().flat_map(|list| list.all(item)) {
                items.push(text[element.span()].to_owned());
            }
            items.before = items.all.len();
            items
        });
        let conditional = root.child("dxfs");
        let conditional = conditional.iter().flat_map(|list| list.all("dxf"));
        let conditional_fills = conditional
            .map(|format| format.child("fill").is_some())
            .collect();
        let (prefix, colors) = (root.tag.prefix().to_owned(), Colors::new(theme, &root));
        Ok(Self {
            part: part.to_owned(),
            prefix,
            colors,
            lists,
            text,
            painted: HashMap::new(),
            conditional_fills,
            unpainted: 0,
        })
    }

    /// Returns the number of an item, which is added if it is missing. `None` if there is no room for another format.
    fn add(&mut self, list: StyleList, item: String) -> Option<u32> {
        let items = &mut self.lists[list as usize];
        if let Some(&number) = items.numbers.get(&item) {
            return Some(number);
        }
        let is_full = list == StyleList::Formats && items.all.len() >= MAX_CELL_FORMATS;
        (!is_full).then(|| items.push(item))
    }

    /// Returns the item with a number, or the first if there is none with that number.
    fn item(&self, list: StyleList, number: u32) -> &str {
        let all = &self.lists[list as usize].all;
        let item = all.get(number as usize).or_else(|| all.first());
        item.map(String::as_str).unwrap_or_default()
    }

    /// Returns the number of a solid fill.
    pub fn fill(&mut self, color: &str) -> u32 {
        let p = &self.prefix;
        let fill = format!(
            "<{p}fill><{p}patternFill patternType=\"solid\"><{p}fgColor rgb=\"FF{color}\"/><{p}bgColor indexed=\"64\"/>\
             </{p}patternFill></{p}fill>"
        );
        self.add(StyleList::Fills, fill).unwrap_or_default()
    }

    /// Returns the number of a font like the workbook's first, with a colour, a size and an element before them, such as `b`.
    pub fn font(&mut self, color: &str, size: u32, look: Option<&str>) -> Result<u32, Trouble> {
        let p = &self.prefix;
        let first = self.item(StyleList::Fonts, 0);
        let root = tree::parse(first).in_part(&self.part)?;
        // Every font gets a name: some programs replace unnamed ones by a serif.
        let mut face: String = ["name", "family", "charset", "scheme"]
            .iter()
            .filter_map(|name| root.child(name))
            .map(|child| &first[child.span()])
            .collect();
        if root.child("name").is_none() {
            face = format!("<{p}name val=\"Calibri\"/><{p}family val=\"2\"/>");
        }
        let look = look.map(|name| format!("<{p}{name}/>")).unwrap_or_default();
        let font = format!(
            "<{p}font>{look}<{p}sz val=\"{size}\"/><{p}color rgb=\"FF{color}\"/>{face}</{p}font>"
        );
        Ok(self.add(StyleList::Fonts, font).unwrap_or_default())
    }

    /// Returns the number of a border with a line below.
    pub fn line_below(&mut self, style: &str, color: &str) -> u32 {
        let p = &self.prefix;
        let border = format!(
            "<{p}border><{p}left/><{p}right/><{p}top/><{p}bottom style=\"{style}\"><{p}color rgb=\"FF{color}\"/></{p}bottom>\
             <{p}diagonal/></{p}border>"
        );
        self.add(StyleList::Borders, border).unwrap_or_default()
    }

    /// Returns the number of a format for text cells (`@`, number 49), aligned to the top. If there is no room, that of plain
    /// cells.
    pub fn text_format(&mut self, font: u32, fill: u32, border: u32, wraps: bool) -> u32 {
        let (p, wraps) = (&self.prefix, u8::from(wraps));
        let format = format!(
            "<{p}xf numFmtId=\"49\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"{border}\" xfId=\"0\" \
             applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" applyAlignment=\"1\"><{p}alignment \
             vertical=\"top\" wrapText=\"{wraps}\"/></{p}xf>"
        );
        self.add(StyleList::Formats, format).unwrap_or_default()
    }

    /// Returns the painted variant of a cell's format. `ink`: the text gets our colour regardless of its own.
    ///
    /// Without room for another format, the cell keeps its own.
    pub fn painted(&mut self, base: u32, severity: Severity, ink: bool) -> Result<u32, Trouble> {
        let key = (base, severity, ink);
        let number = match self.painted.get(&key) {
            Some(&number) => number,
            None => {
                let format = self.painted_format(base, severity, ink)?;
                let number = self.add(StyleList::Formats, format);
                self.painted.insert(key, number);
                number
            }
        };
        self.unpainted += usize::from(number.is_none());
        Ok(number.unwrap_or(base))
    }

    fn painted_format(
        &mut self,
        base: u32,
        severity: Severity,
        ink: bool,
    ) -> Result<String, Trouble> {
        let fill = self.fill(severity.fill()).to_string();
        let format = self.item(StyleList::Formats, base).to_owned();
        let tag = Scanner::new(&format, 0).tag().in_part(&self.part)?;
        let tag = tag.ok_or(NOT_WELL_FORMED).in_part(&self.part)?;
        let font = tag.number("fontId").unwrap_or_default();
        let mut start = tag.with("fillId", Some(&fill));
        start = with_attribute(&start, "applyFill", Some("1"));
        if let Some(font) = self.readable_font(font, severity, ink)? {
            start = with_attribute(&start, "fontId", Some(&font.to_string()));
            start = with_attribute(&start, "applyFont", Some("1"));
        }
        Ok(format!("{start}{}", &format[tag.end..]))
    }

    /// Returns the font in our colour, if its own is unreadable on the fill, or is not the colour that is shown.
    fn readable_font(
        &mut self,
        font: u32,
        severity: Severity,
        ink: bool,
    ) -> Result<Option<u32>, Trouble> {
        let text = self.item(StyleList::Fonts, font);
        let root = tree::parse(text).in_part(&self.part)?;
        let color = self.colors.font_color(root.child("color"));
        let ground = rgb(severity.fill()).unwrap_or_default();
        if !ink && contrast(color, ground) >= MIN_CONTRAST_RATIO {
            return Ok(None);
        }
        let inked = inked(text, &root, &self.prefix).in_part(&self.part)?;
        Ok(self.add(StyleList::Fonts, inked))
    }

    /// Returns the new text, if it changed.
    pub fn changed(&self) -> Result<Option<String>, Trouble> {
        let root = tree::parse(&self.text).in_part(&self.part)?;
        let mut edits = Vec::new();
        for ((name, ..), items) in LISTS.iter().zip(&self.lists) {
            let Some(list) = root.child(name).filter(|_| items.all.len() > items.before) else {
                continue;
            };
            edits.push(list.set("count", Some(&items.all.len().to_string())));
            edits.push(list.append(&items.all[items.before..].concat()));
        }
        if edits.is_empty() {
            return Ok(None);
        }
        apply(&self.text, edits).in_part(&self.part).map(Some)
    }
}

/// Returns a font with our colour, at the position that the order of a font's children requires (CT_Font, 18.8.22).
fn inked(text: &str, font: &Element<'_>, prefix: &str) -> Result<String, MalformedXml> {
    const BEFORE: [&str; 10] = [
        "b",
        "i",
        "strike",
        "condense",
        "extend",
        "outline",
        "shadow",
        "u",
        "vertAlign",
        "sz",
    ];
    let color = format!("<{prefix}color rgb=\"FF{INK}\"/>");
    let before = font
        .children
        .iter()
        .rfind(|child| BEFORE.contains(&child.local()));
    let edit = match (font.child("color"), before) {
        (Some(own), _) => Edit::replace(own.span(), color),
        (None, Some(before)) => Edit::insert(before.end, color),
        (None, None) if font.children.is_empty() => font.append(&color),
        (None, None) => Edit::insert(font.tag.end, color),
    };
    apply(text, vec![edit])
}

/// Returns the styles with at least one item in each list that gets new items. A workbook may leave out unused lists.
fn completed(text: &str) -> Result<String, MalformedXml> {
    let root = tree::parse(text)?;
    let p = root.tag.prefix();
    if root.local() != "styleSheet" {
        return Err(MalformedXml("lists no styles"));
    }
    let rank = |local: &str| {
        ORDER
            .iter()
            .position(|name| *name == local)
            .unwrap_or(ORDER.len())
    };
    let (mut edits, mut at_end) = (Vec::new(), String::new());
    for (name, item, least) in LISTS {
        let least = least.replace("</", "\0").replace('<', &format!("<{p}"));
        let least = least.replace('\0', &format!("</{p}"));
        match root.child(name) {
            Some(list) if list.child(item).is_some() => {}
            Some(list) => edits.push(list.append(&least)),
            None => {
                let count = least.matches(&format!("<{p}{item}>")).count().max(1);
                let new = format!("<{p}{name} count=\"{count}\">{least}</{p}{name}>");
                let behind = root
                    .children
                    .iter()
                    .find(|child| rank(child.local()) > rank(name));
                match behind {
                    Some(behind) => edits.push(Edit::insert(behind.tag.start, new)),
                    None => at_end.push_str(&new),
                }
            }
        }
    }
    if !at_end.is_empty() {
        edits.push(root.append(&at_end));
    }
    apply(text, edits)
}
