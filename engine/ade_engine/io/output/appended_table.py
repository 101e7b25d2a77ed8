"""A frame to be written: as it was appended, and as the native writer reads it."""

from __future__ import annotations

from typing import Any

from ade_engine import _native
from ade_engine.io.limits import CONTROL_CHARACTER, LONGEST_TEXT
from ade_engine.models.errors import saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    import polars as pl

    from ade_engine.io.output.look import TableLook


class AppendedTable:
    """A frame that was appended: as it came, and as the native writer reads it. ``look`` says which of its columns are
    written, and how they look; without one it is written as it is.
    """

    __slots__ = ("look", "styled", "frame", "gap", "width", "height", "has_time_zones", "sheet", "title", "header_row", "rows", "_given")

    def __init__(self, frame: pl.DataFrame, gap: bool, look: TableLook | None = None, escape_formulas: bool = False):
        self.gap = bool(gap)
        self.look = look
        self.height = frame.height
        self.width = frame.width if look is None else look.width
        #: The look of each cell, where the table has a look.
        self.styled: Any = None
        #: ``None`` where only openpyxl knows what becomes of the values.
        self.frame: Any = None
        self.has_time_zones = False
        #: Where it was put: the sheet, what this was called then, the row of the header, from 1; and its rows, once openpyxl holds them.
        self.sheet: Any = None
        self.title, self.header_row = "", 0
        self.rows: Any = None
        if look is not None:
            names = look.sources()
            # Names as they are: polars takes some for patterns. And without rows, which it would first seek behind the names.
            frame = frame[:, names] if names else frame.select()
        self._given = frame
        # Polars cannot pass on a column whose name has a null byte: names are looked at first.
        names = frame.columns if look is None else [*frame.columns, *(column.header for column in look.columns)]
        illegal = next((name for name in names if CONTROL_CHARACTER.search(name[:LONGEST_TEXT])), None)
        if illegal is None:
            plain = self._plain(frame)
            if plain is not None:
                self.frame = native = _native.Frame(plain)
            elif look is not None:
                # The look of objects is unknown.
                native = _native.Frame(self._plain(_without_objects(frame)))
            else:
                return
            if look is None:
                illegal = native.find_illegal_text()
            else:
                self.styled = look.native(native, escape_formulas)
                illegal = self.styled.find_illegal_text()
        if illegal is not None:
            from openpyxl.utils.exceptions import IllegalCharacterError

            raise saying(
                IllegalCharacterError(f"{illegal} cannot be used in worksheets."),
                "text with a control character cannot be used in worksheets",
            )

    @property
    def original(self) -> pl.DataFrame:
        """The frame that is written, as polars has it."""
        return self._given if self.look is None else self.look.write_table(self._given, self.styled)

    def native_of(self, original: pl.DataFrame) -> Any:
        """The native frame of ``original``; ``None`` where only openpyxl knows what becomes of the values."""
        return self.frame if self.look is None or self.frame is None else _native.Frame(self._plain(original))

    def __len__(self) -> int:
        """The rows that it takes, header and gap included."""
        return self.gap + 1 + self.height

    def _plain(self, frame: pl.DataFrame) -> pl.DataFrame | None:
        """The frame with columns of unusual types turned into what openpyxl would see in them, if that can be done."""
        import polars as pl

        changed = []
        for name, dtype in zip(frame.columns, frame.dtypes):
            base = dtype.base_type()
            if base in _plain_types():
                if base is pl.Datetime and dtype.time_zone is not None:
                    column = frame.get_column(name)
                    self.has_time_zones |= column.null_count() < frame.height
                    changed.append(column.dt.replace_time_zone(None))
                continue
            column = frame.get_column(name)
            if base in (pl.Categorical, pl.Enum):
                changed.append(column.cast(pl.String))
            elif dtype.is_numeric():
                changed.append(column.cast(pl.Float64))
            elif base is pl.Binary:
                texts = [None if value is None else str(value, "utf-8") for value in column]
                changed.append(pl.Series(name, texts, dtype=pl.String))
            elif base is pl.Object:
                return None
            else:
                value = next((value for value in column.to_list() if value is not None), None)
                if value is not None:
                    raise saying(ValueError(f"Cannot convert {value!r} to Excel"), f"Cannot convert a column of type {base} to Excel")
                changed.append(pl.Series(name, [None] * frame.height, dtype=pl.Null))
        return frame.with_columns(changed) if changed else frame

    def check_time_zones(self) -> None:
        """Fail where openpyxl would when it saves."""
        if self.has_time_zones:
            words = "Excel does not support timezones in datetimes. The tzinfo in the datetime/time object must be set to None."
            raise saying(TypeError(words))


def _without_objects(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with nulls in place of Python objects."""
    import polars as pl

    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    return frame.with_columns(pl.Series(name, [None] * frame.height, dtype=pl.Null) for name in objects)


def _plain_types() -> frozenset[Any]:
    """Types that the native writer reads as they are."""
    import polars as pl

    global _PLAIN_TYPES
    if _PLAIN_TYPES is None:
        _PLAIN_TYPES = frozenset(
            (
                *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
                *(pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Null),
                *(pl.Date, pl.Datetime, pl.Time, pl.Duration),
            )
        )
    return _PLAIN_TYPES


_PLAIN_TYPES: frozenset[Any] | None = None
