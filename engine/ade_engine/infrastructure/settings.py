"""The values of the settings of a run, from their sources. ``engine/native/src/settings.rs`` has every setting, its default and
its meaning.

From low to high: ``settings.toml`` in the working folder, ``settings.toml`` in the config package folder, its tables
``[files."us_*"]`` that match the name of the input, ``.env`` in the working folder, environment variables ``ADE_ENGINE_<KEY>``,
``--set``, and the caller's arguments. Unknown keys are ignored; an invalid value is a :class:`SettingsError`, whatever its
source.
"""

from __future__ import annotations

import os
from pathlib import Path

from ade_engine import _native
from ade_engine.infrastructure.setting_values import constants, extensions, folder, headers, known, parse_log_level, senders, sheets, words
from ade_engine.models.errors import SettingsError
from ade_engine.models.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any

ENVIRONMENT_PREFIX = "ade_engine_"
SETTINGS_FILE = "settings.toml"
#: The key of the tables that apply to some files only.
FILES = "files"

_MORE_THAN_ANY_SHEET = 2**31 - 1
_CALLER = "the caller"

_SETTINGS = _native.engine_settings()
#: The defaults of packages of engine 1.9, in the order in which settings are printed and reported.
DEFAULTS: dict[str, Any] = {key: default for key, _, default, *_ in _SETTINGS}
_DEFAULTS_OF_2026 = {key: default for key, _, _, default, *_ in _SETTINGS}
#: Events do not list these at their defaults, so that programs that read the events of older packages see no change.
_NEWER_KEYS = frozenset(key for key, *_, is_newer, _ in _SETTINGS if is_newer)
_KEYS_OF_RUN = tuple(key for key, *_, is_of_call in _SETTINGS if not is_of_call)
#: The readers of kinds that the native half leaves to Python.
_READERS_BY_KIND: dict[str, Callable[[Any, bool], Any]] = {
    "Extensions": extensions,
    "Folder": folder,
    "Headers": headers,
    "Known": known,
    "Level": parse_log_level,
    "Senders": senders,
    "Sheets": sheets,
    "Values": constants,
    "Words": words,
}
_READERS = {key: _READERS_BY_KIND[kind] for key, kind, *_ in _SETTINGS if kind in _READERS_BY_KIND}


def setting_names() -> tuple[str, ...]:
    """Returns the keys of all settings."""
    return tuple(DEFAULTS)


def run_setting_names() -> tuple[str, ...]:
    """Returns the keys of the settings that may differ from run to run: those of ``[files."us_*"]`` and of ``--set``."""
    return _KEYS_OF_RUN


def superfluous(key: str) -> str | None:
    """Returns why a key is no longer a setting; ``None`` if it never was one, or still is."""
    return 'edition = "2026" always works that way' if _native.is_former_setting(key.lower()) else None


class SettingField:
    """The description of one setting in ``Settings.model_fields``."""

    __slots__ = ("default", "description")

    def __init__(self, default: Any, description: str):
        self.default = default
        self.description = description

    def is_required(self) -> bool:
        """Returns whether a value must be given, which is never the case."""
        return False

    def get_default(self, **_: Any) -> Any:
        """Returns the value of the setting without any source."""
        return self.default

    def __repr__(self) -> str:
        return f"SettingField(default={self.default!r}, description={self.description!r})"


class Settings:
    """The settings of a run, as attributes.

    ``Settings(...)`` reads the working folder and environment variables; ``Settings.load(config_package_dir=…)`` also reads the
    config package's own file. Values passed by name override all of these, and are checked like values that are read; a value
    assigned later is not checked.

    Older engines had a pydantic model here. Config packages may use its methods that are named ``model_…``.
    """

    __slots__ = ("__dict__", "_given", "_overrides")

    model_fields = {key: SettingField(default, meaning) for key, _, default, _, meaning, *_ in _SETTINGS}
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
        """Returns settings from every source; ``cwd`` replaces the working folder.

        ``config_package_dir`` is also the setting ``config_package``, unless that is among the overrides. ``input_name`` is the
        file name that tables such as ``[files."us_*"]`` are compared with; ``assignments`` are keys and texts, as in ``--set``.
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
        """Returns settings with these values and the defaults, unchecked, without reading any source."""
        settings = cls.__new__(cls)
        known = {key: value for key, value in values.items() if key in DEFAULTS}
        settings._fill({**DEFAULTS, **known})
        object.__setattr__(settings, "_given", set(known if _fields_set is None else _fields_set))
        return settings

    @classmethod
    def model_validate(cls, values: Settings | Mapping[str, Any], **_: Any) -> Settings:
        """Returns settings with these values on top of those that ``Settings()`` reads."""
        return values if isinstance(values, cls) else cls(**dict(values))

    def _fill(self, values: dict[str, Any], overrides: tuple[tuple[str, str], ...] = ()) -> None:
        self.__dict__.update(values)
        object.__setattr__(self, "_overrides", overrides)
        object.__setattr__(self, "_given", {key for key, value in values.items() if value != DEFAULTS[key]})

    if TYPE_CHECKING:

        def __getattr__(self, key: str) -> Any: ...

    @property
    def is_2026(self) -> bool:
        """Returns whether the engine works as in edition 2026, and not as engine 1.9 did."""
        return self.edition == "2026"

    @property
    def model_fields_set(self) -> set[str]:
        """Returns the settings that differ from their defaults."""
        return self._given

    def overrides(self) -> list[dict[str, Any]]:
        """Returns the settings that apply to this run and not to every run of the package: key, value, and source."""
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
        """Returns the settings as values for JSON."""
        return {key: _as_json(value) for key, value in self}

    def for_events(self) -> dict[str, Any]:
        """Returns the settings for events: those that came with the first packages, and others if they are set."""
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
        """Returns the settings by key: the values themselves, or with ``mode="json"`` values for JSON."""
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
        """Returns the settings as JSON text; takes the arguments of :meth:`model_dump`."""
        import json

        values = self.model_dump(mode="json", **choices)
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(values, indent=indent, separators=separators, ensure_ascii=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Settings:
        """Returns the same settings, with some of them changed; the changes are not checked."""
        # Every value is immutable, so a deep copy is no different.
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
        return iter([(key, self.__dict__[key]) for key in DEFAULTS if key in self.__dict__])

    def __setattr__(self, name: str, value: Any):
        if name not in DEFAULTS:
            raise ValueError(f"there is no setting {name!r}; settings are {', '.join(DEFAULTS)}")
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
    """Returns the settings of a scan for the reader: no sheet has so many rows that a larger number would differ."""
    limits: dict[str, Any] = {
        key: None if value is None else min(value, _MORE_THAN_ANY_SHEET)
        for key, value in (
            ("max_empty_rows_run", settings.max_empty_rows_run),
            ("max_empty_cols_run", settings.max_empty_cols_run),
        )
    }
    # 0: none, 1: each range, 2: those without an amount; and 4: none into a column without a value of its own.
    limits["fill_merged"] = (1 if settings.fill_merged_numbers else 2) | (4 if settings.is_2026 else 0) if settings.fill_merged else 0
    return limits


class _SourcedValue(Record):
    """A value from some source. Only the strongest source's value of a key is ever read.

    ``of_run``: the name of a source that applies to some runs of the package only.
    """

    value: Any
    text: bool
    source: str
    name: str
    of_run: str | None = None


def _resolve(
    cwd: Path,
    config_package_dir: Path | None,
    overrides: Mapping[str, Any],
    input_name: str | None = None,
    assignments: Sequence[tuple[str, str]] = (),
) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """Returns the values, and the keys and sources of those that apply to some runs of the package only."""
    sources = [_from_document(*_read_toml(cwd / SETTINGS_FILE))]
    if config_package_dir is not None:
        path, document = _read_toml(config_package_dir / SETTINGS_FILE)
        sources.append(_from_document(path, document))
        sources += _from_tables_of_files(path, document, input_name)
    sources.append(_from_variables(_read_dotenv(cwd / ".env"), str(cwd / ".env")))
    sources.append(_from_variables(os.environ, "the environment variables"))
    sources += [{key: _SourcedValue(text, True, "--set", key, "--set")} for key, text in assignments]
    sources.append({key: _SourcedValue(value, False, _CALLER, key) for key, value in overrides.items() if key in DEFAULTS})
    given: dict[str, _SourcedValue] = {}
    for source in sources:
        given.update(source)

    is_2026 = "edition" in given and _read("edition", given["edition"]) == "2026"
    values = dict(_DEFAULTS_OF_2026 if is_2026 else DEFAULTS)
    for key, _ in assignments:
        if why := superfluous(key):
            raise SettingsError(f"--set {key}: {why}", "leave it out")
    for key, entry in given.items():
        values[key] = _read(key, entry)
    for key in ("sheets", "values"):
        # Each sheet's choice separately, and each field's value: a choice for one sheet does not affect the others.
        if key in given:
            values[key] = {
                name: choice for source in sources if key in source for name, choice in _read(key, source[key]).items()
            }
    if values["quarantine"] != "keep" and not is_2026:
        entry = given["quarantine"]
        what = f"{entry.name} from {entry.source}"
        raise SettingsError(f'{what}: this setting works only in edition 2026; add edition = "2026"')
    of_run = ((key, entry.of_run) for key, entry in given.items() if key in _KEYS_OF_RUN)
    return values, tuple((key, source) for key, source in of_run if source is not None)


def _read(key: str, entry: _SourcedValue) -> Any:
    try:
        if key in _READERS:
            return _READERS[key](entry.value, entry.text)
        return _native.read_setting(key, getattr(entry.value, "value", entry.value))
    except ValueError as error:
        hint = None
        if entry.text:
            what = "--set" if entry.of_run == "--set" else f"the variable {entry.name}"
            hint = f"correct {what} and start a new run; a retry uses the settings of the original run"
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


def _from_tables_of_files(path: Path, document: dict[str, Any], input_name: str | None) -> list[dict[str, _SourcedValue]]:
    """Returns the values of the tables that match the name of the input, in the order of the file. The values of all tables are
    checked, so that a mistake shows at once, and not with the first file of its name.
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
            key: _SourcedValue(value, False, f"{place} in {path}", key, place) for key, value in table.items() if key in run_setting_names()
        }
        for key, entry in given.items():
            _read(key, entry)
        if input_name is not None and fnmatchcase(input_name.lower(), pattern.lower()):
            found.append(given)
    return found


def _from_document(path: Path, document: dict[str, Any]) -> dict[str, _SourcedValue]:
    # The level of logging is the operator's choice, not the config package's.
    return {
        key: _SourcedValue(value, False, str(path), key)
        for key, value in document.items()
        if key in DEFAULTS and key != "log_level"
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


def _from_variables(variables: Mapping[str, str], source: str) -> dict[str, _SourcedValue]:
    given: dict[str, _SourcedValue] = {}
    fallback_level = None
    for name, value in variables.items():
        lower = name.lower()
        if lower.startswith(ENVIRONMENT_PREFIX):
            key = lower[len(ENVIRONMENT_PREFIX) :]
            if key in DEFAULTS:
                given[key] = _SourcedValue(value, True, source, name, name)
        elif lower == "ade_log_level":
            fallback_level = _SourcedValue(value, True, source, name)
    if fallback_level is not None:
        given.setdefault("log_level", fallback_level)
    return given
