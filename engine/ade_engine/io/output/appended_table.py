"""Frames for writing, in their original form and in the form that the native writer reads."""

from __future__ import annotations

import re

from ade_engine import _native
from ade_engine.io.limits import CONTROL_CHARACTERS, MAX_TEXT_CHARS, has_control_character
from ade_engine.models import polars as pl
from ade_engine.models.errors import saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ade_engine.io.output.look import TableLook
    from ade_engine.io.output.typed_cells import TypedCells


class AppendedTable:
    """A frame that was appended, in its original form and in the form that the native writer reads. ``look`` has the written
    columns and their looks; without one the frame is written unchanged. ``typed``: cells that are written unchanged, by the
    frame's columns. ``leaves_out_controls``: control characters in texts, which no worksheet can hold, are left out.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        gap: bool,
        look: TableLook | None = None,
        escape_formulas: bool = False,
        typed: TypedCells | None = None,
        leaves_out_controls: bool = False,
    ):
        self.gap = bool(gap)
        self.look = look
        self.height = frame.height
        self.width = frame.width if look is None else look.width
        #: The look of each cell, if the table has a look.
        self.styled: Any = None
        #: ``None`` if only openpyxl can convert the values.
        self.frame: Any = None
        self.has_time_zones = False
        #: The position: the sheet, its title at that time, the row of the header, from 1; and its rows, once openpyxl holds
        #: them.
        self.sheet: Any = None
        self.title, self.header_row = "", 0
        self.rows: Any = None
        if look is not None:
            names = look.sources()
            # Exact names, because polars takes some for patterns. Without rows, which polars would first look for behind the
            # names.
            frame = frame[:, names] if names else frame.select()
        self._given = frame
        self.typed = typed
        #: The rows in which control characters were left out, by the frame's columns.
        self.left_out: dict[str, list[int]] = {}
        # Polars cannot pass on a column whose name has a null byte, so names are checked first.
        names = frame.columns if look is None else [*frame.columns, *(column.header for column in look.columns)]
        illegal = next((name for name in names if has_control_character(name[:MAX_TEXT_CHARS])), None)
        if illegal is None:
            illegal = self._take(frame, escape_formulas)
            if illegal is not None and leaves_out_controls:
                self._given = self._without_controls(frame)
                illegal = self._take(self._given, escape_formulas)
        if illegal is not None:
            from openpyxl.utils.exceptions import IllegalCharacterError

            raise saying(
                IllegalCharacterError(f"{illegal} cannot be used in worksheets."),
                "text with a control character cannot be used in worksheets",
            )

    def _take(self, frame: pl.DataFrame, escape_formulas: bool) -> str | None:
        """Lets the native writer read the frame, as far as it can; returns the first text that no worksheet can hold."""
        plain = self._plain(frame, self.typed)
        # The look of objects is unknown.
        native = self._native(self._plain(_without_objects(frame)) if plain is None else plain, self.typed)
        self.frame = None if plain is None else native
        if self.look is not None:
            self.styled = self.look.native(native, escape_formulas)
        illegal = (native if self.styled is None else self.styled).find_illegal_text()
        if illegal is None and plain is None:
            objects = (value for column in frame if str(column.dtype) == "Object" for value in column)
            illegal = next((value for value in objects if isinstance(value, str) and has_control_character(value)), None)
        return illegal

    def _without_controls(self, frame: pl.DataFrame) -> pl.DataFrame:
        changed = []
        for column in frame:
            if column.dtype == pl.String:
                found = column.str.contains(CONTROL_CHARACTERS).arg_true().to_list()
                clean = column.str.replace_all(CONTROL_CHARACTERS, "") if found else column
            elif column.dtype == pl.Object:
                found = [at for at, value in enumerate(column) if isinstance(value, str) and has_control_character(value)]
                values = [re.sub(CONTROL_CHARACTERS, "", value) if isinstance(value, str) else value for value in column]
                clean = pl.Series(column.name, values, dtype=pl.Object) if found else column
            else:
                continue
            if found:
                self.left_out[column.name] = found
                changed.append(clean)
        return frame.with_columns(changed)

    @property
    def original(self) -> pl.DataFrame:
        """Returns the frame that is written, as polars has it."""
        return self._given if self.look is None else self.look.write_table(self._given, self.styled)

    @property
    def written(self) -> tuple[pl.DataFrame, TypedCells | None]:
        """Returns the same, and the cells that are written unchanged, by its columns."""
        original, typed = self.original, self.typed
        if typed is not None and self.look is not None:
            typed = typed.renamed((column.source, column.header) for column in self.look.columns)
        return original, typed

    @property
    def exact(self) -> pl.DataFrame:
        """Returns the same, with columns of Python objects for cells that are written unchanged."""
        original, typed = self.written
        return original if typed is None else typed.put_into(original)

    def native_of(self, original: pl.DataFrame, typed: TypedCells | None) -> Any:
        """Returns the native frame of :attr:`written`; ``None`` if only openpyxl can convert the values."""
        return self.frame if self.look is None or self.frame is None else self._native(self._plain(original, typed), typed)

    def _native(self, plain: pl.DataFrame, typed: TypedCells | None) -> Any:
        return _native.Frame(plain) if typed is None else _native.Frame(plain, *typed.of_native(plain.columns))

    def __len__(self) -> int:
        """Returns the number of rows that it takes, header and gap included."""
        return self.gap + 1 + self.height

    def _plain(self, frame: pl.DataFrame, typed: TypedCells | None = None) -> pl.DataFrame | None:
        """Returns the frame with columns of unusual types converted as openpyxl would, if possible; objects then come from
        ``typed`` cells.
        """
        changed = []
        for name, dtype in zip(frame.columns, frame.dtypes):
            if pl.is_native(dtype):
                continue
            base, column = str(dtype.base_type()), frame.get_column(name)
            if base == "Datetime":
                self.has_time_zones |= column.null_count() < frame.height
                changed.append(column.dt.replace_time_zone(None))
            elif base in ("Categorical", "Enum"):
                changed.append(column.cast(pl.String))
            elif dtype.is_numeric():
                changed.append(column.cast(pl.Float64))
            elif base == "Binary":
                texts = [None if value is None else str(value, "utf-8") for value in column]
                changed.append(pl.Series(name, texts, dtype=pl.String))
            elif base == "Object":
                if typed is None or not typed.has_all(column):
                    return None
                changed.append(pl.Series(name, [value if isinstance(value, str) else None for value in column], dtype=pl.String))
            else:
                value = next((value for value in column.to_list() if value is not None), None)
                if value is not None:
                    raise saying(ValueError(f"Cannot convert {value!r} to Excel"), f"Cannot convert a column of type {base} to Excel")
                changed.append(pl.Series(name, [None] * frame.height, dtype=pl.Null))
        return frame.with_columns(changed) if changed else frame

    def check_time_zones(self) -> None:
        """Raises the errors that openpyxl would raise for time zones when it saves."""
        if self.has_time_zones:
            words = "Excel does not support timezones in datetimes. The tzinfo in the datetime/time object must be set to None."
            raise saying(TypeError(words))


def _without_objects(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns the frame with nulls in place of Python objects."""
    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    return frame.with_columns(pl.Series(name, [None] * frame.height, dtype=pl.Null) for name in objects)
