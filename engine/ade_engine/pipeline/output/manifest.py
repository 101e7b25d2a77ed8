"""The order and the names of the output's columns, if a config package states them.

A ``manifest.toml`` (or ``manifest.json``) in the config folder or in the package::

    [[columns]]
    field = "sku"
    header = "Part number"

    [[columns]]
    field = "remarks"
    enabled = false

Listed columns come first, in the manifest's order; the others follow in their order. ``header`` is written instead of the
field's name, ``enabled = false`` leaves the column out. Older packages state the same as ``columns.order``, a list of fields,
and ``columns.meta``, a table of ``label`` and ``enabled`` for each field.
"""

from __future__ import annotations

from pathlib import Path

from ade_engine.models.errors import ConfigError
from ade_engine.models.record import Record
from ade_engine.pipeline.shared.table_columns import unique_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.models import polars as pl

_FILES = ("manifest.toml", "manifest.json")

#: The keys of an entry of ``columns``, and of an entry of an older package's ``columns.meta``.
COLUMN_KEYS = ("field", "name", "header", "label", "enabled")
META_KEYS = ("header", "label", "enabled")


class ManifestColumn(Record):
    """The manifest's entry for one column."""

    field: str
    header: str | None
    enabled: bool


class Manifest:
    """The columns that a manifest lists, in order."""

    def __init__(self, columns: list[ManifestColumn]):
        self.columns = columns

    def order(self, names: list[str]) -> list[tuple[str, str | None]]:
        """Returns the written columns among these, in order, each with its header in the manifest."""
        listed = {column.field: column for column in self.columns}
        order = [column.field for column in self.columns if column.enabled and column.field in names]
        order += [name for name in names if name not in listed]
        return [(name, (listed[name].header or None) if name in listed else None) for name in order]

    def arrange(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Returns the frame with its columns in the manifest's order and with its headers."""
        order = self.order(frame.columns)
        names: list[str] = []
        for name, header in order:
            names.append(unique_header(header or name, names))
        arranged = frame.select([name for name, _ in order])
        arranged.columns = names
        return arranged


def load_manifest(config_folder: Path, package_folder: Path) -> Manifest | None:
    """Returns the manifest of a config package; ``None`` if it has none."""
    path = manifest_file(config_folder, package_folder)
    return None if path is None else _read(path)


def manifest_file(config_folder: Path, package_folder: Path) -> Path | None:
    """Returns the path of a config package's manifest; ``None`` if it has none."""
    for folder in dict.fromkeys((config_folder, package_folder)):
        for name in _FILES:
            path = folder / name
            if path.is_file():
                return path
    return None


def _read(path: Path) -> Manifest:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            import json

            document = json.loads(text)
        else:
            from ade_engine.infrastructure.toml import parse_toml

            document = parse_toml(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    columns = document.get("columns") if isinstance(document, dict) else None
    if isinstance(columns, list):
        return Manifest(_unique(path, [_column(path, entry) for entry in columns]))
    if isinstance(columns, dict):
        return Manifest(_unique(path, _older_columns(path, columns)))
    if columns is None:
        return Manifest([])
    raise ConfigError(f"{path}: columns should be a list of tables, or a table with order and meta")


def _column(path: Path, entry: Any) -> ManifestColumn:
    if isinstance(entry, str):
        return ManifestColumn(entry, None, True)
    if not isinstance(entry, dict):
        raise ConfigError(f"{path}: an entry of columns should be a table with field and header, not {entry!r}")
    field = entry.get("field", entry.get("name"))
    if not isinstance(field, str) or not field:
        raise ConfigError(f"{path}: an entry of columns lacks its field: {entry!r}")
    return ManifestColumn(field, _header(path, field, entry), _enabled(path, field, entry))


def _older_columns(path: Path, columns: dict[str, Any]) -> list[ManifestColumn]:
    order = columns.get("order", [])
    meta = columns.get("meta", {})
    if not isinstance(order, list) or not all(isinstance(field, str) for field in order):
        raise ConfigError(f"{path}: columns.order should be a list of fields")
    if not isinstance(meta, dict) or not all(isinstance(entry, dict) for entry in meta.values()):
        raise ConfigError(f"{path}: columns.meta should be a table of tables")
    return [
        ManifestColumn(field, _header(path, field, meta.get(field, {})), _enabled(path, field, meta.get(field, {})))
        for field in [*order, *(field for field in meta if field not in order)]
    ]


def _header(path: Path, field: str, entry: dict[str, Any]) -> str | None:
    header = entry.get("header", entry.get("label"))
    if header is not None and not isinstance(header, str):
        raise ConfigError(f"{path}: the header of {field!r} should be text, not {header!r}")
    return header


def _enabled(path: Path, field: str, entry: dict[str, Any]) -> bool:
    enabled = entry.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ConfigError(f"{path}: enabled of {field!r} should be true or false, not {enabled!r}")
    return enabled


def _unique(path: Path, columns: list[ManifestColumn]) -> list[ManifestColumn]:
    seen: set[str] = set()
    for column in columns:
        if column.field in seen:
            raise ConfigError(f"{path} lists the column {column.field!r} twice")
        seen.add(column.field)
    return columns
