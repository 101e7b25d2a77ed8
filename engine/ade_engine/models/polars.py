"""Polars for the engine's own code, without polars until somebody needs it: importing it takes longer than a small run.

``from ade_engine.models import polars as pl`` replaces ``import polars as pl``. Until polars is imported, by an author's module
or by this one for a feature that only polars has, ``Series``, ``DataFrame``, ``Expr`` and the types here are stand-ins: thin
classes around columns of the native module, with the methods that most tables need. From then on the names are polars' own, and
older objects inherit from them: polars accepts them as its own, and gets a copy of each column on first access.
"""

from __future__ import annotations

import sys
from functools import cached_property

from ade_engine import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from polars import *

#: Operators, which Python looks up at the class.
_SIGNS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__invert__", "__neg__", "__pos__", "__abs__", "__bool__") + tuple(
    f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor") for side in ("", "r")
)


def is_imported() -> bool:
    """Returns whether polars was imported, so that its objects may exist."""
    return "polars" in sys.modules


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import polars

    # Nothing is cached here: polars has an `all`, a `len` and a `max` that are not those of this module.
    return getattr(polars, name)


def _later(value: Any, name: str) -> Any:
    """Returns an attribute of a value that has become polars' own: importing polars makes it so."""
    # Python asks for names with underscores to see whether they exist.
    if name.startswith("__") or not _are_stand_ins():
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    import polars

    return getattr(polars and value, name)


class _LazyPolars:
    """The base of the stand-ins until polars is imported: operations that they lack import it and use it."""

    __getattr__ = _later


class _LazyPolarsTable(_LazyPolars):
    """The base of stand-ins with positions."""


def _sign(name: str) -> Callable[..., Any]:
    def call(self: Any, *others: Any) -> Any:
        import polars

        return getattr(polars and self, name)(*others)

    return call


for _name in _SIGNS:
    setattr(_LazyPolars, _name, _sign(_name))
for _name in ("__contains__", "__getitem__", "__iter__"):
    setattr(_LazyPolarsTable, _name, _sign(_name))


class _Type:
    """The stand-in of a type; when polars is imported it is that type."""

    def __init__(self, name: str):
        self._name = name
        if name in ("Datetime", "Duration"):
            # The only unit of the engine's times.
            self.time_unit, self.time_zone = "us", None

    def __call__(self, *arguments: Any) -> _Type:
        return self

    def __str__(self) -> str:
        return self._name

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self._name)

    def base_type(self) -> _Type:
        return self

    def is_integer(self) -> bool:
        return "Int" in self._name

    def is_float(self) -> bool:
        return self._name.startswith("Float")

    def is_numeric(self) -> bool:
        return self.is_integer() or self.is_float()

    def is_temporal(self) -> bool:
        return self._name in ("Date", "Datetime", "Time", "Duration")

    def is_nested(self) -> bool:
        return False


#: The types of the native module's columns, by polars' names.
_NATIVE = frozenset(
    ("Null", "Boolean", "String", "Float32", "Float64", "Date", "Time", "Datetime", "Duration")
    + tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
)
_known = {name: _Type(name) for name in (*_NATIVE, "Object")}


def is_native(dtype: Any) -> bool:
    """Returns whether the native module reads columns of a type unchanged: times with zones are excluded."""
    if dtype.__class__ is _Type:
        return dtype is not _known["Object"]
    return str(dtype.base_type()) in _NATIVE and getattr(dtype, "time_zone", None) is None


class StandInSeries(_LazyPolarsTable):
    """The stand-in of a series: a column of the native module, its name and its type."""

    def __init__(self, name: Any = None, values: Any = None, dtype: Any = None, *, strict: bool = True):
        if values is None and not isinstance(name, str | None):
            name, values = "", name
        kind = None
        if isinstance(values, list):
            kind = str(dtype) if dtype is not None else _type_of_all(values)
        column = None if kind is None else _native.column_of(values, kind)
        if column is None:
            import polars

            # From here on this is a series of polars'.
            self._s = polars.Series(name, values, dtype, strict=strict)._s
        else:
            self.name, self._column, self.dtype = name or "", column, _known[column.dtype]

    @cached_property
    def _s(self) -> Any:
        """Returns the column for polars, which from here on may change it in place: a copy, because others may hold the same.
        """
        import polars  # noqa: F401

        made = globals()["_PySeries"].from_arrow_c_array(self._column.take([*range(len(self._column))]))
        made.rename(self.__dict__["name"])
        del self._column
        return made

    @classmethod
    def _of(cls, name: str, column: Any, dtype: Any) -> Any:
        made = cls.__new__(cls)
        made.name, made._column, made.dtype = name, column, dtype
        return made

    def _with(self, column: Any) -> Any:
        return self._of(self.name, column, self.dtype)

    def __len__(self) -> int:
        return len(self._column)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._column.to_list())

    def null_count(self) -> int:
        return self._column.null_count()

    def n_unique(self) -> int:
        return as_polars(self).n_unique() if self.dtype.is_float() else len({*self._column.to_list()})

    def to_list(self) -> list[Any]:
        return self._column.to_list()

    def equals(self, other: Any) -> bool:
        is_quick = _are_stand_ins() and self.dtype == other.dtype and not self.dtype.is_float()
        return self._column.equals(other._column) if is_quick else as_polars(self).equals(other)

    def clone(self) -> Any:
        return self._with(self._column)

    def alias(self, name: str) -> Any:
        return self._of(name, self._column, self.dtype)

    rename = alias

    def cast(self, dtype: Any, *, strict: bool = True) -> Any:
        return self.clone() if self.dtype == dtype else as_polars(self).cast(dtype, strict=strict)

    def slice(self, offset: int, length: int | None = None) -> Any:
        if offset < 0 or length is not None and length < 0:
            return as_polars(self).slice(offset, length)
        return self._with(self._column.slice(offset, len(self) if length is None else length))

    def head(self, n: int = 10) -> Any:
        return self.slice(0, n)

    # Polars may have been imported while the arguments of these were evaluated.
    def filter(self, predicate: Any) -> Any:
        kept = predicate._column.filter([self._column]) if _are_stand_ins() else None
        return as_polars(self).filter(predicate) if kept is None else self._with(kept[0])

    def zip_with(self, mask: Any, other: Any) -> Any:
        chosen = self._column.zip_with(mask._column, other._column) if _are_stand_ins() else None
        return as_polars(self).zip_with(mask, other) if chosen is None else self._with(chosen)

    def __or__(self, other: Any) -> Any:
        either = self._column.either(other._column) if _are_stand_ins() and isinstance(other, StandInSeries) else None
        return as_polars(self) | other if either is None else self._with(either)

    def new_from_index(self, index: int, length: int) -> Any:
        return self._with(self._column.repeat(index, length))


class StandInFrame(_LazyPolarsTable):
    """The stand-in of a frame: its columns by their names, and its number of rows."""

    def __init__(self, data: Any = None, **options: Any):
        data = [] if data is None and not options else data
        if options or not isinstance(data, list) or not all(isinstance(column, StandInSeries) for column in data):
            import polars

            # From here on this is a frame of polars'.
            self._df = polars.DataFrame(data, **options)._df
        else:
            self._columns = {column.name: column for column in data}
            self.height = len(data[0]) if data else 0

    @cached_property
    def _df(self) -> Any:
        """Returns the frame for polars, which from here on may change it in place."""
        import polars  # noqa: F401

        made = globals()["_PyDataFrame"]([column._s for column in self._columns.values()])
        del self._columns
        return made

    @classmethod
    def _of(cls, columns: dict[str, Any], height: int) -> Any:
        made = cls.__new__(cls)
        made._columns, made.height = columns, height
        return made

    def __len__(self) -> int:
        return self.height

    def __iter__(self) -> Iterator[Any]:
        return iter([*self._columns.values()])

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.get_column(key)
        if isinstance(key, tuple) and key[0] == slice(None) and isinstance(key[1], list):
            return self._of({name: self._columns[name] for name in key[1]}, self.height)
        return as_polars(self)[key]

    @property
    def width(self) -> int:
        return len(self._columns)

    @property
    def columns(self) -> list[str]:
        return [*self._columns]

    @columns.setter
    def columns(self, names: list[str]) -> None:
        renamed = {name: column if column.name == name else column.alias(name) for name, column in zip(names, self._columns.values())}
        if not len(self._columns) == len(names) == len(renamed):
            as_polars(self).columns = names
        self._columns = renamed

    @property
    def dtypes(self) -> list[Any]:
        return [column.dtype for column in self._columns.values()]

    @property
    def schema(self) -> dict[str, Any]:
        return {name: column.dtype for name, column in self._columns.items()}

    def get_column(self, name: str) -> Any:
        return self._columns[name] if name in self._columns else as_polars(self).get_column(name)

    def get_columns(self) -> list[Any]:
        return [*self._columns.values()]

    def clone(self) -> Any:
        return self._of({**self._columns}, self.height)

    def rechunk(self) -> Any:
        return self

    def slice(self, offset: int, length: int | None = None) -> Any:
        return frame_of([column.slice(offset, length) for column in self._columns.values()])

    def head(self, n: int = 5) -> Any:
        return self.slice(0, n)

    def filter(self, predicate: Any) -> Any:
        kept = None
        if _are_stand_ins() and isinstance(predicate, StandInSeries):
            kept = predicate._column.filter([column._column for column in self._columns.values()])
        if kept is None:
            return as_polars(self).filter(predicate)
        return frame_of([column._with(is_kept) for column, is_kept in zip(self._columns.values(), kept)])

    def with_columns(self, *columns: Any, **named: Any) -> Any:
        if named or not _are_stand_ins() or not self._columns or not all(isinstance(column, StandInSeries) and len(column) == self.height for column in columns):
            return as_polars(self).with_columns(*columns, **named)
        return self._of({**self._columns, **{column.name: column for column in columns}}, self.height)

    def rename(self, mapping: Mapping[str, str]) -> Any:
        renamed = self.clone()
        renamed.columns = [mapping.get(name, name) for name in self._columns]
        return renamed


class StandInExpression(_LazyPolars):
    """The stand-in of an expression: the base of readers and checks without polars."""

    __hash__ = None


def _type_of_all(values: list[Any]) -> str | None:
    """Returns the type of values of one known type; ``None`` for others."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return "Null"
    return {str: "String", bool: "Boolean", float: "Float64", int: "Int64"}.get(kinds.pop()) if len(kinds) == 1 else None


#: Attributes that a stand-in leaves to polars once it inherits from it.
_METHODS = (type(_later), property, classmethod)
#: The names that stand for polars' own until it is imported.
_STAND_INS: dict[str, Any] = {"Series": StandInSeries, "DataFrame": StandInFrame, "Expr": StandInExpression}


class _PolarsImportHook:
    """Detects that polars is being imported."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "polars":
            return None
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not cls)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                sys.meta_path.remove(cls)
                for name, stand_in in _STAND_INS.items():
                    stand_in.__bases__ = (getattr(module, name),)
                    for own in [own for own, value in vars(stand_in).items() if isinstance(value, _METHODS)]:
                        delattr(stand_in, own)
                for type in _known.values():
                    type.__class__ = getattr(module, type._name)
                _take_names(module)

            spec.loader.exec_module = exec_module
        return spec


def _take_names(module: Any) -> None:
    from polars._plr import PyDataFrame, PySeries

    places = PySeries.new_opt_u32 if module.get_index_type() == module.UInt32 else PySeries.new_opt_u64
    globals().update({name: getattr(module, name) for name in (*_STAND_INS, *_known)}, _PySeries=PySeries, _PyDataFrame=PyDataFrame, _places=places)


if is_imported():
    import polars

    _take_names(polars)
else:
    globals().update(_STAND_INS, **_known)
    sys.meta_path.insert(0, _PolarsImportHook)


def _are_stand_ins() -> bool:
    return globals()["Series"] is StandInSeries


def series_of(column: _native.ArrowColumn, name: str | None = None) -> Series:
    """Returns the series of a native column, under this name or its own."""
    if _are_stand_ins():
        return StandInSeries._of(column.name if name is None else name, column, _known[column.dtype])
    # Equals `Series` without its checks for a dozen other inputs, which take longer than all else for a column of a few cells.
    made = globals()["_PySeries"].from_arrow_c_array(column)
    if name is not None:
        # A null byte in a name does not travel with the column.
        made.rename(name)
    return globals()["Series"]._from_pyseries(made)


def taken(column: Series, places: list[int]) -> Series:
    """Returns the values at some positions of a column, in the positions' order."""
    if _are_stand_ins():
        return column._with(column._column.take(places))
    return globals()["Series"]._from_pyseries(column._s.gather_with_series(globals()["_places"]("", places, True)))


def numbers_from(first: int, height: int, name: str = "") -> Series:
    """Returns the numbers from ``first`` on, one for each row."""
    return series_of(_native.column_of_numbers(first, height), name)


def constant(value: Any, height: int, dtype: Any = None, name: str = "") -> Series:
    """Returns a column with the same value in each row."""
    return globals()["Series"](name, [value], dtype=dtype).new_from_index(0, height)


def concat(items: Iterable[Any], **options: Any) -> Any:
    """Returns series one below the other, or any other concatenation of polars."""
    items = [*items]
    if _are_stand_ins() and all(isinstance(item, StandInSeries) for item in items):
        whole = items[0]._column.append([item._column for item in items[1:]])
        if whole is not None:
            return items[0]._with(whole)
    import polars

    return polars.concat(items, **options)


def frame_of(columns: list[Series]) -> DataFrame:
    """Returns the frame of series that have names, each its own."""
    if _are_stand_ins():
        return StandInFrame(columns)
    return globals()["DataFrame"]._from_pydf(globals()["_PyDataFrame"]([column._s for column in columns]))


def as_polars(table: Any) -> Any:
    """Returns a frame or series as polars' own, for an author's function."""
    import polars

    if isinstance(table, StandInFrame):
        return polars.DataFrame._from_pydf(table._df)
    return polars.Series._from_pyseries(table._s) if isinstance(table, StandInSeries) else table
