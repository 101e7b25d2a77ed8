//! Paints a package: determines the edits of each part, then writes the copy part by part.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read, Write};

use ade_engine_native::write::list_sheet::MAX_LINKS;

use super::boxes::{self, Boxes};
use super::comments;
use super::list::{self, PaintedIssueList};
use super::mark::{IssueMark, MarkPosition, Note, PaintSummary};
use super::package::archive::{
    MAX_PART_BYTES, MAX_SHEET_BYTES, OoxmlPackage, PackageCopy, folded, shared,
};
use super::package::content_types::{self, ContentTypes};
use super::package::relationships::Relationships;
use super::plan::{Drawing, SheetPlan};
use super::refusal::{PartContext, Trouble};
use super::sheet::outline::{Outline, with_drawing};
use super::sheet::rows::CellPainter;
use super::sheet::{conditional, head};
use super::styles::{self, WorkbookStyles};
use super::workbook::{self, Book, ListPlace};
use crate::issues::Language;

/// The maximum number of comments, because a program draws a shape for each.
pub const MAX_COMMENTS: usize = 10_000;
/// The maximum total size in bytes of sheet texts that are kept from the survey until they are written.
const MAX_KEPT_BYTES: u64 = 128 << 20;
const SIGNATURES: &str = "_xmlsignatures/";

/// A workbook that is about to be painted.
struct Painter<'a> {
    package: OoxmlPackage,
    types: ContentTypes,
    /// The relationships of the package itself, and of the workbook.
    top: Relationships,
    relationships: Relationships,
    book: Book,
    plans: Vec<SheetPlan<'a>>,
    /// The parts with a new text.
    changed: BTreeMap<String, String>,
    painted: PaintSummary,
    /// The number of marked cells that a conditional format may fill.
    covered: usize,
}

/// Writes the painted copy of a package. `file`: the name of the original; `notes`: notes about it that are known already.
pub fn paint(
    original: File,
    file: &str,
    marks: &[IssueMark],
    notes: Vec<Note>,
    copy: File,
) -> Result<PaintSummary, Trouble> {
    let mut painter = Painter::open(original)?;
    painter.painted.notes = notes;
    painter.take(marks);
    painter.survey()?;
    painter.plan_comments()?;
    let part = painter.plan_list()?;
    let (styles_part, mut styles) = painter.read_styles()?;
    let formats = list::formats(&mut styles)?;
    let ordered = painter.ordered(marks);
    let sheets = painter.plans.iter();
    let sheets = sheets.filter(|plan| plan.is_worksheet() && !plan.is_hidden);
    let shown: BTreeSet<&str> = sheets.map(|plan| plan.name.as_str()).collect();
    let is_linked = |mark: &IssueMark| shown.contains(mark.sheet.as_str());
    let mut sheet = PaintedIssueList::new(&ordered, file, is_linked);
    painter.change_workbook(&part, &sheet.area())?;
    painter.drop_signatures()?;
    painter.collect_changed()?;
    let mut copy = PackageCopy::new(copy);
    painter.write_parts(&mut copy, &mut styles, [&styles_part, &part.part])?;
    painter.write_drawings(&mut copy)?;
    painter.tell(&styles, marks.len());
    sheet.note(&painter.words(list::language_of(marks.iter())));
    // A line takes about 600 bytes.
    let out = copy.start(&part.part, painter.painted.listed as u64 * 600)?;
    let book = &painter.book;
    sheet.write(out, &formats, book.main_namespace(), book.windows)?;
    match styles.changed()? {
        Some(text) => copy.put(&styles_part, text.as_bytes())?,
        None => painter.package.copy(&styles_part, &mut copy)?,
    }
    for (part, text) in std::mem::take(&mut painter.changed) {
        copy.put(&part, text.as_bytes())?;
    }
    copy.finish()?;
    painter.painted.list = part.name;
    Ok(painter.painted)
}

impl<'a> Painter<'a> {
    /// Finds the workbook by relationships, never by its name.
    fn open(original: File) -> Result<Self, Trouble> {
        let mut package = OoxmlPackage::open(original, Trouble::no_workbook)?;
        if !package.has(content_types::PART) || !package.has("_rels/.rels") {
            return Err(Trouble::no_workbook());
        }
        let types = ContentTypes::parse(package.text(content_types::PART)?)?;
        let top = Relationships::load(&mut package, "")?;
        let part = top
            .first(&package, "officeDocument")
            .ok_or_else(Trouble::no_workbook)?;
        if types.content_type(&part).contains(".binary.") || part.to_lowercase().ends_with(".bin") {
            return Err(Trouble::Binary);
        }
        let book = Book::parse(package.text(&part)?, &part)?;
        let relationships = Relationships::load(&mut package, &part)?;
        if relationships.has_kind("revisionHeaders") {
            return Err(Trouble::TrackedChanges);
        }
        let others = book
            .sheets
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != book.own);
        let plans = others
            .map(|(_, entry)| SheetPlan::new(entry, &relationships, &package))
            .collect();
        Ok(Self {
            package,
            types,
            top,
            relationships,
            book,
            plans,
            changed: BTreeMap::new(),
            painted: PaintSummary::default(),
            covered: 0,
        })
    }

    /// Assigns each issue to its sheet.
    fn take(&mut self, marks: &'a [IssueMark]) {
        let mut sheets: HashMap<String, usize> = HashMap::new();
        for (index, plan) in self.plans.iter().enumerate() {
            sheets.insert(plan.name.clone(), index);
            // A different case also matches, unless it is the name of another sheet.
            sheets.entry(plan.name.to_lowercase()).or_insert(index);
        }
        let plans = &mut self.plans;
        let mut is_taken = |mark: &'a IssueMark| {
            let sheet = sheets
                .get(&mark.sheet)
                .or_else(|| sheets.get(&mark.sheet.to_lowercase()));
            sheet.is_some_and(|&sheet| plans[sheet].take(mark))
        };
        // Issues about the whole workbook have no sheet.
        let not_there = marks
            .iter()
            .filter(|mark| !mark.sheet.is_empty() && !is_taken(mark))
            .count();
        if not_there > 0 {
            self.painted.notes.push(Note::NotThere(not_there));
        }
    }

    fn survey(&mut self) -> Result<(), Trouble> {
        let mut room = MAX_KEPT_BYTES;
        let mut left = MAX_COMMENTS;
        let mut parts: BTreeMap<String, usize> = BTreeMap::new();
        for part in self.plans.iter().filter_map(|plan| plan.part.as_deref()) {
            *parts.entry(folded(part)).or_default() += 1;
        }
        for plan in self.plans.iter_mut().filter(|plan| plan.has_issues()) {
            let part = plan.part.as_deref().unwrap_or_default();
            if parts.get(&folded(part)).is_some_and(|count| *count > 1) {
                return Err(shared(part));
            }
            let size = plan
                .part
                .as_deref()
                .map_or(0, |part| self.package.size(part));
            plan.survey(&mut self.package, size <= room)?;
            room -= size.min(room);
            plan.compose(left);
            left -= plan.texts.len();
            self.painted.cells += plan.fills.len();
        }
        if self.painted.cells > MAX_COMMENTS {
            self.painted.notes.push(Note::CommentsEnd(MAX_COMMENTS));
        }
        Ok(())
    }

    /// Decides which parts hold the comments and their boxes.
    fn plan_comments(&mut self) -> Result<(), Trouble> {
        let types = self.book.office_namespace();
        let namespace = self.book.main_namespace();
        let package = &mut self.package;
        for plan in self.plans.iter_mut().filter(|plan| !plan.texts.is_empty()) {
            let Some(relationships) = &mut plan.relationships else {
                continue;
            };
            let there = relationships.first(package, "comments");
            let (part, text) = match &there {
                Some(part) => (part.clone(), package.text(part)?),
                None => (
                    package.free_name("xl/comments#.xml"),
                    comments::empty(namespace),
                ),
            };
            let (new, outcomes) = comments::patch(&text, &part, &plan.texts, &plan.threaded)?;
            self.painted.comments += outcomes.len();
            if outcomes.is_empty() {
                continue;
            }
            if there.is_none() {
                relationships.add(types, "comments", &part)?;
                self.types.add(&part, "comments+xml");
            }
            if there.is_none() || new != text {
                let before = self.changed.insert(package.stored(&part), new);
                if before.is_some() {
                    return Err(shared(&part));
                }
            }
            let named = plan
                .legacy
                .as_deref()
                .and_then(|id| relationships.by_id(id));
            let part = match named.and_then(|relationship| relationship.target.clone()) {
                Some(part) => part,
                None => {
                    let part = package.free_name("xl/drawings/vmlDrawing#.vml");
                    let id = match &plan.legacy {
                        // The sheet names a relationship that does not exist.
                        Some(id) => relationships.add_as(id, types, "vmlDrawing", &part)?,
                        None => relationships.add(types, "vmlDrawing", &part)?,
                    };
                    if plan.legacy.is_none() {
                        plan.legacy = Some(id.clone());
                        plan.legacy_element = Some(id);
                    }
                    part
                }
            };
            if !package.has(&part) {
                self.types.add_vml(&part);
            }
            plan.drawing = Some(Drawing { part, outcomes });
        }
        Ok(())
    }

    /// Returns the part of the list: the one of an already painted copy, or a new one.
    fn plan_list(&mut self) -> Result<ListPlace, Trouble> {
        let own = self.book.own.map(|own| self.book.sheets[own].clone());
        let target = own
            .as_ref()
            .and_then(|own| self.relationships.by_id(&own.relation)?.target.clone());
        if let (Some(own), Some(part)) = (own, target.filter(|part| self.package.has(part))) {
            let part = self.package.stored(&part);
            return Ok(ListPlace {
                part,
                name: own.name,
                relation: None,
            });
        }
        self.book.own = None;
        let name = self.book.free_title("Issues");
        let part = self.package.free_name("xl/worksheets/sheet#.xml");
        let relation = self
            .relationships
            .add(self.book.office_namespace(), "worksheet", &part)?;
        self.types.add(&part, "worksheet+xml");
        Ok(ListPlace {
            part,
            name,
            relation: Some(relation),
        })
    }

    fn read_styles(&mut self) -> Result<(String, WorkbookStyles), Trouble> {
        let theme = match self.relationships.first(&self.package, "theme") {
            Some(part) => Some(self.package.text(&part)?),
            None => None,
        };
        if let Some(part) = self.relationships.first(&self.package, "styles") {
            let part = self.package.stored(&part);
            let text = self.package.text(&part)?;
            let styles = WorkbookStyles::parse(&text, &part, theme.as_deref())?;
            return Ok((part, styles));
        }
        // Readers expect the styles under this name.
        let usual = "xl/styles.xml";
        let part = match self.package.reserve(usual) {
            true => usual.to_owned(),
            false => self.package.free_name("xl/styles#.xml"),
        };
        self.relationships
            .add(self.book.office_namespace(), "styles", &part)?;
        self.types.add(&part, "styles+xml");
        let styles = WorkbookStyles::parse(
            &styles::empty(self.book.main_namespace()),
            &part,
            theme.as_deref(),
        )?;
        Ok((part, styles))
    }

    /// Returns the issues in the order of sheets and cells. Issues of missing sheets come last.
    fn ordered(&self, marks: &'a [IssueMark]) -> Vec<&'a IssueMark> {
        let sheets = self.plans.iter().enumerate();
        let positions: HashMap<&str, usize> = sheets
            .map(|(index, plan)| (plan.name.as_str(), index))
            .collect();
        let mut ordered: Vec<&IssueMark> = marks.iter().collect();
        ordered.sort_by_key(|mark| {
            let sheet = positions
                .get(mark.sheet.as_str())
                .copied()
                .unwrap_or(usize::MAX);
            let (row, column) = match mark.place {
                MarkPosition::Sheet => (0, 0),
                MarkPosition::Column(column) => (0, column),
                MarkPosition::Row(row) => (row, 0),
                MarkPosition::Cell(cell) => (cell.row, cell.column),
            };
            (sheet, row, column, mark.severity)
        });
        ordered
    }

    fn change_workbook(&mut self, list: &ListPlace, area: &str) -> Result<(), Trouble> {
        let text = self.book.with_list(list, area, list::HEADER)?;
        self.changed
            .insert(self.package.stored(&self.book.part), text);
        let properties = ["extended-properties", "extendedProperties"]
            .iter()
            .find_map(|kind| self.top.first(&self.package, kind));
        if let Some(part) = properties.filter(|_| list.relation.is_some()) {
            let text = self.package.text(&part)?;
            let worksheets = self.plans.iter().filter(|plan| plan.is_worksheet()).count();
            if let Some(new) = workbook::properties_with(&text, &list.name, worksheets) {
                self.changed.insert(self.package.stored(&part), new);
            }
        }
        Ok(())
    }

    /// Removes signatures, which do not hold after an edit, with all references to them.
    fn drop_signatures(&mut self) -> Result<(), Trouble> {
        let names = self.package.names();
        let signed = names
            .iter()
            .filter(|name| folded(name).starts_with(SIGNATURES));
        let mut is_signed = false;
        for name in signed {
            self.types.drop_part(name);
            is_signed = true;
        }
        if is_signed {
            self.top.drop_folder(SIGNATURES);
            self.painted.notes.push(Note::SignatureLeftOut);
        }
        let has_macros = names
            .iter()
            .any(|name| folded(name).ends_with("vbaproject.bin"));
        if has_macros {
            self.painted.notes.push(Note::MacrosMayCount);
        }
        Ok(())
    }

    /// Collects the changed relationships and content types.
    fn collect_changed(&mut self) -> Result<(), Trouble> {
        let of_sheets = self
            .plans
            .iter()
            .filter_map(|plan| plan.relationships.as_ref());
        for relationships in of_sheets.chain([&self.top, &self.relationships]) {
            if let Some(text) = relationships.changed()? {
                self.changed.insert(relationships.part.clone(), text);
            }
        }
        if let Some(text) = self.types.changed()? {
            self.changed
                .insert(self.package.stored(content_types::PART), text);
        }
        Ok(())
    }

    /// Writes all parts of the original in order, except drawings of comments and the parts that come `later`.
    fn write_parts(
        &mut self,
        copy: &mut PackageCopy,
        styles: &mut WorkbookStyles,
        later: [&str; 2],
    ) -> Result<(), Trouble> {
        let mut later: BTreeSet<String> = later.map(folded).into();
        let mut sheets = HashMap::new();
        for (index, plan) in self.plans.iter().enumerate() {
            later.extend(plan.drawing.iter().map(|drawing| folded(&drawing.part)));
            sheets.extend(plan.part.as_deref().map(|part| (folded(part), index)));
        }
        for name in self.package.names() {
            let key = folded(&name);
            if later.contains(&key) || key.starts_with(SIGNATURES) {
                continue;
            }
            if let Some(text) = self.changed.remove(&name) {
                copy.put(&name, text.as_bytes())?;
                continue;
            }
            match sheets.get(&key).copied() {
                Some(index) if self.plans[index].has_issues() => {
                    self.write_sheet(&name, index, copy, styles)?
                }
                Some(_) => self.write_unselected(&name, copy)?,
                None => self.package.copy(&name, copy)?,
            }
        }
        Ok(())
    }

    fn write_sheet(
        &mut self,
        part: &str,
        index: usize,
        copy: &mut PackageCopy,
        styles: &mut WorkbookStyles,
    ) -> Result<(), Trouble> {
        let plan = &mut self.plans[index];
        let text = match plan.text.take() {
            Some(text) => text,
            None => self.package.text_within(part, MAX_SHEET_BYTES)?,
        };
        let outline = Outline::parse(&text).in_part(part)?;
        let out = copy.start(part, text.len() as u64 * 2)?;
        let mut put = |text: &str| out.write_all(text.as_bytes()).map_err(Trouble::Write);
        let start = &text[..outline.data.start];
        put(&head::patched(start, plan.fills.keys(), &mut plan.measures).in_part(part)?)?;
        let covered = conditional::covered(&outline, &plan.fills, &styles.conditional_fills);
        self.covered += covered.in_part(part)?;
        let mut paint = CellPainter {
            part,
            cells: &plan.fills,
            ink: &plan.ink,
            styles,
        };
        paint.write(&outline, &mut plan.measures, out)?;
        let element = plan.legacy_element.as_deref().map(|id| {
            let (p, office) = (outline.prefix(), self.book.office_namespace());
            let mut attributes = outline.root.attributes();
            let bound = attributes.find_map(|found| {
                let prefix = found.name.strip_prefix("xmlns:")?;
                (found.value() == office).then_some(prefix)
            });
            match bound {
                Some(prefix) => format!("<{p}legacyDrawing {prefix}:id=\"{id}\"/>"),
                None => format!("<{p}legacyDrawing xmlns:r=\"{office}\" r:id=\"{id}\"/>"),
            }
        });
        let tail = with_drawing(&outline, element.as_deref()).in_part(part)?;
        out.write_all(tail.as_bytes()).map_err(Trouble::Write)
    }

    /// Copies a sheet without painted cells, and clears its selection.
    fn write_unselected(&mut self, part: &str, copy: &mut PackageCopy) -> Result<(), Trouble> {
        let selected = {
            let mut stream = self.package.open_part(part)?;
            head::selected(&mut stream).map_err(Trouble::Read)?
        };
        let Some((length, head)) = selected else {
            return self.package.copy(part, copy);
        };
        let size = self.package.size(part);
        let mut stream = self.package.open_part(part)?;
        io::copy(&mut stream.by_ref().take(length as u64), &mut io::sink())
            .map_err(Trouble::Read)?;
        let out = copy.start(part, size)?;
        out.write_all(head.as_bytes()).map_err(Trouble::Write)?;
        let mut piece = vec![0; 1 << 17];
        loop {
            match stream.read(&mut piece).map_err(Trouble::Read)? {
                0 => return Ok(()),
                count => out.write_all(&piece[..count]).map_err(Trouble::Write)?,
            }
        }
    }

    /// Writes the boxes of comments, now that the heights of rows are known.
    fn write_drawings(&mut self, copy: &mut PackageCopy) -> Result<(), Trouble> {
        if self.plans.iter().all(|plan| plan.drawing.is_none()) {
            return Ok(());
        }
        let mut taken = BTreeSet::new();
        for name in self.package.names() {
            if folded(&name).ends_with(".vml") {
                taken.extend(boxes::blocks(&self.package.bytes(&name, MAX_PART_BYTES)?));
            }
        }
        for plan in &self.plans {
            let Some(drawing) = &plan.drawing else {
                continue;
            };
            let is_there = self.package.has(&drawing.part);
            let old = match is_there {
                true => self.package.bytes(&drawing.part, MAX_PART_BYTES)?,
                false => boxes::EMPTY.to_vec(),
            };
            let boxes = Boxes {
                outcomes: &drawing.outcomes,
                texts: &plan.texts,
                measures: &plan.measures,
            };
            let new = boxes.put_into(&old, &drawing.part, &mut taken)?;
            let part = self.package.stored(&drawing.part);
            if is_there && new == old {
                self.package.copy(&part, copy)?;
            } else {
                copy.put(&part, &new)?;
            }
        }
        Ok(())
    }

    /// Adds the notes that are known only after the sheets are written.
    fn tell(&mut self, styles: &WorkbookStyles, marks: usize) {
        let notes = &mut self.painted.notes;
        if self.covered > 0 {
            notes.push(Note::Covered(self.covered));
        }
        if styles.unpainted > 0 {
            notes.push(Note::FormatsFull(styles.unpainted));
        }
        if marks > MAX_LINKS {
            notes.push(Note::LinksEnd(MAX_LINKS));
        }
        if marks > list::MAX_LIST_LINES {
            notes.push(Note::ListEnds(marks - list::MAX_LIST_LINES));
        }
        self.painted.listed = marks.min(list::MAX_LIST_LINES);
    }

    /// Returns the notes as one text for the list.
    fn words(&self, language: Language) -> String {
        let notes = self.painted.notes.iter();
        let words: Vec<String> = notes.map(|note| language.say(&note.to_string())).collect();
        words.join(" ")
    }
}
