"""Calls the row detectors for each row.

Every row goes to every row detector, so this loop is where a big sheet spends its time in Python. It is generated
once for the registered detectors, with each call written out with exactly the keywords its signature names: no
context object, no ``**kwargs``, no look-up of signatures in the loop. When debug events are sent, a plain
loop that reports the scores of every detector takes its place.
"""

from __future__ import annotations

import time

from ade_engine.extensions.invoke import COMMON_NAMES, RAISED, MissingParameter, plan_call, source_of
from ade_engine.fields.headers import DataRows, FieldHeaders, HeaderRows, LayoutRows
from ade_engine.infrastructure.observability.stack import GENERATED_FILE, frame_in
from ade_engine.infrastructure.observability.wording import stands_in_code
from ade_engine.infrastructure.policy import policy
from ade_engine.io.scan.sheet_scan import ChangedScan, SheetScan
from ade_engine.models.errors import PipelineError
from ade_engine.models.fields import RowKind
from ade_engine.models.row_layout import STATES, SheetRows
from ade_engine.pipeline.finding.header_rows import RowKinds, RowVerdicts
from ade_engine.pipeline.shared.scores import as_score, as_scores, in_words, rounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.pipeline.shared.context import Progress, RunContext

_BATCH = 512
#: The names of the values that its callables may take.
OFFERED = (*COMMON_NAMES, "row_index", "row_values", "sheet_name", "row_layout")


def register_own_detectors(registry: Registry) -> None:
    """Register the detectors that the setting ``detect_rows`` stands for: the headers of all fields, and the looks of rows.

    A field that is found otherwise than by a list of headers may be found by its label or its name.
    """
    by_header = [entry.fn for entry in registry.column_detectors if type(entry.fn) is FieldHeaders]
    words = {header for detector in by_header for header in detector.headers}
    words.update(header for part in registry.parts.values() for header in part.whole.headers)
    others = registry.fields.keys() - {detector.field for detector in by_header}
    words.update(registry.fields[name].label or name for name in others)
    registry.register_row_detector(HeaderRows(words), row_kind="header", priority=20)
    registry.register_row_detector(LayoutRows(), row_kind="header", priority=10)
    registry.finalize()


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
        self._loop: Any = None
        self._detector_at_line: dict[int, int] = {}

    @property
    def has_detectors(self) -> bool:
        """Whether there is a row detector, so that tables can be found otherwise than by guessing."""
        return bool(self._detectors)

    @property
    def goes_by_looks(self) -> bool:
        """Whether some detector asks what rows are by their looks."""
        return self._wants_layout

    def classify(self, context: RunContext, sheet_name: str, scan: SheetScan, progress: Progress) -> RowKinds:
        """The kind of every scanned row."""
        if not self._detectors:
            return RowKinds(bytearray(scan.rows_emitted), None)
        if context.debug:
            return self._classify_with_events(context, sheet_name, scan, progress)
        if self._rules is not None and not isinstance(scan, ChangedScan):
            kinds, best = scan.classify_rows(self._rules)
            return RowKinds(kinds, best)
        if self._loop is None:
            self._generate()
        verdicts = RowVerdicts()
        changed: dict[int, list[Any]] = {}
        try:
            self._loop(
                self._batches(scan, progress, changed),
                verdicts.decide,
                sheet_name,
                self._layouts(scan),
                **context.values(),
            )
        except RAISED as error:
            self._blame(context, sheet_name, error)
        return RowKinds(verdicts.kinds, verdicts.best_header_row, changed)

    def _layouts(self, scan: SheetScan) -> SheetRows | None:
        """What each row is by its looks, where a detector asks for that."""
        return scan.layouts() if self._wants_layout else None

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

    def _generate(self) -> None:
        """Write and compile the loop for these detectors."""
        lines = [
            "def loop(batches, decide, sheet_name, layouts, settings, metadata, state, input_file_name, logger):",
            "    row_index = 0",
            "    for rows in batches:",
            "        for row_values in rows:",
            "            row_index += 1",
            "            totals = {}",
        ]
        if self._wants_layout:
            lines.append("            row_layout = layouts[row_index - 1]")
        names: dict[str, Any] = {"as_score": as_score, "as_scores": as_scores, "MissingParameter": MissingParameter}
        names["known"] = self._known_kinds
        for number, (entry, plan) in enumerate(zip(self._detectors, self._plans)):
            names[f"detector_{number}"] = entry.fn
            first_line = len(lines) + 1
            if plan.missing is not None:
                names[f"lacks_{number}"] = plan.missing
                lines.append(f"            raise MissingParameter(lacks_{number}, {OFFERED!r})")
            else:
                arguments = []
                for name, default in plan.positional:
                    if name not in OFFERED:
                        names[f"default_{number}_{name}"] = default
                        name = f"default_{number}_{name}"
                    arguments.append(name)
                arguments += [f"{name}={name}" for name in plan.keywords]
                lines += [
                    f"            votes = detector_{number}({', '.join(arguments)})",
                    "            if votes is not None:",
                    "                if type(votes) is not dict:",
                    "                    votes = as_scores(votes, 'kind of row', known)",
                    "                for kind, score in votes.items():",
                    "                    if type(score) is not float or score - score != 0.0:",
                    "                        score = as_score(score, kind, known)",
                    "                    totals[kind] = totals[kind] + score if kind in totals else score",
                ]
            for line in range(first_line, len(lines) + 1):
                self._detector_at_line[line] = number
        lines.append("            decide(totals)")
        exec(compile("\n".join(lines), GENERATED_FILE, "exec"), names)
        self._loop = names["loop"]

    def _blame(self, context: RunContext, sheet_name: str, error: BaseException) -> None:
        """Find out from the generated loop's frame which detector failed on which row."""
        found = frame_in(error.__traceback__, GENERATED_FILE)
        number = None if found is None else self._detector_at_line.get(found[1])
        if found is None or number is None:
            raise error
        self._fail(context, number, sheet_name, found[0].f_locals["row_index"], error)

    def _fail(self, context: RunContext, number: int, sheet_name: str, row_index: int, error: BaseException) -> None:
        subject = f"sheet {sheet_name!r}, row {row_index}"
        context.fail(self._detectors[number], "row detector", subject, error, PipelineError)

    def _classify_with_events(self, context: RunContext, sheet_name: str, scan: SheetScan, progress: Progress) -> RowKinds:
        """The same result, with an event for every detector's scores."""
        logger = context.logger
        values = {**context.values(), "sheet_name": sheet_name}
        verdicts = RowVerdicts()
        row_index = 0
        changed: dict[int, list[Any]] = {}
        layouts = self._layouts(scan)
        for rows in self._batches(scan, progress, changed):
            for row_values in rows:
                row_index += 1
                if layouts is not None:
                    values["row_layout"] = layouts[row_index - 1]
                values["row_index"] = row_index
                values["row_values"] = row_values
                totals: dict[Any, float] = {}
                reports = []
                for number, (entry, plan) in enumerate(zip(self._detectors, self._plans)):
                    started = time.perf_counter()
                    try:
                        scores = as_scores(_call(entry, plan, values), "kind of row", self._known_kinds)
                    except RAISED as error:
                        self._fail(context, number, sheet_name, row_index, error)
                    for kind, score in scores.items():
                        totals[kind] = totals[kind] + score if kind in totals else score
                    report = {
                        "name": entry.qualname,
                        "scores": self._named(entry, rounded(scores)),
                        "duration_ms": round((time.perf_counter() - started) * 1000, 3),
                    }
                    reports.append(report)
                    logger.event(
                        "detector.row_result",
                        level=10,
                        message=f"Sheet {sheet_name!r}, row {row_index}: {entry.qualname} {in_words(report['scores'])}",
                        data={"sheet_name": sheet_name, "row_index": row_index, "detector": report},
                    )
                decided = verdicts.decide(totals)
                score = round(totals.get(decided, 0.0), 6)
                shown = self._named(None, rounded(totals))
                (kind,) = self._named(None, {decided: score})
                logger.event(
                    "row_classification",
                    level=10,
                    message=f"Sheet {sheet_name!r}, row {row_index} is {getattr(kind, 'value', kind)}: {in_words(shown)}",
                    data={
                        "sheet_name": sheet_name,
                        "row_index": row_index,
                        "detectors": reports,
                        "scores": shown,
                        "classification": {
                            "row_kind": kind,
                            "score": score,
                            "considered_row_kinds": list(shown),
                        },
                    },
                )
        return RowKinds(verdicts.kinds, verdicts.best_header_row, changed)

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


def _call(entry: RegisteredFn, plan: Any, values: dict[str, Any]) -> Any:
    if plan.missing is not None:
        raise MissingParameter(plan.missing, OFFERED)
    by_position = [values.get(name, default) for name, default in plan.positional]
    return entry.fn(*by_position, **{name: values[name] for name in plan.keywords})
