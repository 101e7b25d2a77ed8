"""Issues of a run's cells: collected while a table is validated, listed from what is written."""
