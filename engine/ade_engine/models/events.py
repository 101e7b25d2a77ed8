"""The names of events, and the contents of their ``data``.

An event whose schema is a tuple of keys is *strict*: its data starts with ``schema_version`` and then has these keys. ``None``
marks an event whose data is free.
"""

from __future__ import annotations

ENGINE_NAMESPACE = "engine"
CONFIG_NAMESPACE = "engine.config"
#: The name of a plain log line, below :data:`ENGINE_NAMESPACE`.
DEFAULT_EVENT = "log"
LOG = f"{ENGINE_NAMESPACE}.{DEFAULT_EVENT}"
SERIALIZATION_FAILED = "engine.logging.serialization_failed"
RUN_COMPLETED = "engine.run.completed"
SCHEMA_VERSION = 1

VALID_LOG_FORMATS = ("text", "ndjson")

ENGINE_EVENT_SCHEMAS: dict[str, tuple[str, ...] | None] = {
    LOG: None,
    SERIALIZATION_FAILED: None,
    "engine.settings.effective": None,
    "engine.run.started": ("input_file", "config_package"),
    "engine.run.planned": ("output_file", "output_dir", "logs_file", "logs_dir"),
    "engine.config.loaded": None,
    "engine.workbook.started": ("sheet_count",),
    "engine.sheet.started": ("sheet_name", "sheet_index"),
    "engine.sheet.progress": ("sheet_name", "sheet_index", "stage", "rows", "total_rows"),
    "engine.detector.row_result": ("sheet_name", "row_index", "detector"),
    "engine.row_classification": ("sheet_name", "row_index", "detectors", "scores", "classification"),
    "engine.sheet.tables_detected": (
        "sheet_name",
        "sheet_index",
        "input_file",
        "row_count",
        "table_count",
        "tables",
    ),
    "engine.detector.column_result": ("sheet_name", "table_index", "table_region", "column_index", "detector"),
    "engine.column_classification": (
        "sheet_name",
        "table_index",
        "table_region",
        "column_index",
        "detectors",
        "scores",
        "classification",
    ),
    "engine.column_detector.candidate": None,
    "engine.column_detector.summary": None,
    "engine.hook.start": None,
    "engine.hook.end": None,
    "engine.transform.result": None,
    "engine.validation.summary": None,
    "engine.fields.computed": ("fields",),
    "engine.run.noticed": ("notices", "readings"),
    "engine.table.written": ("sheet_name", "table_index", "output_range"),
    RUN_COMPLETED: (
        "scope",
        "execution",
        "evaluation",
        "counts",
        "validation",
        "fields",
        "outputs",
        "workbooks",
    ),
    # Known to readers of events, and free for callers; the engine sends none of them.
    "engine.table.detected": None,
    "engine.table.extracted": None,
    "engine.table.mapped": None,
    "engine.table.mapping_patched": None,
    "engine.table.normalized": None,
    "engine.row_detector.summary": None,
    "engine.transform.derived_merge": None,
    "engine.transform.overwrite": None,
    "engine.validation.result": None,
}
