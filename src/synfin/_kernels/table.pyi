"""The kernel `table` has nothing for Python: `follow` calls it."""
