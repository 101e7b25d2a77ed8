"""Findings about a file that its reader should know: one function for each kind of notice.

Notices name sheets, cells and numbers, and no values.
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.models.notices import INFO, WARNING, some_of
from ade_engine.models.table import column_letters
from ade_engine.pipeline.shared.row_numbers import columns_in_words, rows_in_words, stretches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.io.input.source import Source, SourceSheet
    from ade_engine.io.scan.sheet_scan import SheetScan
    from ade_engine.models.notices import Notices
    from ade_engine.pipeline.finding.header_rows import RowSpan
    from ade_engine.pipeline.output.merge import BuiltTable
    from ade_engine.pipeline.shared.context import RunContext

#: The number of rows of a column that are searched for signs between cells, the distance above a table within which rows may be
#: titles, and the signs that occur within texts.
_ROWS_OF_SIGN, _MAX_TITLE_ROWS, _WITHIN_TEXTS = 100, 4, frozenset("\"'’.-–_()/@+&%#*")
#: Kinds of files that are not a workbook of their own extension.
_KINDS = {"csv": "text", "html": "a web page (HTML)", "mht": "a web page saved as one file (MHT)", "xml": "XML Spreadsheet 2003"}
_DELIMITERS = {"\x1f": "one column", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}


def range_text(area: tuple[int, int, int, int]) -> str:
    """Returns a merged range in spreadsheet notation: ``A2:A5``."""
    first_row, last_row, first_column, last_column = area
    return f"{column_letters(first_column)}{first_row}:{column_letters(last_column)}{last_row}"


def notice_scan(context: RunContext, scan: SheetScan, source: Source) -> None:
    """Sends the notices about a sheet as a whole."""
    notice_end(context, scan)
    notice_formulas(context, scan)
    notice_hidden(context, scan)
    if not context.policy.sends_notices:
        return
    if context.sheet_name.endswith(")"):
        notice_copied_sheet(context, scan, source)
    if source.format == "csv":
        notice_one_column(context, scan)
        notice_quotes(context, scan)


def notice_tables(context: RunContext, scan: SheetScan, source: Source, spans: list[RowSpan]) -> None:
    """Sends the notices about the tables of a sheet in their original position."""
    # Records in lines are no rows of the sheet.
    spans = [span for span in spans if span.gathered is None]
    if source.format == "csv":
        notice_uneven_rows(context, scan, spans)
    else:
        notice_marks(context, scan, spans)
    notice_merged(context, scan, spans, fill=bool(context.settings.fill_merged))


def notice_kind(notices: Notices, source: Source) -> None:
    """Sends a notice about a file whose content is of another kind than its name; its content decided."""
    extension = source.path.lower().rpartition(".")[2]
    named = {"tsv": "csv", "txt": "csv", "xlsm": "xlsx", "xltx": "xlsx", "xltm": "xlsx"}.get(extension, extension)
    kind = source.kind
    detected = source.detected()
    # The notice about text names its kind itself.
    if kind == named or detected is not None and detected.is_unusual:
        return
    said = f"the file's name ends in .{extension}, but it is {_KINDS.get(kind, f'an .{kind} workbook')}; it was read by its content"
    if kind in ("html", "mht"):
        said += ". Its cells are texts as the page shows them, except those that it marks as numbers"
    notices.add("read_as", said, level=INFO, kind=kind)


def notice_detection(notices: Notices, source: Source) -> None:
    """Sends a notice about a ``.csv`` file with another encoding than UTF-8 or another separator than commas."""
    detected = source.detected()
    if detected is None or not detected.is_unusual:
        return
    encoding, delimiter = detected.encoding, detected.delimiter
    separators = _DELIMITERS.get(delimiter, f"{delimiter!r} between cells")
    guessed = "" if encoding.startswith("UTF") else "; the encoding is a guess. If letters such as é come out wrong, set csv_encoding"
    notices.add(
        "csv_guessed",
        f"read as {encoding} text with {separators}{guessed}",
        level=INFO,
        encoding=encoding,
        delimiter=delimiter,
    )


def notice_quotes(context: RunContext, scan: SheetScan) -> None:
    """Sends notices about unclosed quotes of a ``.csv`` file, and about the way quotes within cells are written."""
    numbers, are_letters = scan.broken_quotes
    if numbers:
        said = "unclosed quotation marks were read as ordinary characters" if are_letters else "a quotation mark is never closed, so cells or whole rows may have run together"
        what = 'ask for a file in which quotation marks inside cells are doubled ("")' if are_letters else 'with `csv_delimiter = "auto"` such marks are read as ordinary characters'
        rows = stretches(numbers)
        context.notice("csv_quotes", f"{rows_in_words(rows)}: {said}. If that is wrong, {what}", count=len(numbers), rows=rows)
    if scan.is_cut:
        context.notice(
            "csv_cut",
            f"the last row, {scan.rows_emitted}, has fewer cells or a shorter last value than the others, and no line break at its end: the file "
            "may have been cut off. "
            "Get it again, or compare its number of rows with the sender's",
            rows=[[scan.rows_emitted, scan.rows_emitted]],
        )
    if scan.has_single_quotes:
        context.notice("csv_quotes", "cells are enclosed in single quotes, which were read as quotation marks", level=INFO)
    if scan.other_part is not None:
        row, delimiter = scan.other_part
        separators = _DELIMITERS.get(delimiter, f"{delimiter!r} between cells")
        context.notice(
            "csv_parts",
            f"from row {row} on the text has {separators}, but another delimiter above. It seems to be two files in one; each part was read with its own delimiter",
            rows=[[row, scan.rows_emitted]],
        )
    if scan.has_backslashes:
        context.notice("csv_backslashes", 'quotes within cells are written as \\" and were read as quotes', level=INFO)


def uneven_rows(scan: SheetScan, span: RowSpan) -> tuple[int, list[tuple[int, int]]]:
    """Returns the number of cells in the header of a table of separated text, and its rows, from 1, with more or fewer, with
    their numbers.
    """
    expected = max((scan.fields_of(row) for row in range(span.start, span.data_start)), default=0)
    return expected, scan.uneven_rows(span.data_start, span.stop, expected) if expected > 1 else []


def are_short_by_habit(uneven: list[tuple[int, int]], expected: int, span: RowSpan) -> bool:
    """Returns whether at least half of the rows leave out cells at their ends, as some programs do with empty ones."""
    return all(cells < expected for _, cells in uneven) and len(uneven) * 2 >= span.stop - span.data_start


def notice_uneven_rows(context: RunContext, scan: SheetScan, spans: list[RowSpan]) -> None:
    """Sends a notice about rows of a ``.csv`` file with more or fewer cells than the header above them."""
    joined = set(scan.joined_rows)
    for span in spans:
        expected, uneven = uneven_rows(scan, span)
        for code, found in (
            ("csv_joined", [row for row in uneven if row[0] in joined]),
            ("csv_ragged", [row for row in uneven if row[0] not in joined]),
        ):
            if not found:
                continue
            by_number = {number: stretches([row for row, cells in found if cells == number]) for _, number in found}
            named = "; ".join(f"{rows_in_words(rows)} with {number}" for number, rows in sorted(by_number.items()))
            said = f"the header has {expected} cells, and these rows have more or fewer: {named}"
            if code == "csv_joined":
                said += ". A comma inside an amount had split these cells; the pieces were put together again"
            if max(by_number) > expected:
                said += ". Ask for a file with semicolons or quotation marks, so that a comma inside an amount or a name splits no cell"
            level = INFO if are_short_by_habit(found, expected, span) else WARNING
            context.notice(code, said, level=level, count=len(found), rows=stretches([row for row, _ in found]))


def notice_one_column(context: RunContext, scan: SheetScan) -> None:
    """Sends a notice about the only column of a ``.csv`` file if each row below the titles has a sign equally often: it may
    separate cells.
    """
    if scan.width != 1:
        return
    texts = [str(cells[0]).strip() for cells in scan.rows(0, min(scan.rows_emitted, _ROWS_OF_SIGN)) if cells]
    for sign in dict.fromkeys(texts[-1] if texts else ""):
        if sign.isalnum() or sign.isspace() or sign in _WITHIN_TEXTS:
            continue
        rows = texts[next(at for at, text in enumerate(texts) if sign in text) :]
        # "Time:" is a name, not a row with separated cells.
        if 1 < len(rows) > len(texts) - _MAX_TITLE_ROWS and len({text.count(sign) for text in rows}) == 1 and rows[0][-1] != sign:
            known = sign.isascii() and sign.isprintable()
            what = f"set `csv_delimiter = {_native.json_text(sign, str)}`" if known else "ask for a file with semicolons"
            context.notice("csv_one_column", f"the whole file was read as one column, and its rows have {sign!r}. If that separates the cells, {what}")
            return


def notice_hidden_sheets(notices: Notices, source: Source, sheets: list[SourceSheet]) -> None:
    """Sends a notice about sheets that are left out because they are hidden."""
    hidden = [sheet for sheet in sheets if sheet.state != "visible" and not sheet.is_own_list]
    if not hidden:
        return
    level = WARNING if any(source.has_values(sheet) for sheet in hidden) else INFO
    titles = [sheet.title for sheet in hidden]
    named = ", ".join(map(repr, titles))
    were = "1 hidden sheet was" if len(hidden) == 1 else f"{len(hidden)} hidden sheets were"
    notices.add("hidden_sheets_skipped", f"{were} not read: {named}", level=level, count=len(hidden), sheets=titles)


def notice_own_lists(notices: Notices, sheets: list[SourceSheet]) -> None:
    """Sends a notice about the list of issues of a marked copy that came back: it is not data."""
    titles = [sheet.title for sheet in sheets if sheet.is_own_list]
    if titles:
        named = ", ".join(map(repr, titles))
        notices.add(
            "issue_list_skipped",
            f"the file is a marked copy; its list of issues was not read: {named}",
            level=INFO,
            count=len(titles),
            sheets=titles,
        )


def notice_formulas(context: RunContext, scan: SheetScan) -> None:
    """Sends a notice about formulas whose cells are empty, because the program that wrote the file saved no values."""
    count, first = scan.formulas_without_value
    if not count or first is None:
        return
    cell = f"{column_letters(first[1])}{first[0]}"
    if count == 1 and not scan.stopped_early:
        said = f"the formula in {cell} has no saved value; its cell is"
    else:
        number = f"at least {count}" if scan.stopped_early else str(count)
        noun, verb = ("formula", "has") if count == 1 else ("formulas", "have")
        said = f"{number} {noun} {verb} no saved value, the first in {cell}; their cells are"
    context.notice(
        "formulas_without_value",
        f"{said} read as empty. Open the file in a spreadsheet program and save it once.",
        count=count,
        cells=[cell],
    )


def leave_to_issues(context: RunContext, tables: list[BuiltTable]) -> None:
    """Removes the notices of a sheet about cells whose issues are listed, so that nothing is reported twice."""
    told = [notice for notice in context.notices.notices if notice.get("sheet") == context.sheet_name]
    told = [notice for notice in told if notice["code"] in ("formulas_without_value", "lost_digits")]
    rules = [rule for table in tables for rule in table.issues.get("rule")] if told else []
    formulas = sum(rule.endswith(".formula_without_value") for rule in rules)
    for notice in told:
        code, count = notice["code"], notice.get("count", 0)
        listed = formulas if code == "formulas_without_value" else 0
        if code == "lost_digits":
            listed = rules.count(f"{notice['field']}.digits_lost")
        if not listed or code == "lost_digits" and listed < count:
            continue
        context.notices.notices.remove(notice)
        if listed < count:
            rest = "1 formula" if count - listed == 1 else f"{count - listed} formulas"
            said = f"{rest} without a saved value {'is' if count - listed == 1 else 'are'} not listed as {'an issue' if count - listed == 1 else 'issues'}"
            context.notice(code, f"{said}. Open the file in a spreadsheet program and save it once.", count=count - listed)


def notice_end(context: RunContext, scan: SheetScan) -> None:
    """Sends a notice about a long run of empty rows that has ended a sheet above rows with values."""
    below = scan.row_below
    if below is not None:
        most = context.settings.max_empty_rows_run
        context.notice(
            "rows_below_left",
            f"reading stopped at row {scan.rows_emitted}, after {most} empty rows; from row {below} on there are values again, and they were not read. "
            f"If they are records, set max_empty_rows_run to more than {most}",
            rows=[[below, below]],
        )


def notice_hidden(context: RunContext, scan: SheetScan) -> None:
    """Sends a notice about hidden rows and columns, also filtered ones: they are read like the others. A hidden column gives
    way to a visible one.
    """
    for noun, hidden, in_words in (("row", scan.hidden_rows, rows_in_words), ("column", scan.hidden_columns, columns_in_words)):
        found = [list(stretch) for stretch in hidden]
        if not found:
            continue
        count = sum(last - first + 1 for first, last in found)
        said = f"1 hidden {noun} was" if count == 1 else f"{count} hidden {noun}s were"
        facts = {"rows": found} if noun == "row" else {}
        context.notice(f"hidden_{noun}s_read", f"{said} read like the others ({in_words(found)})", level=INFO, count=count, **facts)


def notice_marks(context: RunContext, scan: SheetScan, spans: list[RowSpan]) -> None:
    """Sends notices about meaning in the looks of cells: records that are struck through or filled red, and numbers whose sign
    is in their format.
    """
    records = sum(span.stop - span.data_start for span in spans)

    def is_record(row: int) -> bool:
        return any(span.data_start < row <= span.stop for span in spans)

    for code, marked, said in (
        ("rows_struck_through", scan.marked_rows[0], "struck through"),
        ("rows_filled_red", scan.marked_rows[1], "filled red"),
    ):
        rows = [row for first, last in marked for row in range(first, last + 1) if is_record(row)]
        # If most records look so, it means nothing.
        if rows and len(rows) * 2 <= records:
            found = stretches(rows)
            one, was, goes = ("1 record that is", "was", "it does not count, remove it from the file") if len(rows) == 1 else (f"{len(rows)} records that are", "were", "they do not count, remove them from the file")
            context.notice(code, f"{one} {said} {was} read like the others ({rows_in_words(found)}). If {goes}", count=len(rows), rows=found)
    cells = [f"{column_letters(column)}{row}" for row, column in scan.signs_of_formats if is_record(row)]
    if cells:
        what = "1 number looks" if len(cells) == 1 else f"{len(cells)} numbers look"
        context.notice("sign_of_format", f"{what} negative only because of the cell format ({some_of(cells)}), and {'was' if len(cells) == 1 else 'were'} read as positive", count=len(cells), cells=cells[:100])


def notice_power_above(context: RunContext, scan: SheetScan, span: RowSpan) -> None:
    """Sends a notice about a line above a table that names the power of ten of its amounts: no reader applies it."""
    from ade_engine.fields.scales import scale_of

    # The first line of a header of several lines may be a title, too.
    first = span.data_start - 2 if span.header_rows > 1 else span.start - 1
    for row in range(first, max(-1, span.start - 1 - _MAX_TITLE_ROWS), -1):
        (cells,) = scan.rows(row, row + 1)
        texts = [(column, cell) for column, cell in enumerate(cells) if isinstance(cell, str) and cell.strip()]
        for column, text in texts if len(texts) < 3 else ():
            bare = text.strip(" .*:")
            is_apart = bare[:1] in "([" and bare[-1:] in ")]"
            found = scale_of(bare.strip("()[]"), None, "money") or (scale_of(bare, None, "money") if is_apart else None)
            if found is not None and (found[3] or is_apart):
                where = context.cell_of(row + 1, column + 1)
                said = "says thousands, millions or cents, and the amounts below were read as written. If it applies to them, put it into their headers, such as Net (thousands)"
                context.notice("power_above", f"the line in {where} {said}", count=1, cells=[where])
                return


def notice_copied_sheet(context: RunContext, scan: SheetScan, source: Source) -> None:
    """Sends a notice about a sheet that a spreadsheet program has named as the copy of another one, which has most of its rows.
    """
    title, _, number = context.sheet_name.rpartition(" (")
    original = next((sheet for sheet in source.sheets if sheet.title == title and sheet.state == "visible"), None)
    if original is None or not number.removesuffix(")").isdigit():
        return
    first = source.peek(original, None)
    known = {tuple(map(str, row)) for row in first.rows(0, first.rows_emitted) if row}
    rows = [tuple(map(str, row)) for row in scan.rows(0, scan.rows_emitted) if row]
    same = sum(row in known for row in rows)
    if same > 1 and same * 2 >= len(rows):
        said = f"{same} of its {len(rows)} rows are on the sheet {title!r}, too. It looks like a copy, so these records are in the result twice; if so, remove the sheet"
        context.notice("sheet_copied", said, count=same)


def notice_merged(context: RunContext, scan: SheetScan, spans: list[RowSpan], *, fill: bool) -> None:
    """Sends a notice about merged ranges: filled ones, or those in tables whose cells are empty but for the first one."""
    if fill:
        count, first, left = scan.filled_ranges
        if count and first is not None:
            context.notice(
                "merged_cells",
                f"{_named(count, first, 'was', 'were')} filled with the value of {'its' if count == 1 else 'their'} "
                "first cell; `fill_merged = false` in settings.toml leaves the other cells empty",
                level=INFO,
                count=count,
                cells=[range_text(first)],
            )
        count, first = scan.filled_numbers
        if count and first is not None:
            context.notice(
                "merged_numbers",
                f"the number in {_named(count, first, '', '').strip()} was repeated in each row. That is right for "
                "an id or a year, but an amount is then counted several times: set fill_merged = false in settings.toml",
                count=count,
                cells=[range_text(first)],
            )
        count, first = scan.lone_numbers
        if count and first is not None:
            cells = "its first cell" if count == 1 else "their first cells"
            context.notice(
                "merged_numbers",
                f"the number in {_named(count, first, '', '').strip()} stays in {cells} only, because an amount "
                "for several records counts once. If each of them should have it, set fill_merged_numbers = true in settings.toml",
                count=count,
                cells=[range_text(first)],
            )
        if left:
            because = "was not filled, because it overlaps another or is" if left == 1 else "were not filled, because they overlap or are"
            context.notice(
                "merged_cells_left",
                f"{left} merged range{'s' * (left != 1)} {because} far larger than the sheet",
                count=left,
            )
        return
    count, first = scan.hiding_ranges([(span.start, span.stop) for span in spans])
    if not count or first is None:
        return
    ranges = _named(count, first)
    context.notice(
        "merged_cells",
        f"{ranges} a value in the first cell only. `fill_merged = true` in settings.toml gives it to all "
        "cells of a range.",
        count=count,
        cells=[range_text(first)],
    )


def _named(count: int, first: tuple[int, int, int, int], singular: str = "has", several: str = "have") -> str:
    if count == 1:
        return f"the merged range {range_text(first)} {singular}"
    return f"{count} merged ranges (first {range_text(first)}) {several}"


def notice_tables_without_fields(context: RunContext, tables: list[BuiltTable]) -> None:
    """Sends a notice about tables without fields, mapped or filled by a hook: their rows have no value in any field."""
    fields = context.registry.fields
    for table in (table.result for table in tables if fields):
        if not table.table.height or table.mapping_lookup():
            continue
        if any(column.name in fields and column.null_count() < len(column) for column in table.table.get_columns()):
            continue
        count = table.table.height
        rows = "1 row has" if count == 1 else f"{count} rows have"
        context.notice(
            "table_without_fields",
            f"none of the fields was found in the table at {table.source_region.a1}, so its {rows} no value in any field. Add its headers to "
            f"the fields, or leave its sheet out in settings.toml: [sheets.{_native.json_text(context.sheet_name, str, is_ascii=False)}] with skip = true",
            table=table.table_index,
            count=count,
            rows=[[table.source_region.min_row, table.source_region.max_row]],
        )
