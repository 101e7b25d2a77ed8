"""The results of detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

#: Scores by kind of row, or by name of field.
ScorePatch = Mapping[str, float]

#: A row detector returns scores for kinds of rows, or ``None``.
RowDetectorResult = Optional[ScorePatch]

#: A column detector returns scores for fields, or ``None``.
ColumnDetectorResult = Optional[ScorePatch]
