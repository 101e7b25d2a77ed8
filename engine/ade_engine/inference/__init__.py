"""What can be said of tables that no field knows yet: what their headers mean, which columns belong together, how a field learns one.

Nothing of this package is imported by a run.
"""
