"""Settings, logging and files: the base of a run."""
