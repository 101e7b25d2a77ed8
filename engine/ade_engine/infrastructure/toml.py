"""Reads TOML, with the native module where possible, because the standard library's parser takes 8 ms to import."""

from __future__ import annotations


def parse_toml(text: str) -> dict:
    """Returns the document's values. Raises ``ValueError`` with the position of the fault."""
    try:
        from ade_engine._native import parse_toml as parse
    except ImportError:
        from tomllib import loads

        return loads(text)
    try:
        return parse(text)
    except ValueError:
        from tomllib import loads

        # The native parser refuses integers beyond 64 bits, which the standard library reads; other faults fail in both.
        return loads(text)
