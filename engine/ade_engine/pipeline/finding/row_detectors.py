"""Calls the row detectors for each row.

Where all detectors are the engine's own, the native module classifies the rows. Otherwise every row goes to every row
detector, and this loop is where a big sheet spends its time in Python.
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
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, NoReturn

    from ade_engine.extensions.invoke import CallPlan
    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.pipeline.shared.context import Progress, RunContext

_BATCH = 512
#: Of so many header rows of a sheet it is kept what detectors of authors said.
_MOST_HEARD = 200
#: Among so many rows above and below a header the next best one is looked for.
_FAR = 100
#: The names of the values that its callables may take.
OFFERED = (*COMMON_NAMES, "row_index", "row_values", "sheet_name", "row_layout")
#: Those that change from row to row.
_OF_ROW = ("row_index", "row_values", "row_layout")


def register_own_detectors(registry: Registry) -> None:
    """Register the detectors of edition 2026: the headers of all fields, and the looks of rows.

    A field that is found otherwise than by a list of headers may be found by its label or its name.
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
    """The headers of all fields, and the words that headers have, simplified, each with its field. A word of no field stands for itself.

    Made once for a registry; nobody changes it.
    """
    words: dict[str, str] = {}
    for fn in (entry.fn for entry in registry.row_detectors + registry.column_detectors):
        if isinstance(fn, HeaderRows):
            words = {word: word for word in fn.words} | words
        elif isinstance(fn, FieldHeaders):
            words.update(dict.fromkeys(map(simplify, fn.headers), fn.field))
    for part in registry.parts.values():
        whole = [*map(simplify, part.whole.headers)]
        words.update(dict.fromkeys(whole, whole[0]))
    return words


@lru_cache(maxsize=1)
def native_words(registry: Registry) -> _native.HeaderWords:
    """The known words, for the native module."""
    return _native.HeaderWords(known_words(registry))


def shared_headers(registry: Registry) -> Iterator[str]:
    """Headers that several fields list: the first of the alphabet has each such column, unless a detector of the author's decides."""
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
                    f"{where}fields {first!r} and {field!r} both list the header {header!r}: a column below it is always the field {first!r}. "
                    "Take it from one of them"
                )


class RowClassifier:
    """The row detectors of a run, made ready for calling once for each row of each sheet."""

    def __init__(self, detectors: list[RegisteredFn]):
        self._detectors = detectors
        self._plans = [plan_call(entry.fn, OFFERED) for entry in detectors]
        self._wants_values = any("row_values" in plan.names() for plan in self._plans)
        self._wants_layout = any("row_layout" in plan.names() for plan in self._plans)
        #: The kinds that events and messages name.
        self._known_kinds = {kind.value for kind in RowKind} | {*STATES} | {
            entry.row_kind for entry in detectors if isinstance(entry.row_kind, str)
        }
        #: The detectors as the native module takes them, if it can take all of them.
        self._rules = (
            [entry.fn.rule() for entry in detectors]
            if all(type(entry.fn) in (HeaderRows, DataRows, LayoutRows) for entry in detectors)
            else None
        )

    @property
    def has_detectors(self) -> bool:
        """Whether there is a row detector, so that tables can be found otherwise than by guessing."""
        return bool(self._detectors)

    @property
    def goes_by_looks(self) -> bool:
        """Whether some detector asks what rows are by their looks."""
        return self._wants_layout

    def rules_for(self, context: RunContext, scan: SheetScan) -> list[_native.RowRule] | None:
        """The detectors as the native module takes them; nothing where it cannot take all of them, or events tell of each row."""
        is_plain = not context.debug and not isinstance(scan, ChangedScan)
        return self._rules if is_plain or not self._detectors else None

    def classify(self, context: RunContext, scan: SheetScan, progress: Progress) -> tuple[RowKinds, dict[int, list[Any]]]:
        """The kind of every scanned row, and the rows that detectors have changed in place, by number from 0."""
        verdicts = RowVerdicts()
        changed: dict[int, list[Any]] = {}
        layouts = scan.layouts() if self._wants_layout else None
        events = _RowEvents(context, self._detectors, self._known_kinds) if context.debug else None
        values = {**context.values(), "sheet_name": context.sheet_name}
        calls = [(entry, _call(entry, plan, values)) for entry, plan in zip(self._detectors, self._plans)]
        row_layout = None
        known = self._known_kinds
        heard = _Heard() if context.policy.sends_notices else None
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
        """What the detectors said of a row (from 0) as a header, and what they made of it; nothing where it was not kept.

        The engine's own detectors are asked again, in a run that has no others.
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
            # What no code names could be a cell's value.
            "kind": getattr(kind, "value", kind) if kind in self._known_kinds else "other",
            "score": round(totals.get("header", 0.0), 6),
            "by": [
                {"detector": entry.qualname, "score": round(scores["header"], 6)} for entry, scores in heard if scores.get("header")
            ],
        }

    def next_best(self, verdict: RowKinds, scan: SheetScan, rows: range, stop: int) -> dict[str, Any] | None:
        """The votes of the row that comes next to the header rows of a table as a header, those of other tables left out. ``stop``: the
        row behind the table.
        """
        kinds, scores = verdict.kinds, verdict.header_scores
        if not scores:
            return None
        if self._rules is not None:
            around: Iterable[int] = range(max(0, rows.start - _FAR), min(stop, rows.stop + _FAR))
        else:
            # Of detectors of authors it is kept of some rows what they said.
            around = (row for row in sorted(verdict.heard) if row < stop)
        rivals = (row for row in around if scores[row] > 0 and kinds[row] != HEADER and row not in rows)
        best = max(rivals, key=scores.__getitem__, default=None)
        return None if best is None else self.votes(verdict, scan, best)

    def is_by_looks(self, votes: list[dict[str, Any]]) -> bool:
        """Whether nothing but their looks spoke for header rows."""
        looks = {entry.qualname for entry in self._detectors if type(entry.fn) is LayoutRows}
        return self._wants_layout and all(by["detector"] in looks for vote in votes for by in vote["by"])

    def _batches(self, scan: SheetScan, progress: Progress, changed: dict[int, list[Any]]) -> Iterator[list[Any]]:
        """The rows in handfuls; notes in ``changed`` what the detectors have made of them."""
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


class _Heard:
    """What detectors said of the rows that they made headers, and of the one that came next."""

    __slots__ = ("_headers", "_next", "_best")

    def __init__(self) -> None:
        self._headers: list[tuple[int, list[Any]]] = []
        self._next: list[tuple[int, list[Any]]] = []
        self._best = 0.0

    def note(self, row: int, is_header: bool, score: float, said: list[Any]) -> None:
        if is_header:
            if len(self._headers) < _MOST_HEARD:
                self._headers.append((row, said))
        elif score > self._best:
            self._best, self._next = score, [(row, said)]

    def rows(self) -> list[tuple[int, list[dict[Any, float]]]]:
        """The rows with the scores that each detector gave."""
        return [
            (row, [{kind: as_score(score) for kind, score in scores.items()} for scores in said])
            for row, said in (*self._headers, *self._next)
        ]


class _RowEvents:
    """Sends the debug events about the rows of a sheet: what each detector said, and what was decided."""

    def __init__(self, context: RunContext, detectors: list[RegisteredFn], known_kinds: set[Any]):
        self._logger = context.logger
        self._sheet_name = context.sheet_name
        self._detectors = detectors
        self._known_kinds = known_kinds
        #: What the detectors said of the row so far.
        self._reports: list[dict[str, Any]] = []

    def scored(self, row_index: int, entry: RegisteredFn, scores: dict[Any, float], seconds: float) -> None:
        """A detector has scored a row."""
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
        """All detectors have scored a row."""
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
        """Scores as events show them. A kind that no code names could be a cell's value, which `ade` does not store."""
        if policy().quotes_values or all(kind in self._known_kinds for kind in scores):
            return scores
        shown: dict[Any, float] = {}
        for kind, score in scores.items():
            if kind not in self._known_kinds and self._is_written(entry, str(kind)):
                self._known_kinds.add(kind)
            shown[kind if kind in self._known_kinds else "other"] = score
        return shown

    def _is_written(self, entry: RegisteredFn | None, kind: str) -> bool:
        """Whether a kind stands in the code of the detector that scored it, or of any."""
        sources = [source_of(one.fn) for one in (self._detectors if entry is None else [entry])]
        return any(stands_in_code(kind, source and source[0]) for source in sources)


def _call(entry: RegisteredFn, plan: CallPlan, values: dict[str, Any]) -> Callable[[int, Any, Any], Any]:
    """A function of what a row brings that calls a detector with exactly the values that it asks for.

    The call is written out in Python: a dictionary of arguments for each row takes longer than many a detector.
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
    # A file of the engine's own, so that its frame is left out of what authors see.
    return eval(compile(code, f"{__file__} (call)", "eval"), names)
