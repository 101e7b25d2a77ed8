"""Mapping of columns to fields."""

from __future__ import annotations

import re
import time
from itertools import takewhile

from ade_engine import _native
from ade_engine.extensions.invoke import COMMON_NAMES, RAISED, Caller, WrongResult, source_of
from ade_engine.fields.by_values import FieldValues, kind_of_others
from ade_engine.fields.headers import FieldHeaders
from ade_engine.fields.readers import likeness, profile
from ade_engine.infrastructure.observability.wording import stands_in_code
from ade_engine.models import polars as pl
from ade_engine.models.column_profile import ColumnProfile, TableProfile
from ade_engine.models.errors import PipelineError, nearest
from ade_engine.models.notices import INFO, WARNING
from ade_engine.models.record import Record
from ade_engine.models.table import MappedColumn, column_letters
from ade_engine.pipeline.columns.frame import header_text
from ade_engine.pipeline.shared.collected import HookReport
from ade_engine.pipeline.shared.scores import as_scores, in_words, rounded

#: Words of headers for the year or the period before. Compiled on first use, because most tables do not need it.
_EARLIER = (
    r"\b(?:prev(?:ious)?\.?|prior|last|ly|py|vorjahr\w*|vj|vorperiode|vorherig\w*|précédente?|antérieure?|n\s*-\s*1|anterior|precedente|vorig\w*|poprzedni\w*|předchoz\w*|predchádzajúc\w*|förra|forrige|edellinen|előző|önceki)(?!\w)"
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn
    from ade_engine.pipeline.columns.frame import SourceTable
    from ade_engine.pipeline.shared.context import RunContext

#: The names of the values that column detectors may take.
OFFERED = (
    *COMMON_NAMES,
    "table",
    "column",
    "column_sample_non_empty_values",
    "column_sample",
    "column_name",
    "column_index",
    "column_header_original",
    "column_header_parts",
    "column_profile",
    "header_text",
    "field_name",
    "sheet_name",
    "table_region",
    "table_index",
)
#: The notice about a column that was mapped to a field by its values alone.
FOUND_BY_VALUES = "found_by_values"
_SAMPLE_CHUNK = 128
_SAMPLE_NAMES = ("column_sample_non_empty_values", "column_sample")
_MAX_REMEMBERED_HEADERS = 10_000
#: The minimum number of fields in headers before these decide about other columns.
_MIN_NAMED_FIELDS = 2
#: The score of a column that was mapped like a column of another sheet.
_OF_OTHER_SHEET = 0.5


class Mapping(Record):
    """The source columns that were mapped to fields."""

    #: The mapped columns in source order.
    columns: list[MappedColumn]
    #: Totals by source column and field, for the columns that any detector scored.
    scores: dict[int, dict[str, float]]
    #: Source columns that lost their field to another column, or to the tie itself.
    duplicates: set[int]
    #: The scores of each detector for a column's best field, in a run that explains mappings.
    by: dict[int, list[dict[str, Any]]]
    #: Explanations by this mapping, for tables with the same headers.
    explained: dict[Any, Any]


class ColumnMapper:
    """The column detectors of a run, prepared for one call per column of each table."""

    def __init__(self, detectors: list[RegisteredFn]):
        self._detectors = [(entry, Caller(entry.fn, OFFERED)) for entry in detectors]
        self._wants_sample = any(call.plan.names().intersection(_SAMPLE_NAMES) for _, call in self._detectors)
        self._wants_profile = any("column_profile" in call.plan.names() for _, call in self._detectors)
        #: The engine's own header detectors, and their joint scores of a header, because the tables of a workbook mostly repeat
        #: their headers.
        self._by_header = [entry.fn for entry in detectors if type(entry.fn) is FieldHeaders]
        self._said_of: dict[tuple[str, str, int | None], dict[str, float]] = {}
        #: The scores of all headers of a table, if only the engine's own detectors decide: see :class:`Mapping`.
        self._scored: dict[Any, tuple[dict[int, dict[str, float]], dict[int, list[dict[str, Any]]], dict[Any, Any]]] = {}
        self._kinds = {fn.field: fn.kind for fn in self._by_header if fn.kind is not None}
        #: The number of these detectors that come first, and of the engine's value detectors directly behind them: they are
        #: called once for a whole table.
        self._first_by_header = len(list(takewhile(lambda entry: type(entry.fn) is FieldHeaders, detectors)))
        self._are_first = self._first_by_header == len(self._by_header)
        behind = detectors[self._first_by_header :]
        self._by_values = [entry.fn for entry in takewhile(lambda entry: type(entry.fn) is FieldValues, behind)]
        quick = self._first_by_header + len(self._by_values) if self._first_by_header else 0
        self._asks_nobody_else = quick == len(detectors)
        #: The first table with a header on the most recent sheet that has one: the sheet, the types of its columns, and their
        #: fields.
        self._headed: tuple[str, list[pl.DataType], dict[int, str]] | None = None
        self._others_want_profile = any("column_profile" in call.plan.names() for _, call in self._detectors[quick:])

    def map(self, context: RunContext, table: SourceTable) -> Mapping:
        """Scores every column and decides which one gets which field."""
        if context.settings.is_2026:
            self._choose_sides(table)
        contributions: dict[int, list[dict[str, Any]]] = {}
        texts = [(header, table.header_parts(index)) for index, header in enumerate(table.headers)]
        headers = None
        if self._asks_nobody_else and not context.debug and not table.apart:
            headers = tuple(header for header, _ in texts), tuple(tuple(parts) for _, parts in texts)
        known, profiles = self._scored.get(headers), None
        if known is None:
            known = scores, by, _ = {}, {}, {}
            if self._wants_profile and (context.debug or self._others_want_profile or self._may_go_by_values(texts)):
                profiles = self._profiles(table)
            for column in table.columns:
                if column.index in table.apart:
                    continue
                said: list[tuple[RegisteredFn, dict[str, float]]] = []
                totals, contributions[column.index] = self._score_column(context, table, column.index, profiles, said, *texts[column.index])
                if totals:
                    scores[column.index] = totals
                    if context.policy.sends_notices:
                        by[column.index] = self._shares(table, column.index, self._best_field(context, totals, *texts[column.index]), profiles, said)
            if headers is not None and profiles is None and len(self._scored) < _MAX_REMEMBERED_HEADERS:
                self._scored[headers] = known
        scores, by, explained = known
        # A hook may change its own copy.
        scores = {index: totals.copy() for index, totals in scores.items()}
        best: dict[int, tuple[str, float]] = {}
        for index, totals in scores.items():
            # Most columns have one field that counts.
            field = next(iter(totals)) if len(totals) == 1 else self._best_field(context, totals, *texts[index])
            if totals[field] > 0 and totals[field] >= context.settings.minimum_mapping_score:
                best[index] = (field, totals[field])
                if len(totals) > 1 and context.settings.is_2026:
                    self._notice_tie(context, table, index, field, totals)
        claims: dict[str, list[int]] = {}
        for index, (field, _) in best.items():
            claims.setdefault(field, []).append(index)
        duplicates: set[int] = set()
        for field, indices in claims.items():
            if len(indices) > 1:
                duplicates.update(indices)
                if context.settings.is_2026 and _are_of_years([texts[index][0] for index in indices]):
                    # Quantities of several years are not the quantity.
                    continue
                if context.settings.mapping_tie_resolution == "leftmost":
                    duplicates.discard(min(indices, key=lambda index: (-best[index][1], index)))
                elif context.settings.mapping_tie_resolution == "fullest":
                    duplicates.discard(self._fullest(context, table, field, {i: best[i][1] for i in indices}))
        columns = [
            MappedColumn(field, index, table.columns[index].header, lambda c=table.columns[index]: c.values, score)
            for index, (field, score) in best.items()
            if index not in duplicates
        ]
        if context.settings.is_2026:
            columns = self._with_other_sheet(context, table, columns, scores)
        if profiles is not None:
            self._notice_guesses(context, table, profiles, columns)
        if self._by_values and context.policy.sends_notices:
            self._note_reasons(context, table, profiles, columns, explained)
            self._notice_others(context, table, columns)
        if context.debug:
            self._report(context, table, columns, contributions, duplicates)
        return Mapping(columns, scores, duplicates, by, explained)

    def _best_field(self, context: RunContext, totals: dict[str, float], header: str, parts: list[str]) -> str:
        """Returns the field with the highest total; in edition 2026, the one of equals whose header is the longest."""
        equal = _best_fields(totals)
        if len(equal) == 1 or not context.settings.is_2026:
            return equal[0]
        return max(equal, key=lambda field: self._length_of_header(field, header, parts))

    def _length_of_header(self, field: str, header: str, parts: list[str]) -> int:
        """Returns the length of the longest header of a field that a column's header is, or ends with."""
        return max((fn.length_of(header, parts) for fn in self._by_header if fn.field == field), default=0)

    def _notice_tie(self, context: RunContext, table: SourceTable, index: int, field: str, totals: dict[str, float]) -> None:
        """Sends a notice about a column whose header ends with the headers of several fields. A header that several fields have
        is a mistake of the configuration, which is reported as such.
        """
        others = [other for other in _best_fields(totals) if other != field]
        texts = table.headers[index], table.header_parts(index)
        if others and all(self._length_of_header(other, *texts) < self._length_of_header(field, *texts) for other in others):
            letters = column_letters(table.region.min_col + index)
            context.notice(
                "column_of_several",
                f"the header of column {letters} names the field {field!r} as well as {', '.join(map(repr, others))}. {field!r} was used, whose header is the longest",
                level=INFO,
                field=field,
                count=len(others) + 1,
                cells=[f"{letters}{table.region.min_row}"],
            )

    def _choose_sides(self, table: SourceTable) -> None:
        """Chooses the language of headers in two languages, on a line or a side of a slash each: the one that names several
        fields.
        """
        marks = [mark for mark in "\n/" if any(mark in header for header in table.headers)]
        filled = [index for index, header in enumerate(table.headers) if header]
        for mark in marks:
            if sum(mark in table.headers[index] for index in filled) * 3 < len(filled) * 2:
                continue
            cut = {index: [part.strip() for part in table.headers[index].split(mark)] for index in filled}
            if any(len(parts) > 2 for parts in cut.values()):
                continue
            named = [{field for parts in cut.values() for field, score in self._said_of_header(parts[side], []).items() if score >= 1} for side in (0, -1)]
            side = 0 if len(named[0]) > len(named[1]) else -1
            if len(named[side]) >= _MIN_NAMED_FIELDS:
                table.sides = {index: parts[side] for index, parts in cut.items()}
                return

    def _with_other_sheet(
        self, context: RunContext, table: SourceTable, columns: list[MappedColumn], scores: dict[int, dict[str, float]]
    ) -> list[MappedColumn]:
        """Returns the mapped columns. Columns without a header get the fields of an earlier table with headers if their types
        are the same, one by one.
        """
        fields = {column.source_index: column.field_name for column in columns}
        if any(table.headers):
            # Types are slow to determine, so the first table of a sheet represents it.
            if len(fields) >= _MIN_NAMED_FIELDS and (self._headed is None or self._headed[0] != context.sheet_name):
                self._headed = context.sheet_name, table.frame.dtypes, fields
            return columns
        kinds = [*map(_kind, table.frame.dtypes)]
        if self._headed is None or [*map(_kind, self._headed[1])] != kinds or not fields.items() <= self._headed[2].items():
            return columns
        # Columns of texts alone are alike by chance.
        if not fields and len(set(kinds)) == 1:
            return columns
        sheet, _, known = self._headed
        score = max(context.settings.minimum_mapping_score, _OF_OTHER_SHEET)
        added = [
            MappedColumn(field, index, None, lambda c=table.columns[index]: c.values, score) for index, field in known.items() if index not in fields
        ]
        for column in added:
            scores.setdefault(column.source_index, {})[column.field_name] = score
        if added:
            letters = ", ".join(column_letters(table.region.min_col + column.source_index) for column in added)
            context.notice(
                "columns_of_other_sheet",
                f"no header row; the columns are of the same kinds as those of the sheet {sheet!r}, so {letters} got the same field{'' if len(added) == 1 else 's'} as there",
                count=len(added),
            )
        return sorted(columns + added, key=lambda column: column.source_index)

    def is_name(self, text: str) -> bool:
        """Returns whether a text is a header of a field, word for word."""
        return any(score >= 1 for score in self._said_of_header(text, []).values())

    def names_field(self, table: SourceTable, index: int, but: Container[str] = ()) -> bool:
        """Returns whether the header of a column is one of a field's, word for word. ``but``: fields that do not count."""
        said = self._said_of_header(table.headers[index], table.header_parts(index))
        return any(score >= 1 for field, score in said.items() if field not in but)

    def _shares(
        self,
        table: SourceTable,
        index: int,
        field: str,
        profiles: TableProfile | None,
        said: list[tuple[RegisteredFn, dict[str, float]]],
    ) -> list[dict[str, Any]]:
        """Returns each detector's score of a column for a field. ``said``: the scores of detectors that were called for it."""
        header = table.headers[index]
        shares = [(f"Field({field!r}).header", self._said_of_header(header, table.header_parts(index)).get(field, 0.0))]
        asked_at_once = () if profiles is None else [fn for fn in self._by_values if fn.field == field]
        shares += [(fn.__qualname__, fn.of_table(profiles).get(index, 0.0)) for fn in asked_at_once]
        shares += [
            (entry.qualname, scores.get(field, 0.0))
            for entry, scores in said
            if type(entry.fn) is not FieldHeaders and not any(entry.fn is fn for fn in self._by_values)
        ]
        return [{"detector": name, "score": round(score, 6)} for name, score in shares if score]

    def _fullest(self, context: RunContext, table: SourceTable, field: str, scores: dict[int, float]) -> int:
        """Returns the column with the highest score among several that claim a field; among equals the one with the most
        values, and then the leftmost. Sends a notice about the choice.
        """
        highest = max(scores.values())
        equal = sorted(index for index, score in scores.items() if score == highest)
        # Visible columns take precedence over hidden ones.
        equal = [index for index in equal if not table.is_hidden(index)] or equal
        # "Use (this year)", listed by a field, beats "Use (last year)", which matches only by "Use".
        words = [detector for detector in self._by_header if detector.field == field]
        equal = [index for index in equal if any(of_field.has_in_brackets(table.headers[index]) for of_field in words)] or equal
        if context.settings.is_2026 and len(equal) > 1:
            # A value of last year does not compete with the current one.
            equal = [index for index in equal if not re.search(_EARLIER, table.headers[index], re.IGNORECASE)] or equal
        if len(equal) == 1 or any(of_field.takes_first for of_field in words):
            return equal[0]
        filled, _ = table.cell_counts()
        best = max(equal, key=lambda index: (filled[index], -index))

        def letters(index: int) -> str:
            return column_letters(table.region.min_col + index)

        others = ", ".join(f"{letters(index)} ({filled[index]})" for index in equal if index != best)
        why = "the leftmost of these" if any(filled[index] == filled[best] for index in equal if index != best) else "the fullest"
        units = list(dict.fromkeys(_native.header_unit(table.headers[index]) or "none" for index in equal))
        said = f", and their headers name different units ({', '.join(units)})" if len(units) > 1 else ""
        full = [letters(index) for index in equal if filled[index]]
        is_issue = context.collected is not None and len(full) > 1
        # An issue needs no notice, unless there is more to report.
        if said or not is_issue:
            context.notice(
                "column_of_several",
                f"{len(equal)} columns have a header of the field {field!r}{said}. {letters(best)} was used, "
                f"{why} ({filled[best]} filled cell{'s' * (filled[best] != 1)}; the others: {others})",
                level=WARNING if said else INFO,
                field=field,
                count=len(equal),
                cells=[f"{letters(index)}{table.region.min_row}" for index in equal],
            )
        if is_issue:
            named = ", ".join(full[:-1]) + f" and {full[-1]}"
            message = f"the columns {named} {'both' if len(full) == 2 else 'all'} have a header of this field; {letters(best)} was used. Ask the sender which is right"
            context.collected.reported.append(HookReport(field, f"{field}.column_of_several", WARNING, message, None))
        return best

    def _said_of_values(self, profiles: TableProfile, column: MappedColumn) -> float:
        """Returns the score of a column's values for its field."""
        fn = next((fn for fn in reversed(self._by_values) if fn.field == column.field_name), None)
        return 0.0 if fn is None else fn.of_table(profiles).get(column.source_index, 0.0)

    def _notice_guesses(
        self, context: RunContext, table: SourceTable, profiles: TableProfile, columns: list[MappedColumn]
    ) -> None:
        """Sends notices about fields whose column was found by its values alone, for somebody to check once."""
        for column in columns:
            by_values = self._said_of_values(profiles, column)
            if not by_values or column.score is None or column.score - by_values >= context.settings.minimum_mapping_score:
                continue
            letters = column_letters(table.region.min_col + column.source_index)
            header = "its header is not listed in the field. If the column is this field, add the header with `ade fix`"
            context.notice(
                FOUND_BY_VALUES,
                f"column {letters} was used as the field {column.field_name!r} because of its values; "
                f"{header if header_text(column.header) else 'it has no header'}",
                count=1,
                cells=[f"{letters}{table.region.min_row}"],
            )

    def _notice_others(self, context: RunContext, table: SourceTable, columns: list[MappedColumn]) -> None:
        """Sends notices about columns whose header names a field, and whose values all belong to another: "E-mail" above phone
        numbers.
        """
        mapped = {column.field_name for column in columns}
        missed = {kind for field, kind in self._kinds.items() if field not in mapped}
        for column in columns:
            values = table.frame.get_column(table.names[column.source_index])
            found = kind_of_others(values, self._kinds.get(column.field_name), missed)
            if found is not None:
                letters = column_letters(table.region.min_col + column.source_index)
                context.notice(
                    "values_of_another",
                    f"column {letters} has a header of the field {column.field_name!r}, but its values are {found}. Check whether "
                    "headers or columns are mixed up",
                    field=column.field_name,
                    count=1,
                    cells=[f"{letters}{table.region.min_row}"],
                )

    def _note_reasons(
        self,
        context: RunContext,
        table: SourceTable,
        profiles: TableProfile | None,
        columns: list[MappedColumn],
        explained: dict[Any, Any],
    ) -> None:
        """Records the reasons for each column's field: its header, its values, other detectors. ``explained``: see
        :class:`Mapping`.
        """
        for column in columns:
            field, index = column.field_name, column.source_index
            key = index, field, column.score
            message = explained.get(key)
            if message is None:
                said = self._said_of_header(header_text(column.header), table.header_parts(index)).get(field, 0.0)
                values = self._said_of_values(profiles, column) if profiles is not None else 0.0
                others = (column.score or 0.0) - said - values
                reasons = ["its header" if said >= 1 else "the end of its header"] if said else []
                reasons += ["its values"] if values else []
                reasons += ["other detectors"] if abs(others) > 1e-9 else []
                message = explained[key] = ", ".join(reasons)
            context.notices.map(
                sheet=context.sheet_name, table=context.table_index, field=field, column=column_letters(table.region.min_col + index), message=message
            )

    def _may_go_by_values(self, texts: list[tuple[str, list[str]]]) -> bool:
        """Returns whether there is a field that no header of the table names; most tables name all."""
        left = {fn.field for fn in self._by_values}
        for header, parts in texts:
            if not left:
                return False
            left.difference_update([field for field, score in self._said_of_header(header, parts).items() if score >= 1])
        return bool(left)

    def _profiles(self, table: SourceTable) -> TableProfile:
        """Returns the profiles of a table's columns, which examine their columns on demand."""

        def by_header(index: int) -> dict[str, float]:
            return self._said_of_header(table.headers[index], table.header_parts(index))

        profiles = TableProfile(self._kinds, by_header)

        def made(index: int) -> ColumnProfile:
            def values() -> pl.Series:
                return table.frame.get_column(table.names[index])

            header = table.headers[index]
            return ColumnProfile(index, header, lambda: profile(values()), lambda known: likeness(values(), known), profiles)

        profiles.columns = [made(column.index) for column in table.columns]
        return profiles

    def _score_column(
        self,
        context: RunContext,
        table: SourceTable,
        index: int,
        profiles: TableProfile | None,
        said: list[tuple[RegisteredFn, dict[str, float]]],
        header: str,
        parts: list[str],
    ) -> tuple[dict[str, float], list[dict[str, Any]]]:
        """Returns the column's totals, and for debugging each detector's share of the best one. ``said`` gets the scores of
        each detector that is called for the column alone; ``header``, ``parts``: the texts of its header.
        """
        if not self._detectors:
            return {}, []
        detectors, totals = self._detectors, {}
        if self._first_by_header and not context.debug:
            totals = self._said_by_own(header, parts, index, profiles)
            detectors = detectors[self._first_by_header + len(self._by_values) :]
            if not detectors:
                return totals, []
        name = table.names[index]
        column = table.frame.get_column(name)
        sample: list[str] = []
        if self._wants_sample:
            sample = _sample(column, context.settings.detector_column_sample_size)
        values = {
            **context.values(),
            "table": table.frame,
            "column": column,
            "column_name": name,
            "column_index": index,
            "column_header_original": header,
            "column_header_parts": parts,
            "column_profile": None if profiles is None else profiles.columns[index],
            "header_text": header,
            "sheet_name": context.sheet_name,
            "table_region": context.region,
            "table_index": context.table_index,
        }
        reports = []
        for entry, call in detectors:
            # Each detector gets a list of its own, to keep or to change.
            values["column_sample_non_empty_values"] = values["column_sample"] = sample.copy()
            values["field_name"] = entry.field
            started = time.perf_counter() if context.debug else 0.0
            result = _ask(context, entry, call, values)
            said.append((entry, result))
            for field, score in result.items():
                totals[field] = totals[field] + score if field in totals else score
            if context.debug:
                report = {
                    "name": entry.qualname,
                    "scores": rounded(result),
                    "duration_ms": round((time.perf_counter() - started) * 1000, 3),
                }
                reports.append(report)
                context.logger.event(
                    "detector.column_result",
                    level=10,
                    message=f"Sheet {context.sheet_name!r}, column {name!r}: {entry.qualname} {in_words(report['scores'])}",
                    data={**_place(context, index), "detector": report},
                )
        if not context.debug:
            return totals, []
        return totals, self._report_column(context, name, header, totals, reports, _place(context, index))

    def _said_by_own(
        self, header: str, parts: list[str], index: int, profiles: TableProfile | None
    ) -> dict[str, float]:
        """Returns the scores of the leading detectors of the engine for a column: by headers, then by values."""
        totals = self._said_of_header(header, parts, None if self._are_first else self._first_by_header).copy()
        for fn in self._by_values if profiles is not None else ():
            score = fn.of_table(profiles).get(index)
            if score:
                totals[fn.field] = totals[fn.field] + score if fn.field in totals else score
        return totals

    def _said_of_header(self, header: str, parts: list[str], first: int | None = None) -> dict[str, float]:
        """Returns the scores of the detectors by headers alone, or of the ``first`` of them, added up in their order. Do not
        change the result.
        """
        key = header, parts[-1] if parts else "", first
        known = self._said_of.get(key)
        if known is None:
            known = {}
            for detector in self._by_header[:first]:
                for field, score in (detector(header, parts) or {}).items():
                    known[field] = known[field] + score if field in known else score
            if len(self._said_of) < _MAX_REMEMBERED_HEADERS:
                self._said_of[key] = known
        return known

    @staticmethod
    def _report_column(
        context: RunContext,
        name: str,
        header: str,
        totals: dict[str, float],
        reports: list[dict[str, Any]],
        place: dict[str, Any],
    ) -> list[dict[str, Any]]:
        field = _best_fields(totals)[0] if totals else None
        score = 0.0 if field is None else round(totals[field], 6)
        shown = field if field is not None and totals[field] > 0 else "unknown"
        context.logger.event(
            "column_classification",
            level=10,
            message=f"Column {name!r} looks like {shown}: {in_words(rounded(totals))}",
            data={
                **place,
                "detectors": reports,
                "scores": rounded(totals),
                "classification": {"field": shown, "score": score, "considered_fields": list(totals)},
            },
        )
        if field is None:
            return []
        contributions = [
            {"detector": report["name"], "delta": report["scores"][field]}
            for report in reports
            if report["scores"].get(field)
        ]
        context.logger.event(
            "column_detector.candidate",
            level=10,
            message=f"Column {name!r}: best is {field}",
            data={
                **place,
                "column_name": name,
                "column_header_original": header,
                "best_field": field,
                "best_score": score,
                "scores": rounded(totals),
                "contributions": contributions,
            },
        )
        return contributions

    @staticmethod
    def _report(
        context: RunContext,
        table: SourceTable,
        columns: list[MappedColumn],
        contributions: dict[int, list[dict[str, Any]]],
        duplicates: set[int],
    ) -> None:
        context.logger.event(
            "column_detector.summary",
            level=10,
            message=f"{len(columns)} of {len(table.columns)} columns mapped",
            data={
                "mapped": [
                    {
                        "field": column.field_name,
                        "source_index": column.source_index,
                        "header": header_text(column.header),
                        "score": round(column.score, 6),
                        "contributions": contributions[column.source_index],
                    }
                    for column in columns
                ],
                # Packages know these as the columns that had a field and lost it to another column or to a tie.
                "unmapped_indices": sorted(duplicates),
                "total_columns": len(table.columns),
            },
        )


def _are_of_years(headers: list[str]) -> bool:
    """Returns whether headers name different years."""
    return len({year for header in headers for year in re.findall(r"\b(?:19|20)\d\d\b", header)}) > 1


def _kind(dtype: pl.DataType) -> str:
    """Returns the kind of a column's values: numbers, moments, or others."""
    return "number" if dtype.is_numeric() else "moment" if dtype.is_temporal() else "other"


def _ask(context: RunContext, entry: RegisteredFn, call: Caller, values: dict[str, Any]) -> dict[Any, float]:
    """Returns a detector's scores of a column."""
    fields = context.registry.fields
    try:
        result = as_scores(call(values), "field", fields)
        for field in result:
            if field not in fields:
                raise WrongResult(_unknown_field(entry, field, fields))
        return result
    except RAISED as error:
        letters = column_letters(context.region.min_col + values["column_index"])
        subject = f"sheet {context.sheet_name!r}, table {context.table_index + 1}, column {letters} ({values['header_text']!r})"
        context.column = letters if context.turned is None else None
        context.fail(entry, "column detector", subject, error, PipelineError)


def _unknown_field(entry: RegisteredFn, field: Any, fields: Iterable[str]) -> str:
    """Returns the message for a score of an unregistered field. It names the field unless that may be a cell's value."""
    source = source_of(entry.fn)
    name = f"the field {field!r}, which" if stands_in_code(str(field), source and source[0]) else "a field that"
    return f"scored {name} is not registered{nearest(field, fields)}"


def _best_fields(totals: dict[str, float]) -> list[str]:
    """Returns the fields with the highest total, in alphabetical order."""
    if len(totals) == 1:
        return [*totals]
    highest = max(totals.values())
    return sorted(field for field, total in totals.items() if total == highest)


def rename_columns(context: RunContext, table: SourceTable, mapping: Mapping) -> pl.DataFrame:
    """Returns the frame with mapped columns under their fields' names.

    A column that already has the name keeps it. In edition 2026, or if the fullest column is wanted, it is renamed instead, so
    that reports about a field concern the column that was chosen for it.
    """
    names, is_renamed = table.frame.columns, False
    gives_way = context.settings.is_2026 or context.settings.mapping_tie_resolution == "fullest"
    for column in mapping.columns:
        name = table.names[column.source_index]
        if name == column.field_name or name not in names:
            continue
        if gives_way and column.field_name in names and column.field_name in table.frame.columns:
            names[names.index(column.field_name)] = table.rename_apart(column.field_name)
        if column.field_name in names:
            context.logger.warning(
                "Column %r keeps its name: the table has a column %r already",
                name,
                column.field_name,
                data={"field": column.field_name, "column_name": name, "source_index": column.source_index},
            )
            continue
        names[names.index(name)] = column.field_name
        is_renamed = True
    if not is_renamed:
        return table.frame
    renamed = table.frame.clone()
    # Equals `rename`, without the query that it runs.
    renamed.columns = names
    return renamed


def _sample(column: pl.Series, size: int) -> list[str]:
    """Returns the first texts of a column, trimmed, without empty ones."""
    sample: list[str] = []
    length = len(column)
    if column.null_count() == length:
        return sample
    start, chunk = 0, max(_SAMPLE_CHUNK, min(size, length))
    while start < length:
        for value in (column if chunk >= length else column.slice(start, chunk)).to_list():
            if value is not None:
                text = (value if type(value) is str else str(value)).strip()
                if text:
                    sample.append(text)
                    if len(sample) == size:
                        return sample
        start += chunk
        # A column that starts with a long gap is searched in larger and larger steps.
        chunk *= 2
    return sample


def _place(context: RunContext, index: int) -> dict[str, Any]:
    return {
        "sheet_name": context.sheet_name,
        "table_index": context.table_index,
        "table_region": context.region.a1,
        "column_index": index,
    }
