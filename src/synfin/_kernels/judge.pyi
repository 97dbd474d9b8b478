"""The kernel `judge` has nothing for Python: `follow` calls it."""
