"""The engine's command line."""
