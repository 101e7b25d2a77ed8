//! The edits of one sheet, determined before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use super::comments::{CommentOutcome, comment, threaded_cells};
use super::mark::IssueMark;
use super::measures::Measures;
use super::package::archive::{MAX_SHEET_BYTES, OoxmlPackage};
use super::package::relationships::Relationships;
use super::refusal::{PartContext, Trouble};
use super::sheet::outline::{Outline, tail_of};
use super::workbook::SheetEntry;
use super::xml::scan::Scanner;
use crate::base::places::{Area, CellPosition};
use crate::issues::Severity;

/// The plan for painting a sheet.
#[derive(Default)]
pub struct SheetPlan<'a> {
    /// The title of the sheet.
    pub name: String,
    /// Whether the sheet is hidden.
    pub is_hidden: bool,
    /// The part of the sheet, if the package holds it.
    pub part: Option<String>,
    /// Whether the sheet has cells. Chart and dialog sheets have none.
    has_cells: bool,
    /// The issues by cell.
    issues: BTreeMap<CellPosition, Vec<&'a IssueMark>>,
    /// The cells to fill.
    pub fills: BTreeMap<CellPosition, Severity>,
    /// The comments to write.
    pub texts: BTreeMap<CellPosition, String>,
    /// The cells of threaded comments.
    pub threaded: BTreeSet<CellPosition>,
    /// The areas of tables and pivot tables.
    pub ink: Vec<Area>,
    /// The relationships of the sheet's part.
    pub relationships: Option<Relationships>,
    /// The id of the relationship to the drawing of comments.
    pub legacy: Option<String>,
    /// The id for a new element that names the drawing, if one is needed.
    pub legacy_element: Option<String>,
    /// The boxes of comments to draw.
    pub drawing: Option<Drawing>,
    /// The measures, which are known after the cells are written.
    pub measures: Measures,
    /// The text of the part, kept from the survey until it is written.
    pub text: Option<String>,
}

/// The boxes of a sheet's comments.
pub struct Drawing {
    /// The part of the drawing.
    pub part: String,
    /// The outcomes of patching the comments.
    pub outcomes: BTreeMap<CellPosition, CommentOutcome>,
}

impl<'a> SheetPlan<'a> {
    /// Makes a plan without any edits.
    pub fn new(entry: &SheetEntry, book: &Relationships, package: &OoxmlPackage) -> Self {
        let relation = book.by_id(&entry.relation);
        let target = relation.and_then(|relation| relation.target.clone());
        Self {
            name: entry.name.clone(),
            is_hidden: entry.is_hidden,
            part: target.filter(|part| package.has(part)),
            has_cells: relation.is_some_and(|relation| relation.kind == "worksheet"),
            ..Self::default()
        }
    }

    /// Returns whether this is a sheet with cells that the package holds.
    pub fn is_worksheet(&self) -> bool {
        self.has_cells && self.part.is_some()
    }

    /// Takes an issue. Returns `false` if the sheet does not have its cell.
    pub fn take(&mut self, mark: &'a IssueMark) -> bool {
        if !self.is_worksheet() || mark.place.first_cell().is_none() {
            return false;
        }
        if let Some(cell) = mark.place.cell() {
            self.issues.entry(cell).or_default().push(mark);
        }
        true
    }

    /// Returns whether any cell of the sheet is to be painted.
    pub fn has_issues(&self) -> bool {
        !self.issues.is_empty()
    }

    /// Examines everything that decides how the cells are painted. `keeps`: keep the text until it is written.
    pub fn survey(&mut self, package: &mut OoxmlPackage, keeps: bool) -> Result<(), Trouble> {
        let Some(part) = self.part.clone() else {
            return Ok(());
        };
        let relationships = Relationships::load(package, &part)?;
        let text = package.text_within(&part, MAX_SHEET_BYTES)?;
        let outline = Outline::parse(&text).in_part(&part)?;
        let tail = tail_of(&outline).in_part(&part)?;
        self.legacy = tail.legacy;
        self.move_to_first_cells(&tail.merged);
        for (&cell, marks) in &mut self.issues {
            marks.sort_by_key(|mark| mark.severity);
            self.fills.insert(cell, marks[0].severity);
        }
        for target in relationships.targets("threadedComment") {
            if package.has(target) {
                self.threaded
                    .extend(threaded_cells(&package.text(target)?, target)?);
            }
        }
        for (kind, element) in [("table", "table"), ("pivotTable", "location")] {
            for target in relationships.targets(kind) {
                if package.has(target) {
                    let text = package.text(target)?;
                    self.ink.extend(area_of(&text, element).in_part(target)?);
                }
            }
        }
        self.relationships = Some(relationships);
        self.text = keeps.then_some(text);
        Ok(())
    }

    /// Moves issues to the first cell of merged areas, because only that cell is visible.
    fn move_to_first_cells(&mut self, merged: &[Area]) {
        for area in merged {
            let within = self.issues.range(area.first..=area.last);
            let covered = within.map(|(cell, _)| *cell);
            let covered: Vec<CellPosition> = covered
                .filter(|cell| *cell != area.first && area.holds(*cell))
                .collect();
            for cell in covered {
                if let Some(marks) = self.issues.remove(&cell) {
                    self.issues.entry(area.first).or_default().extend(marks);
                }
            }
        }
    }

    /// Writes the comments of at most `most` cells.
    pub fn compose(&mut self, most: usize) {
        let commented = self.issues.iter().take(most);
        self.texts = commented
            .map(|(cell, marks)| (*cell, comment(marks)))
            .collect();
    }
}

/// Returns the area of a table or pivot table: the `ref` of the first element with this name.
fn area_of(text: &str, element: &str) -> Result<Option<Area>, super::xml::MalformedXml> {
    let mut scanner = Scanner::new(text, 0);
    while let Some(tag) = scanner.tag()? {
        if tag.opens() && tag.local() == element {
            return Ok(tag.value("ref").and_then(|name| Area::named(&name)));
        }
    }
    Ok(None)
}
