"""The kind of a row by its looks, for row detectors that take ``row_layout``."""

from __future__ import annotations

from ade_engine.models.errors import UnknownKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The states of a row, by their numbers in the native module; ``group`` is a section head.
STATES = ("title", "header", "group", "data", "total", "note")


class RowLayout:
    """The kind of a row by its looks, beside the rows around it.

    ``state`` is one of ``title``, ``header``, ``group``, ``data``, ``total`` and ``note``, or ``blank``; ``likelihoods`` has
    the probability of each but ``blank``, which together are 1, and is empty for a blank row.
    """

    __slots__ = ("state", "likelihoods", "_native", "_at")

    def __init__(self, state: str, likelihoods: dict[str, float], native: Any = None, at: int = -1):
        self.state = state
        self.likelihoods = likelihoods
        self._native = native
        self._at = at

    def __getitem__(self, state: str) -> float:
        """Returns the probability of a state; 0.0 for a blank row."""
        if state not in STATES:
            raise UnknownKey(state, "the layout of a row", STATES)
        return self.likelihoods.get(state, 0.0)

    @property
    def reasons(self) -> list[str]:
        """Returns the reasons for the state, rather than for the second likeliest one: the strongest first, at most five."""
        return [] if self._native is None else self._native.layout_reasons(self._at, 5)

    def __repr__(self) -> str:
        return f"RowLayout({self.state!r}, {self.likelihoods!r})"


BLANK = RowLayout("blank", {})


class SheetRows:
    """The layouts of a sheet's rows, by their numbers from 0."""

    __slots__ = ("_by_row", "_looked_at")

    def __init__(self, native: Any):
        #: The examined rows. Others look like earlier ones, or are blank.
        self._looked_at = [
            RowLayout(STATES[state], dict(zip(STATES, likelihoods)), native, at) for at, (state, likelihoods) in enumerate(native.layouts_looked_at())
        ]
        self._by_row = native.layout_by_row()

    def __getitem__(self, number: int) -> RowLayout:
        at = self._by_row[number]
        return self._looked_at[at] if at >= 0 else BLANK
