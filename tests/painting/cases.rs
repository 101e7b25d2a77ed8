//! Workbooks with everything in them, each with the cells that are marked.

use ade::issues::Severity;
use ade::painting::{Mark, Place};

use super::raw::{
    OFFICE, PACKAGE, Raw, STRICT_MAIN, STRICT_OFFICE, STYLES, TYPE, prefixed, zipped,
};

/// A workbook and its marks.
pub struct Case {
    pub name: &'static str,
    pub extension: &'static str,
    pub bytes: Vec<u8>,
    pub marks: Vec<Mark>,
}

/// An issue of a cell; cells in turn are errors, warnings and infos.
pub fn mark(sheet: &str, cell: &str, number: usize) -> Mark {
    let severity = Severity::ALL[number % 3];
    Mark {
        sheet: sheet.to_owned(),
        place: Place::named(cell).unwrap(),
        severity,
        field: format!("Field {number}"),
        rule: format!("rule.number_{number}"),
        message: format!("not what <{number}> & others should be"),
        value: "=1+1".to_owned(),
        written: if number.is_multiple_of(2) {
            Some(String::new())
        } else {
            Some("as it is".to_owned())
        },
        key: number.is_multiple_of(4).then(|| "Ann Example".to_owned()),
    }
}

/// Issues of cells of the first sheet, or of another: `South!B2`.
pub fn marks(sheet: &str, cells: &str) -> Vec<Mark> {
    let each = cells
        .split(' ')
        .enumerate()
        .map(|(number, cell)| match cell.split_once('!') {
            Some((sheet, cell)) => mark(sheet, cell, number),
            None => mark(sheet, cell, number),
        });
    each.collect()
}

const ROWS: &str = "<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Name</t></is></c><c r=\"B1\" \
    t=\"inlineStr\"><is><t>Start</t></is></c></row><row r=\"2\" spans=\"1:2\"><c r=\"A2\" t=\"inlineStr\"><is><t>Ann</t></is></c>\
    <c r=\"B2\" s=\"1\"><v>43000</v></c></row><row r=\"5\" ht=\"30\" customHeight=\"1\"><c r=\"B5\" s=\"2\"><v>7</v></c>\
    <c r=\"C5\" s=\"3\"><v>0.5</v></c></row></sheetData>";

const COMMENTS: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml";
const DRAWN: &str =
    "<xdr:wsDr xmlns:xdr=\"http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing\"/>";
const DRAWING: &str = "application/vnd.openxmlformats-officedocument.drawing+xml";

fn case(name: &'static str, raw: Raw, cells: &str) -> Case {
    let marks = marks(&raw.sheets[0].title, cells);
    let extension = if raw.book_kind.contains("macroEnabled") {
        "xlsm"
    } else {
        "xlsx"
    };
    Case {
        name,
        extension,
        bytes: raw.bytes(),
        marks,
    }
}

/// A case of these parts.
fn packed(name: &'static str, parts: &[(String, Vec<u8>)], cells: &str) -> Case {
    Case {
        name,
        extension: "xlsx",
        bytes: zipped(parts),
        marks: marks("North", cells),
    }
}

fn one(body: &str) -> Raw {
    Raw::new(&[("North", body)])
}

fn xml(name: &str, inner: &str) -> String {
    format!(
        "<{name} xmlns=\"{}\" xmlns:r=\"{OFFICE}\">{inner}</{name}>",
        super::raw::MAIN
    )
}

/// All that are made here.
pub fn all() -> Vec<Case> {
    let mut all = cells_and_rows();
    all.extend(spellings());
    all.extend(comments());
    all.extend(areas());
    all.extend(books());
    all.extend(packages());
    all
}

/// What stands in the cells, and what does not.
fn cells_and_rows() -> Vec<Case> {
    let mut shared = one(
        "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row></sheetData>\
         <phoneticPr fontId=\"0\"/>",
    );
    let texts = "<si><r><rPr><b/></rPr><t>Rich</t></r><r><t xml:space=\"preserve\"> text</t></r><rPh sb=\"0\" eb=\"1\"><t>x</t>\
        </rPh></si><si><t>_x000D_ plain</t></si>";
    let texts = xml("sst", texts);
    shared.of_book("rIdText", "sharedStrings", "sharedStrings.xml", texts);
    let mut formulas = one(
        "<sheetData><row r=\"1\"><c r=\"A1\"><f t=\"shared\" ref=\"A1:A3\" si=\"0\">B1*2</f><v>2</v></c></row><row r=\"2\">\
         <c r=\"A2\"><f t=\"shared\" si=\"0\"/><v>4</v></c><c r=\"C2\" t=\"str\" cm=\"1\"><f t=\"array\" ref=\"C2:C3\">A1:A2</f>\
         <v>&lt;</v></c></row><row r=\"3\"><c r=\"A3\"><f t=\"shared\" si=\"0\"/><v>6</v></c><c r=\"B3\" t=\"e\"><v>#N/A</v></c>\
         <c r=\"D3\" t=\"b\"><v>1</v></c></row></sheetData>",
    );
    let chain = xml("calcChain", "<c r=\"A1\" i=\"3\"/><c r=\"A2\" i=\"3\"/>");
    formulas.of_book("rIdChain", "calcChain", "calcChain.xml", chain);
    let wide: String = (1..=16_384)
        .map(|column| {
            format!(
                "<c r=\"{}2\"><v>{column}</v></c>",
                Place::Column(column)
                    .to_string()
                    .trim_start_matches("column ")
            )
        })
        .collect();
    let wide = format!(
        "<cols><col min=\"16384\" max=\"16384\" width=\"9\" style=\"1\"/></cols><sheetData><row r=\"2\">{wide}</row></sheetData>"
    );
    let many: Vec<String> = (1..=1100).map(|row| format!("A{row}")).collect();
    let plain = "<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row/><row r=\"7\"><c t=\"n\"><v>3</v></c></row></sheetData>";
    let named = "<sheetData><row><c r=\"B2\"><v>1</v></c></row><row><c><v>2</v></c></row><row><c r=\"A9\"/></row></sheetData>";
    let based = "<sheetFormatPr defaultRowHeight=\"12.75\" defaultColWidth=\"11\"/><cols><col min=\"2\" max=\"3\" width=\"12\" \
        style=\"1\" customWidth=\"1\"/><col min=\"4\" max=\"4\" width=\"0\" hidden=\"1\"/></cols><sheetData><row r=\"2\" s=\"3\" \
        customFormat=\"1\"><c r=\"A2\"/></row><row r=\"3\" s=\"3\"><c r=\"A3\"/></row></sheetData>";
    vec![
        case("inline_strings", one(ROWS), "A1 B2 B5 C5"),
        case("rich_and_shared_strings", shared, "A1 B1"),
        case("shared_and_array_formulas", formulas, "A1 A2 C2 B3 D3"),
        case(
            "absent_cells_and_rows",
            one(&format!("<dimension ref=\"A1:C5\"/>{ROWS}")),
            "C1 A3 D4 A5 E5 AA9 C2",
        ),
        case(
            "an_empty_sheet",
            one(
                "<sheetData/><pageMargins left=\"1\" right=\"1\" top=\"1\" bottom=\"1\" header=\"1\" footer=\"1\"/>",
            ),
            "B2 A1 XFD1048576",
        ),
        case("cells_without_names", one(plain), "A1 C1 B2 A3 A7 B7"),
        case(
            "rows_that_their_cells_name",
            one(named),
            "B2 A2 A3 B1 A9 A5",
        ),
        case(
            "formats_of_rows_and_columns",
            one(based),
            "B2 B3 C4 D3 A2 A3 Z3",
        ),
        case("all_columns", one(&wide), "XFD2 A2 XFC2 XFD1 XFD3"),
        case("white_and_theme_fonts", one(ROWS), "B5 C5 A5"),
        case(
            "more_comments_than_a_block_of_shapes",
            one(ROWS),
            &many.join(" "),
        ),
        case("several_issues_of_a_cell", one(ROWS), "B2 B2 A1 B2"),
    ]
}

/// The same meaning, written otherwise.
fn spellings() -> Vec<Case> {
    let mut prefix = one(&prefixed(
        &format!(
            "<dimension ref=\"A1\"/>{ROWS}<pageMargins left=\"1\" right=\"1\" top=\"1\" \
        bottom=\"1\" header=\"1\" footer=\"1\"/>"
        ),
        "x:",
    ));
    prefix.prefix = "x:";
    prefix.behind = "<x:definedNames><x:definedName name=\"_xlnm.Print_Area\" localSheetId=\"0\">North!$A$1</x:definedName>\
        </x:definedNames>"
        .to_owned();
    let mut strict = one(ROWS);
    (strict.main, strict.office) = (STRICT_MAIN, STRICT_OFFICE);
    let odd = "<?odd <row r='9'>?><sheetData><!-- <row r=\"1\"> </sheetData> --><row r='2' ><c r = 'A2' t='inlineStr'><is><t>\
        <![CDATA[</sheetData><row r='1'><c r='A1'>]]></t></is></c><c r='B2' t='str'><f>IF(A1>\"/>\",1,2)</f><v>></v></c></row>\
        </sheetData><!-- </worksheet> -->";
    let bom = one(ROWS);
    let mut bom_parts = bom.all_parts();
    for (name, bytes) in &mut bom_parts {
        if name.ends_with("sheet1.xml") || name.ends_with("workbook.xml") {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
    }
    let bom = packed("byte_order_marks", &bom_parts, "A2 D9");
    let titles = Raw::new(&[
        ("O&apos;Brien &amp; &lt;Söhne&gt;", ROWS),
        ("issues", ROWS),
        ("ISSUES 2", ROWS),
    ]);
    let mut named = case("titles_to_be_quoted_and_taken", titles, "A1 issues!B2");
    for mark in &mut named.marks[..1] {
        mark.sheet = "O'Brien & <Söhne>".to_owned();
    }
    vec![
        case("prefixes_on_all_elements", prefix, "A1 C9 B2"),
        case("strict_namespaces", strict, "A1 B2 D4"),
        case("comments_and_cdata_in_the_xml", one(odd), "A2 B2 C2 A3"),
        bom,
        named,
    ]
}

fn vml(shapes: &str) -> String {
    format!(
        "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\"\n xmlns:o=\"urn:schemas-microsoft-com:office:office\"\n \
         xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"1\"/>\
         </o:shapelayout>{shapes}</xml>"
    )
}

fn note(number: u32, row: u32, column: u32) -> String {
    format!(
        "<v:shape id=\"_x0000_s{number}\" type=\"#_x0000_t202\" style='visibility:hidden' o:insetmode=\"auto\"><v:textbox/>\
         <x:ClientData ObjectType=\"Note\"><x:Anchor>\n1, 15, 0, 2, 3, 15, 3, 16</x:Anchor><x:Row>{row}</x:Row><x:Column>{column}\
         </x:Column></x:ClientData></v:shape>"
    )
}

const NOTE_TYPE: &str = "<v:shapetype id=\"_x0000_t202\" coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\"/>";

/// Comments, threads and what else is drawn by VML.
fn comments() -> Vec<Case> {
    let with_comments = |comments: &str, drawing: &str| {
        let mut raw = one(&format!("{ROWS}<legacyDrawing r:id=\"rIdV\"/>"));
        let name = "xl/comments1.xml";
        raw.of_sheet(0, "rIdC", "comments", name, COMMENTS, comments);
        raw.draws(drawing);
        raw
    };
    let text = "<authors><author>Bo</author></authors><commentList><comment ref=\"A1\" authorId=\"0\"><text><r><rPr><b/></rPr>\
        <t>Bo:</t></r><r><t xml:space=\"preserve\">\nlook</t></r></text></comment><comment ref=\"B2\" authorId=\"0\"><text>\
        <t>plain</t></text></comment></commentList>";
    let drawn = vml(&format!(
        "{NOTE_TYPE}{}{}",
        note(1025, 0, 0),
        note(1026, 1, 1)
    ));
    let there = with_comments(&xml("comments", text), &drawn);
    let text = "<authors><author>tc={1}</author><author>Bo</author></authors><commentList><comment ref=\"A1\" authorId=\"0\"><text>\
        <t>[Threaded comment]\n\nYour version…\n\nComment:\n    why?</t></text></comment></commentList>";
    let mut threaded = with_comments(
        &xml("comments", text),
        &vml(&format!("{NOTE_TYPE}{}", note(1025, 0, 0))),
    );
    let threads = "<ThreadedComments xmlns=\"http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments\">\
        <threadedComment ref=\"A1\" dT=\"2024-01-01T00:00:00.00\" personId=\"{2}\" id=\"{1}\"><text>why?</text></threadedComment>\
        </ThreadedComments>";
    threaded.of_sheet(
        0,
        "rIdT",
        "threadedComment",
        "xl/threadedComments/threadedComment1.xml",
        "application/vnd.ms-excel.threadedcomments+xml",
        threads,
    );
    let persons = "<personList xmlns=\"http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments\"><person \
        displayName=\"Bo\" id=\"{2}\" userId=\"Bo\" providerId=\"None\"/></personList>";
    threaded
        .related
        .push(("rIdP", "person", "persons/person.xml"));
    threaded.part(
        "xl/persons/person.xml",
        "application/vnd.ms-excel.person+xml",
        persons,
    );
    // Buttons by an old program: not XML.
    let mut buttons = one(&format!(
        "{ROWS}<legacyDrawing r:id=\"rIdV\"/><controls><control shapeId=\"1025\" r:id=\"rIdX\" name=\"B\"/></controls>"
    ));
    let button = "<v:shape id=\"_x0000_s1025\" type=\"#_x0000_t201\"><v:textbox><font face=Tahoma>Press<br>me</font></v:textbox>\
        <x:ClientData ObjectType=\"Button\"><x:Anchor>1, 1, 1, 1, 2, 2, 2, 2</x:Anchor><x:Row>0</x:Row><x:Column>0</x:Column></x:ClientData></v:shape>";
    buttons.draws(&vml(button));
    buttons.of_sheet(0, "rIdX", "ctrlProp", "xl/ctrlProps/ctrlProp1.xml", "application/vnd.ms-excel.controlproperties+xml",
        "<formControlPr xmlns=\"http://schemas.microsoft.com/office/spreadsheetml/2009/9/main\" objectType=\"Button\"/>");
    // The extension means something else in this package.
    let mut other = one(ROWS);
    other
        .types
        .push(("vml".to_owned(), "application/xml".to_owned()));
    let unlisted = with_comments(&xml("comments", "<authors/><commentList/>"), &vml(""));
    // The sheet names a drawing that is not there.
    let lost = one(&format!("{ROWS}<legacyDrawing r:id=\"rId77\"/>"));
    vec![
        case("comments_already_there", there, "A1 B2 C5 C5"),
        case("threaded_comments", threaded, "A1 B2"),
        case("buttons_by_an_old_program", buttons, "A1 B5"),
        case("vml_means_something_else", other, "A1"),
        case("an_empty_list_of_comments", unlisted, "B2"),
        case("a_drawing_that_is_lost", lost, "B2"),
    ]
}

/// What lies over cells, or belongs to areas of them.
fn areas() -> Vec<Case> {
    let merged = one(&format!(
        "{ROWS}<mergeCells count=\"2\"><mergeCell ref=\"A1:B2\"/><mergeCell ref=\"D4:D9\"/></mergeCells>"
    ));
    let mut table = one(&format!(
        "{ROWS}<tableParts count=\"1\"><tablePart r:id=\"rIdT\"/></tableParts>"
    ));
    let columns = "<autoFilter ref=\"A1:B2\"/><tableColumns count=\"2\"><tableColumn id=\"1\" name=\"Name\"/><tableColumn id=\"2\" \
        name=\"Start\"/></tableColumns><tableStyleInfo name=\"TableStyleDark1\" showRowStripes=\"1\"/>";
    let columns = format!(
        "<table xmlns=\"{}\" id=\"1\" name=\"T\" displayName=\"T\" ref=\"A1:B2\">{columns}</table>",
        super::raw::MAIN
    );
    table.of_sheet(
        0,
        "rIdT",
        "table",
        "xl/tables/table1.xml",
        &format!("{TYPE}table+xml"),
        &columns,
    );
    let mut pivot = Raw::new(&[("Pivot", ROWS), ("Data", ROWS)]);
    let definition = format!(
        "<pivotTableDefinition xmlns=\"{}\" name=\"P\" cacheId=\"1\" dataCaption=\"V\"><location ref=\"A1:B5\" firstHeaderRow=\"1\" \
         firstDataRow=\"1\" firstDataCol=\"1\"/></pivotTableDefinition>",
        super::raw::MAIN
    );
    pivot.of_sheet(
        0,
        "rIdP",
        "pivotTable",
        "xl/pivotTables/pivotTable1.xml",
        &format!("{TYPE}pivotTable+xml"),
        &definition,
    );
    let cache = format!(
        "<pivotCacheDefinition xmlns=\"{}\" recordCount=\"0\"><cacheSource type=\"worksheet\"><worksheetSource ref=\"A1:B2\" \
         sheet=\"Data\"/></cacheSource><cacheFields count=\"0\"/></pivotCacheDefinition>",
        super::raw::MAIN
    );
    let target = "pivotCache/pivotCacheDefinition1.xml";
    pivot.of_book("rIdCache", "pivotCacheDefinition", target, cache);
    pivot.behind =
        "<pivotCaches><pivotCache cacheId=\"1\" r:id=\"rIdCache\"/></pivotCaches>".to_owned();
    let rules = "<conditionalFormatting sqref=\"A1:B9\"><cfRule type=\"cellIs\" dxfId=\"0\" priority=\"1\" operator=\"greaterThan\">\
        <formula>5</formula></cfRule></conditionalFormatting><conditionalFormatting sqref=\"A9 D1\"><cfRule type=\"cellIs\" dxfId=\"1\" \
        priority=\"2\" operator=\"greaterThan\"><formula>50</formula></cfRule></conditionalFormatting><dataValidations count=\"1\"><dataValidation type=\"list\" sqref=\"B2\">\
        <formula1>\"a,b\"</formula1></dataValidation></dataValidations><hyperlinks><hyperlink ref=\"A2\" r:id=\"rIdH\"/></hyperlinks>";
    let later = "<extLst><ext uri=\"{78C0D931-6437-407d-A8EE-F0AAD7539E65}\" \
        xmlns:x14=\"http://schemas.microsoft.com/office/spreadsheetml/2009/9/main\"><x14:conditionalFormattings>\
        <x14:conditionalFormatting xmlns:xm=\"http://schemas.microsoft.com/office/excel/2006/main\"><xm:sqref>A1:A9</xm:sqref>\
        </x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>";
    let mut ruled = one(&format!("{ROWS}{rules}{later}"));
    ruled.sheets[0]
        .related
        .push(("rIdH", "hyperlink", "https://example.org/?a=1".to_owned()));
    let guarded = one(&format!(
        "{ROWS}<sheetProtection sheet=\"1\" objects=\"1\" scenarios=\"1\"/><autoFilter ref=\"A1:B5\"/>"
    ));
    let mut guarded = case("protected_and_filtered", guarded, "A2 B5 D7");
    let whole = [Place::Row(2), Place::Column(2), Place::Sheet];
    for (number, place) in whole.into_iter().enumerate() {
        guarded.marks.push(Mark {
            place,
            ..mark("North", "A1", number)
        });
    }
    guarded.marks.push(mark("Gone", "A1", 3));
    vec![
        case("merged_areas", merged, "B2 A2 D5 D4 C1"),
        case("a_table_with_a_dark_header", table, "A1 B2 A5"),
        case("a_pivot_table", pivot, "A1 Data!B2"),
        case("validation_and_conditional_formats", ruled, "A2 B2 A9"),
        guarded,
    ]
}

/// What the workbook itself holds.
fn books() -> Vec<Case> {
    let mut named = Raw::new(&[("North", ROWS), ("South", ROWS)]);
    named.before = "<workbookPr date1904=\"1\" codeName=\"ThisWorkbook\"/><workbookProtection lockStructure=\"1\"/>".to_owned();
    named.behind = "<externalReferences><externalReference r:id=\"rIdE\"/></externalReferences><definedNames><definedName \
        name=\"_xlnm._FilterDatabase\" localSheetId=\"1\" hidden=\"1\">South!$A$1:$B$2</definedName><definedName \
        name=\"_xlnm.Print_Area\" localSheetId=\"0\">North!$A$1:$B$9</definedName><definedName name=\"all\">SUM(North:South!A1)\
        </definedName></definedNames><calcPr calcId=\"1\"/>"
        .to_owned();
    let book = xml("externalLink", "<externalBook r:id=\"rId1\"/>");
    let target = "externalLinks/externalLink1.xml";
    named.of_book("rIdE", "externalLink", target, book);
    let link = format!(
        "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/externalLinkPath\" \
         Target=\"other.xlsx\" TargetMode=\"External\"/></Relationships>"
    );
    named.part("xl/externalLinks/_rels/externalLink1.xml.rels", "", link);
    let selected = |body: &str| {
        format!(
            "<sheetViews><sheetView tabSelected=\"1\" workbookViewId=\"0\"/><sheetView tabSelected=\"1\" workbookViewId=\"1\"/></sheetViews>{body}"
        )
    };
    let mut group = Raw::new(&[
        ("North", &selected(ROWS)),
        ("South", &selected(ROWS)),
        ("Chart", ""),
    ]);
    group.before = "<bookViews><workbookView xWindow=\"0\" firstSheet=\"1\" activeTab=\"2\"/><workbookView activeTab=\"1\"/></bookViews>".to_owned();
    group.behind = "<customWorkbookViews><customWorkbookView name=\"v\" guid=\"{00000000-0000-0000-0000-000000000001}\" \
        windowWidth=\"1\" windowHeight=\"1\" activeSheetId=\"3\"/></customWorkbookViews>"
        .to_owned();
    group.sheets[2].kind = "chartsheet";
    group.sheets[2].body = "<sheetViews><sheetView tabSelected=\"1\" workbookViewId=\"0\"/></sheetViews><drawing r:id=\"rIdD\"/>".to_owned();
    let name = "xl/drawings/drawing9.xml";
    group.of_sheet(2, "rIdD", "drawing", name, DRAWING, DRAWN);
    let mut hidden = Raw::new(&[("Shown", ROWS), ("Hidden", ROWS), ("Deep", ROWS)]);
    hidden.sheets[1].state = " state=\"hidden\"";
    hidden.sheets[2].state = " state=\"veryHidden\"";
    hidden.top = format!(
        "<Relationship Id=\"rId9\" Type=\"{OFFICE}/extended-properties\" Target=\"docProps/app.xml\"/>"
    );
    let app = |count: usize, titles: &str| {
        format!(
            "<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\" \
             xmlns:vt=\"http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes\"><HeadingPairs><vt:vector size=\"2\" \
             baseType=\"variant\"><vt:variant><vt:lpstr>Worksheets</vt:lpstr></vt:variant><vt:variant><vt:i4>{count}</vt:i4>\
             </vt:variant></vt:vector></HeadingPairs><TitlesOfParts><vt:vector size=\"{count}\" baseType=\"lpstr\">{titles}\
             </vt:vector></TitlesOfParts></Properties>"
        )
    };
    let kind = "application/vnd.openxmlformats-officedocument.extended-properties+xml";
    let titles = "<vt:lpstr>Shown</vt:lpstr><vt:lpstr>Hidden</vt:lpstr><vt:lpstr>Deep</vt:lpstr>";
    hidden.part("docProps/app.xml", kind, app(3, titles));
    let mut short = one(ROWS);
    short.top = hidden.top.clone();
    short.part(
        "docProps/app.xml",
        kind,
        app(2, "<vt:lpstr>A</vt:lpstr><vt:lpstr>B</vt:lpstr>"),
    );
    let mut bare = one("<sheetData><row r=\"2\"><c r=\"B2\"><v>1</v></c></row></sheetData>");
    bare.styles = None;
    let mut full = one(ROWS);
    let formats: String = (0..65_470)
        .map(|_| "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>")
        .collect();
    full.styles = Some(
        STYLES
            .replace("<cellXfs count=\"4\">", "<cellXfs count=\"65474\">")
            .replace("</cellXfs>", &format!("{formats}</cellXfs>")),
    );
    let mut sparse = one("<sheetData><row r=\"1\"><c r=\"A1\" s=\"9\"/></row></sheetData>");
    sparse.styles =
        Some("<fonts/><cellXfs count=\"1\"><xf/></cellXfs><dxfs count=\"0\"/>".to_owned());
    vec![
        case("names_of_sheets_and_1904_dates", named, "B2 South!A1"),
        case("a_group_of_selected_sheets", group, "A1"),
        case(
            "hidden_sheets_and_properties",
            hidden,
            "A1 Hidden!B2 Deep!B2",
        ),
        case("properties_that_count_otherwise", short, "A1"),
        case("no_styles_at_all", bare, "B2 A1"),
        case(
            "as_many_formats_as_excel_allows",
            full,
            "A1 B2 B5 C5 A2 B1 D9 C9",
        ),
        case("styles_that_leave_much_out", sparse, "A1 B1"),
    ]
}

/// What lies beside the sheets.
fn packages() -> Vec<Case> {
    let mut macros = one(&format!("<sheetPr codeName=\"Sheet1\"/>{ROWS}"));
    macros.book_kind = "sheet.main+xml";
    macros.before = "<workbookPr codeName=\"ThisWorkbook\"/>".to_owned();
    macros
        .related
        .push(("rIdVba", "vbaProject", "vbaProject.bin"));
    let noise: Vec<u8> = (0..5000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    macros.part(
        "xl/vbaProject.bin",
        "application/vnd.ms-office.vbaProject",
        noise.clone(),
    );
    macros.part(
        "xl/vbaProjectSignature.bin",
        "application/vnd.ms-office.vbaProjectSignature",
        noise.clone(),
    );
    let mut macros = case("macros", macros, "A1 B2");
    macros.extension = "xlsm";
    macros.bytes = {
        let mut parts = super::package::Parts::read(&macros.bytes).unwrap();
        let kind = format!("{TYPE}sheet.main+xml");
        parts.replace(
            "[Content_Types].xml",
            &kind,
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        );
        parts.write()
    };
    let header = "<pageMargins left=\"1\" right=\"1\" top=\"1\" bottom=\"1\" header=\"1\" footer=\"1\"/><headerFooter><oddHeader>&amp;G\
        </oddHeader></headerFooter><drawing r:id=\"rIdD\"/><legacyDrawingHF r:id=\"rIdV\"/><picture r:id=\"rIdB\"/>";
    let mut images = one(&format!("{ROWS}{header}"));
    images
        .types
        .push(("png".to_owned(), "image/png".to_owned()));
    let name = "xl/drawings/drawing1.xml";
    images.of_sheet(0, "rIdD", "drawing", name, DRAWING, DRAWN);
    let image = "<v:shape id=\"CH\" type=\"#_x0000_t75\"><v:imagedata o:title=\"x\"/></v:shape>";
    images.draws(&vml(image));
    images.sheets[0]
        .related
        .push(("rIdB", "image", "../media/image1.png".to_owned()));
    images.part("xl/media/image1.png", "", noise.clone());
    let mut signed = one(ROWS);
    let origin = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature";
    signed.top = format!(
        "<Relationship Id=\"rIdS\" Type=\"{origin}/origin\" Target=\"_xmlsignatures/origin.sigs\"/>"
    );
    signed.types.push((
        "sigs".to_owned(),
        "application/vnd.openxmlformats-package.digital-signature-origin".to_owned(),
    ));
    signed.part("_xmlsignatures/origin.sigs", "", "");
    signed.part(
        "_xmlsignatures/sig1.xml",
        "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml",
        "<Signature/>",
    );
    signed.part("_xmlsignatures/_rels/origin.sigs.rels", "", format!(
        "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{origin}/signature\" Target=\"sig1.xml\"/></Relationships>"
    ));
    let mut taken = one(ROWS);
    for name in [
        "xl/comments1.xml",
        "xl/Worksheets/Sheet2.xml",
        "xl/drawings/vmlDrawing1.vml",
    ] {
        taken.part(name, "application/octet-stream", "not what its name says");
    }
    // Other folders, absolute targets, and names in other case than they are stored.
    let moved: Vec<(String, Vec<u8>)> = one(ROWS)
        .all_parts()
        .into_iter()
        .map(|(name, bytes)| {
            let text = String::from_utf8(bytes).unwrap();
            let text = text
                .replace("xl/workbook.xml", "Book/Main.XML")
                .replace("/xl/", "/Book/");
            let text = text.replace("Target=\"worksheets/", "Target=\"/BOOK/worksheets/");
            let name = name
                .replace("xl/workbook.xml", "Book/main.xml")
                .replace("xl/_rels/workbook", "Book/_rels/Main");
            let name = name
                .replace("Main.xml.rels", "main.xml.rels")
                .replace("xl/", "Book/");
            (name, text.into_bytes())
        })
        .collect();
    let moved = packed("folders_of_other_names", &moved, "A1 B2");
    // The second sheet's part is missing: nothing of ours may take its name.
    let mut missing = Raw::new(&[("North", ROWS), ("Gone", ROWS)]).all_parts();
    missing.retain(|(name, _)| name != "xl/worksheets/sheet2.xml");
    let kind = format!(
        "<Override PartName=\"/xl/worksheets/sheet2.xml\" ContentType=\"{TYPE}worksheet+xml\"/>"
    );
    let types = String::from_utf8(missing[0].1.clone()).unwrap();
    missing[0].1 = types.replace(&kind, "").into_bytes();
    let missing = packed("a_sheet_whose_part_is_missing", &missing, "A1");
    vec![
        macros,
        missing,
        case("images_and_a_header_drawing", images, "A1"),
        case("a_signed_package", signed, "B2"),
        case("names_of_parts_that_are_taken", taken, "B2"),
        moved,
        Case {
            name: "nothing_to_mark",
            extension: "xlsx",
            bytes: one(ROWS).bytes(),
            marks: Vec::new(),
        },
    ]
}
