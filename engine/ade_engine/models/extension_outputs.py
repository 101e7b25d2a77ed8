"""What detectors return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

#: Kind of row, or name of a field, to its score.
ScorePatch = Mapping[str, float]

#: A row detector returns scores for kinds of rows, or ``None``.
RowDetectorResult = Optional[ScorePatch]

#: A column detector returns scores for fields, or ``None``.
ColumnDetectorResult = Optional[ScorePatch]
