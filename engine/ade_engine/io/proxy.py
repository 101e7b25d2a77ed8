"""Stand-ins for openpyxl's workbooks and worksheets.

Config packages declare ``source_sheet`` or ``output_workbook`` in many hooks and seldom use them, while opening (or
building) the real object costs more than everything else in a run. So hooks get a proxy: it knows a few facts, such as
titles, and becomes the real object with the first thing it is asked for that it does not know.

A proxy passes for the real thing: ``isinstance`` holds, it is equal to the object it stands for, and openpyxl's own
functions accept it.
"""

from __future__ import annotations

from typing import Any


class OpenpyxlProxy:
    """Passes everything on to an object that is made when it is first needed."""

    # All own names start with `_ade`: openpyxl's objects have names like `_tables` themselves.
    __slots__ = ("_ade_real", "__weakref__")

    #: Names that a proxy answers for without the real object, while there is none.
    _facts: tuple[str, ...] = ()
    #: Names that it answers for even then: other proxies, which hooks may compare with ``is``.
    _lasting_facts: tuple[str, ...] = ()

    def __init__(self) -> None:
        object.__setattr__(self, "_ade_real", None)

    # What subclasses say -------------------------------------------------------------------------------------------

    def _make(self) -> Any:
        """Make the real object."""
        raise NotImplementedError

    def _class(self) -> type:
        """The real object's class, found without making it."""
        raise NotImplementedError

    def _fact(self, name: str) -> Any:
        """One of the known facts."""
        raise NotImplementedError

    # What everybody else sees --------------------------------------------------------------------------------------

    def _ade_open(self) -> Any:
        known = self._ade_real
        if known is None:
            known = self._make()
            object.__setattr__(self, "_ade_real", known)
        return known

    @property
    def __class__(self) -> type:
        return self._class()

    def __getattr__(self, name: str) -> Any:
        # Only reached for names that the proxy itself does not have.
        if name in self._lasting_facts:
            return self._fact(name)
        if self._ade_real is None:
            if name in self._facts:
                return self._fact(name)
            if name.startswith("__") and name.endswith("__"):
                # Copying, pickling and the like ask for these, and must not open a workbook just to be told no.
                raise AttributeError(name)
        return getattr(self._ade_open(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._ade_open(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._ade_open(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._ade_open()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ade_open()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._ade_open()[key]

    def __iter__(self) -> Any:
        return iter(self._ade_open())

    def __contains__(self, key: Any) -> bool:
        return key in self._ade_open()

    def __dir__(self) -> list[str]:
        return dir(self._class())

    def __eq__(self, other: Any) -> Any:
        if self is other:
            return True
        if issubclass(type(other), OpenpyxlProxy):
            return other._ade_real is not None and other._ade_real is self._ade_real
        return self._ade_real is other if self._ade_real is not None else NotImplemented

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return repr(self._ade_open())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._ade_open().__reduce_ex__(protocol)


#: Methods of a workbook that take sheets.
_METHODS_OF_SHEETS = frozenset(("move_sheet", "remove", "remove_sheet", "index", "get_index", "copy_worksheet"))


def real_object(value: Any) -> Any:
    """What a proxy stands for; anything else as it is."""
    return value._ade_open() if issubclass(type(value), OpenpyxlProxy) else value


class WorkbookProxy(OpenpyxlProxy):
    """A workbook whose sheets have proxies, too: it gives those out, so that each sheet has one identity for hooks."""

    __slots__ = ("_ade_sheets",)

    def __init__(self) -> None:
        #: Proxies by the identity of the real sheet.
        object.__setattr__(self, "_ade_sheets", {})
        super().__init__()

    def _adopt(self, sheet: Any, proxy: OpenpyxlProxy) -> None:
        """Note that a real sheet has this proxy."""
        object.__setattr__(proxy, "_ade_real", sheet)
        self._ade_sheets[id(sheet)] = proxy

    def _stand_in(self, sheet: Any) -> Any:
        return self._ade_sheets.get(id(sheet), sheet)

    def __getattr__(self, name: str) -> Any:
        found = super().__getattr__(name)
        if name == "active":
            return self._stand_in(found)
        if name == "worksheets":
            return [self._stand_in(sheet) for sheet in found]
        if name in _METHODS_OF_SHEETS:
            # openpyxl keeps some of the sheets that it is given, and must not keep proxies.
            return lambda *arguments, **named: found(
                *map(real_object, arguments), **{key: real_object(value) for key, value in named.items()}
            )
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, real_object(value))

    def __getitem__(self, key: Any) -> Any:
        return self._stand_in(super().__getitem__(key))

    def __iter__(self) -> Any:
        return (self._stand_in(sheet) for sheet in super().__iter__())
