"""The kernel `calm` has nothing for Python: `follow` calls it."""
