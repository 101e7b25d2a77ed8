"""Learning from tables without fields: the meanings of their headers, the columns that belong together, and adding columns to
fields.

A run imports nothing of this package.
"""
