//! Sound files that the tests start from.

use std::io::Write;
use std::path::Path;

pub const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

pub fn sheet_xml(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"{MAIN}\"><dimension ref=\"A1:F9\"/><sheetData>{rows}</sheetData></worksheet>"
    )
}

#[rustfmt::skip]
pub fn package_parts(sheet: &str) -> Vec<(&'static str, String)> {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    vec![
        ("[Content_Types].xml", format!(
            "<Types xmlns=\"{package}/content-types\"><Override PartName=\"/xl/workbook.xml\" ContentType=\"{kind}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"{kind}.sharedStrings+xml\"/></Types>")),
        ("xl/_rels/workbook.xml.rels", format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"a\" Type=\"{office}/worksheet\" Target=\"sheet.xml\"/>\
             <Relationship Id=\"b\" Type=\"{office}/styles\" Target=\"/xl/styles.xml\"/></Relationships>")),
        ("xl/workbook.xml", format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{office}\"><workbookPr date1904=\"0\"/><bookViews><workbookView activeTab=\"0\"/></bookViews>\
             <sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>")),
        ("xl/styles.xml", format!(
            "<styleSheet xmlns=\"{MAIN}\"><numFmts><numFmt numFmtId=\"164\" formatCode=\"[h]:mm\"/></numFmts>\
             <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>")),
        ("xl/sharedStrings.xml", format!(
            "<sst xmlns=\"{MAIN}\"><si><t>one &amp; only</t></si><si><r><t>rich</t></r><rPh><t>x</t></rPh></si></sst>")),
        ("xl/sheet.xml", sheet.to_owned()),
    ]
}

pub fn sound_sheet() -> String {
    let mut rows = String::new();
    for row in 1..9 {
        rows += &format!(
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>{}</v></c><c r=\"B{row}\"><v>{row}.5</v></c><c r=\"C{row}\" s=\"1\"><v>45000.25</v></c>\
             <c r=\"D{row}\" s=\"2\"><v>1.5</v></c><c t=\"inlineStr\"><is><t>in &lt;line&gt;</t></is></c><c t=\"b\"><v>1</v></c>\
             <c t=\"str\"><f>A1</f><v>text</v></c><c t=\"d\"><v>2024-02-29T01:02:03</v></c><c t=\"e\"><v>#N/A</v></c></row>",
            row % 2
        );
    }
    with_merged(
        &sheet_xml(&rows),
        &["A1:B2", "$C$3:C9", "D4:D2", "A1:XFD1048576", "x"],
    )
}

/// Returns the sheet with merged ranges behind its rows.
pub fn with_merged(sheet: &str, references: &[impl AsRef<str>]) -> String {
    let merged: String = references
        .iter()
        .map(|reference| format!("<mergeCell ref=\"{}\"/>", reference.as_ref()))
        .collect();
    let end = format!("</sheetData><mergeCells>{merged}</mergeCells>");
    sheet.replace("</sheetData>", &end)
}

/// Zips parts, deflated or stored, with correct checksums.
pub fn zip(parts: &[(&str, Vec<u8>)], deflate: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in parts {
        let mut packed = content.clone();
        if deflate {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder
                .write_all(content)
                .expect("memory can be written to");
            packed = encoder.finish().expect("memory can be written to");
        }
        let mut common = vec![20, 0, 0, 0, u8::from(deflate) * 8, 0, 0, 0, 0x21, 0];
        common.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
        common.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        common.extend_from_slice(&(content.len() as u32).to_le_bytes());
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        let at = out.len() as u32;
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let start = out.len() as u32;
    let count = (parts.len() as u16).to_le_bytes();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count);
    out.extend_from_slice(&count);
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

pub fn package(sheet: &str) -> Vec<u8> {
    zip(&bytes_of(package_parts(sheet)), true)
}

pub fn bytes_of(parts: Vec<(&'static str, String)>) -> Vec<(&'static str, Vec<u8>)> {
    parts
        .into_iter()
        .map(|(name, content)| (name, content.into_bytes()))
        .collect()
}

/// Returns the old workbook of the conformance cases.
pub fn sound_old_workbook() -> Vec<u8> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = repository.join("tests/conformance/cases/legacy-xls/input.xls");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[rustfmt::skip]
pub fn record(code: u16, data: &[u8]) -> Vec<u8> {
    [&code.to_le_bytes()[..], &(data.len() as u16).to_le_bytes()[..], data].concat()
}

/// Returns the record for a sheet that begins at a position.
pub fn bound(position: usize) -> Vec<u8> {
    let place = (position as u32).to_le_bytes();
    record(0x0085, &[&place[..], &[0, 0, 1, 0, b'S'][..]].concat())
}

/// Returns a bare stream of an old workbook with one cell of each kind.
#[rustfmt::skip]
pub fn sound_old_stream() -> Vec<u8> {
    let cell = |column: u16, rest: &[u8]| {
        [&[1, 0][..], &column.to_le_bytes()[..], &[0, 0][..], rest].concat()
    };
    let mut strings = vec![2, 0, 0, 0, 2, 0, 0, 0];
    strings.extend_from_slice(&[3, 0, 0, b'a', b'b', b'c', 2, 0, 1, b'd', 0]);
    let mut globals = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    globals.extend(record(0x041E, &[164, 0, 4, 0, 0, b'y', b'y', b'-', b'm']));
    globals.extend(record(0x00E0, &[0, 0, 164, 0, 0, 0]));
    globals.extend(record(0x00FC, &strings));
    globals.extend(record(0x003C, &[1, b'e', 0]));
    let position = globals.len() + bound(0).len() + 4;
    globals.extend(bound(position));
    globals.extend(record(0x000A, &[]));
    let sheet = [
        record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0]), record(0x00FD, &cell(0, &[0, 0, 0, 0])),
        record(0x0203, &cell(1, &45000.5f64.to_le_bytes())), record(0x027E, &cell(2, &[50, 0, 0, 0])),
        record(0x00BD, &[1, 0, 3, 0, 0, 0, 50, 0, 0, 0, 0, 0, 51, 0, 0, 0, 4, 0]),
        record(0x0204, &cell(5, &[2, 0, 1, b'x', 0, b'y', 0])), record(0x0205, &cell(6, &[1, 0])),
        record(0x0006, &cell(7, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0])), record(0x0207, &[4, 0, 0, b'l', b'o']),
        record(0x003C, &[1, b'n', 0, b'g', 0]), record(0x00BE, &[1, 0, 9, 0, 0, 0, 0, 0, 10, 0]),
        record(0x00E5, &[1, 0, 0, 0, 3, 0, 0, 0, 2, 0]), record(0x023E, &[0, 6, 0, 0, 0, 0]), record(0x000A, &[]),
    ];
    globals.extend(sheet.concat());
    globals
}

/// Returns a part of an OpenDocument spreadsheet with these tables.
#[rustfmt::skip]
pub fn open_document_xml(tables: &str) -> String {
    let names: String = [
        ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("number", "datastyle"),
    ]
    .map(|(prefix, name)| {
        format!(" xmlns:{prefix}=\"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0\"")
    })
    .concat();
    format!(
        "<office:document-content{names}><office:automatic-styles><number:number-style style:name=\"N\"><number:number \
         number:min-integer-digits=\"5\"/></number:number-style><style:style style:name=\"z\" style:data-style-name=\"N\"/>\
         </office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
}

pub fn open_document(content: &[u8]) -> Vec<u8> {
    zip(&[("content.xml", content.to_vec())], true)
}

pub fn sound_open_document() -> String {
    open_document_xml(
        "<table:table table:name=\"A\"/><table:table table:name=\"S\"><table:table-column table:default-cell-style-name=\"z\"/>\
         <table:table-row table:number-rows-repeated=\"2\" table:visibility=\"collapse\"><table:table-cell office:value-type=\"float\" \
         office:value=\"1.5\" table:number-columns-repeated=\"3\" table:number-columns-spanned=\"2\"/><table:table-cell \
         office:value-type=\"string\"><text:p>a<text:s text:c=\"3\"/>b</text:p></table:table-cell><table:table-cell office:value-type=\"date\" \
         office:date-value=\"2024-02-29\"/><table:table-cell office:value-type=\"time\" office:time-value=\"PT1H2M3.5S\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>",
    )
}

pub fn spreadsheet_xml(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
         xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Styles><Style ss:ID=\"d\"><NumberFormat ss:Format=\"Short Date\"/></Style></Styles>\
         <Worksheet ss:Name=\"S\"><Table>{rows}</Table></Worksheet></Workbook>"
    )
}

pub const SOUND_XML_ROWS: &str = "<Row ss:Index=\"2\" ss:Hidden=\"1\"><Cell ss:StyleID=\"d\"><Data ss:Type=\"Number\">45000</Data></Cell>\
    <Cell ss:Index=\"4\" ss:MergeAcross=\"1\" ss:MergeDown=\"2\"><Data ss:Type=\"DateTime\">2024-02-29T00:00:00.000</Data></Cell>\
    <Cell><Data ss:Type=\"String\">x &amp; y</Data></Cell></Row>";

pub const SOUND_PAGE: &str = "<html><style>.a{mso-number-format:00000}</style><p>Title<table><tr><th rowspan=2>a<th colspan=3>b</tr>\
    <tr style='display:none'><td class=a x:num>7<td x:num=\"1.5\"><table><tr><td>in &amp; out</table><td>c</table>";

pub fn mail(page: &str) -> String {
    format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n--x--",
        page.replace('=', "=3D")
    )
}

pub fn binary_record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for mut number in [u32::from(kind), data.len() as u32] {
        while number > 0x7F {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }
    out.extend_from_slice(data);
    out
}

pub fn binary_text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&(units.len() as u32 / 2).to_le_bytes()[..], &units].concat()
}

/// Returns a cell of a binary sheet in its first style.
pub fn binary_cell(kind: u16, column: u32, value: &[u8]) -> Vec<u8> {
    binary_record(
        kind,
        &[&column.to_le_bytes()[..], &[0, 0, 0, 0], value].concat(),
    )
}

pub fn binary_row(row: u32) -> Vec<u8> {
    binary_record(0, &[&row.to_le_bytes()[..], &[0; 7], &[0x10, 0]].concat())
}

pub fn sound_binary_sheet() -> Vec<u8> {
    [
        binary_row(0),
        binary_cell(7, 0, &[0; 4]),
        binary_cell(5, 1, &45000.5f64.to_le_bytes()),
        binary_cell(2, 2, &[50, 0, 0, 0]),
        binary_cell(6, 3, &binary_text("text")),
        binary_cell(4, 4, &[1]),
        binary_cell(3, 5, &[7]),
        binary_record(176, &[0u32, 1, 0, 1].map(u32::to_le_bytes).concat()),
    ]
    .concat()
}

pub fn binary_parts(sheet: Vec<u8>) -> Vec<(&'static str, Vec<u8>)> {
    let bundle = [vec![0; 8], binary_text("a"), binary_text("S")].concat();
    let related = package_parts("")[1].1.replace("sheet.xml", "sheet.bin");
    vec![
        ("xl/workbook.bin", binary_record(156, &bundle)),
        ("xl/_rels/workbook.bin.rels", related.into_bytes()),
        (
            "xl/styles.bin",
            [binary_record(617, &[]), binary_record(47, &[0, 0, 14, 0])].concat(),
        ),
        (
            "xl/sharedStrings.bin",
            binary_record(19, &[vec![0], binary_text("shared")].concat()),
        ),
        ("xl/sheet.bin", sheet),
    ]
}
