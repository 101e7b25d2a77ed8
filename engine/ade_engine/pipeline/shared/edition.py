"""The edition for the readers of this thread, for code that begins and ends runs."""

from ade_engine.fields.surroundings import enter_run as enter_run
