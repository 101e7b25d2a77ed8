"""Finding, registering and calling what a config package defines."""
