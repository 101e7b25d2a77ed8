"""Checks the results of transforms and validators by calling them for a table without rows.

A run checks them when it has a file. A failure on such a table may mean nothing: a function that looks into its cells fails
here, and so does one that reads `state` from a hook. So only failures on every table are reported: results of a wrong type,
arguments that the engine's own functions refuse from a function that gets nothing but its field's name, and names that are not
defined anywhere. All else is left to a run.
"""

from __future__ import annotations

from dis import get_instructions

from ade_engine import fields
from ade_engine.extensions import parameters
from ade_engine.extensions.invoke import RAISED, CallFailure, Caller, explain, source_of
from ade_engine.fields.readers import readers_made
from ade_engine.infrastructure.observability.logger import NullLogger
from ade_engine.infrastructure.observability.stack import is_engine_file
from ade_engine.infrastructure.observability.wording import mark_as_free_of_values
from ade_engine.models import polars as pl
from ade_engine.models.errors import ExtensionComplaint, nearest
from ade_engine.models.table import TableRegion
from ade_engine.pipeline.values.types import field_type
from ade_engine.pipeline.values.expressions import OFFERED, demand_expression, demand_text
from ade_engine.pipeline.values.order import ReadingCircle, columns_used, in_order_of_use, takes_table
from ade_engine.pipeline.values.transforms import Transforms
from ade_engine.pipeline.values.validators import Validators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ade_engine.extensions.registry import RegisteredFn, Registry
    from ade_engine.infrastructure.settings import Settings

_UNKNOWN_ARGUMENT = "() got an unexpected keyword argument "


def wrong_results(registry: Registry, settings: Settings, package_folder: str) -> tuple[list[CallFailure], list[str]]:
    """Returns a complaint about each transform and validator whose result no table could use, with the position of its code;
    and a warning about each name that they use and no field has.
    """
    schema = {name: field_type(field) if settings.is_2026 else pl.String for name, field in registry.fields.items()}
    table = pl.DataFrame(schema=schema)
    complaints: dict[str, CallFailure] = {}
    used: dict[str, dict[str, RegisteredFn | None]] = {}
    unknown: dict[tuple[str, str], str] = {}
    for role, entries_by_field in (
        (Transforms.role, registry.column_transforms_by_field),
        (Validators.role, registry.column_validators_by_field),
    ):
        for field, entries in entries_by_field.items():
            for entry in entries:
                try:
                    result, readers = readers_made(lambda: Caller(entry.fn, OFFERED)(_values(settings, table, field)))
                    demand_expression(result)
                    names = columns_used(result)
                    if role == Transforms.role and not takes_table(entry):
                        used.setdefault(field, {}).update((name, entry) for name in names)
                    # A reader may read a column without a field, by its header. It is a slip if a field is called nearly so.
                    names += [reader.column for reader in readers if reader.column.islower() and nearest(reader.column, registry.fields)]
                    for name in names:
                        if name not in registry.fields:
                            unknown.setdefault((entry.name, name), _unknown_name(role, entry, name, registry))
                    if result is not None:
                        table = _with_result(table, field, result, role, settings)
                except RAISED as error:
                    if _holds_for_every_table(error, entry.fn):
                        mark_as_free_of_values(error)
                        failure = explain(entry, role, f"field {field!r}", error, package_folder)
                        # One function may be registered for many fields.
                        complaints.setdefault(failure.message.replace(repr(field), ""), failure)
    if settings.is_2026:
        try:
            in_order_of_use([*registry.fields], used)
        except ReadingCircle as error:
            failure = explain(error.entry, Transforms.role, f"field {error.field!r}", error, package_folder)
            complaints[failure.message] = failure
    return list(complaints.values()), list(unknown.values()) if settings.is_2026 else []


def _unknown_name(role: str, entry: RegisteredFn, name: str, registry: Registry) -> str:
    place = source_of(entry.fn)
    where = "" if place is None else f"{place[0]}, line {place[1]}: "
    return f"{where}{role} {entry.name} uses the column {name!r}, and no field has this name{nearest(name, registry.fields)}"


def _values(settings: Settings, table: pl.DataFrame, field: str) -> dict[str, Any]:
    return {
        "settings": settings,
        "metadata": {"input_file": "", "output_file": "", "input_file_name": ""},
        "state": {},
        "input_file_name": "",
        "logger": NullLogger(),
        "field_name": field,
        "table": table,
        "table_region": TableRegion(min_row=1, min_col=1, max_row=1, max_col=max(1, table.width)),
        "table_index": 0,
        "column_header": "",
        "column_unit": None,
    }


def _with_result(table: pl.DataFrame, field: str, result: pl.Expr, role: str, settings: Settings) -> pl.DataFrame:
    """Returns the table with the type that a transform gives its field; a validator's type is checked."""
    try:
        schema = table.lazy().with_columns(result.alias(field)).collect_schema()
        typed = pl.DataFrame(schema=schema)
    except RAISED:
        # It may need a column that only files have.
        return table
    if role == Transforms.role:
        return typed
    if settings.is_2026:
        demand_text(schema[field])
    return table


def _holds_for_every_table(error: BaseException, fn: Callable[..., Any]) -> bool:
    if isinstance(error, ExtensionComplaint):
        # A missing parameter has been reported with the signatures.
        return not hasattr(error, "offered")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    if isinstance(error, NameError):
        # A local variable may get its value in a loop over rows, and a global one from a hook.
        is_local = isinstance(error, UnboundLocalError) or error.name in code.co_freevars
        return not is_local and not _is_global_elsewhere(error.name, trace.tb_frame.f_globals)
    if isinstance(error, TypeError) and _UNKNOWN_ARGUMENT in str(error):
        # Python refuses the call before it reaches the function: for any values, fields.number takes no "unitz".
        return str(error).partition(_UNKNOWN_ARGUMENT)[0] in fields.__all__ and _gets_only_its_field(fn)
    return isinstance(error, (TypeError, ValueError)) and is_engine_file(code.co_filename) and _gets_only_its_field(fn)


def _gets_only_its_field(fn: Callable[..., Any]) -> bool:
    """Returns whether all values that a function asks for are the same in a run. ``**_`` asks for nothing."""
    try:
        found = parameters.read_parameters(fn)
    except (TypeError, ValueError):
        return False
    return not any(
        parameter.name in OFFERED
        if parameter.kind != parameters.VAR_KEYWORD
        else not parameter.name.startswith("_")
        for parameter in found
        if parameter.name != "field_name"
    )


def _is_global_elsewhere(name: str, module: dict[str, Any]) -> bool:
    """Returns whether a function of the module sets a global variable of this name."""
    return any(
        instruction.opname == "STORE_GLOBAL" and instruction.argval == name
        for function in module.values()
        if hasattr(function, "__code__")
        for instruction in get_instructions(function.__code__)
    )
