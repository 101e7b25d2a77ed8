"""The cases of a configuration: inputs whose result is known."""
