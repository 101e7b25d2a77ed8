"""The configuration. Its fields are in ``columns/invoices.py``."""
