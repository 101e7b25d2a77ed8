"""How many issues a run has, by severity for its report, and by rule with their cells for its record.

Counts go into events, which are stored and read by people who may not read the input: so no message, no value and no key goes
along, and no rule or field that is not written in code.
"""

from __future__ import annotations

from ade_engine.io.limits import MOST_ISSUES
from ade_engine.models.issues import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from ade_engine._native import IssueList

#: Of the keys of a line, and of what is counted. Within a version keys are only added.
SCHEMA_VERSION = 1


def told(
    issues: IssueList | None, rows_with_errors: int, unnamed: Collection[str], fields: Collection[str], *, rows_quarantined: int = 0
) -> dict[str, Any]:
    """What an event tells of the list of a run. ``unnamed``: the rules that stand in no code; ``fields``: those that may be named."""
    count = len(issues or ())
    return {
        "issues": issues.told([*unnamed], [*fields]) if issues else [],
        "issue_list": {
            "schema_version": SCHEMA_VERSION,
            "count": min(count, MOST_ISSUES),
            "unlisted": max(0, count - MOST_ISSUES),
            "rows_with_errors": rows_with_errors,
            "rows_quarantined": rows_quarantined,
            "by_severity": {word: issues.count_of(word) if issues else 0 for word in SEVERITIES},
        },
    }
