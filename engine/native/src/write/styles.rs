//! The styles of a workbook: the look of a cell as data, and the part that lists all looks in use.

use std::borrow::Cow;

use foldhash::HashMap;

use super::cells::MomentStyles;
use super::text;
use crate::account::severity::Severity;

/// The numbers of the styles that are first in every workbook.
pub const MOMENT_STYLES: MomentStyles = MomentStyles {
    date_time: 1,
    date: 2,
    time: 3,
    duration: 4,
};

/// The default number format of a cell.
pub const GENERAL: &str = "General";

/// The display of a severity: its word, the fill of cells with such issues, and the text colour of the word on white.
pub struct ShownSeverity {
    pub word: &'static str,
    pub fill: Option<&'static str>,
    pub ink: Option<&'static str>,
}

/// The severities from none to the worst: a greater index is worse.
pub const SEVERITIES: [ShownSeverity; 4] = [
    ShownSeverity {
        word: "",
        fill: None,
        ink: None,
    },
    shown(Severity::Info),
    shown(Severity::Warning),
    shown(Severity::Error),
];

const fn shown(severity: Severity) -> ShownSeverity {
    ShownSeverity {
        word: severity.word(),
        fill: Some(severity.fill()),
        ink: Some(severity.ink()),
    }
}

/// The index of warnings in [`SEVERITIES`].
pub const WARNING: u8 = 2;
/// The index of errors, the worst severity, in [`SEVERITIES`].
pub const ERROR: u8 = 3;

/// The colours of normal text, of secondary text and of header fills, and the height of headers.
pub const INK: &str = "1C1B19";
pub const DIM: &str = "6B675F";
pub const HEAD: &str = "F3F1EC";
pub const HEADER_HEIGHT: &str = " ht=\"20\" customHeight=\"1\"";

const FIRST_FORMATS: [&str; 3] = ["yyyy-mm-dd h:mm:ss", "yyyy-mm-dd", "[hh]:mm:ss"];
/// The first number for custom number formats.
const FIRST_FORMAT: usize = 164;
/// The formats with built-in numbers.
const KNOWN_FORMATS: [(&str, usize); 8] = [
    (GENERAL, 0),
    ("0", 1),
    ("0.00", 2),
    ("#,##0", 3),
    ("#,##0.00", 4),
    ("0%", 9),
    ("0.00%", 10),
    ("@", 49),
];

const FIRST_FILLS: [&str; 2] = [
    "<fill><patternFill/></fill>",
    "<fill><patternFill patternType=\"gray125\"/></fill>",
];
const FIRST_BORDER: &str = "<border><left/><right/><top/><bottom/><diagonal/></border>";
/// The colour of border lines.
pub const LINE: &str = "88837A";
/// The colour of the lines between the lines of a list.
pub const PALE_LINE: &str = "E8E5DE";

/// The look of a cell. Colours are six hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CellAppearance {
    pub format: Cow<'static, str>,
    pub bold: bool,
    pub italic: bool,
    pub underlined: bool,
    /// The font size in points.
    pub size: u8,
    pub ink: Option<&'static str>,
    pub fill: Option<&'static str>,
    /// True if the cell has a medium line at the left.
    pub line_left: bool,
    /// True if the cell has a medium line below.
    pub line_below: bool,
    /// True if the cell has a thin, pale line below.
    pub thin_below: bool,
    pub horizontal: Option<&'static str>,
    pub indent: u8,
    /// True if the content is vertically centred.
    pub is_centered: bool,
    /// True if the content is at the top of the row.
    pub is_top: bool,
    /// True if long text wraps.
    pub wraps: bool,
}

impl Default for CellAppearance {
    fn default() -> Self {
        Self {
            format: Cow::Borrowed(GENERAL),
            bold: false,
            italic: false,
            underlined: false,
            size: 11,
            ink: None,
            fill: None,
            line_left: false,
            line_below: false,
            thin_below: false,
            horizontal: None,
            indent: 0,
            is_centered: false,
            is_top: false,
            wraps: false,
        }
    }
}

/// The numbered styles of one workbook, starting with those of plain cells.
pub struct StyleSheet {
    formats: Vec<String>,
    fonts: Vec<String>,
    fills: Vec<String>,
    borders: Vec<String>,
    cells: Vec<String>,
    numbers: HashMap<CellAppearance, u32>,
}

impl Default for StyleSheet {
    fn default() -> Self {
        let date = CellAppearance {
            format: Cow::Borrowed(FIRST_FORMATS[1]),
            ..CellAppearance::default()
        };
        Self {
            formats: FIRST_FORMATS.map(str::to_owned).to_vec(),
            fonts: vec![font(&CellAppearance::default())],
            fills: FIRST_FILLS.map(str::to_owned).to_vec(),
            borders: vec![FIRST_BORDER.to_owned()],
            cells: vec![
                plain_cell(0, ""),
                plain_cell(164, " applyNumberFormat=\"1\""),
                plain_cell(165, " applyNumberFormat=\"1\""),
                plain_cell(21, " applyNumberFormat=\"1\""),
                plain_cell(166, " applyNumberFormat=\"1\""),
            ],
            numbers: HashMap::from_iter([
                (CellAppearance::default(), 0),
                (date, MOMENT_STYLES.date),
            ]),
        }
    }
}

impl StyleSheet {
    /// Returns the numbers of some looks, and adds missing ones.
    pub fn numbers(&mut self, looks: &[CellAppearance]) -> Vec<u32> {
        looks.iter().map(|look| self.number(look)).collect()
    }

    /// Returns the number of a look, and adds it if it is missing.
    pub fn number(&mut self, look: &CellAppearance) -> u32 {
        if let Some(&number) = self.numbers.get(look) {
            return number;
        }
        let format = self.format(&look.format);
        let font = place(&mut self.fonts, font(look));
        let fill = match look.fill {
            Some(color) => place(
                &mut self.fills,
                format!(
                    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FF{color}\"/><bgColor indexed=\"64\"/>\
                     </patternFill></fill>"
                ),
            ),
            None => 0,
        };
        let border = place(&mut self.borders, border(look));
        let applied = |name: &str, applies: bool| {
            if applies {
                format!(" apply{name}=\"1\"")
            } else {
                String::new()
            }
        };
        let mut cell = format!(
            "<xf numFmtId=\"{format}\" fontId=\"{font}\" fillId=\"{fill}\" borderId=\"{border}\" xfId=\"0\"{}{}{}{}",
            applied("NumberFormat", format > 0),
            applied("Font", font > 0),
            applied("Fill", fill > 0),
            applied("Border", border > 0),
        );
        let mut alignment = String::new();
        if let Some(horizontal) = look.horizontal {
            alignment.push_str(&format!(" horizontal=\"{horizontal}\""));
        }
        if look.is_centered {
            alignment.push_str(" vertical=\"center\"");
        } else if look.is_top {
            alignment.push_str(" vertical=\"top\"");
        }
        if look.wraps {
            alignment.push_str(" wrapText=\"1\"");
        }
        if look.indent > 0 {
            alignment.push_str(&format!(" indent=\"{}\"", look.indent));
        }
        if alignment.is_empty() {
            cell.push_str("/>");
        } else {
            cell.push_str(&format!(
                " applyAlignment=\"1\"><alignment{alignment}/></xf>"
            ));
        }
        let number = self.cells.len() as u32;
        self.cells.push(cell);
        self.numbers.insert(look.clone(), number);
        number
    }

    fn format(&mut self, code: &str) -> usize {
        if let Some((_, number)) = KNOWN_FORMATS.iter().find(|(known, _)| *known == code) {
            return *number;
        }
        FIRST_FORMAT + place(&mut self.formats, code.to_owned())
    }

    /// Returns the XML of the styles part.
    pub fn to_xml(&self) -> String {
        let formats: Vec<String> = self
            .formats
            .iter()
            .enumerate()
            .map(|(number, code)| {
                format!(
                    "<numFmt numFmtId=\"{}\" formatCode=\"{}\"/>",
                    FIRST_FORMAT + number,
                    text::attribute(code)
                )
            })
            .collect();
        [
            list("numFmts", &formats),
            list("fonts", &self.fonts),
            list("fills", &self.fills),
            list("borders", &self.borders),
            "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
                .to_owned(),
            list("cellXfs", &self.cells),
            "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
             <dxfs count=\"0\"/><tableStyles count=\"0\" defaultTableStyle=\"TableStyleMedium9\" \
             defaultPivotStyle=\"PivotStyleLight16\"/>"
                .to_owned(),
        ]
        .concat()
    }
}

/// Returns the index of an element in its list, and adds it if it is missing.
fn place(list: &mut Vec<String>, element: String) -> usize {
    list.iter()
        .position(|known| *known == element)
        .unwrap_or_else(|| {
            list.push(element);
            list.len() - 1
        })
}

fn list(name: &str, elements: &[String]) -> String {
    format!(
        "<{name} count=\"{}\">{}</{name}>",
        elements.len(),
        elements.concat()
    )
}

fn plain_cell(format: usize, applied: &str) -> String {
    format!(
        "<xf numFmtId=\"{format}\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"{applied}/>"
    )
}

/// Returns a font. Each has a name, because programs would choose a font without one.
fn font(look: &CellAppearance) -> String {
    let bold = if look.bold { "<b/>" } else { "" };
    let italic = if look.italic { "<i/>" } else { "" };
    let underlined = if look.underlined { "<u/>" } else { "" };
    let color = look
        .ink
        .map(|ink| format!("<color rgb=\"FF{ink}\"/>"))
        .unwrap_or_default();
    format!(
        "<font>{bold}{italic}{underlined}<sz val=\"{}\"/>{color}<name val=\"Calibri\"/><family val=\"2\"/>\
         <scheme val=\"minor\"/></font>",
        look.size
    )
}

fn border(look: &CellAppearance) -> String {
    let side = |name: &str, is_there: bool| {
        if is_there {
            format!("<{name} style=\"medium\"><color rgb=\"FF{LINE}\"/></{name}>")
        } else {
            format!("<{name}/>")
        }
    };
    let below = if look.thin_below {
        format!("<bottom style=\"thin\"><color rgb=\"FF{PALE_LINE}\"/></bottom>")
    } else {
        side("bottom", look.line_below)
    };
    format!(
        "<border>{}<right/><top/>{below}<diagonal/></border>",
        side("left", look.line_left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that workbooks without looks keep their bytes.
    #[test]
    fn the_first_styles_are_those_of_plain_cells() {
        assert_eq!(
            StyleSheet::default().to_xml(),
            "<numFmts count=\"3\"><numFmt numFmtId=\"164\" formatCode=\"yyyy-mm-dd h:mm:ss\"/>\
<numFmt numFmtId=\"165\" formatCode=\"yyyy-mm-dd\"/><numFmt numFmtId=\"166\" formatCode=\"[hh]:mm:ss\"/></numFmts>\
<fonts count=\"1\"><font><sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/><scheme val=\"minor\"/></font></fonts>\
<fills count=\"2\"><fill><patternFill/></fill><fill><patternFill patternType=\"gray125\"/></fill></fills>\
<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>\
<cellXfs count=\"5\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>\
<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"21\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>\
<xf numFmtId=\"166\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/></cellXfs>\
<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
<dxfs count=\"0\"/><tableStyles count=\"0\" defaultTableStyle=\"TableStyleMedium9\" defaultPivotStyle=\"PivotStyleLight16\"/>"
        );
    }

    #[test]
    fn equal_looks_share_a_number_and_their_parts() {
        let mut styles = StyleSheet::default();
        let date = CellAppearance {
            format: Cow::Borrowed("yyyy-mm-dd"),
            fill: Some("F9CCC6"),
            ..CellAppearance::default()
        };
        let other = CellAppearance {
            format: Cow::Owned("\"<\"0".to_owned()),
            ..date.clone()
        };
        assert_eq!(styles.number(&CellAppearance::default()), 0);
        assert_eq!(styles.number(&date), 5);
        assert_eq!(styles.number(&other), 6);
        assert_eq!(styles.number(&date.clone()), 5);
        let xml = styles.to_xml();
        assert!(
            xml.contains("<xf numFmtId=\"165\" fontId=\"0\" fillId=\"2\""),
            "{xml}"
        );
        assert!(
            xml.contains("<numFmt numFmtId=\"167\" formatCode=\"&quot;&lt;&quot;0\"/>"),
            "{xml}"
        );
        assert_eq!(xml.matches("F9CCC6").count(), 1);
    }
}
