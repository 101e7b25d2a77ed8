"""Polars for the engine's own code, without its Python half as long as nobody needs that: to import it takes longer than a small run.

``from ade_engine.models import polars as pl`` stands in the place of ``import polars as pl``. Until somebody imports polars, be it an
author's module or this one for what only polars can do, ``Series``, ``DataFrame``, ``Expr`` and the types here are stand-ins: thin
classes around what polars' native half holds, with what most tables ask for. From then on the names are polars' own, and what was
made before inherits from them, so that polars takes it for its own. Values are polars' in both cases.

The stand-ins use what polars does not promise to keep; the engine asks for one minor version of it. Where polars may choose another
native half, it is imported at once.
"""

from __future__ import annotations

import builtins
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from polars import *

#: What is called by a sign: Python looks for these at the class.
_SIGNS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__invert__", "__neg__", "__pos__", "__abs__", "__bool__") + tuple(
    f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor") for side in ("", "r")
)


def is_imported() -> bool:
    """Whether somebody has imported polars, so that its objects may be about."""
    return "polars" in sys.modules


def _runtime() -> tuple[Any, Any] | None:
    """The series and frames of polars' native half, unless polars is there already or may choose another half."""
    if is_imported() or hasattr(builtins, "__POLARS_PLR") or "POLARS_FORCE_PKG" in os.environ or "POLARS_PREFER_PKG" in os.environ:
        return None
    try:
        from _polars_runtime_32 import __file__ as file, _polars_runtime as runtime
    except ImportError:
        return None
    if any(os.path.isdir(file.replace("_polars_runtime_32", f"_polars_runtime_{other}").rpartition("/")[0]) for other in ("compat", "64")):
        return None
    return runtime.PySeries, runtime.PyDataFrame


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    import polars

    # Nothing is kept here: polars has an `all`, a `len` and a `max` that are not those of this module.
    return getattr(polars, name)


class _Later:
    """The base of the stand-ins until polars is there: what they cannot do themselves imports it, and is done."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Python asks for these to see whether there are any.
            raise AttributeError(name)
        import polars

        return getattr(polars and self, name)


class _LaterTable(_Later):
    """The same, of what has places."""


def _sign(name: str) -> Callable[..., Any]:
    def call(self: Any, *others: Any) -> Any:
        import polars

        return getattr(polars and self, name)(*others)

    return call


for _name in _SIGNS:
    setattr(_Later, _name, _sign(_name))
for _name in ("__contains__", "__getitem__", "__iter__"):
    setattr(_LaterTable, _name, _sign(_name))


class _Type:
    """The stand-in of a type; when polars is there it is that type."""

    def __init__(self, name: str):
        self._name = name
        if name in ("Datetime", "Duration"):
            # The one unit of the engine's times.
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


#: By their names in polars' native half.
_TYPES = {
    **{"str": "String", "bool": "Boolean", "null": "Null", "f32": "Float32", "f64": "Float64"},
    **{f"i{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    **{f"u{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
    **{"date": "Date", "time": "Time", "datetime[μs]": "Datetime", "duration[μs]": "Duration", "object": "Object"},
}
#: The same by the Arrow formats in which the native module hands columns over; others are asked for.
_FORMATS = {"U": "str", "vu": "str", "b": "bool", "l": "i64", "g": "f64", "tdD": "date", "tsu:": "datetime[μs]", "I": "u32", "i": "i32", "L": "u64"}
#: The types that the native module reads as they are, by their names.
_NATIVE = frozenset(name for name in _TYPES.values() if name != "Object")


def is_native(dtype: Any) -> bool:
    """Whether the native module reads columns of a type as they are: times with zones it does not."""
    return str(dtype.base_type()) in _NATIVE and getattr(dtype, "time_zone", None) is None


_known = {native: _Type(name) for native, name in _TYPES.items()}


class StandInSeries(_LaterTable):
    """The stand-in of a series."""

    _type: Any = None

    def __init__(self, name: Any = None, values: Any = None, dtype: Any = None, *, strict: bool = True):
        if values is None and not isinstance(name, str | None):
            name, values = "", name
        name, make = name or "", None
        if isinstance(values, list):
            make = _MAKERS.get(str(dtype) if dtype is not None else _type_of_all(values))
        if make is not None:
            self._s = make(name, values, strict)
        elif hasattr(values, "__arrow_c_array__"):
            self._s = _PySeries.from_arrow_c_array(values)
            self._s.rename(name)
        else:
            import polars

            self._s = polars.Series(name, values, dtype, strict=strict)._s

    @classmethod
    def _from_pyseries(cls, inner: Any) -> Any:
        made = cls.__new__(cls)
        made._s = inner
        return made

    def __len__(self) -> int:
        return self._s.len()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._s.to_list())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._s.__arrow_c_stream__(requested_schema)

    @property
    def name(self) -> str:
        return self._s.name()

    @property
    def dtype(self) -> Any:
        if self._type is None:
            self._type = _known.get(_PyDataFrame([self._s]).dtype_strings()[0]) or as_polars(self).dtype
        return self._type

    def null_count(self) -> int:
        return self._s.null_count()

    def n_unique(self) -> int:
        return self._s.n_unique()

    def to_list(self) -> list[Any]:
        return self._s.to_list()

    def equals(self, other: Any) -> bool:
        return self._s.equals(other._s, False, False, True)

    def _alike(self, inner: Any) -> Any:
        # Another series of the same type, which takes a while to ask for.
        made = self._from_pyseries(inner)
        made._type = self._type
        return made

    def clone(self) -> Any:
        return self._alike(self._s.clone())

    def alias(self, name: str) -> Any:
        renamed = self._s.clone()
        renamed.rename(name)
        return self._alike(renamed)

    rename = alias

    def cast(self, dtype: Any, *, strict: bool = True) -> Any:
        return self.clone() if self.dtype == dtype else as_polars(self).cast(dtype, strict=strict)

    def slice(self, offset: int, length: int | None = None) -> Any:
        return self._alike(self._s.slice(offset, length))

    def head(self, n: int = 10) -> Any:
        return self.slice(0, n)

    def filter(self, predicate: Any) -> Any:
        return self._alike(self._s.filter(predicate._s))

    def zip_with(self, mask: Any, other: Any) -> Any:
        return self._alike(self._s.zip_with(mask._s, other._s))

    def __or__(self, other: Any) -> Any:
        return self._alike(self._s.bitor(other._s)) if isinstance(other, StandInSeries) else as_polars(self) | other

    def new_from_index(self, index: int, length: int) -> Any:
        return self._alike(self._s.new_from_index(index, length))


class StandInFrame(_LaterTable):
    """The stand-in of a frame: its columns by their names."""

    def __init__(self, data: Any = None, **options: Any):
        data = [] if data is None and not options else data
        if options or not isinstance(data, list) or not all(isinstance(column, StandInSeries) for column in data):
            import polars

            data = polars.DataFrame(data, **options).get_columns()
        self._columns = {column.name: column for column in data}
        self._height = len(data[0]) if data else 0

    @classmethod
    def _of(cls, columns: dict[str, Any], height: int) -> Any:
        made = cls.__new__(cls)
        made._columns, made._height = columns, height
        return made

    @property
    def _df(self) -> Any:
        # Polars' methods ask for it.
        return _PyDataFrame([column._s for column in self._columns.values()])

    def __len__(self) -> int:
        return self._height

    def __iter__(self) -> Iterator[Any]:
        return iter([*self._columns.values()])

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.get_column(key)
        if isinstance(key, tuple) and key[0] == slice(None) and isinstance(key[1], list):
            return self._of({name: self._columns[name] for name in key[1]}, self._height)
        return as_polars(self)[key]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._df.__arrow_c_stream__(requested_schema)

    @property
    def height(self) -> int:
        return self._height

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
        return self._of({**self._columns}, self._height)

    def rechunk(self) -> Any:
        return self

    def slice(self, offset: int, length: int | None = None) -> Any:
        columns = {name: column.slice(offset, length) for name, column in self._columns.items()}
        return self._of(columns, len(next(iter(columns.values()), ())))

    def head(self, n: int = 5) -> Any:
        return self.slice(0, n)

    def filter(self, predicate: Any) -> Any:
        if not isinstance(predicate, StandInSeries):
            return as_polars(self).filter(predicate)
        columns = {name: column.filter(predicate) for name, column in self._columns.items()}
        return self._of(columns, len(next(iter(columns.values()), ())))

    def with_columns(self, *columns: Any, **named: Any) -> Any:
        if named or not self._columns or not all(isinstance(column, StandInSeries) and len(column) == self._height for column in columns):
            return as_polars(self).with_columns(*columns, **named)
        return self._of({**self._columns, **{column.name: column for column in columns}}, self._height)

    def rename(self, mapping: Mapping[str, str]) -> Any:
        renamed = self.clone()
        renamed.columns = [mapping.get(name, name) for name in self._columns]
        return renamed


class StandInExpression(_Later):
    """The stand-in of an expression: what readers and checks are without polars."""

    __hash__ = None


def _type_of_all(values: list[Any]) -> str | None:
    """The type of values of one type; none that is known for others."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return "Null"
    kind = {str: "String", bool: "Boolean", float: "Float64", int: "Int64"}.get(kinds.pop()) if len(kinds) == 1 else None
    is_too_large = kind == "Int64" and any(value is not None and not -(2**63) <= value < 2**63 for value in values)
    return None if is_too_large else kind


def _series(inner: Any) -> Any:
    # The names change when polars comes.
    return globals()["Series"]._from_pyseries(inner)


#: The names that stand for polars' own until that is there.
_STAND_INS: dict[str, Any] = {"Series": StandInSeries, "DataFrame": StandInFrame, "Expr": StandInExpression}


class _Arrival:
    """Sees polars being imported."""

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
                for type in _known.values():
                    type.__class__ = getattr(module, type._name)
                _take_names(module)

            spec.loader.exec_module = exec_module
        return spec


def _take_names(module: Any) -> None:
    globals().update({name: getattr(module, name) for name in (*_STAND_INS, *_TYPES.values())})


_found = _runtime()
if _found is None:
    import polars
    from polars._plr import PyDataFrame as _PyDataFrame, PySeries as _PySeries

    _take_names(polars)
    _places = _PySeries.new_opt_u32 if polars.get_index_type() == polars.UInt32 else _PySeries.new_opt_u64
else:
    _PySeries, _PyDataFrame = _found
    _places = _PySeries.new_opt_u32
    _MAKERS = {
        "Null": _PySeries.new_null,
        "String": _PySeries.new_str,
        "Boolean": _PySeries.new_opt_bool,
        "UInt8": _PySeries.new_opt_u8,
        "UInt32": _PySeries.new_opt_u32,
        "UInt64": _PySeries.new_opt_u64,
        "Int32": _PySeries.new_opt_i32,
        "Int64": _PySeries.new_opt_i64,
        "Float64": _PySeries.new_opt_f64,
    }
    globals().update(_STAND_INS, **{type._name: type for type in _known.values()})
    sys.meta_path.insert(0, _Arrival)


def series_of(column: Any) -> Series:
    """The series of a column that exports itself as an Arrow array, under the name that it has there."""
    # What `Series` comes to after it has asked whether the column is one of a dozen other things: for a column of a few cells that takes
    # longer than all else.
    format = column.format
    made = _series(_PySeries.from_arrow_c_array(column))
    if isinstance(made, StandInSeries):
        made._type = _known.get(_FORMATS.get(format, ""))
    return made


def taken(column: Series, places: list[int]) -> Series:
    """The values at some places of a column, in the places' order."""
    return _series(column._s.gather_with_series(_places("", places, True)))


def numbers_from(first: int, height: int, name: str = "") -> Series:
    """The numbers from ``first`` on, one for each row."""
    rows = _PyDataFrame([_PySeries.new_null("", [None], True).new_from_index(0, height)])
    numbers = _series(rows.with_row_index(name, first).get_column(name))
    return numbers if numbers.dtype == globals()["UInt32"] else numbers.cast(globals()["UInt32"])


def concat(items: Iterable[Any], **options: Any) -> Any:
    """Series one below the other, or whatever else polars puts together."""
    items = [*items]
    if is_imported() or not all(isinstance(item, StandInSeries) for item in items):
        import polars

        return polars.concat(items, **options)
    whole = items[0]._s.clone()
    for item in items[1:]:
        whole.append(item._s)
    return _series(whole)


def frame_of(columns: list[Series]) -> DataFrame:
    """The frame of series that have names, each its own."""
    kind = globals()["DataFrame"]
    return kind(columns) if kind is StandInFrame else kind._from_pydf(_PyDataFrame([column._s for column in columns]))


def as_polars(table: Any) -> Any:
    """A frame or series as polars' own, for an author's function."""
    import polars

    if isinstance(table, StandInFrame):
        return polars.DataFrame._from_pydf(table._df)
    return polars.Series._from_pyseries(table._s) if isinstance(table, StandInSeries) else table
