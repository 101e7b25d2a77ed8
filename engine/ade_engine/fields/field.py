"""A field with its headers, its reader and its checks, registered at once."""

from __future__ import annotations

from collections import defaultdict

from ade_engine.extensions import parameters
from ade_engine.fields.beside import BesideFact
from ade_engine.fields.by_values import FieldValues
from ade_engine.fields.codes import Choice
from ade_engine.fields.headers import FieldHeaders, simplify
from ade_engine.fields.parts import Part
from ade_engine.fields.readers import code, date, date_time, email, money, phone, readers_made
from ade_engine.fields.stacks import Stack, StackPart
from ade_engine.infrastructure.observability.stack import calling_place
from ade_engine.models import polars as pl
from ade_engine.models.errors import did_you_mean
from ade_engine.models.fields import FieldDef
from ade_engine.models.issues import WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ade_engine.extensions.parameters import Parameter
    from ade_engine.extensions.registry import Registry


#: The kinds of readers whose values are recognizable by their looks.
_KINDS = {code: "code", date: "date", date_time: "date", email: "email", money: "money", phone: "phone"}
#: The arguments of ``FieldDef`` besides name and label.
_FACTS = tuple(name for name in FieldDef._annotations if name not in ("name", "label"))


class Field:
    """A field of the output: its name, the headers that people give it, its reader and its checks.

    ``by_values``: whether the field's column may be found by its values if its header says nothing, or if its header is unknown
    and the values are unmistakable, with a score of 0.6 at most: ``True`` for the readers ``code``, ``date``, ``date_time``,
    ``email``, ``money`` and ``phone``, or a list of the field's values.

    ``part_of``: the whole that the field is a part of, if it has no column of its own: ``FULL_NAME.first`` of a
    :class:`FullName`, ``RESULT.number`` of a :class:`Measured`, ``REFERENCE.low`` of an :class:`Interval`, ``TOWN.place`` of a :class:`PlaceCode`, ``MONTHS.header`` or
    ``MONTHS.value`` of a :class:`Stack`.

    ``beside``: the position of its value beside the table, if it has no column: ``sheet_name``, ``title(…)``, ``label(…)``, or
    several of these, of which the first with a value counts.

    ``fill_down``: a blank cell gets the value of the cell above. ``split``: the separator of several values in a cell, each of
    which becomes a row.

    ``which``: ``"first"`` takes the first of several columns with the same header, without an issue about the others.

    ``checks``: functions, or pairs of a function and the severity of its issues, which is ``warning`` by default.

    ``read`` and each of ``checks`` take the field's name and return an expression: the functions of this package, or your own.
    Your own function, if it calls its argument ``field_name``, may also take the other arguments of a transform, such as
    ``column_unit``. More detectors, transforms and validators can be registered for the same field.
    """

    def __init__(
        self,
        name: str,
        label: str | None = None,
        *,
        headers: Sequence[str] = (),
        read: Callable[..., pl.Expr] | None = None,
        checks: Sequence[Callable[..., pl.Expr] | tuple[Callable[..., pl.Expr], str]] = (),
        by_values: bool | Sequence[str] = False,
        part_of: Part | StackPart | None = None,
        beside: BesideFact | Sequence[BesideFact] = (),
        fill_down: bool = False,
        split: str | Sequence[str] = (),
        which: str | None = None,
        **facts: Any,
    ):
        if not isinstance(name, str):
            raise TypeError(f"a field's name should be a text, not {name!r}")
        for fact in facts:
            if fact not in _FACTS:
                own = [known for known in _parameters(Field.__init__) if known not in ("self", "name", "facts")]
                raise TypeError(f"Field {name!r} takes no {fact!r}{did_you_mean(fact, [*own, *_FACTS])}")
        if headers is None or isinstance(headers, str) or not all(isinstance(header, str) for header in headers):
            raise TypeError(f"Field {name!r}: headers should be a list of texts, not {headers!r}")
        pairs = () if callable(checks) else tuple(check if isinstance(check, tuple) else (check, WARNING) for check in checks)
        if callable(checks) or not all(len(pair) == 2 and callable(pair[0]) for pair in pairs):
            raise TypeError(
                f"Field {name!r}: checks should be a list of functions, or of pairs of a function and a severity, such as "
                'checks=[pattern_of_codes, (range_of_hours, "error")]'
            )
        if read is not None and not callable(read):
            raise TypeError(f"Field {name!r}: read should be a function such as date, without brackets behind it")
        known = () if isinstance(by_values, bool) else tuple(by_values)
        if isinstance(by_values, str) or not all(isinstance(value, str) for value in known):
            raise TypeError(f"Field {name!r}: by_values should be True or a list of texts, not {by_values!r}")
        kind = _KINDS.get(read)
        if by_values is True and kind is None:
            kind = _kind_within(read, name)
        if by_values is True and kind is None:
            names = ", ".join(sorted(reader.__name__ for reader in _KINDS))
            raise TypeError(
                f"Field {name!r}: by_values=True works only with the readers {names}, and with functions that read the field by one of "
                "them; give a list of values instead"
            )
        if part_of is not None and not isinstance(part_of, (Part, StackPart)):
            such = "MONTHS.header or MONTHS.value" if isinstance(part_of, Stack) else "FULL_NAME.first"
            raise TypeError(f"Field {name!r}: part_of should be a part such as {such}, not {type(part_of).__name__}")
        places = (beside,) if not isinstance(beside, (list, tuple)) else tuple(beside)
        if not all(isinstance(place, BesideFact) for place in places):
            raise TypeError(f'Field {name!r}: beside should be sheet_name, file_name, section, title(…) or label(…), or a list of these, not {beside!r}')
        marks = (split,) if isinstance(split, str) else tuple(split)
        if not all(isinstance(mark, str) and mark for mark in marks):
            raise TypeError(f'Field {name!r}: split should be the separator between the values in a cell, such as "," or [",", ";"], not {split!r}')
        if not isinstance(fill_down, bool):
            raise TypeError(f"Field {name!r}: fill_down should be True or False, not {fill_down!r}")
        if which not in (None, "first"):
            raise TypeError(f'Field {name!r}: which should be "first", not {which!r}')
        self.name = name
        self.label = label
        self.headers = tuple(headers) or (label or name.replace("_", " "),)
        self.read = read
        #: Pairs of a check and its severity.
        self.checks = pairs
        self.by_values = known or by_values is True
        self.part_of = part_of
        self.beside = places
        self.fill_down = fill_down
        self.split = marks
        self.which = which
        self._kind = kind
        self._place = calling_place()
        #: Further arguments of ``FieldDef``: ``dtype``, ``meta``, ``width``, ``format``.
        self.facts = {"format": "money", **facts} if read is money else facts

    @property
    def words(self) -> set[str]:
        """Returns the simplified headers, for row detectors that look for them, with the headers of the whole that the field is
        a part of.
        """
        whole = self.part_of.whole.headers if isinstance(self.part_of, Part) else ()
        return {simplify(header) for header in (*self.headers, *whole)}

    def register(self, registry: Registry) -> None:
        """Registers the field, detectors for its headers and its values, its reader and its checks."""
        field = FieldDef(name=self.name, label=self.label, **self.facts)
        field.ade_place = self._place
        registry.register_field(field)

        by_header = FieldHeaders(self.name, self.headers, self._kind, takes_first=self.which == "first")
        registry.register_column_detector(by_header, field=self.name, priority=20)
        if self.by_values:
            known = () if self.by_values is True else self.by_values
            by_values = FieldValues(self.name, "known" if known else self._kind or "", known)
            registry.register_column_detector(by_values, field=self.name, priority=10)
        if isinstance(self.part_of, Part):
            registry.parts[self.name] = self.part_of
        if isinstance(self.part_of, StackPart) or self.beside or self.split or self.fill_down:
            registry.reshapes.add(self.name, self.part_of, self.beside, self.split, fill_down=self.fill_down)
        if isinstance(self.read, Choice):
            registry.choices[self.name] = self.read
        if self.read is not None:
            reader = _of_field(self.read, self.name, "read", self._place)
            registry.register_column_transform(reader, field=self.name, priority=20)
        for number, (check, severity) in enumerate(self.checks):
            if hasattr(check, "relation"):
                registry.relations.append((self.name, *check.relation))
            validator = _of_field(check, self.name, f"check {number + 1}", self._place)
            registry.register_column_validator(validator, field=self.name, priority=20 - number, severity=severity)


def _of_field(
    function: Callable[..., pl.Expr], field: str, role: str, place: tuple[str, int, str] | None
) -> Callable[..., pl.Expr]:
    """Returns the function in the form that the engine calls, by parameter names. A function that takes ``field_name`` is
    returned unchanged.

    ``place``: the position where the field was made, for messages about functions of this package.
    """
    if "field_name" in _parameters(function):
        return function
    called = _named(lambda field_name: function(field_name), field, role)
    called.ade_wraps, called.ade_place = function, place
    return called


def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    try:
        return {parameter.name: parameter for parameter in parameters.read_parameters(function)}
    except (TypeError, ValueError):
        return {}


def _kind_within(read: Callable[..., Any] | None, field: str) -> str | None:
    """Returns the kind that a function reads a field as, if it uses a reader whose values are recognizable."""
    taken = _parameters(read) if read is not None else {}
    if "field_name" in taken:
        required = [value.name for value in taken.values() if value.default is parameters.EMPTY and value.kind != parameters.VAR_KEYWORD]
        values = {**dict.fromkeys(required), "field_name": field}
        # No run exists yet, so the arguments for its state are empty.
        values.update({name: defaultdict(lambda: None) for name in ("state", "metadata") if name in values})
        values.update({name: "" for name in ("column_header", "input_file_name") if name in values})
        if "table" in values:
            values["table"] = pl.DataFrame(schema={field: pl.String})
    try:
        _, made = readers_made(lambda: read(**values) if "field_name" in taken else read(field))
    except Exception:
        # The function fails in the run, with its position; or it needs a table, and its kind is unknown without one.
        return None
    return next((reader.values for reader in made if reader.column == field and reader.values), None)


def _named(function: Callable[..., Any], field: str, role: str = "header") -> Callable[..., Any]:
    """Returns the function under the name that messages use for it."""
    function.__name__ = function.__qualname__ = f"Field({field!r}).{role}"
    return function
