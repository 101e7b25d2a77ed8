"""Issues of a run's cells: collected while a table is validated, listed for the written rows."""
