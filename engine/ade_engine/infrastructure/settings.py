"""Every setting: its name, default, meaning, and where its value may come from.

From low to high: ``settings.toml`` in the working folder, ``settings.toml`` in the config package folder, its tables
``[files."us_*"]`` that match the name of the input, ``.env`` in the working folder, environment variables
``ADE_ENGINE_<KEY>``, ``--set``, and what the caller passes. Unknown keys are ignored; a value that a setting cannot have
is a :class:`SettingsError`, whatever its source.

A new setting is one entry in ``_SETTINGS`` and one line in docs/reference/engine.md. ``ade`` is built with the names, readers and words
to choose from of these entries, and checks with them what ``ade run --set`` is given; a new reader belongs into
src/engine/settings.rs too.
"""

from __future__ import annotations

import os
from pathlib import Path

from ade_engine.infrastructure.setting_values import (
    DEFAULT_LEVEL,
    constants,
    count,
    count_from_zero,
    count_or_none,
    delimiter,
    encoding,
    extensions,
    flag,
    flag_of_1_9,
    folder,
    known,
    one_of,
    parse_log_level,
    score,
    senders,
    sheets,
    words,
)
from ade_engine.models.errors import SettingsError
from ade_engine.models.events import VALID_LOG_FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Any

    from ade_engine.models.sheet_choice import SheetChoice

ENVIRONMENT_PREFIX = "ade_engine_"
SETTINGS_FILE = "settings.toml"
#: The key of the tables that hold for some files only.
FILES = "files"

_MORE_THAN_ANY_SHEET = 2**31 - 1
_CALLER = "the caller"

#: Settings of new packages, as in :data:`_SETTINGS`. No event lists them at their defaults: what reads the events of older
#: packages sees what it always saw.
_NEWER = (
    ("edition", "1.9", one_of("1.9", "2026"), "1.9: works as that engine did; 2026: works as engines do today"),
    ("date_order", "auto", one_of("auto", "dmy", "mdy", "ymd"), "how dates are read where their column leaves it open"),
    ("decimal_mark", "auto", one_of("auto", ".", ","), "how numbers are read where their column leaves it open"),
    ("na", (), words, "further words that say that a cell has no value, for all readers"),
    ("minimum_mapping_score", 0.0, score, "a column needs at least this score to become a field"),
    ("fill_merged", False, flag, "each cell of a merged range has the value of its first cell"),
    ("fill_merged_numbers", True, flag, "with fill_merged: amounts, too; without it only ids and labels"),
    ("row_provenance", False, flag_of_1_9, "know which source row each output row comes from"),
    ("issue_list", False, flag_of_1_9, "a list of all issues beside the output: where, by which rule, what stood there"),
    ("issues_sheet", False, flag, "with issue_list: a sheet of all issues behind the others, each linked to its cell"),
    ("notes_sheet", False, flag, "a sheet behind the others of what was left out, turned and guessed, and where"),
    ("quarantine", "keep", one_of("keep", "sheet", "file"), "with issue_list: rows with errors stay, or stand on a sheet or in a file of their own"),
    ("check_dates", False, flag_of_1_9, "with issue_list: days before 1900-03-01 and after 9999-12-31 are issues"),
    ("report_dropped_rows", False, flag_of_1_9, "with issue_list: rows that a hook has dropped are an issue of their sheet"),
    ("report_text_columns", False, flag_of_1_9, "with issue_list: the few texts in a column of numbers or dates are issues"),
    ("enforce_types", False, flag_of_1_9, "with issue_list: cells that do not fit the dtype of their field are left empty"),
    ("also_write", "xlsx", one_of("xlsx", "csv", "parquet", "jsonl", "csv+parquet", "jsonl+parquet"), "the shapes of the tables beside the workbook; xlsx for none"),
    ("all_fields", False, flag, "each table has all fields, in the configuration's order, before its other columns"),
    ("skip_sheets_without_fields", False, flag, "sheets in which no column was found for a field are left out"),
    ("print_setup", False, flag, "sheets are printed landscape, one page wide, with the header on each page"),
    ("report_unread_cells", False, flag_of_1_9, "a filled cell that a transform leaves empty is an issue"),
    ("header_units", False, flag_of_1_9, "readers go by the unit in a header, such as (cents), T€, (mm:ss)"),
    ("strict_validators", False, flag_of_1_9, "the result of a validator has to be text"),
    ("typed_fields", False, flag_of_1_9, "fields without values have their type, and transforms written for text get text"),
    ("output_style", "plain", one_of("plain", "table"), "how the output looks: plain cells, or a formatted table"),
    ("spread_header_labels", False, flag_of_1_9, "a label over several columns of a stacked header belongs to each of them"),
    ("end_tables_at_notes", False, flag_of_1_9, "tables end above the notes below them"),
    ("skip_total_rows", False, flag, "rows of totals are left out"),
    ("balance_rows", "keep", one_of("keep", "drop"), "with skip_total_rows: balances stay rows, or are left out"),
    ("check_totals", False, flag, "with skip_total_rows: a total that is not the sum of what is kept is an issue"),
    ("group_rows", "keep", one_of("keep", "drop", "column"), "section heads: rows, left out, or a column of the rows below"),
    ("headerless_tables", False, flag_of_1_9, "rows without a header row are all records, and columns are known by their values"),
    ("stop_at_blank_rows", 0, count_from_zero, "blank rows in succession that end a table; 0 for none"),
    ("sheets", {}, sheets, "what is said of single sheets: header_rows, range, skip"),
    ("senders", {}, senders, "patterns of file names, or lists of them, by sender: whose files `ade drift` compares"),
    ("known", (), known, "notices that are known of a sender, and are told no more; `ade ack` writes them"),
    ("line_records", False, flag, "records that are written one value a line, each beside its label, become rows"),
    ("values", {}, constants, "values of fields that have no column: a field and what it is in each row, such as currency; \"\" where a sender has none"),
    ("issue_columns", True, flag, "columns for issues at the end, with output_style = 'table'"),
    ("detect_rows", False, flag_of_1_9, "rows are told apart by the headers of the fields and by their looks"),
    ("drop_blank_rows", False, flag, "rows in which no field has a value are left out"),
    ("turn_tables", False, flag_of_1_9, "with rows_by_context: where each column is a record, rows and columns are swapped"),
    ("columns_by_context", False, flag_of_1_9, "with split_side_by_side_tables: empty columns and notes beside tables are recognised"),
    ("rows_by_context", False, flag_of_1_9, "second lines of records, page titles and lone texts are recognised by the rows around them"),
)
#: Key, default, reader, meaning. The order is the one in which settings are printed and reported.
_SETTINGS = (
    ("config_package", None, folder, "folder used when the command line names none"),
    ("remove_unmapped_columns", False, flag, "drop output columns that are not registered fields"),
    ("write_diagnostics_columns", False, flag, "write the engine's own columns, named __ade_…"),
    ("mapping_tie_resolution", "leftmost", one_of("leftmost", "leave_unmapped", "fullest"), "which of several columns gets a field that they all fit"),
    ("sort_tables_by_mapping_ratio", False, flag, "write the best mapped tables of a sheet first"),
    ("merge_tables_in_sheet", False, flag, "stack the tables of a sheet into one"),
    ("log_format", "text", one_of(*VALID_LOG_FORMATS), "how events are written"),
    ("log_level", DEFAULT_LEVEL, parse_log_level, "least severe level of events, from environment variables only"),
    ("max_empty_rows_run", 1000, count_or_none, "empty rows after which a sheet ends"),
    ("max_empty_cols_run", 500, count_or_none, "empty cells after which a row ends"),
    ("detector_column_sample_size", 100, count, "values in a column detector's sample"),
    ("merge_stacked_headers", True, flag, "join header rows that follow each other"),
    ("supported_file_extensions", (".xlsx", ".xlsm", ".xls", ".csv"), extensions, "what a batch picks up"),
    ("csv_encoding", "utf-8", encoding, "encoding of .csv files, or 'auto'"),
    ("csv_delimiter", ",", delimiter, "separator in .csv files, or 'auto'"),
    ("split_side_by_side_tables", False, flag, "tables beside each other become tables of their own"),
    ("escape_formulas", False, flag, "text that starts with = stays text in the output"),
    *_NEWER,
)
#: What a package of edition 2026 has where nothing says otherwise, where that is not what engine 1.9 has.
_DEFAULTS_OF_2026 = {
    "csv_encoding": "auto",
    "csv_delimiter": "auto",
    "mapping_tie_resolution": "fullest",
    "minimum_mapping_score": 0.5,
    "split_side_by_side_tables": True,
    "escape_formulas": True,
    "fill_merged": True,
    "fill_merged_numbers": False,
    "issues_sheet": True,
    "print_setup": True,
    "output_style": "table",
    "skip_total_rows": True,
    "balance_rows": "drop",
    "check_totals": True,
    "group_rows": "column",
    "drop_blank_rows": True,
}
#: What told edition 2026 from engine 1.9 and is nothing to choose: how it works.
_PART_OF_2026 = tuple(key for key, _, read, _ in _SETTINGS if read is flag_of_1_9)
_READERS = {key: read for key, _, read, _ in _SETTINGS}
_NEWER_KEYS = frozenset(key for key, *_ in _NEWER)
#: Settings that say where the package is, how events are written, and which files a batch has: none of a single run.
_OF_THE_CALL = ("config_package", "log_format", "log_level", "supported_file_extensions")


def setting_names() -> tuple[str, ...]:
    """The keys of all settings."""
    return tuple(_READERS)


def run_setting_names() -> tuple[str, ...]:
    """The keys of the settings that may differ from run to run: those of ``[files."us_*"]`` and of ``--set``."""
    return tuple(key for key in _READERS if key not in _OF_THE_CALL)


def superfluous(key: str) -> str | None:
    """Why a setting has no effect in edition 2026; ``None``: it has one."""
    if key not in _PART_OF_2026:
        return None
    return f'edition = "2026" always works so: {Settings.model_fields[key].description}'


class SettingField:
    """The description of one setting in ``Settings.model_fields``."""

    __slots__ = ("default", "description")

    def __init__(self, default: Any, description: str):
        self.default = default
        self.description = description

    def is_required(self) -> bool:
        """Whether a value must be given: never."""
        return False

    def get_default(self, **_: Any) -> Any:
        """The value that the setting has when nothing names one."""
        return self.default

    def __repr__(self) -> str:
        return f"SettingField(default={self.default!r}, description={self.description!r})"


class Settings:
    """The settings of a run, as attributes.

    ``Settings(...)`` reads the working folder and environment variables; ``Settings.load(config_package_dir=…)`` also
    reads the config package's own file. Values passed by name override all of these, and are checked like values that
    are read; a value assigned later is not checked.

    Older engines had a pydantic model here. Config packages may use the methods of one that are named ``model_…``.
    """

    __slots__ = ("__dict__", "_given", "_overrides")

    config_package: Path | None
    remove_unmapped_columns: bool
    write_diagnostics_columns: bool
    mapping_tie_resolution: str
    sort_tables_by_mapping_ratio: bool
    merge_tables_in_sheet: bool
    log_format: str
    log_level: int
    max_empty_rows_run: int | None
    max_empty_cols_run: int | None
    detector_column_sample_size: int
    merge_stacked_headers: bool
    supported_file_extensions: tuple[str, ...]
    csv_encoding: str
    csv_delimiter: str
    split_side_by_side_tables: bool
    escape_formulas: bool
    edition: str
    date_order: str
    decimal_mark: str
    minimum_mapping_score: float
    fill_merged: bool
    fill_merged_numbers: bool
    row_provenance: bool
    issue_list: bool
    issues_sheet: bool
    notes_sheet: bool
    quarantine: str
    check_dates: bool
    report_dropped_rows: bool
    report_text_columns: bool
    enforce_types: bool
    also_write: str
    all_fields: bool
    skip_sheets_without_fields: bool
    print_setup: bool
    report_unread_cells: bool
    header_units: bool
    strict_validators: bool
    typed_fields: bool
    output_style: str
    spread_header_labels: bool
    end_tables_at_notes: bool
    skip_total_rows: bool
    balance_rows: str
    check_totals: bool
    group_rows: str
    headerless_tables: bool
    stop_at_blank_rows: int
    sheets: dict[str, SheetChoice]
    na: tuple[str, ...]
    senders: dict[str, Any]
    line_records: bool
    values: dict[str, Any]
    issue_columns: bool
    detect_rows: bool
    drop_blank_rows: bool
    turn_tables: bool
    columns_by_context: bool
    rows_by_context: bool

    model_fields = {key: SettingField(default, meaning) for key, default, _, meaning in _SETTINGS}
    model_computed_fields: dict[str, Any] = {}
    model_config = {"env_prefix": ENVIRONMENT_PREFIX.upper(), "extra": "ignore"}
    model_extra = None

    def __init__(self, **overrides: Any):
        self._fill(*_resolve(Path.cwd(), None, overrides))

    @classmethod
    def load(
        cls,
        *,
        config_package_dir: str | os.PathLike | None = None,
        cwd: str | os.PathLike | None = None,
        input_name: str | None = None,
        assignments: Sequence[tuple[str, str]] = (),
        **overrides: Any,
    ) -> Settings:
        """Settings from every source; ``cwd`` stands for the working folder.

        ``config_package_dir`` is also the setting ``config_package``, unless that is among the overrides. ``input_name``
        is the file name that tables such as ``[files."us_*"]`` are compared with; ``assignments`` are keys and texts, as
        ``--set`` has them.
        """
        folder = None if config_package_dir is None else Path(config_package_dir).expanduser().resolve()
        if folder is not None:
            overrides.setdefault("config_package", folder)
        settings = cls.__new__(cls)
        place = Path.cwd() if cwd is None else Path(cwd).expanduser()
        settings._fill(*_resolve(place, folder, overrides, input_name, assignments))
        return settings

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Settings:
        """Settings of these values and the defaults, unchecked, without reading any source."""
        settings = cls.__new__(cls)
        known = {key: value for key, value in values.items() if key in _READERS}
        settings._fill({key: known.get(key, default) for key, default, _, _ in _SETTINGS})
        object.__setattr__(settings, "_given", set(known if _fields_set is None else _fields_set))
        return settings

    @classmethod
    def model_validate(cls, values: Settings | Mapping[str, Any], **_: Any) -> Settings:
        """Settings with these values on top of what ``Settings()`` reads."""
        return values if isinstance(values, cls) else cls(**dict(values))

    def _fill(self, values: dict[str, Any], overrides: tuple[tuple[str, str], ...] = ()) -> None:
        defaults = {key: default for key, default, _, _ in _SETTINGS}
        self.__dict__.update(values)
        object.__setattr__(self, "_overrides", overrides)
        object.__setattr__(self, "_given", {key for key, value in values.items() if value != defaults[key]})

    @property
    def model_fields_set(self) -> set[str]:
        """The settings that differ from their defaults."""
        return self._given

    def overrides(self) -> list[dict[str, Any]]:
        """The settings that hold for this run and not for every run of the package: key, value, and where it came from."""
        if not self._overrides:
            return []

        import json

        found = []
        for key, source in self._overrides:
            value = _as_json(self.__dict__[key])
            message = f"{key} = {json.dumps(value, ensure_ascii=False)}, by {source}"
            found.append({"setting": key, "value": value, "source": source, "message": message})
        return found

    def to_dict(self) -> dict[str, Any]:
        """The settings as values that JSON has."""
        return {key: _as_json(value) for key, value in self}

    def for_events(self) -> dict[str, Any]:
        """The settings that events list: those that came with the first packages, and others where they are set."""
        return {key: _as_json(value) for key, value in self if key not in _NEWER_KEYS or value != self.model_fields[key].default}

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """The settings by key: the values themselves, or with ``mode="json"`` values that JSON has."""
        return {
            key: _as_json(value) if mode == "json" else value
            for key, value in self
            if (include is None or key in include)
            and (exclude is None or key not in exclude)
            and not (exclude_unset and key not in self._given)
            and not (exclude_defaults and value == self.model_fields[key].default)
            and not (exclude_none and value is None)
        }

    def model_dump_json(self, *, indent: int | None = None, **choices: Any) -> str:
        """The settings as JSON text; takes what :meth:`model_dump` takes."""
        import json

        values = self.model_dump(mode="json", **choices)
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(values, indent=indent, separators=separators, ensure_ascii=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Settings:
        """The same settings, with some of them changed; the changes are not checked."""
        # Every value is one that cannot change, so a deep copy is no different.
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.update(update or {})
        object.__setattr__(other, "_overrides", self._overrides)
        object.__setattr__(other, "_given", {*self._given, *(update or {})})
        return other

    # Former names of the methods model_….
    dict = model_dump
    json = model_dump_json
    copy = model_copy

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter([(key, self.__dict__[key]) for key in _READERS if key in self.__dict__])

    def __setattr__(self, name: str, value: Any):
        if name not in _READERS:
            raise ValueError(f"there is no setting {name!r}; settings are {', '.join(_READERS)}")
        self.__dict__[name] = value
        self._given.add(name)

    def __getstate__(self) -> tuple[Any, Any]:
        return self.__dict__.copy(), set(self._given)

    def __setstate__(self, state: tuple[Any, Any]) -> None:
        self.__dict__.update(state[0])
        object.__setattr__(self, "_given", state[1])
        object.__setattr__(self, "_overrides", ())

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if isinstance(other, Settings) else NotImplemented

    __hash__ = None

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{key}={value!r}' for key, value in self)})"

    def __str__(self) -> str:
        return " ".join(f"{key}={value!r}" for key, value in self)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: entry.to_dict() if hasattr(entry, "to_dict") else entry for key, entry in value.items()}
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def scan_limits(settings: Settings) -> dict[str, Any]:
    """The settings of a scan as the reader takes them: no sheet has so many rows that a larger number would differ."""
    limits: dict[str, Any] = {
        key: None if value is None else min(value, _MORE_THAN_ANY_SHEET)
        for key, value in (
            ("max_empty_rows_run", settings.max_empty_rows_run),
            ("max_empty_cols_run", settings.max_empty_cols_run),
        )
    }
    # 0: none, 1: each range, 2: those without an amount; and 4: none into a column without a value of its own.
    limits["fill_merged"] = (1 if settings.fill_merged_numbers else 2) | (4 if settings.edition == "2026" else 0) if settings.fill_merged else 0
    return limits


class _Given:
    """A value as some source holds it. Only the strongest source's value of a key is ever read.

    ``of_run``: the name of a source that holds for some runs of the package only.
    """

    __slots__ = ("value", "text", "source", "name", "of_run")

    def __init__(self, value: Any, text: bool, source: str, name: str, of_run: str | None = None):
        self.value = value
        self.text = text
        self.source = source
        self.name = name
        self.of_run = of_run


def _resolve(
    cwd: Path,
    config_package_dir: Path | None,
    overrides: Mapping[str, Any],
    input_name: str | None = None,
    assignments: Sequence[tuple[str, str]] = (),
) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """The values, and the keys and sources of those that hold for some runs of the package only."""
    sources = [_from_document(*_read_toml(cwd / SETTINGS_FILE))]
    if config_package_dir is not None:
        path, document = _read_toml(config_package_dir / SETTINGS_FILE)
        sources.append(_from_document(path, document))
        sources += _from_tables_of_files(path, document, input_name)
    sources.append(_from_variables(_read_dotenv(cwd / ".env"), str(cwd / ".env")))
    sources.append(_from_variables(os.environ, "the environment variables"))
    sources += [{key: _Given(text, True, "--set", key, "--set")} for key, text in assignments]
    sources.append({key: _Given(value, False, _CALLER, key) for key, value in overrides.items() if key in _READERS})
    given: dict[str, _Given] = {}
    for source in sources:
        given.update(source)

    values: dict[str, Any] = {key: default for key, default, _, _ in _SETTINGS}
    if "edition" in given and _read("edition", given["edition"]) == "2026":
        values.update(_DEFAULTS_OF_2026)
        values.update(dict.fromkeys(_PART_OF_2026, True))
        for key in _PART_OF_2026:
            if key in given and given[key].of_run == "--set":
                raise SettingsError(f"--set {key}: {superfluous(key)}", "leave it out")
            # Python that calls the engine may try its parts one by one; files may not.
            if key in given and given[key].source != _CALLER:
                del given[key]
    for key, entry in given.items():
        values[key] = _read(key, entry)
    if "sheets" in given:
        # Each sheet's choice by itself: a choice for one sheet says nothing of the others.
        values["sheets"] = {
            title: choice
            for source in sources
            if "sheets" in source
            for title, choice in _read("sheets", source["sheets"]).items()
        }
    if "values" in given:
        # Each field by itself, too.
        values["values"] = {field: one for source in sources if "values" in source for field, one in _read("values", source["values"]).items()}
    if values["quarantine"] != "keep" and not values["issue_list"]:
        entry = given["quarantine"]
        what = f"{entry.name} from {entry.source}"
        raise SettingsError(f"{what}: rows with errors are known with issue_list alone; add issue_list = true")
    of_run = ((key, entry.of_run) for key, entry in given.items() if key not in _OF_THE_CALL)
    return values, tuple((key, source) for key, source in of_run if source is not None)


def _read(key: str, entry: _Given) -> Any:
    try:
        return _READERS[key](entry.value, entry.text)
    except ValueError as error:
        hint = None
        if entry.text:
            what = "--set" if entry.of_run == "--set" else f"the variable {entry.name}"
            hint = f"correct {what} and run the file anew; a retry has the settings of the run that it repeats"
        raise SettingsError(f"{entry.name} from {entry.source} {error}, not {entry.value!r}", hint) from None


def _read_toml(path: Path) -> tuple[Path, dict[str, Any]]:
    text = _read_text(path)
    if text is None:
        return path, {}

    from ade_engine.infrastructure.toml import parse_toml

    try:
        return path, parse_toml(text)
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def _from_tables_of_files(path: Path, document: dict[str, Any], input_name: str | None) -> list[dict[str, _Given]]:
    """What the tables say that match the name of the input, in the order of the file. The values of all tables are checked:
    a mistake shows at once, and not with the first file of its name.
    """
    tables = document.get(FILES)
    if tables is None:
        return []
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise SettingsError(f'{FILES} from {path} should hold tables such as [files."us_*"]')

    from fnmatch import fnmatchcase

    found = []
    for pattern, table in tables.items():
        place = f'[{FILES}."{pattern}"]'
        given = {
            key: _Given(value, False, f"{place} in {path}", key, place) for key, value in table.items() if key in run_setting_names()
        }
        for key, entry in given.items():
            _read(key, entry)
        if input_name is not None and fnmatchcase(input_name.lower(), pattern.lower()):
            found.append(given)
    return found


def _from_document(path: Path, document: dict[str, Any]) -> dict[str, _Given]:
    # The level of logging is the operator's choice, not the config package's.
    return {
        key: _Given(value, False, str(path), key)
        for key, value in document.items()
        if key in _READERS and key != "log_level"
    }


def _read_dotenv(path: Path) -> dict[str, str]:
    text = _read_text(path)
    if text is None:
        return {}

    from ade_engine.infrastructure.dotenv import parse_dotenv

    return parse_dotenv(text)


def _read_text(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None


def _from_variables(variables: Mapping[str, str], source: str) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    fallback_level = None
    for name, value in variables.items():
        lower = name.lower()
        if lower.startswith(ENVIRONMENT_PREFIX):
            key = lower[len(ENVIRONMENT_PREFIX) :]
            if key in _READERS:
                given[key] = _Given(value, True, source, name, name)
        elif lower == "ade_log_level":
            fallback_level = _Given(value, True, source, name)
    if fallback_level is not None:
        given.setdefault("log_level", fallback_level)
    return given
