"""Settings, logging and files: what a run stands on."""
