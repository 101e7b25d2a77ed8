"""The astray cells of a table: a hook or a transform has put values into them that were elsewhere before, so their cells in the
sender's sheet are no longer known.

They are found by the values before and after, column by column, in the changed columns. A cell is astray if its new value is
not its own one (except for case, and blanks around it), and is the one that another column had in the row, or that its own
column had in another row. If most of the changed values come from elsewhere, all of them do. A value that may follow from the
cell's own, as the result of a mapping or of rounding, is its own: equal values became equal ones, the new ones are of several
rows, and they did not take each other's positions. Values that were both moved and recomputed (``reverse() * 2``) cannot be
detected.
"""

from __future__ import annotations

from functools import cached_property

from ade_engine.models import polars as pl
from ade_engine.pipeline.shared.table_columns import ISSUE_PREFIX, RESERVED_PREFIX, as_text, ids_of

#: The number of rows by which it is decided whether a column was copied from another one.
_SAMPLE = 1_000
#: Shorter values, such as small numbers, agree with those of other columns by chance.
_TELLING = 4


class AstrayCells:
    """The astray cells of one table, by column."""

    def __init__(self) -> None:
        #: The columns whose changed values are mostly those of other rows.
        self.moved: set[str] = set()
        self._cells: dict[str, list[pl.DataFrame]] = {}
        #: The columns whose cells are all unknown, and whether their rows are known. They were taken out of the table, so that
        #: columns under their names are new, or were read from another column.
        self._whole: dict[str, bool] = {}

    def __contains__(self, column: str) -> bool:
        return column in self._whole or column in self._cells

    def follow(self, before: pl.DataFrame, after: pl.DataFrame, ids: pl.Series, *, has_moved: bool = False) -> None:
        """Notes the effect of a hook or a transform on values. The rows of both frames are those of ``ids``, null if one has no
        number; ``has_moved``: the rows or their order changed, so that some may stand for several.
        """
        self._whole.update((name, False) for name in before.columns if name not in after.columns and not name.startswith(RESERVED_PREFIX))
        for name in after.columns:
            if name.startswith(RESERVED_PREFIX) and not name.startswith(ISSUE_PREFIX):
                continue
            field = name.removeprefix(ISSUE_PREFIX)
            if name in before.columns:
                self._follow_column(field, before, after, name, ids, has_moved)

    def follow_column(self, before: pl.DataFrame, after: pl.DataFrame, name: str, *, reads: str | None) -> None:
        """Notes the effect of a transform on a column. ``reads``: the column that a reader has read for it."""
        if reads not in (None, name):
            self._whole.setdefault(name, True)
        elif reads is None and name in before.columns:
            self._follow_column(name, before, after, name, ids_of(after), False)

    def _follow_column(self, field: str, before: pl.DataFrame, after: pl.DataFrame, name: str, ids: pl.Series, has_moved: bool) -> None:
        one, other = before.get_column(name), after.get_column(name)
        if one.dtype == other.dtype and one.equals(other):
            return
        if not (_is_comparable(one.dtype) and _is_comparable(other.dtype)):
            self._whole[field] = False
            return
        change = _ColumnChange(before, after, name)
        if not change.at.len():
            return
        from_rows, from_columns = change.strays()
        if change.has_moved or len(from_rows) > 1 and from_rows.sum() * 2 > len(from_rows):
            self.moved.add(name)
        if has_moved:
            from_rows = change.is_any
        cells = pl.DataFrame({"id": ids.gather(change.at), "is_row": ~from_rows, "is_astray": from_rows | from_columns})
        cells = cells.filter(pl.col("is_astray") & pl.col("id").is_not_null()).select("id", "is_row")
        if cells.height:
            self._cells.setdefault(field, []).append(cells)

    def known(self, field: str, ids: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Returns whether the cells of a field in these rows hold their own values, and whether at least the rows are known."""
        nothing = pl.DataFrame(schema={"id": pl.UInt32, "is_row": pl.Boolean})
        astray = pl.concat([nothing, *self._cells.get(field, ())]).group_by("id").agg(pl.col("is_row").all())
        is_row = pl.DataFrame({"id": ids}).join(astray, on="id", how="left", maintain_order="left").get_column("is_row")
        return is_row.is_null() & (field not in self._whole), is_row.fill_null(True) & self._whole.get(field, True)


class _ColumnChange:
    """The changed values of a column; the series of this class have an entry for each of them."""

    def __init__(self, before: pl.DataFrame, after: pl.DataFrame, name: str):
        self._before, self._after, self._name = before, after, name
        raw, made = before.get_column(name), after.get_column(name)
        self._kind = _kind_of(raw.dtype, made.dtype)
        #: The positions of these values in the table.
        is_alike = raw.dtype == made.dtype and not _is_text_of_its_own(raw.dtype)
        self.at = raw.ne_missing(made).arg_true() if is_alike else pl.int_range(len(raw), dtype=pl.UInt32, eager=True)
        raw, made = raw.gather(self.at), made.gather(self.at)
        old, new = _alike(raw, self._kind), _alike(made, self._kind)
        if raw.dtype.is_numeric() and made.dtype == pl.String:
            new = _numbers_as_text(new)
        blank = old.is_null() if self._kind == raw.dtype else _is_blank(raw)
        is_other = old.ne_missing(new) | (blank != new.is_null())
        self.at, self._raw, self._made = self.at.filter(is_other), raw.filter(is_other), made.filter(is_other)
        #: The former values and the new ones; null also if a former one is of another kind.
        self._old, self._new = old.filter(is_other), new.filter(is_other)
        was_blank, is_blank = blank.filter(is_other), self._new.is_null()
        self._replaced, self._filled, self._emptied = ~was_blank & ~is_blank, was_blank & ~is_blank, ~was_blank & is_blank
        self.is_any = was_blank | ~was_blank

    @cached_property
    def _all(self) -> pl.Series:
        """Returns all former values of the column."""
        return _alike(self._before.get_column(self._name), self._kind)

    @cached_property
    def _is_there(self) -> pl.Series:
        """Returns which of the values were in the column before."""
        return _is_in(self._new, self._all)

    @cached_property
    def has_moved(self) -> bool:
        """Returns whether most changed values have taken the position of other changed ones."""
        count = len(self._new) - self._new.null_count()
        if self._is_there.sum() * 2 <= count:
            return False
        former, new = _counts(self._old), _counts(self._new)
        both = new.join(former, on="value").select(pl.min_horizontal("len", "len_right").sum()).item()
        return both > 1 and both * 2 > count

    def strays(self) -> tuple[pl.Series, pl.Series]:
        """Returns which of the values are those of other rows, and which are those of other columns."""
        # If a cell is now empty, its value may have moved elsewhere.
        emptied = self._emptied & _is_in(self._old, self._new) if self._emptied.any() else self._emptied
        rows = self._of_rows() | self._filled_from_rows() | emptied
        columns = self._of_columns() | self._filled_from_columns() | self._gone_to_columns()
        return self._with_all(rows), self._with_all(columns)

    def _with_all(self, found: pl.Series) -> pl.Series:
        """Returns all values if most of them are from elsewhere."""
        if found.sum() * 2 >= len(found):
            return self.is_any
        replaced = self._replaced.sum()
        if replaced and (found & self._replaced).sum() * 2 >= replaced:
            return found | self._replaced | self._emptied
        return found

    def _of_rows(self) -> pl.Series:
        """Returns which replacing values are those of other rows, and do not follow from the replaced ones."""
        found = self._replaced & self._is_there
        if not found.any() or self.has_moved:
            return found
        pairs = pl.DataFrame({"raw": self._raw, "new": self._new}).filter(self._replaced)
        if pairs.n_unique() > pairs.get_column("raw").n_unique():
            # Equal values became different ones.
            return found
        # A value that several rows had before was not taken from one of them.
        often = _counts(self._all).filter(pl.col("len") > 1).get_column("value")
        found &= ~_is_in(self._new, often) & self._old.is_not_null()
        return found if found.sum() * 2 >= self._replaced.sum() else found & self._is_telling

    @cached_property
    def _is_telling(self) -> pl.Series:
        """Returns which values do not agree with others by chance."""
        if self._made.dtype == pl.Boolean:
            return ~self.is_any
        text = self._new if self._new.dtype == pl.String else as_text(self._made)
        return (text.str.len_chars() >= _TELLING).fill_null(False)

    def _filled_from_rows(self) -> pl.Series:
        """Returns which values in formerly empty cells are those of other rows. A single value for all may be new."""
        found = self._filled & self._is_there
        if not found.any() or self._new.filter(self._filled).n_unique() > 1:
            return found
        for nearest in (self._all.forward_fill(), self._all.backward_fill()):
            same = self._filled & (self._new == nearest.gather(self.at)).fill_null(False)
            if same.sum() == self._filled.sum():
                return same
        kept = self._all.set(pl.int_range(len(self._all), eager=True).is_in(self.at.implode()), None)
        return found & _is_in(self._new, self._old) & ~_is_in(self._new, kept)

    def _of_columns(self) -> pl.Series:
        """Returns which replacing values are those of other columns: nearly all of one, or values that do not agree by chance.
        """
        found, count = self._replaced & False, self._replaced.sum()
        for same in self._columns_with(self._replaced).values():
            same = self._replaced & same
            found |= same if same.sum() * 10 >= count * 9 else same & self._is_telling
        return found

    def _filled_from_columns(self) -> pl.Series:
        """Returns which values in formerly empty cells are those of other columns. A single value for all may be new."""
        found, count = self._filled & False, self._filled.sum()
        is_single = count > 1 and self._new.filter(self._filled).n_unique() == 1
        for name, same in self._columns_with(self._filled).items():
            same = self._filled & same
            if not is_single or same.sum() == count and self._before.get_column(name).n_unique() > 1:
                found |= same
        return found

    def _gone_to_columns(self) -> pl.Series:
        """Returns which removed values were put into another column."""
        found = self._emptied & False
        if not self._emptied.any():
            return found
        for name in self._others:
            if name not in self._after.columns or self._after.get_column(name).equals(self._before.get_column(name)):
                continue
            there, before = (_alike(frame.get_column(name).gather(self.at), self._kind) for frame in (self._after, self._before))
            found |= self._emptied & (there == self._old).fill_null(False) & before.ne_missing(there)
        return found

    @property
    def _others(self) -> list[str]:
        names = (name for name in self._before.columns if name != self._name and not name.startswith(RESERVED_PREFIX))
        return [name for name in names if _is_comparable(self._before.schema[name])]

    def _columns_with(self, which: pl.Series) -> dict[str, pl.Series]:
        """Returns the other columns that had some of those values in the same row, and the rows. All columns are compared in
        one query.
        """
        places = which.arg_true()
        if not len(places):
            return {}
        some = places.gather_every(max(1, len(places) // _SAMPLE))
        found = _equal(self._before.select(self._others)[self.at.gather(some)], self._new.gather(some), is_any=True)
        names = [column.name for column in found.get_columns() if column.item()]
        masks = _equal(self._before.select(names)[self.at], self._new).get_columns() if names else []
        if len(places) > _SAMPLE:
            # Fast: if there are many values, a few identical ones are compared exactly.
            frame = self._before.select(name for name in self._others if name not in names and self._before.schema[name] == self._made.dtype)
            frame = frame if len(self.at) == frame.height else frame[self.at]
            found = frame.select((pl.all() == pl.lit(self._made)).any())
            masks += frame.select(pl.col(column.name) == pl.lit(self._made) for column in found.get_columns() if column.item()).get_columns()
        return {mask.name: mask.fill_null(False) for mask in masks}


def _equal(frame: pl.DataFrame, values: pl.Series, *, is_any: bool = False) -> pl.DataFrame:
    """Returns which values of columns are those of a series from :func:`_alike`, or whether any is."""
    found = []
    for name, dtype in frame.schema.items():
        column, one = pl.col(name), pl.lit(values)
        if dtype.is_numeric() or dtype == pl.String and values.dtype.is_numeric():
            column, one = column.cast(pl.Float64, strict=False), one.cast(pl.Float64, strict=False) if values.dtype == pl.String else one
            found += [column == one] if values.dtype.is_numeric() or values.dtype == pl.String else []
        elif dtype == pl.String and values.dtype == pl.String:
            found.append(column.str.strip_chars().str.to_lowercase() == one)
        else:
            found.append((pl.lit(_alike(frame.get_column(name), values.dtype)) == one).alias(name))
    return frame.select(one.any() if is_any else one for one in found)


def _is_comparable(dtype: pl.DataType) -> bool:
    return not dtype.is_nested() and dtype not in (pl.Object, pl.Binary, pl.Unknown)


def _is_text_of_its_own(dtype: pl.DataType) -> bool:
    """Returns whether polars itself writes values of a type as texts."""
    return dtype in (pl.Categorical, pl.Enum, pl.Null)


def _kind_of(old: pl.DataType, new: pl.DataType) -> pl.DataType:
    """Returns the type by which values of two types are compared."""
    if new.is_numeric():
        return pl.Float64()
    return new if old == new and not _is_text_of_its_own(new) else pl.String()


def _alike(column: pl.Series, kind: pl.DataType) -> pl.Series:
    """Returns a column converted to a type for comparison: null for values that do not fit, and for blank ones."""
    if kind.is_numeric():
        if column.dtype == pl.String or column.dtype.is_numeric():
            return column.cast(pl.Float64, strict=False).fill_nan(None)
    elif kind != pl.String:
        if column.dtype == kind:
            return column
    elif _is_comparable(column.dtype):
        if _is_text_of_its_own(column.dtype):
            column = column.cast(pl.String)
        text = as_text(column) if column.dtype != pl.String else column
        text = text.str.strip_chars().str.to_lowercase()
        return text.set(text == "", None)
    return pl.constant(None, len(column), kind)


def _numbers_as_text(texts: pl.Series) -> pl.Series:
    numbers = texts.cast(pl.Float64, strict=False)
    return pl.select(pl.when(numbers.is_not_null()).then(as_text(numbers)).otherwise(texts)).to_series()


def _is_blank(column: pl.Series) -> pl.Series:
    return (column.str.strip_chars() == "").fill_null(True) if column.dtype == pl.String else column.is_null()


def _is_in(values: pl.Series, others: pl.Series) -> pl.Series:
    return values.is_in(others.implode()).fill_null(False)


def _counts(values: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"value": values}).drop_nulls().group_by("value").len()
