//! Checks that a painted copy is right, and returns all its faults in words.
//!
//! The checker gets the original, the copy and the marks, and does not depend on how the copy was made.

use std::collections::{BTreeMap, BTreeSet};

use ade::issues::Severity;
use ade::painting::{IssueMark, MarkPosition};

use super::package::{Parts, folded};
use super::sheets::{self, Grid};
use super::xml::Node;

/// Returns all faults of a copy.
pub fn faults(original: &[u8], copy: &[u8], marks: &[IssueMark]) -> Vec<String> {
    let mut check = match Check::open(original, copy, marks) {
        Ok(check) => check,
        Err(fault) => return vec![fault],
    };
    let failed = [
        check.parts(),
        check.types(),
        check.references(),
        check.workbook(),
        check.sheets(),
        check.list(),
        check.properties(),
    ];
    check
        .faults
        .extend(failed.into_iter().filter_map(Result::err));
    check.faults
}

/// Returns faults with the name of the copy that has them.
pub fn told_of(name: &str, faults: Vec<String>) -> impl Iterator<Item = String> {
    faults
        .into_iter()
        .map(move |fault| format!("{name}: {fault}"))
}

/// A sheet in both files.
struct Sheet {
    title: String,
    is_hidden: bool,
    part: String,
    grid: Option<(Grid, Grid)>,
    /// The worst severity of each cell, and its issues; those of merged areas in their first cells.
    marked: BTreeMap<(u32, u32), Vec<IssueMark>>,
}

struct Check<'a> {
    before: Parts,
    after: Parts,
    marks: &'a [IssueMark],
    book: String,
    sheets: Vec<Sheet>,
    list: String,
    list_title: String,
    styles: Option<(Node, Node)>,
    faults: Vec<String>,
}

const CHILDREN_OF_WORKBOOK: &str = "fileVersion fileSharing workbookPr AlternateContent workbookProtection bookViews sheets \
    functionGroups externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes \
    webPublishing fileRecoveryPr extLst";

impl<'a> Check<'a> {
    fn open(original: &[u8], copy: &[u8], marks: &'a [IssueMark]) -> Result<Self, String> {
        let before = Parts::read(original)?;
        let after = Parts::read(copy)?;
        let book = before.book()?;
        let listed = |parts: &Parts| -> Result<Vec<Node>, String> {
            Ok(parts.xml(&parts.book()?)?.within("sheets").to_vec())
        };
        let new = listed(&after)?;
        let first = new.first().ok_or("no sheets")?.clone();
        let of = |parts: &Parts, entry: &Node| -> Result<String, String> {
            let relations = parts.relationships(&book)?;
            let id = entry.foreign("id").unwrap_or_default();
            let target = relations.get(id).and_then(|(_, target)| target.clone());
            target.ok_or_else(|| format!("sheet {:?} leads nowhere", entry.get("name")))
        };
        let list = of(&after, &first)?;
        let mut sheets = Vec::new();
        for entry in listed(&before)? {
            let part = of(&before, &entry)?;
            if before.get(&part).is_none() {
                if after.get(&part).is_some() {
                    return Err(format!("{part} was missing and is there"));
                }
                continue;
            }
            let title = entry.get("name").unwrap_or_default().to_owned();
            let kind = before.xml(&part)?;
            let mut sheet = Sheet {
                is_hidden: entry
                    .get("state")
                    .is_some_and(|state| state.ends_with("idden")),
                grid: None,
                marked: BTreeMap::new(),
                title,
                part: part.clone(),
            };
            if kind.local() == "worksheet" {
                let (old, new) = (Grid::read(&before, &part)?, Grid::read(&after, &part)?);
                for mark in marks.iter().filter(|mark| mark.sheet == sheet.title) {
                    if let MarkPosition::Cell(cell) = mark.place {
                        let cell = (
                            cell.row.try_into().unwrap(),
                            cell.column.try_into().unwrap(),
                        );
                        sheet
                            .marked
                            .entry(old.anchor(cell))
                            .or_default()
                            .push(mark.clone());
                    }
                }
                sheet.grid = Some((old, new));
            }
            sheets.push(sheet);
        }
        let styles = match (
            before.related(&book, "styles")?,
            after.related(&book, "styles")?,
        ) {
            (Some(old), Some(new)) => Some((before.xml(&old)?, after.xml(&new)?)),
            _ => None,
        };
        Ok(Self {
            book,
            sheets,
            list,
            list_title: first.get("name").unwrap_or_default().to_owned(),
            styles,
            marks,
            before,
            after,
            faults: Vec::new(),
        })
    }

    fn fault(&mut self, words: impl Into<String>) {
        self.faults.push(words.into());
    }

    /// Parts that may differ; all others are the same bytes, packed as they were.
    fn may_differ(&self) -> Result<BTreeSet<String>, String> {
        let rels = |part: &str| {
            let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
            folded(&format!("{folder}/_rels/{name}.rels"))
        };
        let mut allowed: BTreeSet<String> = [
            folded("[Content_Types].xml"),
            folded(&self.book),
            rels(&self.book),
        ]
        .into();
        let named = [(self.book.as_str(), "styles"), ("", "extended-properties")];
        for (part, kind) in named {
            allowed.extend(self.before.related(part, kind)?.as_deref().map(folded));
        }
        if self
            .before
            .0
            .iter()
            .any(|part| folded(&part.name).starts_with("_xmlsignatures"))
        {
            allowed.insert("_rels/.rels".to_owned());
        }
        for sheet in &self.sheets {
            let is_selected = self.before.text(&sheet.part).contains("tabSelected=");
            if !sheet.marked.is_empty() || is_selected {
                allowed.insert(folded(&sheet.part));
            }
            if !sheet.marked.is_empty() {
                allowed.insert(rels(&sheet.part));
                for kind in ["comments", "vmlDrawing"] {
                    let part = self.before.related(&sheet.part, kind)?;
                    allowed.extend(part.as_deref().map(folded));
                }
            }
        }
        Ok(allowed)
    }

    fn parts(&mut self) -> Result<(), String> {
        let allowed = self.may_differ()?;
        let mut faults = Vec::new();
        for old in &self.before.0 {
            let is_signature = folded(&old.name).starts_with("_xmlsignatures/");
            match self.after.0.iter().find(|new| new.name == old.name) {
                _ if is_signature => {
                    if self.after.get(&old.name).is_some() {
                        faults.push(format!("{} is there, and no longer holds", old.name));
                    }
                }
                None => faults.push(format!("{} is missing", old.name)),
                Some(new) if !allowed.contains(&folded(&old.name)) && new.packed != old.packed => {
                    faults.push(format!("{} has changed", old.name));
                }
                Some(_) => {}
            }
        }
        let mut seen = BTreeSet::new();
        for part in &self.after.0 {
            if !seen.insert(folded(&part.name)) {
                faults.push(format!("{} is there twice", part.name));
            }
            if part.name.ends_with(".xml") || part.name.ends_with(".rels") {
                faults.extend(self.after.xml(&part.name).err().filter(|_| {
                    // A part that is no XML in spite of its name came from the sender.
                    self.before
                        .get(&part.name)
                        .is_none_or(|old| old.bytes != part.bytes)
                }));
            }
        }
        self.faults.extend(faults);
        Ok(())
    }

    fn types(&mut self) -> Result<(), String> {
        let root = self.after.xml("[Content_Types].xml")?;
        let (mut defaults, mut overrides) = (BTreeMap::new(), BTreeMap::new());
        let mut faults = Vec::new();
        for child in &root.children {
            let kind = child.get("ContentType").unwrap_or_default().to_owned();
            let twice = match (child.get("Extension"), child.get("PartName")) {
                (Some(extension), _) => defaults.insert(extension.to_lowercase(), kind).is_some(),
                (_, Some(part)) => overrides.insert(folded(part), kind).is_some(),
                _ => true,
            };
            if twice {
                faults.push(format!("a content type twice: {:?}", child.attributes));
            }
        }
        for part in overrides
            .keys()
            .filter(|part| self.after.get(part).is_none())
        {
            faults.push(format!("a content type of {part}, which is not there"));
        }
        for part in &self.after.0 {
            let name = folded(&part.name);
            let extension = name.rsplit('.').next().unwrap_or_default();
            let kind = overrides.get(&name).or_else(|| defaults.get(extension));
            let is_known = self.before.get(&name).is_some();
            let wanted = match name.as_str() {
                _ if name == folded(&self.list) => "worksheet+xml",
                _ if name.ends_with(".vml") && !is_known => "vmlDrawing",
                _ if name.contains("comments") && !is_known => "comments+xml",
                _ if name.ends_with("styles.xml") && !is_known => "styles+xml",
                _ => "",
            };
            let is_right = kind.is_some_and(|kind| kind.ends_with(wanted))
                || name == "[content_types].xml"
                || (is_known && wanted.is_empty());
            if !is_right {
                faults.push(format!("{name} has the content type {kind:?}"));
            }
        }
        self.faults.extend(faults);
        Ok(())
    }

    /// Checks that relationships lead to parts; former ones still do, except a signature's.
    fn references(&mut self) -> Result<(), String> {
        let mut faults = Vec::new();
        for part in &self.after.0 {
            let Some(of) = part
                .name
                .strip_suffix(".rels")
                .filter(|name| name.contains("_rels/"))
            else {
                continue;
            };
            let of = of.replace("_rels/", "");
            let new = self.after.relationships(&of)?;
            for (id, (kind, target)) in &new {
                let was_lost = self
                    .before
                    .relationships(&of)?
                    .get(id)
                    .is_some_and(|(_, old)| old == target);
                if target
                    .as_ref()
                    .is_some_and(|target| self.after.get(target).is_none())
                    && !was_lost
                {
                    faults.push(format!(
                        "{of}: {id} ({kind}) leads to {target:?}, which is not there"
                    ));
                }
            }
            for (id, (kind, target)) in self.before.relationships(&of)? {
                if !kind.contains("digital-signature")
                    && new.get(&id) != Some(&(kind.clone(), target))
                {
                    faults.push(format!("{of}: {id} ({kind}) has changed"));
                }
            }
        }
        self.faults.extend(faults);
        Ok(())
    }

    fn workbook(&mut self) -> Result<(), String> {
        let (old, new) = (self.before.xml(&self.book)?, self.after.xml(&self.book)?);
        let order = new.children.iter().map(Node::local);
        if let Some(fault) = sheets::out_of_order(order, CHILDREN_OF_WORKBOOK) {
            self.fault(format!("workbook: {fault}"));
        }
        let listed = old.within("sheets");
        let (first, kept) = new.within("sheets").split_first().ok_or("no sheets")?;
        if kept != listed {
            self.fault("the sender's sheets are not listed as they were");
        }
        let folded_titles: BTreeSet<String> = listed
            .iter()
            .filter_map(|sheet| Some(sheet.get("name")?.to_lowercase()))
            .collect();
        if folded_titles.contains(&self.list_title.to_lowercase()) {
            self.fault(format!("two sheets are called {}", self.list_title));
        }
        if first.get("state").is_some()
            || listed
                .iter()
                .any(|sheet| sheet.get("sheetId") == first.get("sheetId"))
        {
            self.fault("the list is hidden, or has the sheetId of another");
        }
        let views = new.within("bookViews");
        for view in views {
            if ["activeTab", "firstSheet"]
                .iter()
                .any(|name| view.get(name).is_some_and(|value| value != "0"))
            {
                self.fault("a window does not open with the list");
            }
        }
        let list = self.after.xml(&self.list)?;
        if list.within("sheetViews").len() != views.len().max(1) {
            self.fault("the list has not a view for each window");
        }
        self.names(&old, &new);
        let rest = |book: &Node| -> Vec<Node> {
            let edited = ["sheets", "bookViews", "definedNames"];
            book.children
                .iter()
                .filter(|child| !edited.contains(&child.local()))
                .cloned()
                .collect()
        };
        if rest(&old) != rest(&new) {
            self.fault("the workbook has changed beyond sheets, windows and names");
        }
        Ok(())
    }

    /// Checks defined names: the sender's count one sheet more, and three are of the list.
    fn names(&mut self, old: &Node, new: &Node) {
        let mut expected = old.within("definedNames").to_vec();
        for name in &mut expected {
            if let Some(position) = name.number::<usize>("localSheetId") {
                name.attributes
                    .insert("localSheetId".to_owned(), (position + 1).to_string());
            }
        }
        let (own, kept): (Vec<Node>, Vec<Node>) = new
            .within("definedNames")
            .iter()
            .cloned()
            .partition(|name| name.get("localSheetId") == Some("0"));
        if kept != expected {
            self.fault("a defined name is of another sheet than it was, or has changed");
        }
        let mut called: Vec<&str> = own.iter().filter_map(|name| name.get("name")).collect();
        called.sort_unstable();
        if called != ["_ade_issues", "_xlnm.Print_Titles", "_xlnm._FilterDatabase"] {
            self.fault(format!("the list has the names {called:?}"));
        }
    }

    fn sheets(&mut self) -> Result<(), String> {
        for sheet in std::mem::take(&mut self.sheets) {
            let root = self.after.xml(&sheet.part)?;
            if root
                .walk()
                .iter()
                .any(|node| node.local() == "sheetView" && node.get("tabSelected") == Some("1"))
            {
                self.fault(format!("{} is selected beside the list", sheet.title));
            }
            if let Some((old, new)) = &sheet.grid {
                let marked: BTreeSet<(u32, u32)> = sheet.marked.keys().copied().collect();
                let found = sheets::differences(old, new, &marked);
                self.faults.extend(told_of(&sheet.title, found));
                self.fills(&sheet, old, new)?;
                self.comments(&sheet)?;
            }
            self.sheets.push(sheet);
        }
        Ok(())
    }

    /// Checks that each marked cell has its severity's fill, and that its format is the same otherwise.
    fn fills(&mut self, sheet: &Sheet, old: &Grid, new: &Grid) -> Result<(), String> {
        let Some((_, after)) = &self.styles else {
            if self.before.related(&self.book, "styles")?.is_some() {
                self.fault("the workbook has lost its styles");
            }
            return Ok(());
        };
        let (before, after) = (
            self.styles
                .as_ref()
                .map(|(before, _)| before.clone())
                .unwrap(),
            after.clone(),
        );
        let mut faults = sheets::changed_lists(&before, &after);
        let inked = self.inked_areas(sheet)?;
        let is_full = sheets::count(&after, "cellXfs") >= 65_490;
        for (&cell, marks) in &sheet.marked {
            let worst = marks.iter().map(|mark| mark.severity).min().unwrap();
            let format = new.format(cell);
            let must_be_ink = inked.iter().any(|area| area.contains(&cell));
            let fault =
                sheets::format_fault(&after, old.format(cell), format, fill(worst), must_be_ink);
            if let Some(fault) = fault.filter(|_| !(is_full && format == old.format(cell))) {
                faults.push(format!("{} {cell:?}: {fault}", sheet.title));
            }
        }
        self.faults.extend(faults);
        Ok(())
    }

    /// The cells of tables and pivot tables.
    fn inked_areas(&self, sheet: &Sheet) -> Result<Vec<Vec<(u32, u32)>>, String> {
        let mut areas = Vec::new();
        for (kind, target) in self.before.relationships(&sheet.part)?.into_values() {
            let Some(target) = target else { continue };
            let place = match kind.rsplit('/').next() {
                Some("table") => self.before.xml(&target)?.get("ref").map(str::to_owned),
                Some("pivotTable") => self
                    .before
                    .xml(&target)?
                    .child("location")
                    .and_then(|place| place.get("ref").map(str::to_owned)),
                _ => None,
            };
            areas.extend(place.map(|place| sheets::cells_of(&place)));
        }
        Ok(areas)
    }

    fn comments(&mut self, sheet: &Sheet) -> Result<(), String> {
        let read = |parts: &Parts| -> Result<sheets::Comments, String> {
            let Some(part) = parts
                .related(&sheet.part, "comments")?
                .filter(|part| parts.get(part).is_some())
            else {
                return Ok(BTreeMap::new());
            };
            sheets::comments(&parts.xml(&part)?)
        };
        let (old, new) = (read(&self.before)?, read(&self.after)?);
        let threads = self.before.related(&sheet.part, "threadedComment")?;
        let threaded: BTreeSet<(u32, u32)> = match threads {
            Some(part) => {
                let root = self.before.xml(&part)?;
                root.children
                    .iter()
                    .filter_map(|thread| sheets::place(thread.get("ref")?))
                    .collect()
            }
            None => BTreeSet::new(),
        };
        let mut faults = Vec::new();
        for (cell, (author, words)) in &old {
            let now = new.get(cell);
            let is_kept = match now {
                Some((by, now)) if sheet.marked.contains_key(cell) && !threaded.contains(cell) => {
                    by == author && now.starts_with(words.as_str())
                }
                Some((by, now)) => by == author && now == words,
                None => false,
            };
            if !is_kept {
                faults.push(format!("the sender's comment at {cell:?} is now {now:?}"));
            }
        }
        for (cell, (author, _)) in new.iter().filter(|(cell, _)| !old.contains_key(cell)) {
            if !sheet.marked.contains_key(cell) || author != "ADE" {
                faults.push(format!("a comment at {cell:?} by {author:?}"));
            }
        }
        let boxes = self.boxes(sheet, &mut faults)?;
        for (cell, marks) in sheet
            .marked
            .iter()
            .filter(|(cell, _)| !threaded.contains(cell))
        {
            let words = new
                .get(cell)
                .map(|(_, words)| words.as_str())
                .unwrap_or_default();
            for mark in marks {
                let said = format!(
                    "{}: {}: {}",
                    capital(mark.severity),
                    mark.field,
                    mark.message
                );
                if !words.contains(&said) {
                    faults.push(format!(
                        "the comment at {cell:?} does not say {said:?}: {words:?}"
                    ));
                }
            }
            if !boxes.contains(cell) {
                faults.push(format!("the comment at {cell:?} has no box"));
            }
        }
        self.faults.extend(told_of(&sheet.title, faults));
        Ok(())
    }

    /// The cells of the boxes that the sheet's drawing has; numbers of shapes are unique and within their blocks.
    fn boxes(
        &self,
        sheet: &Sheet,
        faults: &mut Vec<String>,
    ) -> Result<BTreeSet<(u32, u32)>, String> {
        let root = self.after.xml(&sheet.part)?;
        let Some(id) = root
            .child("legacyDrawing")
            .and_then(|drawing| drawing.foreign("id"))
        else {
            return Ok(BTreeSet::new());
        };
        let relations = self.after.relationships(&sheet.part)?;
        let target = relations
            .get(id)
            .filter(|(kind, _)| kind.ends_with("/vmlDrawing"));
        let Some(part) = target
            .and_then(|(_, target)| target.as_deref())
            .and_then(|part| self.after.get(part))
        else {
            faults.push(format!("legacyDrawing {id} leads to no drawing"));
            return Ok(BTreeSet::new());
        };
        let text = String::from_utf8_lossy(&part.bytes).into_owned();
        let old = self
            .before
            .get(&part.name)
            .map(|old| String::from_utf8_lossy(&old.bytes).into_owned());
        let (cells, more) = sheets::boxes(&text, old.as_deref());
        faults.extend(more);
        Ok(cells)
    }

    fn list(&mut self) -> Result<(), String> {
        let grid = Grid::read(&self.after, &self.list)?;
        let root = self.after.xml(&self.list)?;
        let mut faults = sheets::faults_of_sheet(&root);
        let lines: BTreeMap<u32, Vec<String>> = grid.texts(5);
        if lines.len() != self.marks.len() {
            faults.push(format!("the list has {} lines", lines.len()));
        }
        let links: BTreeMap<String, String> = root
            .within("hyperlinks")
            .iter()
            .map(|link| {
                let value = |name| link.get(name).unwrap_or_default().to_owned();
                (value("ref"), value("location"))
            })
            .collect();
        let headers = grid.texts(4).remove(&4).unwrap_or_default();
        let shown: BTreeSet<&str> = self
            .sheets
            .iter()
            .filter(|sheet| sheet.grid.is_some() && !sheet.is_hidden)
            .map(|sheet| sheet.title.as_str())
            .collect();
        let mut left: Vec<&IssueMark> = self.marks.iter().collect();
        let mut before = None;
        for (row, texts) in lines {
            let at = |header: &str| {
                headers
                    .iter()
                    .position(|name| name == header)
                    .map_or("", |index| texts[index].as_str())
            };
            let found = left.iter().position(|mark| {
                mark.sheet == at("Sheet")
                    && mark.place.to_string() == at("Cell")
                    && mark.message == at("What is wrong")
                    && mark.rule == at("Rule")
                    && mark.severity.word() == at("Severity")
                    && mark.field == at("Field")
                    && mark.value == at("Original value")
            });
            let Some(found) = found else {
                faults.push(format!("line {row} of the list is of no issue: {texts:?}"));
                continue;
            };
            let mark = left.remove(found);
            let cell = match mark.place {
                MarkPosition::Cell(_) => mark.place.to_string(),
                MarkPosition::Row(row) => format!("A{row}"),
                MarkPosition::Column(2) => "B1".to_owned(),
                _ => "A1".to_owned(),
            };
            let wanted = shown
                .contains(mark.sheet.as_str())
                .then(|| format!("'{}'!{cell}", mark.sheet.replace('\'', "''")));
            if links.get(&format!("B{row}")) != wanted.as_ref() {
                faults.push(format!(
                    "line {row} links to {:?}, not to {wanted:?}",
                    links.get(&format!("B{row}"))
                ));
            }
            let place = self
                .sheets
                .iter()
                .position(|sheet| sheet.title == mark.sheet)
                .unwrap_or(usize::MAX);
            let here = (place, sheets::place(&cell));
            if before.is_some_and(|before| before > here) {
                faults.push(format!("line {row} of the list is out of order"));
            }
            before = Some(here);
        }
        self.faults.extend(faults);
        Ok(())
    }

    fn properties(&mut self) -> Result<(), String> {
        let Some(part) = self.before.related("", "extended-properties")? else {
            return Ok(());
        };
        let titles = |parts: &Parts| -> Result<Vec<String>, String> {
            let root = parts.xml(&part)?;
            let vector = root
                .child("TitlesOfParts")
                .and_then(|titles| titles.child("vector"))
                .cloned();
            let Some(vector) = vector else {
                return Ok(Vec::new());
            };
            if vector.number::<usize>("size") != Some(vector.children.len()) {
                return Err("the properties list other titles than they count".to_owned());
            }
            Ok(vector
                .children
                .iter()
                .map(|title| title.text.clone())
                .collect())
        };
        let (old, mut new) = (titles(&self.before)?, titles(&self.after)?);
        if new != old {
            let first = new.remove(0);
            if first != self.list_title || new != old {
                self.fault("the properties list other sheets");
            }
        }
        Ok(())
    }
}

fn capital(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Info",
    }
}

fn fill(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "FFF9CCC6",
        Severity::Warning => "FFFCE4AE",
        Severity::Info => "FFDCE4F5",
    }
}
