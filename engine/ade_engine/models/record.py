"""The base of the engine's value classes.

To its users, a record is a dataclass: its fields are the annotations of the class, in order, with their defaults, and
``dataclasses.replace``, ``asdict``, ``fields`` and ``is_dataclass`` accept it. It costs a fiftieth of the price: a dataclass
compiles its methods when the class is made, and the engine starts too often to pay half a millisecond for each class.
Attributes for the ``dataclasses`` module are made on first use.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda cls: cls


_REQUIRED = object()
_MUTABLE = (dict, list, set)


class _Description:
    """A class attribute of dataclasses that is made on first use, separately for each class."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        twin = _dataclass_like(owner)
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(owner, name, getattr(twin, name))
        return getattr(twin, self.name)


_FIELDS = _Description("__dataclass_fields__")
_PARAMS = _Description("__dataclass_params__")


def _dataclass_like(cls: type[Record]) -> type:
    """Returns a real dataclass with the fields of a record."""
    from dataclasses import dataclass, field

    body: dict[str, Any] = {"__annotations__": dict(cls._annotations), "__module__": cls.__module__}
    for name, default in cls._defaults.items():
        if name in cls._by_name_only:
            body[name] = field(default=default, kw_only=True)
        else:
            body[name] = field(default_factory=default.copy) if isinstance(default, _MUTABLE) else default
    return dataclass(type(cls.__name__, (), body), frozen=cls._frozen, kw_only=cls._keyword_only)


@dataclass_transform()
class Record:
    """Keyword or positional construction, comparison by value, and a readable ``repr``.

    A class that is derived from a record outside of the engine keeps the record's fields, as a class derived from a
    dataclass does; ``@dataclass`` gives it further ones.
    """

    _fields: tuple = ()
    _defaults: dict = {}
    _annotations: dict = {}
    _frozen = False
    #: Whether the order of the fields does not matter; such fields may follow others with a default.
    _keyword_only = False
    #: Fields that are given by name: those of derived classes keep their position behind the others.
    _by_name_only: tuple = ()
    _by_place: tuple = ()
    #: The fields' names, and the defaults that records can share.
    _names: frozenset = frozenset()
    _shared: dict = {}
    #: Whether there is something to check; records are made too often for a needless call.
    _is_checked = False

    def __init_subclass__(cls, frozen: bool = False, keyword_only: bool = False, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._is_checked = cls.__post_init__ is not Record.__post_init__
        if cls.__module__.partition(".")[0] != "ade_engine":
            return
        own = {name: cls.__dict__.get(name, _REQUIRED) for name in cls.__annotations__ if not name.startswith("_")}
        cls._fields = (*(name for name in cls._fields if name not in own), *own)
        cls._defaults = {**cls._defaults, **{name: value for name, value in own.items() if value is not _REQUIRED}}
        cls._annotations = {**cls._annotations, **{name: cls.__annotations__[name] for name in own}}
        cls._names = frozenset(cls._fields)
        cls._shared = {name: value for name, value in cls._defaults.items() if not isinstance(value, _MUTABLE)}
        cls._keyword_only = keyword_only or cls._keyword_only
        cls._by_place = tuple(name for name in cls._fields if name not in cls._by_name_only)
        cls.__match_args__ = () if cls._keyword_only else cls._by_place
        cls.__dataclass_fields__ = _FIELDS
        cls.__dataclass_params__ = _PARAMS
        if frozen:
            cls._frozen = True
            cls.__setattr__ = cls.__delattr__ = _refuse_change
            cls.__hash__ = _hash_of_values

    def __init__(self, *args, **kwargs):
        cls = type(self)
        if len(args) > len(cls._by_place):
            raise TypeError(f"{cls.__name__} takes {len(cls._by_place)} values, {len(args)} were given")
        if len(args) == len(cls._fields) and not kwargs:
            self.__dict__.update(zip(cls._by_place, args))
            if cls._is_checked:
                self.__post_init__()
            return
        values = {**cls._shared, **dict(zip(cls._by_place, args)), **kwargs}
        if values.keys() != cls._names or not kwargs.keys().isdisjoint(cls._by_place[: len(args)]):
            values = self._completed(args, kwargs)
        self.__dict__.update(values)
        if cls._is_checked:
            self.__post_init__()

    @classmethod
    def _completed(cls, args, kwargs):
        """Returns the values with copies of defaults, or raises the error in them."""
        values = dict(zip(cls._by_place, args))
        for name, value in kwargs.items():
            if name not in cls._fields:
                raise TypeError(f"{cls.__name__} has no field {name!r}")
            if name in values:
                raise TypeError(f"{cls.__name__} got {name!r} twice")
            values[name] = value
        for name in cls._fields:
            if name not in values:
                if name not in cls._defaults:
                    raise TypeError(f"{cls.__name__} needs {name!r}")
                default = cls._defaults[name]
                # A mutable default must not be shared between records.
                values[name] = default.copy() if isinstance(default, _MUTABLE) else default
        return values

    def __post_init__(self):
        """Checks the fields; overridden by classes with something to check."""

    def __repr__(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__qualname__}({shown})"

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return _values_of(self) == _values_of(other)

    __hash__ = None

    def __replace__(self, /, **changes):
        from dataclasses import replace

        return replace(self, **changes)


def _values_of(record: Record) -> tuple:
    return tuple(getattr(record, name) for name in record._fields)


def _hash_of_values(self):
    return hash(_values_of(self))


def _refuse_change(self, name, *_):
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{type(self).__name__} cannot be changed: {name!r}")
