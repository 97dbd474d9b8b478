"""The kernel `clock` has nothing for Python: `follow` calls it."""
