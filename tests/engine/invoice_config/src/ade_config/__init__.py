"""The configuration: which columns we want, and how to recognise, read and check them.

The engine imports every module in ``columns/``, ``row_detectors/`` and ``hooks/`` that has a ``register`` function and
calls it once. Start reading in ``columns/invoices.py``: most changes are made there.
"""
