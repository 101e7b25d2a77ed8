"""Comparing header texts, for row and column detectors alike."""

import re

#: Every field's headers as people write them. Row detectors look for these words, column detectors for their own.
ALIASES: dict[str, tuple[str, ...]] = {
    "member_id": ("member id", "member no", "employee id", "badge number", "record id"),
    "first_name": ("first name", "given name", "forename"),
    "last_name": ("last name", "surname", "family name"),
    "full_name": ("full name", "name", "employee name", "member name"),
    "email": ("email", "e mail", "email address", "mail"),
    "phone": ("phone", "phone number", "mobile", "telephone"),
    "employer": ("employer", "company", "contractor"),
    "start_date": ("hire date", "start date", "date hired", "joined"),
    "hours": ("hours", "regular hours", "base hours", "hours worked"),
    "pay": ("gross wages", "gross pay", "wages", "pay"),
}


def simplify(text: str) -> str:
    """``" E-mail  Address:"`` and ``"e mail address"`` are the same header."""
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))


KNOWN = frozenset(alias for aliases in ALIASES.values() for alias in aliases)


def header_score(header: str, field: str) -> float:
    """How sure a header alone makes us that its column is this field.

    1.0 where it is one of the field's own words, 0.6 where it ends with one ("Overtime Hours" may be hours, and yields
    to a plain "Hours"), 0.0 otherwise.
    """
    text = simplify(header)
    if text in ALIASES[field]:
        return 1.0
    if any(text.endswith(" " + alias) for alias in ALIASES[field]):
        return 0.6
    return 0.0
