"""Derived mappings: fields that were made from a source column that is not their own.

A field that is a part of a column (``Field(…, part_of=…)``) is split from it here. Hooks make such fields, too, and record them
in ``state``; that changes nothing in the table. The mappings let reports show where a field came from, and that it was found.
"""

from __future__ import annotations

from ade_engine.fields import surroundings
from ade_engine.fields.surroundings import ColumnSurroundings
from ade_engine.models.table import DerivedMapping, column_letters
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.shared.table_columns import with_series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from ade_engine.models import polars as pl

    from ade_engine.fields.surroundings import ColumnSources
    from ade_engine.models.table import SourceColumn
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.shared.context import RunContext

#: The score of a field that is a part of a column: less than for a column of its own.
_PART_SCORE = 0.9


def split_columns(
    context: RunContext, table: pl.DataFrame, source: SourceTable, sources: ColumnSources
) -> tuple[pl.DataFrame, list[DerivedMapping]]:
    """Returns the table with the fields that are parts of one of its columns, and the source of each.

    A column is not split in a table that has a column for one of its parts. Columns may have been renamed in place.
    """
    parts = context.registry.parts
    found: list[DerivedMapping] = []
    for whole in dict.fromkeys(part.whole for part in parts.values()):
        fields = [field for field, part in parts.items() if part.whole is whole]
        own = [field for field in fields if field in table.columns]
        if own and whole.splits_all_or_none:
            continue
        at = whole.among(table.columns[: source.frame.width])
        # The column of the first part is the whole, too.
        first = next((field for field in own if parts[field] is whole.first and field in table.columns[: source.frame.width]), None)
        if at is None and first is None:
            continue
        at = table.columns.index(first) if at is None else at
        if table.columns[at] == first:
            own.remove(first)
        fields = [field for field in fields if field not in own]
        name, former = table.columns[at], source.frame.columns[at]
        around = ColumnSurroundings(context.settings, table, sources)
        surroundings.enter(around)
        try:
            made = []
            for field in fields:
                around.field, reader = field, parts[field].read(name)
                made.append(reader.read_from(table).alias(field))
                around.settle()
                if (field, name) in around.readings:
                    sources.doubtful_parts[field] = reader
            if name == first and all(series.null_count() == len(series) for series in made if series.name != first):
                # The column of the first part has no other parts.
                continue
            table = with_series(table, made)
        finally:
            surroundings.enter(None)
        whole_source = sources.get(name) or sources.of_no_field.get(former)
        if whole_source is not None:
            sources.of_parts.update(dict.fromkeys(fields, whole_source))
            if not whole.splits_all_or_none:
                # A typed number is its own first part, and its cell says how to read it.
                sources.update({field: whole_source for field in fields if parts[field] is whole.first})
        # If several columns share a name, the last one is in the table.
        index = max(index for index, name in enumerate(source.names) if name == former)
        fields = [field for field in fields if field != name]
        header = header_text(source.columns[index].header) or name
        found += [DerivedMapping(field, header, index, _PART_SCORE) for field in fields]
        if context.policy.sends_notices:
            column = column_letters(source.region.min_col + index)
            for field in fields:
                at = {"sheet": context.sheet_name, "table": context.table_index, "field": field, "column": column}
                context.notices.map(**at, source_index=index, message="split into these fields")
    return table, found


def derived_mappings(
    context: RunContext,
    *,
    parts: list[DerivedMapping],
    columns: list[SourceColumn],
    mapped_fields: Collection[str],
    table_fields: Collection[str],
) -> list[DerivedMapping]:
    """Returns the ``parts`` and the valid entries of hooks for one table, by field; a later entry for a field replaces an
    earlier one.
    """
    index_of: dict[str, int] = {}
    for column in columns:
        index_of.setdefault(header_text(column.header), column.index)
    found = {part.field_name: part for part in parts if part.field_name in table_fields}
    for entry in _entries(context.state):
        field = _text(_first(entry, "field_name", "field"))
        # The mapping keeps the header as the hook spelt it; the lookup ignores white space around it.
        spelt = _first(entry, "source_header", "original_header", "header")
        header = header_text(spelt)
        if not field or not header:
            continue
        table = entry.get("table_index")
        if table is not None and _integer(table) != context.table_index:
            continue
        sheet = entry.get("sheet_name")
        if sheet is not None and str(sheet) != context.sheet_name:
            continue
        if field in mapped_fields or field not in table_fields:
            continue
        index = entry.get("source_index")
        if index is None:
            index = index_of.get(header)
        else:
            index = _integer(index)
        if index is None:
            continue
        source_header = spelt if isinstance(spelt, str) else header
        found[field] = DerivedMapping(field, source_header, index, _score(entry.get("score")))
    return [found[field] for field in sorted(found)]


def _entries(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    own = _look_up(state, "ade_engine", "derived_mappings")
    for entry in [own] if isinstance(own, dict) else own if isinstance(own, list) else []:
        if isinstance(entry, dict):
            yield entry
    overrides = _look_up(state, "ade_config", "mapping_overrides", "original_header_overrides")
    if overrides is None:
        overrides = _look_up(state, "ade_config.mapping_overrides", "original_header_overrides")
    if isinstance(overrides, dict):
        for field, entry in overrides.items():
            if isinstance(entry, dict):
                # The field named in an entry overrides the key of the entry.
                named = _first(entry, "field_name", "field")
                yield {**entry, "field_name": field if named is None else named}
            else:
                yield {"field_name": field, "source_header": entry}
    elif isinstance(overrides, list):
        for entry in overrides:
            if isinstance(entry, dict):
                yield entry


def _look_up(state: Any, *path: str) -> Any:
    for key in path:
        if not isinstance(state, dict):
            return None
        state = state.get(key)
    return state


def _first(entry: Mapping[str, Any], *keys: str) -> Any:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _score(value: Any) -> float:
    """Returns the score, or 1.0 for an invalid one: not a number, not finite, or not above zero."""
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        return 1.0
    return score if score > 0.0 and score - score == 0.0 else 1.0
