"""Objects that turn into openpyxl's workbooks and worksheets when they are used.

Config packages declare ``source_sheet`` or ``output_workbook`` in many hooks and seldom use them, while opening (or building)
the real object costs more than everything else in a run. So hooks get a stand-in: it has a few attributes, such as titles, and
at the first access to any other it becomes the real object, in place. From then on a hook works with openpyxl directly, and the
object's identity never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import contains, delitem, getitem, setitem
from threading import RLock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_set_class = object.__dict__["__class__"].__set__


class _ConversionState:
    """The objects that a thread is turning into real ones. Other threads wait until all of them are."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.thread: int | None = None
        self.depth = 0
        self.objects: list[tuple[Any, type]] = []


_OPENING = _ConversionState()
#: For each real class, the class of its unfinished instances.
_UNFINISHED: dict[type, type] = {}


@contextmanager
def opening() -> Iterator[None]:
    """Makes stand-ins real within the block; other threads see the results when it ends."""
    with _OPENING.lock:
        _OPENING.thread = get_ident()
        _OPENING.depth += 1
        try:
            yield
        finally:
            _OPENING.depth -= 1
            if _OPENING.depth == 0:
                while _OPENING.objects:
                    _set_class(*_OPENING.objects.pop())


def _unfinished(real_class: type) -> type:
    """Returns a class like another one that hides unfinished objects from other threads."""
    known = _UNFINISHED.get(real_class)
    if known is None:

        def look(self: Any, name: str) -> Any:
            if get_ident() != _OPENING.thread:
                with _OPENING.lock:
                    pass
            return object.__getattribute__(self, name)

        known = _UNFINISHED[real_class] = type(real_class.__name__, (real_class,), {"__getattribute__": look})
    return known


def _then(do: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a method that calls a function once the object has become the real one."""

    def call(self: StandIn, *arguments: Any) -> Any:
        self._ade_become()
        return do(self, *arguments)

    return call


class StandIn:
    """An object that becomes another one. Subclasses define properties for the attributes that they have."""

    def _ade_real_class(self) -> type:
        """Returns the class that the object will become an instance of."""
        raise NotImplementedError

    def _ade_open(self) -> None:
        """Turns the stand-in into the real object, by :func:`become`."""
        raise NotImplementedError

    def _ade_become(self) -> None:
        with opening():
            # Another thread may have been faster.
            if is_stand_in(self):
                self._ade_open()

    @property
    def __class__(self) -> type:
        return self._ade_real_class()

    def __getattr__(self, name: str) -> Any:
        # Only reached for names that the stand-in itself does not have. Copying, pickling and the like ask for names with
        # underscores on both sides, and must not open a workbook only to learn that a name does not exist.
        if name.startswith("_ade") or name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        self._ade_become()
        return getattr(self, name)

    __setattr__ = _then(setattr)
    __delattr__ = _then(delattr)
    __getitem__ = _then(getitem)
    __setitem__ = _then(setitem)
    __delitem__ = _then(delitem)
    __iter__ = _then(iter)
    __contains__ = _then(contains)
    __dir__ = _then(dir)
    __repr__ = _then(repr)

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._ade_become()
        return self.__reduce_ex__(protocol)


def is_stand_in(value: Any) -> bool:
    """Returns whether a value is a stand-in that has not become the real object."""
    return issubclass(type(value), StandIn)


def become(stand_in: StandIn, real_class: type) -> None:
    """Makes a stand-in an instance of a class, without any attribute yet. Call it within :func:`opening`."""
    stand_in.__dict__.clear()
    _OPENING.objects.append((stand_in, real_class))
    _set_class(stand_in, _unfinished(real_class))


def set_facts(stand_in: StandIn, **facts: Any) -> None:
    """Sets attributes of a stand-in, which are not those of the real object."""
    stand_in.__dict__.update(facts)


_NAMED_LIKE: dict[str, type] = {}


def _new(name: str, *arguments: Any) -> Any:
    """Creates the blank object for copies and unpickled objects of the classes below."""
    real_class = _NAMED_LIKE[name]
    return real_class.__new__(real_class, *arguments)


def named_like(original: type) -> Any:
    """Returns a class decorator: the class gets the name of an openpyxl class, as hooks and their logs expect."""

    def rename(named: type) -> type:
        def reduce(self: Any, protocol: Any) -> Any:
            # By its name, pickle would find the other class.
            _, arguments, *state = object.__reduce_ex__(self, max(2, protocol))
            return _new, (key, *arguments[1:]), *state

        key = named.__qualname__
        _NAMED_LIKE[key] = named
        named.__reduce_ex__ = reduce  # type: ignore[method-assign]
        named.__name__ = original.__name__
        named.__qualname__ = original.__qualname__
        named.__module__ = original.__module__
        return named

    return rename
