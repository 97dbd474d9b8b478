"""The kernel `stream` has nothing for Python: `follow` calls it."""
