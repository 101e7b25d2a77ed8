"""The cases of a configuration: inputs with expected results."""
