"""Calls the row detectors for each row.

If all detectors are the engine's own, the native module classifies the rows. Otherwise every row goes to every row detector,
and this loop is where a big sheet spends its time in Python.
"""

from __future__ import annotations

import time
from functools import lru_cache

from ade_engine import _native
from ade_engine.extensions.invoke import COMMON_NAMES, RAISED, MissingParameter, plan_call, source_of
from ade_engine.fields.headers import DataRows, FieldHeaders, HeaderRows, LayoutRows, simplify
from ade_engine.infrastructure.observability.wording import stands_in_code
from ade_engine.infrastructure.policy import policy
from ade_engine.io.scan.sheet_scan import ChangedScan, SheetScan
from ade_engine.models.errors import PipelineError
from ade_engine.models.fields import RowKind
from ade_engine.models.row_layout import STATES
from ade_engine.pipeline.finding.header_rows import HEADER, RowKinds, RowVerdicts
from ade_engine.pipeline.shared.scores import as_score, as_scores, in_words, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn

    from ade_engine.extensions.invoke import CallPlan
    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.pipeline.shared.context import RunContext, SheetProgress

_BATCH = 512
#: The maximum number of header rows of a sheet whose scores by authors' detectors are kept.
_MAX_KEPT_HEADER_ROWS = 200
#: The number of rows above and below a header in which the runner-up is sought.
_FAR = 100
#: The names of the values that row detectors may take.
OFFERED = (*COMMON_NAMES, "row_index", "row_values", "sheet_name", "row_layout")
#: The values that change from row to row.
_OF_ROW = ("row_index", "row_values", "row_layout")


def put_headers_first(registry: Registry, own: Mapping[str, Sequence[str]]) -> None:
    """Puts the headers of a sender, by field, before those that the fields list."""
    listing = {entry.fn.field for entry in registry.column_detectors if type(entry.fn) is FieldHeaders}
    for field in own.keys() & registry.fields.keys() - listing:
        registry.register_column_detector(FieldHeaders(field, ()), field=field, priority=20)
    registry.finalize()
    for entry in registry.column_detectors:
        if type(entry.fn) is FieldHeaders:
            entry.fn.put_first(own)


def register_own_detectors(registry: Registry) -> None:
    """Registers the detectors of edition 2026: the headers of all fields, and the looks of rows.

    A field without a list of headers may be found by its label or its name.
    """
    by_header = [entry.fn for entry in registry.column_detectors if type(entry.fn) is FieldHeaders]
    words = {header for detector in by_header for header in detector.headers}
    words.update(header for part in registry.parts.values() for header in part.whole.headers)
    others = registry.fields.keys() - {detector.field for detector in by_header}
    words.update(registry.fields[name].label or name for name in others)
    registry.register_row_detector(HeaderRows(words, once=True), row_kind="header", priority=20)
    registry.register_row_detector(LayoutRows(), row_kind="header", priority=10)
    registry.finalize()


@lru_cache(maxsize=1)
def known_words(registry: Registry) -> dict[str, str]:
    """Returns the headers of all fields, and the common words of headers, simplified, each with its field. A word of no field
    maps to itself.

    Computed once for a registry; do not change it.
    """
    words: dict[str, str] = {}
    for fn in (entry.fn for entry in registry.row_detectors + registry.column_detectors):
        if isinstance(fn, HeaderRows):
            words = {word: word for word in fn.words} | words
        elif isinstance(fn, FieldHeaders):
            words.update(dict.fromkeys(map(simplify, fn.headers), fn.field))
    for part in registry.parts.values():
        whole = [*map(simplify, part.whole.headers)]
        words.update(dict.fromkeys(whole, whole[0] if whole else ""))
    return words


@lru_cache(maxsize=1)
def native_words(registry: Registry) -> _native.HeaderWords:
    """Returns the known words for the native module."""
    return _native.HeaderWords(known_words(registry))


def shared_headers(registry: Registry) -> Iterator[str]:
    """Yields headers that several fields list. The alphabetically first field gets each such column, unless an author's
    detector decides.
    """
    detectors = [entry for entry in registry.column_detectors if isinstance(entry.fn, FieldHeaders)]
    if len(detectors) < 2:
        return
    from ade_engine.fields.by_values import FieldValues

    own = {entry.field for entry in registry.column_detectors if not isinstance(entry.fn, (FieldHeaders, FieldValues))}
    lists = sorted((entry.fn.field, entry.fn.headers) for entry in detectors if not own.intersection((entry.fn.field, None)))
    known: dict[str, str] = {}
    for field, headers in lists:
        for header in headers:
            first = known.setdefault(simplify(header), field)
            if first != field and simplify(header):
                place = getattr(registry.fields.get(field), "ade_place", None)
                where = f"{place[0]}, line {place[1]}: " if place else ""
                yield (
                    f"{where}fields {first!r} and {field!r} both list the header {header!r}: a column with it is always the field {first!r}. "
                    "Remove it from one of them"
                )


class RowClassifier:
    """The row detectors of a run, prepared for one call per row of each sheet."""

    def __init__(self, detectors: list[RegisteredFn]):
        self._detectors = detectors
        self._plans = [plan_call(entry.fn, OFFERED) for entry in detectors]
        self._wants_values = any("row_values" in plan.names() for plan in self._plans)
        self._wants_layout = any("row_layout" in plan.names() for plan in self._plans)
        #: The kinds that events and messages name.
        self._known_kinds = {kind.value for kind in RowKind} | {*STATES} | {
            entry.row_kind for entry in detectors if isinstance(entry.row_kind, str)
        }
        #: The detectors in the form that the native module takes, if it can take all of them.
        self._rules = (
            [entry.fn.rule() for entry in detectors]
            if all(type(entry.fn) in (HeaderRows, DataRows, LayoutRows) for entry in detectors)
            else None
        )

    @property
    def has_detectors(self) -> bool:
        """Returns whether there is a row detector, so that tables need not be guessed."""
        return bool(self._detectors)

    @property
    def goes_by_looks(self) -> bool:
        """Returns whether some detector uses the looks of rows."""
        return self._wants_layout

    def rules_for(self, context: RunContext, scan: SheetScan) -> list[_native.RowRule] | None:
        """Returns the detectors in the form that the native module takes; ``None`` if it cannot take all of them, or if events
        report each row.
        """
        is_plain = not context.debug and not isinstance(scan, ChangedScan)
        return self._rules if is_plain or not self._detectors else None

    def classify(self, context: RunContext, scan: SheetScan, progress: SheetProgress) -> tuple[RowKinds, dict[int, list[Any]]]:
        """Returns the kind of every scanned row, and the rows that detectors have changed in place, by number from 0."""
        verdicts = RowVerdicts()
        changed: dict[int, list[Any]] = {}
        layouts = scan.layouts() if self._wants_layout else None
        events = _RowEvents(context, self._detectors, self._known_kinds) if context.debug else None
        values = {**context.values(), "sheet_name": context.sheet_name}
        calls = [(entry, _call(entry, plan, values)) for entry, plan in zip(self._detectors, self._plans)]
        row_layout = None
        known = self._known_kinds
        heard = _HeaderVotes() if context.policy.sends_notices else None
        row_index = 0
        for rows in self._batches(scan, progress, changed):
            for row_values in rows:
                if layouts is not None:
                    row_layout = layouts[row_index]
                row_index += 1
                totals: dict[Any, float] = {}
                said = []
                for entry, call in calls:
                    started = 0.0 if events is None else time.perf_counter()
                    try:
                        scores = call(row_index, row_values, row_layout)
                        if type(scores) is not dict:
                            scores = {} if scores is None else as_scores(scores, "kind of row", known)
                        for kind, score in scores.items():
                            if type(score) is not float or score - score != 0.0:
                                score = as_score(score, kind, known)
                            totals[kind] = totals[kind] + score if kind in totals else score
                    except RAISED as error:
                        subject = f"sheet {context.sheet_name!r}, row {row_index}"
                        context.fail(entry, "row detector", subject, error, PipelineError)
                    said.append(scores)
                    if events is not None:
                        events.scored(row_index, entry, scores, time.perf_counter() - started)
                decided = verdicts.decide(totals)
                if heard is not None and "header" in totals:
                    heard.note(row_index - 1, decided == "header", totals["header"], said)
                if events is not None:
                    events.decided(row_index, decided, totals)
        said_of = {} if heard is None else {row: [*zip(self._detectors, said)] for row, said in heard.rows()}
        return RowKinds(verdicts.kinds, verdicts.header_scores, said_of), changed

    def votes(self, verdict: RowKinds, scan: SheetScan, row: int) -> dict[str, Any] | None:
        """Returns the detectors' scores of a row (from 0) as a header, and its kind; ``None`` if they were not kept.

        In a run with only the engine's own detectors, these are called again.
        """
        heard = verdict.heard.get(row)
        if heard is None and self._detectors and self._rules is not None:
            heard = [*zip(self._detectors, map(dict, _native.score_row(scan.as_native(), self._rules, row)))]
        if heard is None:
            return None
        totals: dict[Any, float] = {}
        for _, scores in heard:
            for kind, score in scores.items():
                totals[kind] = totals.get(kind, 0.0) + score
        kind = max(totals, key=totals.__getitem__) if totals else "unknown"
        return {
            "row": row + 1,
            # A kind that is not in the code could be a cell's value.
            "kind": getattr(kind, "value", kind) if kind in self._known_kinds else "other",
            "score": round(totals.get("header", 0.0), 6),
            "by": [
                {"detector": entry.qualname, "score": round(scores["header"], 6)} for entry, scores in heard if scores.get("header")
            ],
        }

    def next_best(self, verdict: RowKinds, scan: SheetScan, rows: range, stop: int) -> dict[str, Any] | None:
        """Returns the votes of the runner-up to the header rows of a table, without header rows of other tables. ``stop``: the
        row behind the table.
        """
        kinds, scores = verdict.kinds, verdict.header_scores
        if not scores:
            return None
        if self._rules is not None:
            around: Iterable[int] = range(max(0, rows.start - _FAR), min(stop, rows.stop + _FAR))
        else:
            # The scores of authors' detectors are kept for some rows only.
            around = (row for row in sorted(verdict.heard) if row < stop)
        rivals = (row for row in around if scores[row] > 0 and kinds[row] != HEADER and row not in rows)
        best = max(rivals, key=scores.__getitem__, default=None)
        return None if best is None else self.votes(verdict, scan, best)

    def is_by_looks(self, votes: list[dict[str, Any]]) -> bool:
        """Returns whether nothing but looks spoke for header rows."""
        looks = {entry.qualname for entry in self._detectors if type(entry.fn) is LayoutRows}
        return self._wants_layout and all(by["detector"] in looks for vote in votes for by in vote["by"])

    def _batches(self, scan: SheetScan, progress: SheetProgress, changed: dict[int, list[Any]]) -> Iterator[list[Any]]:
        """Yields the rows in batches; notes in ``changed`` the rows that detectors have changed."""
        count = scan.rows_emitted
        for start in range(0, count, _BATCH):
            stop = min(count, start + _BATCH)
            if self._wants_values:
                rows = scan.rows(start, stop)
                before = [row[:] for row in rows]
                yield rows
                # Unchanged cells are the same objects, so the comparison is fast.
                if rows != before:
                    changed.update((start + at, row) for at, row in enumerate(rows) if row != before[at])
            else:
                yield [None] * (stop - start)
            progress("detect", stop, count)


class _HeaderVotes:
    """The scores of the rows that detectors made headers, and of the runner-up."""

    __slots__ = ("_headers", "_next", "_best")

    def __init__(self) -> None:
        self._headers: list[tuple[int, list[Any]]] = []
        self._next: list[tuple[int, list[Any]]] = []
        self._best = 0.0

    def note(self, row: int, is_header: bool, score: float, said: list[Any]) -> None:
        if is_header:
            if len(self._headers) < _MAX_KEPT_HEADER_ROWS:
                self._headers.append((row, said))
        elif score > self._best:
            self._best, self._next = score, [(row, said)]

    def rows(self) -> list[tuple[int, list[dict[Any, float]]]]:
        """Returns the rows with the scores of each detector."""
        return [
            (row, [{kind: as_score(score) for kind, score in scores.items()} for scores in said])
            for row, said in (*self._headers, *self._next)
        ]


class _RowEvents:
    """Sends the debug events about the rows of a sheet: each detector's scores, and the decision."""

    def __init__(self, context: RunContext, detectors: list[RegisteredFn], known_kinds: set[Any]):
        self._logger = context.logger
        self._sheet_name = context.sheet_name
        self._detectors = detectors
        self._known_kinds = known_kinds
        #: The scores of the current row so far.
        self._reports: list[dict[str, Any]] = []

    def scored(self, row_index: int, entry: RegisteredFn, scores: dict[Any, float], seconds: float) -> None:
        """Notes that a detector has scored a row."""
        report = {
            "name": entry.qualname,
            "scores": self._named(entry, rounded(as_scores(scores, "kind of row", self._known_kinds))),
            "duration_ms": round(seconds * 1000, 3),
        }
        self._reports.append(report)
        self._logger.event(
            "detector.row_result",
            level=10,
            message=f"Sheet {self._sheet_name!r}, row {row_index}: {entry.qualname} {in_words(report['scores'])}",
            data={"sheet_name": self._sheet_name, "row_index": row_index, "detector": report},
        )

    def decided(self, row_index: int, decided: Any, totals: dict[Any, float]) -> None:
        """Reports that all detectors have scored a row."""
        score = round(totals.get(decided, 0.0), 6)
        shown = self._named(None, rounded(totals))
        (kind,) = self._named(None, {decided: score})
        self._logger.event(
            "row_classification",
            level=10,
            message=f"Sheet {self._sheet_name!r}, row {row_index} is {getattr(kind, 'value', kind)}: {in_words(shown)}",
            data={
                "sheet_name": self._sheet_name,
                "row_index": row_index,
                "detectors": self._reports,
                "scores": shown,
                "classification": {"row_kind": kind, "score": score, "considered_row_kinds": list(shown)},
            },
        )
        self._reports = []

    def _named(self, entry: RegisteredFn | None, scores: dict[Any, float]) -> dict[Any, float]:
        """Returns scores for events. A kind that is not in the code could be a cell's value, which `ade` does not store."""
        if policy().quotes_values or all(kind in self._known_kinds for kind in scores):
            return scores
        shown: dict[Any, float] = {}
        for kind, score in scores.items():
            if kind not in self._known_kinds and self._is_written(entry, str(kind)):
                self._known_kinds.add(kind)
            shown[kind if kind in self._known_kinds else "other"] = score
        return shown

    def _is_written(self, entry: RegisteredFn | None, kind: str) -> bool:
        """Returns whether a kind is in the code of the detector that scored it, or of any."""
        sources = [source_of(detector.fn) for detector in (self._detectors if entry is None else [entry])]
        return any(stands_in_code(kind, source and source[0]) for source in sources)


def _call(entry: RegisteredFn, plan: CallPlan, values: dict[str, Any]) -> Callable[[int, Any, Any], Any]:
    """Returns a function that calls a detector for a row with exactly the values that it takes.

    The call is generated as Python code, because a dictionary of arguments for each row takes longer than many a detector.
    """
    if plan.missing is not None:

        def refuse(*_: Any) -> NoReturn:
            raise MissingParameter(plan.missing, OFFERED)

        return refuse
    names = {"detector": entry.fn, **values}
    arguments = []
    for number, (name, default) in enumerate(plan.positional):
        if name not in OFFERED:
            name = f"default_{number}"
            names[name] = default
        arguments.append(name)
    arguments += [f"{name}={name}" for name in plan.keywords]
    code = f"lambda {', '.join(_OF_ROW)}: detector({', '.join(arguments)})"
    # The file name is one of the engine's, so that authors do not see its frame.
    return eval(compile(code, f"{__file__} (call)", "eval"), names)
