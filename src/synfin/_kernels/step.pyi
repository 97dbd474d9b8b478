"""The kernel `step` has nothing for Python: `follow` calls it."""
