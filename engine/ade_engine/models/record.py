"""The base of the engine's value classes.

A record is what a dataclass is (fields are the annotations of the class, in order, with their defaults), at a
fiftieth of the price: a dataclass compiles its methods when the class is made, and the engine starts too often to
pay half a millisecond for each class. Editors and type checkers still see a dataclass.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda cls: cls


_REQUIRED = object()


@dataclass_transform()
class Record:
    """Keyword or positional construction, comparison by value, and a readable ``repr``."""

    _fields: tuple = ()
    _defaults: dict = {}

    def __init_subclass__(cls, frozen: bool = False, **kwargs):
        super().__init_subclass__(**kwargs)
        own = {name: cls.__dict__.get(name, _REQUIRED) for name in cls.__annotations__ if not name.startswith("_")}
        cls._fields = (*(name for name in cls._fields if name not in own), *own)
        cls._defaults = {**cls._defaults, **{name: value for name, value in own.items() if value is not _REQUIRED}}
        if frozen:
            cls.__setattr__ = _refuse_change
            cls.__delattr__ = _refuse_change
            cls.__hash__ = _hash_of_values

    def __init__(self, *args, **kwargs):
        cls = type(self)
        if len(args) > len(cls._fields):
            raise TypeError(f"{cls.__name__} takes {len(cls._fields)} values, {len(args)} were given")
        values = dict(zip(cls._fields, args))
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
                # A default that can change must not be shared between records.
                values[name] = default.copy() if isinstance(default, (dict, list, set)) else default
        self.__dict__.update(values)
        self.__post_init__()

    def __post_init__(self):
        """Check what the fields promise; overridden where there is something to check."""

    def __repr__(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({shown})"

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    __hash__ = None


def _refuse_change(self, name, *_):
    raise AttributeError(f"{type(self).__name__} cannot be changed: {name!r}")


def _hash_of_values(self):
    return hash(tuple(getattr(self, name) for name in self._fields))
