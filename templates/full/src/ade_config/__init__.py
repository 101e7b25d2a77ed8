"""The configuration. The engine calls ``register`` of every module in ``columns/``, ``row_detectors/`` and ``hooks/``.

Most fields are a line in ``columns/fields.py``. The other modules show what a line cannot say; delete what you don't need.
"""
