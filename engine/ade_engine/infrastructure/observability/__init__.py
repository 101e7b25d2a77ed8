"""Events and log lines."""
