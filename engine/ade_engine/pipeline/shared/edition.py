"""The edition by which readers of this thread read, for those who begin and end runs."""

from ade_engine.fields.surroundings import enter_run as enter_run
