"""The configuration: which columns we want, and how to recognise, clean and check them.

The engine imports every module in ``columns/``, ``row_detectors/`` and ``hooks/`` that has a ``register`` function and
calls it once. Start reading in ``columns/email.py``; it has one of everything.
"""
