//! Sheets, formats and comments, as the checks look at them.

use std::collections::{BTreeMap, BTreeSet};

use super::package::Parts;
use super::xml::Node;

/// The children of a worksheet in their order (CT_Worksheet).
const CHILDREN_OF_WORKSHEET: &str = "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection \
    protectedRanges scenarios autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr \
    conditionalFormatting dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks \
    customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects \
    controls webPublishItems tableParts extLst";

/// Returns the first name that comes after one that it should precede; names that are not listed may be anywhere.
pub fn out_of_order<'n>(names: impl Iterator<Item = &'n str>, order: &str) -> Option<String> {
    let order: Vec<&str> = order.split(' ').collect();
    let mut reached = 0;
    for name in names {
        let Some(at) = order.iter().position(|known| *known == name) else {
            continue;
        };
        if at < reached {
            return Some(format!("{name} stands behind {}", order[reached]));
        }
        reached = at;
    }
    None
}

/// Row and column of `B7`.
pub fn place(name: &str) -> Option<(u32, u32)> {
    let split = name.find(|letter: char| letter.is_ascii_digit())?;
    let column = name[..split].bytes().fold(0, |column, letter| {
        column * 26 + u32::from(letter - b'A') + 1
    });
    Some((name[split..].parse().ok()?, column))
}

/// All cells of `A1:B2`.
pub fn cells_of(area: &str) -> Vec<(u32, u32)> {
    let (one, other) = area.split_once(':').unwrap_or((area, area));
    let (Some(first), Some(last)) = (place(one), place(other)) else {
        return Vec::new();
    };
    (first.0..=last.0)
        .flat_map(|row| (first.1..=last.1).map(move |column| (row, column)))
        .collect()
}

/// A worksheet and its cells.
pub struct Grid {
    root: Node,
    cells: BTreeMap<(u32, u32), Node>,
    rows: BTreeMap<u32, Node>,
    merged: Vec<Vec<(u32, u32)>>,
    faults: Vec<String>,
}

impl Grid {
    pub fn read(parts: &Parts, part: &str) -> Result<Self, String> {
        let root = parts.xml(part)?;
        let (mut cells, mut rows, mut faults) =
            (BTreeMap::new(), BTreeMap::new(), faults_of_sheet(&root));
        let data = root
            .child("sheetData")
            .ok_or_else(|| format!("{part} has no cells"))?;
        let mut row = 0;
        for element in data.all("row") {
            let named = element
                .child("c")
                .and_then(|cell| place(cell.get("r")?))
                .map(|(row, _)| row);
            let number = element.number("r").or(named).unwrap_or(row + 1);
            if number <= row {
                faults.push(format!("row {number} stands behind row {row}"));
            }
            row = number;
            let mut column = 0;
            for cell in element.all("c") {
                let at = match cell.get("r") {
                    Some(name) => place(name).ok_or_else(|| format!("a cell {name}"))?,
                    None => (row, column + 1),
                };
                if at.0 != row || at.1 <= column {
                    faults.push(format!(
                        "cell {at:?} stands in row {row} behind column {column}"
                    ));
                }
                column = at.1;
                cells.insert(at, cell.clone());
            }
            if let Some((low, high)) = element.get("spans").and_then(|spans| spans.split_once(':'))
            {
                let (low, high): (u32, u32) = (low.parse().unwrap(), high.parse().unwrap());
                if element.all("c").count() > 0 && column > high.max(low) {
                    faults.push(format!("row {row} has cells outside of its spans"));
                }
            }
            let mut bare = element.clone();
            bare.children.retain(|child| child.local() != "c");
            rows.insert(row, bare);
        }
        let merged = root.within("mergeCells").iter();
        let merged = merged
            .filter_map(|area| area.get("ref"))
            .map(cells_of)
            .collect();
        Ok(Self {
            root,
            cells,
            rows,
            merged,
            faults,
        })
    }

    /// The first cell of a merged area, else the cell.
    pub fn anchor(&self, cell: (u32, u32)) -> (u32, u32) {
        let area = self.merged.iter().find(|area| area.contains(&cell));
        area.map_or(cell, |area| area[0])
    }

    /// Returns the number of a cell's format; for a missing cell, the one that it would have.
    pub fn format(&self, cell: (u32, u32)) -> usize {
        if let Some(found) = self.cells.get(&cell) {
            return found.number("s").unwrap_or(0);
        }
        let row = self
            .rows
            .get(&cell.0)
            .filter(|row| row.get("customFormat") == Some("1"));
        if let Some(row) = row {
            return row.number("s").unwrap_or(0);
        }
        let holds = |column: &&Node| {
            (column.number("min").unwrap_or(0)..=column.number("max").unwrap_or(0))
                .contains(&cell.1)
        };
        let column = self.root.within("cols").iter().find(holds);
        column
            .and_then(|column| column.number("style"))
            .unwrap_or(0)
    }

    /// The texts of rows from one on.
    pub fn texts(&self, from: u32) -> BTreeMap<u32, Vec<String>> {
        let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for ((row, _), cell) in self.cells.iter().filter(|((row, _), _)| *row >= from) {
            rows.entry(*row).or_default().push(cell.words());
        }
        rows
    }
}

/// Returns the faults of a sheet by itself.
pub fn faults_of_sheet(root: &Node) -> Vec<String> {
    let order = root.children.iter().map(Node::local);
    let mut faults: Vec<String> = out_of_order(order, CHILDREN_OF_WORKSHEET)
        .into_iter()
        .collect();
    for name in ["legacyDrawing", "dimension", "sheetData", "mergeCells"] {
        if root.all(name).count() > 1 {
            faults.push(format!("{name} is there twice"));
        }
    }
    if root
        .children
        .iter()
        .any(|child| child.name.starts_with('{') != root.name.starts_with('{'))
    {
        faults.push("an element is in no namespace".to_owned());
    }
    faults
}

/// Returns the differences between two states of a sheet, except those that marks may make.
pub fn differences(old: &Grid, new: &Grid, marked: &BTreeSet<(u32, u32)>) -> Vec<String> {
    // The painter is not to blame for faults that were there before.
    let mut faults: Vec<String> = new
        .faults
        .iter()
        .filter(|fault| !old.faults.contains(fault))
        .cloned()
        .collect();
    let cells: BTreeSet<_> = old.cells.keys().chain(new.cells.keys()).collect();
    for cell in cells {
        let without_format = |grid: &Grid| {
            let mut found = grid.cells.get(cell).cloned();
            if let Some(found) = &mut found
                && marked.contains(cell)
            {
                found.attributes.remove("s");
            }
            found
        };
        match (without_format(old), without_format(new)) {
            (None, Some(new)) => {
                let is_bare =
                    new.children.is_empty() && new.attributes.keys().all(|name| name == "r");
                if !marked.contains(cell) || !is_bare {
                    faults.push(format!("{cell:?} is new"));
                }
            }
            (old, new) if old != new => faults.push(format!("{cell:?} was {old:?} and is {new:?}")),
            _ => {}
        }
    }
    for cell in marked.iter().filter(|cell| !new.cells.contains_key(cell)) {
        faults.push(format!("{cell:?} is marked and not there"));
    }
    let rows: BTreeSet<_> = old.rows.keys().chain(new.rows.keys()).collect();
    for row in rows {
        let bare = |grid: &Grid| {
            let mut found = grid.rows.get(row).cloned();
            if let Some(found) = &mut found {
                found.attributes.remove("spans");
            }
            found
        };
        let is_new = !old.rows.contains_key(row) && marked.iter().any(|cell| cell.0 == *row);
        if bare(old) != bare(new) && !is_new {
            faults.push(format!("row {row} has changed"));
        }
    }
    let (old, new) = (
        surroundings(&old.root, true),
        surroundings(&new.root, old.root.child("legacyDrawing").is_some()),
    );
    if old != new {
        let differing = old
            .children
            .iter()
            .zip(&new.children)
            .find(|(old, new)| old != new);
        faults.push(format!(
            "the sheet has changed around its cells: {differing:?}"
        ));
    }
    faults
}

/// Returns a sheet without its cells, and without the parts that painting may change.
fn surroundings(root: &Node, keeps_drawing: bool) -> Node {
    let mut root = root.clone();
    root.children.retain(|child| {
        !matches!(child.local(), "sheetData" | "dimension")
            && (keeps_drawing || child.local() != "legacyDrawing")
    });
    for views in root
        .children
        .iter_mut()
        .filter(|child| child.local() == "sheetViews")
    {
        for view in &mut views.children {
            view.attributes.remove("tabSelected");
        }
    }
    root
}

pub fn count(styles: &Node, list: &str) -> usize {
    styles.within(list).len()
}

/// Returns the losses of the lists of formats: the lists may only grow, and count what they hold.
pub fn changed_lists(old: &Node, new: &Node) -> Vec<String> {
    let mut faults = Vec::new();
    for child in &old.children {
        let Some(now) = new.child(child.local()) else {
            faults.push(format!("the styles have lost {}", child.local()));
            continue;
        };
        if now.children.len() < child.children.len()
            || now.children[..child.children.len()] != child.children[..]
        {
            faults.push(format!("{} of the styles has changed", child.local()));
        }
        if now.children.len() > child.children.len()
            && now.number("count") != Some(now.children.len())
        {
            faults.push(format!(
                "{} of the styles counts {:?}",
                child.local(),
                now.get("count")
            ));
        }
    }
    let order = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst";
    faults.extend(out_of_order(new.children.iter().map(Node::local), order));
    faults
}

/// Returns the fault of the format of a painted cell, which was made from another format.
pub fn format_fault(
    styles: &Node,
    base: usize,
    format: usize,
    color: &str,
    must_be_ink: bool,
) -> Option<String> {
    let item = |list: &str, number: usize| styles.child(list)?.children.get(number).cloned();
    let Some(new) = item("cellXfs", format) else {
        return Some(format!("there is no format {format}"));
    };
    let old = item("cellXfs", base).or_else(|| item("cellXfs", 0))?;
    let fill = new.number("fillId").and_then(|fill| item("fills", fill));
    let pattern = fill.as_ref().and_then(|fill| fill.child("patternFill"));
    let shown = pattern
        .and_then(|pattern| pattern.child("fgColor"))
        .and_then(|color| color.get("rgb"));
    if pattern.and_then(|pattern| pattern.get("patternType")) != Some("solid")
        || shown != Some(color)
    {
        return Some(format!("its fill is {shown:?}, not {color}"));
    }
    if new.get("applyFill") != Some("1") {
        return Some("its fill is not applied".to_owned());
    }
    let bare = |format: &Node| {
        let mut format = format.clone();
        for name in ["fillId", "applyFill", "fontId", "applyFont"] {
            format.attributes.remove(name);
        }
        format
    };
    if bare(&old) != bare(&new) {
        return Some("its format has changed beyond fill and font".to_owned());
    }
    let font = |format: &Node| item("fonts", format.number("fontId").unwrap_or(0));
    let color_of = |font: &Node| {
        font.child("color")
            .and_then(|color| color.get("rgb").map(str::to_owned))
    };
    let (before, after) = (font(&old)?, font(&new)?);
    let is_ink = color_of(&after).as_deref() == Some("FF1C1B19");
    if must_be_ink && !is_ink {
        return Some("its text has the colour of a table".to_owned());
    }
    let was_light = color_of(&before).as_deref() == Some("FFFFFFFF")
        || before.child("color").and_then(|color| color.get("theme")) == Some("0");
    if was_light && !is_ink {
        return Some("its text cannot be read".to_owned());
    }
    let colorless = |font: &Node| {
        let mut font = font.clone();
        font.children.retain(|child| child.local() != "color");
        font
    };
    (colorless(&before) != colorless(&after))
        .then(|| "its font has changed beyond its colour".to_owned())
}

/// Comments by cell: author and words.
pub type Comments = BTreeMap<(u32, u32), (String, String)>;

/// Reads a part of comments.
pub fn comments(root: &Node) -> Result<Comments, String> {
    let authors = root.within("authors");
    let mut found = BTreeMap::new();
    for comment in root.within("commentList") {
        let cell = place(comment.get("ref").unwrap_or_default()).ok_or("a comment of no cell")?;
        let author = comment
            .number::<usize>("authorId")
            .and_then(|number| authors.get(number));
        let author = author.ok_or_else(|| format!("the comment at {cell:?} has no author"))?;
        if found
            .insert(cell, (author.text.clone(), comment.words()))
            .is_some()
        {
            return Err(format!("two comments at {cell:?}"));
        }
    }
    Ok(found)
}

/// A drawing with the prefixes that most programs use.
fn usual(drawing: &str) -> String {
    let mut drawing = drawing.to_owned();
    for (prefix, space) in [("v", "vml"), ("o", "office:office"), ("x", "office:excel")] {
        let bound = format!("=\"urn:schemas-microsoft-com:{space}\"");
        let own = drawing
            .find(&bound)
            .and_then(|at| Some(drawing[..at].rsplit_once("xmlns:")?.1.to_owned()));
        if let Some(own) = own.filter(|own| own.starts_with("ns")) {
            drawing = drawing
                .replace(&format!("<{own}:"), &format!("<{prefix}:"))
                .replace(&format!("</{own}:"), &format!("</{prefix}:"));
        }
    }
    drawing
}

/// Returns the cells of the notes that a drawing has, and the faults of the drawing. `old` is the former drawing.
pub fn boxes(text: &str, old: Option<&str>) -> (BTreeSet<(u32, u32)>, Vec<String>) {
    let (text, old) = (&usual(text), old.map(usual));
    let (mut cells, mut faults, mut numbers) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    let between = |text: &str, start: &str, end: &str| -> Option<String> {
        Some(text.split_once(start)?.1.split_once(end)?.0.to_owned())
    };
    let blocks = between(text, "idmap", ">")
        .and_then(|map| between(&map.replace('\'', "\""), "data=\"", "\""));
    let blocks: BTreeSet<usize> = blocks
        .unwrap_or_default()
        .split(',')
        .filter_map(|block| block.trim().parse().ok())
        .collect();
    for shape in text.split("<v:shape ").skip(1) {
        let shape = shape.split("</v:shape>").next().unwrap_or_default();
        let number =
            between(shape, "_x0000_s", "\"").and_then(|number| number.parse::<usize>().ok());
        if let Some(number) = number {
            if !numbers.insert(number) {
                faults.push(format!("two shapes have the number {number}"));
            }
            if !blocks.contains(&(number / 1024)) {
                faults.push(format!("the shape {number} is in no block of {blocks:?}"));
            }
        }
        if !shape.contains("ObjectType=\"Note\"") {
            continue;
        }
        let at = |name: &str| between(shape, name, "</")?.trim().parse::<u32>().ok();
        // Some programs place boxes by their style alone.
        let is_anchored = shape.contains("<x:Anchor>");
        let anchor = between(shape, "<x:Anchor>", "</").unwrap_or_default();
        let anchor: Vec<u32> = anchor
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        let is_within = anchor.len() == 8
            && anchor[4] < 16_384
            && anchor[6] < 1_048_576
            && (anchor[0], anchor[1]) < (anchor[4], anchor[5])
            && (anchor[2], anchor[3]) < (anchor[6], anchor[7]);
        if is_anchored && !is_within {
            faults.push(format!("a box lies at {anchor:?}"));
        }
        if let (Some(row), Some(column)) = (at("<x:Row>"), at("<x:Column>"))
            && !cells.insert((row + 1, column + 1))
        {
            faults.push(format!("two boxes of {:?}", (row + 1, column + 1)));
        }
    }
    for shape in old
        .as_deref()
        .iter()
        .flat_map(|old| old.split("<v:shape ").skip(1))
    {
        let shape = shape.split("</v:shape>").next().unwrap_or_default();
        let head = shape.split("<x:Anchor>").next().unwrap_or_default();
        if !text.contains(head) {
            faults.push("a shape of the sender's has changed".to_owned());
        }
    }
    if text.matches("id=\"_x0000_t202\"").count() != 1 && !cells.is_empty() {
        faults.push("the type of boxes is not there once".to_owned());
    }
    (cells, faults)
}
