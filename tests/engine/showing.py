"""Shows parts of a run other than the values of cells: parts of events, looks of sheets, other files, positions of issues."""

import json

import openpyxl
from grids import write_cell, write_grid

from ade_engine import Settings
from ade_engine.infrastructure.settings import DEFAULTS
from ade_engine.models import SettingsError


def picked(found, keys: list[str]) -> list:
    """Returns the values at a path: ``*`` is each element of a list, and ``a,b`` some members."""
    if not keys:
        return [found]
    if keys[0] == "*":
        return [one for item in found for one in picked(item, keys[1:])]
    if "," in keys[0]:
        return picked({name: found.get(name) for name in keys[0].split(",")}, keys[1:])
    if isinstance(found, dict) and keys[0] not in found:
        return []
    return picked(found[int(keys[0])] if isinstance(found, list) else found[keys[0]], keys[1:])


def color(color) -> str:
    return color.rgb[2:] if color is not None and color.type == "rgb" and color.rgb != "00000000" else ""


def side_of(side) -> str:
    return f"{side.style} {color(side.color)}".strip() if side is not None and side.style else ""


def look_of(cell) -> str:
    """Returns the look of a cell, without the usual attributes."""
    font, border, alignment = cell.font, cell.border, cell.alignment
    facts = {
        "": "" if cell.number_format == "General" else cell.number_format, "font": "" if font.name == "Calibri" and font.scheme == "minor" else font.name,
        "size": "" if font.sz == 11 else font.sz, "ink": color(font.color), "fill": cell.fill.patternType and color(cell.fill.fgColor),
        "left": side_of(border.left), "below": side_of(border.bottom),
        "at": " ".join(str(one) for one in (alignment.horizontal, alignment.vertical, alignment.indent or None, "wrapped" if alignment.wrap_text else None) if one),
        "to": cell.hyperlink and cell.hyperlink.location,
    }  # fmt: skip
    words = [name for name, is_so in (("bold", font.b), ("italic", font.i), ("underlined", font.u)) if is_so]
    return ", ".join([*words, *(f"{name} {fact}".strip() for name, fact in facts.items() if fact)]) or "plain"


def looks_of(sheet) -> str:
    """The sheet's own facts, and each column with runs of cells that look alike."""
    setup, properties = sheet.page_setup, sheet.sheet_properties
    facts = {
        "frozen": sheet.freeze_panes, "filter": sheet.auto_filter.ref, "tab": color(properties.tabColor), "grid": "" if sheet.sheet_view.showGridLines else "hidden",
        "heights": " ".join(f"{row}:{value.height:g}" for row, value in sheet.row_dimensions.items() if value.height),
        "names": " ".join(f"{name}={value.attr_text}" for name, value in sheet.defined_names.items()),
        "print": setup.orientation and f"{setup.orientation} {setup.fitToHeight} high below {sheet.print_title_rows or 'nothing'}",
    }  # fmt: skip
    columns, areas, open_areas = [], {}, {}
    for cells in sheet.iter_cols():
        letter, own, runs = cells[0].column_letter, sheet.column_dimensions[cells[0].column_letter], []
        columns.append(f"{letter} {own.width:g}{' hidden' * own.hidden}{f' level {own.outlineLevel}' * bool(own.outlineLevel)}{' collapsed' * bool(own.collapsed)}")
        for cell in cells:
            if not runs or runs[-1][0] != look_of(cell):
                runs.append([look_of(cell), cell.row, cell.row])
            runs[-1][2] = cell.row
        # Columns that look alike are one area.
        open_areas = {key: [open_areas.get(key, [letter])[0], letter] for key in map(tuple, runs)}
        for (look, first, last), (left, _) in open_areas.items():
            areas.setdefault(look, {})[left, first, last] = letter
    lines = [f"<{sheet.title}> " + ", ".join(f"{name} {fact}" for name, fact in facts.items() if fact), f"widths {', '.join(columns) or 'none'}"]
    for look, found in areas.items():
        if look != "plain":
            places = (f"{left}{first}" if (left, first) == (right, last) else f"{left}{first}:{right}{last}" for (left, first, last), right in found.items())
            lines.append(f"{' '.join(places)} {look}")
    return "\n".join(lines)


def beside(case) -> str:
    """Returns the files beside the output, except the list of issues and the row map."""
    texts = []
    for path in sorted((case.folder / "out").iterdir()):
        if path == case.outcome.output or path.name.endswith(("_issues.ndjson", "_rows.json")):
            continue
        if path.suffix == ".parquet":
            import polars as pl

            frame = pl.read_parquet(path)
            text = f"{json.dumps({name: str(kind) for name, kind in frame.schema.items()})}\n{frame.write_ndjson()}"
        else:
            text = case.of_book(openpyxl.load_workbook(path)) if path.suffix == ".xlsx" else path.read_bytes().decode()
        form = [what for sign, what in (("\ufeff", "a byte order mark"), ("\r\n", "lines of Windows")) if sign in text]
        texts.append(f"[{' with '.join([path.name, *form])}]\n{text.lstrip(chr(0xFEFF)).rstrip()}".replace("\r\n", "\n"))
    return "\n".join(texts)


def looks(case) -> str:
    return "\n".join(looks_of(sheet) for sheet in case.outcome.book)


def issue_list(case) -> list[dict]:
    return [json.loads(line) for path in (case.folder / "out").glob("*_issues.ndjson") for line in path.read_text("utf-8").splitlines()]


def issue_places(case) -> str:
    """Returns the positions of issues, in the input and in the output, and their labels and keys."""
    keys = ["rule", "sheet", "table", "row", "column", "cell", "output_sheet", "output", "label", "key"]
    return write_grid([keys, *([write_cell(line[key]) for key in keys] for line in issue_list(case))])


def settings_of(case) -> str:
    """Returns the settings that differ from their defaults, and the messages about them."""
    given = case.given
    assignments = [tuple(one.split("=", 1)) for one in given.get("assignments", ())]
    try:
        found = Settings.load(config_package_dir=case.config, input_name=case.source.name, assignments=assignments, **given.get("settings", {}))
    except SettingsError as error:
        return f"error: {error}"
    usual = {key: list(default) if isinstance(default, tuple) else default for key, default in DEFAULTS.items()}
    lines = [f"{key} = {value!r}" for key, value in found.to_dict().items() if value != usual[key] and key != "config_package"]
    return "\n".join([*lines, *(f"told: {one['message']}" for one in found.overrides())]) or "as by default"
