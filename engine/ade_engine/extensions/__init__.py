"""Finds, registers and calls the functions of a config package."""
