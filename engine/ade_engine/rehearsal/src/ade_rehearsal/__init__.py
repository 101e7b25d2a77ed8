"""The configuration that a warm engine rehearses: see `ade_engine/cli/warm.py`."""
