"""Advice on modules that an older engine installed, and that this one does not."""

from __future__ import annotations

#: The name of the dependency in pyproject.toml by importable name.
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
    """Returns advice on a module that could not be imported, to append to the error's own text; else an empty text."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return ""
    dependency = _BROUGHT_ALONG.get(error.name.partition(".")[0])
    if dependency is None:
        return ""
    return f'; older engine versions included {dependency}: add "{dependency}" to dependencies in pyproject.toml'
