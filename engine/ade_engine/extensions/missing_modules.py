"""Advice on modules that an older engine installed with itself, and that this one does not."""

from __future__ import annotations

#: Importable name to the name that a dependency has in pyproject.toml.
_BROUGHT_ALONG = {
    "annotated_types": "annotated-types",
    "dotenv": "python-dotenv",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic-core",
    "pydantic_settings": "pydantic-settings",
    "typing_extensions": "typing-extensions",
    "typing_inspection": "typing-inspection",
    "xlrd": "xlrd",
}


def advice_on(error: BaseException | None) -> str:
    """What to do about a module that could not be imported, to be put behind the error's own text; else nothing."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return ""
    dependency = _BROUGHT_ALONG.get(error.name.partition(".")[0])
    if dependency is None:
        return ""
    return f'; older engines brought {dependency} along: add "{dependency}" to dependencies in pyproject.toml'
