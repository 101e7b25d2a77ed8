"""ADE's engine: it finds the tables in a messy workbook and writes them under the names a config package defines.

The usual entry point is the command line (``python -m ade_engine``); from Python it is :class:`Engine`::

    from pathlib import Path
    from ade_engine import Engine, RunRequest

    result = Engine().run(RunRequest(config_package=Path("my-config"), input_file=Path("orders.xlsx")))

The folders:

- ``cli/``             the command line
- ``application/``     one run from request to result, and the closing ``engine.run.completed`` payload
- ``extensions/``      finding, registering and calling the functions of a config package
- ``pipeline/``        sheets to rows, rows to tables, tables to fields
- ``io/``              reading and writing workbooks, over the native module
- ``models/``          the value classes that authors use
- ``infrastructure/``  settings and logging

Names are imported on first use, so that the engine starts quickly.
"""

from importlib import import_module

__version__ = "1.10.0"

_HOME_OF = {
    "Engine": "ade_engine.application.engine",
    "Settings": "ade_engine.infrastructure.settings",
    "FieldDef": "ade_engine.models.fields",
    "HookName": "ade_engine.models.fields",
    "RowKind": "ade_engine.models.fields",
    "RunRequest": "ade_engine.models.run",
    "RunResult": "ade_engine.models.run",
    "RunStatus": "ade_engine.models.run",
}

__all__ = [*_HOME_OF, "__version__"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.application.engine import Engine as Engine
    from ade_engine.infrastructure.settings import Settings as Settings
    from ade_engine.models.fields import FieldDef as FieldDef, HookName as HookName, RowKind as RowKind
    from ade_engine.models.run import RunRequest as RunRequest, RunResult as RunResult, RunStatus as RunStatus


def __getattr__(name):
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOME_OF})
